//! What was said, kept for the log pane.

use super::msg::Ms;
use crate::domain::text::Clean;
use std::collections::VecDeque;

/// Most entries kept; the oldest go first.
const MAX: usize = 200;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When it was said last.
    pub at: Ms,
    pub text: Clean,
    /// How often in a row.
    pub times: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
}

impl Log {
    /// Adds a line; the same one again is counted.
    pub fn push(&mut self, text: Clean, at: Ms) {
        match self.entries.front_mut() {
            Some(last) if last.text == text => {
                last.at = at;
                last.times = last.times.saturating_add(1);
            }
            _ => {
                self.entries.push_front(Entry { at, text, times: 1 });
                self.entries.truncate(MAX);
            }
        }
    }

    /// The newest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}
