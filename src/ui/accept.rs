//! The accept dialog, the watch that it becomes, and the question before leaving one.
//!
//! ```text
//! ┌ Accept this lease ───────────────────────────────────────────┐
//! │ what it costs                                  what one gets │
//! │ the provider: in its own words, and its address              │
//! │                                                              │
//! │ its place among the others, the escrow, the fee, what then   │
//! │ ! what is worth knowing                                      │
//! │                                                              │
//! │ what is to be typed:  ▏             or ✗ what stops it       │
//! └──────────────────────────────────────────────────────────────┘
//! ```
//!
//! All of it stands on one screen of 80x24. On a smaller one it scrolls, and nothing can be typed before its end is read.

use super::dialog;
use super::map::Map;
use super::theme::{Meaning, Theme, mark};
use super::words::{coins, cut, duration, ordinal, width, wrap};
use crate::app::{Course, Dialog, Face, Line as Typed, Model, Stage};
use crate::domain::appraise::Blocker;
use crate::domain::diff::Fit;
use crate::domain::money::{Amount, Denom, MONTH_HOURS, four_digits};
use crate::domain::outcome::{Outcome, Word};
use crate::domain::quote::{Caution, Obstacle, Pick, Place, Quote, last_four};
use crate::domain::text::quoted;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use rust_decimal::Decimal;

/// Columns of text where there is room.
const WIDE: u16 = 96;
/// Steps of a watch that are shown at once.
const STEPS: usize = 6;
/// What stands for a passphrase, however long it is.
const MASK: &str = "●●●●●●●●";

/// Lines being written, in a width.
struct Page {
    theme: Theme,
    room: usize,
    /// Without empty lines: there is little room.
    dense: bool,
    lines: Vec<Line<'static>>,
    /// Line and column of the cursor, where something is typed.
    cursor: Option<(usize, usize)>,
}

impl Page {
    fn gap(&mut self) {
        if !self.dense && self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    fn text(&mut self, text: &str, meaning: Meaning) {
        let style = self.theme.style(meaning);
        self.lines.extend(wrap(text, self.room).into_iter().map(|line| Line::styled(line, style)));
    }

    /// A sentence behind a mark, wrapped beside it.
    fn marked(&mut self, mark: &str, text: &str, meaning: Meaning) {
        let style = self.theme.style(meaning);
        for (n, part) in wrap(text, self.room.saturating_sub(2)).into_iter().enumerate() {
            let mark = if n == 0 { mark } else { " " };
            self.lines.push(Line::styled(format!("{mark} {part}"), style));
        }
    }

    /// What is worth knowing; what is loud stands out without colours too.
    fn caution(&mut self, text: &str, loud: bool) {
        // One long story must not push the others off the screen.
        let most = self.room.saturating_sub(2).saturating_mul(2);
        let text = if self.dense { cut(text, most) } else { text.into() };
        self.marked("!", &text, if loud { Meaning::Badge } else { Meaning::Warn });
    }

    /// Two pieces at the ends of a line, or below each other.
    fn ends(&mut self, left: &str, right: &str) {
        let strong = self.theme.style(Meaning::Strong);
        if width(left) + 2 + width(right) > self.room {
            self.text(left, Meaning::Strong);
            self.text(right, Meaning::Plain);
            return;
        }
        let blanks = " ".repeat(self.room - width(left) - width(right));
        self.lines.push(Line::from(vec![
            Span::styled(left.to_owned(), strong),
            Span::raw(blanks),
            Span::raw(right.to_owned()),
        ]));
    }

    /// A prompt and what is typed behind it, or below it; the end that is typed at stays in sight.
    fn input(&mut self, prompt: &str, wanted: usize, typed: &str, at: usize) {
        let mut lines = wrap(prompt, self.room);
        let before = match lines.pop() {
            Some(last) if width(&last) + 2 + wanted < self.room => format!("{last}  "),
            Some(last) => {
                lines.push(last);
                "> ".to_owned()
            }
            None => "> ".to_owned(),
        };
        let plain = self.theme.style(Meaning::Plain);
        self.lines.extend(lines.into_iter().map(|line| Line::styled(line, plain)));
        let room = self.room.saturating_sub(width(&before) + 1);
        let head: String = typed.chars().take(at).collect();
        let mut skip = 0;
        while width(&head.chars().skip(skip).collect::<String>()) > room {
            skip += 1;
        }
        let column = width(&before) + width(&head.chars().skip(skip).collect::<String>());
        self.cursor = Some((self.lines.len(), column));
        let seen: String = typed.chars().skip(skip).collect();
        let style = self.theme.style(Meaning::Strong);
        self.lines.push(Line::from(vec![Span::styled(before, plain), Span::styled(seen, style)]));
    }
}

/// Draws the box of the accept over `area`, and says where the cursor of the terminal belongs.
pub fn draw(
    model: &Model,
    scroll: usize,
    theme: Theme,
    buffer: &mut Buffer,
    area: Rect,
    map: &mut Map,
) -> Option<Position> {
    let face = model.accept().face()?;
    let room = dialog::text_width(area, WIDE);
    let page = |dense: bool| {
        let mut page = Page { theme, room, dense, lines: Vec::new(), cursor: None };
        match &face {
            Face::Refused(why) => page.text(why, Meaning::Plain),
            Face::Dialog(dialog) => confirm(model, dialog, &mut page),
            Face::Course(course) => watch(model, course, &mut page),
        }
        page
    };
    let airy = page(false);
    let page = if airy.lines.len() + 2 > usize::from(area.height) { page(true) } else { airy };
    let (frame, extent) = dialog::draw(theme, buffer, area, &title(&face), &page.lines, scroll, WIDE);
    map.overlay = Some(frame);
    map.extent.overlay = extent;
    let (line, column) = page.cursor?;
    // What is below the edge is not drawn, and does not count.
    let line = line.checked_sub(scroll.min(extent.max)).filter(|line| *line < extent.page)?;
    map.extent.input = model.input();
    let x = frame.x + 2 + u16::try_from(column).unwrap_or(0);
    Some(Position::new(x.min(frame.right().saturating_sub(2)), frame.y + 1 + u16::try_from(line).unwrap_or(0)))
}

/// Draws the question before leaving while an accept is on its way.
pub fn leave(theme: Theme, buffer: &mut Buffer, area: Rect, map: &mut Map) {
    let room = dialog::text_width(area, 60);
    let mut page = Page { theme, room, dense: false, lines: Vec::new(), cursor: None };
    page.text("An accept is on its way, and leaving does not stop it.", Meaning::Strong);
    page.text("akbids journal --resume finds out what became of it.", Meaning::Plain);
    page.gap();
    page.text("Quit? y/n", Meaning::Strong);
    let (frame, extent) = dialog::draw(theme, buffer, area, "quit", &page.lines, 0, 60);
    map.overlay = Some(frame);
    map.extent.overlay = extent;
}

fn title(face: &Face<'_>) -> String {
    match face {
        Face::Refused(_) => "not accepted".to_owned(),
        Face::Dialog(dialog) => match dialog.quote().picks.len() {
            1 => "Accept this lease".to_owned(),
            n => format!("Accept these {n} leases in one transaction"),
        },
        Face::Course(course) => match course.outcome() {
            None => "accepting".to_owned(),
            Some(outcome) => outcome.word.as_str().replace('_', " "),
        },
    }
}

/// `$0.7353/hr  $537.2/month  1213.285682 uact a block`
fn price(usd_hour: Option<Decimal>, prices: &[Amount]) -> String {
    let usd = |usd: Option<Decimal>| usd.map_or("?".to_owned(), |usd| format!("${}", four_digits(usd)));
    let month = usd_hour.and_then(|usd| usd.checked_mul(MONTH_HOURS));
    let native: Vec<String> = prices.iter().map(ToString::to_string).collect();
    let native = if native.is_empty() { "?".to_owned() } else { native.join(" + ") };
    format!("{}/hr  {}/month  {native} a block", usd(usd_hour), usd(month))
}

/// What one gets: `2× A100 80 GiB  ✓ exact`.
fn offer(pick: &Pick) -> String {
    let fit = pick.fit.unwrap_or(Fit::Unclear);
    format!("{}  {} {fit}", pick.gpu_text, mark(fit))
}

/// The provider in its own words, and its address with the end that is to be typed.
fn provider(pick: &Pick, indented: bool, page: &mut Page) {
    let name = pick.provider_name.as_ref().map_or("no name given".to_owned(), |name| quoted(name));
    let host = pick.host.as_ref().map_or("host ?".to_owned(), ToString::to_string);
    let words = format!("{name}   {host}");
    let indent = if indented { "  " } else { "" };
    if indented {
        page.marked(" ", &words, Meaning::Faint);
    } else {
        page.text(&words, Meaning::Faint);
    }
    let address = pick.id.provider.as_str();
    let tail = last_four(&pick.id.provider);
    let head = address.strip_suffix(&tail).unwrap_or(address);
    if width(address) + width(indent) > page.room {
        page.text(address, Meaning::Strong);
        return;
    }
    page.lines.push(Line::from(vec![
        Span::raw(format!("{indent}{head}")),
        Span::styled(tail, page.theme.style(Meaning::Badge)),
    ]));
}

/// What is accepted, as it was frozen.
fn bids(quote: &Quote, page: &mut Page) {
    if let [pick] = &quote.picks[..] {
        page.ends(&price(pick.usd_hour, std::slice::from_ref(&pick.price)), &offer(pick));
        provider(pick, false, page);
        return;
    }
    let total = price(quote.usd_hour(), &quote.prices().unwrap_or_default());
    page.text(&format!("total {total}"), Meaning::Strong);
    for pick in &quote.picks {
        let usd = pick.usd_hour.map_or("?".to_owned(), |usd| format!("${}", four_digits(usd)));
        let name = if pick.group.is_empty() { String::new() } else { format!(" {}", pick.group) };
        page.ends(&format!("{}{name}  {usd}/hr  {} a block", pick.id.gseq, pick.price), &offer(pick));
        provider(pick, true, page);
    }
}

/// `3rd cheapest of 9 that fit, +$0.21/hr over "Foundry Staking".`
fn place(pick: &Pick, place: &Place) -> String {
    let fit = if pick.fit.is_some_and(Fit::met) { "that fit" } else { "that fit as well or better" };
    let other = place.other.as_ref();
    match (place.rank, other, pick.usd_hour) {
        _ if place.of <= 1 => format!("The only one of those {fit}."),
        (Some(1), Some((usd, _)), _) => {
            format!("Cheapest of {} {fit}; the next costs ${}/hr.", place.of, four_digits(*usd))
        }
        (Some(rank), Some((usd, name)), Some(mine)) => {
            let more = mine.checked_sub(*usd).map_or("?".to_owned(), four_digits);
            format!("{} cheapest of {} {fit}, +${more}/hr over {}.", ordinal(rank), place.of, quoted(name))
        }
        (Some(rank), ..) => format!("{} cheapest of {} {fit}.", ordinal(rank), place.of),
        (None, ..) => format!("One of {} {fit}; its dollars are not known.", place.of),
    }
}

/// The dialog before it is handed over.
fn confirm(model: &Model, dialog: &Dialog, page: &mut Page) {
    let quote = dialog.quote();
    bids(quote, page);
    page.gap();
    let cautions = dialog.cautions();
    let obstacles = model.obstacles();
    // What it would be like says nothing of what cannot be had.
    if dialog.obstacles().is_empty() {
        circumstances(dialog, cautions, page);
    }
    worth_knowing(quote, cautions, page);
    page.gap();
    if !obstacles.is_empty() {
        page.text("It cannot be accepted:", Meaning::Strong);
        for obstacle in &obstacles {
            page.marked("✗", obstacle, Meaning::Bad);
        }
        later(dialog, page);
        return;
    }
    match dialog.stage() {
        Stage::Reading { held_up, .. } => {
            let why = held_up.as_ref().map_or("Reading it again …".to_owned(), |why| format!("Waiting: {why}"));
            page.text(&why, Meaning::Strong);
        }
        Stage::Phrase(line) => phrase(quote, line, page),
        Stage::Passphrase { of, typed } => {
            let mask = if typed.is_empty() { "" } else { MASK };
            let prompt = format!("Confirmed. Passphrase of {of}:");
            page.input(&prompt, width(MASK), mask, mask.chars().count());
        }
        Stage::Opening { unlocked: false, .. } => page.text("Confirmed. Opening the key …", Meaning::Strong),
        Stage::Opening { unlocked: true, .. } => page.text("Confirmed. Signing …", Meaning::Strong),
        Stage::Stopped => {}
    }
    if let Some(said) = dialog.said() {
        page.marked("!", said, Meaning::Warn);
    }
}

/// What to do about an order that is gone.
fn later(dialog: &Dialog, page: &mut Page) {
    let gone = |obstacle: &Obstacle| {
        matches!(obstacle, Obstacle::Changed(_))
            || matches!(obstacle, Obstacle::NotTakeable { blocker: Blocker::BidNotOpen(_), .. })
    };
    if dialog.obstacles().iter().any(gone) {
        page.text("Nothing was sent. Esc, and choose anew.", Meaning::Plain);
    } else {
        page.text("Nothing was sent.", Meaning::Plain);
    }
}

/// Its place, the escrow, who signs at what fee, what comes then.
fn circumstances(dialog: &Dialog, cautions: &[Caution], page: &mut Page) {
    let quote = dialog.quote();
    for pick in &quote.picks {
        let which = if quote.picks.len() > 1 { format!("{}: ", pick.id.gseq) } else { String::new() };
        let text = format!("{which}{}", place(pick, &pick.place));
        // Said here instead of in a line of its own.
        let dearer =
            |caution: &Caution| matches!(caution, Caution::Dearer { provider, .. } if *provider == pick.id.provider);
        match cautions.iter().find(|caution| dearer(caution)) {
            Some(caution) => page.caution(&text, caution.loud()),
            None => page.text(&text, Meaning::Plain),
        }
    }
    let facts = dialog.ready().map(|ready| &ready.facts);
    let read = facts.map_or(quote, |facts| &facts.reread);
    let left = read.escrow_left.as_ref().map_or("?".to_owned(), coins);
    let runway = read.runway_s.map_or("?".to_owned(), |s| duration(u64::try_from(s).unwrap_or(0)));
    let escrow = format!("Escrow of {}: {left} left, lasts {runway}", quote.dseq);
    match cautions.iter().find(|caution| matches!(caution, Caution::Runway { .. })) {
        Some(caution) => {
            let why = if caution.loud() { "LESS THAN AN HOUR" } else { "less than a day" };
            page.caution(&format!("{escrow}: {why}."), caution.loud());
        }
        None => page.text(&format!("{escrow}."), Meaning::Plain),
    }
    let Some(facts) = facts else { return };
    let fee = exact_coins(&facts.fee.amount);
    let payer =
        if facts.fee.payer == quote.owner { String::new() } else { format!(", paid by {}", facts.fee.payer.short()) };
    let seconds = quote.block_time.millis_of(facts.timeout_blocks) / 1000;
    let until = duration(u64::try_from(seconds).unwrap_or(0));
    page.text(&format!("From {}, fee {fee}{payer}. Can go through for {until}.", facts.signer), Meaning::Plain);
    if page.dense {
        let text = "Have your SDL ready: 5 minutes for the manifest. Undo: close the lease.";
        page.text(text, Meaning::Plain);
    } else {
        page.text("Have your SDL ready: the provider waits about 5 minutes for the manifest.", Meaning::Plain);
        page.text("Undo: close the lease; what has run is paid.", Meaning::Plain);
    }
}

/// An amount in whole coins, none of its digits cut.
fn exact_coins(amount: &Amount) -> String {
    match (&amount.denom, amount.value.checked_mul(Decimal::new(1, 6))) {
        (Denom::Uakt, Some(whole)) => format!("{} AKT", whole.normalize()),
        _ => amount.to_string(),
    }
}

/// The warnings that are not said elsewhere, several of a kind in one line.
fn worth_knowing(quote: &Quote, cautions: &[Caution], page: &mut Page) {
    let several = quote.picks.len() > 1;
    let mut told: Vec<&str> = Vec::new();
    for caution in cautions {
        let provider = match caution {
            Caution::Dearer { .. } | Caution::Runway { .. } => continue,
            Caution::Fit { provider, .. } => {
                let who = if several { format!("{}: ", last_four(provider)) } else { String::new() };
                page.caution(&format!("{who}{caution}"), caution.loud());
                continue;
            }
            Caution::Unwitnessed { .. } => None,
            Caution::DollarsUnknown { provider, .. }
            | Caution::NoReclamation { provider }
            | Caution::NotSigned { provider, .. } => Some(provider),
        };
        if told.contains(&caution.code()) {
            continue;
        }
        told.push(caution.code());
        let alike: Vec<&Caution> = cautions.iter().filter(|other| other.code() == caution.code()).collect();
        let text = match caution {
            Caution::NotSigned { .. } if alike.len() > 1 => not_signed(&alike),
            _ => caution.to_string(),
        };
        let mut fours: Vec<String> = alike.iter().filter_map(|other| about(other)).collect();
        fours.dedup();
        let who = if several && provider.is_some() { format!("{}: ", fours.join(", ")) } else { String::new() };
        page.caution(&format!("{who}{text}"), alike.iter().any(|other| other.loud()));
    }
}

/// By which four characters a person knows whom a warning is about.
fn about(caution: &Caution) -> Option<String> {
    match caution {
        Caution::Fit { provider, .. }
        | Caution::Dearer { provider, .. }
        | Caution::DollarsUnknown { provider, .. }
        | Caution::NoReclamation { provider }
        | Caution::NotSigned { provider, .. } => Some(last_four(provider)),
        Caution::Runway { .. } | Caution::Unwitnessed { .. } => None,
    }
}

fn not_signed(alike: &[&Caution]) -> String {
    let mut auditors: Vec<String> = Vec::new();
    for caution in alike {
        if let Caution::NotSigned { auditor, .. } = caution
            && !auditors.contains(&auditor.short())
        {
            auditors.push(auditor.short());
        }
    }
    match &auditors[..] {
        [only] => format!("{only} has signed nothing of these providers"),
        all => format!("{} auditors that were asked for have signed nothing of it", all.len()),
    }
}

/// What is to be typed, and what is.
fn phrase(quote: &Quote, line: &Typed, page: &mut Page) {
    let wanted = quote.phrase();
    let words: Vec<&str> = wanted.split(' ').collect();
    let extra = &words[..words.len().saturating_sub(quote.picks.len())];
    let mut parts: Vec<String> = extra.iter().map(|word| format!("\"{word}\"")).collect();
    parts.push(if quote.picks.len() > 1 {
        "the last four of each address, in this order".to_owned()
    } else {
        "the last four of the address".to_owned()
    });
    for (gseq, name) in &quote.left_out {
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        page.caution(&format!("group {gseq}{name} is open and gets no lease by this"), false);
    }
    let prompt = format!("Type {}, then Enter:", parts.join(" and "));
    page.input(&prompt, wanted.chars().count() + 1, line.as_str(), line.cursor());
}

/// The watch: one line a step, the last one the truth; then how it ended, and what is next.
fn watch(model: &Model, course: &Course, page: &mut Page) {
    match course.quote() {
        Some(quote) => bids(quote, page),
        None => page.text("An accept of an earlier run of akbids.", Meaning::Plain),
    }
    page.gap();
    // Of steps that go on counting (`waiting, block 7 of 9`) the latest is enough.
    let mut steps: Vec<&str> = Vec::new();
    for step in course.steps() {
        let head = |text: &str| text.split(|c: char| c == ',' || c.is_ascii_digit()).next().map(str::to_owned);
        if steps.last().is_some_and(|last| head(last) == head(&step.text)) {
            steps.pop();
        }
        steps.push(&step.text);
    }
    let shown = if page.dense { STEPS / 2 } else { STEPS };
    let from = steps.len().saturating_sub(shown);
    for (n, step) in steps.iter().enumerate().skip(from) {
        let last = n + 1 == steps.len() && course.outcome().is_none();
        page.text(step, if last { Meaning::Strong } else { Meaning::Faint });
    }
    match course.outcome() {
        Some(outcome) => end(model, course, outcome, page),
        None if course.on_its_way() => {
            page.gap();
            page.text("It is safe to close this, and to quit: akbids journal --resume goes on.", Meaning::Plain);
        }
        None => {}
    }
}

fn end(model: &Model, course: &Course, outcome: &Outcome, page: &mut Page) {
    let (sign, meaning) = match outcome.word {
        Word::Leased | Word::AlreadyYours => ("✓", Meaning::Good),
        // To be said loudly.
        Word::LeasedNotAsQuoted => ("!", Meaning::Badge),
        Word::Unknown => ("?", Meaning::Warn),
        _ => ("✗", Meaning::Bad),
    };
    page.marked(sign, &outcome.text, meaning);
    for made in &outcome.leases {
        let usd = course.quote().and_then(|quote| {
            let pick = quote.picks.iter().find(|pick| pick.id == made.id)?;
            pick.usd_hour.filter(|_| pick.price == made.price)
        });
        let usd = usd.map_or(String::new(), |usd| format!(", ${}/hr", four_digits(usd)));
        let text = format!("group {} to {}: {} a block{usd}", made.id.gseq, made.id.provider.short(), made.price);
        page.marked(" ", &text, Meaning::Plain);
    }
    if let Some(height) = outcome.height.filter(|height| !outcome.text.contains(&height.to_string())) {
        page.marked(" ", &format!("block {height}"), Meaning::Plain);
    }
    if let Some(hash) = course.hash() {
        page.marked(" ", &format!("tx {hash}"), Meaning::Faint);
    }
    let Some(next) = &outcome.next else { return };
    page.gap();
    match model.manifest_left_s() {
        Some(left) if left > 0 => {
            page.text(&format!("Next, within {} (y copies it):", duration(left)), Meaning::Strong);
        }
        _ => page.text("Next, though the provider may have stopped waiting (y copies it):", Meaning::Strong),
    }
    for command in &next.commands {
        page.text(command, Meaning::Plain);
    }
}
