//! What was agreed to, what was seen of it, and every way it can end, each with its sentence.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tx::{LeaseId, Signed};
use crate::domain::money::Amount;
use crate::domain::text;

/// Decimal places of the chain's `DecCoin`.
const PLACES: usize = 18;

/// A price per block as the chain keeps it: an integer of 10⁻¹⁸ of its denom. Two are equal or they are not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WirePrice", into = "WirePrice")]
pub struct Price {
    denom: String,
    atto: u128,
}

impl Price {
    /// From the chain's text; none if that is not a plain decimal, has a non-zero nineteenth place, or is beyond 3.4 × 10²⁰.
    pub fn parse(denom: &str, amount: &str) -> Option<Self> {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let (fraction, rest) = fraction.split_at_checked(PLACES).unwrap_or((fraction, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || rest.bytes().any(|byte| byte != b'0') {
            return None;
        }
        let atto = format!("{whole}{fraction:0<PLACES$}").parse().ok()?;
        Some(Self { denom: denom.to_owned(), atto })
    }

    /// The price of a bid or a lease as it was read; none beyond 3.4 × 10²⁰.
    pub fn of(amount: &Amount) -> Option<Self> {
        let atto = u128::try_from(amount.attos()?).ok()?;
        Some(Self { denom: amount.denom.as_str().to_owned(), atto })
    }

    pub fn denom(&self) -> &str {
        &self.denom
    }

    /// The amount without trailing zeros, exact.
    pub fn amount(&self) -> String {
        let unit = 10_u128.pow(18);
        let text = format!("{}.{:0PLACES$}", self.atto / unit, self.atto % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.denom)
    }
}

#[derive(Serialize, Deserialize)]
struct WirePrice {
    denom: String,
    amount: String,
}

impl From<Price> for WirePrice {
    fn from(price: Price) -> Self {
        Self { amount: price.amount(), denom: price.denom }
    }
}

impl TryFrom<WirePrice> for Price {
    type Error = &'static str;

    fn try_from(wire: WirePrice) -> Result<Self, Self::Error> {
        Self::parse(&wire.denom, &wire.amount).ok_or("not a price")
    }
}

/// A bid as the person saw it: from here on nothing edits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    pub id: LeaseId,
    pub price: Price,
}

/// One signed accept: everything that is needed to send it, and to find out about it years later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub chain_id: String,
    /// The address that signed.
    pub account: String,
    /// The account's number for this transaction; the chain takes each once.
    pub sequence: u64,
    /// The block that was the latest when it was signed: it can only be in a later one.
    pub signed_height: u64,
    /// The last block that can hold it.
    pub timeout_height: u64,
    pub leases: Vec<Quoted>,
    #[serde(serialize_with = "write_signed", deserialize_with = "read_signed")]
    pub tx: Signed,
}

impl Attempt {
    pub fn hash(&self) -> &str {
        &self.tx.hash
    }
}

fn write_signed<S: Serializer>(tx: &Signed, to: S) -> Result<S::Ok, S::Error> {
    [&tx.hash, &tx.base64()].serialize(to)
}

/// A hash that is not that of the bytes means a damaged entry.
fn read_signed<'de, D: Deserializer<'de>>(from: D) -> Result<Signed, D::Error> {
    let [hash, bytes] = <[String; 2]>::deserialize(from)?;
    let tx = STANDARD.decode(bytes).map(Signed::new).map_err(serde::de::Error::custom)?;
    if tx.hash == hash { Ok(tx) } else { Err(serde::de::Error::custom("the hash is not that of the bytes")) }
}

/// What a node says of a transaction, when it takes it in or when it ran it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub codespace: String,
    /// 0 is success.
    pub code: u32,
    pub text: String,
}

impl Verdict {
    /// Node texts echo raw bytes and whole Go stacks: what is kept is clean, one line, 200 letters.
    pub fn new(codespace: &str, code: u32, log: &str) -> Self {
        let line = log.lines().next().unwrap_or("");
        Self { codespace: text::clean(codespace, 40), code, text: text::clean(line, text::MAX_VALUE) }
    }

    pub fn is(&self, codespace: &str, code: u32) -> bool {
        self.codespace == codespace && self.code == code
    }

    /// The sequence that the node expects, of `account sequence mismatch, expected 3, got 0`.
    pub fn expected_sequence(&self) -> Option<u64> {
        expected_sequence(&self.text)
    }

    /// Whether it was in a block too late or out of turn, and so surely did not use its sequence. The same bytes may have
    /// been in an earlier block as well: the index keeps the last.
    pub fn left_sequence(&self) -> bool {
        self.is("sdk", 30) || self.is("sdk", 32)
    }

    /// What it means for the person, where that is known.
    fn meaning(&self) -> Option<&'static str> {
        Some(match (self.codespace.as_str(), self.code) {
            ("sdk", 4) => "the signature does not fit the account and chain id",
            ("sdk", 5) => "the account cannot pay the fee",
            ("sdk", 9) => "the account does not exist on this chain: it never received anything",
            ("sdk", 11) => "it ran out of gas; the fee is spent, try again with a higher --gas-adjustment",
            ("sdk", 13) => "the fee is below what the node asks; raise --gas-prices",
            ("sdk", 20) => "the node's queue is full",
            ("sdk", 30) => "it came too late for its last block",
            ("sdk", 32) => "another transaction of the account came first",
            ("sdk", 38) | ("feegrant", _) => "the fee granter does not pay for it",
            ("market", 12) => "the bid is no longer open",
            ("market", 13) => "the order is no longer open",
            ("market", 17) => "the group is no longer open",
            ("market", 18) => "there is no such bid any more",
            ("escrow", 4) => "the deployment's escrow is used up: deposit first",
            ("escrow", 5) => "the deployment's escrow does not hold this denom",
            ("escrow", 6) => "the lease is paid for already",
            _ => return None,
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { codespace, code, text } = self;
        match self.meaning() {
            Some(meaning) => write!(f, "{meaning} ({codespace} {code})"),
            None => write!(f, "{text} ({codespace} {code})"),
        }
    }
}

/// The sequence a node expects, out of its error text (a simulation has nothing but the text).
pub fn expected_sequence(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("account sequence mismatch, expected ")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// A lease as the chain lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leased {
    pub id: LeaseId,
    pub price: Price,
    /// False once it was closed again.
    pub active: bool,
}

/// What is not as it was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    Price {
        gseq: u32,
        quoted: Price,
        leased: Price,
    },
    /// It was made, and closed before anyone looked.
    Closed {
        gseq: u32,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Price { gseq, quoted, leased } => {
                write!(f, "group {gseq} costs {leased} a block, and {quoted} was quoted")
            }
            Self::Closed { gseq } => write!(f, "the lease of group {gseq} is closed already"),
        }
    }
}

/// How it ended. Once one of these is said, the transaction cannot change anything any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum End {
    /// Leased as quoted.
    Done { height: Option<u64>, leases: Vec<Leased> },
    /// Leased, and not as quoted: to be said loudly.
    DoneButDiffers { height: Option<u64>, leases: Vec<Leased>, differences: Vec<Difference> },
    /// It ran and made no lease; without an index nobody says why.
    Failed { height: u64, verdict: Option<Verdict> },
    /// Its last block passed without it. A verdict: it was in a block, and refused there before it counted.
    Expired { timeout_height: u64, verdict: Option<Verdict> },
    /// Another transaction of the account took its place; its hash, if known.
    Superseded { by: Option<String> },
    /// No lease came of it and none can any more; on the reason no two endpoints agree, or none can tell.
    NoLease,
    /// It made no lease, and another provider holds the order.
    LeasedByOther { leases: Vec<Leased>, verdict: Option<Verdict> },
    /// Every endpoint that answered refused to take it in.
    Rejected { verdict: Verdict },
    /// It never left this program.
    NotSent,
}

impl End {
    /// Whether there is a lease now with the provider who was asked for.
    pub fn is_leased(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::DoneButDiffers { .. })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { height, leases } => {
                write!(f, "leased{}", Block(*height))?;
                each(f, leases)?;
                write!(f, ", as quoted")
            }
            Self::DoneButDiffers { height, differences, .. } => {
                write!(f, "leased{}, BUT NOT AS QUOTED", Block(*height))?;
                differences.iter().enumerate().try_for_each(|(place, difference)| {
                    write!(f, "{} {difference}", if place == 0 { ":" } else { ";" })
                })
            }
            Self::Failed { height, verdict: Some(verdict) } => {
                write!(f, "failed in block {height}, no lease was made: {verdict}")
            }
            Self::Failed { height, verdict: None } => {
                write!(f, "failed in block {height}, no lease was made; the endpoints keep no reason")
            }
            Self::Expired { timeout_height, verdict } => {
                write!(f, "not included by block {timeout_height}, and it no longer can be: nothing was leased")?;
                verdict.as_ref().map_or(Ok(()), |verdict| write!(f, " ({verdict})"))
            }
            Self::Superseded { by } => {
                write!(f, "another transaction of this account")?;
                by.as_ref().map_or(Ok(()), |by| write!(f, " ({by})"))?;
                write!(f, " came first, so this one never can: nothing was leased by it")
            }
            Self::NoLease => {
                write!(f, "no lease came of it, and none can any more; the endpoints do not tell the reason alike")
            }
            Self::LeasedByOther { leases, verdict } => {
                write!(f, "the order went elsewhere")?;
                each(f, leases)?;
                verdict.as_ref().map_or(Ok(()), |verdict| write!(f, "; ours failed: {verdict}"))
            }
            Self::Rejected { verdict } => write!(f, "refused before it was sent on: {verdict}"),
            Self::NotSent => write!(f, "nothing was sent"),
        }
    }
}

struct Block(Option<u64>);

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |height| write!(f, " in block {height}"))
    }
}

fn each(f: &mut fmt::Formatter<'_>, leases: &[Leased]) -> fmt::Result {
    leases.iter().enumerate().try_for_each(|(place, lease)| {
        let comma = if place == 0 { ":" } else { ";" };
        write!(f, "{comma} group {} to {} at {} a block", lease.id.gseq, lease.id.provider, lease.price)
    })
}
