//! `quakebook models`

use quakebook::evaluate::OperatingPoint;
use quakebook::method::{About, Description, MODELS, Model};
use serde::Serialize;

use crate::args;
use crate::output::{self, Outcome, Result};

/// List the detectors that come with the program
#[derive(clap::Args)]
#[command(after_help = "\
`quakebook scan --model NAME` scans with one of them. A folder of `train`, or of anyone with the same files
(detector.toml, weights.safetensors), is used the same way: `scan --model DIR`.

Examples:
  quakebook models
  quakebook models regional --card
  quakebook models --json")]
pub struct Args {
    /// Only this one
    #[arg(value_name = "NAME", value_parser = model)]
    name: Option<&'static Model>,
    /// Print the model card: what it learnt from, its scores, and where it fails
    #[arg(long, requires = "name", conflicts_with = "json")]
    card: bool,
    /// One array of objects
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
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

pub fn run(args: &Args) -> Result {
    let models: Vec<&Model> = match args.name {
        Some(model) => vec![model],
        None => MODELS.iter().collect(),
    };
    if args.card {
        models
            .iter()
            .try_for_each(|model| output::print(model.card))?;
        return Ok(Outcome::Done);
    }
    let described = models.iter().map(|model| model.description());
    let described = described.collect::<quakebook::Result<Vec<Description>>>()?;
    let pairs = || models.iter().zip(&described);
    match args.json {
        true => {
            let reports: Vec<Report> = pairs().map(|(model, of)| report(model, of)).collect();
            output::print_json(&reports)?;
        }
        false => pairs().try_for_each(|(model, of)| output::print(text(model, of)))?,
    }
    Ok(Outcome::Done)
}

fn report<'a>(model: &Model, of: &'a Description) -> Report<'a> {
    let study = &of.study;
    Report {
        name: model.name,
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

fn text(model: &Model, of: &Description) -> String {
    let (study, about) = (&of.study, &of.about);
    let mut lines = vec![
        format!("{}: {}", model.name, about.summary),
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
fn model(name: &str) -> std::result::Result<&'static Model, String> {
    Model::find(name).ok_or_else(|| format!("expected one of: {}", args::model_names()))
}
