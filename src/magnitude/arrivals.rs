//! Which part of a record is of one earthquake, where the waves of several meet at a station.

use super::no_amplitude::NoAmplitude;
use crate::time::{self, Time, between_s};

/// When an earthquake's waves reach a station, and when those of others do.
///
/// A window ends before the next wave of another earthquake. What came before it is noise, over which the earthquake must stand: so the
/// larger one has a size, and the smaller one none. Where such a wave comes between P and S, all before S is noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    pub p: Time,
    pub s: Time,
    /// Of P and S of other earthquakes, in any order.
    pub others: Vec<Time>,
}

/// The time in which an earthquake is alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Alone {
    /// What comes before is noise.
    pub begins: Time,
    pub ends: Time,
    /// Whether the waves of another earthquake are the noise.
    has_other: bool,
}

/// A wave swells for about so long after its arrival: only then is it known how large it is.
const SWELLS_S: f64 = 1.0;

/// A computed arrival may be so late.
const LATE_S: f64 = 0.3;

/// So much of what comes after S must be left.
const LEAST_PART: f64 = 0.25;

impl Arrivals {
    /// A time that begins `before_p_s` before P, and ends so long after S as `after_s_s`, or as long as S comes after P where that is more.
    ///
    /// # Errors
    /// [`NoAmplitude::OtherEvent`] where another earthquake's wave comes near S; [`NoAmplitude::NoRecord`] where S comes before P.
    pub(super) fn alone(&self, before_p_s: f64, after_s_s: f64) -> Result<Alone, NoAmplitude> {
        let s_p_s = between_s(self.p, self.s);
        if s_p_s.is_nan() || s_p_s < 0.0 {
            return Err(NoAmplitude::NoRecord);
        }
        // All in seconds after S.
        let others_s = || self.others.iter().map(|other| between_s(self.s, *other));
        let (p_begins_s, s_begins_s) = (-s_p_s - before_p_s, -LATE_S);
        let between = p_begins_s - SWELLS_S..s_begins_s - SWELLS_S;
        let has_between = others_s().any(|at_s| between.contains(&at_s));
        let begins_s = if has_between { s_begins_s } else { p_begins_s };
        let next_s = others_s()
            .filter(|at_s| *at_s >= begins_s - SWELLS_S)
            .fold(f64::INFINITY, f64::min);
        let whole_s = after_s_s.max(s_p_s);
        let ends_s = whole_s.min(next_s - before_p_s);
        if ends_s < LEAST_PART * whole_s {
            return Err(NoAmplitude::OtherEvent);
        }
        // Of others that came while the noise is taken, which is as long.
        let noise = 2.0 * begins_s - ends_s..begins_s;
        Ok(Alone {
            begins: self.s + time::seconds(begins_s),
            ends: self.s + time::seconds(ends_s),
            has_other: others_s().any(|at_s| noise.contains(&at_s)),
        })
    }
}

impl Alone {
    /// What it is called where the noise is as large.
    pub fn noise(&self) -> NoAmplitude {
        match self.has_other {
            true => NoAmplitude::OtherEvent,
            false => NoAmplitude::Noise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P at 10 s, S at 14 s: the window is from 9.5 s to 19 s.
    #[test]
    fn a_window_holds_one_earthquake() {
        let at = |s: f64| crate::locate::tests::origin() + time::seconds(s);
        let window = |others: &[f64]| {
            let others = others.iter().map(|s| at(*s)).collect();
            let (p, s) = (at(10.0), at(14.0));
            let alone = Arrivals { p, s, others }.alone(0.5, 5.0)?;
            let second = |time| (1e3 * between_s(at(0.0), time)).round() / 1e3;
            let all = (second(alone.begins), second(alone.ends), alone.noise());
            Ok::<_, NoAmplitude>(all)
        };
        let (noise, other) = (NoAmplitude::Noise, NoAmplitude::OtherEvent);
        assert_eq!(window(&[]), Ok((9.5, 19.0, noise)));
        assert_eq!(window(&[30.0, 17.0, 18.0]), Ok((9.5, 16.5, noise)));
        assert_eq!(window(&[19.4]), Ok((9.5, 18.9, noise)));
        // What has come and swelled is noise.
        assert_eq!(window(&[-3.0]), Ok((9.5, 19.0, noise)));
        assert_eq!(window(&[2.0, 8.4]), Ok((9.5, 19.0, other)));
        // Between P and S: S alone counts, above all before it.
        assert_eq!(window(&[8.6]), Ok((13.7, 19.0, other)));
        assert_eq!(window(&[9.0, 12.6, 18.0]), Ok((13.7, 17.5, other)));
        for too_near in [12.8, 14.1, 15.7] {
            assert_eq!(window(&[2.0, too_near]), Err(other));
        }
        let others = Vec::new();
        let (p, s) = (at(14.0), at(10.0));
        let exchanged = Arrivals { p, s, others }.alone(0.5, 5.0);
        assert_eq!(exchanged, Err(NoAmplitude::NoRecord));
    }
}
