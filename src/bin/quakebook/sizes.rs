//! Magnitudes of what `associate`, `locate` and `catalog` found.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use quakebook::bulletin::{Bulletin, BulletinEvent, Sizes};
use quakebook::locate::{Locator, VelocityModel};
use quakebook::magnitude::{AmplitudeParams, Ground, LocalScale, MomentParams, NoAmplitude};
use quakebook::station::{Inventory, ResponseFault};
use serde::Serialize;

use crate::args;
use crate::output::{self, Result, counted};

pub const NO_RESPONSES: &str = "--stations has no responses: give StationXML of level response";

/// Why stations gave nothing, and how often.
#[derive(Default, Serialize)]
pub struct Without {
    #[serde(rename = "without_amplitude")]
    amplitude: BTreeMap<NoAmplitude, usize>,
    #[serde(rename = "without_spectrum")]
    spectrum: BTreeMap<NoAmplitude, usize>,
    /// What is wrong with the responses of channels.
    responses: BTreeMap<String, String>,
}

/// `0.8,2.1`
pub fn ground(text: &str) -> std::result::Result<Ground, String> {
    let number = |text: &str| args::positive(text.trim());
    let both = text
        .split_once(',')
        .map(|(vs, density)| (number(vs), number(density)));
    match both {
        // No ground is slower, faster, lighter or denser; metres a second and kg/m3 are, and the two exchanged.
        Some((Ok(vs_km_s), Ok(density_g_cm3)))
            if (0.05..5.0).contains(&vs_km_s) && (1.0..4.0).contains(&density_g_cm3) =>
        {
            Ok(Ground {
                vs_km_s,
                density_g_cm3,
            })
        }
        _ => Err("expected km/s (0.05 to 5) and g/cm3 (1 to 4), such as 0.8,2.1".into()),
    }
}

/// Whether any channel has a response.
pub fn has_responses(inventory: &Inventory) -> bool {
    inventory
        .channels()
        .any(|(_, _, channel)| channel.response.is_some())
}

/// Gives the events both magnitudes, and tells of them.
pub fn add(
    bulletin: &mut Bulletin,
    locator: &Locator,
    inventory: &Inventory,
    velocity: &VelocityModel,
    ground: Option<Ground>,
    archive: &Path,
) -> Result<Without> {
    let (scale, params) = (LocalScale::iaspei(), AmplitudeParams::default());
    let moment = MomentParams {
        ground,
        ..MomentParams::default()
    };
    let how = Sizes {
        inventory,
        local: Some((&scale, &params)),
        moment: Some((velocity, &moment)),
    };
    let unmeasured = bulletin.measure_archive(locator, &how, archive)?;
    let (amplitude, spectrum) = (unmeasured.amplitude, unmeasured.spectrum);
    for (what, without) in [("amplitude", &amplitude), ("spectrum of S", &spectrum)] {
        for (why, n) in without {
            let times = match n {
                1 => "once".to_string(),
                n => format!("{n} times"),
            };
            output::progress(format!("{times} no {what}: {why}"));
        }
    }
    tell_faults(&unmeasured.responses);
    let responses = unmeasured.responses.into_iter();
    let n_events = counted(bulletin.events.len(), "event");
    let [n_local, n_moment] = n_with_magnitudes(bulletin);
    output::progress(format!("with a local magnitude: {n_local} of {n_events}"));
    output::progress(format!("with a moment magnitude: {n_moment} of {n_events}"));
    tell_odd(bulletin);
    Ok(Without {
        amplitude,
        spectrum,
        responses: responses
            .map(|(channel, fault)| (channel, fault.to_string()))
            .collect(),
    })
}

/// No event that a network sees is smaller or larger: hydraulic fractures beside the sensor have -3, and Chile had 9.5 in 1960.
const SIZES: RangeInclusive<f64> = -4.0..=10.0;

/// Stations whose magnitudes differ from all others, and magnitudes that no earthquake has.
fn tell_odd(bulletin: &Bulletin) {
    for odd in bulletin.odd_sizes() {
        output::progress(format!(
            "{}: its {} is {:.1} {} than that of the other stations (in the median of {}): look at its response",
            odd.station,
            odd.kind,
            odd.off.abs(),
            if odd.off > 0.0 { "larger" } else { "smaller" },
            counted(odd.n_events, "event")
        ));
    }
    let events = bulletin.events.iter();
    let sizes = events.flat_map(|event| [&event.magnitude, &event.moment_magnitude]);
    let outside = sizes
        .flatten()
        .filter(|magnitude| !SIZES.contains(&magnitude.value));
    let outside: Vec<f64> = outside.map(|magnitude| magnitude.value).collect();
    if let Some(first) = outside.first() {
        output::progress(format!(
            "{}, as {first:.1}, that no earthquake has: look at units and gains of the responses",
            counted(outside.len(), "magnitude")
        ));
    }
}

/// So many channels are named that have one fault.
const N_NAMED: usize = 3;

/// A line for each fault, with the channels that have it.
fn tell_faults(faults: &BTreeMap<String, ResponseFault>) {
    let mut channels = BTreeMap::<String, Vec<&str>>::new();
    for (channel, fault) in faults {
        let line = match fault {
            ResponseFault::Contradiction(both) if !both.is_useless() => {
                format!("{fault}: the stages count")
            }
            _ => format!("{fault}: no magnitude by it"),
        };
        channels.entry(line).or_default().push(channel);
    }
    for (line, channels) in channels {
        let named = output::some_of(&channels, N_NAMED);
        output::progress(format!("response of {named}: {line}"));
    }
}

/// Events with a local and with a moment magnitude.
pub fn n_with_magnitudes(bulletin: &Bulletin) -> [usize; 2] {
    let count = |is_there: fn(&BulletinEvent) -> bool| {
        bulletin
            .events
            .iter()
            .filter(|event| is_there(event))
            .count()
    };
    [
        count(|event| event.magnitude.is_some()),
        count(|event| event.moment_magnitude.is_some()),
    ]
}
