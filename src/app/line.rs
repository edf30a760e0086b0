//! One line that is typed.

use super::keymap::Key;
use crate::domain::text::plain;
use std::ops::Range;

/// Longest line, in characters.
const MAX: usize = 300;

/// A text and a cursor in it, counted in characters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    text: String,
    cursor: usize,
}

impl Line {
    /// With the cursor at the end.
    pub fn new(text: String) -> Self {
        Self { cursor: text.chars().count(), text }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Characters before the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte)
    }

    fn len(&self) -> usize {
        self.text.chars().count()
    }

    /// Does what an editing key asks for; whether the text may have changed.
    pub fn edit(&mut self, key: Key) -> bool {
        match key {
            Key::Char(c) if plain(c) => self.insert(c),
            Key::Backspace => self.backspace(),
            Key::Delete => self.delete(),
            Key::Ctrl('w') => self.delete_word(),
            Key::Ctrl('u') => self.clear(),
            Key::Left => self.left(),
            Key::Right => self.right(),
            Key::Home | Key::Ctrl('a') => self.start(),
            Key::End | Key::Ctrl('e') => self.end(),
            _ => return false,
        }
        !matches!(key, Key::Left | Key::Right | Key::Home | Key::End)
    }

    /// Puts `c` at the cursor; not if the line is full.
    pub fn insert(&mut self, c: char) {
        if self.len() < MAX {
            self.text.insert(self.byte(self.cursor), c);
            self.cursor += 1;
        }
    }

    /// Puts a text in place of the characters of a range, with the cursor behind it; not if the line is full then.
    pub fn replace(&mut self, range: Range<usize>, text: &str) {
        let kept = self.len().saturating_sub(range.len());
        let count = text.chars().count();
        if kept + count <= MAX {
            self.text.replace_range(self.byte(range.start)..self.byte(range.end), text);
            self.cursor = range.start + count;
        }
    }

    /// Removes the character before the cursor.
    pub fn backspace(&mut self) {
        if let Some(before) = self.cursor.checked_sub(1) {
            self.text.remove(self.byte(before));
            self.cursor = before;
        }
    }

    /// Removes the character at the cursor.
    pub fn delete(&mut self) {
        if self.cursor < self.len() {
            self.text.remove(self.byte(self.cursor));
        }
    }

    /// Removes the word before the cursor, and the blanks between.
    pub fn delete_word(&mut self) {
        let end = self.byte(self.cursor);
        let head = self.text[..end].trim_end();
        let start = head.rfind(' ').map_or(0, |blank| blank + 1);
        self.text.replace_range(start..end, "");
        self.cursor = self.text[..start].chars().count();
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn left(&mut self) {
        self.cursor = self.cursor.saturating_sub(1);
    }

    pub fn right(&mut self) {
        self.cursor = (self.cursor + 1).min(self.len());
    }

    pub fn start(&mut self) {
        self.cursor = 0;
    }

    pub fn end(&mut self) {
        self.cursor = self.len();
    }
}
