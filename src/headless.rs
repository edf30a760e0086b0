//! Accepting, and looking back, without a screen. The same flow as on it: a frozen quote, preflight, a person's word
//! (or ceilings and `--yes`), one signature, and waiting until it is known what became of it.

// An outcome that stops the flow is its answer, told in full once.
#![allow(clippy::result_large_err)]

use crate::chain::{self, Ask, Client};
use crate::cli::{AcceptArgs, Level};
use crate::config::{Config, Origin, check_address};
use crate::domain::appraise::{Market, appraise};
use crate::domain::bid::BidId;
use crate::domain::diff::Fit;
use crate::domain::money::Amount;
use crate::domain::outcome::{Outcome, Preparation, Reason, Stop, Unlock, Watch, Word};
use crate::domain::quote::{self, Check, FRESH_MS, Facts, Quote};
use crate::domain::text::Clean;
use crate::exit::{Code, Failure};
use crate::lease::{self, Desk, journal};
use crate::report::{self, Subject};
use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How often a passphrase may be mistyped.
const TRIES: usize = 3;
/// Longest wait for what an entry became whose last block may still come; twice what one has by default, and more.
const RESUME: Duration = Duration::from_secs(300);
/// An entry this old in seconds has no block to come.
const PAST_S: i64 = 900;

/// One bid as it was named: `[GSEQ/]PROVIDER`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Named {
    gseq: Option<u32>,
    provider: String,
}

impl Named {
    fn parse(raw: &str) -> Result<Self, Failure> {
        let (gseq, provider) = match raw.split_once('/') {
            Some((gseq, provider)) => (Some(gseq), provider),
            None => (None, raw),
        };
        let gseq = gseq.map(|gseq| match gseq.parse() {
            Ok(gseq) if gseq > 0 => Ok(gseq),
            _ => {
                let gseq = Clean::new(gseq);
                Err(Failure::new(
                    Code::Usage,
                    format!("--bid: {gseq:?} is no group number; write PROVIDER or GSEQ/PROVIDER, such as 1/akash1…"),
                ))
            }
        });
        check_address(provider, Origin::Flag("--bid"))?;
        Ok(Self { gseq: gseq.transpose()?, provider: provider.to_owned() })
    }

    /// The bid that is meant, of the group's newest order where there are several.
    fn find(&self, market: &Market) -> Result<BidId, Outcome> {
        let mut found: Vec<_> = market
            .rows
            .iter()
            .filter(|row| row.bid.id.provider.as_str() == self.provider)
            .filter(|row| self.gseq.is_none_or(|gseq| row.bid.id.gseq == gseq))
            .collect();
        if found.iter().any(|row| !row.older_order) {
            found.retain(|row| !row.older_order);
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.bid.id.oseq));
        let mut groups: Vec<u32> = found.iter().map(|row| row.bid.id.gseq).collect();
        groups.sort_unstable();
        groups.dedup();
        match (found.first(), groups.as_slice()) {
            (Some(row), [_]) => Ok(row.bid.id.clone()),
            (None, _) => {
                let group = self.gseq.map_or(String::new(), |gseq| format!(" in group {gseq}"));
                let text = format!("there is no bid of {}{group}", self.provider);
                Err(Outcome::refused(Stop::Nothing, "no_such_bid", &text))
            }
            (Some(_), several) => {
                let groups = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let text = format!("{} bids on several groups ({groups}): name one as GSEQ/PROVIDER", self.provider);
                Err(Outcome::refused(Stop::Usage, "bids", &text))
            }
        }
    }
}

/// What `accept` goes by besides its flags.
pub struct Accepting<'a> {
    pub config: &'a Config,
    pub json: bool,
    pub client: &'a Client,
    pub desk: &'a Desk,
    pub ask: Ask,
}

/// Checks what can be checked before anything is asked.
///
/// # Errors
/// Wrong use.
pub fn check_flags(args: &AcceptArgs) -> Result<(), Failure> {
    let wrong = |text: &str| Err(Failure::new(Code::Usage, text));
    if args.yes && args.max_usd_per_hour.is_none() && args.max_price.is_none() {
        return wrong("--yes needs a ceiling: --max-usd-per-hour USD or --max-price AMOUNTDENOM, such as 2500uact");
    }
    let asks = !args.yes && !args.dry_run && !args.generate_only;
    if asks && !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return wrong(
            "there is no terminal to confirm on: --yes confirms, within a ceiling (--max-usd-per-hour or --max-price)",
        );
    }
    args.bid.iter().try_for_each(|raw| Named::parse(raw).map(drop))
}

/// Everything that was found out before the signature.
struct Prepared {
    quote: Quote,
    facts: Facts,
    check: Check,
    unlock: Unlock,
    at: Instant,
}

/// `akbids accept`.
///
/// # Errors
/// What cannot be told as an outcome: a stream that fails.
pub async fn accept(args: &AcceptArgs, with: Accepting<'_>) -> Result<Code, Failure> {
    let signs = !args.generate_only;
    let prepared = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Err((None, interrupted())),
        prepared = first(args, &with, signs) => prepared,
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err((quote, outcome)) => {
            return told(&with, &outcome, Subject { quote: quote.as_ref(), ..Subject::default() });
        }
    };
    if args.generate_only {
        return match with.desk.unsigned(&prepared.quote, &prepared.facts) {
            Ok(transaction) => {
                print(&format!("{transaction}\n"))?;
                Ok(Code::Done)
            }
            Err(outcome) => told(&with, &outcome, prepared.subject()),
        };
    }
    if !with.json || !args.yes {
        say(&format!("accepting on {}:", prepared.facts.chain_id));
        let _ = write!(
            io::stderr().lock(),
            "{}",
            report::accept_summary(&prepared.quote, &prepared.facts, &prepared.check)
        );
    }
    if args.dry_run {
        let text = "nothing was signed or sent: without --dry-run this would be";
        return told(&with, &Outcome::unsent(Word::WouldSend, text), prepared.subject());
    }
    let prepared = match confirmed(args, &with, prepared).await {
        Ok(prepared) => prepared,
        Err((prepared, outcome)) => return told(&with, &outcome, prepared.subject()),
    };
    let key = match unlock(with.desk, &prepared).await {
        Ok(key) => key,
        Err(outcome) => return told(&with, &outcome, prepared.subject()),
    };
    let mut hush = |watch: Watch| say(&watch.text);
    let mut stopped = false;
    // As long as it may take until the last block, and again, and a little.
    let span = u64::try_from(prepared.facts.reread.block_time.millis_of(prepared.facts.timeout_blocks)).unwrap_or(0);
    let longest = Duration::from_millis(span.saturating_mul(2)).saturating_add(with.config.timeout);
    let until = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => stopped = true,
            () = tokio::time::sleep(longest) => {}
        }
    };
    let mut outcome = with.desk.accept(&prepared.quote, &prepared.facts, key, &mut hush, until).await;
    if outcome.word == Word::NotSent && stopped {
        outcome.word = Word::Refused(Stop::Interrupted);
    }
    told(&with, &outcome, prepared.subject())
}

impl Prepared {
    fn subject(&self) -> Subject<'_> {
        Subject { quote: Some(&self.quote), facts: Some(&self.facts), check: Some(&self.check) }
    }
}

type Stopped = (Option<Quote>, Outcome);

/// Reads, freezes, prepares, within `--timeout`.
async fn first(args: &AcceptArgs, with: &Accepting<'_>, signs: bool) -> Result<Prepared, Stopped> {
    let mut held_up = None;
    let quote = std::cell::RefCell::new(None);
    let all = async {
        let alone = |outcome| (None, outcome);
        let deadline = Instant::now() + with.config.timeout + Duration::from_secs(1);
        let read = chain::once(with.client, &with.ask, deadline).await.map_err(|error| alone(lease::failed(&error)))?;
        read.notes.iter().for_each(|text| say(text));
        let market = appraise(&read.snapshot);
        let bids = args.bid.iter().filter_map(|raw| Named::parse(raw).ok());
        let ids: Vec<BidId> = bids.map(|named| named.find(&market)).collect::<Result<_, _>>().map_err(alone)?;
        let frozen = Quote::freeze(&read.snapshot, &market, &ids)
            .map_err(|why| alone(Outcome::refused(Stop::Usage, "bids", &why.to_string())))?;
        *quote.borrow_mut() = Some(frozen.clone());
        prepare(args, with, frozen, signs, &mut |text| held_up = Some(text)).await
    };
    tokio::time::timeout(with.config.timeout, Box::pin(all)).await.unwrap_or_else(|_| {
        let why = held_up.map_or_else(|| "no answer".to_owned(), |text| text.to_string());
        let text = format!("gave up after {} s, nothing was sent: {why}", with.config.timeout.as_secs());
        Err((quote.take(), Outcome::refused(Stop::GaveUp, "timeout", &text)))
    })
}

async fn prepare(
    args: &AcceptArgs,
    with: &Accepting<'_>,
    quote: Quote,
    signs: bool,
    held_up: &mut dyn FnMut(Clean),
) -> Result<Prepared, Stopped> {
    let mut heard = |preparation| {
        if let Preparation::Waiting(text) = preparation {
            say(&text);
            held_up(text);
        }
    };
    match with.desk.prepare(&quote, signs, &mut heard).await {
        Preparation::Ready { facts, unlock } => {
            let check = quote::check(&quote, &facts, with.desk.limits());
            let refused = Outcome::blocked(&check.obstacles).or_else(|| unfit(args, &quote));
            match refused {
                Some(outcome) => Err((Some(quote), outcome)),
                None => Ok(Prepared { quote, facts: *facts, check, unlock, at: Instant::now() }),
            }
        }
        Preparation::Over(outcome) => Err((Some(quote), outcome)),
        Preparation::Waiting(text) => Err((Some(quote), Outcome::refused(Stop::GaveUp, "waiting", &text))),
    }
}

/// What does not fit is taken only by a person's word, or a level that was allowed.
fn unfit(args: &AcceptArgs, quote: &Quote) -> Option<Outcome> {
    let asks = !args.yes && !args.dry_run && !args.generate_only;
    let allowed = |fit: Fit| {
        fit.met()
            || args.allow.iter().any(|level| {
                fit == match level {
                    Level::Unclear => Fit::Unclear,
                    Level::Short => Fit::Short,
                    Level::Wrong => Fit::Wrong,
                }
            })
    };
    let worst = quote.picks.iter().find(|pick| !allowed(pick.fit.unwrap_or(Fit::Unclear))).filter(|_| !asks)?;
    let fit = worst.fit.unwrap_or(Fit::Unclear);
    let why = worst.diff.iter().find(|difference| difference.level == fit);
    let why = why.map_or("what was asked for is not known", |difference| &*difference.text);
    let text = format!("the offer of {} is {fit}: {why}; --allow {fit} takes it", worst.id.provider.short());
    Some(Outcome::refused(Stop::Rule, "fit", &text))
}

/// Waits for the person's word, unless `--yes` gave it; what is too old by then is read again.
async fn confirmed(
    args: &AcceptArgs,
    with: &Accepting<'_>,
    prepared: Prepared,
) -> Result<Prepared, (Prepared, Outcome)> {
    if !args.yes {
        let phrase = prepared.quote.phrase();
        let what = match phrase.split_whitespace().count() {
            1 => "the last four characters of the provider's address",
            _ => "the words of what is wrong or left out, and the last four characters of each provider's address,",
        };
        let prompt = format!("Type {what} ({}), then Enter: ", phrase_hint(&prepared.quote));
        match ask(move || line(&prompt)).await {
            Asked::Said(typed) if prepared.quote.confirmed_by(&typed) => {}
            Asked::Said(_) => {
                let outcome =
                    Outcome::refused(Stop::Interrupted, "not_confirmed", "that is not it: nothing was signed");
                return Err((prepared, outcome));
            }
            Asked::Interrupted => return Err((prepared, interrupted())),
        }
    }
    if prepared.at.elapsed() < Duration::from_millis(FRESH_MS.unsigned_abs()) {
        return Ok(prepared);
    }
    say("that took a while: reading again");
    match prepare(args, with, prepared.quote.clone(), true, &mut |_| {}).await {
        Ok(newer) => Ok(newer),
        Err((_, outcome)) => Err((prepared, outcome)),
    }
}

/// The form of the phrase, without giving it away: `short ….`.
fn phrase_hint(quote: &Quote) -> String {
    let phrase = quote.phrase();
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let fours = quote.picks.len();
    let named = words.len().saturating_sub(fours);
    words
        .iter()
        .enumerate()
        .map(|(place, word)| if place < named { word } else { "····" })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Opens the key; a passphrase may be mistyped on a terminal.
async fn unlock(desk: &Desk, prepared: &Prepared) -> Result<lease::Unlocked, Outcome> {
    let no_key = |why: &Clean| Outcome::refused(Stop::NoKey, "no_key", why);
    let Unlock::Passphrase(of) = &prepared.unlock else {
        return desk.unlock(&prepared.quote, None).map_err(|why| no_key(&why));
    };
    let mut tries = if io::stdin().is_terminal() { TRIES } else { 1 };
    loop {
        tries -= 1;
        let prompt = format!("{of}: ");
        let secret = match ask(move || secret(&prompt)).await {
            Asked::Said(secret) => secret,
            Asked::Interrupted => return Err(interrupted()),
        };
        match desk.unlock(&prepared.quote, Some(secret)) {
            Ok(key) => return Ok(key),
            Err(why) if tries > 0 => say(&why),
            Err(why) => return Err(no_key(&why)),
        }
    }
}

enum Asked<T> {
    Said(T),
    Interrupted,
}

/// Asks on a thread of its own, so that ctrl-c is heard; the terminal is then as it was.
async fn ask<T: Send + 'static>(question: impl FnOnce() -> io::Result<T> + Send + 'static) -> Asked<T> {
    let before = rustix::termios::tcgetattr(io::stdin()).ok();
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(answer.send(question())));
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => {}
        said = answered => if let Ok(Ok(said)) = said {
            return Asked::Said(said);
        },
    }
    if let Some(before) = before {
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &before);
    }
    let _ = writeln!(io::stderr().lock());
    Asked::Interrupted
}

/// One line from the terminal; what was typed before the question was seen does not count.
fn line(prompt: &str) -> io::Result<String> {
    rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush)?;
    let mut err = io::stderr().lock();
    write!(err, "{prompt}").and_then(|()| err.flush())?;
    drop(err);
    let mut typed = String::new();
    match io::stdin().lock().read_line(&mut typed)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(typed),
    }
}

/// One line without an echo; where there is no terminal, the first line of standard input, as the official CLI takes it.
fn secret(prompt: &str) -> io::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).map(Zeroizing::new);
    }
    let mut text = Zeroizing::new(String::with_capacity(1024));
    io::stdin().lock().read_line(&mut text)?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    Ok(text)
}

fn interrupted() -> Outcome {
    Outcome::refused(Stop::Interrupted, "interrupted", "interrupted: nothing was signed or sent")
}

/// Says how it ended, and gives the code for it.
fn told(with: &Accepting<'_>, outcome: &Outcome, subject: Subject<'_>) -> Result<Code, Failure> {
    let code = Code::from(outcome.word);
    if with.json {
        let mut outcome = outcome.clone();
        if outcome.blockers.is_empty() && code != Code::Done {
            outcome.blockers.push(Reason { code: outcome.word.as_str(), text: outcome.text.clone() });
        }
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let document = report::accept_document(now_ms, &outcome, subject);
        print(&(document.map_err(|error| unwritten(&error))? + "\n"))?;
    }
    let loud = outcome.word == Word::LeasedNotAsQuoted;
    if with.json || code != Code::Done || loud {
        say(&outcome.text);
    }
    if !with.json {
        let mut text = String::new();
        if code == Code::Done || loud {
            text = format!("{}\n", outcome.text);
            if let Some(hash) = &outcome.hash {
                text.push_str("transaction ");
                text.push_str(hash);
                text.push('\n');
            }
        }
        if let Some(next) = &outcome.next {
            say(&format!(
                "now send the manifest, within {} s: the provider gives up waiting after about 5 minutes",
                next.left_s
            ));
            text.push_str(&(next.commands.join("\n") + "\n"));
        }
        print(&text)?;
    }
    Ok(code)
}

fn unwritten(error: &serde_json::Error) -> Failure {
    Failure::new(Code::Error, format!("the document could not be written: {error}"))
}

/// One sentence on stderr.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "akbids: {text}");
}

/// Data on stdout; whoever closed the pipe has seen enough.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::Error, format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// `akbids journal`. `desk` gives the way to an entry's chain, if there is one.
///
/// # Errors
/// The journal cannot be read.
pub async fn journal(
    config: &Config,
    json: bool,
    resume: bool,
    patience: Option<Duration>,
    desk: impl Fn(&str) -> Result<Option<Desk>, Failure>,
) -> Result<Code, Failure> {
    let path = journal_path(config)?;
    let read = || journal::read(path).map_err(|why| Failure::new(Code::Error, why.to_string()));
    let entries = read()?;
    for line in &entries.unreadable {
        say(&format!("line {line} of the journal {} is no entry: cut off by a crash, or damaged", path.display()));
    }
    let mut open = 0;
    for entry in &entries.entries {
        let mut told = lease::recorded(entry);
        if resume && entry.end.is_none() {
            told.outcome = find_out(config, entry, patience, &desk).await?.unwrap_or(told.outcome);
            open += usize::from(told.outcome.word == Word::Unknown);
        }
        let line = if json {
            report::journal_document(&told).map_err(|error| unwritten(&error))?
        } else {
            report::journal_text(&told)
        };
        print(&(line + "\n"))?;
    }
    if entries.entries.is_empty() && !json {
        say("nothing was ever signed from here");
    }
    Ok(if open > 0 { Code::Unknown } else { Code::Done })
}

/// What became of an entry; `None` where that cannot be asked, with why on stderr.
async fn find_out(
    config: &Config,
    entry: &journal::Entry,
    patience: Option<Duration>,
    desk: &impl Fn(&str) -> Result<Option<Desk>, Failure>,
) -> Result<Option<Outcome>, Failure> {
    let chain_id = &entry.attempt.chain_id;
    let Some(desk) = desk(chain_id)? else {
        let chain_id = Clean::new(chain_id);
        say(&format!("{}: name an endpoint of chain {chain_id} with --rest", entry.attempt.hash()));
        return Ok(None);
    };
    let young = jiff::Timestamp::now().as_second().saturating_sub(entry.at) < PAST_S;
    let longest = patience.unwrap_or(if young { RESUME } else { config.timeout });
    let until = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = tokio::time::sleep(longest) => {}
        }
    };
    match desk.resume(entry, &mut |watch: Watch| say(&watch.text), until).await {
        Ok(outcome) => Ok(Some(outcome)),
        Err(why) => {
            say(&why.to_string());
            Ok(None)
        }
    }
}

/// Says on stderr that something signed on this chain has no end yet: a run that only looks does not find it out.
pub fn remind(config: &Config, chain_id: Option<&str>) {
    let entries = config.journal.as_deref().and_then(|path| journal::read(path).ok()).unwrap_or_default().entries;
    for entry in entries.iter().filter(|entry| entry.end.is_none() && Some(&*entry.attempt.chain_id) == chain_id) {
        say(&format!("an accept is not found out yet ({}): `akbids journal --resume`", entry.attempt.hash()));
    }
}

/// Where the journal is.
///
/// # Errors
/// No home directory is known: no journal, no money.
pub fn journal_path(config: &Config) -> Result<&std::path::Path, Failure> {
    config.journal.as_deref().ok_or_else(|| {
        Failure::new(
            Code::Refused,
            "there is no place for the journal: set HOME or XDG_STATE_HOME; nothing is signed without it",
        )
    })
}

/// The ceilings of the flags: dollars an hour, and an amount a block.
///
/// # Errors
/// Wrong use.
pub fn ceilings(args: &AcceptArgs) -> Result<(Option<rust_decimal::Decimal>, Option<Amount>), Failure> {
    let usage = |flag: &str, raw: &str, such: &str| {
        Failure::new(Code::Usage, format!("{flag} is {:?}: {such}", crate::domain::text::clean(raw, 80)))
    };
    let usd = args.max_usd_per_hour.as_deref().map(|raw| {
        let number = crate::domain::money::parse_decimal(raw.trim().trim_start_matches('$')).ok();
        number
            .filter(|usd| *usd > rust_decimal::Decimal::ZERO)
            .ok_or_else(|| usage("--max-usd-per-hour", raw, "dollars an hour are taken, such as 1.20"))
    });
    let price = args.max_price.as_deref().map(|raw| {
        let such = "an amount a block is taken with its denom, such as 2500uact";
        let split = raw.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(raw.len());
        let (number, denom) = raw.trim().split_at(split.min(raw.trim().len()));
        let amount = Amount::parse(number.trim(), denom.trim()).ok();
        amount
            .filter(|amount| amount.value > rust_decimal::Decimal::ZERO && !denom.is_empty())
            .ok_or_else(|| usage("--max-price", raw, such))
    });
    Ok((usd.transpose()?, price.transpose()?))
}
