//! A passphrase while it is typed.

use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Longest passphrase, in bytes. The room is taken at once: a text that grows would leave copies behind.
const ROOM: usize = 1024;

/// What is typed blind: overwritten when dropped, and never shown, not even by `Debug` or its length.
#[derive(PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Default for Passphrase {
    fn default() -> Self {
        Self(Zeroizing::new(String::with_capacity(ROOM)))
    }
}

impl Passphrase {
    /// Adds a character; not if there is no room for it.
    pub fn push(&mut self, c: char) {
        if self.0.len() + c.len_utf8() <= ROOM {
            self.0.push(c);
        }
    }

    /// Adds all of a text, or nothing of it where there is no room: whether it did.
    pub fn push_all(&mut self, text: &str) -> bool {
        let fits = self.0.len() + text.len() <= ROOM;
        if fits {
            self.0.push_str(text);
        }
        fits
    }

    /// Removes the last character.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Overwrites what was typed.
    pub fn wipe(&mut self) {
        self.0.zeroize();
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands the text over, without a copy.
    pub fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}
