//! The deployments of an owner, for somebody who has not said which.

use super::endpoints::Client;
use super::error::ChainError;
use super::fetch::first_answer;
use super::rest::{Listed, Question};
use super::wire_market;
use crate::domain::bid::{Address, BidState};
use crate::domain::text::Clean;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Most open bids that are counted. Losing bids stay open for ever, so an old owner may have very many.
const BIDS_MOST: usize = 2000;

/// A deployment in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    pub dseq: u64,
    pub groups: usize,
    /// What the groups ask for, by name.
    pub names: Vec<Clean>,
    /// Open bids on it; `None` where they could not be counted.
    pub open_bids: Option<usize>,
}

/// The active deployments of an owner, the newest first.
pub async fn active(client: &Client, owner: &Address, deadline: Instant) -> Result<Vec<Listing>, ChainError> {
    first_answer(client, deadline, async |at, until| listed(client, at, owner, until).await).await
}

async fn listed(client: &Client, at: usize, owner: &Address, until: Instant) -> Result<Vec<Listing>, ChainError> {
    let query = [("filters.owner", owner.as_str()), ("filters.state", "active")];
    let route = "/akash/deployment/v1beta4/deployments/list";
    let question = Question { query: &query, ..client.question(at, route, until) };
    let deployments = client.http().list(question, wire_market::deployments).await?;
    let bids = open_bids(client, at, owner, until).await.ok().flatten();
    let own = deployments.items.into_iter().filter(|(deployment, _)| deployment.owner == *owner);
    let mut found: Vec<Listing> = own
        .map(|(deployment, _)| Listing {
            dseq: deployment.dseq,
            groups: deployment.groups.len(),
            names: deployment.groups.iter().map(|group| group.spec.name.clone()).collect(),
            open_bids: bids.as_ref().map(|bids| bids.get(&deployment.dseq).copied().unwrap_or(0)),
        })
        .collect();
    found.sort_by_key(|listing| std::cmp::Reverse(listing.dseq));
    Ok(found)
}

/// Open bids by deployment; `None` where there are too many to count.
async fn open_bids(
    client: &Client,
    at: usize,
    owner: &Address,
    until: Instant,
) -> Result<Option<BTreeMap<u64, usize>>, ChainError> {
    let query = [("filters.owner", owner.as_str()), ("filters.state", "open")];
    let question = Question { query: &query, ..client.question(at, "/akash/market/v1beta5/bids/list", until) };
    let mut listed = Listed::new();
    let mut more = |listed: &Listed<_>| listed.items.len() < BIDS_MOST;
    client.http().list_into(&mut listed, question, wire_market::bids, &mut more).await?;
    if listed.cut || listed.items.len() >= BIDS_MOST {
        return Ok(None);
    }
    let mut counts = BTreeMap::new();
    for bid in listed.items.iter().filter(|bid| bid.state == BidState::Open) {
        *counts.entry(bid.id.dseq).or_default() += 1;
    }
    Ok(Some(counts))
}
