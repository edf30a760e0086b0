//! akbids: the bids on an Akash deployment, live in a terminal.
//!
//! ```text
//!   main ──► lib::run ──┬──► report   one document or one table, then out
//!                       └──► term     the loop of the screen
//!                              │ ▲
//!                 Effect ◄─────┘ └───── Msg
//!                    ▲                   │
//!                    └───── app ◄────────┘        ui draws what app holds
//!                            │
//!   chain ──► domain::Snapshot ──► appraise ──► rank          (domain: pure, shared by all)
//! ```
//!
//! - `domain` is the vocabulary and every rule about bids and money; it knows no clock, network or terminal.
//! - `chain` turns a node's answers into one `Snapshot` at one height; `demo` is a whole chain of its own to ask.
//! - `app` is the state of the screen and what a key does; `ui` draws it; `term` is the only one that touches a terminal.
//! - `wallet` reads keys, `lease` builds, signs and watches the transaction that accepts a bid. The command does not call
//!   them yet: what has to stand around them, preflight and a person's word, is not there.
//! - `report` is the screen's twin for scripts. `cli`, `config`, `exit` are the command itself.
//!
//! `tests/it/layers.rs` holds who may use whom.

pub mod app;
pub mod chain;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod exit;
pub mod lease;
pub mod report;
pub mod term;
pub mod ui;
pub mod wallet;

use chain::{Ask, Client, Endpoint, Kind};
use clap::Parser;
use cli::{Cli, Net};
use config::{Config, Origin};
use domain::appraise::appraise;
use domain::bid::{Address, Snapshot};
use domain::field::At;
use domain::money::Rate;
use domain::rank::{self, Scope};
use domain::text::Clean;
use exit::{Code, Failure};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

/// The largest saved answer that is read, in bytes.
const INPUT_LIMIT: u64 = 256 << 20;

/// Runs the command with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout, a complaint to stderr; a closed pipe is no error of ours.
            let _ = error.print();
            return if error.use_stderr() { Code::Usage.into() } else { Code::Done.into() };
        }
    };
    match serve(&cli) {
        Ok(code) => code.into(),
        Err(failure) => {
            note(&failure.text);
            failure.code.into()
        }
    }
}

/// One sentence on stderr.
fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "akbids: {text}");
}

fn serve(cli: &Cli) -> Result<Code, Failure> {
    let config = Config::read(cli, |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))?;
    if cli.verbose {
        config.notes.iter().for_each(|text| note(text));
    }
    if let Some(path) = &cli.input {
        return saved(cli, &config, path);
    }
    runtime()?.block_on(live(cli, &config))
}

/// Whether the run has a screen: not when a document or plain text is asked for, or a stream is no terminal.
fn on_screen(cli: &Cli) -> bool {
    !cli.json && !cli.plain && term::streams().screen()
}

/// Looks at a chain, embedded or real.
async fn live(cli: &Cli, config: &Config) -> Result<Code, Failure> {
    #[cfg(feature = "demo")]
    let demo = cli.demo.then(|| embedded(cli)).transpose().map_err(|error| {
        Failure::new(Code::Error, format!("the embedded chain could not be started on 127.0.0.1: {error}"))
    })?;
    #[cfg(feature = "demo")]
    let (embedded, usual_dseq) =
        (demo.iter().map(demo::Running::url).collect::<Vec<_>>(), cli.demo.then_some(demo::DSEQ));
    #[cfg(not(feature = "demo"))]
    let (embedded, usual_dseq): (Vec<String>, Option<u64>) = (Vec::new(), None);

    // An exported name is of another chain than the embedded one.
    let usable = |origin| embedded.is_empty() || matches!(origin, Origin::Flag(_));
    let dseq = config.dseq.as_ref().filter(|dseq| usable(dseq.origin)).map(|dseq| dseq.value).or(usual_dseq).ok_or_else(|| {
        Failure::new(
            Code::Usage,
            "no deployment is named: --dseq N shows its bids, --input FILE a saved answer, --demo an embedded chain",
        )
    })?;
    let owner = config.owner.as_ref().filter(|owner| usable(owner.origin));
    let endpoints = match (embedded.as_slice(), config.rest.value.as_slice()) {
        ([], []) if config.net == Net::Sandbox => chain::sandbox(),
        ([], []) => chain::mainnet(),
        ([], urls) | (urls, _) => urls
            .iter()
            .map(|url| Endpoint::parse(url).map_err(|error| named(config, &error)))
            .collect::<Result<_, _>>()?,
    };
    let named_endpoint = !config.rest.value.is_empty();
    let shown = endpoints.first().map(|endpoint| endpoint.shown().clone());
    let client = Client::new(endpoints, config.timeout)?;
    let ask = Ask {
        dseq,
        owner: owner.map(|owner| Address::new(&owner.value)),
        akt_usd: config.akt_usd,
        // Looking takes any chain: an exported name does not forbid an endpoint that was named on the command line.
        chain_id: config
            .chain_id
            .as_ref()
            .filter(|id| embedded.is_empty() && !(named_endpoint && matches!(id.origin, Origin::Env(_))))
            .map(|id| id.value.clone()),
    };
    if on_screen(cli) {
        let settings = app::Settings {
            dseq: Some(dseq),
            owner: ask.owner.clone(),
            endpoint: shown,
            demo: !embedded.is_empty(),
            notes: exported(config),
            ..settings(config)
        };
        return screen(config, settings, term::Source::Chain { client: Box::new(client), ask }).await;
    }
    let read = tokio::select! {
        read = chain::once(&client, &ask, tokio::time::Instant::now() + config.timeout) => read?,
        _ = tokio::signal::ctrl_c() => return Ok(Code::Interrupted),
    };
    if cli.verbose || !cli.json {
        read.notes.iter().for_each(|text| note(text));
    }
    print(cli, config, &read.snapshot)
}

/// Starts the embedded chain, making blocks by the clock.
#[cfg(feature = "demo")]
fn embedded(cli: &Cli) -> io::Result<demo::Running> {
    let chain = demo::Chain::demo_market(demo::Clock::Wall, cli.demo_block_time);
    demo::serve(chain, demo::Options { block_time: Some(cli.demo_block_time), port: 0 })
}

/// An endpoint that cannot be one, with the flag or variable that named it.
fn named(config: &Config, error: &chain::ChainError) -> Failure {
    Failure::new(Code::Usage, format!("{}: {error}", config.rest.origin))
}

/// Shows a saved answer.
fn saved(cli: &Cli, config: &Config, path: &Path) -> Result<Code, Failure> {
    let bytes = read_input(path)?;
    let mut snapshot = chain::saved(&bytes)?;
    drop(bytes);
    let flag = |origin| matches!(origin, Origin::Flag(_));
    if let Some(dseq) = config.dseq.as_ref().filter(|dseq| flag(dseq.origin)) {
        snapshot.bids.retain(|bid| bid.id.dseq == dseq.value);
    }
    if let Some(owner) = config.owner.as_ref().filter(|owner| flag(owner.origin)) {
        snapshot.bids.retain(|bid| bid.id.owner.as_str() == owner.value);
    }
    if let Some(usd) = config.akt_usd {
        snapshot.rates.akt = Some(Rate::given(usd));
    }
    // Standard input is the answer then, and cannot be the keyboard.
    if on_screen(cli) && path.as_os_str() != "-" {
        let dseq = snapshot.bids.first().map(|bid| bid.id.dseq);
        let settings = app::Settings { dseq, ..settings(config) };
        let source = term::Source::Saved(Box::new(snapshot));
        return runtime()?.block_on(screen(config, settings, source));
    }
    print(cli, config, &snapshot)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Error, format!("the runtime could not be started: {error}")))
}

fn read_input(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    let failed = |error: io::Error| Failure::new(Code::Usage, format!("--input {name}: {error}"));
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(INPUT_LIMIT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(INPUT_LIMIT + 1).read_to_end(&mut bytes))
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > INPUT_LIMIT {
        return Err(Failure::new(Code::Usage, format!("--input {name}: larger than {} MiB", INPUT_LIMIT >> 20)));
    }
    Ok(bytes)
}

fn settings(config: &Config) -> app::Settings {
    app::Settings { query: config.query.clone(), sort: config.sort.clone(), ..app::Settings::default() }
}

/// Values that an exported variable gave: people get bitten by a forgotten one, so the header says it.
fn exported(config: &Config) -> Vec<Clean> {
    let dseq = config.dseq.as_ref().map(|dseq| ("dseq", dseq.origin));
    let owner = config.owner.as_ref().map(|owner| ("owner", owner.origin));
    [dseq, owner]
        .into_iter()
        .flatten()
        .filter(|(_, origin)| matches!(origin, Origin::Env(_)))
        .map(|(what, origin)| Clean::new(&format!("{what} from {origin}")))
        .collect()
}

async fn screen(config: &Config, settings: app::Settings, source: term::Source) -> Result<Code, Failure> {
    let log = config.log.as_ref().map(|path| {
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| Failure::new(Code::Usage, format!("AKBIDS_LOG {}: {error}", path.display())))
    });
    let theme = ui::Theme { mono: config.no_color, ascii: config.ascii };
    let end = term::run(term::Session { settings, theme, source, log: log.transpose()? }).await;
    match end {
        Ok(term::End::Quit) => Ok(Code::Done),
        // The terminal that went away is nobody to complain to.
        Ok(term::End::Signal(_)) => Ok(Code::Interrupted),
        Ok(term::End::Chain(error)) => Err(error.into()),
        Err(error) if term::is_gone(&error) => Ok(Code::Interrupted),
        Err(error) => Err(Failure::new(Code::Error, format!("the terminal: {error}"))),
    }
}

/// The headless twin of the screen: one document, or one table.
fn print(cli: &Cli, config: &Config, snapshot: &Snapshot) -> Result<Code, Failure> {
    let market = appraise(snapshot);
    let at = At { height: snapshot.chain.height, block_time: snapshot.chain.block_time };
    // A script gets every bid, with why it cannot be taken; a person the ones to choose from.
    let scope = Scope { gseq: None, older: cli.json, withdrawn: cli.json, lingering: &|_| false };
    let view = rank::arrange(&market, &at, &scope, &config.query, &config.sort);
    let text = if cli.json {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let context = report::Context { now_ms, query: &config.query, view: &view };
        report::document(snapshot, &market, &context)
            .map(|document| document + "\n")
            .map_err(|error| Failure::new(Code::Error, format!("the document could not be written: {error}")))?
    } else {
        let table = report::table(snapshot, &market, &view, config.ascii);
        for line in &table.notes {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
        table.rows
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever closed the pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Code::Done),
        Err(error) => Err(Failure::new(Code::Error, format!("stdout: {error}"))),
        Ok(()) => Ok(Code::Done),
    }
}

impl From<chain::ChainError> for Failure {
    fn from(error: chain::ChainError) -> Self {
        let code = match error.kind() {
            Kind::Usage => Code::Usage,
            Kind::Missing => Code::Nothing,
            Kind::Failed => Code::Error,
        };
        Self::new(code, error.to_string())
    }
}
