//! A box over the table: the help, the log.

use super::theme::{Meaning, Theme};
use super::words::cut;
use crate::app::Pane;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};

/// Columns of text that a box in `area` has room for, wanting `wanted`.
pub fn text_width(area: Rect, wanted: u16) -> usize {
    usize::from(wanted.min(area.width.saturating_sub(4)))
}

/// Draws a box of the lines' height, as far as there is room, in the middle of `area`.
pub fn draw(
    theme: Theme,
    buffer: &mut Buffer,
    area: Rect,
    title: &str,
    lines: &[Line<'_>],
    scroll: usize,
    wanted: u16,
) -> (Rect, Pane) {
    let width = u16::try_from(text_width(area, wanted)).unwrap_or(area.width).saturating_add(4);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let frame = area.centered(
        ratatui::layout::Constraint::Length(width.min(area.width)),
        ratatui::layout::Constraint::Length(height.min(area.height)),
    );
    let pane = panel(theme, buffer, frame, title, lines, scroll);
    (frame, pane)
}

/// Draws a frame with lines in it, scrolled by at most as much as there is.
pub fn panel(theme: Theme, buffer: &mut Buffer, area: Rect, title: &str, lines: &[Line<'_>], scroll: usize) -> Pane {
    Clear.render(area, buffer);
    let title = cut(title, usize::from(area.width.saturating_sub(4)));
    Block::bordered()
        .border_style(theme.style(Meaning::Faint))
        .title(Line::styled(format!(" {title} "), theme.style(Meaning::Strong)))
        .render(area, buffer);
    let inner = area.inner(Margin::new(2, 1));
    let pane = Pane::of(lines.len(), usize::from(inner.height));
    let from = scroll.min(pane.max);
    for (line, y) in lines.iter().skip(from).zip(inner.top()..inner.bottom()) {
        buffer.set_line(inner.x, y, line, inner.width);
    }
    if pane.max > 0 && area.width > 20 {
        let below = pane.max - from;
        let text = if below > 0 { format!(" {below} more ↓ ") } else { " end ".to_owned() };
        let x = area.right().saturating_sub(2 + u16::try_from(super::words::width(&text)).unwrap_or(0));
        buffer.set_stringn(x, area.bottom().saturating_sub(1), &text, text.len(), theme.style(Meaning::Faint));
    }
    pane
}
