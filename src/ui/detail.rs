//! The detail pane: everything that is known of the bid under the cursor.
//!
//! ```text
//! ┌ name · host ──────────────────────────────────────────────┐
//! │ asked against offered       │  costs, closing, escrow     │   beside each other where there is room,
//! │                             │  the bid, the provider      │   else costs, offer, provider in one column
//! └───────────────────────────────────────────────────────────┘
//! ```

use super::dialog;
use super::page::{NAME, Page};
use super::theme::{Meaning, Theme, mark, meaning_of};
use super::words::{coins, count, differences, duration, percent};
use crate::app::{Closes, Model, Pane};
use crate::domain::appraise::{BID_TIMEOUT_S, Row};
use crate::domain::bid::Provider;
use crate::domain::diff::{self, Fit, volume_text};
use crate::domain::gpu::{GpuKind, VramSource};
use crate::domain::money::{Per, four_digits};
use crate::domain::resources::{Bytes, Cpus, Unit, Volume};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// From this width on two columns stand beside each other.
const TWO_COLUMNS: usize = 110;

/// Draws the pane.
pub fn draw(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) -> Pane {
    let Some(row) = model.cursor() else { return Pane::default() };
    let room = usize::from(area.width.saturating_sub(4));
    let lines = lines(model, row, theme, room);
    let title = title(model, row);
    dialog::panel(theme, buffer, area, &title, &lines, model.detail().unwrap_or(0))
}

/// The whole text of the pane, in lines of at most `room` columns.
fn lines(model: &Model, row: &Row, theme: Theme, room: usize) -> Vec<Line<'static>> {
    if room < TWO_COLUMNS {
        let mut page = Page::new(theme, room);
        standing(model, row, &mut page);
        costs(model, row, &mut page);
        page.gap();
        offer(model, row, &mut page);
        page.gap();
        identity(model, row, &mut page);
        return page.lines;
    }
    let half = (room - 3) / 2;
    let (mut left, mut right) = (Page::new(theme, half), Page::new(theme, room - half - 3));
    offer(model, row, &mut left);
    standing(model, row, &mut right);
    costs(model, row, &mut right);
    right.gap();
    identity(model, row, &mut right);
    beside(left.lines, right.lines, half, theme)
}

/// The height that the pane wants at a width, frame and all.
pub fn height(model: &Model, width: u16) -> u16 {
    let room = usize::from(width.saturating_sub(4));
    let lines = model.cursor().map_or(0, |row| lines(model, row, Theme::default(), room).len());
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2)
}

fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, half: usize, theme: Theme) -> Vec<Line<'static>> {
    let height = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    (0..height)
        .map(|_| {
            let mut line = left.next().unwrap_or_default();
            let blanks = " ".repeat(half.saturating_sub(line.width()));
            // A line's own style would colour its neighbour as well.
            let style = line.style;
            for span in &mut line.spans {
                span.style = style.patch(span.style);
            }
            line.style = ratatui::style::Style::new();
            line.spans.push(Span::raw(blanks));
            line.spans.push(Span::styled(" │ ", theme.style(Meaning::Faint)));
            let right = right.next().unwrap_or_default();
            let style = right.style;
            line.spans.extend(right.spans.into_iter().map(|span| Span { style: style.patch(span.style), ..span }));
            line
        })
        .collect()
}

fn title(model: &Model, row: &Row) -> String {
    let provider = row.provider.as_deref();
    let name = provider.and_then(Provider::organization).map(ToString::to_string);
    let host = provider.and_then(|p| p.host.as_ref()).map(ToString::to_string);
    let place = model.table().and_then(|table| Some(format!("{} of {}", table.place()? + 1, table.view().rows.len())));
    let mut parts: Vec<String> = [name, host].into_iter().flatten().collect();
    if parts.is_empty() {
        parts.push(row.bid.id.provider.short());
    }
    parts.extend(place);
    parts.join(" · ")
}

/// Whether it can be taken, and if not, why.
fn standing(model: &Model, row: &Row, page: &mut Page) {
    if model.is_leaving(&row.bid.id) && !model.is_listed(&row.bid.id) {
        page.text("– the chain lists this bid no longer", Meaning::Strong);
    } else {
        for blocker in &row.blockers {
            page.text(&format!("– {blocker}"), Meaning::Strong);
        }
    }
    let asked = model.group().map_or(&[][..], |group| &group.request);
    for (level, text) in differences(row, asked) {
        page.text(&format!("{} {text}", mark(level)), meaning_of(level));
    }
    page.gap();
}

fn costs(model: &Model, row: &Row, page: &mut Page) {
    let block = model.block_time();
    let Some(hourly) = row.usd_hour else {
        page.named("price", &format!("{} a block; no rate for it, so dollars are not known", row.bid.price));
        return;
    };
    let told: Vec<String> = [Per::Hour, Per::Day, Per::Month]
        .into_iter()
        .map(|per| {
            let usd = per.of_hourly(hourly, block).map_or("?".to_owned(), four_digits);
            format!("${usd}/{}", per.label())
        })
        .collect();
    page.text(&told.join("   "), Meaning::Strong);
    if let Some(usd) = row.usd_gpu_hour() {
        page.named("GPU·hour", &format!("${} (CPU, memory, disk included)", four_digits(usd)));
    }
    if let Some(usd) = row.usd_vram_gib_hour() {
        page.named("GPU GiB·hour", &format!("${}", four_digits(usd)));
    }
    let share = row.ceiling_ratio.map_or(String::new(), |ratio| format!(", {} of the ceiling", percent(ratio)));
    page.named("price", &format!("{} a block{share}", row.bid.price));
    if row.bid.price.denom == crate::domain::money::Denom::Uakt
        && let Some((rate, age)) = model.akt_rate()
    {
        let age = age.map_or(String::new(), |age| format!(", {} ago", duration(age)));
        page.named("rate", &format!("1 AKT = ${} ({}{age})", four_digits(rate.usd), rate.source));
    }
    page.named("closes", &closes(model, row));
    escrow(model, row, page);
}

fn closes(model: &Model, row: &Row) -> String {
    let basis = format!("estimate: providers withdraw after {BID_TIMEOUT_S} s by default");
    match model.closes(row) {
        Closes::In(s) => format!("in {} ({basis})", duration(s)),
        Closes::Overdue(s) => format!("overdue {} ({basis})", duration(s)),
        Closes::Never => "–".to_owned(),
        Closes::Unknown => format!("? ({basis})"),
    }
}

fn escrow(model: &Model, row: &Row, page: &mut Page) {
    let Some(snapshot) = model.snapshot() else { return };
    let Some(escrow) = snapshot.deployment.as_ref().and_then(|d| d.escrow.as_ref()) else { return };
    let (Some(height), Some(leases)) = (snapshot.chain.height, snapshot.leases.as_deref()) else {
        page.named("escrow", "?");
        return;
    };
    let left: Vec<String> = escrow
        .funds
        .iter()
        .map(|funds| escrow.left(funds, leases, height).map_or("?".to_owned(), |left| coins(&left)))
        .collect();
    let left = if left.is_empty() { "empty".to_owned() } else { format!("{} left", left.join(", ")) };
    let runs = leases.iter().any(|lease| lease.state.runs());
    let what = if runs { "with this price beside what runs" } else { "at this price" };
    let runway =
        match escrow.runway_s(leases, row.takeable().then_some(&row.bid.price), height, snapshot.chain.block_time) {
            Some(s) if s <= 0 => ": deposit first".to_owned(),
            Some(s) if row.takeable() => format!(": {} {what}", duration(s.unsigned_abs())),
            Some(s) => format!(": {} for what runs", duration(s.unsigned_abs())),
            None if row.takeable() => format!(": none in {}", row.bid.price.denom.short()),
            None => String::new(),
        };
    page.named("escrow", &format!("{left}{runway}"));
}

/// Asked against offered, unit by unit.
fn offer(model: &Model, row: &Row, page: &mut Page) {
    let half = page.half();
    let head = format!("{}{:half$} offered", " ".repeat(NAME), "asked");
    page.text_line(&head, Meaning::Faint);
    let group = model.group();
    let asked: &[Unit] = group.map_or(&[], |group| &group.request);
    let offered: &[Unit] = row.bid.offer.as_deref().unwrap_or(&[]);
    let several = asked.len() > 1 || asked.first().is_some_and(|unit| unit.count > 1);
    for want in asked {
        let got = offered.iter().find(|unit| unit.id == want.id);
        unit_lines(row, want, got, offered.is_empty(), several, page);
    }
    for extra in offered.iter().filter(|unit| asked.iter().all(|want| want.id != unit.id)) {
        let text = crate::domain::resources::summary(std::slice::from_ref(extra));
        let level = (!asked.is_empty()).then_some(Fit::More);
        page.compared(&format!("unit {}", extra.id), if asked.is_empty() { "?" } else { "–" }, &text, level);
    }
    let ceiling = group.and_then(|group| group.ceiling.as_ref()).map_or("?".to_owned(), ToString::to_string);
    let within =
        row.ceiling_ratio.map(|ratio| if ratio <= rust_decimal::Decimal::ONE { Fit::Exact } else { Fit::Wrong });
    page.compared("ceiling", &ceiling, &row.bid.price.to_string(), within);
    requirements(model, row, page);
}

fn unit_lines(row: &Row, want: &Unit, got: Option<&Unit>, silent: bool, several: bool, page: &mut Page) {
    let level = |fields: &[&str]| {
        let worst = row.diff.iter().filter(|d| d.unit == want.id && fields.contains(&d.field.as_str()));
        Some(worst.map(|d| d.level).max().unwrap_or(Fit::Exact))
    };
    let unknown = silent.then_some(Fit::Unclear);
    let or_nothing = |text: Option<String>| match (text, silent) {
        (Some(text), _) => text,
        (None, true) => "?".to_owned(),
        (None, false) => "nothing".to_owned(),
    };
    let missing = (!silent && got.is_none()).then_some(Fit::Short);
    let judged = |fields: &[&str]| unknown.or(missing).or_else(|| level(fields));
    if several {
        let text = |unit: &Unit| count(usize::try_from(unit.count).unwrap_or(usize::MAX), "replica");
        page.compared(
            &format!("unit {}", want.id),
            &text(want),
            &or_nothing(got.map(text)),
            judged(&["count", "unit"]),
        );
    }
    if want.gpus.is_some_and(|n| n > 0) || got.is_some_and(|unit| unit.gpus.is_some_and(|n| n > 0)) {
        let offered = or_nothing(got.map(|unit| offered_gpus(row, unit)));
        page.compared("GPU", &asked_gpus(want), &offered, judged(&["gpus", "gpu", "vram", "interface"]));
    }
    let known = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    let cpu = |unit: &Unit| known(unit.cpu_m.map(|m| Cpus(m).to_string()));
    page.compared("CPU", &cpu(want), &or_nothing(got.map(cpu)), judged(&["cpu"]));
    let memory = |unit: &Unit| known(unit.memory_bytes.map(|b| Bytes(b).to_string()));
    page.compared("memory", &memory(want), &or_nothing(got.map(memory)), judged(&["memory"]));
    for volume in &want.storage {
        let field = format!("storage {}", volume.name);
        let same = |unit: &Unit| -> Option<String> {
            unit.storage.iter().find(|v: &&Volume| v.name == volume.name).map(volume_text)
        };
        let offered = or_nothing(got.and_then(same));
        page.compared(&format!("disk {}", volume.name), &volume_text(volume), &offered, judged(&[field.as_str()]));
    }
    let endpoints = |unit: &Unit| {
        let kinds: Vec<&str> = unit.endpoints.iter().map(|kind| &**kind).collect();
        if kinds.is_empty() { "–".to_owned() } else { kinds.join(", ").to_lowercase().replace('_', " ") }
    };
    if !want.endpoints.is_empty() {
        page.compared("endpoints", &endpoints(want), &or_nothing(got.map(endpoints)), judged(&["endpoints"]));
    }
}

fn asked_gpus(unit: &Unit) -> String {
    match unit.gpus {
        Some(0) => "none".to_owned(),
        Some(n) => format!("{n}× {}", diff::alternatives(&unit.gpu_kinds)),
        None => "?".to_owned(),
    }
}

/// The cards of one unit, each memory size with where it is known from.
fn offered_gpus(row: &Row, unit: &Unit) -> String {
    let Some(n) = unit.gpus else { return "?".to_owned() };
    if n == 0 {
        return "none".to_owned();
    }
    let declared: &[GpuKind] = row.provider.as_ref().map_or(&[], |provider| &provider.declared_gpus);
    let kinds: Vec<String> = unit
        .gpu_kinds
        .iter()
        .map(|kind| {
            let (vram, source) = kind.vram(declared.iter());
            let interface = kind.interface.as_ref().map_or(String::new(), |interface| format!(" {interface}"));
            match (vram, source) {
                (_, _) if kind.model.is_none() => kind.long_name(),
                (Some(vram), source) => format!("{} {vram}{interface} ({})", kind.name(), source.as_str()),
                (None, _) => format!("{}{interface}, memory {}", kind.name(), VramSource::Unknown.as_str()),
            }
        })
        .collect();
    let kinds = if kinds.is_empty() { "GPU, model not said".to_owned() } else { kinds.join(" or ") };
    format!("{n}× {kinds}")
}

/// What is asked of the provider itself, against what it says and what auditors signed.
fn requirements(model: &Model, row: &Row, page: &mut Page) {
    let provider = row.provider.as_deref();
    let asked = model.group().map(|group| &group.requirements);
    let region_asked = asked
        .is_some_and(|asked| asked.attributes.iter().any(|(key, _)| matches!(&**key, "region" | "location-region")));
    for (key, value) in asked.into_iter().flat_map(|asked| &asked.attributes) {
        let said = provider
            .map(|provider| provider.attribute(key).map_or("–".to_owned(), |v| format!("{v}, self-declared")));
        page.compared(key, value, said.as_deref().unwrap_or("?"), None);
    }
    if !region_asked {
        let region = provider.and_then(Provider::region);
        let said = region.map_or("?".to_owned(), |region| format!("{region}, self-declared"));
        page.compared("region", "–", &said, None);
    }
    let short = |addresses: &[crate::domain::bid::Address]| {
        addresses.iter().map(crate::domain::bid::Address::short).collect::<Vec<_>>().join(", ")
    };
    let wanted = asked.map_or("?".to_owned(), |asked| match (&*asked.all_of, &*asked.any_of) {
        ([], []) => "–".to_owned(),
        (all, []) => format!("by all of {}", short(all)),
        ([], any) => format!("by one of {}", short(any)),
        (all, any) => format!("by all of {}, and one of {}", short(all), short(any)),
    });
    let audits = provider.and_then(|provider| provider.audits.as_ref());
    let signed = audits.map_or("?".to_owned(), |audits| {
        if audits.is_empty() {
            return "by nobody".to_owned();
        }
        format!("by {}", audits.iter().map(|audit| audit.auditor.short()).collect::<Vec<_>>().join(", "))
    });
    page.compared("audited", &wanted, &signed, None);
    let notice = row.bid.reclamation_s.map_or("none promised".to_owned(), duration);
    page.compared("notice", "–", &notice, None);
}

/// The bid and its provider, as the chain has them.
fn identity(model: &Model, row: &Row, page: &mut Page) {
    let bid = &row.bid;
    page.named("address", bid.id.provider.as_str());
    page.named("bid", &format!("group {}, order {}, {}", bid.id.gseq, bid.id.oseq, bid.state));
    let made = bid.created_height.map_or("?".to_owned(), |height| {
        let age = model.age_s(row).map_or(String::new(), |age| format!(", {} ago", duration(age)));
        format!("in block {height}{age}")
    });
    page.named("made", &made);
    let Some(provider) = row.provider.as_deref() else {
        page.named("provider", "? nothing is known of it yet");
        return;
    };
    let known = [("host", &provider.host), ("website", &provider.website), ("email", &provider.email)];
    for (name, value) in known {
        if let Some(value) = value {
            page.named(name, value);
        }
    }
    if let Some(country) = provider.country() {
        page.named("country", country);
    }
    for audit in provider.audits.iter().flatten() {
        page.named("auditor", &format!("{} signed {}", audit.auditor, attributes(&audit.attributes)));
    }
    if !provider.attributes.is_empty() {
        page.named("declares", &attributes(&provider.attributes));
    }
}

fn attributes(attributes: &[(crate::domain::text::Clean, crate::domain::text::Clean)]) -> String {
    let all: Vec<String> = attributes
        .iter()
        .map(|(key, value)| if &**value == "true" { key.to_string() } else { format!("{key}={value}") })
        .collect();
    all.join(", ")
}
