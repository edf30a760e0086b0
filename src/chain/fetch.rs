//! One coherent [`Snapshot`]: all of a deployment's market at one height, and what belongs beside it.
//!
//! Bids, orders, leases and the deployment are asked side by side; their answers can straddle a block, so those that
//! are of a later height than the lowest are asked again, pinned there. Everything else (block time, rates, parameters,
//! providers, audits) may fail: then it is missing, and a warning says so.

use super::endpoints::{Client, GENERATION};
use super::error::ChainError;
use super::rest::{Answer, Listed, Question};
use super::wire::{DecodeError, Page};
use super::wire_market::{self, without_repeats};
use super::wire_meta::{self, Audits, Header, OraclePrice};
use crate::domain::bid::{Address, Bid, ChainInfo, Deployment, Lease, Order, Provider, Snapshot, Unreadable, Warning};
use crate::domain::money::{BlockTime, BlockTimeSource, Denom, Rate, Rates};
use crate::domain::text::Clean;
use futures_util::StreamExt;
use futures_util::future::{join, join4, try_join3};
use futures_util::stream;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Blocks over which the block time is measured, if the node keeps as many.
const MEASURED_BLOCKS: u64 = 2000;
/// Providers asked at a time; two questions each.
pub(super) const PROVIDERS_AT_ONCE: usize = 8;
/// How old the newest block of a node may be before that is said.
const OLD_BLOCK_MS: i64 = 120_000;
/// How often all of a market is asked again where its answers do not come to one height.
const TRIES: usize = 3;

/// What to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    pub dseq: u64,
    /// Whose deployment; found by its dseq where `None`, or where this owner has none of that number.
    pub owner: Option<Address>,
    /// Dollars of one AKT, instead of the chain's oracle.
    pub akt_usd: Option<Decimal>,
    /// The chain it has to be; any where `None`.
    pub chain_id: Option<String>,
}

/// What was read, and remarks on how that do not make it less whole: an owner that was found, an endpoint that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    pub snapshot: Snapshot,
    pub notes: Vec<Clean>,
}

/// Reads everything once, providers and audits included. What did not come by `deadline` is a warning; the bids or the
/// deployment not coming is an error.
pub async fn once(client: &Client, ask: &Ask, deadline: Instant) -> Result<Read, ChainError> {
    let (mut notes, mut errors) = (Vec::new(), Vec::new());
    for left in (1..=client.endpoints().len()).rev() {
        let at = client.choose();
        let share = Client::share(deadline, left);
        match read_all(client, at, ask, share, deadline).await {
            Ok(mut read) => {
                client.worked(at);
                notes.append(&mut read.notes);
                return Ok(Read { snapshot: read.snapshot, notes });
            }
            Err(error) if error.of_endpoint() => {
                client.failed(at, &error);
                notes.push(Clean::message(&format!("asked another endpoint: {error}")));
                errors.push(error);
            }
            Err(error) => return Err(error),
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Err(all_failed(errors))
}

/// The market of a deployment at `height`, as one endpoint has it: no providers, audits or rates. For a second opinion.
///
/// # Errors
/// [`ChainError::Lagging`] where the endpoint does not have that height yet; whatever else it failed with.
pub async fn again(
    client: &Client,
    at: usize,
    owner: &Address,
    dseq: u64,
    height: u64,
    deadline: Instant,
) -> Result<Snapshot, ChainError> {
    let reader = Reader { client, at, deadline };
    let (bids, rest) =
        futures_util::future::try_join(reader.bids(owner, dseq, Some(height)), reader.rest(owner, dseq, Some(height)))
            .await?;
    let mut bids = bids.value;
    bids.height = Some(height);
    let ask = Ask { dseq, owner: Some(owner.clone()), akt_usd: None, chain_id: None };
    Ok(Sides::new(&ask).snapshot(client.shown(at), &bids, &rest))
}

/// The newest block of one endpoint: which chain it is on, and how far.
///
/// # Errors
/// Whatever the endpoint failed with.
pub async fn latest(client: &Client, at: usize, deadline: Instant) -> Result<Header, ChainError> {
    Reader { client, at, deadline }.latest().await
}

/// What the first endpoint says that can answer; the time is shared among those that are still to be tried.
pub(super) async fn first_answer<T>(
    client: &Client,
    deadline: Instant,
    mut ask: impl AsyncFnMut(usize, Instant) -> Result<T, ChainError>,
) -> Result<T, ChainError> {
    let mut errors = Vec::new();
    for left in (1..=client.endpoints().len()).rev() {
        let at = client.choose();
        match ask(at, Client::share(deadline, left)).await {
            Ok(answer) => {
                client.worked(at);
                return Ok(answer);
            }
            Err(error) if error.of_endpoint() => {
                client.failed(at, &error);
                errors.push(error);
            }
            Err(error) => return Err(error),
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Err(all_failed(errors))
}

/// One error of several.
pub(super) fn all_failed(mut errors: Vec<ChainError>) -> ChainError {
    match errors.len() {
        0 => ChainError::NoEndpoint,
        1 => errors.swap_remove(0),
        _ => ChainError::All(errors),
    }
}

async fn read_all(
    client: &Client,
    at: usize,
    ask: &Ask,
    share: Instant,
    deadline: Instant,
) -> Result<Read, ChainError> {
    let first = Reader { client, at, deadline: share };
    let rest = Reader { client, at, deadline };
    let market = async {
        let market = first.market(ask.owner.as_ref(), ask.dseq).await?;
        let addresses = market.providers();
        let asked = stream::iter(addresses).map(|address| rest.provider(address));
        let providers = asked.buffer_unordered(PROVIDERS_AT_ONCE).collect::<Vec<_>>();
        let rate =
            async { if ask.akt_usd.is_none() && market.needs_akt() { Some(rest.akt_rate().await) } else { None } };
        let (providers, rate) = join(providers, rate).await;
        Ok((market, providers, rate))
    };
    // The sides never fail the whole, so an error of the market ends the wait at once.
    let head = async { Ok::<_, ChainError>(rest.head().await) };
    let params = async { Ok::<_, ChainError>(rest.params().await) };
    let ((market, providers, rate), head, params) = try_join3(market, head, params).await?;

    let mut sides = Sides::new(ask);
    let mut notes: Vec<Clean> = market.note.clone().into_iter().collect();
    if let Ok((header, _)) = &head {
        expect_chain(client.shown(at), ask.chain_id.as_deref(), &header.chain_id)?;
        notes.extend(old_block(client.shown(at), header));
    } else if let Some(wanted) = &ask.chain_id {
        let text = format!("whether this is chain {wanted} could not be checked");
        sides.warn("chain_id_unknown", &text);
    }
    sides.take_head(head);
    sides.take_params(params);
    if let Some(rate) = rate {
        sides.take_rate(rate);
    }
    for provided in providers {
        sides.take_provider(provided);
    }
    // The latest block is now and then one ahead of the answers: the time wanted is that of theirs.
    if let Some(height) = market.bids.height
        && sides.header.as_ref().is_some_and(|header| header.height != height)
        && let Ok(header) = rest.header(height).await
    {
        sides.header = Some(header);
    }
    Ok(Read { snapshot: sides.snapshot(client.shown(at), &market.bids, &market.rest), notes })
}

/// Refuses an endpoint of another chain.
pub(super) fn expect_chain(endpoint: &Clean, wanted: Option<&str>, has: &Clean) -> Result<(), ChainError> {
    match wanted {
        Some(wanted) if *wanted != **has => {
            Err(ChainError::WrongChain { endpoint: endpoint.clone(), wanted: Clean::new(wanted), has: has.clone() })
        }
        _ => Ok(()),
    }
}

/// A remark where the node's newest block is old by this machine's clock.
pub(super) fn old_block(endpoint: &Clean, header: &Header) -> Option<Clean> {
    let age_ms = jiff::Timestamp::now().as_millisecond().checked_sub(header.time_ms()?)?;
    (age_ms > OLD_BLOCK_MS).then(|| {
        let minutes = age_ms / 60_000;
        Clean::message(&format!(
            "the newest block of {endpoint} is {minutes} minutes old by this machine's clock: the node is behind, or the chain stands still"
        ))
    })
}

/// The bids, of one height.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bids {
    pub height: Option<u64>,
    pub items: Vec<Arc<Bid>>,
    pub unreadable: Vec<Unreadable>,
    /// A list that could not be followed to its end.
    pub cut: bool,
}

/// What decides whether a bid can be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rest {
    pub deployment: Deployment,
    pub orders: Option<Vec<Order>>,
    pub leases: Option<Vec<Lease>>,
    pub unreadable: Vec<Unreadable>,
    pub warnings: Vec<Warning>,
}

/// All of a deployment's market at one height.
pub(super) struct Market {
    pub bids: Bids,
    pub rest: Rest,
    /// How the owner was found, where that has to be said.
    pub note: Option<Clean>,
}

impl Market {
    pub fn providers(&self) -> BTreeSet<Address> {
        providers_of(&self.bids, &self.rest)
    }

    fn needs_akt(&self) -> bool {
        needs_akt(&self.bids, &self.rest)
    }
}

/// Everybody who bids, and who holds a lease.
pub(super) fn providers_of(bids: &Bids, rest: &Rest) -> BTreeSet<Address> {
    let bidders = bids.items.iter().map(|bid| &bid.id.provider);
    let holders = rest.leases.iter().flatten().filter(|lease| lease.state.runs()).map(|lease| &lease.id.provider);
    bidders.chain(holders).cloned().collect()
}

/// Whether any figure is in AKT, so that its dollars matter.
pub(super) fn needs_akt(bids: &Bids, rest: &Rest) -> bool {
    let akt = |denom: &Denom| *denom == Denom::Uakt;
    let units = rest.deployment.groups.iter().flat_map(|group| &group.spec.units);
    bids.items.iter().any(|bid| akt(&bid.price.denom))
        || rest.leases.iter().flatten().any(|lease| akt(&lease.price.denom))
        || units.filter_map(|unit| unit.price.as_ref()).any(|price| akt(&price.denom))
        || rest.deployment.escrow.iter().flat_map(|escrow| &escrow.funds).any(|funds| akt(&funds.denom))
}

/// An answer and its height.
pub(super) struct Dated<T> {
    pub height: Option<u64>,
    pub value: T,
}

impl<T> From<Listed<T>> for Dated<Listed<T>> {
    fn from(list: Listed<T>) -> Self {
        Self { height: list.height, value: list }
    }
}

/// What came of asking for a provider.
pub(super) struct Provided {
    pub address: Address,
    /// `None`: the chain knows no such provider.
    pub provider: Result<Option<Provider>, ChainError>,
    pub audits: Result<Audits, ChainError>,
}

/// Questions to one endpoint about deployments.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub client: &'a Client,
    pub at: usize,
    pub deadline: Instant,
}

type Asked<T> = Result<Dated<T>, ChainError>;

impl Reader<'_> {
    async fn get(&self, route: &str, query: &[(&str, &str)], pin: Option<u64>) -> Result<Answer, ChainError> {
        let question = self.client.question(self.at, route, self.deadline);
        self.client.http().get(Question { query, pin, ..question }).await
    }

    async fn one<T>(
        &self,
        route: &str,
        query: &[(&str, &str)],
        pin: Option<u64>,
        decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Asked<T> {
        let answer = self.get(route, query, pin).await?;
        let value = decode(&answer.body).map_err(|error| self.unread(route, error))?;
        Ok(Dated { height: answer.height, value })
    }

    fn unread(&self, route: &str, error: DecodeError) -> ChainError {
        ChainError::unread(self.client.shown(self.at), route, error)
    }

    /// A list of one deployment's things.
    async fn list<T>(
        &self,
        route: &str,
        owner: &Address,
        dseq: u64,
        pin: Option<u64>,
        decode: fn(&[u8], usize) -> Result<Page<T>, DecodeError>,
    ) -> Asked<Listed<T>> {
        let dseq = dseq.to_string();
        let query = [("filters.owner", owner.as_str()), ("filters.dseq", &dseq)];
        let question = self.client.question(self.at, route, self.deadline);
        self.client.http().list(Question { query: &query, pin, ..question }, decode).await.map(Dated::from)
    }

    /// All bids of all orders of all groups. Never filtered by gseq or oseq.
    pub async fn bids(&self, owner: &Address, dseq: u64, pin: Option<u64>) -> Asked<Bids> {
        let route = "/akash/market/v1beta5/bids/list";
        let list = self.list(route, owner, dseq, pin, wire_market::bids).await;
        let Dated { height, value } = match list {
            Err(ChainError::NotServed { .. }) => {
                return Err(self.client.wrong_generation(self.at, self.deadline).await);
            }
            other => other?,
        };
        let mut unreadable = value.unreadable;
        let mut items = without_repeats(value.items, &mut unreadable);
        // Not what was asked for: shown as such, never as a bid on this deployment.
        let other = |bid: &Arc<Bid>| bid.id.dseq != dseq || bid.id.owner != *owner;
        unreadable.extend(items.iter().filter(|bid| other(bid)).map(|bid| Unreadable {
            where_: format!("bid {}", bid.id),
            reason: Clean::message("it belongs to another deployment than the one asked for"),
        }));
        items.retain(|bid| !other(bid));
        Ok(Dated { height, value: Bids { height, items, unreadable, cut: value.cut } })
    }

    async fn orders(&self, owner: &Address, dseq: u64, pin: Option<u64>) -> Asked<Listed<Order>> {
        self.list("/akash/market/v1beta5/orders/list", owner, dseq, pin, wire_market::orders).await
    }

    async fn leases(&self, owner: &Address, dseq: u64, pin: Option<u64>) -> Asked<Listed<Lease>> {
        self.list("/akash/market/v1beta5/leases/list", owner, dseq, pin, wire_market::leases).await
    }

    async fn deployment(&self, owner: &Address, dseq: u64, pin: Option<u64>) -> Asked<wire_market::Deployed> {
        let dseq = dseq.to_string();
        let query = [("id.owner", owner.as_str()), ("id.dseq", &dseq)];
        self.one("/akash/deployment/v1beta4/deployments/info", &query, pin, wire_market::deployment).await
    }

    /// Who has a deployment of this number, asked without an owner.
    async fn owners(&self, dseq: u64) -> Result<Vec<Address>, ChainError> {
        let route = "/akash/deployment/v1beta4/deployments/list";
        let text = dseq.to_string();
        let query = [("filters.dseq", text.as_str())];
        let question = self.client.question(self.at, route, self.deadline);
        let found = self.client.http().list(Question { query: &query, ..question }, wire_market::deployments).await;
        let found = match found {
            Err(ChainError::NotServed { .. }) => {
                return Err(self.client.wrong_generation(self.at, self.deadline).await);
            }
            other => other?,
        };
        let owners: BTreeSet<Address> =
            found.items.into_iter().filter(|(d, _)| d.dseq == dseq).map(|(d, _)| d.owner).collect();
        Ok(owners.into_iter().collect())
    }

    /// The owner of a deployment that `named` does not have, or that nobody was named for.
    pub async fn owner(&self, named: Option<&Address>, dseq: u64) -> Result<(Address, Clean), ChainError> {
        let mut owners = self.owners(dseq).await?;
        match owners.len() {
            0 => Err(ChainError::NoDeployment { dseq }),
            1 => {
                let owner = owners.swap_remove(0);
                let note = match named {
                    Some(named) if *named != owner => {
                        format!("{named} has no deployment {dseq}; the only one on this chain is of {owner}")
                    }
                    _ => format!("deployment {dseq} is of {owner}, found by its number"),
                };
                Ok((owner, Clean::message(&note)))
            }
            _ => Err(ChainError::Owners { dseq, owners }),
        }
    }

    /// The whole market of a deployment at one height; its owner looked for where `named` has none of that number.
    pub async fn market(&self, named: Option<&Address>, dseq: u64) -> Result<Market, ChainError> {
        if let Some(owner) = named {
            match self.coherent(owner, dseq).await {
                // Code 3: what was named is no address.
                Err(ChainError::NotFound { .. } | ChainError::Node { code: 3, .. }) => {}
                other => return other,
            }
        }
        let (owner, note) = self.owner(named, dseq).await?;
        match self.coherent(&owner, dseq).await {
            Ok(market) => Ok(Market { note: Some(note), ..market }),
            // It was there a moment ago.
            Err(ChainError::NotFound { .. }) => Err(ChainError::NoDeployment { dseq }),
            Err(error) => Err(error),
        }
    }

    async fn coherent(&self, owner: &Address, dseq: u64) -> Result<Market, ChainError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.side_by_side(owner, dseq).await {
                // One of several nodes behind the address is behind the others.
                Err(ChainError::Lagging { .. }) if tries > 0 => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                other => return other,
            }
        }
    }

    async fn side_by_side(&self, owner: &Address, dseq: u64) -> Result<Market, ChainError> {
        let (bids, deployment, orders, leases) = join4(
            self.bids(owner, dseq, None),
            self.deployment(owner, dseq, None),
            self.orders(owner, dseq, None),
            self.leases(owner, dseq, None),
        )
        .await;
        // What the chain says of the deployment decides; a missing route is told by the bids.
        let bids = bids?;
        let deployment = deployment?;
        let heights = [bids.height, deployment.height, height_of(&orders), height_of(&leases)];
        let lowest = heights.into_iter().flatten().min();
        let (bids, deployment, orders, leases) = join4(
            level(bids, lowest, |pin| self.bids(owner, dseq, pin)),
            level(deployment, lowest, |pin| self.deployment(owner, dseq, pin)),
            level_side(orders, lowest, |pin| self.orders(owner, dseq, pin)),
            level_side(leases, lowest, |pin| self.leases(owner, dseq, pin)),
        )
        .await;
        let mut bids = bids?.value;
        bids.height = lowest.or(bids.height);
        Ok(Market { bids, rest: rest(deployment?.value, orders, leases), note: None })
    }

    /// Orders, leases and deployment at the height of the bids.
    pub async fn rest(&self, owner: &Address, dseq: u64, pin: Option<u64>) -> Result<Rest, ChainError> {
        let asked = futures_util::future::join3(
            self.deployment(owner, dseq, pin),
            self.orders(owner, dseq, pin),
            self.leases(owner, dseq, pin),
        );
        let (deployment, orders, leases) = asked.await;
        Ok(rest(deployment?.value, orders, leases))
    }

    pub async fn latest(&self) -> Result<Header, ChainError> {
        // Never pinned: that answers the latest body under a wrong height.
        let asked = self.one("/cosmos/base/tendermint/v1beta1/blocks/latest", &[], None, wire_meta::block);
        asked.await.map(|answer| answer.value)
    }

    async fn header(&self, height: u64) -> Result<Header, ChainError> {
        let route = format!("/cosmos/base/tendermint/v1beta1/blocks/{height}");
        self.one(&route, &[], None, wire_meta::block).await.map(|answer| answer.value)
    }

    /// The newest block, and how long one takes.
    pub async fn head(&self) -> Result<(Header, BlockTime), ChainError> {
        let latest = self.latest().await?;
        let time = self.block_time(&latest).await;
        Ok((latest, time))
    }

    /// Measured from two headers as far apart as the node keeps them, up to [`MEASURED_BLOCKS`].
    async fn block_time(&self, latest: &Header) -> BlockTime {
        // The first block carries the time of the genesis file, which may be long before the second.
        let most = latest.height.saturating_sub(2).min(MEASURED_BLOCKS);
        let mut spans = vec![10, 100, 500];
        spans.retain(|span| *span < most);
        spans.push(most);
        while let Some(span) = spans.pop().filter(|span| *span > 0) {
            match self.header(latest.height - span).await {
                Ok(old) if old.chain_id == latest.chain_id && old.height < latest.height => {
                    let measured = BlockTime::measured(latest.time_ns - old.time_ns, latest.height - old.height);
                    return measured.unwrap_or(BlockTime::ASSUMED);
                }
                // A node that has pruned says what its lowest block is; that one may go next, so a little above it.
                Err(ChainError::Node { message, .. } | ChainError::NotFound { message, .. }) => {
                    if let Some(lowest) = lowest_height(&message) {
                        let kept = latest.height.saturating_sub(lowest.saturating_add(5));
                        spans.retain(|span| *span < kept);
                        spans.extend((kept > 0 && kept < span).then_some(kept));
                    }
                }
                _ => break,
            }
        }
        BlockTime::ASSUMED
    }

    /// An order takes one bid more than this.
    pub async fn params(&self) -> Result<Option<u32>, ChainError> {
        let asked = self.one("/akash/market/v1beta5/params", &[], None, wire_meta::market_params);
        asked.await.map(|answer| answer.value.order_max_bids)
    }

    /// Dollars of an AKT by the chain's oracle.
    pub async fn akt_rate(&self) -> Result<OraclePrice, ChainError> {
        let ask = async |version: &'static str| {
            let route = format!("/akash/oracle/{version}/aggregated_price/akt");
            self.one(&route, &[], None, |bytes| wire_meta::oracle_price(bytes, version)).await
        };
        match ask("v2").await {
            Err(ChainError::NotServed { .. }) => ask("v1").await,
            other => other,
        }
        .map(|answer| answer.value)
    }

    /// A provider, and who signed its attributes.
    pub async fn provider(self, address: Address) -> Provided {
        let name = address.as_str();
        // It becomes part of a path: nothing else than an address may.
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let empty = Audits { audits: Vec::new(), garbage: 0 };
            return Provided { provider: Ok(None), audits: Ok(empty), address };
        }
        let itself = format!("/akash/provider/v1beta4/providers/{name}");
        let signed = format!("/akash/audit/v1/audit/attributes/{name}/list");
        let (provider, audits) = join(
            self.one(&itself, &[], None, wire_meta::provider),
            self.one(&signed, &[], None, |bytes| wire_meta::audits(bytes, &address)),
        )
        .await;
        let provider = match provider.map(|answer| answer.value) {
            Ok(provider) if provider.address == address => Ok(Some(provider)),
            Ok(_) => Err(self.unread(&itself, DecodeError::shape("it is about another provider"))),
            Err(ChainError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let audits = match audits.map(|answer| answer.value) {
            // Nobody signed anything.
            Err(ChainError::NotFound { .. }) => Ok(Audits { audits: Vec::new(), garbage: 0 }),
            other => other,
        };
        Provided { address, provider, audits }
    }
}

fn height_of<T>(answer: &Asked<T>) -> Option<u64> {
    answer.as_ref().ok()?.height
}

/// The answer, asked again at the lowest height if it is of a later one.
async fn level<T, F: Future<Output = Asked<T>>>(
    answer: Dated<T>,
    lowest: Option<u64>,
    again: impl FnOnce(Option<u64>) -> F,
) -> Asked<T> {
    if answer.height.is_none() || answer.height == lowest { Ok(answer) } else { again(lowest).await }
}

async fn level_side<T, F: Future<Output = Asked<T>>>(
    answer: Asked<T>,
    lowest: Option<u64>,
    again: impl FnOnce(Option<u64>) -> F,
) -> Asked<T> {
    level(answer?, lowest, again).await
}

/// `height 5 is not available, lowest height is 1234` (`CometBFT`).
fn lowest_height(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("lowest height is ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Puts together what decides whether a bid can be taken; orders or leases that did not come are a warning.
fn rest(deployed: wire_market::Deployed, orders: Asked<Listed<Order>>, leases: Asked<Listed<Lease>>) -> Rest {
    let (deployment, mut unreadable) = deployed;
    let mut warnings = Vec::new();
    let mut part = |name: &str, code: &'static str, error: Option<&ChainError>| {
        let text = match error {
            Some(error) => format!("the {name} could not be read: {error}"),
            None => format!("the list of {name} could not be followed to its end"),
        };
        warnings.push(Warning { code, text: Clean::message(&text) });
    };
    let orders = match orders.map(|answer| answer.value) {
        Ok(list) => {
            unreadable.extend(list.unreadable);
            if list.cut {
                part("orders", "orders_cut", None);
            }
            Some(list.items)
        }
        Err(error) => {
            part("orders", "orders_unreachable", Some(&error));
            None
        }
    };
    let leases = match leases.map(|answer| answer.value) {
        Ok(list) => {
            unreadable.extend(list.unreadable);
            if list.cut {
                part("leases", "leases_cut", None);
            }
            Some(list.items)
        }
        Err(error) => {
            part("leases", "leases_unreachable", Some(&error));
            None
        }
    };
    Rest { deployment, orders, leases, unreadable, warnings }
}

/// What stands beside the market.
#[derive(Clone)]
pub(super) struct Sides {
    pub chain_id: Option<Clean>,
    /// The latest header that was read.
    pub header: Option<Header>,
    pub block_time: BlockTime,
    pub order_max_bids: Option<u32>,
    pub akt: Option<Rate>,
    pub providers: BTreeMap<Address, Arc<Provider>>,
    /// By code, so that a later answer takes back what an earlier failure said.
    warnings: BTreeMap<&'static str, Clean>,
    /// Providers, and audits, that could not be read, with the reason.
    pub unread_providers: BTreeMap<Address, Clean>,
    pub unread_audits: BTreeMap<Address, Clean>,
    garbage: usize,
}

impl Sides {
    pub fn new(ask: &Ask) -> Self {
        Self {
            chain_id: None,
            header: None,
            block_time: BlockTime::ASSUMED,
            order_max_bids: None,
            akt: ask.akt_usd.map(Rate::given),
            providers: BTreeMap::new(),
            warnings: BTreeMap::new(),
            unread_providers: BTreeMap::new(),
            unread_audits: BTreeMap::new(),
            garbage: 0,
        }
    }

    pub fn warn(&mut self, code: &'static str, text: &str) {
        self.warnings.insert(code, Clean::message(text));
    }

    pub fn take_head(&mut self, head: Result<(Header, BlockTime), ChainError>) {
        self.warnings.remove("block_time_assumed");
        let why = match head {
            Ok((header, time)) => {
                self.chain_id = Some(header.chain_id.clone());
                self.header = Some(header);
                if time.source == BlockTimeSource::Measured {
                    self.block_time = time;
                }
                "the node keeps no earlier block".to_owned()
            }
            Err(error) => error.to_string(),
        };
        if self.block_time.source == BlockTimeSource::Assumed {
            let text = format!("the block time could not be measured, 6.0 s is assumed: {why}");
            self.warn("block_time_assumed", &text);
        }
    }

    pub fn take_params(&mut self, params: Result<Option<u32>, ChainError>) {
        self.warnings.remove("params_unreachable");
        match params {
            Ok(most) => self.order_max_bids = most,
            Err(error) => {
                self.warn("params_unreachable", &format!("how many bids an order takes is not known: {error}"));
            }
        }
    }

    pub fn take_rate(&mut self, rate: Result<OraclePrice, ChainError>) {
        self.warnings.remove("oracle_unhealthy");
        self.warnings.remove("oracle_unreachable");
        match rate {
            Ok(OraclePrice::Healthy(rate)) => self.akt = Some(rate),
            Ok(OraclePrice::Unhealthy(why)) => {
                self.akt = None;
                let text =
                    format!("no dollars for AKT: the chain does not trust its own price ({why}); --akt-usd gives one");
                self.warn("oracle_unhealthy", &text);
            }
            Err(error) => {
                let text = format!("no dollars for AKT: {error}; --akt-usd gives a price");
                self.warn("oracle_unreachable", &text);
            }
        }
    }

    pub fn take_provider(&mut self, provided: Provided) {
        let Provided { address, provider, audits } = provided;
        self.unread_providers.remove(&address);
        self.unread_audits.remove(&address);
        let audits = match audits {
            Ok(found) => {
                self.garbage += found.garbage;
                Some(found.audits)
            }
            Err(error) => {
                self.unread_audits.insert(address.clone(), Clean::message(&error.to_string()));
                None
            }
        };
        match provider {
            Ok(Some(found)) => {
                self.providers.insert(address, Arc::new(Provider { audits, ..found }));
            }
            Ok(None) => {}
            Err(error) => {
                self.unread_providers.insert(address, Clean::message(&error.to_string()));
            }
        }
    }

    /// Milliseconds since 1970 of the block of `height`: read, or reckoned from the nearest that was.
    fn time_ms(&self, height: u64) -> Option<i64> {
        let header = self.header.as_ref()?;
        let blocks = self.block_time.millis_of(height.abs_diff(header.height));
        let time = header.time_ms()?;
        if height >= header.height { time.checked_add(blocks) } else { time.checked_sub(blocks) }
    }

    pub fn snapshot(&self, endpoint: &Clean, bids: &Bids, rest: &Rest) -> Snapshot {
        let height = bids.height.or(self.header.as_ref().map(|header| header.height));
        let mut warnings = rest.warnings.clone();
        let mut warn = |code, text: &str| warnings.push(Warning { code, text: Clean::message(text) });
        if bids.cut {
            warn("bids_cut", "the list of bids could not be followed to its end: some may be missing");
        }
        if let Some(why) = self.unread_providers.values().next() {
            let text = format!("{} could not be read: {why}", counted(self.unread_providers.len(), "provider"));
            warn("provider_unreachable", &text);
        }
        if let Some(why) = self.unread_audits.values().next() {
            let text =
                format!("the audits of {} could not be read: {why}", counted(self.unread_audits.len(), "provider"));
            warn("audit_unreachable", &text);
        }
        if self.garbage > 0 {
            let text = format!(
                "{} of the node name another provider or nobody: they count for nothing",
                counted(self.garbage, "audit record")
            );
            warn("audit_garbage", &text);
        }
        warnings.extend(self.warnings.iter().map(|(code, text)| Warning { code, text: text.clone() }));
        Snapshot {
            chain: ChainInfo {
                id: self.chain_id.clone(),
                rest: Some(endpoint.clone()),
                height,
                height_at_ms: height.and_then(|height| self.time_ms(height)),
                generation: Clean::new(GENERATION),
                block_time: self.block_time,
            },
            rates: Rates { akt: self.akt.clone() },
            deployment: Some(rest.deployment.clone()),
            orders: rest.orders.clone(),
            leases: rest.leases.clone(),
            bids: bids.items.clone(),
            providers: self.providers.clone(),
            order_max_bids: self.order_max_bids,
            unreadable: bids.unreadable.iter().chain(&rest.unreadable).cloned().collect(),
            warnings,
            saved: false,
        }
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
