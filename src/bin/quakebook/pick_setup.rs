//! What `quakebook pick`, `catalog` and `plan` pick with.

use std::path::{Path, PathBuf};

use quakebook::method::{Model, PICKERS, PickerModel};
use quakebook::pick::{PickedPhase, Picker, PickerFiles};

use crate::args;

/// Which picker is taken.
#[derive(clap::Args, Clone)]
#[group(required = true, multiple = false)]
pub struct PickerChoice {
    /// A picker that comes with the program
    #[arg(long, value_name = "NAME", value_parser = model)]
    model: Option<&'static PickerModel>,
    /// Published weights, NAME.pt.v2 with NAME.json.v2 beside it
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

impl PickerChoice {
    /// The picker, and what it is called.
    pub fn picker(&self) -> quakebook::Result<(Picker, String)> {
        Ok(match (self.model, &self.weights) {
            (Some(model), _) => (model.picker()?, model.name.into()),
            (None, weights) => {
                let weights = weights.as_deref().unwrap_or(Path::new(""));
                (Picker::read(weights)?, weights.display().to_string())
            }
        })
    }
}

/// Where a probability is a pick.
#[derive(clap::Args, Clone, Copy)]
pub struct Thresholds {
    /// A P pick's probability is above this [default: the description's]
    #[arg(long, value_name = "P", value_parser = below_one)]
    p_threshold: Option<f64>,
    /// An S pick's probability is above this [default: the description's]
    #[arg(long, value_name = "P", value_parser = below_one)]
    s_threshold: Option<f64>,
}

impl Thresholds {
    pub fn set(self, picker: &mut Picker) {
        let given = [self.p_threshold, self.s_threshold];
        for (phase, given) in PickedPhase::ALL.into_iter().zip(given) {
            let set = given.map_or(Ok(()), |p| picker.params_mut().set_threshold(phase, p));
            set.unwrap_or_else(|what| args::refuse(&what));
        }
    }

    pub fn are_given(self) -> bool {
        self.p_threshold.or(self.s_threshold).is_some()
    }
}

/// At the 15 s of SeisBench up to a fifth of the picks depend on where windows begin, at 5 s fewer than a tenth.
pub const HOP_S: f64 = 5.0;

/// The distance of windows, as `--hop` says.
pub fn set_hop(picker: &mut Picker, hop_s: f64) {
    let set = picker.params_mut().set_hop_s(hop_s);
    set.unwrap_or_else(|what| args::refuse(&format!("--hop: {what}")));
}

/// The files of a picker that `plan` copies, with the thresholds and hop that were chosen.
pub fn chosen(
    files: PickerFiles,
    thresholds: Thresholds,
    hop_s: Option<f64>,
) -> quakebook::Result<(Picker, PickerFiles)> {
    let mut picker = files.picker()?;
    thresholds.set(&mut picker);
    set_hop(&mut picker, hop_s.unwrap_or(HOP_S));
    Ok((picker, files))
}

fn model(name: &str) -> Result<&'static PickerModel, String> {
    if Model::find(name).is_some() {
        return Err(format!(
            "{name} is a detector, which `quakebook scan` and `plan` take; expected a picker: {}",
            picker_names()
        ));
    }
    PickerModel::find(name).ok_or_else(|| {
        let names = picker_names();
        format!("expected one of: {names}; weights in a file are given by --weights")
    })
}

/// The pickers that come with the program.
pub fn picker_names() -> String {
    let names: Vec<&str> = PICKERS.iter().map(|model| model.name).collect();
    names.join(", ")
}

fn below_one(text: &str) -> Result<f64, String> {
    let p = args::probability(text).ok().filter(|p| *p < 1.0);
    p.ok_or_else(|| "expected a number above 0 and below 1".into())
}
