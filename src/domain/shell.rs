//! Words of a command that a person may paste into a shell.

use std::borrow::Cow;

/// The text as one word of a POSIX shell: as it is where nothing in it means anything to a shell, else in single
/// quotation marks.
pub fn quoted(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}
