//! The chain as it is asked over REST, and as it was saved: bytes → [`crate::domain::bid::Snapshot`].
//!
//! ```text
//! rhythm ─► follow ─┐
//!                   ├─► fetch ─► endpoints ─► rest ─► error ─► wire
//!          once ────┘     └────► wire_market, wire_meta ─────► wire ◄── saved
//! ```
//!
//! [`active`] lists an owner's deployments.
//! [`ask_gateway`] asks a provider itself, which is not the chain.
//! [`providers`] and [`audits`] read who is registered, for the doctor; [`track_record`] what became of a provider's leases.
//! [`once`] reads everything a single time, [`follow`] keeps reading, [`saved`] reads a file. The decoders are pure and
//! know nothing of the network; `rest` makes one GET and says what an answer means; `endpoints` knows which node is
//! asked; `fetch` puts answers of one height together.

mod deployments;
mod endpoints;
mod error;
mod fetch;
mod follow;
mod gateway;
mod registry;
mod rest;
pub mod rhythm;
mod saved;
mod wire;
pub mod wire_market;
pub mod wire_meta;
pub mod wire_tx;

pub use deployments::{Listing, active};
pub use endpoints::{Client, GENERATION};
pub use error::{ChainError, Kind};
pub use fetch::{Ask, Read, again, latest, once};
pub use follow::{Command, Event, follow};
pub use gateway::{ask_gateway, decode_status, decode_version};
pub use registry::{audits, providers, registered_for, track_record};
pub use rest::{Answer, Endpoint, Listed, Unanswered, mainnet, sandbox};
pub use saved::saved;
pub use wire::{DecodeError, Page};
