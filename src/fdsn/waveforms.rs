//! Asks for waveforms, and verifies that they are what was asked for.

use super::Client;
use super::asked::Wanted;
use super::client::TOO_MUCH;
use super::exchange::{Budget, Fetched};
use super::request::{Request, Selection, halves};
use crate::code_pattern::{NslcPattern, StationChoice};
use crate::error::{Error, Result, Unavailable, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Nslc, Record3C, Trace, WaveformSource, merge, mseed};

/// miniSEED as it was sent.
pub(super) struct Sent {
    pub bytes: Vec<u8>,
    pub simulated: bool,
    /// Whether each part came whole for certain: else a connection that broke between two records looks
    /// like the end.
    pub measured: bool,
    /// Answers that it is made of.
    pub n_parts: usize,
}

/// A verified answer, or one half of it.
struct Part {
    bytes: Vec<u8>,
    traces: Vec<Trace>,
    simulated: bool,
    measured: bool,
}

/// Requests for one piece of a download at most.
const N_REQUESTS_A_PIECE: u32 = 50;

impl Client {
    /// The whole miniSEED of the streams and the half-open span; `None` where there is nothing. Codes
    /// may hold wildcards and lists (`HH?`, `HHE,HHN`); an empty location is one, no wildcard.
    ///
    /// Every record is verified ([`mseed::read`]). Records of other streams and times are left out, which
    /// is said; an answer of such records alone is an error. A record at either end may reach
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
        let budget = self.budget();
        let parts = self.parts(selections.collect(), false, &budget, &verified)?;
        Ok(together(parts))
    }

    /// As [`Client::fetch_mseed`], but damaged records and those of other streams and times are left in it,
    /// for the archive to count and keep out. At least one record is whole.
    pub(super) fn fetch_as_sent(&self, stream: &Nslc, span: &TimeSpan) -> Result<Option<Sent>> {
        let budget = Budget::of(self.retry.n_requests.min(N_REQUESTS_A_PIECE));
        let parts = self.parts(vec![half_open(stream, span)], false, &budget, &miniseed)?;
        let simulated = parts.iter().any(|part| part.simulated);
        let measured = parts.iter().all(|part| part.measured);
        let n_parts = parts.len();
        Ok(together(parts).map(|bytes| Sent {
            bytes,
            simulated,
            measured,
            n_parts,
        }))
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
        let selections = vec![Selection { stream, start, end }];
        let mut parts = self.parts(selections, true, &self.budget(), &verified)?;
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
    fn parts(
        &self,
        selections: Vec<Selection>,
        kept: bool,
        budget: &Budget,
        verify: &Verify,
    ) -> Result<Vec<Part>> {
        let request = Request::waveforms(&self.provider, selections.clone(), kept)?;
        let fetched = self.request(&request, budget, &|answer| {
            let verified = match &answer.body {
                Some(bytes) => verify(bytes, &selections)?,
                None => Verified::default(),
            };
            let part = Part {
                bytes: verified.bytes,
                traces: verified.traces,
                simulated: answer.simulated,
                measured: answer.measured,
            };
            Ok(Some((part, verified.n_others)))
        })?;
        match fetched {
            Fetched::Read((part, n_others)) => {
                self.say_left_out(&request, n_others, "records");
                Ok(vec![part])
            }
            Fetched::TooLarge(error) => {
                let [first, second] = smaller(&selections).ok_or(error)?;
                self.say(&request, TOO_MUCH);
                let mut parts = self.parts(first, kept, budget, verify)?;
                parts.extend(self.parts(second, kept, budget, verify)?);
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

/// What of an answer was asked for.
#[derive(Default)]
struct Verified {
    bytes: Vec<u8>,
    traces: Vec<Trace>,
    /// Records that were not asked for.
    n_others: usize,
}

/// What of an answer was asked for, or why it cannot be believed.
type Verify = dyn Fn(&[u8], &[Selection]) -> Result<Verified>;

/// What errors call the answer.
const NAME: &str = "the answer";

/// All bytes and no trace, once there is a whole record among the bytes.
fn miniseed(bytes: &[u8], _: &[Selection]) -> Result<Verified> {
    if mseed::whole_records(bytes, NAME).0.is_empty() {
        mseed::read(bytes, NAME)?;
    }
    Ok(Verified {
        bytes: bytes.to_vec(),
        ..Verified::default()
    })
}

/// The records that were asked for, once each of all was found sound.
fn verified(bytes: &[u8], wanted: &[Selection]) -> Result<Verified> {
    let (traces, records) = mseed::read_records(bytes, NAME)?;
    let mut wanted = Wanted::new(wanted);
    let (mut kept, mut n_others, mut first_other) = (Vec::new(), 0, None);
    for record in &records {
        match wanted.objection(record) {
            None => kept.extend_from_slice(&bytes[record.bytes.clone()]),
            Some(objection) => {
                n_others += 1;
                first_other.get_or_insert((record, objection));
            }
        }
    }
    match first_other {
        None => Ok(Verified {
            bytes: bytes.to_vec(),
            traces,
            n_others: 0,
        }),
        Some((record, objection)) if kept.is_empty() => Err(fail!(
            Waveform,
            format!("{NAME}, byte {}, {}", record.bytes.start, record.stream),
            objection,
            "Run this again later"
        )),
        Some(_) => Ok(Verified {
            traces: mseed::read(&kept, NAME)?,
            bytes: kept,
            n_others,
        }),
    }
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

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        let (_, rate_hz) = self.station()?;
        let n_samples = (time::between_s(start, end) * rate_hz).round();
        self.record(start, n_samples as usize)
    }
}
