//! A chain that makes blocks: its state, its clock, and what is due to happen in which block.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ante::{Purpose, Refusal, Setting};
use super::encoding;
use super::ledger::Ledger;
use super::record::{
    Account, Audit, BidId, BidRecord, Coin, Dec, DeploymentRecord, LeaseRecord, Order, Provider, Quoted,
};
use super::state::{NewBid, Params, Price, State};
use super::transaction::Hash;

/// Where block times come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// A block's time is the moment it is made; the newest block of the start is of this moment.
    Wall,
    /// The newest block of the start is of this moment, every later one a block time after the one
    /// before it. The same at every run.
    Fixed(Timestamp),
}

/// Something that happens in a block of its own accord.
#[derive(Clone, Debug)]
pub enum Event {
    Bid(NewBid),
    /// The provider takes an open bid back.
    Withdraw(BidId),
}

/// The embedded chain. Blocks are numbered from 1; those before the start are made up when asked for.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) id: String,
    pub(super) version: &'static str,
    pub(super) state: State,
    pub(super) ledger: Ledger,
    clock: Clock,
    /// Between two blocks before the start.
    past: Duration,
    /// Between two blocks from the start on, with [`Clock::Fixed`].
    block_time: Duration,
    start: u64,
    start_time: Timestamp,
    /// Times of the blocks after the start.
    times: Vec<Timestamp>,
    schedule: BTreeMap<u64, Vec<Event>>,
    /// Whether the oracle calls its own price healthy.
    pub(super) oracle_healthy: bool,
}

/// A `state-H.json` document: what a real node answered, pinned at one height.
#[derive(Deserialize)]
struct Document {
    height: u64,
    chain_id: String,
    bids: Vec<BidRecord>,
    orders: Vec<Order>,
    leases: Vec<LeaseRecord>,
    deployments: Vec<DeploymentRecord>,
    providers: Vec<Provider>,
    audits: BTreeMap<String, AuditPage>,
    accounts: BTreeMap<Arc<str>, Account>,
    balances: BTreeMap<Arc<str>, Vec<Coin>>,
    market_params: ParamsPage,
    deployment_params: ParamsPage,
    oracle_params: ParamsPage,
    block: Header,
}

#[derive(Deserialize)]
struct AuditPage {
    providers: Vec<Audit>,
}

#[derive(Deserialize)]
struct ParamsPage {
    params: Value,
}

#[derive(Deserialize)]
struct Header {
    time: Quoted<Timestamp>,
}

impl Chain {
    /// A chain without rows whose newest block is `start`.
    pub(super) fn empty(
        id: &str,
        params: Params,
        start: u64,
        clock: Clock,
        past: Duration,
        block_time: Duration,
    ) -> Self {
        Self {
            id: id.to_owned(),
            version: "v2.1.0",
            state: State::new(params),
            ledger: Ledger::default(),
            clock,
            past,
            block_time,
            start,
            start_time: match clock {
                Clock::Wall => Timestamp::now(),
                Clock::Fixed(time) => time,
            },
            times: Vec::new(),
            schedule: BTreeMap::new(),
            oracle_healthy: true,
        }
    }

    /// The state of a `state-H.json` document: the chain stands at its height, with its block time
    /// (about a second). The oracle has no price: the documents hold none.
    ///
    /// # Errors
    /// What is wrong with the document, in serde's words.
    pub fn load(document: &str) -> Result<Self, String> {
        let doc: Document = serde_json::from_str(document).map_err(|e| e.to_string())?;
        let params = Params {
            market: doc.market_params.params,
            deployment: doc.deployment_params.params,
            oracle: doc.oracle_params.params,
            bme: bme_params(),
            bme_status: bme_status("mint_status_halt_cr", "0.000000000000000000", false),
            minimum_gas_price: "0.002500000000000000uakt".to_owned(),
        };
        let mut chain = Self::empty(
            &doc.chain_id,
            params,
            doc.height,
            Clock::Fixed(doc.block.time.0),
            Duration::from_millis(1005),
            Duration::from_millis(1005),
        );
        chain.version = "";
        let state = &mut chain.state;
        for row in doc.bids {
            let since = row.bid.created_at.0;
            state.bids.put(since, row.bid.id.clone(), row);
        }
        for row in doc.orders {
            state.orders.put(row.created_at.0, row.id.clone(), row);
        }
        for row in doc.leases {
            let since = row.lease.created_at.0;
            state.leases.put(since, row.lease.id.clone(), row);
        }
        for row in doc.deployments {
            let since = row.deployment.created_at.0;
            state.deployments.put(since, row.deployment.id.clone(), row);
        }
        for row in doc.providers {
            state.add_provider(1, row);
        }
        for row in doc.audits.into_values().flat_map(|page| page.providers) {
            state.add_audit(1, row);
        }
        for (address, row) in doc.accounts {
            state.accounts.put(1, address, row);
        }
        for (address, coins) in doc.balances {
            state.balances.put(1, address, coins);
        }
        Ok(chain)
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Height of the newest block.
    pub fn height(&self) -> u64 {
        self.start + u64::try_from(self.times.len()).unwrap_or(0)
    }

    /// Height of the newest block when the chain began to make blocks.
    pub fn start_height(&self) -> u64 {
        self.start
    }

    /// What the header of block `height` says. Later than the newest: the time of the newest.
    pub fn time(&self, height: u64) -> Timestamp {
        if let Some(after) = height.checked_sub(self.start + 1) {
            let found = usize::try_from(after).ok().and_then(|at| self.times.get(at));
            return found.or(self.times.last()).copied().unwrap_or(self.start_time);
        }
        let before = i128::from(self.start - height);
        let nanos = i128::try_from(self.past.as_nanos()).unwrap_or(0);
        let back = SignedDuration::from_nanos_i128(before * nanos);
        self.start_time.checked_sub(back).unwrap_or(Timestamp::MIN)
    }

    /// The server's own clock: with [`Clock::Fixed`] a second after the newest block.
    pub(super) fn now(&self) -> Timestamp {
        match self.clock {
            Clock::Wall => Timestamp::now(),
            Clock::Fixed(_) => {
                let newest = self.time(self.height());
                newest.checked_add(SignedDuration::from_secs(1)).unwrap_or(newest)
            }
        }
    }

    /// Makes the next block: first what is due in it of its own accord, then the transactions that wait.
    pub fn step(&mut self) {
        let newest = self.time(self.height());
        let next = match self.clock {
            Clock::Wall => Timestamp::now().max(newest),
            Clock::Fixed(_) => {
                let nanos = i128::try_from(self.block_time.as_nanos()).unwrap_or(0);
                let after = SignedDuration::from_nanos_i128(nanos);
                newest.checked_add(after).unwrap_or(newest)
            }
        };
        self.times.push(next);
        let height = self.height();
        for event in self.schedule.remove(&height).unwrap_or_default() {
            self.happen(height, event);
        }
        let setting = Setting { chain_id: &self.id, height, time: next, purpose: Purpose::Deliver };
        self.ledger.fill_block(&mut self.state, &setting);
    }

    /// Makes blocks until the newest is `height`; nothing when it is there already.
    pub fn step_to(&mut self, height: u64) {
        while self.height() < height {
            self.step();
        }
    }

    fn happen(&mut self, height: u64, event: Event) {
        match event {
            Event::Bid(bid) => {
                // An order that closed meanwhile takes no bids.
                let order = self.state.orders.get(height, &bid.id.order());
                if order.is_some_and(|order| &*order.state == "open") {
                    self.state.create_bid(height, bid);
                }
            }
            Event::Withdraw(id) => {
                let bid = self.state.bids.get(height, &id);
                if bid.is_some_and(|row| &*row.bid.state == "open") {
                    self.state.withdraw_bid(height, &id);
                }
            }
        }
    }

    /// Lets `event` happen in block `height`; at once when that block exists.
    pub fn at(&mut self, height: u64, event: Event) {
        let newest = self.height();
        if height <= newest {
            self.happen(newest, event);
        } else {
            self.schedule.entry(height).or_default().push(event);
        }
    }

    /// The state, to change it as of the newest block: `chain.act(|state, height| …)`.
    pub fn act<T>(&mut self, change: impl FnOnce(&mut State, u64) -> T) -> T {
        let height = self.height();
        change(&mut self.state, height)
    }

    /// The rows of the chain at every height.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The oracle's source reports a price of AKT in dollars, in block `height`.
    pub fn report_price(&mut self, height: u64, price: Dec) {
        self.state.prices.push(Price { height, price });
    }

    /// Whether the oracle calls its price healthy.
    pub fn set_oracle_healthy(&mut self, healthy: bool) {
        self.oracle_healthy = healthy;
    }

    /// What a transaction that comes now is checked against.
    pub(super) fn setting(&self, purpose: Purpose) -> Setting<'_> {
        let height = self.height();
        Setting { chain_id: &self.id, height, time: self.time(height), purpose }
    }

    /// Takes a transaction into the mempool, or says why not; see [`Ledger::broadcast`].
    pub(super) fn broadcast(&mut self, bytes: &[u8], lag: u64) -> (Hash, Option<Refusal>) {
        let height = self.height();
        let setting = Setting { chain_id: &self.id, height, time: self.time(height), purpose: Purpose::Check };
        self.ledger.broadcast(&self.state, &setting, bytes, lag.min(height))
    }

    /// Hashes of the transactions that wait, oldest first, in upper-case hexadecimal digits.
    pub fn waiting(&self) -> Vec<String> {
        self.ledger.waiting().map(|hash| encoding::hex(hash)).collect()
    }

    /// The node is restarted: what waited is gone, as if it had never been sent. For tests.
    pub fn restart(&mut self) {
        self.ledger.forget_waiting();
    }

    /// Leaves what waits, and what comes meanwhile, out of the next `blocks` blocks. For tests.
    pub fn hold(&mut self, blocks: u64) {
        let first = self.height() + blocks + 1;
        self.ledger.hold_until(first);
    }

    /// From now on at most so many transactions wait; others are refused with code 20. For tests.
    pub fn limit_mempool(&mut self, transactions: usize) {
        self.ledger.limit(transactions);
    }

    /// Another program sends a transaction of this account: it waits now and comes first in the next
    /// block, where it uses up a sequence. What was sent here with the same sequence is never
    /// included. Returns its hash; `None` when there is no such account. For tests.
    pub fn compete(&mut self, owner: &str) -> Option<String> {
        let height = self.height();
        self.ledger.compete(&self.state, height, owner).map(|hash| encoding::hex(&hash))
    }

    /// The 32 bytes that stand for the hash of block `height`.
    pub(super) fn block_hash(&self, height: u64) -> [u8; 32] {
        let seed = u64::from(encoding::crc32(self.id.as_bytes()));
        encoding::scramble(seed, height)
    }
}

/// Parameters of the BME module, the code's defaults.
pub(super) fn bme_params() -> Value {
    json!({
        "circuit_breaker_warn_threshold": 9500, "circuit_breaker_halt_threshold": 9000,
        "min_epoch_blocks": "10", "epoch_blocks_backoff_percent": 10,
        "mint_spread_bps": 25, "settle_spread_bps": 0, "max_endblocker_records": 50,
        "min_mint": [{"denom": "uact", "amount": "10000000"}], "max_pending_attempts": 3,
    })
}

pub(super) fn bme_status(status: &str, ratio: &str, mints: bool) -> Value {
    json!({
        "status": status, "collateral_ratio": ratio,
        "warn_threshold": "0.950000000000000000", "halt_threshold": "0.900000000000000000",
        "mints_allowed": mints, "refunds_allowed": true,
    })
}
