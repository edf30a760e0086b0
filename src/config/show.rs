//! `akbids config`: every value that a run goes by, and where it came from.

use super::{Config, Origin};
use crate::domain::bid::Address;
use crate::domain::field::Field;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The file that changes nothing and documents every key.
pub const DEFAULT: &str = include_str!("../../assets/config.toml");

struct Line {
    key: String,
    value: Json,
    origin: Origin,
}

/// The values, in the order of the documented file; what nobody set and has no default is `null`.
fn lines(config: &Config) -> Vec<Line> {
    let line = |key: &str, value: Json, origin: Origin| Line { key: key.to_owned(), value, origin };
    let named = |key: &'static str, value: Json| line(key, value, config.origin(key));
    let addresses = |set: &BTreeSet<Address>| set.iter().map(Address::as_str).collect::<Json>();
    let of = |value: Option<&super::Value<String>>| value.map_or(Origin::Default, |value| value.origin);
    let text = |value: Option<&super::Value<String>>| json!(value.map(|value| &value.value));
    let preferences = &config.preferences;
    let kept = &preferences.kept;
    let mut lines = vec![
        line("net", json!(config.net.value.name), config.net.origin),
        line("chain_id", text(config.chain_id.as_ref()), of(config.chain_id.as_ref())),
        line("rest", json!(config.rest.value), config.rest.origin),
        line("owner", text(config.owner.as_ref()), of(config.owner.as_ref())),
    ];
    if let Some(dseq) = &config.dseq {
        lines.push(line("dseq", json!(dseq.value.to_string()), dseq.origin));
    }
    let columns = kept.columns.as_ref();
    lines.extend([
        named("timeout", json!(config.timeout.as_secs())),
        named("for", json!(preferences.run.map(|run| run.to_string()))),
        named("columns", json!(columns.map(|fields| fields.iter().map(Field::alias).collect::<Vec<_>>()))),
        named("sort", json!(config.sort.to_string())),
        named("filter", json!(config.query.to_string())),
        named("provider_status", json!(preferences.provider_status)),
        named("favourites", addresses(&kept.favourites)),
        named("blocked", addresses(&kept.blocked)),
    ]);
    // What the screen was asked to keep counts there only.
    if let Some(sort) = &kept.sort {
        lines.push(line("sort (screen)", json!(sort.to_string()), Origin::State));
    }
    if let Some(filter) = &kept.filter {
        lines.push(line("filter (screen)", json!(filter), Origin::State));
    }
    for (name, query, at) in &config.saved_at {
        lines.push(line(&format!("filters.{name}"), json!(query), *at));
    }
    for (address, name) in preferences.auditors.iter() {
        let at = config.auditors_at.iter().find(|(known, _)| known == address);
        let origin = at.map_or(Origin::Default, |(_, origin)| *origin);
        lines.push(line(&format!("auditors.{name}"), json!(address.as_str()), origin));
    }
    for (model, origin) in &config.priced {
        lines.push(line("usual_prices", json!(model), *origin));
    }
    let signing = &config.signing;
    let path = |path: &Option<std::path::PathBuf>| json!(path.as_ref().map(|path| path.display().to_string()));
    let keyring = if config.origin("keyring_dir") == Origin::Default { "home" } else { "keyring_dir" };
    let sign = |key: &str, value: Json| line(&format!("signing.{key}"), value, config.origin(key));
    lines.extend([
        sign("from", json!(signing.from)),
        sign("keyring_backend", json!(signing.keyring_backend)),
        line("signing.keyring_dir", path(&signing.keyring_dir), config.origin(keyring)),
        sign("gas_prices", json!(format!("{}uakt", signing.gas_price))),
        sign("gas_adjustment", json!(signing.gas_adjustment.to_string())),
        sign("fee_granter", json!(signing.fee_granter)),
        sign("max_fee", json!(format!("{}uakt", signing.max_fee))),
        sign("key_file", path(&signing.key_file)),
        sign("key_command", json!(signing.key_command)),
        sign("read_only", json!(signing.read_only)),
    ]);
    lines
}

/// As text: key, value, where it came from, a value a line.
pub fn text(config: &Config) -> String {
    let rows: Vec<[String; 3]> = lines(config)
        .into_iter()
        .map(|Line { key, value, origin }| {
            let value = match value {
                Json::Null => "-".to_owned(),
                Json::String(text) => format!("{:?}", crate::domain::text::clean(&text, 500)),
                other => crate::domain::text::clean(&other.to_string(), 500),
            };
            [crate::domain::text::clean(&key, 100), value, place(config, origin)]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1).min(48));
    let mut out = String::new();
    for [key, value, origin] in &rows {
        let _ = writeln!(out, "{key:first$}  {value:second$}  {origin}");
    }
    out
}

/// The origin with the file's own name, as an editor takes it: `…/config.toml:12`.
fn place(config: &Config, origin: Origin) -> String {
    let shown = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map_or_else(String::new, |path| super::clean_path(&path.display().to_string()))
    };
    match origin {
        Origin::File(line) => format!("{}:{line}", shown(&config.file)),
        Origin::State => shown(&config.state),
        other => other.to_string(),
    }
}

/// As one JSON document, in one line without a newline. Fields are only ever added to schema 1.
pub fn document(config: &Config) -> String {
    let from = |origin: Origin| {
        let (kind, name, line) = match origin {
            Origin::Flag(name) => ("flag", Some(name), None),
            Origin::Env(name) => ("environment", Some(name), None),
            Origin::File(line) => ("file", None, Some(line)),
            Origin::State => ("state", None, None),
            Origin::Default => ("default", None, None),
        };
        json!({ "kind": kind, "name": name, "line": line })
    };
    let values = lines(config);
    let values = values
        .into_iter()
        .map(|Line { key, value, origin }| json!({ "key": key, "value": value, "from": from(origin) }));
    let problems = config.problems.iter().map(|p| json!({ "line": p.line, "text": p.text, "stops_signing": p.money }));
    json!({
        "schema": 1,
        "file": config.file.as_ref().map(|path| path.display().to_string()),
        "file_there": config.file_there,
        "state": config.state.as_ref().map(|path| path.display().to_string()),
        "values": values.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
    })
    .to_string()
}
