//! What the node says to a GET: routes, filters, paging, refusals.
//!
//! Everything here was compared with the answers of a running node (`tests/it/conformance.rs`).

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::encoding;
use super::node::Chain;
use super::record::{
    Audit, BidId, BidRecord, Coin, Dec, DeploymentId, DeploymentRecord, LeaseRecord, Order, OrderId, Quoted,
};
use super::reply::{
    Answer, Ask, Asked, Heights, One, Page, Query, Reply, malformed, not_implemented, percent_decoded, pinned, strconv,
};
use super::txs::search;

const ORDER_STATES: &[&str] = &["open", "active", "closed"];
const BID_STATES: &[&str] = &["open", "active", "lost", "closed"];
const LEASE_STATES: &[&str] = &["active", "insufficient_funds", "closed", "reclaiming"];
const DEPLOYMENT_STATES: &[&str] = &["active", "closed"];
const ESCROW_STATES: &[&str] = &["open", "closed", "overdrawn"];

/// Filters of the market and deployment lists; 0 and empty mean not given.
struct Filters {
    owner: String,
    dseq: u64,
    gseq: u32,
    oseq: u32,
    provider: String,
    bseq: u32,
    state: String,
}

impl Query {
    fn filters(&self) -> Result<Filters, Answer> {
        Ok(Filters {
            owner: self.text("filters.owner").to_owned(),
            dseq: self.number("filters.dseq")?,
            gseq: self.number("filters.gseq")?,
            oseq: self.number("filters.oseq")?,
            provider: self.text("filters.provider").to_owned(),
            bseq: self.number("filters.bseq")?,
            state: self.text("filters.state").to_owned(),
        })
    }
}

/// A row of one of the four lists that page with the market module's opaque keys.
trait Row: Serialize + Clone {
    type Id: Ord + Clone;
    const STATES: &'static [&'static str];
    fn state(&self) -> &str;
    /// The key under which the node stores the row.
    fn key(id: &Self::Id) -> Vec<u8>;
    fn owner(id: &Self::Id) -> &str;
    /// All filters but owner and state.
    fn passes(id: &Self::Id, filters: &Filters) -> bool;
    /// The lowest id that can pass when the owner is given.
    fn first(filters: &Filters) -> Self::Id;
}

fn equal_or_unset<T: PartialEq + Default>(filter: &T, value: &T) -> bool {
    *filter == T::default() || filter == value
}

fn deployment_id(filters: &Filters) -> DeploymentId {
    DeploymentId { owner: filters.owner.as_str().into(), dseq: Quoted(filters.dseq) }
}

fn order_key(id: &OrderId) -> Vec<u8> {
    let mut key = Vec::with_capacity(112);
    key.extend_from_slice(id.owner.as_bytes());
    key.push(0);
    key.extend_from_slice(&id.dseq.0.to_be_bytes());
    key.extend_from_slice(&id.gseq.to_be_bytes());
    key.extend_from_slice(&id.oseq.to_be_bytes());
    key
}

fn bid_key(id: &BidId) -> Vec<u8> {
    let mut key = order_key(&id.order());
    key.extend_from_slice(id.provider.as_bytes());
    key.push(0);
    key.extend_from_slice(&id.bseq.to_be_bytes());
    key
}

fn order_passes(id: &OrderId, filters: &Filters) -> bool {
    equal_or_unset(&filters.dseq, &id.dseq.0)
        && equal_or_unset(&filters.gseq, &id.gseq)
        && equal_or_unset(&filters.oseq, &id.oseq)
}

fn bid_passes(id: &BidId, filters: &Filters) -> bool {
    equal_or_unset(&filters.dseq, &id.dseq.0)
        && equal_or_unset(&filters.gseq, &id.gseq)
        && equal_or_unset(&filters.oseq, &id.oseq)
        && equal_or_unset(&filters.bseq, &id.bseq)
        && (filters.provider.is_empty() || filters.provider == *id.provider)
}

impl Row for Order {
    type Id = OrderId;
    const STATES: &'static [&'static str] = ORDER_STATES;
    fn state(&self) -> &str {
        &self.state
    }
    fn key(id: &OrderId) -> Vec<u8> {
        order_key(id)
    }
    fn owner(id: &OrderId) -> &str {
        &id.owner
    }
    fn passes(id: &OrderId, filters: &Filters) -> bool {
        order_passes(id, filters)
    }
    fn first(filters: &Filters) -> OrderId {
        deployment_id(filters).order(filters.gseq, 0)
    }
}

impl Row for BidRecord {
    type Id = BidId;
    const STATES: &'static [&'static str] = BID_STATES;
    fn state(&self) -> &str {
        &self.bid.state
    }
    fn key(id: &BidId) -> Vec<u8> {
        bid_key(id)
    }
    fn owner(id: &BidId) -> &str {
        &id.owner
    }
    fn passes(id: &BidId, filters: &Filters) -> bool {
        bid_passes(id, filters)
    }
    fn first(filters: &Filters) -> BidId {
        deployment_id(filters).order(0, 0).bid("")
    }
}

impl Row for LeaseRecord {
    type Id = BidId;
    const STATES: &'static [&'static str] = LEASE_STATES;
    fn state(&self) -> &str {
        &self.lease.state
    }
    fn key(id: &BidId) -> Vec<u8> {
        bid_key(id)
    }
    fn owner(id: &BidId) -> &str {
        &id.owner
    }
    fn passes(id: &BidId, filters: &Filters) -> bool {
        bid_passes(id, filters)
    }
    fn first(filters: &Filters) -> BidId {
        deployment_id(filters).order(0, 0).bid("")
    }
}

impl Row for DeploymentRecord {
    type Id = DeploymentId;
    const STATES: &'static [&'static str] = DEPLOYMENT_STATES;
    fn state(&self) -> &str {
        &self.deployment.state
    }
    fn key(id: &DeploymentId) -> Vec<u8> {
        let mut key = id.owner.as_bytes().to_vec();
        key.push(0);
        key.extend_from_slice(&id.dseq.0.to_be_bytes());
        key
    }
    fn owner(id: &DeploymentId) -> &str {
        &id.owner
    }
    fn passes(id: &DeploymentId, filters: &Filters) -> bool {
        equal_or_unset(&filters.dseq, &id.dseq.0)
    }
    fn first(filters: &Filters) -> DeploymentId {
        deployment_id(filters)
    }
}

/// Where a page begins: the market module's opaque page key.
///
/// CRC-32 of the rest, then each behind its length: the states still to come (1, 2, …), the state
/// or prefix looked through, the key of the next row, and the index: 0 by state, 1 by provider, 2 by owner.
struct Cursor {
    states: Vec<u8>,
    prefix: Vec<u8>,
    key: Vec<u8>,
    index: Vec<u8>,
}

impl Cursor {
    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let wrong = |what: &str| format!("pagination: invalid key: {what}");
        let Some((check, rest)) = bytes.split_first_chunk::<4>().filter(|(_, r)| !r.is_empty()) else {
            return Err(wrong("invalid key length"));
        };
        let (expected, found) = (u32::from_be_bytes(*check), encoding::crc32(rest));
        if expected != found {
            return Err(wrong(&format!("invalid checksum, 0x{expected:08x} != 0x{found:08x}")));
        }
        let mut rest = rest;
        let mut part = || -> Result<Vec<u8>, String> {
            let (&length, after) = rest.split_first().ok_or_else(|| wrong("invalid state length"))?;
            let (part, after) =
                after.split_at_checked(usize::from(length)).ok_or_else(|| wrong("invalid state length"))?;
            rest = after;
            Ok(part.to_vec())
        };
        Ok(Self { states: part()?, prefix: part()?, key: part()?, index: part()? })
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(128);
        for part in [&self.states, &self.prefix, &self.key, &self.index] {
            body.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            body.extend_from_slice(part);
        }
        let mut bytes = encoding::crc32(&body).to_be_bytes().to_vec();
        bytes.append(&mut body);
        bytes
    }
}

/// The node's answer to a GET. Anything but a GET on a route that is known gets [`not_implemented`].
pub fn answer(chain: &Chain, ask: Ask<'_>) -> Answer {
    match route(chain, ask) {
        Ok(answer) | Err(answer) => answer,
    }
}

fn route(chain: &Chain, ask: Ask<'_>) -> Reply {
    if ask.method != "GET" {
        return Err(not_implemented());
    }
    let tip = chain.height().saturating_sub(ask.lag);
    let mut asked = Asked { chain, query: Query::new(ask.query), tip, height: tip, index: ask.index };
    let decoded: Vec<String> = ask.path.split('/').filter(|part| !part.is_empty()).map(percent_decoded).collect();
    let path: Vec<&str> = decoded.iter().map(String::as_str).collect();
    // The gateway reads numbers before anything reaches the node; the pin is read by the node.
    let handler = asked.handler(&path)?;
    asked.height = pinned(ask.pin, tip)?;
    handler(&asked)
}

/// A height in a path, as the gateway reads it.
fn block_number(text: &str) -> Result<i64, Answer> {
    text.parse().map_err(|_| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        malformed(&format!("type mismatch, parameter: height, error: {}", strconv("ParseInt", text, digits)))
    })
}

type Handler<'p> = Box<dyn FnOnce(&Asked<'_>) -> Reply + 'p>;

fn with<'p>(handler: impl FnOnce(&Asked<'_>) -> Reply + 'p) -> Handler<'p> {
    Box::new(handler)
}

impl Asked<'_> {
    /// The handler of a route, its numbers already read.
    fn handler<'p>(&self, path: &[&'p str]) -> Result<Handler<'p>, Answer> {
        let query = &self.query;
        if let ["akash", module, rest @ ..] = path {
            return self.akash(module, rest);
        }
        Ok(match *path {
            ["cosmos", "auth", "v1beta1", "accounts", address] => with(move |asked| asked.account(address)),
            ["cosmos", "auth", "v1beta1", "account_info", address] => with(move |asked| asked.account_info(address)),
            ["cosmos", "bank", "v1beta1", "balances" | "spendable_balances", address] => {
                let page = query.page()?;
                with(move |asked| asked.balances(address, &page))
            }
            ["cosmos", "bank", "v1beta1", "balances" | "spendable_balances", address, "by_denom"] => {
                with(move |asked| asked.balance(address))
            }
            ["cosmos", "feegrant", "v1beta1", "allowance", from, to] => with(move |asked| asked.allowance(from, to)),
            ["cosmos", "consensus", "v1", "params"] => with(|asked| {
                asked.say(&json!({"params": {
                    "block": {"max_bytes": "22020096", "max_gas": "-1"},
                    "evidence": {"max_age_num_blocks": "100000", "max_age_duration": "172800s",
                                 "max_bytes": "1048576"},
                    "validator": {"pub_key_types": ["ed25519"]},
                    "version": {"app": "0"},
                    "abci": {"vote_extensions_enable_height": "0"},
                }}))
            }),
            ["cosmos", "base", "node", "v1beta1", "config"] => with(|asked| {
                asked.say(&json!({
                    "minimum_gas_price": asked.chain.state.params.minimum_gas_price,
                    "pruning_keep_recent": "0", "pruning_interval": "0", "halt_height": "0",
                }))
            }),
            ["cosmos", "base", "node", "v1beta1", "status"] => with(status),
            ["cosmos", "base", "tendermint", "v1beta1", "syncing"] => {
                with(|asked| asked.say(&json!({"syncing": false})))
            }
            ["cosmos", "base", "tendermint", "v1beta1", "node_info"] => with(node_info),
            ["cosmos", "base", "tendermint", "v1beta1", "blocks", "latest"] => {
                // A pin does not move it: the newest block under the pinned height's header.
                with(|asked| asked.say(&asked.block(asked.tip)))
            }
            ["cosmos", "base", "tendermint", "v1beta1", "blocks", height] => {
                let number = block_number(height)?;
                with(move |asked| asked.block_at(number))
            }
            ["cosmos", "tx", "v1beta1", "txs"] => with(search),
            ["cosmos", "tx", "v1beta1", "txs", "block", height] => {
                let number = block_number(height)?;
                with(move |asked| asked.txs_of_block(number))
            }
            ["cosmos", "tx", "v1beta1", "txs", hash] => with(move |asked| asked.tx(hash)),
            _ => return Err(not_implemented()),
        })
    }

    /// Routes under `/akash/{module}`.
    fn akash<'p>(&self, module: &str, rest: &[&'p str]) -> Result<Handler<'p>, Answer> {
        let query = &self.query;
        Ok(match (module, rest) {
            ("discovery", ["v1", "info"]) => with(|asked| Ok(discovery(asked))),
            ("market", ["v1beta5", "orders", "list"]) => {
                let (filters, page) = (query.filters()?, query.page()?);
                with(move |asked| asked.list("orders", &asked.chain.state.orders, &filters, &page))
            }
            ("market", ["v1beta5", "bids", "list"]) => {
                let (filters, page) = (query.filters()?, query.page()?);
                with(move |asked| asked.list("bids", &asked.chain.state.bids, &filters, &page))
            }
            ("market", ["v1beta5", "leases", "list"]) => {
                let (filters, page) = (query.filters()?, query.page()?);
                with(move |asked| asked.list("leases", &asked.chain.state.leases, &filters, &page))
            }
            ("deployment", ["v1beta4", "deployments", "list"]) => {
                let (filters, page) = (query.filters()?, query.page()?);
                with(move |asked| {
                    let table = &asked.chain.state.deployments;
                    asked.list("deployments", table, &filters, &page)
                })
            }
            ("market", ["v1beta5", "orders", "info"]) => {
                let id = self.bid_id()?;
                with(move |asked| {
                    asked.owner(&id.owner)?;
                    match asked.chain.state.orders.get(asked.height, &id.order()) {
                        Some(order) => asked.say(&One("order", &**order)),
                        None => Err(asked.missing("codespace market code 15: invalid order: order not found")),
                    }
                })
            }
            ("market", ["v1beta5", "bids", "info"]) => {
                let id = self.bid_id()?;
                with(move |asked| {
                    asked.owner(&id.owner)?;
                    asked.provider(&id.provider)?;
                    match asked.chain.state.bids.get(asked.height, &id) {
                        Some(bid) => asked.say(&**bid),
                        None => Err(asked.missing("codespace market code 18: invalid bid: bid not found")),
                    }
                })
            }
            ("market", ["v1beta5", "leases", "info"]) => {
                let id = self.bid_id()?;
                with(move |asked| {
                    asked.owner(&id.owner)?;
                    asked.provider(&id.provider)?;
                    match asked.chain.state.leases.get(asked.height, &id) {
                        Some(lease) => asked.say(&**lease),
                        None => Err(asked.missing("codespace market code 20: invalid lease: lease not found")),
                    }
                })
            }
            ("market", ["v1beta5", "params"]) => {
                with(|asked| asked.say(&json!({"params": asked.chain.state.params.market})))
            }
            ("deployment", ["v1beta4", "params"]) => {
                with(|asked| asked.say(&json!({"params": asked.chain.state.params.deployment})))
            }
            ("deployment", ["v1beta4", "deployments", "info"]) => {
                let id = self.bid_id()?;
                with(move |asked| {
                    asked.owner(&id.owner)?;
                    asked.say(&**asked.deployment(&id.order().deployment())?)
                })
            }
            ("deployment", ["v1beta4", "groups", "info"]) => {
                let id = self.bid_id()?;
                with(move |asked| {
                    asked.owner(&id.owner)?;
                    let state = &asked.chain.state.deployments;
                    let row = state.get(asked.height, &id.order().deployment());
                    let group = row.and_then(|r| r.groups.iter().find(|g| g.id.gseq == id.gseq));
                    match group {
                        Some(group) => asked.say(&One("group", group)),
                        None => Err(asked.missing("codespace deployment code 14: Group not found")),
                    }
                })
            }
            ("provider", ["v1beta4", "providers"]) => {
                let page = query.page()?;
                with(move |asked| {
                    let rows = asked.chain.state.providers.iter(asked.height);
                    let rows = rows.map(|(key, row)| (store_key(1, key), &**row)).collect();
                    asked.paged("providers", rows, &page)
                })
            }
            ("provider", &["v1beta4", "providers", owner]) => with(move |asked| asked.one_provider(owner)),
            ("audit", ["v1", "audit", "attributes", "list"]) => {
                let page = query.page()?;
                with(move |asked| asked.all_audits(&page))
            }
            ("provider", ["v1", "auditor", _, "list"]) => {
                let page = query.page()?;
                with(move |asked| asked.all_audits(&page))
            }
            ("audit", &["v1", "audit", "attributes", owner, "list"]) => with(move |asked| asked.audits(owner, None)),
            ("audit", &["v1", "audit", "attributes", auditor, owner]) => {
                with(move |asked| asked.audits(owner, Some(auditor)))
            }
            ("escrow", ["v1", "types", "accounts"]) => {
                let page = query.page()?;
                with(move |asked| asked.escrow_accounts(&page))
            }
            ("escrow", ["v1", "types", "payments"]) => {
                let page = query.page()?;
                with(move |asked| asked.escrow_payments(&page))
            }
            ("oracle", &["v2", "aggregated_price", denom]) => with(move |asked| asked.price(denom)),
            ("oracle", ["v2", "prices"]) => {
                let page = query.page()?;
                with(move |asked| asked.prices(&page))
            }
            ("oracle", ["v2", "params"]) => {
                with(|asked| asked.say(&json!({"params": asked.chain.state.params.oracle})))
            }
            ("bme", ["v1", "params"]) => with(|asked| asked.say(&json!({"params": asked.chain.state.params.bme}))),
            ("bme", ["v1", "status"]) => with(|asked| {
                asked.newest_price("akt")?;
                asked.say(&asked.chain.state.params.bme_status)
            }),
            _ => return Err(not_implemented()),
        })
    }

    fn owner(&self, address: &str) -> Result<Vec<u8>, Answer> {
        encoding::address(address).map_err(|_| self.refuse(3, "invalid owner address"))
    }

    fn provider(&self, address: &str) -> Result<Vec<u8>, Answer> {
        encoding::address(address).map_err(|_| self.refuse(3, "invalid provider address"))
    }

    /// `id.owner`, `id.dseq` … of an info route; what it does not take stays 0 or empty.
    fn bid_id(&self) -> Result<BidId, Answer> {
        let query = &self.query;
        Ok(BidId {
            owner: query.text("id.owner").into(),
            dseq: Quoted(query.number("id.dseq")?),
            gseq: query.number("id.gseq")?,
            oseq: query.number("id.oseq")?,
            provider: query.text("id.provider").into(),
            bseq: query.number("id.bseq")?,
        })
    }

    fn deployment(&self, id: &DeploymentId) -> Result<&std::sync::Arc<DeploymentRecord>, Answer> {
        let row = self.chain.state.deployments.get(self.height, id);
        row.ok_or_else(|| self.missing("codespace deployment code 4: Deployment not found"))
    }

    /// A list of the market or deployment module.
    ///
    /// With an owner the rows come in key order whatever their state, with a provider alone
    /// likewise, without both state by state. A page key brings its own states along, so the state
    /// filter of the request that carries it is ignored; `total` is the length of the page.
    fn list<R: Row>(&self, name: &str, table: &super::state::Table<R::Id, R>, filters: &Filters, page: &Page) -> Reply {
        let wanted = match R::STATES.iter().position(|state| *state == filters.state) {
            Some(at) => vec![u8::try_from(at + 1).unwrap_or(0)],
            None if filters.state.is_empty() => (1..=u8::try_from(R::STATES.len()).unwrap_or(0)).collect(),
            None => return Err(self.refuse(3, "invalid state value")),
        };
        let cursor = match page.key.as_slice() {
            [] => None,
            key => Some(Cursor::decode(key).map_err(|reason| self.refuse(3, &reason))?),
        };
        if page.offset > 0 && filters.state.is_empty() {
            return Err(self.refuse(3, "invalid request parameters. if offset is set, filter.state must be provided"));
        }
        let states = cursor.as_ref().map_or(wanted, |cursor| cursor.states.clone());
        let index = match (&cursor, filters) {
            (Some(cursor), _) => cursor.index.first().copied().unwrap_or(0),
            (None, f) if !f.owner.is_empty() => 2,
            (None, f) if !f.provider.is_empty() => 1,
            (None, _) => 0,
        };
        let state_of = |row: &R| {
            let at = R::STATES.iter().position(|state| *state == row.state());
            at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
        };
        let mut rows: Vec<(u8, &R::Id, &R)> = if filters.owner.is_empty() {
            let all = table.iter(self.height);
            all.map(|(id, row)| (state_of(row), id, &**row)).collect()
        } else {
            table
                .from(self.height, &R::first(filters))
                .take_while(|(id, _)| R::owner(id) == filters.owner)
                .map(|(id, row)| (state_of(row), id, &**row))
                .collect()
        };
        rows.retain(|(state, id, _)| states.contains(state) && R::passes(id, filters));
        if index == 0 {
            rows.sort_by_key(|(state, _, _)| *state);
        }
        if page.reverse {
            rows.reverse();
        }
        let first = match &cursor {
            None => page.offset(),
            Some(cursor) => {
                let from = cursor.prefix.first().copied().unwrap_or(0);
                rows.iter()
                    .position(|(state, id, _)| {
                        let key = R::key(id);
                        let reached = if page.reverse { key <= cursor.key } else { key >= cursor.key };
                        if index == 0 { *state > from || (*state == from && reached) } else { reached }
                    })
                    .unwrap_or(rows.len())
            }
        };
        let rest = rows.get(first..).unwrap_or_default();
        let shown = &rest[..rest.len().min(page.limit())];
        let next = rest.get(page.limit()).map(|(state, id, _)| {
            let prefix = if index == 0 { *state } else { states.first().copied().unwrap_or(0) };
            Cursor {
                states: states.iter().copied().filter(|s| index != 0 || *s >= prefix).collect(),
                prefix: vec![prefix],
                key: R::key(id),
                index: vec![index],
            }
            .encode()
        });
        let rows: Vec<&R> = shown.iter().map(|(_, _, row)| *row).collect();
        let total = rows.len();
        self.say_page(name, &rows, next.as_deref(), total)
    }

    fn one_provider(&self, owner: &str) -> Reply {
        let key = encoding::address(owner).map_err(|_| self.refuse(3, "codespace provider code 5: invalid address"))?;
        match self.chain.state.providers.get(self.height, &key) {
            Some(provider) => self.say(&One("provider", &**provider)),
            None => Err(self.missing("codespace provider code 3: invalid provider: address not found")),
        }
    }

    fn audits(&self, owner: &str, auditor: Option<&str>) -> Reply {
        let owner = self.owner(owner)?;
        let auditor = match auditor {
            Some(text) => Some(encoding::address(text).map_err(|_| self.refuse(3, "invalid auditor address"))?),
            None => None,
        };
        let rows: Vec<&Audit> = self
            .chain
            .state
            .audits
            .from(self.height, &(owner.clone(), Vec::new()))
            .take_while(|((of, _), _)| *of == owner)
            .filter(|((_, by), _)| auditor.as_ref().is_none_or(|auditor| auditor == by))
            .map(|(_, row)| &**row)
            .collect();
        if rows.is_empty() {
            return Err(self.missing("codespace audit code 1: invalid provider: address not found"));
        }
        let rows = Audits { providers: rows, pagination: None };
        self.say(&rows)
    }

    /// The list of all records is garbage on the real node: it reads a stored record, a list of
    /// attributes, as if it were an audited provider, so the owner is the last attribute's bytes.
    fn all_audits(&self, page: &Page) -> Reply {
        let rows = self
            .chain
            .state
            .audits
            .iter(self.height)
            .map(|((owner, auditor), row)| {
                let mut key = store_key(1, owner);
                key.extend(store_key(u8::try_from(auditor.len()).unwrap_or(0), auditor).split_off(1));
                let mut bytes = Vec::new();
                if let Some(last) = row.attributes.last() {
                    for (tag, text) in [(0x0a, &last.key), (0x12, &last.value)] {
                        bytes.push(tag);
                        encoding::varint(&mut bytes, u64::try_from(text.len()).unwrap_or(u64::MAX));
                        bytes.extend_from_slice(text.as_bytes());
                    }
                }
                let garbage =
                    Audit { owner: String::from_utf8_lossy(&bytes).into(), auditor: "".into(), attributes: Vec::new() };
                (key, garbage)
            })
            .collect();
        self.paged("providers", rows, page)
    }

    fn account(&self, address: &str) -> Reply {
        let account = self.known_account(address)?;
        self.say(&json!({"account": {
            "@type": "/cosmos.auth.v1beta1.BaseAccount",
            "address": account.address, "pub_key": account.pub_key,
            "account_number": account.account_number, "sequence": account.sequence,
        }}))
    }

    fn account_info(&self, address: &str) -> Reply {
        let account = self.known_account(address)?;
        self.say(&One("info", &**account))
    }

    fn known_account(&self, address: &str) -> Result<&std::sync::Arc<super::record::Account>, Answer> {
        encoding::address(address).map_err(|reason| self.refuse(2, &reason))?;
        let account = self.chain.state.accounts.get(self.height, &address.into());
        account.ok_or_else(|| self.missing(&format!("account {address} not found")))
    }

    fn coins(&self, address: &str) -> Result<Vec<Coin>, Answer> {
        encoding::address(address).map_err(|reason| self.refuse(3, &format!("invalid address: {reason}")))?;
        let coins = self.chain.state.balances.get(self.height, &address.into());
        Ok(coins.map(|row| Vec::clone(row)).unwrap_or_default())
    }

    fn balances(&self, address: &str, page: &Page) -> Reply {
        let coins = self.coins(address)?;
        let rows = coins.into_iter().map(|coin| (coin.denom.as_bytes().to_vec(), coin)).collect();
        self.paged("balances", rows, page)
    }

    fn balance(&self, address: &str) -> Reply {
        let coins = self.coins(address)?;
        let denom = self.query.text("denom");
        if denom.is_empty() {
            return Err(self.refuse(3, "invalid denom: "));
        }
        let held = coins.into_iter().find(|coin| &*coin.denom == denom);
        self.say(&One("balance", &held.unwrap_or(Coin::new(denom, 0))))
    }

    fn allowance(&self, from: &str, to: &str) -> Reply {
        for address in [from, to] {
            encoding::address(address).map_err(|reason| self.refuse(2, &reason))?;
        }
        let key = (from.into(), to.into());
        match self.chain.state.allowances.get(self.height, &key) {
            Some(limit) => self.say(&json!({"allowance": {
                "granter": from, "grantee": to,
                "allowance": {
                    "@type": "/cosmos.feegrant.v1beta1.BasicAllowance",
                    "spend_limit": &**limit, "expiration": null,
                },
            }})),
            None => Err(self.refuse(13, "fee-grant not found: not found")),
        }
    }

    /// The state filter of the escrow routes; `None` when none was given.
    fn escrow_filter(&self) -> Result<(Option<&str>, &str), Answer> {
        let state = self.query.text("state");
        if !state.is_empty() && !ESCROW_STATES.contains(&state) {
            return Err(self.refuse(3, "invalid state value"));
        }
        Ok((Some(state).filter(|state| !state.is_empty()), self.query.text("xid")))
    }

    fn escrow_accounts(&self, page: &Page) -> Reply {
        let (state, xid) = self.escrow_filter()?;
        let chain = &self.chain.state;
        let bids = chain.bids.iter(self.height).map(|(_, row)| &row.escrow_account);
        let deployments = chain.deployments.iter(self.height);
        let rows = bids
            .chain(deployments.map(|(_, row)| &row.escrow_account))
            .filter(|account| state.is_none_or(|state| *account.state.state == *state))
            .map(|account| (format!("{}/{}", account.id.scope, account.id.xid), account))
            .filter(|(id, _)| under(id, xid))
            .map(|(id, account)| (id.into_bytes(), account))
            .collect();
        self.paged("accounts", rows, page)
    }

    fn escrow_payments(&self, page: &Page) -> Reply {
        let (state, xid) = self.escrow_filter()?;
        let leases = self.chain.state.leases.iter(self.height);
        let rows = leases
            .map(|(_, row)| &row.escrow_payment)
            .filter(|payment| state.is_none_or(|state| *payment.state.state == *state))
            .map(|payment| {
                let account = &payment.id.aid;
                let id = format!("{}/{}/{}", account.scope, account.xid, payment.id.xid);
                (id, payment)
            })
            .filter(|(id, _)| under(id, xid))
            .map(|(id, payment)| (id.into_bytes(), payment))
            .collect();
        self.paged("payments", rows, page)
    }

    /// The newest price of `denom` at this height.
    fn newest_price(&self, denom: &str) -> Result<Dec, Answer> {
        let prices = &self.chain.state.prices;
        let known = prices.iter().rev().find(|p| p.height <= self.height);
        match known {
            Some(price) if denom == "akt" => Ok(price.price),
            _ => Err(self.refuse(2, "collections: not found")),
        }
    }

    fn price(&self, denom: &str) -> Reply {
        let price = self.newest_price(denom)?;
        let healthy = self.chain.oracle_healthy;
        let failures: &[&str] = if healthy { &[] } else { &["not enough healthy price sources"] };
        self.say(&json!({
            "aggregated_price": {
                "denom": denom, "twap": price, "median_price": price,
                "min_price": price, "max_price": price,
                "timestamp": self.chain.time(self.height).to_string(),
                "num_sources": u8::from(healthy), "deviation_bps": "0",
            },
            "price_health": {
                "denom": denom, "is_healthy": healthy, "has_min_sources": healthy,
                "deviation_ok": true, "total_sources": 1,
                "total_healthy_sources": u8::from(healthy), "failure_reason": failures,
            },
        }))
    }

    fn prices(&self, page: &Page) -> Reply {
        let (asset, base) = (self.query.text("filters.asset_denom"), self.query.text("filters.base_denom"));
        let wanted = matches!(asset, "" | "akt") && matches!(base, "" | "usd");
        let prices = self.chain.state.prices.iter().rev();
        let rows = prices
            .filter(|price| wanted && price.height <= self.height)
            .map(|price| {
                let second = self.chain.time(price.height).as_second();
                let time = jiff::Timestamp::from_second(second).unwrap_or_default();
                let row = json!({
                    "id": {"source": 1, "denom": "akt", "base_denom": "usd",
                           "timestamp": time.to_string(), "sequence": "0"},
                    "state": {"price": price.price},
                });
                ((u64::MAX - price.height).to_be_bytes().to_vec(), row)
            })
            .collect();
        self.paged("prices", rows, page)
    }
}

fn discovery(asked: &Asked<'_>) -> Answer {
    let modules: Vec<Value> = [
        ("audit", "v1"),
        ("bme", "v1"),
        ("cert", "v1"),
        ("deployment", "v1beta4"),
        ("escrow", "v1"),
        ("market", "v1beta5"),
        ("oracle", "v2"),
        ("provider", "v1beta4"),
        ("take", "v1"),
        ("wasm", "v1"),
    ]
    .iter()
    .map(|(module, version)| json!({"module": module, "version": version}))
    .collect();
    let version = |name: &str| json!({"api_version": name, "modules": &modules, "features": []});
    let body = json!({"info": {
        "client_info": {"api_version": "v1beta3"},
        "supported_versions": [version("v1beta4"), version("v1beta3")],
        "chain_id": asked.chain.id, "node_version": asked.chain.version,
        "min_client_version": "",
    }});
    Answer { status: 200, heights: Heights::None, body: body.to_string() }
}

fn status(asked: &Asked<'_>) -> Reply {
    asked.say(&json!({
        "earliest_store_height": "0",
        "height": asked.height.to_string(),
        "timestamp": asked.chain.time(asked.height).to_string(),
        "app_hash": asked.hash(1, asked.height),
        "validator_hash": asked.hash(2, 0),
    }))
}

fn node_info(asked: &Asked<'_>) -> Reply {
    let mut node_id = String::with_capacity(40);
    for byte in encoding::scramble::<20>(7, 0) {
        let _ = write!(node_id, "{byte:02x}");
    }
    let app = if asked.chain.version.is_empty() { "" } else { "akash" };
    asked.say(&json!({
        "default_node_info": {
            "protocol_version": {"p2p": "8", "block": "11", "app": "0"},
            "default_node_id": node_id, "listen_addr": "tcp://127.0.0.1:26656",
            "network": asked.chain.id, "version": "0.38.19", "channels": "QCAhIiMwOGBhAA==",
            "moniker": "node0",
            "other": {"tx_index": "on", "rpc_address": "tcp://127.0.0.1:26657"},
        },
        "application_version": {
            "name": app, "app_name": "<appd>", "version": asked.chain.version,
            "git_commit": "", "build_tags": "", "go_version": "go version go1.26.8 linux/amd64",
            "build_deps": [{"path": "akbids", "version": "v0.0.0", "sum": ""}],
            "cosmos_sdk_version": "v0.53.6",
        },
    }))
}

#[derive(Serialize)]
struct Audits<'a> {
    providers: Vec<&'a Audit>,
    pagination: Option<()>,
}

/// A store key: prefix, length, bytes.
fn store_key(prefix: u8, bytes: &[u8]) -> Vec<u8> {
    let mut key = vec![prefix, u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
    key.extend_from_slice(bytes);
    key
}

/// Whether an escrow id is the asked one or lies under it.
fn under(id: &str, asked: &str) -> bool {
    id.strip_prefix(asked).is_some_and(|rest| asked.is_empty() || rest.is_empty() || rest.starts_with('/'))
}
