//! What was signed here, on disk before the first byte leaves.
//!
//! One line of JSON an attempt, and one when it ended; nothing is ever changed or removed. A line that a crash cut off is
//! passed over: it was not synced, so nothing was sent on the strength of it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::outcome::{Attempt, End};

/// Why there is no journal, or no new entry; without one, no money moves.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    #[error("the journal {path:?} cannot be used, and nothing is sent without it: {why}")]
    Disk {
        path: PathBuf,
        #[source]
        why: io::Error,
    },
    #[error("another akbids{} is accepting with {account} on {chain_id}: wait for it, or end it", .pid.map_or(String::new(), |pid| format!(" (process {pid})")))]
    Held { pid: Option<u32>, account: String, chain_id: String },
    #[error(
        "an earlier accept of {account} is unresolved ({hash}): `akbids journal --resume` finds out; nothing is signed before"
    )]
    Unfinished { account: String, hash: String },
    #[error("this journal was not opened for {account} on {chain_id}")]
    OtherAccount { account: String, chain_id: String },
}

/// One attempt and how it ended, if it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Seconds since 1970, as the caller told the time.
    pub at: i64,
    pub attempt: Attempt,
    pub end: Option<Ended>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Seconds since 1970.
    pub at: i64,
    pub end: End,
}

/// Everything in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// The lines, counted from 1, that are no entry: cut off by a crash, or damaged.
    pub unreadable: Vec<usize>,
}

impl Entries {
    /// Those without an end, of one account on one chain.
    pub fn unfinished<'a>(&'a self, chain_id: &'a str, account: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            entry.end.is_none() && entry.attempt.chain_id == chain_id && entry.attempt.account == account
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Signed {
        at: i64,
        #[serde(flatten)]
        attempt: Box<Attempt>,
    },
    Ended {
        at: i64,
        hash: String,
        #[serde(flatten)]
        end: End,
    },
}

/// Where the lines are kept. What is appended may be lost in a power cut until it is synced, and so may the file itself
/// until its folder is.
pub trait Disk {
    /// # Errors
    /// The disk's own.
    fn read(&mut self) -> io::Result<Vec<u8>>;
    /// # Errors
    /// The disk's own.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// # Errors
    /// The disk's own.
    fn sync_file(&mut self) -> io::Result<()>;
    /// # Errors
    /// The disk's own.
    fn sync_folder(&mut self) -> io::Result<()>;
    fn path(&self) -> &Path;
}

/// The journal, as one account on one chain writes it.
pub struct Journal<D> {
    disk: D,
    chain_id: String,
    account: String,
}

impl Journal<JournalFile> {
    /// Opens it for writing, made if it is not there (0600, its folder 0700), and holds it for this account until dropped.
    ///
    /// # Errors
    /// [`JournalError::Held`] by another process; [`JournalError::Disk`].
    pub fn open(path: &Path, chain_id: &str, account: &str) -> Result<Self, JournalError> {
        let disk = |why| JournalError::Disk { path: path.to_owned(), why };
        create_folder(path).map_err(disk)?;
        let lock = path.with_extension(format!("{}.{}.lock", plain(chain_id), plain(account)));
        let mut lock =
            private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(lock).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                lock.read_to_string(&mut pid).ok();
                return Err(JournalError::Held {
                    pid: pid.trim().parse().ok(),
                    account: account.to_owned(),
                    chain_id: chain_id.to_owned(),
                });
            }
            Err(TryLockError::Error(why)) => return Err(disk(why)),
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(disk)?;
        let file = private(OpenOptions::new().read(true).append(true).create(true)).open(path).map_err(disk)?;
        Ok(Self::over(JournalFile { path: path.to_owned(), file, _lock: lock }, chain_id, account))
    }
}

impl<D: Disk> Journal<D> {
    /// Over a disk that nobody else writes for this account.
    pub fn over(disk: D, chain_id: &str, account: &str) -> Self {
        Self { disk, chain_id: chain_id.to_owned(), account: account.to_owned() }
    }

    /// # Errors
    /// [`JournalError::Disk`].
    pub fn entries(&mut self) -> Result<Entries, JournalError> {
        let bytes = self.disk.read();
        bytes.map(|bytes| parse(&bytes)).map_err(|why| self.disk_error(why))
    }

    /// Writes a signed attempt, synced with its folder: only after this may it be sent.
    ///
    /// # Errors
    /// [`JournalError::Unfinished`] while an earlier one of the account has no end; [`JournalError::Disk`].
    pub fn begin(&mut self, attempt: &Attempt, at: i64) -> Result<(), JournalError> {
        if attempt.chain_id != self.chain_id || attempt.account != self.account {
            let (account, chain_id) = (attempt.account.clone(), attempt.chain_id.clone());
            return Err(JournalError::OtherAccount { account, chain_id });
        }
        if let Some(open) = self.entries()?.unfinished(&self.chain_id, &self.account).next() {
            let hash = open.attempt.hash().to_owned();
            return Err(JournalError::Unfinished { account: self.account.clone(), hash });
        }
        self.write(&Line::Signed { at, attempt: Box::new(attempt.clone()) })
    }

    /// Writes how an attempt ended.
    ///
    /// # Errors
    /// [`JournalError::Disk`]; then it is open still, and will be found out again.
    pub fn end(&mut self, hash: &str, end: &End, at: i64) -> Result<(), JournalError> {
        self.write(&Line::Ended { at, hash: hash.to_owned(), end: end.clone() })
    }

    fn write(&mut self, line: &Line) -> Result<(), JournalError> {
        let write = |disk: &mut D| {
            let torn = disk.read()?.last().is_some_and(|last| *last != b'\n');
            // Ends what a crash left, and spoils it: lacking only its end it would come alive as an entry.
            let mut bytes = if torn { b"~\n".to_vec() } else { Vec::new() };
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
            disk.append(&bytes)?;
            disk.sync_file()?;
            disk.sync_folder()
        };
        write(&mut self.disk).map_err(|why| self.disk_error(why))
    }

    fn disk_error(&self, why: io::Error) -> JournalError {
        JournalError::Disk { path: self.disk.path().to_owned(), why }
    }
}

/// Reads a journal without holding it, as `akbids journal` does. One that is not there is empty.
///
/// # Errors
/// [`JournalError::Disk`].
pub fn read(path: &Path) -> Result<Entries, JournalError> {
    match fs::read(path) {
        Ok(bytes) => Ok(parse(&bytes)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Entries::default()),
        Err(why) => Err(JournalError::Disk { path: path.to_owned(), why }),
    }
}

fn parse(bytes: &[u8]) -> Entries {
    let mut all = Entries::default();
    // A last line without its end was cut off, even if what is there happens to read well.
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if lines.pop().is_some_and(|torn| !torn.is_empty()) {
        all.unreadable.push(lines.len() + 1);
    }
    for (place, line) in lines.into_iter().enumerate() {
        match serde_json::from_slice(line) {
            Ok(Line::Signed { at, attempt }) => all.entries.push(Entry { at, attempt: *attempt, end: None }),
            Ok(Line::Ended { at, hash, end }) => {
                if let Some(entry) = all.entries.iter_mut().rfind(|entry| entry.attempt.hash() == hash) {
                    entry.end = Some(Ended { at, end });
                }
            }
            Err(_) => all.unreadable.push(place + 1),
        }
    }
    all.unreadable.sort_unstable();
    all
}

/// The file, and the lock that keeps a second process from accepting with the same account.
pub struct JournalFile {
    path: PathBuf,
    file: File,
    _lock: File,
}

impl Disk for JournalFile {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// One write at the end of the file: lines of other accounts' processes do not mix with it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync_file(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        // Elsewhere a folder cannot be opened, and need not be.
        #[cfg(unix)]
        File::open(folder_of(&self.path))?.sync_all()?;
        Ok(())
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folder and those above it, each known to the disk before anything is put into it.
fn create_folder(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for folder in missing.into_iter().rev() {
        builder.recursive(true).create(folder)?;
        #[cfg(unix)]
        File::open(folder_of(folder))?.sync_all()?;
    }
    Ok(())
}

/// Fit for a file name on every system.
fn plain(name: &str) -> String {
    name.chars().map(|letter| if letter == '-' || letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

/// Only for the owner, where the system knows owners.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
