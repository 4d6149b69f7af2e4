//! What the reader of `associate` and `locate` is told of picks, stations and events.

use std::collections::BTreeMap;

use quakebook::bulletin::{Account, Bulletin, LARGE_MISFIT};
use quakebook::locate::{Fault, PhasePick, Sites};
use quakebook::station::Inventory;

use crate::output::{self, counted};

/// Columns of a table that nothing is read from.
pub fn tell_unread(table: &str, unread: &[String], remedy: &str) {
    if !unread.is_empty() {
        let what = match unread.len() {
            1 => "column",
            _ => "columns",
        };
        output::progress(format!(
            "{table}: {what} not read: {}{remedy}",
            unread.join(", ")
        ));
    }
}

/// What follows the first of several that are alike: `, and 3 more stations so`.
fn and_more(n: usize, what: &str) -> String {
    match n {
        0 | 1 => String::new(),
        n => format!(", and {} so", counted(n - 1, &format!("more {what}"))),
    }
}

/// Channels that stand elsewhere than their station, for whose place the station's is taken.
pub fn tell_channels(stations: &str, inventory: &Inventory) {
    let [far, deep] = [
        (inventory.far_channels(), "km from its station", "place"),
        (inventory.deep_channels(), "m below the ground", "elevation"),
    ]
    .map(|(channels, away, what)| {
        let (first, size) = channels.first()?.clone();
        let more = and_more(channels.len(), "channel");
        Some(format!(
            "{stations}: {first} stands {size:.0} {away}{more}: the station's {what} counts"
        ))
    });
    far.into_iter().chain(deep).for_each(output::progress);
}

/// Picks at times that are in no epoch of their station: its place may have been another.
pub fn tell_epochs(inventory: &Inventory, sites: &Sites, picks: &[(usize, PhasePick)]) {
    let mut late = BTreeMap::<&str, usize>::new();
    for (site, pick) in picks {
        let id = sites.all()[*site].id.as_str();
        if !inventory.stands(id, pick.time) {
            *late.entry(id).or_default() += 1;
        }
    }
    if let Some((first, n)) = late.first_key_value() {
        let more = and_more(late.len(), "station");
        output::progress(format!(
            "{first}: {} at times in none of its epochs{more}: look whether it stood there then",
            counted(*n, "pick")
        ));
    }
}

/// So many events are named of those that have one fault.
const N_NAMED: usize = 5;

/// `1.02 s late` or `1.02 s early`
fn late(late_s: f64) -> String {
    let what = if late_s < 0.0 { "early" } else { "late" };
    format!("{:.2} s {what}", late_s.abs())
}

/// Events that may be none.
fn tell_doubtful(bulletin: &Bulletin) {
    let doubtful = bulletin.events.iter().filter(|event| event.is_doubtful());
    let doubtful: Vec<&str> = doubtful.map(|event| event.id.as_str()).collect();
    if doubtful.is_empty() {
        return;
    }
    output::progress(format!(
        "{} doubtful: no more than half of the picks that come between the first and the last of it fit (nBeside in the table counts the others), or the residuals are {LARGE_MISFIT} times as large as the errors or more (misfit): it may be of chance, or a part of an earthquake elsewhere: {}",
        match doubtful.len() {
            1 => "1 event is".to_string(),
            n => format!("{n} events are"),
        },
        output::some_of(&doubtful, N_NAMED)
    ));
}

/// What the reader of the result should know.
pub fn tell(bulletin: &Bulletin, account: &Account, without_place: &BTreeMap<String, usize>) {
    for (station, n) in without_place {
        output::progress(format!(
            "{station}: {} left out: the station has no coordinates, or stands too far from the others",
            counted(*n, "pick")
        ));
    }
    for fault in &bulletin.faults {
        let station = &fault.station;
        let (what, mended) = match fault.fault {
            Fault::Clock { late_s } => (
                format!(
                    "its picks come {} against the events of the other stations: look at its clock (of few stations several wrong ones make a right one look wrong, and so do wrong velocities)",
                    late(late_s)
                ),
                "without this shift",
            ),
            Fault::Exchanged => (
                "P and S seem to be exchanged there".to_string(),
                "exchanged",
            ),
        };
        output::progress(format!(
            "{station}: {what} ({} of the arrivals have a pick as they are, {} {mended}){}",
            fault.n_as_told,
            fault.n_mended,
            match fault.is_left_out {
                true => "; its picks are left out",
                false => "; --terms takes it into account",
            }
        ));
    }
    let is_told = |station: &str| bulletin.faults.iter().any(|fault| fault.station == station);
    let clocks = bulletin.clocks.iter();
    for (station, late_s) in clocks.filter(|(station, _)| !is_told(station)) {
        output::progress(format!(
            "{station}: P and S come {}: look at its clock; --terms takes it into account",
            late(*late_s)
        ));
    }
    for term in &bulletin.odd_terms {
        output::progress(format!(
            "{}: {:?} comes {} in the median of {}, which is more than ground and velocities make: look at its coordinates",
            term.station,
            term.wave,
            late(term.term_s),
            counted(term.n_picks, "pick")
        ));
    }
    for seldom in &account.seldom {
        output::progress(format!(
            "{}: {} of its {} place an event, and {} of {} of the other stations: look at its coordinates, its times and its picks",
            seldom.station,
            seldom.n_associated,
            counted(seldom.n_picks, "pick"),
            seldom.n_associated_of_others,
            seldom.n_picks_of_others
        ));
    }
    let lines = [
        (
            account.n_doubles,
            "double",
            "left out: a wave at a station has one pick an event",
        ),
        (account.n_unused, "pick", "of no event"),
        (
            account.n_not_located,
            "event",
            "left out: the picks allow no one place",
        ),
        (
            account.n_too_few,
            "event",
            "left out: the last location uses fewer picks than were asked for",
        ),
        (
            account.n_outside,
            "event",
            "at the side of the grid: the place is unknown; --margin-km widens the grid",
        ),
        (
            account.n_at_bottom,
            "event",
            "at the bottom of the grid: the depth is unknown; --max-depth-km reaches deeper",
        ),
        (
            account.n_at_top,
            "event",
            "at the top of the grid, at the highest station: the depth is unknown; look at velocities and elevations",
        ),
    ];
    for (n, what, of) in lines.into_iter().filter(|(n, ..)| *n > 0) {
        output::progress(format!("{} {of}", counted(n, what)));
    }
    tell_doubtful(bulletin);
    if let Some(misfit) = bulletin.misfit().filter(|misfit| *misfit >= LARGE_MISFIT) {
        output::progress(format!(
            "the residuals are {misfit:.1} times as large as the errors of the picks and of the model should be (in the median of {}): look at velocities, coordinates and clocks; the errors of the places are larger by as much",
            counted(bulletin.events.len(), "event")
        ));
    }
    if account.exchange.is_likely() {
        output::progress(format!(
            "P and S seem to be exchanged: of {} picks that were tried, events explain {} beyond four each with the phases as they are named, and {} with P and S exchanged; look at the names of the phases",
            account.exchange.n_tried, account.exchange.n_as_named, account.exchange.n_exchanged
        ));
    }
}
