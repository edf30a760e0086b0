//! The screen, drawn from the model and nothing else.
//!
//! ```text
//! header    akbids 13759787 akash1qds5…0a4w        akashnet-2 #27011290 ● live 2s
//! tabs       1 gpu 21/21 bids   2 edge 3/21 bids
//! request   asks 2× A100 80 GiB or H100 · 8 CPU · … · at most $60.61/hr
//! ┌ body ───────────────────────────────────────────┐
//! │ fit      $/hr▲  GPU        $/GPU  provider  …   │  the table, or the words for none;
//! │ ✓ exact  0.735  2× A100    0.368  Foundry   …   │  the detail beside it, below it, or in its place;
//! │                                                 │  help and log lie over it, accepting over all but the
//! │                                                 │  first and the last line
//! └─────────────────────────────────────────────────┘
//! picks     the picks of several groups: each, in all, and what is missing
//! note      what is to be said of the row under the cursor
//! rule      ── an error of the filter, a failing node, warnings ──
//! counts    13 of 21 shown · vram>=40 −5 · 1 withdrawn
//! footer    the keys, the filter while it is typed, or a message
//! ```
//!
//! Lines give way from the inside out as the height shrinks; header, counts, footer and the prices stay.

mod accept;
mod bars;
mod blank;
mod columns;
mod compare;
mod detail;
mod dialog;
mod doctor;
mod facts;
mod help;
mod map;
mod page;
mod table;
mod theme;
mod words;

pub use map::Map;
pub use theme::{Meaning, Theme};

use crate::app::{Mode, Model};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

/// The smallest screen that compares prices.
const LEAST: (u16, u16) = (30, 8);
/// From this height of the body on, the detail stands below the table.
const BELOW: u16 = 26;
/// From this width on, the detail stands beside a table that is not high enough.
const BESIDE: u16 = 150;
/// Rows of the table that the detail below leaves at least, head and all.
const TABLE_LEAST: u16 = 10;
/// Columns of text in the help and the log.
const BOX: u16 = 92;

/// Draws the model, and says where things are.
pub fn view(model: &Model, theme: Theme, frame: &mut Frame<'_>) -> Map {
    let area = frame.area();
    let mut map = Map::default();
    let cursor = screen(model, theme, frame.buffer_mut(), area, &mut map);
    theme.fold(frame.buffer_mut());
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    map
}

/// The lines of a screen; a height of 0 is a line that has no room.
struct Layout {
    header: Rect,
    tabs: Rect,
    request: Rect,
    body: Rect,
    picks: Rect,
    note: Rect,
    rule: Rect,
    counts: Rect,
    footer: Rect,
}

impl Layout {
    fn new(area: Rect, groups: usize, detail: bool, picks: bool) -> Self {
        let height = area.height;
        let line = |shown: bool| u16::from(shown);
        let tabs = line(height >= 11 || groups > 1);
        let request = line(height >= 12);
        // The detail says all of it.
        let note = line(height >= 16 && !detail);
        let picks = line(height >= 14 && picks);
        let rule = line(height >= 10);
        let above = 1 + tabs + request;
        let below = picks + note + rule + 2;
        let body = height.saturating_sub(above + below);
        let mut y = area.y;
        let mut next = |height: u16| {
            let line = Rect { y, height, ..area };
            y += height;
            line
        };
        Self {
            header: next(1),
            tabs: next(tabs),
            request: next(request),
            body: next(body),
            picks: next(picks),
            note: next(note),
            rule: next(rule),
            counts: next(1),
            footer: next(1),
        }
    }
}

fn screen(
    model: &Model,
    theme: Theme,
    buffer: &mut ratatui::buffer::Buffer,
    area: Rect,
    map: &mut Map,
) -> Option<Position> {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("akbids needs {} columns and {} lines to compare prices", LEAST.0, LEAST.1);
        for (line, y) in words::wrap(&text, usize::from(area.width)).iter().zip(area.top()..area.bottom()) {
            buffer.set_stringn(area.x, y, line, usize::from(area.width), theme.style(Meaning::Plain));
        }
        return None;
    }
    let layout = Layout::new(area, model.groups().count(), model.detail().is_some(), bars::has_picks(model));
    bars::header(model, theme, buffer, layout.header);
    if layout.tabs.height > 0 {
        map.tabs = bars::tabs(model, theme, buffer, layout.tabs);
    }
    if layout.request.height > 0 {
        bars::request(model, theme, buffer, layout.request);
    }
    body(model, theme, buffer, layout.body, map);
    if layout.picks.height > 0 {
        bars::picks(model, theme, buffer, layout.picks);
    }
    if layout.note.height > 0 {
        bars::note(model, theme, buffer, layout.note);
    }
    let visible = map.first..map.first + map.shown;
    if layout.rule.height > 0 {
        let all = model.view().map_or(0, |view| view.rows.len());
        let more = if map.shown > 0 && map.shown < all {
            format!("{}–{} of {all}", visible.start + 1, visible.end)
        } else {
            String::new()
        };
        bars::rule(model, theme, buffer, layout.rule, &more);
        bars::counts(model, theme, buffer, layout.counts, visible);
    } else if let Some((text, meaning)) = bars::notice(model) {
        let room = usize::from(layout.counts.width);
        let text = format!(" {text}");
        buffer.set_stringn(layout.counts.x, layout.counts.y, words::cut(&text, room), room, theme.style(meaning));
    } else {
        bars::counts(model, theme, buffer, layout.counts, visible);
    }
    let cursor = bars::footer(model, theme, buffer, layout.footer);
    let between =
        Rect { y: layout.header.bottom(), height: layout.footer.y.saturating_sub(layout.header.bottom()), ..area };
    match model.mode() {
        Mode::Accept { scroll } => return accept::draw(model, *scroll, theme, buffer, between, map),
        Mode::Leave(_) => accept::leave(theme, buffer, between, map),
        Mode::Compare { scroll, first } => compare::draw(model, (*scroll, *first), theme, buffer, between, map),
        Mode::Columns(chooser) => columns::draw(model, chooser, theme, buffer, layout.body, map),
        Mode::Browse | Mode::Filter { .. } | Mode::Help { .. } | Mode::Log { .. } | Mode::Doctor { .. } => {
            overlay(model, theme, buffer, layout.body, map);
        }
    }
    cursor
}

fn body(model: &Model, theme: Theme, buffer: &mut ratatui::buffer::Buffer, area: Rect, map: &mut Map) {
    if model.cursor().is_none() {
        blank::draw(model, theme, buffer, area);
        return;
    }
    let Some(_) = model.detail() else {
        table::draw(model, theme, buffer, area, map);
        return;
    };
    let (table, detail) = split(model, area);
    if let Some(table) = table {
        table::draw(model, theme, buffer, table, map);
    }
    map.extent.detail = detail::draw(model, theme, buffer, detail);
    map.detail = Some(detail);
}

/// Where the table and its detail go; no table where there is no room for both.
fn split(model: &Model, area: Rect) -> (Option<Rect>, Rect) {
    if area.height >= BELOW {
        let rows = model.view().map_or(0, |view| view.rows.len());
        let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1);
        let detail = detail::height(model, area.width).min(area.height - TABLE_LEAST);
        let table = wanted.clamp(TABLE_LEAST, area.height - detail);
        let below = Rect { y: area.y + table, height: detail, ..area };
        return (Some(Rect { height: table, ..area }), below);
    }
    if area.width >= BESIDE {
        let table = area.width / 2;
        let beside = Rect { x: area.x + table, width: area.width - table, ..area };
        return (Some(Rect { width: table - 1, ..area }), beside);
    }
    (None, area)
}

fn overlay(model: &Model, theme: Theme, buffer: &mut ratatui::buffer::Buffer, area: Rect, map: &mut Map) {
    let room = dialog::text_width(area, BOX);
    let (title, lines, scroll) = match model.mode() {
        Mode::Help { scroll } => ("help".to_owned(), help::help(theme, room), *scroll),
        Mode::Log { scroll } => ("log".to_owned(), help::log(model, theme, room), *scroll),
        Mode::Doctor { scroll } => (doctor::title(model), doctor::lines(model, theme, room), *scroll),
        _ => return,
    };
    let (frame, pane) = dialog::draw(theme, buffer, area, &title, &lines, scroll, BOX);
    map.overlay = Some(frame);
    map.extent.overlay = pane;
}
