//! One line that is typed.

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

    /// Puts `c` at the cursor; not if the line is full.
    pub fn insert(&mut self, c: char) {
        if self.len() < MAX {
            self.text.insert(self.byte(self.cursor), c);
            self.cursor += 1;
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
