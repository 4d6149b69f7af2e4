//! A bulletin as tables.

use super::{Bulletin, BulletinEvent};
use crate::locate::Limit;
use crate::tables;
use crate::time;

const EVENTS: [&str; 28] = [
    "time",
    "latitude",
    "longitude",
    "depth",
    "mag",
    "magType",
    "id",
    "magError",
    "magNst",
    "timeError_s",
    "eastError_km",
    "northError_km",
    "depthError_km",
    "ellipseMajor_km",
    "ellipseMinor_km",
    "ellipseAzimuth_deg",
    "nPicks",
    "nUsed",
    "gap",
    "nearest_km",
    "rms",
    "limit",
    "status",
    "mw",
    "mwError",
    "mwNst",
    "misfit",
    "nBeside",
];

const ARRIVALS: [&str; 10] = [
    "event",
    "station",
    "phase",
    "time",
    "probability",
    "residual_s",
    "weight",
    "distance_km",
    "azimuth_deg",
    "error_s",
];

impl Bulletin {
    /// An event a row; times in UTC, depths in km below sea level, standard errors, the half axes of the 68 % ellipse. A number
    /// that is not known is an empty field. `limit` is `side`, `top` or `bottom` where the search ended there: at a side the event
    /// lies outside the grid, and its place is not known. `mag` is the local magnitude, the mean of `magNst` stations, and `mw` the moment
    /// magnitude, of `mwNst`; their errors are as [`crate::magnitude::EventMagnitude::error`]. `misfit` is [`crate::locate::Hypocentre::misfit`],
    /// `nBeside` [`BulletinEvent::n_beside`].
    pub fn to_csv(&self) -> String {
        tables::csv(
            EVENTS,
            self.events.iter().map(|event| self.event_row(event)),
        )
    }

    fn event_row(&self, event: &BulletinEvent) -> [String; EVENTS.len()] {
        let h = &event.hypocentre;
        let place = |value: f64, digits: usize| {
            if h.is_outside() {
                String::new()
            } else {
                number(value, digits)
            }
        };
        let [magnitude, moment] = [&event.magnitude, &event.moment_magnitude].map(Option::as_ref);
        [
            time::iso(h.origin_time),
            place(h.epicentre.latitude_deg, 5),
            place(h.epicentre.longitude_deg, 5),
            place(h.depth_km, 3),
            magnitude.map_or_else(String::new, |m| number(m.value, 2)),
            magnitude.map_or_else(String::new, |m| m.kind.name().into()),
            event.id.clone(),
            magnitude.map_or_else(String::new, |m| number(m.error, 2)),
            magnitude.map_or_else(String::new, |m| m.stations.len().to_string()),
            number(h.time_error_s, 3),
            place(h.east_error_km, 3),
            place(h.north_error_km, 3),
            place(h.depth_error_km, 3),
            place(h.ellipse.major_km, 3),
            place(h.ellipse.minor_km, 3),
            place(h.ellipse.azimuth_deg, 0),
            event.picks.len().to_string(),
            h.n_used().to_string(),
            number(h.gap_deg, 0),
            number(h.nearest_km, 2),
            number(h.rms_s, 3),
            match h.limit {
                None => "",
                Some(Limit::Side) => "side",
                Some(Limit::Top) => "top",
                Some(Limit::Bottom) => "bottom",
            }
            .into(),
            if self.simulated {
                "simulated"
            } else {
                "automatic"
            }
            .into(),
            moment.map_or_else(String::new, |m| number(m.value, 2)),
            moment.map_or_else(String::new, |m| number(m.error, 2)),
            moment.map_or_else(String::new, |m| m.stations.len().to_string()),
            number(h.misfit, 2),
            event.n_beside.map_or_else(String::new, |n| n.to_string()),
        ]
    }

    /// A pick a row: observed less computed time after the station's term, and its weight in the location, from 0 to 1;
    /// and the standard error that it came with, or nothing.
    pub fn arrivals_csv(&self) -> String {
        let rows = self.events.iter().flat_map(|event| {
            let both = event.picks.iter().zip(&event.hypocentre.residuals);
            both.map(|(pick, of)| {
                [
                    event.id.clone(),
                    pick.station.clone(),
                    format!("{:?}", pick.wave),
                    time::iso(pick.time),
                    pick.probability.to_string(),
                    number(of.residual_s, 3),
                    number(of.weight, 3),
                    number(of.distance_km, 2),
                    number(of.azimuth_deg, 1),
                    Some(pick.error_s)
                        .filter(|error_s| error_s.is_finite())
                        .map_or_else(String::new, |e| e.to_string()),
                ]
            })
        });
        tables::csv(ARRIVALS, rows)
    }
}

/// A number with so many digits; what rounds to 0 has no sign.
pub(super) fn decimal(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(size) if size.bytes().all(|b| b"0.".contains(&b)) => size.into(),
        _ => text,
    }
}

/// Nothing where it is not known.
fn number(value: f64, digits: usize) -> String {
    match value.is_finite() {
        true => decimal(value, digits),
        false => String::new(),
    }
}
