//! What all decoders share: scalars read leniently, amounts exactly, lists entry by entry.
//!
//! The chain's JSON writes 64-bit integers as strings and absent messages as `null` (gogo jsonpb); tools that pass it
//! on turn strings into numbers and drop keys. So a scalar never fails to be read, it is only absent; a whole list
//! never fails because of one entry; money is read from the digits that were sent, or not at all.

use crate::domain::bid::Unreadable;
use crate::domain::money::{Amount, Denom, parse_decimal};
use crate::domain::text::Clean;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Why an answer as a whole could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// It ends in the middle.
    #[error("the answer stops in the middle")]
    Cut,
    /// Something other than JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// JSON, but not of this route.
    #[error("the answer has another shape than expected: {0}")]
    Shape(Clean),
}

impl DecodeError {
    pub(crate) fn shape(text: &str) -> Self {
        Self::Shape(Clean::message(text))
    }

    fn of(text: &str, error: &serde_json::Error) -> Self {
        let json = text.trim_start().starts_with(['{', '[']);
        if json && error.is_eof() {
            Self::Cut
        } else if json {
            // Also what is nested deeper than is followed.
            Self::shape(&error.to_string())
        } else {
            Self::NotJson
        }
    }
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Entries that could not be read; with `items` they make up all entries.
    pub unreadable: Vec<Unreadable>,
    /// Opaque key of the next page; never empty.
    pub next_key: Option<String>,
}

/// Answers are UTF-8; bytes that are not become U+FFFD instead of failing the page.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    // The check is several times faster than the repair.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Reads one JSON document.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|error| DecodeError::of(text, &error))
}

/// Reads one JSON object. A list is none, though serde would take its members in order.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    if text.trim_start().starts_with('[') {
        return Err(DecodeError::shape("it is a list"));
    }
    read(text)
}

/// A scalar as text: strings as they are, numbers and booleans written out, everything else absent.
#[derive(Clone, Default, Debug)]
pub(crate) struct Text<'a>(pub Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, unless it is empty.
    pub fn filled(&self) -> Option<&str> {
        self.as_deref().filter(|text| !text.is_empty())
    }

    pub fn clean(&self) -> Option<Clean> {
        self.as_deref().map(Clean::new).and_then(Clean::non_empty)
    }

    /// The part of the answer itself, where it needed no unescaping.
    pub fn borrowed(&self) -> Option<&'a str> {
        match self.0 {
            Some(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }
}

/// A whole number of 64 bits, from a number or a string; everything else is absent.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Num(pub Option<u64>);

impl Num {
    pub fn u32(self) -> Option<u32> {
        self.0.and_then(|n| u32::try_from(n).ok())
    }
}

struct TextVisitor;
struct NumVisitor;

/// Visits everything that can stand in JSON, so that the type of a scalar is never an error.
macro_rules! any_scalar {
    ($visitor:ident, $value:ident, $de:lifetime) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok($value(None))
        }
        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok($value(None))
        }
        fn visit_seq<A: SeqAccess<$de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value(None))
        }
        fn visit_map<A: MapAccess<$de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($value(None))
        }
    };
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;
    any_scalar!(TextVisitor, Text, 'de);

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(if value { "true" } else { "false" }))))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }
}

impl<'de> Visitor<'de> for NumVisitor {
    type Value = Num;
    any_scalar!(NumVisitor, Num, 'de);

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Num, E> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        Ok(Num(if digits { text.parse().ok() } else { None }))
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Num, E> {
        Ok(Num(None))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Num, E> {
        Ok(Num(Some(value)))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Num, E> {
        Ok(Num(u64::try_from(value).ok()))
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Num, E> {
        Ok(Num(None))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumVisitor)
    }
}

/// A value as it was sent: `null` and a missing key are absent.
pub(crate) fn present(raw: Option<&RawValue>) -> Option<&str> {
    raw.map(RawValue::get).filter(|text| *text != "null")
}

/// A coin. The amount keeps its own digits, also where it was sent as a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coin<'a> {
    denom: Option<&'a RawValue>,
    amount: Option<&'a RawValue>,
}

/// By hand, so that only an object is a coin and never a list of two.
impl<'de: 'a, 'a> Deserialize<'de> for Coin<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CoinVisitor;
        impl<'de> Visitor<'de> for CoinVisitor {
            type Value = Coin<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a coin with denom and amount")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Coin<'de>, A::Error> {
                let mut coin = Coin { denom: None, amount: None };
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_deref() {
                        Some("denom") => coin.denom = Some(map.next_value()?),
                        // Two amounts are none that can be trusted.
                        Some("amount") if coin.amount.is_some() => return Err(de::Error::duplicate_field("amount")),
                        Some("amount") => coin.amount = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(coin)
            }
        }
        deserializer.deserialize_map(CoinVisitor)
    }
}

/// The digits of an amount, quoted or not. `None` if there is none; a string with escapes holds no number.
fn digits(raw: Option<&RawValue>) -> Option<&str> {
    let text = present(raw)?;
    Some(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text))
}

impl<'a> Coin<'a> {
    /// The name as it was sent, where it needs no unescaping.
    pub fn denom(&self) -> Option<&'a str> {
        let text = present(self.denom)?.strip_prefix('"')?.strip_suffix('"')?;
        (!text.is_empty() && !text.contains('\\')).then_some(text)
    }

    /// The exact amount, with the denom that `name` makes of the coin's; else a sentence's end: "the price …".
    pub fn amount_with(&self, name: impl FnOnce(&'a str) -> Denom) -> Result<Amount, String> {
        let denom = self.denom().ok_or("names no coin")?;
        let amount = digits(self.amount).ok_or("has no amount")?;
        let value = parse_decimal(amount).map_err(|error| format!("amount {error}"))?;
        Ok(Amount { value, denom: name(denom) })
    }

    pub fn amount(&self) -> Result<Amount, String> {
        self.amount_with(Denom::new)
    }
}

/// An attribute of a unit or a provider.
#[derive(Deserialize, Clone, Default, Debug)]
pub(crate) struct Attribute<'a> {
    #[serde(borrow, default)]
    pub key: Text<'a>,
    #[serde(borrow, default)]
    pub value: Text<'a>,
}

/// Attributes, cleaned; one without a key says nothing.
pub(crate) fn attributes(list: &[Attribute<'_>]) -> Vec<(Clean, Clean)> {
    let value = |attribute: &Attribute<'_>| Clean::new(attribute.value.as_deref().unwrap_or(""));
    list.iter().filter_map(|attribute| Some((attribute.key.clean()?, value(attribute)))).collect()
}

#[derive(Deserialize, Clone, Default, Debug)]
pub(crate) struct Pagination<'a> {
    #[serde(borrow, default)]
    next_key: Text<'a>,
}

/// The key of the next page, if there is one.
pub(crate) fn next_key(pagination: Option<&Pagination<'_>>) -> Option<String> {
    pagination?.next_key.filled().map(str::to_owned)
}

/// Reads a list entry by entry: what cannot be read is named `name[first + i]` with its reason. `null` is an empty
/// list.
pub(crate) fn entries<'a, T>(
    raw: &'a str,
    name: &str,
    first: usize,
    mut read: impl FnMut(&'a str) -> Result<T, String>,
) -> Result<(Vec<T>, Vec<Unreadable>), DecodeError> {
    let list: Option<Vec<&'a RawValue>> =
        self::read(raw).map_err(|_| DecodeError::shape(&format!("`{name}` is not a list")))?;
    let (mut items, mut unreadable) = (Vec::new(), Vec::new());
    for (at, entry) in list.unwrap_or_default().into_iter().enumerate() {
        match read(entry.get()) {
            Ok(item) => items.push(item),
            Err(reason) => unreadable.push(self::unreadable(name, first + at, &reason)),
        }
    }
    Ok((items, unreadable))
}

pub(crate) fn unreadable(name: &str, at: usize, reason: &str) -> Unreadable {
    Unreadable { where_: format!("{name}[{at}]"), reason: Clean::message(reason) }
}

/// Reads one entry; the reason for a person says what was found, not where in a line of a megabyte.
pub(crate) fn entry<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    if !text.trim_start().starts_with('{') {
        return Err("it is no JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        format!("it has another shape than expected: {text}")
    })
}
