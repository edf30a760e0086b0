//! What becomes of an accept: the words that the watch, the result document and the log share.
//!
//! ```text
//! Quote ──prepare──► Preparation ──confirmed──► Watch, Watch, … ──► Outcome
//! ```

use super::appraise::Blocker;
use super::bid::BidId;
use super::money::Amount;
use super::quote::{Facts, Obstacle};
use super::text::Clean;
use std::fmt;

/// What kind of reason stopped an accept before anything was signed; what an exit code needs to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It was asked for wrongly.
    Usage,
    /// No such deployment or bid, or it is gone.
    Nothing,
    /// No key, or not one that can sign for the owner.
    NoKey,
    /// A rule that keeps money safe.
    Rule,
    /// The order is another provider's.
    Taken,
    /// It was waited for long enough.
    GaveUp,
    /// Something failed: no endpoint answers, or not what it should.
    Error,
    /// The person interrupted it.
    Interrupted,
}

/// How an accept ended, or why it did not begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// Leased as quoted.
    Leased,
    /// Leased, and not as quoted: to be said loudly.
    LeasedNotAsQuoted,
    /// A lease of the order with this very provider was there before; nothing was sent.
    AlreadyYours,
    /// It ran and made no lease.
    Failed,
    /// Its last block passed without it.
    Expired,
    /// Another transaction of the account took its place.
    Superseded,
    /// No lease came of it and none can; why, nobody tells.
    NoLease,
    /// Another provider holds the order.
    Taken,
    /// Every endpoint refused to take it in.
    Rejected,
    /// It never left this program.
    NotSent,
    /// Sent, and not yet found out.
    Unknown,
    /// It was stopped before anything was signed.
    Refused(Stop),
    /// A dry run: it would have been sent.
    WouldSend,
    /// The unsigned transaction was written instead.
    Unsigned,
}

impl Word {
    /// Stable, for scripts: `outcome` of the documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::LeasedNotAsQuoted => "leased_not_as_quoted",
            Self::AlreadyYours => "already_yours",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::NoLease => "no_lease",
            Self::Taken => "taken",
            Self::Rejected => "rejected",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
            Self::Refused(_) => "refused",
            Self::WouldSend => "would_send",
            Self::Unsigned => "unsigned",
        }
    }

    /// Whether the tenant holds what was asked for.
    pub fn is_leased(self) -> bool {
        matches!(self, Self::Leased | Self::LeasedNotAsQuoted | Self::AlreadyYours)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A lease as it was read back from the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    pub id: BidId,
    /// Per block.
    pub price: Amount,
}

/// What stops an accept, or is worth knowing of it: a word for scripts and a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    pub code: &'static str,
    pub text: Clean,
}

/// What to do after a lease was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NextStep {
    /// For a POSIX shell, one for each provider; everything from outside is quoted.
    pub commands: Vec<String>,
    /// Seconds until the provider gives up waiting for the manifest, by its default of five minutes.
    pub left_s: u64,
}

/// The last word on an accept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub word: Word,
    /// A sentence.
    pub text: Clean,
    /// Upper-case hex; `None` where nothing was signed.
    pub hash: Option<String>,
    /// The block that holds the transaction.
    pub height: Option<u64>,
    pub leases: Vec<Made>,
    pub next: Option<NextStep>,
    /// Why nothing was signed.
    pub blockers: Vec<Reason>,
}

impl Outcome {
    /// One without a transaction.
    pub fn unsent(word: Word, text: &str) -> Self {
        let text = Clean::message(text);
        Self { word, text, hash: None, height: None, leases: Vec::new(), next: None, blockers: Vec::new() }
    }

    /// Stopped for one reason.
    pub fn refused(stop: Stop, code: &'static str, text: &str) -> Self {
        let blockers = vec![Reason { code, text: Clean::message(text) }];
        Self { blockers, ..Self::unsent(Word::Refused(stop), text) }
    }

    /// Stopped by what stands against a quote; `None` where nothing does.
    pub fn blocked(obstacles: &[Obstacle]) -> Option<Self> {
        let text = obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        // An order that is gone makes every other reason idle.
        let stop = obstacles.iter().map(stop).min_by_key(|stop| match stop {
            Stop::Taken => 0,
            Stop::Nothing => 1,
            _ => 2,
        })?;
        let reason =
            |obstacle: &Obstacle| Reason { code: obstacle.code(), text: Clean::message(&obstacle.to_string()) };
        Some(Self { blockers: obstacles.iter().map(reason).collect(), ..Self::unsent(Word::Refused(stop), &text) })
    }
}

/// An entry of the journal: what was signed here, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Seconds since 1970 at which it was signed.
    pub at: i64,
    pub chain_id: Clean,
    pub account: Clean,
    /// As they were agreed to.
    pub bids: Vec<Made>,
    /// [`Word::Unknown`] while it has no end.
    pub outcome: Outcome,
}

/// Where an accept that was signed stands; each replaces nothing, the last one is the truth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
    /// One line: `signed 9F3A…11C2`, `waiting, block 27011292 of 27011312`.
    pub text: Clean,
    pub hash: String,
    /// Whether something may have left: from then on leaving the program does not stop it.
    pub sent: bool,
}

/// How the key is had once the person has confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unlock {
    /// It is there.
    Open,
    /// A passphrase is asked for, of what.
    Passphrase(Clean),
    /// A command hands it over and may ask by itself: it gets the terminal.
    Command,
}

/// What came of reading a quote's bids again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Preparation {
    /// Something holds it up, in a sentence; it goes on by itself.
    Waiting(Clean),
    /// All that is to be known before signing.
    Ready { facts: Box<Facts>, unlock: Unlock },
    /// There is nothing to sign: the lease is there, the order is another's, or no key, no answer, no journal.
    Over(Outcome),
}

/// An order leased to another, and bids or orders that are gone, are facts of the market; all else is a rule of ours.
fn stop(obstacle: &Obstacle) -> Stop {
    match obstacle {
        Obstacle::NotTakeable { blocker: Blocker::OrderTaken { .. }, .. } => Stop::Taken,
        Obstacle::NotTakeable { blocker, .. } if !matches!(blocker, Blocker::Leased) => Stop::Nothing,
        _ => Stop::Rule,
    }
}
