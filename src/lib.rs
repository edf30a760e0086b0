//! akbids: the bids on an Akash deployment, live in a terminal.

pub mod chain;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod exit;
pub mod report;
pub mod term;
