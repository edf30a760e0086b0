//! What a keyring item holds: the protobuf record of today's SDK (`cosmos.crypto.keyring.v1.Record`), or the amino one
//! that it wrote before 0.46.
//!
//! Read by hand over borrowed bytes: both encodings are the same tags and lengths, and a private key is never copied on
//! the way.

use sha2::{Digest, Sha256};

use super::key::Address;

/// Amino names every type by four bytes: the first non-zero ones of SHA-256 of its name, after a disambiguation.
const AMINO_LOCAL: [u8; 4] = [0x0d, 0xad, 0x15, 0x3d];
const AMINO_LEDGER: [u8; 4] = [0xa0, 0x8c, 0xb0, 0xfb];
const AMINO_OFFLINE: [u8; 4] = [0x1f, 0x4d, 0x3e, 0xd6];
const AMINO_MULTI: [u8; 4] = [0x34, 0x87, 0x8f, 0xb8];
const AMINO_MULTI_KEY: [u8; 4] = [0x22, 0xc1, 0xf7, 0xe2];
/// The same with the length of the 33 (32) bytes that follow.
const AMINO_PUBLIC: [u8; 5] = [0xeb, 0x5a, 0xe9, 0x87, 0x21];
const AMINO_PRIVATE: [u8; 5] = [0xe1, 0xb0, 0xf7, 0x9b, 0x20];

const SECP256K1: &str = "/cosmos.crypto.secp256k1.";
const MULTISIG: &str = "/cosmos.crypto.multisig.LegacyAminoPubKey";

/// Who can sign with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The private key is in the keyring.
    Local,
    /// A Ledger device holds it, under this path.
    Ledger { path: String },
    /// Several keys sign together.
    Multisig { threshold: u64, members: usize },
    /// Only the public key is known here.
    Offline,
}

/// One record, its private key still in the buffer it was read from.
pub(super) struct Record<'a> {
    pub name: &'a str,
    pub kind: Kind,
    pub address: Address,
    /// The 32 bytes of a local key.
    pub private: Option<&'a [u8]>,
}

pub(super) enum RecordError {
    Damaged(&'static str),
    /// Another signature scheme; the type's own name.
    OtherKind(String),
}

type Read<T> = Result<T, RecordError>;

impl<'a> Record<'a> {
    pub fn read(data: &'a [u8]) -> Read<Self> {
        // Amino puts the length in front; a protobuf record starts with field 1, the name.
        let amino = varint(data).and_then(|(length, rest)| (usize::try_from(length) == Ok(rest.len())).then_some(rest));
        match amino.and_then(|rest| rest.split_first_chunk::<4>()) {
            Some((prefix, body)) if [AMINO_LOCAL, AMINO_LEDGER, AMINO_OFFLINE, AMINO_MULTI].contains(prefix) => {
                Self::read_amino(*prefix, body)
            }
            _ => Self::read_protobuf(data),
        }
    }

    fn read_protobuf(data: &'a [u8]) -> Read<Self> {
        let (mut name, mut public, mut item) = (None, None, None);
        for field in fields(data) {
            match field? {
                (1, Value::Bytes(bytes)) => name = Some(text(bytes)?),
                (2, Value::Bytes(bytes)) => public = Some(any(bytes)?),
                (number @ 3..=6, Value::Bytes(bytes)) => item = Some((number, bytes)),
                _ => {}
            }
        }
        let name = name.ok_or(RecordError::Damaged("its record has no name"))?;
        let (public_type, public) = public.ok_or(RecordError::Damaged("its record has no public key"))?;
        let (number, item) =
            item.ok_or(RecordError::Damaged("its record says neither where the key is nor that there is none"))?;

        if public_type == MULTISIG {
            let (address, kind) = multisig(public)?;
            return Ok(Self { name, kind, address, private: None });
        }
        if public_type.strip_prefix(SECP256K1) != Some("PubKey") {
            return Err(RecordError::OtherKind(public_type.to_owned()));
        }
        let address = address_of(bytes_field(public, 1)?)?;
        let (kind, private) = match number {
            3 => {
                let (private_type, private) = any(bytes_field(item, 1)?)?;
                if private_type.strip_prefix(SECP256K1) != Some("PrivKey") {
                    return Err(RecordError::OtherKind(private_type.to_owned()));
                }
                (Kind::Local, Some(bytes_field(private, 1)?))
            }
            4 => (Kind::Ledger { path: path(bytes_field(item, 1)?)? }, None),
            5 => {
                return Err(RecordError::Damaged("it says multisig, but its public key is a single one"));
            }
            _ => (Kind::Offline, None),
        };
        Ok(Self { name, kind, address, private })
    }

    fn read_amino(prefix: [u8; 4], body: &'a [u8]) -> Read<Self> {
        let name = text(bytes_field(body, 1)?)?;
        let public = bytes_field(body, 2)?;
        if public.starts_with(&AMINO_MULTI_KEY) {
            let (address, kind) = amino_multisig(public)?;
            return Ok(Self { name, kind, address, private: None });
        }
        let address = address_of(public.strip_prefix(&AMINO_PUBLIC).ok_or_else(other_amino)?)?;
        let (kind, private) = match prefix {
            AMINO_LOCAL => {
                let private = bytes_field(body, 3)?.strip_prefix(&AMINO_PRIVATE).ok_or_else(other_amino)?;
                (Kind::Local, Some(private))
            }
            AMINO_LEDGER => (Kind::Ledger { path: path(bytes_field(body, 3)?)? }, None),
            AMINO_MULTI => {
                return Err(RecordError::Damaged("it says multisig, but its public key is a single one"));
            }
            _ => (Kind::Offline, None),
        };
        Ok(Self { name, kind, address, private })
    }
}

fn other_amino() -> RecordError {
    RecordError::OtherKind("an amino key that is not secp256k1".to_owned())
}

fn address_of(public: &[u8]) -> Read<Address> {
    let public = public.try_into().map_err(|_| RecordError::Damaged("its public key has not 33 bytes"))?;
    Ok(Address::of_public_key(public))
}

/// Protobuf multisig key {1 threshold, 2 keys}. Its address is taken over the amino form, so that is what is built.
fn multisig(key: &[u8]) -> Read<(Address, Kind)> {
    let mut amino = AMINO_MULTI_KEY.to_vec();
    for field in fields(key) {
        match field? {
            (1, Value::Number(threshold)) => {
                amino.push(0x08);
                push_varint(&mut amino, threshold);
            }
            (2, Value::Bytes(member)) => {
                let (kind, member) = any(member)?;
                if kind.strip_prefix(SECP256K1) != Some("PubKey") {
                    return Err(RecordError::OtherKind(kind.to_owned()));
                }
                let member = bytes_field(member, 1)?;
                amino.extend([0x12, 0x26]);
                amino.extend(AMINO_PUBLIC);
                amino.extend(member);
            }
            _ => {}
        }
    }
    amino_multisig(&amino)
}

fn amino_multisig(key: &[u8]) -> Read<(Address, Kind)> {
    let (mut threshold, mut members) = (0, 0);
    for field in fields(&key[AMINO_MULTI_KEY.len()..]) {
        match field? {
            (1, Value::Number(number)) => threshold = number,
            (2, Value::Bytes(_)) => members += 1,
            _ => {}
        }
    }
    let digest: [u8; 32] = Sha256::digest(key).into();
    let short = *digest.first_chunk().ok_or(RecordError::Damaged("its multisig key has no digest"))?;
    Ok((Address::new(short), Kind::Multisig { threshold, members }))
}

/// BIP-44 parameters {1 purpose, 2 coin type, 3 account, 4 change, 5 index} as a path.
fn path(params: &[u8]) -> Read<String> {
    let mut numbers = [0; 5];
    for field in fields(params) {
        if let (number @ 1..=5, Value::Number(value)) = field? {
            numbers[number as usize - 1] = value;
        }
    }
    let [purpose, coin, account, change, index] = numbers;
    // The change is stored as a bool, the index as a number; neither is hardened.
    Ok(format!("m/{purpose}'/{coin}'/{account}'/{change}/{index}"))
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Eight or four bytes; no field that is read here has them.
    Fixed,
}

/// The fields of a message in the order they stand.
fn fields(mut data: &[u8]) -> impl Iterator<Item = Read<(u32, Value<'_>)>> {
    std::iter::from_fn(move || {
        if data.is_empty() {
            return None;
        }
        let field = field(data);
        data = field.as_ref().map_or(&[], |(_, _, rest)| rest);
        Some(
            field
                .map(|(number, value, _)| (number, value))
                .ok_or(RecordError::Damaged("its record is cut off or garbled")),
        )
    })
}

fn field(data: &[u8]) -> Option<(u32, Value<'_>, &[u8])> {
    let (tag, rest) = varint(data)?;
    let number = u32::try_from(tag >> 3).ok()?;
    Some(match tag & 7 {
        0 => {
            let (value, rest) = varint(rest)?;
            (number, Value::Number(value), rest)
        }
        1 => (number, Value::Fixed, rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (number, Value::Bytes(bytes), rest)
        }
        5 => (number, Value::Fixed, rest.get(4..)?),
        _ => return None,
    })
}

/// Seven bits a byte, lowest first, at most ten bytes.
fn varint(data: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (place, &byte) in data.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?)?;
        if byte < 0x80 {
            return Some((value, &data[place + 1..]));
        }
    }
    None
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn bytes_field(data: &[u8], wanted: u32) -> Read<&[u8]> {
    let mut found = None;
    for field in fields(data) {
        if let (number, Value::Bytes(bytes)) = field?
            && number == wanted
        {
            found = Some(bytes);
        }
    }
    found.ok_or(RecordError::Damaged("a field of its record is missing"))
}

/// `google.protobuf.Any`: {1 type, 2 value}.
fn any(data: &[u8]) -> Read<(&str, &[u8])> {
    Ok((text(bytes_field(data, 1)?)?, bytes_field(data, 2)?))
}

fn text(bytes: &[u8]) -> Read<&str> {
    std::str::from_utf8(bytes).map_err(|_| RecordError::Damaged("a name in its record is not UTF-8"))
}
