//! Keys, pastes, mouse, focus and size, one after the other.
//!
//! Not crossterm's `EventStream`: when the terminal is hung up crossterm reads its end for ever, and the stream does so
//! now and then on the thread that drives the program, which then hears of no signal either and spins as an orphan. Here
//! crossterm reads on a thread of its own, which looks for the hang-up before each reading.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::mpsc;

use super::guard;

/// Events read but not yet taken; the reader waits when there are more. A person does not type that fast.
const WAITING: usize = 64;

/// How often the reader looks whether it is still wanted where the system cannot watch a terminal for it.
const STILL_WANTED: Duration = Duration::from_secs(1);

/// How long to wait for crossterm when there is input that it does not see: it is told of input once, and forgets that
/// when a change of size comes with it. The next key brings both. Without the wait this would spin until then.
const LOST_EDGE: Duration = Duration::from_millis(50);

/// What the person does. Dropping it ends the reading of stdin.
pub struct Input {
    events: mpsc::Receiver<io::Result<Event>>,
    resized: Listener,
    /// Its closing tells the reader to stop.
    _stop: PipeWriter,
}

impl Input {
    /// To be called within a tokio runtime that drives I/O, when the terminal is taken.
    ///
    /// # Errors
    /// When the system refuses a handler, a pipe or a thread.
    pub fn start() -> io::Result<Self> {
        let resized = signal(SignalKind::window_change())?;
        let (stop, held) = io::pipe()?;
        let (tell, events) = mpsc::channel(WAITING);
        thread::Builder::new().name("input".to_owned()).spawn(move || read(&stop, &tell))?;
        Ok(Self { events, resized, _stop: held })
    }

    /// The next event; `None` when the terminal is gone. Can be dropped at any time without losing one.
    pub async fn next(&mut self) -> Option<io::Result<Event>> {
        tokio::select! {
            biased;
            event = self.events.recv() => event,
            Some(()) = self.resized.recv() => Some(guard::size().map(|size| Event::Resize(size.width, size.height))),
        }
    }
}

fn read(stop: &PipeReader, tell: &mpsc::Sender<io::Result<Event>>) {
    let mut patience = Duration::ZERO;
    let mut stuck = false;
    while !tell.is_closed() {
        if patience.is_zero() {
            let stdin = rustix::stdio::stdin();
            let mut watched =
                [PollFd::from_borrowed_fd(stdin, PollFlags::IN), PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN)];
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(e) => {
                    let _ = tell.blocking_send(Err(e.into()));
                    return;
                }
            }
            let [terminal, stop] = watched.map(|fd| fd.revents());
            if !stop.is_empty() || terminal.intersects(PollFlags::HUP | PollFlags::ERR) {
                return;
            }
            if terminal.contains(PollFlags::NVAL) {
                // Some systems cannot poll a terminal. crossterm has its own way to wait there.
                patience = STILL_WANTED;
            }
        }
        let mut waited = if stuck { LOST_EDGE } else { patience };
        stuck = patience.is_zero();
        loop {
            let event = match event::poll(waited) {
                Ok(false) => break,
                Ok(true) => {
                    (stuck, waited) = (false, patience);
                    event::read()
                }
                Err(e) => Err(e),
            };
            // A change of size comes by its signal, also while nobody types.
            if matches!(event, Ok(Event::Resize(..))) {
                continue;
            }
            let failed = event.is_err();
            if tell.blocking_send(event).is_err() || failed {
                return;
            }
        }
    }
}
