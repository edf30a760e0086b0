//! Accepting: the bytes that are signed, the journal, the state machine step by step, and all of it against a chain
//! that misbehaves.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod accepting;
mod journal;
mod signing;
mod steps;

#[path = "support/model_chain.rs"]
mod model_chain;
#[path = "support/simulation.rs"]
mod simulation;
