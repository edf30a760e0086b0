//! akbids: the bids on an Akash deployment, live in a terminal.

pub mod wallet;
