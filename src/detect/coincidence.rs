//! STA/LTA on three components, which must agree.

use std::ops::Range;

use super::alarms::{Alarm, Alarms, Band, DataQuality, span};
use super::sta_lta::{check, recursive_sta_lta, trigger_peaks};
use crate::error::{Result, fail};
use crate::time;
use crate::waveform::Record3C;

/// How the three components are listened to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StaLtaParams {
    pub band: Band,
    pub sta_s: f64,
    pub lta_s: f64,
    /// The lowest ratio that is an alarm; [`Alarms::at_least`] raises it afterwards.
    pub on: f64,
    pub off: f64,
    /// So many of the three components must be triggered ...
    pub n_components: usize,
    /// ... within so long of one another: P is strong on the vertical, S on the horizontals.
    pub within_s: f64,
    /// Alarms so close together are one: the S wave triggers anew.
    pub join_s: f64,
}

impl Default for StaLtaParams {
    /// 0.5 s over 30 s, as Trnkoczy (2012, *New Manual of Seismological Observatory Practice*, IS
    /// 8.1) advises for local events; two of three components within 3 s, about what S comes after
    /// P here; on from 2.5, off at 1.5.
    fn default() -> Self {
        Self {
            band: Band {
                low_hz: 2.0,
                high_hz: 15.0,
                rate_hz: 100.0,
            },
            sta_s: 0.5,
            lta_s: 30.0,
            on: 2.5,
            off: 1.5,
            n_components: 2,
            within_s: 3.0,
            join_s: 10.0,
        }
    }
}

/// Recursive STA/LTA of each component, and an alarm where enough of them are triggered together.
///
/// The score is the largest ratio that so many components reached: the second largest of the three
/// components' peaks where two must agree. The time is that of the first trigger. A component that
/// never moves cannot trigger, and is counted in the [`DataQuality`]. For `lta_s` after its start and
/// after each gap nothing can be detected: that is not counted as scanned.
///
/// # Errors
/// [`crate::Error::Detect`] where the averages are not `0 < sta < lta`, thresholds not `0 < off <=
/// on`, a time is negative, fewer components move than must agree, or the record is not longer than
/// the long average; and as [`Band::of`].
pub fn sta_lta(record: &Record3C, params: &StaLtaParams) -> Result<Alarms> {
    let samples = |seconds: f64| (seconds * params.band.rate_hz).round() as usize;
    let (n_sta, n_lta) = (samples(params.sta_s), samples(params.lta_s));
    check(n_sta, n_lta)?;
    let StaLtaParams {
        on, off, join_s, ..
    } = *params;
    let good = 0.0 < off
        && off <= on
        && (1..=3).contains(&params.n_components)
        && params.within_s >= 0.0
        && join_s >= 0.0;
    if !good {
        return Err(fail!(
            Detect,
            "STA/LTA",
            format!("{params:?}"),
            "Take thresholds 0 < off <= on, 1 to 3 components, and times of 0 s or more"
        ));
    }
    let mut condition = DataQuality::of(record).with_live(params.n_components, &record.station)?;
    let live = condition.live();
    let mut banded = params.band.of(record)?;
    let (long, short): (Vec<_>, Vec<_>) = banded
        .segments()
        .into_iter()
        .partition(|segment| segment.len() > n_lta);
    let every = record.n_samples().div_ceil(banded.n_samples().max(1));
    condition.n_too_short = every * short.iter().map(ExactSizeIterator::len).sum::<usize>();
    if long.is_empty() {
        return Err(fail!(
            Detect,
            record.station,
            format!("no {} s without a gap", params.lta_s),
            "Scan a longer record, or shorten the long average"
        ));
    }
    // Where one component is a gap none can trigger: that time is not scanned.
    for gap in banded.gaps() {
        banded
            .data
            .iter_mut()
            .for_each(|row| row[gap.clone()].fill(f32::NAN));
    }
    let mut triggers: Vec<Trigger> = Vec::new();
    for component in live {
        let ratios = recursive_sta_lta(&banded.data[component], n_sta, n_lta)?;
        let peaks = trigger_peaks(&ratios, on as f32, off as f32);
        triggers.extend(peaks.into_iter().map(|(samples, peak)| Trigger {
            component,
            samples,
            peak: f64::from(peak),
        }));
    }
    let groups = coincidences(triggers, params.n_components, samples(params.within_s));
    let mut items: Vec<Alarm> = Vec::new();
    for (samples, score) in groups {
        let of_group = span(&banded, &samples);
        match items.last_mut() {
            Some(last) if time::between_s(last.end, of_group.start) <= join_s => {
                last.end = last.end.max(of_group.end);
                last.score = last.score.max(score);
            }
            _ => items.push(Alarm {
                start: of_group.start,
                end: of_group.end,
                time: of_group.start,
                score,
            }),
        }
    }
    Ok(Alarms {
        station: record.station.clone(),
        simulated: record.simulated,
        scanned: long
            .into_iter()
            .map(|segment| span(&banded, &(segment.start + n_lta..segment.end)))
            .collect(),
        items,
        condition,
    })
}

/// One component's trigger.
#[derive(Debug, Clone, PartialEq)]
struct Trigger {
    component: usize,
    samples: Range<usize>,
    peak: f64,
}

/// Groups of triggers, each at most `within` samples after the last one's end, in which
/// `n_components` different components take part; with the ratio that so many reached.
fn coincidences(
    mut triggers: Vec<Trigger>,
    n_components: usize,
    within: usize,
) -> Vec<(Range<usize>, f64)> {
    triggers.sort_by_key(|trigger| (trigger.samples.start, trigger.component));
    let mut groups: Vec<(Range<usize>, [f64; 3])> = Vec::new();
    for Trigger {
        component,
        samples,
        peak,
    } in triggers
    {
        match groups.last_mut() {
            Some((group, peaks)) if samples.start <= group.end + within => {
                group.end = group.end.max(samples.end);
                peaks[component] = peaks[component].max(peak);
            }
            _ => {
                let mut peaks = [0.0; 3];
                peaks[component] = peak;
                groups.push((samples, peaks));
            }
        }
    }
    groups
        .into_iter()
        .filter_map(|(group, mut peaks)| {
            peaks.sort_by(|a, b| b.total_cmp(a));
            let score = peaks[n_components - 1];
            (score > 0.0).then_some((group, score))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger(component: usize, samples: Range<usize>, peak: f64) -> Trigger {
        Trigger {
            component,
            samples,
            peak,
        }
    }

    #[test]
    fn components_agree_within_a_time() {
        let triggers = vec![
            trigger(2, 100..120, 9.0),
            trigger(0, 125..150, 4.0),
            trigger(0, 500..510, 8.0), // alone
            trigger(1, 900..910, 3.0),
            trigger(1, 905..920, 7.0), // twice the same component
        ];
        assert_eq!(coincidences(triggers.clone(), 2, 10), [(100..150, 4.0)]);
        assert!(coincidences(triggers.clone(), 2, 4).is_empty());
        assert_eq!(coincidences(triggers, 1, 10).len(), 3);
    }
}
