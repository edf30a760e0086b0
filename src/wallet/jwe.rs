//! One file of the keyring: a JWE in compact form, `header.key.iv.text.tag`, each part base64url without padding.
//!
//! `PBES2-HS256+A128KW` with `A256GCM` (RFC 7516, 7518), the only pair the Go keyring has ever written: the passphrase
//! gives a key, that key unwraps the file's own key, and that one opens the text.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use aes_kw::KwAes128;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

const ALGORITHM: &str = "PBES2-HS256+A128KW";
/// More rounds than this are refused, as the official reader does: a file could otherwise keep us busy for hours.
const MOST_ROUNDS: u32 = 1_300_000;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum JweError {
    WrongPassphrase,
    Damaged(&'static str),
}

#[derive(Deserialize)]
struct Header<'a> {
    alg: &'a str,
    enc: &'a str,
    p2c: u32,
    p2s: &'a str,
}

/// The plaintext of a file.
pub(super) fn open(file: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let file = std::str::from_utf8(file).map_err(|_| JweError::Damaged("it is not text"))?.trim_ascii();
    let parts: Vec<&str> = file.split('.').collect();
    let [header_text, wrapped, iv, text, tag] = parts[..] else {
        return Err(JweError::Damaged("it has not the five parts of an encrypted keyring file"));
    };
    let header = decode(header_text)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| JweError::Damaged("its header cannot be read"))?;
    if header.alg != ALGORITHM || header.enc != "A256GCM" {
        return Err(JweError::Damaged("it is encrypted in a way that the keyring does not use"));
    }
    if !(1..=MOST_ROUNDS).contains(&header.p2c) {
        return Err(JweError::Damaged("its header asks for an unreasonable number of rounds"));
    }

    let salt = [ALGORITHM.as_bytes(), &[0], &decode(header.p2s)?].concat();
    let mut outer = Zeroizing::new([0; 16]);
    pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, &salt, header.p2c, outer.as_mut_slice());
    let mut inner = Zeroizing::new([0; 32]);
    let wrapped = decode(wrapped)?;
    if wrapped.len() != 40 {
        return Err(JweError::Damaged("its wrapped key has not 40 bytes"));
    }
    // The unwrapping checks itself (RFC 3394): this is where a wrong passphrase shows.
    KwAes128::new(&(*outer).into())
        .unwrap_key(&wrapped, inner.as_mut_slice())
        .map_err(|_| JweError::WrongPassphrase)?;

    let iv: [u8; 12] = decode(iv)?.try_into().map_err(|_| JweError::Damaged("its nonce has not 12 bytes"))?;
    let sealed = [decode(text)?, decode(tag)?].concat();
    Aes256Gcm::new(&(*inner).into())
        .decrypt(&Nonce::from(iv), Payload { msg: &sealed, aad: header_text.as_bytes() })
        .map(Zeroizing::new)
        .map_err(|_| JweError::Damaged("its content does not match its checksum"))
}

fn decode(part: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::Damaged("a part of it is not base64url"))
}
