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
//! - `wallet` reads keys; `lease` checks, signs, sends and watches the transaction that accepts a bid: the only road to money.
//! - `report` is the screen's twin for scripts, `headless` accepts without one, `diagnose` says why nobody bids.
//! - `cli`, `config`, `exit` are the command; `state` keeps what a person marked.
//!
//! `tests/it/layers.rs` holds who may use whom.

pub mod app;
pub mod chain;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
mod diagnose;
pub mod domain;
pub mod exit;
mod headless;
pub mod lease;
pub mod report;
pub mod state;
pub mod term;
pub mod ui;
pub mod wallet;

use chain::{Ask, Client, Endpoint, Kind};
use clap::{CommandFactory, Parser};
use cli::{AcceptArgs, Cli, Command, JournalArgs};
use config::{Config, Origin, network};
use domain::appraise::appraise;
use domain::bid::{Address, Snapshot};
use domain::field::At;
use domain::kept::Kept;
use domain::money::Rate;
use domain::preferences::Preferences;
use domain::quote::Limits;
use domain::rank::{self, Scope};
use domain::text::Clean;
use exit::{Code, Failure};
use lease::{Backend, Desk, DeskSettings, KeySource, Keyring, Pricing, Signing};
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
    if let (Some(path), Some(_)) = (&cli.input, &cli.command) {
        let text = format!("--input {} is looked at by itself: it goes with no command", path.display());
        return Err(Failure::new(Code::Usage, text));
    }
    // What needs no settings works whatever they say.
    match &cli.command {
        Some(Command::Completions(args)) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "akbids", &mut script);
            return write_out(&script);
        }
        Some(Command::Man) => {
            let mut page = Vec::new();
            let made = clap_mangen::Man::new(Cli::command()).render(&mut page);
            made.map_err(|error| Failure::new(Code::Error, format!("the manual page: {error}")))?;
            return write_out(&page);
        }
        Some(Command::Config(args)) if args.default => return write_out(config::show::DEFAULT.as_bytes()),
        _ => {}
    }
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let endpoint = |raw: &str| Endpoint::parse(raw).map(drop).map_err(|error| error.to_string());
    let mut config = Config::read(cli, variable, &endpoint)?;
    if let Some(path) = &config.state {
        let (kept, notes) = state::read(path);
        config.remember(kept);
        config.state_notes = notes;
    }
    let config = &config;
    // A screen says it in its header: what stands on stderr is covered by it.
    if cli.command.is_some() || !on_screen(cli) {
        config.problems.iter().for_each(|problem| note(&config.told(problem)));
        config.state_notes.iter().for_each(|text| note(text));
    }
    if cli.verbose {
        config.notes.iter().for_each(|text| note(text));
    }
    if let Some(path) = &cli.input {
        return saved(cli, config, path);
    }
    match &cli.command {
        Some(Command::Accept(args)) => {
            headless::check_flags(args)?;
            if let Some(why) = config.refusal() {
                return Err(Failure::new(Code::Usage, why));
            }
            runtime()?.block_on(accept(cli, config, args))
        }
        Some(Command::Journal(args)) => runtime()?.block_on(journal(cli, config, args)),
        Some(Command::Doctor(_)) => runtime()?.block_on(doctor(cli, config)),
        Some(Command::Config(_)) if cli.json => write_out((config::show::document(config) + "\n").as_bytes()),
        Some(Command::Config(_)) => write_out(config::show::text(config).as_bytes()),
        Some(Command::Completions(_) | Command::Man) | None => runtime()?.block_on(live(cli, config)),
    }
}

/// Data on stdout; whoever closed the pipe has seen enough.
fn write_out(bytes: &[u8]) -> Result<Code, Failure> {
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::Error, format!("stdout: {error}")))
        }
        _ => Ok(Code::Done),
    }
}

/// `akbids doctor`.
async fn doctor(cli: &Cli, config: &Config) -> Result<Code, Failure> {
    let connected = Connected::new(cli, config)?;
    let ask = connected.ask(config, connected.dseq(config)?);
    let patience = cli.timeout.map(std::time::Duration::from_secs);
    let client = connected.client(config)?;
    tokio::select! {
        done = Box::pin(diagnose::doctor(config, cli.json, patience, &client, &ask)) => done,
        _ = tokio::signal::ctrl_c() => Ok(Code::Interrupted),
    }
}

/// `akbids accept`.
async fn accept(cli: &Cli, config: &Config, args: &AcceptArgs) -> Result<Code, Failure> {
    let writes_only = args.dry_run || args.generate_only;
    if config.signing.read_only && !writes_only {
        let text = format!("{}: nothing is signed", config.origin("read_only"));
        return Err(Failure::new(Code::Refused, text));
    }
    let connected = Connected::new(cli, config)?;
    let dseq = connected.dseq(config)?;
    let (max_usd_per_hour, max_price) = headless::ceilings(args)?;
    let limits = Limits { max_usd_per_hour, max_price, ..limits(config, &connected) };
    let client = connected.client(config)?;
    let desk = desk(config, &connected, limits)?;
    let owner = connected.owner(config).or_else(|| desk.address());
    // Of which chain it has to be is for preflight to say, as a rule that refuses.
    let ask = Ask { dseq, owner, akt_usd: config.akt_usd, chain_id: None };
    let with = headless::Accepting { config, json: cli.json, client: &client, desk: &desk, ask };
    Box::pin(headless::accept(args, with)).await
}

/// `akbids journal`.
async fn journal(cli: &Cli, config: &Config, args: &JournalArgs) -> Result<Code, Failure> {
    let connected = Connected::new(cli, config)?;
    let named = !connected.embedded.is_empty() || !config.rest.value.is_empty();
    let patience = cli.timeout.map(std::time::Duration::from_secs);
    headless::journal(config, cli.json, args.resume, patience, |chain_id| {
        let endpoints = match chain_id {
            _ if named => connected.endpoints.clone(),
            network::MAINNET_ID => chain::mainnet(),
            network::SANDBOX_ID => chain::sandbox(),
            _ => return Ok(None),
        };
        let connected = Connected { endpoints, embedded: connected.embedded.clone(), ..Connected::default() };
        let limits = Limits { chain_id: chain_id.to_owned(), ..limits(config, &connected) };
        desk(config, &connected, limits).map(Some)
    })
    .await
}

/// What the person allows of money, before any ceiling.
fn limits(config: &Config, connected: &Connected) -> Limits {
    let named = config.chain_id.as_ref().map_or_else(|| network::MAINNET_ID.to_owned(), |id| id.value.clone());
    Limits {
        chain_id: connected.embedded_chain_id().map_or(named, ToOwned::to_owned),
        max_usd_per_hour: None,
        max_price: None,
        max_fee: config.signing.max_fee,
    }
}

/// Where leases are accepted, with the key that the flags name.
fn desk(config: &Config, connected: &Connected, limits: Limits) -> Result<Desk, Failure> {
    let signing = &config.signing;
    let named = ["keyring_dir", "home"].iter().any(|key| config.origin(key) != Origin::Default);
    let key = match (&signing.key_file, &signing.key_command) {
        (Some(path), _) if path.as_os_str() == "-" => KeySource::Prompt,
        (Some(path), _) => KeySource::File(path.clone()),
        (None, Some(command)) => KeySource::Command(command.clone()),
        (None, None) => match (connected.demo_key(), signing.from.as_ref()) {
            (Some(words), None) => KeySource::Demo(words),
            (None, None) if signing.key_in_environment => KeySource::Environment,
            (_, from) => match (signing.keyring_backend.parse::<Backend>(), signing.keyring_dir.as_deref()) {
                (Ok(backend), Some(base)) => KeySource::Keyring {
                    keyring: Keyring::at(base, backend),
                    backend: backend.as_str(),
                    dir: named.then(|| base.to_owned()),
                    from: from.cloned(),
                },
                // Said when a key is needed: writing a transaction down, or looking back, needs none.
                (Err(why), _) => KeySource::Unusable(why.to_string()),
                (_, None) => KeySource::Unusable(
                    "no home directory is known: name the keyring's folder with --keyring-dir".to_owned(),
                ),
            },
        },
    };
    let pricing = Pricing {
        gas_price: signing.gas_price,
        adjustment: signing.gas_adjustment,
        granter: signing.fee_granter.clone(),
    };
    let settings = DeskSettings {
        signing: Signing { key, pricing },
        limits,
        journal: headless::journal_path(config)?.to_owned(),
        akt_usd: config.akt_usd,
        // What gives up is the run, not one of its questions.
        timeout: config.timeout + std::time::Duration::from_secs(1),
    };
    Ok(Desk::new(connected.client(config)?, settings))
}

/// The way to a chain, embedded or real.
#[derive(Default)]
struct Connected {
    endpoints: Vec<Endpoint>,
    /// Addresses of the embedded chain; none for a real one.
    embedded: Vec<String>,
    #[cfg(feature = "demo")]
    _running: Option<demo::Running>,
}

impl Connected {
    /// Starts the embedded chain, if that is what is looked at.
    fn new(cli: &Cli, config: &Config) -> Result<Self, Failure> {
        #[cfg(feature = "demo")]
        let running = cli.demo.then(|| embedded(cli)).transpose().map_err(|error| {
            Failure::new(Code::Error, format!("the embedded chain could not be started on 127.0.0.1: {error}"))
        })?;
        #[cfg(feature = "demo")]
        let embedded: Vec<String> = running.iter().map(demo::Running::url).collect();
        #[cfg(not(feature = "demo"))]
        let embedded: Vec<String> = Vec::new();
        let endpoints = match (embedded.as_slice(), config.rest.value.as_slice()) {
            ([], []) if config.net.value.name == network::SANDBOX => chain::sandbox(),
            ([], []) => chain::mainnet(),
            ([], urls) | (urls, _) => urls
                .iter()
                .map(|url| Endpoint::parse(url).map_err(|error| named(config, &error)))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            endpoints,
            embedded,
            #[cfg(feature = "demo")]
            _running: running,
        })
    }

    fn client(&self, config: &Config) -> Result<Client, Failure> {
        Ok(Client::new(self.endpoints.clone(), config.timeout)?)
    }

    fn is_demo(&self) -> bool {
        !self.embedded.is_empty()
    }

    #[cfg(feature = "demo")]
    fn embedded_chain_id(&self) -> Option<&'static str> {
        self.is_demo().then_some(demo::CHAIN_ID)
    }

    #[cfg(not(feature = "demo"))]
    fn embedded_chain_id(&self) -> Option<&'static str> {
        None
    }

    /// The embedded chain's key, which is of no use on another.
    #[cfg(feature = "demo")]
    fn demo_key(&self) -> Option<&'static str> {
        self.is_demo().then_some(demo::MNEMONIC)
    }

    #[cfg(not(feature = "demo"))]
    fn demo_key(&self) -> Option<&'static str> {
        None
    }

    #[cfg(feature = "demo")]
    fn usual_dseq(&self) -> Option<u64> {
        self.is_demo().then_some(demo::DSEQ)
    }

    #[cfg(not(feature = "demo"))]
    fn usual_dseq(&self) -> Option<u64> {
        None
    }

    /// An exported name is of another chain than the embedded one.
    fn usable(&self, origin: Origin) -> bool {
        !self.is_demo() || origin.is_flag()
    }

    fn dseq(&self, config: &Config) -> Result<u64, Failure> {
        let named = config.dseq.as_ref().filter(|dseq| self.usable(dseq.origin)).map(|dseq| dseq.value);
        named.or(self.usual_dseq()).ok_or_else(|| {
            Failure::new(
                Code::Usage,
                "no deployment is named: --dseq N shows its bids, --input FILE a saved answer, --demo an embedded chain",
            )
        })
    }

    /// What is asked of the chain. Looking takes any chain: an exported or written name does not forbid an endpoint that
    /// was named on the command line.
    fn ask(&self, config: &Config, dseq: u64) -> Ask {
        let rest = &config.rest;
        let holds = |origin| match origin {
            Origin::Env(_) => rest.value.is_empty(),
            Origin::File(_) => !matches!(rest.origin, Origin::Flag(_) | Origin::Env(_)),
            _ => true,
        };
        let chain_id = config.chain_id.as_ref().filter(|id| !self.is_demo() && holds(id.origin));
        Ask { dseq, owner: self.owner(config), akt_usd: config.akt_usd, chain_id: chain_id.map(|id| id.value.clone()) }
    }

    fn owner(&self, config: &Config) -> Option<Address> {
        let owner = config.owner.as_ref().filter(|owner| self.usable(owner.origin))?;
        Some(Address::new(&owner.value))
    }
}

/// Whether the run has a screen: not when a document or plain text is asked for, or a stream is no terminal.
fn on_screen(cli: &Cli) -> bool {
    !cli.json && !cli.plain && term::streams().screen()
}

/// Looks at a chain, embedded or real.
async fn live(cli: &Cli, config: &Config) -> Result<Code, Failure> {
    let connected = Connected::new(cli, config)?;
    let dseq = match (connected.dseq(config), connected.owner(config)) {
        (Ok(dseq), _) => dseq,
        (Err(_), Some(owner)) => return choices(cli, config, &connected, &owner).await,
        (Err(nothing), None) => return Err(nothing),
    };
    let shown = connected.endpoints.first().map(|endpoint| endpoint.shown().clone());
    let client = connected.client(config)?;
    let ask = connected.ask(config, dseq);
    if on_screen(cli) {
        let (desk, accepting) = if config.signing.read_only {
            let text = format!("{}: nothing is signed", config.origin("read_only"));
            (None, app::Accepting::Off(Clean::new(&text)))
        } else if let Some(why) = config.refusal() {
            (None, app::Accepting::Off(Clean::message(&why)))
        } else {
            match desk(config, &connected, limits(config, &connected)) {
                Ok(desk) => (Some(desk), app::Accepting::On(limits(config, &connected))),
                Err(failure) => (None, app::Accepting::Off(Clean::message(&failure.text))),
            }
        };
        let settings = app::Settings {
            accepting,
            dseq: Some(dseq),
            owner: ask.owner.clone(),
            endpoint: shown,
            demo: connected.is_demo(),
            ..settings(config)
        };
        return screen(config, settings, term::Source::Chain { client: Box::new(client), ask }, desk).await;
    }
    let read = tokio::select! {
        read = chain::once(&client, &ask, tokio::time::Instant::now() + config.timeout) => read?,
        _ = tokio::signal::ctrl_c() => return Ok(Code::Interrupted),
    };
    headless::remind(config, read.snapshot.chain.id.as_deref());
    if cli.verbose || !cli.json {
        read.notes.iter().for_each(|text| note(text));
    }
    print(cli, config, &read.snapshot)
}

/// No deployment is named, but an owner is: says which there are.
async fn choices(cli: &Cli, config: &Config, connected: &Connected, owner: &Address) -> Result<Code, Failure> {
    let client = connected.client(config)?;
    let deadline = tokio::time::Instant::now() + config.timeout;
    let found = tokio::select! {
        found = chain::active(&client, owner, deadline) => found?,
        _ = tokio::signal::ctrl_c() => return Ok(Code::Interrupted),
    };
    let nothing = format!("no deployment is named, and {owner} has no active one");
    let Some(newest) = found.first() else { return Err(Failure::new(Code::Nothing, nothing)) };
    let mut text = String::from("dseq        groups  open bids  names\n");
    for listing in &found {
        let bids = listing.open_bids.map_or_else(|| "?".to_owned(), |bids| bids.to_string());
        let names: Vec<&str> = listing.names.iter().map(|name| &**name).collect();
        let line = format!("{:<10}  {:>6}  {bids:>9}  {}", listing.dseq, listing.groups, names.join(", "));
        text.push_str(&if config.ascii { report::to_ascii(&line) } else { line });
        text.push('\n');
    }
    // One document or none is what a script reads.
    if cli.json {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    } else {
        write_out(text.as_bytes())?;
    }
    let several = format!("{} active deployments of {owner}", found.len());
    let several = if found.len() == 1 { format!("one active deployment of {owner}") } else { several };
    Err(Failure::new(
        Code::Usage,
        format!("no deployment is named; {several}: name one, such as --dseq {}", newest.dseq),
    ))
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
    if let Some(dseq) = config.dseq.as_ref().filter(|dseq| dseq.origin.is_flag()) {
        snapshot.bids.retain(|bid| bid.id.dseq == dseq.value);
    }
    if let Some(owner) = config.owner.as_ref().filter(|owner| owner.origin.is_flag()) {
        snapshot.bids.retain(|bid| bid.id.owner.as_str() == owner.value);
    }
    if let Some(usd) = config.akt_usd {
        snapshot.rates.akt = Some(Rate::given(usd));
    }
    // Standard input is the answer then, and cannot be the keyboard.
    if on_screen(cli) && path.as_os_str() != "-" {
        let dseq = snapshot.bids.first().map(|bid| bid.id.dseq);
        let accepting = app::Accepting::Off(Clean::new("this is a saved answer: nothing of it can be accepted"));
        let settings = app::Settings { dseq, accepting, ..settings(config) };
        let source = term::Source::Saved(Box::new(snapshot));
        return runtime()?.block_on(screen(config, settings, source, None));
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
    let (query, sort) = config.view();
    let notes = exported(config).into_iter().chain(unused(config)).collect();
    let Preferences { kept, saved, auditors, usual, run, provider_status } = config.preferences.clone();
    app::Settings {
        query,
        sort,
        notes,
        kept,
        filters: saved,
        run,
        provider_status,
        usual,
        auditors,
        from: config.signing.from.clone(),
        ..app::Settings::default()
    }
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

/// What of the settings and of the state file does not count, in a few words each.
fn unused(config: &Config) -> Vec<Clean> {
    let settings = match &*config.problems {
        [] => None,
        [one] => Some(match one.line {
            Some(line) => format!("settings: line {line} does not count, see akbids config"),
            None => "settings: not read, see akbids config".to_owned(),
        }),
        several => Some(format!("settings: {} mistakes, see akbids config", several.len())),
    };
    let state = (!config.state_notes.is_empty()).then(|| "favourites and blocks: not all could be read".to_owned());
    settings.into_iter().chain(state).map(|text| Clean::new(&text)).collect()
}

async fn screen(
    config: &Config,
    settings: app::Settings,
    source: term::Source,
    desk: Option<Desk>,
) -> Result<Code, Failure> {
    let log = config.log.as_ref().map(|path| {
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| Failure::new(Code::Usage, format!("AKBIDS_LOG {}: {error}", path.display())))
    });
    let theme = ui::Theme { mono: config.no_color, ascii: config.ascii };
    let keep = config.state.clone().map(|path| {
        let config = config.clone();
        let write = move |kept: &Kept| {
            state::write(&path, &config.for_state(kept)).map_err(|why| Clean::message(&why.to_string()))
        };
        Box::new(write) as term::Keeper
    });
    let end = term::run(term::Session { settings, theme, source, desk, log: log.transpose()?, keep }).await;
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
    let preferences = &config.preferences;
    let blocked = &preferences.kept.blocked;
    let scope = Scope { gseq: None, older: cli.json, withdrawn: cli.json, lingering: &|_| false, blocked };
    let view = rank::arrange(&market, &at, &scope, &config.query, &config.sort);
    let text = if cli.json {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let context = report::Context { now_ms, query: &config.query, view: &view, preferences };
        report::document(snapshot, &market, &context)
            .map(|document| document + "\n")
            .map_err(|error| Failure::new(Code::Error, format!("the document could not be written: {error}")))?
    } else {
        let table = report::table(snapshot, &market, &view, preferences, config.ascii);
        for line in &table.notes {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
        table.rows
    };
    write_out(text.as_bytes())
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
