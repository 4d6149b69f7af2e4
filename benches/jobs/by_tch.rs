//! The same network written with tch itself, as a user of libtorch would write it in Rust.

use std::path::{Path, PathBuf};
use std::time::Instant;

use quakebook::network::tensors;
use tch::nn::{self, ModuleT, OptimizerConfig};
use tch::{Device, Kind, Tensor};

use crate::Result;
use crate::floor::Floor;
use crate::inputs::{N_CLASSES, N_SAMPLES, N_TRAIN};
use crate::job::{Job, timed, wide};
use crate::network::{FORWARD_FLOP, split};
use crate::waveforms::record;

pub fn job(name: &str, folder: &Path) -> Result<Box<dyn Job>> {
    match name {
        "train-tch" => Ok(Box::new(Training::new(folder)?)),
        _ => scanned(folder, 1000),
    }
}

/// Eight convolutions and a dense layer, with the folder's weights.
fn layers(folder: &Path) -> Result<(nn::VarStore, nn::SequentialT)> {
    let store = nn::VarStore::new(Device::Cpu);
    let halve = nn::ConvConfig {
        stride: 2,
        padding: 1,
        ..Default::default()
    };
    let mut layers = nn::seq_t();
    for number in 1..=8 {
        let n_in = if number == 1 { 3 } else { 32 };
        let path = store.root() / format!("conv{number}");
        layers = layers
            .add(nn::conv1d(path, n_in, 32, 3, halve))
            .add_fn(Tensor::relu);
    }
    let path = store.root() / "dense";
    let layers = layers.add_fn(|x| x.flatten(1, -1)).add(nn::linear(
        path,
        32 * 4,
        N_CLASSES as i64,
        Default::default(),
    ));
    tch::no_grad(|| store.read_safetensors(folder.join("weights.safetensors")))?;
    Ok((store, layers))
}

/// An epoch of Adam from the folder's weights.
struct Training {
    folder: PathBuf,
    windows: Tensor,
    classes: Tensor,
    order: Tensor,
    loss: f64,
}

impl Training {
    fn new(folder: &Path) -> Result<Self> {
        let (windows, classes) = tensors(&split(folder, N_TRAIN)?.train);
        let bytes = std::fs::read(folder.join("order.u32"))?;
        let words = bytes.as_chunks::<4>().0.iter();
        let order: Vec<i64> = words.map(|word| u32::from_le_bytes(*word).into()).collect();
        Ok(Self {
            folder: folder.to_path_buf(),
            windows,
            classes,
            order: Tensor::from_slice(&order),
            loss: f64::NAN,
        })
    }
}

impl Job for Training {
    fn run(&mut self) -> Result<f64> {
        let (store, layers) = layers(&self.folder)?;
        let start = Instant::now();
        let mut adam = nn::Adam::default().build(&store, 1e-3)?;
        let mut sum = 0.0;
        for batch in self.order.split(128, 0) {
            let windows = self.windows.index_select(0, &batch);
            let classes = self.classes.index_select(0, &batch);
            let logits = layers.forward_t(&windows, true);
            let loss = logits.cross_entropy_for_logits(&classes);
            adam.backward_step(&loss);
            sum += loss.double_value(&[]) * batch.numel() as f64;
        }
        self.loss = sum / self.order.numel() as f64;
        Ok(start.elapsed().as_secs_f64())
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.loss]
    }

    fn floor(&self) -> Floor {
        Floor::Flop(3.0 * FORWARD_FLOP * N_TRAIN as f64)
    }
}

/// Windows that are scaled one by one, every `hop` samples.
fn scanned(folder: &Path, hop: i64) -> Result<Box<dyn Job>> {
    let (_store, layers) = layers(folder)?;
    let record = record(folder)?;
    let floor = Floor::Flop(FORWARD_FLOP * (record.n_samples() / N_SAMPLES) as f64);
    let rows = record.data.iter().map(|row| Tensor::from_slice(row));
    let record = Tensor::stack(&rows.collect::<Vec<_>>(), 0);
    let probabilities = move |record: &Tensor, n_at_once: i64| {
        let _no_grad = tch::no_grad_guard();
        let windows = record.unfold(1, N_SAMPLES as i64, hop);
        let some = windows.split(n_at_once, 1).into_iter();
        let rows = some.map(|some| {
            let logits = layers.forward_t(&scaled(&some.transpose(0, 1)), false);
            logits.softmax(1, Kind::Float)
        });
        Tensor::cat(&rows.collect::<Vec<_>>(), 0).flatten(0, -1)
    };
    let few = record.narrow(1, 0, N_SAMPLES as i64 + 2047 * hop);
    let nanoseconds = |n_at_once: i64| {
        let times = (0..4).map(|_| {
            let start = Instant::now();
            let _ = probabilities(&few, n_at_once);
            start.elapsed().as_nanos()
        });
        times.min()
    };
    let sizes = [32, 64, 128, 256].into_iter();
    let best = sizes.min_by_key(|&size| nanoseconds(size)).unwrap_or(128);
    Ok(timed(
        floor,
        move || Ok(probabilities(&record, best)),
        |rows| wide(&Vec::<f32>::try_from(rows).expect("a row of numbers")),
    ))
}

fn scaled(windows: &Tensor) -> Tensor {
    let mean = windows.mean_dim([2].as_slice(), true, Kind::Float);
    let centred = windows - mean;
    let square = centred.square();
    let deviation = square.mean_dim([1, 2].as_slice(), true, Kind::Float).sqrt();
    centred / deviation
}
