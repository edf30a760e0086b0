//! akbids: the bids on an Akash deployment, live in a terminal.

#[cfg(feature = "demo")]
pub mod demo;
