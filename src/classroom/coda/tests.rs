use super::*;
use crate::classroom::greens::SITE;
use crate::classroom::source::tests::source;

#[test]
fn an_impulse_between_samples_has_the_spectrum_of_a_delay() {
    let n = 256;
    let mut series = vec![Complex64::ZERO; n];
    put_impulse(&mut series, 100.25, 2.0);
    FftPlanner::new().plan_fft_forward(n).process(&mut series);
    for k in [0, 10, 50, 90] {
        let want = Complex64::from_polar(2.0, -2.0 * PI * k as f64 * 100.25 / n as f64);
        assert!((series[k] - want).norm() < 0.02, "{k} {} {want}", series[k]);
    }
}

#[test]
fn no_echo_precedes_the_direct_wave() {
    let scatterers = Scatterers::new(1, &SCATTERING);
    let model = LayeredModel::central_us();
    let s = source(2.0, 20.0, 80.0, 10.0);
    for (wave, phase) in [(Wave::P, Phase::P), (Wave::S, Phase::S)] {
        let direct_s = model.travel_time_s(phase, s.depth_km, s.distance_km(STATION));
        assert!(
            scatterers
                .echoes(&s, &model, &SITE, wave)
                .all(|e| e.time_s >= direct_s)
        );
    }
}

/// Without the conversion no P wave becomes S, and nothing comes between the two but P.
#[test]
fn converted_waves_arrive_from_the_direct_p_wave_on_and_shake_sideways_before_s() {
    let ground = Scattering {
        conversion: 3.0,
        ..SCATTERING
    };
    let (plain, converting) = (Scatterers::new(1, &SCATTERING), Scatterers::new(1, &ground));
    let model = LayeredModel::central_us();
    let s = source(2.0, 20.0, 80.0, 10.0);
    let distance_km = s.distance_km(STATION);
    let [p_s, s_s] = [Phase::P, Phase::S].map(|p| model.travel_time_s(p, s.depth_km, distance_km));
    let energy = |all: &Scatterers| {
        let waves = [Wave::P, Wave::S].map(|wave| all.echoes(&s, &model, &SITE, wave));
        let echoes: Vec<Echo> = waves.into_iter().flatten().collect();
        // Rays through the layers are a little faster than the straight ones of echoes.
        assert!(echoes.iter().all(|echo| echo.time_s > p_s - 0.2));
        let between = echoes.iter().filter(|echo| echo.time_s < s_s);
        let energy = between.map(|echo| echo.motion_m_s[0].powi(2) + echo.motion_m_s[1].powi(2));
        energy.sum::<f64>()
    };
    let ratio = energy(&converting) / energy(&plain);
    assert!(ratio > 3.0, "{ratio}");
}

/// Where P and S have the shares of energy of a field of waves that were scattered often, S with 2 (vp / vs)^3 times as much
/// as P, as much turns one way as the other: energy times speed times coefficient.
#[test]
fn as_much_p_becomes_s_as_s_becomes_p() {
    let layer = LayeredModel::central_us().layer_at(5.0);
    let ratio = layer.vp_km_s / layer.vs_km_s;
    // A coefficient compares flows of energy: squared amplitude times speed.
    let p_to_s = converted_energy(&layer, Wave::P) / ratio;
    let s_to_p = converted_energy(&layer, Wave::S) * ratio;
    let (p, s) = (1.0, 2.0 * ratio.powi(3));
    let (from_p, from_s) = (p * layer.vp_km_s * p_to_s, s * layer.vs_km_s * s_to_p);
    assert!((from_p / from_s - 1.0).abs() < 1e-12, "{from_p} {from_s}");
}

/// Single scattering: power falls as 1 / t^2 where scatterers are all around (Aki & Chouet 1975), that is
/// by 4 from 8 s to 16 s. Mean of ten regions.
#[test]
fn the_power_of_the_echoes_falls_with_the_square_of_time() {
    let (model, s) = (LayeredModel::central_us(), source(2.0, 20.0, 80.0, 10.0));
    let mut power = [0.0; 2];
    for seed in 0..10 {
        let all = Scatterers::new(seed, &SCATTERING);
        for echo in all.echoes(&s, &model, &SITE, Wave::S) {
            let energy = echo.motion_m_s.iter().map(|m| m * m).sum::<f64>();
            match echo.time_s {
                7.0..9.0 => power[0] += energy / 2.0,
                14.0..18.0 => power[1] += energy / 4.0,
                _ => {}
            }
        }
    }
    let ratio = power[0] / power[1];
    assert!((3.0..5.5).contains(&ratio), "{ratio}");
}
