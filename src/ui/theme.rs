//! Meaning → style. Colour only repeats what a word or a mark says.
//!
//! The 16 colours of the terminal's own palette, and of these only some that read on a dark and on a light
//! ground alike; no background but reverse video. Under `NO_COLOR` a palette without any colour: the terminal
//! library loses bold and reverse video when it drops colours itself (crossterm-rs/crossterm#1069).

use crate::app::Freshness;
use crate::domain::diff::Fit;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    Plain,
    /// What one looks for first.
    Strong,
    /// Old, dead, or beside the point.
    Faint,
    Good,
    Warn,
    Bad,
    /// A key that can be pressed.
    Key,
    /// The row under the cursor, the group shown.
    Selected,
    /// A word that must not be overlooked.
    Badge,
}

/// What the terminal can show; decided once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Theme {
    /// No colours.
    pub mono: bool,
    /// Nothing but ASCII.
    pub ascii: bool,
}

impl Theme {
    pub fn style(self, meaning: Meaning) -> Style {
        let style = Style::new();
        let colour = |colour: Color| if self.mono { style } else { style.fg(colour) };
        match meaning {
            Meaning::Plain => style,
            Meaning::Strong | Meaning::Key => style.add_modifier(Modifier::BOLD),
            Meaning::Faint => style.add_modifier(Modifier::DIM),
            Meaning::Good => colour(Color::Green),
            Meaning::Warn => colour(Color::Magenta),
            Meaning::Bad => colour(Color::Red),
            Meaning::Selected => style.add_modifier(Modifier::REVERSED),
            Meaning::Badge => style.add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }

    /// Replaces what is not ASCII, one column by one: the signs of this program by others, all else by `?`.
    pub fn fold(self, buffer: &mut Buffer) {
        if !self.ascii {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let sign = cell.symbol().chars().next().map_or("?", ascii);
                cell.set_symbol(sign);
            }
        }
    }
}

fn ascii(c: char) -> &'static str {
    match c {
        '✓' => "=",
        '✗' | '×' => "x",
        '≈' => "~",
        '●' | '★' => "*",
        '■' => "#",
        '◆' => "%",
        '○' => "o",
        '▲' | '↑' => "^",
        '▼' | '↓' => "v",
        '←' => "<",
        '→' => ">",
        '·' | '–' | '−' | '─' => "-",
        '│' => "|",
        '┌' | '┐' | '└' | '┘' => "+",
        '…' => ".",
        _ => "?",
    }
}

/// The mark of a fit.
pub fn mark(fit: Fit) -> &'static str {
    match fit {
        Fit::Exact | Fit::More => "✓",
        Fit::Unclear => "~",
        Fit::Short => "!",
        Fit::Wrong => "✗",
    }
}

pub fn meaning_of(fit: Fit) -> Meaning {
    match fit {
        Fit::Exact | Fit::More => Meaning::Good,
        Fit::Unclear => Meaning::Plain,
        Fit::Short => Meaning::Warn,
        Fit::Wrong => Meaning::Bad,
    }
}

pub fn meaning_of_freshness(freshness: Freshness) -> Meaning {
    match freshness {
        Freshness::Live { .. } => Meaning::Good,
        Freshness::Connecting { .. } | Freshness::Saved => Meaning::Plain,
        Freshness::Stale { .. } | Freshness::Paused { .. } => Meaning::Warn,
        Freshness::Unreachable { .. } | Freshness::Offline { .. } => Meaning::Bad,
    }
}
