//! Protobuf on the wire: fields, and which of them the node knows.
//!
//! What the node refuses to decode is refused here with its words (all under sdk code 2).

use super::encoding;

/// The one message of the market that this chain serves.
pub const CREATE_LEASE: &str = "/akash.market.v1beta5.MsgCreateLease";
pub const PUBLIC_KEY: &str = "/cosmos.crypto.secp256k1.PubKey";

/// What a field of a known message holds.
enum Field {
    Varint,
    /// Bytes or text.
    Bytes,
    Message(&'static Kind),
    Any,
}

/// A message the node knows: Go's name for it, and its fields.
pub struct Kind {
    name: &'static str,
    fields: &'static [(u64, Field)],
}

pub static TX_RAW: Kind =
    Kind { name: "*tx.TxRaw", fields: &[(1, Field::Bytes), (2, Field::Bytes), (3, Field::Bytes)] };
static ANY: Kind = Kind { name: "*types.Any", fields: &[(1, Field::Bytes), (2, Field::Bytes)] };
static TIMESTAMP: Kind = Kind { name: "*types.Timestamp", fields: &[(1, Field::Varint), (2, Field::Varint)] };
pub static TX_BODY: Kind = Kind {
    name: "*tx.TxBody",
    fields: &[
        (1, Field::Any),
        (2, Field::Bytes),
        (3, Field::Varint),
        (4, Field::Varint),
        (5, Field::Message(&TIMESTAMP)),
        (1023, Field::Any),
        (2047, Field::Any),
    ],
};
static COIN: Kind = Kind { name: "*types.Coin", fields: &[(1, Field::Bytes), (2, Field::Bytes)] };
static FEE: Kind = Kind {
    name: "*tx.Fee",
    fields: &[(1, Field::Message(&COIN)), (2, Field::Varint), (3, Field::Bytes), (4, Field::Bytes)],
};
static SINGLE: Kind = Kind { name: "*tx.ModeInfo_Single", fields: &[(1, Field::Varint)] };
static MODE_INFO: Kind = Kind { name: "*tx.ModeInfo", fields: &[(1, Field::Message(&SINGLE)), (2, Field::Bytes)] };
static SIGNER_INFO: Kind =
    Kind { name: "*tx.SignerInfo", fields: &[(1, Field::Any), (2, Field::Message(&MODE_INFO)), (3, Field::Varint)] };
pub static AUTH_INFO: Kind = Kind {
    name: "*tx.AuthInfo",
    fields: &[(1, Field::Message(&SIGNER_INFO)), (2, Field::Message(&FEE)), (3, Field::Bytes)],
};
static KEY: Kind = Kind { name: "*secp256k1.PubKey", fields: &[(1, Field::Bytes)] };
static BID_ID: Kind = Kind {
    name: "*v1.BidID",
    fields: &[
        (1, Field::Bytes),
        (2, Field::Varint),
        (3, Field::Varint),
        (4, Field::Varint),
        (5, Field::Bytes),
        (6, Field::Varint),
    ],
};
static MSG_CREATE_LEASE: Kind = Kind { name: "*v1beta5.MsgCreateLease", fields: &[(1, Field::Message(&BID_ID))] };

/// The message behind a type URL.
fn resolve(url: &str) -> Result<&'static Kind, String> {
    match url {
        CREATE_LEASE => Ok(&MSG_CREATE_LEASE),
        PUBLIC_KEY => Ok(&KEY),
        _ => Err(format!("unable to resolve type URL {url}")),
    }
}

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;
const EOF: &str = "unexpected EOF";

fn wire_name(wire: u64) -> &'static str {
    match wire {
        VARINT => "varint",
        FIXED64 => "fixed64",
        BYTES => "bytes",
        3 => "start_group",
        4 => "end_group",
        FIXED32 => "fixed32",
        _ => "unknown",
    }
}

/// One field as it stands on the wire.
pub struct Raw<'a> {
    pub tag: u64,
    /// Of a varint; else 0.
    pub number: u64,
    /// Behind the length; else empty.
    pub bytes: &'a [u8],
}

/// Reads a varint: its value, its length, and what follows.
fn varint(bytes: &[u8]) -> Result<(u64, usize, &[u8]), &'static str> {
    let mut value = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        if at == 9 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return Ok((value, at + 1, &bytes[at + 1..]));
        }
    }
    Err(if bytes.len() < 10 { EOF } else { "proto: variable length integer overflow" })
}

fn tag(bytes: &[u8]) -> Result<(u64, u64, &[u8]), &'static str> {
    let (key, _, rest) = varint(bytes)?;
    match key >> 3 {
        1..=0x1fff_ffff => Ok((key >> 3, key & 7, rest)),
        _ => Err("proto: invalid field number"),
    }
}

/// The field at the front, and what follows it.
fn field(bytes: &[u8]) -> Result<(Raw<'_>, &[u8]), &'static str> {
    let (tag, wire, rest) = tag(bytes)?;
    let raw = |number, bytes| Raw { tag, number, bytes };
    match wire {
        VARINT => varint(rest).map(|(number, _, rest)| (raw(number, &[][..]), rest)),
        FIXED64 => rest.split_at_checked(8).map(|(_, rest)| (raw(0, &[][..]), rest)).ok_or(EOF),
        FIXED32 => rest.split_at_checked(4).map(|(_, rest)| (raw(0, &[][..]), rest)).ok_or(EOF),
        BYTES => {
            let (length, _, rest) = varint(rest)?;
            let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
            split.map(|(bytes, rest)| (raw(0, bytes), rest)).ok_or(EOF)
        }
        _ => Err("proto: cannot parse reserved wire type"),
    }
}

/// All fields of a message whose bytes have been walked by [`reject_unknown`].
pub fn fields(mut bytes: &[u8]) -> Result<Vec<Raw<'_>>, String> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (raw, rest) = field(bytes)?;
        all.push(raw);
        bytes = rest;
    }
    Ok(all)
}

/// Walks a message and what it holds. `lenient`: fields with bit 11 set may be unknown (in a body).
pub fn reject_unknown(mut bytes: &[u8], kind: &Kind, lenient: bool) -> Result<(), String> {
    while !bytes.is_empty() {
        let (number, wire, _) = tag(bytes).map_err(|_| "invalid length")?;
        let known = kind.fields.iter().find(|(tag, _)| *tag == number).map(|(_, field)| field);
        if let Some(known) = known {
            let want = if matches!(known, Field::Varint) { VARINT } else { BYTES };
            if wire != want {
                return Err(format!(
                    "Mismatched {:?}: {{TagNum: {number}, GotWireType: {:?} != WantWireType: {:?}}}",
                    kind.name,
                    wire_name(wire),
                    wire_name(want)
                ));
            }
        } else if !lenient || number & 1024 == 0 {
            return Err(format!(
                "errUnknownField {:?}: {{TagNum: {number}, WireType:{:?}}}",
                kind.name,
                wire_name(wire)
            ));
        }
        let (raw, rest) = field(bytes).map_err(|reason| {
            format!("could not consume field value for tagNum: {number}, wireType: {:?}; {reason}", wire_name(wire))
        })?;
        bytes = rest;
        match known {
            Some(Field::Message(inner)) => reject_unknown(raw.bytes, inner, lenient)?,
            Some(Field::Any) => {
                reject_unknown(raw.bytes, &ANY, lenient)?;
                let (url, value) = any(raw.bytes)?;
                reject_unknown(value, resolve(&url)?, lenient)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A `TxRaw` must have its fields in order and its lengths as short as can be (ADR 027).
pub fn reject_other_encodings(mut bytes: &[u8]) -> Result<(), String> {
    let mut before = 0;
    while !bytes.is_empty() {
        let bad = |reason| format!("invalid length; {reason}");
        let (number, wire, rest) = tag(bytes).map_err(bad)?;
        if wire != BYTES {
            return Err(format!("expected {BYTES} wire type, got {wire}"));
        }
        if number < before {
            return Err(format!("txRaw must follow ADR-027, got tagNum {number} after tagNum {before}"));
        }
        before = number;
        let (length, read, _) = varint(rest).map_err(bad)?;
        let need = usize::try_from(u64::BITS - length.leading_zeros()).unwrap_or(0).div_ceil(7).max(1);
        if read != need {
            return Err(format!(
                "length prefix varint for tagNum {number} is not as short as possible, read {read}, only need {need}"
            ));
        }
        bytes = field(bytes).map_err(bad)?.1;
    }
    Ok(())
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn any(bytes: &[u8]) -> Result<(String, &[u8]), String> {
    let (mut url, mut value) = (String::new(), &[][..]);
    for raw in fields(bytes)? {
        match raw.tag {
            1 => url = text(raw.bytes),
            2 => value = raw.bytes,
            _ => {}
        }
    }
    Ok((url, value))
}

/// A length-delimited field behind its key.
pub fn put_bytes(out: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    out.push(key);
    encoding::varint(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(bytes);
}
