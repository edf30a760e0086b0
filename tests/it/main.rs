//! All tests in one binary: it links once.

mod layers;
mod money;
