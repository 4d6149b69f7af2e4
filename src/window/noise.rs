//! Windows of noise: what the station records between events.

use super::cut::{Collector, CutParams};
use super::{Origin, Reason, Windows};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::time::{self, Time};
use crate::waveform::WaveformSource;

/// Where between two events noise is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoiseRule {
    /// Consecutive windows from the midpoint of two events on, however close these are: the paper's
    /// rule.
    Midpoints,
    /// Consecutive windows around the midpoint, if they begin `guard_s` or more after the
    /// one event and end as long before the other; else the gap is rejected.
    Guarded { guard_s: f64 },
}

/// For each pair of consecutive events [`CutParams::n_noise_per_gap`] windows between them, of the class
/// after the last cluster. An event that the catalog does not have may be in them: the denser the
/// catalog, the purer the noise.
///
/// # Errors
/// As [`super::event_windows`], where there are fewer than two events.
pub fn noise_windows(
    source: &dyn WaveformSource,
    catalog: &Catalog,
    params: &CutParams,
    rule: NoiseRule,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Windows> {
    let n = params.n_noise_per_gap;
    let length_s = (n * params.n_samples) as f64 / params.sampling_rate_hz;
    let mut collector = Collector::new(params, catalog.simulated);
    for (i, pair) in catalog.events().windows(2).enumerate() {
        let (before, after) = (pair[0].origin_time, pair[1].origin_time);
        let gap_s = time::between_s(before, after);
        let (start_s, has_room) = match rule {
            NoiseRule::Midpoints => (gap_s / 2.0, true),
            NoiseRule::Guarded { guard_s } => {
                let start_s = (gap_s - length_s) / 2.0;
                (start_s, start_s >= guard_s)
            }
        };
        let start = before + time::seconds(start_s);
        let origin = Origin::Noise {
            after: pair[0].id.clone(),
        };
        if has_room {
            collector.ask(source, start, n, params.n_clusters, &origin);
        } else {
            (0..n).for_each(|_| collector.miss(&origin, start, Reason::NoRoom));
        }
        progress(i + 1, catalog.len() - 1);
    }
    collector.finish()
}

/// A window of noise for each pair of an instant, where it begins, and the event before it: noise
/// chosen by another rule than the gaps', such as where something disturbed the ground.
///
/// # Errors
/// As [`super::event_windows`], where there is no instant.
pub fn noise_windows_at(
    source: &dyn WaveformSource,
    starts: &[(Time, String)],
    params: &CutParams,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Windows> {
    let mut collector = Collector::new(params, false);
    for (i, (start, after)) in starts.iter().enumerate() {
        let after = after.clone();
        let origin = Origin::Noise { after };
        collector.ask(source, *start, 1, params.n_clusters, &origin);
        progress(i + 1, starts.len());
    }
    collector.finish()
}
