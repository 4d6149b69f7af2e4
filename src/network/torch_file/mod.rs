//! Weights that PyTorch has saved, read as data.
//!
//! `torch.save(model.state_dict(), path)` writes a zip archive: a pickle that names the tensors, and an entry of
//! numbers for each. A pickle is a program, and loading one in Python runs it. Here nothing of it is run: see
//! `pickle`. The format is that of `torch/serialization.py` and `caffe2/serialize/inline_container.h` (PyTorch 1.6
//! to 2.13).
//!
//! candle's reader would bring a second library of tensors, `repugnant-pickle` calls itself a low effort, and
//! `serde-pickle` knows neither the archive nor the persistent names that stand for storages in it.

mod archive;
mod pickle;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use crate::error::{Result, fail};
use archive::Archive;
use value::{Kind, View};

/// Numbers in all tensors together: a network of 64 million, 256 MB.
const MAX_VALUES: usize = 64 << 20;

/// The pickle of a state dict: a hundred bytes a tensor.
const MAX_PICKLE_BYTES: usize = 16 << 20;

/// Tensors that PyTorch has saved, by name.
pub(crate) type StateDict = BTreeMap<String, SavedTensor>;

/// A tensor in row-major order, whatever strides it was saved with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedTensor {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// Its numbers: 32 bits for floats of 16 to 64 bits, 64 for whole numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// The tensors in the bytes of a file of `torch.save(model.state_dict(), path)`; `place` is what errors call it.
///
/// # Errors
/// [`crate::Error::Network`] where it is no such file, is damaged, holds anything else than tensors of numbers, or would
/// take more memory than a network does.
pub(crate) fn state_dict_of(bytes: &[u8], place: &str) -> Result<StateDict> {
    state_dict(bytes).map_err(|what| {
        let remedy = "Give the weights as they were published, or save them with torch.save(model.state_dict(), path)";
        fail!(Network, place, what, remedy)
    })
}

fn state_dict(bytes: &[u8]) -> std::result::Result<StateDict, String> {
    if !bytes.starts_with(b"PK") {
        return Err(match bytes.first() {
            Some(0x80) => {
                "a file of PyTorch before 1.6, which is no zip archive: load it in PyTorch and save it again"
            }
            _ => "no zip archive, as PyTorch writes",
        }
        .into());
    }
    let archive = Archive::read(bytes)?;
    let mut pickles = archive.names().filter(|name| name.ends_with("/data.pkl"));
    let (Some(pickle), None) = (pickles.next(), pickles.next()) else {
        return Err("not one entry data.pkl, as PyTorch writes".into());
    };
    let root = pickle.trim_end_matches("data.pkl");
    let order = format!("{root}byteorder");
    if archive.names().any(|name| name == order) && archive.entry(&order)? != b"little" {
        return Err("numbers of another byte order than little-endian".into());
    }
    let pickle = archive.entry(pickle)?;
    if pickle.len() > MAX_PICKLE_BYTES {
        return Err(format!("a pickle of {} bytes", pickle.len()));
    }
    let (mut dict, mut n_values) = (StateDict::new(), 0_usize);
    for (name, view) in pickle::tensors(pickle)? {
        let about = |what: String| format!("{name}: {what}");
        n_values = n_values.saturating_add(n_of(&view.shape));
        if n_values > MAX_VALUES {
            return Err(about(format!("more than {MAX_VALUES} numbers in all")));
        }
        let data = archive.entry(&format!("{root}data/{}", view.storage.key))?;
        let tensor = tensor(&view, data).map_err(about)?;
        if dict.insert(name.clone(), tensor).is_some() {
            return Err(format!("{name:?} stands in it twice"));
        }
    }
    Ok(dict)
}

/// Saturating, so that no product of sizes wraps round.
fn n_of(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, size| n.saturating_mul(*size))
}

/// The numbers of a view of a storage.
fn tensor(view: &View, data: &[u8]) -> std::result::Result<SavedTensor, String> {
    let (storage, n) = (&view.storage, n_of(&view.shape));
    let n_bytes = storage.kind.n_bytes();
    if storage.n_values.checked_mul(n_bytes) != Some(data.len()) {
        return Err(format!(
            "its storage has {} bytes, expected {} numbers of {n_bytes}",
            data.len(),
            storage.n_values
        ));
    }
    let steps = view.shape.iter().zip(&view.strides);
    let last = steps.fold(view.offset, |last, (size, stride)| {
        last.saturating_add(size.saturating_sub(1).saturating_mul(*stride))
    });
    if n > 0 && last >= storage.n_values {
        return Err(format!(
            "a shape {:?} with strides {:?} from {} on, beyond its storage of {}",
            view.shape, view.strides, view.offset, storage.n_values
        ));
    }
    let places = (0..n).map(|i| {
        let mut rest = i;
        let axes = view.shape.iter().zip(&view.strides).rev();
        axes.fold(view.offset, |place, (size, stride)| {
            let step = rest % size;
            rest /= size;
            place + step * stride
        })
    });
    macro_rules! each {
        ($variant:ident, $type:ty, $convert:expr) => {{
            const N: usize = size_of::<$type>();
            let (all, _) = data.as_chunks::<N>();
            let values = places.map(|place| $convert(<$type>::from_le_bytes(all[place])));
            Values::$variant(values.collect())
        }};
    }
    let values = match storage.kind {
        Kind::Float => each!(Floats, f32, |x| x),
        Kind::Double => each!(Floats, f64, |x| x as f32),
        Kind::Half => each!(Floats, half::f16, f32::from),
        Kind::BFloat16 => each!(Floats, half::bf16, f32::from),
        Kind::Long => each!(Integers, i64, |x| x),
        Kind::Int => each!(Integers, i32, i64::from),
    };
    Ok(SavedTensor {
        shape: view.shape.clone(),
        values,
    })
}
