//! A person at a terminal: starts a program in a pseudo-terminal, types, waits for what the screen shows, looks.
//!
//! A reader thread feeds the bytes to a terminal emulator (`vt100`) and wakes whoever waits; there is no sleep. Like a
//! terminal that knows synchronized updates, it shows a frame whole or not at all.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// How long a condition may take to come true; `AKBIDS_PATIENCE` (seconds) is for slow machines.
fn patience() -> Duration {
    let seconds = std::env::var("AKBIDS_PATIENCE").ok().and_then(|s| s.parse().ok()).unwrap_or(10);
    Duration::from_secs(seconds)
}

/// A program about to be started. Its environment is empty but for `TERM`, a UTF-8 locale, `PATH`, and a home of its
/// own in which all XDG directories lie.
pub struct Launch {
    program: OsString,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    columns: u16,
    rows: u16,
    home: Home,
}

impl Launch {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let home = Home::new();
        let mut launch = Self {
            program: program.as_ref().into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            columns: 80,
            rows: 24,
            home,
        };
        let home = launch.home.0.clone();
        for (name, value) in
            [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("PATH", "/usr/bin:/bin")]
        {
            launch = launch.env(name, value);
        }
        for (name, below) in [
            ("HOME", ""),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            launch = launch.env(name, home.join(below));
        }
        launch
    }

    /// The program under test.
    pub fn akbids() -> Self {
        Self::new(env!("CARGO_BIN_EXE_akbids"))
    }

    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    /// Where its `HOME` is, to put files there first.
    pub fn home(&self) -> &Path {
        &self.home.0
    }

    pub fn start(self) -> Robot {
        let pair = native_pty_system().openpty(pty_size(self.columns, self.rows)).unwrap();
        let line = settings(&*pair.master);
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.args);
        command.env_clear();
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command.cwd(&self.home.0);
        let mut child = pair.slave.spawn_command(command).unwrap();
        // Else the end of the program would not be the end of its output.
        drop(pair.slave);
        let pid = child.process_id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).unwrap();

        let (rows, columns) = grid_size(self.columns, self.rows);
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser: vt100::Parser::new(rows, columns, 0),
                held: Vec::new(),
                updating: false,
                raw: Vec::new(),
                let_go: false,
                closed: false,
                exit: None,
            }),
            changed: Condvar::new(),
        });
        let mut reader = pair.master.try_clone_reader().unwrap();
        let reading = Arc::clone(&seen);
        thread::spawn(move || {
            let mut chunk = vec![0; 65_536];
            loop {
                let n = reader.read(&mut chunk).unwrap_or(0);
                if n == 0 || reading.lock().let_go {
                    drop(reader);
                    reading.change(State::close);
                    return;
                }
                reading.change(|state| state.feed(&chunk[..n]));
            }
        });
        let waiting = Arc::clone(&seen);
        thread::spawn(move || {
            let status = child.wait().unwrap();
            waiting.change(|state| state.exit = Some(status));
        });
        let writer = pair.master.take_writer().unwrap();
        Robot {
            seen,
            writer: Some(writer),
            master: Some(pair.master),
            pid,
            line,
            patience: patience(),
            _home: self.home,
        }
    }
}

/// A running program and its screen. Dropping it kills the program.
pub struct Robot {
    seen: Arc<Seen>,
    writer: Option<Box<dyn Write + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    pid: Pid,
    /// The settings of the line before the program changed them.
    line: Option<String>,
    patience: Duration,
    _home: Home,
}

/// Keys that are no character.
#[derive(Clone, Copy)]
pub enum Key {
    Enter,
    /// To be followed by a wait: with what comes straight after it, it is read as one key with Alt.
    Esc,
    Tab,
    Backspace,
    Up,
    Down,
    Right,
    Left,
    Home,
    End,
    PageUp,
    PageDown,
    /// With a small letter.
    Ctrl(u8),
}

impl Key {
    fn bytes(self) -> Vec<u8> {
        let fixed: &[u8] = match self {
            Self::Enter => b"\r",
            Self::Esc => b"\x1b",
            Self::Tab => b"\t",
            Self::Backspace => b"\x7f",
            Self::Up => b"\x1b[A",
            Self::Down => b"\x1b[B",
            Self::Right => b"\x1b[C",
            Self::Left => b"\x1b[D",
            Self::Home => b"\x1b[H",
            Self::End => b"\x1b[F",
            Self::PageUp => b"\x1b[5~",
            Self::PageDown => b"\x1b[6~",
            Self::Ctrl(letter) => return vec![letter & 0x1f],
        };
        fixed.to_vec()
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    Code(u32),
    /// Killed by the signal of this name.
    Signal(String),
}

impl Robot {
    /// Replaces the deadline of every later wait.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    // --- hands ---

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
        writer.flush().unwrap();
        self
    }

    pub fn press(&mut self, key: Key) -> &mut Self {
        self.send(key.bytes())
    }

    /// As a terminal pastes: bracketed if the program asked for that, else like keys.
    pub fn paste(&mut self, text: &str) -> &mut Self {
        if self.screen().bracketed_paste() { self.send(format!("\x1b[200~{text}\x1b[201~")) } else { self.send(text) }
    }

    /// Left button down and up on a cell, counted from 0; as a terminal does, only if the program asked for the mouse.
    pub fn click(&mut self, column: u16, row: u16) -> &mut Self {
        if self.screen().mouse_protocol_mode() == vt100::MouseProtocolMode::None {
            return self;
        }
        let (x, y) = (column + 1, row + 1);
        self.send(format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"))
    }

    /// The window gains or loses the focus.
    pub fn focus(&mut self, gained: bool) -> &mut Self {
        self.send(if gained { "\x1b[I" } else { "\x1b[O" })
    }

    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        let (height, width) = grid_size(columns, rows);
        self.seen.change(|state| state.parser.screen_mut().set_size(height, width));
        self.master.as_ref().unwrap().resize(pty_size(columns, rows)).unwrap();
        self
    }

    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        kill_process(self.pid, signal).unwrap();
        self
    }

    /// Closes the terminal's window under the program. `key` is typed before, and has to make it write something: only
    /// output wakes the reader, and while that reads the terminal lives.
    #[track_caller]
    pub fn hang_up(&mut self, key: &str) -> &mut Self {
        self.seen.change(|state| state.let_go = true);
        self.send(key);
        drop(self.wait_state("output before the hang-up", |state| state.closed));
        self.writer = None;
        self.master = None;
        self
    }

    // --- patience ---

    /// Waits until the screen is as `condition` wants it; `what` names it should that not happen.
    #[track_caller]
    pub fn wait(&mut self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) -> &mut Self {
        drop(self.wait_state(what, |state| condition(state.parser.screen())));
        self
    }

    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait(&format!("{text:?} on the screen"), |screen| screen.contents().contains(text))
    }

    #[track_caller]
    pub fn wait_gone(&mut self, text: &str) -> &mut Self {
        self.wait(&format!("{text:?} off the screen"), |screen| !screen.contents().contains(text))
    }

    /// Waits until all that was written holds `bytes` at or after `from`, and says where.
    #[track_caller]
    pub fn wait_bytes(&mut self, from: usize, bytes: &[u8]) -> usize {
        let place = |state: &State| Some(from + find(state.raw.get(from..)?, bytes)?);
        let what = format!("the bytes {:?}", String::from_utf8_lossy(bytes));
        place(&self.wait_state(&what, |state| place(state).is_some())).unwrap()
    }

    /// Waits until the program has ended and all its output is on the screen.
    #[track_caller]
    pub fn wait_exit(&mut self) -> Exit {
        let state = self.wait_state("the end of the program", |state| state.exit.is_some() && state.closed);
        let status = state.exit.as_ref().unwrap();
        status.signal().map_or(Exit::Code(status.exit_code()), |name| Exit::Signal(name.to_owned()))
    }

    /// As [`Robot::wait_exit`] when the terminal is gone, and with it the output.
    #[track_caller]
    pub fn wait_exit_unseen(&mut self) -> Exit {
        let state = self.wait_state("the end of the program", |state| state.exit.is_some());
        let status = state.exit.as_ref().unwrap();
        status.signal().map_or(Exit::Code(status.exit_code()), |name| Exit::Signal(name.to_owned()))
    }

    /// Waits until a stop signal has stopped the program.
    #[track_caller]
    pub fn wait_stopped(&mut self) -> &mut Self {
        let (tell, told) = mpsc::channel();
        let pid = self.pid;
        thread::spawn(move || tell.send(waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).map(drop)).ok());
        match told.recv_timeout(self.patience) {
            Ok(Ok(())) => self,
            other => panic!("waited for the program to stop: {other:?}\n{}", picture(&self.screen())),
        }
    }

    #[track_caller]
    fn wait_state(&self, what: &str, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let until = Instant::now() + self.patience;
        let mut state = self.seen.lock();
        loop {
            if condition(&state) {
                return state;
            }
            let left = until.saturating_duration_since(Instant::now());
            let over = state.closed && state.exit.is_some();
            if left.is_zero() || over {
                let why = match &state.exit {
                    Some(exit) if over => format!("the program has ended ({exit:?})"),
                    _ => format!("{:?} have passed", self.patience),
                };
                panic!("waited for {what}, but {why}. The screen:\n{}", picture(state.parser.screen()));
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    // --- eyes ---

    /// The grid as it is now: text, attributes, cursor.
    pub fn screen(&self) -> vt100::Screen {
        self.seen.lock().parser.screen().clone()
    }

    /// The text of the screen without trailing blanks.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// One row's text, counted from 0.
    pub fn row(&self, row: u16) -> String {
        let screen = self.screen();
        let (_, columns) = screen.size();
        screen.rows(0, columns.get()).nth(row.into()).unwrap_or_default().trim_end().to_owned()
    }

    /// The row and column of the first place that shows `text`, as long as what is left of it is one cell a character.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        (0..).zip(self.text().lines()).find_map(|(row, line)| {
            let at = line.find(text)?;
            Some((row, u16::try_from(line[..at].chars().count()).unwrap()))
        })
    }

    /// Everything the program has written.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().raw.clone()
    }

    /// What the program has changed about the terminal and not changed back: private modes by their number, `raw` for
    /// the settings of the line.
    pub fn modes_left_on(&self) -> Vec<String> {
        let mut left: Vec<String> = modes_changed(&self.raw()).iter().map(u16::to_string).collect();
        let now = self.master.as_deref().and_then(|master| settings(master));
        if now.is_some() && now != self.line {
            left.push("raw".to_owned());
        }
        left
    }
}

impl Drop for Robot {
    fn drop(&mut self) {
        let state = self.seen.lock();
        if state.exit.is_none() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// The private modes that are not as a terminal has them at first, in order of their numbers.
fn modes_changed(raw: &[u8]) -> Vec<u16> {
    // Wrapping and the cursor are on in a fresh terminal.
    const ON: [u16; 2] = [7, 25];
    let mut modes = BTreeMap::new();
    let mut rest = raw;
    while let Some(at) = find(rest, b"\x1b[?") {
        rest = &rest[at + 3..];
        let end = rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b';')).unwrap_or(rest.len());
        let on = match rest.get(end) {
            Some(b'h') => true,
            Some(b'l') => false,
            _ => continue,
        };
        for mode in String::from_utf8_lossy(&rest[..end]).split(';').filter_map(|mode| mode.parse().ok()) {
            modes.insert(mode, on);
        }
    }
    modes.into_iter().filter(|(mode, on)| *on != ON.contains(mode)).map(|(mode, _)| mode).collect()
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }
}

struct State {
    parser: vt100::Parser,
    /// Received, but part of a frame that is not whole, or perhaps of its opening bracket.
    held: Vec<u8>,
    updating: bool,
    raw: Vec<u8>,
    /// The reader is to drop its end of the terminal when it wakes next.
    let_go: bool,
    closed: bool,
    exit: Option<ExitStatus>,
}

impl State {
    const BEGIN: &[u8] = b"\x1b[?2026h";
    const END: &[u8] = b"\x1b[?2026l";

    fn feed(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.held.extend_from_slice(bytes);
        loop {
            let bracket = if self.updating { Self::END } else { Self::BEGIN };
            if let Some(at) = find(&self.held, bracket) {
                self.show(at + bracket.len());
                self.updating = !self.updating;
            } else if self.updating {
                return;
            } else {
                let begun = (1..bracket.len()).rev().find(|n| self.held.ends_with(&bracket[..*n])).unwrap_or(0);
                self.show(self.held.len() - begun);
                return;
            }
        }
    }

    fn show(&mut self, n: usize) {
        let now: Vec<u8> = self.held.drain(..n).collect();
        self.parser.process(&now);
    }

    fn close(&mut self) {
        self.show(self.held.len());
        self.closed = true;
    }
}

/// A directory for one program, gone with it.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("robot-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// Rows and columns as the emulator wants them.
fn grid_size(columns: u16, rows: u16) -> (NonZeroU16, NonZeroU16) {
    (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap())
}

/// How the line is set: echo, line editing, signals from keys, and so on.
fn settings(master: &dyn MasterPty) -> Option<String> {
    let t = master.get_termios()?;
    Some(format!("{:?} {:?} {:?} {:?}", t.input_flags, t.output_flags, t.local_flags, t.control_chars))
}

/// The screen in a box, for a person who has to find out why a test failed.
fn picture(screen: &vt100::Screen) -> String {
    let (_, columns) = screen.size();
    let width = usize::from(columns.get());
    let (row, column) = screen.cursor_position();
    let mut out = format!("+{}+\n", "-".repeat(width));
    for line in screen.rows(0, columns.get()) {
        let _ = writeln!(out, "|{line:width$}|");
    }
    let _ = write!(out, "+{}+ cursor at row {row}, column {column}", "-".repeat(width));
    out
}
