//! A job: work on inputs that are ready, and the numbers that come of it.

use std::time::Instant;

use crate::Result;
use crate::floor::Floor;

/// Work that is timed again and again.
pub trait Job {
    /// Does the work once; its seconds.
    fn run(&mut self) -> Result<f64>;

    /// What the last run gave, for comparison with the other side's.
    fn numbers(&self) -> Vec<f64>;

    fn floor(&self) -> Floor;
}

/// Work on what `prepare` gives each time, which gives a `T`.
struct Timed<T, P, W, N> {
    floor: Floor,
    prepare: P,
    work: W,
    numbers: N,
    last: Option<T>,
}

/// A job of `work`, which is timed, and of `numbers`, which is not.
pub fn timed<T: 'static>(
    floor: Floor,
    mut work: impl FnMut() -> quakebook::Result<T> + 'static,
    numbers: impl Fn(&T) -> Vec<f64> + 'static,
) -> Box<dyn Job> {
    timed_on(floor, || (), move |()| work(), numbers)
}

/// The same of `work` that uses up what `prepare` gives, which is not timed either.
pub fn timed_on<I: 'static, T: 'static>(
    floor: Floor,
    prepare: impl Fn() -> I + 'static,
    work: impl FnMut(I) -> quakebook::Result<T> + 'static,
    numbers: impl Fn(&T) -> Vec<f64> + 'static,
) -> Box<dyn Job> {
    Box::new(Timed {
        floor,
        prepare,
        work,
        numbers,
        last: None,
    })
}

impl<I, T, P, W, N> Job for Timed<T, P, W, N>
where
    P: Fn() -> I,
    W: FnMut(I) -> quakebook::Result<T>,
    N: Fn(&T) -> Vec<f64>,
{
    fn run(&mut self) -> Result<f64> {
        // The result before is not freed on our time.
        self.last = None;
        let input = (self.prepare)();
        let start = Instant::now();
        let result = (self.work)(input)?;
        let seconds = start.elapsed().as_secs_f64();
        self.last = Some(result);
        Ok(seconds)
    }

    fn numbers(&self) -> Vec<f64> {
        self.last.as_ref().map_or(Vec::new(), &self.numbers)
    }

    fn floor(&self) -> Floor {
        self.floor
    }
}

/// Numbers as f64.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}
