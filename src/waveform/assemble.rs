//! Three traces of one station on one time grid.

use std::collections::BTreeMap;

use super::samples::{self, Part};
use crate::error::{Error, Result, Unavailable, fail};
use crate::time::{self, Time};
use crate::waveform::{Nslc, Record3C, Segment, Trace};

impl Record3C {
    /// `n_samples` of three components from the sample nearest to `start`, out of traces of one
    /// station.
    ///
    /// The components are found by their codes: three of one location, band and instrument, in the
    /// order of their letters with `Z` last (`HH1, HH2, HHZ`; `BHE, BHN, BHZ`; `EHU, EHV, EHW`). Of
    /// several such trios the one with the highest sampling rate is taken, so that the `LH*` which a
    /// wildcard brings along stay out. Which way they point is another question:
    /// [`Record3C::rotated`].
    ///
    /// The vertical component gives the grid. The others may lie beside it by a fraction of a
    /// sample, as real digitisers do by microseconds: each takes its nearest sample. What was not
    /// recorded is NaN, and so is -2^31, which stands for missing; one that was and is no number is infinite.
    /// Counts above 2^24 are rounded to `f32`; of a component whose median lies beyond that, a multiple of 2^24 is
    /// taken off before, so that its motion is not.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where a component is missing or the span holds no sample;
    /// [`Error::Waveform`] where the traces are of several stations, or the components of several
    /// sampling rates.
    pub fn from_traces(traces: &[Trace], start: Time, n_samples: usize) -> Result<Self> {
        Self::assemble(&traces.iter().collect::<Vec<_>>(), start, n_samples)
    }

    pub(crate) fn assemble(traces: &[&Trace], start: Time, n_samples: usize) -> Result<Self> {
        let place = format!("{n_samples} samples from {}", time::iso(start));
        let components = choose(traces, start, n_samples, &place)?;
        let rate = components[0][0].sampling_rate_hz;
        let first = &components[0][0].id;
        let station = format!(
            "{}.{}.{}",
            first.network(),
            first.station(),
            first.location()
        );
        // No location, no dot.
        let station = station.trim_end_matches('.').to_string();

        let grid = grid_start(&components[2], start, rate);
        let mut data = [const { Vec::new() }; 3];
        for (row, traces) in data.iter_mut().zip(&components) {
            *row = row_of(traces, n_samples, grid, rate);
        }
        if data.iter().flatten().all(|x| x.is_nan()) {
            return Err(Error::Unavailable {
                place: format!("{station}, {place}"),
                reason: Unavailable::NoSample,
            });
        }
        Ok(Self {
            station,
            channels: [0, 1, 2].map(|i| components[i][0].id.channel().to_string()),
            start: grid,
            sampling_rate_hz: rate,
            data,
            simulated: false,
        })
    }
}

impl Record3C {
    /// [`Record3C::from_traces`] of one or two components, of the band of which there are most, or the fastest: the vertical one
    /// is last, and those that are missing are NaN, of a channel whose last letter is `-`.
    pub(crate) fn of_some_components(
        traces: &[Trace],
        start: Time,
        n_samples: impl Fn(f64) -> usize,
    ) -> Result<Self> {
        let mut bands: BTreeMap<String, Band<Component>> = BTreeMap::new();
        for trace in traces {
            let mut band = trace.id.to_string();
            let is_there = reaches(trace, start, n_samples(trace.sampling_rate_hz));
            if let Some(component) = band.pop().filter(|_| is_there) {
                let components = bands.entry(band).or_default();
                components.entry(component).or_default().push(trace);
            }
        }
        let of_band = |components: &Band<Component>| {
            let rates = components
                .values()
                .flatten()
                .map(|trace| trace.sampling_rate_hz);
            (components.len(), rates.fold(0.0, f64::max))
        };
        let best = bands.into_values().max_by(|a, b| {
            let (a, b) = (of_band(a), of_band(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let place = || format!("a record from {}", time::iso(start));
        let Some(mut components) = best else {
            let (place, reason) = (place(), Unavailable::NoSample);
            return Err(Error::Unavailable { place, reason });
        };
        let mut rows: Trio = Default::default();
        rows[2] = components.remove(&'Z').unwrap_or_default();
        for (row, traces) in rows.iter_mut().zip(components.into_values()) {
            *row = traces;
        }
        let there = rows.iter().find_map(|row| row.first());
        let first = there.ok_or_else(|| {
            fail!(
                Waveform,
                place(),
                "more than three components",
                "Ask for one band"
            )
        })?;
        let rate = first.sampling_rate_hz;
        if let Some(what) = two_rates(&rows) {
            return Err(fail!(
                Waveform,
                place(),
                what,
                "Choose a time with one sampling rate"
            ));
        }
        let (id, band) = (&first.id, first.id.channel().as_str());
        let reference: Vec<&Trace> = rows.iter().flatten().copied().collect();
        let (grid, n) = (grid_start(&reference, start, rate), n_samples(rate));
        let data = rows.each_ref().map(|traces| row_of(traces, n, grid, rate));
        let missing = || format!("{}-", &band[..band.len().saturating_sub(1)]);
        let name = |traces: &Component| traces.first().map(|trace| trace.id.channel().to_string());
        let station = format!("{}.{}.{}", id.network(), id.station(), id.location());
        Ok(Self {
            station: station.trim_end_matches('.').to_string(),
            channels: rows
                .each_ref()
                .map(|traces| name(traces).unwrap_or_else(missing)),
            start: grid,
            sampling_rate_hz: rate,
            data,
            simulated: false,
        })
    }
}

/// The letters of components that go together, in the order of a record (SEED Reference Manual 2.4,
/// appendix A: traditional, turned, and along the edges of a cube that stands on a corner).
const TRIOS: [&str; 6] = ["ENZ", "12Z", "123", "UVW", "ABC", "RTZ"];

/// What there is of one band of a station, by the last letter of its channels.
type Band<T> = BTreeMap<char, T>;

/// Traces of one component.
type Component<'a> = Vec<&'a Trace>;

/// The traces of three components.
type Trio<'a> = [Component<'a>; 3];

/// Whether a record of three components can be made of these channels of one station.
pub(crate) fn has_three_components(streams: &[&Nslc]) -> bool {
    let mut bands: BTreeMap<String, Band<()>> = BTreeMap::new();
    for stream in streams {
        if let Some((band, component)) = band_of(stream) {
            bands.entry(band).or_default().insert(component, ());
        }
    }
    let mut bands = bands.values();
    bands.any(|band| !known_trios(band).is_empty() || any_trio(band).is_some())
}

/// A stream's band with its station, `GS.OK029.00.HH`, and its component.
fn band_of(stream: &Nslc) -> Option<(String, char)> {
    let (band, component) = stream.band_and_component()?;
    let (network, station, location) = (stream.network(), stream.station(), stream.location());
    Some((format!("{network}.{station}.{location}.{band}"), component))
}

/// The traces of each of the three components that have samples in the span, vertical last.
fn choose<'a>(
    traces: &[&'a Trace],
    start: Time,
    n_samples: usize,
    place: &str,
) -> Result<Trio<'a>> {
    let refuse = |what: String, remedy: &str| Err(fail!(Waveform, place, what, remedy));
    let unavailable = |reason| {
        let place = place.to_string();
        Err(Error::Unavailable { place, reason })
    };
    let mut bands: BTreeMap<String, Band<Component>> = BTreeMap::new();
    for trace in traces
        .iter()
        .filter(|trace| reaches(trace, start, n_samples))
    {
        if let Some((band, component)) = band_of(&trace.id) {
            let components = bands.entry(band).or_default();
            components.entry(component).or_default().push(trace);
        }
    }
    if bands.is_empty() {
        return unavailable(Unavailable::NoSample);
    }
    let found = || -> Vec<String> {
        let all = bands.iter();
        all.flat_map(|(band, of)| of.keys().map(move |component| format!("{band}{component}")))
            .collect()
    };
    let mut trios: Vec<Trio> = bands.values().flat_map(known_trios).collect();
    if trios.is_empty() {
        trios = bands.values().filter_map(any_trio).collect();
    }
    trios.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    let mut trio = match &trios[..] {
        [] => return unavailable(Unavailable::MissingComponent { found: found() }),
        [first, second, ..] if rate(first) == rate(second) => {
            return refuse(
                format!("more than one triple of components: {}", found().join(", ")),
                "Ask for the channels of one station and band, such as HH*, or for three by name, such as HHE,HHN,HHZ",
            );
        }
        [first, ..] => first.clone(),
    };
    // So many samples of a slower trace last longer: what begins after those of the record is not of it.
    let length_s = n_samples as f64 / rate(&trio);
    for component in &mut trio {
        component.retain(|trace| {
            let n = (length_s * trace.sampling_rate_hz).round() as usize;
            reaches(trace, start, n.max(1))
        });
    }
    if let Some(what) = two_rates(&trio) {
        return refuse(what, "Choose a time with one sampling rate");
    }
    if trio.iter().any(Vec::is_empty) {
        return unavailable(Unavailable::MissingComponent { found: found() });
    }
    Ok(trio)
}

/// The rates of two traces that do not go together, if there are such: of two components, or of one that changes.
fn two_rates(trio: &Trio) -> Option<String> {
    let mut traces = trio.iter().flatten();
    let first = traces.next()?;
    let other = traces.find(|other| !same_rate(other.sampling_rate_hz, first.sampling_rate_hz))?;
    let of_one = trio.iter().find_map(|component| {
        let (first, rest) = component.split_first()?;
        let is_other = |other: &&&Trace| !same_rate(other.sampling_rate_hz, first.sampling_rate_hz);
        Some([*first, *rest.iter().find(is_other)?])
    });
    Some(match of_one {
        Some(mut of_one) => {
            of_one.sort_by_key(|trace| trace.start());
            let [before, after] = of_one.map(|trace| trace.sampling_rate_hz);
            format!("the sampling rate changes from {before} to {after} Hz")
        }
        None => {
            let (id, hz) = (&other.id, other.sampling_rate_hz);
            format!(
                "{id} has {hz} Hz, another component {} Hz",
                first.sampling_rate_hz
            )
        }
    })
}

fn known_trios<T: Clone + Default>(band: &Band<T>) -> Vec<[T; 3]> {
    let of = |letters: &&str| {
        let mut trio: [T; 3] = Default::default();
        for (component, letter) in trio.iter_mut().zip(letters.chars()) {
            *component = band.get(&letter)?.clone();
        }
        Some(trio)
    };
    TRIOS.iter().filter_map(of).collect()
}

/// Three components of whatever letters, `Z` last.
fn any_trio<T: Clone>(band: &Band<T>) -> Option<[T; 3]> {
    let mut components: Vec<_> = band.iter().collect();
    components.sort_by_key(|(letter, _)| (**letter == 'Z', **letter));
    let [a, b, c] = components[..] else {
        return None;
    };
    Some([a, b, c].map(|(_, component)| component.clone()))
}

/// The highest sampling rate of the traces.
fn rate(trio: &Trio) -> f64 {
    let rates = trio.iter().flatten().map(|trace| trace.sampling_rate_hz);
    rates.fold(0.0, f64::max)
}

/// Whether the trace has a sample in the span, to within half a sample at both ends.
fn reaches(trace: &Trace, start: Time, n_samples: usize) -> bool {
    let rate = trace.sampling_rate_hz;
    trace.segments.iter().any(|segment| {
        let first = time::between_s(start, segment.start) * rate;
        first < n_samples as f64 - 0.5 && first + segment.samples.len() as f64 > 0.5
    })
}

/// Rates that a day at 100 Hz does not tell apart.
fn same_rate(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < 1e-8
}

/// The time nearest to `start` on the grid of the segment that holds it, else of the first after
/// it, else of the last one.
fn grid_start(traces: &[&Trace], start: Time, rate: f64) -> Time {
    let end = |s: &Segment| time::of_sample(s.start, s.samples.len(), rate);
    let segments = || traces.iter().flat_map(|trace| &trace.segments);
    let reference = segments()
        .filter(|segment| end(segment) > start)
        .min_by_key(|segment| segment.start)
        .or_else(|| segments().max_by_key(|segment| segment.start))
        .map_or(start, |segment| segment.start);
    let steps = (time::between_s(reference, start) * rate).round();
    reference + time::seconds(steps / rate)
}

/// The samples of a component, of which there are `n` from `grid` on.
fn row_of(traces: &Component, n: usize, grid: Time, rate: f64) -> Vec<f32> {
    let segments = traces.iter().flat_map(|trace| &trace.segments);
    let parts: Vec<Part> = segments
        .filter_map(|segment| Part::of(segment, n, grid, rate))
        .collect();
    samples::row_of(&parts, n)
}

impl<'a> Part<'a> {
    /// The samples of the segment that fall on a row of `n` from `grid` on.
    fn of(segment: &'a Segment, n: usize, grid: Time, rate: f64) -> Option<Self> {
        let n_there = segment.samples.len() as i64;
        let shift = (time::between_s(grid, segment.start) * rate).round() as i64;
        let from = (-shift).clamp(0, n_there);
        let to = (n as i64 - shift).clamp(from, n_there);
        (from < to).then(|| Self {
            samples: &segment.samples,
            range: from as usize..to as usize,
            first: (from + shift) as usize,
        })
    }
}
