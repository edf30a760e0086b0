//! Bids, orders, leases and deployments: bytes → domain. Pure.
//!
//! Read are market v1beta5 (`id` with a bseq, nested escrow) and the older generations (`bid_id`, flat escrow, before
//! November 2023 no offer); which one it is shows in the keys. A bid's escrow account and the informational `prices`
//! of an offer are not used.

use super::wire::{
    Attribute, Coin, DecodeError, Num, Page, Pagination, Text, attributes, entries, entry, next_key, object, present,
    read, unreadable, utf8,
};
use crate::domain::bid::{
    Address, Bid, BidId, BidState, Deployment, DeploymentState, Escrow, Group, GroupSpec, GroupState, Lease,
    LeaseState, Order, OrderState, Requirements, Unreadable,
};
use crate::domain::gpu::GpuKind;
use crate::domain::money::{Amount, Denom};
use crate::domain::resources::{Demands, Unit, Volume};
use crate::domain::text::Clean;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// One page of `bids/list`. `first` is the number of entries on the pages before.
pub fn bids(bytes: &[u8], first: usize) -> Result<Page<Arc<Bid>>, DecodeError> {
    #[derive(Deserialize)]
    struct Slow<'a> {
        #[serde(borrow)]
        bids: &'a RawValue,
        #[serde(borrow, default)]
        pagination: Option<Pagination<'a>>,
    }
    let text = utf8(bytes);
    // Nearly always every entry has the expected shape: one pass over the bytes.
    let mut json = serde_json::Deserializer::from_str(&text);
    if let Ok(page) = json.deserialize_map(WholePage { first })
        && json.end().is_ok()
    {
        return Ok(page);
    }
    let page: Slow<'_> = object(&text)?;
    let (items, unreadable) = entries(page.bids.get(), "bids", first, bid_entry)?;
    Ok(Page { items, unreadable, next_key: next_key(page.pagination.as_ref()) })
}

/// Bids, and the entries that are none.
type Bids = (Vec<Arc<Bid>>, Vec<Unreadable>);

/// A page of bids in one pass: each entry is turned into a bid as it is read. It fails where an entry has another shape
/// or is not in its usual wrapping; then the entries have to be looked at one by one.
struct WholePage {
    first: usize,
}

impl<'de> Visitor<'de> for WholePage {
    type Value = Page<Arc<Bid>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of bids")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut bids, mut pagination) = (None, None::<Pagination<'de>>);
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match key.as_deref() {
                Some("bids") if bids.is_some() => return Err(A::Error::duplicate_field("bids")),
                Some("bids") => bids = Some(map.next_value_seed(WholeList { first: self.first })?),
                Some("pagination") => pagination = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let (items, unreadable) = bids.ok_or_else(|| A::Error::missing_field("bids"))?;
        Ok(Page { items, unreadable, next_key: next_key(pagination.as_ref()) })
    }
}

struct WholeList {
    first: usize,
}

impl<'de> DeserializeSeed<'de> for WholeList {
    type Value = Bids;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bids, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for WholeList {
    type Value = Bids;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of bids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bids, A::Error> {
        let mut names = Names::default();
        let (mut items, mut bad) = (Vec::new(), Vec::new());
        while let Some(entry) = list.next_element::<BidEntry<'de>>()? {
            let body = entry.bid.ok_or_else(|| A::Error::missing_field("bid"))?;
            match body.bid(&mut names) {
                Ok(bid) => items.push(Arc::new(bid)),
                Err(reason) => bad.push(unreadable("bids", self.first + items.len() + bad.len(), &reason)),
            }
        }
        Ok((items, bad))
    }
}

/// The entries of a list of bids, each read on its own if they cannot be read together.
pub(crate) fn bid_entries(list: &str, first: usize) -> Result<Bids, DecodeError> {
    let together = WholeList { first }.deserialize(&mut serde_json::Deserializer::from_str(list));
    together.or_else(|_| entries(list, "bids", first, bid_entry))
}

/// `{"bid": {…}, "escrow_account": {…}}` (`bids/info`, an entry of a list), or the bid itself.
pub(crate) fn bid_entry(text: &str) -> Result<Arc<Bid>, String> {
    let mut names = Names::default();
    let wrapped: BidEntry<'_> = entry(text)?;
    match wrapped.bid {
        Some(body) => body.bid(&mut names).map(Arc::new),
        None => entry::<BidBody<'_>>(text)?.bid(&mut names).map(Arc::new),
    }
}

/// `bids/info`.
pub fn bid(bytes: &[u8]) -> Result<Arc<Bid>, DecodeError> {
    let text = utf8(bytes);
    read::<&RawValue>(&text)?;
    bid_entry(&text).map_err(|reason| DecodeError::shape(&reason))
}

/// Bids are known by their id: the same one again is counted, not shown twice.
pub(crate) fn without_repeats(bids: Vec<Arc<Bid>>, unreadable: &mut Vec<Unreadable>) -> Vec<Arc<Bid>> {
    // The chain answers in the order of the ids (with an owner); then nothing can repeat and nothing is hashed.
    if bids.is_sorted_by(|a, b| a.id < b.id) {
        return bids;
    }
    let mut seen: HashSet<BidId> = HashSet::with_capacity(bids.len());
    let mut kept = Vec::with_capacity(bids.len());
    for bid in bids {
        if seen.insert(bid.id.clone()) {
            kept.push(bid);
        } else {
            let where_ = format!("bid {}", bid.id);
            unreadable.push(Unreadable { where_, reason: Clean::message("the same bid came before") });
        }
    }
    kept
}

/// A page whose list goes by `$list`, read by `$entries`. A macro because the name is that of the field.
macro_rules! page {
    ($bytes:expr, $first:expr, $list:ident, $entries:ident) => {{
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            $list: &'a RawValue,
            #[serde(borrow, default)]
            pagination: Option<Pagination<'a>>,
        }
        let text = utf8($bytes);
        let page: List<'_> = object(&text)?;
        let (items, unreadable) = $entries(page.$list.get(), $first)?;
        Ok(Page { items, unreadable, next_key: next_key(page.pagination.as_ref()) })
    }};
}

/// One page of `orders/list`.
pub fn orders(bytes: &[u8], first: usize) -> Result<Page<Order>, DecodeError> {
    page!(bytes, first, orders, order_entries)
}

pub(crate) fn order_entries(list: &str, first: usize) -> Result<(Vec<Order>, Vec<Unreadable>), DecodeError> {
    entries(list, "orders", first, |text| entry::<OrderBody<'_>>(text)?.order())
}

/// One page of `leases/list`.
pub fn leases(bytes: &[u8], first: usize) -> Result<Page<Lease>, DecodeError> {
    page!(bytes, first, leases, lease_entries)
}

pub(crate) fn lease_entries(list: &str, first: usize) -> Result<(Vec<Lease>, Vec<Unreadable>), DecodeError> {
    entries(list, "leases", first, lease_entry)
}

/// `{"lease": {…}, "escrow_payment": {…}}`.
pub(crate) fn lease_entry(text: &str) -> Result<Lease, String> {
    #[derive(Deserialize)]
    struct Entry<'a> {
        #[serde(borrow, default)]
        lease: Option<LeaseBody<'a>>,
    }
    entry::<Entry<'_>>(text)?.lease.ok_or("it holds no lease")?.lease()
}

/// A deployment with the parts of it that could not be read.
pub type Deployed = (Deployment, Vec<Unreadable>);

/// `deployments/info`.
pub fn deployment(bytes: &[u8]) -> Result<Deployed, DecodeError> {
    let text = utf8(bytes);
    let body: DeploymentBody<'_> = object(&text)?;
    body.deployment().map_err(|reason| DecodeError::shape(&reason))
}

/// One page of `deployments/list`.
pub fn deployments(bytes: &[u8], first: usize) -> Result<Page<Deployed>, DecodeError> {
    page!(bytes, first, deployments, deployment_entries)
}

pub(crate) fn deployment_entries(list: &str, first: usize) -> Result<(Vec<Deployed>, Vec<Unreadable>), DecodeError> {
    entries(list, "deployments", first, |text| entry::<DeploymentBody<'_>>(text)?.deployment())
}

/// Texts that come again and again in one answer, kept once each.
#[derive(Default)]
struct Names<'a> {
    owners: Repeated<'a, Address>,
    texts: Repeated<'a, Clean>,
    denoms: Repeated<'a, Denom>,
    gpus: Repeated<'a, Option<GpuKind>>,
}

/// What was made of the first few texts. There are few of a sort, so looking through them beats hashing.
struct Repeated<'a, T>(Vec<(&'a str, T)>);

impl<T> Default for Repeated<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T: Clone> Repeated<'a, T> {
    const MOST: usize = 24;

    fn get(&mut self, text: &'a str, make: impl FnOnce(&'a str) -> T) -> T {
        if let Some((_, value)) = self.0.iter().find(|(known, _)| *known == text) {
            return value.clone();
        }
        let value = make(text);
        if self.0.len() < Self::MOST {
            self.0.push((text, value.clone()));
        }
        value
    }

    /// Of a text that may have been unescaped.
    fn of(&mut self, text: &Text<'a>, make: impl Fn(&str) -> T) -> Option<T> {
        match text.borrowed() {
            Some(text) => (!text.is_empty()).then(|| self.get(text, make)),
            None => text.filled().map(make),
        }
    }
}

/// The ids of bids, orders, leases, groups and deployments; each has the parts it has.
#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow, default)]
    owner: Text<'a>,
    #[serde(default)]
    dseq: Num,
    #[serde(default)]
    gseq: Num,
    #[serde(default)]
    oseq: Num,
    #[serde(borrow, default)]
    provider: Text<'a>,
    #[serde(default)]
    bseq: Num,
}

impl<'a> Id<'a> {
    fn bid(&self, names: &mut Names<'a>) -> Result<BidId, String> {
        Ok(BidId {
            owner: names.owners.of(&self.owner, Address::new).ok_or("its id has no owner")?,
            dseq: self.dseq.0.ok_or("its id has no dseq")?,
            gseq: self.gseq.u32().ok_or("its id has no gseq")?,
            oseq: self.oseq.u32().ok_or("its id has no oseq")?,
            provider: self.provider.filled().map(Address::new).ok_or("its id has no provider")?,
            bseq: self.bseq.u32().unwrap_or(0),
        })
    }
}

/// What stands for a state that was not sent.
fn state<'t>(text: &'t Text<'_>) -> &'t str {
    text.filled().unwrap_or("?")
}

#[derive(Deserialize)]
struct BidEntry<'a> {
    #[serde(borrow, default)]
    bid: Option<BidBody<'a>>,
}

#[derive(Deserialize)]
struct BidBody<'a> {
    #[serde(borrow, default, alias = "bid_id")]
    id: Option<Id<'a>>,
    #[serde(borrow, default)]
    state: Text<'a>,
    #[serde(borrow, default)]
    price: Option<Coin<'a>>,
    #[serde(default)]
    created_at: Num,
    #[serde(borrow, default)]
    resources_offer: Offer<'a>,
    #[serde(borrow, default)]
    reclamation_window: Text<'a>,
}

/// Tells a key that is missing from one that is `null`.
#[derive(Default)]
enum Offer<'a> {
    #[default]
    Missing,
    Sent(Option<Vec<UnitBody<'a>>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Offer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Sent)
    }
}

impl<'a> BidBody<'a> {
    fn bid(&self, names: &mut Names<'a>) -> Result<Bid, String> {
        let id = self.id.as_ref().ok_or("it has no id")?.bid(names)?;
        let price = self.price.ok_or("it has no price")?;
        let price = price
            .amount_with(|denom| names.denoms.get(denom, Denom::new))
            .map_err(|reason| format!("its price {reason}"))?;
        let offer = match &self.resources_offer {
            Offer::Missing => None,
            Offer::Sent(units) => Some(
                units
                    .iter()
                    .flatten()
                    .enumerate()
                    .map(|(at, unit)| unit.unit(names).map_err(|reason| format!("resources_offer[{at}] {reason}")))
                    .collect::<Result<Vec<_>, _>>()?,
            ),
        };
        Ok(Bid {
            id,
            state: BidState::new(state(&self.state)),
            price,
            created_height: self.created_at.0,
            offer,
            reclamation_s: self.reclamation_window.filled().and_then(seconds),
        })
    }
}

/// Whole seconds of a protobuf duration: `86400s`, `1.500s`. Cut, not rounded: a notice is never longer than promised.
fn seconds(text: &str) -> Option<u64> {
    let text = text.strip_suffix('s')?;
    text.split_once('.').map_or(text, |(whole, _)| whole).parse().ok()
}

/// A resource unit of an offer (`resources`) or of a group's spec (`resource`).
#[derive(Deserialize)]
struct UnitBody<'a> {
    #[serde(borrow, default, alias = "resource")]
    resources: Option<Resources<'a>>,
    #[serde(default)]
    count: Num,
    #[serde(borrow, default)]
    price: Option<Coin<'a>>,
}

#[derive(Deserialize)]
struct Resources<'a> {
    #[serde(default)]
    id: Num,
    #[serde(default)]
    cpu: Option<Quantity>,
    #[serde(default)]
    memory: Option<Quantity>,
    #[serde(borrow, default)]
    storage: Option<Vec<VolumeBody<'a>>>,
    #[serde(borrow, default)]
    gpu: Option<Gpu<'a>>,
    #[serde(borrow, default)]
    endpoints: Option<Vec<Endpoint<'a>>>,
}

#[derive(Deserialize, Clone, Copy)]
struct Quantity {
    #[serde(default, alias = "quantity")]
    units: Option<Val>,
}

#[derive(Deserialize, Clone, Copy)]
struct Val {
    #[serde(default)]
    val: Num,
}

/// The figure, where one was sent that can be read.
fn figure(val: Option<Val>) -> Option<u64> {
    val?.val.0
}

#[derive(Deserialize)]
struct VolumeBody<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    quantity: Option<Val>,
    #[serde(borrow, default)]
    attributes: Option<Vec<Attribute<'a>>>,
}

#[derive(Deserialize)]
struct Gpu<'a> {
    #[serde(default)]
    units: Option<Val>,
    #[serde(borrow, default)]
    attributes: Option<Vec<Attribute<'a>>>,
}

#[derive(Deserialize)]
struct Endpoint<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
}

impl<'a> UnitBody<'a> {
    fn unit(&self, names: &mut Names<'a>) -> Result<Unit, String> {
        let count = self.count.u32().ok_or("has no count")?;
        let price = match &self.price {
            Some(coin) => {
                let price = coin.amount_with(|denom| names.denoms.get(denom, Denom::new));
                Some(price.map_err(|reason| format!("has a price that {reason}"))?)
            }
            None => None,
        };
        let Some(resources) = &self.resources else {
            return Ok(Unit { count, price, ..Unit::default() });
        };
        let gpus = match &resources.gpu {
            None => Some(0),
            Some(gpu) => figure(gpu.units),
        };
        let kinds = resources.gpu.iter().flat_map(|gpu| gpu.attributes.iter().flatten());
        let storage = resources.storage.as_deref().unwrap_or(&[]);
        let endpoints = resources.endpoints.as_deref().unwrap_or(&[]);
        Ok(Unit {
            id: resources.id.u32().unwrap_or(0),
            count,
            cpu_m: resources.cpu.and_then(|cpu| figure(cpu.units)),
            memory_bytes: resources.memory.and_then(|memory| figure(memory.units)),
            gpus,
            gpu_kinds: kinds.filter_map(|attribute| gpu_kind(attribute, names)).collect(),
            storage: storage.iter().map(|volume| volume.volume(names)).collect(),
            endpoints: endpoints.iter().filter_map(|endpoint| names.texts.of(&endpoint.kind, Clean::new)).collect(),
            demands: if price.is_some() { demands(resources) } else { Demands::default() },
            price,
        })
    }
}

/// What the chain holds against a provider's attributes.
fn demands(resources: &Resources<'_>) -> Demands {
    let gpu = resources.gpu.as_ref().and_then(|gpu| gpu.attributes.as_deref()).unwrap_or(&[]);
    let volumes = resources.storage.iter().flatten().filter_map(|volume| volume.attributes.as_deref());
    Demands {
        gpu: attributes(gpu),
        storage: volumes.map(attributes).filter(|attributes| !attributes.is_empty()).collect(),
    }
}

fn gpu_kind<'a>(attribute: &Attribute<'a>, names: &mut Names<'a>) -> Option<GpuKind> {
    // The key alone is what repeats: a value other than "true" makes it no GPU.
    let value = attribute.value.as_deref().filter(|value| *value == "true")?;
    names.gpus.of(&attribute.key, |key| GpuKind::parse(key, value)).flatten()
}

impl<'a> VolumeBody<'a> {
    fn volume(&self, names: &mut Names<'a>) -> Volume {
        let value = |name: &str| {
            let mut attributes = self.attributes.iter().flatten();
            attributes.find(|attribute| attribute.key.as_deref() == Some(name)).map(|attribute| &attribute.value)
        };
        Volume {
            name: names.texts.of(&self.name, Clean::new).unwrap_or_default(),
            bytes: figure(self.quantity),
            class: value("class").and_then(|class| names.texts.of(class, Clean::new)),
            persistent: value("persistent").is_some_and(|value| value.as_deref() == Some("true")),
        }
    }
}

#[derive(Deserialize)]
struct Spec<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    requirements: Option<RequirementsBody<'a>>,
    #[serde(borrow, default)]
    resources: Option<Vec<UnitBody<'a>>>,
}

#[derive(Deserialize)]
struct RequirementsBody<'a> {
    #[serde(borrow, default)]
    signed_by: Option<SignedBy<'a>>,
    #[serde(borrow, default)]
    attributes: Option<Vec<Attribute<'a>>>,
}

#[derive(Deserialize)]
struct SignedBy<'a> {
    #[serde(borrow, default)]
    all_of: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    any_of: Option<Vec<Text<'a>>>,
}

impl<'a> Spec<'a> {
    fn spec(&self) -> Result<GroupSpec, String> {
        let mut names = Names::default();
        let addresses = |list: &Option<Vec<Text<'a>>>| {
            list.iter().flatten().filter_map(Text::filled).map(Address::new).collect::<Vec<_>>()
        };
        let signed_by = self.requirements.as_ref().and_then(|requirements| requirements.signed_by.as_ref());
        Ok(GroupSpec {
            name: self.name.clean().unwrap_or_default(),
            requirements: Requirements {
                all_of: signed_by.map_or_else(Vec::new, |by| addresses(&by.all_of)),
                any_of: signed_by.map_or_else(Vec::new, |by| addresses(&by.any_of)),
                attributes: self
                    .requirements
                    .as_ref()
                    .and_then(|requirements| requirements.attributes.as_deref())
                    .map_or_else(Vec::new, attributes),
            },
            units: self
                .resources
                .iter()
                .flatten()
                .enumerate()
                .map(|(at, unit)| unit.unit(&mut names).map_err(|reason| format!("its resources[{at}] {reason}")))
                .collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Deserialize)]
struct OrderBody<'a> {
    #[serde(borrow, default, alias = "order_id")]
    id: Option<Id<'a>>,
    #[serde(borrow, default)]
    state: Text<'a>,
    #[serde(borrow, default)]
    spec: Option<Spec<'a>>,
    #[serde(default)]
    created_at: Num,
}

impl OrderBody<'_> {
    fn order(&self) -> Result<Order, String> {
        let id = self.id.as_ref().ok_or("it has no id")?;
        Ok(Order {
            gseq: id.gseq.u32().ok_or("its id has no gseq")?,
            oseq: id.oseq.u32().ok_or("its id has no oseq")?,
            state: OrderState::new(state(&self.state)),
            spec: Arc::new(self.spec.as_ref().map(Spec::spec).transpose()?.unwrap_or_default()),
            created_height: self.created_at.0,
        })
    }
}

#[derive(Deserialize)]
struct LeaseBody<'a> {
    #[serde(borrow, default, alias = "lease_id")]
    id: Option<Id<'a>>,
    #[serde(borrow, default)]
    state: Text<'a>,
    #[serde(borrow, default)]
    price: Option<Coin<'a>>,
    #[serde(default)]
    created_at: Num,
    #[serde(default)]
    closed_on: Num,
    #[serde(borrow, default)]
    reason: Text<'a>,
}

impl LeaseBody<'_> {
    fn lease(&self) -> Result<Lease, String> {
        let price = self.price.ok_or("it has no price")?;
        Ok(Lease {
            id: self.id.as_ref().ok_or("it has no id")?.bid(&mut Names::default())?,
            state: LeaseState::new(state(&self.state)),
            price: price.amount().map_err(|reason| format!("its price {reason}"))?,
            created_height: self.created_at.0,
            closed_height: self.closed_on.0.filter(|height| *height > 0),
            // What the chain says of a lease that runs.
            reason: self.reason.clean().filter(|reason| &**reason != "lease_closed_invalid"),
        })
    }
}

#[derive(Deserialize)]
struct DeploymentBody<'a> {
    #[serde(borrow, default)]
    deployment: Option<DeploymentHead<'a>>,
    #[serde(borrow, default)]
    groups: Option<&'a RawValue>,
    #[serde(borrow, default)]
    escrow_account: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct DeploymentHead<'a> {
    #[serde(borrow, default, alias = "deployment_id")]
    id: Option<Id<'a>>,
    #[serde(borrow, default)]
    state: Text<'a>,
    #[serde(default)]
    created_at: Num,
}

#[derive(Deserialize)]
struct GroupBody<'a> {
    #[serde(borrow, default, alias = "group_id")]
    id: Option<Id<'a>>,
    #[serde(borrow, default)]
    state: Text<'a>,
    #[serde(borrow, default)]
    group_spec: Option<Spec<'a>>,
}

impl GroupBody<'_> {
    fn group(&self) -> Result<Group, String> {
        Ok(Group {
            gseq: self.id.as_ref().and_then(|id| id.gseq.u32()).ok_or("its id has no gseq")?,
            state: GroupState::new(state(&self.state)),
            spec: Arc::new(self.group_spec.as_ref().map(Spec::spec).transpose()?.unwrap_or_default()),
        })
    }
}

impl DeploymentBody<'_> {
    fn deployment(&self) -> Result<Deployed, String> {
        let head = self.deployment.as_ref().ok_or("it holds no deployment")?;
        let id = head.id.as_ref().ok_or("the deployment has no id")?;
        let (groups, mut bad) = match present(self.groups) {
            Some(list) => entries(list, "groups", 0, |text| entry::<GroupBody<'_>>(text)?.group())
                .map_err(|error| error.to_string())?,
            None => (Vec::new(), Vec::new()),
        };
        let escrow = match present(self.escrow_account).map(escrow) {
            Some(Ok(escrow)) => Some(escrow),
            Some(Err(reason)) => {
                bad.push(Unreadable { where_: "escrow_account".to_owned(), reason: Clean::message(&reason) });
                None
            }
            None => None,
        };
        let deployment = Deployment {
            owner: Address::new(id.owner.filled().ok_or("the deployment's id has no owner")?),
            dseq: id.dseq.0.ok_or("the deployment's id has no dseq")?,
            state: DeploymentState::new(state(&head.state)),
            created_height: head.created_at.0,
            groups,
            escrow,
        };
        Ok((deployment, bad))
    }
}

/// The account in its present shape, everything in `state`, or in the flat one before v1beta5, where money left is
/// `balance` and what an authorised depositor added is `funds`.
fn escrow(text: &str) -> Result<Escrow, String> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow, default)]
        state: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Nested<'a> {
        #[serde(borrow, default)]
        state: Text<'a>,
        #[serde(default)]
        settled_at: Num,
        #[serde(borrow, default)]
        funds: Option<Vec<Coin<'a>>>,
    }
    #[derive(Deserialize)]
    struct Flat<'a> {
        #[serde(borrow, default)]
        state: Text<'a>,
        #[serde(default)]
        settled_at: Num,
        #[serde(borrow, default)]
        balance: Option<Coin<'a>>,
        #[serde(borrow, default)]
        funds: Option<Coin<'a>>,
    }
    let nested = present(entry::<Outer<'_>>(text)?.state).filter(|state| state.starts_with('{'));
    let (state_text, settled_height, coins) = if let Some(text) = nested {
        let body: Nested<'_> = entry(text)?;
        (state(&body.state).to_owned(), body.settled_at.0, body.funds.unwrap_or_default())
    } else {
        let body: Flat<'_> = entry(text)?;
        let coins = body.balance.into_iter().chain(body.funds).collect();
        (state(&body.state).to_owned(), body.settled_at.0, coins)
    };
    let mut funds: Vec<Amount> = Vec::new();
    for coin in coins {
        let coin = coin.amount().map_err(|reason| format!("an amount of it {reason}"))?;
        match funds.iter_mut().find(|known| known.denom == coin.denom) {
            Some(known) => *known = known.plus(&coin).ok_or("its amounts are too large")?,
            None => funds.push(coin),
        }
    }
    Ok(Escrow { state: Clean::new(&state_text), funds, settled_height })
}
