//! Every test of the program, in one binary so that it links once.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;
mod terminal;
