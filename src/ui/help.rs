//! The help and the log: the text of the boxes over the table.

use super::theme::{Meaning, Theme};
use super::words::{count, duration, width, wrap};
use crate::app::{Model, keymap};
use crate::domain::field::Field;
use ratatui::text::{Line, Span};

/// What the marks mean.
const MARKS: &[(&str, &str)] = &[
    ("✓", "exact or more: all that was asked is offered"),
    ("~", "unclear: the offer leaves something open"),
    ("!", "short: less than was asked"),
    ("✗", "wrong: another GPU, or none"),
    ("–", "cannot be taken, or does not apply"),
    ("?", "not known"),
    ("≈", "GPU memory inferred from the model, not stated"),
    ("+", "came a moment ago"),
    ("●", "picked for its group"),
    ("■", "marked for the comparison"),
    ("◆", "picked and marked"),
    ("★", "a favourite provider"),
];

/// Two columns, the second wrapped beside the first.
fn pair(theme: Theme, key: &str, text: &str, first: usize, room: usize, out: &mut Vec<Line<'static>>) {
    for (n, part) in wrap(text, room.saturating_sub(first)).into_iter().enumerate() {
        let key = if n == 0 { key } else { "" };
        let blanks = " ".repeat(first.saturating_sub(width(key)));
        out.push(Line::from(vec![
            Span::styled(key.to_owned(), theme.style(Meaning::Key)),
            Span::raw(blanks),
            Span::raw(part),
        ]));
    }
}

fn heading(theme: Theme, text: &str, out: &mut Vec<Line<'static>>) {
    if !out.is_empty() {
        out.push(Line::default());
    }
    out.push(Line::styled(text.to_owned(), theme.style(Meaning::Faint)));
}

/// Keys, marks and the fields of the filter, in lines of at most `room` columns.
pub fn help(theme: Theme, room: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let first = if room < 50 { 10 } else { 20 };
    for (keys, text) in keymap::rows() {
        pair(theme, &keys, text, first, room, &mut out);
    }
    heading(theme, "marks", &mut out);
    for (mark, text) in MARKS {
        pair(theme, mark, text, first, room, &mut out);
    }
    heading(theme, "filter", &mut out);
    for (example, text) in [
        ("a100 !west", "words that must be there, or not"),
        ("usd<2 vram>=40", "comparisons: = != < <= > >="),
        ("region=us*|eu*", "one of several, with wildcards"),
        ("audited !takeable", "yes or no"),
    ] {
        pair(theme, example, text, first, room, &mut out);
    }
    let fields: Vec<String> = Field::ALL.iter().map(|field| field.alias().into_owned()).collect();
    pair(theme, "fields", &format!("{} attr.KEY", fields.join(" ")), first, room, &mut out);
    out
}

/// What went wrong now and before, and what could not be read, in lines of at most `room` columns.
pub fn log(model: &Model, theme: Theme, room: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let first = if room < 50 { 8 } else { 14 };
    if let Some(trouble) = model.trouble() {
        heading(theme, "the node does not answer", &mut out);
        pair(theme, "now", trouble, first, room, &mut out);
    }
    if let Some(snapshot) = model.snapshot() {
        if !snapshot.warnings.is_empty() {
            heading(theme, "what makes the picture less than whole", &mut out);
            for warning in &snapshot.warnings {
                pair(theme, "!", &warning.text, first, room, &mut out);
            }
        }
        if !snapshot.unreadable.is_empty() {
            let all = count(snapshot.unreadable.len(), "entry").replace("entrys", "entries");
            heading(theme, &format!("{all} of the node's answer could not be read"), &mut out);
            for unreadable in &snapshot.unreadable {
                pair(theme, &unreadable.where_, &unreadable.reason, first, room, &mut out);
            }
        }
    }
    let mut entries = model.log().peekable();
    if entries.peek().is_some() {
        heading(theme, "what was said, the newest first", &mut out);
    }
    for entry in entries {
        let ago = format!("{} ago", duration(model.seconds_since(entry.at)));
        let times = if entry.times > 1 { format!(" (×{})", entry.times) } else { String::new() };
        pair(theme, &ago, &format!("{}{times}", entry.text), first, room, &mut out);
    }
    if out.is_empty() {
        out.push(Line::raw("Nothing went wrong so far."));
    }
    out
}
