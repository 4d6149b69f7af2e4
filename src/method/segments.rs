//! Segments: pieces of record from which windows are cropped after the division.

use super::disturbances::disturbances;
use super::prepared::Prepared;
use super::windows::segment_samples;
use super::{Inputs, labels};
use crate::catalog::{Catalog, Event};
use crate::error::{Result, fail};
use crate::study::{Onset, Study};
use crate::time::{self, Time};
use crate::window::{self, CutParams, NoiseRule, Reason, StartRule, Windows};

/// Segments around the P wave of each event and in the middle of each gap, in counts, and around
/// disturbances.
///
/// Their class is that of [`labels`], noise last. Disturbances that hold an earthquake which the
/// catalog does not list would teach a network to be unsure of such: where [`Inputs::known_events`] has
/// them, those segments are left out, and the rejections say so.
///
/// # Errors
/// As [`labels`]; [`crate::Error::Window`] where no segment of an event or of noise could be cut, or the
/// station's place is needed and not given.
pub fn segments(study: &Study, inputs: &Inputs) -> Result<Windows> {
    let params = CutParams {
        n_samples: segment_samples(study),
        n_noise_per_gap: 1,
        ..CutParams::of(study)
    };
    let source = Prepared::new(inputs.source, study)?;
    let (catalog, silent) = (inputs.catalog, &mut window::silent);
    let classes = labels(study, catalog)?;
    let rule = start_rule(study, inputs)?;
    let events = window::event_windows(&source, catalog, &classes, &rule, &params, silent)?;
    let guard = NoiseRule::Guarded {
        guard_s: study.method.guard_s,
    };
    let noise = window::noise_windows(&source, catalog, &params, guard, silent)?;
    let mut all = events.concat(&noise)?;
    let mut failed = Vec::new();
    let starts = disturbances(&source, catalog, study, &mut failed)?;
    if !starts.is_empty() {
        all = all.concat(&window::noise_windows_at(
            &source, &starts, &params, silent,
        )?)?;
    }
    all.rejections.n_requested += failed.len();
    all.rejections.items.append(&mut failed);
    if let Some(known) = inputs.known_events {
        leave_out_unlisted(&mut all, known, study, inputs.p_after_s(study)?);
    }
    has_both(&all, study)?;
    Ok(all)
}

fn start_rule(study: &Study, inputs: &Inputs) -> Result<StartRule> {
    let before_s = study.method.segment_s / 2.0;
    Ok(match study.method.onset {
        Onset::CatalogTime => StartRule::CatalogTime { before_s },
        Onset::TravelTime => {
            let station = inputs.place(study)?;
            inputs.check_places()?;
            StartRule::PArrival {
                station,
                model: study.velocity_model.clone(),
                before_s,
            }
        }
    })
}

/// Takes segments of noise out that hold waves of an earthquake.
fn leave_out_unlisted(
    segments: &mut Windows,
    known: &Catalog,
    study: &Study,
    p_after_s: impl Fn(&Event) -> f64,
) {
    let arrival = |event: &Event| event.origin_time + time::seconds(p_after_s(event));
    let arrivals: Vec<Time> = known.events().iter().map(arrival).collect();
    let noise = segments.n_classes - 1;
    let (coda_s, segment_s) = (study.method.coda_s, study.method.segment_s);
    segments.leave_out(&Reason::Unlisted, |segment| {
        let has_waves = |arrival: &Time| {
            let after_s = time::between_s(segment.start, *arrival);
            (-coda_s..segment_s).contains(&after_s)
        };
        segment.class == noise && arrivals.iter().any(has_waves)
    });
}

fn has_both(segments: &Windows, study: &Study) -> Result<()> {
    let noise = segments.n_classes - 1;
    let n_noise = segments.windows.iter().filter(|w| w.class == noise).count();
    let refuse = |what: &str, remedy: &str| {
        let what = format!("no segment {what}: {}", segments.rejections);
        Err(fail!(Window, segments.station, what, remedy))
    };
    match (segments.len() - n_noise, n_noise) {
        (0, _) => refuse(
            "of an event",
            "Take a time at which the station recorded the catalog's events",
        ),
        (_, 0) => {
            let method = &study.method;
            let gap_s = method.segment_s + 2.0 * method.guard_s;
            let remedy = format!(
                "Between events {gap_s} s are needed: give a shorter guard than {} s or segment than {} s",
                method.guard_s, method.segment_s
            );
            refuse("of noise", &remedy)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::p_travel_time_s;
    use crate::geo::Point;
    use crate::window::{Origin, RejectionLog, Window};

    #[test]
    fn noise_with_waves_is_left_out() {
        let start = time::parse("2014-02-16").unwrap();
        let station = Point::new(-97.2, 35.8);
        let event = Event {
            id: "unlisted".into(),
            origin_time: start + time::seconds(600.0),
            longitude_deg: station.longitude_deg,
            latitude_deg: station.latitude_deg,
            depth_km: Some(5.0),
            magnitude: 1.5,
            magnitude_type: "ML".into(),
            event_type: "earthquake".into(),
        };
        let window = |start_s: f64, class| Window {
            start: start + time::seconds(start_s),
            samples: Vec::new(),
            class,
            origin: Origin::Noise { after: "e".into() },
        };
        let mut windows = Windows {
            station: "GS.OK029.00".into(),
            channels: ["HH1", "HH2", "HHZ"].map(String::from),
            sampling_rate_hz: 100.0,
            n_samples: 6000,
            n_classes: 4,
            normalisation: None,
            simulated: true,
            // P comes a second or two after the origin: before the first, in the coda of the second, in
            // the third and in an event's own, and after the last.
            windows: [(620.0, 3), (608.0, 3), (570.0, 3), (570.0, 0), (535.0, 3)]
                .map(|(start_s, class)| window(start_s, class))
                .to_vec(),
            rejections: RejectionLog::default(),
        };
        let truth = Catalog::new("truth", true, vec![event]);
        let study = Study::oklahoma();
        let travel_s = |event: &Event| p_travel_time_s(&study.velocity_model, event, station);
        leave_out_unlisted(&mut windows, &truth, &study, travel_s);
        let kept: Vec<f64> = windows
            .windows
            .iter()
            .map(|window| time::between_s(start, window.start))
            .collect();
        assert_eq!(kept, [620.0, 570.0, 535.0]);
        assert_eq!(windows.windows[1].class, 0);
        let reasons = windows
            .rejections
            .items
            .iter()
            .map(|missing| &missing.reason);
        assert!(reasons.eq([&Reason::Unlisted; 2]));
        assert_eq!(windows.rejections.items[0].what, "noise after e");
    }
}
