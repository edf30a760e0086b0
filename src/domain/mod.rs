//! The vocabulary of the program, and what must always hold. Pure: no clock, environment, file, thread or float.
//!
//! ```text
//! bytes → chain → Snapshot ──appraise──► Market { groups, rows } ──rank──► the rows to show, and what is hidden
//!                 (one height)            money · gpu · resources · diff      query · field
//! ```
//!
//! - An amount is exact or it is not there. What is unknown is `None` and is shown `?`, never 0.
//! - Every bid of the answer is a row or an unreadable entry; what a filter hides is counted.
//! - All text of the chain is [`text::Clean`].

pub mod appraise;
pub mod attribute;
pub mod auditor;
pub mod bid;
pub mod cause;
pub mod complete;
pub mod diff;
pub mod doctor;
pub mod field;
pub mod gateway;
pub mod gpu;
pub mod kept;
pub mod money;
pub mod outcome;
pub mod preferences;
pub mod query;
pub mod quote;
pub mod rank;
pub mod record;
pub mod registry;
pub mod requirement;
pub mod resources;
pub mod run;
pub mod shell;
mod supply;
pub mod text;
pub mod usual;
