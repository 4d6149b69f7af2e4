//! What the work on a shard spends its time on.

use std::path::Path;

use chrono::TimeDelta;
use quakebook::network::Classify;
use quakebook::plan::{Plan, Tally, Worked, Worker};
use quakebook::waveform::{Archive, WaveformSource, harmonise};
use quakebook::window::normalise;

use crate::Result;

/// Windows that are classified at once.
const N_AT_ONCE: usize = 128;

/// Works on the first shard of a plan, then does its steps one by one, an hour of record at a time. Prints for each step seconds
/// of a station-day, and its name; the last line is the whole work.
///
/// All are seconds of the processor.
pub fn split(plan: &Path) -> Result {
    let plan = Plan::open(plan)?;
    let shard = plan.shard(0)?;
    let mut worker = Worker::new(&plan, None)?;
    let before_s = processor_s();
    let Worked::Done(manifest) = worker.work(&shard, &|| false)? else {
        return Err("the shard was done before: give a new plan".into());
    };
    let work_s = processor_s() - before_s;

    let detector = plan.detector()?;
    let archive = Archive::open_for(plan.archive(), &shard.station)?;
    let before_s = processor_s();
    detector.scan(&archive, &shard.span)?;
    let scan_s = processor_s() - before_s;

    let [mut read_s, mut filter_s, mut scale_s, mut network_s] = [0.0; 4];
    let archive = Archive::open_for(plan.archive(), &shard.station)?;
    let (n, hop) = (
        detector.network.n_samples(),
        detector.scan_params().hop_samples,
    );
    let normalisation = detector.scan_params().normalisation;
    let (mut start, mut n_windows) = (shard.span.start, 0);
    // A rest shorter than a window is left.
    while start + TimeDelta::minutes(1) < shard.span.end {
        let end = start + TimeDelta::hours(1);
        let record = timed(&mut read_s, || archive.between(start, end))?;
        let made = timed(&mut filter_s, || harmonise(&record))?.record;
        let firsts: Vec<usize> = (0..=made.n_samples() - n).step_by(hop).collect();
        n_windows += firsts.len();
        for firsts in firsts.chunks(N_AT_ONCE) {
            let cut = |first: &usize| {
                made.data
                    .each_ref()
                    .map(|row| &row[*first..first + n])
                    .concat()
            };
            let scaled = |first| normalise(&cut(first), normalisation);
            let windows: Vec<_> = timed(&mut scale_s, || {
                firsts.iter().map(scaled).collect::<quakebook::Result<_>>()
            })?;
            let windows = windows.concat();
            timed(&mut network_s, || detector.network.probabilities(&windows))?;
        }
        start = end;
    }
    // An hour alone has no windows across its end.
    let Tally::Detections {
        n_windows: n_all, ..
    } = manifest.tally
    else {
        return Err("a plan of picks: give one of detections".into());
    };
    let of_all = n_all as f64 / n_windows as f64;
    let steps = [
        ("reading and decoding", read_s),
        ("filtering", filter_s),
        ("scaling windows", scale_s * of_all),
        ("network", network_s * of_all),
        ("writing, and hashes of the files", work_s - scan_s),
    ];
    let rest_s = work_s - steps.iter().map(|step| step.1).sum::<f64>();
    let rest = ("the rest: quality, features, merging", rest_s);
    for (name, seconds) in steps.into_iter().chain([rest, ("all", work_s)]) {
        println!("{} {name}", seconds / manifest.n_days as f64);
    }
    Ok(())
}

/// Adds what the work takes.
fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let before_s = processor_s();
    let result = work();
    *seconds += processor_s() - before_s;
    result
}

/// Seconds of the processor that this process has had.
fn processor_s() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it writes to the value that it is lent.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
