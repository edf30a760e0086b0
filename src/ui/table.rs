//! The table: which columns there is room for, and the visible rows. Nothing is built for rows out of sight.

use super::map::Map;
use super::theme::{Meaning, Theme, mark, meaning_of};
use super::words::{cut, duration, width, write};
use crate::app::{Closes, Model};
use crate::domain::appraise::{Blocker, Gpus, Row};
use crate::domain::field::Field;
use crate::domain::money::{Per, four_digits};
use crate::domain::resources::{Bytes, Cpus};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// Screens narrower than this have no room for words beside the marks.
const WORDS: u16 = 60;

/// A column of the table, in the order of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The mark and its word, or why the bid cannot be taken.
    Fit,
    Usd,
    Gpu,
    UsdGpu,
    UsdVram,
    Native,
    Cpu,
    Memory,
    Disk,
    Provider,
    Region,
    Audited,
    Age,
    Closes,
    Host,
    State,
}

/// How the cells of a column stand under each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Align {
    Left,
    Right,
    /// By the decimal point.
    Point,
}

impl Column {
    pub const ALL: [Self; 16] = [
        Self::Fit,
        Self::Usd,
        Self::Gpu,
        Self::UsdGpu,
        Self::UsdVram,
        Self::Native,
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::Provider,
        Self::Region,
        Self::Audited,
        Self::Age,
        Self::Closes,
        Self::Host,
        Self::State,
    ];

    /// What a narrow screen keeps longest, first.
    const PRIORITY: [Self; 16] = [
        Self::Fit,
        Self::Usd,
        Self::Gpu,
        Self::Provider,
        Self::UsdGpu,
        Self::Closes,
        Self::Region,
        Self::Native,
        Self::Audited,
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::UsdVram,
        Self::Age,
        Self::Host,
        Self::State,
    ];

    /// Those that are there as soon as their cut texts have room.
    fn essential(narrow: bool) -> &'static [Self] {
        &Self::PRIORITY[..if narrow { 4 } else { 7 }]
    }

    /// What the column is sorted by.
    pub fn field(self) -> Field {
        match self {
            Self::Fit => Field::Fit,
            Self::Usd => Field::Usd,
            Self::Gpu => Field::Gpu,
            Self::UsdGpu => Field::UsdGpu,
            Self::UsdVram => Field::UsdVram,
            Self::Native => Field::Price,
            Self::Cpu => Field::Cpu,
            Self::Memory => Field::Mem,
            Self::Disk => Field::Disk,
            Self::Provider => Field::Org,
            Self::Region => Field::Region,
            Self::Audited => Field::Audited,
            Self::Age => Field::Age,
            Self::Closes => Field::Closes,
            Self::Host => Field::Host,
            Self::State => Field::State,
        }
    }

    fn title(self, per: Per) -> String {
        match self {
            Self::Usd => format!("$/{}", per.label()),
            Self::Provider => "provider".to_owned(),
            other => other.field().title().into_owned(),
        }
    }

    fn align(self) -> Align {
        match self {
            Self::Usd | Self::UsdGpu | Self::UsdVram | Self::Native => Align::Point,
            Self::Cpu | Self::Memory | Self::Disk | Self::Age | Self::Closes => Align::Right,
            _ => Align::Left,
        }
    }

    /// The columns that a text should have before a column of less weight comes in beside it.
    fn comfort(self) -> usize {
        match self {
            Self::Gpu | Self::Provider => 22,
            Self::Region => 12,
            Self::Host => 32,
            _ => usize::MAX,
        }
    }

    /// The least columns that a text is cut to; `None`: it is never cut.
    fn least(self, narrow: bool) -> Option<usize> {
        match self {
            Self::Gpu if narrow => Some(10),
            Self::Provider if narrow => Some(7),
            Self::Gpu => Some(15),
            Self::Provider => Some(13),
            Self::Region => Some(9),
            Self::Host => Some(16),
            _ => None,
        }
    }

    fn cell(self, model: &Model, row: &Row, narrow: bool) -> Cell {
        match self {
            Self::Fit => fit_cell(row, narrow),
            Self::Usd => dollars(model, row.usd_hour),
            Self::Gpu => Cell::plain(row.gpu_text()),
            Self::UsdGpu | Self::UsdVram if row.gpus == Gpus::None => Cell::absent(),
            Self::UsdGpu => dollars(model, row.usd_gpu_hour()),
            Self::UsdVram => dollars(model, row.usd_vram_gib_hour()),
            Self::Native => Cell::plain(row.bid.price.to_string()),
            Self::Cpu => Cell::known(row.total.cpu_m.map(|m| Cpus(m).to_string())),
            Self::Memory => Cell::known(row.total.memory_bytes.map(|b| Bytes(b).to_string())),
            Self::Disk => Cell::known(row.total.storage_bytes.map(|b| Bytes(b).to_string())),
            Self::Provider => provider_cell(model, row),
            Self::Region => Cell::known(row.provider.as_ref().and_then(|p| p.region()).map(ToString::to_string)),
            Self::Audited => {
                Cell::known(row.provider.as_ref().and_then(|p| p.audits.as_ref()).map(|audits| match audits.len() {
                    0 => "nobody".to_owned(),
                    n => format!("by {n}"),
                }))
            }
            Self::Age => Cell::known(model.age_s(row).map(duration)),
            Self::Closes => match model.closes(row) {
                Closes::In(s) => Cell::plain(duration(s)),
                Closes::Overdue(_) => Cell::new("overdue".to_owned(), Meaning::Warn),
                Closes::Never => Cell::absent(),
                Closes::Unknown => Cell::known(None),
            },
            Self::Host => Cell::known(row.provider.as_ref().and_then(|p| p.host.as_ref()).map(ToString::to_string)),
            Self::State => Cell::plain(row.bid.state.to_string()),
        }
    }
}

/// What stands in one cell.
struct Cell {
    text: String,
    meaning: Meaning,
    /// Columns of the whole text.
    width: usize,
    /// Columns at the end that are kept when the text is cut.
    tail: usize,
}

impl Cell {
    fn new(text: String, meaning: Meaning) -> Self {
        Self { width: width(&text), text, meaning, tail: 0 }
    }

    fn plain(text: String) -> Self {
        Self::new(text, Meaning::Plain)
    }

    /// What is not known is `?`.
    fn known(text: Option<String>) -> Self {
        match text {
            Some(text) => Self::plain(text),
            None => Self::new("?".to_owned(), Meaning::Faint),
        }
    }

    /// What does not apply.
    fn absent() -> Self {
        Self::new("–".to_owned(), Meaning::Faint)
    }

    /// The text in at most `max` columns, its tail kept.
    fn cut(&self, max: usize) -> Cow<'_, str> {
        let tail = self.tail;
        if self.width <= max {
            return Cow::Borrowed(&self.text);
        }
        if tail == 0 || max < tail + 4 {
            return cut(&self.text, max);
        }
        let from = self.text.char_indices().rev().nth(tail - 1).map_or(0, |(at, _)| at);
        let head = cut(self.text[..from].trim_end(), max - tail - 1);
        Cow::Owned(format!("{head} {}", &self.text[from..]))
    }
}

/// Why a row cannot be taken, in a word or two; `None` where the fit says more.
pub fn blocked(row: &Row) -> Option<&'static str> {
    match row.blockers.first()? {
        Blocker::SavedAnswer => None,
        Blocker::DeploymentNotActive(_) => Some("closed"),
        Blocker::DeploymentUnknown | Blocker::GroupUnknown | Blocker::OrderUnknown => Some("state ?"),
        blocker => Some(blocker.short()),
    }
}

fn fit_cell(row: &Row, narrow: bool) -> Cell {
    if let Some(word) = blocked(row) {
        let leased = matches!(row.blockers.first(), Some(Blocker::Leased));
        let meaning = if leased { Meaning::Good } else { Meaning::Faint };
        let text = match (narrow, leased) {
            (true, true) => "●".to_owned(),
            (true, false) => "–".to_owned(),
            (false, true) => format!("● {word}"),
            (false, false) => word.to_owned(),
        };
        return Cell::new(text, meaning);
    }
    match row.fit {
        None => Cell::known(None),
        Some(fit) => {
            let text = if narrow { mark(fit).to_owned() } else { format!("{} {fit}", mark(fit)) };
            Cell::new(text, meaning_of(fit))
        }
    }
}

/// Dollars an hour, told for the unit chosen.
fn dollars(model: &Model, hourly: Option<Decimal>) -> Cell {
    let told = hourly.and_then(|hourly| model.per().of_hourly(hourly, model.block_time()));
    Cell::known(told.map(four_digits))
}

/// What people call the provider; with the last four of its address where several go by that name.
fn provider_cell(model: &Model, row: &Row) -> Cell {
    let address = &row.bid.id.provider;
    match row.provider.as_ref().and_then(|provider| provider.name()) {
        None => Cell::plain(address.short()),
        Some(name) if model.is_shared_name(name) => {
            let tail: String = {
                let skip = address.as_str().chars().count().saturating_sub(4);
                address.as_str().chars().skip(skip).collect()
            };
            Cell { tail: width(&tail), ..Cell::plain(format!("{name} {tail}")) }
        }
        Some(name) => Cell::plain(name.to_string()),
    }
}

/// A column with its cells of the visible rows.
struct Built {
    column: Column,
    title: String,
    arrow: Option<bool>,
    cells: Vec<Cell>,
    /// Columns before the point, and from it on.
    whole: usize,
    fraction: usize,
    natural: usize,
    width: usize,
}

impl Built {
    fn new(column: Column, model: &Model, rows: &[&Row], narrow: bool) -> Self {
        let cells: Vec<Cell> = rows.iter().map(|row| column.cell(model, row, narrow)).collect();
        let title = if column == Column::Fit && narrow { String::new() } else { column.title(model.per()) };
        let arrow = arrow(model, column);
        let (mut whole, mut fraction) = (0, 0);
        let body = if column.align() == Align::Point {
            let numbers = || cells.iter().filter(|cell| is_number(&cell.text)).map(|cell| split(&cell.text));
            whole = numbers().map(|(head, _)| width(head)).max().unwrap_or(1);
            fraction = numbers().map(|(_, tail)| width(tail)).max().unwrap_or(0);
            whole + fraction
        } else {
            cells.iter().map(|cell| cell.width).max().unwrap_or(0)
        };
        // The arrow has its place in every number's head, so that nothing moves when it does.
        let head = width(&title) + usize::from(arrow.is_some() || column.align() != Align::Left);
        let natural = body.max(head).max(1);
        let least = column.least(narrow).map_or(natural, |least| least.min(natural));
        Self { column, title, arrow, cells, whole, fraction, natural, width: least }
    }

    fn cell(&self, at: usize) -> (Cow<'_, str>, usize, Meaning) {
        let cell = &self.cells[at];
        let text = cell.cut(self.width);
        let right = self.width.saturating_sub(cell.width);
        let indent = match self.column.align() {
            Align::Left => 0,
            Align::Point if is_number(&text) => {
                let slack = self.width.saturating_sub(self.whole + self.fraction);
                slack + self.whole.saturating_sub(width(split(&text).0))
            }
            Align::Right | Align::Point => right,
        };
        (text, indent.min(right), cell.meaning)
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}

/// What stands before the point, and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(['.', ' ']).unwrap_or(text.len()))
}

/// Whether a column is sorted by: upwards or (true) downwards. The default order goes by fit, then by dollars.
fn arrow(model: &Model, column: Column) -> Option<bool> {
    let keys = &model.sort().keys;
    if keys.is_empty() {
        return matches!(column, Column::Fit | Column::Usd).then_some(false);
    }
    keys.iter().find(|key| key.field == column.field()).map(|key| key.descending)
}

/// The columns that `area` has room for, as wide as they can be.
fn choose(model: &Model, rows: &[&Row], room: usize, narrow: bool) -> Vec<Built> {
    let gap = gap(room);
    let asked = model.group().map_or(&[][..], |group| &group.request);
    let cards = asked.iter().any(|unit| unit.gpus != Some(0)) || rows.iter().any(|row| row.gpus != Gpus::None);
    // Where nobody asks for a GPU and nobody offers one, nothing is said of them.
    let of_cards = |column: &Column| matches!(column, Column::Gpu | Column::UsdGpu | Column::UsdVram);
    let mut chosen: Vec<Built> = Vec::new();
    for column in Column::PRIORITY.into_iter().filter(|column| cards || !of_cards(column)) {
        let built = Built::new(column, model, rows, narrow);
        let all = || chosen.iter().chain([&built]);
        let wanted: usize = if Column::essential(narrow).contains(&column) {
            all().map(|built| built.width + gap).sum()
        } else {
            all().map(|built| built.natural.min(built.column.comfort()) + gap).sum()
        };
        // Those that matter less are not tried where one has no room: columns come in a known order.
        if wanted - gap > room {
            break;
        }
        chosen.push(built);
    }
    let mut used: usize = chosen.iter().map(|built| built.width + gap).sum::<usize>().saturating_sub(gap);
    // First to what each should have, so that one long name does not cut the others short, then to all there is.
    for most in [Column::comfort, |_| usize::MAX] {
        for built in &mut chosen {
            let wanted = built.natural.min(most(built.column));
            let grow = wanted.saturating_sub(built.width).min(room.saturating_sub(used));
            built.width += grow;
            used += grow;
        }
    }
    chosen.sort_by_key(|built| Column::ALL.iter().position(|column| *column == built.column));
    chosen
}

/// Columns between two columns.
fn gap(room: usize) -> usize {
    if room >= 100 { 2 } else { 1 }
}

/// Draws head and rows into `area`, and says in the map where they are.
pub fn draw(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect, map: &mut Map) {
    let narrow = area.width < WORDS;
    let Some(table) = model.table() else { return };
    let window = table.window(usize::from(area.height.saturating_sub(1)));
    let rows: Vec<&Row> = window.clone().filter_map(|place| model.row(place)).collect();
    // One column on the left is for what is new.
    let room = usize::from(area.width.saturating_sub(1));
    let columns = choose(model, &rows, room, narrow);
    let gap = gap(room);
    let mut x = area.x + 1;
    let mut places = Vec::with_capacity(columns.len());
    for built in &columns {
        let w = u16::try_from(built.width).unwrap_or(u16::MAX);
        places.push(x);
        let head = Rect { x, y: area.y, width: w, height: 1 };
        map.columns.push((head, built.column.field()));
        map.extent.columns.push(built.column.field());
        draw_head(built, theme, buffer, head);
        x = x.saturating_add(w).saturating_add(u16::try_from(gap).unwrap_or(1));
    }
    map.rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    map.first = window.start;
    map.shown = rows.len();
    map.extent.rows = usize::from(map.rows.height);
    let old = model.old();
    for (line, row) in rows.iter().enumerate() {
        let y = map.rows.y + u16::try_from(line).unwrap_or(0);
        let selected = table.place() == Some(window.start + line);
        let dead = old || model.is_leaving(&row.bid.id) || blocked(row).is_some_and(|word| word != "leased");
        let base = if dead { theme.style(Meaning::Faint) } else { theme.style(Meaning::Plain) };
        if model.is_picked(&row.bid.id) {
            buffer.set_stringn(area.x, y, "●", 1, theme.style(Meaning::Strong));
        } else if model.is_fresh(&row.bid.id) {
            buffer.set_stringn(area.x, y, "+", 1, theme.style(Meaning::Strong));
        }
        for (built, x) in columns.iter().zip(&places) {
            let (text, indent, meaning) = built.cell(line);
            // A dead row has no colours: they would say that it can be chosen.
            let style = if dead && meaning != Meaning::Plain { base } else { base.patch(theme.style(meaning)) };
            let at = x.saturating_add(u16::try_from(indent).unwrap_or(0));
            write(buffer, at, y, &text, built.width, style);
        }
        if selected {
            let whole = Rect { y, height: 1, ..map.rows };
            let plain = ratatui::style::Style::new().fg(ratatui::style::Color::Reset);
            buffer.set_style(whole, plain.patch(theme.style(Meaning::Selected)));
        }
    }
}

fn draw_head(built: &Built, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let style = theme.style(if built.arrow.is_some() { Meaning::Strong } else { Meaning::Faint });
    let sign = match built.arrow {
        Some(true) => "▼",
        Some(false) => "▲",
        None => "",
    };
    let text = format!("{}{sign}", built.title);
    let max = usize::from(area.width);
    let text = cut(&text, max);
    // A number's head ends where the numbers end; without its arrow, one before.
    let reserved = usize::from(built.arrow.is_none() && built.column.align() != Align::Left);
    let indent = match built.column.align() {
        Align::Left => 0,
        _ => max.saturating_sub(width(&text) + reserved),
    };
    buffer.set_stringn(area.x + u16::try_from(indent).unwrap_or(0), area.y, text, max, style);
}
