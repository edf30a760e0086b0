//! What single values must be, wherever they were written.

use super::origin::Origin;
use crate::domain::money::parse_decimal;
use crate::exit::{Code, Failure};
use rust_decimal::Decimal;

/// The official keyrings that can be read.
pub const BACKENDS: [&str; 3] = ["os", "file", "test"];

/// What a person typed, safe to print back.
pub fn clean(raw: &str) -> String {
    crate::domain::text::clean(raw, 80)
}

/// An account of this chain: bech32 with the prefix `akash`, 20 or 32 bytes. The error is the end of a sentence.
pub fn address(raw: &str) -> Result<(), String> {
    let why = match bech32::decode(raw) {
        Ok((hrp, data)) if hrp.as_str() == "akash" && matches!(data.len(), 20 | 32) => return Ok(()),
        Ok((hrp, _)) if hrp.as_str() != "akash" => "it does not begin with akash1",
        Ok(_) => "it has the wrong length",
        Err(_) => "it is no bech32 address (a letter may be mistyped)",
    };
    Err(format!("is no Akash address: {why}"))
}

/// An amount of uakt: `0.025uakt`. The error is the end of a sentence.
pub fn uakt(raw: &str, example: &str) -> Result<Decimal, String> {
    let number = raw.trim().strip_suffix("uakt").and_then(|number| parse_decimal(number.trim()).ok());
    number
        .filter(|price| *price >= Decimal::ZERO)
        .ok_or_else(|| format!("an amount of uakt is taken, such as {example} (fees are paid in uakt)"))
}

/// What simulated gas is multiplied by. The error is the end of a sentence.
pub fn factor(raw: &str) -> Result<Decimal, String> {
    match parse_decimal(raw.trim()) {
        Ok(factor) if factor >= Decimal::ONE && factor <= Decimal::ONE_HUNDRED => Ok(factor),
        _ => Err("a number from 1 to 100 is taken, such as 1.5".to_owned()),
    }
}

/// Wrong use, where something that was named is no account of this chain.
pub fn check_address(raw: &str, origin: Origin) -> Result<(), Failure> {
    address(raw).map_err(|why| Failure::new(Code::Usage, format!("{origin} {:?} {why}", clean(raw))))
}
