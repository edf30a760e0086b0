//! Keys that come as text: from a prompt, a file (a descriptor is `/dev/fd/N`), or the output of a command.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::error::KeyError;
use super::hex;
use super::key::{Derivation, Key};
use super::keyring::{key_of, read_record, unpack};
use super::secret::Secret;

/// Far above any key, mnemonic or record.
const MOST_BYTES: usize = 64 * 1024;
/// The one environment variable that may hold a key; no child gets to see it.
pub const ENVIRONMENT: &str = "AKBIDS_KEY";

/// Reads a key from whatever it was handed over as: 64 hexadecimal digits, a mnemonic, the JSON item or the bare record
/// of a keyring (also in hexadecimal, as macOS's `security -w` prints binary data).
///
/// # Errors
/// [`KeyError::NotAKey`] names the forms; a record that cannot sign has its own error.
pub fn parse(secret: &Secret, from: &Derivation) -> Result<Key, KeyError> {
    const FORMS: KeyError = KeyError::NotAKey(
        "this is not a key: expected are 64 hexadecimal digits, a mnemonic of 12 to 24 words, or an item of the keyring",
    );
    let Some(text) = secret.text().map(str::trim) else {
        return from_record(secret.bytes());
    };
    if text.is_empty() {
        return Err(KeyError::NotAKey("there is nothing in it: expected is a key"));
    }
    if text.starts_with("-----BEGIN TENDERMINT PRIVATE KEY") {
        return Err(KeyError::NotAKey(
            "armored keys are not read here: write the key as `akash keys export NAME --unarmored-hex --unsafe` prints it",
        ));
    }
    if text.starts_with("eyJ") && text.matches('.').count() == 4 {
        return Err(KeyError::NotAKey("this is a sealed keyring file: point --keyring-dir at its folder instead"));
    }
    if text.starts_with('{') {
        let (key, data) = unpack(text.as_bytes(), "the item")?;
        return key_of(&read_record(&data, key.strip_suffix(".info").unwrap_or(&key))?);
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        if digits.len() > 64 && digits.len().is_multiple_of(2) {
            let mut record = Zeroizing::new(vec![0; digits.len() / 2]);
            return if hex::decode(digits, &mut record) { from_record(&record) } else { Err(FORMS) };
        }
        return Key::from_hex(digits);
    }
    if text.chars().all(|letter| letter.is_ascii_alphabetic() || letter.is_ascii_whitespace()) {
        return Key::from_mnemonic(text, from);
    }
    // A protobuf record may happen to be valid UTF-8.
    from_record(secret.bytes()).map_err(|why| if matches!(why, KeyError::Damaged { .. }) { FORMS } else { why })
}

fn from_record(bytes: &[u8]) -> Result<Key, KeyError> {
    key_of(&read_record(bytes, "the item")?)
}

/// Reads a key file. A regular file that others may read is refused; a pipe or descriptor is taken as it is.
///
/// # Errors
/// [`KeyError::OpenToOthers`], [`KeyError::TooLong`], [`KeyError::Unreadable`].
pub fn read_file(path: &Path) -> Result<Secret, KeyError> {
    let unreadable = |why| KeyError::Unreadable { path: path.to_owned(), why };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that nobody can exchange it in between.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let about = file.metadata().map_err(unreadable)?;
        let mode = about.permissions().mode() & 0o777;
        if about.is_file() && mode & 0o077 != 0 {
            return Err(KeyError::OpenToOthers(path.to_owned(), mode));
        }
    }
    let read = read_all(file).map_err(unreadable)?;
    read.ok_or_else(|| KeyError::TooLong(path.to_owned(), MOST_BYTES))
}

/// Runs a command with the shell and takes what it prints. It has the terminal to itself, so it may ask (pinentry).
///
/// # Errors
/// [`KeyError::Command`]: it could not be started, failed, or printed nothing or far too much.
pub fn run_command(command: &str) -> Result<Secret, KeyError> {
    let failed = |why: io::Error| KeyError::Command(why.to_string());
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env_remove(ENVIRONMENT)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let printed = child.stdout.take().map(read_all).transpose();
    if matches!(printed, Ok(Some(None)) | Err(_)) {
        // It goes on printing; waiting for it could take for ever.
        child.kill().map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    let Some(secret) = printed.map_err(failed)?.flatten() else {
        return Err(KeyError::Command(format!("it printed more than {MOST_BYTES} bytes")));
    };
    if !status.success() {
        return Err(KeyError::Command(format!("it ended with {status}")));
    }
    if secret.bytes().trim_ascii().is_empty() {
        return Err(KeyError::Command("it printed nothing".to_owned()));
    }
    Ok(secret)
}

/// Everything up to the limit, into one buffer that never moves (a moved one would leave a copy behind); none if there
/// is more.
fn read_all(mut from: impl Read) -> io::Result<Option<Secret>> {
    let mut buffer = Zeroizing::new(vec![0; MOST_BYTES + 1]);
    let mut length = 0;
    while length < buffer.len() {
        match from.read(&mut buffer[length..]) {
            Ok(0) => return Ok(Some(Secret::new(buffer[..length].to_vec()))),
            Ok(more) => length += more,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Ok(None)
}
