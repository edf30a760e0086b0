//! Durations, coins and text cut to a width, as people read them.

use crate::domain::appraise::Row;
use crate::domain::diff::{Difference, Fit};
use crate::domain::money::{Amount, Denom};
use crate::domain::resources::Unit;
use crate::domain::text::REMOVED;
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use rust_decimal::{Decimal, RoundingStrategy};
use std::borrow::Cow;
use std::cmp::Reverse;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes on the screen.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text in at most `max` columns; what is left out shows as `…`.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let more = c.width().unwrap_or(0);
        if used + more + 1 > max {
            break;
        }
        out.push(c);
        used += more;
    }
    let mut out = out.trim_end().to_owned();
    if max > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Whether a character fills one cell whatever stands beside it.
fn alone(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '–' | '…' | '−' | '≈' | '●' | '▲' | '▼' | '✓' | '✗' | '★' | REMOVED)
}

/// Writes at most `max` columns. Nearly all text is letters that fill a cell each, for which there is a shorter way
/// than to look for clusters of characters.
pub fn write(buffer: &mut Buffer, x: u16, y: u16, text: &str, max: usize, style: Style) {
    if !text.chars().all(alone) {
        buffer.set_stringn(x, y, text, max, style);
        return;
    }
    let end = buffer.area.right();
    for (x, c) in (x..end).zip(text.chars().take(max)) {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_char(c).set_style(style);
        }
    }
}

/// The text in lines of at most `max` columns, broken at blanks, inside a word only where the word is longer.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let max = max.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let blank = usize::from(!line.is_empty());
        if width(&line) + blank + width(word) <= max {
            if blank == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if width(&line) + c.width().unwrap_or(0) > max && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// Seconds in at most two units: `41s`, `3m 12s`, `6h 48m`, `12d 4h`.
pub fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {:02}s", seconds % 60),
        3600..172_800 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// An amount in whole coins where the coin is known: `5.00 ACT`, cut to cents, never rounded up; else as the
/// chain has it.
pub fn coins(amount: &Amount) -> String {
    let name = match amount.denom {
        Denom::Uact => "ACT",
        Denom::Uakt => "AKT",
        Denom::UsdcMainnet | Denom::UsdcSandbox => "USDC",
        Denom::Other(_) => return amount.to_string(),
    };
    match amount.value.checked_mul(Decimal::new(1, 6)) {
        Some(whole) => format!("{:.2} {name}", whole.round_dp_with_strategy(2, RoundingStrategy::ToNegativeInfinity)),
        None => amount.to_string(),
    }
}

/// A share in per cent with one decimal; what is more than nothing is not shown as 0.
pub fn percent(ratio: Decimal) -> String {
    match ratio.checked_mul(Decimal::ONE_HUNDRED) {
        Some(percent) if percent > Decimal::ZERO && percent < Decimal::new(5, 2) => "<0.1 %".to_owned(),
        Some(percent) => format!("{:.1} %", percent.round_dp(1)),
        None => "?".to_owned(),
    }
}

/// How an offer differs, the worst first, in sentences; each names its unit where several were asked for.
pub fn differences<'a>(row: &'a Row, asked: &[Unit]) -> impl Iterator<Item = (Fit, String)> + use<'a> {
    let several = asked.len() > 1;
    let mut differences: Vec<&Difference> = row.diff.iter().collect();
    differences.sort_by_key(|difference| Reverse(difference.level));
    differences.into_iter().map(move |difference| {
        let unit = if several && difference.unit != 0 { format!("unit {} ", difference.unit) } else { String::new() };
        (difference.level, format!("{unit}{}", difference.text))
    })
}

/// `1st`, `2nd`, `3rd`, `11th`.
pub fn ordinal(n: usize) -> String {
    let end = match (n % 10, n % 100) {
        (1, not) if not != 11 => "st",
        (2, not) if not != 12 => "nd",
        (3, not) if not != 13 => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

/// `1 bid`, `2 bids`.
pub fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
