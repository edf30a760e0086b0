//! Text for a pane, written line by line.

use super::theme::{Meaning, Theme, mark, meaning_of};
use super::words::{width, wrap};
use crate::domain::diff::Fit;
use ratatui::text::{Line, Span};

/// Columns of the names of things.
pub const NAME: usize = 13;

/// Lines being written, in a width.
pub struct Page {
    pub theme: Theme,
    /// Columns that a line may take.
    pub room: usize,
    pub lines: Vec<Line<'static>>,
}

impl Page {
    pub fn new(theme: Theme, room: usize) -> Self {
        Self { theme, room, lines: Vec::new() }
    }

    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    pub fn text(&mut self, text: &str, meaning: Meaning) {
        let style = self.theme.style(meaning);
        self.lines.extend(wrap(text, self.room).into_iter().map(|line| Line::styled(line, style)));
    }

    /// `name        text`, wrapped beside the name.
    pub fn named(&mut self, name: &str, text: &str) {
        let first = NAME.max(width(name) + 1);
        for (n, part) in wrap(text, self.room.saturating_sub(first)).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            let name = format!("{name}{}", " ".repeat(first.saturating_sub(width(name))));
            self.lines.push(Line::from(vec![Span::styled(name, self.theme.style(Meaning::Faint)), Span::raw(part)]));
        }
    }

    /// A line of the comparison.
    pub fn compared(&mut self, name: &str, asked: &str, offered: &str, level: Option<Fit>) {
        let half = self.half();
        let name_room = NAME - 1;
        let columns = [wrap(name, name_room), wrap(asked, half), wrap(offered, half)];
        let height = columns.iter().map(Vec::len).max().unwrap_or(0);
        for n in 0..height {
            let part = |column: usize, room: usize| {
                let text = columns[column].get(n).map_or("", String::as_str);
                format!("{text}{}", " ".repeat(room.saturating_sub(width(text))))
            };
            let mut spans = vec![
                Span::styled(part(0, NAME), self.theme.style(Meaning::Faint)),
                Span::raw(part(1, half + 1)),
                Span::raw(part(2, half + 1)),
            ];
            if let Some(level) = level.filter(|_| n == 0) {
                spans.push(Span::styled(mark(level), self.theme.style(meaning_of(level))));
            }
            self.lines.push(Line::from(spans));
        }
    }

    /// Columns for what was asked, and as many for what is offered.
    pub fn half(&self) -> usize {
        (self.room.saturating_sub(NAME + 3) / 2).max(4)
    }

    /// One line as it is, its blanks kept.
    pub fn text_line(&mut self, text: &str, meaning: Meaning) {
        self.lines.push(Line::styled(text.to_owned(), self.theme.style(meaning)));
    }

    /// Text behind a sign, wrapped beside it.
    pub fn behind(&mut self, sign: &str, text: &str, meaning: Meaning) {
        let style = self.theme.style(meaning);
        let first = width(sign);
        for (n, part) in wrap(text, self.room.saturating_sub(first)).into_iter().enumerate() {
            let sign = if n == 0 { sign.to_owned() } else { " ".repeat(first) };
            self.lines.push(Line::styled(format!("{sign}{part}"), style));
        }
    }
}
