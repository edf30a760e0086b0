//! Keys: where they come from, and signing with them.
//!
//! Nothing here prints, asks, or writes: a caller brings the passphrase or the bytes and gets a [`Key`], or a
//! [`KeyError`] whose sentence says the way out. Whatever held a secret is overwritten when it is dropped, and no `Debug`
//! shows one.
//!
//! ```text
//! keyring  the official keyring's folders ──┐
//!   jwe     one sealed file                 │
//!   record  what is inside (protobuf, amino)├──▶ key  derives, knows its address, signs
//! source   text of a prompt, file, command ─┘
//! ```

mod error;
mod hex;
mod jwe;
mod key;
mod keyring;
mod record;
mod secret;
mod source;

pub use error::KeyError;
pub use hex::encode as hex;
pub use key::{Address, Derivation, Key};
pub use keyring::{Backend, Entry, Keyring};
pub use record::Kind;
pub use secret::{Secret, keep_memory_private};
pub use source::{ENVIRONMENT, parse, read_file, run_command};
