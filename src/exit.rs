//! Exit codes, and how an error is told to a person: what is wrong, where, what to do.

use crate::domain::outcome::{Stop, Word};
use std::fmt;
use std::process::ExitCode;

/// What a run ends with; other programs rely on the numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    Done,
    /// Something failed while running.
    Error,
    /// A flag, a filter, a file or an owner that cannot be used.
    Usage,
    /// No such deployment or bid.
    Nothing,
    /// No usable key.
    NoKey,
    /// Refused by a safety rule; nothing was sent.
    Refused,
    /// Nothing was leased, and it is safe to try again.
    NotLeased,
    /// Gave up waiting; nothing was sent.
    GaveUp,
    /// Sent, and the outcome is not known yet.
    Unknown,
    /// Interrupted before anything was done.
    Interrupted,
}

impl Code {
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::Nothing => 3,
            Self::NoKey => 4,
            Self::Refused => 5,
            Self::NotLeased => 6,
            Self::GaveUp => 7,
            Self::Unknown => 8,
            Self::Interrupted => 130,
        }
    }
}

impl From<Word> for Code {
    fn from(word: Word) -> Self {
        match word {
            Word::Leased | Word::AlreadyYours | Word::WouldSend | Word::Unsigned => Self::Done,
            // There is a lease, and not the one that was agreed to.
            Word::LeasedNotAsQuoted => Self::Error,
            Word::Failed
            | Word::Expired
            | Word::Superseded
            | Word::NoLease
            | Word::Taken
            | Word::Rejected
            | Word::NotSent => Self::NotLeased,
            Word::Unknown => Self::Unknown,
            Word::Refused(stop) => match stop {
                Stop::Usage => Self::Usage,
                Stop::Nothing => Self::Nothing,
                Stop::NoKey => Self::NoKey,
                Stop::Rule => Self::Refused,
                Stop::Taken => Self::NotLeased,
                Stop::GaveUp => Self::GaveUp,
                Stop::Error => Self::Error,
                Stop::Interrupted => Self::Interrupted,
            },
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

/// Why a run ends early: its code and a sentence, cleaned of whatever a chain said in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub code: Code,
    pub text: String,
}

impl Failure {
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
