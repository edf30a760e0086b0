//! Choosing the columns of the table, and their order.

use crate::domain::field::Field;

/// The columns while they are chosen: those that are shown, then the others; the cursor on one of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chooser {
    entries: Vec<(Field, bool)>,
    cursor: usize,
    /// What was there before, for whoever drops the choice; `None`: the usual columns.
    before: Option<Vec<Field>>,
}

impl Chooser {
    /// `shown` are the columns on the screen, from left to right, `before` those that were chosen; `more` are
    /// fields of the providers' own.
    pub fn new(shown: &[Field], before: Option<Vec<Field>>, more: &[Field]) -> Self {
        let mut entries: Vec<(Field, bool)> = Vec::new();
        // Chosen ones for which there was no room are chosen all the same.
        let on = before.as_deref().unwrap_or(shown).iter().map(|field| (field, true));
        let off = Field::ALL.iter().chain(more).map(|field| (field, false));
        for (field, on) in on.chain(off) {
            if entries.iter().all(|(known, _)| known != field) {
                entries.push((field.clone(), on));
            }
        }
        Self { entries, cursor: 0, before }
    }

    /// Every column and whether it is shown, in their order.
    pub fn entries(&self) -> &[(Field, bool)] {
        &self.entries
    }

    pub fn cursor(&self) -> usize {
        self.cursor
    }

    pub fn before(&self) -> Option<&[Field]> {
        self.before.as_deref()
    }

    /// Those that are shown, from left to right.
    pub fn chosen(&self) -> Vec<Field> {
        self.entries.iter().filter(|(_, on)| *on).map(|(field, _)| field.clone()).collect()
    }

    /// Moves the cursor to a place made of this one and the last.
    pub fn go(&mut self, to: impl Fn(usize, usize) -> usize) {
        let last = self.entries.len().saturating_sub(1);
        self.cursor = to(self.cursor, last).min(last);
    }

    /// Shows the column, or no longer. One always stays; whether anything changed.
    pub fn toggle(&mut self) -> bool {
        let alone = self.entries.iter().filter(|(_, on)| *on).count() == 1;
        match self.entries.get_mut(self.cursor) {
            Some((_, on)) if !(*on && alone) => *on = !*on,
            _ => return false,
        }
        true
    }

    /// Moves the column before its neighbour, or (`down`) behind it.
    pub fn shift(&mut self, down: bool) {
        let to = if down { self.cursor + 1 } else { self.cursor.wrapping_sub(1) };
        if to < self.entries.len() {
            self.entries.swap(self.cursor, to);
            self.cursor = to;
        }
    }
}
