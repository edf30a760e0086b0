//! A saved answer: REST lists, single records, `akash query … -o json`, of any generation, one or several of them in one
//! file. Everything it holds is read; nothing of it can be taken.

use super::endpoints::GENERATION;
use super::error::ChainError;
use super::wire::{self, DecodeError, present, utf8};
use super::wire_market::{
    Deployed, bid_entries, bid_entry, deployment, deployment_entries, lease_entries, lease_entry, order_entries,
    without_repeats,
};
use super::wire_meta::{audit_entry, provider_entry};
use crate::domain::bid::{
    Address, Audit, Bid, ChainInfo, Deployment, Lease, Order, Provider, Snapshot, Unreadable, Warning,
};
use crate::domain::money::{BlockTime, Rates};
use crate::domain::text::Clean;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of every document that is read. What none of them names is not ours.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    bids: Option<&'a RawValue>,
    #[serde(borrow, default)]
    bid: Option<&'a RawValue>,
    #[serde(borrow, default)]
    orders: Option<&'a RawValue>,
    #[serde(borrow, default)]
    leases: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lease: Option<&'a RawValue>,
    #[serde(borrow, default)]
    deployments: Option<&'a RawValue>,
    #[serde(borrow, default)]
    deployment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    providers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    provider: Option<&'a RawValue>,
    /// A bid, an order by itself: told apart by what they hold.
    #[serde(borrow, default)]
    price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pagination: Option<wire::Pagination<'a>>,
}

#[derive(Default)]
struct Found {
    /// Whether any document was one of ours.
    any: bool,
    /// Older bids come as `bid_id`.
    old: bool,
    /// A list that goes on elsewhere.
    cut: bool,
    bids: Vec<Arc<Bid>>,
    orders: Option<Vec<Order>>,
    leases: Option<Vec<Lease>>,
    deployments: Vec<Deployed>,
    providers: BTreeMap<Address, Provider>,
    audits: Vec<(Address, Audit)>,
    unreadable: Vec<Unreadable>,
}

/// Reads a saved answer. The caller limits its size.
pub fn saved(bytes: &[u8]) -> Result<Snapshot, ChainError> {
    let text = utf8(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Found::default();
    let mut documents = 0usize;
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let document = document.map_err(|error| not_json(text, documents, &error))?;
        documents += 1;
        found.document(document.get()).map_err(|error| refused(&error.to_string()))?;
    }
    if documents == 0 {
        return Err(refused("the input is empty"));
    }
    if !found.any {
        return Err(refused(
            "the input is JSON, but no answer about bids: expected is what `akash query market bid list … -o json` \
             or `…/market/v1beta5/bids/list` says",
        ));
    }
    Ok(found.snapshot())
}

fn refused(text: &str) -> ChainError {
    ChainError::Saved { text: Clean::message(text) }
}

fn not_json(text: &str, documents: usize, error: &serde_json::Error) -> ChainError {
    let text = text.trim_start();
    if documents == 0 && !text.starts_with(['{', '[']) {
        // What the CLI writes without a flag is YAML.
        return refused("the input is not JSON; with `akash query …` add `-o json`");
    }
    if error.is_eof() {
        return refused("the input stops in the middle of the JSON");
    }
    refused(&format!("the input is not JSON: {error}"))
}

impl Found {
    fn document(&mut self, text: &str) -> Result<(), DecodeError> {
        self.old |= text.contains("\"bid_id\"") && !text.contains("\"bseq\"");
        if text.starts_with('[') {
            // `jq .bids`.
            self.any = true;
            return self.add_bids(text);
        }
        if !text.starts_with('{') {
            return Ok(());
        }
        let document: Document<'_> = wire::object(text)?;
        if document.pagination.as_ref().is_some_and(|p| wire::next_key(Some(p)).is_some()) {
            self.cut = true;
        }
        let any = self.any;
        self.any = true;
        if let Some(list) = present(document.bids) {
            self.add_bids(list)?;
        } else if document.bids.is_some() {
            // `null`: an empty list.
        } else if let Some(one) = present(document.bid) {
            // As `{"bid": …}`, or a list's entry with the escrow account beside.
            match bid_entry(one) {
                Ok(bid) => self.bids.push(bid),
                Err(reason) => self.bad("bid", &reason),
            }
        } else if document.price.is_some() && document.lease.is_none() {
            match bid_entry(text) {
                Ok(bid) => self.bids.push(bid),
                Err(reason) => self.bad("bid", &reason),
            }
        } else if document.spec.is_some() {
            self.add_orders(&format!("[{text}]"))?;
        } else if !document.side() {
            self.any = any;
        }
        if let Some(list) = present(document.orders) {
            self.add_orders(list)?;
        }
        if let Some(list) = present(document.leases) {
            let (leases, bad) = lease_entries(list, self.leases.as_ref().map_or(0, Vec::len))?;
            self.leases.get_or_insert_default().extend(leases);
            self.unreadable.extend(bad);
        }
        if document.lease.is_some() {
            match lease_entry(text) {
                Ok(lease) => self.leases.get_or_insert_default().push(lease),
                Err(reason) => self.bad("lease", &reason),
            }
        }
        if let Some(list) = present(document.deployments) {
            let (deployments, bad) = deployment_entries(list, 0)?;
            self.deployments.extend(deployments);
            self.unreadable.extend(bad);
        }
        if let Some(one) = present(document.deployment) {
            // Nested whole, or with its groups beside it.
            let inner = one.contains("\"groups\"").then_some(one);
            match deployment(inner.unwrap_or(text).as_bytes()) {
                Ok(deployed) => self.deployments.push(deployed),
                Err(error) => self.bad("deployment", &error.to_string()),
            }
        }
        if let Some(list) = present(document.providers) {
            self.add_providers(list)?;
        }
        if document.provider.is_some() && document.price.is_none() {
            match provider_entry(text) {
                Ok(provider) => drop(self.providers.insert(provider.address.clone(), provider)),
                Err(reason) => self.bad("provider", &reason),
            }
        }
        Ok(())
    }

    fn bad(&mut self, name: &str, reason: &str) {
        self.unreadable.push(Unreadable { where_: name.to_owned(), reason: Clean::message(reason) });
    }

    fn add_bids(&mut self, list: &str) -> Result<(), DecodeError> {
        let (bids, bad) = bid_entries(list, self.bids.len())?;
        self.bids.extend(bids);
        self.unreadable.extend(bad);
        Ok(())
    }

    fn add_orders(&mut self, list: &str) -> Result<(), DecodeError> {
        let (orders, bad) = order_entries(list, self.orders.as_ref().map_or(0, Vec::len))?;
        self.orders.get_or_insert_default().extend(orders);
        self.unreadable.extend(bad);
        Ok(())
    }

    /// A list of providers and one of audits have the same key; only the latter names auditors.
    fn add_providers(&mut self, list: &str) -> Result<(), DecodeError> {
        enum Entry {
            Provider(Provider),
            Audit(Address, Audit),
        }
        let (entries, bad) = wire::entries(list, "providers", 0, |text| {
            let (owner, audit) = audit_entry(text)?;
            if text.contains("\"auditor\"") {
                return Ok(Entry::Audit(owner, audit));
            }
            provider_entry(text).map(Entry::Provider)
        })?;
        self.unreadable.extend(bad);
        for entry in entries {
            match entry {
                Entry::Provider(provider) => drop(self.providers.insert(provider.address.clone(), provider)),
                Entry::Audit(owner, audit) => self.audits.push((owner, audit)),
            }
        }
        Ok(())
    }

    fn snapshot(mut self) -> Snapshot {
        let bids = without_repeats(std::mem::take(&mut self.bids), &mut self.unreadable);
        let deployment = self.deployment(&bids);
        for (owner, audit) in self.audits {
            let known = self.providers.entry(owner).or_insert_with_key(|address| Provider {
                address: address.clone(),
                host: None,
                attributes: Vec::new(),
                email: None,
                website: None,
                audits: None,
                declared_gpus: Vec::new(),
            });
            known.audits.get_or_insert_default().push(audit);
        }
        let mut warnings = Vec::new();
        if self.cut {
            let text = "the saved list is one page of several: bids on the other pages are missing";
            warnings.push(Warning { code: "saved_page", text: Clean::message(text) });
        }
        Snapshot {
            chain: ChainInfo {
                id: None,
                rest: None,
                height: None,
                height_at_ms: None,
                generation: Clean::new(if self.old { "v1beta4 or older" } else { GENERATION }),
                block_time: BlockTime::ASSUMED,
            },
            rates: Rates::default(),
            deployment,
            orders: self.orders,
            leases: self.leases,
            bids,
            providers: self.providers.into_iter().map(|(address, p)| (address, Arc::new(p))).collect(),
            order_max_bids: None,
            unreadable: self.unreadable,
            warnings,
            saved: true,
        }
    }

    /// Of several deployments the one that the bids are for; without bids the only one.
    fn deployment(&mut self, bids: &[Arc<Bid>]) -> Option<Deployment> {
        let found = std::mem::take(&mut self.deployments);
        let only = found.len() == 1;
        let fits = |d: &Deployment| match bids.first() {
            Some(bid) => d.dseq == bid.id.dseq && d.owner == bid.id.owner,
            None => only,
        };
        let (deployment, bad) = found.into_iter().find(|(d, _)| fits(d))?;
        self.unreadable.extend(bad);
        Some(deployment)
    }
}

impl Document<'_> {
    /// Whether it holds something besides bids and orders.
    fn side(&self) -> bool {
        [self.orders, self.leases, self.lease, self.deployments, self.deployment, self.providers, self.provider]
            .iter()
            .any(Option::is_some)
    }
}
