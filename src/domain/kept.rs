//! What a person marked and arranged, kept from one run to the next.

use super::bid::Address;
use super::field::Field;
use super::rank::Sort;
use std::collections::BTreeSet;

/// What the state file holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// Providers marked with `f`.
    pub favourites: BTreeSet<Address>,
    /// Providers marked with `b`: their bids are hidden, and counted.
    pub blocked: BTreeSet<Address>,
    /// Columns of the table, from left to right; `None`: the usual ones.
    pub columns: Option<Vec<Field>>,
    pub sort: Option<Sort>,
    /// As it would be typed.
    pub filter: Option<String>,
}
