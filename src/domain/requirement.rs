//! A request held against a provider's attributes, as the chain does it before it takes a bid.
//!
//! ```text
//! signed_by empty      attributes asked ⊆ attributes declared
//! signed_by not empty  attributes asked ⊆ attributes signed, by all of `all_of` and one of `any_of`
//! each GPU unit        one of its keys is declared whole, below `capabilities/gpu/`
//! each storage class   one group `capabilities/storage/N/…` declares all of it
//! ```
//!
//! Read in chain-sdk `go/node/deployment/v1beta4/groupspec.go` and `go/node/types/attributes/v1`.

use super::attribute::{self, Attribute};
use super::bid::{Address, Audit, Provider, Requirements};
use super::resources::Unit;
use super::text::Clean;
use std::collections::BTreeMap;

/// What a provider itself says of an attribute that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Declared {
    Yes,
    /// The key, with these values only.
    Otherwise(Vec<Clean>),
    No,
}

/// One attribute asked for: what the provider declares, and who signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    pub key: Clean,
    pub value: Clean,
    pub declared: Declared,
    /// Everybody who signed it, asked for or not; `None`: not known. Empty beside [`Declared::Yes`]: self-declared.
    pub signed_by: Option<Vec<Address>>,
}

impl Checked {
    /// It is the provider's own word only.
    pub fn self_declared(&self) -> bool {
        self.declared == Declared::Yes && self.signed_by.as_ref().is_some_and(Vec::is_empty)
    }
}

/// An auditor asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    pub auditor: Address,
    /// Of `all_of`; else of `any_of`.
    pub every: bool,
    /// Whether it signed every attribute asked for; `None`: not known.
    pub signed: Option<bool>,
}

/// The whole of what was asked of a provider, for the eye.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    pub attributes: Vec<Checked>,
    pub signatures: Vec<Signature>,
    /// Whether the chain's rule is met; `None`: signatures are asked for and not known.
    pub met: Option<bool>,
}

/// Holds what was asked against what a provider declares and what was signed.
pub fn compare(requirements: &Requirements, provider: &Provider) -> Comparison {
    let audits = provider.audits.as_deref();
    let attributes = requirements.attributes.iter().map(|asked| Checked {
        key: asked.0.clone(),
        value: asked.1.clone(),
        declared: declared(asked, &provider.attributes),
        signed_by: audits.map(|audits| signers(asked, audits)),
    });
    let signature = |auditor: &Address, every: bool| Signature {
        auditor: auditor.clone(),
        every,
        signed: audits
            .map(|audits| audits.iter().any(|audit| audit.auditor == *auditor && requirements.signed_in(audit))),
    };
    let all = requirements.all_of.iter().map(|auditor| signature(auditor, true));
    let any = requirements.any_of.iter().map(|auditor| signature(auditor, false));
    Comparison {
        attributes: attributes.collect(),
        signatures: all.chain(any).collect(),
        met: requirements.met_by(provider),
    }
}

fn declared(asked: &Attribute, among: &[Attribute]) -> Declared {
    if attribute::has(asked, among) {
        return Declared::Yes;
    }
    let same_key = among.iter().filter(|(key, _)| attribute::key_matches(&asked.0, key));
    let values: Vec<Clean> = same_key.map(|(_, value)| value.clone()).collect();
    if values.is_empty() { Declared::No } else { Declared::Otherwise(values) }
}

fn signers(asked: &Attribute, audits: &[Audit]) -> Vec<Address> {
    let signed = audits.iter().filter(|audit| attribute::has(asked, &audit.attributes));
    signed.map(|audit| audit.auditor.clone()).collect()
}

/// Below which the GPU attributes of a provider stand.
pub const GPU: &str = "capabilities/gpu/";
const STORAGE: &str = "capabilities/storage/";

/// Whether a provider declares one GPU attribute of a request, whole.
pub fn declares_gpu((key, value): &Attribute, provider: &Provider) -> bool {
    provider
        .attributes
        .iter()
        .any(|(k, v)| v == value && k.strip_prefix(GPU).is_some_and(|k| attribute::key_matches(key, k)))
}

/// Whether a provider declares one of the cards that a unit asks for. A unit without cards asks for none.
pub fn has_cards(unit: &Unit, provider: &Provider) -> bool {
    unit.gpus.is_none_or(|cards| cards == 0)
        || unit.demands.gpu.is_empty()
        || unit.demands.gpu.iter().any(|asked| declares_gpu(asked, provider))
}

/// Whether a provider declares a storage class for every volume that asks for one.
pub fn has_storage(unit: &Unit, provider: &Provider) -> bool {
    unit.demands.storage.iter().all(|asked| declares_storage(asked, provider))
}

/// Whether one of a provider's storage groups has all of these.
pub fn declares_storage(asked: &[Attribute], provider: &Provider) -> bool {
    let mut groups: BTreeMap<&str, Vec<Attribute>> = BTreeMap::new();
    for (key, value) in &provider.attributes {
        let parts = key.strip_prefix(STORAGE).and_then(|rest| rest.split_once('/'));
        if let Some((group, name)) = parts.filter(|(_, name)| !name.contains('/')) {
            groups.entry(group).or_default().push((Clean::new(name), value.clone()));
        }
    }
    groups.values().any(|group| attribute::covers(asked, group))
}

/// Whether a provider declares the cards and storage of every unit.
pub fn capable(request: &[Unit], provider: &Provider) -> bool {
    request.iter().all(|unit| has_cards(unit, provider) && has_storage(unit, provider))
}
