//! Bids, orders, leases, providers as the chain has them, and one [`Snapshot`] of all of a deployment.

use super::attribute;
use super::gpu::GpuKind;
use super::money::{Amount, BlockTime, Rates};
use super::resources::Unit;
use super::text::Clean;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An account, `akash1…`, as the chain or an old post writes it (shortened ones still load).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Address(Clean);

impl Address {
    pub fn new(raw: &str) -> Self {
        Self(Clean::new(raw))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `akash1mx4q…pd54`: the head, and the last four characters, by which a person confirms.
    pub fn short(&self) -> String {
        let chars: Vec<char> = self.0.chars().collect();
        if chars.len() <= 16 {
            return self.0.to_string();
        }
        let head: String = chars[..10].iter().collect();
        let tail: String = chars[chars.len() - 4..].iter().collect();
        format!("{head}…{tail}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What tells one bid from another; all six, since one provider may come to bid several times on an order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BidId {
    pub owner: Address,
    pub dseq: u64,
    pub gseq: u32,
    pub oseq: u32,
    pub provider: Address,
    /// 0 on every chain so far.
    pub bseq: u32,
}

impl fmt::Display for BidId {
    /// `owner/dseq/gseq/oseq/provider`, as the chain writes it; the bseq only where it is not 0.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}/{}", self.owner, self.dseq, self.gseq, self.oseq, self.provider)?;
        if self.bseq != 0 {
            write!(f, "/{}", self.bseq)?;
        }
        Ok(())
    }
}

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum $name {
            $($variant,)+
            /// A state that this program does not know; never treated as open.
            Other(Clean),
        }

        impl $name {
            pub fn new(raw: &str) -> Self {
                match raw {
                    $($text => Self::$variant,)+
                    _ => Self::Other(Clean::new(raw)),
                }
            }

            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

states! {
    /// A bid's state. `open` alone is no proof that it can be taken: see [`super::appraise`].
    BidState { Open = "open", Active = "active", Lost = "lost", Closed = "closed" }
}
states! {
    /// An order's state: the authority on whether its bids can be taken.
    OrderState { Open = "open", Active = "active", Closed = "closed" }
}
states! {
    GroupState { Open = "open", Paused = "paused", InsufficientFunds = "insufficient_funds", Closed = "closed" }
}
states! {
    DeploymentState { Active = "active", Closed = "closed" }
}
states! {
    LeaseState { Active = "active", Reclaiming = "reclaiming", InsufficientFunds = "insufficient_funds", Closed = "closed" }
}

impl LeaseState {
    /// Whether the lease runs and is paid for.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Active | Self::Reclaiming)
    }
}

/// A bid, as the chain has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bid {
    pub id: BidId,
    pub state: BidState,
    /// Per block, for the whole group.
    pub price: Amount,
    /// Block in which it was made.
    pub created_height: Option<u64>,
    /// `resources_offer`. `None`: this generation has none (before November 2023); empty: the provider left it out.
    pub offer: Option<Vec<Unit>>,
    /// Notice in seconds that the provider must give before it takes the lease back; `None`: none is promised.
    pub reclamation_s: Option<u64>,
}

/// What the tenant demands of a provider.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Requirements {
    /// Auditors that must all have signed the attributes.
    pub all_of: Vec<Address>,
    /// Auditors of which one must have.
    pub any_of: Vec<Address>,
    pub attributes: Vec<(Clean, Clean)>,
}

impl Requirements {
    /// Whether somebody has to have signed the attributes. Then the chain looks at what was signed only, and what a
    /// provider declares of itself counts for nothing (chain-sdk `groupspec.go`, `MatchRequirements`).
    pub fn need_auditors(&self) -> bool {
        !self.all_of.is_empty() || !self.any_of.is_empty()
    }

    /// Whether an auditor's record covers every attribute asked for; with none asked any record does.
    pub fn signed_in(&self, audit: &Audit) -> bool {
        attribute::covers(&self.attributes, &audit.attributes)
    }

    /// The auditors asked for whose signature is missing among `audits`: all those of `all_of` without a record that
    /// covers the attributes asked for, and those of `any_of` where none of them has one.
    pub fn unsigned(&self, audits: &[Audit]) -> Vec<Address> {
        let signed = |auditor: &Address| audits.iter().any(|audit| audit.auditor == *auditor && self.signed_in(audit));
        let mut missing: Vec<Address> = self.all_of.iter().filter(|a| !signed(a)).cloned().collect();
        if !self.any_of.iter().any(signed) {
            missing.extend(self.any_of.iter().cloned());
        }
        missing
    }

    /// Whether the chain takes a bid of this provider as far as attributes and auditors go. `None`: signatures are
    /// asked for, and the provider's are not known.
    pub fn met_by(&self, provider: &Provider) -> Option<bool> {
        if self.need_auditors() {
            return provider.audits.as_deref().map(|audits| self.unsigned(audits).is_empty());
        }
        Some(attribute::covers(&self.attributes, &provider.attributes))
    }
}

/// A group of the deployment: what is asked of one provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    pub gseq: u32,
    pub state: GroupState,
    pub spec: Arc<GroupSpec>,
}

/// The group's specification, in the deployment and in each of its orders.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupSpec {
    pub name: Clean,
    pub requirements: Requirements,
    pub units: Vec<Unit>,
}

impl Default for Clean {
    fn default() -> Self {
        Self::new("")
    }
}

impl GroupSpec {
    /// The most the tenant pays per block: Σ unit price × count. `None` if a unit has no price, coins differ,
    /// or it overflows.
    pub fn ceiling(&self) -> Option<Amount> {
        let mut units = self.units.iter().map(|unit| unit.price.as_ref()?.times(u64::from(unit.count)));
        let first = units.next()??;
        units.try_fold(first, |sum, price| sum.plus(&price?))
    }
}

/// One order of a group; a group reopened after a closed lease has a newer one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    pub gseq: u32,
    pub oseq: u32,
    pub state: OrderState,
    pub spec: Arc<GroupSpec>,
    pub created_height: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    pub id: BidId,
    pub state: LeaseState,
    /// Per block.
    pub price: Amount,
    pub created_height: Option<u64>,
    pub closed_height: Option<u64>,
    /// Why it was closed, as the chain says it; `None` while it runs.
    pub reason: Option<Clean>,
}

/// The escrow account that pays a deployment's leases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Escrow {
    pub state: Clean,
    /// Funds as of `settled_height`: stale, settled only when a transaction touches the account. May be negative.
    pub funds: Vec<Amount>,
    pub settled_height: Option<u64>,
}

impl Escrow {
    /// What is left of one coin at `height`: funds − Σ(running leases' rates) × (height − settled). `None` when a
    /// part is unknown or overflows.
    pub fn left(&self, funds: &Amount, leases: &[Lease], height: u64) -> Option<Amount> {
        let blocks = height.saturating_sub(self.settled_height?);
        let burn = burn(leases, funds)?;
        funds.minus(&burn.times(blocks)?)
    }

    /// Seconds until the funds of `coin` are gone at `height`, with what already runs and `more` per block.
    /// `None`: nothing runs, no funds of that coin, or unknown.
    pub fn runway_s(&self, leases: &[Lease], more: Option<&Amount>, height: u64, block: BlockTime) -> Option<i64> {
        let running = leases.iter().find(|lease| lease.state.runs()).map(|lease| &lease.price);
        let coin = &more.or(running)?.denom;
        let funds = self.funds.iter().find(|funds| funds.denom == *coin)?;
        let left = self.left(funds, leases, height)?;
        let mut burn = burn(leases, funds)?;
        if let Some(more) = more {
            burn = burn.plus(more)?;
        }
        if burn.value.is_zero() {
            return None;
        }
        let blocks = left.value.checked_div(burn.value)?;
        let seconds = blocks.checked_mul(block.seconds())?;
        i64::try_from(seconds.trunc().mantissa()).ok()
    }
}

/// What the running leases paid in the coin of `funds` cost per block.
fn burn(leases: &[Lease], funds: &Amount) -> Option<Amount> {
    let nothing = Amount { value: rust_decimal::Decimal::ZERO, denom: funds.denom.clone() };
    leases
        .iter()
        .filter(|lease| lease.state.runs() && lease.price.denom == funds.denom)
        .try_fold(nothing, |sum, lease| sum.plus(&lease.price))
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    pub owner: Address,
    pub dseq: u64,
    pub state: DeploymentState,
    pub created_height: Option<u64>,
    pub groups: Vec<Group>,
    pub escrow: Option<Escrow>,
}

/// What one auditor signed of a provider's attributes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audit {
    pub auditor: Address,
    pub attributes: Vec<(Clean, Clean)>,
}

/// A provider: its own words, and what auditors signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    pub address: Address,
    /// `host:port` of its gateway.
    pub host: Option<Clean>,
    /// Self-declared; a key may come several times.
    pub attributes: Vec<(Clean, Clean)>,
    pub email: Option<Clean>,
    pub website: Option<Clean>,
    /// `None`: not asked or not answered; empty: nobody signed anything.
    pub audits: Option<Vec<Audit>>,
    /// GPU kinds among the attributes.
    pub declared_gpus: Vec<GpuKind>,
}

impl Provider {
    /// The first value of an attribute that says something.
    pub fn attribute(&self, key: &str) -> Option<&Clean> {
        self.attributes.iter().find(|(k, v)| **k == *key && !v.is_empty()).map(|(_, v)| v)
    }

    pub fn organization(&self) -> Option<&Clean> {
        self.attribute("organization")
    }

    /// `location-region`, else the older `region`.
    pub fn region(&self) -> Option<&Clean> {
        self.attribute("location-region").or_else(|| self.attribute("region"))
    }

    pub fn country(&self) -> Option<&Clean> {
        self.attribute("country")
    }

    /// What a person calls it: organisation, else host.
    pub fn name(&self) -> Option<&Clean> {
        self.organization().or(self.host.as_ref())
    }
}

/// What the chain told of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainInfo {
    /// Chain id; `None` from a saved answer.
    pub id: Option<Clean>,
    /// The endpoint that answered, without credentials.
    pub rest: Option<Clean>,
    /// Height that every figure of the snapshot is of; `None` from a saved answer.
    pub height: Option<u64>,
    /// Time of that block, milliseconds since 1970.
    pub height_at_ms: Option<i64>,
    /// Market generation: `v1beta5`.
    pub generation: Clean,
    pub block_time: BlockTime,
}

/// An entry of an answer that could not be read: counted and shown, never dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// `bids[7]`.
    pub where_: String,
    pub reason: Clean,
}

/// Something that makes the picture less than whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// Stable, for scripts: `audit_unreachable`.
    pub code: &'static str,
    pub text: Clean,
}

/// All that is known of one deployment's market, at one block height.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    pub chain: ChainInfo,
    pub rates: Rates,
    /// `None` from a saved answer without it.
    pub deployment: Option<Deployment>,
    /// `None`: not known (saved answer, or the question failed).
    pub orders: Option<Vec<Order>>,
    /// `None`: not known.
    pub leases: Option<Vec<Lease>>,
    pub bids: Vec<Arc<Bid>>,
    /// Those asked so far; a missing one is not known yet.
    pub providers: BTreeMap<Address, Arc<Provider>>,
    /// The chain's parameter: an order takes one more than this.
    pub order_max_bids: Option<u32>,
    pub unreadable: Vec<Unreadable>,
    pub warnings: Vec<Warning>,
    /// A saved answer: it may be old, nothing of it can be taken.
    pub saved: bool,
}

impl Snapshot {
    /// What a bid's order asks of its provider: the order's own word, else its group's.
    pub fn requirements(&self, id: &BidId) -> Option<&Requirements> {
        let order = self.orders.iter().flatten().find(|order| order.gseq == id.gseq && order.oseq == id.oseq);
        let group = || self.deployment.as_ref()?.groups.iter().find(|group| group.gseq == id.gseq);
        order.map(|order| &order.spec).or_else(|| group().map(|group| &group.spec)).map(|spec| &spec.requirements)
    }
}
