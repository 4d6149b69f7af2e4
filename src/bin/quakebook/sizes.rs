//! Magnitudes of what `associate`, `locate` and `catalog` found.

use std::collections::BTreeMap;
use std::path::Path;

use quakebook::bulletin::{Bulletin, BulletinEvent};
use quakebook::locate::{Locator, VelocityModel};
use quakebook::magnitude::{AmplitudeParams, Ground, LocalScale, MomentParams, NoAmplitude};
use quakebook::station::Inventory;
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

/// The stations of a file, if some of them have responses.
pub fn responses(stations: &Path) -> Option<Inventory> {
    let inventory = Inventory::read(stations).ok()?;
    let has_any = inventory
        .channels()
        .any(|(_, _, channel)| channel.response.is_some());
    has_any.then_some(inventory)
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
    let amplitude =
        bulletin.add_magnitudes_of_archive(locator, inventory, &scale, &params, archive);
    let spectrum = bulletin
        .add_moment_magnitudes_of_archive(locator, inventory, velocity, &moment, archive)?;
    for (what, without) in [("amplitude", &amplitude), ("spectrum of S", &spectrum)] {
        for (why, n) in without {
            output::progress(format!("{n} times no {what}: {why}"));
        }
    }
    let n_events = counted(bulletin.events.len(), "event");
    let [n_local, n_moment] = n_with_magnitudes(bulletin);
    output::progress(format!("with a local magnitude: {n_local} of {n_events}"));
    output::progress(format!("with a moment magnitude: {n_moment} of {n_events}"));
    Ok(Without {
        amplitude,
        spectrum,
    })
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
