//! What became of a signed transaction, as one endpoint tells it, and when two tell the same.
//!
//! An endpoint is asked one thing after another until it has made a [`Statement`]. The state decides, not the index: as
//! long as the account's sequence is unspent and the last block has not passed, the transaction may still land, whatever
//! is or is not found under its hash.
//!
//! ```text
//! account ─ unspent, below T ─────────────────────────────────────────────▶ Open
//!    │ unspent, at T or above ─▶ hash (only for the reason) ─▶ leases ────▶ Dead: expired   (or Leased, by another hand)
//!    └ spent ─▶ hash ─▶ who used the sequence ─▶ the blocks ─▶ leases ────▶ Leased, or Dead: failed, superseded, spent
//! ```

use super::outcome::{Attempt, Difference, End, Leased, Verdict};

/// One thing to ask an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The account's sequence, with the height of the answer.
    Account,
    /// The transaction under the attempt's hash.
    ByHash,
    /// Which transaction used the attempt's sequence (`tx.acc_seq`).
    BySequence,
    /// The hashes of the transactions in this block.
    Block(u64),
    /// Every lease of the attempt's orders in any state, with the height of the answer.
    Leases,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `height` is that of the state that was read (`x-cosmos-block-height`), or a height surely not above it; without
    /// one nothing can be ruled out.
    Account { height: Option<u64>, sequence: u64 },
    /// To `ByHash` and `BySequence`: the transaction in its block, or that the index has none.
    Included(Option<Included>),
    /// To `Block`: the hashes, upper-case hex.
    Block(Vec<String>),
    /// As for `Account`.
    Leases { height: Option<u64>, leases: Vec<Leased> },
    /// Silence, an error, an index that is off, a block that is pruned: nothing to learn from.
    Nothing,
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    pub hash: String,
    pub height: u64,
    pub verdict: Verdict,
}

/// What one endpoint says, everything considered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// At this height it may still land.
    Open { height: u64 },
    /// The leases are there. `at`: the height that shows it; `height`: the block that made them, if it was said.
    Leased { at: u64, height: Option<u64>, leases: Vec<Leased> },
    /// It made no lease and never will. `held`: what other leases the orders have.
    Dead { at: u64, how: How, held: Vec<Leased> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    Failed {
        height: u64,
        verdict: Verdict,
    },
    /// It is in this block; the reason is not told.
    FailedUntold {
        height: u64,
    },
    Superseded {
        by: Option<String>,
    },
    /// Somebody used the sequence.
    Spent,
    Expired {
        verdict: Option<Verdict>,
    },
}

/// Why an endpoint made no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    Silent,
    Lags,
    /// What it said does not hold together.
    Contradictory,
}

/// An endpoint under questioning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interview(Stage);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Account,
    /// `at`: the height up to which the account's answer reaches, never above T.
    ByHash {
        at: u64,
        spent: bool,
    },
    /// `refused`: what the hash showed, if it was not a success.
    BySequence {
        at: u64,
        refused: Option<Included>,
    },
    Blocks {
        at: u64,
        next: u64,
    },
    /// `need`: the least height at which the list of leases can be trusted to show what the fate made.
    Leases {
        at: u64,
        need: u64,
        fate: Fate,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Ran { height: u64, verdict: Option<Verdict> },
    Not(How),
}

/// Either the next question or the end of the interview.
pub enum Turn {
    Ask(Interview, Question),
    Says(Statement),
    Misses(Miss),
}

impl Interview {
    pub fn start() -> (Self, Question) {
        (Self(Stage::Account), Question::Account)
    }

    /// Takes an answer. `open_at`: the greatest height at which this endpoint saw the sequence unspent, so that earlier
    /// blocks need not be searched.
    pub fn hear(self, attempt: &Attempt, open_at: u64, answer: Answer) -> Turn {
        let last = attempt.timeout_height;
        match (self.0, answer) {
            (Stage::Account, Answer::Account { height, sequence }) => {
                let spent = sequence > attempt.sequence;
                let height = height.unwrap_or(0);
                if !spent && height < last {
                    return Turn::Says(Statement::Open { height });
                }
                ask(Stage::ByHash { at: height.min(last), spent }, Question::ByHash)
            }
            (Stage::ByHash { at, spent: true }, answer) => {
                let found = included(answer).filter(|found| found.hash == attempt.hash());
                match found {
                    Some(found) if found.verdict.code == 0 => ran(at, found),
                    refused => ask(Stage::BySequence { at, refused }, Question::BySequence),
                }
            }
            (Stage::ByHash { at, spent: false }, answer) => {
                let verdict = included(answer).filter(|found| found.hash == attempt.hash()).map(|found| found.verdict);
                if verdict.as_ref().is_some_and(|verdict| verdict.code == 0) {
                    // A success would have used the sequence.
                    return Turn::Misses(Miss::Contradictory);
                }
                leases(at, last, Fate::Not(How::Expired { verdict }))
            }
            (Stage::BySequence { at, refused }, answer) => match (included(answer), refused) {
                (Some(found), _) if found.hash == attempt.hash() => ran(at, found),
                (Some(found), _) => {
                    let need = found.height.min(last);
                    leases(at, need, Fate::Not(How::Superseded { by: Some(found.hash) }))
                }
                (None, Some(refused)) if !refused.verdict.left_sequence() => ran(at, refused),
                (None, _) => block(attempt, at, attempt.signed_height.max(open_at) + 1),
            },
            (Stage::Blocks { at, next }, Answer::Block(hashes)) => {
                if hashes.iter().any(|hash| hash == attempt.hash()) {
                    return leases(at, next, Fate::Ran { height: next, verdict: None });
                }
                block(attempt, at, next + 1)
            }
            (Stage::Blocks { at, .. }, Answer::Nothing) => leases(at, known(attempt, at), Fate::Not(How::Spent)),
            (Stage::Leases { at, need, fate }, Answer::Leases { height, leases }) => {
                if height.unwrap_or(0) < need {
                    return Turn::Misses(Miss::Lags);
                }
                conclude(attempt, at.max(need), fate, leases)
            }
            _ => Turn::Misses(Miss::Silent),
        }
    }
}

fn ask(stage: Stage, question: Question) -> Turn {
    Turn::Ask(Interview(stage), question)
}

fn leases(at: u64, need: u64, fate: Fate) -> Turn {
    ask(Stage::Leases { at, need, fate }, Question::Leases)
}

fn included(answer: Answer) -> Option<Included> {
    match answer {
        Answer::Included(found) => found,
        _ => None,
    }
}

fn ran(at: u64, found: Included) -> Turn {
    leases(at, found.height, Fate::Ran { height: found.height, verdict: Some(found.verdict) })
}

/// Searches block after block until the last one that can hold it, as far as the endpoint's account answer reaches.
fn block(attempt: &Attempt, at: u64, next: u64) -> Turn {
    if at == 0 {
        // No height came with the answer, so there is no telling how far to search.
        leases(at, attempt.timeout_height, Fate::Not(How::Spent))
    } else if next > at {
        leases(at, at, Fate::Not(How::Superseded { by: None }))
    } else {
        ask(Stage::Blocks { at, next }, Question::Block(next))
    }
}

/// At this height nothing can change any more: the answer's own, or the last block where there was none.
fn known(attempt: &Attempt, at: u64) -> u64 {
    if at == 0 { attempt.timeout_height } else { at }
}

fn conclude(attempt: &Attempt, at: u64, fate: Fate, listed: Vec<Leased>) -> Turn {
    let own: Vec<Leased> =
        attempt.leases.iter().filter_map(|quoted| listed.iter().find(|lease| lease.id == quoted.id)).cloned().collect();
    if own.len() == attempt.leases.len() {
        let height = match fate {
            Fate::Ran { height, verdict } if verdict.as_ref().is_none_or(|verdict| verdict.code == 0) => Some(height),
            _ => None,
        };
        return Turn::Says(Statement::Leased { at, height, leases: own });
    }
    let how = match fate {
        Fate::Ran { verdict: Some(verdict), .. } if verdict.code == 0 => return Turn::Misses(Miss::Contradictory),
        Fate::Ran { height, verdict: Some(verdict) } => How::Failed { height, verdict },
        Fate::Ran { height, verdict: None } => How::FailedUntold { height },
        Fate::Not(how) => how,
    };
    let of_the_orders = |lease: &Leased| attempt.leases.iter().any(|quoted| quoted.id.same_order(&lease.id));
    Turn::Says(Statement::Dead { at, how, held: listed.into_iter().filter(of_the_orders).collect() })
}

impl Statement {
    /// Whether it is the last word of this endpoint.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Open { .. })
    }

    /// The height that shows it.
    pub fn at(&self) -> u64 {
        match self {
            Self::Open { height } => *height,
            Self::Leased { at, .. } | Self::Dead { at, .. } => *at,
        }
    }

    /// Whether both can be true: both say leased, or both that it is dead. One contradiction is left among the dead:
    /// a sequence that was unspent at the last block cannot have been spent before it.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Leased { .. }, Self::Leased { .. }) => true,
            (Self::Dead { at, how, .. }, Self::Dead { at: other_at, how: other, .. }) => {
                match (how.is_expired(), other.is_expired()) {
                    (true, false) => other_at >= at,
                    (false, true) => at >= other_at,
                    _ => true,
                }
            }
            _ => false,
        }
    }
}

impl How {
    fn is_expired(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }

    /// How much it tells: of all that is borne out, the most telling is said.
    fn weight(&self) -> u8 {
        match self {
            Self::Failed { .. } => 5,
            Self::FailedUntold { .. } => 4,
            Self::Expired { verdict: Some(_) } | Self::Superseded { by: Some(_) } => 3,
            Self::Expired { verdict: None } => 2,
            Self::Superseded { by: None } => 1,
            Self::Spent => 0,
        }
    }

    /// The same without what is perhaps known to one endpoint only.
    fn less(&self) -> Self {
        match self {
            Self::Failed { height, .. } => Self::FailedUntold { height: *height },
            Self::Superseded { by: Some(_) } => Self::Superseded { by: None },
            Self::Expired { verdict: Some(_) } => Self::Expired { verdict: None },
            other => other.clone(),
        }
    }

    /// Whether what this says is borne out, all of it, by what the other says.
    fn borne_out_by(&self, other: &Self) -> bool {
        use How::{Expired, Failed, FailedUntold, Spent, Superseded};
        match (self, other) {
            (FailedUntold { height }, Failed { height: at, .. } | FailedUntold { height: at }) => height == at,
            // The one looked before, the other after somebody used the sequence of what had expired.
            (Expired { verdict: None }, Superseded { .. } | Expired { .. })
            | (Superseded { by: None }, Superseded { .. })
            | (Spent, _) => true,
            // The texts may be worded differently.
            (Expired { verdict: Some(verdict) }, Expired { verdict: Some(told) }) => {
                told.is(&verdict.codespace, verdict.code)
            }
            (Failed { height, verdict }, Failed { height: at, verdict: told }) => {
                height == at && told.is(&verdict.codespace, verdict.code)
            }
            _ => self == other,
        }
    }
}

/// The end that `need` of these statements agree on.
pub fn verdict(attempt: &Attempt, said: &[&Statement], need: usize) -> Option<End> {
    said.iter().filter(|first| first.is_final()).find_map(|first| {
        let agreeing: Vec<&Statement> = said.iter().copied().filter(|other| first.agrees(other)).collect();
        (agreeing.len() >= need).then(|| match first {
            Statement::Dead { .. } => dead(attempt, &agreeing, need),
            _ => leased(attempt, &agreeing),
        })
    })
}

fn leased(attempt: &Attempt, agreeing: &[&Statement]) -> End {
    let (mut at, mut made, mut differences) = (None, Vec::new(), Vec::new());
    for statement in agreeing {
        let Statement::Leased { height, leases, .. } = statement else {
            continue;
        };
        at = at.or(*height);
        // Whoever of them sees a difference, it is said.
        for difference in compare(attempt, leases) {
            if !differences.contains(&difference) {
                differences.push(difference);
            }
        }
        made.clone_from(leases);
    }
    if differences.is_empty() {
        End::Done { height: at, leases: made }
    } else {
        End::DoneButDiffers { height: at, leases: made, differences }
    }
}

fn dead(attempt: &Attempt, agreeing: &[&Statement], need: usize) -> End {
    let told: Vec<(&How, &Vec<Leased>)> = agreeing
        .iter()
        .filter_map(|statement| match statement {
            Statement::Dead { how, held, .. } => Some((how, held)),
            _ => None,
        })
        .collect();
    // Nobody's word alone where two are needed: what only one of them knows is left unsaid.
    let how = told
        .iter()
        .flat_map(|(how, _)| [(*how).clone(), how.less()])
        .filter(|how| told.iter().filter(|(other, _)| how.borne_out_by(other)).count() >= need)
        .max_by_key(How::weight);

    let theirs = |lease: &Leased| attempt.leases.iter().all(|quoted| quoted.id != lease.id);
    let first = told.first().map_or(&[][..], |(_, held)| held);
    let others: Vec<Leased> = first
        .iter()
        .filter(|lease| lease.active && theirs(lease) && told.iter().all(|(_, held)| held.contains(lease)))
        .cloned()
        .collect();
    match how {
        _ if !others.is_empty() => {
            let verdict = match how {
                Some(How::Failed { verdict, .. }) => Some(verdict),
                _ => None,
            };
            End::LeasedByOther { leases: others, verdict }
        }
        Some(How::Failed { height, verdict }) => End::Failed { height, verdict: Some(verdict) },
        Some(How::FailedUntold { height }) => End::Failed { height, verdict: None },
        Some(How::Superseded { by }) => End::Superseded { by },
        Some(How::Expired { verdict }) => End::Expired { timeout_height: attempt.timeout_height, verdict },
        Some(How::Spent) | None => End::NoLease,
    }
}

/// Provider and order are the same, being the id; what is left is the price, as an integer, and whether it still runs.
fn compare(attempt: &Attempt, leases: &[Leased]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (quoted, lease) in attempt.leases.iter().zip(leases) {
        let gseq = quoted.id.gseq;
        if quoted.price != lease.price {
            differences.push(Difference::Price { gseq, quoted: quoted.price.clone(), leased: lease.price.clone() });
        }
        if !lease.active {
            differences.push(Difference::Closed { gseq });
        }
    }
    differences
}
