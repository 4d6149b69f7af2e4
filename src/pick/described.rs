//! How published weights want to be used: the JSON beside them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::PickedPhase;
use crate::network::{PHASENET_CLASSES, PHASENET_SAMPLES};

/// What a window is divided by, each component by itself, after its mean is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickNormalisation {
    /// The standard deviation of its samples, as of a sample of a larger whole (n - 1).
    Std,
    /// Its largest absolute value.
    Peak,
}

/// What a sample gets that lies in several windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stacking {
    Mean,
    Max,
}

/// How a network's windows are taken, scaled and joined, and what is a pick.
///
/// Its values are those that a network can be used with: only [`PickParams::from_json`] makes one, and thresholds are checked
/// when they are changed.
#[derive(Debug, Clone, PartialEq)]
pub struct PickParams {
    pub(super) components: [Component; 3],
    pub(super) normalisation: PickNormalisation,
    /// Whether the straight line is taken away that fits a component best.
    pub(super) is_detrended: bool,
    /// Corner in hertz and order of a high pass that the record goes through before windows are cut.
    pub(super) highpass: Option<(f64, usize)>,
    pub(super) sampling_rate_hz: f64,
    /// From one window to the next.
    pub(super) hop_samples: usize,
    /// Samples at both ends of a window whose probabilities do not count.
    pub(super) blinded_samples: [usize; 2],
    pub(super) stacking: Stacking,
    /// Which of the network's classes is P, and which S.
    pub(super) classes: [usize; 2],
    pub(super) thresholds: [f64; 2],
    docstring: String,
    version: String,
    ignored: Vec<String>,
}

/// A component of a record, by the last letter of its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    Vertical,
    /// North, or the first horizontal component of a sensor that stands otherwise.
    North,
    East,
}

impl Component {
    /// `12Z` and `ENZ` are as SeisBench takes them, the first horizontal component for north; of `123` the third is vertical.
    pub fn of(letter: char) -> Option<Self> {
        match letter {
            'Z' | '3' => Some(Self::Vertical),
            'N' | '1' => Some(Self::North),
            'E' | '2' => Some(Self::East),
            _ => None,
        }
    }
}

/// SeisBench's defaults where the description says nothing.
const OVERLAP_SAMPLES: usize = 1500;
const THRESHOLD: f64 = 0.3;

/// Samples from one window to the next: a small overlap leaves gaps of nothing, a large one costs time without end.
const MIN_HOP: usize = 10;

/// A network for other rates was taught on other windows.
const RATES_HZ: std::ops::RangeInclusive<f64> = 10.0..=1000.0;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    docstring: String,
    #[serde(default)]
    model_args: Map<String, Value>,
    #[serde(default)]
    default_args: Map<String, Value>,
    version: Option<Value>,
    /// Which version of SeisBench it needs.
    #[serde(rename = "seisbench_requirement")]
    _requirement: Option<String>,
}

type Read<T> = Result<T, String>;

impl PickParams {
    /// Reads the text of `NAME.json.v2` as SeisBench publishes it beside `NAME.pt.v2`.
    ///
    /// What it says of the network must be what is known here. Of the arguments of `annotate` those that do not change the
    /// result here, such as `batch_size`, are passed over: see [`PickParams::ignored`].
    ///
    /// # Errors
    /// The field, what was expected and what was found.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut params = Self {
            components: letters("ZNE")?,
            normalisation: PickNormalisation::Std,
            is_detrended: false,
            highpass: None,
            sampling_rate_hz: 100.0,
            hop_samples: PHASENET_SAMPLES - OVERLAP_SAMPLES,
            blinded_samples: [0, 0],
            stacking: Stacking::Mean,
            classes: classes("NPS")?,
            thresholds: [THRESHOLD; 2],
            docstring: file.docstring,
            version: match file.version {
                None => "1".into(),
                Some(Value::String(text)) => text,
                Some(other) => other.to_string(),
            },
            ignored: Vec::new(),
        };
        for (key, value) in &file.model_args {
            let told = params.take_model(key, value);
            told.map_err(|what| format!("model_args, {key}: {what}"))?;
        }
        let filter = ["filter_args", "filter_kwargs"].map(|key| file.model_args.get(key));
        params.highpass = highpass(filter, params.sampling_rate_hz)
            .map_err(|what| format!("model_args, filter_args and filter_kwargs: {what}"))?;
        // Its own argument goes before the one that names a scale.
        if file.model_args.get("norm_amp_per_comp") == Some(&Value::Bool(true)) {
            params.normalisation = PickNormalisation::Peak;
        }
        for (key, value) in &file.default_args {
            let told = params.take_default(key, value);
            told.map_err(|what| format!("default_args, {key}: {what}"))?;
        }
        Ok(params)
    }

    /// How the network was made.
    fn take_model(&mut self, key: &str, value: &Value) -> Read<()> {
        let only = |expected: Value| match *value == expected || value.is_null() {
            true => Ok(()),
            false => Err(format!("expected {expected}, found {value}")),
        };
        match key {
            "component_order" => self.components = letters(&text(value)?)?,
            "phases" | "labels" => self.classes = classes(&text(value)?)?,
            "norm" => {
                self.normalisation = match value.as_str() {
                    Some("std") => PickNormalisation::Std,
                    Some("peak") => PickNormalisation::Peak,
                    _ => return Err(format!("expected \"std\" or \"peak\", found {value}")),
                }
            }
            "norm_detrend" => self.is_detrended = boolean(value)?,
            "norm_amp_per_comp" => drop(boolean(value)?),
            "sampling_rate" => {
                let rate = value.as_f64().filter(|rate| RATES_HZ.contains(rate));
                let expected = || format!("expected a rate from 10 to 1000 Hz, found {value}");
                self.sampling_rate_hz = rate.ok_or_else(expected)?;
            }
            "in_channels" => only(3.into())?,
            "classes" => only(PHASENET_CLASSES.into())?,
            "in_samples" => only(PHASENET_SAMPLES.into())?,
            "pred_sample" => only(vec![0, PHASENET_SAMPLES].into())?,
            "output_type" => only("array".into())?,
            "grouping" => only("instrument".into())?,
            "allow_padding" => only(false.into())?,
            // Both together: see `highpass`.
            "filter_args" | "filter_kwargs" => {}
            // The tensors tell it; the others do not change the network.
            "filter_factor" | "citation" | "default_args" => {}
            _ => return Err("not known for PhaseNet or PhaseNetLight".into()),
        }
        Ok(())
    }

    /// How it is used, where nobody says otherwise.
    fn take_default(&mut self, key: &str, value: &Value) -> Read<()> {
        match key {
            "P_threshold" => self.thresholds[0] = threshold(value.as_f64())?,
            "S_threshold" => self.thresholds[1] = threshold(value.as_f64())?,
            "overlap" => {
                // A share of the window, or samples.
                let overlap = value.as_f64().map(|overlap| match overlap < 1.0 {
                    true => (overlap * PHASENET_SAMPLES as f64).trunc(),
                    false => overlap,
                });
                let most = (PHASENET_SAMPLES - MIN_HOP) as f64;
                let overlap = overlap.filter(|n| n.fract() == 0.0 && (0.0..=most).contains(n));
                let expected =
                    || format!("expected samples, 0 to {most}, or a share, found {value}");
                self.hop_samples = PHASENET_SAMPLES - overlap.ok_or_else(expected)? as usize;
            }
            "blinding" => {
                let numbers = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let numbers: Option<Vec<u64>> = numbers.iter().map(Value::as_u64).collect();
                self.blinded_samples = match numbers.as_deref() {
                    Some([a, b]) if a.saturating_add(*b) < PHASENET_SAMPLES as u64 => {
                        [*a as usize, *b as usize]
                    }
                    _ => {
                        return Err(format!(
                            "expected two numbers of samples, together below {PHASENET_SAMPLES}, found {value}"
                        ));
                    }
                }
            }
            "stacking" => {
                self.stacking = match value.as_str() {
                    Some("avg") => Stacking::Mean,
                    Some("max") => Stacking::Max,
                    _ => return Err(format!("expected \"avg\" or \"max\", found {value}")),
                }
            }
            other => self.ignored.push(other.into()),
        }
        Ok(())
    }

    /// Samples a second of what the network sees.
    pub fn sampling_rate_hz(&self) -> f64 {
        self.sampling_rate_hz
    }

    /// A pick's probability is above this, and it lasts while it is above half of it.
    pub fn threshold(&self, phase: PickedPhase) -> f64 {
        self.thresholds[phase.index()]
    }

    /// Chooses a threshold.
    ///
    /// # Errors
    /// Where it is not above 0 and below 1.
    pub fn set_threshold(&mut self, phase: PickedPhase, p: f64) -> Result<(), String> {
        self.thresholds[phase.index()] = threshold(Some(p))?;
        Ok(())
    }

    /// Chooses how far windows lie apart, in seconds. More windows see each sample, and their mean hangs less on where they begin.
    ///
    /// Measured on twelve hours of CX.PB01 with PhaseNetLight's weights of ETHZ: where all windows begin 0.3 to 5 s elsewhere, 81 to
    /// 89 % of the picks are found again within half a second at the 15 s of SeisBench, 90 to 93 % at 7.5 s, 92 to 96 % at 5 s, and
    /// 98 % at 1.5 s. The network keeps every fourth sample, so windows must not all begin at multiples of four: the number of samples
    /// is made odd.
    ///
    /// # Errors
    /// Where it is less than ten samples, or more than a window.
    pub fn set_hop_s(&mut self, hop_s: f64) -> Result<(), String> {
        let n = (hop_s * self.sampling_rate_hz).round();
        if !(MIN_HOP as f64..=PHASENET_SAMPLES as f64).contains(&n) {
            let [least, most] =
                [MIN_HOP, PHASENET_SAMPLES].map(|n| n as f64 / self.sampling_rate_hz);
            return Err(format!(
                "expected {least} to {most} s from window to window, found {hop_s}"
            ));
        }
        self.hop_samples = n as usize | 1;
        Ok(())
    }

    /// Samples from one window to the next.
    pub fn hop_samples(&self) -> usize {
        self.hop_samples
    }

    /// Chooses how far windows lie apart; see [`PickParams::set_hop_s`].
    ///
    /// # Errors
    /// As there.
    pub fn set_hop_samples(&mut self, n: usize) -> Result<(), String> {
        let within = MIN_HOP..=PHASENET_SAMPLES;
        if !within.contains(&n) {
            return Err(format!(
                "expected {within:?} samples from window to window, found {n}"
            ));
        }
        self.hop_samples = n;
        Ok(())
    }

    /// Who made the weights, on which data, and how they are to be cited.
    pub fn docstring(&self) -> &str {
        &self.docstring
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Arguments of the description that change nothing here.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// How long a window is, in seconds.
    pub fn window_s(&self) -> f64 {
        PHASENET_SAMPLES as f64 / self.sampling_rate_hz
    }
}

/// The filter before the network. Of ObsPy's filters it may be a high pass: `["highpass"]` with `{"freq": 1.0, "corners": 2}`.
fn highpass([args, kwargs]: [Option<&Value>; 2], rate_hz: f64) -> Read<Option<(f64, usize)>> {
    let is_given = |value: &Option<&Value>| value.is_some_and(|value| !value.is_null());
    if !is_given(&args) && !is_given(&kwargs) {
        return Ok(None);
    }
    let expected = || {
        let found = [args, kwargs].map(|value| value.map_or("nothing".into(), Value::to_string));
        format!(
            "expected [\"highpass\"] and a corner and an order, as in {{\"freq\": 1.0, \"corners\": 2}}, found {}",
            found.join(" and ")
        )
    };
    let is_highpass = args.is_some_and(|args| *args == serde_json::json!(["highpass"]));
    let known = kwargs.and_then(Value::as_object).ok_or_else(expected)?;
    let corner_hz = known.get("freq").and_then(Value::as_f64);
    let order = known.get("corners").map_or(Some(4), Value::as_u64);
    let is_other = |key: &String| key != "freq" && key != "corners";
    match (corner_hz, order) {
        (Some(corner_hz), Some(order @ 1..=10))
            if is_highpass
                && corner_hz > 0.0
                && corner_hz < rate_hz / 2.0
                && !known.keys().any(is_other) =>
        {
            Ok(Some((corner_hz, order as usize)))
        }
        _ => Err(expected()),
    }
}

fn threshold(p: Option<f64>) -> Read<f64> {
    let inside = p.filter(|p| *p > 0.0 && *p < 1.0);
    inside.ok_or_else(|| match p {
        Some(p) => format!("expected a number above 0 and below 1, found {p}"),
        None => "expected a number above 0 and below 1".into(),
    })
}

/// Text, or a list of letters.
fn text(value: &Value) -> Read<String> {
    let all = match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(letters) => letters.iter().map(Value::as_str).collect(),
        _ => None,
    };
    all.ok_or_else(|| format!("expected text, found {value}"))
}

fn boolean(value: &Value) -> Read<bool> {
    let found = value.as_bool();
    found.ok_or_else(|| format!("expected true or false, found {value}"))
}

fn letters(order: &str) -> Read<[Component; 3]> {
    let all: Option<Vec<Component>> = order.chars().map(Component::of).collect();
    match all.as_deref() {
        Some([a, b, c]) if a != b && b != c && a != c => Ok([*a, *b, *c]),
        _ => Err(format!(
            "expected the three components of a seismometer, as in \"ZNE\", found {order:?}"
        )),
    }
}

/// Which class is P, and which S, of P, S and N for noise.
fn classes(order: &str) -> Read<[usize; 2]> {
    let of = |letter| order.chars().position(|c| c == letter);
    match (order.chars().count(), of('P'), of('S'), of('N')) {
        (PHASENET_CLASSES, Some(p), Some(s), Some(_)) => Ok([p, s]),
        _ => Err(format!(
            "expected P, S and N in some order, found {order:?}"
        )),
    }
}

#[cfg(test)]
mod tests;
