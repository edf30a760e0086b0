//! Remote text, made harmless once, at the moment it enters the program.
//!
//! The chain stores what providers send: clear-screen and clipboard escapes, carriage returns, bidi
//! overrides and zero-width characters have all been seen there, and node error texts echo raw bytes.
//! [`Clean`] is the only type in which such text travels on; nothing prints a raw string.

use std::fmt;
use std::sync::Arc;

/// Longest attribute value, name or host kept, in characters.
pub const MAX_VALUE: usize = 200;
/// Longest error text of a node kept, in characters (a chain panic sends several kB of stack).
pub const MAX_MESSAGE: usize = 400;
/// What stands for one or more removed characters.
pub const REMOVED: char = '\u{FFFD}';

/// One line of text that can be shown anywhere: no control, bidi, zero-width, private or unassigned
/// look-alike space characters; runs of white space are one space, at most two combining marks in a row.
/// Cleaning is idempotent. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clean(Arc<str>);

impl Clean {
    /// Cleans a value of the chain, cut after [`MAX_VALUE`] characters with `…`.
    pub fn new(raw: &str) -> Self {
        Self::capped(raw, MAX_VALUE)
    }

    /// Cleans an error text, cut after [`MAX_MESSAGE`] characters with `…`.
    pub fn message(raw: &str) -> Self {
        Self::capped(raw, MAX_MESSAGE)
    }

    fn capped(raw: &str, max: usize) -> Self {
        // Almost everything on a chain is short plain ASCII: no second string for it.
        if raw.len() <= max && !raw.contains("  ") && raw.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Self(Arc::from(raw.trim()));
        }
        Self(Arc::from(clean(raw, max)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` for text of nothing but white space: an attribute left empty says nothing.
    pub fn non_empty(self) -> Option<Self> {
        (!self.is_empty()).then_some(self)
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl std::ops::Deref for Clean {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Clean {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

/// Somebody's own words, marked as such: in quotation marks, with none inside.
pub fn quoted(own: &str) -> String {
    format!("\"{}\"", own.replace('"', "'"))
}

/// Replaces each run of characters that are not [`plain`] by one [`REMOVED`], folds white space, limits
/// combining marks to two in a row, and cuts after `max` characters with `…`.
pub fn clean(raw: &str, max: usize) -> String {
    let mut out = String::with_capacity(raw.len().min(max * 2));
    let (mut kept, mut marks, mut space) = (0usize, 0u8, false);
    for c in raw.chars() {
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            space = kept > 0;
            continue;
        }
        let c = if is_mark(c) {
            marks = marks.saturating_add(1);
            if marks > 2 || kept == 0 || space {
                continue;
            }
            c
        } else if plain(c) {
            marks = 0;
            c
        } else {
            marks = 0;
            if !space && out.ends_with(REMOVED) {
                continue;
            }
            REMOVED
        };
        if kept + usize::from(space) >= max {
            out.push('…');
            break;
        }
        if space {
            out.push(' ');
            kept += 1;
            space = false;
        }
        out.push(c);
        kept += 1;
    }
    out
}

/// Whether a terminal shows `c` as one or two cells, in place, in reading order.
///
/// Left out besides controls: right-to-left letters (a terminal with bidi support reorders the digits next
/// to them), exotic spaces and fillers, joiners, variation selectors, tags, private use, lone regional letters.
pub fn plain(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    !c.is_control()
        && !is_mark(c)
        && !matches!(c as u32,
            0xA0 | 0xAD | 0x115F | 0x1160 | 0x1680 | 0x180B..=0x180F | 0x2000..=0x200F | 0x2028..=0x202F
            | 0x205F..=0x206F | 0x2800 | 0x3000 | 0x3164 | 0xFFA0 | 0xFFF0..=0xFFFC
            // Right-to-left scripts and their presentation forms.
            | 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF | 0x1_0800..=0x1_0FFF | 0x1_E800..=0x1_EFFF
            // Variation selectors, private use, tags, regional letters, non-characters.
            | 0xFE00..=0xFE0F | 0xE000..=0xF8FF | 0xE_0000..=0xE_0FFF | 0xF_0000..=0x10_FFFF
            | 0x1_F1E6..=0x1_F1FF | 0x1_F3FB..=0x1_F3FF | 0x1_D173..=0x1_D17A | 0x1_BCA0..=0x1_BCA3)
        && (c as u32) & 0xFFFE != 0xFFFE
}

/// Combining marks that sit on the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c as u32, 0x0300..=0x034E | 0x0350..=0x036F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20F0 | 0xFE20..=0xFE2F)
}
