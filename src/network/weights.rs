//! Weights: their first values, files and hashes.

use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, nn};

use super::Network;
use crate::error::{Error, Result, fail};
use crate::hash::Hash;

/// Tensors by name, as safetensors holds them.
pub(crate) type NamedTensors = Vec<(String, Tensor)>;

/// A trainable tensor of numbers from `-bound` to `bound`, which `rng` alone decides: libtorch's own
/// generator is shared by the whole process.
pub(super) fn uniform(
    path: &nn::Path,
    name: &str,
    shape: &[usize],
    bound: f64,
    rng: &mut ChaCha8Rng,
) -> Tensor {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n)
        .map(|_| rng.random_range(-bound..bound) as f32)
        .collect();
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    let values = Tensor::from_slice(&values).view(shape.as_slice());
    path.add(name, values.to(path.device()), true)
}

/// A trainable tensor of `n` zeros.
pub(super) fn zeros(path: &nn::Path, name: &str, n: usize) -> Tensor {
    let zeros = Tensor::zeros([n as i64], (Kind::Float, path.device()));
    path.add(name, zeros, true)
}

/// All weights, by name in alphabetical order: copies, on the processor.
pub(crate) fn named_weights(network: &dyn Network) -> NamedTensors {
    let mut weights: NamedTensors = network
        .store()
        .variables()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.detach().copy().to(Device::Cpu)))
        .collect();
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    weights
}

/// The weights that training changes, in alphabetical order.
pub(crate) fn trainable(store: &nn::VarStore) -> NamedTensors {
    let mut weights: NamedTensors = store
        .variables()
        .into_iter()
        .filter(|(_, tensor)| tensor.requires_grad())
        .collect();
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    weights
}

/// The values of [`trainable`] weights, one after the other.
pub(crate) fn flat_weights(network: &dyn Network) -> Vec<f32> {
    let weights = trainable(network.store()).into_iter();
    weights.flat_map(|(_, tensor)| values(&tensor)).collect()
}

/// All values of a tensor of 4-byte numbers, row by row.
pub(super) fn values(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor.to(Device::Cpu);
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}

/// Puts values in the order of [`flat_weights`] into the network.
pub(crate) fn set_flat_weights(network: &dyn Network, values: &[f32]) {
    let mut rest = values;
    tch::no_grad(|| {
        for (_, mut weight) in trainable(network.store()) {
            let (values, others) = rest.split_at(weight.numel());
            weight.copy_(&Tensor::from_slice(values).view(weight.size().as_slice()));
            rest = others;
        }
    });
}

/// Writes the weights as safetensors.
///
/// # Errors
/// [`Error::Network`] where the file cannot be written.
pub fn write_weights(network: &dyn Network, path: &Path) -> Result<()> {
    Tensor::write_safetensors(&named_weights(network), path).map_err(|error| {
        fail!(
            Network,
            path.display(),
            error,
            "Check that the folder exists and has space"
        )
    })
}

/// Reads weights that [`write_weights`] wrote into a network of the same kind and size.
///
/// # Errors
/// [`Error::Io`] where the file is absent; [`Error::Network`] where it is not of safetensors, or
/// has other names or shapes: the network is then as it was.
pub fn read_weights(network: &mut dyn Network, path: &Path) -> Result<()> {
    std::fs::metadata(path).map_err(Error::io(path))?;
    let read = Tensor::read_safetensors(path).map_err(|error| {
        fail!(
            Network,
            path.display(),
            error,
            "Delete the run folder and train again"
        )
    })?;
    set_weights(network, &read).map_err(|what| {
        fail!(
            Network,
            path.display(),
            what,
            "Make the network with the sizes with which it was trained"
        )
    })
}

/// Copies `weights` into the network, if each name and shape is there.
pub(crate) fn set_weights(
    network: &dyn Network,
    weights: &[(String, Tensor)],
) -> std::result::Result<(), String> {
    let mut variables = network.store().variables();
    if variables.len() != weights.len() {
        return Err(format!(
            "{} tensors, expected {}",
            weights.len(),
            variables.len()
        ));
    }
    for (name, tensor) in weights {
        match variables.get(name) {
            Some(variable) if variable.size() == tensor.size() => {}
            Some(variable) => {
                return Err(format!(
                    "{name} has shape {:?}, expected {:?}",
                    tensor.size(),
                    variable.size()
                ));
            }
            None => return Err(format!("{name} is no weight of a {}", network.name())),
        }
    }
    tch::no_grad(|| {
        for (name, tensor) in weights {
            if let Some(variable) = variables.get_mut(name) {
                variable.copy_(tensor);
            }
        }
    });
    Ok(())
}

/// SHA-256 of all weights (names and values), in hexadecimal.
pub fn weights_sha256(network: &dyn Network) -> String {
    let mut hash = Hash::default();
    for (name, tensor) in named_weights(network) {
        hash.update(name.as_bytes());
        for value in values(&tensor) {
            hash.update(value.to_le_bytes());
        }
    }
    hash.digits()
}
