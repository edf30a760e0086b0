//! The one table of keys. What is dispatched, the footer, the help and the README's list all come from
//! [`BINDINGS`], so none of them can promise a key that does not work.

use std::fmt;

/// A key, as far as this program tells keys apart. The terminal's own codes are translated by the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// A printable character, shift already applied.
    Char(char),
    /// A letter with control, lower case.
    Ctrl(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    ShiftUp,
    ShiftDown,
    PageUp,
    PageDown,
    Home,
    End,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("Space"),
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "^{c}"),
            Self::Enter => f.write_str("Enter"),
            Self::Esc => f.write_str("Esc"),
            Self::Tab => f.write_str("Tab"),
            Self::BackTab => f.write_str("Shift-Tab"),
            Self::Backspace => f.write_str("Backspace"),
            Self::Delete => f.write_str("Del"),
            Self::Up => f.write_str("↑"),
            Self::Down => f.write_str("↓"),
            Self::Left => f.write_str("←"),
            Self::Right => f.write_str("→"),
            Self::ShiftUp => f.write_str("Shift-↑"),
            Self::ShiftDown => f.write_str("Shift-↓"),
            Self::PageUp => f.write_str("PgUp"),
            Self::PageDown => f.write_str("PgDn"),
            Self::Home => f.write_str("Home"),
            Self::End => f.write_str("End"),
        }
    }
}

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    Up,
    Down,
    First,
    Last,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    SortLeft,
    SortRight,
    SortReverse,
    Filter,
    Detail,
    NextGroup,
    PreviousGroup,
    Unit,
    Pause,
    Refresh,
    CopyId,
    CopyJson,
    Log,
    Mouse,
    Help,
    Back,
    Quit,
    Suspend,
    /// Ends typing and keeps the filter.
    Keep,
    /// Ends typing and drops the filter.
    Clear,
    /// Opens the accept dialog, or the watch of the accept that is on its way.
    Accept,
    /// Picks the bid for its group, or no longer.
    Pick,
    /// What was typed is to be taken as the person's agreement.
    Confirm,
    /// Copies the next command of an accept.
    CopyNext,
    /// Leaves although an accept is on its way.
    Leave,
    /// Opens or closes the doctor.
    Doctor,
    /// Copies the first command of the doctor.
    CopyFix,
    /// Reads the registry again.
    Survey,
    /// Marks the bid for the comparison, or no longer.
    Mark,
    /// Opens or closes the marked bids side by side.
    Compare,
    /// Marks the provider as a favourite, or no longer.
    Favourite,
    /// Hides the provider's bids, or no longer.
    Block,
    /// Shows the bids of blocked providers, or no longer.
    ShowBlocked,
    /// Opens the choice of columns.
    Columns,
    /// Shows the column, or no longer.
    ToggleColumn,
    /// Moves the column up or down in the list: to the left or right in the table.
    ColumnUp,
    ColumnDown,
    /// Keeps the choice of columns while the program runs.
    KeepColumns,
    /// Keeps it for the next time as well.
    SaveColumns,
    /// Back to the usual columns.
    UsualColumns,
    /// What may be typed here, one after the other.
    NextOption,
    PreviousOption,
    /// The bids to the left or right of those that stand side by side.
    ShiftLeft,
    ShiftRight,
}

/// Where a key is pressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    Table,
    /// The table with the detail pane open: paging moves the pane.
    Detail,
    /// Typing a filter: what is not bound goes into the line.
    Filter,
    /// The help or the log lies over the table.
    Overlay,
    /// The accept dialog: what is not bound goes into its line, once that is on the screen.
    Accept,
    /// The accept dialog asks for a passphrase.
    Passphrase,
    /// An accept on its way, how it ended, or why there is nothing to accept.
    Watch,
    /// Whether to leave although an accept is on its way: any other key stays.
    Leave,
    /// Why nobody bids.
    Doctor,
    /// Bids side by side.
    Compare,
    /// The columns are chosen.
    Columns,
}

use Context::{Accept, Columns, Compare, Detail, Doctor, Filter, Leave, Overlay, Passphrase, Table, Watch};

/// Keys that belong together, one line of the help.
#[derive(Debug)]
pub struct Binding {
    /// The first key of each action is the one the footer names.
    pub keys: &'static [(Key, Action)],
    pub contexts: &'static [Context],
    /// One word for the footer; empty: not there.
    pub label: &'static str,
    /// A line for the help and the README.
    pub help: &'static str,
}

const EVERYWHERE: &[Context] =
    &[Table, Detail, Filter, Overlay, Accept, Passphrase, Watch, Leave, Doctor, Compare, Columns];
const BROWSING: &[Context] = &[Table, Detail];

/// Every key of the program, in the order of the help; within a context, the footer's order.
pub const BINDINGS: &[Binding] = &[
    Binding {
        keys: &[(Key::Char('a'), Action::Accept)],
        contexts: BROWSING,
        label: "accept",
        help: "accept the picks, or this bid: shows what will happen, and asks",
    },
    Binding {
        keys: &[(Key::Char('/'), Action::Filter)],
        contexts: BROWSING,
        label: "filter",
        help: "filter as you type, Enter keeps it, Esc clears it",
    },
    Binding {
        keys: &[(Key::Left, Action::SortLeft), (Key::Right, Action::SortRight)],
        contexts: BROWSING,
        label: "sort",
        help: "sort by the column to the left or right, at once",
    },
    Binding {
        keys: &[(Key::Enter, Action::Detail)],
        contexts: BROWSING,
        label: "detail",
        help: "everything about the bid: asked against offered, costs, provider",
    },
    Binding {
        keys: &[(Key::Char('x'), Action::Pick)],
        contexts: BROWSING,
        label: "pick",
        help: "pick the bid for its group, or no longer; the picks are accepted together",
    },
    Binding {
        keys: &[(Key::Char('u'), Action::Unit)],
        contexts: BROWSING,
        label: "unit",
        help: "dollars an hour, a day, a month, a block",
    },
    Binding {
        keys: &[(Key::Tab, Action::NextGroup), (Key::BackTab, Action::PreviousGroup)],
        contexts: &[Table, Detail, Doctor],
        label: "group",
        help: "next or previous group of the deployment",
    },
    Binding {
        keys: &[(Key::Char('?'), Action::Help)],
        contexts: &[Table, Detail, Overlay],
        label: "help",
        help: "this list",
    },
    Binding { keys: &[(Key::Char('q'), Action::Quit)], contexts: BROWSING, label: "quit", help: "quit" },
    Binding {
        keys: &[(Key::Char('v'), Action::Compare)],
        contexts: &[Table, Detail, Compare],
        label: "compare",
        help: "the marked bids side by side, what differs first; with one marked, that one and this",
    },
    Binding {
        keys: &[(Key::Char(' '), Action::Mark)],
        contexts: BROWSING,
        label: "mark",
        help: "mark the bid for the comparison, or no longer; four at most",
    },
    Binding {
        keys: &[(Key::Char('f'), Action::Favourite), (Key::Char('b'), Action::Block)],
        contexts: BROWSING,
        label: "favour, block",
        help: "make the provider a favourite, or hide its bids; again to undo",
    },
    Binding {
        keys: &[(Key::Char('B'), Action::ShowBlocked)],
        contexts: BROWSING,
        label: "blocked",
        help: "show the bids of blocked providers too, or no longer",
    },
    Binding {
        keys: &[(Key::Char('c'), Action::Columns)],
        contexts: BROWSING,
        label: "columns",
        help: "choose the columns and their order",
    },
    Binding {
        keys: &[(Key::Char('D'), Action::Doctor)],
        contexts: &[Table, Detail, Doctor],
        label: "doctor",
        help: "why nobody bids, or nobody with what was asked, and what mends it",
    },
    Binding {
        keys: &[(Key::Char('S'), Action::SortReverse)],
        contexts: BROWSING,
        label: "reverse",
        help: "reverse the order; what is unknown stays last",
    },
    Binding {
        keys: &[(Key::Char('y'), Action::CopyId), (Key::Char('Y'), Action::CopyJson)],
        contexts: BROWSING,
        label: "copy",
        help: "copy the bid's id, or the bid as JSON",
    },
    Binding { keys: &[(Key::Char('p'), Action::Pause)], contexts: BROWSING, label: "pause", help: "pause and go on" },
    Binding {
        keys: &[(Key::Char('r'), Action::Refresh)],
        contexts: BROWSING,
        label: "refresh",
        help: "ask the node now",
    },
    Binding {
        keys: &[(Key::Char('!'), Action::Log)],
        contexts: &[Table, Detail, Overlay],
        label: "log",
        help: "what went wrong, and what could not be read",
    },
    Binding {
        keys: &[
            (Key::Up, Action::Up),
            (Key::Down, Action::Down),
            (Key::Char('k'), Action::Up),
            (Key::Char('j'), Action::Down),
        ],
        contexts: BROWSING,
        label: "",
        help: "previous or next bid",
    },
    Binding {
        keys: &[
            (Key::Char('g'), Action::First),
            (Key::Char('G'), Action::Last),
            (Key::Home, Action::First),
            (Key::End, Action::Last),
        ],
        contexts: &[Table, Detail, Overlay, Doctor, Compare, Columns],
        label: "",
        help: "first or last",
    },
    Binding {
        keys: &[
            (Key::PageUp, Action::PageUp),
            (Key::PageDown, Action::PageDown),
            (Key::Ctrl('u'), Action::HalfUp),
            (Key::Ctrl('d'), Action::HalfDown),
        ],
        contexts: &[Table, Detail, Overlay, Doctor, Compare, Columns],
        label: "",
        help: "a page or half of one; with the detail open, in the detail",
    },
    Binding {
        keys: &[(Key::Char('m'), Action::Mouse)],
        contexts: BROWSING,
        label: "",
        help: "mouse on or off (the terminal's own selection needs it off)",
    },
    Binding {
        keys: &[(Key::Esc, Action::Back)],
        contexts: BROWSING,
        label: "",
        help: "one step back: detail, filter; never quits",
    },
    Binding {
        keys: &[(Key::Enter, Action::Keep)],
        contexts: &[Filter],
        label: "keep",
        help: "keep the filter that is being typed",
    },
    Binding {
        keys: &[(Key::Esc, Action::Clear)],
        contexts: &[Filter],
        label: "clear",
        help: "drop the filter that is being typed",
    },
    Binding {
        keys: &[(Key::Esc, Action::Back), (Key::Char('q'), Action::Back)],
        contexts: &[Overlay, Doctor, Compare],
        label: "close",
        help: "close what lies over the table",
    },
    Binding {
        keys: &[
            (Key::Up, Action::Up),
            (Key::Down, Action::Down),
            (Key::Char('k'), Action::Up),
            (Key::Char('j'), Action::Down),
        ],
        contexts: &[Overlay, Doctor, Compare, Columns],
        label: "scroll",
        help: "scroll what lies over the table",
    },
    Binding {
        keys: &[(Key::Enter, Action::KeepColumns)],
        contexts: &[Columns],
        label: "keep",
        help: "keep the columns as they are",
    },
    Binding {
        keys: &[(Key::Char('s'), Action::SaveColumns)],
        contexts: &[Columns],
        label: "keep for next time",
        help: "keep the columns, and for the next time as well",
    },
    Binding {
        keys: &[(Key::Char(' '), Action::ToggleColumn)],
        contexts: &[Columns],
        label: "show",
        help: "show the column, or no longer",
    },
    Binding {
        keys: &[
            (Key::Char('K'), Action::ColumnUp),
            (Key::Char('J'), Action::ColumnDown),
            (Key::ShiftUp, Action::ColumnUp),
            (Key::ShiftDown, Action::ColumnDown),
        ],
        contexts: &[Columns],
        label: "move",
        help: "move the column to the left, or to the right",
    },
    Binding {
        keys: &[(Key::Char('d'), Action::UsualColumns)],
        contexts: &[Columns],
        label: "usual",
        help: "back to the usual columns, as many as there is room for",
    },
    Binding {
        keys: &[(Key::Esc, Action::Back), (Key::Char('q'), Action::Back)],
        contexts: &[Columns],
        label: "drop",
        help: "leave the columns as they were",
    },
    Binding {
        keys: &[(Key::Tab, Action::NextOption), (Key::BackTab, Action::PreviousOption)],
        contexts: &[Filter],
        label: "complete",
        help: "complete a field or a value that is seen here; again for the next one",
    },
    Binding {
        keys: &[(Key::Char('y'), Action::CopyFix)],
        contexts: &[Doctor],
        label: "copy",
        help: "copy the doctor's first command",
    },
    Binding {
        keys: &[(Key::Char('r'), Action::Survey)],
        contexts: &[Doctor],
        label: "read again",
        help: "read again who is registered as a provider",
    },
    Binding {
        keys: &[(Key::Left, Action::ShiftLeft), (Key::Right, Action::ShiftRight)],
        contexts: &[Compare],
        label: "move",
        help: "the other bids, where there is no room for all side by side",
    },
    Binding {
        keys: &[(Key::Up, Action::Up), (Key::Down, Action::Down)],
        contexts: &[Filter],
        label: "",
        help: "previous or next bid, while typing too",
    },
    Binding {
        keys: &[(Key::Enter, Action::Confirm)],
        contexts: &[Accept],
        label: "accept",
        help: "accept, if what the dialog asks for is typed",
    },
    Binding {
        keys: &[(Key::Enter, Action::Confirm)],
        contexts: &[Passphrase],
        label: "sign and send",
        help: "unlock the key with the passphrase, sign and send",
    },
    Binding {
        keys: &[(Key::Esc, Action::Back)],
        contexts: &[Accept, Passphrase],
        label: "leave it",
        help: "leave the accept dialog; nothing was sent",
    },
    Binding {
        keys: &[(Key::Char('y'), Action::CopyNext)],
        contexts: &[Watch],
        label: "copy",
        help: "copy the next command after an accept, or the hash before there is one",
    },
    Binding {
        keys: &[(Key::Esc, Action::Back), (Key::Char('q'), Action::Back)],
        contexts: &[Watch],
        label: "close",
        help: "close the watch of an accept, which goes on",
    },
    Binding {
        keys: &[
            (Key::Up, Action::Up),
            (Key::Down, Action::Down),
            (Key::PageUp, Action::PageUp),
            (Key::PageDown, Action::PageDown),
        ],
        contexts: &[Accept, Passphrase, Watch],
        label: "",
        help: "scroll the accept dialog where the terminal is too small for it",
    },
    Binding {
        keys: &[(Key::Char('y'), Action::Leave)],
        contexts: &[Leave],
        label: "quit",
        help: "quit although an accept is on its way; any other key stays",
    },
    Binding {
        keys: &[(Key::Ctrl('c'), Action::Quit)],
        contexts: EVERYWHERE,
        label: "",
        help: "quit from anywhere; asks while an accept is on its way",
    },
    Binding {
        keys: &[(Key::Ctrl('z'), Action::Suspend)],
        contexts: EVERYWHERE,
        label: "",
        help: "suspend; `fg` comes back",
    },
];

/// What `key` does in `context`.
pub fn action(context: Context, key: Key) -> Option<Action> {
    BINDINGS
        .iter()
        .filter(|binding| binding.contexts.contains(&context))
        .flat_map(|binding| binding.keys)
        .find(|(bound, _)| *bound == key)
        .map(|(_, action)| *action)
}

/// The footer of a context, most important first: `("←→", "sort")`.
pub fn footer(context: Context) -> impl Iterator<Item = (String, &'static str)> {
    let of = move |own: bool| {
        BINDINGS.iter().filter(move |b| b.contexts.contains(&context) && (b.contexts.len() == 1) == own)
    };
    // What is there for this place alone comes before what is there everywhere.
    of(true).chain(of(false)).filter(|binding| !binding.label.is_empty()).map(|binding| {
        let mut named: Vec<Action> = Vec::new();
        let mut keys = String::new();
        for (key, action) in binding.keys {
            if !named.contains(action) {
                named.push(*action);
                // Two words need a blank between them, two signs do not.
                let key = key.to_string();
                if !keys.is_empty() && key.chars().count() > 1 {
                    break;
                }
                keys.push_str(&key);
            }
        }
        (keys, binding.label)
    })
}

/// Every binding for the help and the README: its keys, and what they do.
pub fn rows() -> impl Iterator<Item = (String, &'static str)> {
    BINDINGS.iter().map(|binding| {
        let keys: Vec<String> = binding.keys.iter().map(|(key, _)| key.to_string()).collect();
        (keys.join(" "), binding.help)
    })
}
