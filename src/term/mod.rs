//! The program's hold on the terminal: what is switched on and off ([`guard`]), what the person does
//! ([`input`]), and that person's clipboard ([`clipboard`]).

pub mod clipboard;
pub mod guard;
pub mod input;
mod session;

pub use guard::{Guard, Signal, Signals, Streams, is_gone, restore, streams};
pub use input::Input;
pub use session::{End, Keeper, Session, Source, run};
