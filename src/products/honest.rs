//! What the honest network learns from: clusters of the training time, stretches of record around
//! events and in between, and windows cropped from them after the division.

use std::collections::HashMap;

use super::{GUARD, NOISE_GUARD_S, before_p, catalog, cut, kept_windows, run_dir};
use super::{LEAK_FREE_NORMALISATION, scanned, trained_convnet};
use crate::catalog::{Catalog, Event};
use crate::classroom::{self, Truth};
use crate::cluster::{ClusterParams, Clusters, Space};
use crate::data_centre;
use crate::dataset::{Crop, Dataset, Split, Variation, vary};
use crate::detect::{p_travel_time_s, recursive_sta_lta, triggers};
use crate::error::Result;
use crate::geo::Point;
use crate::network::{ConvNet, Ensemble};
use crate::study::{Study, WindowChoice};
use crate::time::{self, Time, TimeSpan};
use crate::train::TrainParams;
use crate::travel::LayeredModel;
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{self, Reason, Rejection, Windows};

/// Length of a stretch; an event's P wave comes in its middle, so that windows of half this length
/// can have it anywhere.
pub const STRETCH_S: f64 = 60.0;

/// Starts of the honest clustering. Each of many thousand starts on such catalogs has a chance of
/// a sixth or so to end at the best sum.
const N_REPLICATES: usize = 200;

/// A detector cannot know an event by less of its waves than this.
const LEAST_AFTER_P_S: f64 = 2.0;

/// Windows of an event, each with its P wave at another place.
const N_OF_EVENT: usize = 6;

/// Windows of a stretch of noise: most of it.
const N_OF_NOISE: usize = 4;

/// Spikes are rare in any record, and to a network that has hardly met them each is an onset.
const LONGEST_GLITCH_S: f64 = 3.0;

/// The catalog's times and places move the P wave by some tenths of a second.
const BEFORE_P_IS_NOISE_S: f64 = 1.0;

/// S comes at most 4 s after P in a region of 30 km, and its strongest part lasts some seconds.
const CODA_IS_NOISE_S: f64 = 12.0;

/// One hour in so many is searched for disturbances, spread evenly over the gaps that are long
/// enough.
const ONE_HOUR_IN: f64 = 60.0;
const SEARCHED_S: f64 = 3600.0;

/// STA/LTA from which on something is a disturbance, and up to how many are taken of an hour.
const DISTURBED: f32 = 3.5;
const N_OF_HOUR: usize = 6;

/// Instants at which the training time ends and the test begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blocks {
    /// Start of the validation time; what is older trains.
    pub validation: Time,
    /// Start of the test; what is between validates.
    pub test: Time,
}

/// The study's time that was set aside altogether: its scanned hours, and the month of the final
/// scores, [`Study::held_out`].
pub fn held_out(study: &Study) -> [TimeSpan; 2] {
    [scanned(study), study.held_out]
}

/// Divides the catalog's time so that the study's fractions of the events that are not set aside
/// train and validate.
///
/// # Errors
/// As [`catalog`].
pub fn blocks(study: &Study) -> Result<Blocks> {
    let usable = not_held_out(study, &catalog(study)?);
    let n = usable.len() as f64;
    let at = |share: f64| {
        let event = usable.events().get((share * n).round() as usize);
        event.map_or(study.catalog.end, |event| event.origin_time)
    };
    let choice = &study.split;
    Ok(Blocks {
        validation: at(choice.train_fraction),
        test: at(choice.train_fraction + choice.validation_fraction),
    })
}

fn not_held_out(study: &Study, catalog: &Catalog) -> Catalog {
    let spans = held_out(study);
    catalog.filter(|event| !spans.iter().any(|span| span.contains(event.origin_time)))
}

/// Clusters by which the honest network calls events: on kilometres, the best of many starts, and
/// found from the events of the training time alone. `assign` and `assign_all` give the class of
/// any event.
///
/// # Errors
/// As [`super::clusters`].
pub fn leak_free_clusters(study: &Study) -> Result<Clusters> {
    let path = study.derived_dir().join("clusters-honest.toml");
    if path.is_file() {
        return Clusters::read(&path);
    }
    let training_time = TimeSpan {
        start: study.catalog.start,
        end: blocks(study)?.validation,
    };
    let known = not_held_out(study, &catalog(study)?).during(&training_time);
    let clusters = ClusterParams::for_study(study)
        .space(Space::Kilometres)
        .n_replicates(N_REPLICATES)
        .fit(&known)?;
    study.make_derived_dir()?;
    clusters.write(&path)?;
    Ok(clusters)
}

/// The family of each published event by its identifier, where it is known: in the classroom an
/// earthquake, its aftershocks and theirs. Of a real region nobody knows them: then none.
pub fn families(study: &Study) -> HashMap<String, usize> {
    if !data_centre::is_simulated(study) {
        return HashMap::new();
    }
    let truth = Truth::simulate(classroom::SEED);
    let families = truth.families();
    let ids = truth.sources.iter().map(|source| source.id.as_str());
    let of_source: HashMap<&str, usize> = ids.zip(families).collect();
    let links = truth.links().into_iter();
    links
        .filter_map(|link| Some((link.event_id, *of_source.get(link.source_id.as_str())?)))
        .collect()
}

/// [`STRETCH_S`] around the P wave of each event and in the middle of each gap, in counts, and
/// around disturbances: what a classical detector triggers on far from every event of the catalog.
///
/// Disturbances are rare, so quiet gaps alone would hardly show them; yet they are what a detector
/// mistakes for events. A few of them *are* events, which the catalog does not list, and would teach a
/// network to be unsure of such. An analyst would know them at a glance; here the classroom's truth plays
/// the analyst, and those stretches are left out. With real data nobody has looked: they stay.
///
/// # Errors
/// As [`super::windows_at_arrivals`].
pub fn stretches(study: &Study) -> Result<Windows> {
    kept_windows(study, "stretches", || {
        let long = Study {
            window: WindowChoice {
                n_samples: stretch_samples(study),
                n_noise_per_gap: 1,
                ..study.window.clone()
            },
            ..study.clone()
        };
        let catalog = catalog(study)?;
        let labels = leak_free_clusters(study)?.assign_all(&catalog);
        let rule = |station| before_p(station, STRETCH_S / 2.0);
        let both = cut(&long, &catalog, &labels, rule, GUARD)?;
        let client = data_centre::connect(study)?;
        let mut failed = Vec::new();
        let starts = disturbances(&client, &catalog, study, &mut failed)?;
        let mut all = match starts.is_empty() {
            true => both,
            false => {
                let silent = &mut window::silent;
                both.concat(&window::noise_windows_at(&client, &starts, &long, silent)?)?
            }
        };
        all.rejections.n_requested += failed.len();
        all.rejections.items.append(&mut failed);
        if data_centre::is_simulated(study) {
            let station = data_centre::station(study)?.position();
            leave_out_unlisted(&mut all, &data_centre::truth(study), station);
        }
        Ok(all)
    })
}

/// Takes stretches of noise out that hold waves of an earthquake.
fn leave_out_unlisted(stretches: &mut Windows, truth: &Catalog, station: Point) {
    let model = LayeredModel::central_us();
    let arrival =
        |event: &Event| event.origin_time + time::seconds(p_travel_time_s(&model, event, station));
    let arrivals: Vec<Time> = truth.events().iter().map(arrival).collect();
    let noise = stretches.n_classes - 1;
    stretches.leave_out(&Reason::Unlisted, |window| {
        let has_waves = |arrival: &Time| {
            let after_s = time::between_s(window.start, *arrival);
            (-CODA_IS_NOISE_S..STRETCH_S).contains(&after_s)
        };
        window.class == noise && arrivals.iter().any(has_waves)
    });
}

fn stretch_samples(study: &Study) -> usize {
    (STRETCH_S * study.window.sampling_rate_hz).round() as usize
}

/// Starts of stretches with a disturbance in their middle, each with the event before it; hours
/// that could not be searched go to `failed`.
fn disturbances(
    source: &dyn WaveformSource,
    catalog: &Catalog,
    study: &Study,
    failed: &mut Vec<Rejection>,
) -> Result<Vec<(Time, String)>> {
    let rate_hz = study.window.sampling_rate_hz;
    let n_samples = (SEARCHED_S * rate_hz) as usize;
    let hours = quiet_hours(catalog);
    let span_s = time::between_s(study.catalog.start, study.catalog.end);
    let n_hours = (span_s / SEARCHED_S / ONE_HOUR_IN).ceil().max(1.0) as usize;
    let step = hours.len().div_ceil(n_hours).max(1);
    let mut starts = Vec::new();
    for (start, after) in hours.into_iter().step_by(step) {
        match source.record(start, n_samples) {
            Ok(record) => starts.extend(
                strongest_triggers(&record)?
                    .into_iter()
                    .map(|at| time::of_sample(record.start, at, record.sampling_rate_hz))
                    .map(|at| (at - time::seconds(STRETCH_S / 2.0), after.clone())),
            ),
            Err(error) => failed.push(Rejection {
                what: format!("disturbances after {after}"),
                start,
                reason: Reason::of(&error),
            }),
        }
    }
    Ok(starts)
}

/// The middle hour of each gap that is long enough to keep [`NOISE_GUARD_S`] from both events.
fn quiet_hours(catalog: &Catalog) -> Vec<(Time, String)> {
    let middle = |pair: &[Event]| {
        let gap_s = time::between_s(pair[0].origin_time, pair[1].origin_time);
        let first_s = (gap_s - SEARCHED_S) / 2.0;
        let start = pair[0].origin_time + time::seconds(first_s);
        (first_s >= NOISE_GUARD_S + STRETCH_S).then(|| (start, pair[0].id.clone()))
    };
    catalog.events().windows(2).filter_map(middle).collect()
}

/// Samples of the strongest triggers of recursive STA/LTA (0.5 and 30 s, 2 to 15 Hz, the largest
/// ratio of the three components), at least half a stretch apart.
fn strongest_triggers(record: &Record3C) -> Result<Vec<usize>> {
    let rate_hz = record.sampling_rate_hz;
    let band = Filter::bandpass(4, 2.0, 15.0, rate_hz)?;
    let filtered = band.record(record, Pass::Causal)?;
    let (n_sta, n_lta) = ((0.5 * rate_hz) as usize, (30.0 * rate_hz) as usize);
    let mut ratios = vec![0.0_f32; record.n_samples()];
    for row in &filtered.data {
        for (most, ratio) in ratios.iter_mut().zip(recursive_sta_lta(row, n_sta, n_lta)?) {
            *most = most.max(ratio);
        }
    }
    let peak =
        |span: &std::ops::Range<usize>| ratios[span.clone()].iter().copied().fold(0.0, f32::max);
    let mut spans = triggers(&ratios, DISTURBED, 1.5);
    spans.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
    let apart = (STRETCH_S / 2.0 * rate_hz) as usize;
    let mut taken: Vec<usize> = Vec::new();
    for span in spans {
        if taken.len() < N_OF_HOUR && taken.iter().all(|at| at.abs_diff(span.start) >= apart) {
            taken.push(span.start);
        }
    }
    Ok(taken)
}

/// The stretches, divided in blocks of time without what was set aside; not yet scaled. An event
/// and its gap are on one side.
///
/// # Errors
/// As [`stretches`], and [`crate::Error::Dataset`] where a block is empty.
pub fn stretch_split(study: &Study) -> Result<Split> {
    let stretches = stretches(study)?;
    let mut data =
        Dataset::from_windows(&stretches.windows, stretches.n_samples, stretches.n_classes)?;
    for span in held_out(study) {
        // A stretch that begins just before reaches into it.
        data = data.without(&TimeSpan {
            start: span.start - time::seconds(STRETCH_S),
            end: span.end,
        })?;
    }
    let blocks = blocks(study)?;
    data.split_at(blocks.validation, blocks.test)?
        .without_leak()
}

/// How the honest network's windows are cropped: the P wave anywhere from the window's start to
/// 2 s before its end, each window scaled by [`LEAK_FREE_NORMALISATION`].
pub fn leak_free_crop(study: &Study) -> Crop {
    let rate_hz = study.window.sampling_rate_hz;
    let samples = |seconds: f64| (seconds * rate_hz).round() as usize;
    let n_samples = study.window.n_samples;
    Crop {
        n_samples,
        sampling_rate_hz: rate_hz,
        onset: samples(STRETCH_S / 2.0),
        place: 0..n_samples.saturating_sub(samples(LEAST_AFTER_P_S)).max(1),
        n_of_event: N_OF_EVENT,
        n_of_noise: N_OF_NOISE,
        n_beside: 2,
        before: samples(BEFORE_P_IS_NOISE_S),
        coda: samples(CODA_IS_NOISE_S),
        normalisation: LEAK_FREE_NORMALISATION,
    }
}

/// Windows with the P wave anywhere, cropped from [`stretch_split`]: several of each event and each
/// stretch of noise to train, one of each event to validate and to test. The training windows of
/// noise come a second time with a glitch on one component.
///
/// # Errors
/// As [`stretch_split`].
pub fn leak_free_split(study: &Study) -> Result<Split> {
    let mut split = stretch_split(study)?.cropped(&leak_free_crop(study), study.seed)?;
    let glitch = Variation::Glitch {
        longest: (LONGEST_GLITCH_S * study.window.sampling_rate_hz).ceil() as usize,
    };
    split.train = vary(&split.train, &[glitch], LEAK_FREE_NORMALISATION, study.seed)?;
    Ok(split)
}

/// Epochs after which the validation loss of the honest network gains nothing more.
const N_HONEST_EPOCHS: usize = 12;

/// How the honest network is trained: as the study says, in not more epochs than pay.
pub fn leak_free_params(study: &Study) -> TrainParams {
    let params = TrainParams::adam(&study.train, study.seed);
    TrainParams {
        report_every: 0,
        max_epochs: params.max_epochs.min(N_HONEST_EPOCHS),
        ..params
    }
}

/// ConvNetQuake's network trained with care. Its run is `convnet-honest`; windows go to it scaled
/// by [`LEAK_FREE_NORMALISATION`].
///
/// # Errors
/// As [`leak_free_split`] and [`train()`].
pub fn leak_free_network(study: &Study) -> Result<ConvNet> {
    trained_as(study, &leak_free_split(study)?, 1)
}

/// Networks that decide together about whole days.
pub const N_MEMBERS: u64 = 3;

/// [`leak_free_network`] and others that learnt the same windows from other first weights and in another
/// order, in runs `convnet-honest-2` and so on.
///
/// # Errors
/// As [`leak_free_network`].
pub fn leak_free_ensemble(study: &Study) -> Result<Ensemble<ConvNet>> {
    let split = leak_free_split(study)?;
    let networks = (1..=N_MEMBERS).map(|number| trained_as(study, &split, number));
    Ensemble::new(networks.collect::<Result<_>>()?)
}

/// The honest network of a number, from 1, which gives it a seed and a run of its own.
fn trained_as(study: &Study, split: &Split, number: u64) -> Result<ConvNet> {
    let params = leak_free_params(study);
    let params = TrainParams {
        seed: params.seed + number - 1,
        ..params
    };
    let name = match number {
        1 => "convnet-honest".to_string(),
        _ => format!("convnet-honest-{number}"),
    };
    trained_convnet(split, &params, Some(&run_dir(study, &name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{Origin, RejectionLog, Window};

    #[test]
    fn noise_with_waves_of_an_earthquake_is_left_out_and_in_the_ledger() {
        let start = time::parse("2014-02-16").unwrap();
        let station = Point::new(-97.2, 35.8);
        let event = Event {
            id: "unlisted".into(),
            origin_time: start + time::seconds(600.0),
            longitude_deg: station.longitude_deg,
            latitude_deg: station.latitude_deg,
            depth_km: Some(5.0),
            magnitude: 1.5,
            magnitude_type: "ML".into(),
            event_type: "earthquake".into(),
        };
        let window = |start_s: f64, class| Window {
            start: start + time::seconds(start_s),
            samples: Vec::new(),
            class,
            origin: Origin::Noise { after: "e".into() },
        };
        let mut windows = Windows {
            station: "GS.OK029.00".into(),
            channels: ["HH1", "HH2", "HHZ"].map(String::from),
            sampling_rate_hz: 100.0,
            n_samples: 6000,
            n_classes: 4,
            normalisation: None,
            simulated: true,
            // P comes a second or two after the origin: before the first, in the coda of the second, in
            // the third and in an event's own, and after the last.
            windows: [(620.0, 3), (608.0, 3), (570.0, 3), (570.0, 0), (535.0, 3)]
                .map(|(start_s, class)| window(start_s, class))
                .to_vec(),
            rejections: RejectionLog::default(),
        };
        let truth = Catalog::new("truth", true, vec![event]);
        leave_out_unlisted(&mut windows, &truth, station);
        let kept: Vec<f64> = windows
            .windows
            .iter()
            .map(|window| time::between_s(start, window.start))
            .collect();
        assert_eq!(kept, [620.0, 570.0, 535.0]);
        assert_eq!(windows.windows[1].class, 0);
        let reasons = windows
            .rejections
            .items
            .iter()
            .map(|missing| &missing.reason);
        assert!(reasons.eq([&Reason::Unlisted; 2]));
        assert_eq!(windows.rejections.items[0].what, "noise after e");
    }
}
