//! A step of the set-up. It says what it does, and is skipped if it was done.

use std::path::PathBuf;
use std::time::Instant;

use crate::Result;
use crate::command::write;

/// A step. It is done when its stamp holds today's inputs.
pub struct Step {
    pub about: &'static str,
    /// How much it downloads, how long it takes on two cores.
    pub cost: &'static str,
    /// Written after success, so a step that was cut off is taken up again.
    pub stamp: PathBuf,
    /// Versions, paths: whatever makes a new run necessary when it changes.
    pub inputs: String,
}

impl Step {
    pub fn is_done(&self) -> bool {
        std::fs::read_to_string(&self.stamp).is_ok_and(|done| done == self.inputs)
    }

    pub fn run(&self, work: impl FnOnce() -> Result) -> Result {
        if self.is_done() {
            println!("[done] {}", self.about);
            return Ok(());
        }
        println!("[....] {} ({})", self.about, self.cost);
        let start = Instant::now();
        // A stamp of other inputs must not outlive a product that is half replaced.
        let _ = std::fs::remove_file(&self.stamp);
        work()?;
        write(&self.stamp, &self.inputs)?;
        println!("       took {} s", start.elapsed().as_secs());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_step_runs_after_failure_and_for_other_inputs() {
        let scratch = Scratch::new("step");
        let step = |inputs: &str| Step {
            about: "test",
            cost: "nothing",
            stamp: scratch.path().join("stamp"),
            inputs: inputs.into(),
        };
        let mut runs = 0;
        assert!(step("1").run(|| Err("cut off".into())).is_err());
        for inputs in ["1", "1", "2", "2"] {
            let done = step(inputs).run(|| {
                runs += 1;
                Ok(())
            });
            done.unwrap();
        }
        assert!(step("3").run(|| Err("cut off".into())).is_err());
        assert!(!step("2").is_done(), "the product of 2 may be half gone");
        assert_eq!(runs, 2);
    }
}
