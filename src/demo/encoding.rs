//! The encodings a Cosmos node speaks: bech32 addresses, base64 and the checksum of its page keys.
//!
//! Own code on purpose: the client has its own, and a mistake shared by both sides would not show.

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut check = 1u32;
    for value in values {
        let top = check >> 25;
        check = ((check & 0x01ff_ffff) << 5) ^ u32::from(value);
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if (top >> bit) & 1 == 1 {
                check ^= generator;
            }
        }
    }
    check
}

fn expand(prefix: &str) -> impl Iterator<Item = u8> + '_ {
    prefix.bytes().map(|b| b >> 5).chain(std::iter::once(0)).chain(prefix.bytes().map(|b| b & 31))
}

fn checksum(prefix: &str, data: &[u8]) -> [u8; 6] {
    let check = polymod(expand(prefix).chain(data.iter().copied()).chain(std::iter::repeat_n(0, 6))) ^ 1;
    std::array::from_fn(|i| u8::try_from((check >> (5 * (5 - i))) & 31).unwrap_or(0))
}

fn letters(data: &[u8]) -> String {
    data.iter().map(|&value| char::from(CHARSET[usize::from(value & 31)])).collect()
}

/// `bytes` as a bech32 address under `prefix` (BIP 173).
pub fn bech32(prefix: &str, bytes: &[u8]) -> String {
    let mut data = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for &byte in bytes {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            data.push(u8::try_from((buffer >> bits) & 31).unwrap_or(0));
        }
    }
    if bits > 0 {
        data.push(u8::try_from((buffer << (5 - bits)) & 31).unwrap_or(0));
    }
    let check = checksum(prefix, &data);
    format!("{prefix}1{}{}", letters(&data), letters(&check))
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
    let mut data = Vec::with_capacity(rest.len());
    for byte in rest.bytes() {
        match CHARSET.iter().position(|&c| c == byte) {
            Some(value) => data.push(u8::try_from(value).unwrap_or(0)),
            None => return Err(format!("invalid character not part of charset: {byte}")),
        }
    }
    let (body, found) = data.split_at(data.len() - 6);
    let expected = checksum(prefix, body);
    if found != expected {
        return Err(format!("invalid checksum (expected {} got {})", letters(&expected), letters(found)));
    }
    let mut bytes = Vec::with_capacity(body.len() * 5 / 8);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for &value in body {
        buffer = ((buffer << 5) | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).unwrap_or(0));
        }
    }
    Ok((prefix.to_owned(), bytes))
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (i, &b)| word | u32::from(b) << (16 - 8 * i));
        for i in 0..4 {
            if i <= chunk.len() {
                let index = usize::try_from((word >> (18 - 6 * i)) & 63).unwrap_or(0);
                text.push(char::from(BASE64[index]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// Decodes standard or URL-safe base64 with padding; an error is the index of the first wrong byte,
/// as Go's decoder counts it.
pub fn from_base64(text: &str) -> Result<Vec<u8>, usize> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() * 3 / 4);
    let (mut word, mut have) = (0u32, 0usize);
    for (at, &byte) in bytes.iter().enumerate() {
        let value = match byte {
            b'-' => 62,
            b'_' => 63,
            b'=' => {
                let pads = bytes.len() - at;
                let closes = bytes[at..].iter().all(|&b| b == b'=');
                return match (have, pads, closes) {
                    (2, 2, true) => {
                        out.push(u8::try_from((word >> 4) & 0xff).unwrap_or(0));
                        Ok(out)
                    }
                    (3, 1, true) => {
                        out.push(u8::try_from((word >> 10) & 0xff).unwrap_or(0));
                        out.push(u8::try_from((word >> 2) & 0xff).unwrap_or(0));
                        Ok(out)
                    }
                    _ => Err(at),
                };
            }
            _ => match BASE64.iter().position(|&c| c == byte) {
                Some(value) => u32::try_from(value).unwrap_or(0),
                None => return Err(at),
            },
        };
        word = (word << 6) | value;
        have += 1;
        if have == 4 {
            out.extend_from_slice(&word.to_be_bytes()[1..]);
            (word, have) = (0, 0);
        }
    }
    if have == 0 { Ok(out) } else { Err(bytes.len()) }
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
