//! A provider's own gateway, asked without a key: `/status` and `/version` over TLS.
//!
//! Gateways show certificates that they signed themselves, or ones of a test authority, so any is accepted: nothing
//! secret is sent, and what comes back is the provider's word at best. The client for this is one of its own and is
//! used for nothing else. The host comes from the chain, where anybody may write anything: an address of this machine
//! or of the local network is not asked.

use super::error::ChainError;
use super::wire::{DecodeError, Num, Text, object, utf8};
use crate::domain::bid::{Address, Provider};
use crate::domain::gateway::{Free, Gateway};
use crate::domain::text::Clean;
use futures_util::future::join;
use reqwest::redirect::Policy;
use serde::Deserialize;
use std::net::IpAddr;
use tokio::time::Instant;
use url::{Host, Url};

/// Most bytes read of an answer.
const MAX_BODY: usize = 1 << 20;

/// Asks a provider for its state until `deadline`. `local` lets addresses of this machine and the local network be
/// asked too. The version is left out where only that does not come.
pub async fn ask_gateway(provider: &Provider, local: bool, deadline: Instant) -> Result<Gateway, ChainError> {
    let host = provider.host.clone().ok_or_else(|| bad("the provider names no host"))?;
    let base = base(&host, local)?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .tls_danger_accept_invalid_certs(true)
        .https_only(true)
        .no_proxy()
        .build()
        .map_err(|error| ChainError::Tls { cause: Clean::message(&error.to_string()) })?;
    let ask = async |route: &'static str| {
        let started = Instant::now();
        let mut url = base.clone();
        url.set_path(route);
        let answer = tokio::time::timeout_at(deadline, get(&client, &host, url, route)).await;
        answer.unwrap_or_else(|_| {
            let after = started.elapsed();
            Err(ChainError::Timeout { endpoint: host.clone(), route: Clean::new(route), after })
        })
    };
    let (status, version) = join(ask("/status"), ask("/version")).await;
    let mut gateway = decode_status(&status?).map_err(|error| ChainError::unread(&host, "/status", error))?;
    if gateway.address.as_ref().is_some_and(|address| *address != provider.address) {
        return Err(ChainError::unread(&host, "/status", DecodeError::shape("it is about another provider")));
    }
    gateway.version = version.ok().and_then(|body| decode_version(&body).ok().flatten());
    Ok(gateway)
}

fn bad(text: &str) -> ChainError {
    ChainError::BadUrl { text: Clean::message(text) }
}

/// `https://host:port`, if the host is one that may be asked.
fn base(host: &Clean, local: bool) -> Result<Url, ChainError> {
    let unfit = || bad(&format!("{host} is no host of a gateway"));
    let url = Url::parse(&format!("https://{host}/")).map_err(|_| unfit())?;
    let whole = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !whole || url.password().is_some() {
        return Err(unfit());
    }
    let near = match url.host() {
        None => return Err(unfit()),
        Some(Host::Domain(name)) => {
            let last = name.trim_end_matches('.').rsplit('.').next();
            last.is_some_and(|last| matches!(last, "localhost" | "local" | "internal"))
        }
        Some(Host::Ipv4(ip)) => is_near(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_near(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)),
    };
    if near && !local {
        return Err(bad(&format!("{host} is an address of the local network: it is not asked")));
    }
    Ok(url)
}

fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || ip.is_broadcast()
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

async fn get(client: &reqwest::Client, host: &Clean, url: Url, route: &str) -> Result<Vec<u8>, ChainError> {
    let failed = |error: reqwest::Error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        ChainError::Connect { endpoint: host.clone(), cause: Clean::message(&cause.to_string()) }
    };
    let mut response = client.get(url).send().await.map_err(failed)?;
    let status = response.status();
    if !status.is_success() {
        return Err(ChainError::Status { endpoint: host.clone(), route: Clean::new(route), status: status.as_u16() });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > MAX_BODY {
            let (endpoint, route) = (host.clone(), Clean::new(route));
            return Err(ChainError::TooLarge { endpoint, route, limit_mib: MAX_BODY >> 20 });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `/status`, of daemons old and new: a machine says what is free in itself, or below `available`.
pub fn decode_status(bytes: &[u8]) -> Result<Gateway, DecodeError> {
    #[derive(Deserialize)]
    struct Status<'a> {
        #[serde(default)]
        cluster: Option<Cluster>,
        #[serde(borrow, default)]
        address: Text<'a>,
    }
    #[derive(Deserialize)]
    struct Cluster {
        #[serde(default)]
        leases: Num,
        #[serde(default)]
        inventory: Option<Inventory>,
    }
    #[derive(Deserialize)]
    struct Inventory {
        #[serde(default)]
        available: Option<Available>,
    }
    #[derive(Deserialize)]
    struct Available {
        #[serde(default)]
        nodes: Option<Vec<Node>>,
    }
    #[derive(Deserialize)]
    struct Node {
        #[serde(default)]
        available: Option<Amounts>,
        #[serde(flatten)]
        own: Amounts,
    }
    #[derive(Deserialize, Default)]
    struct Amounts {
        #[serde(default)]
        cpu: Num,
        #[serde(default)]
        memory: Num,
        #[serde(default)]
        gpu: Num,
        #[serde(default)]
        storage_ephemeral: Num,
    }
    let text = utf8(bytes);
    let status: Status<'_> = object(&text)?;
    let cluster = status.cluster.ok_or_else(|| DecodeError::shape("it holds no cluster"))?;
    let nodes = cluster.inventory.and_then(|inventory| inventory.available?.nodes);
    let free = |node: Node| {
        let amounts = node.available.unwrap_or(node.own);
        Free {
            cpu_m: amounts.cpu.0,
            memory_bytes: amounts.memory.0,
            gpus: amounts.gpu.0,
            storage_bytes: amounts.storage_ephemeral.0,
        }
    };
    Ok(Gateway {
        address: status.address.filled().map(Address::new),
        version: None,
        leases: cluster.leases.0,
        nodes: nodes.map(|nodes| nodes.into_iter().map(free).collect()),
    })
}

/// `/version`: of the provider's own program. `None` if it names none.
pub fn decode_version(bytes: &[u8]) -> Result<Option<Clean>, DecodeError> {
    #[derive(Deserialize)]
    struct Versions<'a> {
        #[serde(borrow, default)]
        akash: Option<Program<'a>>,
    }
    #[derive(Deserialize)]
    struct Program<'a> {
        #[serde(borrow, default)]
        version: Text<'a>,
    }
    let text = utf8(bytes);
    let versions: Versions<'_> = object(&text)?;
    Ok(versions.akash.and_then(|program| program.version.clean()))
}
