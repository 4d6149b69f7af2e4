use super::echoes::{Echo, converted_energy};
use super::*;
use crate::classroom::greens::SITE;
use crate::classroom::source::tests::source;

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

/// By energy: what is scattered forwards is missing from the direct wave, and what the shallow ground scatters is as broad as what reaches it. The shapes have unit
/// length, so the squares of all motions add up to the shallow share, and the forward share of the rest.
#[test]
fn forward_scattering_makes_waves_broad_and_keeps_their_energy() {
    let sharp = Scattering {
        per_km: 0.0,
        ..SCATTERING
    };
    let broad = Scattering {
        forward_depth: 300.0,
        forward_delay_s: 100.0,
        ..sharp
    };
    let model = LayeredModel::central_us();
    let s = source(2.0, 20.0, 80.0, 10.0);
    let direct_s = model.travel_time_s(Phase::S, s.depth_km, s.distance_km(STATION));
    let echoes = |ground: &Scattering| -> Vec<(f64, f64)> {
        let scatterers = Scatterers::new(5, ground);
        let all = scatterers.echoes(&s, &model, &SITE, Wave::S);
        let square = |e: Echo| {
            (
                e.time_s - direct_s,
                e.motion_m_s.map(|m| m * m).iter().sum(),
            )
        };
        all.map(square).collect()
    };
    let energy = |echoes: &[(f64, f64)]| echoes.iter().map(|e| e.1).sum::<f64>();
    let (sharp, broad_echoes) = (echoes(&sharp), echoes(&broad));
    let km = s.hypocentral_distance_km(STATION);
    let forward = 1.0 - (-3.0 * km).exp();
    let wanted = (0.7 + 0.3 * forward) / 0.7;
    let ratio = energy(&broad_echoes) / energy(&sharp);
    assert!((ratio / wanted - 1.0).abs() < 0.15, "{ratio} {wanted}");
    let direct = Scatterers::new(5, &broad).direct(km).powi(2);
    assert!((direct - 0.3 * (1.0 - forward)).abs() < 1e-12);
    let mean_s =
        |echoes: &[(f64, f64)]| echoes.iter().map(|e| e.0 * e.1).sum::<f64>() / energy(echoes);
    // 100 s over 100 km grow with the square of the distance. What the shallow ground does not scatter comes without its detour.
    let detour_s = mean_s(&sharp) / wanted;
    let late_s = (mean_s(&broad_echoes) - detour_s) / (100.0 * (km / 100.0).powi(2));
    assert!((0.7..1.3).contains(&late_s), "{late_s}");
}
