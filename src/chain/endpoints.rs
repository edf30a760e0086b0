//! The endpoints in the order they were named, which of them is asked, and which are set aside for a while.

use super::error::ChainError;
use super::rest::{Answer, Endpoint, Http, Listed, Question, Unanswered};
use super::wire::{DecodeError, Page};
use super::wire_meta;
use crate::domain::text::Clean;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Market generation that is read live; saved answers are read in all.
pub const GENERATION: &str = "v1beta5";
/// Shortest share of the time that one of several endpoints gets.
const LEAST_SHARE: Duration = Duration::from_secs(3);
/// How long an endpoint is set aside after its first failure; doubled with each, up to [`ASIDE_MOST`].
const ASIDE: Duration = Duration::from_secs(30);
const ASIDE_MOST: Duration = Duration::from_secs(300);

/// The way to the chain. Cheap to share by reference; one is enough for a run.
pub struct Client {
    http: Http,
    endpoints: Vec<Endpoint>,
    timeout: Duration,
    health: Mutex<Health>,
}

/// Which endpoint is asked, and since when others are not.
struct Health {
    current: usize,
    aside: Vec<Aside>,
}

#[derive(Clone, Copy, Default)]
struct Aside {
    until: Option<Instant>,
    failures: u32,
}

impl Client {
    /// `timeout` is the longest wait for one answer.
    pub fn new(endpoints: Vec<Endpoint>, timeout: Duration) -> Result<Self, ChainError> {
        if endpoints.is_empty() {
            return Err(ChainError::NoEndpoint);
        }
        let health = Health { current: 0, aside: vec![Aside::default(); endpoints.len()] };
        Ok(Self { http: Http::default(), endpoints, timeout, health: Mutex::new(health) })
    }

    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The address of an endpoint, for people.
    pub fn shown(&self, at: usize) -> &Clean {
        self.endpoints[at].shown()
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// Until when all questions of one poll have to be answered: several pages, or an answer asked again. Where there
    /// are other endpoints to go to, one that hangs is not waited for as long.
    pub(super) fn poll_deadline(&self) -> Instant {
        let span = if self.endpoints.len() == 1 { self.timeout * 2 } else { (self.timeout / 2).max(LEAST_SHARE) };
        Instant::now() + span
    }

    /// A question to one endpoint that waits for no other.
    pub(super) fn question<'a>(&'a self, at: usize, route: &'a str, deadline: Instant) -> Question<'a> {
        let tries = if self.endpoints.len() == 1 { 3 } else { 1 };
        let deadline = deadline.min(Instant::now() + self.timeout);
        Question { endpoint: &self.endpoints[at], route, query: &[], pin: None, deadline, tries }
    }

    /// Asks one route of one endpoint, once; for what is looked up beside a snapshot (accounts, transactions).
    pub async fn get_at(
        &self,
        at: usize,
        route: &str,
        query: &[(&str, &str)],
        deadline: Instant,
    ) -> Result<Answer, ChainError> {
        self.http.get(Question { query, tries: 1, ..self.question(at, route, deadline) }).await
    }

    /// Reads a list of one endpoint to its end.
    pub async fn list_at<T>(
        &self,
        at: usize,
        route: &str,
        query: &[(&str, &str)],
        deadline: Instant,
        decode: fn(&[u8], usize) -> Result<Page<T>, DecodeError>,
    ) -> Result<Listed<T>, ChainError> {
        self.http.list(Question { query, tries: 1, ..self.question(at, route, deadline) }, decode).await
    }

    /// Sends a JSON body to one endpoint, once. Only `lease` has a reason to.
    pub async fn post_at(&self, at: usize, route: &str, body: String, deadline: Instant) -> Result<Answer, Unanswered> {
        self.http.post(self.question(at, route, deadline), body).await
    }

    /// How long one endpoint may take of the time until `deadline`, when `left` are still to be tried.
    pub(super) fn share(deadline: Instant, left: usize) -> Instant {
        let now = Instant::now();
        let all = deadline.saturating_duration_since(now);
        let parts = u32::try_from(left.max(1)).unwrap_or(u32::MAX);
        now + (all / parts).max(LEAST_SHARE).min(all)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        // What is kept is whole after every step, so a panic elsewhere spoils nothing.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The endpoint to ask: the one in use, else the first that is not set aside, else the one whose time is up first.
    pub(super) fn choose(&self) -> usize {
        let now = Instant::now();
        let mut health = self.health();
        let free = |aside: &Aside| aside.until.is_none_or(|until| until <= now);
        if !free(&health.aside[health.current]) {
            let first = health.aside.iter().position(free);
            let soonest = || (0..health.aside.len()).min_by_key(|at| health.aside[*at].until).unwrap_or(0);
            health.current = first.unwrap_or_else(soonest);
        }
        health.current
    }

    /// Sets an endpoint aside; how long, if there is another one.
    pub(super) fn failed(&self, at: usize, error: &ChainError) -> Option<Duration> {
        if self.endpoints.len() == 1 {
            return None;
        }
        let mut health = self.health();
        let aside = &mut health.aside[at];
        let grown = ASIDE.saturating_mul(1 << aside.failures.min(4)).min(ASIDE_MOST);
        let rest = error.wait().unwrap_or(grown);
        aside.failures = aside.failures.saturating_add(1);
        aside.until = Some(Instant::now() + rest);
        Some(rest)
    }

    pub(super) fn worked(&self, at: usize) {
        self.health().aside[at] = Aside::default();
    }

    /// The error of an endpoint that does not serve the market's routes: which generation it speaks instead.
    pub(super) async fn wrong_generation(&self, at: usize, deadline: Instant) -> ChainError {
        let endpoint = self.shown(at).clone();
        let discovery = self.http.get(self.question(at, "/akash/discovery/v1/info", deadline));
        let named = match discovery.await {
            Ok(answer) => wire_meta::market_version(&answer.body).ok().flatten(),
            Err(_) => None,
        };
        let has = if let Some(version) = named.filter(|version| &**version != GENERATION) {
            Some(version)
        } else {
            let versions = ["v2beta1", "v1beta4", "v1beta3", "v1beta2"];
            let answers = versions.map(|version| async move {
                let route = format!("/akash/market/{version}/bids/list");
                let query = [("pagination.limit", "1")];
                let question = self.question(at, &route, deadline);
                // Only a node that knows the route answers, or refuses, in its own words.
                match self.http.get(Question { query: &query, ..question }).await {
                    Ok(_) | Err(ChainError::Node { .. } | ChainError::NotFound { .. }) => Some(Clean::new(version)),
                    Err(_) => None,
                }
            });
            futures_util::future::join_all(answers).await.into_iter().flatten().next()
        };
        ChainError::WrongGeneration { endpoint, wanted: GENERATION, has }
    }
}
