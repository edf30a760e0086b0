//! A run of a certain length: what a bid costs for it, and whether the escrow lasts.

use super::appraise::{Blocker, Row};
use super::bid::Snapshot;
use super::field::Kind;
use super::query::measure;
use super::text::Clean;
use rust_decimal::Decimal;
use std::fmt;

/// How long something is to run: from a second to some hundred years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RunLength {
    seconds: u32,
}

/// The longest run that is reckoned, in seconds: a hundred years.
const LONGEST_S: u32 = 36_525 * 86_400;

impl RunLength {
    /// Reads `90s`, `45m`, `6h`, `1.5d`: whole seconds, at most a hundred years. The unit must be said.
    ///
    /// # Errors
    /// A sentence: what is taken.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let wrong = || format!("{} is no length of a run: write 90s, 45m, 6h or 7d", Clean::new(typed));
        let typed = typed.trim();
        if !typed.ends_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(wrong());
        }
        let seconds = measure(Kind::Duration, typed, Decimal::ONE).map_err(|_| wrong())?;
        let whole = seconds.is_integer().then_some(seconds.mantissa()).and_then(|s| u32::try_from(s).ok());
        let seconds = whole.filter(|seconds| (1..=LONGEST_S).contains(seconds)).ok_or_else(wrong)?;
        Ok(Self { seconds })
    }

    pub fn seconds(self) -> u32 {
        self.seconds
    }

    /// What a bid costs for it.
    pub fn of(self, row: &Row, snapshot: &Snapshot) -> Run {
        let block_time = snapshot.chain.block_time;
        Run {
            usd: row.usd_block.and_then(|usd| block_time.over_seconds(usd, self.seconds)),
            escrow_lasts: runway_s(row, snapshot).map(|left| left >= i64::from(self.seconds)),
        }
    }
}

impl fmt::Display for RunLength {
    /// In the largest unit that leaves no rest: `6h`, `90m`; what is printed is read as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
        let (unit, length) = units.into_iter().find(|(_, s)| self.seconds.is_multiple_of(*s)).unwrap_or(("s", 1));
        write!(f, "{}{unit}", self.seconds / length)
    }
}

/// A run on a bid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Dollars at today's rate. `None` where the coin has none.
    pub usd: Option<Decimal>,
    /// Whether what is in the escrow now pays for all of it, besides the leases that run already. `None`: not known.
    pub escrow_lasts: Option<bool>,
}

/// Seconds that the escrow lasts with this bid and all that runs already; 0 with no funds in the bid's coin. `None`:
/// not known, or it is too late for this bid.
pub fn runway_s(row: &Row, snapshot: &Snapshot) -> Option<i64> {
    let escrow = snapshot.deployment.as_ref()?.escrow.as_ref()?;
    let leases = snapshot.leases.as_deref()?;
    let coin = &row.bid.price.denom;
    let more = if row.takeable() {
        Some(&row.bid.price)
    } else if row.blockers == [Blocker::Leased] {
        None
    } else {
        return None;
    };
    if !escrow.funds.iter().any(|funds| funds.denom == *coin) {
        return Some(0);
    }
    escrow.runway_s(leases, more, snapshot.chain.height?, snapshot.chain.block_time)
}
