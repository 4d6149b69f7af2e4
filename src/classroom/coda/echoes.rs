//! The echoes of one wave: when each arrives, and how the ground moves.

use super::{MOST_DELAY_S, N_FORWARD, Scatterer, Scatterers, guided, length};
use crate::classroom::greens::{Site, spreading_m_s};
use crate::classroom::instrument::STATION;
use crate::classroom::source::{MEAN_RADIATION_P, MEAN_RADIATION_S, Source};
use crate::travel::{Layer, LayeredModel, Phase, Wave};

/// An echo: when, and how the ground moves.
pub(super) struct Echo {
    pub time_s: f64,
    pub motion_m_s: [f64; 3],
}

/// A wave as it leaves the source, and as it reaches the ground around the station.
#[derive(Clone, Copy)]
struct Incoming {
    phase: Phase,
    wave: Wave,
    layer: Layer,
    /// East, north and down from the station.
    focus_km: [f64; 3],
    straight_km: f64,
    /// When the first wave arrives, and its amplitude a kilometre away, at the free surface, which doubles it.
    direct_s: f64,
    at_1_km: f64,
    /// Amplitude that comes with the first wave, and with what is scattered forwards; the latter is late by so much on average.
    sharp: f64,
    broad: f64,
    late_s: f64,
}

impl Incoming {
    fn of(
        scatterers: &Scatterers,
        source: &Source,
        model: &LayeredModel,
        site: &Site,
        wave: Wave,
    ) -> Self {
        // P is faster, and delayed less.
        let (phase, mean_radiation, delayed) = match wave {
            Wave::P => (Phase::P, MEAN_RADIATION_P, 0.5),
            Wave::S => (Phase::S, MEAN_RADIATION_S, 1.0),
        };
        let (east, north) = source.epicentre().local_km(STATION);
        let focus_km = [east, north, source.depth_km];
        let straight_km = length(focus_km);
        let layer = model.layer_at(source.depth_km);
        let first = scatterers.first(source, model, phase);
        let energy = scatterers.forward_energy(straight_km);
        let late_s = delayed * scatterers.ground.forward_delay_s * (straight_km / 100.0).powi(2);
        Self {
            phase,
            wave,
            layer,
            focus_km,
            straight_km,
            direct_s: model.travel_time_s(phase, source.depth_km, source.distance_km(STATION)),
            at_1_km: 2.0 * mean_radiation * spreading_m_s(source, &layer, site, wave, wave, 1.0),
            sharp: first * (1.0 - energy).sqrt(),
            broad: first * energy.sqrt(),
            late_s: late_s.min(MOST_DELAY_S),
        }
    }

    fn speed_km_s(&self) -> f64 {
        self.layer.speed_km_s(self.wave)
    }
}

impl Scatterer {
    /// Kilometres from the source, and the sine of the angle by which the wave turns on its way to the station.
    fn way(&self, focus: [f64; 3]) -> (f64, f64) {
        let place = self.place_km;
        let before: [f64; 3] = std::array::from_fn(|i| place[i] - focus[i]);
        let dot: f64 = before.iter().zip(place).map(|(a, b)| -a * b).sum();
        let cosine = dot / (length(before) * length(place)).max(f64::MIN_POSITIVE);
        (length(before), (1.0 - cosine * cosine).max(0.0).sqrt())
    }
}

impl Scatterers {
    pub(super) fn echoes<'a>(
        &'a self,
        source: &'a Source,
        model: &LayeredModel,
        site: &Site,
        wave: Wave,
    ) -> impl Iterator<Item = Echo> + 'a {
        let incoming = Incoming::of(self, source, model, site, wave);
        let guided = guided::waves(source, model, (incoming.phase, wave), &self.ground);
        self.scattered(incoming)
            .chain(self.converted(incoming))
            .chain(self.forward(incoming))
            .chain(self.guided(incoming, guided))
    }

    /// What stays P or S on the obstacles of the crust and of the shallow ground.
    fn scattered(&self, incoming: Incoming) -> impl Iterator<Item = Echo> + '_ {
        let (straight_km, speed) = (incoming.straight_km, incoming.speed_km_s());
        let of = move |(scatterer, i): (&Scatterer, usize)| {
            let (to_scatterer_km, _) = scatterer.way(incoming.focus_km);
            let (onward_speed, spread_km) = if scatterer.shallow {
                (self.ground.shallow_speed_km_s, straight_km)
            } else {
                // Near the source the scattered wave is no ray any more.
                (speed, to_scatterer_km.max(1.0))
            };
            let onward_s = length(scatterer.place_km) / onward_speed;
            let detour_s = (to_scatterer_km - straight_km) / speed + onward_s;
            let motion = scatterer.motion[incoming.wave as usize];
            let echo = |strength: f64, late_s: f64| Echo {
                time_s: incoming.direct_s + detour_s + late_s,
                motion_m_s: motion.map(|m| m * strength * incoming.at_1_km / spread_km),
            };
            if !scatterer.shallow {
                return [Some(echo(1.0, 0.0)), None];
            }
            // What reaches the shallow ground is as broad as what reaches the station.
            let late = self.forward.get(i % N_FORWARD);
            let late = late.map(|(delay, _)| echo(incoming.broad, delay * incoming.late_s));
            [Some(echo(incoming.sharp, 0.0)), late]
        };
        self.all.iter().zip(0..).flat_map(of).flatten()
    }

    /// What the obstacles of the crust turn into the other wave.
    fn converted(&self, incoming: Incoming) -> impl Iterator<Item = Echo> + '_ {
        let other = match incoming.wave {
            Wave::P => Wave::S,
            Wave::S => Wave::P,
        };
        let other_speed = incoming.layer.speed_km_s(other);
        let energy = self.ground.conversion * converted_energy(&incoming.layer, incoming.wave);
        let crustal = self.all.iter().filter(|scatterer| !scatterer.shallow);
        crustal
            .take_while(move |_| energy > 0.0)
            .map(move |scatterer| {
                let (to_scatterer_km, sine) = scatterer.way(incoming.focus_km);
                let onward_s = length(scatterer.place_km) / other_speed;
                let strength = energy.sqrt() * sine * incoming.at_1_km / to_scatterer_km.max(1.0);
                let before_s = (to_scatterer_km - incoming.straight_km) / incoming.speed_km_s();
                Echo {
                    time_s: incoming.direct_s + before_s + onward_s,
                    motion_m_s: scatterer.motion[other as usize].map(|m| m * strength),
                }
            })
    }

    /// What is scattered forwards: one broad pulse.
    fn forward(&self, incoming: Incoming) -> impl Iterator<Item = Echo> + '_ {
        let deep = (1.0 - self.ground.shallow_energy).sqrt();
        self.forward.iter().map(move |(delay, motion)| {
            let strength = |m| m * incoming.broad * deep * incoming.at_1_km / incoming.straight_km;
            Echo {
                time_s: incoming.direct_s + delay * incoming.late_s,
                motion_m_s: motion[incoming.wave as usize].map(strength),
            }
        })
    }

    /// What the crust guides. Each wave is as broad as the first one: some of the pulses that are scattered forwards stand for all.
    fn guided(
        &self,
        incoming: Incoming,
        waves: [(f64, f64); guided::N],
    ) -> impl Iterator<Item = Echo> + '_ {
        let pulses = self.forward.chunks_exact(N_FORWARD / guided::N);
        let existing = waves
            .into_iter()
            .zip(pulses)
            .filter(|(wave, _)| wave.1 > 0.0);
        existing.flat_map(move |((time_s, per_km), pulses)| {
            let n_pulses = pulses.len() as f64;
            let strength = incoming.at_1_km * per_km * (N_FORWARD as f64 / n_pulses).sqrt();
            pulses.iter().map(move |(delay, motion)| Echo {
                time_s: time_s + delay * incoming.late_s,
                motion_m_s: motion[incoming.wave as usize].map(|m| m * strength),
            })
        })
    }
}

/// Squared amplitude of a converted wave over that of a wave that stays what it is, of an obstacle that turns as much P into S as it
/// leaves P, at a right angle.
///
/// Energy flows with the squared amplitude times the speed. In a field of waves that were scattered often P and S have fixed shares
/// of the energy, so P turns into S `2 (vp / vs)^2` times as readily as S into P. Nothing is converted forwards: amplitude goes with the sine
/// of the angle, whose square is 2/3 on average (Sato, Fehler & Maeda 2012, chapter 4).
pub(super) fn converted_energy(layer: &Layer, wave: Wave) -> f64 {
    let ratio = layer.vp_km_s / layer.vs_km_s;
    1.5 * match wave {
        Wave::P => ratio,
        Wave::S => 1.0 / (2.0 * ratio.powi(3)),
    }
}
