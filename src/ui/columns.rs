//! The choice of columns, at the right so that the table is seen to follow.

use super::dialog;
use super::map::Map;
use super::table;
use super::theme::{Meaning, Theme};
use super::words::width;
use crate::app::{Chooser, Model};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of text.
const TEXT: u16 = 30;

/// Draws the list of columns at the right of `area`.
pub fn draw(model: &Model, chooser: &Chooser, theme: Theme, buffer: &mut Buffer, area: Rect, map: &mut Map) {
    let shown = &map.extent.columns;
    let entries = chooser.entries();
    let lines: Vec<Line<'static>> = entries
        .iter()
        .enumerate()
        .map(|(at, (field, on))| {
            let title = table::title(field, model.per());
            let alias = field.alias();
            let no_room = *on && !shown.is_empty() && !shown.contains(field);
            let end = if no_room { "no room".into() } else { alias };
            let sign = if *on { "✓ " } else { "  " };
            let blanks = usize::from(TEXT).saturating_sub(2 + width(&title) + width(&end)).max(1);
            let meaning = if *on { Meaning::Plain } else { Meaning::Faint };
            let line = Line::from(vec![
                Span::styled(format!("{sign}{title}{}", " ".repeat(blanks)), theme.style(meaning)),
                Span::styled(end.into_owned(), theme.style(if no_room { Meaning::Warn } else { Meaning::Faint })),
            ]);
            if at == chooser.cursor() { line.style(theme.style(Meaning::Selected)) } else { line }
        })
        .collect();
    let wide = (TEXT + 4).min(area.width);
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let frame = Rect { x: area.right() - wide, width: wide, height: high, ..area };
    // The cursor stays in the midst of what is seen.
    let page = usize::from(high.saturating_sub(2));
    let scroll = (chooser.cursor() + 1).saturating_sub(page.div_ceil(2));
    map.overlay = Some(frame);
    map.extent.overlay = dialog::panel(theme, buffer, frame, "columns", &lines, scroll);
}
