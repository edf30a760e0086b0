//! What can be typed: clap types, nothing else. Values that may also come from the environment are optional here;
//! `config` decides.

use clap::{ArgGroup, Parser, ValueEnum};
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

Filter: clauses are ANDed: vram>=40 gpu=a100|h100 usd<2.5 region=us* audited !provider=akash1bad words
Environment: AKASH_OWNER, AKASH_DSEQ, AKASH_CHAIN_ID, AKBIDS_REST, AKBIDS_LOG (file), NO_COLOR. A flag beats them.
Exit codes: 0 done, 1 error while running, 2 wrong use, 3 no such deployment, 130 interrupted."
)]
#[command(group = ArgGroup::new("source").args(["input", "demo"]))]
pub struct Cli {
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
    #[arg(long, conflicts_with_all = ["rest", "net", "chain_id"])]
    pub demo: bool,

    /// Seconds a block takes on the embedded chain
    #[cfg(feature = "demo")]
    #[arg(long, value_name = "S", default_value = "6", requires = "demo", value_parser = block_seconds)]
    pub demo_block_time: Duration,

    /// REST endpoint to ask; repeat it for more, tried in order. Only these are asked then
    #[arg(long, value_name = "URL", global = true)]
    pub rest: Vec<String>,

    /// Network whose public endpoints are asked [default: mainnet]
    #[arg(long, value_enum, global = true)]
    pub net: Option<Net>,

    /// The chain id to expect; an endpoint of another chain is refused
    #[arg(long, value_name = "ID", global = true)]
    pub chain_id: Option<String>,

    /// Show only the bids that match
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Sort by these fields, a trailing `-` is descending: vram-,usd
    #[arg(long, value_name = "FIELDS")]
    pub sort: Option<String>,

    /// Dollars of one AKT, instead of the chain's oracle
    #[arg(long, value_name = "PRICE", allow_negative_numbers = true)]
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
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Net {
    Mainnet,
    Sandbox,
}

impl Net {
    pub fn chain_id(self) -> &'static str {
        match self {
            Self::Mainnet => "akashnet-2",
            Self::Sandbox => "sandbox-2",
        }
    }
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
