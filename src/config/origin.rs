//! Where a value came from.

use std::fmt;

/// Where a value came from; what stands first beats what follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    Flag(&'static str),
    Env(&'static str),
    /// The settings file, with the line, from 1.
    File(usize),
    /// The state file: what the screen was asked to keep.
    State,
    Default,
}

impl Origin {
    pub fn is_flag(self) -> bool {
        matches!(self, Self::Flag(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Env(name) => f.write_str(name),
            Self::File(line) => write!(f, "line {line} of the settings file"),
            Self::State => f.write_str("the state file"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and its origin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value<T> {
    pub value: T,
    pub origin: Origin,
}
