//! A picker without a network: STA/LTA finds an onset, Akaike's information criterion times it.

use super::{PickedPhase, aic_onset};
use crate::detect::{recursive_sta_lta, triggers};
use crate::error::Result;
use crate::time::{self, Time};
use crate::waveform::Record3C;
use crate::waveform::filter::{Filter, Pass};

/// The band in which noise is weakest and small earthquakes are strong.
const BAND_HZ: (f64, f64) = (1.0, 20.0);

/// Averages of the vertical component over so long, and their ratio where a trigger begins and ends.
const STA_S: f64 = 0.5;
const LTA_S: f64 = 5.0;
const ON: f32 = 4.0;
const OFF: f32 = 1.5;

/// P lies from so long before its trigger to so long after it.
const AROUND_TRIGGER_S: (f64, f64) = (2.0, 0.5);

/// The largest horizontal motion comes from so long to so long after P, and ends the stretch for S so long after it.
const S_AFTER_P_S: (f64, f64) = (0.3, 10.0);
const AFTER_LARGEST_S: f64 = 0.2;

/// Onsets of P and S in time order of P, each S behind its P.
///
/// P is sought around each trigger of the vertical component, S before the largest horizontal motion of the next ten seconds. So each
/// P brings an S, whether there is one or not.
///
/// # Errors
/// [`crate::Error::Waveform`] where the rate is below 40 Hz, [`crate::Error::Detect`] where it is too low for the averages.
pub fn classical_onsets(record: &Record3C) -> Result<Vec<(PickedPhase, Time)>> {
    let rate_hz = record.sampling_rate_hz;
    let n = |s: f64| (s * rate_hz).round() as usize;
    let mut filtered = record.remove_mean();
    Filter::bandpass(4, BAND_HZ.0, BAND_HZ.1, rate_hz)?.in_place(&mut filtered, Pass::Causal)?;
    let [first, second, vertical] = &filtered.data;
    let at = |sample: usize| time::of_sample(record.start, sample, rate_hz);
    let mut onsets = Vec::new();
    let ratios = recursive_sta_lta(vertical, n(STA_S), n(LTA_S))?;
    for trigger in triggers(&ratios, ON, OFF) {
        let from = trigger.start.saturating_sub(n(AROUND_TRIGGER_S.0));
        let to = (trigger.start + n(AROUND_TRIGGER_S.1)).min(vertical.len());
        let Some(onset) = aic_onset(&vertical[from..to]) else {
            continue;
        };
        let p = from + onset;
        onsets.push((PickedPhase::P, at(p)));
        let after = p + n(S_AFTER_P_S.0)..(p + n(S_AFTER_P_S.1)).min(vertical.len());
        let power = |i: usize| first[i] * first[i] + second[i] * second[i];
        let largest = after.clone().max_by(|a, b| power(*a).total_cmp(&power(*b)));
        let Some(largest) = largest else {
            continue;
        };
        let louder = match first[largest].abs() > second[largest].abs() {
            true => first,
            false => second,
        };
        let end = (largest + n(AFTER_LARGEST_S)).min(after.end);
        if let Some(onset) = aic_onset(&louder[after.start..end]) {
            onsets.push((PickedPhase::S, at(after.start + onset)));
        }
    }
    Ok(onsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_on_the_vertical_and_s_on_a_horizontal() {
        let (rate_hz, n) = (100.0, 4000);
        let wave = |i: usize, hz: f64| (std::f64::consts::TAU * hz * i as f64 / rate_hz).sin();
        let noise = |i: usize, c: usize| ((i * (c + 3)) as f64 * 0.7).sin() + wave(i, 3.1);
        let pulse = |i: usize, from: usize, size: f64, hz: f64| match i.checked_sub(from) {
            Some(since) => size * (-(since as f64) / 150.0).exp() * wave(since, hz),
            None => 0.0,
        };
        let row = |c: usize, from: usize, size: f64, hz: f64| -> Vec<f32> {
            let sample = |i: usize| noise(i, c) + pulse(i, from, size, hz);
            (0..n).map(|i| sample(i) as f32).collect()
        };
        let record = Record3C {
            station: "XX.MADE.".into(),
            channels: ["HHE", "HHN", "HHZ"].map(String::from),
            start: Time::UNIX_EPOCH,
            sampling_rate_hz: rate_hz,
            data: [
                row(0, 2400, 300.0, 5.0),
                row(1, 2400, 100.0, 5.0),
                row(2, 2000, 100.0, 9.0),
            ],
            simulated: true,
        };
        let onsets = classical_onsets(&record).unwrap();
        let [(PickedPhase::P, p), (PickedPhase::S, s), ..] = onsets[..] else {
            panic!("{onsets:?}");
        };
        let since_s = |t: Time| time::between_s(record.start, t);
        assert!((since_s(p) - 20.0).abs() < 0.1, "{p}");
        assert!((since_s(s) - 24.0).abs() < 0.1, "{s}");
        let mut slow = record.clone();
        slow.sampling_rate_hz = 30.0;
        assert!(classical_onsets(&slow).is_err());
    }
}
