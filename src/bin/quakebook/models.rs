//! `quakebook models`

use quakebook::evaluate::OperatingPoint;
use quakebook::method::{
    About, Description, MODELS, Model, PICKERS, PickerDescription, PickerModel,
};
use quakebook::pick::PickedPhase;
use serde::Serialize;

use crate::output::{self, Outcome, Result};

/// List the detectors and pickers that come with the program
#[derive(clap::Args)]
#[command(after_help = "\
`quakebook scan --model NAME` scans with a detector. A folder of `train`, or of anyone with the same files
(detector.toml, weights.safetensors), is used the same way: `scan --model DIR`. `quakebook pick --model NAME` picks with a picker.

Examples:
  quakebook models
  quakebook models regional --card
  quakebook models onsets
  quakebook models --json")]
pub struct Args {
    /// Only this one
    #[arg(value_name = "NAME", value_parser = model)]
    name: Option<Named>,
    /// Print the model card: what it learnt from, its scores, and where it fails
    #[arg(long, requires = "name", conflicts_with = "json")]
    card: bool,
    /// One array of objects
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Detector<'a> {
    name: &'a str,
    #[serde(flatten)]
    about: &'a About,
    window_s: f64,
    sampling_rate_hz: f64,
    /// The part of a window that is decided about: how long after the window's start it begins, and its length.
    lead_s: f64,
    core_s: f64,
    threshold: f64,
    /// What the threshold does on the records that the model was judged on.
    at_threshold: Option<OperatingPoint>,
    weights_sha256: &'a str,
}

#[derive(Serialize)]
struct Picker<'a> {
    name: &'a str,
    #[serde(flatten)]
    about: &'a About,
    window_s: f64,
    sampling_rate_hz: f64,
    p_threshold: f64,
    s_threshold: f64,
    weights_sha256: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Report<'a> {
    Detector(Box<Detector<'a>>),
    Picker(Picker<'a>),
}

/// A model of either kind.
#[derive(Clone, Copy)]
enum Named {
    Detector(&'static Model),
    Picker(&'static PickerModel),
}

/// What it says of itself.
enum Told {
    Detector(Box<Description>),
    Picker(Box<PickerDescription>),
}

impl Named {
    fn all() -> impl Iterator<Item = Self> {
        let detectors = MODELS.iter().map(Self::Detector);
        detectors.chain(PICKERS.iter().map(Self::Picker))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Detector(model) => model.name,
            Self::Picker(model) => model.name,
        }
    }

    fn card(self) -> &'static str {
        match self {
            Self::Detector(model) => model.card,
            Self::Picker(model) => model.card,
        }
    }

    fn told(self) -> quakebook::Result<Told> {
        Ok(match self {
            Self::Detector(model) => Told::Detector(Box::new(model.description()?)),
            Self::Picker(model) => Told::Picker(Box::new(model.description()?)),
        })
    }
}

pub fn run(args: &Args) -> Result {
    let models: Vec<Named> = match args.name {
        Some(model) => vec![model],
        None => Named::all().collect(),
    };
    if args.card {
        models
            .iter()
            .try_for_each(|model| output::print(model.card()))?;
        return Ok(Outcome::Done);
    }
    let told = models.iter().map(|model| model.told());
    let told = told.collect::<quakebook::Result<Vec<Told>>>()?;
    let pairs = || models.iter().zip(&told);
    if args.json {
        let reports: Vec<Report> = pairs().map(|(model, told)| report(*model, told)).collect();
        output::print_json(&reports)?;
    } else {
        for (model, told) in pairs() {
            output::print(match told {
                Told::Detector(of) => text(model.name(), of),
                Told::Picker(of) => text_of_picker(model.name(), of),
            })?;
        }
    }
    Ok(Outcome::Done)
}

fn report(model: Named, told: &Told) -> Report<'_> {
    match told {
        Told::Detector(of) => Report::Detector(Box::new(detector(model.name(), of))),
        Told::Picker(of) => Report::Picker(picker(model.name(), of)),
    }
}

fn picker<'a>(name: &'a str, of: &'a PickerDescription) -> Picker<'a> {
    Picker {
        name,
        about: &of.about,
        window_s: of.params.window_s(),
        sampling_rate_hz: of.params.sampling_rate_hz(),
        p_threshold: of.params.threshold(PickedPhase::P),
        s_threshold: of.params.threshold(PickedPhase::S),
        weights_sha256: &of.weights_sha256,
    }
}

fn text_of_picker(name: &str, of: &PickerDescription) -> String {
    let (about, params) = (&of.about, &of.params);
    let mut lines = vec![
        format!("{name}: {}", about.summary),
        format!(
            "windows of {} s at {} Hz; thresholds {} for P and {} for S",
            params.window_s(),
            params.sampling_rate_hz(),
            params.threshold(PickedPhase::P),
            params.threshold(PickedPhase::S)
        ),
        format!("learnt from: {}", about.learnt_from),
    ];
    lines.extend(about.scores.iter().map(|score| format!("score: {score}")));
    lines.push(format!("licence: {}", about.licence));
    lines.push(format!("SHA-256 of the weights: {}", of.weights_sha256));
    lines.join("\n  ") + "\n"
}

fn detector<'a>(name: &'a str, of: &'a Description) -> Detector<'a> {
    let study = &of.study;
    Detector {
        name,
        about: &of.about,
        window_s: study.window_s(),
        sampling_rate_hz: study.window.sampling_rate_hz,
        lead_s: study.method.lead_s,
        core_s: study.core_s(),
        threshold: of.threshold,
        at_threshold: of.point,
        weights_sha256: &of.weights_sha256,
    }
}

fn text(name: &str, of: &Description) -> String {
    let (study, about) = (&of.study, &of.about);
    let mut lines = vec![
        format!("{name}: {}", about.summary),
        format!(
            "windows of {} s at {} Hz; an earthquake counts where its P wave comes {} to {} s after a window's start",
            study.window_s(),
            study.window.sampling_rate_hz,
            study.method.lead_s,
            study.method.lead_s + study.core_s()
        ),
        format!("learnt from: {}", about.learnt_from),
    ];
    lines.extend(about.scores.iter().map(|score| format!("score: {score}")));
    if let Some(point) = &of.point {
        let Ok(rate) = point.false_alarms() else {
            return lines.join("\n  ") + "\n";
        };
        lines.push(format!(
            "threshold {}: recall {}, false alarms {rate}",
            of.threshold,
            point.recall()
        ));
    }
    lines.push(format!("licence: {}", about.licence));
    lines.push(format!("SHA-256 of the weights: {}", of.weights_sha256));
    lines.join("\n  ") + "\n"
}

/// A model by its name.
fn model(name: &str) -> std::result::Result<Named, String> {
    let names = || Named::all().map(Named::name).collect::<Vec<_>>().join(", ");
    let mut all = Named::all();
    all.find(|model| model.name() == name)
        .ok_or_else(|| format!("expected one of: {}", names()))
}
