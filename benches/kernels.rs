//! The inner loops, one by one: `cargo bench --profile dev --bench kernels`.
//!
//! Inputs are made here, so that nothing else is needed; the jobs as a whole, beside other libraries,
//! are what `cargo xtask bench` times.

use std::f32::consts::TAU;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use quakebook::detect::fast::{FastParams, MinHash, SpectralImages, Standard};
use quakebook::detect::{classic_sta_lta, correlate, recursive_sta_lta};
use quakebook::network::{ConvNet, Network};
use quakebook::time;
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::{Nslc, Samples, Segment, Trace, mseed};
use quakebook::window::{Normalisation, normalise};

/// Half an hour at 100 Hz.
const N: usize = 180_000;

/// One component of a network's window.
const N_WINDOW: usize = 1000;

fn main() {
    divan::main();
}

/// Two sines and something like noise, about 1000 counts.
fn motion(n: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as f32 / 65_536.0 - 0.5
    };
    let at = |i: usize| TAU * i as f32 / 100.0;
    (0..n)
        .map(|i| 700.0 * at(i).sin() + 300.0 * (7.3 * at(i)).sin() + 200.0 * noise())
        .collect()
}

fn items(n: usize) -> ItemsCount {
    ItemsCount::new(n)
}

#[divan::bench(args = [512, 4096])]
fn decode(bencher: Bencher, record_bytes: usize) {
    let trace = Trace {
        id: Nslc::new("XX", "A", "", "HHZ").unwrap(),
        sampling_rate_hz: 100.0,
        segments: vec![Segment {
            start: time::parse("2014-02-16").expect("a constant time"),
            samples: Samples::Int32(motion(N).iter().map(|y| *y as i32).collect()),
        }],
    };
    let bytes = mseed::write_records(&[trace], record_bytes).expect("the trace can be written");
    bencher
        .counter(items(N))
        .counter(BytesCount::of_slice(&bytes))
        .bench(|| mseed::read(black_box(&bytes), "bench"));
}

#[divan::bench]
fn sta_lta_classic(bencher: Bencher) {
    let samples = motion(N);
    bencher
        .counter(items(N))
        .bench(|| classic_sta_lta(black_box(&samples), 100, 1000));
}

#[divan::bench]
fn sta_lta_recursive(bencher: Bencher) {
    let samples = motion(N);
    bencher
        .counter(items(N))
        .bench(|| recursive_sta_lta(black_box(&samples), 100, 1000));
}

/// Orders 2 and 4 are two and four sections.
#[divan::bench(args = [2, 4])]
fn band_pass(bencher: Bencher, order: usize) {
    let samples = motion(N);
    let filter = Filter::bandpass(order, 1.0, 12.0, 100.0).expect("corners in order");
    bencher
        .counter(items(N))
        .bench(|| filter.apply(black_box(&samples), Pass::Causal));
}

#[divan::bench]
fn correlation(bencher: Bencher) {
    let samples = motion(N);
    let template = &samples[50_000..50_000 + N_WINDOW];
    bencher
        .counter(items(N))
        .bench(|| correlate(black_box(&samples), black_box(template)));
}

#[divan::bench(args = [Normalisation::Std, Normalisation::MinMaxPerComponent])]
fn normalised(bencher: Bencher, normalisation: Normalisation) {
    let window = motion(3 * N_WINDOW);
    bencher
        .counter(items(3 * N_WINDOW))
        .bench(|| normalise(black_box(&window), normalisation));
}

/// A forward pass of some windows.
#[divan::bench(args = [1, 16, 256])]
fn logits(bencher: Bencher, n_windows: usize) {
    let (network, windows) = (
        ConvNet::new(N_WINDOW, 4, 1),
        motion(n_windows * 3 * N_WINDOW),
    );
    bencher
        .counter(items(n_windows))
        .bench_local(|| network.logits(black_box(&windows)));
}

/// Forward and back, for a batch.
#[divan::bench(args = [16, 128])]
fn gradient(bencher: Bencher, n_windows: usize) {
    let (network, windows) = (
        ConvNet::new(N_WINDOW, 4, 1),
        motion(n_windows * 3 * N_WINDOW),
    );
    let classes: Vec<usize> = (0..n_windows).map(|i| i % 4).collect();
    bencher
        .counter(items(n_windows))
        .bench_local(|| network.gradient(black_box(&windows), &classes));
}

/// Images, their Haar transforms, fingerprints and hash values.
#[divan::bench]
fn fingerprints(bencher: Bencher) {
    let params = FastParams::default();
    let samples = motion(10_000);
    let whole = 0..samples.len();
    let images =
        SpectralImages::new(&params, std::slice::from_ref(&whole)).expect("samples enough");
    let standard = Standard::of(&images, &samples);
    let n_bits = 2 * params.n_frequencies * params.n_times;
    let hashes = MinHash::new(n_bits, params.n_hashes * params.n_tables, params.seed);
    bencher.counter(items(images.n_images())).bench(|| {
        images.for_each(black_box(&samples), |image| {
            black_box(hashes.signature(&standard.fingerprint(image, params.n_top)));
        });
    });
}
