//! Going through what may be typed next.

use crate::domain::complete::Completion;
use std::ops::Range;

/// Options for a piece of the line, and which of them stands there now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completing {
    options: Vec<String>,
    /// Where the option that stands there begins and ends, in characters.
    from: usize,
    to: usize,
    /// The option that stands there; `None`: what was typed.
    at: Option<usize>,
}

impl Completing {
    /// `None` where there is no option.
    pub fn new(found: Completion) -> Option<Self> {
        let Completion { from, to, options } = found;
        (!options.is_empty()).then_some(Self { options, from, to, at: None })
    }

    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// The place of the option that stands in the line.
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    pub fn is_only(&self) -> bool {
        self.options.len() == 1
    }

    /// Goes on to the next option, or back: what it takes the place of, in characters, and the option.
    pub fn step(&mut self, forward: bool) -> (Range<usize>, &str) {
        let count = self.options.len();
        let at = match self.at {
            None if forward => 0,
            None => count - 1,
            Some(at) if forward => (at + 1) % count,
            Some(at) => (at + count - 1) % count,
        };
        let range = self.from..self.to;
        let option = &self.options[at];
        self.at = Some(at);
        self.to = self.from + option.chars().count();
        (range, option)
    }
}
