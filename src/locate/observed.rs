//! The picks of one event as arithmetic needs them.

use super::params::LocateParams;
use super::picks::PhasePick;
use crate::error::{Result, fail};
use crate::time::{Time, between_s};
use crate::travel::Wave;

/// East and north of the network's centre, and depth below sea level, km.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place(pub [f64; 3]);

/// A pick as arithmetic needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObservedPick {
    pub site: usize,
    pub wave: Wave,
    /// After the first pick, less the station's term.
    pub time_s: f64,
    pub error_s: f64,
}

/// The picks of one event.
#[derive(Debug)]
pub(super) struct Observed {
    pub picks: Vec<ObservedPick>,
    pub first: Time,
}

impl Observed {
    pub fn new(
        picks: &[(usize, PhasePick)],
        params: &LocateParams,
        terms_s: &[[f64; 2]],
    ) -> Result<Self> {
        let mut sites: Vec<usize> = picks.iter().map(|(site, _)| *site).collect();
        sites.sort_unstable();
        sites.dedup();
        if picks.len() < 4 || sites.len() < 3 {
            let what = format!("{} picks of {} stations", picks.len(), sites.len());
            return Err(fail!(
                Locate,
                "an event",
                what,
                "Give four or more, of three stations or more"
            ));
        }
        let first = picks
            .iter()
            .map(|(_, pick)| pick.time)
            .min()
            .unwrap_or_default();
        let picks = picks.iter().map(|(site, pick)| {
            let usual_s = match pick.wave {
                Wave::P => params.p_error_s,
                Wave::S => params.s_error_s,
            };
            ObservedPick {
                site: *site,
                wave: pick.wave,
                time_s: between_s(first, pick.time) - terms_s[*site][pick.wave as usize],
                error_s: match pick.error_s.is_nan() {
                    true => usual_s,
                    false => pick.error_s.hypot(params.model_error_s),
                },
            }
        });
        Ok(Self {
            picks: picks.collect(),
            first,
        })
    }
}
