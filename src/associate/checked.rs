//! Picks associated, with a look at their stations and at the names of their phases.

use super::{AssociateParams, ExchangeTest, associate};
use crate::error::Result;
use crate::locate::{Fault, Hypocentre, Locator, PhasePick, Sorted, StationFault, station_faults};

/// Stations that disturb the events hide others.
const MOST_ROUNDS: usize = 3;

/// What became of all picks, and what they say of their stations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// By origin time, with their picks.
    pub events: Vec<(Hypocentre, Vec<(usize, PhasePick)>)>,
    pub n_doubles: usize,
    pub exchange: ExchangeTest,
    /// Stations whose picks fit with a constant shift, or with P and S exchanged.
    pub faults: Vec<StationFault>,
}

/// Associates picks; picks of a station whose clock is off by more than the tolerance, or whose P and S are exchanged, are left out,
/// and the others associated again. With `takes_clocks_off` smaller shifts are left to the stations' terms.
///
/// # Errors
/// As [`associate`].
pub fn associate_checked(
    locator: &Locator,
    sorted: &Sorted,
    params: &AssociateParams,
    takes_clocks_off: bool,
) -> Result<Checked> {
    let mut found = associate(locator, sorted, params)?;
    let exchange = ExchangeTest::of(locator, sorted, params, &found)?;
    let mut checked = Checked {
        exchange,
        ..Checked::default()
    };
    let mut kept = sorted.clone();
    for round in 0..=MOST_ROUNDS {
        checked.n_doubles = found.n_doubles;
        let with_picks = found.events.into_iter().map(|event| {
            let picks = event.picks.iter().map(|pick| kept.picks[*pick].clone());
            (event.hypocentre, picks.collect())
        });
        checked.events = with_picks.collect();
        if exchange.is_likely() || round == MOST_ROUNDS {
            break;
        }
        let mut faults = station_faults(locator, &kept.picks, &checked.events);
        faults.retain(|fault| !checked.faults.iter().any(|f| f.station == fault.station));
        for fault in &mut faults {
            fault.is_left_out = match fault.fault {
                Fault::Exchanged => true,
                Fault::Clock { late_s } => !takes_clocks_off || late_s.abs() > params.tolerance_s,
            };
        }
        let out = |site: &usize| {
            let station = &locator.sites().all()[*site].id;
            let mut left_out = faults.iter().filter(|fault| fault.is_left_out);
            left_out.any(|fault| fault.station == *station)
        };
        let n_before = kept.picks.len();
        kept.picks.retain(|(site, _)| !out(site));
        checked.faults.extend(faults);
        if kept.picks.len() == n_before {
            break;
        }
        found = associate(locator, &kept, params)?;
    }
    Ok(checked)
}
