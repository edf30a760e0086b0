//! What the driver tells the screen of an accept, as a test needs it.

use crate::support::market::{DSEQ, OWNER};
use akbids::app::{Accepting, Settings};
use akbids::domain::bid::Address;
use akbids::domain::money::Amount;
use akbids::domain::outcome::{Made, NextStep, Outcome, Preparation, Unlock, Watch, Word};
use akbids::domain::quote::{Facts, Fee, Limits, Quote, Witness};
use akbids::domain::text::Clean;

pub const HASH: &str = "9F3A6C0D5E2B4A1F8C7D6E5F4A3B2C1D0E9F8A7B6C5D4E3F2A1B0C9D8E7F11C2";

pub fn amount(value: &str, denom: &str) -> Amount {
    Amount::parse(value, denom).unwrap()
}

pub fn limits() -> Limits {
    Limits {
        chain_id: "akashnet-2".to_owned(),
        max_usd_per_hour: None,
        max_price: None,
        max_fee: "100000".parse().unwrap(),
    }
}

/// A session that may accept.
pub fn settings() -> Settings {
    Settings { dseq: Some(DSEQ), accepting: Accepting::On(limits()), ..Settings::default() }
}

/// What a reading finds that finds all as it was.
pub fn facts(quote: &Quote) -> Facts {
    Facts {
        chain_id: Clean::new("akashnet-2"),
        height: quote.height + 1,
        reread: Quote { height: quote.height + 1, ..quote.clone() },
        fee: Fee { gas: 363_000, amount: amount("9075", "uakt"), payer: Address::new(OWNER) },
        signer: Clean::new("tenant akash1qds5…0a4w"),
        balance: amount("25000000", "uakt"),
        witness: Witness::Agrees { rest: Clean::new("https://akash-api.polkachu.com") },
        timeout_blocks: 21,
    }
}

pub fn ready(quote: &Quote, unlock: Unlock) -> Preparation {
    Preparation::Ready { facts: Box::new(facts(quote)), unlock }
}

pub fn step(text: &str, sent: bool) -> Watch {
    Watch { text: Clean::message(text), hash: HASH.to_owned(), sent }
}

pub fn failed(text: &str) -> Outcome {
    Outcome {
        word: Word::Failed,
        text: Clean::message(text),
        hash: Some(HASH.to_owned()),
        height: Some(27_011_345),
        leases: Vec::new(),
        next: None,
        blockers: Vec::new(),
    }
}

/// Leased as quoted, with the manifest to be sent in five minutes.
pub fn leased(quote: &Quote) -> Outcome {
    let leases = quote.picks.iter().map(|pick| Made { id: pick.id.clone(), price: pick.price.clone() }).collect();
    let command = |pick: &akbids::domain::quote::Pick| {
        format!(
            "provider-services send-manifest deploy.yaml --dseq {DSEQ} --provider {} --from tenant",
            pick.id.provider
        )
    };
    let commands = quote.picks.iter().map(command).collect();
    Outcome {
        word: Word::Leased,
        text: Clean::message("leased in block 27011345, as quoted"),
        leases,
        next: Some(NextStep { commands, left_s: 300 }),
        blockers: Vec::new(),
        ..failed("")
    }
}
