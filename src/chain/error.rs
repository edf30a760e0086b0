//! Why the chain could not be read; each a sentence for a person, naming the endpoint and what to do.

use super::wire::DecodeError;
use crate::domain::bid::Address;
use crate::domain::text::Clean;
use std::time::Duration;

/// All text in it is cleaned already.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChainError {
    /// An endpoint that cannot be one.
    #[error("{text}")]
    BadUrl { text: Clean },
    #[error("no chain endpoint to ask: name one with --rest URL")]
    NoEndpoint,
    #[error("cannot reach {endpoint}: {cause}")]
    Connect { endpoint: Clean, cause: Clean },
    /// TLS could not be set up on this machine.
    #[error("cannot speak https on this machine: {cause}")]
    Tls { cause: Clean },
    #[error("{endpoint} did not answer {route} in {}", told(*.after))]
    Timeout { endpoint: Clean, route: Clean, after: Duration },
    /// 429, or 503 with a time to wait.
    #[error("{endpoint} is asked too often{}", .wait.map_or_else(String::new, |wait| format!(", it wants to be left alone for {}", told(wait))))]
    Busy { endpoint: Clean, wait: Option<Duration> },
    /// The node's own error.
    #[error("{endpoint} answered {route} with an error: {message} (HTTP {status}, code {code})")]
    Node { endpoint: Clean, route: Clean, status: u16, code: u32, message: Clean },
    /// An error without a gRPC body: a proxy before the node.
    #[error("{endpoint} answered {route} with HTTP {status}")]
    Status { endpoint: Clean, route: Clean, status: u16 },
    #[error("{endpoint} says there is no such thing: {message}")]
    NotFound { endpoint: Clean, message: Clean },
    /// The node does not know the route.
    #[error("{endpoint} does not serve {route}")]
    NotServed { endpoint: Clean, route: Clean },
    #[error("{endpoint} speaks {}, akbids reads market {wanted}: name another endpoint with --rest",
        .has.as_ref().map_or_else(|| format!("no market {wanted}"), |has| format!("market {has}")))]
    WrongGeneration { endpoint: Clean, wanted: &'static str, has: Option<Clean> },
    #[error("{endpoint} is on chain {has}, not on {wanted}: check --rest, --net and --chain-id")]
    WrongChain { endpoint: Clean, wanted: Clean, has: Clean },
    #[error("{endpoint} is behind: it does not have height {height} yet")]
    Lagging { endpoint: Clean, height: u64 },
    #[error("the answer of {endpoint} to {route} is larger than {limit_mib} MiB")]
    TooLarge { endpoint: Clean, route: Clean, limit_mib: usize },
    #[error(
        "{endpoint} answered {route} with something other than JSON: is it the REST address of a node (not RPC, port 26657), and is its path right?"
    )]
    NotJson { endpoint: Clean, route: Clean },
    #[error("the answer of {endpoint} to {route} stopped in the middle")]
    Truncated { endpoint: Clean, route: Clean },
    #[error("{endpoint} answered {route} in another shape than expected: {reason}")]
    Shape { endpoint: Clean, route: Clean, reason: Clean },
    /// Every endpoint failed.
    #[error("no endpoint answered: {}", several(.0))]
    All(Vec<ChainError>),
    #[error("there is no deployment {dseq} on this chain: check the number and --net")]
    NoDeployment { dseq: u64 },
    #[error("several owners have a deployment {dseq}: name one with --owner ({})", list(.owners))]
    Owners { dseq: u64, owners: Vec<Address> },
    /// A saved answer that cannot be read.
    #[error("{text}")]
    Saved { text: Clean },
}

/// What kind of failure it is: what an exit code needs to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It was asked for wrongly: URL, owner, file.
    Usage,
    /// There is no such deployment.
    Missing,
    /// Everything else.
    Failed,
}

impl ChainError {
    pub fn kind(&self) -> Kind {
        match self {
            Self::BadUrl { .. } | Self::NoEndpoint | Self::Owners { .. } | Self::Saved { .. } => Kind::Usage,
            Self::NoDeployment { .. } => Kind::Missing,
            _ => Kind::Failed,
        }
    }

    /// Whether another endpoint may do better.
    pub fn of_endpoint(&self) -> bool {
        !matches!(
            self,
            Self::BadUrl { .. }
                | Self::NoEndpoint
                | Self::NotFound { .. }
                | Self::NoDeployment { .. }
                | Self::Owners { .. }
                | Self::Saved { .. }
        )
    }

    /// Whether asking again can never help: the endpoint is another thing than what is looked for.
    pub fn lasting(&self) -> bool {
        match self {
            Self::BadUrl { .. }
            | Self::NoEndpoint
            | Self::Tls { .. }
            | Self::WrongGeneration { .. }
            | Self::WrongChain { .. }
            | Self::NoDeployment { .. }
            | Self::Owners { .. } => true,
            Self::All(errors) => errors.iter().all(Self::lasting),
            _ => false,
        }
    }

    /// Whether the same question may be answered a moment later: not reached, asked too often, or an error of a proxy.
    pub(crate) fn passing(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Busy { .. } | Self::Truncated { .. } => true,
            Self::Status { status, .. } => matches!(status, 500 | 502 | 503 | 504),
            // Unavailable, deadline exceeded, resources exhausted.
            Self::Node { code, .. } => matches!(code, 14 | 4 | 8),
            _ => false,
        }
    }

    /// Whether nothing but silence came, from whoever was asked.
    pub fn timed_out(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::All(errors) => errors.iter().all(Self::timed_out),
            _ => false,
        }
    }

    /// How long the endpoint asked to be left alone.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Busy { wait, .. } => *wait,
            Self::All(errors) => errors.iter().filter_map(Self::wait).min(),
            _ => None,
        }
    }

    /// An answer of `endpoint` to `route` that could not be read.
    pub(crate) fn unread(endpoint: &Clean, route: &str, error: DecodeError) -> Self {
        let (endpoint, route) = (endpoint.clone(), Clean::new(route));
        match error {
            DecodeError::Cut => Self::Truncated { endpoint, route },
            DecodeError::NotJson => Self::NotJson { endpoint, route },
            DecodeError::Shape(reason) => Self::Shape { endpoint, route, reason },
        }
    }
}

/// A duration for people: `15 s`, `0.3 s`.
fn told(span: Duration) -> String {
    if span < Duration::from_secs(10) && span.subsec_millis() >= 100 {
        format!("{}.{} s", span.as_secs(), span.subsec_millis() / 100)
    } else {
        format!("{} s", span.as_secs())
    }
}

/// The first few of them.
fn several(errors: &[ChainError]) -> String {
    let mut text = errors.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if errors.len() > 3 {
        text.push_str("; and ");
        text.push_str(&(errors.len() - 3).to_string());
        text.push_str(" more");
    }
    text
}

fn list(owners: &[Address]) -> String {
    owners.iter().map(Address::as_str).collect::<Vec<_>>().join(", ")
}
