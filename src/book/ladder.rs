//! From the paper's way to this book's, one change at a time: chapter 4.

use serde::{Deserialize, Serialize};

use super::paper::{PAPER_NORMALISATION, windows_as_the_paper, windows_at_arrivals};
use crate::data_centre;
use crate::dataset::{Augment, Crop, Dataset, Labelled, Split, augment};
use crate::detect::{ReferenceEvents, Scan, ScanParams, scan};
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::{Spread, top_class};
use crate::method;
use crate::network::{ConvNet, Network, Perceptron};
use crate::store::{self, Store};
use crate::study::Study;
use crate::time::{self, TimeSpan, between_s};
use crate::train::{TrainParams, train};
use crate::waveform::Record3C;
use crate::window::{Normalisation, Windows};

/// How training and test windows are made. Each way differs from the one before it in what its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Three sets of the paper's windows: copied, then divided at random.
    Paper,
    /// Divided by event and gap, then the training part copied.
    DividedFirst,
    /// The oldest train, the newest test; the scanned hours and the held-out block are left out.
    ByTime,
    /// The study's scale in place of the paper's.
    Scaled,
    /// Windows from 2 s before P; noise a minute away from events.
    AtArrival,
    /// Without the noisy copies.
    NoCopies,
    /// P anywhere in the window, so several windows of each event.
    Anywhere,
    /// Noise before P and after the coda too, and noise with glitches: [`store::windows`].
    MoreNoise,
}

impl Way {
    /// All ways, from the paper's to this book's.
    pub const ALL: [Self; 8] = [
        Self::Paper,
        Self::DividedFirst,
        Self::ByTime,
        Self::Scaled,
        Self::AtArrival,
        Self::NoCopies,
        Self::Anywhere,
        Self::MoreNoise,
    ];

    /// What it changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "the paper, three sets",
            Self::DividedFirst => "divided before copying",
            Self::ByTime => "divided by time",
            Self::Scaled => "mean removed, one scale",
            Self::AtArrival => "windows from 2 s before P",
            Self::NoCopies => "no noisy copies",
            Self::Anywhere => "P anywhere",
            Self::MoreNoise => "more kinds of noise",
        }
    }

    fn normalisation(self, study: &Study) -> Normalisation {
        match self {
            Self::Paper | Self::DividedFirst | Self::ByTime => PAPER_NORMALISATION,
            _ => study.method.normalisation,
        }
    }

    /// The windows, divided this way.
    ///
    /// # Errors
    /// As [`windows_as_the_paper`], and [`crate::Error::Dataset`] where a part would be empty.
    pub fn split(self, study: &Study, seed: u64) -> Result<Split> {
        let levels = &study.augment.noise_levels;
        let scale = self.normalisation(study);
        let scaled = |windows: Windows| {
            let scaled = windows.normalised(scale)?;
            Dataset::from_windows(&scaled.windows, scaled.n_samples, scaled.n_classes)
        };
        let mut split = match self {
            Self::MoreNoise => return store::windows(study),
            Self::Anywhere => {
                let crop = Crop {
                    n_beside: 0,
                    ..method::crop(study)
                };
                return store::segment_split(study)?.cropped(&crop, study.seed);
            }
            Self::Paper => {
                return scaled(windows_as_the_paper(study)?)?
                    .copies_before_split_as_the_paper(levels, seed)?
                    .split_random(&study.split, seed);
            }
            Self::DividedFirst => {
                scaled(windows_as_the_paper(study)?)?.split_by_group(&study.split, seed)?
            }
            Self::ByTime | Self::Scaled => by_time(study, scaled(windows_as_the_paper(study)?)?)?,
            Self::AtArrival => by_time(study, scaled(windows_at_arrivals(study)?)?)?,
            Self::NoCopies => return by_time(study, scaled(windows_at_arrivals(study)?)?),
        };
        let copies = Augment {
            renormalise: Some(scale),
            ..Augment::as_the_paper(levels)
        };
        split.train = augment(&split.train, &copies, seed)?;
        Ok(split)
    }
}

fn by_time(study: &Study, mut data: Dataset) -> Result<Split> {
    let window_s = study.window.n_samples as f64 / study.window.sampling_rate_hz;
    for span in method::held_out(study) {
        data = data.without(&TimeSpan {
            start: span.start - time::seconds(window_s),
            end: span.end,
        })?;
    }
    data.split_by_time(&study.split)
}

/// One network, trained one way with one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// `perceptron` or `convolutions`.
    pub network: String,
    pub way: Way,
    pub seed: u64,
    /// Share of tested windows with a copy in training, 0 to 1.
    pub twin_share: f64,
    /// Windows of the test, without copies: noise, and those of it that are called an earthquake.
    pub n_noise: usize,
    pub n_noise_called: usize,
    /// Earthquakes of the test, those that are called one of any class, and those of the right class.
    pub n_events: usize,
    pub n_found: usize,
    pub n_right: usize,
    /// Windows of the scanned hours without waves of an earthquake, and those of them that are called one.
    pub n_scanned: usize,
    pub n_scanned_called: usize,
}

/// Seeds of the perceptron and of the convolutional network, which takes much longer.
const N_SEEDS: [u64; 2] = [5, 2];
/// Most epochs of the convolutional network.
const N_EPOCHS: usize = 8;
/// A window this long after P still holds waves.
const WAVES_S: f64 = 20.0;

/// Both networks, trained in each of [`Way::ALL`] with several seeds.
///
/// Each is tested on the windows of its own division, without copies, and on the study's scanned hours in windows end
/// to end. Those hold no waves of an earthquake where no P wave, by the truth or else by the catalog, arrives in
/// them or in the 20 s before.
///
/// # Errors
/// As [`Way::split`], [`train()`] and [`scan()`].
pub fn rungs(study: &Study) -> Result<Vec<Rung>> {
    let seeds = study.seed..study.seed + N_SEEDS[0];
    let runs = Way::ALL.map(|way| seeds.clone().map(move |seed| (way, seed)));
    let runs: Vec<(Way, u64)> = runs.into_iter().flatten().collect();
    let prepare = || store::continuous(study);
    Store::of(study).parts("ladder", &runs, prepare, |record, (way, seed)| {
        let (way, seed) = (*way, *seed);
        let split = way.split(study, seed)?;
        let (n, k) = (split.train.n_samples(), split.train.n_classes());
        let mut networks: Vec<(&str, Box<dyn Network>)> =
            vec![("perceptron", Box::new(Perceptron::new(n, k, seed)))];
        if seed < study.seed + N_SEEDS[1] {
            networks.push(("convolutions", Box::new(ConvNet::new(n, k, seed))));
        }
        let rung = |(name, mut network): (&str, Box<dyn Network>)| {
            fit(study, network.as_mut(), &split, seed)?;
            let mut rung = tested(study, network.as_ref(), &split, way)?;
            (rung.network, rung.seed) = (name.into(), seed);
            scanned(study, network.as_ref(), record, &mut rung)?;
            Ok(rung)
        };
        networks.into_iter().map(rung).collect()
    })
}

fn fit(study: &Study, network: &mut dyn Network, split: &Split, seed: u64) -> Result<()> {
    let suited = TrainParams::suited(network, study);
    let max_epochs = match network.name() {
        "perceptron" => suited.max_epochs,
        _ => suited.max_epochs.min(N_EPOCHS),
    };
    let params = TrainParams {
        seed,
        report_every: 0,
        max_epochs,
        ..suited
    };
    train(network, &split.train, &split.validation, &params, None)?;
    Ok(())
}

/// The test's windows without copies: of several that share an original one is kept, for a division at random has no
/// other mark of it.
fn originals(test: &Labelled) -> Vec<usize> {
    let mut seen = std::collections::HashSet::new();
    let is_first = |i: &usize| seen.insert(test.originals()[*i]);
    (0..test.n_windows()).filter(is_first).collect()
}

fn tested(study: &Study, network: &dyn Network, split: &Split, way: Way) -> Result<Rung> {
    let probabilities = network.probabilities(split.test.samples())?;
    let said = top_class(network.n_classes(), &probabilities)?;
    let noise = network.n_classes() - 1;
    let mut rung = Rung {
        network: String::new(),
        way,
        seed: study.seed,
        twin_share: split.leak().twin_share(),
        n_noise: 0,
        n_noise_called: 0,
        n_events: 0,
        n_found: 0,
        n_right: 0,
        n_scanned: 0,
        n_scanned_called: 0,
    };
    for i in originals(&split.test) {
        let (class, said) = (split.test.classes()[i], said[i].0);
        let called = usize::from(said != noise);
        if class == noise {
            rung.n_noise += 1;
            rung.n_noise_called += called;
        } else {
            rung.n_events += 1;
            rung.n_found += called;
            rung.n_right += usize::from(said == class);
        }
    }
    Ok(rung)
}

fn scanned(study: &Study, network: &dyn Network, record: &Record3C, rung: &mut Rung) -> Result<()> {
    let params = ScanParams {
        hop_samples: study.window.n_samples,
        normalisation: rung.way.normalisation(study),
    };
    let scan: Scan = scan(network, record, &params)?;
    let known = match data_centre::is_simulated(study) {
        true => data_centre::truth(study),
        false => store::catalog(study)?,
    };
    let station = data_centre::station(study)?.position();
    let arrivals = ReferenceEvents::new(&known, station, &study.velocity_model).arrivals;
    let noise = network.n_classes() - 1;
    for (start, class) in scan.starts.iter().zip(scan.classes()?) {
        let waves = |p: &time::Time| (-WAVES_S..scan.window_s()).contains(&between_s(*start, *p));
        if !arrivals.iter().any(waves) {
            rung.n_scanned += 1;
            rung.n_scanned_called += usize::from(class != noise);
        }
    }
    Ok(())
}

/// A row for each way of one network: means over the seeds, and the smallest and largest.
pub fn rungs_table(rungs: &[Rung], network: &str) -> Table {
    let headers = [
        "Way",
        "Twins (%)",
        "Noise called, test (%)",
        "Noise called, ten hours (%)",
        "Earthquakes found (%)",
        "Class right (%)",
    ];
    let of = |way: Way| {
        rungs
            .iter()
            .filter(move |rung| rung.network == network && rung.way == way)
    };
    let n_seeds = of(Way::Paper).count();
    let mut table = Table::new(
        &format!("One change at a time: {network}, {n_seeds} seeds"),
        &headers,
    );
    for way in Way::ALL {
        let share = |hits: fn(&Rung) -> usize, all: fn(&Rung) -> usize| {
            let shares = of(way)
                .filter(|rung| all(rung) > 0)
                .map(|rung| 100.0 * hits(rung) as f64 / all(rung) as f64);
            let spread = Spread::of(&shares.collect::<Vec<_>>());
            match spread.n {
                0 => "-".to_string(),
                _ => format!(
                    "{:.1} ({:.1} to {:.1})",
                    spread.mean, spread.min, spread.max
                ),
            }
        };
        let twins: Vec<f64> = of(way).map(|rung| 100.0 * rung.twin_share).collect();
        table = table.row([
            way.name().to_string(),
            format!("{:.0}", Spread::of(&twins).mean),
            share(|r| r.n_noise_called, |r| r.n_noise),
            share(|r| r.n_scanned_called, |r| r.n_scanned),
            share(|r| r.n_found, |r| r.n_events),
            share(|r| r.n_right, |r| r.n_found),
        ]);
    }
    table.noted(
        "Means over seeds, in brackets the smallest and the largest. Class right: of those found.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(way: Way, seed: u64, n_noise_called: usize) -> Rung {
        Rung {
            network: "perceptron".into(),
            way,
            seed,
            twin_share: 0.9,
            n_noise: 200,
            n_noise_called,
            n_events: 10,
            n_found: 0,
            n_right: 0,
            n_scanned: 1000,
            n_scanned_called: 100,
        }
    }

    #[test]
    fn a_row_has_mean_and_range_of_its_seeds() {
        let rungs = [rung(Way::Paper, 1, 2), rung(Way::Paper, 2, 6)];
        let table = rungs_table(&rungs, "perceptron");
        assert_eq!(table.rows.len(), Way::ALL.len());
        assert_eq!(
            table.rows[0][1..4],
            ["90", "2.0 (1.0 to 3.0)", "10.0 (10.0 to 10.0)"]
        );
        // Nothing found, so no class can be right; a way without runs has no number.
        assert_eq!(table.rows[0][5], "-");
        assert_eq!(table.rows[1][2], "-");
    }
}
