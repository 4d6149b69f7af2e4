//! Sums and extremes of many samples, in eight parts at once.
//!
//! A sum that is carried from sample to sample makes each addition wait for the one before it. Eight sums
//! of every eighth sample wait for nothing, and the processor takes several of them as one.

/// Whether the processor takes `a * b + c` as one step: with FMA on x86-64, always on AArch64.
#[inline]
pub(crate) fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    return has_avx2_and_fma();
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

/// Calls a loop, compiled for AVX2 and FMA where the processor has them.
///
/// ```text
/// dispatch!(fused add_tiles<const N: usize>(left: Left, right: &[[f32; N]]))
/// dispatch!(plain differences_as<const BIG: bool>(frames: &[u8]) -> usize)
/// ```
///
/// The loop must be `#[inline(always)]`. A fused one has `const FUSED: bool` as its first generic: whether it
/// may take `a * b + c` as one step. A closure handed to [`wide`] would be shorter, but the compiler need not
/// inline a closure: one that it leaves outside is compiled without the features, and then each fused step
/// is a call of a function.
macro_rules! dispatch {
    (fused $run:ident < $(const $g:ident : $gt:ty),* > ( $($arg:ident : $t:ty),* $(,)? ) $(-> $out:ty)?) => {
        if $crate::simd::fuses() {
            $crate::simd::dispatch!(@on [$run::<true, $($g),*>] < $(const $g : $gt),* > ( $($arg : $t),* ) $(-> $out)?)
        } else {
            $run::<false, $($g),*>($($arg),*)
        }
    };
    (plain $run:ident < $(const $g:ident : $gt:ty),* > ( $($arg:ident : $t:ty),* $(,)? ) $(-> $out:ty)?) => {
        if $crate::simd::fuses() {
            $crate::simd::dispatch!(@on [$run::<$($g),*>] < $(const $g : $gt),* > ( $($arg : $t),* ) $(-> $out)?)
        } else {
            $run::<$($g),*>($($arg),*)
        }
    };
    (@on [$($call:tt)*] < $(const $g:ident : $gt:ty),* > ( $($arg:ident : $t:ty),* ) $(-> $out:ty)?) => {{
        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
        fn on_processor<$(const $g: $gt),*>($($arg: $t),*) $(-> $out)? {
            $($call)*($($arg),*)
        }
        // SAFETY: `fuses` has said that an x86-64 processor has both features; others need none.
        #[allow(unused_unsafe, reason = "a function without features of its own is safe to call")]
        unsafe {
            on_processor::<$($g),*>($($arg),*)
        }
    }};
}
pub(crate) use dispatch;

/// Whether the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2_and_fma() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Does `work`, compiled for AVX2 and FMA where the processor has them.
///
/// Nothing is fused that is not fused elsewhere: the result does not depend on the processor.
#[inline(always)]
pub(crate) fn wide<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if has_avx2_and_fma() {
        #[target_feature(enable = "avx2,fma")]
        fn on_avx2<T>(work: impl FnOnce() -> T) -> T {
            work()
        }
        // SAFETY: the processor has both features.
        return unsafe { on_avx2(work) };
    }
    work()
}

/// `a * b + c`, in one step if `FUSE`.
#[inline(always)]
pub(crate) fn multiply_add<const FUSE: bool>(a: f64, b: f64, c: f64) -> f64 {
    // Where the processor has no such step, `mul_add` is a slow function.
    if FUSE { a.mul_add(b, c) } else { a * b + c }
}

/// Sum in f64; not finite where a sample is not.
pub(crate) fn sum(samples: &[f32]) -> f64 {
    wide(|| added(samples, f64::from))
}

/// Whether one of the samples is a gap, NaN or infinite: it shows in the sum.
pub(crate) fn has_gap(samples: &[f32]) -> bool {
    !sum(samples).is_finite()
}

/// Mean in f64; NaN of no samples, and not finite where a sample is not.
pub(crate) fn mean(samples: &[f32]) -> f64 {
    sum(samples) / samples.len() as f64
}

/// Sum of the squares of the deviations from `mean`.
pub(crate) fn squares_about(mean: f64, samples: &[f32]) -> f64 {
    wide(|| added(samples, |y| (f64::from(y) - mean) * (f64::from(y) - mean)))
}

/// Each sample less `mean`, in place.
pub(crate) fn subtract(mean: f64, samples: &mut [f32]) {
    wide(|| {
        for y in samples {
            *y = (f64::from(*y) - mean) as f32;
        }
    });
}

#[inline(always)]
fn added(samples: &[f32], of: impl Fn(f32) -> f64) -> f64 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut parts = [0.0; 8];
    for eight in eights {
        for (part, y) in parts.iter_mut().zip(eight) {
            *part += of(*y);
        }
    }
    parts.iter().sum::<f64>() + rest.iter().map(|y| of(*y)).sum::<f64>()
}

/// How far each sample lies from `origin`, in units of `unit`, in place.
pub(crate) fn scale(origin: f64, unit: f64, samples: &mut [f32]) {
    wide(|| {
        for y in samples {
            *y = ((f64::from(*y) - origin) / unit) as f32;
        }
    });
}

/// The inverse hyperbolic sine of how far each sample lies from `origin` in units of `unit`, in place; 0 where that is not
/// finite.
///
/// The C library's function takes one number at a time, and other bits on other systems.
pub(crate) fn asinh(origin: f32, unit: f32, samples: &mut [f32]) {
    wide(|| {
        for y in samples {
            let x = (*y - origin) / unit;
            *y = if x.is_finite() { asinh_of(x) } else { 0.0 };
        }
    });
}

/// To within 3e-7 of itself: asinh(x) = ln(1 + z) with z = x + x^2 / (1 + sqrt(x^2 + 1)).
#[inline(always)]
fn asinh_of(x: f32) -> f32 {
    // Above this its square is beyond an `f32`.
    let size = x.abs().min(1e18);
    let z = size + size * size / (1.0 + (size * size + 1.0).sqrt());
    let u = 1.0 + z;
    // What the sum has rounded away.
    let rest = (z - (u - 1.0)) / u;
    (ln(u) + rest).copysign(x)
}

/// The natural logarithm of a number from 1 on, after `logf` of Moshier's Cephes library (netlib.org/cephes): the mantissa,
/// between the square roots of 1/2 and 2, by a polynomial.
#[inline(always)]
fn ln(u: f32) -> f32 {
    const POWERS: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let bits = u.to_bits();
    let mantissa = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    let is_high = mantissa > std::f32::consts::SQRT_2;
    let x = if is_high { 0.5 * mantissa } else { mantissa } - 1.0;
    let exponent = ((bits >> 23) as i32 - 127 + i32::from(is_high)) as f32;
    let powers = POWERS.iter().fold(0.0, |sum, power| sum * x + power);
    let square = x * x;
    let y = powers * x * square + exponent * LN_2[1] - 0.5 * square;
    x + y + exponent * LN_2[0]
}

/// The smallest and the largest sample; `(INFINITY, NEG_INFINITY)` for an empty slice.
///
/// NaN is passed over.
pub(crate) fn extremes(samples: &[f32]) -> (f32, f32) {
    // `min` and `max` of f32 would ask about NaN twice.
    let (smaller, larger) = (
        |a: f32, b: f32| if b < a { b } else { a },
        |a: f32, b: f32| if b > a { b } else { a },
    );
    let (eights, rest) = samples.as_chunks::<8>();
    let (mut low, mut high) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8]);
    for eight in eights {
        for i in 0..8 {
            low[i] = smaller(low[i], eight[i]);
            high[i] = larger(high[i], eight[i]);
        }
    }
    (
        low.iter().chain(rest).copied().fold(f32::INFINITY, smaller),
        high.iter()
            .chain(rest)
            .copied()
            .fold(f32::NEG_INFINITY, larger),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_samples() {
        for n in [0, 1, 7, 8, 9, 100] {
            let samples: Vec<f32> = (0..n).map(|i| ((i * 7) % 31) as f32 - 9.0).collect();
            let wide = || samples.iter().copied().map(f64::from);
            assert_eq!(sum(&samples), wide().sum::<f64>());
            let squares: f64 = wide().map(|y| (y - 2.0) * (y - 2.0)).sum();
            assert_eq!(squares_about(2.0, &samples), squares);
            let low = samples.iter().copied().fold(f32::INFINITY, f32::min);
            let high = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(extremes(&samples), (low, high));
        }
    }

    #[test]
    fn the_inverse_hyperbolic_sine_is_the_c_librarys() {
        let sizes = (-300..300).map(|i| 10f32.powf(i as f32 / 30.0));
        let signed = sizes.flat_map(|x| [x, -x]);
        for x in signed.chain([0.0, -0.0, 1e-38, 3e18, f32::MAX]) {
            let mut samples = [3.0 + 0.5 * x; 1];
            asinh(3.0, 0.5, &mut samples);
            let wanted = f64::from((3.0 + 0.5 * x - 3.0) / 0.5).asinh();
            let found = f64::from(samples[0]);
            let most = f64::from(1e18_f32).asinh();
            match wanted.abs() > most {
                true => assert!((found.abs() - most).abs() < 1e-4, "{x}"),
                false => assert!(
                    (found - wanted).abs() <= 3e-7 * wanted.abs(),
                    "{x}: {found}"
                ),
            }
        }
        let mut odd = [f32::NAN, f32::INFINITY, 1.0];
        asinh(1.0, 1.0, &mut odd);
        assert_eq!(odd, [0.0; 3]);
    }

    #[test]
    fn what_is_not_finite_shows_in_the_sum_and_nan_is_no_extreme() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..19 {
                let mut samples = [1.0_f32; 19];
                samples[at] = odd;
                assert!(!sum(&samples).is_finite());
                assert!(has_gap(&samples));
            }
        }
        assert!(!sum(&[f32::INFINITY, f32::NEG_INFINITY]).is_finite());
        assert_eq!(extremes(&[1.0, f32::NAN, 3.0]), (1.0, 3.0));
    }
}
