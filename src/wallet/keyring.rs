//! The keyring that the official programs keep in the home folder; read here, never written, never migrated.
//!
//! ```text
//! HOME/keyring-test/NAME.info      backend test: the passphrase is the word "test"
//! HOME/keyring-file/NAME.info      backend file: one passphrase for the folder
//! HOME/NAME.info                   backend os where the system offers no vault (headless servers)
//!           HEX-OF-ADDRESS.address beside each: which name an address has
//! ```

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::hex;
use super::jwe::{self, JweError};
use super::key::{Address, Key};
use super::record::{Kind, Record, RecordError};
use super::secret::Secret;

const INFO: &str = ".info";

/// `--keyring-backend`, as far as it lies in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Test,
    File,
    Os,
}

impl Backend {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::File => "file",
            Self::Os => "os",
        }
    }
}

impl FromStr for Backend {
    type Err = KeyError;

    /// # Errors
    /// [`KeyError::NotAKey`] for a backend that is no files, or none at all.
    fn from_str(word: &str) -> Result<Self, KeyError> {
        match word {
            "test" => Ok(Self::Test),
            "file" => Ok(Self::File),
            "os" => Ok(Self::Os),
            "kwallet" | "pass" | "keychain" | "memory" => Err(KeyError::NotAKey(
                "that keyring is not kept in files: let its own program hand over the key with --key-command",
            )),
            _ => Err(KeyError::NotAKey("--keyring-backend is one of os, file, test")),
        }
    }
}

/// What a record says of itself, without its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub kind: Kind,
    pub address: Address,
}

/// One folder of keys.
#[derive(Clone, Debug)]
pub struct Keyring {
    dir: PathBuf,
    backend: Backend,
}

impl Keyring {
    /// `base` is `--keyring-dir`, or else the home folder (`~/.akash`). Nothing is read yet.
    pub fn at(base: &Path, backend: Backend) -> Self {
        let dir = match backend {
            Backend::Test => base.join("keyring-test"),
            Backend::File => base.join("keyring-file"),
            Backend::Os => base.to_owned(),
        };
        Self { dir, backend }
    }

    /// The folder, for a prompt that says which passphrase it wants.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn needs_passphrase(&self) -> bool {
        self.backend != Backend::Test
    }

    /// The names of all keys, sorted. They are the file names; no passphrase is needed.
    ///
    /// # Errors
    /// [`KeyError::NoKeyring`], [`KeyError::Unreadable`].
    pub fn names(&self) -> Result<Vec<String>, KeyError> {
        let unreadable = |why| self.unreadable(&self.dir, why);
        let files = fs::read_dir(&self.dir).map_err(|why| match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => KeyError::NoKeyring(self.dir.clone()),
            _ => unreadable(why),
        })?;
        let mut names = Vec::new();
        for file in files {
            let file = file.map_err(unreadable)?.file_name();
            names.extend(file.to_str().and_then(|file| file.strip_suffix(INFO)).and_then(name_of_file));
        }
        names.sort();
        Ok(names)
    }

    /// Who `from` is: a key's name, or the address of one.
    ///
    /// # Errors
    /// Every [`KeyError`] but those about private keys: a Ledger, a multisig and an offline key have an entry.
    pub fn entry(&self, from: &str, passphrase: Option<&Secret>) -> Result<Entry, KeyError> {
        self.with_record(from, passphrase, |record| {
            Ok(Entry { name: record.name.to_owned(), kind: record.kind.clone(), address: record.address })
        })
    }

    /// The key that `from` names, by name or by address.
    ///
    /// # Errors
    /// Any [`KeyError`]: no such key, a passphrase missing or wrong, or a record that nobody can sign with from here.
    pub fn load(&self, from: &str, passphrase: Option<&Secret>) -> Result<Key, KeyError> {
        self.with_record(from, passphrase, |record| key_of(&record))
    }

    fn with_record<T>(
        &self,
        from: &str,
        passphrase: Option<&Secret>,
        then: impl FnOnce(Record<'_>) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        let passphrase: &[u8] = match self.backend {
            Backend::Test => b"test",
            Backend::File | Backend::Os => {
                // Who mistypes a name should not first be asked for a passphrase.
                self.name_of(from)?;
                passphrase.ok_or_else(|| KeyError::PassphraseNeeded(self.dir.clone()))?.bytes()
            }
        };
        let name = match self.name_of(from)? {
            Name::Known(name) => name,
            Name::Behind(file) => {
                let item = self.open(&file, passphrase)?;
                let (_, target) = unpack(&item, &file)?;
                let target = std::str::from_utf8(&target).ok().and_then(|text| text.strip_suffix(INFO));
                target.ok_or_else(|| damaged(&file, "it does not say which key has the address"))?.to_owned()
            }
        };
        let file = file_of_name(&name);
        let item = self.open(&file, passphrase)?;
        let (key, data) = unpack(&item, &name)?;
        if key.strip_suffix(INFO) != Some(&name) {
            return Err(damaged(&name, "it holds the record of another name"));
        }
        then(read_record(&data, &name)?)
    }

    /// Where the key is; by address it takes the passphrase to say.
    fn name_of(&self, from: &str) -> Result<Name, KeyError> {
        if self.dir.join(file_of_name(from)).is_file() {
            return Ok(Name::Known(from.to_owned()));
        }
        let names = self.names()?;
        if names.is_empty() && self.backend == Backend::Os {
            let plain = from.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            let name = if plain { from } else { "NAME" };
            return Err(KeyError::NotInFiles { dir: self.dir.clone(), name: name.to_owned() });
        }
        let dir = self.dir.clone();
        let Ok(address) = from.parse::<Address>() else {
            return Err(KeyError::NoSuchName { name: from.to_owned(), dir, names });
        };
        let file = format!("{}.address", address.hex());
        if self.dir.join(&file).is_file() {
            Ok(Name::Behind(file))
        } else {
            Err(KeyError::NoSuchAddress { address: address.to_string(), dir, names })
        }
    }

    fn open(&self, file: &str, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let path = self.dir.join(file);
        let sealed = fs::read(&path).map_err(|why| self.unreadable(&path, why))?;
        jwe::open(&sealed, passphrase).map_err(|why| match why {
            JweError::WrongPassphrase if self.backend != Backend::Test => KeyError::WrongPassphrase(self.dir.clone()),
            JweError::WrongPassphrase => damaged(file, "the passphrase of the test keyring does not open it"),
            JweError::Damaged(why) => damaged(file, why),
        })
    }

    #[allow(clippy::unused_self)]
    fn unreadable(&self, path: &Path, why: io::Error) -> KeyError {
        KeyError::Unreadable { path: path.to_owned(), why }
    }
}

enum Name {
    Known(String),
    /// The `.address` file that says it.
    Behind(String),
}

/// The JSON inside a keyring file, and what vaults hand out as well.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "Key", borrow)]
    key: Cow<'a, str>,
    #[serde(rename = "Data", borrow)]
    data: &'a str,
}

/// Name and content of an item. serde's own errors would repeat the secret, so they are replaced.
pub(super) fn unpack<'a>(item: &'a [u8], name: &str) -> Result<(Cow<'a, str>, Zeroizing<Vec<u8>>), KeyError> {
    let item: Item = serde_json::from_slice(item).map_err(|_| damaged(name, "its content is not a keyring item"))?;
    let data = STANDARD.decode(item.data).map_err(|_| damaged(name, "its data are not base64"))?;
    Ok((item.key, Zeroizing::new(data)))
}

pub(super) fn read_record<'a>(data: &'a [u8], name: &str) -> Result<Record<'a>, KeyError> {
    Record::read(data).map_err(|why| match why {
        RecordError::Damaged(why) => damaged(name, why),
        RecordError::OtherKind(kind) => {
            KeyError::OtherKind { name: name.to_owned(), kind: kind.escape_debug().collect() }
        }
    })
}

/// The key of a record, or why nobody can sign with it here.
pub(super) fn key_of(record: &Record<'_>) -> Result<Key, KeyError> {
    let name = record.name.to_owned();
    match (&record.kind, record.private) {
        (Kind::Local, Some(private)) => {
            let key = Key::from_bytes(private).map_err(|_| damaged(&name, "its private key is not valid"))?;
            if key.address() == record.address {
                Ok(key)
            } else {
                Err(damaged(&name, "its private key does not belong to its public key"))
            }
        }
        (Kind::Local, None) => Err(damaged(&name, "its private key is missing")),
        (Kind::Ledger { path }, _) => Err(KeyError::OnLedger { name, path: path.clone() }),
        (Kind::Multisig { threshold, members }, _) => {
            Err(KeyError::Multisig { name, threshold: *threshold, members: *members })
        }
        (Kind::Offline, _) => Err(KeyError::Offline { name }),
    }
}

fn damaged(name: &str, why: &'static str) -> KeyError {
    KeyError::Damaged { name: name.to_owned(), why }
}

/// Only `%` and `/` are escaped, with upper-case digits.
fn file_of_name(name: &str) -> String {
    format!("{}{INFO}", name.replace('%', "%25").replace('/', "%2F"))
}

/// The name that a file's stem stands for; none if it is not validly escaped.
fn name_of_file(stem: &str) -> Option<String> {
    let mut pieces = stem.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let mut byte = [0];
        if !hex::decode(piece.get(..2)?, &mut byte) {
            return None;
        }
        bytes.extend(byte);
        bytes.extend(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}
