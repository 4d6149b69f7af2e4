//! A record turned to east, north and up.

use super::{Channel, Station};
use crate::error::{Result, fail};
use crate::waveform::Record3C;

/// Directions whose volume is less than this, of 1 where they are at right angles, tell too little
/// of one of the three: a tenth of a degree between two of them gives 0.002.
const MIN_VOLUME: f64 = 0.01;

/// A weight below this is a zero that rounding missed, as the cosine of 90 degrees.
const ROUNDING: f64 = 1e-12;

type Vector = [f64; 3];

impl Record3C {
    /// The motion to the east, to the north and up, whichever way the station's components point:
    /// channels `HHE, HHN, HHZ` for a record of `HH*`. (Up is last, as in every record here;
    /// seismology's usual ZNE is this order backwards.)
    ///
    /// Each component measures the projection of the motion on its direction, given by azimuth and
    /// dip; three equations, solved for the motion by the inverse of their matrix, as ObsPy's
    /// `rotate2zne` does. Components need not be at right angles, and dip may be +90 (down). Their
    /// sensitivities are taken as equal. Where a component that takes part is missing, so is the
    /// result.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where the record is of another station, the station does not
    /// know a channel or its orientation, or two directions nearly agree.
    ///
    /// ```
    /// use quakebook::station::{Channel, Station};
    /// use quakebook::waveform::Record3C;
    /// let channel = |code: &str, azimuth_deg, dip_deg| Channel {
    ///     code: code.parse().unwrap(), azimuth_deg, dip_deg,
    ///     sampling_rate_hz: 100.0, sensitivity_counts_per_m_s: 1.0,
    /// };
    /// let station = Station {
    ///     network: "XX".parse().unwrap(), station: "A".parse().unwrap(), location: "".parse().unwrap(),
    ///     longitude_deg: 0.0, latitude_deg: 0.0, elevation_m: 0.0, simulated: false,
    ///     channels: vec![channel("HH1", 30.0, 0.0), channel("HH2", 120.0, 0.0), channel("HHZ", 0.0, -90.0)],
    /// };
    /// let record = Record3C {
    ///     station: "XX.A".into(), channels: ["HH1", "HH2", "HHZ"].map(String::from),
    ///     start: quakebook::time::parse("2014-02-16").unwrap(), sampling_rate_hz: 100.0,
    ///     data: [vec![2.0], vec![0.0], vec![1.0]], simulated: false,
    /// };
    /// let turned = record.rotated(&station).unwrap();
    /// assert_eq!(turned.channels, ["HHE", "HHN", "HHZ"]);
    /// // 2 towards N 30 E: 1 to the east, the square root of 3 to the north.
    /// assert!((turned.data[0][0] - 1.0).abs() < 1e-6);
    /// assert!((turned.data[1][0] - 3_f32.sqrt()).abs() < 1e-6);
    /// assert_eq!(turned.data[2][0], 1.0);
    /// ```
    pub fn rotated(&self, station: &Station) -> Result<Self> {
        let refuse = |place: &str, what: String, remedy: &str| {
            Err(fail!(
                Waveform,
                format!("{}, {place}", self.station),
                what,
                remedy
            ))
        };
        let Station {
            network,
            station: code,
            location,
            ..
        } = station;
        let id = format!("{network}.{code}.{location}");
        let id = id.trim_end_matches('.');
        if id != self.station {
            return refuse(
                "rotation",
                format!("orientations of the station {id}"),
                "Give the station of the record",
            );
        }
        let mut directions = [[0.0; 3]; 3];
        for (direction, code) in directions.iter_mut().zip(&self.channels) {
            let channel = station
                .channels
                .iter()
                .find(|channel| channel.code == code.as_str());
            match channel.and_then(direction_of) {
                Some(known) => *direction = known,
                None => {
                    return refuse(
                        code,
                        "no azimuth and dip".into(),
                        "Fetch the station at the record's time, with these channels",
                    );
                }
            }
        }
        let Some(weights) = inverse(directions) else {
            return refuse(
                &self.channels.join(", "),
                "directions that nearly agree or lie in one plane".into(),
                "Correct the station's azimuths and dips, or leave the record as it is",
            );
        };
        // The band and instrument, which the three have in common.
        let band: String = {
            let n = self.channels[0].chars().count();
            self.channels[0].chars().take(n.saturating_sub(1)).collect()
        };
        Ok(Self {
            station: self.station.clone(),
            channels: ["E", "N", "Z"].map(|letter| format!("{band}{letter}")),
            data: weights.map(|row| self.weighted(row)),
            ..*self
        })
    }

    /// The weighted sum of the components; one without weight may be missing.
    fn weighted(&self, weights: Vector) -> Vec<f32> {
        let sum = |i: usize| {
            let parts = weights.iter().zip(&self.data);
            let parts = parts.filter(|(weight, _)| **weight != 0.0);
            parts
                .map(|(weight, row)| weight * f64::from(row[i]))
                .sum::<f64>() as f32
        };
        (0..self.n_samples()).map(sum).collect()
    }
}

/// East, north and up of a channel's direction. A vertical needs no azimuth.
fn direction_of(channel: &Channel) -> Option<Vector> {
    let (sin_dip, cos_dip) = channel.dip_deg.to_radians().sin_cos();
    let azimuth_deg = match channel.azimuth_deg {
        azimuth_deg if azimuth_deg.is_nan() && cos_dip.abs() < ROUNDING => 0.0,
        azimuth_deg => azimuth_deg,
    };
    let (sin_azimuth, cos_azimuth) = azimuth_deg.to_radians().sin_cos();
    let direction = [sin_azimuth * cos_dip, cos_azimuth * cos_dip, -sin_dip];
    direction.iter().all(|x| x.is_finite()).then_some(direction)
}

/// The inverse of the matrix whose rows are given, by its cofactors. Nothing where it is nearly
/// singular.
fn inverse([a, b, c]: [Vector; 3]) -> Option<[Vector; 3]> {
    let columns = [cross(b, c), cross(c, a), cross(a, b)];
    let volume: f64 = a.iter().zip(columns[0]).map(|(x, y)| x * y).sum();
    if volume.abs() < MIN_VOLUME {
        return None;
    }
    let weight = |row: usize, column: usize| {
        let weight = columns[column][row] / volume;
        if weight.abs() < ROUNDING { 0.0 } else { weight }
    };
    Some([0, 1, 2].map(|row| [0, 1, 2].map(|column| weight(row, column))))
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}
