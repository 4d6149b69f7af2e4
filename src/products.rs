//! (products)
