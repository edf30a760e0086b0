//! Headless output: one JSON document, or a plain table. What is shown and in which order comes from
//! `domain::rank`; nothing here decides.

mod accept;
pub mod doctor;
mod json;
mod plain;

pub use accept::{Subject, accept_document, accept_summary, journal_document, journal_text};
pub use json::{Context, bid_document, document};
pub use plain::{Table, table, to_ascii};
