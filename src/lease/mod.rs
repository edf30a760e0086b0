//! Accepting a lease: the only road to money.
//!
//! ```text
//! tx       what is signed: bytes, hash, the unsigned JSON
//! outcome  what was agreed to, and every way it can end, each with its sentence
//! witness  what one endpoint says became of the transaction, and when two say the same
//! send     the state machine: observations in, the next step out; no I/O, no clock
//! journal  on disk before the first byte leaves
//! node     what is asked and sent, on one endpoint at a time
//! drive    carries out what `send` says
//! preflight  everything that is read and reckoned before anybody is asked to confirm
//! desk     the one accept flow: prepare, unlock, accept, resume
//! ```

mod desk;
mod drive;
pub mod journal;
mod node;
pub mod outcome;
mod preflight;
pub mod send;
pub mod tx;
pub mod witness;

pub use crate::wallet::{Backend, Keyring};
pub use desk::{Desk, DeskSettings, KeySource, Signing, Unlocked, recorded};
pub use preflight::{Pricing, failed};
