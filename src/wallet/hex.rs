//! Hexadecimal both ways. Decoding writes into a buffer of the caller's, which may be one that is wiped.

/// Lower-case digits.
pub fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Fills `out` from exactly twice as many digits; false if there is anything else in them.
pub(super) fn decode(digits: &str, out: &mut [u8]) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.len() == out.len() * 2
        && digits.as_bytes().chunks_exact(2).zip(out).all(|(pair, byte)| {
            let both = digit(pair[0]).zip(digit(pair[1]));
            *byte = both.map_or(0, |(high, low)| high << 4 | low);
            both.is_some()
        })
}
