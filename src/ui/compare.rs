//! Bids side by side, and beside them what was asked: what differs first, then what is the same.
//!
//! ```text
//!              asked          Foundry Staking   Évry Compute
//! $/hour       at most 60.61  $0.7353           $1.284
//! …
//! ── the same ──────────────────────────────────────────────
//! CPU          8              8                 8
//! ```

use super::dialog;
use super::facts;
use super::map::Map;
use super::theme::{Meaning, Theme, mark, meaning_of};
use super::words::{cut, duration, percent, width, wrap};
use crate::app::Model;
use crate::domain::appraise::{Gpus, Row};
use crate::domain::bid::Provider;
use crate::domain::diff::alternatives;
use crate::domain::money::{MONTH_HOURS, Per};
use crate::domain::resources::{self, Bytes, Cpus};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use rust_decimal::Decimal;

/// Columns of the fields' names.
const NAME: usize = 12;
/// Columns that a bid has at least, and at most.
const CELL: (usize, usize) = (20, 36);
/// Lines that one field takes at most.
const TALL: usize = 3;

/// A field: its name, what was asked, and what each bid has.
struct Compared {
    name: String,
    asked: String,
    cells: Vec<(String, Meaning)>,
}

impl Compared {
    fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| pair[0].0 != pair[1].0)
    }
}

/// Draws the marked bids over `area`; `at`: lines scrolled, and the place of the first bid shown.
pub fn draw(model: &Model, at: (usize, usize), theme: Theme, buffer: &mut Buffer, area: Rect, map: &mut Map) {
    let rows = model.marked();
    let room = usize::from(area.width.saturating_sub(4));
    let beside = (room.saturating_sub(NAME) / (CELL.0 + 1)).saturating_sub(1).clamp(1, rows.len().max(1));
    let first = at.1.min(rows.len().saturating_sub(beside));
    let cell = (room.saturating_sub(NAME) / (beside + 1)).saturating_sub(1).min(CELL.1);
    let seen = first..(first + beside).min(rows.len());
    let all = fields(model, &rows);
    let mut lines = vec![head(model, &rows[seen.clone()], cell, theme)];
    let (differing, same): (Vec<&Compared>, Vec<&Compared>) = all.iter().partition(|field| field.differs());
    for field in differing {
        draw_field(field, seen.clone(), cell, theme, false, &mut lines);
    }
    if !same.is_empty() {
        let line = format!("── the same {}", "─".repeat(room.saturating_sub(12)));
        lines.push(Line::styled(line, theme.style(Meaning::Faint)));
    }
    for field in same {
        draw_field(field, seen.clone(), cell, theme, true, &mut lines);
    }
    let title = if beside < rows.len() {
        format!("side by side · {}–{} of {}, ← → the others", seen.start + 1, seen.end, rows.len())
    } else {
        "side by side".to_owned()
    };
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let frame = Rect { height: high, ..area };
    let pane = dialog::panel(theme, buffer, frame, &title, &lines, at.0);
    map.overlay = Some(frame);
    map.extent.overlay = pane;
    map.extent.beside = beside;
}

fn head(model: &Model, rows: &[&Row], cell: usize, theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ".repeat(NAME)), Span::styled(padded("asked", cell), theme.style(Meaning::Faint))];
    for row in rows {
        let address = &row.bid.id.provider;
        let name =
            row.provider.as_deref().and_then(Provider::name).map_or_else(|| address.short(), ToString::to_string);
        let star = if model.is_favourite(address) { "★ " } else { "" };
        spans.push(Span::styled(padded(&format!("{star}{name}"), cell), theme.style(Meaning::Strong)));
    }
    Line::from(spans)
}

/// The text in `room` columns and one more.
fn padded(text: &str, room: usize) -> String {
    let text = cut(text, room);
    format!("{text}{}", " ".repeat((room + 1).saturating_sub(width(&text))))
}

fn draw_field(
    field: &Compared,
    seen: std::ops::Range<usize>,
    cell: usize,
    theme: Theme,
    dim: bool,
    lines: &mut Vec<Line<'static>>,
) {
    let tall = |text: &str| {
        let mut lines = wrap(text, cell);
        if lines.len() > TALL {
            let rest = lines.split_off(TALL - 1).join(" ");
            lines.push(cut(&rest, cell).into_owned());
        }
        lines
    };
    let asked = tall(&field.asked);
    let cells: Vec<(Vec<String>, Meaning)> =
        field.cells[seen].iter().map(|(text, meaning)| (tall(text), *meaning)).collect();
    let height = cells.iter().map(|(lines, _)| lines.len()).chain([asked.len()]).max().unwrap_or(1);
    let line = |lines: &[String], n: usize| padded(lines.get(n).map_or("", String::as_str), cell);
    for n in 0..height {
        let name = if n == 0 { field.name.as_str() } else { "" };
        let mut spans = vec![
            Span::styled(padded(name, NAME - 1), theme.style(Meaning::Faint)),
            Span::styled(line(&asked, n), theme.style(Meaning::Faint)),
        ];
        for (text, meaning) in &cells {
            let meaning = if dim { Meaning::Faint } else { *meaning };
            spans.push(Span::styled(line(text, n), theme.style(meaning)));
        }
        lines.push(Line::from(spans));
    }
}

/// Collects the fields of all the bids.
struct Fields<'a> {
    model: &'a Model,
    rows: &'a [&'a Row],
    all: Vec<Compared>,
}

impl Fields<'_> {
    fn add(&mut self, name: &str, asked: String, cell: impl Fn(&Model, &Row) -> String) {
        self.marked(name, asked, |model, row| (cell(model, row), Meaning::Plain));
    }

    fn marked(&mut self, name: &str, asked: String, cell: impl Fn(&Model, &Row) -> (String, Meaning)) {
        let cells = self.rows.iter().map(|row| cell(self.model, row)).collect();
        self.all.push(Compared { name: name.to_owned(), asked, cells });
    }
}

fn fields(model: &Model, rows: &[&Row]) -> Vec<Compared> {
    let mut fields = Fields { model, rows, all: Vec::new() };
    let none = String::new;
    money(model, &mut fields);
    offer(model, &mut fields);
    of_provider(model, &mut fields);
    fields.add("notice", none(), |_, row| row.bid.reclamation_s.map_or("none promised".to_owned(), duration));
    fields.add("age", none(), |model, row| model.age_s(row).map_or("?".to_owned(), duration));
    fields.add("closes", "estimate".to_owned(), facts::closes);
    fields.all
}

fn money(model: &Model, fields: &mut Fields<'_>) {
    let group = model.group();
    let ceiling = group.and_then(|group| group.ceiling_usd_hour);
    let most = |usd: Option<Decimal>| usd.map_or(String::new(), |usd| format!("at most {}", facts::dollars(Some(usd))));
    let month = ceiling.and_then(|usd| Per::Month.of_hourly(usd, model.block_time()));
    fields.add("$/hour", most(ceiling), |_, row| facts::dollars(row.usd_hour));
    let in_month = |row: &Row| row.usd_hour.and_then(|usd| usd.checked_mul(MONTH_HOURS));
    fields.add("$/month", most(month), |_, row| facts::dollars(in_month(row)));
    let cards = |row: &Row, usd: Option<Decimal>| {
        if row.gpus == Gpus::None { "–".to_owned() } else { facts::dollars(usd) }
    };
    fields.add("$/GPU", String::new(), |_, row| cards(row, row.usd_gpu_hour()));
    fields.add("$/GiB VRAM", String::new(), |_, row| cards(row, row.usd_vram_gib_hour()));
    let native = group.and_then(|group| group.ceiling.as_ref()).map_or(String::new(), ToString::to_string);
    fields.add("per block", native, |_, row| row.bid.price.to_string());
    fields.add("of ceiling", String::new(), |_, row| row.ceiling_ratio.map_or("?".to_owned(), percent));
    fields.add("usual $/GPU", String::new(), |model, row| match facts::usual(model, row) {
        Some((_, price)) => format!("{} ({}, {})", facts::usual_range(price), price.source, price.as_of),
        None if row.gpus == Gpus::None => "–".to_owned(),
        None => "?".to_owned(),
    });
    if let Some(length) = model.settings().run {
        fields.marked(&format!("run of {length}"), String::new(), |model, row| facts::run(model, row, length));
    }
    fields.add("escrow for", String::new(), facts::runway);
}

fn offer(model: &Model, fields: &mut Fields<'_>) {
    let request = model.group().map_or(&[][..], |group| &group.request);
    let known = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    fields.marked("fit", String::new(), |_, row| match row.fit {
        Some(fit) => (format!("{} {fit}", mark(fit)), meaning_of(fit)),
        None => ("?".to_owned(), Meaning::Plain),
    });
    fields.add("takeable", String::new(), |_, row| {
        row.blockers.first().map_or("yes".to_owned(), |blocker| format!("no: {}", blocker.short()))
    });
    let cards = request.iter().filter_map(|unit| {
        let n = unit.gpus.filter(|n| *n > 0)?.checked_mul(u64::from(unit.count))?;
        Some(format!("{n}× {}", alternatives(&unit.gpu_kinds)))
    });
    fields.add("GPU", cards.collect::<Vec<_>>().join(" + "), |_, row| row.gpu_text());
    fields.add("VRAM in all", String::new(), |_, row| match row.gpus.vram_total() {
        _ if row.gpus == Gpus::None => "–".to_owned(),
        total => known(total.and_then(|mib| mib.checked_mul(1 << 20)).map(|bytes| Bytes(bytes).to_string())),
    });
    let asked = resources::total(request);
    let of = |text: Option<String>| if request.is_empty() { String::new() } else { known(text) };
    fields.add("CPU", of(asked.cpu_m.map(|m| Cpus(m).to_string())), |_, row| {
        known(row.total.cpu_m.map(|m| Cpus(m).to_string()))
    });
    let bytes = |n: Option<u64>| n.map(|n| Bytes(n).to_string());
    fields.add("memory", of(bytes(asked.memory_bytes)), |_, row| known(bytes(row.total.memory_bytes)));
    fields.add("disk", of(bytes(asked.storage_bytes)), |_, row| known(bytes(row.total.storage_bytes)));
}

fn of_provider(model: &Model, fields: &mut Fields<'_>) {
    let asked = model.group().map(|group| &group.requirements);
    let attribute = |keys: &[&str]| {
        let found = asked.and_then(|asked| asked.attributes.iter().find(|(key, _)| keys.contains(&&**key)));
        found.map_or(String::new(), |(_, value)| value.to_string())
    };
    let says = |row: &Row, what: fn(&Provider) -> Option<&crate::domain::text::Clean>| {
        row.provider.as_deref().and_then(what).map_or("?".to_owned(), ToString::to_string)
    };
    fields.add("provider", String::new(), |_, row| row.bid.id.provider.short());
    fields.add("region", attribute(&["region", "location-region"]), |_, row| says(row, Provider::region));
    fields.add("country", attribute(&["country"]), |_, row| says(row, Provider::country));
    fields.add("tier", attribute(&["tier"]), |_, row| says(row, |provider| provider.attribute("tier")));
    let auditors = asked.map_or(String::new(), |asked| {
        let all = asked.all_of.iter().chain(&asked.any_of);
        all.map(|address| super::table::auditor(model, address)).collect::<Vec<_>>().join(", ")
    });
    fields.add("signed by", auditors, |model, row| facts::signed_by(model, row.provider.as_deref()));
    fields.add("it closed", String::new(), |model, row| facts::track_short(model, &row.bid.id.provider));
}
