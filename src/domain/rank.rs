//! Which rows are shown, in which order, and how many are hidden by what.

use super::appraise::{Blocker, Market, Row};
use super::bid::{Address, BidId, BidState};
use super::diff::Fit;
use super::field::{At, Field, Value};
use super::query::{Query, QueryError, Verdict, judge};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
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
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut keys = Vec::new();
        let mut column = 1;
        for part in text.split(',') {
            let blanks = part.chars().take_while(|c| c.is_whitespace()).count();
            let name = part.trim();
            let (name, descending) = name.strip_suffix('-').map_or((name, false), |name| (name, true));
            let wrong = |message| QueryError { column: column + blanks, message };
            if name.is_empty() {
                return Err(wrong("a field is missing, as in vram-,usd".to_owned()));
            }
            let field = Field::parse(name).map_err(|unknown| wrong(unknown.to_string()))?;
            keys.push(SortKey { field, descending });
            column += part.chars().count() + 1;
        }
        Ok(Self { keys })
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
    /// Providers whose bids a person does not want to see; none shows all.
    pub blocked: &'a BTreeSet<Address>,
}

/// The rows to show, and what is not shown: `rows.len()` and the four counts of `hidden` add up to `total`.
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
    /// Of blocked providers, of those that are neither older nor withdrawn.
    pub blocked: usize,
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

/// Filters and sorts. Ties go by provider address, then by the whole id, whatever the direction.
pub fn arrange(market: &Market, at: &At, scope: &Scope<'_>, query: &Query, sort: &Sort) -> View {
    let clauses = query.clauses();
    let mut view = View::default();
    let mut counts = vec![(0usize, 0usize); clauses.len()];
    for (place, row) in (0u32..).zip(&market.rows) {
        if scope.gseq.is_some_and(|gseq| row.bid.id.gseq != gseq) {
            continue;
        }
        view.total += 1;
        if row.older_order && !scope.older {
            view.hidden.older += 1;
            continue;
        }
        if withdrawn(row) && !scope.withdrawn && !(scope.lingering)(&row.bid.id) {
            view.hidden.withdrawn += 1;
            continue;
        }
        if scope.blocked.contains(&row.bid.id.provider) {
            view.hidden.blocked += 1;
            continue;
        }
        let mut keeps = true;
        for (clause, (removed, unknown)) in clauses.iter().zip(&mut counts) {
            match judge(clause, row, at) {
                Verdict::Keeps => continue,
                Verdict::Removes => *removed += 1,
                Verdict::Unknown => *unknown += 1,
            }
            keeps = false;
        }
        if keeps {
            view.rows.push(place);
        } else {
            view.hidden.filtered += 1;
        }
    }
    let counted = clauses.iter().zip(counts);
    view.hidden.clauses = counted
        .map(|(clause, (removed, unknown))| ClauseCount { clause: clause.to_string(), removed, unknown })
        .collect();
    order(&mut view.rows, market, at, sort);
    view
}

/// Whether the provider took the bid back while it could have been taken: nothing else stands in its way.
fn withdrawn(row: &Row) -> bool {
    matches!(&*row.blockers, [Blocker::BidNotOpen(BidState::Closed)])
}

/// What a row is ordered by in one field, worked out once.
enum Key<'a> {
    Number(Decimal),
    Text(Cow<'a, str>),
    Place(u8),
    /// Unknown, or nothing there: behind all others in both directions.
    Last,
}

impl Key<'_> {
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ordering = match (self, other) {
            (Self::Last, Self::Last) => return Ordering::Equal,
            (Self::Last, _) => return Ordering::Greater,
            (_, Self::Last) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Place(a), Self::Place(b)) => a.cmp(b),
            // One field gives one kind of key.
            _ => Ordering::Equal,
        };
        if descending { ordering.reverse() } else { ordering }
    }
}

/// Yes before no, the better fit first. Of several possible values the least counts, of several names the first.
fn key(value: Value<'_>) -> Key<'_> {
    match value {
        Value::Number(number) => Key::Number(number),
        Value::Text(text) => {
            let plain = text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
            Key::Text(if plain { text } else { Cow::Owned(text.to_lowercase()) })
        }
        Value::AnyOf(texts) => texts.into_iter().next().map_or(Key::Last, |text| key(Value::Text(text))),
        Value::AllOf(values) => {
            let least = values.into_iter().map(key).reduce(|a, b| match (&a, &b) {
                (Key::Last, _) | (_, Key::Last) => Key::Last,
                _ if b.compare(&a, false).is_lt() => b,
                _ => a,
            });
            least.unwrap_or(Key::Last)
        }
        Value::Flag(yes) => Key::Place(u8::from(!yes)),
        Value::Level(fit) => Key::Place(match fit {
            Fit::Exact => 0,
            Fit::More => 1,
            Fit::Unclear => 2,
            Fit::Short => 3,
            Fit::Wrong => 4,
        }),
        Value::Absent | Value::Unknown => Key::Last,
    }
}

/// The default order puts what meets the request in one class: more of something is no worse.
fn default_keys<'a>(row: &'a Row, at: &At) -> [Key<'a>; 3] {
    let met = |fit: Fit| if fit.met() { Fit::Exact } else { fit };
    [
        key(Value::Flag(row.takeable())),
        key(row.fit.map_or(Value::Unknown, |fit| Value::Level(met(fit)))),
        key(Field::Usd.sort_value(row, at)),
    ]
}

fn order(places: &mut [u32], market: &Market, at: &At, sort: &Sort) {
    let width = if sort.keys.is_empty() { 3 } else { sort.keys.len() };
    // All keys in one piece: row n has those from n × width.
    let mut keys: Vec<Key<'_>> = Vec::with_capacity(places.len() * width);
    let mut rows: Vec<(usize, u32, &BidId)> = Vec::with_capacity(places.len());
    for place in places.iter() {
        let Some(row) = usize::try_from(*place).ok().and_then(|place| market.rows.get(place)) else { continue };
        rows.push((keys.len(), *place, &row.bid.id));
        if sort.keys.is_empty() {
            keys.extend(default_keys(row, at));
        } else {
            keys.extend(sort.keys.iter().map(|by| key(by.field.sort_value(row, at))));
        }
    }
    let by_keys = |a: usize, b: usize| {
        (0..width)
            .map(|n| keys[a + n].compare(&keys[b + n], sort.keys.get(n).is_some_and(|key| key.descending)))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    rows.sort_by(|(a, _, one), (b, _, other)| {
        by_keys(*a, *b).then_with(|| one.provider.cmp(&other.provider)).then_with(|| one.cmp(other))
    });
    for (place, (_, sorted, _)) in places.iter_mut().zip(rows) {
        *place = sorted;
    }
}
