//! A product that is made of many parts, which takes long: each part is kept as soon as it is made.

use std::time::{Duration, Instant};

use super::product::Table;
use super::{Product, Store, remove, reused};
use crate::error::Result;

impl Store {
    /// [`Store::table`] for rows that are made part by part, in the order of the keys, from what is prepared once.
    ///
    /// Who was interrupted goes on after the last part that was made. After each part a line says how many there are
    /// and how long the rest will take. It begins with a clock, by which a report knows that it is for the eyes alone.
    ///
    /// # Errors
    /// As [`Store::get_or_make`].
    pub fn parts<P, K, T>(
        &self,
        name: &str,
        keys: &[K],
        prepare: impl FnOnce() -> Result<P>,
        mut make: impl FnMut(&P, &K) -> Result<Vec<T>>,
    ) -> Result<Vec<T>>
    where
        Table<Vec<T>>: Product,
    {
        let folder = format!("{name}.parts");
        let all = self.table(name, || {
            let prepared = prepare()?;
            let mut pace = Pace::of(keys.len());
            let mut all = Vec::new();
            for (i, key) in keys.iter().enumerate() {
                let part = format!("{folder}/{i}");
                let path = self.path(&format!("{part}.toml"));
                let (is_kept, start) = (path.exists(), Instant::now());
                // The lines of the others tell of it.
                reused::remember(&path);
                all.extend(self.table(&part, || make(&prepared, key))?);
                pace.tell((!is_kept).then(|| start.elapsed()));
            }
            Ok(all)
        })?;
        remove(&self.path(&folder))?;
        Ok(all)
    }
}

/// How fast the parts of a long piece of work are made.
#[derive(Debug)]
pub(crate) struct Pace {
    what: &'static str,
    n: usize,
    n_done: usize,
    n_made: u32,
    time: Duration,
}

impl Pace {
    /// Of so many parts.
    pub fn of(n: usize) -> Self {
        Self::named("", n)
    }

    /// Of so many parts, whose lines begin with what they are.
    pub fn named(what: &'static str, n: usize) -> Self {
        Self {
            what,
            n,
            n_done: 0,
            n_made: 0,
            time: Duration::ZERO,
        }
    }

    /// Another part is done; `took` is `None` where it was kept from before. Prints a line for the eyes alone, but not
    /// of parts that take less than a second.
    pub fn tell(&mut self, took: Option<Duration>) {
        if let Some(line) = self.line(took) {
            println!("{line}");
        }
    }

    /// As [`Pace::tell`], of so many parts that were made at once.
    pub fn tell_of(&mut self, n: usize, took: Duration) {
        if let Some(line) = self.line_of(n, Some(took)) {
            println!("{line}");
        }
    }

    fn line(&mut self, took: Option<Duration>) -> Option<String> {
        self.line_of(1, took)
    }

    fn line_of(&mut self, n: usize, took: Option<Duration>) -> Option<String> {
        self.n_done += n;
        let took = took?;
        self.n_made += n as u32;
        self.time += took;
        let each_s = self.time.as_secs_f64() / f64::from(self.n_made);
        let left_s = each_s * self.n.saturating_sub(self.n_done) as f64;
        let (what, n_done, n) = (self.what, self.n_done, self.n);
        (took.as_secs() > 0).then(|| format!("» {what}{n_done} of {n}, about {left_s:.0} s left"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::fail;

    #[test]
    fn an_interrupted_product_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store {
            dir: folder.path().join("derived/x"),
        };
        let mut made = Vec::new();
        let mut ask = |fails_at: u32| {
            let prepare = || Ok(10);
            store.parts("numbers", &[1, 2, 3], prepare, |ten, key| {
                if *key == fails_at {
                    return Err(fail!(Study, "a", "b", "c"));
                }
                made.push(*key);
                Ok(vec![*key, ten * key])
            })
        };
        assert!(ask(3).is_err());
        // The second part is kept: it is not made again.
        assert_eq!(ask(2).unwrap(), [1, 10, 2, 20, 3, 30]);
        assert_eq!(ask(1).unwrap(), [1, 10, 2, 20, 3, 30]);
        assert_eq!(made, [1, 2, 3]);
        assert!(!store.path("numbers.parts").exists());
    }

    #[test]
    fn the_time_left_is_that_of_parts_that_were_made() {
        let mut pace = Pace::of(10);
        // Two were kept from an earlier call.
        assert_eq!([pace.line(None), pace.line(None)], [None, None]);
        pace.line(Some(Duration::from_secs(2)));
        let line = pace.line(Some(Duration::from_secs(4))).unwrap();
        assert_eq!(line, "» 4 of 10, about 18 s left");
        assert_eq!(pace.line(Some(Duration::from_millis(20))), None);
        let line = Pace::named("worlds: ", 6).line_of(4, Some(Duration::from_secs(8)));
        assert_eq!(line.unwrap(), "» worlds: 4 of 6, about 4 s left");
    }
}
