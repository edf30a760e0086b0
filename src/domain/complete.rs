//! What may follow in a filter that is being typed: fields, and the values seen in the market.

use super::appraise::Market;
use super::auditor::Auditors;
use super::diff::Fit;
use super::field::{At, Field, Kind, Value};
use super::query::shown_value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most that is offered.
const MOST: usize = 50;

/// What may stand in place of the characters from `from` to `to`, the likeliest first. Characters count from 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    pub from: usize,
    pub to: usize,
    pub options: Vec<String>,
}

/// What may stand at the cursor (in characters from 0): a field's name where none is typed whole, else a value that
/// the market's rows have in it.
pub fn complete(text: &str, cursor: usize, market: &Market, at: &At) -> Completion {
    let chars: Vec<char> = text.chars().take(cursor).collect();
    let to = chars.len();
    let start = clause_start(&chars);
    let clause: String = chars[start..].iter().collect();
    let negated = clause.starts_with('!') && !clause.starts_with("!=");
    let start = start + usize::from(negated);
    let clause: String = chars[start..].iter().collect();
    let none = Completion { from: to, to, options: Vec::new() };
    let Some(sign) = clause.find(['=', '<', '>', '!']) else {
        if clause.contains(['"', '|']) {
            return none;
        }
        return Completion { from: start, to, options: names(&clause, market) };
    };
    let Ok(field) = Field::parse(&clause[..sign]) else { return none };
    if clause[sign..].starts_with(['<', '>']) && matches!(field.kind(), Kind::Text | Kind::Flag) {
        return none;
    }
    let value_at = clause.len() - clause[sign..].trim_start_matches(['=', '<', '>', '!']).len();
    // Of `a|b` the last alternative is being typed.
    let value_at = clause.rfind('|').map_or(value_at, |bar| (bar + 1).max(value_at));
    let typed = clause[value_at..].trim_start_matches('"');
    let from = start + clause[..value_at].chars().count();
    Completion { from, to, options: values(&field, typed, market, at) }
}

/// Where the clause begins in which the last character stands: after a blank that is in no quotation marks.
fn clause_start(chars: &[char]) -> usize {
    let (mut start, mut quoted) = (0, false);
    for (at, c) in chars.iter().enumerate() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => start = at + 1,
            _ => {}
        }
    }
    start
}

/// Fields that begin as typed, with the sign that mostly follows.
fn names(typed: &str, market: &Market) -> Vec<String> {
    let typed = typed.to_lowercase();
    let mut found: Vec<String> = Field::ALL
        .iter()
        .filter(|field| field.alias().starts_with(&typed) || (!typed.is_empty() && field.name().starts_with(&typed)))
        .map(|field| format!("{}{}", field.alias(), sign(field)))
        .collect();
    if "attr.".starts_with(&typed) || typed.starts_with("attr.") {
        let keys = market.rows.iter().filter_map(|row| row.provider.as_ref()).flat_map(|provider| &provider.attributes);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (key, _) in keys.filter(|(key, _)| !key.contains(char::is_whitespace)) {
            *seen.entry(format!("attr.{key}=")).or_default() += 1;
        }
        found.extend(by_frequency(seen).into_iter().filter(|name| name.to_lowercase().starts_with(&typed)));
    }
    found.truncate(MOST);
    found
}

/// The comparison that mostly follows a field's name.
fn sign(field: &Field) -> &'static str {
    match field.kind() {
        Kind::Flag => "",
        Kind::Text => "=",
        Kind::Level | Kind::Money | Kind::Ratio | Kind::Duration => "<",
        Kind::Count | Kind::Cpus | Kind::Bytes | Kind::Gib => ">=",
    }
}

/// Values that rows have in a field and that begin as typed, the commonest first.
fn values(field: &Field, typed: &str, market: &Market, at: &At) -> Vec<String> {
    let typed = typed.to_lowercase();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    match field.kind() {
        Kind::Level => {
            return Fit::ALL.iter().map(|fit| fit.as_str().to_owned()).filter(|fit| fit.starts_with(&typed)).collect();
        }
        Kind::Flag => {
            return ["true", "false"]
                .iter()
                .filter(|value| value.starts_with(&typed))
                .map(ToString::to_string)
                .collect();
        }
        Kind::Text | Kind::Count | Kind::Gib => {}
        // Of amounts no two are alike: nothing to complete.
        Kind::Money | Kind::Cpus | Kind::Bytes | Kind::Duration | Kind::Ratio => return Vec::new(),
    }
    for row in &market.rows {
        // Of a card its token alone, which is what one types.
        let value = if *field == Field::Gpu { field.sort_value(row, at) } else { field.value(row, at) };
        collect(&value, &mut seen);
    }
    let mut found = by_frequency(seen);
    if *field == Field::Auditor {
        let auditors = Auditors::default();
        let present = |address: &str| found.iter().any(|seen| seen == address);
        let named: Vec<String> =
            auditors.iter().filter(|(a, _)| present(a.as_str())).map(|(_, name)| name.to_string()).collect();
        found.splice(0..0, named);
    }
    found.retain(|value| value.to_lowercase().starts_with(&typed));
    found.truncate(MOST);
    found.iter().map(|value| shown_value(value)).collect()
}

fn collect(value: &Value<'_>, seen: &mut BTreeMap<String, usize>) {
    let mut add = |text: &str| *seen.entry(text.to_owned()).or_default() += 1;
    match value {
        Value::Text(text) => add(text),
        Value::AnyOf(texts) => texts.iter().for_each(|text: &Cow<'_, str>| add(text)),
        Value::Number(number) => add(&number.normalize().to_string()),
        Value::AllOf(values) => values.iter().for_each(|value| collect(value, seen)),
        Value::Flag(_) | Value::Level(_) | Value::Absent | Value::Unknown => {}
    }
}

fn by_frequency(seen: BTreeMap<String, usize>) -> Vec<String> {
    let mut seen: Vec<(String, usize)> = seen.into_iter().collect();
    seen.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    seen.into_iter().map(|(text, _)| text).collect()
}
