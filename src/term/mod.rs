//! The program's hold on the terminal: what is switched on and off ([`guard`]), and the clipboard of whoever sits
//! before it ([`clipboard`]).

pub mod clipboard;
pub mod guard;

pub use guard::{Guard, Signal, Signals, Streams, restore, streams};
