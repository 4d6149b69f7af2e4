//! Weights: their first values, files and hashes.

use std::fmt::Display;
use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;
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

/// Writes tensors as safetensors.
pub(crate) fn write_tensors(tensors: &[(String, Tensor)], path: &Path) -> Result<()> {
    Tensor::write_safetensors(tensors, path).map_err(|error| {
        fail!(
            Network,
            path.display(),
            error,
            "Check that the folder exists and has space"
        )
    })
}

/// Reads tensors from safetensors: a regular file of at most `max_bytes`.
pub(crate) fn read_tensors(path: &Path, max_bytes: u64) -> Result<NamedTensors> {
    let about = std::fs::metadata(path).map_err(Error::io(path))?;
    let refused = |what: String| {
        fail!(
            Network,
            path.display(),
            what,
            "Train again into another folder"
        )
    };
    if !about.is_file() {
        return Err(refused("expected a regular file".into()));
    }
    if about.len() > max_bytes {
        let found = about.len();
        return Err(refused(format!(
            "expected at most {max_bytes} bytes, found {found}"
        )));
    }
    Tensor::read_safetensors(path).map_err(|error| refused(error.to_string()))
}

/// The most bytes that `n_copies` of a network's weights take as safetensors.
pub(crate) fn max_bytes(network: &dyn Network, n_copies: u64) -> u64 {
    let variables = network.store().variables();
    let n_values: usize = variables.values().map(Tensor::numel).sum();
    // The header has a line for each tensor.
    let n_header = 1024 * (variables.len() as u64 + 16);
    n_copies * (8 * n_values as u64 + n_header)
}

/// Writes the weights as safetensors.
///
/// # Errors
/// [`Error::Network`] where the file cannot be written.
pub fn write_weights(network: &dyn Network, path: &Path) -> Result<()> {
    write_tensors(&named_weights(network), path)
}

/// Reads weights that [`write_weights`] wrote into a network of the same kind and size.
///
/// The weights of a run folder are read by [`crate::train::Run::load`], which checks their SHA-256 too.
///
/// # Errors
/// [`Error::Io`] where the file is absent; [`Error::Network`] where it is too large, is not of
/// safetensors, has other names, shapes or kinds of numbers, or a number that is not finite. The network
/// is then as it was.
pub fn read_weights(network: &mut dyn Network, path: &Path) -> Result<()> {
    let read = read_tensors(path, max_bytes(network, 1))?;
    set_weights(network, &read).map_err(|what| other_network(&path.display(), &what))
}

/// Reads weights as [`read_weights`] does, from the bytes of such a file; `place` is what errors call them.
///
/// # Errors
/// [`Error::Network`] as there.
pub fn read_weights_of(network: &mut dyn Network, bytes: &[u8], place: &str) -> Result<()> {
    let wrong = |what: String| fail!(Network, place, what, "Take the file as it was written");
    let file = SafeTensors::deserialize(bytes).map_err(|error| wrong(error.to_string()))?;
    let tensor = |(name, view)| {
        let tensor = Tensor::try_from(view);
        let tensor = tensor.map_err(|error: tch::TchError| wrong(error.to_string()))?;
        Ok((name, tensor))
    };
    let read: Result<NamedTensors> = file.tensors().into_iter().map(tensor).collect();
    set_weights(network, &read?).map_err(|what| other_network(&place, &what))
}

fn other_network(place: &dyn Display, what: &str) -> Error {
    fail!(
        Network,
        place,
        what,
        "Make the network as it was made for the training, or train again"
    )
}

/// Copies `weights` into the network, if each tensor is one of the network's and finite.
pub(crate) fn set_weights(
    network: &dyn Network,
    weights: &[(String, Tensor)],
) -> std::result::Result<(), String> {
    let mut variables = network.store().variables();
    if variables.len() != weights.len() {
        return Err(format!(
            "expected {} tensors, found {}",
            variables.len(),
            weights.len()
        ));
    }
    for (name, tensor) in weights {
        let Some(variable) = variables.get(name) else {
            return Err(format!("{name} is no weight of a {}", network.name()));
        };
        let about = |tensor: &Tensor| (tensor.size(), tensor.kind());
        let (wanted, found) = (about(variable), about(tensor));
        if wanted != found {
            return Err(format!(
                "{name}: expected shape {:?} of {:?}, found {:?} of {:?}",
                wanted.0, wanted.1, found.0, found.1
            ));
        }
        if let Some(value) = values(tensor).into_iter().find(|v| !v.is_finite()) {
            return Err(format!("{name}: expected finite numbers, found {value}"));
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
