//! Whether a channel's response can be used to take the instrument off a record.

use std::collections::BTreeSet;
use std::f64::consts::TAU;
use std::fmt;

use super::motion::motion;
use super::{ChannelEpoch, Filter, Inventory, Response, Sensitivity};
use crate::time::Time;

/// Why a channel's response cannot be used, or how it contradicts itself.
#[derive(Debug, Clone, PartialEq)]
pub enum ResponseFault {
    NoStation,
    /// Locations and codes of channels that the station has (`00.HHZ`), a few of them.
    NoChannel(Vec<String>),
    /// None at this time.
    NoEpoch(Time),
    NoResponse,
    /// At a frequency in Hz, where that is told.
    OnlySensitivity(Option<f64>),
    /// Units of the first stage that are no motion of the ground.
    NoMotion(String),
    /// The number of the stage.
    ZeroGain(u32),
    NoNumber,
    Contradiction(Contradiction),
    /// Two epochs begin at one time, or neither tells when, and their responses differ.
    TwoResponses(Option<Time>),
}

/// Two numbers of one response that should be the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contradiction {
    pub frequency_hz: f64,
    /// What the stages amplify at this frequency, in the units of `stated`.
    pub computed: f64,
    pub stated: f64,
    /// The stage whose normalisation is wrong, where there is no sensitivity to compare with.
    pub stage: Option<u32>,
}

/// So many channels are named where the one that was sought is not there.
const N_KNOWN: usize = 6;

/// From this factor on a contradiction is told: that of evalresp, by which ObsPy computes responses (`norm_resp`).
const TOLD_FROM: f64 = 1.05;

/// From this factor on the response is not used: it would be 0.18 of a local magnitude.
const USELESS_FROM: f64 = 1.5;

impl Contradiction {
    /// How many times the one number is as large as the other; 1 or more.
    pub fn factor(&self) -> f64 {
        let ratio = self.computed / self.stated;
        ratio.max(1.0 / ratio)
    }

    /// Whether it is so large that the response should not be used.
    pub fn is_useless(&self) -> bool {
        self.factor() >= USELESS_FROM
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            frequency_hz,
            computed,
            stated,
            stage,
        } = self;
        match stage {
            None => write!(
                f,
                "at {frequency_hz} Hz the stages give {computed:.4e}, the sensitivity says {stated:.4e}"
            ),
            Some(number) => write!(
                f,
                "stage {number} should amplify once at its normalisation frequency of {frequency_hz} Hz, and amplifies {computed:.4e} times"
            ),
        }
    }
}

impl fmt::Display for ResponseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStation => f.write_str("the inventory has no such station"),
            Self::NoChannel(known) => write!(
                f,
                "the inventory has the station, but no such location and channel: it has {}",
                known.join(", ")
            ),
            Self::NoEpoch(at) => write!(
                f,
                "the inventory has the channel, but not on {}",
                at.format("%Y-%m-%d")
            ),
            Self::NoResponse => f.write_str("no response; ask for level=response"),
            Self::OnlySensitivity(Some(f_hz)) => write!(
                f,
                "a sensitivity, which holds at {f_hz} Hz, and no stages; ask for level=response"
            ),
            Self::OnlySensitivity(None) => {
                f.write_str("a sensitivity and no stages; ask for level=response")
            }
            Self::NoMotion(units) => write!(
                f,
                "the first stage takes {}, which is no motion of the ground (M, M/S, M/S**2)",
                if units.is_empty() { "no units" } else { units }
            ),
            Self::ZeroGain(number) => write!(f, "stage {number} has a gain of 0"),
            Self::NoNumber => f.write_str(
                "a stage has no number at some frequency: a polynomial, a table that does not reach it, or a digital filter without its rate",
            ),
            Self::Contradiction(both) => both.fmt(f),
            Self::TwoResponses(Some(start)) => write!(
                f,
                "two epochs of the channel begin on {}, with different responses",
                start.format("%Y-%m-%d")
            ),
            Self::TwoResponses(None) => {
                f.write_str("the channel has two responses, and neither tells from when on")
            }
        }
    }
}

impl Inventory {
    /// The epochs of a channel.
    ///
    /// # Errors
    /// [`ResponseFault::NoStation`] and [`ResponseFault::NoChannel`]; the channel has one epoch at least.
    pub fn epochs(
        &self,
        [network, station, location, channel]: [&str; 4],
    ) -> Result<Vec<&ChannelEpoch>, ResponseFault> {
        let of_network = self.networks.iter().filter(|n| n.code == network);
        let of_station = of_network.flat_map(|n| n.stations.iter().filter(|s| s.code == station));
        let mut stations = of_station.peekable();
        stations.peek().ok_or(ResponseFault::NoStation)?;
        let all: Vec<&ChannelEpoch> = stations.flat_map(|station| &station.channels).collect();
        let is_it = |c: &&ChannelEpoch| c.location == location && c.code == channel;
        let found: Vec<&ChannelEpoch> = all.iter().copied().filter(is_it).collect();
        if found.is_empty() {
            let known = all.iter().map(|c| format!("{}.{}", c.location, c.code));
            let known: BTreeSet<String> = known.collect();
            let known = known.into_iter().take(N_KNOWN).collect();
            return Err(ResponseFault::NoChannel(known));
        }
        Ok(found)
    }
}

impl ChannelEpoch {
    /// The response, if the instrument can be taken off a record by it.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn usable_response(&self) -> Result<&Response, ResponseFault> {
        let response = self.response.as_ref().ok_or(ResponseFault::NoResponse)?;
        let Some(first) = response.stages.first() else {
            return Err(match &response.sensitivity {
                None => ResponseFault::NoResponse,
                Some(told) => ResponseFault::OnlySensitivity(told.frequency_hz),
            });
        };
        let zero = response
            .stages
            .iter()
            .find(|stage| stage.gain.is_some_and(|gain| gain.value == 0.0));
        if let Some(stage) = zero {
            return Err(ResponseFault::ZeroGain(stage.number));
        }
        if matches!(first.filter, Some(Filter::Polynomial(_))) {
            return Err(ResponseFault::NoNumber);
        }
        let units = first.filter.as_ref().and_then(Filter::units);
        let input = units.map_or("", |units| &units.input);
        if motion(input).is_none() {
            return Err(ResponseFault::NoMotion(input.into()));
        }
        match response.contradiction() {
            Some(both) if both.is_useless() => Err(ResponseFault::Contradiction(both)),
            _ => Ok(response),
        }
    }
}

impl Response {
    /// How the stages contradict the sensitivity at its frequency, if by 5 % or more. Without a sensitivity: how the first stage of poles and
    /// zeros that amplifies other than once at its normalisation frequency does.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let both = match &self.sensitivity {
            Some(told) if told.frequency_hz.is_some() => self.beside(told),
            _ => self.stages.iter().find_map(|stage| {
                let Some(Filter::PolesZeros(filter)) = &stage.filter else {
                    return None;
                };
                let frequency_hz = filter.normalization_frequency_hz?;
                Some(Contradiction {
                    frequency_hz,
                    computed: stage.filter_amplitude_at(frequency_hz)?,
                    stated: 1.0,
                    stage: Some(stage.number),
                })
                .filter(Contradiction::is_told)
            }),
        };
        both.filter(Contradiction::is_told)
    }

    /// What the stages amplify at the sensitivity's frequency, in its units, beside the sensitivity.
    fn beside(&self, told: &Sensitivity) -> Option<Contradiction> {
        let frequency_hz = told.frequency_hz?;
        let units = self.stages.first()?.filter.as_ref()?.units()?;
        // What is an m/s to the sensor may be nm/s or m/s^2 to the sensitivity.
        let ratio = match (motion(&units.input), motion(&told.units.input)) {
            (Some((stage_m, n_stage)), Some((told_m, n_told))) => {
                let order = n_stage as i32 - n_told as i32;
                told_m / stage_m * (TAU * frequency_hz).powi(order)
            }
            _ => 1.0,
        };
        Some(Contradiction {
            frequency_hz,
            computed: self.amplitude_at(frequency_hz)? * ratio,
            stated: told.value.abs(),
            stage: None,
        })
    }
}

impl Contradiction {
    /// At 0 Hz a sensor of velocity gives 0: a frequency that is not told well contradicts nothing.
    fn is_told(&self) -> bool {
        let at_zero = self.frequency_hz == 0.0 && self.computed == 0.0;
        !at_zero && self.computed.is_finite() && self.factor() >= TOLD_FROM
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Gain, PolesZeros, Stage, TransferFunction, Units};
    use super::*;

    /// A sensor of velocity with a period of 1 s and a damping of 0.7, and 1e9 counts for 1 m/s at 10 Hz, where it is flat.
    fn response() -> Response {
        let w = TAU;
        let (re, im) = (-0.7 * w, w * (1.0 - 0.49_f64).sqrt());
        let filter = PolesZeros {
            units: Units::new("M/S", "V"),
            transfer_function: TransferFunction::LaplaceRadians,
            normalization_factor: 1.0,
            normalization_frequency_hz: Some(10.0),
            zeros: vec![(0.0, 0.0); 2],
            poles: vec![(re, im), (re, -im)],
        };
        let gain = |value| {
            Some(Gain {
                value,
                frequency_hz: Some(10.0),
            })
        };
        let sensor = Stage {
            number: 1,
            filter: Some(Filter::PolesZeros(filter)),
            gain: gain(1e3),
            ..Stage::default()
        };
        let recorder = Stage {
            number: 2,
            gain: gain(1e6),
            ..Stage::default()
        };
        Response {
            sensitivity: Some(Sensitivity {
                value: 1e9,
                frequency_hz: Some(10.0),
                units: Units::new("M/S", "COUNTS"),
            }),
            stages: vec![sensor, recorder],
            ..Response::default()
        }
    }

    fn usable(response: Response) -> Result<(), ResponseFault> {
        let epoch = ChannelEpoch {
            response: Some(response),
            ..ChannelEpoch::default()
        };
        epoch.usable_response().map(|_| ())
    }

    fn sensor(response: &mut Response) -> &mut PolesZeros {
        match &mut response.stages[0].filter {
            Some(Filter::PolesZeros(filter)) => filter,
            _ => panic!("the first stage has poles and zeros"),
        }
    }

    #[test]
    fn a_response_that_agrees_with_itself_says_nothing() {
        assert_eq!(response().contradiction(), None);
        let with = |value, frequency_hz, input: &str| {
            let mut response = response();
            response.sensitivity = Some(Sensitivity {
                value,
                frequency_hz: Some(frequency_hz),
                units: Units::new(input, "COUNTS"),
            });
            response.contradiction()
        };
        // By hand: at the corner a sensor with damping h gives 1 / (2 h) of what it gives above.
        assert_eq!(with(1e9 / 1.4, 1.0, "M/S"), None);
        assert!(with(1e9, 1.0, "M/S").is_some());
        // The same in other units, and as acceleration: a = 2 pi f v.
        assert_eq!(with(1.0, 10.0, "nm/s"), None);
        assert_eq!(with(1e9 / (TAU * 10.0), 10.0, "M/S**2"), None);
        assert!(with(1e9, 10.0, "M/S**2").is_some());
        // The sign is the polarity's; a frequency of 0 says nothing of a sensor of velocity.
        assert_eq!(with(-1e9, 10.0, "M/S"), None);
        assert_eq!(with(1e9, 0.0, "M/S"), None);
    }

    #[test]
    fn a_contradiction_tells_both_numbers() {
        let mut small = response();
        small.stages[1].gain.as_mut().unwrap().value = 1.1e6;
        let both = small.contradiction().unwrap();
        assert!((both.factor() - 1.1).abs() < 0.01 && !both.is_useless());
        assert_eq!(usable(small), Ok(()));
        for factor in [0.1, 0.5, 2.0, 10.0] {
            let mut response = response();
            response.sensitivity.as_mut().unwrap().value *= factor;
            let Err(ResponseFault::Contradiction(both)) = usable(response) else {
                panic!("{factor}");
            };
            assert!((both.computed / 1e9 - 1.0).abs() < 0.01);
            assert!((both.stated / factor / 1e9 - 1.0).abs() < 1e-9);
        }
        // No normalisation factor reads as 1: poles in rad/s without zeros make much less of a unit.
        let mut response = response();
        sensor(&mut response).zeros.clear();
        let Err(ResponseFault::Contradiction(both)) = usable(response.clone()) else {
            panic!("the normalisation factor is missing");
        };
        assert!(both.computed < 1e-3 * both.stated);
        // Nor is it believed where no sensitivity is told.
        response.sensitivity = None;
        let text = usable(response).unwrap_err().to_string();
        assert!(text.contains("stage 1") && text.contains("10 Hz"), "{text}");
    }

    /// A gain holds at its own frequency, whatever the filter is normalised at: so evalresp has it.
    #[test]
    fn a_filter_normalised_elsewhere_keeps_the_gain() {
        let mut response = response();
        let of_sensor = sensor(&mut response);
        of_sensor.normalization_frequency_hz = Some(0.1);
        // 1 / |H(0.1 Hz)|, by hand: |H| = 0.01 / sqrt((1 - 0.01)^2 + (1.4 x 0.1)^2).
        of_sensor.normalization_factor = (0.99_f64.powi(2) + 0.0196).sqrt() / 0.01;
        assert_eq!(response.contradiction(), None);
        assert!((response.amplitude_at(10.0).unwrap() / 1e9 - 1.0).abs() < 1e-9);
        let transfer = response.transfer_at(10.0).unwrap();
        assert!((transfer.norm() / 1e9 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn each_cause_is_told_by_itself() {
        let mut silent = response();
        silent.stages[1].gain.as_mut().unwrap().value = 0.0;
        assert_eq!(usable(silent), Err(ResponseFault::ZeroGain(2)));
        let mut pressure = response();
        sensor(&mut pressure).units.input = "PA".into();
        assert_eq!(usable(pressure), Err(ResponseFault::NoMotion("PA".into())));
        let mut only = response();
        only.stages.clear();
        let fault = usable(only.clone());
        assert_eq!(fault, Err(ResponseFault::OnlySensitivity(Some(10.0))));
        only.sensitivity = None;
        assert_eq!(usable(only), Err(ResponseFault::NoResponse));
        let inventory = Inventory::from_fdsn_text(
            "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime\n\
             AK|BWN||HH1|64.17|-149.3|356|0|12|0|T120|5E8|1|M/S|100|2010-07-23T00:00:00|\n",
            "text",
        )
        .unwrap();
        let of = |codes| inventory.epochs(codes).map(|epochs| epochs.len());
        assert_eq!(of(["AK", "BWN", "", "HH1"]), Ok(1));
        let known = vec![".HH1".to_string()];
        assert_eq!(
            of(["AK", "BWN", "00", "HH1"]),
            Err(ResponseFault::NoChannel(known))
        );
        assert_eq!(of(["AK", "PAX", "", "HH1"]), Err(ResponseFault::NoStation));
    }
}
