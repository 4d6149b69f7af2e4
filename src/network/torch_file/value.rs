//! What stands on a pickle's stack: plain values, tensors, and a few names.

use std::rc::Rc;

pub(super) type Read<T> = Result<T, String>;

/// The names that a state dict may hold.
pub(super) const GLOBALS: [(&str, Global); 9] = [
    ("collections OrderedDict", Global::OrderedDict),
    ("torch._utils _rebuild_tensor_v2", Global::Tensor),
    ("torch._utils _rebuild_parameter", Global::Parameter),
    ("torch FloatStorage", Global::Storage(Kind::Float)),
    ("torch DoubleStorage", Global::Storage(Kind::Double)),
    ("torch HalfStorage", Global::Storage(Kind::Half)),
    ("torch BFloat16Storage", Global::Storage(Kind::BFloat16)),
    ("torch LongStorage", Global::Storage(Kind::Long)),
    ("torch IntStorage", Global::Storage(Kind::Int)),
];

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    Tensor,
    Parameter,
    Storage(Kind),
}

/// The numbers of a storage, little-endian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Float,
    Double,
    Half,
    BFloat16,
    Long,
    Int,
}

/// Numbers that lie in an entry of the archive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storage {
    pub kind: Kind,
    /// The entry's name.
    pub key: Rc<str>,
    pub n_values: usize,
}

/// A view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub storage: Storage,
    /// In values, as the strides.
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// What stands on the stack.
#[derive(Debug, Clone)]
pub(super) enum Value {
    None,
    Bool,
    Int(i64),
    Text(Rc<str>),
    Tuple(Rc<Nested>),
    Dict(Vec<(Value, Value)>),
    Global(Global),
    Storage(Storage),
    View(Rc<View>),
}

/// Values in a tuple, and how deep tuples lie in it: only few levels are allowed, so that nothing walks down for ever.
#[derive(Debug)]
pub(super) struct Nested {
    pub items: Vec<Value>,
    pub depth: usize,
}

const MAX_DEPTH: usize = 8;

/// Axes of a tensor; those of a convolution have three.
const MAX_AXES: usize = 8;

/// How deep tuples and dictionaries lie in something that holds these values.
pub(super) fn depth<'a>(values: impl Iterator<Item = &'a Value>) -> Read<usize> {
    let deepest = values.map(Value::depth).max().unwrap_or(0) + 1;
    match deepest <= MAX_DEPTH {
        true => Ok(deepest),
        false => Err(format!("more than {MAX_DEPTH} levels")),
    }
}

/// What an argument list makes of a name.
pub(super) fn made(of: Value, arguments: Value) -> Read<Value> {
    let (Value::Global(of), Value::Tuple(arguments)) = (of, arguments) else {
        return Err("a call of something that is no name".into());
    };
    match (of, &arguments.items[..]) {
        (Global::OrderedDict, []) => Ok(Value::Dict(Vec::new())),
        (Global::Parameter, [view @ Value::View(_), ..]) => Ok(view.clone()),
        (
            Global::Tensor,
            [
                Value::Storage(storage),
                Value::Int(offset),
                Value::Tuple(shape),
                Value::Tuple(strides),
                ..,
            ],
        ) => {
            let view = View {
                storage: storage.clone(),
                offset: size(offset)?,
                shape: sizes(&shape.items)?,
                strides: sizes(&strides.items)?,
            };
            match view.shape.len() == view.strides.len() && view.shape.len() <= MAX_AXES {
                true => Ok(Value::View(Rc::new(view))),
                false => Err(format!(
                    "a tensor of {} axes and {} strides",
                    view.shape.len(),
                    view.strides.len()
                )),
            }
        }
        (of, _) => Err(format!("other arguments than {of:?} takes")),
    }
}

/// `("storage", FloatStorage, key, place, n_values)`.
pub(super) fn storage(id: Value) -> Read<Storage> {
    let fields = match &id {
        Value::Tuple(tuple) => &tuple.items[..],
        _ => &[],
    };
    match fields {
        [
            Value::Text(word),
            Value::Global(Global::Storage(kind)),
            Value::Text(key),
            Value::Text(_),
            Value::Int(n_values),
        ] if **word == *"storage" => Ok(Storage {
            kind: *kind,
            key: key.clone(),
            n_values: size(n_values)?,
        }),
        _ => Err("something else than the storage of a tensor".into()),
    }
}

fn size(n: &i64) -> Read<usize> {
    usize::try_from(*n).map_err(|_| format!("a size of {n}"))
}

fn sizes(values: &[Value]) -> Read<Vec<usize>> {
    let sizes = values.iter().map(|value| match value {
        Value::Int(n) => size(n),
        other => Err(format!("a size that is {}", other.name())),
    });
    sizes.collect()
}

impl Value {
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Bool => "true or false",
            Self::Int(_) => "a whole number",
            Self::Text(_) => "text",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a dictionary",
            Self::Global(_) => "a name",
            Self::Storage(_) => "a storage",
            Self::View(_) => "a tensor",
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Tuple(tuple) => tuple.depth,
            Self::Dict(items) => {
                let parts = items.iter().flat_map(|(key, value)| [key, value]);
                1 + parts.map(Self::depth).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
}

impl Kind {
    pub fn n_bytes(self) -> usize {
        match self {
            Self::Double | Self::Long => 8,
            Self::Float | Self::Int => 4,
            Self::Half | Self::BFloat16 => 2,
        }
    }
}
