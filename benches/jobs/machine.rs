//! What the machine can do, in whose terms floors are told.

use std::hint::black_box;
use std::time::Instant;

use crate::Result;

/// Numbers of the copied field: 128 MB, several times any cache.
const N_COPIED: usize = 1 << 24;

/// Numbers that a loop multiplies and adds at once: more chains than the latency of an addition
/// hides, yet they fit the registers.
const N_CHAINS: usize = 80;
const N_STEPS: usize = 4_000_000;

/// Prints bytes a second and operations a second, of one thread and of two.
pub fn report() -> Result {
    for n_threads in [1, 2] {
        let (bytes, flop) = (
            on_threads(n_threads, copied),
            on_threads(n_threads, computed),
        );
        println!("{n_threads} {bytes:e} {flop:e}");
    }
    Ok(())
}

/// The sum of what each of `n` threads does a second, all at the same time.
fn on_threads(n: usize, rate: fn() -> f64) -> f64 {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n).map(|_| scope.spawn(rate)).collect();
        threads.into_iter().filter_map(|t| t.join().ok()).sum()
    })
}

/// Bytes a second, read and written, of the fastest of some copies.
fn copied() -> f64 {
    let source = vec![1.0_f64; N_COPIED];
    let mut target = vec![0.0_f64; N_COPIED];
    let seconds = (0..10).map(|_| {
        let start = Instant::now();
        target.copy_from_slice(black_box(&source));
        black_box(&target);
        start.elapsed().as_secs_f64()
    });
    16.0 * N_COPIED as f64 / seconds.fold(f64::INFINITY, f64::min)
}

/// Multiplications and additions a second, in f32.
fn computed() -> f64 {
    let seconds = (0..5).map(|_| {
        let start = Instant::now();
        black_box(chains(black_box(0.999), black_box(0.001)));
        start.elapsed().as_secs_f64()
    });
    (2 * N_CHAINS * N_STEPS) as f64 / seconds.fold(f64::INFINITY, f64::min)
}

fn chains(a: f32, b: f32) -> [f32; N_CHAINS] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has both features.
        return unsafe { chains_avx2(a, b) };
    }
    steps(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn chains_avx2(a: f32, b: f32) -> [f32; N_CHAINS] {
    steps(a, b)
}

/// Compiled once with and once without the features, hence inlined.
#[inline(always)]
fn steps(a: f32, b: f32) -> [f32; N_CHAINS] {
    let mut values = [1.0_f32; N_CHAINS];
    for _ in 0..N_STEPS {
        for value in &mut values {
            *value = value.mul_add(a, b);
        }
    }
    values
}
