//! All tests in one binary: it links once.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app;
mod screens;
mod support;
