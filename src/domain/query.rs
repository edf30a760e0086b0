//! The filter language: read, print, judge.
//!
//! ```text
//! gpu=a100|h100  vram>=40  usd<2.5  fit<=more  region=us*  org="Foundry Staking"  attr.tier=community
//! audited  !takeable  !provider=akash1…  words  "several words"  @saved  !@saved
//! ```
//!
//! A row must meet every clause. `|` inside a value is OR, `!` negates, `*` (and the `…` of a shortened text) is a wildcard.
//! A comparison of a value that is not known is neither true nor false: the row goes, negated or not.

use super::appraise::Row;
use super::auditor::Auditors;
use super::bid::Address;
use super::diff::Fit;
use super::field::{At, Field, Kind, Value, edits, nearest};
use super::money::{self, AmountError};
use super::text::Clean;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
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
    test: Test,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Test {
    /// One of these is somewhere in the text of the row.
    Words(Vec<Pattern>),
    Flag(Field),
    /// `@name`: all that the saved filter asks for.
    Saved {
        name: String,
        query: Query,
    },
    /// Only `=` and `!=`.
    Text {
        field: Field,
        op: Op,
        values: Vec<Pattern>,
        /// Of an auditor typed by name: the addresses that go by it.
        addresses: Vec<Address>,
    },
    Number {
        field: Field,
        op: Op,
        values: Vec<Literal>,
    },
    Level {
        field: Field,
        op: Op,
        values: Vec<Fit>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Op {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    /// Longer signs first, so that `<=` is not read as `<`.
    const ALL: [Self; 6] = [Self::Unequal, Self::AtMost, Self::AtLeast, Self::Equal, Self::Less, Self::More];

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn ordered(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    /// Whether it holds; `!=` is judged as the negation of `=`.
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal | Self::Unequal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::More => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

/// A number as it was typed, and what it is in the field's unit.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Literal {
    typed: String,
    value: Decimal,
}

/// Text to look for, with wildcards.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pattern {
    typed: Clean,
    /// Lower case, what stands between the wildcards.
    pieces: Vec<String>,
}

impl Pattern {
    /// `None` for text of nothing but white space.
    fn new(typed: &str, fold: fn(&str) -> Cow<'_, str>) -> Option<Self> {
        let typed = Clean::new(typed).non_empty()?;
        let pieces = typed.split(['*', '…']).map(|piece| fold(piece).into_owned()).collect();
        Some(Self { typed, pieces })
    }

    /// Whether the whole of a folded text is this.
    fn is(&self, text: &str) -> bool {
        let [first, rest @ ..] = &*self.pieces else { return false };
        let Some((last, middle)) = rest.split_last() else { return text == first };
        let Some(mut left) = text.strip_prefix(&**first).and_then(|t| t.strip_suffix(&**last)) else { return false };
        middle.iter().all(|piece| skip_past(&mut left, piece))
    }

    /// Whether a text holds this somewhere, in either case.
    fn is_in(&self, text: &str) -> bool {
        if text.is_ascii() {
            let mut left = text.as_bytes();
            return self.pieces.iter().all(|piece| skip_past_ascii(&mut left, piece.as_bytes()));
        }
        let text = text.to_lowercase();
        let mut left = &*text;
        self.pieces.iter().all(|piece| skip_past(&mut left, piece))
    }
}

fn skip_past(text: &mut &str, piece: &str) -> bool {
    match text.find(piece) {
        Some(at) => {
            *text = &text[at + piece.len()..];
            true
        }
        None => false,
    }
}

/// As [`skip_past`], without a lower-case copy: ten thousand rows have many words.
fn skip_past_ascii(text: &mut &[u8], piece: &[u8]) -> bool {
    let Some(first) = piece.first() else { return true };
    let begins = |found: &[u8]| {
        found.first().is_some_and(|b| b.to_ascii_lowercase() == *first) && found.eq_ignore_ascii_case(piece)
    };
    match text.windows(piece.len()).position(begins) {
        Some(at) => {
            *text = &text[at + piece.len()..];
            true
        }
        None => false,
    }
}

/// Lower case; most text of a chain is already.
fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Lower case without what people write between the parts of a card's name: `RTX 4090`, `rtx-4090`.
fn lower_card(text: &str) -> Cow<'_, str> {
    let between = |c: char| matches!(c, ' ' | '-' | '_');
    let text = lower(text);
    if text.contains(between) { Cow::Owned(text.replace(between, "")) } else { text }
}

/// What a clause says of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Keeps,
    Removes,
    /// The row's value is not known: it is hidden, and counted apart.
    Unknown,
}

impl Verdict {
    fn of(keeps: bool) -> Self {
        if keeps { Self::Keeps } else { Self::Removes }
    }

    /// Of two that must both keep.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Removes, _) | (_, Self::Removes) => Self::Removes,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Keeps,
        }
    }

    /// What is not known stays unknown.
    fn negated(self) -> Self {
        match self {
            Self::Keeps => Self::Removes,
            Self::Removes => Self::Keeps,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Query {
    /// Reads a filter; nothing but white space keeps every row.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Self::parse_with(text, &SavedFilters::default())
    }

    /// Reads a filter in which `@name` stands for the saved filter of that name.
    pub fn parse_with(text: &str, saved: &SavedFilters) -> Result<Self, QueryError> {
        let mut reader = Reader { chars: text.chars().collect(), at: 0 };
        let mut clauses = Vec::new();
        loop {
            reader.skip_while(char::is_whitespace);
            if reader.peek().is_none() {
                return Ok(Self { clauses }.naming(&Auditors::default()));
            }
            clauses.push(reader.clause(saved)?);
        }
    }

    /// Lets auditors be typed by these names too. The well-known ones already may.
    #[must_use]
    pub fn naming(mut self, auditors: &Auditors) -> Self {
        for clause in &mut self.clauses {
            match &mut clause.test {
                Test::Text { field: Field::Auditor, values, addresses, .. } => {
                    let named = auditors.iter().filter(|(_, name)| values.iter().any(|value| value.is(&lower(name))));
                    *addresses = named.map(|(address, _)| address.clone()).collect();
                }
                Test::Saved { query, .. } => *query = std::mem::take(query).naming(auditors),
                _ => {}
            }
        }
        self
    }

    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }
}

/// Filters by name, for `@name`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SavedFilters(BTreeMap<String, Query>);

impl SavedFilters {
    /// Adds a filter; one of that name is replaced. Those added before may be named in its text, so no filter can come
    /// to name itself.
    ///
    /// # Errors
    /// The name cannot be typed as one, or the text is no filter.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), QueryError> {
        if !is_saved_name(name) {
            let name = Clean::new(name);
            return fail(0, format!("{name} cannot be typed as @name: letters, digits, - and _ make a name"));
        }
        let query = Query::parse_with(text, self)?;
        self.0.insert(name.to_lowercase(), query);
        Ok(())
    }

    /// Names in the order of the alphabet, with their filters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Query)> {
        self.0.iter().map(|(name, query)| (&**name, query))
    }

    fn get(&self, at: usize, name: &str) -> Result<&Query, QueryError> {
        let lower = name.to_lowercase();
        self.0.get(&lower).ok_or_else(|| {
            let name = Clean::new(name);
            let near = nearest(&lower, self.0.keys().map(String::as_str));
            let hint = match near {
                Some(near) => format!("the nearest is @{near}"),
                None if self.0.is_empty() => "none is saved: write one under [filters] in config.toml".to_owned(),
                None => format!("there are @{}", self.0.keys().cloned().collect::<Vec<_>>().join(" @")),
            };
            error(at, format!("there is no saved filter @{name}; {hint}"))
        })
    }
}

fn is_saved_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// Walks over the characters of a filter.
struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_while(&mut self, skip: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&skip) {
            self.at += 1;
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let here = self.chars[self.at..].iter().copied();
        let found = here.take(sign.len()).eq(sign.chars());
        if found {
            self.at += sign.len();
        }
        found
    }

    fn text(&self, from: usize) -> String {
        self.chars[from..self.at].iter().collect()
    }

    /// Whether a comparison sign begins here.
    fn at_sign(&self) -> bool {
        match self.peek() {
            Some('=' | '<' | '>') => true,
            Some('!') => self.chars.get(self.at + 1) == Some(&'='),
            _ => false,
        }
    }

    fn clause(&mut self, saved: &SavedFilters) -> Result<Clause, QueryError> {
        let negation = self.at;
        let negated = self.peek() == Some('!') && !self.at_sign();
        if negated {
            self.at += 1;
            match self.peek() {
                None => return fail(negation, "a field or a word is missing after !"),
                Some('!') => return fail(self.at, "one ! is enough"),
                Some(c) if c.is_whitespace() => return fail(negation, "write ! right before its field or word"),
                Some(_) => {}
            }
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && !matches!(c, '|' | '"')) && !self.at_sign() {
            self.at += 1;
        }
        let name = self.text(start);
        if let Some(saved_name) = name.strip_prefix('@').filter(|name| is_saved_name(name))
            && !self.at_sign()
            && self.peek().is_none_or(char::is_whitespace)
        {
            let query = saved.get(start, saved_name)?.clone();
            return Ok(Clause { negated, test: Test::Saved { name: saved_name.to_lowercase(), query } });
        }
        if self.at_sign() {
            return self.comparison(start, &name, negated);
        }
        if self.peek().is_none_or(char::is_whitespace)
            && let Ok(field) = Field::parse(&name)
            && stands_alone(&field)
        {
            return Ok(Clause { negated, test: Test::Flag(field) });
        }
        self.at = start;
        let words = self.alternatives("", true)?;
        let pattern = |(column, word): (usize, String)| {
            Pattern::new(&word, lower).ok_or_else(|| error(column, "a word is missing between the quotation marks"))
        };
        Ok(Clause { negated, test: Test::Words(words.into_iter().map(pattern).collect::<Result<_, _>>()?) })
    }

    fn comparison(&mut self, start: usize, name: &str, negated: bool) -> Result<Clause, QueryError> {
        let sign_at = self.at;
        let Some(op) = Op::ALL.into_iter().find(|op| self.take(op.sign())) else {
            return fail(sign_at, "a comparison is = != < <= > or >=");
        };
        if name.is_empty() {
            return fail(start, format!("a field is missing right before {}", op.sign()));
        }
        let field = Field::parse(name).map_err(|unknown| error(start, unknown.to_string()))?;
        if matches!(self.peek(), Some('=' | '<' | '>')) {
            return fail(sign_at, "a comparison is = != < <= > or >=");
        }
        let alias = field.alias();
        let kind = field.kind();
        if op.ordered() && matches!(kind, Kind::Text | Kind::Flag) {
            let what = if kind == Kind::Text { "text" } else { "yes or no" };
            let instead = if kind == Kind::Text {
                format!("{alias}=… or {alias}!=…")
            } else {
                format!("{alias} or !{alias}")
            };
            return fail(sign_at, format!("{alias} is {what}: write {instead}"));
        }
        let values = self.alternatives(&format!("{alias}{}", op.sign()), false)?;
        if let [_, (column, _), ..] = &*values
            && (op.ordered() || kind == Kind::Flag)
        {
            return fail(*column, format!("| goes with = and != of words and numbers only: give {alias} one value"));
        }
        let test = match kind {
            Kind::Text => {
                let fold = if field == Field::Gpu { lower_card } else { lower };
                let pattern = |(column, typed): (usize, String)| {
                    Pattern::new(&typed, fold)
                        .ok_or_else(|| error(column, format!("a value is missing after {alias}{}", op.sign())))
                };
                let values: Vec<Pattern> = values.into_iter().map(pattern).collect::<Result<_, _>>()?;
                Test::Text { op, values, field, addresses: Vec::new() }
            }
            Kind::Flag => {
                let yes = values.iter().try_fold(true, |_, (column, typed)| match &*typed.to_lowercase() {
                    "true" | "yes" => Ok(true),
                    "false" | "no" => Ok(false),
                    _ => fail(*column, format!("{alias} is yes or no: write {alias} or !{alias}")),
                })?;
                return Ok(Clause { negated: negated != (yes == (op == Op::Unequal)), test: Test::Flag(field) });
            }
            Kind::Level => {
                let level = |(column, typed): (usize, String)| level(column, &typed, &alias);
                Test::Level { op, values: values.into_iter().map(level).collect::<Result<_, _>>()?, field }
            }
            _ => {
                let full = name.eq_ignore_ascii_case(&field.name()) && !name.eq_ignore_ascii_case(&alias);
                let unit = if full { field.name_unit() } else { Decimal::ONE };
                let literal = |(column, typed): (usize, String)| literal(column, &typed, &field, unit);
                Test::Number { op, values: values.into_iter().map(literal).collect::<Result<_, _>>()?, field }
            }
        };
        Ok(Clause { negated, test })
    }

    /// `a|"b c"`, each with its column. `after` is what stands before, for the sentence when one is missing.
    fn alternatives(&mut self, after: &str, words: bool) -> Result<Vec<(usize, String)>, QueryError> {
        let mut found = Vec::new();
        loop {
            let start = self.at;
            let value = if self.peek() == Some('"') { self.quoted()? } else { self.bare(words)? };
            if value.trim().is_empty() {
                return fail(
                    start,
                    match (found.is_empty(), words) {
                        (false, _) => "a value is missing after |".to_owned(),
                        (true, false) => format!("a value is missing after {after}"),
                        (true, true) => "a word is missing here".to_owned(),
                    },
                );
            }
            found.push((start, value));
            match self.peek() {
                Some('|') => self.at += 1,
                None => return Ok(found),
                Some(c) if c.is_whitespace() => return Ok(found),
                Some(_) => return fail(self.at, "write a space or | after the quotation mark"),
            }
        }
    }

    fn bare(&mut self, word: bool) -> Result<String, QueryError> {
        let start = self.at;
        self.skip_while(|c| !c.is_whitespace() && !matches!(c, '|' | '"'));
        if self.peek() == Some('"') {
            return fail(self.at, "begin the quotation mark before the whole of it, as in org=\"Foundry Staking\"");
        }
        let text = self.text(start);
        if word && let Some(sign) = text.find(['=', '<', '>']) {
            let sign = start + text[..sign].chars().count();
            return fail(sign, "| does not join comparisons: write field=this|that, or quote the words");
        }
        Ok(text)
    }

    /// Between quotation marks `\"` and `\\` stand for themselves.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                c => text.push(c),
            }
        }
        fail(start, "the quotation mark is not closed")
    }
}

fn error(at: usize, message: impl Into<String>) -> QueryError {
    QueryError { column: at + 1, message: message.into() }
}

fn fail<T>(at: usize, message: impl Into<String>) -> Result<T, QueryError> {
    Err(error(at, message))
}

/// Whether a name alone is a clause: a flag, or a provider attribute that must be there.
fn stands_alone(field: &Field) -> bool {
    matches!(field, Field::Attribute(_)) || field.kind() == Kind::Flag
}

fn level(column: usize, typed: &str, alias: &str) -> Result<Fit, QueryError> {
    let typed = typed.to_lowercase();
    Fit::ALL.into_iter().find(|level| level.as_str() == typed).ok_or_else(|| {
        let near = Fit::ALL.into_iter().min_by_key(|level| edits(&typed, level.as_str()));
        let near = near.map_or("exact", Fit::as_str);
        let typed = Clean::new(&typed);
        let message =
            format!("{typed} is no level of {alias}: exact, more, unclear, short, wrong; as in {alias}<={near}");
        error(column, message)
    })
}

/// A unit: how it is typed, and mantissa and decimals of what it multiplies by.
type NumberUnit = (&'static str, i64, u32);

/// The units that numbers of a kind take, and a number of the kind as it may be written.
fn units(kind: Kind) -> (&'static [NumberUnit], &'static str) {
    const THOUSANDS: &[NumberUnit] = &[("k", 1_000, 0), ("K", 1_000, 0), ("M", 1_000_000, 0), ("G", 1_000_000_000, 0)];
    match kind {
        Kind::Money => (THOUSANDS, "2.5 or 1k"),
        Kind::Cpus => (&[("m", 1, 3), ("k", 1_000, 0), ("K", 1_000, 0)], "8 or 500m"),
        Kind::Bytes => (
            &[
                ("ki", 1 << 10, 0),
                ("mi", 1 << 20, 0),
                ("gi", 1 << 30, 0),
                ("ti", 1 << 40, 0),
                ("k", 1_000, 0),
                ("m", 1_000_000, 0),
                ("g", 1_000_000_000, 0),
                ("t", 1_000_000_000_000, 0),
            ],
            "64Gi or 512Mi",
        ),
        Kind::Gib => (
            &[("gi", 1, 0), ("g", 1, 0), ("ti", 1024, 0), ("t", 1024, 0), ("mi", 9_765_625, 10)],
            "40 or 80Gi (in GiB)",
        ),
        Kind::Duration => (&[("s", 1, 0), ("m", 60, 0), ("h", 3_600, 0), ("d", 86_400, 0)], "90s, 2m, 24h or 7d"),
        Kind::Ratio => (&[("%", 1, 2)], "5% or 0.05"),
        Kind::Count | Kind::Text | Kind::Flag | Kind::Level => (THOUSANDS, "2"),
    }
}

/// Reads a number with its unit; one without a unit counts `unit`.
fn literal(column: usize, typed: &str, field: &Field, unit: Decimal) -> Result<Literal, QueryError> {
    let kind = field.kind();
    let alias = field.alias();
    let typed = typed.trim();
    match measure(kind, typed, unit) {
        Ok(value) if unit == Decimal::ONE => Ok(Literal { typed: typed.to_owned(), value }),
        // It prints under the alias, and so in the alias's unit.
        Ok(value) => Ok(Literal { typed: value.to_string(), value }),
        Err(AmountError::TooLong) => fail(column, format!("{} is more than can be compared", Clean::new(typed))),
        Err(AmountError::NotANumber) => {
            let (typed, (_, example)) = (Clean::new(typed), units(kind));
            fail(column, format!("{alias} cannot be compared with {typed}: write a number such as {example}"))
        }
    }
}

/// A number with a unit of its kind, in the unit that [`Kind`] names; one without counts `unit`.
pub(super) fn measure(kind: Kind, typed: &str, unit: Decimal) -> Result<Decimal, AmountError> {
    let (units, _) = units(kind);
    let digits = typed.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
    let mut suffix = typed[digits.len()..].to_owned();
    if matches!(kind, Kind::Bytes | Kind::Gib) {
        suffix.make_ascii_lowercase();
        if suffix.len() > 1 && suffix.ends_with('b') {
            suffix.pop();
        }
    }
    let factor = if suffix.is_empty() {
        Some(unit)
    } else {
        let known = units.iter().find(|(name, ..)| *name == suffix);
        known.map(|(_, mantissa, scale)| Decimal::new(*mantissa, *scale))
    };
    let whole = if digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
    let number = money::parse_decimal(&whole);
    if number == Err(AmountError::TooLong) {
        return Err(AmountError::TooLong);
    }
    let factor = factor.ok_or(AmountError::NotANumber)?;
    Ok(number?.checked_mul(factor).ok_or(AmountError::TooLong)?.normalize())
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
        if self.negated {
            f.write_str("!")?;
        }
        match &self.test {
            Test::Words(words) => join(f, words, |f, word| quote(f, &word.typed, word_needs_quotes)),
            Test::Flag(field) => f.write_str(&field.alias()),
            Test::Saved { name, .. } => write!(f, "@{name}"),
            Test::Text { field, op, values, .. } => {
                write!(f, "{}{}", field.alias(), op.sign())?;
                join(f, values, |f, value| quote(f, &value.typed, value_needs_quotes))
            }
            Test::Number { field, op, values } => {
                write!(f, "{}{}", field.alias(), op.sign())?;
                join(f, values, |f, value| f.write_str(&value.typed))
            }
            Test::Level { field, op, values } => {
                write!(f, "{}{}", field.alias(), op.sign())?;
                join(f, values, |f, value| f.write_str(value.as_str()))
            }
        }
    }
}

fn join<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    show: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            f.write_str("|")?;
        }
        show(f, item)?;
    }
    Ok(())
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str, needed: fn(&str) -> bool) -> fmt::Result {
    if !needed(text) {
        return f.write_str(text);
    }
    f.write_str("\"")?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}

/// A value as it would be typed after a field, in quotation marks where it needs them.
pub fn shown_value(text: &str) -> String {
    struct Shown<'a>(&'a str);
    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            quote(f, self.0, value_needs_quotes)
        }
    }
    Shown(text).to_string()
}

fn value_needs_quotes(text: &str) -> bool {
    text.contains(|c: char| c.is_whitespace() || matches!(c, '|' | '"')) || text.starts_with(['=', '<', '>'])
}

fn word_needs_quotes(text: &str) -> bool {
    text.contains(|c: char| c.is_whitespace() || matches!(c, '|' | '"' | '=' | '<' | '>'))
        || text.starts_with('!')
        || text.strip_prefix('@').is_some_and(is_saved_name)
        || Field::parse(text).is_ok_and(|field| stands_alone(&field))
}

/// Whether a clause keeps a row.
pub fn judge(clause: &Clause, row: &Row, at: &At) -> Verdict {
    let negated = clause.negated;
    match &clause.test {
        Test::Words(words) => Verdict::of(words.iter().any(|word| says(row, word)) != negated),
        // Of a provider that is known it is known what it declares.
        Test::Flag(field @ Field::Attribute(_)) if row.provider.is_some() => {
            Verdict::of((field.value(row, at) != Value::Unknown) != negated)
        }
        Test::Flag(field) => decide(&field.value(row, at), negated, &|value| *value == Value::Flag(true)),
        Test::Saved { query, .. } => {
            let all = query.clauses.iter().map(|clause| judge(clause, row, at)).fold(Verdict::Keeps, Verdict::and);
            if negated { all.negated() } else { all }
        }
        Test::Text { field, op, values, addresses } => {
            let fold = if *field == Field::Gpu { lower_card } else { lower };
            let is = |text: &str| {
                let text = fold(text);
                // Providers name a card with and without its family: rtx4090 and 4090.
                let bare = text.strip_prefix("rtx").or_else(|| text.strip_prefix("gtx"));
                let bare = bare.filter(|_| *field == Field::Gpu);
                values.iter().any(|value| value.is(&text) || bare.is_some_and(|bare| value.is(bare)))
                    || addresses.iter().any(|address| address.as_str() == text)
            };
            decide(&field.value(row, at), negated != (*op == Op::Unequal), &|value| match value {
                Value::Text(text) => is(text),
                Value::AnyOf(texts) => texts.iter().any(|text| is(text)),
                _ => false,
            })
        }
        Test::Number { field, op, values } => {
            decide(&field.value(row, at), negated != (*op == Op::Unequal), &|value| match value {
                Value::Number(number) => values.iter().any(|value| op.holds(number.cmp(&value.value))),
                _ => false,
            })
        }
        Test::Level { field, op, values } => {
            decide(&field.value(row, at), negated != (*op == Op::Unequal), &|value| match value {
                Value::Level(level) => values.iter().any(|value| op.holds(level.cmp(value))),
                _ => false,
            })
        }
    }
}

/// What cannot be known is unknown either way; what is not there meets a negation only; of several possible
/// values each must do.
fn decide(value: &Value<'_>, negated: bool, test: &dyn Fn(&Value<'_>) -> bool) -> Verdict {
    match value {
        Value::Unknown => Verdict::Unknown,
        Value::Absent => Verdict::of(negated),
        Value::AllOf(values) => {
            let verdicts = values.iter().map(|value| decide(value, negated, test));
            verdicts.fold(Verdict::Keeps, Verdict::and)
        }
        value => Verdict::of(test(value) != negated),
    }
}

/// Whether a word is anywhere in the text of the row, as a person reads it. The provider's list of all the GPUs it
/// owns is left out: it says nothing of the one that is offered.
fn says(row: &Row, word: &Pattern) -> bool {
    let has = |text: &str| word.is_in(text);
    let bid = &row.bid;
    has(bid.id.provider.as_str())
        || row.provider.as_deref().is_some_and(|provider| {
            provider.host.as_ref().is_some_and(|host| has(host))
                || provider.attributes.iter().any(|(key, value)| {
                    if **value == *"true" { !key.starts_with("capabilities/") && has(key) } else { has(value) }
                })
                || provider.audits.iter().flatten().any(|audit| has(audit.auditor.as_str()))
        })
        || has(bid.state.as_str())
        || row.blockers.iter().any(|blocker| has(blocker.short()))
        || row
            .gpus
            .kinds()
            .iter()
            .flat_map(|gpu| &gpu.kinds)
            .any(|kind| has(&kind.vendor) || [&kind.model, &kind.interface].into_iter().flatten().any(|text| has(text)))
        || has(bid.price.denom.as_str())
        || has(&bid.price.denom.short())
        || row.fit.is_some_and(|fit| has(fit.as_str()))
        || has(&row.gpu_text())
}
