//! The part of tch that cells meet; see the stub of chrono.

use std::ops::{Add, Div, Mul, Sub};

pub struct Tensor;
#[derive(Clone, Copy)]
pub enum Kind {
    Float,
    Double,
    Int64,
}
#[derive(Clone, Copy)]
pub enum Device {
    Cpu,
    Cuda(usize),
}

impl Tensor {
    pub fn from_slice<T>(_: &[T]) -> Self {
        unimplemented!()
    }
    pub fn shallow_clone(&self) -> Self {
        unimplemented!()
    }
    pub fn size(&self) -> Vec<i64> {
        unimplemented!()
    }
    pub fn numel(&self) -> usize {
        unimplemented!()
    }
    pub fn view<T>(&self, _: T) -> Self {
        unimplemented!()
    }
    pub fn reshape<T>(&self, _: T) -> Self {
        unimplemented!()
    }
    pub fn tanh(&self) -> Self {
        unimplemented!()
    }
    pub fn relu(&self) -> Self {
        unimplemented!()
    }
    pub fn matmul(&self, _: &Tensor) -> Self {
        unimplemented!()
    }
    pub fn softmax<T>(&self, _: i64, _: T) -> Self {
        unimplemented!()
    }
    pub fn sum<T>(&self, _: T) -> Self {
        unimplemented!()
    }
    pub fn mean<T>(&self, _: T) -> Self {
        unimplemented!()
    }
    pub fn double_value(&self, _: &[i64]) -> f64 {
        unimplemented!()
    }
    pub fn int64_value(&self, _: &[i64]) -> i64 {
        unimplemented!()
    }
}

/// `a + b`, with each of the two owned or borrowed, and with a number.
macro_rules! operator {
    ($trait:ident, $method:ident) => {
        operator!($trait, $method, Tensor, Tensor);
        operator!($trait, $method, Tensor, &Tensor);
        operator!($trait, $method, Tensor, f64);
        operator!($trait, $method, &Tensor, Tensor);
        operator!($trait, $method, &Tensor, &Tensor);
        operator!($trait, $method, &Tensor, f64);
    };
    ($trait:ident, $method:ident, $left:ty, $right:ty) => {
        impl $trait<$right> for $left {
            type Output = Tensor;
            fn $method(self, _: $right) -> Tensor {
                unimplemented!()
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
