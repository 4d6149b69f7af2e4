//! Local magnitudes: ObsPy's simulation sample for sample, and the magnitudes of the dike of Bardarbunga.

mod common;

use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};

use quakebook::geo::Point;
use quakebook::magnitude::{
    Amplitude, AmplitudeParams, Arrivals, BruneFit, LocalScale, NoAmplitude, SimulateParams,
    SpectrumParams, horizontal_amplitude, s_spectrum, wood_anderson,
};
use quakebook::station::{PolesZeros, Response, TransferFunction, Units};
use quakebook::time::{self, Time};
use quakebook::waveform::{Record3C, mseed};
use rustfft::num_complex::Complex64;

/// counts, nm, nm_band
const OBSPY: &str = include_str!("reference/wood_anderson.csv");

/// The Trillium of tests/reference/wood_anderson.py, as StationXML has it.
fn trillium() -> Response {
    let filter = PolesZeros {
        units: Units::new("M/S", "V"),
        transfer_function: TransferFunction::LaplaceRadians,
        normalization_factor: 308_000.0,
        normalization_frequency_hz: Some(1.0),
        zeros: vec![
            (0.0, 0.0),
            (0.0, 0.0),
            (-90.0, 0.0),
            (-160.7, 0.0),
            (-3108.0, 0.0),
        ],
        poles: vec![
            (-0.03852, -0.03658),
            (-0.03852, 0.03658),
            (-178.0, 0.0),
            (-135.0, -160.0),
            (-135.0, 160.0),
            (-671.0, -1154.0),
            (-671.0, 1154.0),
        ],
    };
    Response {
        stages: common::two_stages(filter, [1200.0, 1e6], 1.0),
        ..Response::default()
    }
}

#[test]
fn wood_anderson_is_obspys_sample_for_sample() {
    let rows: Vec<Vec<f64>> = OBSPY
        .lines()
        .skip(1)
        .map(|row| row.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let counts: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let response = trillium();
    for (column, band_hz) in [(1, None), (2, Some([0.5, 1.0, 20.0, 40.0]))] {
        let params = SimulateParams {
            band_hz,
            ..SimulateParams::default()
        };
        let drawn = wood_anderson(
            &counts,
            100.0,
            |f_hz| response.of_displacement_at(f_hz),
            &params,
        )
        .unwrap();
        let largest = rows.iter().map(|row| row[column].abs()).fold(0.0, f64::max);
        let off = rows
            .iter()
            .zip(&drawn)
            .map(|(row, drawn)| (row[column] - 1e9 * drawn).abs())
            .fold(0.0, f64::max);
        println!("largest difference {off:e} nm of {largest} nm");
        assert_eq!(drawn.len(), rows.len());
        assert!(off < 1e-6 * largest, "{off} of {largest}");
    }
}

fn start() -> Time {
    time::parse("2014-02-16T00:00:00").unwrap()
}

/// An earthquake without any other.
fn alone(p: Time, s: Time) -> Arrivals {
    let others = Vec::new();
    Arrivals { p, s, others }
}

/// East, north and vertical at 100 Hz.
fn of_rows(data: [Vec<f32>; 3]) -> Record3C {
    Record3C {
        station: "XX.A.".into(),
        channels: ["HHE", "HHN", "HHZ"].map(String::from),
        start: start(),
        sampling_rate_hz: 100.0,
        data,
        simulated: true,
    }
}

/// Noise of some counts, and an earthquake of 5 Hz that swells and fades from 30 s to 36 s.
fn record(signal: f32) -> Record3C {
    let row = |phase: f32| -> Vec<f32> {
        let sample = |i: usize| {
            let t = i as f32 / 100.0;
            let noise = (TAU as f32 * 3.3 * t + phase).sin();
            let swell = match (30.0..36.0).contains(&t) {
                true => (PI as f32 * (t - 30.0) / 6.0).sin().powi(2),
                false => 0.0,
            };
            noise + signal * swell * (TAU as f32 * 5.0 * t + phase).sin()
        };
        (0..7000).map(sample).collect()
    };
    of_rows([row(0.0), row(1.0), row(2.0)])
}

#[test]
fn an_amplitude_is_told_or_why_there_is_none() {
    let (p, s) = (start() + time::seconds(30.0), start() + time::seconds(33.0));
    let params = AmplitudeParams::default();
    let flat = |_: &str| Some(|f_hz: f64| Some(Complex64::new(0.0, TAU * f_hz) * 1e9));
    let of = |record: &Record3C, p, s| horizontal_amplitude(record, &alone(p, s), flat, &params);
    // A velocity of 1000 counts at 5 Hz is a displacement of 1000 / (1e9 TAU 5) m; the pendulum draws nearly all of it.
    let found = of(&record(1000.0), p, s).unwrap();
    let displacement_m = 1000.0 / (1e9 * TAU * 5.0);
    assert!(
        (found / displacement_m - 1.0).abs() < 0.05,
        "{found} {displacement_m}"
    );
    assert_eq!(of(&record(1.0), p, s), Err(NoAmplitude::Noise));
    assert_eq!(of(&record(1000.0), start(), s), Err(NoAmplitude::NoRecord));
    assert_eq!(
        of(&record(1000.0), p, start() + time::seconds(80.0)),
        Err(NoAmplitude::NoRecord)
    );
    let mut broken = record(1000.0);
    broken.data[1][3100] = f32::NAN;
    assert_eq!(of(&broken, p, s), Err(NoAmplitude::Gap));
    let none = |_: &str| None::<fn(f64) -> Option<Complex64>>;
    assert_eq!(
        horizontal_amplitude(&record(1000.0), &alone(p, s), none, &params),
        Err(NoAmplitude::NoResponse)
    );
}

/// A pulse of Brune's shape on the east component of a seismometer that gives counts in proportion to velocity, in noise of 3.3 Hz.
fn pulse(plateau_m_s: f64, corner_hz: f64, noise_m_s: f64) -> Record3C {
    let w = TAU * corner_hz;
    let row = |channel: usize| -> Vec<f32> {
        let sample = |i: usize| {
            let t = i as f64 / 100.0;
            let noise = noise_m_s * (TAU * 3.3 * t + channel as f64).sin();
            // It begins with a jump, between two samples.
            let after = t - 33.005;
            // The velocity of a displacement w^2 t exp(-w t), whose spectrum is 1 at its low end.
            let velocity = match after > 0.0 && channel == 0 {
                true => plateau_m_s * w * w * (1.0 - w * after) * (-w * after).exp(),
                false => 0.0,
            };
            (1e9 * (velocity + noise)) as f32
        };
        (0..7000).map(sample).collect()
    };
    of_rows([row(0), row(1), row(2)])
}

#[test]
fn the_plateau_of_a_pulse_is_found_or_why_there_is_none() {
    let (p, s) = (start() + time::seconds(30.0), start() + time::seconds(33.0));
    let params = SpectrumParams::default();
    let flat = |_: &str| Some(|f_hz: f64| Some(Complex64::new(0.0, TAU * f_hz) * 1e9));
    let of = |record: &Record3C| s_spectrum(record, &alone(p, s), flat, &params);
    for corner_hz in [2.0, 5.0, 12.0] {
        let spectrum = of(&pulse(1e-6, corner_hz, 1e-9)).unwrap();
        let fit = BruneFit::of(&spectrum).unwrap();
        println!("{corner_hz} Hz: {fit:?}");
        assert!((fit.plateau_m_s / 1e-6 - 1.0).abs() < 0.08, "{fit:?}");
        // A high corner cannot be told from attenuation; the plateau does not mind.
        let is_far = (fit.corner_hz / corner_hz).log2().abs() > 0.2;
        assert!(!is_far || corner_hz > 10.0, "{fit:?}");
    }
    assert_eq!(of(&pulse(1e-10, 5.0, 1e-7)), Err(NoAmplitude::Noise));
    let slow = of(&pulse(1e-6, 0.3, 1e-9)).unwrap();
    assert_eq!(BruneFit::of(&slow), None);
    let whole = pulse(1e-6, 5.0, 1e-9);
    let mut broken = whole.clone();
    broken.data[2][3400] = f32::INFINITY;
    assert_eq!(of(&broken), Err(NoAmplitude::Gap));
    // A sensor that tells no more than a tenth of a pulse.
    let mut clipped = pulse(1e-5, 2.0, 1e-9);
    let limit = 0.1 * clipped.data[0].iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    clipped.data[0]
        .iter_mut()
        .for_each(|x| *x = x.clamp(-limit, limit));
    assert_eq!(of(&clipped), Err(NoAmplitude::Clipped));
    let amplitude = horizontal_amplitude(&clipped, &alone(p, s), flat, &AmplitudeParams::default());
    assert_eq!(amplitude, Err(NoAmplitude::Clipped));
    let none = |_: &str| None::<fn(f64) -> Option<Complex64>>;
    let no_response = s_spectrum(&whole, &alone(p, s), none, &params);
    assert_eq!(no_response, Err(NoAmplitude::NoResponse));
    // No room for the noise before P, or for S; and S before P.
    let at = |seconds: f64| start() + time::seconds(seconds);
    for (p, s) in [(3.0, 6.0), (60.0, 67.0), (34.0, 33.0), (-5.0, 33.0)] {
        let refused = s_spectrum(&whole, &alone(at(p), at(s)), flat, &params);
        assert_eq!(refused, Err(NoAmplitude::NoRecord), "{p} {s}");
    }
}

/// An event's magnitude, its error, and what each station gave, with its distance in km.
type Measured<T> = (f64, f64, Vec<(String, f64, T)>);

/// What is measured on the dike's cuts around QuakeMigrate's times of P and S: in counts, for its
/// network's responses are not with the records.
fn dike<T>(measure: impl Fn(&Record3C, Time, Time) -> Option<T>) -> Vec<Measured<T>> {
    let (sites, events) = common::dike();
    let event = |(path, columns): &common::Described| {
        let of = |name: &str| columns[name].parse::<f64>().unwrap();
        let epicentre = Point::new(of("X"), of("Y"));
        let traces = mseed::read_file(path.with_extension("mseed")).unwrap();
        // Station, phase, and the time that QuakeMigrate's model gives, of all stations.
        let times = std::fs::read_to_string(path.with_extension("picks")).unwrap();
        let times: Vec<Vec<&str>> = times.lines().map(|row| row.split(',').collect()).collect();
        let mut measured = Vec::new();
        for site in sites.all() {
            let at = |phase: &str| {
                let row = times
                    .iter()
                    .find(|row| row[0] == site.id && row[1] == phase);
                time::parse(row.unwrap()[2]).unwrap()
            };
            let (p, s) = (at("P"), at("S"));
            let own: Vec<_> = traces
                .iter()
                .filter(|trace| *trace.id.station() == *site.id)
                .cloned()
                .collect();
            let Some(start) = own.iter().filter_map(|trace| trace.start()).max() else {
                continue;
            };
            let n_samples = own
                .iter()
                .map(|trace| trace.n_samples())
                .min()
                .unwrap_or_default();
            let Ok(record) = Record3C::from_traces(&own, start, n_samples) else {
                continue;
            };
            if let Some(found) = measure(&record, p, s) {
                let along_km = epicentre.distance_km(site.position);
                let distance_km = along_km.hypot(of("Z") + site.elevation_km);
                measured.push((site.id.clone(), distance_km, found));
            }
        }
        (of("ML"), of("ML_Err"), measured)
    };
    events.iter().map(event).collect()
}

/// A seismometer that gives a count for a metre a second.
fn flat(f_hz: f64) -> Option<Complex64> {
    Some(Complex64::new(0.0, TAU * f_hz))
}

/// Amplitudes of the dike; a calibration takes the responses into the stations' corrections.
fn dike_amplitudes() -> Vec<(f64, f64, Vec<Amplitude>)> {
    let params = AmplitudeParams {
        simulate: SimulateParams {
            band_hz: Some([1.0, 2.0, 30.0, 45.0]),
            ..SimulateParams::default()
        },
        // The swarm is dense: before most earthquakes lies the coda of another.
        least_ratio: 1.5,
        after_s_s: 3.0,
        ..AmplitudeParams::default()
    };
    let measure = |record: &Record3C, p, s| {
        horizontal_amplitude(record, &alone(p, s), |_| Some(flat), &params).ok()
    };
    let amplitude = |(station, distance_km, amplitude_m)| Amplitude {
        station,
        amplitude_m,
        distance_km,
    };
    dike(measure)
        .into_iter()
        .map(|(magnitude, error, of)| (magnitude, error, of.into_iter().map(amplitude).collect()))
        .collect()
}

/// Of real records no moment is known here. But plateaus, each freed of its distance and of its station's mean, must grow with the magnitudes
/// that QuakeMigrate found.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_dikes_plateaus_grow_with_its_magnitudes() {
    let params = SpectrumParams {
        least_ratio: 1.5,
        after_s_s: 3.0,
        ..SpectrumParams::default()
    };
    let events = dike(|record, p, s| {
        let spectrum = s_spectrum(record, &alone(p, s), |_| Some(flat), &params).ok()?;
        BruneFit::of(&spectrum)
    });
    let mut of_stations: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (i, (_, _, fits)) in events.iter().enumerate() {
        for (station, distance_km, fit) in fits {
            let log = (fit.plateau_m_s * distance_km).log10();
            of_stations.entry(station).or_default().push((i, log));
        }
    }
    let n_fits: usize = of_stations.values().map(Vec::len).sum();
    // Stations and events in turn: what is a station's own, and what is an event's.
    let mut sizes = vec![0.0; events.len()];
    for _ in 0..50 {
        let (mut sum, mut n) = (vec![0.0; events.len()], vec![0.0; events.len()]);
        for logs in of_stations.values() {
            let own = logs.iter().map(|(i, log)| log - sizes[*i]).sum::<f64>() / logs.len() as f64;
            for (i, log) in logs {
                sum[*i] += log - own;
                n[*i] += 1.0;
            }
        }
        sizes = sum
            .iter()
            .zip(&n)
            .map(|(s, n)| s / f64::max(*n, 1.0))
            .collect();
    }
    let seen: Vec<(f64, f64)> = events
        .iter()
        .zip(&sizes)
        .filter(|((_, _, fits), _)| fits.len() >= 3)
        .map(|((magnitude, ..), size)| (*magnitude, *size))
        .collect();
    let n = seen.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| seen.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| seen.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
    let (xx, yy, xy) = (sum(&|a, _| a * a), sum(&|_, b| b * b), sum(&|a, b| a * b));
    let (slope, correlation) = (xy / xx, xy / (xx * yy).sqrt());
    println!(
        "{n_fits} plateaus, {n} events: log10 plateau grows by {slope:.2} a unit, correlation {correlation:.2}"
    );
    for (magnitude, size) in &seen {
        println!("{magnitude:.2} {size:.2}");
    }
    assert!(n >= 12.0 && correlation > 0.8, "{correlation}");
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_dikes_magnitudes_are_found_by_a_calibration_on_the_others() {
    let all = dike_amplitudes();
    let n_amplitudes: usize = all.iter().map(|(.., amplitudes)| amplitudes.len()).sum();
    println!("{n_amplitudes} amplitudes");
    let (mut off, mut own_errors, mut their_errors) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (magnitude, error, amplitudes)) in all.iter().enumerate() {
        let others = all.iter().enumerate().filter(|(j, _)| *j != i);
        let known: Vec<_> = others
            .map(|(_, (magnitude, _, amplitudes))| (*magnitude, amplitudes.clone()))
            .collect();
        let scale = LocalScale::calibrated(&known).unwrap();
        let Some(found) = scale.event(amplitudes) else {
            println!("no amplitude for the event of magnitude {magnitude}");
            continue;
        };
        println!(
            "{magnitude:.2} +- {error:.2}: {:.2} +- {:.2} of {} stations",
            found.value,
            found.error,
            found.stations.len()
        );
        off.push((found.value - magnitude).abs());
        own_errors.push(found.error);
        their_errors.push(*error);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let n = off.len();
    let (off, own, theirs) = (
        median(&mut off),
        median(&mut own_errors),
        median(&mut their_errors),
    );
    println!(
        "{n} of {} events; median difference {off:.2}, standard errors: ours {own:.2}, theirs {theirs:.2}",
        all.len()
    );
    assert!(n >= 17 && off < 0.1);
}
