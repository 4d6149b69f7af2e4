//! How fast a plan is worked on, and what a large archive would take by arithmetic: chapter 13.

use crate::display::Table;
use crate::error::Result;
use crate::plan::{Manifest, Plan};
use crate::time::{Time, between_s, seconds};

/// When a shard was begun.
fn begun(manifest: &Manifest) -> Time {
    manifest.finished - seconds(manifest.seconds)
}

/// Hours of record that were done by then, over seconds since the first shard of the plan was begun.
///
/// # Errors
/// As [`Plan::manifests`].
pub fn hours_done(plan: &Plan) -> Result<Vec<(f64, f64)>> {
    let mut manifests = plan.manifests()?;
    manifests.sort_by_key(|manifest| manifest.finished);
    let first = manifests.iter().map(begun).min();
    let mut points = vec![(0.0, 0.0)];
    let mut hours = 0.0;
    for manifest in &manifests {
        hours += manifest.hours;
        let since = first.map_or(0.0, |first| between_s(first, manifest.finished));
        points.push((since, hours));
    }
    Ok(points)
}

/// Seconds of a processor for 24 hours of a station's record: what the plan's shards took, by the hours in them. Of the clock,
/// where the system tells no others.
///
/// # Errors
/// As [`Plan::manifests`].
pub fn seconds_a_station_day(plan: &Plan) -> Result<f64> {
    let manifests = plan.manifests()?;
    let sum = |of: fn(&Manifest) -> f64| manifests.iter().map(of).sum::<f64>();
    Ok(sum(|m| m.processor_s.unwrap_or(m.seconds)) / sum(|m| m.hours) * 24.0)
}

/// What the authors of QuakeScope (2025), arXiv:2505.18874, planned: station-days, and hours of virtual processors (vCPU)
/// for them.
pub const QUAKESCOPE_STATION_DAYS: f64 = 33.8e6;
pub const QUAKESCOPE_VCPU_HOURS: f64 = 319_000.0;

/// As many station-days as QuakeScope planned, in so many seconds each: hours, and days on a thousand workers. The seconds are
/// named, as in `("a window each second", 9.0)`.
///
/// By multiplication: nobody has scanned them with this program.
pub fn large_archive(measured: &[(&str, f64)]) -> Table {
    let row = |what: &str, vcpu_hours: f64| {
        [
            what.to_string(),
            format!("{:.1}", vcpu_hours * 3600.0 / QUAKESCOPE_STATION_DAYS),
            format!("{vcpu_hours:.0}"),
            format!("{:.1}", vcpu_hours / 1000.0 / 24.0),
        ]
    };
    let caption = format!("{:.1} million station-days", QUAKESCOPE_STATION_DAYS / 1e6);
    let headers = [
        "",
        "Seconds a station-day",
        "vCPU hours",
        "Days on 1000 vCPU",
    ];
    let table = Table::new(&caption, &headers);
    let planned = row(
        "QuakeScope, as planned by its authors",
        QUAKESCOPE_VCPU_HOURS,
    );
    let of_ours = measured.iter().map(|(what, seconds)| {
        let vcpu_hours = QUAKESCOPE_STATION_DAYS * seconds / 3600.0;
        row(&format!("This program by arithmetic, {what}"), vcpu_hours)
    });
    of_ours.fold(table.row(planned), Table::row).noted(
        "The lower rows are arithmetic, from simulated records on a disk. The first is a plan for another network and records in a bucket: \
         they are no comparison of programs.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quakescope_planned_34_seconds_a_station_day() {
        let table = large_archive(&[("a try", 1.0)]);
        assert_eq!(table.rows[0][1..], ["34.0", "319000", "13.3"]);
        // 33.8e6 s are 9,389 hours.
        assert_eq!(table.rows[1][1..], ["1.0", "9389", "0.4"]);
    }
}
