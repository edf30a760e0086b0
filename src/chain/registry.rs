//! Everybody who is registered as a provider, who signed what of some of them, and what became of a provider's leases.
//!
//! Some two thousand are registered, so the list is read only when somebody asks why nobody bids, and tells how far it
//! has come. Signatures are asked for provider by provider: the node's list of all records is garbage
//! (`node-facts.md`).

use super::endpoints::Client;
use super::error::ChainError;
use super::fetch::{PROVIDERS_AT_ONCE, first_answer};
use super::rest::{Listed, Question};
use super::wire::{DecodeError, Page};
use super::{wire_market, wire_meta};
use crate::domain::appraise::Market;
use crate::domain::bid::{Address, Audit, Lease, Provider};
use crate::domain::doctor;
use crate::domain::record::TrackRecord;
use crate::domain::registry::{Progress, Registered, Stage};
use crate::domain::text::Clean;
use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Most leases read of one provider. The chain lists them by tenant, so the newest may be anywhere.
const LEASES_MOST: usize = 3000;

/// Where news of the reading goes.
pub type Watch<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// Reads who is registered until `deadline`; `progress` is told after each page. What was read when the time is up, or
/// the endpoints fail, is given with the reason: an error only where nothing was.
pub async fn providers(client: &Client, deadline: Instant, progress: Watch<'_>) -> Result<Registered, ChainError> {
    let mut told = |listed: &Listed<Provider>| {
        progress(Progress { stage: Stage::Providers, done: listed.items.len(), of: None });
        true
    };
    let route = "/akash/provider/v1beta4/providers";
    let (listed, error) = list(client, route, &[], deadline, wire_meta::providers, &mut told).await?;
    let why = match error {
        Some(error) => Some(Clean::message(&error.to_string())),
        None if listed.cut => Some(Clean::new("the list could not be followed to its end")),
        None => None,
    };
    let mut seen = HashSet::with_capacity(listed.items.len());
    let once = listed.items.into_iter().filter(|provider| seen.insert(provider.address.clone()));
    let providers: Vec<Arc<Provider>> = once.map(Arc::new).collect();
    Ok(Registered {
        providers,
        complete: why.is_none() && listed.unreadable.is_empty(),
        unreadable: listed.unreadable.len(),
        why,
    })
}

/// Reads who signed what of these providers, a few at a time, until `deadline`; what did not come stays unknown.
pub async fn audits(
    client: &Client,
    registered: &mut Registered,
    wanted: Vec<Address>,
    deadline: Instant,
    progress: Watch<'_>,
) {
    let of = Some(wanted.len());
    let asked = stream::iter(wanted).map(|address| async move {
        let audits = signed(client, &address, deadline).await.ok();
        (address, audits)
    });
    let mut answers = asked.buffer_unordered(PROVIDERS_AT_ONCE);
    let mut done = 0;
    while let Some((address, audits)) = answers.next().await {
        done += 1;
        progress(Progress { stage: Stage::Audits, done, of });
        let place = registered.providers.iter_mut().find(|provider| provider.address == address);
        if let (Some(provider), Some(audits)) = (place, audits) {
            Arc::make_mut(provider).audits = Some(audits);
        }
    }
}

/// Everything that the doctor wants to know of the providers: who is registered, and the signatures that the groups'
/// orders ask for, of those that pass the rest.
pub async fn registered_for(
    client: &Client,
    market: &Market,
    deadline: Instant,
    progress: Watch<'_>,
) -> Result<Registered, ChainError> {
    let mut registered = providers(client, deadline, progress).await?;
    let wanted = doctor::to_audit(market, &registered);
    audits(client, &mut registered, wanted, deadline, progress).await;
    Ok(registered)
}

async fn signed(client: &Client, address: &Address, deadline: Instant) -> Result<Vec<Audit>, ChainError> {
    let name = address.as_str();
    // It becomes part of a path: nothing else than an address may.
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(Vec::new());
    }
    let route = format!("/akash/audit/v1/audit/attributes/{name}/list");
    let at = client.choose();
    match client.get_at(at, &route, &[], deadline).await {
        Ok(answer) => {
            let read = wire_meta::audits(&answer.body, address);
            Ok(read.map_err(|error| ChainError::unread(client.shown(at), &route, error))?.audits)
        }
        // Nobody signed anything.
        Err(ChainError::NotFound { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The newest leases of a provider, counted. The chain lists a provider's leases by tenant and not by age, so all are
/// read, up to some thousands; the record says when there were more.
pub async fn track_record(client: &Client, provider: &Address, deadline: Instant) -> Result<TrackRecord, ChainError> {
    let route = "/akash/market/v1beta5/leases/list";
    let query = [("filters.provider", provider.as_str())];
    let mut more = |listed: &Listed<Lease>| listed.items.len() + listed.unreadable.len() < LEASES_MOST;
    let (listed, error) = list(client, route, &query, deadline, wire_market::leases, &mut more).await?;
    let complete = error.is_none() && !listed.cut && listed.unreadable.is_empty();
    let unreadable = listed.unreadable.len();
    // What the node gave besides is no lease of this provider.
    let own = listed.items.into_iter().filter(|lease| lease.id.provider == *provider).collect();
    Ok(TrackRecord::new(own, complete, unreadable))
}

/// Reads a list from the first endpoint that gives any of it, with the error that ended it early.
async fn list<T>(
    client: &Client,
    route: &str,
    query: &[(&str, &str)],
    deadline: Instant,
    decode: fn(&[u8], usize) -> Result<Page<T>, DecodeError>,
    more: &mut (dyn FnMut(&Listed<T>) -> bool + Send),
) -> Result<(Listed<T>, Option<ChainError>), ChainError> {
    first_answer(client, deadline, async |at, until| {
        let mut listed = Listed::new();
        let question = Question { query, deadline: until, ..client.question(at, route, until) };
        match client.http().list_into(&mut listed, question, decode, more).await {
            Ok(()) => Ok((listed, None)),
            Err(error) if !listed.items.is_empty() => Ok((listed, Some(error))),
            Err(error) => Err(error),
        }
    })
    .await
}
