//! The values a run goes by, and where each came from: flag, else environment, else default.

use crate::cli::{Cli, Net};
use crate::domain::money::parse_decimal;
use crate::domain::query::Query;
use crate::domain::rank::Sort;
use crate::exit::{Code, Failure};
use rust_decimal::Decimal;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where a value came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    Flag(&'static str),
    Env(&'static str),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Env(name) => f.write_str(name),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and its origin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value<T> {
    pub value: T,
    pub origin: Origin,
}

/// Everything that flags and environment decide.
#[derive(Clone, Debug)]
pub struct Config {
    pub dseq: Option<Value<u64>>,
    pub owner: Option<Value<String>>,
    /// Endpoints named by the person; none: the built-in list of `net`.
    pub rest: Value<Vec<String>>,
    pub net: Net,
    /// The chain that must answer; `None`: any (endpoints were named and no chain was).
    pub chain_id: Option<Value<String>>,
    /// Dollars of one AKT, as the person says.
    pub akt_usd: Option<Decimal>,
    pub query: Query,
    pub sort: Sort,
    /// The longest wait: of a whole run without a screen, of one request on a screen.
    pub timeout: Duration,
    /// File that log lines are appended to.
    pub log: Option<PathBuf>,
    /// The locale cannot show more than ASCII.
    pub ascii: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Things worth knowing with `-v`.
    pub notes: Vec<String>,
}

impl Config {
    /// Reads flags and environment. `env` gives a variable's value; one set to nothing counts as not set.
    ///
    /// # Errors
    /// A value that cannot be used: wrong use, with the flag or variable named.
    pub fn read(cli: &Cli, env: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let env = |name: &'static str| env(name).filter(|value| !value.trim().is_empty());
        let pick = |flag: Option<&String>, flag_name, env_name| match flag {
            Some(value) => Some(Value { value: value.clone(), origin: Origin::Flag(flag_name) }),
            None => env(env_name).map(|value| Value { value, origin: Origin::Env(env_name) }),
        };
        let owner = pick(cli.owner.as_ref(), "--owner", "AKASH_OWNER");
        if let Some(Value { value, origin }) = &owner {
            check_address(value, *origin)?;
        }
        let mut notes = Vec::new();
        if env("AKASH_NODE").is_some() {
            notes.push(
                "AKASH_NODE is an RPC address and is not used; --rest or AKBIDS_REST names a REST endpoint".to_owned(),
            );
        }
        let rest = match (cli.rest.as_slice(), env("AKBIDS_REST")) {
            ([], Some(list)) => Value {
                value: list.split([',', ' ']).filter(|url| !url.is_empty()).map(ToOwned::to_owned).collect(),
                origin: Origin::Env("AKBIDS_REST"),
            },
            ([], None) => Value { value: Vec::new(), origin: Origin::Default },
            (urls, _) => Value { value: urls.to_vec(), origin: Origin::Flag("--rest") },
        };
        let named = pick(cli.chain_id.as_ref(), "--chain-id", "AKASH_CHAIN_ID");
        let net = cli.net.unwrap_or(match &named {
            Some(id) if id.value == Net::Sandbox.chain_id() => Net::Sandbox,
            _ => Net::Mainnet,
        });
        let chain_id = named.or_else(|| {
            let origin = if cli.net.is_some() { Origin::Flag("--net") } else { Origin::Default };
            // Somebody's own endpoint may be of any chain; the built-in lists are of one.
            (cli.net.is_some() || rest.value.is_empty()).then(|| Value { value: net.chain_id().to_owned(), origin })
        });
        Ok(Self {
            dseq: dseq(cli, env("AKASH_DSEQ"))?,
            owner,
            rest,
            net,
            chain_id,
            akt_usd: cli.akt_usd.as_deref().map(akt_usd).transpose()?,
            query: Query::parse(cli.filter.as_deref().unwrap_or_default())
                .map_err(|e| Failure::new(Code::Usage, format!("--filter, column {}: {}", e.column, e.message)))?,
            sort: Sort::parse(cli.sort.as_deref().unwrap_or_default())
                .map_err(|e| Failure::new(Code::Usage, format!("--sort: {e}")))?,
            timeout: Duration::from_secs(cli.timeout.unwrap_or(15)),
            log: env("AKBIDS_LOG").map(PathBuf::from),
            ascii: !utf8_locale(env),
            no_color: env("NO_COLOR").is_some(),
            notes,
        })
    }
}

fn dseq(cli: &Cli, exported: Option<String>) -> Result<Option<Value<u64>>, Failure> {
    if let Some(value) = cli.dseq {
        return Ok(Some(Value { value, origin: Origin::Flag("--dseq") }));
    }
    exported
        .map(|raw| match raw.trim().parse() {
            Ok(value) if value > 0 => Ok(Value { value, origin: Origin::Env("AKASH_DSEQ") }),
            _ => Err(Failure::new(
                Code::Usage,
                format!("AKASH_DSEQ is {:?}, which is no deployment number; --dseq N beats it", clean(&raw)),
            )),
        })
        .transpose()
}

fn akt_usd(raw: &str) -> Result<Decimal, Failure> {
    match parse_decimal(raw) {
        Ok(price) if price > Decimal::ZERO => Ok(price),
        _ => Err(Failure::new(
            Code::Usage,
            format!("--akt-usd is {:?}: dollars of one AKT are taken, such as 0.8125", clean(raw)),
        )),
    }
}

/// An account of this chain: bech32 with the prefix `akash`, 20 or 32 bytes.
fn check_address(raw: &str, origin: Origin) -> Result<(), Failure> {
    let why = match bech32::decode(raw) {
        Ok((hrp, data)) if hrp.as_str() == "akash" && matches!(data.len(), 20 | 32) => return Ok(()),
        Ok((hrp, _)) if hrp.as_str() != "akash" => "it does not begin with akash1",
        Ok(_) => "it has the wrong length",
        Err(_) => "it is no bech32 address (a letter may be mistyped)",
    };
    Err(Failure::new(Code::Usage, format!("{origin} {:?} is no Akash address: {why}", clean(raw))))
}

/// What a person typed, safe to print back.
fn clean(raw: &str) -> String {
    crate::domain::text::clean(raw, 80)
}

/// Whether the locale says UTF-8, by the variables and in the order that C libraries read them.
fn utf8_locale(env: impl Fn(&'static str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env).is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
