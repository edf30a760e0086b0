//! The values a run goes by, and where each came from: flag, else environment, else default.

use crate::cli::{Cli, Command, Net, SigningArgs};
use crate::domain::money::parse_decimal;
use crate::domain::query::Query;
use crate::domain::rank::Sort;
use crate::exit::{Code, Failure};
use etcetera::BaseStrategy;
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
    /// How to sign, where something is accepted.
    pub signing: SigningValues,
    /// The journal of what was signed: in the XDG state directory; `None` where no home directory is known.
    pub journal: Option<PathBuf>,
    /// File that log lines are appended to.
    pub log: Option<PathBuf>,
    /// The locale cannot show more than ASCII.
    pub ascii: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Things worth knowing with `-v`.
    pub notes: Vec<String>,
}

/// What the signing flags and their variables say.
#[derive(Clone, Debug)]
pub struct SigningValues {
    pub from: Option<Value<String>>,
    /// `os`, `file`, `test`, or what the person wrote instead.
    pub keyring_backend: String,
    /// The folder that holds the keyring; `None` where no home directory is known.
    pub keyring_dir: Option<PathBuf>,
    /// Whether the person named it; else the official CLI finds it by itself.
    pub keyring_dir_named: bool,
    /// uakt for a unit of gas.
    pub gas_price: Decimal,
    pub gas_adjustment: Decimal,
    pub fee_granter: Option<String>,
    /// In uakt.
    pub max_fee: Decimal,
    pub key_file: Option<PathBuf>,
    pub key_command: Option<String>,
    /// The last resort is set; its value is not kept.
    pub key_in_environment: bool,
    pub read_only: bool,
}

impl SigningValues {
    fn read(args: &SigningArgs, env: &impl Fn(&'static str) -> Option<String>) -> Result<Self, Failure> {
        let text = |flag: &Option<String>, name| flag.clone().or_else(|| env(name));
        let path = |flag: &Option<PathBuf>, name| flag.clone().or_else(|| env(name).map(PathBuf::from));
        let named_dir = path(&args.keyring_dir, "AKASH_KEYRING_DIR").or_else(|| path(&args.home, "AKASH_HOME"));
        let from = match &args.from {
            Some(name) if name.trim().is_empty() => {
                return Err(Failure::new(Code::Usage, "--from is empty: the key's name is taken, or its address"));
            }
            Some(name) => Some(Value { value: name.clone(), origin: Origin::Flag("--from") }),
            None => env("AKASH_FROM").map(|value| Value { value, origin: Origin::Env("AKASH_FROM") }),
        };
        let fee_granter = args.fee_granter.clone();
        if let Some(granter) = &fee_granter {
            check_address(granter, Origin::Flag("--fee-granter"))?;
        }
        Ok(Self {
            from,
            keyring_backend: text(&args.keyring_backend, "AKASH_KEYRING_BACKEND").unwrap_or_else(|| "os".to_owned()),
            keyring_dir_named: named_dir.is_some(),
            keyring_dir: named_dir.or_else(|| Some(etcetera::home_dir().ok()?.join(".akash"))),
            gas_price: uakt("--gas-prices", text(&args.gas_prices, "AKASH_GAS_PRICES").as_deref(), "0.025uakt")?,
            gas_adjustment: factor(text(&args.gas_adjustment, "AKASH_GAS_ADJUSTMENT").as_deref())?,
            max_fee: uakt("--max-fee", args.max_fee.as_deref(), "100000uakt")?,
            fee_granter,
            key_file: args.key_file.clone(),
            key_command: args.key_command.clone(),
            key_in_environment: env("AKBIDS_KEY").is_some(),
            read_only: args.read_only,
        })
    }
}

/// An amount of uakt: `0.025uakt`.
fn uakt(flag: &str, raw: Option<&str>, default: &str) -> Result<Decimal, Failure> {
    let raw = raw.unwrap_or(default).trim();
    let number = raw.strip_suffix("uakt").and_then(|number| parse_decimal(number.trim()).ok());
    number.filter(|price| *price >= Decimal::ZERO).ok_or_else(|| {
        Failure::new(
            Code::Usage,
            format!(
                "{flag} is {:?}: an amount of uakt is taken, such as {default} (fees are paid in uakt)",
                clean(raw)
            ),
        )
    })
}

fn factor(raw: Option<&str>) -> Result<Decimal, Failure> {
    let Some(raw) = raw else { return Ok(Decimal::new(15, 1)) };
    match parse_decimal(raw.trim()) {
        Ok(factor) if factor >= Decimal::ONE && factor <= Decimal::ONE_HUNDRED => Ok(factor),
        _ => Err(Failure::new(
            Code::Usage,
            format!("--gas-adjustment is {:?}: a number from 1 to 100 is taken, such as 1.5", clean(raw)),
        )),
    }
}

/// `akbids/journal.jsonl` in the XDG state directory (`$XDG_STATE_HOME`, else `~/.local/state`), on macOS too.
fn journal() -> Option<PathBuf> {
    let state = etcetera::base_strategy::Xdg::new().ok()?.state_dir()?;
    Some(state.join("akbids").join("journal.jsonl"))
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
        let named = match &cli.command {
            Some(Command::Accept(accept)) => accept.owner.as_ref(),
            _ => cli.owner.as_ref(),
        };
        let owner = pick(named, "--owner", "AKASH_OWNER");
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
            signing: SigningValues::read(cli.signing(), &env)?,
            journal: journal(),
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
    match &cli.command {
        // What is bought is named by a flag, never by an exported name.
        Some(Command::Accept(accept)) => {
            return Ok(accept.dseq.map(|value| Value { value, origin: Origin::Flag("--dseq") }));
        }
        Some(Command::Journal(_)) => return Ok(None),
        None => {}
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
pub(crate) fn check_address(raw: &str, origin: Origin) -> Result<(), Failure> {
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
