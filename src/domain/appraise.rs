//! From a [`Snapshot`] to what a person chooses by: every bid with its dollars, its GPUs, how it meets the
//! request, and whether it can be taken.

use super::bid::{
    Address, Bid, BidState, Deployment, DeploymentState, Group, GroupState, Lease, Order, OrderState, Provider,
    Requirements, Snapshot,
};
use super::diff::{self, Difference, Fit};
use super::gpu::{GpuKind, Vram, VramSource};
use super::money::{Amount, BlockTime, MONTH_HOURS};
use super::resources::{self, Total, Unit};
use super::text::Clean;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Seconds after which providers withdraw a bid by default (`--bid-timeout 5m`). Nothing on the chain says when a
/// bid ends, so this is an estimate and is called one.
pub const BID_TIMEOUT_S: i64 = 300;
/// How that estimate is told.
pub const BID_TIMEOUT_BASIS: &str = "estimate: providers withdraw after 300 s by default";

/// Why a bid cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Blocker {
    /// It comes from a saved answer.
    SavedAnswer,
    /// The deployment's state is not known.
    DeploymentUnknown,
    DeploymentNotActive(DeploymentState),
    /// Paused by its tenant, or by the chain when its provider closed the lease.
    GroupPaused {
        provider_left: bool,
    },
    GroupNotOpen(GroupState),
    GroupUnknown,
    OrderUnknown,
    /// Its order was leased: to whom, at what price per block.
    OrderTaken {
        winner: Address,
        price: Amount,
    },
    OrderNotOpen(OrderState),
    /// The group has a newer order.
    OlderOrder {
        newest: u32,
    },
    /// This bid is the lease.
    Leased,
    BidNotOpen(BidState),
}

impl Blocker {
    /// Stable, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SavedAnswer => "saved_answer",
            Self::DeploymentUnknown => "deployment_unknown",
            Self::DeploymentNotActive(_) => "deployment_closed",
            Self::GroupPaused { .. } => "group_paused",
            Self::GroupNotOpen(_) => "group_closed",
            Self::GroupUnknown => "group_unknown",
            Self::OrderUnknown => "order_unknown",
            Self::OrderTaken { .. } => "order_taken",
            Self::OrderNotOpen(_) => "order_closed",
            Self::OlderOrder { .. } => "older_order",
            Self::Leased => "leased",
            Self::BidNotOpen(BidState::Lost) => "bid_lost",
            Self::BidNotOpen(BidState::Closed) => "bid_closed",
            Self::BidNotOpen(_) => "bid_not_open",
        }
    }

    /// Two or three words for a row.
    pub fn short(&self) -> &'static str {
        match self {
            Self::SavedAnswer => "saved",
            Self::DeploymentUnknown | Self::GroupUnknown | Self::OrderUnknown => "state unknown",
            Self::DeploymentNotActive(_) => "deployment closed",
            Self::GroupPaused { .. } => "group paused",
            Self::GroupNotOpen(_) => "group closed",
            Self::OrderTaken { .. } => "order taken",
            Self::OrderNotOpen(_) => "order closed",
            Self::OlderOrder { .. } => "older order",
            Self::Leased => "leased",
            Self::BidNotOpen(BidState::Lost) => "lost",
            Self::BidNotOpen(_) => "withdrawn",
        }
    }
}

impl fmt::Display for Blocker {
    /// A sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SavedAnswer => f.write_str("it comes from a saved answer, which may be old"),
            Self::DeploymentUnknown => f.write_str("the state of the deployment is not known"),
            Self::DeploymentNotActive(state) => write!(f, "the deployment is {state}"),
            Self::GroupPaused { provider_left: true } => f.write_str("your provider left: start the group"),
            Self::GroupPaused { provider_left: false } => f.write_str("the group is paused: start it to get bids"),
            Self::GroupNotOpen(state) => write!(f, "the group is {state}"),
            Self::GroupUnknown => f.write_str("the deployment has no such group"),
            Self::OrderUnknown => f.write_str("the state of its order is not known"),
            Self::OrderTaken { winner, price } => write!(f, "the order was taken by {winner} at {price} a block"),
            Self::OrderNotOpen(state) => write!(f, "its order is {state}"),
            Self::OlderOrder { newest } => write!(f, "it is for an earlier order, the group is at order {newest} now"),
            Self::Leased => f.write_str("it is leased already"),
            Self::BidNotOpen(BidState::Closed) => f.write_str("the provider withdrew it"),
            Self::BidNotOpen(state) => write!(f, "the bid is {state}"),
        }
    }
}

/// Cards of one kind that a bid offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferedGpu {
    /// Over all units and replicas; `None` where a unit does not say.
    pub count: Option<u64>,
    /// What the offer names: one kind; several it leaves open; none where it names nothing.
    pub kinds: Vec<GpuKind>,
    /// Memory of one card, when one model is named.
    pub vram: Option<Vram>,
    pub vram_source: VramSource,
}

impl OfferedGpu {
    /// The one model named, if it is one and no wildcard.
    pub fn model(&self) -> Option<&GpuKind> {
        let first = self.kinds.first()?;
        (first.model.is_some() && self.kinds.iter().all(|k| k == first || k.same_model(first))).then_some(first)
    }
}

/// What a bid says of GPUs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gpus {
    /// The offer is missing or empty.
    Unstated,
    /// It says that there is none.
    None,
    Some(Vec<OfferedGpu>),
}

impl Gpus {
    pub fn kinds(&self) -> &[OfferedGpu] {
        match self {
            Self::Some(gpus) => gpus,
            _ => &[],
        }
    }

    /// Cards in all. `None` where it is not said.
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Unstated => None,
            Self::None => Some(0),
            Self::Some(gpus) => gpus.iter().try_fold(0u64, |sum, gpu| sum.checked_add(gpu.count?)),
        }
    }

    /// Memory of all cards in MiB. `None` where one is not known, or there is no card.
    pub fn vram_total(&self) -> Option<u64> {
        match self {
            Self::Some(gpus) => {
                gpus.iter().try_fold(0u64, |sum, gpu| sum.checked_add(gpu.vram?.mib().checked_mul(gpu.count?)?))
            }
            _ => None,
        }
    }
}

/// A bid and what it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub bid: Arc<Bid>,
    /// `None`: not asked yet, or the chain knows no such provider.
    pub provider: Option<Arc<Provider>>,
    /// Empty exactly when the bid can be taken.
    pub blockers: Vec<Blocker>,
    /// Of an earlier order than its group's newest: hidden by default, counted.
    pub older_order: bool,
    /// `None` where the request is not known.
    pub fit: Option<Fit>,
    pub diff: Vec<Difference>,
    pub gpus: Gpus,
    /// The offer's sums; unknown throughout where the offer is missing or empty.
    pub total: Total,
    /// Dollars an hour for the whole group. `None` where the coin has no rate.
    pub usd_hour: Option<Decimal>,
    /// Dollars a block, before the division by the block time: what sorting goes by.
    pub usd_block: Option<Decimal>,
    /// Price over the tenant's ceiling, in the same coin.
    pub ceiling_ratio: Option<Decimal>,
}

impl Row {
    pub fn takeable(&self) -> bool {
        self.blockers.is_empty()
    }

    pub fn usd_month(&self) -> Option<Decimal> {
        self.usd_hour?.checked_mul(MONTH_HOURS)
    }

    /// Dollars an hour over the cards (CPU, memory and disk included). `None` without cards.
    pub fn usd_gpu_hour(&self) -> Option<Decimal> {
        let cards = self.gpus.count().filter(|n| *n > 0)?;
        self.usd_hour?.checked_div(Decimal::from(cards))
    }

    /// Dollars an hour over all GiB of GPU memory. `None` where one card's memory is not known.
    pub fn usd_vram_gib_hour(&self) -> Option<Decimal> {
        let mib = self.gpus.vram_total().filter(|mib| *mib > 0)?;
        self.usd_hour?.checked_mul(Decimal::from(1024u32))?.checked_div(Decimal::from(mib))
    }

    /// Blocks since the bid was made, at `height`.
    pub fn age_blocks(&self, height: Option<u64>) -> Option<u64> {
        height?.checked_sub(self.bid.created_height?)
    }

    /// Seconds since the bid was made, at `height`: blocks times the block time, never from the dseq.
    pub fn age_s(&self, height: Option<u64>, block: BlockTime) -> Option<i64> {
        self.age_blocks(height).map(|blocks| block.millis_of(blocks) / 1000)
    }

    /// Seconds until providers withdraw by default; negative when overdue. `None` unless the bid is open.
    pub fn closes_in_s(&self, height: Option<u64>, block: BlockTime) -> Option<i64> {
        let age = self.age_s(height, block)?;
        (self.bid.state == BidState::Open).then(|| BID_TIMEOUT_S.saturating_sub(age))
    }

    /// The GPUs in words: `2× A100 80 GiB`, `2× H100 80 GiB≈` (inferred), `2× A100 ?`, `1× A100 or RTX 4090`.
    pub fn gpu_text(&self) -> String {
        match &self.gpus {
            Gpus::Unstated if self.bid.offer.is_none() => "? not stated".to_owned(),
            Gpus::Unstated => "? empty offer".to_owned(),
            Gpus::None => "no GPU".to_owned(),
            Gpus::Some(gpus) => gpus.iter().map(one_gpu_text).collect::<Vec<_>>().join(" + "),
        }
    }
}

fn one_gpu_text(gpu: &OfferedGpu) -> String {
    let count = gpu.count.map_or("?×".to_owned(), |n| format!("{n}×"));
    let Some(kind) = gpu.model() else {
        return format!(
            "{count} {}",
            if gpu.kinds.is_empty() { "GPU ?".to_owned() } else { diff::alternatives(&gpu.kinds) }
        );
    };
    let vram = match (gpu.vram, gpu.vram_source) {
        (Some(vram), VramSource::Stated) => vram.to_string(),
        (Some(vram), _) => format!("{vram}≈"),
        (None, _) => "?".to_owned(),
    };
    match &kind.interface {
        Some(interface) => format!("{count} {} {vram} {interface}", kind.name()),
        None => format!("{count} {} {vram}", kind.name()),
    }
}

/// A group of the deployment with its newest order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupView {
    pub gseq: u32,
    /// The newest order's number; `None` where orders are not known or there is none.
    pub oseq: Option<u32>,
    pub name: Clean,
    pub state: Option<GroupState>,
    pub order_state: Option<OrderState>,
    pub request: Vec<Unit>,
    pub requirements: Requirements,
    pub ceiling: Option<Amount>,
    pub ceiling_usd_hour: Option<Decimal>,
    /// Open bids of the newest order.
    pub open_bids: usize,
    /// Most bids an order takes: the parameter + 1, as the chain counts. `None` where not known.
    pub max_bids: Option<u32>,
    /// The running lease of the newest order.
    pub lease: Option<Lease>,
    /// Its provider's own name.
    pub winner_name: Option<Clean>,
    pub lease_usd_hour: Option<Decimal>,
    /// The last lease was closed, and not by the tenant.
    pub provider_left: bool,
}

impl GroupView {
    /// Why none of its bids can be taken now, when it is the group that stands in the way.
    pub fn paused(&self) -> Option<Blocker> {
        (self.state == Some(GroupState::Paused)).then_some(Blocker::GroupPaused { provider_left: self.provider_left })
    }
}

/// The market of one deployment, ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Market {
    /// By gseq.
    pub groups: Vec<GroupView>,
    /// In the order of the answer.
    pub rows: Vec<Row>,
}

/// Works out the market of a snapshot. Pure: the same snapshot gives the same market.
pub fn appraise(snapshot: &Snapshot) -> Market {
    let groups = groups(snapshot);
    let block = snapshot.chain.block_time;
    let standing: BTreeMap<u32, Standing> = groups.iter().map(|g| (g.gseq, Standing::of(g, snapshot))).collect();
    let nowhere = Standing::nowhere(snapshot);
    let rows = snapshot
        .bids
        .iter()
        .map(|bid| {
            let standing = standing.get(&bid.id.gseq).unwrap_or(&nowhere);
            row(bid, snapshot, standing, block)
        })
        .collect();
    Market { groups, rows }
}

fn row(bid: &Arc<Bid>, snapshot: &Snapshot, standing: &Standing<'_>, block: BlockTime) -> Row {
    let provider = snapshot.providers.get(&bid.id.provider).cloned();
    let declared: &[GpuKind] = provider.as_ref().map_or(&[], |p| &p.declared_gpus);
    let offer = bid.offer.as_deref();
    let diff = standing.request.map(|asked| diff::compare(asked, offer, declared));
    let usd_block = snapshot.rates.usd(&bid.price);
    let ceiling = standing.ceiling.filter(|c| c.denom == bid.price.denom && !c.value.is_zero());
    Row {
        blockers: standing.blockers(bid),
        older_order: standing.newest.is_some_and(|newest| bid.id.oseq < newest),
        fit: diff.as_deref().map(diff::fit),
        diff: diff.into_iter().flatten().collect(),
        gpus: offered_gpus(offer, declared),
        total: match offer {
            None | Some([]) => Total { cpu_m: None, memory_bytes: None, storage_bytes: None, gpus: None },
            Some(units) => resources::total(units),
        },
        usd_hour: usd_block.and_then(|usd| block.per_hour(usd)),
        usd_block,
        ceiling_ratio: ceiling.and_then(|c| bid.price.value.checked_div(c.value)),
        bid: Arc::clone(bid),
        provider,
    }
}

/// Sums the cards of an offer by kind.
fn offered_gpus(offer: Option<&[Unit]>, declared: &[GpuKind]) -> Gpus {
    let Some(units) = offer.filter(|units| !units.is_empty()) else {
        return Gpus::Unstated;
    };
    let mut found: Vec<OfferedGpu> = Vec::new();
    for unit in units {
        if unit.gpus == Some(0) || unit.count == 0 {
            continue;
        }
        let count = unit.gpus.and_then(|n| n.checked_mul(u64::from(unit.count)));
        if let Some(known) = found.iter_mut().find(|gpu| gpu.kinds == unit.gpu_kinds) {
            known.count = known.count.zip(count).and_then(|(a, b)| a.checked_add(b));
            continue;
        }
        let mut gpu = OfferedGpu { count, kinds: unit.gpu_kinds.clone(), vram: None, vram_source: VramSource::Unknown };
        if let Some(kind) = gpu.model() {
            let (vram, source) = kind.vram(declared.iter());
            (gpu.vram, gpu.vram_source) = (vram, source);
        }
        found.push(gpu);
    }
    if found.is_empty() { Gpus::None } else { Gpus::Some(found) }
}

/// What a group's state means for its bids, worked out once.
struct Standing<'a> {
    request: Option<&'a [Unit]>,
    ceiling: Option<&'a Amount>,
    newest: Option<u32>,
    /// What stops every bid of the group's newest order.
    common: Vec<Blocker>,
    leases: Option<&'a [Lease]>,
}

impl<'a> Standing<'a> {
    fn of(group: &'a GroupView, snapshot: &'a Snapshot) -> Self {
        let mut common = deployment_blockers(snapshot);
        if snapshot.deployment.is_some() {
            match &group.state {
                None => common.push(Blocker::GroupUnknown),
                Some(GroupState::Open) => {}
                Some(GroupState::Paused) => common.extend(group.paused()),
                Some(state) => common.push(Blocker::GroupNotOpen(state.clone())),
            }
        }
        let taken = group.lease.as_ref();
        match (&group.order_state, taken) {
            // The lease may be seen a moment before the order says so, or the other way round.
            (_, Some(lease)) => {
                common.push(Blocker::OrderTaken { winner: lease.id.provider.clone(), price: lease.price.clone() });
            }
            (Some(OrderState::Open), None) => {}
            (Some(state), None) => common.push(Blocker::OrderNotOpen(state.clone())),
            (None, None) if snapshot.saved => {}
            (None, None) => common.push(Blocker::OrderUnknown),
        }
        let request = if group.request.is_empty() { None } else { Some(&*group.request) };
        Self {
            request,
            ceiling: group.ceiling.as_ref(),
            newest: group.oseq,
            common,
            leases: snapshot.leases.as_deref(),
        }
    }

    /// For a bid of a group that the deployment does not have.
    fn nowhere(snapshot: &'a Snapshot) -> Self {
        let mut common = deployment_blockers(snapshot);
        if !snapshot.saved {
            common.push(Blocker::GroupUnknown);
        }
        Self { request: None, ceiling: None, newest: None, common, leases: snapshot.leases.as_deref() }
    }

    fn blockers(&self, bid: &Bid) -> Vec<Blocker> {
        let is_lease = |lease: &Lease| lease.state.runs() && lease.id == bid.id;
        if bid.state == BidState::Active || self.leases.is_some_and(|leases| leases.iter().any(is_lease)) {
            return vec![Blocker::Leased];
        }
        let mut blockers = self.common.clone();
        if let Some(newest) = self.newest
            && bid.id.oseq != newest
        {
            // What holds for the newest order says nothing of an earlier one's.
            blockers.retain(|b| !matches!(b, Blocker::OrderTaken { .. } | Blocker::OrderNotOpen(_)));
            blockers.push(Blocker::OlderOrder { newest });
        }
        if bid.state != BidState::Open {
            blockers.push(Blocker::BidNotOpen(bid.state.clone()));
        }
        // A loser's state follows from the order's: said once.
        if blockers.iter().any(|b| matches!(b, Blocker::OrderTaken { .. })) {
            blockers.retain(|b| *b != Blocker::BidNotOpen(BidState::Lost));
        }
        blockers
    }
}

fn deployment_blockers(snapshot: &Snapshot) -> Vec<Blocker> {
    if snapshot.saved {
        return vec![Blocker::SavedAnswer];
    }
    match &snapshot.deployment {
        None => vec![Blocker::DeploymentUnknown],
        Some(Deployment { state: DeploymentState::Active, .. }) => Vec::new(),
        Some(deployment) => vec![Blocker::DeploymentNotActive(deployment.state.clone())],
    }
}

fn groups(snapshot: &Snapshot) -> Vec<GroupView> {
    let known: &[Group] = snapshot.deployment.as_ref().map_or(&[], |d| &d.groups);
    let orders: &[Order] = snapshot.orders.as_deref().unwrap_or(&[]);
    let mut gseqs: Vec<u32> = known.iter().map(|g| g.gseq).chain(orders.iter().map(|o| o.gseq)).collect();
    // A saved list of bids has no deployment beside it: its groups are those the bids name.
    if gseqs.is_empty() {
        gseqs.extend(snapshot.bids.iter().map(|bid| bid.id.gseq));
    }
    gseqs.sort_unstable();
    gseqs.dedup();
    gseqs.into_iter().map(|gseq| group_view(gseq, known, orders, snapshot)).collect()
}

fn group_view(gseq: u32, known: &[Group], orders: &[Order], snapshot: &Snapshot) -> GroupView {
    let group = known.iter().find(|g| g.gseq == gseq);
    let order = orders.iter().filter(|o| o.gseq == gseq).max_by_key(|o| o.oseq);
    let spec = order.map(|o| &o.spec).or(group.map(|g| &g.spec));
    let of_group = |bid: &&Arc<Bid>| bid.id.gseq == gseq;
    // Without orders, the newest that a bid names.
    let oseq = order.map(|o| o.oseq).or_else(|| snapshot.bids.iter().filter(of_group).map(|bid| bid.id.oseq).max());
    let lease = snapshot
        .leases
        .iter()
        .flatten()
        .find(|l| l.id.gseq == gseq && Some(l.id.oseq) == oseq && l.state.runs())
        .cloned();
    let last = snapshot.leases.iter().flatten().filter(|l| l.id.gseq == gseq).max_by_key(|l| l.id.oseq);
    let usd_hour = |amount: &Amount| snapshot.chain.block_time.per_hour(snapshot.rates.usd(amount)?);
    let ceiling = spec.and_then(|s| s.ceiling());
    GroupView {
        gseq,
        oseq,
        name: spec.map_or_else(|| Clean::new(""), |s| s.name.clone()),
        state: group.map(|g| g.state.clone()),
        order_state: order.map(|o| o.state.clone()),
        request: spec.map_or_else(Vec::new, |s| s.units.clone()),
        requirements: spec.map_or_else(Requirements::default, |s| s.requirements.clone()),
        ceiling_usd_hour: ceiling.as_ref().and_then(usd_hour),
        ceiling,
        open_bids: snapshot
            .bids
            .iter()
            .filter(of_group)
            .filter(|bid| Some(bid.id.oseq) == oseq && bid.state == BidState::Open)
            .count(),
        max_bids: snapshot.order_max_bids.and_then(|n| n.checked_add(1)),
        winner_name: lease
            .as_ref()
            .and_then(|l| snapshot.providers.get(&l.id.provider))
            .and_then(|p| p.name().cloned()),
        lease_usd_hour: lease.as_ref().and_then(|l| usd_hour(&l.price)),
        // `lease_closed_owner` is the tenant's own doing.
        provider_left: last
            .is_some_and(|l| !l.state.runs() && l.reason.as_deref().is_some_and(|r| r != "lease_closed_owner")),
        lease,
    }
}
