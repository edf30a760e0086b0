//! The terminal while the program is on it, and the way back.
//!
//! What is switched on stands in one list ([`MODES`]); it goes on in that order and off in the reverse, in the normal
//! end (`Drop`), in a panic (a hook that restores before the message is printed), when a signal ends the program, and
//! before it is suspended. Off is idempotent, never panics, and does not mind that the terminal is gone.
//!
//! There is one terminal, so its state is one static: a panic hook can reach nothing else. All bytes leave through it,
//! and a frame leaves in one `write`, bracketed as a synchronized update (DEC private mode 2026), so that neither a
//! slow link nor a multiplexer shows half of it.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use crossterm::{Command, terminal};
use futures_util::FutureExt;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::{Frame, Terminal};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal as Number, getpgrp, kill_current_process_group};
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp, tcgetwinsize};
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

/// On and off, in the order of switching on. Raw mode comes before all of them and goes after all of them: it is no
/// escape sequence, but a setting of the line.
const MODES: [(&str, &str); 4] = [
    ("\x1b[?1049h", "\x1b[?1049l"), // alternate screen
    ("\x1b[?2004h", "\x1b[?2004l"), // bracketed paste: a pasted newline is no Enter
    ("\x1b[?1004h", "\x1b[?1004l"), // focus: nobody looks, nothing is asked
    ("\x1b[?25l", "\x1b[?25h"),     // hidden cursor
];

/// Buttons and wheel (1000) in the form without column limit (1006). Not crossterm's `EnableMouseCapture`: that one
/// also asks for every motion (1003), and each would wake the program.
const MOUSE: (&str, &str) = ("\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l");

/// The brackets of a synchronized update.
const UPDATE: (&str, &str) = ("\x1b[?2026h", "\x1b[?2026l");

/// How long a suspended program waits for the stop to reach it. It matters only where the stop never comes (a process
/// group without a shell above it cannot be stopped from the keyboard).
const STOP_WITHIN: Duration = Duration::from_millis(100);

/// How long a program that goes on in the background waits for a signal that ends it before it stops again.
const END_WITHIN: Duration = Duration::from_secs(1);

/// The size to draw for when a terminal says it has none (pseudo-terminals of scripts do).
const UNKNOWN_SIZE: Size = Size { width: 80, height: 24 };

/// Which standard streams are terminals, and whether that terminal can move its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    pub stdin: bool,
    pub stdout: bool,
    /// `TERM=dumb`: a terminal without cursor movement, such as an editor's shell buffer.
    pub dumb: bool,
}

impl Streams {
    /// Whether a screen can be shown and steered. If not, output is printed once, plain.
    #[must_use]
    pub fn screen(self) -> bool {
        self.stdin && self.stdout && !self.dumb
    }
}

/// Looks at the standard streams of this process.
#[must_use]
pub fn streams() -> Streams {
    Streams {
        stdin: io::stdin().is_terminal(),
        stdout: io::stdout().is_terminal(),
        dumb: std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
    }
}

/// The terminal's size in cells.
///
/// # Errors
/// When stdout is no terminal, or one that is gone.
pub fn size() -> io::Result<Size> {
    // Not crossterm's: that opens /dev/tty every time, and starts `tput` when it cannot.
    let size = tcgetwinsize(rustix::stdio::stdout())?;
    Ok(match (size.ws_col, size.ws_row) {
        (0, _) | (_, 0) => UNKNOWN_SIZE,
        (width, height) => Size { width, height },
    })
}

/// Gives the terminal back as it was. Does nothing if it was not taken or is back already.
pub fn restore() {
    screen().off();
}

/// Whether the error says that the terminal itself is gone, so that nobody is left to tell.
#[must_use]
pub fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::IO, Errno::PIPE, Errno::NXIO, Errno::BADF];
    error.raw_os_error().is_some_and(|code| gone.iter().any(|errno| errno.raw_os_error() == code))
}

/// What is known of the terminal, for whoever has to give it back.
struct Screen {
    /// A descriptor of its own for stdout: no lock that a panic could find taken, no line buffer that splits a frame.
    out: Option<File>,
    on: bool,
    mouse: bool,
    /// A thread or task panicked: its message is on the screen, which must not be drawn over.
    panicked: bool,
}

static SCREEN: Mutex<Screen> = Mutex::new(Screen { out: None, on: false, mouse: false, panicked: false });

/// Nothing panics while it holds the lock, so the panic hook can always have it.
fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screen {
    fn on(&mut self) -> io::Result<()> {
        // First, because this is what stops a program in the background (SIGTTOU) until it has the terminal.
        terminal::enable_raw_mode()?;
        self.on = true;
        let mut bytes: String = MODES.iter().map(|(on, _)| *on).collect();
        if self.mouse {
            bytes.push_str(MOUSE.0);
        }
        self.write(bytes.as_bytes()).inspect_err(|_| self.off())
    }

    fn off(&mut self) {
        if !self.on {
            return;
        }
        self.on = false;
        let mut bytes = String::from(UPDATE.1);
        if self.mouse {
            bytes.push_str(MOUSE.1);
        }
        bytes.push_str("\x1b[0m");
        bytes.extend(MODES.iter().rev().map(|(_, off)| *off));
        // All errors from here on are those of a terminal that is gone; there is nothing to restore then.
        let _ = self.write(bytes.as_bytes());
        // In the background the terminal is the shell's already, and touching the line would stop the program.
        if foreground() {
            // What was typed or reported for this program is not for the shell after it.
            let _ = tcflush(rustix::stdio::stdin(), QueueSelector::IFlush);
            let _ = terminal::disable_raw_mode();
        }
    }

    /// All of `bytes`, in one `write` unless the terminal takes less at a time.
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        while !bytes.is_empty() {
            match out.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // Another program on this terminal may have made it non-blocking for all.
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => writable(out.as_fd())?,
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

fn writable(fd: BorrowedFd<'_>) -> io::Result<()> {
    match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::OUT)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Whether the terminal is this program's to change. One that cannot be asked is gone, and trying does no harm.
fn foreground() -> bool {
    tcgetpgrp(rustix::stdio::stdin()).map_or(true, |group| group == getpgrp())
}

/// Holds the terminal. One at a time; dropping it gives the terminal back.
pub struct Guard {
    terminal: Terminal<Canvas>,
    repaint: bool,
}

impl Guard {
    /// Takes the terminal, and has a panic anywhere in the program give it back before its message is printed.
    ///
    /// # Errors
    /// When stdin or stdout is no terminal that can show a screen (nothing is written then), when another guard holds
    /// it, or what the terminal said.
    pub fn enter() -> io::Result<Self> {
        if !streams().screen() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a screen needs a terminal on stdin and stdout, and TERM other than dumb",
            ));
        }
        restore_on_panic();
        let terminal = Terminal::new(Canvas::default())?;
        io::stdout().flush()?;
        let out = io::stdout().as_fd().try_clone_to_owned()?;
        let mut screen = screen();
        if screen.on {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the terminal is taken already"));
        }
        *screen = Screen { out: Some(out.into()), on: false, mouse: false, panicked: false };
        screen.on()?;
        Ok(Self { terminal, repaint: true })
    }

    /// Draws what `view` paints, in one write, and returns what it returned. Follows the terminal's size by itself.
    /// While the terminal is given back nothing is written.
    ///
    /// # Errors
    /// What the terminal said ([`is_gone`] tells whether it is still there); or that some thread or task panicked, whose
    /// message would be painted over.
    pub fn frame<R>(&mut self, view: impl FnOnce(&mut Frame<'_>) -> R) -> io::Result<R> {
        self.bytes().clear();
        self.bytes().extend_from_slice(UPDATE.0.as_bytes());
        if std::mem::take(&mut self.repaint) {
            self.terminal.clear()?;
        }
        let mut answer = None;
        self.terminal.draw(|frame| answer = Some(view(frame)))?;
        self.bytes().extend_from_slice(UPDATE.1.as_bytes());
        self.show()?;
        answer.ok_or_else(|| io::Error::other("the frame was not drawn"))
    }

    /// Writes one command of crossterm's between two frames.
    ///
    /// # Errors
    /// As [`Guard::frame`].
    pub fn send(&mut self, command: &impl Command) -> io::Result<()> {
        let mut text = String::new();
        command.write_ansi(&mut text).map_err(io::Error::other)?;
        *self.bytes() = text.into_bytes();
        self.show()
    }

    /// Whether the terminal reports buttons and wheel to this program. While it does, it selects text only with Shift.
    #[must_use]
    pub fn mouse(&self) -> bool {
        screen().mouse
    }

    /// Switches the reports of buttons and wheel. Off at first.
    ///
    /// # Errors
    /// As [`Guard::frame`].
    pub fn set_mouse(&mut self, wanted: bool) -> io::Result<()> {
        let mut screen = screen();
        if screen.mouse == wanted {
            return Ok(());
        }
        screen.mouse = wanted;
        if !screen.on {
            return Ok(());
        }
        screen.write(if wanted { MOUSE.0 } else { MOUSE.1 }.as_bytes())
    }

    /// Gives the terminal back for a while; [`Guard::resume`] takes it again.
    pub fn leave(&mut self) {
        restore();
    }

    /// Takes the terminal again, after [`Guard::leave`] or because something else may have had it meanwhile; the next
    /// frame paints everything.
    ///
    /// # Errors
    /// What the terminal said.
    pub fn resume(&mut self) -> io::Result<()> {
        self.repaint = true;
        let mut screen = screen();
        if screen.on {
            // A shell that had the terminal has changed the line, of which crossterm knows nothing.
            terminal::disable_raw_mode()?;
        }
        screen.on()
    }

    /// Has the next frame paint everything: after a burst of sizes that ends where it began, the terminal shows something
    /// else than what was drawn last, and nobody can tell.
    pub fn repaint(&mut self) {
        self.repaint = true;
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.terminal.backend_mut().bytes
    }

    fn show(&mut self) -> io::Result<()> {
        let mut screen = screen();
        if screen.panicked {
            return Err(io::Error::other("a part of the program has panicked"));
        }
        if !screen.on {
            self.repaint = true;
            return Ok(());
        }
        screen.write(&self.terminal.backend().bytes).inspect_err(|_| self.repaint = true)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            {
                let mut screen = screen();
                screen.panicked = true;
                screen.off();
            }
            print(info);
        }));
    });
}

/// Collects a frame's bytes. ratatui's own backend flushes two or three times in a frame, and asks the terminal where
/// its cursor is before it clears: the answer would go to the reader of the keys.
#[derive(Default)]
struct Canvas {
    bytes: Vec<u8>,
    cursor: Position,
}

impl Canvas {
    fn ansi(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.bytes)
    }
}

impl Backend for Canvas {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.ansi().draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.ansi().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.ansi().show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.cursor = position.into();
        let cursor = self.cursor;
        self.ansi().set_cursor_position(cursor)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.ansi().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.ansi().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let size = tcgetwinsize(rustix::stdio::stdout())?;
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size { width: size.ws_xpixel, height: size.ws_ypixel } })
    }

    /// Nothing: the frame goes out when it is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the system tells the program to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT from outside; the key ctrl-c is an ordinary key in raw mode.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is closed.
    Hangup,
    /// SIGCONT: the program was stopped by somebody else; call [`Guard::resume`].
    Continue,
}

/// Listens to the signals that concern the screen. SIGTSTP is not among them: whoever listens to it cannot be stopped
/// by it, and ctrl-z is a key in raw mode, answered with [`Signals::suspend`].
pub struct Signals {
    ends: Ends,
    continued: Listener,
    pending: Option<Signal>,
}

/// The signals that end the program.
struct Ends {
    hangup: Listener,
    terminate: Listener,
    interrupt: Listener,
}

impl Ends {
    async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            Some(()) = self.hangup.recv() => Signal::Hangup,
            Some(()) = self.terminate.recv() => Signal::Terminate,
            Some(()) = self.interrupt.recv() => Signal::Interrupt,
            else => std::future::pending().await,
        }
    }
}

impl Signals {
    /// To be called within a tokio runtime that drives I/O.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            ends: Ends {
                hangup: signal(SignalKind::hangup())?,
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            },
            continued: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
            pending: None,
        })
    }

    /// The next signal; those that end the program come first. Can be dropped at any time without losing one.
    pub async fn next(&mut self) -> Signal {
        if let Some(signal) = self.pending.take() {
            return signal;
        }
        tokio::select! {
            biased;
            signal = self.ends.next() => signal,
            Some(()) = self.continued.recv() => Signal::Continue,
        }
    }

    /// Stops the program and those it was started with, as ctrl-z does elsewhere, the terminal given back meanwhile;
    /// returns when it goes on, the terminal taken again. If the program was told to end while it was stopped, the
    /// terminal stays as it is and [`Signals::next`] says so: a program killed in the background cannot have it.
    ///
    /// # Errors
    /// What the terminal or the system said.
    pub async fn suspend(&mut self, guard: &mut Guard) -> io::Result<()> {
        guard.leave();
        let mut stopped = Ok(());
        loop {
            while self.continued.recv().now_or_never().is_some() {}
            // The whole group: a script that runs the program has to stop too, else its shell never gets the terminal.
            stopped = stopped.and(kill_current_process_group(Number::TSTP));
            // Another thread may take the stop, a moment after this one has gone on.
            let stoppable = stopped.is_ok() && tokio::time::timeout(STOP_WITHIN, self.continued.recv()).await.is_ok();
            self.pending = self.ends.next().now_or_never();
            if self.pending.is_none() && !foreground() {
                // What ended it may still be on its way, by another thread.
                self.pending = tokio::time::timeout(END_WITHIN, self.ends.next()).await.ok();
            }
            if self.pending.is_some() {
                return Ok(());
            }
            // Sent on in the background, where there is nothing to do without a screen: it stops again.
            if !stoppable || foreground() {
                break;
            }
        }
        guard.resume()?;
        Ok(stopped?)
    }
}
