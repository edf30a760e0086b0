//! The chain's state at every height since it began, and what each market action does to it.
//!
//! Rows are versioned by height: a query pinned at an old height sees the old row, and keeping the
//! past costs one entry a change. `Clone` is cheap enough (rows are shared) to run a transaction on
//! a copy and throw the copy away. The actions here only have the effects that the real node was
//! seen to have; whether an action is allowed is not asked here.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::encoding;
use super::record::{
    Account, AccountId, Audit, Bid, BidId, BidRecord, Coin, Dec, DecCoin, Deployment, DeploymentId, DeploymentRecord,
    Deposit, EscrowAccount, Group, GroupId, GroupSpec, Lease, LeaseRecord, Offer, Order, OrderId, Payment, PaymentId,
    PaymentState, Provider, Quoted, Reclamation,
};

/// Rows by key, each with the heights at which it changed.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    rows: BTreeMap<K, Versions<V>>,
}

/// The height of a change and what the row was from then on; `None` means deleted.
type Versions<V> = Vec<(u64, Option<Arc<V>>)>;

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}

fn version<V>(versions: &Versions<V>, height: u64) -> Option<&Arc<V>> {
    let newest = versions.iter().rev().find(|(since, _)| *since <= height);
    newest.and_then(|(_, row)| row.as_ref())
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// Writes a row as of `height`.
    pub fn put(&mut self, height: u64, key: K, row: V) {
        self.write(height, key, Some(Arc::new(row)));
    }

    pub fn delete(&mut self, height: u64, key: K) {
        self.write(height, key, None);
    }

    fn write(&mut self, height: u64, key: K, row: Option<Arc<V>>) {
        let versions = self.rows.entry(key).or_default();
        while versions.last().is_some_and(|(since, _)| *since >= height) {
            versions.pop();
        }
        versions.push((height, row));
    }

    pub fn get(&self, height: u64, key: &K) -> Option<&Arc<V>> {
        self.rows.get(key).and_then(|v| version(v, height))
    }

    /// All rows at `height` in key order.
    pub fn iter(&self, height: u64) -> impl Iterator<Item = (&K, &Arc<V>)> {
        self.rows.iter().filter_map(move |(key, v)| version(v, height).map(|row| (key, row)))
    }

    /// The rows at `height` from `first` on, in key order.
    pub fn from<'a>(&'a self, height: u64, first: &K) -> impl Iterator<Item = (&'a K, &'a Arc<V>)> + use<'a, K, V> {
        self.rows
            .range((Bound::Included(first), Bound::Unbounded))
            .filter_map(move |(key, v)| version(v, height).map(|row| (key, row)))
    }

    /// Changes a row as of `height`; `None` when there is none.
    fn update(&mut self, height: u64, key: &K, change: impl FnOnce(&mut V)) -> Option<()> {
        let mut row = V::clone(self.get(height, key)?);
        change(&mut row);
        self.put(height, key.clone(), row);
        Some(())
    }
}

/// Module parameters, as their routes answer them.
#[derive(Clone, Debug)]
pub struct Params {
    pub market: Value,
    pub deployment: Value,
    pub oracle: Value,
    pub bme: Value,
    /// The whole answer of `/akash/bme/v1/status` once there is an oracle price.
    pub bme_status: Value,
    pub minimum_gas_price: String,
}

/// One report of the oracle's source, `akt` in `usd`.
#[derive(Clone, Debug)]
pub struct Price {
    /// Block in which it was reported.
    pub height: u64,
    pub price: Dec,
}

#[derive(Clone, Debug)]
pub struct State {
    pub deployments: Table<DeploymentId, DeploymentRecord>,
    pub orders: Table<OrderId, Order>,
    pub bids: Table<BidId, BidRecord>,
    pub leases: Table<BidId, LeaseRecord>,
    /// By address bytes, which is the order in which the node lists them.
    pub providers: Table<Vec<u8>, Provider>,
    /// By bytes of the provider, then of the auditor.
    pub audits: Table<(Vec<u8>, Vec<u8>), Audit>,
    pub accounts: Table<Arc<str>, Account>,
    /// Sorted by denom.
    pub balances: Table<Arc<str>, Vec<Coin>>,
    /// Spend limit by granter and grantee.
    pub allowances: Table<(Arc<str>, Arc<str>), Vec<Coin>>,
    /// Timestamps that the signers of unordered transactions have used up.
    pub nonces: Table<(Arc<str>, Timestamp), ()>,
    /// Oldest first.
    pub prices: Vec<Price>,
    pub params: Params,
}

const OPEN: &str = "open";
const ACTIVE: &str = "active";
const CLOSED: &str = "closed";

/// What a provider must put down to bid, in micro-units.
const BID_DEPOSIT: u128 = 500_000;

/// A bid as its provider sends it.
#[derive(Clone, Debug)]
pub struct NewBid {
    pub id: BidId,
    /// Per block, for the whole group.
    pub price: DecCoin,
    pub offer: Vec<Offer>,
    /// For example `86400s`.
    pub reclamation_window: Option<Arc<str>>,
}

/// Why a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseEnd {
    /// The tenant closed it: a new order opens.
    Tenant,
    /// The provider left: the group is paused.
    Provider,
    /// So did this one: what ran was not healthy.
    Unstable,
    /// And this one: it takes the machine away.
    Decommission,
}

impl State {
    pub fn new(params: Params) -> Self {
        Self {
            deployments: Table::default(),
            orders: Table::default(),
            bids: Table::default(),
            leases: Table::default(),
            providers: Table::default(),
            audits: Table::default(),
            accounts: Table::default(),
            balances: Table::default(),
            allowances: Table::default(),
            nonces: Table::default(),
            prices: Vec::new(),
            params,
        }
    }

    /// An account with its coins, as of `height`; its number is the next free one.
    pub fn fund(&mut self, height: u64, address: &str, coins: &[Coin]) {
        let address: Arc<str> = address.into();
        if self.accounts.get(height, &address).is_none() {
            let number = u64::try_from(self.accounts.rows.len()).unwrap_or(0);
            self.accounts.put(
                height,
                address.clone(),
                Account {
                    address: address.clone(),
                    pub_key: None,
                    account_number: Quoted(number),
                    sequence: Quoted(0),
                },
            );
        }
        for coin in coins {
            self.credit(height, &address, &coin.denom, coin.amount.0);
        }
    }

    pub fn credit(&mut self, height: u64, address: &Arc<str>, denom: &Arc<str>, amount: u128) {
        self.change_balance(height, address, denom, |held| held.saturating_add(amount));
    }

    pub fn debit(&mut self, height: u64, address: &Arc<str>, denom: &Arc<str>, amount: u128) {
        self.change_balance(height, address, denom, |held| held.saturating_sub(amount));
    }

    fn change_balance(&mut self, height: u64, address: &Arc<str>, denom: &Arc<str>, change: impl FnOnce(u128) -> u128) {
        let mut coins = self.balances.get(height, address).map(|row| Vec::clone(row)).unwrap_or_default();
        match coins.binary_search_by(|coin| coin.denom.cmp(denom)) {
            Ok(at) => {
                coins[at].amount.0 = change(coins[at].amount.0);
                if coins[at].amount.0 == 0 {
                    coins.remove(at);
                }
            }
            Err(at) => {
                let amount = change(0);
                if amount > 0 {
                    coins.insert(at, Coin::new(denom, amount));
                }
            }
        }
        self.balances.put(height, address.clone(), coins);
    }

    /// Registers a provider. Nothing happens when its owner is no address.
    pub fn add_provider(&mut self, height: u64, provider: Provider) {
        if let Ok(key) = encoding::address(&provider.owner) {
            self.providers.put(height, key, provider);
        }
    }

    /// Signs attributes of a provider. Nothing happens when either is no address.
    pub fn add_audit(&mut self, height: u64, audit: Audit) {
        if let (Ok(owner), Ok(auditor)) = (encoding::address(&audit.owner), encoding::address(&audit.auditor)) {
            self.audits.put(height, (owner, auditor), audit);
        }
    }

    /// A new deployment: its groups open, each with its first order.
    pub fn create_deployment(
        &mut self,
        height: u64,
        id: &DeploymentId,
        hash: &str,
        groups: &[GroupSpec],
        deposit: &Coin,
    ) {
        let groups: Vec<Group> = (1..)
            .zip(groups)
            .map(|(gseq, spec)| Group {
                id: GroupId { owner: id.owner.clone(), dseq: id.dseq, gseq },
                state: OPEN.into(),
                group_spec: spec.clone(),
                created_at: Quoted(height),
            })
            .collect();
        for group in &groups {
            self.open_order(height, &id.order(group.id.gseq, 1), &group.group_spec);
        }
        self.debit(height, &id.owner, &deposit.denom, deposit.amount.0);
        let escrow = DecCoin::new(&deposit.denom, Dec::whole(deposit.amount.0));
        self.deployments.put(
            height,
            id.clone(),
            DeploymentRecord {
                deployment: Deployment {
                    id: id.clone(),
                    state: ACTIVE.into(),
                    hash: hash.into(),
                    created_at: Quoted(height),
                    reclamation: None,
                },
                groups,
                escrow_account: EscrowAccount::open("deployment", &id.xid(), &id.owner, height, &escrow),
            },
        );
    }

    fn open_order(&mut self, height: u64, id: &OrderId, spec: &GroupSpec) {
        self.orders.put(
            height,
            id.clone(),
            Order {
                id: id.clone(),
                state: OPEN.into(),
                spec: spec.clone(),
                created_at: Quoted(height),
                reclamation: None,
            },
        );
    }

    /// An open bid with its deposit.
    pub fn create_bid(&mut self, height: u64, new: NewBid) {
        let denom: Arc<str> = "uact".into();
        let deposit = DecCoin::new(&denom, Dec::whole(BID_DEPOSIT));
        self.debit(height, &new.id.provider, &denom, BID_DEPOSIT);
        let escrow_account = EscrowAccount::open("bid", &new.id.xid(), &new.id.provider, height, &deposit);
        self.bids.put(
            height,
            new.id.clone(),
            BidRecord {
                bid: Bid {
                    id: new.id,
                    state: OPEN.into(),
                    price: new.price,
                    created_at: Quoted(height),
                    resources_offer: new.offer,
                    reclamation_window: new.reclamation_window,
                },
                escrow_account,
            },
        );
    }

    /// Ends a bid in `state` and gives its deposit back, as it says. `None`: there is no such bid.
    fn end_bid(&mut self, height: u64, id: &BidId, state: &str) -> Option<Vec<Refund>> {
        let mut back = Vec::new();
        self.bids.update(height, id, |row| {
            row.bid.state = state.into();
            back = release(&mut row.escrow_account, height);
        })?;
        self.refund(height, &back);
        Some(back)
    }

    fn refund(&mut self, height: u64, refunds: &[Refund]) {
        for (owner, coin) in refunds {
            self.credit(height, owner, &coin.denom, coin.amount.0);
        }
    }

    /// The provider takes back a bid that is not leased. `None`: no such bid.
    pub fn withdraw_bid(&mut self, height: u64, id: &BidId) -> Option<()> {
        self.end_bid(height, id, CLOSED).map(|_| ())
    }

    /// Bids of one order in provider order, at `height`.
    pub fn bids_of(&self, height: u64, order: &OrderId) -> impl Iterator<Item = &Arc<BidRecord>> {
        self.bids.from(height, &order.bid("")).take_while(|(id, _)| id.order() == *order).map(|(_, row)| row)
    }

    fn open_bids(&self, height: u64, order: &OrderId) -> Vec<BidId> {
        self.bids_of(height, order).filter(|row| &*row.bid.state == OPEN).map(|row| row.bid.id.clone()).collect()
    }

    /// Leases a bid. As on the real chain, only the first other open bid of the order becomes
    /// `lost` and gets its deposit back, which is returned; the rest stay `open`. `None`: bid, order
    /// or deployment is missing.
    pub fn create_lease(&mut self, height: u64, id: &BidId) -> Option<Vec<Refund>> {
        let bid = self.bids.get(height, id)?.bid.clone();
        let order = id.order();
        let deployment = order.deployment();
        self.settle(height, &deployment)?;
        self.orders.update(height, &order, |row| row.state = ACTIVE.into())?;
        self.bids.update(height, id, |row| row.bid.state = ACTIVE.into())?;
        let denom = bid.price.denom.clone();
        let none = DecCoin::new(&denom, Dec::ZERO);
        let never_closed: Arc<str> = "lease_closed_invalid".into();
        self.leases.put(
            height,
            id.clone(),
            LeaseRecord {
                lease: Lease {
                    id: id.clone(),
                    state: ACTIVE.into(),
                    price: bid.price.clone(),
                    created_at: Quoted(height),
                    closed_on: Quoted(0),
                    reason: never_closed.clone(),
                    reclamation: bid.reclamation_window.map(|window| Reclamation {
                        window,
                        started_at: Quoted(0),
                        deadline: Quoted(0),
                        reason: never_closed,
                    }),
                },
                escrow_payment: Payment {
                    id: PaymentId {
                        aid: AccountId { scope: "deployment".into(), xid: deployment.xid().into() },
                        xid: format!("{}/{}/{}", id.gseq, id.oseq, id.provider).into(),
                    },
                    state: PaymentState {
                        owner: id.provider.clone(),
                        state: OPEN.into(),
                        rate: bid.price,
                        balance: none.clone(),
                        unsettled: none,
                        withdrawn: Coin::new(&denom, 0),
                    },
                },
            },
        );
        match self.open_bids(height, &order).first().cloned() {
            Some(loser) => self.end_bid(height, &loser, "lost"),
            None => Some(Vec::new()),
        }
    }

    /// Ids of the active leases of a deployment.
    pub fn active_leases(&self, height: u64, id: &DeploymentId) -> Vec<BidId> {
        self.leases
            .from(height, &id.order(0, 0).bid(""))
            .take_while(|(lease, _)| lease.owner == id.owner && lease.dseq == id.dseq)
            .filter(|(_, row)| &*row.lease.state == ACTIVE)
            .map(|(lease, _)| lease.clone())
            .collect()
    }

    /// Moves what the active leases earned since the last settlement from the escrow account to
    /// their payments. `None`: no such deployment, or its money is gone; nothing was changed.
    pub fn settle(&mut self, height: u64, id: &DeploymentId) -> Option<()> {
        let account = &self.deployments.get(height, id)?.escrow_account.state;
        let blocks = height.saturating_sub(account.settled_at.0);
        let leases = self.active_leases(height, id);
        let mut due: Vec<(Arc<str>, Dec)> = Vec::new();
        for lease in &leases {
            let rate = &self.leases.get(height, lease)?.escrow_payment.state.rate;
            due.push((rate.denom.clone(), rate.amount.times(blocks)));
        }
        let mut left = account.funds.clone();
        for (denom, amount) in &due {
            let funds = left.iter_mut().find(|coin| &coin.denom == denom)?;
            funds.amount = funds.amount.minus(*amount);
            if funds.amount.is_negative() {
                return None;
            }
        }
        for (lease, (_, amount)) in leases.iter().zip(&due) {
            self.leases.update(height, lease, |row| {
                let balance = &mut row.escrow_payment.state.balance;
                balance.amount = balance.amount.plus(*amount);
            })?;
        }
        self.deployments.update(height, id, |row| {
            let account = &mut row.escrow_account.state;
            account.settled_at = Quoted(height);
            for (denom, amount) in &due {
                for coin in &mut account.transferred {
                    if &coin.denom == denom {
                        coin.amount = coin.amount.plus(*amount);
                    }
                }
                // The first deposit is used up first.
                let mut rest = *amount;
                for deposit in &mut account.deposits {
                    if &deposit.balance.denom == denom {
                        let part = rest.min(deposit.balance.amount);
                        deposit.balance.amount = deposit.balance.amount.minus(part);
                        rest = rest.minus(part);
                    }
                }
            }
            account.deposits.retain(|d| !d.balance.amount.is_zero());
            account.funds = left;
        })
    }

    fn end_lease(&mut self, height: u64, id: &BidId, reason: &str) -> Option<()> {
        let mut paid = None;
        self.leases.update(height, id, |row| {
            row.lease.state = CLOSED.into();
            row.lease.closed_on = Quoted(height);
            row.lease.reason = reason.into();
            let payment = &mut row.escrow_payment.state;
            payment.state = CLOSED.into();
            let out = payment.balance.amount.truncated();
            payment.withdrawn.amount.0 += out;
            payment.balance.amount = payment.balance.amount.fraction();
            paid = Some((payment.withdrawn.denom.clone(), out));
        })?;
        if let Some((denom, out)) = paid {
            self.credit(height, &id.provider, &denom, out);
        }
        self.end_bid(height, id, CLOSED).map(|_| ())
    }

    /// Ends an active lease. `None`: no such lease, or its money is gone.
    pub fn close_lease(&mut self, height: u64, id: &BidId, end: LeaseEnd) -> Option<()> {
        let order = id.order();
        self.settle(height, &order.deployment())?;
        let reason = match end {
            LeaseEnd::Tenant => "lease_closed_owner",
            LeaseEnd::Provider => "lease_closed_reason_unspecified",
            LeaseEnd::Unstable => "lease_closed_reason_unstable",
            LeaseEnd::Decommission => "lease_closed_reason_decommission",
        };
        self.end_lease(height, id, reason)?;
        self.orders.update(height, &order, |row| row.state = CLOSED.into())?;
        match end {
            LeaseEnd::Tenant => self.reopen(height, &order),
            LeaseEnd::Provider | LeaseEnd::Unstable | LeaseEnd::Decommission => {
                self.set_group(height, &order.deployment(), Some(order.gseq), "paused")
            }
        }
    }

    /// The order after `order`, with the same request.
    fn reopen(&mut self, height: u64, order: &OrderId) -> Option<()> {
        let spec = self.orders.get(height, order)?.spec.clone();
        let mut next = order.clone();
        next.oseq += 1;
        self.open_order(height, &next, &spec);
        Some(())
    }

    fn set_group(&mut self, height: u64, id: &DeploymentId, gseq: Option<u32>, state: &str) -> Option<()> {
        self.deployments.update(height, id, |row| {
            for group in &mut row.groups {
                if gseq.is_none_or(|gseq| group.id.gseq == gseq) {
                    group.state = state.into();
                }
            }
        })
    }

    /// The newest order of a group.
    pub fn newest_order(&self, height: u64, id: &DeploymentId, gseq: u32) -> Option<&Arc<Order>> {
        self.orders
            .from(height, &id.order(gseq, 0))
            .take_while(|(order, _)| (&order.owner, order.dseq, order.gseq) == (&id.owner, id.dseq, gseq))
            .last()
            .map(|(_, row)| row)
    }

    /// Closes an open order with its open bids.
    fn close_open_order(&mut self, height: u64, id: &DeploymentId, gseq: u32) -> Option<()> {
        let order = self.newest_order(height, id, gseq)?.clone();
        if &*order.state == OPEN {
            for bid in self.open_bids(height, &order.id) {
                self.end_bid(height, &bid, CLOSED)?;
            }
            self.orders.update(height, &order.id, |row| row.state = CLOSED.into())?;
        }
        Some(())
    }

    fn close_leases(&mut self, height: u64, id: &DeploymentId, gseq: Option<u32>) -> Option<()> {
        let mut leases = self.active_leases(height, id);
        leases.retain(|lease| gseq.is_none_or(|gseq| gseq == lease.gseq));
        if !leases.is_empty() {
            self.settle(height, id)?;
        }
        for lease in leases {
            self.end_lease(height, &lease, "lease_closed_owner")?;
            self.orders.update(height, &lease.order(), |row| row.state = CLOSED.into())?;
        }
        Some(())
    }

    /// The tenant pauses a group: its lease ends, its open order closes with its open bids.
    pub fn pause_group(&mut self, height: u64, id: &DeploymentId, gseq: u32) -> Option<()> {
        self.close_leases(height, id, Some(gseq))?;
        self.close_open_order(height, id, gseq)?;
        self.set_group(height, id, Some(gseq), "paused")
    }

    /// The tenant starts a paused group: its next order opens.
    pub fn start_group(&mut self, height: u64, id: &DeploymentId, gseq: u32) -> Option<()> {
        let last = self.newest_order(height, id, gseq)?.id.clone();
        self.set_group(height, id, Some(gseq), OPEN)?;
        self.reopen(height, &last)
    }

    /// Closes a deployment: leases, groups, orders, the bids of orders that were still open. Losing
    /// bids of leased orders stay `open`, as on the real chain.
    pub fn close_deployment(&mut self, height: u64, id: &DeploymentId) -> Option<()> {
        self.close_leases(height, id, None)?;
        let groups: Vec<u32> = self.deployments.get(height, id)?.groups.iter().map(|group| group.id.gseq).collect();
        for gseq in groups {
            self.close_open_order(height, id, gseq)?;
        }
        self.set_group(height, id, None, CLOSED)?;
        let mut back = Vec::new();
        self.deployments.update(height, id, |row| {
            row.deployment.state = CLOSED.into();
            back = release(&mut row.escrow_account, height);
        })?;
        self.refund(height, &back);
        Some(())
    }

    /// Adds money to a deployment's escrow account. Nothing is settled by it.
    pub fn deposit(&mut self, height: u64, id: &DeploymentId, coin: &Coin) -> Option<()> {
        let balance = DecCoin::new(&coin.denom, Dec::whole(coin.amount.0));
        self.deployments.update(height, id, |row| {
            let account = &mut row.escrow_account.state;
            if let Some(funds) = account.funds.iter_mut().find(|c| c.denom == coin.denom) {
                funds.amount = funds.amount.plus(balance.amount);
            } else {
                let none = DecCoin::new(&coin.denom, Dec::ZERO);
                account.transferred.push(none);
                account.funds.push(balance.clone());
            }
            account.deposits.push(Deposit {
                owner: id.owner.clone(),
                height: Quoted(height),
                source: "balance".into(),
                balance,
            });
        })?;
        self.debit(height, &id.owner, &coin.denom, coin.amount.0);
        Some(())
    }

    /// A provider withdraws from an account whose money is gone: what is left goes to the leases in
    /// their order, the rest is owed, and the deployment closes. `None`: no such deployment, or
    /// there is enough.
    pub fn overdraw(&mut self, height: u64, id: &DeploymentId) -> Option<()> {
        let account = self.deployments.get(height, id)?.escrow_account.state.clone();
        let blocks = height.saturating_sub(account.settled_at.0);
        let mut funds = account.funds;
        let mut transferred = account.transferred;
        if self.clone().settle(height, id).is_some() {
            return None;
        }
        for lease in self.active_leases(height, id) {
            let rate = self.leases.get(height, &lease)?.escrow_payment.state.rate.clone();
            let due = rate.amount.times(blocks);
            let left = funds.iter_mut().find(|coin| coin.denom == rate.denom)?;
            let paid = due.min(left.amount.max(Dec::ZERO));
            left.amount = left.amount.minus(due);
            for coin in transferred.iter_mut().filter(|c| c.denom == rate.denom) {
                coin.amount = coin.amount.plus(paid);
            }
            self.leases.update(height, &lease, |row| {
                row.lease.state = "insufficient_funds".into();
                row.lease.closed_on = Quoted(height);
                row.lease.reason = "lease_closed_reason_insufficient_funds".into();
                let payment = &mut row.escrow_payment.state;
                payment.state = "overdrawn".into();
                let out = payment.balance.amount.plus(paid);
                payment.withdrawn.amount.0 += out.truncated();
                payment.balance.amount = out.fraction();
                payment.unsettled.amount = due.minus(paid);
            })?;
            self.end_bid(height, &lease, CLOSED)?;
            self.orders.update(height, &lease.order(), |row| row.state = CLOSED.into())?;
        }
        let groups = self.deployments.get(height, id)?.groups.len();
        for gseq in (1..).take(groups) {
            self.close_open_order(height, id, gseq)?;
        }
        self.set_group(height, id, None, "insufficient_funds")?;
        self.deployments.update(height, id, |row| {
            row.deployment.state = CLOSED.into();
            let account = &mut row.escrow_account.state;
            account.state = "overdrawn".into();
            account.settled_at = Quoted(height);
            account.funds = funds;
            account.transferred = transferred;
            account.deposits.clear();
        })
    }

    /// The first bid with this dseq, group and provider, whoever owns the deployment.
    pub fn find_bid(&self, height: u64, dseq: u64, gseq: u32, provider: &str) -> Option<&Arc<BidRecord>> {
        self.bids
            .iter(height)
            .filter(|(id, _)| (id.dseq.0, id.gseq) == (dseq, gseq) && &*id.provider == provider)
            .last()
            .map(|(_, row)| row)
    }

    /// The deployment with this dseq, whoever owns it.
    pub fn find_deployment(&self, height: u64, dseq: u64) -> Option<&Arc<DeploymentRecord>> {
        self.deployments.iter(height).find(|(id, _)| id.dseq.0 == dseq).map(|(_, row)| row)
    }
}

/// A deposit, and to whom it goes back.
pub type Refund = (Arc<str>, Coin);

/// Closes an escrow account; returns what goes back to whom.
fn release(account: &mut EscrowAccount, height: u64) -> Vec<Refund> {
    let state = &mut account.state;
    state.state = CLOSED.into();
    state.settled_at = Quoted(height);
    for coin in &mut state.funds {
        coin.amount = Dec::ZERO;
    }
    std::mem::take(&mut state.deposits)
        .into_iter()
        .map(|deposit| {
            let coin = Coin { denom: deposit.balance.denom, amount: Quoted(deposit.balance.amount.truncated()) };
            (deposit.owner, coin)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_query_sees_the_old_row() {
        let mut table: Table<&str, u8> = Table::default();
        table.put(5, "a", 1);
        table.put(8, "a", 2);
        table.delete(9, "a");
        let at = |height| table.get(height, &"a").map(|row| **row);
        assert_eq!([4, 5, 7, 8, 9].map(at), [None, Some(1), Some(1), Some(2), None]);
    }
}
