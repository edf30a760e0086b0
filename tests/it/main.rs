//! All tests in one binary: it links once.

mod core;
mod layers;
mod money;
