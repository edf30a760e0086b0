//! The values a run goes by, and where each came from: flag, else environment, else settings file, else default.
//!
//! ```text
//! cli ──┐
//! env ──┼─► Config ──► show      `akbids config`
//! file ─┘     ▲
//!          state file: favourites, blocks, the view that the screen was asked to keep
//! ```

mod check;
pub mod file;
pub mod network;
mod origin;
pub mod show;
mod signing;

pub(crate) use check::check_address;
pub use origin::{Origin, Value};
pub use signing::SigningValues;

use crate::cli::{Cli, Command};
use crate::domain::bid::Address;
use crate::domain::kept::Kept;
use crate::domain::money::parse_decimal;
use crate::domain::preferences::Preferences;
use crate::domain::query::Query;
use crate::domain::rank::Sort;
use crate::domain::run::RunLength;
use crate::exit::{Code, Failure};
use check::clean;
use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;
use file::{File, Problem};
use network::Network;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest settings file that is read, in bytes.
const FILE_LIMIT: u64 = 1 << 20;
/// Seconds that are waited where nobody says how long.
const TIMEOUT_S: u64 = 15;

/// Everything that flags, environment and settings decide.
#[derive(Clone, Debug)]
pub struct Config {
    pub dseq: Option<Value<u64>>,
    pub owner: Option<Value<String>>,
    /// Endpoints named by the person; none: the built-in list of `net`.
    pub rest: Value<Vec<String>>,
    pub net: Value<Network>,
    /// The chain that must answer; `None`: any (endpoints were named and no chain was).
    pub chain_id: Option<Value<String>>,
    /// Dollars of one AKT, as the person says.
    pub akt_usd: Option<Decimal>,
    pub query: Query,
    pub sort: Sort,
    /// The longest wait: of a whole run without a screen, of one request on a screen.
    pub timeout: Duration,
    pub preferences: Preferences,
    /// How to sign, where something is accepted.
    pub signing: SigningValues,
    /// The settings file; `None` where no home directory is known.
    pub file: Option<PathBuf>,
    /// Whether there is one.
    pub file_there: bool,
    /// What in it cannot be used.
    pub problems: Vec<Problem>,
    /// Favourites, blocks and the kept view, in the XDG state directory; `None` where no home directory is known.
    pub state: Option<PathBuf>,
    /// What of the state file could not be read.
    pub state_notes: Vec<String>,
    /// The journal of what was signed, beside it.
    pub journal: Option<PathBuf>,
    /// File that log lines are appended to.
    pub log: Option<PathBuf>,
    /// The locale cannot show more than ASCII.
    pub ascii: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Things worth knowing with `-v`.
    pub notes: Vec<String>,
    /// Where what has no origin of its own came from, by the key of the settings file.
    origins: BTreeMap<&'static str, Origin>,
    /// What the settings file names, which the state file need not hold again.
    of_file: Kept,
    saved_at: Vec<(String, String, Origin)>,
    auditors_at: Vec<(Address, Origin)>,
    priced: Vec<(String, Origin)>,
}

/// A name below `akbids` in the XDG state directory (`$XDG_STATE_HOME`, else `~/.local/state`), on macOS too.
fn in_state(name: &str) -> Option<PathBuf> {
    Some(Xdg::new().ok()?.state_dir()?.join("akbids").join(name))
}

/// The settings file, read as far as it can be, and whether there is one.
fn load(named: Option<&str>, endpoint: &dyn Fn(&str) -> Result<(), String>) -> (Option<PathBuf>, Option<File>) {
    let usual = || Some(Xdg::new().ok()?.config_dir().join("akbids").join("config.toml"));
    let Some(path) = named.map(PathBuf::from).or_else(usual) else { return (None, None) };
    let file = match read_text(&path) {
        Ok(text) => Some(file::parse(&text, endpoint)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => None,
        // What it would have said of money is not known.
        Err(error) => {
            let text = match named {
                Some(_) => format!("AKBIDS_CONFIG names this file, and it cannot be read: {error}"),
                None => format!("it cannot be read: {error}"),
            };
            Some(File { problems: vec![Problem { line: None, text, money: true }], ..File::default() })
        }
    };
    (Some(path), file)
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(FILE_LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

impl Config {
    /// Reads flags, environment and settings file. `env` gives a variable's value; one set to nothing counts as not
    /// set. `endpoint` says in a sentence why an address is no endpoint.
    ///
    /// # Errors
    /// A flag or variable that cannot be used: wrong use, with its name. What is wrong in the file is in
    /// [`Config::problems`].
    pub fn read(
        cli: &Cli,
        env: impl Fn(&str) -> Option<String>,
        endpoint: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<Self, Failure> {
        let env = |name: &'static str| env(name).filter(|value| !value.trim().is_empty());
        let (path, read) = load(env("AKBIDS_CONFIG").as_deref(), endpoint);
        let file_there = read.is_some();
        let file = read.unwrap_or_default();
        let demo = is_demo(cli);
        // The embedded chain has its own owner, key and endpoint: what is set for another is not for it.
        let file = if demo { about_no_chain(file) } else { file };
        let mut origins = BTreeMap::new();
        let pick = |flag: Option<&String>, flag_name, env_name, file: Option<&Value<String>>| match flag {
            Some(value) => Some(Value { value: value.clone(), origin: Origin::Flag(flag_name) }),
            None => env(env_name).map(|value| Value { value, origin: Origin::Env(env_name) }).or_else(|| file.cloned()),
        };
        let named = match &cli.command {
            Some(Command::Accept(accept)) => accept.owner.as_ref(),
            Some(Command::Doctor(doctor)) => doctor.owner.as_ref(),
            _ => cli.owner.as_ref(),
        };
        let owner = pick(named, "--owner", "AKASH_OWNER", file.owner.as_ref());
        if let Some(Value { value, origin }) = &owner {
            check_address(value, *origin)?;
        }
        let mut notes = Vec::new();
        if env("AKASH_NODE").is_some() {
            notes.push(
                "AKASH_NODE is an RPC address and is not used; --rest or AKBIDS_REST names a REST endpoint".to_owned(),
            );
        }
        let named = pick(cli.chain_id.as_ref(), "--chain-id", "AKASH_CHAIN_ID", file.chain_id.as_ref());
        let net = net(cli, &file, named.as_ref())?;
        let rest = rest(cli, env("AKBIDS_REST"), &file, &net);
        let chain_id = named.or_else(|| {
            // Somebody's own endpoint may be of any chain; a network's are of one.
            let of_file = |origin| matches!(origin, Origin::File(_));
            let held = net.origin.is_flag()
                || rest.value.is_empty()
                || rest == net.value.rest
                || (of_file(net.origin) && of_file(rest.origin));
            let id = net.value.chain_id.clone().filter(|_| held)?;
            Some(Value { value: id, origin: net.origin })
        });
        let run = match (cli.run.as_deref(), &file.run) {
            (Some(raw), _) => {
                origins.insert("for", Origin::Flag("--for"));
                Some(RunLength::parse(raw).map_err(|why| Failure::new(Code::Usage, format!("--for: {why}")))?)
            }
            (None, Some(Value { value, origin })) => {
                origins.insert("for", *origin);
                Some(*value)
            }
            (None, None) => None,
        };
        let query = match (cli.filter.as_deref(), &file.filter) {
            (None, Some(Value { value, origin })) => {
                origins.insert("filter", *origin);
                Query::parse_with(value, &file.saved)
            }
            (typed, _) => {
                if typed.is_some() {
                    origins.insert("filter", Origin::Flag("--filter"));
                }
                Query::parse_with(typed.unwrap_or_default(), &file.saved)
            }
        };
        let sort = match (cli.sort.as_deref(), &file.sort) {
            (None, Some(Value { value, origin })) => {
                origins.insert("sort", *origin);
                Ok(value.clone())
            }
            (typed, _) => {
                if typed.is_some() {
                    origins.insert("sort", Origin::Flag("--sort"));
                }
                Sort::parse(typed.unwrap_or_default())
            }
        };
        let timeout = match (cli.timeout, &file.timeout) {
            (Some(seconds), _) => {
                origins.insert("timeout", Origin::Flag("--timeout"));
                seconds
            }
            (None, Some(Value { value, origin })) => {
                origins.insert("timeout", *origin);
                *value
            }
            (None, None) => TIMEOUT_S,
        };
        let from_file = [
            ("columns", file.columns.as_ref().map(|v| v.origin)),
            ("provider_status", file.provider_status.as_ref().map(|v| v.origin)),
            ("favourites", file.favourites.as_ref().map(|v| v.origin)),
            ("blocked", file.blocked.as_ref().map(|v| v.origin)),
        ];
        origins.extend(from_file.into_iter().filter_map(|(key, origin)| Some((key, origin?))));
        let signing = SigningValues::read(cli.signing(), &file.signing, &env, demo)?;
        let set = |set: Option<Value<BTreeSet<Address>>>| set.map_or_else(BTreeSet::new, |set| set.value);
        let of_file = Kept {
            favourites: set(file.favourites),
            blocked: set(file.blocked),
            columns: file.columns.map(|columns| columns.value),
            sort: None,
            filter: None,
        };
        let query = query
            .map_err(|e| Failure::new(Code::Usage, format!("--filter, column {}: {}", e.column, e.message)))?
            .naming(&file.auditors);
        Ok(Self {
            dseq: dseq(cli, env("AKASH_DSEQ"))?,
            owner,
            rest,
            net,
            chain_id,
            akt_usd: cli.akt_usd.as_deref().map(akt_usd).transpose()?,
            query,
            sort: sort.map_err(|e| Failure::new(Code::Usage, format!("--sort: {e}")))?,
            timeout: Duration::from_secs(timeout),
            preferences: Preferences {
                kept: of_file.clone(),
                saved: file.saved,
                auditors: file.auditors,
                usual: file.usual,
                run,
                provider_status: file.provider_status.is_some_and(|switch| switch.value),
            },
            signing,
            file: path,
            file_there,
            problems: file.problems,
            state: in_state("state.json"),
            state_notes: Vec::new(),
            journal: in_state("journal.jsonl"),
            log: env("AKBIDS_LOG").map(PathBuf::from),
            ascii: !utf8_locale(env),
            no_color: env("NO_COLOR").is_some(),
            notes,
            origins,
            of_file,
            saved_at: file.saved_at,
            auditors_at: file.auditors_at,
            priced: file.priced,
        })
    }

    /// Where a value came from that has no origin of its own, by its key in the settings file.
    pub fn origin(&self, key: &str) -> Origin {
        let signing = self.signing.origins.get(key);
        self.origins.get(key).or(signing).copied().unwrap_or(Origin::Default)
    }

    /// Adds what the state file holds. It beats the settings file, since the person asked for it later.
    pub fn remember(&mut self, state: Kept) {
        let Kept { favourites, blocked, columns, sort, filter } = state;
        let found =
            [("favourites", !favourites.is_empty()), ("blocked", !blocked.is_empty()), ("columns", columns.is_some())];
        self.origins.extend(found.into_iter().filter(|(_, found)| *found).map(|(key, _)| (key, Origin::State)));
        let kept = &mut self.preferences.kept;
        kept.favourites.extend(favourites);
        kept.blocked.extend(blocked);
        kept.columns = columns.or(kept.columns.take());
        (kept.sort, kept.filter) = (sort, filter);
    }

    /// What of it is for the state file: the settings file's own favourites and blocks stay there alone.
    #[must_use]
    pub fn for_state(&self, kept: &Kept) -> Kept {
        Kept {
            favourites: kept.favourites.difference(&self.of_file.favourites).cloned().collect(),
            blocked: kept.blocked.difference(&self.of_file.blocked).cloned().collect(),
            columns: kept.columns.clone().filter(|columns| Some(columns) != self.of_file.columns.as_ref()),
            ..kept.clone()
        }
    }

    /// Filter and order of a screen: what a flag says, else what was kept, else what the settings say. A kept filter
    /// that is none any more counts for nothing.
    pub fn view(&self) -> (Query, Sort) {
        let kept = &self.preferences.kept;
        let filter = kept.filter.as_deref().filter(|_| !self.origin("filter").is_flag());
        let filter = filter.and_then(|text| Query::parse_with(text, &self.preferences.saved).ok());
        let sort = kept.sort.clone().filter(|_| !self.origin("sort").is_flag());
        (
            filter.map_or_else(|| self.query.clone(), |query| query.naming(&self.preferences.auditors)),
            sort.unwrap_or_else(|| self.sort.clone()),
        )
    }

    /// A problem of the settings file, with the file's name.
    pub fn told(&self, problem: &Problem) -> String {
        let path = self.file.as_ref().map_or_else(String::new, |path| path.display().to_string());
        match problem.line {
            Some(line) => format!("{}:{line}: {}", clean_path(&path), problem.text),
            None => format!("{}: {}", clean_path(&path), problem.text),
        }
    }

    /// Why nothing may be signed by these settings: the first mistake in them that may concern it.
    pub fn refusal(&self) -> Option<String> {
        let problem = self.problems.iter().find(|problem| problem.money)?;
        Some(format!("{}: mend it before anything is accepted", self.told(problem)))
    }
}

fn clean_path(path: &str) -> String {
    crate::domain::text::clean(path, 300)
}

#[cfg(feature = "demo")]
fn is_demo(cli: &Cli) -> bool {
    cli.demo
}

#[cfg(not(feature = "demo"))]
fn is_demo(_: &Cli) -> bool {
    false
}

/// The settings without those of a certain chain, owner or key.
fn about_no_chain(mut file: File) -> File {
    file.problems.iter_mut().for_each(|problem| problem.money = false);
    let read_only = file.signing.read_only;
    File {
        net: None,
        chain_id: None,
        rest: None,
        owner: None,
        networks: Vec::new(),
        signing: file::Signing { read_only, ..file::Signing::default() },
        ..file
    }
}

/// The network: named, else that of the chain id that was named, else the settings' own.
fn net(cli: &Cli, file: &File, chain_id: Option<&Value<String>>) -> Result<Value<Network>, Failure> {
    if let Some(name) = &cli.net {
        let found = network::find(name, &file.networks);
        let value = found.map_err(|why| Failure::new(Code::Usage, format!("--net: {why}")))?;
        return Ok(Value { value, origin: Origin::Flag("--net") });
    }
    let found = |name: &str, origin| Some(Value { value: network::find(name, &file.networks).ok()?, origin });
    let of_chain = |id: &Value<String>| {
        let mut names = file.networks.iter().map(|net| &*net.name).chain([network::MAINNET, network::SANDBOX]);
        let has_it =
            |name: &&str| network::find(name, &file.networks).is_ok_and(|net| net.chain_id.as_ref() == Some(&id.value));
        found(names.find(has_it)?, id.origin)
    };
    let by_chain = chain_id.filter(|id| !matches!(id.origin, Origin::File(_))).and_then(of_chain);
    let by_file = || file.net.as_ref().and_then(|net| found(&net.value, net.origin));
    let default = || found(network::MAINNET, Origin::Default);
    by_chain
        .or_else(by_file)
        .or_else(|| chain_id.and_then(of_chain))
        .or_else(default)
        .ok_or_else(|| Failure::new(Code::Error, "there is no network"))
}

/// The endpoints: named, else of the network that was named, else the settings' own.
fn rest(cli: &Cli, exported: Option<String>, file: &File, net: &Value<Network>) -> Value<Vec<String>> {
    if !cli.rest.is_empty() {
        return Value { value: cli.rest.clone(), origin: Origin::Flag("--rest") };
    }
    if let Some(list) = exported {
        let value = list.split([',', ' ']).filter(|url| !url.is_empty()).map(ToOwned::to_owned).collect();
        return Value { value, origin: Origin::Env("AKBIDS_REST") };
    }
    match (&file.rest, net.origin) {
        (Some(rest), Origin::File(_) | Origin::Default) => rest.clone(),
        _ => net.value.rest.clone(),
    }
}

fn dseq(cli: &Cli, exported: Option<String>) -> Result<Option<Value<u64>>, Failure> {
    let flag = |value| Value { value, origin: Origin::Flag("--dseq") };
    if let Some(value) = cli.dseq {
        return Ok(Some(flag(value)));
    }
    match &cli.command {
        // What is bought is named by a flag, never by an exported name.
        Some(Command::Accept(accept)) => return Ok(accept.dseq.map(flag)),
        Some(Command::Doctor(doctor)) if doctor.dseq.is_some() => return Ok(doctor.dseq.map(flag)),
        Some(Command::Doctor(_) | Command::Config(_)) | None => {}
        Some(_) => return Ok(None),
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

/// Whether the locale says UTF-8, by the variables and in the order that C libraries read them.
fn utf8_locale(env: impl Fn(&'static str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env).is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
