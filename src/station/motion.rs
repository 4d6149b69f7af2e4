//! Responses to the motion of the ground, whatever its units.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

use super::{Filter, Response, Units};

impl Response {
    /// Output units for one metre of ground displacement, from the units of the first stage: metres, metres a second or metres a
    /// second squared. Nothing as [`Response::transfer_at`], or where the first stage measures something else.
    pub fn of_displacement_at(&self, frequency_hz: f64) -> Option<Complex64> {
        let units = self.stages.first()?.filter.as_ref()?.units()?;
        let (unit_m, n_derivatives) = motion(&units.input)?;
        let s = Complex64::new(0.0, TAU * frequency_hz);
        Some(self.transfer_at(frequency_hz)? * s.powu(n_derivatives) / unit_m)
    }
}

impl Filter {
    pub(super) fn units(&self) -> Option<&Units> {
        match self {
            Self::PolesZeros(filter) => Some(&filter.units),
            Self::Coefficients(filter) => Some(&filter.units),
            Self::Fir(filter) => Some(&filter.units),
            Self::List(list) => Some(&list.units),
            Self::Polynomial(_) => None,
        }
    }
}

/// The metres of a unit of motion, and how often it is derived by time: `nm/s` is 1e-9 and 1.
pub(super) fn motion(unit: &str) -> Option<(f64, u32)> {
    let unit: String = unit.to_lowercase().split_whitespace().collect();
    let (metres, per_time) = unit.split_at(unit.find(['/', '*']).unwrap_or(unit.len()));
    let unit_m = match metres {
        "m" => 1.0,
        "cm" => 1e-2,
        "mm" => 1e-3,
        "um" => 1e-6,
        "nm" => 1e-9,
        _ => return None,
    };
    let n_derivatives = match per_time {
        "" => 0,
        "/s" | "/sec" => 1,
        "/s**2" | "/s/s" | "/s^2" | "/s2" | "/(s**2)" | "/sec**2" => 2,
        _ => return None,
    };
    Some((unit_m, n_derivatives))
}
