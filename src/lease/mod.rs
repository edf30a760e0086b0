//! Accepting a lease: the only road to money.
//!
//! ```text
//! tx       what is signed: bytes, hash, the unsigned JSON
//! outcome  what was agreed to, and every way it can end, each with its sentence
//! witness  what one endpoint says became of the transaction, and when two say the same
//! send     the state machine: observations in, the next step out; no I/O, no clock
//! journal  on disk before the first byte leaves
//! ```

pub mod journal;
pub mod outcome;
pub mod send;
pub mod tx;
pub mod witness;
