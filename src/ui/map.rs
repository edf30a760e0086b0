//! Where things are on the screen, for the mouse, and what there was room for.

use crate::app::{Extent, Hit};
use crate::domain::field::Field;
use ratatui::layout::{Position, Rect};

/// The areas of one frame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Map {
    /// The table's rows, without their head.
    pub rows: Rect,
    /// The place of the first row shown.
    pub first: usize,
    /// Rows shown.
    pub shown: usize,
    pub columns: Vec<(Rect, Field)>,
    pub tabs: Vec<Rect>,
    pub detail: Option<Rect>,
    pub overlay: Option<Rect>,
    pub extent: Extent,
}

impl Map {
    /// What lies at a cell, counted from 0.
    pub fn hit(&self, x: u16, y: u16) -> Option<Hit> {
        let at = Position::new(x, y);
        if self.overlay.is_some_and(|area| area.contains(at)) {
            return Some(Hit::Overlay);
        }
        if self.detail.is_some_and(|area| area.contains(at)) {
            return Some(Hit::Detail);
        }
        if self.rows.contains(at) {
            let line = usize::from(y - self.rows.y);
            return (line < self.shown).then_some(Hit::Row(self.first + line));
        }
        if let Some(tab) = self.tabs.iter().position(|area| area.contains(at)) {
            return Some(Hit::Tab(tab));
        }
        self.columns.iter().find(|(area, _)| area.contains(at)).map(|(_, field)| Hit::Column(field.clone()))
    }
}
