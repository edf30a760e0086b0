//! The JSON document, schema 1 (`assets/bids.schema.json`). Fields are only ever added.
//!
//! Native amounts are strings as the chain writes them; derived dollars, hours and ratios are numbers written from the
//! decimal's own digits, never through a float; what is unknown is `null`.

use crate::domain::appraise::{self, Blocker, GroupView, Market, OfferedGpu, Row};
use crate::domain::auditor::Auditors;
use crate::domain::bid::{
    Address, BidId, Deployment, Escrow, Lease, Provider, Requirements, Snapshot, Unreadable, Warning,
};
use crate::domain::diff::Difference;
use crate::domain::gpu::GpuKind;
use crate::domain::money::{Amount, BlockTime, BlockTimeSource, HOUR_S, Rate, six_decimals};
use crate::domain::preferences::Preferences;
use crate::domain::query::Query;
use crate::domain::rank::View;
use crate::domain::requirement::{self, Checked, Comparison, Declared, Signature};
use crate::domain::resources::{Total, Unit};
use crate::domain::run::{self, Run, RunLength};
use crate::domain::text::Clean;
use crate::domain::usual::{UsualPrices, pairing_hint};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What the document says besides the market.
pub struct Context<'a> {
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    pub query: &'a Query,
    pub view: &'a View,
    pub preferences: &'a Preferences,
}

/// The whole document, in one line without a newline.
pub fn document(snapshot: &Snapshot, market: &Market, context: &Context<'_>) -> serde_json::Result<String> {
    let of_view = context.view.rows.iter().filter_map(|&at| market.rows.get(at as usize));
    serde_json::to_string(&Document {
        schema: 1,
        generated_at: rfc3339(context.now_ms),
        complete: snapshot.warnings.is_empty(),
        warnings: &snapshot.warnings.iter().map(WarningOut::new).collect::<Vec<_>>(),
        chain: ChainOut::new(snapshot),
        rates: rates(snapshot, market),
        deployment: snapshot.deployment.as_ref().map(|d| DeploymentOut::new(d, snapshot, market)),
        leases: snapshot.leases.iter().flatten().map(|lease| LeaseOut::new(lease, snapshot)).collect(),
        bids: of_view.map(|row| BidOut::new(row, snapshot, context.preferences)).collect(),
        unreadable: snapshot.unreadable.iter().map(UnreadableOut::new).collect(),
        filter: FilterOut {
            expr: context.query.to_string(),
            shown: context.view.rows.len(),
            blocked: context.view.hidden.blocked,
            clauses: context
                .view
                .hidden
                .clauses
                .iter()
                .map(|c| ClauseOut { clause: &c.clause, removed: c.removed, unknown: c.unknown })
                .collect(),
        },
    })
}

/// One bid, as it stands in the document.
pub fn bid_document(row: &Row, snapshot: &Snapshot, preferences: &Preferences) -> serde_json::Result<String> {
    serde_json::to_string(&BidOut::new(row, snapshot, preferences))
}

/// A decimal written as a JSON number with all its own digits.
pub(super) struct Number(Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// A derived figure: six decimals.
pub(super) fn figure(value: Option<Decimal>) -> Option<Number> {
    value.map(|v| Number(six_decimals(v)))
}

/// RFC 3339 in UTC; `null` for a time outside the years that can be written.
pub(super) fn rfc3339(ms: i64) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(ms).ok()?;
    Some(at.to_string())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    generated_at: Option<String>,
    complete: bool,
    warnings: &'a [WarningOut<'a>],
    chain: ChainOut<'a>,
    rates: BTreeMap<&'static str, RateOut<'a>>,
    deployment: Option<DeploymentOut<'a>>,
    leases: Vec<LeaseOut<'a>>,
    bids: Vec<BidOut<'a>>,
    unreadable: Vec<UnreadableOut<'a>>,
    filter: FilterOut<'a>,
}

#[derive(Serialize)]
struct WarningOut<'a> {
    code: &'static str,
    text: &'a str,
}

impl<'a> WarningOut<'a> {
    fn new(warning: &'a Warning) -> Self {
        Self { code: warning.code, text: &warning.text }
    }
}

#[derive(Serialize)]
struct ChainOut<'a> {
    id: Option<&'a str>,
    rest: Option<&'a str>,
    height: Option<u64>,
    height_at: Option<String>,
    generation: &'a str,
    block_time_s: Number,
    block_time_source: String,
}

impl<'a> ChainOut<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let chain = &snapshot.chain;
        Self {
            id: chain.id.as_deref(),
            rest: chain.rest.as_deref(),
            height: chain.height,
            height_at: chain.height_at_ms.and_then(rfc3339),
            generation: &chain.generation,
            block_time_s: Number(six_decimals(chain.block_time.seconds())),
            block_time_source: match chain.block_time.source {
                BlockTimeSource::Measured => format!("measured over {} blocks", chain.block_time.blocks_measured()),
                BlockTimeSource::Assumed => "assumed".to_owned(),
            },
        }
    }
}

#[derive(Serialize)]
struct RateOut<'a> {
    usd: Number,
    source: &'a str,
    at: Option<String>,
}

/// The rates of the coins that the bids are priced in, and AKT's where one is known.
fn rates<'a>(snapshot: &'a Snapshot, market: &'a Market) -> BTreeMap<&'static str, RateOut<'a>> {
    use crate::domain::money::{Denom, USDC_MAINNET, USDC_SANDBOX};
    let pegged = || RateOut { usd: Number(Decimal::ONE), source: "pegged", at: None };
    let mut rates = BTreeMap::from([("uact", pegged())]);
    for row in &market.rows {
        match row.bid.price.denom {
            Denom::UsdcMainnet => drop(rates.insert(USDC_MAINNET, pegged())),
            Denom::UsdcSandbox => drop(rates.insert(USDC_SANDBOX, pegged())),
            _ => {}
        }
    }
    if let Some(Rate { usd, source, at_ms }) = &snapshot.rates.akt {
        rates.insert("uakt", RateOut { usd: Number(*usd), source, at: at_ms.and_then(rfc3339) });
    }
    rates
}

#[derive(Serialize)]
pub(super) struct Coin<'a> {
    denom: &'a str,
    amount: String,
}

impl<'a> Coin<'a> {
    pub(super) fn new(amount: &'a Amount) -> Self {
        Self { denom: amount.denom.as_str(), amount: amount.value.to_string() }
    }

    fn owned(amount: &Amount, denom: &'a str) -> Self {
        Self { denom, amount: amount.value.to_string() }
    }
}

#[derive(Serialize)]
struct DeploymentOut<'a> {
    owner: &'a str,
    dseq: String,
    state: &'a str,
    created_height: Option<u64>,
    escrow: Vec<Coin<'a>>,
    runway_h: Option<Number>,
    groups: Vec<GroupOut<'a>>,
}

impl<'a> DeploymentOut<'a> {
    fn new(deployment: &'a Deployment, snapshot: &'a Snapshot, market: &'a Market) -> Self {
        Self {
            owner: deployment.owner.as_str(),
            dseq: deployment.dseq.to_string(),
            state: deployment.state.as_str(),
            created_height: deployment.created_height,
            escrow: deployment.escrow.as_ref().map_or_else(Vec::new, |escrow| escrow_left(escrow, snapshot)),
            runway_h: deployment.escrow.as_ref().and_then(|escrow| {
                let leases = snapshot.leases.as_deref()?;
                let seconds = escrow.runway_s(leases, None, snapshot.chain.height?, snapshot.chain.block_time)?;
                figure(Decimal::from(seconds).checked_div(Decimal::from(HOUR_S)))
            }),
            groups: market.groups.iter().map(GroupOut::new).collect(),
        }
    }
}

/// Each coin as it is at the present height, reckoned; as the chain last settled it where that can't be reckoned.
fn escrow_left<'a>(escrow: &'a Escrow, snapshot: &Snapshot) -> Vec<Coin<'a>> {
    let reckoned = |funds: &Amount| escrow.left(funds, snapshot.leases.as_deref()?, snapshot.chain.height?);
    escrow
        .funds
        .iter()
        .map(|funds| match reckoned(funds) {
            Some(left) => Coin::owned(&left, funds.denom.as_str()),
            None => Coin::new(funds),
        })
        .collect()
}

#[derive(Serialize)]
struct GroupOut<'a> {
    gseq: u32,
    oseq: Option<u32>,
    name: &'a str,
    state: Option<&'a str>,
    order_state: Option<&'a str>,
    bids: usize,
    max_bids: Option<u32>,
    ceiling: Option<Coin<'a>>,
    signed_by: SignedBy<'a>,
    attributes: Vec<Attribute<'a>>,
    request: RequestOut<'a>,
}

impl<'a> GroupOut<'a> {
    fn new(group: &'a GroupView) -> Self {
        let Requirements { all_of, any_of, attributes } = &group.requirements;
        Self {
            gseq: group.gseq,
            oseq: group.oseq,
            name: &group.name,
            state: group.state.as_ref().map(super::super::domain::bid::GroupState::as_str),
            order_state: group.order_state.as_ref().map(super::super::domain::bid::OrderState::as_str),
            bids: group.open_bids,
            max_bids: group.max_bids,
            ceiling: group.ceiling.as_ref().map(Coin::new),
            signed_by: SignedBy {
                all_of: all_of.iter().map(super::super::domain::bid::Address::as_str).collect(),
                any_of: any_of.iter().map(super::super::domain::bid::Address::as_str).collect(),
            },
            attributes: attributes.iter().map(|(key, value)| Attribute { key, value }).collect(),
            request: RequestOut::new(&group.request),
        }
    }
}

#[derive(Serialize)]
struct SignedBy<'a> {
    all_of: Vec<&'a str>,
    any_of: Vec<&'a str>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct RequestOut<'a> {
    units: Vec<UnitOut<'a>>,
    total: TotalOut,
}

impl<'a> RequestOut<'a> {
    fn new(units: &'a [Unit]) -> Self {
        let total = crate::domain::resources::total(units);
        Self { units: units.iter().map(UnitOut::new).collect(), total: TotalOut::new(&total) }
    }
}

#[derive(Serialize)]
struct TotalOut {
    cpu_m: Option<u64>,
    memory_bytes: Option<u64>,
    storage_bytes: Option<u64>,
    gpus: Option<u64>,
}

impl TotalOut {
    fn new(total: &Total) -> Self {
        let Total { cpu_m, memory_bytes, storage_bytes, gpus } = *total;
        Self { cpu_m, memory_bytes, storage_bytes, gpus }
    }
}

#[derive(Serialize)]
struct UnitOut<'a> {
    id: u32,
    count: u32,
    cpu_m: Option<u64>,
    memory_bytes: Option<u64>,
    gpus: Option<u64>,
    gpu_alternatives: Vec<KindOut<'a>>,
    storage: Vec<VolumeOut<'a>>,
    endpoints: Vec<&'a str>,
}

impl<'a> UnitOut<'a> {
    fn new(unit: &'a Unit) -> Self {
        Self {
            id: unit.id,
            count: unit.count,
            cpu_m: unit.cpu_m,
            memory_bytes: unit.memory_bytes,
            gpus: unit.gpus,
            gpu_alternatives: unit.gpu_kinds.iter().map(KindOut::new).collect(),
            storage: unit
                .storage
                .iter()
                .map(|v| VolumeOut {
                    name: &v.name,
                    bytes: v.bytes,
                    class: v.class.as_deref(),
                    persistent: v.persistent,
                })
                .collect(),
            endpoints: unit.endpoints.iter().map(|e| &**e).collect(),
        }
    }
}

#[derive(Serialize)]
struct VolumeOut<'a> {
    name: &'a str,
    bytes: Option<u64>,
    class: Option<&'a str>,
    persistent: bool,
}

/// A kind of card; a `null` model is the wildcard.
#[derive(Serialize)]
struct KindOut<'a> {
    vendor: &'a str,
    model: Option<&'a str>,
    vram_gib: Option<Number>,
    interface: Option<&'a str>,
}

impl<'a> KindOut<'a> {
    fn new(kind: &'a GpuKind) -> Self {
        Self {
            vendor: &kind.vendor,
            model: kind.model.as_deref(),
            vram_gib: kind.ram.and_then(|vram| gib(vram.mib())),
            interface: kind.interface.as_deref(),
        }
    }
}

/// MiB as a number of GiB.
fn gib(mib: u64) -> Option<Number> {
    figure(Decimal::from(mib).checked_div(Decimal::from(1024u32)))
}

#[derive(Serialize)]
struct LeaseOut<'a> {
    id: IdOut<'a>,
    state: &'a str,
    price: Coin<'a>,
    usd_per_hour: Option<Number>,
}

impl<'a> LeaseOut<'a> {
    fn new(lease: &'a Lease, snapshot: &Snapshot) -> Self {
        let hourly = |block: BlockTime| block.per_hour(snapshot.rates.usd(&lease.price)?);
        Self {
            id: IdOut::new(&lease.id),
            state: lease.state.as_str(),
            price: Coin::new(&lease.price),
            usd_per_hour: figure(hourly(snapshot.chain.block_time)),
        }
    }
}

#[derive(Serialize)]
pub(super) struct IdOut<'a> {
    owner: &'a str,
    dseq: String,
    gseq: u32,
    oseq: u32,
    provider: &'a str,
    bseq: u32,
}

impl<'a> IdOut<'a> {
    pub(super) fn new(id: &'a BidId) -> Self {
        Self {
            owner: id.owner.as_str(),
            dseq: id.dseq.to_string(),
            gseq: id.gseq,
            oseq: id.oseq,
            provider: id.provider.as_str(),
            bseq: id.bseq,
        }
    }
}

#[derive(Serialize)]
struct BidOut<'a> {
    id: IdOut<'a>,
    state: &'a str,
    takeable: bool,
    blockers: Vec<BlockerOut<'a>>,
    fit: Option<&'static str>,
    diff: Vec<DifferenceOut<'a>>,
    price: Coin<'a>,
    ceiling_ratio: Option<Number>,
    usd_per_hour: Option<Number>,
    usd_per_month: Option<Number>,
    usd_per_gpu_hour: Option<Number>,
    usd_per_vram_gib_hour: Option<Number>,
    gpus: Vec<GpuOut<'a>>,
    gpu_text: String,
    offer: Option<RequestOut<'a>>,
    reclamation_s: Option<u64>,
    provider: ProviderOut<'a>,
    created_height: Option<u64>,
    age_s: Option<i64>,
    closes_in_s: Option<i64>,
    closes_in_basis: Option<&'static str>,
    usual_usd_per_gpu_hour: Option<UsualOut>,
    /// Hours that the escrow lasts with this bid.
    runway_h: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunOut>,
    /// `null`: the request or the provider is not known.
    requirements: Option<RequirementsOut>,
    /// CPUs and memory beside the cards against what is documented; `null` where nothing is to be said.
    pairing: Option<String>,
    favourite: bool,
    blocked: bool,
}

impl<'a> BidOut<'a> {
    fn new(row: &'a Row, snapshot: &'a Snapshot, preferences: &'a Preferences) -> Self {
        let bid = &*row.bid;
        let closes_in_s = row.closes_in_s(snapshot.chain.height, snapshot.chain.block_time);
        Self {
            id: IdOut::new(&bid.id),
            state: bid.state.as_str(),
            takeable: row.takeable(),
            blockers: row.blockers.iter().map(BlockerOut::new).collect(),
            fit: row.fit.map(super::super::domain::diff::Fit::as_str),
            diff: row.diff.iter().map(DifferenceOut::new).collect(),
            price: Coin::new(&bid.price),
            ceiling_ratio: figure(row.ceiling_ratio),
            usd_per_hour: figure(row.usd_hour),
            usd_per_month: figure(row.usd_month()),
            usd_per_gpu_hour: figure(row.usd_gpu_hour()),
            usd_per_vram_gib_hour: figure(row.usd_vram_gib_hour()),
            gpus: row.gpus.kinds().iter().map(GpuOut::new).collect(),
            gpu_text: row.gpu_text(),
            offer: bid.offer.as_deref().map(RequestOut::new),
            reclamation_s: bid.reclamation_s,
            provider: ProviderOut::new(bid.id.provider.as_str(), row.provider.as_deref(), &preferences.auditors),
            created_height: bid.created_height,
            age_s: row.age_s(snapshot.chain.height, snapshot.chain.block_time),
            closes_in_s,
            closes_in_basis: closes_in_s.map(|_| appraise::BID_TIMEOUT_BASIS),
            usual_usd_per_gpu_hour: usual(row, &preferences.usual),
            runway_h: run::runway_s(row, snapshot)
                .and_then(|seconds| figure(Decimal::from(seconds).checked_div(Decimal::from(HOUR_S)))),
            run: preferences.run.map(|length| RunOut::new(length, &length.of(row, snapshot))),
            requirements: snapshot
                .requirements(&bid.id)
                .zip(row.provider.as_deref())
                .map(|(asked, provider)| RequirementsOut::new(&requirement::compare(asked, provider))),
            pairing: pairing(row),
            favourite: preferences.is_favourite(&bid.id.provider),
            blocked: preferences.is_blocked(&bid.id.provider),
        }
    }
}

/// One hint for each unit that has one.
fn pairing(row: &Row) -> Option<String> {
    let mut hints: Vec<String> = row.bid.offer.iter().flatten().filter_map(pairing_hint).collect();
    hints.dedup();
    (!hints.is_empty()).then(|| hints.join("; "))
}

#[derive(Serialize)]
struct RunOut {
    seconds: u32,
    usd: Option<Number>,
    escrow_lasts: Option<bool>,
}

impl RunOut {
    fn new(length: RunLength, run: &Run) -> Self {
        Self { seconds: length.seconds(), usd: figure(run.usd), escrow_lasts: run.escrow_lasts }
    }
}

/// What was asked of the provider, held against what it declares and what was signed.
#[derive(Serialize)]
struct RequirementsOut {
    /// The chain's own rule; `null`: signatures are asked for and not known.
    met: Option<bool>,
    attributes: Vec<CheckedOut>,
    signatures: Vec<SignatureOut>,
}

impl RequirementsOut {
    fn new(comparison: &Comparison) -> Self {
        Self {
            met: comparison.met,
            attributes: comparison.attributes.iter().map(CheckedOut::new).collect(),
            signatures: comparison.signatures.iter().map(SignatureOut::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct CheckedOut {
    key: String,
    asked: String,
    /// Its own values of that key: the asked one, others, or none.
    declared: Vec<String>,
    met: bool,
    signed_by: Option<Vec<String>>,
    self_declared: bool,
}

impl CheckedOut {
    fn new(checked: &Checked) -> Self {
        let declared = match &checked.declared {
            Declared::Yes => vec![checked.value.to_string()],
            Declared::Otherwise(values) => values.iter().map(ToString::to_string).collect(),
            Declared::No => Vec::new(),
        };
        let signed_by = checked.signed_by.as_ref();
        Self {
            key: checked.key.to_string(),
            asked: checked.value.to_string(),
            declared,
            met: checked.declared == Declared::Yes,
            signed_by: signed_by.map(|signers| signers.iter().map(ToString::to_string).collect()),
            self_declared: checked.self_declared(),
        }
    }
}

#[derive(Serialize)]
struct SignatureOut {
    auditor: String,
    /// `all_of` or `any_of`.
    of: &'static str,
    signed: Option<bool>,
}

impl SignatureOut {
    fn new(signature: &Signature) -> Self {
        let of = if signature.every { "all_of" } else { "any_of" };
        Self { auditor: signature.auditor.to_string(), of, signed: signature.signed }
    }
}

#[derive(Serialize)]
struct BlockerOut<'a> {
    code: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    winner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Coin<'a>>,
}

impl<'a> BlockerOut<'a> {
    fn new(blocker: &'a Blocker) -> Self {
        let (winner, price) = match blocker {
            Blocker::OrderTaken { winner, price } => (Some(winner.as_str()), Some(Coin::new(price))),
            _ => (None, None),
        };
        Self { code: blocker.code(), text: blocker.to_string(), winner, price }
    }
}

#[derive(Serialize)]
struct DifferenceOut<'a> {
    unit: u32,
    level: &'static str,
    field: &'a str,
    asked: &'a str,
    offered: &'a str,
    text: &'a str,
}

impl<'a> DifferenceOut<'a> {
    fn new(d: &'a Difference) -> Self {
        Self {
            unit: d.unit,
            level: d.level.as_str(),
            field: &d.field,
            asked: &d.asked,
            offered: &d.offered,
            text: &d.text,
        }
    }
}

#[derive(Serialize)]
struct GpuOut<'a> {
    count: Option<u64>,
    vendor: Option<&'a str>,
    model: Option<&'a str>,
    vram_gib: Option<Number>,
    vram_source: &'static str,
    interface: Option<&'a str>,
    /// What it may be, where the offer leaves it open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<KindOut<'a>>,
}

impl<'a> GpuOut<'a> {
    fn new(gpu: &'a OfferedGpu) -> Self {
        let vendor = gpu.kinds.first().map(|kind| &*kind.vendor);
        let model = gpu.model();
        Self {
            count: gpu.count,
            vendor: vendor.filter(|vendor| gpu.kinds.iter().all(|kind| *kind.vendor == **vendor)),
            model: model.and_then(|kind| kind.model.as_deref()),
            vram_gib: gpu.vram.and_then(|vram| gib(vram.mib())),
            vram_source: gpu.vram_source.as_str(),
            interface: model.and_then(|kind| kind.interface.as_deref()),
            alternatives: if model.is_some() { Vec::new() } else { gpu.kinds.iter().map(KindOut::new).collect() },
        }
    }
}

#[derive(Serialize)]
struct ProviderOut<'a> {
    address: &'a str,
    host: Option<&'a str>,
    organization: Option<&'a str>,
    region: Option<&'a str>,
    country: Option<&'a str>,
    /// `null`: the audit answer did not come; empty: nobody signed anything.
    audited_by: Option<Vec<&'a str>>,
    /// The same, with the names that they go by.
    auditors: Option<Vec<AuditorOut<'a>>>,
    attributes: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> ProviderOut<'a> {
    fn new(address: &'a str, provider: Option<&'a Provider>, names: &'a Auditors) -> Self {
        let audits = provider.and_then(|p| p.audits.as_ref());
        let text = |value: Option<&'a Clean>| value.map(|v| &**v);
        let mut attributes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in provider.iter().flat_map(|p| &p.attributes) {
            attributes.entry(key).or_default().push(value);
        }
        Self {
            address,
            host: provider.and_then(|p| text(p.host.as_ref())),
            organization: provider.and_then(|p| text(p.organization())),
            region: provider.and_then(|p| text(p.region())),
            country: provider.and_then(|p| text(p.country())),
            audited_by: audits.map(|audits| audits.iter().map(|audit| audit.auditor.as_str()).collect()),
            auditors: audits.map(|audits| audits.iter().map(|audit| AuditorOut::new(&audit.auditor, names)).collect()),
            attributes,
        }
    }
}

#[derive(Serialize)]
struct AuditorOut<'a> {
    address: &'a str,
    name: Option<&'a str>,
}

impl<'a> AuditorOut<'a> {
    fn new(address: &'a Address, names: &'a Auditors) -> Self {
        Self { address: address.as_str(), name: names.name(address).map(|name| &**name) }
    }
}

#[derive(Serialize)]
struct UsualOut {
    low: Number,
    high: Number,
    source: String,
    as_of: String,
}

/// The usual price of the one model offered. `None` for several, or where the table has no figure.
fn usual(row: &Row, prices: &UsualPrices) -> Option<UsualOut> {
    let [gpu] = row.gpus.kinds() else { return None };
    let usual = prices.of(gpu.model()?, gpu.vram)?;
    Some(UsualOut {
        low: Number(usual.low),
        high: Number(usual.high),
        source: usual.source.to_string(),
        as_of: usual.as_of.to_string(),
    })
}

#[derive(Serialize)]
struct UnreadableOut<'a> {
    #[serde(rename = "where")]
    place: &'a str,
    reason: &'a str,
}

impl<'a> UnreadableOut<'a> {
    fn new(entry: &'a Unreadable) -> Self {
        Self { place: &entry.where_, reason: &entry.reason }
    }
}

#[derive(Serialize)]
struct FilterOut<'a> {
    expr: String,
    shown: usize,
    /// Bids of blocked providers, left out.
    blocked: usize,
    clauses: Vec<ClauseOut<'a>>,
}

#[derive(Serialize)]
struct ClauseOut<'a> {
    clause: &'a str,
    removed: usize,
    unknown: usize,
}
