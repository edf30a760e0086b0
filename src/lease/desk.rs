//! The one accept flow, which the screen and the command share: prepare, unlock, accept; and resume.

// An outcome that stops the flow is its answer, told in full once.
#![allow(clippy::result_large_err)]

use super::drive::{self, drive};
use super::journal::{self, Entry, Journal, JournalError, JournalFile};
use super::node::{Node, Nodes};
use super::outcome::{Attempt, End, Leased, Price, Quoted};
use super::preflight::{NoFee, Pricing, already_ours, failed, fee, simulate, told_fee, transaction, witness, yours};
use super::send::{State, timeout_height};
use super::tx::{self, LeaseId};
use crate::chain::{self, Ask, ChainError, Client};
use crate::domain::appraise::appraise;
use crate::domain::bid::{Address, BidId};
use crate::domain::money::{Amount, BlockTime, Denom, four_digits};
use crate::domain::outcome::{Made, NextStep, Outcome, Preparation, Recorded, Stop, Unlock, Watch, Word};
use crate::domain::quote::{self, Facts, Limits, NoQuote, Quote};
use crate::domain::shell;
use crate::domain::text::Clean;
use crate::wallet::{self, Derivation, Key, KeyError, Keyring, Secret};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long a provider waits for the manifest by its default, in seconds (`provider.md`).
const MANIFEST_S: u64 = 300;
/// How often an account whose transaction waits is looked at again, at most.
const WAIT: Duration = Duration::from_secs(2);

/// Where the key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    Keyring {
        keyring: Keyring,
        /// `os`, `file` or `test`, for the command that is printed afterwards.
        backend: &'static str,
        /// The folder where it was named, for that command too.
        dir: Option<PathBuf>,
        /// Name or address; the owner's address where none is named.
        from: Option<String>,
    },
    /// A file or descriptor.
    File(PathBuf),
    /// A command that prints it.
    Command(String),
    /// The environment's last resort, [`wallet::ENVIRONMENT`].
    Environment,
    /// The person types it: a mnemonic or 64 hexadecimal digits.
    Prompt,
    /// There is none, and why.
    Unusable(String),
    /// A mnemonic known to all the world, for one chain only.
    Demo(&'static str),
}

/// How to sign and what to pay for it.
#[derive(Clone, Debug)]
pub struct Signing {
    pub key: KeySource,
    pub pricing: Pricing,
}

/// What a desk goes by.
#[derive(Clone, Debug)]
pub struct DeskSettings {
    pub signing: Signing,
    pub limits: Limits,
    pub journal: PathBuf,
    /// Dollars of one AKT, as for the screen.
    pub akt_usd: Option<Decimal>,
    /// Longest wait for one reading of the market.
    pub timeout: Duration,
}

/// A key that is open, for one signature.
pub struct Unlocked(Key);

/// Where leases are accepted.
pub struct Desk {
    client: Client,
    settings: DeskSettings,
    /// Of the last preparation: the endpoint in use, so that the account, the mempool and the sequence agree.
    at: Cell<usize>,
}

impl Desk {
    pub fn new(client: Client, settings: DeskSettings) -> Self {
        // Before any key or passphrase is in this process.
        wallet::keep_memory_private();
        Self { client, settings, at: Cell::new(0) }
    }

    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Whether the key is handed over by a command, which may ask by itself: it needs the terminal.
    pub fn takes_terminal(&self) -> bool {
        matches!(self.settings.signing.key, KeySource::Command(_))
    }

    /// What was signed on this chain and has no end yet.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn unfinished(&self) -> Result<Vec<Entry>, JournalError> {
        let of_chain = |entry: &Entry| entry.end.is_none() && entry.attempt.chain_id == self.settings.limits.chain_id;
        let entries = journal::read(&self.settings.journal)?.entries;
        Ok(entries.into_iter().filter(of_chain).collect())
    }

    /// The address of the key, where it can be told without asking anybody for anything.
    pub fn address(&self) -> Option<Address> {
        let Signing { key, .. } = &self.settings.signing;
        let key = match key {
            KeySource::Keyring { keyring, from: Some(from), .. } if !keyring.needs_passphrase() => {
                return Some(Address::new(&keyring.entry(from, None).ok()?.address.to_string()));
            }
            KeySource::Keyring { .. } | KeySource::Command(_) | KeySource::Prompt | KeySource::Unusable(_) => {
                return None;
            }
            _ => self.open(None).ok()?,
        };
        Some(Address::new(&key.address().to_string()))
    }

    /// Reads the bids again and reckons everything that is to be known before signing. `say` hears what holds it up.
    /// `signs`: false where the transaction is only written down, so that no key is needed.
    pub async fn prepare(&self, quote: &Quote, signs: bool, say: &mut dyn FnMut(Preparation)) -> Preparation {
        match Box::pin(self.ready(quote, signs, say)).await {
            Ok((facts, unlock)) => Preparation::Ready { facts: Box::new(facts), unlock },
            Err(over) => Preparation::Over(over),
        }
    }

    async fn ready(
        &self,
        quote: &Quote,
        signs: bool,
        say: &mut dyn FnMut(Preparation),
    ) -> Result<(Facts, Unlock), Outcome> {
        let Limits { chain_id, .. } = &self.settings.limits;
        if signs {
            self.settle_earlier(chain_id, quote.owner.as_str(), say).await?;
        }
        let ask =
            Ask { dseq: quote.dseq, owner: Some(quote.owner.clone()), akt_usd: self.settings.akt_usd, chain_id: None };
        let deadline = Instant::now() + self.settings.timeout;
        let snapshot = chain::once(&self.client, &ask, deadline).await.map_err(|error| failed(&error))?.snapshot;
        let at = (0..self.client.endpoints().len())
            .find(|at| snapshot.chain.rest.as_ref() == Some(self.client.shown(*at)))
            .unwrap_or(0);
        self.at.set(at);
        let unread = |what: &str| {
            Outcome::refused(Stop::Error, "unread", &format!("{what} could not be read, so nothing is signed"))
        };
        let got = snapshot.chain.id.clone().ok_or_else(|| unread("the chain id"))?;
        if *got != **chain_id {
            let text = format!(
                "the endpoint is of chain {got}, and accepting is for {chain_id}: name it with --chain-id, if that is what you want"
            );
            return Err(Outcome::refused(Stop::Rule, "wrong_chain", &text));
        }
        if snapshot.leases.is_none() {
            return Err(unread("the leases"));
        }
        if snapshot.orders.is_none() {
            return Err(unread("the orders"));
        }
        let market = appraise(&snapshot);
        let ids: Vec<BidId> = quote.picks.iter().map(|pick| pick.id.clone()).collect();
        let reread = Quote::freeze(&snapshot, &market, &ids).map_err(|why| no_quote(&why))?;
        if let Some(leases) = already_ours(quote, &snapshot) {
            let next = self.next_step(quote, &leases, MANIFEST_S);
            return Err(Outcome { next: Some(next), ..yours(leases) });
        }
        if let Some(over) = Outcome::blocked(&quote.overtaken(&reread)) {
            return Err(over);
        }
        let (signer, unlock) = if signs { self.signer(&quote.owner)? } else { (quote.owner.short(), Unlock::Open) };

        let node = Node { client: &self.client, at };
        let payer = self.settings.signing.pricing.granter.clone().unwrap_or_else(|| quote.owner.to_string());
        let balance = node.balance(&payer, &Denom::Uakt).await.map_err(|error| failed(&error))?;
        let (sequence_height, fee) = self.fee(node, &reread, balance.value, say).await?;
        let witness = witness(&self.client, at, &snapshot, &reread).await;
        let last = timeout_height(sequence_height, block_time(reread.block_time));
        let facts = Facts {
            chain_id: got,
            height: reread.height,
            fee: told_fee(&fee, &payer),
            signer: Clean::message(&signer),
            balance,
            witness,
            timeout_blocks: last.saturating_sub(sequence_height),
            reread,
        };
        Ok((facts, unlock))
    }

    /// Simulates until the account has no other transaction waiting; the height of its answer, and the fee.
    async fn fee(
        &self,
        node: Node<'_>,
        quote: &Quote,
        balance: Decimal,
        say: &mut dyn FnMut(Preparation),
    ) -> Result<(u64, tx::Fee), Outcome> {
        loop {
            let account = node.account(quote.owner.as_str()).await.map_err(|error| no_account(&quote.owner, &error))?;
            let height = account.height.unwrap_or(quote.height);
            match simulate(node, quote, account.info.sequence, balance, &self.settings.signing.pricing).await {
                Ok(fee) => return Ok((height, fee)),
                Err(NoFee::Refused(outcome)) => return Err(outcome),
                Err(NoFee::Sequence(why)) => {
                    say(Preparation::Waiting(why));
                    tokio::time::sleep(block_time(quote.block_time).min(WAIT)).await;
                }
            }
        }
    }

    /// Finds out about what this account signed earlier, before anything else is.
    async fn settle_earlier(
        &self,
        chain_id: &str,
        account: &str,
        say: &mut dyn FnMut(Preparation),
    ) -> Result<(), Outcome> {
        let mut journal = Journal::open(&self.settings.journal, chain_id, account).map_err(|why| no_journal(&why))?;
        let entries = journal.entries().map_err(|why| no_journal(&why))?;
        for entry in entries.unfinished(chain_id, account) {
            let mut tell = |watch: Watch| {
                let text = format!("an earlier accept is being found out first: {}", watch.text);
                say(Preparation::Waiting(Clean::message(&text)));
            };
            self.find_out(&mut journal, entry, &mut tell, std::future::pending()).await;
        }
        Ok(())
    }

    /// Who signs, in words, and how its key is had. Reads no secret that is locked.
    fn signer(&self, owner: &Address) -> Result<(String, Unlock), Outcome> {
        let whole = |name: &str| format!("{name} {}", owner.short());
        match &self.settings.signing.key {
            KeySource::Keyring { keyring, from, .. } => {
                let from = from.as_deref().unwrap_or(owner.as_str());
                let name = if from == owner.as_str() { owner.short() } else { whole(from) };
                if !keyring.needs_passphrase() {
                    let entry = keyring.entry(from, None).map_err(|why| no_key(&why))?;
                    self.key(owner, None).map_err(|why| no_key(&why))?;
                    return Ok((whole(&entry.name), Unlock::Open));
                }
                match keyring.entry(from, None) {
                    Err(KeyError::PassphraseNeeded(dir)) => Ok((
                        name,
                        Unlock::Passphrase(Clean::message(&format!("passphrase of the keyring in {}", dir.display()))),
                    )),
                    Err(why) => Err(no_key(&why)),
                    Ok(_) => Ok((name, Unlock::Open)),
                }
            }
            KeySource::Unusable(why) => Err(Outcome::refused(Stop::NoKey, "no_key", why)),
            KeySource::Command(_) => Ok((whole("key command,"), Unlock::Command)),
            KeySource::Prompt => Ok((
                whole("typed key,"),
                Unlock::Passphrase(Clean::new("the key: a mnemonic or 64 hexadecimal digits")),
            )),
            source => {
                self.key(owner, None).map_err(|why| no_key(&why))?;
                let name = match source {
                    KeySource::File(_) => "key file,",
                    KeySource::Environment => wallet::ENVIRONMENT,
                    _ => "demo key,",
                };
                Ok((whole(name), Unlock::Open))
            }
        }
    }

    fn key(&self, owner: &Address, passphrase: Option<&Secret>) -> Result<Key, KeyError> {
        let key = match &self.settings.signing.key {
            KeySource::Keyring { keyring, from: None, .. } => keyring.load(owner.as_str(), passphrase)?,
            _ => self.open(passphrase)?,
        };
        key.of_account(owner.as_str())
    }

    /// The key, whosever it is.
    fn open(&self, passphrase: Option<&Secret>) -> Result<Key, KeyError> {
        let default = Derivation::default();
        Ok(match &self.settings.signing.key {
            KeySource::Keyring { keyring, from, .. } => keyring.load(from.as_deref().unwrap_or(""), passphrase)?,
            KeySource::File(path) => wallet::parse(&wallet::read_file(path)?, &default)?,
            KeySource::Command(command) => wallet::parse(&wallet::run_command(command)?, &default)?,
            KeySource::Environment => {
                let text = std::env::var(wallet::ENVIRONMENT).unwrap_or_default();
                wallet::parse(&Secret::from(text), &default)?
            }
            KeySource::Prompt => {
                let typed = passphrase.ok_or(KeyError::NotAKey("no key was typed"))?;
                wallet::parse(typed, &default)?
            }
            KeySource::Unusable(_) => return Err(KeyError::NotAKey("there is no usable key")),
            KeySource::Demo(words) => Key::from_mnemonic(words, &default)?,
        })
    }

    /// Opens the key of the quote's owner. A key command runs here and has the terminal to itself.
    ///
    /// # Errors
    /// A sentence: wrong passphrase, another account's key, a key that cannot sign.
    pub fn unlock(&self, quote: &Quote, passphrase: Option<Zeroizing<String>>) -> Result<Unlocked, Clean> {
        let secret = passphrase.map(|mut text| Secret::from(std::mem::take(&mut *text)));
        self.key(&quote.owner, secret.as_ref()).map(Unlocked).map_err(|why| Clean::message(&why.to_string()))
    }

    /// The unsigned transaction, as `akash tx sign` takes it. It carries no last block: whoever signs it may take days.
    ///
    /// # Errors
    /// Two bids of one order.
    pub fn unsigned(&self, quote: &Quote, facts: &Facts) -> Result<serde_json::Value, Outcome> {
        transaction(quote, "", 0, self.confirmed_fee(facts))
            .unsigned()
            .map_err(|why| Outcome::refused(Stop::Usage, "transaction", &why.to_string()))
    }

    fn confirmed_fee(&self, facts: &Facts) -> tx::Fee {
        let amount = facts.fee.amount.value.ceil().to_u128().unwrap_or(0);
        fee(facts.fee.gas, amount, self.settings.signing.pricing.granter.as_ref())
    }

    /// Signs what was confirmed and finds out what becomes of it. `until`: somebody stops waiting for it.
    pub async fn accept(
        &self,
        quote: &Quote,
        facts: &Facts,
        key: Unlocked,
        say: &mut dyn FnMut(Watch),
        until: impl Future<Output = ()>,
    ) -> Outcome {
        match self.sign(quote, facts, key, say, until).await {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn sign(
        &self,
        quote: &Quote,
        facts: &Facts,
        key: Unlocked,
        say: &mut dyn FnMut(Watch),
        until: impl Future<Output = ()>,
    ) -> Result<Outcome, Outcome> {
        let limits = &self.settings.limits;
        // Whoever calls this has shown them already; nothing is signed past one.
        if let Some(refused) = Outcome::blocked(&quote::check(quote, facts, limits).obstacles) {
            return Err(refused);
        }
        let key = key.0.of_account(quote.owner.as_str()).map_err(|why| no_key(&why))?;
        let account = quote.owner.as_str();
        let mut journal =
            Journal::open(&self.settings.journal, &limits.chain_id, account).map_err(|why| no_journal(&why))?;
        let at = self.at.get();
        let nodes = Nodes::find(&self.client, at, &limits.chain_id).await;
        if nodes.len() == 0 {
            let text = format!("no endpoint answers as chain {}", limits.chain_id);
            return Err(Outcome::refused(Stop::Error, "wrong_chain", &text));
        }
        let node = Node { client: &self.client, at };
        let known = node.account(account).await.map_err(|error| no_account(&quote.owner, &error))?;
        let height = known.height.unwrap_or(facts.height);
        let block_time = block_time(facts.reread.block_time);
        let last = timeout_height(height, block_time);
        let transaction = transaction(quote, "", last, self.confirmed_fee(facts));
        let number = known.info.account_number;
        let as_account = tx::Account { chain_id: limits.chain_id.clone(), number, sequence: known.info.sequence };
        let refuse = |text: &str| Outcome::refused(Stop::Usage, "transaction", text);
        let signed = transaction.sign(&as_account, &key).map_err(|why| refuse(&why.to_string()))?;
        drop(key);
        let leases = quote.picks.iter().map(|pick| {
            let price = Price::of(&pick.price).ok_or_else(|| refuse("the price is beyond what a lease can have"))?;
            Ok(Quoted { id: LeaseId::from(&pick.id), price })
        });
        let attempt = Attempt {
            chain_id: limits.chain_id.clone(),
            account: account.to_owned(),
            sequence: known.info.sequence,
            signed_height: height,
            timeout_height: last,
            leases: leases.collect::<Result<_, _>>()?,
            tx: signed,
        };
        let started = Instant::now();
        let state = State::signed(nodes.len());
        let stopped = drive(&nodes, &mut journal, &attempt, state, block_time, say, until).await;
        Ok(self.outcome(&attempt, stopped, Some(quote), || started.elapsed().as_secs()))
    }

    /// Finds out what became of an entry of the journal that has no end. Nothing is sent.
    ///
    /// # Errors
    /// The journal is held by another process, or cannot be used.
    pub async fn resume(
        &self,
        entry: &Entry,
        say: &mut dyn FnMut(Watch),
        until: impl Future<Output = ()>,
    ) -> Result<Outcome, JournalError> {
        let attempt = &entry.attempt;
        let mut journal = Journal::open(&self.settings.journal, &attempt.chain_id, &attempt.account)?;
        // Another process may have found out meanwhile.
        let entries = journal.entries()?;
        let entry = entries.entries.iter().rfind(|known| known.attempt.hash() == attempt.hash()).unwrap_or(entry);
        if let Some(ended) = &entry.end {
            let stopped = drive::Stop::Ended(ended.end.clone(), None);
            return Ok(self.outcome(attempt, stopped, None, || age_s(entry)));
        }
        Ok(self.find_out(&mut journal, entry, say, until).await)
    }

    async fn find_out(
        &self,
        journal: &mut Journal<JournalFile>,
        entry: &Entry,
        say: &mut dyn FnMut(Watch),
        until: impl Future<Output = ()>,
    ) -> Outcome {
        let attempt = &entry.attempt;
        if let KeySource::Demo(_) = self.settings.signing.key {
            // The chain it was sent to ended with the process that ran it.
            let end = End::NoLease;
            let failed = journal.end(attempt.hash(), &end, jiff::Timestamp::now().as_second()).err();
            return self.outcome(attempt, drive::Stop::Ended(end, failed), None, || age_s(entry));
        }
        let nodes = Nodes::find(&self.client, self.at.get(), &attempt.chain_id).await;
        let stopped = if nodes.len() == 0 {
            drive::Stop::Left
        } else {
            let block_time = block_time(BlockTime::ASSUMED);
            drive(&nodes, journal, attempt, State::resumed(nodes.len()), block_time, say, until).await
        };
        self.outcome(attempt, stopped, None, || age_s(entry))
    }

    /// `age_s`: seconds since it was signed, at least.
    fn outcome(
        &self,
        attempt: &Attempt,
        stopped: drive::Stop,
        quote: Option<&Quote>,
        age_s: impl Fn() -> u64,
    ) -> Outcome {
        let (end, failed) = match stopped {
            drive::Stop::Ended(end, failed) => (end, failed),
            drive::Stop::Left => return unknown(attempt),
        };
        let mut outcome = ended(attempt, &end);
        if let (End::Done { height: Some(height), .. }, Some(usd)) = (&end, quote.and_then(Quote::usd_hour)) {
            let text = format!("leased at ${}/hr in block {height}, as quoted", four_digits(usd));
            outcome.text = Clean::message(&text);
        }
        if let Some(why) = failed {
            outcome.text = Clean::message(&format!("{}; {why}", outcome.text));
        }
        outcome.next = outcome.word.is_leased().then(|| {
            let left = MANIFEST_S.saturating_sub(age_s());
            match quote {
                Some(quote) => self.next_step(quote, &outcome.leases, left),
                None => self.commands(outcome.leases.iter().map(|lease| (&lease.id, None)), left),
            }
        });
        outcome
    }

    fn next_step(&self, quote: &Quote, leases: &[Made], left_s: u64) -> NextStep {
        let host = |id: &BidId| quote.picks.iter().find(|pick| pick.id == *id).and_then(|pick| pick.host.clone());
        self.commands(leases.iter().map(|lease| (&lease.id, host(&lease.id))), left_s)
    }

    /// What hands the manifest to each provider.
    fn commands<'a>(&self, leases: impl Iterator<Item = (&'a BidId, Option<Clean>)>, left_s: u64) -> NextStep {
        let command = |(id, host): (&BidId, Option<Clean>)| {
            let mut words = vec!["provider-services".to_owned(), "send-manifest".to_owned(), "deploy.yml".to_owned()];
            let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), shell::quoted(value).into_owned()]);
            flag("--dseq", &id.dseq.to_string());
            flag("--provider", id.provider.as_str());
            if let Some(host) = host {
                flag("--provider-url", &format!("https://{host}"));
            }
            match &self.settings.signing.key {
                KeySource::Keyring { from, backend, dir, .. } => {
                    flag("--from", from.as_deref().unwrap_or(id.owner.as_str()));
                    flag("--keyring-backend", backend);
                    if let Some(dir) = dir {
                        flag("--keyring-dir", &dir.display().to_string());
                    }
                }
                _ => flag("--from", id.owner.as_str()),
            }
            words.join(" ")
        };
        NextStep { commands: leases.map(command).collect(), left_s }
    }
}

/// An entry of the journal, in the words of the domain.
pub fn recorded(entry: &Entry) -> Recorded {
    let Attempt { chain_id, account, leases, .. } = &entry.attempt;
    let made = |quoted: &Quoted| Some(Made { id: BidId::from(&quoted.id), price: amount(&quoted.price)? });
    Recorded {
        at: entry.at,
        chain_id: Clean::new(chain_id),
        account: Clean::new(account),
        bids: leases.iter().filter_map(made).collect(),
        outcome: match &entry.end {
            Some(ended) => self::ended(&entry.attempt, &ended.end),
            None => unknown(&entry.attempt),
        },
    }
}

fn unknown(attempt: &Attempt) -> Outcome {
    let text = format!(
        "sent, outcome not known yet (transaction {}): it can be in a block until {}; `akbids journal --resume` finds out",
        attempt.hash(),
        attempt.timeout_height
    );
    Outcome { hash: Some(attempt.hash().to_owned()), ..Outcome::unsent(Word::Unknown, &text) }
}

fn ended(attempt: &Attempt, end: &End) -> Outcome {
    let (word, height, leases) = match end {
        End::Done { height, leases } => (Word::Leased, *height, leases.as_slice()),
        End::DoneButDiffers { height, leases, .. } => (Word::LeasedNotAsQuoted, *height, leases.as_slice()),
        End::Failed { height, .. } => (Word::Failed, Some(*height), &[][..]),
        End::Expired { .. } => (Word::Expired, None, &[][..]),
        End::Superseded { .. } => (Word::Superseded, None, &[][..]),
        End::NoLease => (Word::NoLease, None, &[][..]),
        End::LeasedByOther { leases, .. } => (Word::Taken, None, leases.as_slice()),
        End::Rejected { .. } => (Word::Rejected, None, &[][..]),
        End::NotSent => (Word::NotSent, None, &[][..]),
    };
    let hash = Some(attempt.hash().to_owned());
    Outcome {
        hash,
        height,
        leases: leases.iter().filter_map(made).collect(),
        ..Outcome::unsent(word, &end.to_string())
    }
}

/// Seconds since an entry was written.
fn age_s(entry: &Entry) -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second().saturating_sub(entry.at)).unwrap_or(0)
}

fn block_time(block: BlockTime) -> Duration {
    Duration::from_millis(u64::try_from(block.millis_of(1)).unwrap_or(0).max(1))
}

/// The lease in the words of the domain; none if its price is beyond a `Decimal`, where the text says it.
fn made(lease: &Leased) -> Option<Made> {
    Some(Made { id: BidId::from(&lease.id), price: amount(&lease.price)? })
}

fn amount(price: &Price) -> Option<Amount> {
    Amount::parse(&price.amount(), price.denom()).ok()
}

fn no_quote(why: &NoQuote) -> Outcome {
    let (stop, code) = match why {
        NoQuote::NoSuchBid(_) => (Stop::Nothing, "no_such_bid"),
        NoQuote::NotLive => (Stop::Error, "not_live"),
        NoQuote::Nothing | NoQuote::TwoOfOneGroup(_) => (Stop::Usage, "bids"),
    };
    Outcome::refused(stop, code, &why.to_string())
}

fn no_key(why: &KeyError) -> Outcome {
    Outcome::refused(Stop::NoKey, "no_key", &why.to_string())
}

fn no_journal(why: &JournalError) -> Outcome {
    Outcome::refused(Stop::Rule, "journal", &why.to_string())
}

fn no_account(owner: &Address, error: &ChainError) -> Outcome {
    if let ChainError::NotFound { .. } = error {
        let text = format!(
            "the account {owner} does not exist on this chain: it never received anything, so it cannot pay the fee"
        );
        return Outcome::refused(Stop::Rule, "no_account", &text);
    }
    failed(error)
}
