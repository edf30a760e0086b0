//! The rows of one group: the cursor on a bid, and the window around it.

use crate::domain::appraise::Row;
use crate::domain::bid::BidId;
use crate::domain::rank::View;
use std::ops::Range;

/// The rows shown of one group. The cursor is a bid, never a row number: it stays on its bid through refresh,
/// sort and filter, and always lies within the window.
#[derive(Clone, Debug, Default)]
pub struct Table {
    view: View,
    /// The bid under the cursor, and its place in the view.
    cursor: Option<(BidId, usize)>,
    /// The bid that was moved to: the cursor returns to it when a filter lets it.
    home: Option<BidId>,
    /// The first row of the window.
    top: usize,
}

impl Table {
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The bid under the cursor.
    pub fn bid(&self) -> Option<&BidId> {
        self.cursor.as_ref().map(|(id, _)| id)
    }

    /// The cursor's place in the view.
    pub fn place(&self) -> Option<usize> {
        self.cursor.as_ref().map(|(_, place)| *place)
    }

    /// Takes a new arrangement of `rows`, of which the window shows `page`. The cursor goes to the bid that was
    /// chosen, else stays on its bid, else goes to the one that took its place.
    pub fn show(&mut self, view: View, rows: &[Row], page: usize) {
        self.view = view;
        let last = self.view.rows.len().checked_sub(1);
        let at = |place: usize| self.view.rows.get(place).and_then(|row| rows.get(*row as usize));
        let find = |id: &BidId| {
            // Mostly it is where it was.
            let same = self.place().filter(|place| at(*place).is_some_and(|row| row.bid.id == *id));
            same.or_else(|| (0..self.view.rows.len()).find(|place| at(*place).is_some_and(|row| row.bid.id == *id)))
        };
        let place = self
            .home
            .as_ref()
            .and_then(find)
            .or_else(|| self.bid().and_then(find))
            .or_else(|| last.map(|last| self.place().unwrap_or(0).min(last)));
        let before = self.place();
        self.cursor = place.and_then(|place| at(place).map(|row| (row.bid.id.clone(), place)));
        // A bid that a filter hides may come back; one that is gone is given up.
        let hidden = |home: &BidId| self.view.hidden.filtered > 0 && rows.iter().any(|row| row.bid.id == *home);
        let known = self.home.as_ref().is_some_and(|home| self.bid() == Some(home) || hidden(home));
        if !known {
            self.home = self.bid().cloned();
        }
        // In the midst of a long list the cursor's row keeps its line on the screen; at the top of it, what
        // comes in above is seen.
        if let (Some(before), Some(now)) = (before, self.place())
            && self.top > 0
        {
            self.top = (self.top + now).saturating_sub(before);
        }
        self.top = self.window(page).start;
    }

    /// Moves the cursor to a place, or to the last one before it.
    pub fn move_to(&mut self, place: usize, rows: &[Row], page: usize) {
        let place = place.min(self.view.rows.len().saturating_sub(1));
        if let Some(row) = self.view.rows.get(place).and_then(|row| rows.get(*row as usize)) {
            self.cursor = Some((row.bid.id.clone(), place));
            self.home = self.bid().cloned();
        }
        self.top = self.window(page).start;
    }

    /// Remembers the window that was drawn.
    pub fn drawn(&mut self, page: usize) {
        self.top = self.window(page).start;
    }

    /// The places that a window of `page` rows shows: as few moved as the cursor needs.
    pub fn window(&self, page: usize) -> Range<usize> {
        let len = self.view.rows.len();
        let mut top = self.top.min(len.saturating_sub(page));
        if let Some(place) = self.place() {
            top = top.clamp((place + 1).saturating_sub(page.max(1)), place);
        }
        top..(top + page).min(len)
    }
}
