//! The filter language: read, print, judge.

use super::appraise::Row;
use super::field::At;
use std::fmt;

/// Why a filter or a sort order was not understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueryError {
    /// Where, in characters from 1.
    pub column: usize,
    /// A sentence: what is wrong and what to write.
    pub message: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

/// Clauses that a row must all meet; none keeps everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    clauses: Vec<Clause>,
}

/// One condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    negated: bool,
}

/// What a clause says of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Keeps,
    Removes,
    /// The row's value is not known: it is hidden, and counted apart.
    Unknown,
}

impl Query {
    pub fn parse(_text: &str) -> Result<Self, QueryError> {
        Ok(Self::default())
    }

    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }
}

impl fmt::Display for Query {
    /// As it would be typed: parsing what is printed gives the same query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, clause) in self.clauses.iter().enumerate() {
            write!(f, "{}{clause}", if n > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.negated { "!" } else { "" })
    }
}

/// Whether a clause keeps a row.
pub fn judge(_clause: &Clause, _row: &Row, _at: &At) -> Verdict {
    Verdict::Keeps
}
