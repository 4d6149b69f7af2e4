//! Seconds of the processor.

/// Seconds of the processor that this process has had, of all its threads; `None` where the system does not tell.
#[cfg(unix)]
pub(super) fn processor_s() -> Option<f64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it writes to the value that it is lent.
    let told = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    (told == 0).then_some(time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64)
}

#[cfg(not(unix))]
pub(super) fn processor_s() -> Option<f64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn work_takes_seconds_of_the_processor() {
        let before_s = processor_s().unwrap();
        let began = std::time::Instant::now();
        let mut n = 0u64;
        while processor_s().unwrap() < before_s + 0.02 {
            n = std::hint::black_box(n + 1);
            assert!(began.elapsed().as_secs() < 60, "{n}");
        }
    }
}
