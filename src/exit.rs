//! Exit codes, and how an error is told to a person: what is wrong, where, what to do.

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
    /// No such deployment.
    Nothing,
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
            Self::Interrupted => 130,
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
