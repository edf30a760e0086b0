//! One binary for all tests: it links once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

#[cfg(feature = "demo")]
mod conformance;
