//! Which rows are shown, in which order, and how many are hidden by what.

use super::appraise::Market;
use super::bid::BidId;
use super::field::{At, Field};
use super::query::{Query, QueryError};
use std::fmt;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SortKey {
    pub field: Field,
    pub descending: bool,
}

/// Fields to sort by, the first first. Empty is the default order: takeable, then fit, then dollars.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sort {
    pub keys: Vec<SortKey>,
}

impl Sort {
    /// Reads `vram-,usd`; a trailing `-` is descending; nothing is the default order.
    pub fn parse(_text: &str) -> Result<Self, QueryError> {
        Ok(Self::default())
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, key) in self.keys.iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            write!(f, "{comma}{}{}", key.field.alias(), if key.descending { "-" } else { "" })?;
        }
        Ok(())
    }
}

/// Which rows are looked at before any filter.
pub struct Scope<'a> {
    /// One group only.
    pub gseq: Option<u32>,
    /// Bids of earlier orders too.
    pub older: bool,
    /// Bids too that their provider withdrew while the order is open.
    pub withdrawn: bool,
    /// Withdrawn bids that stay for a moment, so that a person sees them go.
    pub lingering: &'a dyn Fn(&BidId) -> bool,
}

/// The rows to show, and what is not shown: `rows.len()` and the three counts of `hidden` add up to `total`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// Places in [`Market::rows`], in the asked order.
    pub rows: Vec<u32>,
    /// Rows of the group, or of all.
    pub total: usize,
    pub hidden: Hidden,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hidden {
    /// Of an earlier order.
    pub older: usize,
    pub withdrawn: usize,
    /// By the query, whichever clause.
    pub filtered: usize,
    /// Each clause of the query, taken alone.
    pub clauses: Vec<ClauseCount>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClauseCount {
    pub clause: String,
    pub removed: usize,
    /// Rows that it could not judge; hidden too.
    pub unknown: usize,
}

/// Filters and sorts.
pub fn arrange(market: &Market, _at: &At, scope: &Scope<'_>, _query: &Query, _sort: &Sort) -> View {
    let _ = (scope.gseq, scope.older, scope.withdrawn, scope.lingering);
    let rows: Vec<u32> = (0u32..).take(market.rows.len()).collect();
    View { total: rows.len(), rows, hidden: Hidden::default() }
}
