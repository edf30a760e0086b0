//! Copying by OSC 52: the terminal takes the text, so it works over SSH and needs no display server.

use std::io;

use crossterm::clipboard::CopyToClipboard;

use super::guard::Guard;

/// The most bytes one copy may have. A sequence of 100,000 bytes is what the stricter terminals still take (the limit
/// that the `osc52` plugins of editors use, after hterm's); less 8 of framing, and base64 makes 4 bytes out of 3.
pub const LIMIT: usize = 74_994;

/// Offers `text` to the terminal's clipboard and says how many bytes were sent. Whether the terminal took it is not
/// known: terminals may ignore the request and multiplexers drop it, so say "sent to the terminal", not "copied".
///
/// Control characters other than the newline are left out whatever the caller cleaned before: a clipboard ends up in
/// shells.
///
/// # Errors
/// `InvalidInput` when the text is longer than [`LIMIT`], else what writing to the terminal said.
pub fn copy(guard: &mut Guard, text: &str) -> io::Result<usize> {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    if text.len() > LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} bytes are too many for a terminal's clipboard, which takes {LIMIT}", text.len()),
        ));
    }
    guard.send(&CopyToClipboard::to_clipboard_from(&text))?;
    Ok(text.len())
}
