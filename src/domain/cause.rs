//! The words of a diagnosis: why nobody bids, with what evidence, and what mends it.

use super::auditor::Auditors;
use super::registry::Registered;
use super::text::Clean;
use super::usual::UsualPrices;

/// What was gathered besides the snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// `None`: the registry was not read.
    pub registered: Option<&'a Registered>,
    pub usual: &'a UsualPrices,
    pub auditors: &'a Auditors,
    /// Name of the key that signs, for the commands; `$AKASH_FROM` where `None`.
    pub from: Option<&'a str>,
}

/// What a cause is, cheapest to mend first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Code {
    OrderYoung,
    GroupPaused,
    BidsWithdrawn,
    BidLimit,
    OrderClosed,
    EscrowEmpty,
    EscrowLow,
    GpuModelUnknown,
    GpuVariant,
    GpuModelNobody,
    GpuFew,
    StorageNobody,
    StorageFew,
    AttributeNobody,
    AttributeFew,
    AuditorNobody,
    AuditorFew,
    RequestNobody,
    RequestFew,
    NoneFits,
    CeilingLow,
    GroupClosed,
    DeploymentClosed,
}

impl Code {
    /// Stable, for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderYoung => "order_young",
            Self::GroupPaused => "group_paused",
            Self::BidsWithdrawn => "bids_withdrawn",
            Self::BidLimit => "bid_limit",
            Self::OrderClosed => "order_closed",
            Self::EscrowEmpty => "escrow_empty",
            Self::EscrowLow => "escrow_low",
            Self::GpuModelUnknown => "gpu_model_unknown",
            Self::GpuVariant => "gpu_variant",
            Self::GpuModelNobody => "gpu_model_nobody",
            Self::GpuFew => "gpu_few",
            Self::StorageNobody => "storage_nobody",
            Self::StorageFew => "storage_few",
            Self::AttributeNobody => "attribute_nobody",
            Self::AttributeFew => "attribute_few",
            Self::AuditorNobody => "auditor_nobody",
            Self::AuditorFew => "auditor_few",
            Self::RequestNobody => "request_nobody",
            Self::RequestFew => "request_few",
            Self::NoneFits => "none_fits",
            Self::CeilingLow => "ceiling_low",
            Self::GroupClosed => "group_closed",
            Self::DeploymentClosed => "deployment_closed",
        }
    }
}

/// How much a cause explains.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Weight {
    /// While it lasts there is nothing to take.
    Stops,
    /// It leaves few who could bid.
    Narrows,
    /// Worth knowing.
    Note,
}

impl Weight {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Narrows => "narrows",
            Self::Note => "note",
        }
    }
}

/// Something counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    pub what: String,
    pub n: usize,
}

/// One reason, with what shows it and what mends it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    pub code: Code,
    pub weight: Weight,
    /// A sentence with the figures in it.
    pub text: String,
    pub evidence: Vec<Count>,
    /// What to do, in words.
    pub fix: String,
    /// Commands of the official program that do it, in their order; may be none.
    pub commands: Vec<String>,
}

/// How many providers a part of the request leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Stable: `registered`, `online`, `attributes`, `gpu_model`, `gpu_variant`, `storage`, `auditors`.
    pub code: &'static str,
    pub text: String,
    /// `None`: not known.
    pub left: Option<usize>,
}

/// What is wrong with a group, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Bids can be taken that meet the request.
    Served { fitting: usize },
    /// The newest order is leased.
    Leased,
    /// Bids can be taken, none meets the request.
    NoneFits { takeable: usize },
    /// The order is open and nothing on it can be taken.
    NoBids,
    /// There is no open order to bid on.
    NotOpen,
    /// Whether an order is open is not known.
    Unknown,
}

impl Verdict {
    /// Stable, for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served { .. } => "served",
            Self::Leased => "leased",
            Self::NoneFits { .. } => "none_fits",
            Self::NoBids => "no_bids",
            Self::NotOpen => "not_open",
            Self::Unknown => "unknown",
        }
    }

    /// Whether there is something to mend.
    pub fn ails(self) -> bool {
        !matches!(self, Self::Served { .. } | Self::Leased)
    }
}

/// What was found out about a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnosis {
    pub gseq: u32,
    pub oseq: Option<u32>,
    pub name: Clean,
    pub verdict: Verdict,
    /// One sentence.
    pub headline: String,
    pub causes: Vec<Cause>,
    /// How many registered providers are left after each part of the request; empty where the registry was not read.
    pub steps: Vec<Step>,
    /// The registry was read to its end.
    pub complete: bool,
    /// What nothing that was read can tell.
    pub unknown: Vec<String>,
}
