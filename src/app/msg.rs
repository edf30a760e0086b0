//! What can happen, and what the program may do to the world.

use super::keymap::Key;
use super::passphrase::Passphrase;
use crate::domain::bid::{Address, BidId, Snapshot};
use crate::domain::field::Field;
use crate::domain::gateway::Gateway;
use crate::domain::kept::Kept;
use crate::domain::outcome::{Outcome, Preparation, Watch};
use crate::domain::quote::{Facts, Quote};
use crate::domain::record::TrackRecord;
use crate::domain::registry::{Progress, Registered};
use crate::domain::text::Clean;
use std::sync::Arc;

/// Milliseconds of a clock that only goes forward; where it starts is the shell's choice.
pub type Ms = u64;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The time. Sent before the messages that came with it; one that goes back is taken as no time passed.
    Now(Ms),
    Key(Key),
    /// Pasted text; only the filter line and a passphrase take it.
    Paste(String),
    Click(Hit),
    Wheel {
        over: Option<Hit>,
        down: bool,
    },
    /// The terminal got or lost the focus.
    Focus(bool),
    /// What the last frame had room for.
    Drawn(Extent),
    Snapshot(Arc<Snapshot>),
    /// No answer: why, and in how many milliseconds it is tried again.
    Trouble {
        text: Clean,
        retry_in_ms: u64,
    },
    /// A line for the log.
    Log(Clean),
    /// What came of reading a quote's bids again; nothing unless it is the quote in the dialog.
    Prepared {
        quote: Box<Quote>,
        preparation: Preparation,
    },
    /// After [`Effect::Lease`]: the key is there, or could not be had and nothing was signed.
    Unlocked(Result<(), Clean>),
    /// Where an accept stands, that of the dialog or one of an earlier run that is being found out.
    Watching(Watch),
    /// How it ended.
    Ended(Outcome),
    /// How far [`Effect::Diagnose`] has come.
    Surveyed(Progress),
    /// What [`Effect::Diagnose`] gave, or why nothing.
    Registered(Result<Arc<Registered>, Clean>),
    /// What [`Effect::Track`] gave, or why nothing.
    Tracked(Address, Result<TrackRecord, Clean>),
    /// What [`Effect::Gateway`] gave, or why nothing.
    Asked(Address, Result<Gateway, Clean>),
}

/// What a person agreed to, in the words and figures that they saw.
#[derive(PartialEq, Eq, Debug)]
pub struct Confirmed {
    pub quote: Quote,
    /// At most [`crate::domain::quote::FRESH_MS`] old.
    pub facts: Facts,
    /// `None` where none was asked for.
    pub passphrase: Option<Passphrase>,
}

/// Something to be done by the shell.
#[derive(PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask the node now.
    Refresh,
    /// Stop asking, or go on.
    Pause(bool),
    /// The focus came or went: without it, asking may slow down.
    Focus(bool),
    /// Copy a text to the clipboard.
    Copy(String),
    /// Copy a bid as the JSON document has it.
    CopyJson(BidId),
    /// Mouse reports on or off.
    Mouse(bool),
    /// Read the quote's bids again and reckon what signing takes; answered by [`Msg::Prepared`].
    Prepare(Box<Quote>),
    /// The dialog was closed: no answer to [`Effect::Prepare`] is waited for any more.
    Forget,
    /// Sign and send; answered by [`Msg::Unlocked`], [`Msg::Watching`] and [`Msg::Ended`].
    Lease(Box<Confirmed>),
    /// Read who is registered, and who signed what of them; answered by [`Msg::Surveyed`] and [`Msg::Registered`].
    Diagnose,
    /// Read what became of a provider's leases; answered by [`Msg::Tracked`].
    Track(Address),
    /// Ask a provider's own gateway; answered by [`Msg::Asked`].
    Gateway(Address),
    /// Keep this for the next time.
    Keep(Kept),
    /// Give the terminal back until the program is continued.
    Suspend,
    Quit,
}

/// What lies under the mouse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hit {
    /// A place in the rows shown.
    Row(usize),
    /// The head of a column.
    Column(Field),
    /// A place among the groups.
    Tab(usize),
    Detail,
    Overlay,
}

/// What a frame had room for: how far a page goes, what can be sorted by, where scrolling ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Rows of the table; 0 where it is covered.
    pub rows: usize,
    /// Fields of the columns, from left to right.
    pub columns: Vec<Field>,
    pub detail: Pane,
    /// The box over the table.
    pub overlay: Pane,
    /// Bids that stand side by side; 0 where none do.
    pub beside: usize,
    /// The input of the accept dialog, where it was on the screen.
    pub input: Option<Input>,
}

/// An input of the accept dialog: keys that are typed before a frame showed this very one do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Input {
    /// Which dialog of the session.
    pub dialog: u64,
    /// How often it asked.
    pub turn: u64,
}

/// A pane that scrolls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pane {
    /// Lines seen at once.
    pub page: usize,
    /// The furthest scroll, in lines.
    pub max: usize,
}

impl Pane {
    /// A pane of `page` lines on `lines` lines of text.
    pub fn of(lines: usize, page: usize) -> Self {
        Self { page, max: lines.saturating_sub(page) }
    }
}
