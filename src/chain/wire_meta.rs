//! Everything that is not the market: providers, audits, accounts, blocks, what a node says of itself, the oracle, and
//! error bodies. Bytes → domain or a plain record. Pure.

use super::wire::{
    Attribute, Coin, DecodeError, Num, Page, Pagination, Text, attributes, entries, entry, next_key, object, present,
    utf8,
};
use crate::domain::bid::{Address, Audit, Provider};
use crate::domain::gpu::GpuKind;
use crate::domain::money::{Amount, Rate, parse_decimal};
use crate::domain::text::Clean;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `providers/{owner}`.
pub fn provider(bytes: &[u8]) -> Result<Provider, DecodeError> {
    let text = utf8(bytes);
    provider_entry(&text).map_err(|reason| DecodeError::shape(&reason))
}

/// One page of `providers`. `first` is the number of entries on the pages before.
pub fn providers(bytes: &[u8], first: usize) -> Result<Page<Provider>, DecodeError> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        providers: &'a RawValue,
        #[serde(borrow, default)]
        pagination: Option<Pagination<'a>>,
    }
    let text = utf8(bytes);
    let page: List<'_> = object(&text)?;
    let (items, unreadable) = entries(page.providers.get(), "providers", first, provider_entry)?;
    Ok(Page { items, unreadable, next_key: next_key(page.pagination.as_ref()) })
}

/// `{"provider": {…}}`, or the provider itself.
pub(crate) fn provider_entry(text: &str) -> Result<Provider, String> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow, default)]
        provider: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        owner: Text<'a>,
        #[serde(borrow, default)]
        host_uri: Text<'a>,
        #[serde(borrow, default)]
        attributes: Option<Vec<Attribute<'a>>>,
        #[serde(borrow, default)]
        info: Option<Info<'a>>,
    }
    #[derive(Deserialize, Default)]
    struct Info<'a> {
        #[serde(borrow, default)]
        email: Text<'a>,
        #[serde(borrow, default)]
        website: Text<'a>,
    }
    let wrapped = present(entry::<Outer<'_>>(text)?.provider);
    let body: Body<'_> = entry(wrapped.unwrap_or(text))?;
    let list = body.attributes.as_deref().unwrap_or(&[]);
    let info = body.info.unwrap_or_default();
    Ok(Provider {
        address: Address::new(body.owner.filled().ok_or("it has no owner")?),
        host: body.host_uri.filled().and_then(host),
        attributes: attributes(list),
        email: info.email.clean(),
        website: info.website.clean(),
        audits: None,
        declared_gpus: list
            .iter()
            .filter_map(|a| GpuKind::parse_capability(a.key.as_deref()?, a.value.as_deref()?))
            .collect(),
    })
}

/// `host:port` of `https://host:port/…`.
fn host(uri: &str) -> Option<Clean> {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    Clean::new(rest.split('/').next().unwrap_or(rest)).non_empty()
}

/// What an audit answer holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audits {
    pub audits: Vec<Audit>,
    /// Entries about another owner, or signed by nobody: the node's list of all records is full of them
    /// (`node-facts.md`), so they are no evidence of anything.
    pub garbage: usize,
}

/// `audit/attributes/{owner}/list`, of `owner` only. That nobody signed anything is a 404, not an empty list.
pub fn audits(bytes: &[u8], owner: &Address) -> Result<Audits, DecodeError> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        providers: &'a RawValue,
    }
    let text = utf8(bytes);
    let page: List<'_> = object(&text)?;
    let (items, unreadable) = entries(page.providers.get(), "providers", 0, audit_entry)?;
    let total = items.len();
    let audits: Vec<Audit> = items
        .into_iter()
        .filter(|(of, audit)| of == owner && !audit.auditor.as_str().is_empty())
        .map(|(_, audit)| audit)
        .collect();
    Ok(Audits { garbage: total - audits.len() + unreadable.len(), audits })
}

/// One audit record: whose attributes, and who signed which.
pub(crate) fn audit_entry(text: &str) -> Result<(Address, Audit), String> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        owner: Text<'a>,
        #[serde(borrow, default)]
        auditor: Text<'a>,
        #[serde(borrow, default)]
        attributes: Option<Vec<Attribute<'a>>>,
    }
    let body: Body<'_> = entry(text)?;
    let owner = Address::new(body.owner.filled().ok_or("it has no owner")?);
    let auditor = Address::new(body.auditor.as_deref().unwrap_or(""));
    Ok((owner, Audit { auditor, attributes: body.attributes.as_deref().map_or_else(Vec::new, attributes) }))
}

/// One page of `balances/{address}`.
pub fn balances(bytes: &[u8], first: usize) -> Result<Page<Amount>, DecodeError> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        balances: &'a RawValue,
        #[serde(borrow, default)]
        pagination: Option<Pagination<'a>>,
    }
    let text = utf8(bytes);
    let page: List<'_> = object(&text)?;
    let coin = |text| entry::<Coin<'_>>(text)?.amount();
    let (items, unreadable) = entries(page.balances.get(), "balances", first, coin)?;
    Ok(Page { items, unreadable, next_key: next_key(page.pagination.as_ref()) })
}

/// An account, as far as signing needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountInfo {
    pub address: Address,
    pub account_number: u64,
    pub sequence: u64,
    /// Base64 of its public key; `None` until its first transaction.
    pub pub_key: Option<String>,
}

/// `account_info/{address}`.
pub fn account_info(bytes: &[u8]) -> Result<AccountInfo, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        info: Body<'a>,
    }
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        address: Text<'a>,
        #[serde(default)]
        account_number: Num,
        #[serde(default)]
        sequence: Num,
        #[serde(borrow, default)]
        pub_key: Option<Key<'a>>,
    }
    #[derive(Deserialize)]
    struct Key<'a> {
        #[serde(borrow, default)]
        key: Text<'a>,
    }
    let text = utf8(bytes);
    let info = object::<Outer<'_>>(&text)?.info;
    let missing = |what: &str| DecodeError::shape(&format!("the account has no {what}"));
    Ok(AccountInfo {
        address: Address::new(info.address.filled().ok_or_else(|| missing("address"))?),
        account_number: info.account_number.0.ok_or_else(|| missing("account_number"))?,
        sequence: info.sequence.0.ok_or_else(|| missing("sequence"))?,
        pub_key: info.pub_key.and_then(|key| key.key.filled().map(str::to_owned)),
    })
}

/// The head of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    pub chain_id: Clean,
    pub height: u64,
    /// Nanoseconds since 1970, as the validators have it.
    pub time_ns: i128,
}

impl Header {
    /// Milliseconds since 1970.
    pub fn time_ms(&self) -> Option<i64> {
        i64::try_from(self.time_ns.div_euclid(1_000_000)).ok()
    }
}

/// `blocks/latest`, `blocks/{height}`. The body of the former is now and then one ahead of the answer's own height.
pub fn block(bytes: &[u8]) -> Result<Header, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        block: Block<'a>,
    }
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow)]
        header: Body<'a>,
    }
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        chain_id: Text<'a>,
        #[serde(default)]
        height: Num,
        #[serde(borrow, default)]
        time: Text<'a>,
    }
    let text = utf8(bytes);
    let header = object::<Outer<'_>>(&text)?.block.header;
    let missing = |what: &str| DecodeError::shape(&format!("the block's header has no {what}"));
    Ok(Header {
        chain_id: header.chain_id.clean().ok_or_else(|| missing("chain_id"))?,
        height: header.height.0.ok_or_else(|| missing("height"))?,
        time_ns: header.time.filled().and_then(time_ns).ok_or_else(|| missing("time"))?,
    })
}

/// Nanoseconds since 1970 of an RFC 3339 time, which the chain gives to the nanosecond.
fn time_ns(text: &str) -> Option<i128> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_nanosecond)
}

/// What a node says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeInfo {
    /// The chain's id.
    pub network: Clean,
    /// Version of the node's program; empty in home-made builds.
    pub version: Option<Clean>,
}

/// `node_info`.
pub fn node_info(bytes: &[u8]) -> Result<NodeInfo, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        default_node_info: Network<'a>,
        #[serde(borrow, default)]
        application_version: Option<Version<'a>>,
    }
    #[derive(Deserialize)]
    struct Network<'a> {
        #[serde(borrow, default)]
        network: Text<'a>,
    }
    #[derive(Deserialize)]
    struct Version<'a> {
        #[serde(borrow, default)]
        version: Text<'a>,
    }
    let text = utf8(bytes);
    let info: Outer<'_> = object(&text)?;
    Ok(NodeInfo {
        network: info
            .default_node_info
            .network
            .clean()
            .ok_or_else(|| DecodeError::shape("the node names no network"))?,
        version: info.application_version.and_then(|version| version.version.clean()),
    })
}

/// The version of the market module that a node serves (`discovery/v1/info`, since node v2.1). `None` if it names none.
pub fn market_version(bytes: &[u8]) -> Result<Option<Clean>, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        info: Info<'a>,
    }
    #[derive(Deserialize)]
    struct Info<'a> {
        #[serde(borrow, default)]
        supported_versions: Option<Vec<Supported<'a>>>,
    }
    #[derive(Deserialize)]
    struct Supported<'a> {
        #[serde(borrow, default)]
        modules: Option<Vec<Module<'a>>>,
    }
    #[derive(Deserialize)]
    struct Module<'a> {
        #[serde(borrow, default)]
        module: Text<'a>,
        #[serde(borrow, default)]
        version: Text<'a>,
    }
    let text = utf8(bytes);
    let info = object::<Outer<'_>>(&text)?.info;
    let modules = info.supported_versions.iter().flatten().flat_map(|version| version.modules.iter().flatten());
    Ok(modules.filter(|module| module.module.as_deref() == Some("market")).find_map(|module| module.version.clean()))
}

/// Parameters of the market module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarketParams {
    /// An order takes one bid more than this.
    pub order_max_bids: Option<u32>,
}

/// `market/…/params`.
pub fn market_params(bytes: &[u8]) -> Result<MarketParams, DecodeError> {
    #[derive(Deserialize)]
    struct Outer {
        params: Params,
    }
    #[derive(Deserialize)]
    struct Params {
        #[serde(default)]
        order_max_bids: Num,
    }
    let text = utf8(bytes);
    Ok(MarketParams { order_max_bids: object::<Outer>(&text)?.params.order_max_bids.u32() })
}

/// The oracle's word on AKT.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OraclePrice {
    Healthy(Rate),
    /// There is a figure, but the chain itself does not trust it; why.
    Unhealthy(Clean),
}

/// `oracle/{version}/aggregated_price/akt`. The median counts, and only if the chain calls it healthy.
pub fn oracle_price(bytes: &[u8], version: &str) -> Result<OraclePrice, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        aggregated_price: Price<'a>,
        #[serde(borrow)]
        price_health: Health<'a>,
    }
    #[derive(Deserialize)]
    struct Price<'a> {
        #[serde(borrow, default)]
        median_price: Option<&'a RawValue>,
        #[serde(borrow, default)]
        timestamp: Text<'a>,
    }
    #[derive(Deserialize)]
    struct Health<'a> {
        #[serde(default)]
        is_healthy: bool,
        #[serde(borrow, default)]
        failure_reason: Option<Vec<Text<'a>>>,
    }
    let text = utf8(bytes);
    let answer: Outer<'_> = object(&text)?;
    if !answer.price_health.is_healthy {
        let reasons: Vec<&str> = answer.price_health.failure_reason.iter().flatten().filter_map(Text::filled).collect();
        let why = if reasons.is_empty() { "it says no why".to_owned() } else { reasons.join(", ") };
        return Ok(OraclePrice::Unhealthy(Clean::message(&why)));
    }
    let median = present(answer.aggregated_price.median_price).map(|raw| raw.trim_matches('"'));
    let usd = median.map(parse_decimal).ok_or_else(|| DecodeError::shape("the price has no median"))?;
    let usd = usd.map_err(|error| DecodeError::shape(&format!("the median price {error}")))?;
    if usd <= Decimal::ZERO {
        return Ok(OraclePrice::Unhealthy(Clean::new("the price is not above zero")));
    }
    let at_ms = answer.aggregated_price.timestamp.filled().and_then(time_ns);
    Ok(OraclePrice::Healthy(Rate {
        usd,
        source: Clean::new(&format!("oracle {version} median")),
        at_ms: at_ms.and_then(|ns| i64::try_from(ns.div_euclid(1_000_000)).ok()),
    }))
}

/// A gRPC error as the gateway writes it: `{"code": 5, "message": "…", "details": []}`. `None`: no such body.
pub fn grpc_error(bytes: &[u8]) -> Option<(u32, Clean)> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(default)]
        code: Num,
        #[serde(borrow, default)]
        message: Text<'a>,
    }
    let text = utf8(bytes);
    let body: Body<'_> = object(&text).ok()?;
    Some((body.code.u32()?, Clean::message(body.message.as_deref()?)))
}
