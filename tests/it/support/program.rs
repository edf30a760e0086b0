//! The real binary, run as a script would: streams piped, environment cleared.

use serde_json::Value;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a finished run left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; 128 + number for a signal.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ran {
    /// Stdout as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

pub struct Program {
    command: Command,
    stdin: Option<String>,
}

/// Runs the binary with these arguments.
pub fn akbids(args: &[&str]) -> Ran {
    Program::new(args).run()
}

impl Program {
    pub fn new(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_akbids"));
        command.args(args).env_clear().env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
        // Not the settings and marks of whoever runs the tests.
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, concat!(env!("CARGO_TARGET_TMPDIR"), "/nobody"));
        }
        // Coverage and sanitizers of whoever runs the tests.
        for name in ["PATH", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (OsString::from(name), value)));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, stdin: None }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, text: &str) -> Self {
        self.command.stdin(Stdio::piped());
        self.stdin = Some(text.to_owned());
        self
    }

    pub fn run(mut self) -> Ran {
        let started = Instant::now();
        let mut child = self.command.spawn().unwrap();
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), self.stdin.take()) {
            // A program that has read enough closes the pipe.
            std::thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
        }
        finished(child, started)
    }

    /// Runs until `condition`, then presses ctrl-c.
    pub fn run_until(mut self, condition: impl Fn() -> bool) -> Ran {
        let started = Instant::now();
        let child = self.command.spawn().unwrap();
        while !condition() {
            assert!(started.elapsed() < Duration::from_secs(60), "it did not come to that");
            std::thread::yield_now();
        }
        let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        finished(child, started)
    }

    /// Runs with a stdout that nobody reads and that is closed at once.
    pub fn run_unread(mut self) -> Ran {
        let started = Instant::now();
        let mut child = self.command.spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Ran { code: code(child.wait().unwrap()), stdout: String::new(), stderr, took: started.elapsed() }
    }
}

fn finished(child: std::process::Child, started: Instant) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: code(output.status),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took: started.elapsed(),
    }
}

fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap()
}
