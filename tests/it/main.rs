//! Every test of the program, in one binary so that it links once.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
// The embedded chain is what most tests ask; without it there is nothing to test against.
#![cfg(feature = "demo")]

mod accept;
mod accept_journeys;
mod accepting;
mod app;
mod chain;
mod choosing;
mod cli;
mod config;
mod conformance;
mod core;
mod doctor;
mod journeys;
mod layers;
mod lease;
mod ledger;
mod money;
mod quote;
mod readme;
mod screens;
mod support;
mod terminal;
mod wallet;
