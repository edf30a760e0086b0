//! The lines around the table: who and how fresh, the groups, what was asked, what is hidden, the keys.

use super::table::auditor;
use super::theme::{Meaning, Theme, meaning_of_freshness};
use super::words::{count, cut, differences, duration, percent, width};
use crate::app::{Accepting, Context, Course, Freshness, Mode, Model, keymap};
use crate::domain::appraise::{GroupView, Row};
use crate::domain::bid::{Address, GroupState, OrderState};
use crate::domain::cause::Verdict;
use crate::domain::gpu::VramSource;
use crate::domain::money::{Amount, BlockTimeSource, Per, four_digits};
use crate::domain::resources;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use rust_decimal::Decimal;
use std::fmt::Write as _;
use std::ops::Range;

/// A piece of a bar: text, meaning, and how early it is dropped where there is no room (0: never).
struct Piece {
    text: String,
    meaning: Meaning,
    drop: u8,
}

fn piece(text: impl Into<String>, meaning: Meaning, drop: u8) -> Piece {
    Piece { text: text.into(), meaning, drop }
}

/// Draws pieces from `x` on with `between` them, and says where it ended.
fn put(theme: Theme, buffer: &mut Buffer, area: Rect, mut x: u16, pieces: &[Piece], between: &str) -> u16 {
    for (n, piece) in pieces.iter().enumerate() {
        let mut draw = |text: &str, meaning: Meaning| {
            let room = usize::from(area.right().saturating_sub(x));
            (x, _) = buffer.set_stringn(x, area.y, cut(text, room), room, theme.style(meaning));
        };
        if n > 0 {
            draw(between, Meaning::Faint);
        }
        draw(&piece.text, piece.meaning);
    }
    x
}

/// Columns that pieces take with `gap` columns between two.
fn length(pieces: &[Piece], gap: usize) -> usize {
    pieces.iter().map(|piece| width(&piece.text) + gap).sum::<usize>().saturating_sub(gap)
}

/// `● live 2s`: freshness in a mark, a word and an age.
pub fn freshness(model: &Model) -> String {
    match model.freshness() {
        Freshness::Connecting { for_s } => format!("○ connecting {}", duration(for_s)),
        Freshness::Unreachable { retry_s, .. } => format!("✗ no answer, retry {}", duration(retry_s)),
        Freshness::Live { age_s } => format!("● live {}", duration(age_s)),
        Freshness::Stale { age_s } => format!("! stale {}", duration(age_s)),
        Freshness::Offline { age_s, retry_s } => {
            format!("✗ offline {}, retry {}", duration(age_s), duration(retry_s))
        }
        Freshness::Paused { age_s: Some(age_s) } => format!("! paused {}", duration(age_s)),
        Freshness::Paused { age_s: None } => "! paused".to_owned(),
        Freshness::Saved => "saved answer".to_owned(),
    }
}

/// The first line.
pub fn header(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let settings = model.settings();
    let snapshot = model.snapshot();
    let deployment = snapshot.and_then(|snapshot| snapshot.deployment.as_ref());
    let dseq = deployment.map(|d| d.dseq).or(settings.dseq);
    let owner = deployment.map(|d| &d.owner).or(settings.owner.as_ref());
    let mut left = vec![piece(" akbids", Meaning::Strong, 6)];
    if settings.demo {
        left.push(piece(" DEMO ", Meaning::Badge, 0));
    }
    left.push(piece(dseq.map_or(String::new(), |dseq| format!(" {dseq}")), Meaning::Strong, 0));
    left.push(piece(owner.map_or(String::new(), Address::short), Meaning::Plain, 5));
    for note in &settings.notes {
        left.push(piece(format!("({note})"), Meaning::Faint, 3));
    }
    let mut right = Vec::new();
    if let Some((rate, age)) = model.akt_rate() {
        let age = age.map_or(String::new(), |age| format!(" {} ago", duration(age)));
        right.push(piece(format!("1 AKT = ${} {}{age}", four_digits(rate.usd), rate.source), Meaning::Faint, 8));
    }
    if let Some(snapshot) = snapshot {
        let chain = &snapshot.chain;
        let block = chain.block_time;
        let basis = match block.source {
            BlockTimeSource::Measured => "",
            BlockTimeSource::Assumed => " assumed",
        };
        let host = chain.rest.as_ref().map_or(String::new(), |rest| host_of(rest).to_owned());
        right.push(piece(host, Meaning::Faint, 10));
        right.push(piece(format!("{:.2} s a block{basis}", block.seconds()), Meaning::Faint, 9));
        right.push(piece(chain.id.as_ref().map_or(String::new(), ToString::to_string), Meaning::Plain, 4));
        right.push(piece(chain.height.map_or(String::new(), |height| format!("#{height}")), Meaning::Plain, 7));
    }
    right.push(piece(freshness(model), meaning_of_freshness(model.freshness()), 0));
    left.retain(|piece| !piece.text.is_empty());
    right.retain(|piece| !piece.text.is_empty());
    // Both sides give way together, the least important first.
    while length(&left, 1) + length(&right, 2) + 3 > usize::from(area.width) {
        let Some(highest) = left.iter().chain(&right).map(|piece| piece.drop).max().filter(|drop| *drop > 0) else {
            break;
        };
        left.retain(|piece| piece.drop != highest);
        right.retain(|piece| piece.drop != highest);
    }
    let end = put(theme, buffer, area, area.x, &left, " ");
    let used = u16::try_from(length(&right, 2) + 1).unwrap_or(u16::MAX);
    put(theme, buffer, area, area.right().saturating_sub(used).max(end + 1), &right, "  ");
}

/// An endpoint without its scheme.
fn host_of(rest: &str) -> &str {
    rest.split_once("://").map_or(rest, |(_, host)| host).trim_end_matches('/')
}

/// What a tab says of its group.
fn tab_text(gseq: u32, group: Option<&GroupView>, picked: bool, short: bool) -> String {
    let text = group_text(gseq, group, short);
    if picked { format!("{text} ✓ picked") } else { text }
}

fn group_text(gseq: u32, group: Option<&GroupView>, short: bool) -> String {
    let Some(group) = group else { return format!("{gseq} unknown group") };
    let name = if group.name.is_empty() { gseq.to_string() } else { format!("{gseq} {}", group.name) };
    if let Some(lease) = &group.lease {
        let winner = group.winner_name.as_ref().map_or_else(|| lease.id.provider.short(), ToString::to_string);
        let price =
            group.lease_usd_hour.map_or_else(|| lease.price.to_string(), |usd| format!("${}/hr", four_digits(usd)));
        return if short { format!("{name}  leased {price}") } else { format!("{name}  leased: {winner} {price}") };
    }
    match (&group.state, &group.order_state) {
        (Some(GroupState::Paused), _) => return format!("{name}  paused"),
        (Some(GroupState::Open) | None, None | Some(OrderState::Open)) => {}
        (Some(GroupState::Open) | None, Some(order)) => return format!("{name}  order {order}"),
        (Some(state), _) => return format!("{name}  {}", state.as_str().replace('_', " ")),
    }
    match group.max_bids {
        Some(max) => format!("{name}  {}/{max} bids", group.open_bids),
        None => format!("{name}  {}", count(group.open_bids, "bid")),
    }
}

/// The groups, the one shown in reverse where there are several.
pub fn tabs(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) -> Vec<Rect> {
    let texts = |short: bool| -> Vec<String> {
        let picked = |gseq: u32| model.pick(gseq).is_some();
        model.groups().map(|(gseq, group)| format!(" {} ", tab_text(gseq, group, picked(gseq), short))).collect()
    };
    let long = texts(false);
    let fits = long.iter().map(|text| width(text) + 1).sum::<usize>() <= usize::from(area.width);
    let texts = if fits { long } else { texts(true) };
    // From the group shown on, if not all have room.
    let mut from = 0;
    let used = |from: usize| texts[from..=model.tab()].iter().map(|text| width(text) + 1).sum::<usize>();
    while from < model.tab() && used(from) > usize::from(area.width) {
        from += 1;
    }
    let mut areas = vec![Rect::default(); texts.len()];
    let mut x = area.x;
    for (at, text) in texts.iter().enumerate().skip(from) {
        let room = usize::from(area.right().saturating_sub(x));
        if room < 4 {
            break;
        }
        let meaning = match (at == model.tab(), texts.len()) {
            (true, 1) => Meaning::Plain,
            (true, _) => Meaning::Selected,
            (false, _) => Meaning::Faint,
        };
        let (end, _) = buffer.set_stringn(x, area.y, cut(text, room), room, theme.style(meaning));
        areas[at] = Rect { x, y: area.y, width: end - x, height: 1 };
        x = end.saturating_add(1);
    }
    areas
}

/// What the group asks for.
pub fn request(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let Some(group) = model.group() else { return };
    let mut text = String::from(" ");
    if group.request.is_empty() {
        text.push_str("what was asked for is not known");
    } else {
        text.push_str("asks ");
        text.push_str(&resources::summary(&group.request));
    }
    match (group.ceiling_usd_hour, &group.ceiling) {
        (Some(usd), _) => {
            let told = model.per().of_hourly(usd, model.block_time());
            let told = told.map_or("?".to_owned(), |usd| ceiling_dollars(usd, model.per()));
            let _ = write!(text, " · at most ${told}/{}", model.per().label());
        }
        (None, Some(ceiling)) => drop(write!(text, " · at most {ceiling} a block")),
        (None, None) => {}
    }
    for (key, value) in &group.requirements.attributes {
        let _ = write!(text, " · {key}={value}");
    }
    let signed = &group.requirements;
    let named = |auditors: &[Address], between: &str| {
        auditors.iter().map(|address| auditor(model, address)).collect::<Vec<_>>().join(between)
    };
    if !signed.all_of.is_empty() {
        let _ = write!(text, " · signed by {}", named(&signed.all_of, " and "));
    }
    if !signed.any_of.is_empty() {
        let _ = write!(text, " · signed by {}", named(&signed.any_of, " or "));
    }
    let text = cut(&text, usize::from(area.width));
    buffer.set_stringn(area.x, area.y, text, usize::from(area.width), theme.style(Meaning::Plain));
}

/// A ceiling in dollars: cents are fine enough above a dollar.
fn ceiling_dollars(usd: rust_decimal::Decimal, per: Per) -> String {
    let cents = (rust_decimal::Decimal::ONE..rust_decimal::Decimal::ONE_THOUSAND).contains(&usd) && per != Per::Block;
    if cents { format!("{:.2}", usd.round_dp(2)) } else { four_digits(usd) }
}

/// What is to be said of the row under the cursor that the table has no room for.
pub fn note(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let Some(row) = model.cursor() else { return };
    let (text, room) = (format!(" {}", sentence(model, row)), usize::from(area.width));
    buffer.set_stringn(area.x, area.y, cut(&text, room), room, theme.style(Meaning::Faint));
}

fn sentence(model: &Model, row: &Row) -> String {
    let mut parts: Vec<String> = Vec::new();
    if model.is_leaving(&row.bid.id) && !model.is_listed(&row.bid.id) {
        parts.push("the chain lists this bid no longer".to_owned());
    } else {
        parts.extend(row.blockers.iter().map(ToString::to_string));
    }
    let asked = model.group().map_or(&[][..], |group| &group.request);
    parts.extend(differences(row, asked).map(|(_, text)| text));
    if row.usd_hour.is_none() {
        parts.push(format!("the price is {} a block: no rate for it", row.bid.price));
    }
    if parts.is_empty() {
        let price = format!("{} a block", row.bid.price);
        let share = row.ceiling_ratio.map(|ratio| format!("{} of the ceiling", percent(ratio)));
        let host = row.provider.as_ref().and_then(|provider| provider.host.as_ref()).map(ToString::to_string);
        parts.extend([Some(price), share, host].into_iter().flatten());
        return parts.join(" · ");
    }
    parts.join("; ")
}

/// The line under the table. It carries what lasts and must be known: an error of the filter, a failing node,
/// warnings.
pub fn rule(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect, more: &str) {
    let faint = theme.style(Meaning::Faint);
    let max = usize::from(area.width);
    buffer.set_stringn(area.x, area.y, "─".repeat(max), max, faint);
    if let Some((text, meaning)) = notice(model) {
        let text = format!(" {text} ");
        buffer.set_stringn(area.x + 2, area.y, cut(&text, max.saturating_sub(4)), max, theme.style(meaning));
    } else if !more.is_empty() && width(more) + 4 < max {
        let x = area.right().saturating_sub(u16::try_from(width(more)).unwrap_or(0) + 4);
        buffer.set_stringn(x, area.y, format!(" {more} "), max, faint);
    }
}

/// What lasts and must be known.
pub fn notice(model: &Model) -> Option<(String, Meaning)> {
    if let Mode::Filter { error: Some(error) } = model.mode() {
        return Some((format!("! {error}"), Meaning::Warn));
    }
    if let Some(status) = model.accept().status()
        && !matches!(model.mode(), Mode::Accept { .. })
    {
        return Some((status, Meaning::Strong));
    }
    if let (Some(trouble), Some(_)) = (model.trouble(), model.snapshot()) {
        return Some((format!("✗ {trouble}"), Meaning::Bad));
    }
    if let Some(going) = completing(model) {
        return Some((going, Meaning::Plain));
    }
    let warnings = &model.snapshot()?.warnings;
    match &**warnings {
        [] => ailing(model).map(|text| (text, Meaning::Strong)),
        [only] => Some((format!("! {}", only.text), Meaning::Warn)),
        [first, rest @ ..] => Some((format!("! {} (and {} more: press !)", first.text, rest.len()), Meaning::Warn)),
    }
}

/// What the doctor is offered for, where rows are shown.
fn ailing(model: &Model) -> Option<String> {
    model.cursor()?;
    match model.ails()? {
        Verdict::NoneFits { takeable } => Some(format!("{}, none fits: D says why", count(takeable, "bid"))),
        _ => Some("no bid can be taken: D says why".to_owned()),
    }
}

/// The options that are gone through, from the one that stands in the line on.
fn completing(model: &Model) -> Option<String> {
    let going = model.completing()?;
    let at = going.at()?;
    let options = going.options();
    let around = options[at..].iter().chain(&options[..at]);
    let told: Vec<&str> = around.take(8).map(String::as_str).collect();
    Some(format!("{} of {}: {}", at + 1, options.len(), told.join("  ")))
}

fn has_command(model: &Model) -> bool {
    let found = model.group().and_then(|group| model.survey().diagnosis(group.gseq));
    found.is_some_and(|found| found.causes.iter().any(|cause| !cause.commands.is_empty()))
}

/// Whether the line of the picks says something: where there are several groups and one is picked.
pub fn has_picks(model: &Model) -> bool {
    model.groups().count() > 1 && model.groups().any(|(gseq, _)| model.pick(gseq).is_some())
}

/// The picks: group by group, in all, and which groups lack one.
pub fn picks(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let per = model.per();
    let told = |usd: Option<Decimal>| {
        let usd = usd.and_then(|usd| per.of_hourly(usd, model.block_time()));
        usd.map_or("?".to_owned(), |usd| format!("${}", four_digits(usd)))
    };
    let rows: Vec<&Row> = model.picked().collect();
    let sum = rows.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.usd_hour?));
    let mut pieces = vec![piece("picks", Meaning::Strong, 0)];
    for row in &rows {
        let text = format!("{} {}", group_name(model, row.bid.id.gseq), told(row.usd_hour));
        pieces.push(piece(text, Meaning::Plain, 3));
    }
    if rows.len() > 1 {
        pieces.push(piece(format!("in all {}/{}", told(sum), per.label()), Meaning::Strong, 0));
    }
    if per != Per::Month {
        let month = sum.and_then(|sum| Per::Month.of_hourly(sum, model.block_time()));
        let month = month.map_or("?".to_owned(), |usd| format!("${}", four_digits(usd)));
        pieces.push(piece(format!("{month}/month"), Meaning::Plain, 2));
    }
    let mut native: Vec<Amount> = Vec::new();
    let mut known = true;
    for row in &rows {
        let price = &row.bid.price;
        match native.iter_mut().find(|sum| sum.denom == price.denom) {
            Some(sum) => match sum.plus(price) {
                Some(more) => *sum = more,
                None => known = false,
            },
            None => native.push(price.clone()),
        }
    }
    let coins: Vec<String> = native.iter().map(ToString::to_string).collect();
    let coins = if known { coins.join(" + ") } else { "?".to_owned() };
    pieces.push(piece(format!("{coins} a block"), Meaning::Plain, 4));
    let open =
        model.groups().filter(|(gseq, group)| model.pick(*gseq).is_none() && group.is_some_and(GroupView::takes_bids));
    let open: Vec<String> = open.map(|(gseq, _)| group_name(model, gseq)).collect();
    if open.is_empty() {
        pieces.push(piece("a accepts them", Meaning::Faint, 5));
    } else {
        pieces.push(piece(format!("without a pick: {}", open.join(", ")), Meaning::Warn, 1));
    }
    while length(&pieces, 3) + 2 > usize::from(area.width) {
        let Some(highest) = pieces.iter().map(|piece| piece.drop).max().filter(|drop| *drop > 0) else { break };
        pieces.retain(|piece| piece.drop != highest);
    }
    put(theme, buffer, area, area.x + 1, &pieces, " · ");
}

fn group_name(model: &Model, gseq: u32) -> String {
    let name = model.groups().find(|(n, _)| *n == gseq).and_then(|(_, group)| Some(group?.name.to_string()));
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{gseq} {name}"),
        None => gseq.to_string(),
    }
}

/// How much the line of counts says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// Every clause with what it removed and what it could not judge.
    Long,
    /// Every clause with what it hides.
    Clauses,
    /// The filter as a whole.
    Short,
}

/// What is shown and what is not, and why. `visible` are the places of the rows on the screen.
pub fn counts(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect, visible: Range<usize>) {
    let room = usize::from(area.width.saturating_sub(2));
    let mut pieces = counted(model, visible.clone(), Counts::Long);
    for how in [Counts::Long, Counts::Clauses, Counts::Short] {
        pieces = counted(model, visible.clone(), how);
        if length(&pieces, 3) > room {
            pieces.retain(|piece| piece.drop == 0);
        }
        if length(&pieces, 3) <= room {
            break;
        }
    }
    put(theme, buffer, area, area.x + 1, &pieces, " · ");
}

fn counted(model: &Model, visible: Range<usize>, how: Counts) -> Vec<Piece> {
    let Some(view) = model.view() else { return Vec::new() };
    let faint = |text: String, drop: u8| piece(text, Meaning::Faint, drop);
    let (shown, total, hidden) = (view.rows.len(), view.total, &view.hidden);
    let first = match how {
        _ if total == 0 => "no bids".to_owned(),
        Counts::Short => format!("{shown}/{total}"),
        _ => format!("{shown} of {total} shown"),
    };
    let mut pieces = vec![piece(first, Meaning::Plain, 0)];
    if how == Counts::Short {
        pieces.extend((hidden.filtered > 0).then(|| faint(format!("filter −{}", hidden.filtered), 0)));
    }
    for clause in hidden.clauses.iter().filter(|_| how != Counts::Short) {
        let (removed, unknown) = match how {
            Counts::Long => (clause.removed, clause.unknown),
            _ => (clause.removed + clause.unknown, 0),
        };
        let mut text = clause.clause.clone();
        if removed > 0 || unknown == 0 {
            let _ = write!(text, " −{removed}");
        }
        if unknown > 0 {
            let _ = write!(text, " −{unknown} unknown");
        }
        pieces.push(faint(text, 0));
    }
    if hidden.withdrawn > 0 {
        pieces.push(faint(format!("{} withdrawn", hidden.withdrawn), 0));
    }
    if hidden.older > 0 {
        let word = if how == Counts::Short { "older" } else { "of earlier orders" };
        pieces.push(faint(format!("{} {word}", hidden.older), 0));
    }
    if hidden.blocked > 0 {
        pieces.push(faint(format!("{} blocked", hidden.blocked), 0));
    }
    let unreadable = model.snapshot().map_or(0, |snapshot| snapshot.unreadable.len());
    if unreadable > 0 {
        pieces.push(piece(format!("{unreadable} unreadable"), Meaning::Warn, 0));
    }
    let inferred = |row: &Row| {
        let not_stated = |source| matches!(source, VramSource::Inferred | VramSource::Declared);
        row.gpus.kinds().iter().any(|gpu| gpu.vram.is_some() && not_stated(gpu.vram_source))
    };
    if visible.filter_map(|place| model.row(place)).any(inferred) {
        pieces.push(faint("≈ memory from the model".to_owned(), 1));
    }
    pieces
}

/// The last line: the filter while it is typed, a message while it passes, else the keys. Where the cursor of
/// the terminal belongs, if anything is typed.
pub fn footer(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let room = usize::from(area.width);
    if let Mode::Filter { .. } = model.mode() {
        return Some(typing(model, theme, buffer, area));
    }
    if let Some(toast) = model.toast() {
        buffer.set_stringn(area.x, area.y, cut(&format!(" {toast}"), room), room, theme.style(Meaning::Strong));
        return None;
    }
    // Keys for which there is nothing are left out.
    let (groups, rows) = (model.groups().count(), model.view().map_or(0, |view| view.total));
    let may_accept = matches!(model.settings().accepting, Accepting::On(_));
    let useful = |label: &str| match (model.context(), label) {
        (Context::Accept, "accept") | (Context::Passphrase, "sign and send") => model.input().is_some(),
        (Context::Watch, "copy") => model.accept().course().and_then(Course::to_copy).is_some(),
        (_, "accept") => may_accept && model.cursor().is_some() || model.accept().status().is_some(),
        (_, "pick") => may_accept && model.cursor().is_some(),
        (_, "group") => groups > 1,
        (_, "filter") => rows > 0,
        (Context::Compare, "move") => model.extent().beside < model.marked().len(),
        (Context::Doctor, "copy") => has_command(model),
        (Context::Doctor, "doctor") | (Context::Compare, "compare") => false,
        (_, "compare") => model.has_marks(),
        (_, "doctor") => model.snapshot().is_some(),
        (_, "blocked") => model.shows_blocked() || model.view().is_some_and(|view| view.hidden.blocked > 0),
        (_, "sort" | "mark" | "favour, block" | "columns" | "detail" | "unit" | "reverse" | "copy") => {
            model.cursor().is_some()
        }
        _ => true,
    };
    let keys: Vec<(String, &str)> = keymap::footer(model.context()).filter(|(_, label)| useful(label)).collect();
    // The way out is never cut: the rest gives way to it from the end.
    let last = keys.iter().position(|(_, label)| matches!(*label, "quit" | "close" | "clear" | "leave it" | "drop"));
    let wide = |(keys, label): &(String, &str)| width(keys) + 1 + width(label) + 2;
    let mut left = room.saturating_sub(1 + last.map_or(0, |at| wide(&keys[at])));
    let mut x = area.x + 1;
    let mut full = false;
    for (at, entry) in keys.iter().enumerate() {
        if Some(at) != last {
            full = full || wide(entry) > left;
            if full {
                continue;
            }
            left -= wide(entry);
        }
        let (keys, label) = entry;
        for (text, meaning) in [(keys.as_str(), Meaning::Key), (" ", Meaning::Plain), (*label, Meaning::Faint)] {
            let room = usize::from(area.right().saturating_sub(x));
            (x, _) = buffer.set_stringn(x, area.y, text, room, theme.style(meaning));
        }
        x = x.saturating_add(2);
    }
    None
}

/// The filter line: its end stays in sight, and the cursor.
fn typing(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) -> Position {
    let room = usize::from(area.width.saturating_sub(4));
    let line = model.line();
    let before: String = line.as_str().chars().take(line.cursor()).collect();
    let mut skip = 0;
    while width(&before.chars().skip(skip).collect::<String>()) > room {
        skip += 1;
    }
    let (x, _) = buffer.set_stringn(area.x, area.y, " / ", usize::from(area.width), theme.style(Meaning::Key));
    let seen: String = line.as_str().chars().skip(skip).collect();
    let plain = theme.style(Meaning::Plain);
    let (end, _) = buffer.set_stringn(x, area.y, &seen, usize::from(area.right().saturating_sub(x)), plain);
    if line.as_str().is_empty() {
        let hint = "usd<2 vram>=40 gpu=a100|h100 region=us* !word";
        let room = usize::from(area.right().saturating_sub(x + 1));
        buffer.set_stringn(x + 1, area.y, cut(hint, room), room, theme.style(Meaning::Faint));
    } else {
        let keys: Vec<String> =
            keymap::footer(model.context()).map(|(keys, label)| format!("{keys} {label}")).collect();
        let keys = keys.join("  ");
        let start = area.right().saturating_sub(u16::try_from(width(&keys) + 1).unwrap_or(u16::MAX));
        if start > end + 2 {
            buffer.set_stringn(start, area.y, &keys, width(&keys), theme.style(Meaning::Faint));
        }
    }
    let cursor = x.saturating_add(u16::try_from(width(&before.chars().skip(skip).collect::<String>())).unwrap_or(0));
    Position::new(cursor.min(area.right().saturating_sub(1)), area.y)
}
