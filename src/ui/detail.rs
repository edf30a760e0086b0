//! The detail pane: everything that is known of the bid under the cursor.
//!
//! ```text
//! ┌ name · host ──────────────────────────────────────────────┐
//! │ asked against offered       │  costs, closing, escrow     │   beside each other where there is room,
//! │                             │  the bid, the provider      │   else costs, offer, provider in one column
//! └───────────────────────────────────────────────────────────┘
//! ```

use super::dialog;
use super::facts;
use super::page::{NAME, Page};
use super::table::auditor;
use super::theme::{Meaning, Theme, mark, meaning_of};
use super::words::{coins, count, differences, duration, percent};
use crate::app::{Lookup, Model, Pane};
use crate::domain::appraise::Row;
use crate::domain::bid::{Audit, Provider, Requirements};
use crate::domain::diff::{self, Fit, volume_text};
use crate::domain::gateway;
use crate::domain::gpu::{GpuKind, VramSource};
use crate::domain::money::{Per, four_digits};
use crate::domain::requirement::{self, Checked, Declared};
use crate::domain::resources::{Bytes, Cpus, Unit, Volume};
use crate::domain::text::Clean;
use crate::domain::usual::pairing_hint;
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
        hints(model, row, page);
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
    hints(model, row, page);
    if let Some(length) = model.settings().run {
        let (text, meaning) = facts::run(model, row, length);
        let sign = if meaning == Meaning::Warn { "! " } else { "" };
        page.named(&format!("run of {length}"), &format!("{sign}{text}"));
    }
    let closing = facts::closes(model, row);
    let closing = if closing == "–" { closing } else { format!("{closing} ({})", facts::closing_basis()) };
    page.named("closes", &closing);
    escrow(model, row, page);
}

/// What is usual, dated: no verdict.
fn hints(model: &Model, row: &Row, page: &mut Page) {
    if let Some(mib) = row.gpus.vram_total() {
        page.named(
            "GPU memory",
            &format!("{} in all", mib.checked_mul(1 << 20).map_or("?".to_owned(), |b| Bytes(b).to_string())),
        );
    }
    if let Some((card, price)) = facts::usual(model, row) {
        let cloud = price.cloud.as_ref().map_or(String::new(), |(usd, whose)| format!("; {whose} ${usd:.2}"));
        let range = facts::usual_range(price);
        page.named("usual", &format!("{range} a GPU·hour for {card} ({}, {}{cloud})", price.source, price.as_of));
    }
    for hint in row.bid.offer.iter().flatten().filter_map(pairing_hint) {
        page.named("pairing", &hint);
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

/// What is asked of the provider itself, against what it says of itself and what auditors signed.
fn requirements(model: &Model, row: &Row, page: &mut Page) {
    let provider = row.provider.as_deref();
    let asked = model.group().map(|group| &group.requirements);
    let found = asked.zip(provider).map(|(asked, provider)| requirement::compare(asked, provider));
    match &found {
        Some(found) => {
            let audited = asked.is_some_and(Requirements::need_auditors);
            for checked in &found.attributes {
                let (text, level) = attribute(model, checked, audited);
                page.compared(&checked.key, &checked.value, &text, level);
            }
        }
        None => {
            for (key, value) in asked.into_iter().flat_map(|asked| &asked.attributes) {
                page.compared(key, value, "?", None);
            }
        }
    }
    let is_asked = |key: &str| asked.is_some_and(|asked| asked.attributes.iter().any(|(k, _)| **k == *key));
    if !is_asked("region") && !is_asked("location-region") {
        let region = provider.and_then(Provider::region);
        let said = region.map_or("?".to_owned(), |region| self_declared(model, provider, region));
        page.compared("region", "–", &said, None);
    }
    for signature in found.iter().flat_map(|found| &found.signatures) {
        let name = auditor(model, &signature.auditor);
        let asked = if signature.every { name } else { format!("{name}, or another") };
        let (text, level) = match signature.signed {
            Some(true) => ("signed all that is asked", Some(Fit::Exact)),
            // Another of those asked for may have.
            Some(false) if signature.every => ("did not sign all of it", Some(Fit::Wrong)),
            Some(false) => ("did not sign all of it", None),
            None => ("?", None),
        };
        page.compared("signed by", &asked, text, level);
    }
    if found.as_ref().is_none_or(|found| found.signatures.is_empty()) {
        page.compared("signed by", "–", &facts::signed_by(model, provider), None);
    }
    let notice = row.bid.reclamation_s.map_or("none promised".to_owned(), duration);
    page.compared("notice", "–", &notice, None);
}

/// One attribute asked for, as the provider has it. Where auditors are asked for, only what they signed counts.
fn attribute(model: &Model, checked: &Checked, audited: bool) -> (String, Option<Fit>) {
    let signers = checked
        .signed_by
        .as_deref()
        .map(|signers| signers.iter().map(|address| auditor(model, address)).collect::<Vec<_>>().join(", "));
    let declared = match &checked.declared {
        Declared::Yes if checked.self_declared() => format!("{}, self-declared", checked.value),
        Declared::Yes => checked.value.to_string(),
        Declared::Otherwise(values) => {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            format!("{}, self-declared", values.join(", "))
        }
        Declared::No => "not declared".to_owned(),
    };
    let (signed, level) = match signers {
        None => (", signatures ?".to_owned(), (!audited && checked.declared == Declared::Yes).then_some(Fit::Exact)),
        Some(signers) => {
            let met = if audited { !signers.is_empty() } else { checked.declared == Declared::Yes };
            let signed = if signers.is_empty() { String::new() } else { format!(", signed by {signers}") };
            (signed, Some(if met { Fit::Exact } else { Fit::Wrong }))
        }
    };
    (format!("{declared}{signed}"), level)
}

/// A region, with who stands for it.
fn self_declared(model: &Model, provider: Option<&Provider>, value: &Clean) -> String {
    let audits = provider.and_then(|provider| provider.audits.as_deref()).unwrap_or(&[]);
    let signs = |audit: &&Audit| {
        audit.attributes.iter().any(|(key, v)| v == value && matches!(&**key, "region" | "location-region"))
    };
    let signers: Vec<String> = audits.iter().filter(signs).map(|audit| auditor(model, &audit.auditor)).collect();
    if signers.is_empty() {
        format!("{value}, self-declared")
    } else {
        format!("{value}, signed by {}", signers.join(", "))
    }
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
    page.named("leases", &facts::track(model, &bid.id.provider));
    match model.gateway(&bid.id.provider) {
        None => {}
        Some(Lookup::Asked) => page.named("gateway", "being asked …"),
        Some(Lookup::Known(said)) => page.named("gateway", &format!("{} ({})", said.sentence(), gateway::SOURCE)),
        Some(Lookup::Failed(why)) => page.named("gateway", &format!("does not answer: {why}")),
    }
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
    declared(provider, page);
    for audit in provider.audits.iter().flatten() {
        let auditor = model.settings().auditors.shown(&audit.auditor);
        page.named("auditor", &format!("{auditor} signed {}", attributes(&audit.attributes)));
    }
    if !provider.attributes.is_empty() {
        page.named("declares", &attributes(&provider.attributes));
    }
}

/// What the provider says of itself that people choose by.
fn declared(provider: &Provider, page: &mut Page) {
    let of = |key: &str| provider.attribute(key).map(|value| &**value);
    let place: Vec<&str> =
        [provider.country().map(|country| &**country), of("city"), of("datacenter")].into_iter().flatten().collect();
    if !place.is_empty() {
        page.named("country", &place.join(", "));
    }
    if let Some(tier) = of("tier") {
        page.named("tier", tier);
    }
    let speed = |key: &str, way: &str| of(key).map(|mbps| format!("{mbps} {way}"));
    let speeds: Vec<String> =
        [speed("network-speed-down", "down"), speed("network-speed-up", "up")].into_iter().flatten().collect();
    if !speeds.is_empty() {
        page.named("network", &format!("{}, Mbit/s as it says", speeds.join(", ")));
    }
    let below = |prefix: &str, end: &str| {
        let mut found: Vec<&str> = provider
            .attributes
            .iter()
            .filter(|(key, value)| key.starts_with(prefix) && key.ends_with(end) && !value.is_empty())
            .map(|(_, value)| &**value)
            .collect();
        found.sort_unstable();
        found.dedup();
        found.join(", ")
    };
    let classes = below("capabilities/storage/", "/class");
    if !classes.is_empty() {
        page.named("storage", &classes);
    }
    if let Some(cuda) = of("cuda") {
        page.named("CUDA", cuda);
    }
    let fabrics = provider.attributes.iter().filter(|(_, value)| **value == *"true");
    let fabrics: Vec<&str> =
        fabrics.filter_map(|(key, _)| key.strip_prefix("capabilities/gpu-interconnect/fabric/")).collect();
    if !fabrics.is_empty() {
        page.named("interconnect", &fabrics.join(", "));
    }
}

fn attributes(attributes: &[(Clean, Clean)]) -> String {
    let all: Vec<String> = attributes
        .iter()
        .map(|(key, value)| if &**value == "true" { key.to_string() } else { format!("{key}={value}") })
        .collect();
    all.join(", ")
}
