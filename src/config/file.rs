//! The settings file, `config.toml`: read as far as it can be, with a sentence and a line for everything else.
//!
//! No mistake in it stops anything that only looks; what touches money is refused while a mistake may concern it
//! ([`Problem::money`]). `assets/config.toml` documents every key, and a test holds it to the lists here.

use super::check;
use super::network::{self, Network};
use super::origin::{Origin, Value};
use crate::domain::auditor::Auditors;
use crate::domain::bid::Address;
use crate::domain::field::{Field, nearest};
use crate::domain::gpu::Vram;
use crate::domain::money::parse_decimal;
use crate::domain::query::{Query, SavedFilters};
use crate::domain::rank::Sort;
use crate::domain::run::RunLength;
use crate::domain::text::Clean;
use crate::domain::usual::{UsualEntry, UsualPrice, UsualPrices};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys outside any table, and the tables.
pub const TOP: [&str; 17] = [
    "net",
    "rest",
    "owner",
    "timeout",
    "for",
    "columns",
    "sort",
    "filter",
    "provider_status",
    "favourites",
    "blocked",
    "networks",
    "filters",
    "auditors",
    "usual_prices",
    "signing",
    "chain_id",
];
/// Keys of `[networks.NAME]`.
pub const NETWORK: [&str; 2] = ["chain_id", "rest"];
/// Keys of `[[usual_prices]]`.
pub const USUAL: [&str; 7] = ["vendor", "model", "memory_gib", "low", "high", "source", "as_of"];
/// Keys of `[signing]`.
pub const SIGNING: [&str; 11] = [
    "from",
    "keyring_backend",
    "keyring_dir",
    "home",
    "gas_prices",
    "gas_adjustment",
    "fee_granter",
    "max_fee",
    "key_file",
    "key_command",
    "read_only",
];
/// What somebody may take for a place to write a secret.
const SECRETS: [&str; 10] =
    ["key", "mnemonic", "private_key", "privkey", "secret", "seed", "seed_phrase", "passphrase", "password", "words"];

/// Something in the file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// From 1; `None` where the file itself cannot be read.
    pub line: Option<usize>,
    /// A sentence.
    pub text: String,
    /// What is signed, or on which chain, may depend on it.
    pub money: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// How to sign, as far as the file says.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    pub from: Option<Value<String>>,
    pub keyring_backend: Option<Value<String>>,
    pub keyring_dir: Option<Value<PathBuf>>,
    pub home: Option<Value<PathBuf>>,
    pub gas_prices: Option<Value<String>>,
    pub gas_adjustment: Option<Value<String>>,
    pub fee_granter: Option<Value<String>>,
    pub max_fee: Option<Value<String>>,
    pub key_file: Option<Value<PathBuf>>,
    pub key_command: Option<Value<String>>,
    pub read_only: Option<Value<bool>>,
}

/// The settings, as far as they could be read.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub net: Option<Value<String>>,
    pub chain_id: Option<Value<String>>,
    pub rest: Option<Value<Vec<String>>>,
    pub owner: Option<Value<String>>,
    /// Seconds.
    pub timeout: Option<Value<u64>>,
    pub run: Option<Value<RunLength>>,
    pub columns: Option<Value<Vec<Field>>>,
    pub sort: Option<Value<Sort>>,
    /// As it would be typed.
    pub filter: Option<Value<String>>,
    pub provider_status: Option<Value<bool>>,
    pub favourites: Option<Value<BTreeSet<Address>>>,
    pub blocked: Option<Value<BTreeSet<Address>>>,
    pub networks: Vec<Network>,
    pub saved: SavedFilters,
    pub auditors: Auditors,
    pub usual: UsualPrices,
    /// Saved filters, named auditors, and models with a price: what it is, and where it stands.
    pub saved_at: Vec<(String, String, Origin)>,
    pub auditors_at: Vec<(Address, Origin)>,
    pub priced: Vec<(String, Origin)>,
    pub signing: Signing,
    pub problems: Vec<Problem>,
}

/// Reads the text of the file. `endpoint` says in a sentence why an address is no endpoint.
pub fn parse(text: &str, endpoint: &dyn Fn(&str) -> Result<(), String>) -> File {
    let mut reader = Reader { text, problems: Vec::new() };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.problem(at, error.message().trim().replace('\n', ", "), true);
    }
    let mut file = File::default();
    let entries = entries(root.get_ref());
    // Filters first: the filter at the start may name them.
    for entry in entries.iter().filter(|entry| entry.key == "filters") {
        reader.filters(entry, &mut file);
    }
    for entry in &entries {
        reader.top(entry, &mut file, endpoint);
    }
    if let Some(net) = &file.net
        && let Err(why) = network::find(&net.value, &file.networks)
    {
        let line = if let Origin::File(line) = net.origin { Some(line) } else { None };
        reader.problems.push(Problem { line, text: format!("net: {why}"), money: true });
        file.net = None;
    }
    file.problems = reader.problems;
    file.problems.sort_by_key(|problem| problem.line);
    file
}

/// A key and its value, with where the key stands.
struct Entry<'a> {
    key: &'a str,
    at: usize,
    value: &'a Spanned<DeValue<'a>>,
}

/// The keys of a table in the order of the file.
fn entries<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let start = |span: Range<usize>| span.start;
    let mut entries: Vec<Entry<'a>> =
        table.iter().map(|(key, value)| Entry { key: key.get_ref(), at: start(key.span()), value }).collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// A number as it is written, bare or in quotation marks: money is never a float.
fn number(entry: &Entry<'_>) -> Option<String> {
    match entry.value.get_ref() {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::String(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
    }

    fn problem(&mut self, at: usize, text: impl Into<String>, money: bool) {
        let problem = Problem { line: Some(self.line(at)), text: crate::domain::text::clean(&text.into(), 300), money };
        self.problems.push(problem);
    }

    fn table<'a>(&mut self, entry: &Entry<'a>, money: bool) -> Vec<Entry<'a>> {
        if let Some(table) = entry.value.get_ref().as_table() {
            return entries(table);
        }
        let name = Clean::new(entry.key);
        self.problem(entry.at, format!("{name} is a table: write [{name}] and its keys below"), money);
        Vec::new()
    }

    /// A key that nothing reads.
    fn unknown(&mut self, entry: &Entry<'_>, known: &[&str], place: &str, money: bool) {
        let key = entry.key.to_lowercase();
        if SECRETS.contains(&&*key.replace('-', "_")) {
            let text = format!(
                "{}: a secret is never read from here; name the key with from and keyring_backend, key_file or \
                 key_command under [signing], and take the secret out of this file",
                Clean::new(entry.key)
            );
            return self.problem(entry.at, text, true);
        }
        let dashed = key.replace('-', "_");
        let elsewhere = |names: &[&str]| names.contains(&&*dashed);
        let hint = if let Some(near) = nearest(&dashed, known.iter().copied()) {
            format!("; the nearest is {near}")
        } else if place != "[signing]" && elsewhere(&SIGNING) {
            format!("; {dashed} stands under [signing]")
        } else if !place.is_empty() && elsewhere(&TOP) {
            format!("; {dashed} stands above the first [table]")
        } else {
            format!("; there are {}", known.join(", "))
        };
        let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
        // A ceiling that was written in the wrong place, or misspelt, is one that somebody relies on.
        let money = money || nearest(&dashed, SIGNING).is_some();
        self.problem(entry.at, format!("there is no key {}{place}{hint}", Clean::new(entry.key)), money);
    }

    /// A value of the wrong type.
    fn wrong(&mut self, entry: &Entry<'_>, such: &str, money: bool) {
        self.problem(entry.value.span().start, format!("{}: {such}", Clean::new(entry.key)), money);
    }

    fn at<T>(&self, entry: &Entry<'_>, value: T) -> Value<T> {
        Value { value, origin: Origin::File(self.line(entry.at)) }
    }

    fn string(&mut self, entry: &Entry<'_>, such: &str, money: bool) -> Option<Value<String>> {
        if let Some(text) = entry.value.get_ref().as_str().filter(|text| !text.trim().is_empty()) {
            return Some(self.at(entry, text.trim().to_owned()));
        }
        self.wrong(entry, &format!("a text in quotation marks is taken, such as {such}"), money);
        None
    }

    /// A string that `check` passes; its error is a sentence.
    fn checked<T>(
        &mut self,
        entry: &Entry<'_>,
        such: &str,
        money: bool,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Value<T>> {
        let text = self.string(entry, such, money)?;
        match check(&text.value) {
            Ok(value) => Some(Value { value, origin: text.origin }),
            Err(why) => {
                self.wrong(entry, &why, money);
                None
            }
        }
    }

    fn flag(&mut self, entry: &Entry<'_>, money: bool) -> Option<Value<bool>> {
        if let Some(yes) = entry.value.get_ref().as_bool() {
            return Some(self.at(entry, yes));
        }
        self.wrong(entry, "true or false is taken, without quotation marks", money);
        None
    }

    /// A list of texts, or one alone; each with where it stands.
    fn strings(&mut self, entry: &Entry<'_>, such: &str, money: bool) -> Option<Vec<(usize, String)>> {
        let found: Option<Vec<(usize, String)>> = match entry.value.get_ref() {
            DeValue::String(text) => Some(vec![(entry.value.span().start, text.trim().to_owned())]),
            DeValue::Array(items) => {
                items.iter().map(|item| Some((item.span().start, item.get_ref().as_str()?.trim().to_owned()))).collect()
            }
            _ => None,
        };
        if found.is_none() {
            self.wrong(entry, &format!("a list of texts is taken, such as {such}"), money);
        }
        found
    }

    fn endpoints(
        &mut self,
        entry: &Entry<'_>,
        endpoint: &dyn Fn(&str) -> Result<(), String>,
    ) -> Option<Value<Vec<String>>> {
        let mut urls = Vec::new();
        for (at, url) in self.strings(entry, "[\"https://rest.example.com\"]", true)? {
            match endpoint(&url) {
                Ok(()) => urls.push(url),
                Err(why) => self.problem(at, format!("{}: {why}", Clean::new(entry.key)), true),
            }
        }
        (!urls.is_empty()).then(|| self.at(entry, urls))
    }

    fn addresses(&mut self, entry: &Entry<'_>) -> Option<Value<BTreeSet<Address>>> {
        let mut addresses = BTreeSet::new();
        for (at, raw) in self.strings(entry, "[\"akash1…\"]", false)? {
            match address(&raw) {
                Ok(()) => drop(addresses.insert(Address::new(&raw))),
                Err(why) => self.problem(at, format!("{}: {why}", Clean::new(entry.key)), false),
            }
        }
        Some(self.at(entry, addresses))
    }

    fn top(&mut self, entry: &Entry<'_>, file: &mut File, endpoint: &dyn Fn(&str) -> Result<(), String>) {
        match entry.key {
            "net" => file.net = self.string(entry, "\"mainnet\"", true),
            "chain_id" => file.chain_id = self.string(entry, "\"akashnet-2\"", true),
            "rest" => file.rest = self.endpoints(entry, endpoint),
            "owner" => {
                let owner = |raw: &str| address(raw).map(|()| raw.to_owned());
                file.owner = self.checked(entry, "\"akash1…\"", false, owner);
            }
            "timeout" => {
                let seconds = number(entry).and_then(|raw| u64::from_str(&raw).ok());
                file.timeout = seconds.filter(|s| (1..=3600).contains(s)).map(|s| self.at(entry, s));
                if file.timeout.is_none() {
                    self.wrong(entry, "whole seconds from 1 to 3600 are taken, such as 15", false);
                }
            }
            "for" => file.run = self.checked(entry, "\"6h\"", false, RunLength::parse),
            "columns" => file.columns = self.columns(entry),
            "sort" => {
                file.sort = self
                    .checked(entry, "\"vram-,usd\"", false, |raw| Sort::parse(raw).map_err(|error| error.to_string()));
            }
            "filter" => {
                let saved = file.saved.clone();
                file.filter = self.checked(entry, "\"vram>=40 usd<2.5\"", false, |raw| {
                    let query = Query::parse_with(raw, &saved).map_err(|error| error.to_string())?;
                    Ok(query.to_string())
                });
            }
            "provider_status" => file.provider_status = self.flag(entry, false),
            "favourites" => file.favourites = self.addresses(entry),
            "blocked" => file.blocked = self.addresses(entry),
            "networks" => self.networks(entry, file, endpoint),
            // Read before all others.
            "filters" => {}
            "auditors" => self.auditors(entry, file),
            "usual_prices" => self.usual_prices(entry, file),
            "signing" => self.signing(entry, &mut file.signing),
            _ => self.unknown(entry, &TOP, "", false),
        }
    }

    fn columns(&mut self, entry: &Entry<'_>) -> Option<Value<Vec<Field>>> {
        let mut fields: Vec<Field> = Vec::new();
        for (at, name) in self.strings(entry, "[\"fit\", \"usd\", \"gpu\"]", false)? {
            match Field::parse(&name) {
                Ok(field) if fields.contains(&field) => {}
                Ok(field) => fields.push(field),
                Err(unknown) => self.problem(at, format!("columns: {unknown}"), false),
            }
        }
        (!fields.is_empty()).then(|| self.at(entry, fields))
    }

    fn filters(&mut self, entry: &Entry<'_>, file: &mut File) {
        for filter in self.table(entry, false) {
            let Some(text) = self.string(&filter, "\"vram>=40 usd<2.5\"", false) else { continue };
            match file.saved.add(filter.key, &text.value) {
                Ok(()) => file.saved_at.push((filter.key.to_owned(), text.value, text.origin)),
                Err(error) => {
                    self.problem(filter.at, format!("filters.{}: {error}", Clean::new(filter.key)), false);
                }
            }
        }
    }

    fn auditors(&mut self, entry: &Entry<'_>, file: &mut File) {
        for auditor in self.table(entry, false) {
            let account = |raw: &str| address(raw).map(|()| Address::new(raw));
            if let Some(address) = self.checked(&auditor, "\"akash1…\"", false, account) {
                file.auditors_at.push((address.value.clone(), address.origin));
                file.auditors = std::mem::take(&mut file.auditors).with(address.value, Clean::new(auditor.key));
            }
        }
    }

    fn networks(&mut self, entry: &Entry<'_>, file: &mut File, endpoint: &dyn Fn(&str) -> Result<(), String>) {
        for named in self.table(entry, true) {
            let name = Clean::new(named.key);
            let built_in = network::built_in(named.key);
            let (mut chain_id, mut rest) = (None, None);
            for key in self.table(&named, true) {
                match key.key {
                    "chain_id" => chain_id = self.string(&key, "\"akashnet-2\"", true),
                    "rest" => rest = self.endpoints(&key, endpoint),
                    _ => self.unknown(&key, &NETWORK, &format!("[networks.{name}]"), true),
                }
            }
            if let (Some(fixed), Some(other)) = (built_in, &chain_id)
                && other.value != fixed
            {
                let text = format!("networks.{name}: the chain id of {name} is {fixed}; give the other chain a name");
                self.problem(named.at, text, true);
                continue;
            }
            let Some(rest) = rest else {
                self.problem(named.at, format!("networks.{name}: rest = [\"https://…\"] is missing"), true);
                continue;
            };
            let chain_id = chain_id.map(|id| id.value).or_else(|| built_in.map(ToOwned::to_owned));
            file.networks.push(Network { name: named.key.to_owned(), chain_id, rest });
        }
    }

    fn usual_prices(&mut self, entry: &Entry<'_>, file: &mut File) {
        let Some(items) = entry.value.get_ref().as_array() else {
            return self.wrong(entry, "write [[usual_prices]] and the keys of one card below, once for each", false);
        };
        let tables: Vec<(usize, Option<Vec<Entry<'_>>>)> = items
            .iter()
            .map(|item| (item.span().start, item.get_ref().as_table().map(|table| entries(table))))
            .collect();
        for (at, keys) in tables {
            let Some(keys) = keys else {
                self.problem(at, "usual_prices: write [[usual_prices]] and the keys of one card below", false);
                continue;
            };
            if let Some(entry) = self.usual_price(at, &keys) {
                file.priced.push((entry.model.clone(), Origin::File(self.line(at))));
                file.usual = std::mem::take(&mut file.usual).with(entry);
            }
        }
    }

    fn usual_price(&mut self, at: usize, keys: &[Entry<'_>]) -> Option<UsualEntry> {
        let before = self.problems.len();
        let (mut vendor, mut model, mut source, mut as_of) = (None, None, None, None);
        let (mut memory, mut low, mut high) = (None, None, None);
        for key in keys {
            match key.key {
                "vendor" => vendor = self.string(key, "\"nvidia\"", false),
                "model" => model = self.string(key, "\"rtx4090\"", false),
                "source" => source = self.string(key, "\"my own leases\"", false),
                "as_of" => as_of = self.string(key, "\"2026-11\"", false),
                "memory_gib" => {
                    let gib = number(key).and_then(|raw| u32::from_str(&raw).ok());
                    memory = gib.filter(|gib| (1..=4096).contains(gib)).map(|gib| Vram::from_gib(gib.into()));
                    if memory.is_none() {
                        self.wrong(key, "GiB of one card are taken, such as 24", false);
                    }
                }
                "low" => low = self.dollars(key),
                "high" => high = self.dollars(key),
                _ => self.unknown(key, &USUAL, "[[usual_prices]]", false),
            }
        }
        if self.problems.len() > before {
            return None;
        }
        let (Some(model), Some(low), Some(high)) = (model, low, high) else {
            self.problem(at, "usual_prices: model, low and high are needed (dollars of one card for an hour)", false);
            return None;
        };
        if low > high {
            self.problem(at, "usual_prices: low is more than high", false);
            return None;
        }
        let text = |value: Option<Value<String>>, default: &str| {
            Clean::new(&value.map_or_else(|| default.to_owned(), |value| value.value))
        };
        Some(UsualEntry {
            vendor: vendor.map_or_else(|| "nvidia".to_owned(), |vendor| vendor.value.to_lowercase()),
            model: model.value.to_lowercase(),
            memory,
            price: UsualPrice {
                low,
                high,
                source: text(source, "your settings"),
                as_of: text(as_of, "no date given"),
                cloud: None,
            },
        })
    }

    fn dollars(&mut self, entry: &Entry<'_>) -> Option<Decimal> {
        let raw = number(entry);
        let dollars = raw.and_then(|raw| parse_decimal(&raw).ok()).filter(|usd| *usd > Decimal::ZERO);
        if dollars.is_none() {
            self.wrong(entry, "dollars of one card for an hour are taken, such as 0.45", false);
        }
        dollars
    }

    fn signing(&mut self, entry: &Entry<'_>, signing: &mut Signing) {
        let path = |raw: &str| Ok(PathBuf::from(raw));
        for key in self.table(entry, true) {
            match key.key {
                "from" => signing.from = self.string(&key, "\"tenant\"", true),
                "keyring_backend" => {
                    signing.keyring_backend = self.checked(&key, "\"os\"", true, |raw| {
                        let near = nearest(raw, check::BACKENDS).unwrap_or("os");
                        let known = check::BACKENDS.contains(&raw).then(|| raw.to_owned());
                        let why = format!("{:?}: os, file or test is taken; the nearest is {near}", check::clean(raw));
                        known.ok_or(why)
                    });
                }
                "keyring_dir" => signing.keyring_dir = self.checked(&key, "\"/home/me/.akash\"", true, path),
                "home" => signing.home = self.checked(&key, "\"/home/me/.akash\"", true, path),
                "gas_prices" => signing.gas_prices = self.uakt(&key, "0.025uakt"),
                "max_fee" => signing.max_fee = self.uakt(&key, "100000uakt"),
                "gas_adjustment" => {
                    let raw = number(&key).unwrap_or_default();
                    match check::factor(&raw) {
                        Ok(_) => signing.gas_adjustment = Some(self.at(&key, raw)),
                        Err(why) => self.wrong(&key, &why, true),
                    }
                }
                "fee_granter" => {
                    let account = |raw: &str| address(raw).map(|()| raw.to_owned());
                    signing.fee_granter = self.checked(&key, "\"akash1…\"", true, account);
                }
                "key_file" => signing.key_file = self.checked(&key, "\"/run/secrets/akash\"", true, path),
                "key_command" => signing.key_command = self.string(&key, "\"pass show tenant.info\"", true),
                "read_only" => signing.read_only = self.flag(&key, true),
                _ => self.unknown(&key, &SIGNING, "[signing]", true),
            }
        }
        let named = [signing.from.is_some(), signing.key_file.is_some(), signing.key_command.is_some()];
        if named.iter().filter(|named| **named).count() > 1 {
            self.problem(entry.at, "signing: only one of from, key_file and key_command can name the key", true);
            (signing.from, signing.key_file, signing.key_command) = (None, None, None);
        }
    }

    fn uakt(&mut self, entry: &Entry<'_>, example: &str) -> Option<Value<String>> {
        self.checked(entry, &format!("\"{example}\""), true, |raw| match check::uakt(raw, example) {
            Ok(_) => Ok(raw.to_owned()),
            Err(why) => Err(format!("{:?}: {why}", check::clean(raw))),
        })
    }
}

/// The error is a sentence.
fn address(raw: &str) -> Result<(), String> {
    check::address(raw).map_err(|why| format!("{:?} {why}", check::clean(raw)))
}
