use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// How many names a sentence lists before it only counts the rest.
const NAMES_IN_A_SENTENCE: usize = 20;

/// Why there is no usable key; each one a sentence with the way out, none of them with a byte of a secret.
///
/// Names and paths are quoted with Rust's escapes, so that nothing in a file name reaches the terminal as it is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    #[error(
        "there is no keyring in {0:?}; name the folder with --home or --keyring-dir, the kind with --keyring-backend, or use --key-file or --key-command"
    )]
    NoKeyring(PathBuf),

    #[error(
        "the `os` keyring is not kept in files here ({dir:?} holds none): let its own program hand over the key with one of\n  \
             --key-command 'secret-tool lookup profile {name}.info'          (Secret Service)\n  \
             --key-command 'pass show {name}.info'                           (pass)\n  \
             --key-command 'security find-generic-password -s akash -a {name}.info -w'   (macOS)"
    )]
    NotInFiles { dir: PathBuf, name: String },

    #[error("no key is called {name:?} in {dir:?}; {}", names_there(.names))]
    NoSuchName { name: String, dir: PathBuf, names: Vec<String> },

    #[error("no key of {address} is in {dir:?}; {}", names_there(.names))]
    NoSuchAddress { address: String, dir: PathBuf, names: Vec<String> },

    #[error("the keyring in {0:?} asks for a passphrase, and none was given")]
    PassphraseNeeded(PathBuf),

    #[error(
        "wrong passphrase for the keyring in {0:?}; it is the one that `akash keys` asks for, the same for every key of that folder"
    )]
    WrongPassphrase(PathBuf),

    #[error(
        "the key {name:?} lives on a Ledger device ({path}), which only the official program can ask to sign: write the transaction with --generate-only, then `akash tx sign --ledger`"
    )]
    OnLedger { name: String, path: String },

    #[error(
        "the key {name:?} is a multisig ({threshold} of {members}), which nobody can sign for alone: write the transaction with --generate-only and collect the signatures with `akash tx sign --multisig`"
    )]
    Multisig { name: String, threshold: u64, members: usize },

    #[error(
        "the keyring holds only the public half of {name:?} (an offline key): write the transaction with --generate-only and sign it where the key is"
    )]
    Offline { name: String },

    #[error(
        "the key {name:?} is of the kind {kind}, and Akash accounts sign with secp256k1; choose another with --from"
    )]
    OtherKind { name: String, kind: String },

    #[error(
        "the key belongs to {have}, but the deployment to {want}: choose the owner's key with --from, or write the transaction with --generate-only"
    )]
    OtherAccount { have: String, want: String },

    #[error("the keyring file of {name:?} is damaged or not a keyring file: {why}")]
    Damaged { name: String, why: &'static str },

    #[error("{0:?} can be read by others (mode {1:03o}): chmod 600 it, then try again")]
    OpenToOthers(PathBuf, u32),

    #[error("{0:?} is longer than any key ({1} bytes at most)")]
    TooLong(PathBuf, usize),

    #[error("{path:?} cannot be read: {why}")]
    Unreadable {
        path: PathBuf,
        #[source]
        why: io::Error,
    },

    #[error("the key command did not hand over a key: {0}")]
    Command(String),

    #[error("{0}")]
    NotAKey(&'static str),

    #[error("{0:?} is not an Akash address (akash1, then 38 letters and digits)")]
    NotAnAddress(String),
}

fn names_there(names: &[String]) -> String {
    if names.is_empty() {
        return "it holds no key at all".to_owned();
    }
    let mut text = String::from("there are: ");
    for (place, name) in names.iter().take(NAMES_IN_A_SENTENCE).enumerate() {
        // Writing into a String cannot fail.
        let _ = write!(text, "{}{name:?}", if place == 0 { "" } else { ", " });
    }
    if names.len() > NAMES_IN_A_SENTENCE {
        let _ = write!(text, " and {} more", names.len() - NAMES_IN_A_SENTENCE);
    }
    text
}
