//! How the chain holds an asked attribute against those that a provider declares or an auditor signed.
//!
//! A key matches as Go's `filepath.Match` does (chain-sdk `attributes/v1`): `*` stands for anything but a `/`, case
//! counts; the value must be the same. The chain lets an order's key have no other wildcard than `*`.

use super::text::Clean;

/// A key and its value.
pub type Attribute = (Clean, Clean);

/// Whether an asked key stands for a declared one.
pub fn key_matches(asked: &str, declared: &str) -> bool {
    let (mut asked, mut declared) = (asked.split('/'), declared.split('/'));
    loop {
        match (asked.next(), declared.next()) {
            (None, None) => return true,
            (Some(pattern), Some(text)) if part_matches(pattern, text) => {}
            _ => return false,
        }
    }
}

fn part_matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let (Some(first), Some(last)) = (pieces.next(), pieces.next_back()) else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first).and_then(|text| text.strip_suffix(last)) else { return false };
    pieces.all(|piece| match left.find(piece) {
        Some(at) => {
            left = &left[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// Whether one of these is what was asked.
pub fn has((key, value): &Attribute, among: &[Attribute]) -> bool {
    among.iter().any(|(k, v)| v == value && key_matches(key, k))
}

/// Whether all that was asked is among these; nothing asked always is.
pub fn covers(asked: &[Attribute], among: &[Attribute]) -> bool {
    asked.iter().all(|attribute| has(attribute, among))
}
