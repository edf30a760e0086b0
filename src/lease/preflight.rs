//! Everything that is read and reckoned before anybody is asked to confirm.
//!
//! ```text
//! bids, order, group, deployment read again ─▶ key ─▶ account ─▶ balance ─▶ simulation with the fee in it ─▶ a second endpoint
//! ```

use super::node::{Node, Simulated};
use super::outcome::expected_sequence;
use super::tx::{Coin, Fee, LeaseId, Transaction};
use crate::chain::{self, ChainError, Client};
use crate::domain::appraise::{Blocker, Market, Row, appraise};
use crate::domain::bid::{BidId, Lease, Snapshot};
use crate::domain::money::{Amount, Denom};
use crate::domain::outcome::{Made, Outcome, Stop, Word};
use crate::domain::quote::{self, Quote, Witness};
use crate::domain::text::Clean;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use std::time::Duration;
use tokio::time::Instant;

/// Gas of one lease as recorded, for the fee of the first simulation; the second has the real one.
const USUAL_GAS: u64 = 250_000;
/// Longest wait for a second endpoint.
const SECOND: Duration = Duration::from_secs(4);
/// Most other endpoints that are asked for a second opinion.
const SECOND_MOST: usize = 3;

/// How gas becomes a fee.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pricing {
    /// uakt for a unit of gas; the node's minimum if that is more.
    pub gas_price: Decimal,
    /// What the simulated gas is multiplied by.
    pub adjustment: Decimal,
    /// Who pays instead of the signer.
    pub granter: Option<String>,
}

/// The lease of every pick, where each is with the very provider that was picked.
pub(super) fn already_ours(quote: &Quote, snapshot: &Snapshot) -> Option<Vec<Made>> {
    let leases = snapshot.leases.as_deref().unwrap_or(&[]);
    let of = |id: &BidId| leases.iter().find(|lease| lease.state.runs() && lease.id == *id).map(made);
    quote.picks.iter().map(|pick| of(&pick.id)).collect()
}

fn made(lease: &Lease) -> Made {
    Made { id: lease.id.clone(), price: lease.price.clone() }
}

/// What a quote is signed as.
pub(super) fn transaction(quote: &Quote, memo: &str, timeout_height: u64, fee: Fee) -> Transaction {
    let leases = quote.picks.iter().map(|pick| LeaseId::from(&pick.id)).collect();
    Transaction { leases, memo: memo.to_owned(), timeout_height, fee }
}

/// The gas limit: what was simulated times the adjustment, and twice that while a group has no other open bid, since one
/// that comes raises the bill. `None` beyond 2⁶³.
fn gas_limit(used: u64, adjustment: Decimal, quote: &Quote) -> Option<u64> {
    let lonely = quote.picks.iter().any(|pick| pick.other_open_bids == 0);
    let doubled = if lonely { Decimal::TWO } else { Decimal::ONE };
    let gas = Decimal::from(used).checked_mul(adjustment)?.checked_mul(doubled)?.ceil().to_u64()?;
    i64::try_from(gas).ok().map(i64::unsigned_abs)
}

/// The fee of so much gas, in whole uakt.
fn fee_for(gas: u64, price: Decimal) -> Option<u128> {
    Decimal::from(gas).checked_mul(price)?.ceil().to_u128()
}

pub(super) fn fee(gas_limit: u64, amount: u128, granter: Option<&String>) -> Fee {
    Fee { amount: vec![Coin { denom: Denom::Uakt.to_string(), amount }], gas_limit, granter: granter.cloned() }
}

/// Why no fee could be told.
pub(super) enum NoFee {
    /// Another transaction of the account waits, or the endpoint is a little behind: worth asking again.
    Sequence(Clean),
    Refused(Outcome),
}

impl From<ChainError> for NoFee {
    fn from(error: ChainError) -> Self {
        Self::Refused(failed(&error))
    }
}

/// Something that was needed could not be read.
pub fn failed(error: &ChainError) -> Outcome {
    let (stop, code) = match error.kind() {
        chain::Kind::Usage => (Stop::Usage, "chain_error"),
        chain::Kind::Missing => (Stop::Nothing, "no_deployment"),
        chain::Kind::Failed if error.timed_out() => (Stop::GaveUp, "timeout"),
        chain::Kind::Failed => (Stop::Error, "chain_error"),
    };
    Outcome::refused(stop, code, &error.to_string())
}

/// Simulates twice: for the gas, and then with the fee that this gas costs, as it will be sent. A simulation proves
/// neither chain id nor the fee's minimum (`node-facts.md`): both are looked at elsewhere.
pub(super) async fn simulate(
    node: Node<'_>,
    quote: &Quote,
    sequence: u64,
    balance: Decimal,
    pricing: &Pricing,
) -> Result<Fee, NoFee> {
    let too_large = || {
        Outcome::refused(
            Stop::Rule,
            "fee_too_large",
            "the fee is beyond every limit: check --gas-prices and --gas-adjustment",
        )
    };
    let price = pricing.gas_price.max(node.minimum_gas_price().await?.unwrap_or(Decimal::ZERO));
    let guess = USUAL_GAS.saturating_mul(quote.picks.len() as u64);
    // More than there is would fail for that, and tell no gas.
    let most = balance.trunc().to_u128().unwrap_or(0).max(1);
    let paid = fee_for(guess, price).ok_or_else(|| NoFee::Refused(too_large()))?.min(most);
    let used = gas(node, quote, sequence, fee(guess, paid, pricing.granter.as_ref())).await?;
    let limit = gas_limit(used, pricing.adjustment, quote).ok_or_else(|| NoFee::Refused(too_large()))?;
    let amount = fee_for(limit, price).ok_or_else(|| NoFee::Refused(too_large()))?;
    let real = fee(limit, amount, pricing.granter.as_ref());
    // What cannot be paid is said as that, in the words of the quote.
    if amount <= most {
        gas(node, quote, sequence, real.clone()).await?;
    }
    Ok(real)
}

async fn gas(node: Node<'_>, quote: &Quote, sequence: u64, fee: Fee) -> Result<u64, NoFee> {
    let unsigned = transaction(quote, "", 0, fee).simulation(sequence, None);
    let tx = unsigned.map_err(|why| NoFee::Refused(Outcome::refused(Stop::Usage, "transaction", &why.to_string())))?;
    match node.simulate(&tx).await? {
        Simulated::Gas(used) => Ok(used),
        Simulated::Fails(text) => Err(match expected_sequence(&text) {
            Some(expected) if expected > sequence => NoFee::Sequence(Clean::message(
                "another transaction of this account waits for its block: waiting for it",
            )),
            Some(_) => NoFee::Sequence(Clean::message("the endpoint is behind the account: waiting for it")),
            None => NoFee::Refused(would_fail(&text)),
        }),
    }
}

/// What the node said to the simulation, which has no code but only its text.
fn would_fail(text: &str) -> Outcome {
    const KNOWN: [(&str, Stop, &str, &str); 7] = [
        ("bid not open", Stop::Nothing, "bid_not_open", "the bid is no longer open"),
        ("bid not found", Stop::Nothing, "bid_not_found", "there is no such bid any more"),
        ("order not open", Stop::Taken, "order_closed", "the order is no longer open"),
        ("group not open", Stop::Nothing, "group_closed", "the group is no longer open"),
        ("account overdrawn", Stop::Rule, "escrow_empty", "the deployment's escrow is used up: deposit first"),
        ("fee allowance", Stop::Rule, "fee_granter", "the fee granter does not pay for it"),
        ("fee-grant", Stop::Rule, "fee_granter", "the fee granter does not pay for it"),
    ];
    match KNOWN.iter().find(|(part, ..)| text.contains(part)) {
        Some((_, stop, code, meaning)) => Outcome::refused(*stop, code, &format!("{meaning} ({text})")),
        None => Outcome::refused(Stop::Rule, "simulation", &format!("the node says that it would fail: {text}")),
    }
}

/// A second endpoint's opinion on the same bids at the same height. Several are asked side by side; the first in their
/// order that can be compared decides, and where none can, those that lag or are silent are named.
pub(super) async fn witness(client: &Client, first: usize, ours: &Snapshot, quote: &Quote) -> Witness {
    let all = client.endpoints().len();
    let deadline = Instant::now() + SECOND;
    let others = (1..all).map(|step| (first + step) % all).take(SECOND_MOST);
    let asked = others.map(|at| async move { (client.shown(at), second(client, at, ours, quote, deadline).await) });
    let mut left_out: Vec<(&Clean, Clean)> = Vec::new();
    for (rest, answer) in futures_util::future::join_all(asked).await {
        match answer {
            Ok(theirs) => {
                let rest = rest.clone();
                return match contradiction(ours, &theirs, quote) {
                    Some((ours, theirs)) => Witness::Contradicts { rest, ours, theirs },
                    None => Witness::Agrees { rest },
                };
            }
            Err(why) => left_out.push((rest, why)),
        }
    }
    match left_out.as_slice() {
        [] => Witness::None,
        [(rest, why)] => Witness::LeftOut { rest: (*rest).clone(), why: why.clone() },
        several => {
            let names = several.iter().map(|(rest, _)| rest.as_str()).collect::<Vec<_>>().join(", ");
            let reasons = several.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; ");
            Witness::LeftOut { rest: Clean::message(&names), why: Clean::message(&reasons) }
        }
    }
}

async fn second(
    client: &Client,
    at: usize,
    ours: &Snapshot,
    quote: &Quote,
    deadline: Instant,
) -> Result<Snapshot, Clean> {
    let why = |error: ChainError| match error {
        ChainError::Lagging { .. } => Clean::new("it is behind"),
        error => Clean::message(&error.to_string()),
    };
    let header = chain::latest(client, at, deadline).await.map_err(why)?;
    if ours.chain.id.as_ref() != Some(&header.chain_id) {
        return Err(Clean::message(&format!("it is on chain {}", header.chain_id)));
    }
    let theirs = chain::again(client, at, &quote.owner, quote.dseq, quote.height, deadline).await.map_err(why)?;
    // What it does not tell is no contradiction.
    if theirs.orders.is_none() || theirs.leases.is_none() {
        return Err(Clean::new("it does not tell its orders or leases"));
    }
    Ok(theirs)
}

/// Where two answers about the same height differ in what decides: both, in words.
pub(super) fn contradiction(ours: &Snapshot, theirs: &Snapshot, quote: &Quote) -> Option<(String, String)> {
    let (here, there) = (appraise(ours), appraise(theirs));
    for pick in &quote.picks {
        let of = |market: &Market| market.rows.iter().find(|row| row.bid.id == pick.id).cloned();
        let (our, their) = (of(&here), of(&there));
        let compared = |row: &Option<Row>| row.as_ref().map(|row| (row.bid.clone(), row.blockers.clone()));
        if compared(&our) != compared(&their) {
            return Some((told(our.as_ref(), &pick.id), told(their.as_ref(), &pick.id)));
        }
    }
    [(escrow(ours), escrow(theirs)), (state(ours), state(theirs))].into_iter().find(|(ours, theirs)| ours != theirs)
}

fn told(row: Option<&Row>, id: &BidId) -> String {
    let Some(row) = row else { return format!("no bid of {} in group {}", id.provider.short(), id.gseq) };
    let standing = row.blockers.first().map_or_else(|| "takeable".to_owned(), Blocker::to_string);
    let Row { bid, total, .. } = row;
    let cpu = total.cpu_m.map_or("?".to_owned(), |milli| format!("{milli}m"));
    let memory = total.memory_bytes.map_or("?".to_owned(), |bytes| bytes.to_string());
    format!(
        "{} a block from {} for {} with {cpu} CPU and {memory} bytes of memory, {standing}",
        bid.price,
        id.provider.short(),
        row.gpu_text()
    )
}

fn escrow(snapshot: &Snapshot) -> String {
    let Some(escrow) = snapshot.deployment.as_ref().and_then(|deployment| deployment.escrow.as_ref()) else {
        return "no escrow".to_owned();
    };
    let funds = escrow.funds.iter().map(Amount::to_string).collect::<Vec<_>>().join(", ");
    format!("an escrow of {funds} ({})", escrow.state)
}

fn state(snapshot: &Snapshot) -> String {
    snapshot.deployment.as_ref().map_or_else(String::new, |deployment| format!("the deployment {}", deployment.state))
}

/// The fee in the words of the quote.
pub(super) fn told_fee(fee: &Fee, payer: &str) -> quote::Fee {
    let amount = fee.amount.iter().map(|coin| coin.amount).sum::<u128>();
    quote::Fee {
        gas: fee.gas_limit,
        amount: Amount { value: Decimal::from_u128(amount).unwrap_or(Decimal::MAX), denom: Denom::Uakt },
        payer: crate::domain::bid::Address::new(payer),
    }
}

/// Nothing is to be done: the leases are there.
pub(super) fn yours(leases: Vec<Made>) -> Outcome {
    let text = match leases.as_slice() {
        [one] => format!(
            "already yours: {} has the lease of group {} at {} a block",
            one.id.provider, one.id.gseq, one.price
        ),
        several => format!("already yours: all {} leases are there", several.len()),
    };
    Outcome { leases, ..Outcome::unsent(Word::AlreadyYours, &text) }
}
