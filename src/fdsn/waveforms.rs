//! Asks for waveforms, and verifies that they are what was asked for.

use super::Client;
use super::client::TOO_MUCH;
use super::exchange::Fetched;
use super::request::{Request, Selection, halves};
use crate::code_pattern::{NslcPattern, StationChoice};
use crate::error::{Error, Result, Unavailable, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Nslc, Record3C, Trace, WaveformSource, merge, mseed};

/// miniSEED as it was sent.
pub(super) struct Sent {
    pub bytes: Vec<u8>,
    pub simulated: bool,
}

/// A verified answer, or one half of it.
struct Part {
    bytes: Vec<u8>,
    traces: Vec<Trace>,
    simulated: bool,
}

impl Client {
    /// The whole miniSEED of the streams and the half-open span; `None` where there is nothing. Codes
    /// may hold wildcards and lists (`HH?`, `HHE,HHN`); an empty location is one, no wildcard.
    ///
    /// Every record is verified ([`mseed::read`]), belongs to a stream that was asked for and
    /// overlaps the span: what else a data centre sends is an error. A record at either end may reach
    /// beyond the span. A span that is too large for one answer is asked for in halves. The answer
    /// is not kept in the cache: it is what an archive keeps.
    ///
    /// # Errors
    /// [`Error::Study`](crate::Error::Study) where the provider has no dataselect service,
    /// [`Error::Request`](crate::Error::Request) where it does not answer with such miniSEED.
    pub fn fetch_mseed(
        &self,
        stream: impl Into<NslcPattern>,
        span: &TimeSpan,
    ) -> Result<Option<Vec<u8>>> {
        self.fetch_mseed_bulk(&[(stream.into(), *span)])
    }

    /// As [`Client::fetch_mseed`], of many streams and spans in one request (by POST).
    ///
    /// # Errors
    /// As there.
    pub fn fetch_mseed_bulk(&self, wanted: &[(NslcPattern, TimeSpan)]) -> Result<Option<Vec<u8>>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let selections = wanted
            .iter()
            .map(|(stream, span)| half_open(stream.clone(), span));
        let parts = self.parts(selections.collect(), false, &verified)?;
        Ok(together(parts))
    }

    /// As [`Client::fetch_mseed`], but damaged records and those of other streams are left in it, for
    /// the archive to count and keep out. At least one record is whole.
    pub(super) fn fetch_as_sent(&self, stream: &Nslc, span: &TimeSpan) -> Result<Option<Sent>> {
        let parts = self.parts(vec![half_open(stream, span)], false, &miniseed)?;
        let simulated = parts.iter().any(|part| part.simulated);
        Ok(together(parts).map(|bytes| Sent { bytes, simulated }))
    }

    /// What was recorded by the client's station from `start` to `end`, both included as FDSN
    /// services do; no trace where there is nothing.
    ///
    /// # Errors
    /// [`Error::Study`](crate::Error::Study) where the client has no station, or the provider no
    /// dataselect service; [`Error::Request`](crate::Error::Request) where it does not answer with
    /// miniSEED of this station and span.
    pub fn fetch_waveforms(&self, start: Time, end: Time) -> Result<Vec<Trace>> {
        Ok(self.waveforms(start, end)?.0)
    }

    /// The traces, and whether they are simulated.
    fn waveforms(&self, start: Time, end: Time) -> Result<(Vec<Trace>, bool)> {
        let stream = self.station()?.0.into();
        let mut parts = self.parts(vec![Selection { stream, start, end }], true, &verified)?;
        let simulated = parts.iter().any(|part| part.simulated);
        let traces = match parts.len() {
            1 => parts.remove(0).traces,
            _ => merge(parts.into_iter().flat_map(|part| part.traces).collect())?,
        };
        Ok((traces, simulated))
    }

    fn station(&self) -> Result<(&StationChoice, f64)> {
        let station = self.station.as_ref().map(|(choice, rate)| (choice, *rate));
        station.ok_or_else(|| {
            fail!(
                Study,
                "station",
                "this client has no station",
                "Make it by data_centre::connect, or name the stream to Client::fetch_mseed"
            )
        })
    }

    /// The answer, or those to its halves where it would be too large.
    fn parts(&self, selections: Vec<Selection>, kept: bool, verify: &Verify) -> Result<Vec<Part>> {
        let request = Request::waveforms(&self.provider, selections.clone(), kept)?;
        let fetched = self.request(&request, &|answer| {
            let (bytes, traces) = match &answer.body {
                Some(bytes) => (bytes.clone(), verify(bytes, &selections)?),
                None => (Vec::new(), Vec::new()),
            };
            Ok(Some(Part {
                bytes,
                traces,
                simulated: answer.simulated,
            }))
        })?;
        match fetched {
            Fetched::Read(part) => Ok(vec![part]),
            Fetched::TooLarge(error) => {
                let [first, second] = smaller(&selections).ok_or(error)?;
                self.say(&request, TOO_MUCH);
                let mut parts = self.parts(first, kept, verify)?;
                parts.extend(self.parts(second, kept, verify)?);
                Ok(parts)
            }
        }
    }
}

/// The services include the end; miniSEED's times are whole microseconds.
fn half_open(stream: impl Into<NslcPattern>, span: &TimeSpan) -> Selection {
    Selection {
        stream: stream.into(),
        start: span.start,
        end: span.end - chrono::TimeDelta::microseconds(1),
    }
}

fn together(parts: Vec<Part>) -> Option<Vec<u8>> {
    let parts: Vec<Vec<u8>> = parts.into_iter().map(|part| part.bytes).collect();
    let bytes = parts.concat();
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// Half of the selections each; of a single one, half of its span.
fn smaller(selections: &[Selection]) -> Option<[Vec<Selection>; 2]> {
    if let [one] = selections {
        let part = |(start, end)| {
            let stream = one.stream.clone();
            vec![Selection { stream, start, end }]
        };
        return Some(halves(one.start, one.end)?.map(part));
    }
    let (first, second) = selections.split_at(selections.len() / 2);
    Some([first.to_vec(), second.to_vec()])
}

/// The traces of an answer, or why it cannot be believed.
type Verify = dyn Fn(&[u8], &[Selection]) -> Result<Vec<Trace>>;

/// No trace, once there is a whole record among the bytes.
fn miniseed(bytes: &[u8], _: &[Selection]) -> Result<Vec<Trace>> {
    match mseed::whole_records(bytes, "the answer").0.is_empty() {
        true => mseed::read(bytes, "the answer"),
        false => Ok(Vec::new()),
    }
}

/// The traces of an answer, once each of its records was found sound, and asked for.
fn verified(bytes: &[u8], wanted: &[Selection]) -> Result<Vec<Trace>> {
    const NAME: &str = "the answer";
    let (traces, records) = mseed::read_records(bytes, NAME)?;
    for record in records {
        let stranger = |what: &str| {
            fail!(
                Waveform,
                format!("{NAME}, byte {}, {}", record.bytes.start, record.stream),
                what,
                "Run this again later"
            )
        };
        let mut of_stream = wanted
            .iter()
            .filter(|w| w.stream.admits(&record.stream))
            .peekable();
        if of_stream.peek().is_none() {
            return Err(stranger("a record of a stream that was not asked for"));
        }
        // Data centres may round to the next sample.
        let (first, interval) = (record.start, record.interval);
        let last = record.end - interval;
        let is_sampled = record.n_samples > 0 && !interval.is_zero();
        if is_sampled && !of_stream.any(|w| first <= w.end + interval && w.start <= last + interval)
        {
            let what = format!(
                "a record from {} to {}, a time that was not asked for",
                time::iso(first),
                time::iso(last)
            );
            return Err(stranger(&what));
        }
    }
    Ok(traces)
}

impl WaveformSource for Client {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let (station, rate_hz) = self.station()?;
        // Half a sample more on both sides: the samples need not lie on the grid of `start`.
        let half = time::seconds(0.5 / rate_hz);
        let last = time::of_sample(start, n_samples.saturating_sub(1), rate_hz);
        let (traces, simulated) = self.waveforms(start - half, last + half)?;
        if traces.is_empty() {
            return Err(Error::Unavailable {
                place: format!(
                    "{}, {}.{} at {}",
                    self.provider.name,
                    station.network,
                    station.station,
                    time::iso(start)
                ),
                reason: Unavailable::NoSample,
            });
        }
        let mut record = Record3C::from_traces(&traces, start, n_samples)?;
        record.simulated = simulated;
        Ok(record)
    }
}
