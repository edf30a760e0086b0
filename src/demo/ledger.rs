//! Transactions: which of them wait, which blocks hold which, and what each one did.
//!
//! ```text
//! broadcast -> checks -> waits ---- next block ----> checks again -> messages on a copy of the state
//!                 |         \                            |                |  kept if all of them succeed
//!              refused    evicted: it would        code 30 and the like   fee and sequence are spent
//!                         not pass any more        spend nothing          either way
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ante::{Emitted, Purpose, Refusal, Setting, check};
use super::encoding;
use super::gas::{self, Meter, OutOfGas};
use super::record::{BidId, Coin};
use super::state::State;
use super::transaction::{Hash, Transaction, somebody_elses};
use super::wire::{CREATE_LEASE, put_bytes};

/// Most bytes of a transaction (`max_tx_bytes` of `CometBFT`).
const MAX_BYTES: usize = 1_048_576;
/// Most transactions that wait (`mempool.size` of `CometBFT`).
const MEMPOOL: usize = 5000;
/// What another program pays for its transaction, in uakt.
const OTHER_FEE: u128 = 5000;

/// What became of a transaction.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub refusal: Option<Refusal>,
    pub gas_used: u64,
    pub events: Vec<Emitted>,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Included {
    pub tx: Arc<Transaction>,
    pub height: u64,
    pub outcome: Outcome,
}

impl Included {
    /// The response of its messages as protobuf; empty when it failed.
    pub fn data(&self) -> Vec<u8> {
        if self.outcome.refusal.is_some() { Vec::new() } else { message_data(&self.tx) }
    }
}

/// The type of the response to each message.
pub fn response_type() -> String {
    format!("{CREATE_LEASE}Response")
}

/// `TxMsgData`: one empty response a message.
pub fn message_data(tx: &Transaction) -> Vec<u8> {
    let mut any = Vec::new();
    put_bytes(&mut any, 0x0a, response_type().as_bytes());
    tx.bids.iter().fold(Vec::new(), |mut data, _| {
        put_bytes(&mut data, 0x12, &any);
        data
    })
}

#[derive(Clone, Debug)]
struct Waiting {
    tx: Arc<Transaction>,
    /// No block before this one takes it.
    from: u64,
}

#[derive(Clone, Debug)]
pub struct Ledger {
    waiting: Vec<Waiting>,
    /// What other programs of an account have sent, of which the caller knows nothing; next in line.
    others: Vec<Arc<Transaction>>,
    /// Bytes that are refused with code 19: they wait, or were included with code 0.
    seen: BTreeSet<Hash>,
    blocks: BTreeMap<u64, Vec<Arc<Included>>>,
    /// The newest inclusion of each.
    by_hash: BTreeMap<Hash, Arc<Included>>,
    hold_until: u64,
    capacity: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            others: Vec::new(),
            seen: BTreeSet::new(),
            blocks: BTreeMap::new(),
            by_hash: BTreeMap::new(),
            hold_until: 0,
            capacity: MEMPOOL,
        }
    }
}

impl Ledger {
    /// The state as a check sees it: every transaction that waits has paid and used its sequence.
    fn checked_state(&self, state: &State, at: u64, setting: &Setting<'_>) -> State {
        let mut state = state.clone();
        let unsigned = Setting { purpose: Purpose::Unsigned, ..*setting };
        for tx in self.others.iter().chain(self.waiting.iter().map(|waiting| &waiting.tx)) {
            if let (_, Ok(passed)) = check(&state, at, &unsigned, tx) {
                passed.apply(&mut state, at);
            }
        }
        state
    }

    /// Takes bytes into the mempool, or says why not.
    ///
    /// `lag`: this node is so many blocks behind and knows nothing of what waits. What it takes is
    /// passed on to the others, which check it again.
    pub fn broadcast(
        &mut self,
        state: &State,
        setting: &Setting<'_>,
        bytes: &[u8],
        lag: u64,
    ) -> (Hash, Option<Refusal>) {
        let hash = encoding::sha256(bytes);
        if lag > 0 {
            let behind = Setting { height: setting.height - lag, ..*setting };
            let refusal = match Transaction::decode(bytes) {
                Err(reason) => Some(Refusal::undecodable(&reason)),
                Ok(tx) => check(state, behind.height, &behind, &tx).1.err(),
            };
            if refusal.is_none() {
                self.admit(state, setting, bytes, hash);
            }
            return (hash, refusal);
        }
        (hash, self.admit(state, setting, bytes, hash))
    }

    fn admit(&mut self, state: &State, setting: &Setting<'_>, bytes: &[u8], hash: Hash) -> Option<Refusal> {
        let bare = |code| Some(Refusal::new("sdk", code, "", ""));
        if bytes.len() > MAX_BYTES {
            return bare(21);
        }
        if self.seen.contains(&hash) {
            return bare(19);
        }
        if self.waiting.len() >= self.capacity {
            return bare(20);
        }
        let tx = match Transaction::decode(bytes) {
            Err(reason) => return Some(Refusal::undecodable(&reason)),
            Ok(tx) => tx,
        };
        let seen = self.checked_state(state, setting.height, setting);
        if let (_, Err(refusal)) = check(&seen, setting.height, setting, &tx) {
            return Some(refusal);
        }
        self.seen.insert(hash);
        self.waiting.push(Waiting { tx: Arc::new(tx), from: self.hold_until });
        None
    }

    /// What `bytes` would do on top of what waits, and the gas it would take.
    pub fn simulate(
        &self,
        state: &State,
        setting: &Setting<'_>,
        bytes: &[u8],
        lag: u64,
    ) -> Result<(Transaction, Outcome), (Refusal, u64)> {
        let tx = Transaction::decode(bytes).map_err(|reason| (Refusal::undecodable(&reason), 0))?;
        let setting = Setting { height: setting.height - lag, purpose: Purpose::Simulate, ..*setting };
        let at = setting.height;
        let mut state = if lag > 0 { state.clone() } else { self.checked_state(state, at, &setting) };
        let outcome = run(&mut state, at, &setting, &tx);
        match outcome.refusal {
            Some(refusal) => Err((refusal, outcome.gas_used)),
            None => Ok((tx, outcome)),
        }
    }

    /// Fills the block that is being made (`setting.height`) with what waits.
    pub fn fill_block(&mut self, state: &mut State, setting: &Setting<'_>) {
        let height = setting.height;
        let mut block = Vec::new();
        for tx in std::mem::take(&mut self.others) {
            let unsigned = Setting { purpose: Purpose::Unsigned, ..*setting };
            let outcome = run(state, height, &unsigned, &tx);
            block.push(Arc::new(Included { tx, height, outcome }));
        }
        let (due, held) = std::mem::take(&mut self.waiting).into_iter().partition(|waiting| waiting.from <= height);
        self.waiting = held;
        let deliver = Setting { purpose: Purpose::Deliver, ..*setting };
        for Waiting { tx, .. } in due {
            // Who made this block knew what others sent, and never had what that put out of turn.
            if out_of_turn(state, height, &tx) {
                self.seen.remove(&tx.hash);
                continue;
            }
            let outcome = run(state, height, &deliver, &tx);
            if outcome.refusal.is_some() {
                self.seen.remove(&tx.hash);
            }
            block.push(Arc::new(Included { tx, height, outcome }));
        }
        for included in &block {
            self.by_hash.insert(included.tx.hash, Arc::clone(included));
        }
        if !block.is_empty() {
            self.blocks.insert(height, block);
        }
        self.recheck(state, setting);
    }

    /// Evicts what would not pass any more, as the node does after each block.
    fn recheck(&mut self, state: &State, setting: &Setting<'_>) {
        if self.waiting.is_empty() {
            return;
        }
        let mut state = state.clone();
        let setting = Setting { purpose: Purpose::Check, ..*setting };
        let seen = &mut self.seen;
        self.waiting.retain(|waiting| {
            let passed = check(&state, setting.height, &setting, &waiting.tx).1;
            let stays = passed.map(|passed| passed.apply(&mut state, setting.height)).is_ok();
            if !stays {
                seen.remove(&waiting.tx.hash);
            }
            stays
        });
    }

    /// The transactions of a block, in order.
    pub fn of_block(&self, height: u64) -> &[Arc<Included>] {
        self.blocks.get(&height).map_or(&[], Vec::as_slice)
    }

    pub fn by_hash(&self, hash: &[u8]) -> Option<&Arc<Included>> {
        self.by_hash.get(hash)
    }

    /// Everything up to block `height`, oldest first.
    pub fn up_to(&self, height: u64) -> impl DoubleEndedIterator<Item = &Arc<Included>> {
        self.blocks.range(..=height).flat_map(|(_, block)| block)
    }

    /// Hashes of what waits, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Hash> {
        self.waiting.iter().map(|waiting| &waiting.tx.hash)
    }

    pub fn forget_waiting(&mut self) {
        self.waiting.clear();
        self.others.clear();
        self.seen.clear();
    }

    pub fn hold_until(&mut self, height: u64) {
        self.hold_until = height;
        for waiting in &mut self.waiting {
            waiting.from = height;
        }
    }

    pub fn limit(&mut self, transactions: usize) {
        self.capacity = transactions;
    }

    /// Another program sends a transaction of `owner`, with the sequence that stands in the state.
    pub fn compete(&mut self, state: &State, height: u64, owner: &str) -> Option<Hash> {
        let sequence = state.accounts.get(height, &owner.into())?.sequence.0;
        let before = self.others.iter().filter(|tx| tx.must_sign().iter().any(|by| **by == *owner)).count();
        let sequence = sequence + u64::try_from(before).unwrap_or(0);
        let memo = format!("sent by another program at {height}");
        let bytes = somebody_elses(owner, sequence, &Coin::new("uakt", OTHER_FEE), &memo);
        let tx = Transaction::decode(&bytes).ok()?;
        let hash = tx.hash;
        self.others.push(Arc::new(tx));
        Some(hash)
    }
}

/// Whether another transaction has used up the sequence of this one.
fn out_of_turn(state: &State, at: u64, tx: &Transaction) -> bool {
    let signers = tx.must_sign();
    let mut turns = signers.iter().zip(&tx.signers);
    !tx.unordered
        && turns.any(|(signer, info)| state.accounts.get(at, signer).is_none_or(|a| a.sequence.0 != info.sequence))
}

/// Checks a transaction and runs its messages, all or none of them.
fn run(state: &mut State, at: u64, setting: &Setting<'_>, tx: &Transaction) -> Outcome {
    let (mut meter, passed) = check(state, at, setting, tx);
    let mut passed = match passed {
        Ok(passed) => passed,
        Err(refusal) => {
            return Outcome { refusal: Some(refusal), gas_used: meter.used, events: Vec::new() };
        }
    };
    let events = std::mem::take(&mut passed.events);
    passed.apply(state, at);
    let mut copy = state.clone();
    match messages(&mut copy, at, tx, &mut meter) {
        Ok(mut done) => {
            *state = copy;
            let events = events.into_iter().chain(done.drain(..)).collect();
            Outcome { refusal: None, gas_used: meter.used, events }
        }
        Err(refusal) => Outcome { refusal: Some(refusal), gas_used: meter.used, events },
    }
}

fn messages(state: &mut State, at: u64, tx: &Transaction, meter: &mut Meter) -> Result<Vec<Emitted>, Refusal> {
    const PLACE: &str = "github.com/cosmos/cosmos-sdk/baseapp/baseapp.go:1051";
    let mut events = Vec::new();
    for (number, id) in tx.bids.iter().enumerate() {
        let mut done = match create_lease(state, at, id, meter) {
            Ok(done) => done,
            Err(Failure::OutOfGas(refusal)) => return Err(refusal),
            Err(Failure::Refused(codespace, code, reason)) => {
                let text = format!("failed to execute message; message index: {number}: {reason}");
                return Err(Refusal::new(codespace, code, text, PLACE));
            }
        };
        for event in &mut done {
            event.attributes.push(("msg_index", number.to_string()));
        }
        events.append(&mut done);
    }
    Ok(events)
}

enum Failure {
    OutOfGas(Refusal),
    /// Codespace, code, text.
    Refused(&'static str, u32, &'static str),
}

impl From<OutOfGas> for Failure {
    fn from(out_of_gas: OutOfGas) -> Self {
        Self::OutOfGas(out_of_gas.into())
    }
}

/// The node's checks in the node's order, then the lease.
fn create_lease(state: &mut State, at: u64, id: &BidId, meter: &mut Meter) -> Result<Vec<Emitted>, Failure> {
    let market = |code, text| Failure::Refused("market", code, text);
    let escrow = |code, text| Failure::Refused("escrow", code, text);
    meter.spend_in_steps(gas::BID)?;
    let bid = state.bids.get(at, id).cloned().ok_or(market(18, "invalid bid: bid not found"))?;
    meter.spend_in_steps(gas::BID_STATE)?;
    if *bid.bid.state != *"open" {
        return Err(market(12, "bid not open"));
    }
    meter.spend_in_steps(gas::ORDER)?;
    let order = id.order();
    match state.orders.get(at, &order) {
        None => return Err(market(15, "invalid order: order not found")),
        Some(order) if *order.state != *"open" => return Err(market(13, "bid: order not open")),
        Some(_) => {}
    }
    let deployment = state.deployments.get(at, &order.deployment()).cloned();
    let deployment = deployment.ok_or(market(16, "group not found"))?;
    match deployment.groups.iter().find(|group| group.id.gseq == id.gseq) {
        None => return Err(market(16, "group not found")),
        Some(group) if *group.state != *"open" => return Err(market(17, "group not open")),
        Some(_) => {}
    }
    meter.spend_in_steps(gas::ESCROW)?;
    let account = &deployment.escrow_account.state;
    if *account.state == *"closed" {
        return Err(escrow(2, "account closed"));
    }
    let overdrawn = account.funds.iter().any(|coin| coin.amount.is_negative());
    if overdrawn || state.settle(at, &order.deployment()).is_none() {
        return Err(escrow(4, "account overdrawn"));
    }
    let price = &bid.bid.price;
    if !account.funds.iter().any(|coin| coin.denom == price.denom) {
        return Err(escrow(5, "invalid denomination"));
    }
    if price.amount.is_zero() {
        return Err(escrow(9, "payment rate zero"));
    }
    if state.leases.get(at, id).is_some() {
        return Err(escrow(6, "payment exists"));
    }
    meter.spend_in_steps(gas::LEASE)?;
    let refunds = state.create_lease(at, id).ok_or(market(3, "internal error"))?;
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    let mut events = vec![
        Emitted::new("message", [("action", CREATE_LEASE), ("sender", &id.owner), ("module", "market")]),
        Emitted::new(
            "akash.market.v1.EventLeaseCreated",
            [("id", &json(serde_json::to_string(id))), ("price", &json(serde_json::to_string(price)))],
        ),
    ];
    if !refunds.is_empty() {
        meter.spend_in_steps(gas::LOSER)?;
    }
    let module = encoding::module_address("escrow");
    for (owner, coin) in refunds {
        let amount = format!("{}{}", coin.amount.0, coin.denom);
        events.extend(Emitted::payment(&module, &owner, &amount));
    }
    Ok(events)
}
