//! What the chain stores, in the JSON shapes in which its node says it.
//!
//! 64-bit numbers are strings on the wire, amounts of a price or an escrow account carry 18 decimals,
//! coins of a balance none. An absent object is `null`, never left out.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of 10⁻¹⁸, as `cosmossdk.io/math.LegacyDec` keeps it. May be negative: an overdrawn escrow account is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dec(i128);

impl Dec {
    const ONE: i128 = 1_000_000_000_000_000_000;
    pub const ZERO: Self = Self(0);

    pub fn whole(units: u128) -> Self {
        Self(i128::try_from(units).unwrap_or(i128::MAX).saturating_mul(Self::ONE))
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(i128::from(count)))
    }

    /// The whole units, fractions cut off; a negative amount has none.
    pub fn truncated(self) -> u128 {
        u128::try_from(self.0 / Self::ONE).unwrap_or(0)
    }

    /// What [`Dec::truncated`] leaves.
    #[must_use]
    pub fn fraction(self) -> Self {
        Self(self.0 % Self::ONE)
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Dec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        let one = Self::ONE.unsigned_abs();
        write!(f, "{sign}{}.{:018}", size / one, size % one)
    }
}

impl FromStr for Dec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a decimal of at most 18 places");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || places.len() > 18 || !places.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let places: i128 = format!("{places:0<18}").parse().map_err(|_| wrong())?;
        let value = i128::from(whole) * Self::ONE + places;
        Ok(Self(if negative { -value } else { value }))
    }
}

impl Serialize for Dec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A number that the wire writes between quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quoted<T>(pub T);

impl<T: fmt::Display> Serialize for Quoted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Quoted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// An amount per block, or in an escrow account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecCoin {
    pub denom: Arc<str>,
    pub amount: Dec,
}

impl DecCoin {
    pub fn new(denom: &str, amount: Dec) -> Self {
        Self { denom: denom.into(), amount }
    }
}

/// A balance, a deposit, a fee: whole micro-units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coin {
    pub denom: Arc<str>,
    pub amount: Quoted<u128>,
}

impl Coin {
    pub fn new(denom: &str, amount: u128) -> Self {
        Self { denom: denom.into(), amount: Quoted(amount) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    pub key: Arc<str>,
    pub value: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeploymentId {
    pub owner: Arc<str>,
    pub dseq: Quoted<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupId {
    pub owner: Arc<str>,
    pub dseq: Quoted<u64>,
    pub gseq: u32,
}

/// Field order is key order on the chain, so sorting by it gives the node's row order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderId {
    pub owner: Arc<str>,
    pub dseq: Quoted<u64>,
    pub gseq: u32,
    pub oseq: u32,
}

/// Names a bid, and the lease that is made of it. Field order as in [`OrderId`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BidId {
    pub owner: Arc<str>,
    pub dseq: Quoted<u64>,
    pub gseq: u32,
    pub oseq: u32,
    pub provider: Arc<str>,
    pub bseq: u32,
}

impl DeploymentId {
    pub fn xid(&self) -> String {
        format!("{}/{}", self.owner, self.dseq.0)
    }

    pub fn order(&self, gseq: u32, oseq: u32) -> OrderId {
        OrderId { owner: self.owner.clone(), dseq: self.dseq, gseq, oseq }
    }
}

impl OrderId {
    pub fn deployment(&self) -> DeploymentId {
        DeploymentId { owner: self.owner.clone(), dseq: self.dseq }
    }

    pub fn bid(&self, provider: &str) -> BidId {
        BidId {
            owner: self.owner.clone(),
            dseq: self.dseq,
            gseq: self.gseq,
            oseq: self.oseq,
            provider: provider.into(),
            bseq: 0,
        }
    }
}

impl BidId {
    pub fn order(&self) -> OrderId {
        OrderId { owner: self.owner.clone(), dseq: self.dseq, gseq: self.gseq, oseq: self.oseq }
    }

    pub fn xid(&self) -> String {
        format!("{}/{}/{}/{}/{}", self.owner, self.dseq.0, self.gseq, self.oseq, self.provider)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Val {
    pub val: Quoted<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    pub units: Val,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    pub quantity: Val,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    pub name: Arc<str>,
    pub quantity: Val,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub kind: Arc<str>,
    pub sequence_number: u32,
}

/// One resource unit, of a request or of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    pub id: u32,
    pub cpu: Units,
    pub memory: Memory,
    pub storage: Vec<Storage>,
    pub gpu: Units,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub resources: Resources,
    pub count: u32,
    pub prices: Option<Vec<DecCoin>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBy {
    pub all_of: Vec<Arc<str>>,
    pub any_of: Vec<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    pub signed_by: SignedBy,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub resource: Resources,
    pub count: u32,
    pub price: DecCoin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSpec {
    pub name: Arc<str>,
    pub requirements: Requirements,
    pub resources: Vec<Request>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountId {
    pub scope: Arc<str>,
    pub xid: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    pub owner: Arc<str>,
    pub height: Quoted<u64>,
    pub source: Arc<str>,
    pub balance: DecCoin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscrowState {
    pub owner: Arc<str>,
    pub state: Arc<str>,
    pub transferred: Vec<DecCoin>,
    pub settled_at: Quoted<u64>,
    pub funds: Vec<DecCoin>,
    pub deposits: Vec<Deposit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscrowAccount {
    pub id: AccountId,
    pub state: EscrowState,
}

impl EscrowAccount {
    /// A fresh account of `scope` (`bid` or `deployment`) with one deposit from the owner's balance.
    pub fn open(scope: &str, xid: &str, owner: &str, height: u64, deposit: &DecCoin) -> Self {
        Self {
            id: AccountId { scope: scope.into(), xid: xid.into() },
            state: EscrowState {
                owner: owner.into(),
                state: "open".into(),
                transferred: vec![DecCoin::new(&deposit.denom, Dec::ZERO)],
                settled_at: Quoted(height),
                funds: vec![deposit.clone()],
                deposits: vec![Deposit {
                    owner: owner.into(),
                    height: Quoted(height),
                    source: "balance".into(),
                    balance: deposit.clone(),
                }],
            },
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bid {
    pub id: BidId,
    pub state: Arc<str>,
    pub price: DecCoin,
    pub created_at: Quoted<u64>,
    pub resources_offer: Vec<Offer>,
    pub reclamation_window: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BidRecord {
    pub bid: Bid,
    pub escrow_account: EscrowAccount,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub state: Arc<str>,
    pub spec: GroupSpec,
    pub created_at: Quoted<u64>,
    pub reclamation: Option<serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reclamation {
    pub window: Arc<str>,
    pub started_at: Quoted<u64>,
    pub deadline: Quoted<u64>,
    pub reason: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub id: BidId,
    pub state: Arc<str>,
    pub price: DecCoin,
    pub created_at: Quoted<u64>,
    pub closed_on: Quoted<u64>,
    pub reason: Arc<str>,
    pub reclamation: Option<Reclamation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentId {
    pub aid: AccountId,
    pub xid: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentState {
    pub owner: Arc<str>,
    pub state: Arc<str>,
    pub rate: DecCoin,
    pub balance: DecCoin,
    pub unsettled: DecCoin,
    pub withdrawn: Coin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub state: PaymentState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    pub lease: Lease,
    pub escrow_payment: Payment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub state: Arc<str>,
    pub hash: Arc<str>,
    pub created_at: Quoted<u64>,
    pub reclamation: Option<serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the wire calls it so")]
pub struct Group {
    pub id: GroupId,
    pub state: Arc<str>,
    pub group_spec: GroupSpec,
    pub created_at: Quoted<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    pub deployment: Deployment,
    pub groups: Vec<Group>,
    pub escrow_account: EscrowAccount,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderInfo {
    pub email: Arc<str>,
    pub website: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    pub owner: Arc<str>,
    pub host_uri: Arc<str>,
    pub attributes: Vec<Attribute>,
    pub info: ProviderInfo,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub owner: Arc<str>,
    pub auditor: Arc<str>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PubKey {
    #[serde(rename = "@type")]
    pub kind: Arc<str>,
    pub key: Arc<str>,
}

/// An account; the flat `account_info` route says the same without `@type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub address: Arc<str>,
    pub pub_key: Option<PubKey>,
    pub account_number: Quoted<u64>,
    pub sequence: Quoted<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_eighteen_places() {
        for text in ["1213.285682000000000000", "-220000.000000000000000000", "0.000000000000000001"] {
            let value: Dec = text.parse().unwrap_or_default();
            assert_eq!(value.to_string(), text);
        }
        assert!("1.2.3".parse::<Dec>().is_err());
        assert!("".parse::<Dec>().is_err());
        assert!("1e3".parse::<Dec>().is_err());
    }
}
