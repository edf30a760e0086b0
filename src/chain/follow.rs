//! The market as it moves: asks once a block, just after it is due, and tells what changed.
//!
//! Per block one question, the bids. When they changed, every tenth block, and when asked to: order, deployment and
//! leases too, at the same height. A provider once a run. One poll is under way at a time; what a poll brings that is
//! older than what was told is thrown away, and a poll that is no longer wanted is dropped with its answers.

use super::endpoints::Client;
use super::error::ChainError;
use super::fetch::{
    Ask, Bids, PROVIDERS_AT_ONCE, Provided, Reader, Rest, Sides, all_failed, expect_chain, needs_akt, old_block,
    providers_of,
};
use super::rhythm::Rhythm;
use super::wire_meta::{Header, OraclePrice};
use crate::domain::bid::{Address, Snapshot};
use crate::domain::money::{BlockTime, BlockTimeSource};
use crate::domain::text::Clean;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Blocks after which orders, deployment and leases are asked even if no bid changed.
const REST_EVERY: u64 = 10;
/// Blocks after which the price of AKT is asked again.
const RATE_EVERY: u64 = 50;
/// Blocks after which the block time is measured again.
const HEAD_EVERY: u64 = 100;
/// How long answers about providers are gathered before they are told.
const GATHER: Duration = Duration::from_millis(100);
/// Pause between polls without focus: this many blocks, within these bounds.
const UNFOCUSED_BLOCKS: u32 = 5;
const UNFOCUSED: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(60));

/// What the one who looks wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// Ask everything now, and what failed before again.
    Refresh,
    /// Stop asking, or go on.
    Pause(bool),
    /// Without focus, asking slows down.
    Focus(bool),
    /// Ask everything now, from scratch: the next [`Event::Snapshot`] that says `fresh` was asked after this.
    Fresh,
}

/// What is to be told.
#[derive(Clone, Debug)]
pub enum Event {
    Snapshot {
        snapshot: Arc<Snapshot>,
        /// All of the market was asked for this one, not only the bids.
        fresh: bool,
    },
    /// Nobody answers: why, and in how many milliseconds it is tried again. Over with the next snapshot.
    Trouble { text: Clean, retry_in_ms: u64 },
    /// A line for the log.
    Log(Clean),
}

/// Follows a deployment until nobody listens any more. The error is one that asking again cannot help: no such
/// deployment, several owners, only endpoints of another generation or chain.
///
/// `commands` should never be waited for by the one who reads `events`: use `try_send`.
pub async fn follow(
    client: &Client,
    ask: &Ask,
    mut commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
) -> Result<(), ChainError> {
    let mut follower = Follower::new(client, ask, events);
    loop {
        let due = follower.due();
        let flush = follower.flush_at;
        let step = tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(command) => { follower.command(command); Ok(()) }
                None => return Ok(()),
            },
            Some(polled) = follower.poll.next(), if !follower.poll.is_empty() => follower.polled(polled).await,
            Some(side) = follower.sides_asked.next(), if !follower.sides_asked.is_empty() => follower.side(side).await,
            () = until(flush), if flush.is_some() => follower.tell(false).await,
            () = until(due), if due.is_some() => { follower.start(); Ok(()) }
        };
        match step {
            Ok(()) => {}
            Err(Stop::Gone) => return Ok(()),
            Err(Stop::Error(error)) => return Err(error),
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Why following ends.
enum Stop {
    /// Nobody listens.
    Gone,
    Error(ChainError),
}

/// What a poll was begun with.
#[derive(Clone)]
struct Known {
    dseq: u64,
    /// The owner, once it was found.
    owner: Option<Address>,
    named: Option<Address>,
    /// The bids that were told last; `None` asks for everything.
    bids: Option<Arc<Bids>>,
    /// Height from which on the rest is due.
    rest_due: Option<u64>,
    /// The chain that an endpoint not asked before has to be of.
    chain_id: Option<String>,
    verify: bool,
}

struct Answered {
    bids: Bids,
    rest: Option<Rest>,
    owner: Address,
    note: Option<Clean>,
    /// When the bids were asked for, and when they had come.
    asked: Instant,
    came: Instant,
}

struct Polled {
    at: usize,
    outcome: Result<Answered, ChainError>,
}

enum Side {
    Head { at: usize, head: Result<(Header, BlockTime), ChainError> },
    Params(Result<Option<u32>, ChainError>),
    Rate(Result<OraclePrice, ChainError>),
    Provider(Provided),
}

async fn poll(client: &Client, at: usize, deadline: Instant, known: Known) -> Polled {
    let reader = Reader { client, at, deadline };
    let outcome = async {
        if known.verify && known.chain_id.is_some() {
            let header = reader.latest().await?;
            expect_chain(client.shown(at), known.chain_id.as_deref(), &header.chain_id)?;
        }
        let asked = Instant::now();
        if let (Some(owner), Some(before)) = (&known.owner, &known.bids) {
            let bids = reader.bids(owner, known.dseq, None).await?.value;
            let came = Instant::now();
            let older = bids.height.zip(before.height).is_some_and(|(now, then)| now < then);
            let changed = bids.items != before.items || bids.unreadable != before.unreadable;
            let due = known.rest_due.zip(bids.height).is_none_or(|(due, height)| height >= due);
            let rest = if !older && (changed || due) {
                Some(reader.rest(owner, known.dseq, bids.height).await?)
            } else {
                None
            };
            return Ok(Answered { bids, rest, owner: owner.clone(), note: None, asked, came });
        }
        let named = known.owner.as_ref().or(known.named.as_ref());
        let market = reader.market(named, known.dseq).await?;
        let owner = market.rest.deployment.owner.clone();
        let came = Instant::now();
        Ok(Answered { bids: market.bids, rest: Some(market.rest), owner, note: market.note, asked, came })
    };
    Polled { at, outcome: outcome.await }
}

/// When something beside the market is asked for next.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// The height from which on it is due.
    due: u64,
    under_way: bool,
}

impl Slot {
    /// Whether to ask now; then it is due again `every` so many blocks later.
    fn take(&mut self, height: u64, every: u64) -> bool {
        let now = !self.under_way && height >= self.due;
        if now {
            *self = Self { due: height.saturating_add(every), under_way: true };
        }
        now
    }
}

struct Follower<'a> {
    client: &'a Client,
    ask: &'a Ask,
    events: mpsc::Sender<Event>,
    started: Instant,
    rhythm: Rhythm,
    owner: Option<Address>,
    bids: Option<Arc<Bids>>,
    rest: Option<Rest>,
    rest_due: Option<u64>,
    sides: Sides,
    /// Endpoint of the last answer.
    at: usize,
    /// Endpoints known to be of the right chain.
    verified: BTreeSet<usize>,
    /// At most one.
    poll: FuturesUnordered<BoxFuture<'a, Polled>>,
    sides_asked: FuturesUnordered<BoxFuture<'a, Side>>,
    /// Providers to be asked, and all that ever were.
    queue: VecDeque<Address>,
    met: BTreeSet<Address>,
    /// Those being asked.
    asking: BTreeSet<Address>,
    head: Slot,
    params: Slot,
    rate: Slot,
    paused: bool,
    focused: bool,
    /// Ask now, and everything.
    now: bool,
    full: bool,
    flush_at: Option<Instant>,
    last_answer: Option<Instant>,
    /// Errors since the last answer, one for each endpoint tried.
    errors: Vec<ChainError>,
    backoff: Option<ExponentialBackoff>,
    retry_at: Option<Instant>,
    lag_said: bool,
}

impl<'a> Follower<'a> {
    fn new(client: &'a Client, ask: &'a Ask, events: mpsc::Sender<Event>) -> Self {
        Self {
            client,
            ask,
            events,
            started: Instant::now(),
            rhythm: Rhythm::new(Duration::from_secs(6)),
            owner: None,
            bids: None,
            rest: None,
            rest_due: None,
            sides: Sides::new(ask),
            at: 0,
            verified: BTreeSet::new(),
            poll: FuturesUnordered::new(),
            sides_asked: FuturesUnordered::new(),
            queue: VecDeque::new(),
            met: BTreeSet::new(),
            asking: BTreeSet::new(),
            head: Slot::default(),
            params: Slot::default(),
            rate: Slot::default(),
            paused: false,
            focused: true,
            now: false,
            full: true,
            flush_at: None,
            last_answer: None,
            errors: Vec::new(),
            backoff: None,
            retry_at: None,
            lag_said: false,
        }
    }

    /// When the next poll begins; `None` while one is under way, or none is wanted.
    fn due(&self) -> Option<Instant> {
        if !self.poll.is_empty() {
            return None;
        }
        if self.now {
            return Some(Instant::now());
        }
        if self.paused {
            return None;
        }
        if let Some(retry) = self.retry_at {
            return Some(retry);
        }
        let Some(last) = self.last_answer else { return Some(Instant::now()) };
        let next = if self.bids.as_ref().is_some_and(|bids| bids.height.is_some()) {
            self.started + self.rhythm.next()
        } else {
            // Without heights there is no rhythm to learn.
            last + self.rhythm.period()
        };
        if self.focused {
            return Some(next);
        }
        let pause = (self.rhythm.period() * UNFOCUSED_BLOCKS).clamp(UNFOCUSED.0, UNFOCUSED.1);
        Some(next.max(last + pause))
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Refresh | Command::Fresh => {
                // What is under way may have been asked too early.
                self.poll = FuturesUnordered::new();
                (self.now, self.full) = (true, true);
                self.retry_at = None;
                if command == Command::Refresh {
                    self.ask_failed_sides();
                }
            }
            Command::Pause(paused) => {
                self.paused = paused;
                if paused {
                    self.poll = FuturesUnordered::new();
                    self.now = false;
                } else {
                    self.now = true;
                }
            }
            Command::Focus(focused) => {
                self.now |= focused && !self.focused && !self.paused;
                self.focused = focused;
            }
        }
    }

    /// Begins a poll.
    fn start(&mut self) {
        let client = self.client;
        let at = client.choose();
        let wanted = || self.sides.chain_id.as_ref().map(std::string::ToString::to_string);
        let known = Known {
            dseq: self.ask.dseq,
            owner: self.owner.clone(),
            named: self.ask.owner.clone(),
            bids: if self.full { None } else { self.bids.clone() },
            rest_due: self.rest_due,
            chain_id: self.ask.chain_id.clone().or_else(wanted),
            verify: !self.verified.contains(&at),
        };
        self.now = false;
        self.retry_at = None;
        // Long enough for several pages; each question has the client's own deadline.
        let deadline = client.poll_deadline();
        self.poll.push(Box::pin(poll(client, at, deadline, known)));
    }

    async fn say(&self, event: Event) -> Result<(), Stop> {
        self.events.send(event).await.map_err(|_| Stop::Gone)
    }

    async fn log(&self, text: &str) -> Result<(), Stop> {
        self.say(Event::Log(Clean::message(text))).await
    }

    async fn polled(&mut self, polled: Polled) -> Result<(), Stop> {
        match polled.outcome {
            Ok(answered) => self.answered(polled.at, answered).await,
            Err(error) => self.failed(polled.at, error).await,
        }
    }

    async fn answered(&mut self, at: usize, answered: Answered) -> Result<(), Stop> {
        let Answered { bids, rest, owner, note, asked, came } = answered;
        let shown = self.bids.as_ref().and_then(|bids| bids.height);
        if let (Some(now), Some(then)) = (bids.height, shown)
            && now < then
        {
            // Never back in time: another endpoint, or the same one later.
            if !self.lag_said {
                self.lag_said = true;
                let text =
                    format!("{} is behind: it answered for height {now}, {then} is known", self.client.shown(at));
                self.log(&text).await?;
            }
            let lagging = ChainError::Lagging { endpoint: self.client.shown(at).clone(), height: then };
            return self.failed(at, lagging).await;
        }
        let newer = bids.height != shown || bids.height.is_none();
        let told = self.bids.is_some() && self.errors.is_empty() && self.backoff.is_none();
        self.lag_said = false;
        self.errors.clear();
        self.backoff = None;
        self.client.worked(at);
        self.verified.insert(at);
        self.last_answer = Some(came);
        if at != self.at && self.bids.is_some() {
            self.log(&format!("now asking {}", self.client.shown(at))).await?;
        }
        self.at = at;
        if let Some(note) = note
            && self.owner.is_none()
        {
            self.say(Event::Log(note)).await?;
        }
        self.owner = Some(owner);
        if let Some(height) = bids.height {
            self.rhythm.seen(height, asked - self.started, came - self.started);
        }
        let fresh = self.full && rest.is_some();
        let mut changed = newer;
        if let Some(mut rest) = rest {
            // What cannot be read now is told as it was, with the warning.
            if let Some(before) = &self.rest {
                rest.orders = rest.orders.or_else(|| before.orders.clone());
                rest.leases = rest.leases.or_else(|| before.leases.clone());
            }
            self.rest_due = bids.height.map(|height| height.saturating_add(REST_EVERY));
            if !rest.warnings.is_empty() {
                self.rest_due = bids.height.map(|height| height.saturating_add(1));
            }
            changed |= self.rest.as_ref() != Some(&rest);
            self.rest = Some(rest);
            self.full = false;
            self.ask_failed_sides();
        }
        changed |= self.bids.as_deref() != Some(&bids);
        self.bids = Some(Arc::new(bids));
        self.ask_sides();
        if changed || !told || fresh { self.tell(fresh).await } else { Ok(()) }
    }

    async fn failed(&mut self, at: usize, error: ChainError) -> Result<(), Stop> {
        let before = self.rest.is_some();
        if !error.of_endpoint() && !before {
            return Err(Stop::Error(error));
        }
        if let Some(rest) = self.client.failed(at, &error) {
            self.log(&format!("{error}; not asked for {} s", rest.as_secs())).await?;
        }
        let wait = error.wait();
        self.errors.push(error);
        if self.errors.len() < self.client.endpoints().len() {
            self.retry_at = Some(Instant::now());
            return Ok(());
        }
        let errors = std::mem::take(&mut self.errors);
        if !before && errors.iter().all(ChainError::lasting) {
            return Err(Stop::Error(all_failed(errors)));
        }
        let backoff = self.backoff.get_or_insert_with(|| {
            ExponentialBuilder::new()
                .with_jitter()
                .with_min_delay(Duration::from_millis(500))
                .with_max_delay(Duration::from_secs(30))
                .without_max_times()
                .build()
        });
        let delay = backoff.next().unwrap_or(Duration::from_secs(30)).max(wait.unwrap_or(Duration::ZERO));
        self.retry_at = Some(Instant::now() + delay);
        let text = Clean::message(&all_failed(errors).to_string());
        let retry_in_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.say(Event::Trouble { text, retry_in_ms }).await
    }

    /// Tells what is known.
    async fn tell(&mut self, fresh: bool) -> Result<(), Stop> {
        self.flush_at = None;
        let (Some(bids), Some(rest)) = (&self.bids, &self.rest) else { return Ok(()) };
        let snapshot = Arc::new(self.sides.snapshot(self.client.shown(self.at), bids, rest));
        self.say(Event::Snapshot { snapshot, fresh }).await
    }

    fn reader(&self) -> Reader<'a> {
        Reader { client: self.client, at: self.at, deadline: self.client.poll_deadline() }
    }

    fn height(&self) -> u64 {
        self.bids.as_ref().and_then(|bids| bids.height).unwrap_or(0)
    }

    /// Asks what is missing beside the market, or has become old.
    fn ask_sides(&mut self) {
        let reader = self.reader();
        let height = self.height();
        if self.head.take(height, HEAD_EVERY) {
            let at = self.at;
            self.sides_asked.push(Box::pin(async move { Side::Head { at, head: reader.head().await } }));
        }
        if self.params.take(height, u64::MAX) {
            self.sides_asked.push(Box::pin(async move { Side::Params(reader.params().await) }));
        }
        let (Some(bids), Some(rest)) = (&self.bids, &self.rest) else { return };
        if self.ask.akt_usd.is_none() && needs_akt(bids, rest) && self.rate.take(height, RATE_EVERY) {
            self.sides_asked.push(Box::pin(async move { Side::Rate(reader.akt_rate().await) }));
        }
        for address in providers_of(bids, rest) {
            if self.met.insert(address.clone()) {
                self.queue.push_back(address);
            }
        }
        self.ask_providers();
    }

    fn ask_providers(&mut self) {
        while self.asking.len() < PROVIDERS_AT_ONCE
            && let Some(address) = self.queue.pop_front()
        {
            let reader = self.reader();
            self.asking.insert(address.clone());
            self.sides_asked.push(Box::pin(async move { Side::Provider(reader.provider(address).await) }));
        }
    }

    /// Asks again for what could not be read, when the market itself is read as a whole.
    fn ask_failed_sides(&mut self) {
        let unread = self.sides.unread_providers.keys().chain(self.sides.unread_audits.keys());
        let waits = |address: &Address| self.asking.contains(address) || self.queue.contains(address);
        let again: BTreeSet<Address> = unread.filter(|address| !waits(address)).cloned().collect();
        self.queue.extend(again);
        if self.sides.block_time.source == BlockTimeSource::Assumed {
            self.head.due = 0;
        }
        if self.sides.order_max_bids.is_none() {
            self.params.due = 0;
        }
        if self.sides.akt.is_none() {
            self.rate.due = 0;
        }
        self.ask_providers();
    }

    async fn side(&mut self, side: Side) -> Result<(), Stop> {
        match side {
            Side::Head { at, head } => {
                self.head.under_way = false;
                if let Ok((header, time)) = &head {
                    if let Some(text) = old_block(self.client.shown(at), header) {
                        self.say(Event::Log(text)).await?;
                    }
                    let first = self.sides.block_time.source == BlockTimeSource::Assumed;
                    if first && time.source == BlockTimeSource::Measured {
                        let ms = u64::try_from(time.millis_of(1)).unwrap_or(6000);
                        self.rhythm.measured(Duration::from_millis(ms));
                    }
                }
                self.sides.take_head(head);
            }
            Side::Params(params) => {
                self.params.under_way = false;
                self.sides.take_params(params);
            }
            Side::Rate(rate) => {
                self.rate.under_way = false;
                self.sides.take_rate(rate);
            }
            Side::Provider(provided) => {
                self.asking.remove(&provided.address);
                self.sides.take_provider(provided);
                self.ask_providers();
            }
        }
        if self.sides_asked.is_empty() {
            return self.tell(false).await;
        }
        self.flush_at.get_or_insert_with(|| Instant::now() + GATHER);
        Ok(())
    }
}
