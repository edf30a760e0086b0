//! akbids: the bids on an Akash deployment, live in a terminal.

pub mod app;
pub mod domain;
pub mod ui;
