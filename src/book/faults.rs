//! What each known fault of the paper costs, measured on the study's own products: chapter 6.

use super::ladder::{Rung, Way, rungs};
use super::paper::{
    PAPER_NORMALISATION, paper_network, paper_split, windows_as_the_paper, windows_at_arrivals,
};
use super::{convnetquake_without_p, detections};
use crate::cluster::{ClusterParams, Space, adjusted_rand_index};
use crate::data_centre;
use crate::dataset::{AddedNoise, Augment, Train, augment};
use crate::detect::{Scan, ScanParams, p_travel_time_s, scan};
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::{ConfusionMatrix, Score, Spread, majority_baseline};
use crate::method;
use crate::store;
use crate::study::Study;
use crate::time::{self, Time, between_s};
use crate::window::{Normalisation, Windows, relative_ranges, seam_jumps};

/// A window of noise is shaken where a P wave came so long before its start, or comes in it.
const WAVES_S: f64 = 20.0;

/// One number for the paper's way and one for the careful way, for each of twelve faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// 1: the median jump where components of an event meet, as a share of the window's range; each component scaled by
    /// itself, and mean removed with one scale.
    pub jumps: [f64; 2],
    /// 1: the range of an event's weakest component beside its strongest, median; the same two.
    pub weakest: [f64; 2],
    /// 2: share of tested windows with a twin in training.
    pub twins: [f64; 2],
    /// 3: by how much a copy is lifted, as a share of the window's largest value; uniform noise and Gaussian.
    pub lifts: [f64; 2],
    /// 4: earliest and latest P after the start of the paper's windows.
    pub p_s: [f64; 2],
    /// 4: between which places P is in the careful windows.
    pub place_s: [f64; 2],
    /// 4: windows by ConvNetQuake's rule that begin after P, and all.
    pub without_p: [usize; 2],
    /// 5: windows called an event by the paper's network, pairs of neighbours among them, and events by the careful way.
    pub n_called: usize,
    pub n_pairs: usize,
    pub n_detections: usize,
    /// 6: training windows that start in the scanned hours.
    pub n_known: [usize; 2],
    /// 7: windows of noise with waves of a true earthquake.
    pub shaken: [Score; 2],
    /// 8: accuracy of always saying noise in the two tests.
    pub always_noise: [Score; 2],
    /// 9: agreement of clusters on degrees and on kilometres: 1 is the same.
    pub agreement: f64,
    /// 10: windows that could not be had. 12: samples that ten seconds bring.
    pub n_missing: usize,
    pub n_sent: usize,
    /// 11: on the careful windows the earthquakes found by perceptron and convolutions, over seeds.
    pub found: [Spread; 2],
}

impl Faults {
    /// # Errors
    /// As what it measures: windows, networks, scans and clusters of the study.
    pub fn measure(study: &Study) -> Result<Self> {
        let windows = windows_as_the_paper(study)?;
        let n_sets = study.augment.noise_levels.len() + 1;
        let (first, all, careful) = (
            paper_split(study, 1)?,
            paper_split(study, n_sets)?,
            store::windows(study)?,
        );
        let scan = end_to_end(study)?;
        let hours = study.scanned();
        let n_in = |train: &Train| {
            let starts = train.times().iter();
            starts.filter(|start| hours.contains(**start)).count()
        };
        let crop = method::crop(study);
        let place = [crop.place.start, crop.place.end];
        let rungs = rungs(study)?;
        let (n_without, n_of_rule) = convnetquake_without_p(study)?;
        let level = study.augment.noise_levels[study.augment.noise_levels.len() - 1];
        let baseline = |classes: &[usize]| -> Result<Score> {
            let said = majority_baseline(classes);
            Ok(ConfusionMatrix::new(windows.n_classes, classes, &said)?.accuracy())
        };
        let scales = [
            Normalisation::MinMaxPerComponent,
            study.method.normalisation,
        ];
        let of_events = |number: fn(&[f32]) -> Vec<f64>| -> Result<[f64; 2]> {
            Ok([
                median_of_events(&windows, scales[0], number)?,
                median_of_events(&windows, scales[1], number)?,
            ])
        };
        Ok(Self {
            jumps: of_events(|samples| seam_jumps(samples).to_vec())?,
            weakest: of_events(|samples| {
                vec![relative_ranges(samples).into_iter().fold(1.0, f64::min)]
            })?,
            twins: [all.leak().twin_share(), careful.leak().twin_share()],
            lifts: [
                lift(&first.train, AddedNoise::Uniform, level)?,
                lift(&first.train, AddedNoise::Gaussian, level)?,
            ],
            p_s: p_after_start(study)?,
            place_s: place.map(|sample| sample as f64 / crop.sampling_rate_hz),
            without_p: [n_without, n_of_rule],
            n_called: scan.counts()[..scan.n_classes - 1].iter().sum(),
            n_pairs: n_pairs(&scan)?,
            n_detections: detections(study)?.len(),
            n_known: [n_in(&all.train), n_in(&careful.train)],
            shaken: [
                shaken(study, &windows)?,
                shaken(study, &windows_at_arrivals(study)?)?,
            ],
            always_noise: [
                baseline(first.test.classes())?,
                baseline(careful.test.classes())?,
            ],
            agreement: agreement(study)?,
            n_missing: windows.rejections.items.len(),
            n_sent: n_sent(study)?,
            found: ["perceptron", "convolutions"].map(|network| found(&rungs, network)),
        })
    }

    /// The paper's way and the careful way of each fault, and the difference measured.
    pub fn table(&self) -> Table {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let two = |shares: [f64; 2]| format!("{}; {}", percent(shares[0]), percent(shares[1]));
        let headers = [
            "",
            "The paper",
            "With care",
            "Measured here: the paper's way; with care",
        ];
        let rows = [
            (
                "each component scaled by itself",
                "mean removed, one scale for three",
                format!(
                    "median jump between components {}; weakest component beside the strongest {}",
                    two(self.jumps),
                    two(self.weakest)
                ),
            ),
            (
                "copies, then a random division",
                "division by time, then copies",
                format!("tested windows with a twin in training {}", two(self.twins)),
            ),
            (
                "uniform noise, called Gaussian",
                "noise of mean zero",
                format!("copies lifted by {} of the maximum", two(self.lifts)),
            ),
            (
                "window from the origin time",
                "P anywhere in the window",
                format!(
                    "P at {:.1} to {:.1} s; at {:.0} to {:.0} s",
                    self.p_s[0], self.p_s[1], self.place_s[0], self.place_s[1]
                ),
            ),
            (
                "windows end to end, counted",
                "overlap, two thresholds, events",
                format!(
                    "{} windows with {} pairs; {} events",
                    self.n_called, self.n_pairs, self.n_detections
                ),
            ),
            (
                "scanned hours in the training",
                "scanned hours held out",
                format!(
                    "training windows from these hours {}; {}",
                    self.n_known[0], self.n_known[1]
                ),
            ),
            (
                "noise from the midpoints",
                "noise a minute away from known events",
                format!(
                    "noise windows with waves {}",
                    two(self.shaken.map(|score| score.value))
                ),
            ),
            (
                "accuracy",
                "recall, false alarms an hour, intervals",
                format!(
                    "always saying noise is right in {}",
                    two(self.always_noise.map(|score| score.value))
                ),
            ),
            (
                "clusters on degrees",
                "clusters on kilometres (chapter 2)",
                format!("agreement of the two {:.2}", self.agreement),
            ),
            (
                "channels * and HH*, missing windows as zeros",
                "HH* for both, missing windows counted",
                format!("{} windows missing, none as zeros", self.n_missing),
            ),
            (
                "a perceptron",
                "ConvNetQuake's network",
                format!(
                    "earthquakes found, careful windows {}",
                    two(self.found.map(|spread| spread.mean))
                ),
            ),
            (
                "1001 samples, one cut off",
                "a start and 1000 samples, half-open",
                format!("{} samples come for ten seconds", self.n_sent),
            ),
        ];
        let mut table = Table::new("The paper's twelve known faults", &headers);
        for (number, (paper, care, measured)) in (1..).zip(rows) {
            let cells = [format!("{number}"), paper.into(), care.into(), measured];
            table = table.row(cells);
        }
        table
    }
}

/// The paper's network on the scanned hours, in windows end to end.
///
/// # Errors
/// As [`paper_network`] and [`scan()`].
pub(super) fn end_to_end(study: &Study) -> Result<Scan> {
    let params = ScanParams {
        hop_samples: study.window.n_samples,
        normalisation: PAPER_NORMALISATION,
    };
    scan(&paper_network(study)?, &store::continuous(study)?, &params)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn median_of_events(
    windows: &Windows,
    scale: Normalisation,
    number: fn(&[f32]) -> Vec<f64>,
) -> Result<f64> {
    let scaled = windows.normalised(scale)?;
    let events = scaled
        .windows
        .iter()
        .filter(|w| w.class + 1 < scaled.n_classes);
    Ok(median(events.flat_map(|w| number(&w.samples)).collect()))
}

/// Mean over the windows.
fn lift(train: &Train, noise: AddedNoise, level: f64) -> Result<f64> {
    let copies = Augment {
        noise,
        levels: vec![level],
        renormalise: None,
    };
    let with = augment(train, &copies, 1)?;
    let n = train.n_windows();
    let of = |i: usize| {
        let (before, after) = (with.window(i), with.window(n + i));
        let largest = before.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let changes = before.iter().zip(after).map(|(a, b)| f64::from(b - a));
        changes.sum::<f64>() / before.len() as f64 / f64::from(largest)
    };
    Ok((0..n).map(of).sum::<f64>() / n as f64)
}

fn p_after_start(study: &Study) -> Result<[f64; 2]> {
    let station = data_centre::station(study)?.position();
    let catalog = store::catalog(study)?;
    let events = catalog.events().iter();
    let times = events.map(|event| p_travel_time_s(&study.velocity_model, event, station));
    Ok(times.fold([f64::INFINITY, 0.0], |a, t| [a[0].min(t), a[1].max(t)]))
}

fn n_pairs(scan: &Scan) -> Result<usize> {
    let classes = scan.classes()?;
    let is_event = |i: usize| classes[i] + 1 < scan.n_classes;
    let touch = |i: usize| between_s(scan.starts[i], scan.starts[i + 1]) < scan.window_s() + 0.001;
    let neighbours = 0..classes.len().saturating_sub(1);
    Ok(neighbours
        .filter(|i| touch(*i) && is_event(*i) && is_event(*i + 1))
        .count())
}

fn shaken(study: &Study, windows: &Windows) -> Result<Score> {
    let station = data_centre::station(study)?.position();
    let arrival = |event: &crate::catalog::Event| {
        event.origin_time + time::seconds(p_travel_time_s(&study.velocity_model, event, station))
    };
    let truth = data_centre::truth(study);
    let arrivals: Vec<Time> = truth.events().iter().map(arrival).collect();
    let window_s = windows.n_samples as f64 / windows.sampling_rate_hz;
    let noise = windows
        .windows
        .iter()
        .filter(|w| w.class + 1 == windows.n_classes);
    let starts: Vec<Time> = noise.map(|w| w.start).collect();
    let holds = |start: &&Time| {
        let is_near = |p: &Time| (-WAVES_S..window_s).contains(&between_s(**start, *p));
        arrivals.iter().any(is_near)
    };
    Ok(Score::of(starts.iter().filter(holds).count(), starts.len()))
}

fn agreement(study: &Study) -> Result<f64> {
    let in_km = ClusterParams::of(study)
        .space(Space::Kilometres)
        .fit(&store::catalog(study)?)?;
    adjusted_rand_index(&store::clusters(study)?.labels, &in_km.labels)
}

/// Samples of one channel that the data centre sends for a window's length.
fn n_sent(study: &Study) -> Result<usize> {
    let window_s = study.window.n_samples as f64 / study.window.sampling_rate_hz;
    let start = study.scan.start + time::seconds(60.0);
    let client = data_centre::connect(study)?;
    let traces = client.fetch_waveforms(start, start + time::seconds(window_s))?;
    Ok(traces.first().map_or(0, |trace| trace.n_samples()))
}

fn found(rungs: &[Rung], network: &str) -> Spread {
    let of = rungs
        .iter()
        .filter(|rung| rung.network == network && rung.way == Way::MoreNoise && rung.n_events > 0);
    let shares: Vec<f64> = of
        .map(|rung| rung.n_found as f64 / rung.n_events as f64)
        .collect();
    Spread::of(&shares)
}
