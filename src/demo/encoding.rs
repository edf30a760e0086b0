//! The encodings a Cosmos node speaks: addresses, base64, hashes, and the checksum of its page keys.
//!
//! The encodings are those of crates; own are Go's words for what is wrong, which the recordings hold.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bech32::primitives::decode::UncheckedHrpstring;
use bech32::primitives::iter::Fe32IterExt as _;
use bech32::{Bech32, Fe32, Hrp};
use ripemd::Ripemd160;
use sha2::{Digest as _, Sha256};

/// `bytes` as a bech32 address under `prefix` (BIP 173); empty when `prefix` is not one.
pub fn bech32(prefix: &str, bytes: &[u8]) -> String {
    Hrp::parse(prefix).ok().and_then(|hrp| bech32::encode::<Bech32>(hrp, bytes).ok()).unwrap_or_default()
}

/// The bytes of an `akash1…` account address, or the node's own words for what is wrong with it.
pub fn address(text: &str) -> Result<Vec<u8>, String> {
    if text.trim().is_empty() {
        return Err("empty address string is not allowed".to_owned());
    }
    let (prefix, bytes) = decode_bech32(text).map_err(|reason| format!("decoding bech32 failed: {reason}"))?;
    if prefix != "akash" {
        return Err(format!("invalid Bech32 prefix; expected akash, got {prefix}"));
    }
    Ok(bytes)
}

fn decode_bech32(text: &str) -> Result<(String, Vec<u8>), String> {
    if text.len() < 8 || text.len() > 1023 {
        return Err(format!("invalid bech32 string length {}", text.len()));
    }
    if let Some(odd) = text.chars().find(|c| !('!'..='~').contains(c)) {
        return Err(format!("invalid character in string: '{odd}'"));
    }
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return Err("string not all lowercase or all uppercase".to_owned());
    }
    let one = lower.rfind('1').map_or(-1, |at| i64::try_from(at).unwrap_or(-1));
    let Some((prefix, rest)) = lower.rsplit_once('1').filter(|(p, r)| !p.is_empty() && r.len() >= 6) else {
        return Err(format!("invalid separator index {one}"));
    };
    if let Some(odd) = rest.bytes().find(|&byte| Fe32::from_char(char::from(byte)).is_err()) {
        return Err(format!("invalid character not part of charset: {odd}"));
    }
    let parts = UncheckedHrpstring::new(&lower).map_err(|reason| reason.to_string())?;
    if !parts.has_valid_checksum::<Bech32>() {
        let (data, found) = rest.split_at(rest.len() - 6);
        let values = data.chars().filter_map(|c| Fe32::from_char(c).ok());
        let expected: String = values.with_checksum::<Bech32>(&parts.hrp()).chars().collect();
        let expected = &expected[expected.len() - 6..];
        return Err(format!("invalid checksum (expected {expected} got {found})"));
    }
    Ok((prefix.to_owned(), parts.remove_checksum::<Bech32>().byte_iter().collect()))
}

/// The account address of a compressed secp256k1 public key: RIPEMD-160 of its SHA-256.
pub fn key_address(public_key: &[u8]) -> String {
    bech32("akash", &Ripemd160::digest(Sha256::digest(public_key)))
}

/// The address of a module's account: the first 20 bytes of the SHA-256 of its name.
pub fn module_address(module: &str) -> String {
    bech32("akash", &Sha256::digest(module.as_bytes())[..20])
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Root of the Merkle tree of `leaves` as `CometBFT` builds it (RFC 6962), of SHA-256.
pub fn merkle_root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [one] => Sha256::new().chain_update([0]).chain_update(one).finalize().into(),
        many => {
            // The left side takes the largest power of two that leaves something to the right.
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            let node = Sha256::new().chain_update([1]).chain_update(merkle_root(left));
            node.chain_update(merkle_root(right)).finalize().into()
        }
    }
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes standard or URL-safe base64 with padding; an error is the index of the first wrong byte,
/// as Go's decoder counts it.
pub fn from_base64(text: &str) -> Result<Vec<u8>, usize> {
    use base64::DecodeError;
    let standard = text.replace('-', "+").replace('_', "/");
    STANDARD.decode(standard).map_err(|reason| match reason {
        DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. } => at,
        DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len(),
    })
}

/// Upper-case hexadecimal digits, as hashes are written.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// Hexadecimal digits of either case, or Go's words for what is wrong with them.
pub fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digit = |c: char| c.to_digit(16).and_then(|d| u8::try_from(d).ok());
    if let Some(odd) = text.chars().find(|c| digit(*c).is_none()) {
        return Err(format!("encoding/hex: invalid byte: U+{:04X} '{odd}'", u32::from(odd)));
    }
    if text.len() % 2 == 1 {
        return Err("encoding/hex: odd length hex string".to_owned());
    }
    let digits: Vec<u8> = text.chars().filter_map(digit).collect();
    Ok(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// Appends a number as protobuf writes it: seven bits a byte, the lowest first.
pub fn varint(out: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap_or(0));
}

/// Bytes as Go prints them into a text that goes out as JSON: each one that is not UTF-8 becomes U+FFFD.
pub fn go_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    text
}

/// CRC-32 (IEEE), the first four bytes of a page key of the market module.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// `N` bytes that look random and are the same for the same words: hashes and addresses of the demo.
pub fn scramble<const N: usize>(domain: u64, number: u64) -> [u8; N] {
    let mut state = domain.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.rotate_left(29);
    let mut out = [0u8; N];
    for chunk in out.chunks_mut(8) {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        for (byte, value) in chunk.iter_mut().zip(z.to_be_bytes()) {
            *byte = value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bech32_agrees_with_a_known_address() {
        let text = "akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0";
        let bytes = address(text).unwrap_or_default();
        assert_eq!(bytes.len(), 20);
        assert_eq!(bech32("akash", &bytes), text);
        assert_eq!(
            address("akash1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqr0xkxq"),
            Err("decoding bech32 failed: invalid checksum (expected 7cdc78 got r0xkxq)".to_owned())
        );
    }

    #[test]
    fn base64_goes_both_ways() {
        for length in 0..20u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37) ^ 0xa5).collect();
            assert_eq!(from_base64(&base64(&bytes)), Ok(bytes));
        }
        assert_eq!(from_base64("***"), Err(0));
        assert_eq!(from_base64("AAA"), Err(3));
    }

    #[test]
    fn crc32_is_the_ieee_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
