//! One GET of one endpoint: deadline, size limit, what the answer means. Paging, and trying again.
//!
//! TLS is set up when the first `https` address is asked, never before: loading a machine's certificates takes longer
//! than everything else on loopback.

use super::error::ChainError;
use super::wire::{DecodeError, Page};
use super::wire_meta::grpc_error;
use crate::domain::bid::Unreadable;
use crate::domain::text::Clean;
use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use std::collections::HashSet;
use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::Instant;
use url::{Host, Url};

/// Largest answer read, in bytes.
pub const MAX_BODY: usize = 8 << 20;
/// Most bytes of all pages of one list.
const MAX_LIST: usize = 8 * MAX_BODY;
/// Entries asked for per page: a deployment's bids in one answer. The node's own default is 100.
const PAGE: usize = 500;
/// Longest that an endpoint's `Retry-After` is believed.
pub const MAX_WAIT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_REDIRECTS: usize = 4;
const USER_AGENT: &str = concat!("akbids/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");
/// The height an answer is of, and the request header that pins one.
const HEIGHT: &str = "x-cosmos-block-height";
/// The same, as errors and some gateways write it.
const HEIGHT_BY_GRPC: &str = "grpc-metadata-x-cosmos-block-height";

/// A REST address of a node, with its path prefix.
#[derive(Clone, Debug)]
pub struct Endpoint {
    url: Url,
    shown: Clean,
}

impl Endpoint {
    /// Reads `https://host[:port][/prefix]`. The error is a sentence that never repeats a password.
    pub fn parse(raw: &str) -> Result<Self, ChainError> {
        let raw = raw.trim();
        let bad = |what: &str| ChainError::BadUrl { text: Clean::message(what) };
        let typed = shown_input(raw);
        let with_scheme = || format!("{typed} is no URL of an endpoint: write http://{typed} or https://{typed}");
        let mut url = match Url::parse(raw) {
            Ok(url) if url.has_host() => url,
            // `localhost:1317` reads as a scheme with a path.
            Ok(_) => return Err(bad(&with_scheme())),
            Err(url::ParseError::RelativeUrlWithoutBase) if !raw.is_empty() => return Err(bad(&with_scheme())),
            Err(error) => return Err(bad(&format!("`{typed}` is no URL of an endpoint: {error}"))),
        };
        if !matches!(url.scheme(), "http" | "https") {
            let text = format!(
                "{typed} is no REST address: it has to begin with http:// or https:// (the REST API is asked, not RPC)"
            );
            return Err(bad(&text));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad(&format!("{typed} has a query: an endpoint is only scheme, host, port and path prefix")));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let mut public = url.clone();
        // Neither fails on a URL with a host.
        let _ = public.set_username("");
        let _ = public.set_password(None);
        let shown = Clean::new(public.as_str().trim_end_matches('/'));
        Ok(Self { url, shown })
    }

    /// The address without user and password.
    pub fn shown(&self) -> &Clean {
        &self.shown
    }

    /// `route` below the prefix, the query escaped.
    fn join(&self, route: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{route}", self.url.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// What was typed, without what stands before an `@`.
fn shown_input(raw: &str) -> Clean {
    let at = raw.rfind('@').map_or(0, |at| at + 1);
    Clean::new(&raw[at..])
}

/// The REST endpoints of mainnet that official software ships (akash-network/net `mainnet/meta.json`, console
/// `netConfigData.ts`), in their order.
pub fn mainnet() -> Vec<Endpoint> {
    const LIST: [&str; 11] = [
        "https://rpc.akt.dev/rest",
        "https://api.akashnet.net",
        "https://akash-api.polkachu.com",
        "https://rest-akash.ecostake.com",
        "https://rest.lavenderfive.com/akash",
        "https://akash.c29r3.xyz/api",
        "https://akash-api.kleomedes.network",
        "https://akash-mainnet-rest.cosmonautstakes.com",
        "https://akash-rest.publicnode.com",
        "https://akash-api.validatornode.com",
        "https://lcd.akash.bronbro.io",
    ];
    LIST.iter().filter_map(|url| Endpoint::parse(url).ok()).collect()
}

/// The REST endpoint of the sandbox (akash-network/net `sandbox-2/meta.json`).
pub fn sandbox() -> Vec<Endpoint> {
    ["https://api.sandbox-2.aksh.pw"].iter().filter_map(|url| Endpoint::parse(url).ok()).collect()
}

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub body: Vec<u8>,
    /// The height it is of, where the node says so.
    pub height: Option<u64>,
}

/// A POST that brought no answer.
#[derive(Debug)]
pub struct Unanswered {
    pub error: ChainError,
    /// The connection was never made (refused, no such host, TLS failed), so surely nothing was sent. False proves nothing.
    pub never_left: bool,
}

/// All pages of a list.
pub struct Listed<T> {
    pub items: Vec<T>,
    pub unreadable: Vec<Unreadable>,
    pub height: Option<u64>,
    /// The endpoint gave the same page key twice, or no more was wanted: what follows was not read.
    pub cut: bool,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), unreadable: Vec::new(), height: None, cut: false }
    }
}

impl<T> Listed<T> {
    pub fn new() -> Self {
        Self::default()
    }
}

/// The connections, one pool for each way of reaching a host.
#[derive(Default)]
pub struct Http {
    plain: OnceLock<reqwest::Client>,
    plain_loopback: OnceLock<reqwest::Client>,
    tls: OnceLock<reqwest::Client>,
    tls_loopback: OnceLock<reqwest::Client>,
}

/// A question: what to ask whom, and until when.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub endpoint: &'a Endpoint,
    pub route: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    /// The height to answer for; the node's latest if `None`.
    pub pin: Option<u64>,
    pub deadline: Instant,
    /// How often at most; more than one only where there is no other endpoint to go to.
    pub tries: usize,
}

impl Http {
    /// Asks, and again after a growing wait where that can help and the deadline allows.
    pub async fn get(&self, question: Question<'_>) -> Result<Answer, ChainError> {
        let backoff = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(question.tries.saturating_sub(1));
        (|| self.get_once(question))
            .retry(backoff)
            .sleep(tokio::time::sleep)
            .when(ChainError::passing)
            .adjust(|error, delay| {
                let delay = delay?.max(error.wait().unwrap_or(Duration::ZERO));
                (Instant::now() + delay < question.deadline).then_some(delay)
            })
            .await
    }

    async fn get_once(&self, question: Question<'_>) -> Result<Answer, ChainError> {
        let started = Instant::now();
        let answer = tokio::time::timeout_at(question.deadline, self.fetch(question)).await;
        answer.unwrap_or_else(|_| {
            Err(ChainError::Timeout {
                endpoint: question.endpoint.shown.clone(),
                route: Clean::new(question.route),
                after: started.elapsed(),
            })
        })
    }

    /// Sends a JSON body once: no second try, no redirect, whatever happens.
    pub async fn post(&self, question: Question<'_>, body: String) -> Result<Answer, Unanswered> {
        let Question { endpoint, route, deadline, .. } = question;
        let lost = |error| Unanswered { error, never_left: false };
        let url = endpoint.join(route, question.query);
        let client = self.client(&url).map_err(|error| Unanswered { error, never_left: true })?;
        let request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        let started = Instant::now();
        let answer = tokio::time::timeout_at(deadline, async {
            match request.send().await {
                Ok(response) => read(question, response).await.map_err(lost),
                Err(error) => {
                    Err(Unanswered { never_left: error.is_connect(), error: failed(endpoint, route, &error) })
                }
            }
        });
        answer.await.unwrap_or_else(|_| {
            let (endpoint, route) = (endpoint.shown.clone(), Clean::new(route));
            Err(lost(ChainError::Timeout { endpoint, route, after: started.elapsed() }))
        })
    }

    async fn fetch(&self, question: Question<'_>) -> Result<Answer, ChainError> {
        let Question { endpoint, route, .. } = question;
        let mut url = endpoint.join(route, question.query);
        let mut status = 0;
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client(&url)?.get(url.clone());
            if let Some(height) = question.pin {
                request = request.header(HEIGHT, height);
            }
            let response = request.send().await.map_err(|error| failed(endpoint, route, &error))?;
            if !response.status().is_redirection() {
                return read(question, response).await;
            }
            status = response.status().as_u16();
            // Followed by hand, since what is asked by http may lead to https.
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            match location.and_then(|to| url.join(to).ok()).filter(|to| matches!(to.scheme(), "http" | "https")) {
                Some(to) => url = to,
                None => break,
            }
        }
        Err(ChainError::Status { endpoint: endpoint.shown.clone(), route: Clean::new(route), status })
    }

    /// The client for an address. A proxy is for the world outside, never for this machine.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, ChainError> {
        let loopback = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        };
        let tls = url.scheme() == "https";
        let slot = match (tls, loopback) {
            (false, false) => &self.plain,
            (false, true) => &self.plain_loopback,
            (true, false) => &self.tls,
            (true, true) => &self.tls_loopback,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client =
            build(tls, loopback).map_err(|error| ChainError::Tls { cause: Clean::message(&root_cause(&error)) })?;
        Ok(slot.get_or_init(|| client))
    }

    /// Asks for a list to its end: the same filters again with each `next_key`, all pages at the height of the first.
    /// `total` counts only the rows of its page and is not used.
    pub async fn list<T>(
        &self,
        question: Question<'_>,
        decode: fn(&[u8], usize) -> Result<Page<T>, DecodeError>,
    ) -> Result<Listed<T>, ChainError> {
        let mut all = Listed::new();
        // On the heap: four lists are asked side by side, and each would be kept in the frame of all who wait.
        Box::pin(self.list_into(&mut all, question, decode, &mut |_| true)).await?;
        Ok(all)
    }

    /// As [`Http::list`], into `all`, which keeps what was read when it ends in an error. `more` is asked after each
    /// page; once it says no, the list is cut.
    pub async fn list_into<T>(
        &self,
        all: &mut Listed<T>,
        question: Question<'_>,
        decode: fn(&[u8], usize) -> Result<Page<T>, DecodeError>,
        more: &mut (dyn FnMut(&Listed<T>) -> bool + Send),
    ) -> Result<(), ChainError> {
        let mut size = PAGE;
        loop {
            *all = Listed::new();
            match self.pages(all, question, size, decode, more).await {
                // Entries may be large: fewer at a time.
                Err(ChainError::TooLarge { .. }) if size > 50 => size /= 4,
                other => return other,
            }
        }
    }

    async fn pages<T>(
        &self,
        all: &mut Listed<T>,
        question: Question<'_>,
        size: usize,
        decode: fn(&[u8], usize) -> Result<Page<T>, DecodeError>,
        more: &mut (dyn FnMut(&Listed<T>) -> bool + Send),
    ) -> Result<(), ChainError> {
        let (endpoint, route) = (&question.endpoint.shown, question.route);
        let limit = size.to_string();
        all.height = question.pin;
        let (mut key, mut seen) = (None::<String>, HashSet::new());
        let (mut first, mut bytes) = (0, 0);
        loop {
            let mut query = question.query.to_vec();
            query.push(("pagination.limit", &limit));
            if let Some(key) = &key {
                query.push(("pagination.key", key));
            }
            let answer = self.get(Question { query: &query, pin: all.height, ..question }).await?;
            all.height = all.height.or(answer.height);
            bytes += answer.body.len();
            let page = decode(&answer.body, first).map_err(|error| ChainError::unread(endpoint, route, error))?;
            first += page.items.len() + page.unreadable.len();
            all.items.extend(page.items);
            all.unreadable.extend(page.unreadable);
            let goes_on = more(all);
            match page.next_key {
                None => return Ok(()),
                Some(next) if seen.contains(&next) || !goes_on => {
                    all.cut = true;
                    return Ok(());
                }
                Some(_) if bytes > MAX_LIST => {
                    return Err(ChainError::TooLarge {
                        endpoint: endpoint.clone(),
                        route: Clean::new(route),
                        limit_mib: MAX_LIST >> 20,
                    });
                }
                Some(next) => {
                    seen.insert(next.clone());
                    key = Some(next);
                }
            }
        }
    }
}

/// A client that follows nothing and repeats nothing by itself.
fn build(tls: bool, loopback: bool) -> reqwest::Result<reqwest::Client> {
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            // Below what proxies keep a connection for.
            .pool_idle_timeout(Duration::from_secs(30))
            .tcp_nodelay(true);
        if loopback { builder.no_proxy() } else { builder }
    };
    if !tls {
        return match no_trust() {
            Some(config) => builder().tls_backend_preconfigured(config).build(),
            None => builder().build(),
        };
    }
    // An error only says that somebody installed one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder().build().or_else(|_| {
        // A machine without certificates, as slim containers are: Mozilla's list instead.
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|certificate| reqwest::Certificate::from_der(certificate).ok());
        builder().tls_certs_only(roots).build()
    })
}

/// A TLS set-up that trusts nobody, for the client that is never asked for https.
fn no_trust() -> Option<rustls::ClientConfig> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// Reads an answer and says what it means.
async fn read(question: Question<'_>, mut response: reqwest::Response) -> Result<Answer, ChainError> {
    let Question { endpoint, route, .. } = question;
    let (shown, named) = (|| endpoint.shown.clone(), || Clean::new(route));
    let status = response.status().as_u16();
    let height = height_of(response.headers());
    let wait = retry_after(response.headers());
    let expected = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let too_large = || ChainError::TooLarge { endpoint: shown(), route: named(), limit_mib: MAX_BODY >> 20 };
    if expected > MAX_BODY {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(expected);
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(endpoint, route, &error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    if (200..300).contains(&status) {
        return Ok(Answer { body, height });
    }
    if status == 429 || (status == 503 && wait.is_some()) {
        return Err(ChainError::Busy { endpoint: shown(), wait });
    }
    let Some((code, message)) = grpc_error(&body) else {
        return Err(ChainError::Status { endpoint: shown(), route: named(), status });
    };
    Err(match (status, code) {
        (501, _) | (_, 12) => ChainError::NotServed { endpoint: shown(), route: named() },
        // Some generations wrap "not found" in an HTTP 500.
        (_, 5) => ChainError::NotFound { endpoint: shown(), message },
        _ if message.contains("not found") => ChainError::NotFound { endpoint: shown(), message },
        _ if message.contains("code 26") && message.contains("invalid height") => {
            ChainError::Lagging { endpoint: shown(), height: question.pin.unwrap_or(0) }
        }
        _ => ChainError::Node { endpoint: shown(), route: named(), status, code, message },
    })
}

fn height_of(headers: &HeaderMap) -> Option<u64> {
    let header = headers.get(HEIGHT).or_else(|| headers.get(HEIGHT_BY_GRPC))?;
    header.to_str().ok()?.trim().parse().ok().filter(|height| *height > 0)
}

/// How long to wait, from seconds or a date; at most [`MAX_WAIT`].
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let ms = at.as_millisecond().saturating_sub(jiff::Timestamp::now().as_millisecond());
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    };
    Some(wait.min(MAX_WAIT))
}

/// What a failed request means. The error's own text holds the URL, so only its cause is told.
fn failed(endpoint: &Endpoint, route: &str, error: &reqwest::Error) -> ChainError {
    let (endpoint, route) = (endpoint.shown.clone(), Clean::new(route));
    if error.is_timeout() && !error.is_connect() {
        return ChainError::Timeout { endpoint, route, after: CONNECT_TIMEOUT };
    }
    if error.is_body() || error.is_decode() {
        return ChainError::Truncated { endpoint, route };
    }
    ChainError::Connect { endpoint, cause: Clean::message(&root_cause(error)) }
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
