//! What can be typed: clap types, nothing else. Values that may also come from the environment are optional here;
//! `config` decides.

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
#[cfg(feature = "demo")]
use std::time::Duration;

/// Shows the bids on an Akash deployment, live: what each really costs, which GPU it really offers, and where it
/// falls short of what was asked. Looking needs no key.
#[derive(Parser, Debug, Clone)]
#[command(
    name = "akbids",
    version,
    about,
    long_about = None,
    max_term_width = 100,
    after_help = "\
Examples:
  akbids --dseq 13759787                          the live table
  akbids --dseq 13759787 --json | jq '.bids[0]'   the best bid, for a script
  akbids --input bids.json                        a saved answer (`-` for stdin)
  akbids --demo                                   all of it on an embedded chain, offline
  akbids doctor --dseq 13759787                   why nobody bids, and what mends it
  akbids accept --dseq 13759787 --bid akash1… --max-usd-per-hour 1.20 --from tenant

Filter: clauses are ANDed: vram>=40 gpu=a100|h100 usd<2.5 region=us* audited !provider=akash1bad words
Environment: AKASH_OWNER, AKASH_DSEQ, AKASH_CHAIN_ID, AKASH_FROM, AKASH_KEYRING_BACKEND, AKASH_KEYRING_DIR, AKASH_HOME,
  AKASH_GAS_PRICES, AKASH_GAS_ADJUSTMENT, AKBIDS_REST, AKBIDS_LOG (file), AKBIDS_CONFIG (file), NO_COLOR.
  A flag beats them, and they beat the settings file (akbids config).
Exit codes: 0 done, 1 error while running, 2 wrong use, 3 nothing there, 4 no usable key, 5 refused by a safety rule,
  6 nothing was leased, 7 gave up waiting, 8 outcome not known yet, 130 interrupted."
)]
#[command(group = ArgGroup::new("source").args(["input", "demo"]))]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The deployment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub dseq: Option<u64>,

    /// The deployment's owner, akash1…; without it the chain is asked whose the dseq is
    #[arg(long, value_name = "ADDR")]
    pub owner: Option<String>,

    /// Read a saved answer instead of a chain: REST or `akash query … -o json`, `-` for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rest", "net", "chain_id"])]
    pub input: Option<PathBuf>,

    /// Run against an embedded chain, offline
    #[cfg(feature = "demo")]
    #[arg(long, global = true, conflicts_with_all = ["rest", "net", "chain_id"])]
    pub demo: bool,

    /// Seconds a block takes on the embedded chain
    #[cfg(feature = "demo")]
    #[arg(long, value_name = "S", default_value = "6", global = true, value_parser = block_seconds)]
    pub demo_block_time: Duration,

    /// REST endpoint to ask; repeat it for more, tried in order. Only these are asked then
    #[arg(long, value_name = "URL", global = true)]
    pub rest: Vec<String>,

    /// Network whose endpoints are asked: mainnet, sandbox, or one of the settings file [default: mainnet]
    #[arg(long, value_name = "NAME", global = true)]
    pub net: Option<String>,

    /// The chain id to expect; an endpoint of another chain is refused
    #[arg(long, value_name = "ID", global = true)]
    pub chain_id: Option<String>,

    /// Show only the bids that match
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Sort by these fields, a trailing `-` is descending: vram-,usd
    #[arg(long, value_name = "FIELDS")]
    pub sort: Option<String>,

    /// Also tell what a run of that length costs, and whether the escrow lasts: 90m, 6h, 7d
    #[arg(long = "for", value_name = "LENGTH")]
    pub run: Option<String>,

    /// Dollars of one AKT, instead of the chain's oracle
    #[arg(long, value_name = "PRICE", global = true, allow_negative_numbers = true)]
    pub akt_usd: Option<String>,

    /// One JSON document on stdout
    #[arg(long, global = true)]
    pub json: bool,

    /// The table once, as plain text (the default when stdin or stdout is no terminal)
    #[arg(long, conflicts_with = "json")]
    pub plain: bool,

    /// Longest wait in seconds: of the whole run without a screen, of one request on a screen [default: 15]
    #[arg(long, value_name = "S", global = true, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: Option<u64>,

    /// Say on stderr what is asked and which values come from where
    #[arg(short, long, global = true)]
    pub verbose: bool,

    #[command(flatten)]
    pub signing: SigningArgs,
}

impl Cli {
    /// The signing flags of the subcommand where it has any, else the root's.
    pub fn signing(&self) -> &SigningArgs {
        match &self.command {
            Some(Command::Accept(accept)) => &accept.signing,
            _ => &self.signing,
        }
    }
}

#[derive(Subcommand, Debug, Clone)]
pub enum Command {
    /// Accept a bid without a screen: read again, checked, confirmed, sent once, found out
    #[command(after_help = "\
Examples:
  akbids accept --dseq 13759787 --bid akash1… --from tenant
  akbids accept --dseq 13759787 --bid 1/akash1… --bid 2/akash1… --max-usd-per-hour 2.50 --yes --json
  akbids accept --dseq 13759787 --bid akash1… --dry-run
  akbids accept --dseq 13759787 --bid akash1… --generate-only > tx.json   then: akash tx sign tx.json --from KEY

Keys, read and never written: the official keyring (--keyring-backend os|file|test), --key-file FILE (64 hexadecimal
digits or a mnemonic; `-` asks for it), or what --key-command prints:
  --key-command 'pass show tenant.info'                                       pass
  --key-command 'secret-tool lookup profile tenant.info'                      Secret Service
  --key-command 'security find-generic-password -s akash -a tenant.info -w'   macOS
The last resort, for CI: the variable AKBIDS_KEY, readable by whoever may read the process's environment.")]
    Accept(Box<AcceptArgs>),
    /// What was signed here, and how it ended
    Journal(JournalArgs),
    /// Why nobody bids, or nobody with what was asked: causes, what shows them, and what mends each
    #[command(after_help = "\
Examples:
  akbids doctor --dseq 13759787
  akbids doctor --dseq 13759787 --json | jq '.groups[].causes[].fix'

Where bids are missing, the list of all registered providers is read, for a minute at most (--timeout says otherwise).")]
    Doctor(DoctorArgs),
    /// The settings: each value, and whether a flag, a variable, the file or nobody gave it
    Config(ConfigArgs),
    /// A completion script for a shell, on stdout
    Completions(CompletionsArgs),
    /// The manual page, on stdout: akbids man | man -l -
    Man,
}

#[derive(Args, Debug, Clone)]
pub struct DoctorArgs {
    /// The deployment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub dseq: Option<u64>,

    /// The deployment's owner, akash1…; without it the chain is asked whose the dseq is
    #[arg(long, value_name = "ADDR")]
    pub owner: Option<String>,
}

#[derive(Args, Debug, Clone)]
pub struct ConfigArgs {
    /// Print the settings file that changes nothing: every key, with what it is for
    #[arg(long)]
    pub default: bool,
}

#[derive(Args, Debug, Clone)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Args, Debug, Clone)]
pub struct AcceptArgs {
    /// The deployment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub dseq: Option<u64>,

    /// The deployment's owner, akash1…; without it the chain is asked whose the dseq is
    #[arg(long, value_name = "ADDR")]
    pub owner: Option<String>,

    /// The provider whose bid is accepted; with several groups one each, as GSEQ/PROVIDER
    #[arg(long, value_name = "[GSEQ/]PROVIDER", required = true)]
    pub bid: Vec<String>,

    /// Most dollars an hour, of all that is accepted
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    pub max_usd_per_hour: Option<String>,

    /// Most a block, of all that is accepted: 2500uact
    #[arg(long, value_name = "AMOUNTDENOM", allow_negative_numbers = true)]
    pub max_price: Option<String>,

    /// Also take what does not fit to this level; repeat it for more
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub allow: Vec<Level>,

    /// Ask nothing; needs one of the two ceilings
    #[arg(long)]
    pub yes: bool,

    /// Everything up to the signature, and what would be sent
    #[arg(long, conflicts_with = "generate_only")]
    pub dry_run: bool,

    /// Print the unsigned transaction, for `akash tx sign`
    #[arg(long)]
    pub generate_only: bool,

    #[command(flatten)]
    pub signing: SigningArgs,
}

/// What an offer may fall short by.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Unclear,
    Short,
    Wrong,
}

#[derive(Args, Debug, Clone)]
pub struct JournalArgs {
    /// Find out what became of every entry that has no end; nothing is sent
    #[arg(long)]
    pub resume: bool,
}

/// How to sign: spelled as the official CLI spells it where it has the same.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Signing")]
pub struct SigningArgs {
    /// The key's name, or its address [default: the deployment's owner]
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,

    /// Which of the official keyrings: os, file, test [default: os]
    #[arg(long, value_name = "KIND")]
    pub keyring_backend: Option<String>,

    /// Folder that holds the keyring [default: the home folder]
    #[arg(long, value_name = "DIR")]
    pub keyring_dir: Option<PathBuf>,

    /// Home folder of the official CLI [default: ~/.akash]
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,

    /// Price of a unit of gas [default: 0.025uakt]
    #[arg(long, value_name = "PRICE")]
    pub gas_prices: Option<String>,

    /// What the simulated gas is multiplied by [default: 1.5]
    #[arg(long, value_name = "FACTOR")]
    pub gas_adjustment: Option<String>,

    /// Account that pays the fee by a grant
    #[arg(long, value_name = "ADDR")]
    pub fee_granter: Option<String>,

    /// File or descriptor with the key: 64 hexadecimal digits or a mnemonic; `-` asks for it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "key_command"])]
    pub key_file: Option<PathBuf>,

    /// Command that prints the key or the keyring's item: 'pass show tenant.info'
    #[arg(long, value_name = "COMMAND", conflicts_with = "from")]
    pub key_command: Option<String>,

    /// Most that the fee may be [default: 100000uakt]
    #[arg(long, value_name = "AMOUNT")]
    pub max_fee: Option<String>,

    /// Never sign anything
    #[arg(long)]
    pub read_only: bool,
}

/// A block time from 0.05 to 3600 seconds.
#[cfg(feature = "demo")]
fn block_seconds(raw: &str) -> Result<Duration, String> {
    raw.parse()
        .ok()
        .filter(|seconds| (0.05..=3600.0).contains(seconds))
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "seconds from 0.05 to 3600 are taken".to_owned())
}
