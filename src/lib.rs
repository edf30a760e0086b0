//! akbids: the bids on an Akash deployment, live in a terminal.

pub mod lease;
pub mod wallet;
