//! The part of polars that cells meet; see the stub of chrono.

pub mod prelude {
    #[derive(Clone)]
    pub struct DataFrame;

    impl DataFrame {
        pub fn shape(&self) -> (usize, usize) {
            unimplemented!()
        }
        pub fn height(&self) -> usize {
            unimplemented!()
        }
        pub fn width(&self) -> usize {
            unimplemented!()
        }
        pub fn head(&self, _: Option<usize>) -> Self {
            unimplemented!()
        }
        pub fn tail(&self, _: Option<usize>) -> Self {
            unimplemented!()
        }
        pub fn slice(&self, _: i64, _: usize) -> Self {
            unimplemented!()
        }
    }
}
