//! The registered providers as a supply: how many declare what, and what they write in place of something that none
//! declares.

use super::attribute::{self, Attribute};
use super::bid::Provider;
use super::field::edits;
use super::gpu::models_of;
use super::requirement;
use super::text::Clean;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The registered providers.
pub(super) struct Supply<'a> {
    pub all: &'a [Arc<Provider>],
    pub complete: bool,
}

impl Supply<'_> {
    pub fn count(&self, meets: impl Fn(&Provider) -> bool) -> usize {
        self.all.iter().filter(|provider| meets(provider)).count()
    }

    pub fn scope(&self) -> String {
        if self.complete {
            format!("the {} registered providers", self.all.len())
        } else {
            format!("the {} registered providers that were read", self.all.len())
        }
    }

    /// What providers write in place of an attribute that few declare: other values of the key, else the nearest key.
    pub fn instead(&self, (key, value): &Attribute) -> Option<String> {
        let mut values: BTreeMap<&Clean, usize> = BTreeMap::new();
        let mut keys: BTreeMap<&Clean, usize> = BTreeMap::new();
        for (k, v) in self.all.iter().flat_map(|provider| &provider.attributes) {
            if k == key && v != value && !v.is_empty() {
                *values.entry(v).or_default() += 1;
            }
            *keys.entry(k).or_default() += 1;
        }
        if !values.is_empty() {
            let mut values: Vec<(&Clean, usize)> = values.into_iter().collect();
            values.sort_by_key(|(v, n)| (edits(v, value) > 2, std::cmp::Reverse(*n)));
            let told = values.iter().take(3).map(|(v, n)| format!("{key}={v} ({n})")).collect::<Vec<_>>();
            return Some(told.join(" or "));
        }
        let near = keys.into_iter().filter(|(k, _)| *k != key && edits(k, key) <= 2);
        near.max_by_key(|(_, n)| *n).map(|(k, n)| format!("{k} ({n})"))
    }

    /// The model most like a name that nobody declares, how many declare that one, and how far the names are apart: 0
    /// where only case, signs, maker or family differ.
    pub fn nearest_model(&self, vendor: &str, typed: &str) -> Option<(String, usize, usize)> {
        let mut models: BTreeMap<&str, usize> = models_of(vendor).into_iter().map(|model| (model, 0)).collect();
        for provider in self.all {
            let mut own: Vec<&str> = provider
                .attributes
                .iter()
                .filter(|(_, value)| &**value == "true")
                .filter_map(|(key, _)| key.strip_prefix(requirement::GPU))
                .map(vendor_and_model)
                .filter(|(v, model)| *v == vendor && !model.is_empty() && *model != "*")
                .map(|(_, model)| model)
                .collect();
            own.sort_unstable();
            own.dedup();
            for model in own {
                *models.entry(model).or_default() += 1;
            }
        }
        let wanted = core(typed);
        let likeness = |model: &str| if core(model) == wanted { 0 } else { edits(&core(model), &wanted) };
        let most = (wanted.chars().count() / 3).min(2);
        models
            .into_iter()
            .filter(|(model, _)| *model != typed)
            .map(|(model, n)| (likeness(model), model, n))
            .filter(|(edits, ..)| *edits <= most)
            .min_by_key(|(edits, _, n)| (*edits, std::cmp::Reverse(*n)))
            .map(|(edits, model, n)| (model.to_owned(), n, edits))
    }

    /// How the model of a key is declared, commonest first.
    pub fn ways(&self, asked: &Attribute) -> String {
        let mut ways: BTreeMap<String, usize> = BTreeMap::new();
        for (key, value) in self.all.iter().flat_map(|provider| &provider.attributes) {
            if let Some(key) = key.strip_prefix(requirement::GPU).filter(|key| same_model(asked, key, value)) {
                *ways.entry(short_key(key)).or_default() += 1;
            }
        }
        let mut ways: Vec<(String, usize)> = ways.into_iter().collect();
        ways.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        ways.iter().take(3).map(|(key, n)| format!("{key} ({n})")).collect::<Vec<_>>().join(", ")
    }

    /// Storage classes that are declared, commonest first.
    pub fn classes(&self) -> String {
        let mut classes: BTreeMap<&Clean, usize> = BTreeMap::new();
        for (key, value) in self.all.iter().flat_map(|provider| &provider.attributes) {
            if key.starts_with("capabilities/storage/") && key.ends_with("/class") {
                *classes.entry(value).or_default() += 1;
            }
        }
        let mut classes: Vec<(&Clean, usize)> = classes.into_iter().collect();
        classes.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        classes.iter().take(4).map(|(class, n)| format!("{class}: {n}")).collect::<Vec<_>>().join(", ")
    }
}

/// `region=us-west`.
pub(super) fn pair((key, value): &Attribute) -> String {
    format!("{key}={value}")
}

pub(super) fn dedup(names: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// A GPU key without what every one of them says: `a100/ram/80Gi`, and `amd mi300x` of another vendor.
pub(super) fn short_key(key: &str) -> String {
    let own = key.strip_prefix("vendor/nvidia/model/");
    own.unwrap_or_else(|| key.strip_prefix("vendor/").unwrap_or(key)).to_owned()
}

/// The value that follows a name in a GPU key.
pub(super) fn part<'k>(key: &'k str, name: &str) -> Option<&'k str> {
    let mut tokens = key.split('/');
    while let (Some(token), Some(value)) = (tokens.next(), tokens.next()) {
        if token == name {
            return Some(value);
        }
    }
    None
}

/// Vendor and model of a GPU key, as they were written; empty where it has none.
pub(super) fn vendor_and_model(key: &str) -> (&str, &str) {
    (part(key, "vendor").unwrap_or(""), part(key, "model").unwrap_or(""))
}

/// A GPU key without some of its pairs.
pub(super) fn without(key: &str, names: &[&str]) -> String {
    let tokens: Vec<&str> = key.split('/').collect();
    let kept = tokens.chunks(2).filter(|pair| !pair.first().is_some_and(|name| names.contains(name)));
    kept.flatten().copied().collect::<Vec<_>>().join("/")
}

/// Whether a declared GPU key is of the model asked for, whatever else it says.
fn same_model(asked: &Attribute, key: &str, value: &Clean) -> bool {
    let ((vendor, model), (v, m)) = (vendor_and_model(&asked.0), vendor_and_model(key));
    *value == asked.1 && vendor == v && !m.is_empty() && attribute::key_matches(model, m)
}

pub(super) fn declares_model(asked: &Attribute, provider: &Provider) -> bool {
    provider
        .attributes
        .iter()
        .any(|(key, value)| key.strip_prefix(requirement::GPU).is_some_and(|key| same_model(asked, key, value)))
}

/// What is left of a card's name without what people add or leave out: case, signs, maker, family.
fn core(model: &str) -> String {
    let mut name: String = model.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    for family in ["nvidia", "geforce", "quadro", "tesla", "rtx", "gtx"] {
        if let Some(rest) = name.strip_prefix(family).filter(|rest| !rest.is_empty()) {
            name = rest.to_owned();
        }
    }
    name
}
