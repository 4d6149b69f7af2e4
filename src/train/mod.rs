//! The training loop: batches, early stopping, and a run folder from which it picks up again.
//!
//! [`train()`] takes a [`Train`], which learns, and a [`Validation`], which decides when to stop; it
//! cannot be given a test. The weights of the best epoch remain in the network.
//!
//! With a run folder each epoch is saved before the next begins. An interrupted run continues where it
//! stopped and ends with the same bits as an uninterrupted one. A finished run is read. A run of another
//! configuration, backend or data is an error. The folder holds:
//!
//! | File | What it is |
//! |---|---|
//! | `.lock` | held while a process trains here; another one waits |
//! | `config.json` | network, backend, parameters, SHA-256 of the data and of the first weights |
//! | `log.csv` | a line an epoch: losses, accuracy, seconds, length of the gradient |
//! | `checkpoint-N.safetensors` | everything that epoch N + 1 needs; gone when the run is finished |
//! | `weights.safetensors` | the best weights |
//! | `run.json` | best epoch, why it stopped, SHA-256 of the weights; written last |
//!
//! Weights and the optimiser's state are where the network's [`crate::network::Backend`] computes: plain
//! vectors on the processor, tensors on libtorch's device. They are copied to the network's store once an
//! epoch, to be saved, not at each step.
//!
//! Loss is the mean cross-entropy. The order of windows in an epoch depends on seed and epoch alone. A
//! rerun on the same machine with the backend `cpu` gives the same bits, on any number of threads. Other
//! processors, and libtorch, add in another order.

mod adam;
mod batches;
mod descent;
mod folder;
mod params;
mod run;
mod scg;
mod start;
mod training;

use std::path::Path;

pub(crate) use batches::loss_and_accuracy;
pub use folder::check_folder;
pub(crate) use folder::has_begun;
pub use params::{Optimiser, TrainParams};
pub use run::{Epoch, Run, Stop};

use crate::dataset::{Train, Validation};
use crate::error::Result;
use crate::network::Network;

use start::Begun;

/// Trains `network` until validation stops it, or `params.max_epochs`, printing a line an epoch.
///
/// # Errors
/// [`crate::Error::Train`] where a parameter is out of range, the windows do not fit the network, a
/// loss is not finite, or `run_dir` holds another run; [`crate::Error::Io`] where it cannot be used.
///
/// ```no_run
/// # fn cell(split: &quakebook::dataset::Split) -> quakebook::Result<()> {
/// use quakebook::network::ConvNet;
/// use quakebook::study::Study;
/// use quakebook::train::{TrainParams, train};
/// let study = Study::oklahoma();
/// let mut network = ConvNet::new(1000, 4, study.seed);
/// let params = TrainParams::adam(&study.train, study.seed);
/// let dir = std::path::Path::new("runs/convnet");
/// let run = train(&mut network, &split.train, &split.validation, &params, Some(dir))?;
/// println!("best epoch {}: {:.1} %", run.best().epoch, 100.0 * run.best().validation_accuracy);
/// # Ok(())
/// # }
/// ```
pub fn train(
    network: &mut dyn Network,
    train: &Train,
    validation: &Validation,
    params: &TrainParams,
    run_dir: Option<&Path>,
) -> Result<Run> {
    let mut training = match start::begin(network, train, validation, params, run_dir)? {
        Begun::Finished(run) => return Ok(*run),
        Begun::Open(training) => training,
    };
    while training.stop().is_none() {
        training.epoch()?;
        training.report();
    }
    training.finish()
}
