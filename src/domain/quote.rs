//! The frozen quote: what a person saw when they decided, and what stands for or against signing it.
//!
//! ```text
//! Market ──freeze──► Quote ──check(Facts, Limits)──► Check { obstacles, cautions } ──phrase──► what must be typed
//! ```
//!
//! A quote is a copy. A refresh never edits it; what has changed since is found by freezing the same bids again and
//! comparing ([`Quote::changed`]).

use super::appraise::{Blocker, Market, Row};
use super::bid::{Address, BidId, BidState, Escrow, Lease, Snapshot};
use super::diff::{Difference, Fit};
use super::money::{Amount, BlockTime, Denom, four_digits};
use super::text::{Clean, quoted};
use rust_decimal::Decimal;
use std::cmp::{Ordering, Reverse};
use std::fmt;

/// Longest age of the data that a quote may be confirmed on, in milliseconds; older is read anew.
pub const FRESH_MS: i64 = 30_000;
/// A runway under this many seconds is warned of.
pub const RUNWAY_SHORT_S: i64 = 24 * 3600;
/// A runway under this many seconds is warned of loudly.
pub const RUNWAY_ALARMING_S: i64 = 3600;
/// Characters of the provider's address that confirm it.
const CONFIRM_CHARS: usize = 4;

/// Where a bid stands among the takeable bids of its group that fit as well or better.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// 1 is the cheapest. `None` where its dollars are not known.
    pub rank: Option<usize>,
    /// How many there are, itself counted.
    pub of: usize,
    /// The cheapest of them (the next one, when this is the cheapest): dollars an hour and a name.
    pub other: Option<(Decimal, String)>,
}

/// One bid to be accepted, as it was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pick {
    pub id: BidId,
    pub group: Clean,
    /// Per block, for the whole group.
    pub price: Amount,
    /// Dollars an hour; `None` where the coin has no rate.
    pub usd_hour: Option<Decimal>,
    pub gpu_text: String,
    /// The provider's own words.
    pub provider_name: Option<Clean>,
    /// `host:port`.
    pub host: Option<Clean>,
    /// `None` where the request is not known.
    pub fit: Option<Fit>,
    pub diff: Vec<Difference>,
    pub blockers: Vec<Blocker>,
    /// Notice in seconds that the provider must give; `None`: none is promised.
    pub reclamation_s: Option<u64>,
    pub place: Place,
    /// Auditors that the order asks for and that have signed nothing of this provider, where audits are known.
    pub not_signed_by: Vec<Address>,
    /// Other open bids on the same order: the gas of a lease depends on whether there is one.
    pub other_open_bids: usize,
}

/// The picks of one transaction, frozen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quote {
    pub owner: Address,
    pub dseq: u64,
    /// The chain it was read from.
    pub chain_id: Option<Clean>,
    /// Height of the answers it was read from.
    pub height: u64,
    pub block_time: BlockTime,
    /// By group.
    pub picks: Vec<Pick>,
    /// Groups that are open, have an open order, and get no pick.
    pub left_out: Vec<(u32, Clean)>,
    /// What the escrow holds of the picks' coin at `height`; of several coins, the first that is used up. `None`: not known.
    pub escrow_left: Option<Amount>,
    /// Seconds that it lasts with what runs and the picks. `None`: not known, or several coins.
    pub runway_s: Option<i64>,
}

/// Why no quote could be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoQuote {
    /// Nothing was named.
    Nothing,
    /// The bid is not among those read.
    NoSuchBid(BidId),
    /// Two bids of one group were named.
    TwoOfOneGroup(u32),
    /// A saved answer, or the deployment could not be read.
    NotLive,
}

impl fmt::Display for NoQuote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is no bid to accept"),
            Self::NoSuchBid(id) => write!(f, "there is no bid of {} in group {}", id.provider, id.gseq),
            Self::TwoOfOneGroup(gseq) => write!(f, "group {gseq} can have one lease; name one bid of it"),
            Self::NotLive => f.write_str("the deployment was not read from a chain"),
        }
    }
}

impl Quote {
    /// Copies the named bids out of the market.
    ///
    /// # Errors
    /// [`NoQuote`] says which bid is not there or that two are of one group.
    pub fn freeze(snapshot: &Snapshot, market: &Market, ids: &[BidId]) -> Result<Self, NoQuote> {
        let deployment = snapshot.deployment.as_ref().filter(|_| !snapshot.saved).ok_or(NoQuote::NotLive)?;
        let height = snapshot.chain.height.ok_or(NoQuote::NotLive)?;
        let mut picks = Vec::with_capacity(ids.len());
        for id in ids {
            let row = market.rows.iter().find(|r| r.bid.id == *id).ok_or_else(|| NoQuote::NoSuchBid(id.clone()))?;
            picks.push(pick(row, market));
        }
        picks.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some((a, _)) = picks.iter().zip(picks.iter().skip(1)).find(|(a, b)| a.id.gseq == b.id.gseq) {
            return Err(NoQuote::TwoOfOneGroup(a.id.gseq));
        }
        if picks.is_empty() {
            return Err(NoQuote::Nothing);
        }
        let escrow = deployment.escrow.as_ref().zip(snapshot.leases.as_deref());
        Ok(Self {
            owner: deployment.owner.clone(),
            dseq: deployment.dseq,
            chain_id: snapshot.chain.id.clone(),
            height,
            block_time: snapshot.chain.block_time,
            left_out: market
                .groups
                .iter()
                .filter(|g| g.takes_bids() && !picks.iter().any(|p| p.id.gseq == g.gseq))
                .map(|g| (g.gseq, g.name.clone()))
                .collect(),
            escrow_left: escrow.and_then(|(escrow, leases)| escrow_left(&picks, escrow, leases, height)),
            runway_s: escrow.and_then(|(escrow, leases)| {
                escrow.runway_s(leases, Some(&total(&picks)?), height, snapshot.chain.block_time)
            }),
            picks,
        })
    }

    /// Dollars an hour of all picks. `None` if one is not known.
    pub fn usd_hour(&self) -> Option<Decimal> {
        self.picks.iter().try_fold(Decimal::ZERO, |sum, pick| sum.checked_add(pick.usd_hour?))
    }

    /// The price per block of all picks, where they are of one coin.
    pub fn price(&self) -> Option<Amount> {
        total(&self.picks)
    }

    /// The price per block of all picks, coin by coin, in the order of the picks. `None` where one does not fit.
    pub fn prices(&self) -> Option<Vec<Amount>> {
        let mut sums: Vec<Amount> = Vec::new();
        for price in self.picks.iter().map(|pick| &pick.price) {
            match sums.iter_mut().find(|sum| sum.denom == price.denom) {
                Some(sum) => *sum = sum.plus(price)?,
                None => sums.push(price.clone()),
            }
        }
        Some(sums)
    }

    /// The worst fit among the picks; unclear where the request is not known.
    pub fn worst_fit(&self) -> Fit {
        self.picks.iter().map(|pick| pick.fit.unwrap_or(Fit::Unclear)).max().unwrap_or(Fit::Exact)
    }

    /// What must be typed: the word of what is wrong if anything is, `partial` if a group is left out, then the last
    /// four characters of each provider's address, in group order.
    pub fn phrase(&self) -> String {
        let fit = self.worst_fit();
        let word = (!fit.met()).then(|| fit.as_str().to_owned());
        let partial = (!self.left_out.is_empty()).then(|| "partial".to_owned());
        let fours = self.picks.iter().map(|pick| last_four(&pick.id.provider));
        word.into_iter().chain(partial).chain(fours).collect::<Vec<_>>().join(" ")
    }

    /// Whether what was typed is the phrase; runs of spaces count as one.
    pub fn confirmed_by(&self, typed: &str) -> bool {
        typed.split_whitespace().eq(self.phrase().split_whitespace())
    }

    /// What of this quote no longer holds in a newer one of the same bids, in a sentence.
    pub fn changed(&self, newer: &Self) -> Option<String> {
        for (was, now) in self.picks.iter().zip(&newer.picks) {
            if was.id != now.id {
                return Some("other bids were read".to_owned());
            }
            if was.price != now.price {
                return Some(format!("the price was {} a block and is {} now", was.price, now.price));
            }
            if was.fit != now.fit || was.diff != now.diff {
                return Some("what is offered has changed".to_owned());
            }
            if was.reclamation_s != now.reclamation_s {
                return Some("the notice that the provider promises has changed".to_owned());
            }
        }
        if self.picks.len() != newer.picks.len() {
            return Some("other bids were read".to_owned());
        }
        // Leaving out a group is agreed to in words: one that opened since was not spoken of.
        let opened = newer.left_out.iter().find(|(gseq, _)| self.left_out.iter().all(|(known, _)| known != gseq));
        opened.map(|(gseq, _)| format!("group {gseq} is open now and would be left out"))
    }

    /// What of the picks a newer reading of the same bids rules out.
    pub fn overtaken(&self, newer: &Self) -> Vec<Obstacle> {
        let blocked = |pick: &Pick| {
            let blocker = pick.blockers.first()?.clone();
            Some(Obstacle::NotTakeable { provider: pick.id.provider.clone(), blocker })
        };
        newer.picks.iter().filter_map(blocked).chain(self.changed(newer).map(Obstacle::Changed)).collect()
    }
}

/// The sum of the prices, of one coin.
fn total(picks: &[Pick]) -> Option<Amount> {
    let (first, rest) = picks.split_first()?;
    rest.iter().try_fold(first.price.clone(), |sum, pick| sum.plus(&pick.price))
}

/// What is left of the picks' coin; of several coins, of the first that is used up or not there.
fn escrow_left(picks: &[Pick], escrow: &Escrow, leases: &[Lease], height: u64) -> Option<Amount> {
    let left = |denom: &Denom| match escrow.funds.iter().find(|funds| funds.denom == *denom) {
        Some(funds) => escrow.left(funds, leases, height),
        None => Some(Amount { value: Decimal::ZERO, denom: denom.clone() }),
    };
    let lefts: Vec<Amount> = picks.iter().map(|pick| left(&pick.price.denom)).collect::<Option<_>>()?;
    lefts.iter().find(|left| left.value <= Decimal::ZERO).or(lefts.first()).cloned()
}

/// The last four characters of an address.
pub fn last_four(address: &Address) -> String {
    let chars: Vec<char> = address.as_str().chars().collect();
    chars[chars.len().saturating_sub(CONFIRM_CHARS)..].iter().collect()
}

fn pick(row: &Row, market: &Market) -> Pick {
    let id = &row.bid.id;
    let group = market.groups.iter().find(|g| g.gseq == id.gseq);
    let same_order =
        || market.rows.iter().filter(|r| r.bid.id.gseq == id.gseq && r.bid.id.oseq == id.oseq && r.bid.id != *id);
    let provider = row.provider.as_deref();
    Pick {
        id: id.clone(),
        group: group.map_or_else(Clean::default, |g| g.name.clone()),
        price: row.bid.price.clone(),
        usd_hour: row.usd_hour,
        gpu_text: row.gpu_text(),
        provider_name: provider.and_then(|p| p.organization().cloned()),
        host: provider.and_then(|p| p.host.clone()),
        fit: row.fit,
        diff: row.diff.clone(),
        blockers: row.blockers.clone(),
        reclamation_s: row.bid.reclamation_s,
        place: place(row, same_order().filter(|other| other.takeable())),
        not_signed_by: group
            .zip(provider.and_then(|p| p.audits.as_ref()))
            .map(|(group, audits)| group.requirements.unsigned(audits))
            .into_iter()
            .flatten()
            .collect(),
        other_open_bids: same_order().filter(|other| other.bid.state == BidState::Open).count(),
    }
}

/// Among the takeable bids that fit as well as this one or better, itself included.
fn place<'a>(row: &Row, others: impl Iterator<Item = &'a Row>) -> Place {
    let mine = fit_class(row);
    let others: Vec<&Row> = others.filter(|other| fit_class(other) <= mine).collect();
    let dearer = |other: &Row| match (row.usd_block, other.usd_block) {
        (Some(mine), Some(theirs)) => mine.cmp(&theirs),
        _ => Ordering::Equal,
    };
    let cheapest = others.iter().filter(|o| o.usd_block.is_some()).min_by_key(|o| o.usd_block);
    Place {
        rank: row.usd_block.map(|_| 1 + others.iter().filter(|other| dearer(other) == Ordering::Greater).count()),
        of: others.len() + 1,
        other: cheapest.and_then(|other| {
            let name = other.provider.as_deref().and_then(|p| p.name().map(ToString::to_string));
            Some((other.usd_hour?, name.unwrap_or_else(|| other.bid.id.provider.short())))
        }),
    }
}

/// Exact and more fit alike; an unknown fit is unclear.
fn fit_class(row: &Row) -> Fit {
    match row.fit {
        Some(Fit::Exact | Fit::More) => Fit::Exact,
        Some(fit) => fit,
        None => Fit::Unclear,
    }
}

/// The fee of one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fee {
    /// Gas limit.
    pub gas: u64,
    pub amount: Amount,
    /// Who pays it: the tenant, or a granter.
    pub payer: Address,
}

/// What a second endpoint said at the same height.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Witness {
    /// None was configured.
    None,
    Agrees {
        rest: Clean,
    },
    /// Both answers, as they were read.
    Contradicts {
        rest: Clean,
        ours: String,
        theirs: String,
    },
    /// It lags, is silent, or speaks another generation.
    LeftOut {
        rest: Clean,
        why: Clean,
    },
}

/// What was found out for a quote right before it is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Chain id that the endpoint gave.
    pub chain_id: Clean,
    /// Height of the answers.
    pub height: u64,
    /// The same bids, read again.
    pub reread: Quote,
    pub fee: Fee,
    /// Who signs: the key's name and the account, `tenant akash1qds5…0a4w`.
    pub signer: Clean,
    /// What the fee's payer has, in the fee's coin.
    pub balance: Amount,
    pub witness: Witness,
    /// Blocks from signing until the transaction can no longer be included.
    pub timeout_blocks: u64,
}

/// What the person allows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// The chain that may be spent on.
    pub chain_id: String,
    /// Of the whole transaction.
    pub max_usd_per_hour: Option<Decimal>,
    /// Per block, of the whole transaction.
    pub max_price: Option<Amount>,
    /// Most that the fee may be, in uakt.
    pub max_fee: Decimal,
}

/// What stops a quote. There is nothing to type into while one stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// A pick cannot be taken.
    NotTakeable {
        provider: Address,
        blocker: Blocker,
    },
    /// It is not what was shown.
    Changed(String),
    WrongChain {
        expected: String,
        got: Clean,
    },
    OverDollars {
        ceiling: Decimal,
        price: Option<Decimal>,
    },
    OverPrice {
        ceiling: Amount,
        price: Option<Amount>,
    },
    FeeOverMax {
        fee: Amount,
        max: Decimal,
    },
    BalanceBelowFee {
        balance: Amount,
        fee: Amount,
        payer: Address,
    },
    /// Used up at the present height, or never funded in the bid's coin.
    EscrowEmpty {
        denom: Denom,
        owner: Address,
        dseq: u64,
    },
    /// What is left could not be reckoned.
    EscrowUnknown {
        dseq: u64,
    },
    Contradicted {
        rest: Clean,
        ours: String,
        theirs: String,
    },
}

impl Obstacle {
    /// Stable, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotTakeable { blocker, .. } => blocker.code(),
            Self::Changed(_) => "changed",
            Self::WrongChain { .. } => "wrong_chain",
            Self::OverDollars { .. } => "over_max_usd_per_hour",
            Self::OverPrice { .. } => "over_max_price",
            Self::FeeOverMax { .. } => "over_max_fee",
            Self::BalanceBelowFee { .. } => "balance_below_fee",
            Self::EscrowEmpty { .. } => "escrow_empty",
            Self::EscrowUnknown { .. } => "escrow_unknown",
            Self::Contradicted { .. } => "contradicted",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTakeable { provider, blocker } => {
                write!(f, "the bid of {} cannot be taken: {blocker}", provider.short())
            }
            Self::Changed(what) => write!(f, "this is not what was shown: {what}"),
            Self::WrongChain { expected, got } => {
                write!(f, "the endpoint is of chain {got}; accepting is for {expected} (name another with --chain-id)")
            }
            Self::OverDollars { ceiling, price: Some(price) } => {
                write!(f, "${}/hr is over --max-usd-per-hour {ceiling}", four_digits(*price))
            }
            Self::OverDollars { ceiling, price: None } => {
                write!(f, "the price in dollars is not known, so --max-usd-per-hour {ceiling} cannot be held")
            }
            Self::OverPrice { ceiling, price: Some(price) } => {
                write!(f, "{price} a block is over --max-price {ceiling}")
            }
            Self::OverPrice { ceiling, price: None } => {
                write!(f, "the picks are of several coins, so --max-price {ceiling} cannot be held")
            }
            Self::FeeOverMax { fee, max } => write!(f, "the fee of {fee} is over --max-fee {max}uakt"),
            Self::BalanceBelowFee { balance, fee, payer } => {
                write!(f, "{} has {balance}, the fee is {fee}", payer.short())
            }
            Self::EscrowEmpty { denom, dseq, .. } => {
                write!(f, "the escrow of {dseq} has no {} left: deposit first", denom.short())?;
                // A coin's name is the node's word: a strange one has no place in a command.
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | '.' | '_' | '-');
                if !denom.as_str().chars().all(plain) {
                    return Ok(());
                }
                write!(f, ": akash tx escrow deposit deployment 5000000{denom} --dseq {dseq} --from <key>")
            }
            Self::EscrowUnknown { dseq } => write!(f, "what the escrow of {dseq} holds is not known"),
            Self::Contradicted { rest, ours, theirs } => {
                write!(f, "{rest} contradicts: it says {theirs}, the first endpoint {ours}")
            }
        }
    }
}

/// What is worth knowing before signing, and stops nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caution {
    /// The offer is not all that was asked: the one that needs a typed word.
    Fit {
        provider: Address,
        fit: Fit,
        text: String,
    },
    Runway {
        seconds: i64,
    },
    Dearer {
        provider: Address,
        by: Decimal,
        than: String,
    },
    DollarsUnknown {
        provider: Address,
        denom: Denom,
    },
    NoReclamation {
        provider: Address,
    },
    NotSigned {
        provider: Address,
        auditor: Address,
    },
    /// A second endpoint was asked and could not be compared.
    Unwitnessed {
        rest: Clean,
        why: Clean,
    },
}

impl Caution {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fit { .. } => "fit",
            Self::Runway { .. } => "runway",
            Self::Dearer { .. } => "dearer",
            Self::DollarsUnknown { .. } => "dollars_unknown",
            Self::NoReclamation { .. } => "no_reclamation",
            Self::NotSigned { .. } => "not_signed",
            Self::Unwitnessed { .. } => "unwitnessed",
        }
    }

    /// Whether it must stand out: money that is about to run out, an offer that is not what was asked.
    pub fn loud(&self) -> bool {
        matches!(self, Self::Fit { fit: Fit::Short | Fit::Wrong, .. })
            || matches!(self, Self::Runway { seconds } if *seconds < RUNWAY_ALARMING_S)
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fit { fit, text, .. } => write!(f, "{fit}: {text}"),
            Self::Runway { seconds } if *seconds < RUNWAY_ALARMING_S => {
                write!(f, "the escrow lasts {} minutes", seconds.max(&0) / 60)
            }
            Self::Runway { .. } => f.write_str("the escrow lasts less than a day"),
            Self::Dearer { by, than, .. } => {
                write!(f, "{} fits as well and costs ${}/hr less", quoted(than), four_digits(*by))
            }
            Self::DollarsUnknown { denom, .. } => {
                write!(f, "{} has no rate: the price in dollars is not known", denom.short())
            }
            Self::NoReclamation { .. } => f.write_str("the provider promises no notice before it takes the lease back"),
            Self::NotSigned { auditor, .. } => write!(f, "{} has signed nothing of this provider", auditor.short()),
            Self::Unwitnessed { rest, why } => write!(f, "{rest} could not be compared: {why}"),
        }
    }
}

/// What stands against a quote, and what is worth knowing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Check {
    pub obstacles: Vec<Obstacle>,
    pub cautions: Vec<Caution>,
}

/// Weighs a quote against what was found out and what the person allows. Pure.
pub fn check(quote: &Quote, facts: &Facts, limits: &Limits) -> Check {
    let mut obstacles = Vec::new();
    let chains = [Some(&facts.chain_id), quote.chain_id.as_ref()];
    if let Some(got) = chains.into_iter().flatten().find(|id| limits.chain_id != ***id) {
        obstacles.push(Obstacle::WrongChain { expected: limits.chain_id.clone(), got: got.clone() });
    }
    obstacles.extend(quote.overtaken(&facts.reread));
    if let Some(ceiling) = limits.max_usd_per_hour {
        // The rate may have moved since: the dearer of the two must be within.
        let price = quote.usd_hour().zip(facts.reread.usd_hour()).map(|(shown, now)| shown.max(now));
        if price.is_none_or(|price| price > ceiling) {
            obstacles.push(Obstacle::OverDollars { ceiling, price });
        }
    }
    if let Some(ceiling) = &limits.max_price {
        let price = quote.price();
        let within = |price: &Amount| price.denom == ceiling.denom && price.value <= ceiling.value;
        if !price.as_ref().is_some_and(within) {
            obstacles.push(Obstacle::OverPrice { ceiling: ceiling.clone(), price });
        }
    }
    let fee = &facts.fee;
    if fee.amount.denom != Denom::Uakt || fee.amount.value > limits.max_fee {
        obstacles.push(Obstacle::FeeOverMax { fee: fee.amount.clone(), max: limits.max_fee });
    }
    if facts.balance.denom != fee.amount.denom || facts.balance.value < fee.amount.value {
        obstacles.push(Obstacle::BalanceBelowFee {
            balance: facts.balance.clone(),
            fee: fee.amount.clone(),
            payer: fee.payer.clone(),
        });
    }
    match &facts.reread.escrow_left {
        None => obstacles.push(Obstacle::EscrowUnknown { dseq: quote.dseq }),
        Some(left) if left.value <= Decimal::ZERO => obstacles.push(Obstacle::EscrowEmpty {
            denom: left.denom.clone(),
            owner: quote.owner.clone(),
            dseq: quote.dseq,
        }),
        Some(_) => {}
    }
    if let Witness::Contradicts { rest, ours, theirs } = &facts.witness {
        obstacles.push(Obstacle::Contradicted { rest: rest.clone(), ours: ours.clone(), theirs: theirs.clone() });
    }
    let mut cautions: Vec<Caution> = facts.reread.picks.iter().flat_map(cautions_of).collect();
    if let Some(seconds) = facts.reread.runway_s.filter(|s| *s < RUNWAY_SHORT_S) {
        cautions.push(Caution::Runway { seconds });
    }
    if let Witness::LeftOut { rest, why } = &facts.witness {
        cautions.push(Caution::Unwitnessed { rest: rest.clone(), why: why.clone() });
    }
    Check { obstacles, cautions }
}

/// Most differences that are told one by one.
const DIFFERENCES: usize = 3;

/// What the offer is not, the worst first.
fn unmet(pick: &Pick) -> String {
    let mut unmet: Vec<&Difference> = pick.diff.iter().filter(|d| !d.level.met()).collect();
    unmet.sort_by_key(|difference| Reverse(difference.level));
    let mut told: Vec<String> = unmet.iter().take(DIFFERENCES).map(|difference| difference.text.clone()).collect();
    match unmet.len().checked_sub(DIFFERENCES) {
        _ if told.is_empty() => return "what was asked for is not known".to_owned(),
        Some(more) if more > 0 => told.push(format!("and {more} more")),
        _ => {}
    }
    told.join("; ")
}

fn cautions_of(pick: &Pick) -> Vec<Caution> {
    let provider = || pick.id.provider.clone();
    let mut out = Vec::new();
    let fit = pick.fit.unwrap_or(Fit::Unclear);
    if !fit.met() {
        out.push(Caution::Fit { provider: provider(), fit, text: unmet(pick) });
    }
    match (pick.usd_hour, &pick.place.other) {
        (None, _) => out.push(Caution::DollarsUnknown { provider: provider(), denom: pick.price.denom.clone() }),
        (Some(mine), Some((theirs, than))) if *theirs < mine => {
            out.extend(mine.checked_sub(*theirs).map(|by| Caution::Dearer {
                provider: provider(),
                by,
                than: than.clone(),
            }));
        }
        _ => {}
    }
    if pick.reclamation_s.is_none() {
        out.push(Caution::NoReclamation { provider: provider() });
    }
    let not_signed = |auditor: &Address| Caution::NotSigned { provider: provider(), auditor: auditor.clone() };
    out.extend(pick.not_signed_by.iter().map(not_signed));
    out
}
