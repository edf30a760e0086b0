//! The result document of an accept, schema 1 (`assets/accept.schema.json`), one object an entry of the journal, and
//! both in words.

use super::json::{Coin, IdOut, Number, figure, rfc3339};
use crate::domain::bid::BidId;
use crate::domain::diff::Fit;
use crate::domain::money::{Amount, four_digits};
use crate::domain::outcome::{Made, Outcome, Reason, Recorded};
use crate::domain::quote::{Caution, Check, Facts, Fee, Pick, Quote};
use crate::domain::text::{Clean, quoted};
use serde::Serialize;
use std::fmt::Write as _;

/// What an accept was about, as far as it got.
#[derive(Clone, Copy, Default)]
pub struct Subject<'a> {
    pub quote: Option<&'a Quote>,
    pub facts: Option<&'a Facts>,
    pub check: Option<&'a Check>,
}

/// One object, in one line without a newline.
pub fn accept_document(now_ms: i64, outcome: &Outcome, subject: Subject<'_>) -> serde_json::Result<String> {
    let Subject { quote, facts, check } = subject;
    let picks = quote.map_or(&[][..], |quote| &quote.picks);
    let usd = |id: &BidId, price: &Amount| {
        let pick = picks.iter().find(|pick| pick.id == *id && pick.price == *price)?;
        figure(pick.usd_hour)
    };
    serde_json::to_string(&Document {
        schema: 1,
        generated_at: rfc3339(now_ms),
        outcome: outcome.word.as_str(),
        text: &outcome.text,
        hash: outcome.hash.as_deref(),
        height: outcome.height,
        chain_id: facts.map(|facts| facts.chain_id.as_str()).or(quote.and_then(|quote| quote.chain_id.as_deref())),
        owner: quote.map(|quote| quote.owner.as_str()),
        dseq: quote.map(|quote| quote.dseq.to_string()),
        bids: picks.iter().map(BidOut::new).collect(),
        total: quote.map(TotalOut::new),
        leases: outcome
            .leases
            .iter()
            .map(|lease| LeaseOut {
                id: IdOut::new(&lease.id),
                price: Coin::new(&lease.price),
                usd_per_hour: usd(&lease.id, &lease.price),
            })
            .collect(),
        fee: facts.map(|facts| FeeOut::new(&facts.fee)),
        blockers: outcome.blockers.iter().map(ReasonOut::new).collect(),
        warnings: check.iter().flat_map(|check| &check.cautions).map(WarningOut::new).chain(partial(quote)).collect(),
        next: outcome.next.as_ref().map(|next| next.commands.join(" && ")),
        next_left_s: outcome.next.as_ref().map(|next| next.left_s),
    })
}

/// What is about to be agreed to, for a person: a line for each thing to know.
pub fn accept_summary(quote: &Quote, facts: &Facts, check: &Check) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let mut line = |words: &str| _ = writeln!(text, "  {words}");
    for pick in &quote.picks {
        let usd = pick.usd_hour.map_or_else(|| "$?".to_owned(), |usd| format!("${}", four_digits(usd)));
        line(&format!("{usd}/hr   {} a block   {}", pick.price, pick.gpu_text));
        let name = pick.provider_name.as_ref().map_or_else(|| "no name given".to_owned(), |name| quoted(name));
        let host = pick.host.as_deref().unwrap_or("no host known");
        line(&format!("{name}   {host}"));
        line(pick.id.provider.as_str());
    }
    if quote.picks.len() > 1 {
        let usd = quote.usd_hour().map_or_else(|| "$?".to_owned(), |usd| format!("${}", four_digits(usd)));
        line(&format!("together {usd}/hr"));
    }
    let escrow = match (&facts.reread.escrow_left, facts.reread.runway_s) {
        (Some(left), Some(seconds)) => {
            format!("{left} left, enough for {} h {} min", seconds / 3600, seconds % 3600 / 60)
        }
        (Some(left), None) => format!("{left} left"),
        (None, _) => "not known".to_owned(),
    };
    line(&format!("escrow of {}: {escrow}", quote.dseq));
    line(&format!("fee {} from {}", facts.fee.amount, facts.signer));
    for caution in &check.cautions {
        line(&format!("{} {caution}", if caution.loud() { "!!" } else { "! " }));
    }
    for warning in partial(Some(quote)) {
        line(&format!("!  {}", warning.text));
    }
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    generated_at: Option<String>,
    outcome: &'static str,
    text: &'a str,
    hash: Option<&'a str>,
    height: Option<u64>,
    chain_id: Option<&'a str>,
    owner: Option<&'a str>,
    dseq: Option<String>,
    bids: Vec<BidOut<'a>>,
    total: Option<TotalOut>,
    leases: Vec<LeaseOut<'a>>,
    fee: Option<FeeOut<'a>>,
    blockers: Vec<ReasonOut<'a>>,
    warnings: Vec<WarningOut>,
    next: Option<String>,
    next_left_s: Option<u64>,
}

#[derive(Serialize)]
struct BidOut<'a> {
    id: IdOut<'a>,
    price: Coin<'a>,
    usd_per_hour: Option<Number>,
    fit: Option<&'static str>,
    gpu_text: &'a str,
    provider_name: Option<&'a str>,
    host: Option<&'a str>,
}

impl<'a> BidOut<'a> {
    fn new(pick: &'a Pick) -> Self {
        Self {
            id: IdOut::new(&pick.id),
            price: Coin::new(&pick.price),
            usd_per_hour: figure(pick.usd_hour),
            fit: pick.fit.map(Fit::as_str),
            gpu_text: &pick.gpu_text,
            provider_name: pick.provider_name.as_deref(),
            host: pick.host.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct TotalOut {
    usd_per_hour: Option<Number>,
    /// Per block, a sum for each coin.
    price: Option<Vec<CoinOut>>,
}

#[derive(Serialize)]
struct CoinOut {
    denom: String,
    amount: String,
}

impl TotalOut {
    fn new(quote: &Quote) -> Self {
        let coin = |sum: Amount| CoinOut { amount: sum.value.to_string(), denom: sum.denom.to_string() };
        let price = quote.prices().map(|sums| sums.into_iter().map(coin).collect());
        Self { usd_per_hour: figure(quote.usd_hour()), price }
    }
}

#[derive(Serialize)]
struct LeaseOut<'a> {
    id: IdOut<'a>,
    price: Coin<'a>,
    usd_per_hour: Option<Number>,
}

#[derive(Serialize)]
struct FeeOut<'a> {
    denom: &'a str,
    amount: String,
    gas: u64,
    payer: &'a str,
}

impl<'a> FeeOut<'a> {
    fn new(fee: &'a Fee) -> Self {
        let amount = fee.amount.value.normalize().to_string();
        Self { denom: fee.amount.denom.as_str(), amount, gas: fee.gas, payer: fee.payer.as_str() }
    }
}

#[derive(Serialize)]
struct ReasonOut<'a> {
    code: &'static str,
    text: &'a str,
}

impl<'a> ReasonOut<'a> {
    fn new(reason: &'a Reason) -> Self {
        Self { code: reason.code, text: &reason.text }
    }
}

#[derive(Serialize)]
struct WarningOut {
    code: &'static str,
    text: String,
}

impl WarningOut {
    fn new(caution: &Caution) -> Self {
        Self { code: caution.code(), text: caution.to_string() }
    }
}

/// Open groups that get no lease: on the screen a word has to be typed for them.
fn partial(quote: Option<&Quote>) -> impl Iterator<Item = WarningOut> {
    let left_out = quote.map_or(&[][..], |quote| &quote.left_out);
    let text = |(gseq, name): &(u32, Clean)| format!("group {gseq} ({name}) is open and gets no lease by this");
    left_out.iter().map(move |group| WarningOut { code: "partial", text: text(group) })
}

/// One entry of the journal, in one line without a newline.
pub fn journal_document(entry: &Recorded) -> serde_json::Result<String> {
    let Recorded { at, chain_id, account, bids, outcome } = entry;
    serde_json::to_string(&EntryOut {
        schema: 1,
        at: at.checked_mul(1000).and_then(rfc3339),
        outcome: outcome.word.as_str(),
        text: &outcome.text,
        hash: outcome.hash.as_deref(),
        height: outcome.height,
        chain_id,
        account,
        bids: bids.iter().map(AgreedOut::new).collect(),
        leases: outcome.leases.iter().map(AgreedOut::new).collect(),
    })
}

/// One entry of the journal for a person: when, what, how it ended, the transaction.
pub fn journal_text(entry: &Recorded) -> String {
    let at = entry.at.checked_mul(1000).and_then(rfc3339).unwrap_or_else(|| "?".to_owned());
    let bids = entry.bids.iter().map(|bid| {
        let BidId { dseq, gseq, provider, .. } = &bid.id;
        format!("{dseq}/{gseq} {provider} at {} a block", bid.price)
    });
    let hash = entry.outcome.hash.as_deref().unwrap_or("?");
    let bids = bids.collect::<Vec<_>>().join(", ");
    format!("{at}  {:<20}  {bids}\n    {hash}  {}\n    {}", entry.outcome.word, entry.chain_id, entry.outcome.text)
}

#[derive(Serialize)]
struct EntryOut<'a> {
    schema: u32,
    at: Option<String>,
    outcome: &'static str,
    text: &'a str,
    hash: Option<&'a str>,
    height: Option<u64>,
    chain_id: &'a str,
    account: &'a str,
    bids: Vec<AgreedOut<'a>>,
    leases: Vec<AgreedOut<'a>>,
}

#[derive(Serialize)]
struct AgreedOut<'a> {
    id: IdOut<'a>,
    price: Coin<'a>,
}

impl<'a> AgreedOut<'a> {
    fn new(made: &'a Made) -> Self {
        Self { id: IdOut::new(&made.id), price: Coin::new(&made.price) }
    }
}
