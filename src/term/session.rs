//! The loop of the screen: the only place where messages become effects on the world.
//!
//! Effects are done, one frame is drawn, then it waits for the first of {signal, key, answer, deadline} and takes
//! everything else that is already there. So a burst of answers costs one frame, and an idle program sleeps.

use super::clipboard;
use super::guard::{Guard, Signal, Signals};
use super::input::Input;
use crate::app::{Confirmed, Effect, Key, Model, Ms, Msg, Passphrase, Settings, update};
use crate::chain::{self, Ask, ChainError, Client, Command, Event};
use crate::domain::bid::{Address, Provider, Snapshot};
use crate::domain::kept::Kept;
use crate::domain::quote::Quote;
use crate::domain::text::Clean;
use crate::lease::Desk;
use crate::report;
use crate::ui::{self, Map, Theme};
use crossterm::event::{
    Event as Happened, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use futures_util::FutureExt;
use std::fs::File;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Messages taken in one go before a frame is drawn: a flood must not keep the screen from moving.
const BATCH: usize = 256;
/// Events that may wait between the chain and the screen.
const INBOX: usize = 64;
/// The longest reading of the registry, some two thousand providers and the signatures of some.
const SURVEY: Duration = Duration::from_secs(60);
/// The longest wait for a provider's own gateway.
const GATEWAY: Duration = Duration::from_secs(8);
/// The longest reading of a provider's past leases.
const TRACK: Duration = Duration::from_secs(20);

/// Where the figures come from.
pub enum Source {
    Chain {
        client: Box<Client>,
        ask: Ask,
    },
    /// Read once, never asked again.
    Saved(Box<Snapshot>),
}

impl Source {
    /// Sends what there is to know until nobody listens. What is asked besides goes by the client, where there is one.
    fn follow(
        self,
        mut commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> (JoinHandle<Result<(), ChainError>>, Option<Rc<Client>>) {
        match self {
            Self::Chain { client, ask } => {
                let client: Rc<Client> = Rc::from(client);
                let own = Rc::clone(&client);
                let follow = async move { chain::follow(&own, &ask, commands, events).await };
                (tokio::task::spawn_local(follow), Some(client))
            }
            Self::Saved(snapshot) => {
                let tell = async move {
                    let _ = events.send(Event::Snapshot { snapshot: Arc::new(*snapshot), fresh: true }).await;
                    while commands.recv().await.is_some() {}
                    Ok(())
                };
                (tokio::task::spawn_local(tell), None)
            }
        }
    }
}

/// Writes down what is kept for the next time; why it could not, in a sentence.
pub type Keeper = Box<dyn FnMut(&Kept) -> Result<(), Clean>>;

/// What a session on the screen needs.
pub struct Session {
    pub settings: Settings,
    pub theme: Theme,
    pub source: Source,
    /// Where leases are accepted; `None` where nothing is.
    pub desk: Option<Desk>,
    /// Log lines are appended here too.
    pub log: Option<File>,
    /// `None`: nothing is kept.
    pub keep: Option<Keeper>,
}

/// How a session ended.
#[derive(Debug)]
pub enum End {
    /// The person left.
    Quit,
    /// SIGINT, SIGTERM, or the terminal went away.
    Signal(Signal),
    /// What was asked for can never be had.
    Chain(ChainError),
}

/// Runs until the person leaves, a signal ends it, or the chain can never answer.
///
/// # Errors
/// What the terminal said, while it was there.
pub async fn run(session: Session) -> io::Result<End> {
    // One thread does all: what reads the chain need not be able to move to another.
    tokio::task::LocalSet::new().run_until(drive(session)).await
}

async fn drive(session: Session) -> io::Result<End> {
    let Session { settings, theme, source, desk, log, keep } = session;
    let mut signals = Signals::new()?;
    let (commands, orders) = mpsc::channel(INBOX);
    let (sender, events) = mpsc::channel(INBOX);
    let (course, news) = mpsc::unbounded_channel();
    let (follower, client) = source.follow(orders, sender);
    let mut shell = Shell {
        guard: Guard::enter()?,
        keys: Some(Input::start()?),
        commands,
        events,
        follower,
        client,
        one_by_one: Rc::new(Semaphore::new(1)),
        desk: desk.map(Rc::new),
        preparing: None,
        course,
        news,
        log,
        keep,
        started: Instant::now(),
        map: Map::default(),
    };
    let mut model = Model::new(settings);
    update(&mut model, Msg::Now(0));
    shell.resume();
    loop {
        let mut kept = shell.drop_typed_ahead(&model);
        let map = shell.guard.frame(|frame| ui::view(&model, theme, frame))?;
        update(&mut model, Msg::Drawn(map.extent.clone()));
        shell.map = map;
        let deadline = if kept.is_empty() { model.next_deadline() } else { Some(0) };
        let mut batch = match shell.wait(&mut signals, deadline).await {
            Wake::Messages(messages) => messages,
            Wake::Signal(Signal::Continue) => {
                shell.guard.resume()?;
                Vec::new()
            }
            Wake::Signal(signal) => return Ok(End::Signal(signal)),
            Wake::Ended(Some(error)) => return Ok(End::Chain(error)),
            Wake::Ended(None) => return Err(io::Error::other("the reader of the chain ended by itself")),
        };
        shell.take_waiting(&mut batch);
        kept.append(&mut batch);
        let batch = kept;
        let mut effects = update(&mut model, Msg::Now(shell.now()));
        for msg in batch {
            effects.extend(update(&mut model, msg));
        }
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(End::Quit),
                Effect::Suspend => shell.suspend(&mut signals).await?,
                Effect::Lease(confirmed) => {
                    let unlocked = shell.lease(*confirmed)?;
                    update(&mut model, Msg::Unlocked(unlocked));
                }
                effect => {
                    if let Some(said) = shell.perform(effect, &model)? {
                        update(&mut model, Msg::Log(said));
                    }
                }
            }
        }
    }
}

enum Wake {
    Messages(Vec<Msg>),
    Signal(Signal),
    /// The reader of the chain ended, with why if it knows.
    Ended(Option<ChainError>),
}

struct Shell {
    guard: Guard,
    /// Dropped while the terminal is another program's, whose keys it would swallow.
    keys: Option<Input>,
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    follower: JoinHandle<Result<(), ChainError>>,
    /// `None`: there is no chain to ask.
    client: Option<Rc<Client>>,
    /// Lets past leases be read of one provider at a time.
    one_by_one: Rc<Semaphore>,
    desk: Option<Rc<Desk>>,
    /// Reads a quote's bids again; ended when its dialog closes.
    preparing: Option<JoinHandle<()>>,
    /// How accepting goes, as it happens.
    course: mpsc::UnboundedSender<Msg>,
    news: mpsc::UnboundedReceiver<Msg>,
    log: Option<File>,
    keep: Option<Keeper>,
    started: Instant,
    map: Map,
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl Shell {
    fn now(&self) -> Ms {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(Ms::MAX)
    }

    async fn wait(&mut self, signals: &mut Signals, deadline: Option<Ms>) -> Wake {
        let now = self.now();
        let pause = deadline.map_or(Duration::from_secs(3600), |at| Duration::from_millis(at.saturating_sub(now)));
        let keys = async {
            match &mut self.keys {
                Some(keys) => keys.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = signals.next() => Wake::Signal(signal),
            input = keys => match input {
                Some(Ok(input)) => Wake::Messages(self.translate(input).into_iter().collect()),
                // The terminal is gone; a SIGHUP says so too where there is one.
                Some(Err(_)) | None => Wake::Signal(Signal::Hangup),
            },
            Some(msg) = self.news.recv() => Wake::Messages(vec![self.hear(msg)]),
            event = self.events.recv() => match event {
                Some(event) => Wake::Messages(vec![self.tell(event)]),
                None => Wake::Ended((&mut self.follower).await.ok().and_then(Result::err)),
            },
            () = tokio::time::sleep(pause) => Wake::Messages(Vec::new()),
        }
    }

    /// Before the frame that first shows an input of the accept dialog: keys that wait were typed without having seen
    /// it, and go nowhere. What else waits is kept.
    fn drop_typed_ahead(&mut self, model: &Model) -> Vec<Msg> {
        let mut kept = Vec::new();
        if model.input().is_none() || model.input() == self.map.extent.input {
            return kept;
        }
        while let Some(Some(Some(Ok(input)))) = self.keys.as_mut().map(|keys| keys.next().now_or_never()) {
            let msg = self.translate(input);
            kept.extend(msg.filter(|msg| !matches!(msg, Msg::Key(_) | Msg::Paste(_))));
        }
        kept
    }

    /// Takes what is there already, without waiting.
    fn take_waiting(&mut self, batch: &mut Vec<Msg>) {
        while batch.len() < BATCH {
            let input = self.keys.as_mut().and_then(|keys| keys.next().now_or_never());
            if let Some(Some(Ok(input))) = input {
                batch.extend(self.translate(input));
            } else if let Ok(msg) = self.news.try_recv() {
                let msg = self.hear(msg);
                batch.push(msg);
            } else if let Ok(event) = self.events.try_recv() {
                let msg = self.tell(event);
                batch.push(msg);
            } else {
                return;
            }
        }
    }

    /// What a terminal event means to the program; nothing for releases and motions.
    fn translate(&mut self, input: Happened) -> Option<Msg> {
        match input {
            Happened::Key(event) => key(event).map(Msg::Key),
            Happened::Paste(text) => Some(Msg::Paste(text)),
            Happened::FocusGained => Some(Msg::Focus(true)),
            Happened::FocusLost => Some(Msg::Focus(false)),
            Happened::Mouse(event) => mouse(event, &self.map),
            Happened::Resize(..) => {
                self.guard.repaint();
                None
            }
        }
    }

    fn tell(&mut self, event: Event) -> Msg {
        match event {
            Event::Snapshot { snapshot, .. } => Msg::Snapshot(snapshot),
            Event::Trouble { text, retry_in_ms } => {
                self.write_log(&text);
                Msg::Trouble { text, retry_in_ms }
            }
            Event::Log(text) => {
                self.write_log(&text);
                Msg::Log(text)
            }
        }
    }

    /// How accepting goes is worth a line of the log, and its end a look at the chain.
    fn hear(&mut self, msg: Msg) -> Msg {
        match &msg {
            Msg::Watching(watch) => self.write_log(&watch.text),
            Msg::Ended(outcome) => {
                self.write_log(&outcome.text);
                let _ = self.commands.try_send(Command::Fresh);
            }
            _ => {}
        }
        msg
    }

    /// Reads a quote's bids again, beside everything else.
    fn prepare(&mut self, quote: Box<Quote>) {
        self.forget();
        let Some(desk) = self.desk.clone() else { return };
        let course = self.course.clone();
        self.preparing = Some(tokio::task::spawn_local(async move {
            let tell = |preparation| drop(course.send(Msg::Prepared { quote: quote.clone(), preparation }));
            let preparation = desk.prepare(&quote, true, &mut |waiting| tell(waiting)).await;
            tell(preparation);
        }));
    }

    fn forget(&mut self) {
        if let Some(preparing) = self.preparing.take() {
            preparing.abort();
        }
    }

    /// Opens the key, giving the terminal to a command that hands it over; then signs and sends, beside everything else.
    fn lease(&mut self, confirmed: Confirmed) -> io::Result<Result<(), Clean>> {
        let Confirmed { quote, facts, passphrase } = confirmed;
        let Some(desk) = self.desk.clone() else { return Ok(Err(Clean::new("accepting is off here"))) };
        let passphrase = passphrase.map(Passphrase::into_text);
        let unlocked = if desk.takes_terminal() {
            self.keys = None;
            self.guard.leave();
            let unlocked = desk.unlock(&quote, passphrase);
            self.guard.resume()?;
            self.keys = Some(Input::start()?);
            unlocked
        } else {
            desk.unlock(&quote, passphrase)
        };
        Ok(unlocked.map(|key| {
            let course = self.course.clone();
            tokio::task::spawn_local(async move {
                let mut say = |watch| drop(course.send(Msg::Watching(watch)));
                let outcome = desk.accept(&quote, &facts, key, &mut say, std::future::pending()).await;
                let _ = course.send(Msg::Ended(outcome));
            });
        }))
    }

    /// Finds out what became of what an earlier run sent.
    fn resume(&self) {
        let Some(desk) = self.desk.clone() else { return };
        let course = self.course.clone();
        tokio::task::spawn_local(async move {
            let unfinished = match desk.unfinished() {
                Ok(unfinished) => unfinished,
                Err(why) => {
                    let _ = course.send(Msg::Log(Clean::message(&why.to_string())));
                    return;
                }
            };
            for entry in unfinished {
                let mut say = |watch| drop(course.send(Msg::Watching(watch)));
                let msg = match desk.resume(&entry, &mut say, std::future::pending()).await {
                    Ok(outcome) => Msg::Ended(outcome),
                    Err(why) => Msg::Log(Clean::message(&why.to_string())),
                };
                let _ = course.send(msg);
            }
        });
    }

    /// Reads who is registered, beside everything else.
    fn diagnose(&self, model: &Model) {
        let course = self.course.clone();
        let Some(client) = self.client.clone() else {
            let why = Clean::new("this is a saved answer: there is no chain to ask");
            let _ = course.send(Msg::Registered(Err(why)));
            return;
        };
        let market = model.market().clone();
        tokio::task::spawn_local(async move {
            let deadline = tokio::time::Instant::now() + SURVEY;
            let mut told = |progress| drop(course.send(Msg::Surveyed(progress)));
            let read = chain::registered_for(&client, &market, deadline, &mut told).await;
            let read = read.map(Arc::new).map_err(|error| Clean::message(&error.to_string()));
            let _ = course.send(Msg::Registered(read));
        });
    }

    /// Reads what became of a provider's leases, beside everything else.
    fn track(&self, provider: Address) {
        let Some(client) = self.client.clone() else { return };
        let (course, turn) = (self.course.clone(), Rc::clone(&self.one_by_one));
        tokio::task::spawn_local(async move {
            let Ok(_turn) = turn.acquire().await else { return };
            let deadline = tokio::time::Instant::now() + TRACK;
            let read = chain::track_record(&client, &provider, deadline).await;
            let read = read.map_err(|error| Clean::message(&error.to_string()));
            let _ = course.send(Msg::Tracked(provider, read));
        });
    }

    /// Asks a provider's own gateway, beside everything else.
    fn gateway(&self, provider: Arc<Provider>) {
        let course = self.course.clone();
        tokio::task::spawn_local(async move {
            let said = chain::ask_gateway(&provider, false, tokio::time::Instant::now() + GATEWAY).await;
            let said = said.map_err(|error| Clean::message(&error.to_string()));
            let _ = course.send(Msg::Asked(provider.address.clone(), said));
        });
    }

    /// Writes down what is kept; why it is not, if so.
    fn keep(&mut self, kept: &Kept) -> Option<Clean> {
        match &mut self.keep {
            Some(keep) => keep(kept).err().map(|why| Clean::message(&format!("not kept for the next time: {why}"))),
            None => Some(Clean::new("not kept for the next time: this run has nowhere to")),
        }
    }

    fn write_log(&mut self, text: &Clean) {
        let failed = self.log.as_mut().is_some_and(|log| writeln!(log, "{} {text}", jiff::Timestamp::now()).is_err());
        if failed {
            self.log = None;
        }
    }

    /// Does one effect. What went wrong without ending the session comes back as a line for the log.
    fn perform(&mut self, effect: Effect, model: &Model) -> io::Result<Option<Clean>> {
        let command = match effect {
            Effect::Refresh => Command::Refresh,
            Effect::Pause(paused) => Command::Pause(paused),
            Effect::Focus(focused) => Command::Focus(focused),
            Effect::Copy(text) => return Ok(self.copy(&text)),
            Effect::CopyJson(id) => {
                let row = model.market().rows.iter().find(|row| row.bid.id == id);
                let set = model.preferences();
                let document =
                    row.zip(model.snapshot()).map(|(row, snapshot)| report::bid_document(row, snapshot, &set));
                return Ok(document.and_then(Result::ok).and_then(|document| self.copy(&document)));
            }
            Effect::Mouse(on) => {
                self.guard.set_mouse(on)?;
                return Ok(None);
            }
            Effect::Prepare(quote) => {
                self.prepare(quote);
                return Ok(None);
            }
            Effect::Forget => {
                self.forget();
                return Ok(None);
            }
            Effect::Diagnose => {
                self.diagnose(model);
                return Ok(None);
            }
            Effect::Track(provider) => {
                self.track(provider);
                return Ok(None);
            }
            Effect::Gateway(address) => {
                let provider = model.snapshot().and_then(|snapshot| snapshot.providers.get(&address));
                match provider {
                    Some(provider) => self.gateway(Arc::clone(provider)),
                    None => drop(self.course.send(Msg::Asked(address, Err(Clean::new("nothing is known of it yet"))))),
                }
                return Ok(None);
            }
            Effect::Keep(kept) => return Ok(self.keep(&kept)),
            Effect::Lease(_) | Effect::Suspend | Effect::Quit => return Ok(None),
        };
        // A full queue means the reader has more of these to do already.
        let _ = self.commands.try_send(command);
        Ok(None)
    }

    fn copy(&mut self, text: &str) -> Option<Clean> {
        clipboard::copy(&mut self.guard, text).err().map(|error| Clean::message(&format!("not copied: {error}")))
    }

    async fn suspend(&mut self, signals: &mut Signals) -> io::Result<()> {
        self.keys = None;
        signals.suspend(&mut self.guard).await?;
        self.keys = Some(Input::start()?);
        Ok(())
    }
}

fn mouse(event: MouseEvent, map: &Map) -> Option<Msg> {
    let over = map.hit(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => over.map(Msg::Click),
        MouseEventKind::ScrollDown => Some(Msg::Wheel { over, down: true }),
        MouseEventKind::ScrollUp => Some(Msg::Wheel { over, down: false }),
        _ => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(c) if control => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(_) if event.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up if event.modifiers.contains(KeyModifiers::SHIFT) => Key::ShiftUp,
        KeyCode::Down if event.modifiers.contains(KeyModifiers::SHIFT) => Key::ShiftDown,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}
