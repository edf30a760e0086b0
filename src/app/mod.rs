//! The state machine of the screen. Pure: time, answers and keys come in as [`Msg`], what is to be done goes out
//! as [`Effect`]; there is no clock, terminal or network here.
//!
//! ```text
//! keys, mouse, time, snapshots ──Msg──► update(&mut Model) ──Effect──► the shell
//!                                          │
//!                                    ui::view(&Model) ──Map──► Msg::Drawn, Msg::Click
//! ```
//!
//! What always holds: the cursor is on a bid and inside the window as long as a row is shown; rows shown and rows
//! counted as hidden are all rows; Esc never quits; figures that are old are called old.

mod accept;
mod columns;
mod completing;
pub mod keymap;
mod line;
mod link;
mod log;
mod marks;
mod msg;
mod passphrase;
mod survey;
mod table;

pub use accept::{Accept, Accepting, Course, Dialog, Face, Ready, Stage};
pub use columns::Chooser;
pub use completing::Completing;
pub use keymap::{Action, Context, Key};
pub use line::Line;
pub use link::Freshness;
pub use log::Entry;
pub use msg::{Confirmed, Effect, Extent, Hit, Input, Ms, Msg, Pane};
pub use passphrase::Passphrase;
pub use survey::{Reading, Survey};
pub use table::Table;

use crate::domain::appraise::{Blocker, GroupView, Market, Row, appraise};
use crate::domain::auditor::Auditors;
use crate::domain::bid::{Address, Bid, BidId, BidState, Snapshot};
use crate::domain::cause::{Evidence, Verdict};
use crate::domain::doctor;
use crate::domain::field::{At, Field};
use crate::domain::gateway::Gateway;
use crate::domain::kept::Kept;
use crate::domain::money::{BlockTime, Denom, Per, Rate};
use crate::domain::outcome::{Outcome, Watch};
use crate::domain::preferences::Preferences;
use crate::domain::query::{Query, QueryError, SavedFilters};
use crate::domain::quote::{NoQuote, Obstacle, Quote};
use crate::domain::rank::{self, Scope, Sort, SortKey, View};
use crate::domain::record::TrackRecord;
use crate::domain::run::RunLength;
use crate::domain::text::Clean;
use crate::domain::usual::UsualPrices;
use link::Link;
use log::Log;
use marks::{Marked, Marks};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use zeroize::Zeroizing;

/// How long a bid that came is marked.
const FRESH_MS: Ms = 15_000;
/// How long a bid that goes stays on the screen with its word.
const LEAVING_MS: Ms = 20_000;
/// How long a passing message is shown.
const TOAST_MS: Ms = 4_000;
/// How long the bids of a provider that was just blocked stay, so that the same key takes it back.
const BLOCKED_MS: Ms = 10_000;
/// Attributes of the providers' own that are offered as columns.
const ATTRIBUTES: usize = 12;
/// Rows that one notch of the wheel moves.
const WHEEL: usize = 3;

/// What the program was started with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The deployment's number, shown before any answer has come.
    pub dseq: Option<u64>,
    pub owner: Option<Address>,
    /// The endpoint that is asked first, for the words before any answer.
    pub endpoint: Option<Clean>,
    pub query: Query,
    pub sort: Sort,
    /// The embedded chain: the header says so.
    pub demo: bool,
    /// Where settings came from when no flag gave them (`dseq from AKASH_DSEQ`), how the owner was found.
    pub notes: Vec<Clean>,
    pub accepting: Accepting,
    /// What was kept from earlier runs.
    pub kept: Kept,
    /// Filters by name, for `@name`.
    pub filters: SavedFilters,
    /// How long something is to run.
    pub run: Option<RunLength>,
    /// Whether providers' own gateways are asked.
    pub provider_status: bool,
    /// Usual prices, with what the person laid over them.
    pub usual: UsualPrices,
    /// Auditors by name.
    pub auditors: Auditors,
    /// Name of the key that signs, for the commands that are shown.
    pub from: Option<String>,
}

/// Something that is asked for once, when somebody looks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup<T> {
    /// On its way.
    Asked,
    Known(T),
    /// Why it is not known.
    Failed(Clean),
}

impl<T> From<Result<T, Clean>> for Lookup<T> {
    fn from(result: Result<T, Clean>) -> Self {
        match result {
            Ok(known) => Self::Known(known),
            Err(why) => Self::Failed(why),
        }
    }
}

/// What the keys go to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    #[default]
    Browse,
    /// A filter is typed; the error is that of the text as it stands, the rows are those of the last good one.
    Filter { error: Option<QueryError> },
    /// Lines scrolled.
    Help { scroll: usize },
    /// Lines scrolled.
    Log { scroll: usize },
    /// The accept dialog, the watch, or an outcome. Lines scrolled.
    Accept { scroll: usize },
    /// Why nobody bids. Lines scrolled.
    Doctor { scroll: usize },
    /// Bids side by side: lines scrolled, and the place of the first one shown.
    Compare { scroll: usize, first: usize },
    /// The columns are chosen.
    Columns(Box<Chooser>),
    /// Whether to leave although an accept is on its way, and where it goes on otherwise.
    Leave(Box<Mode>),
}

impl Mode {
    /// Lines that the box over the table is scrolled by.
    fn scroll(&mut self) -> Option<&mut usize> {
        match self {
            Self::Help { scroll }
            | Self::Log { scroll }
            | Self::Accept { scroll }
            | Self::Doctor { scroll }
            | Self::Compare { scroll, .. } => Some(scroll),
            Self::Browse | Self::Filter { .. } | Self::Columns(_) | Self::Leave(_) => None,
        }
    }
}

/// What is known of when a bid closes. Never more than an estimate: see
/// [`crate::domain::appraise::BID_TIMEOUT_S`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closes {
    /// Seconds to go.
    In(u64),
    /// Seconds since it was due.
    Overdue(u64),
    /// It cannot be taken any more, whenever it closes.
    Never,
    Unknown,
}

/// A bid that went and is still on the screen.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    until: Ms,
    /// Where it stood, so that it does not jump away before it is seen to go; given up when the person sorts or
    /// filters anew.
    place: Option<usize>,
}

/// A group among the tabs.
#[derive(Clone, Debug)]
struct Tab {
    gseq: u32,
    table: Table,
}

/// All that the screen shows.
#[derive(Debug)]
pub struct Model {
    settings: Settings,
    now: Ms,
    focused: bool,
    link: Link,
    snapshot: Option<Arc<Snapshot>>,
    /// Came while paused.
    held: Option<Arc<Snapshot>>,
    /// A refresh was asked for and has not come yet.
    asked: bool,
    /// The snapshot's rows, then those of bids that the chain lists no longer.
    market: Market,
    tabs: Vec<Tab>,
    tab: usize,
    /// Until when a bid is marked as new.
    fresh: HashMap<BidId, Ms>,
    /// Bids that went, as long as they stay on the screen.
    leaving: HashMap<BidId, Leaving>,
    /// Names that several providers go by.
    shared_names: HashSet<Clean>,
    /// Whether a price or ceiling here is in AKT.
    pays_akt: bool,
    query: Query,
    line: Line,
    sort: Sort,
    mode: Mode,
    /// Lines that the detail pane is scrolled by, if it is open.
    detail: Option<usize>,
    per: Per,
    mouse: bool,
    log: Log,
    toast: Option<(Clean, Ms)>,
    extent: Extent,
    /// The bid picked for a group.
    picks: BTreeMap<u32, BidId>,
    accept: Accept,
    survey: Survey,
    marks: Marks,
    tracks: HashMap<Address, Lookup<TrackRecord>>,
    gateways: HashMap<Address, Lookup<Gateway>>,
    kept: Kept,
    /// The columns chosen; `None`: the usual ones.
    columns: Option<Vec<Field>>,
    /// Bids of blocked providers are shown for now.
    shows_blocked: bool,
    /// Providers blocked a moment ago, and until when their bids stay.
    just_blocked: HashMap<Address, Ms>,
    /// What may be typed next in the filter, while it is gone through.
    completing: Option<Completing>,
}

impl Model {
    pub fn new(settings: Settings) -> Self {
        let mut log = Log::default();
        for note in &settings.notes {
            log.push(note.clone(), 0);
        }
        Self {
            query: settings.query.clone(),
            line: Line::new(settings.query.to_string()),
            sort: settings.sort.clone(),
            columns: settings.kept.columns.clone(),
            kept: settings.kept.clone(),
            settings,
            now: 0,
            focused: true,
            link: Link::default(),
            snapshot: None,
            held: None,
            asked: false,
            market: Market::default(),
            tabs: Vec::new(),
            tab: 0,
            fresh: HashMap::new(),
            leaving: HashMap::new(),
            shared_names: HashSet::new(),
            pays_akt: false,
            mode: Mode::Browse,
            detail: None,
            per: Per::Hour,
            mouse: false,
            log,
            toast: None,
            extent: Extent::default(),
            picks: BTreeMap::new(),
            accept: Accept::default(),
            survey: Survey::default(),
            marks: Marks::default(),
            tracks: HashMap::new(),
            gateways: HashMap::new(),
            shows_blocked: false,
            just_blocked: HashMap::new(),
            completing: None,
        }
    }

    /// What the person set, with what was marked since.
    pub fn preferences(&self) -> Preferences {
        let Settings { filters, run, provider_status, usual, auditors, .. } = &self.settings;
        Preferences {
            kept: self.kept.clone(),
            saved: filters.clone(),
            auditors: auditors.clone(),
            usual: usual.clone(),
            run: *run,
            provider_status: *provider_status,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the screen shows; not what came while paused.
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.snapshot.as_ref()
    }

    pub fn market(&self) -> &Market {
        &self.market
    }

    pub fn block_time(&self) -> BlockTime {
        self.snapshot.as_ref().map_or(BlockTime::ASSUMED, |snapshot| snapshot.chain.block_time)
    }

    pub fn freshness(&self) -> Freshness {
        self.link.freshness(self.now, self.focused)
    }

    /// Whether the figures are too old to be shown as present.
    pub fn old(&self) -> bool {
        self.link.old(self.now, self.focused)
    }

    /// Why asking fails at present.
    pub fn trouble(&self) -> Option<&Clean> {
        self.link.trouble()
    }

    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        match (&self.mode, self.detail) {
            (Mode::Accept { .. }, _) => match self.accept.face() {
                Some(Face::Dialog(dialog)) => match dialog.stage() {
                    Stage::Passphrase { .. } => Context::Passphrase,
                    Stage::Opening { .. } => Context::Watch,
                    Stage::Reading { .. } | Stage::Stopped | Stage::Phrase(_) => Context::Accept,
                },
                Some(Face::Refused(_) | Face::Course(_)) | None => Context::Watch,
            },
            (Mode::Leave(_), _) => Context::Leave,
            (Mode::Filter { .. }, _) => Context::Filter,
            (Mode::Help { .. } | Mode::Log { .. }, _) => Context::Overlay,
            (Mode::Doctor { .. }, _) => Context::Doctor,
            (Mode::Compare { .. }, _) => Context::Compare,
            (Mode::Columns(_), _) => Context::Columns,
            (Mode::Browse, Some(_)) => Context::Detail,
            (Mode::Browse, None) => Context::Table,
        }
    }

    /// Lines that the detail pane is scrolled by, if it is open.
    pub fn detail(&self) -> Option<usize> {
        self.detail
    }

    pub fn per(&self) -> Per {
        self.per
    }

    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The filter as it is typed.
    pub fn line(&self) -> &Line {
        &self.line
    }

    pub fn sort(&self) -> &Sort {
        &self.sort
    }

    pub fn log(&self) -> impl Iterator<Item = &Entry> {
        self.log.entries()
    }

    /// Seconds since a moment of this clock.
    pub fn seconds_since(&self, at: Ms) -> u64 {
        self.now.saturating_sub(at) / 1000
    }

    /// The accept of this session.
    pub fn accept(&self) -> &Accept {
        &self.accept
    }

    /// What stops the quote in the dialog, the age of the figures included, in sentences.
    pub fn obstacles(&self) -> Vec<String> {
        let Some(Face::Dialog(dialog)) = self.accept.face() else { return Vec::new() };
        let mut all: Vec<String> = dialog.obstacles().iter().map(ToString::to_string).collect();
        if !matches!(dialog.stage(), Stage::Opening { .. }) {
            all.extend(self.not_live().map(str::to_owned));
        }
        all
    }

    /// Why the figures on the screen are not those of the present.
    fn not_live(&self) -> Option<&'static str> {
        match self.freshness() {
            Freshness::Live { .. } => None,
            Freshness::Stale { .. } => Some("the figures are old: the node tells of no newer block"),
            Freshness::Offline { .. } => Some("the figures are old: the node does not answer"),
            Freshness::Paused { .. } => Some("reading is paused: press Esc, then p to go on"),
            Freshness::Connecting { .. } | Freshness::Unreachable { .. } => Some("nothing was read yet"),
            Freshness::Saved => Some("these figures come from a saved answer, which may be old"),
        }
    }

    /// The input of the accept dialog that is to be drawn: none while something stands against the quote.
    pub fn input(&self) -> Option<Input> {
        let shown = matches!(self.mode, Mode::Accept { .. }) && self.obstacles().is_empty();
        self.accept.input().filter(|_| shown)
    }

    /// Seconds until the provider of the last accept gives up waiting for the manifest.
    pub fn manifest_left_s(&self) -> Option<u64> {
        self.accept.course()?.left_s(self.now)
    }

    /// The bid picked for a group.
    pub fn pick(&self, gseq: u32) -> Option<&BidId> {
        self.picks.get(&gseq)
    }

    /// The picks, by group.
    pub fn picked(&self) -> impl Iterator<Item = &Row> {
        self.picks.values().filter_map(|id| self.market.rows.iter().find(|row| row.bid.id == *id))
    }

    /// Whether the bid is picked for its group.
    pub fn is_picked(&self, id: &BidId) -> bool {
        self.pick(id.gseq) == Some(id)
    }

    /// What the doctor found out.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// What the group shown suffers from, once its order has been open for [`doctor::PATIENCE_S`]: nobody bids, or
    /// nobody with what was asked.
    pub fn ails(&self) -> Option<Verdict> {
        let patient = self.order_age_s().and_then(|age| i64::try_from(age).ok())? >= doctor::PATIENCE_S;
        let verdict = self.survey.diagnosis(self.group()?.gseq)?.verdict;
        (patient && matches!(verdict, Verdict::NoBids | Verdict::NoneFits { .. })).then_some(verdict)
    }

    /// Whether the bid is marked for the comparison.
    pub fn is_marked(&self, id: &BidId) -> bool {
        self.marks.has(id)
    }

    /// Whether a bid of the group shown is marked.
    pub fn has_marks(&self) -> bool {
        self.tabs.get(self.tab).is_some_and(|tab| self.marks.of(tab.gseq).next().is_some())
    }

    /// The marked bids of the group shown, in the order in which they were marked.
    pub fn marked(&self) -> Vec<&Row> {
        let gseq = self.tabs.get(self.tab).map(|tab| tab.gseq);
        let of_group = gseq.into_iter().flat_map(|gseq| self.marks.of(gseq));
        of_group.filter_map(|id| self.market.rows.iter().find(|row| row.bid.id == *id)).collect()
    }

    /// What is known of a provider's past leases; `None`: nobody asked.
    pub fn track(&self, provider: &Address) -> Option<&Lookup<TrackRecord>> {
        self.tracks.get(provider)
    }

    /// What a provider's own gateway says; `None`: it was not asked.
    pub fn gateway(&self, provider: &Address) -> Option<&Lookup<Gateway>> {
        self.gateways.get(provider)
    }

    /// The columns chosen, from left to right; `None`: the usual ones.
    pub fn columns(&self) -> Option<&[Field]> {
        self.columns.as_deref()
    }

    /// What the last frame had room for.
    pub fn extent(&self) -> &Extent {
        &self.extent
    }

    pub fn is_favourite(&self, provider: &Address) -> bool {
        self.kept.favourites.contains(provider)
    }

    pub fn is_blocked(&self, provider: &Address) -> bool {
        self.kept.blocked.contains(provider)
    }

    /// Whether bids of blocked providers are shown for now.
    pub fn shows_blocked(&self) -> bool {
        self.shows_blocked
    }

    /// Options for what is being typed, while they are gone through.
    pub fn completing(&self) -> Option<&Completing> {
        self.completing.as_ref()
    }

    /// A message that passes.
    pub fn toast(&self) -> Option<&Clean> {
        self.toast.as_ref().map(|(text, _)| text)
    }

    /// The numbers of the groups, in the order of the tabs, each with what is known of it.
    pub fn groups(&self) -> impl Iterator<Item = (u32, Option<&GroupView>)> {
        self.tabs.iter().map(|tab| (tab.gseq, self.market.groups.iter().find(|group| group.gseq == tab.gseq)))
    }

    /// The place of the group shown among the tabs.
    pub fn tab(&self) -> usize {
        self.tab
    }

    /// The group shown.
    pub fn group(&self) -> Option<&GroupView> {
        let gseq = self.tabs.get(self.tab)?.gseq;
        self.market.groups.iter().find(|group| group.gseq == gseq)
    }

    /// The rows of the group shown; `None` before any answer.
    pub fn table(&self) -> Option<&Table> {
        self.tabs.get(self.tab).map(|tab| &tab.table)
    }

    /// The row at a place of the table.
    pub fn row(&self, place: usize) -> Option<&Row> {
        let row = self.table()?.view().rows.get(place)?;
        self.market.rows.get(*row as usize)
    }

    /// The row under the cursor.
    pub fn cursor(&self) -> Option<&Row> {
        self.row(self.table()?.place()?)
    }

    /// Whether the bid came a moment ago.
    pub fn is_fresh(&self, id: &BidId) -> bool {
        self.fresh.contains_key(id)
    }

    /// Whether the bid is about to leave the screen.
    pub fn is_leaving(&self, id: &BidId) -> bool {
        self.leaving.contains_key(id)
    }

    /// Whether the chain still lists the bid, withdrawn or not.
    pub fn is_listed(&self, id: &BidId) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.bids.iter().any(|bid| bid.id == *id))
    }

    /// Whether several providers of this deployment's bids go by a name.
    pub fn is_shared_name(&self, name: &Clean) -> bool {
        self.shared_names.contains(name)
    }

    /// Whole seconds that have passed on the chain since the snapshot, as far as one may assume. Ages grow by these, so
    /// that all of them tick at once.
    fn elapsed_s(&self) -> u64 {
        self.link.elapsed(self.now, self.focused) / 1000
    }

    /// Seconds since the bid was made.
    pub fn age_s(&self, row: &Row) -> Option<u64> {
        let At { height, block_time } = self.at();
        let at_snapshot = u64::try_from(row.age_s(height, block_time)?).ok()?;
        Some(at_snapshot.saturating_add(self.elapsed_s()))
    }

    /// When the bid closes, by the estimate.
    pub fn closes(&self, row: &Row) -> Closes {
        let only_saved = row.blockers.iter().all(|blocker| matches!(blocker, Blocker::SavedAnswer));
        if !only_saved {
            return Closes::Never;
        }
        let At { height, block_time } = self.at();
        let Some(left) = row.closes_in_s(height, block_time) else { return Closes::Unknown };
        let left = left.saturating_sub_unsigned(self.elapsed_s());
        if left > 0 { Closes::In(left.unsigned_abs()) } else { Closes::Overdue(left.unsigned_abs()) }
    }

    /// Seconds for which the newest order of the group shown has been open; `None` where its age is not known.
    pub fn order_age_s(&self) -> Option<u64> {
        let snapshot = self.snapshot.as_ref()?;
        let group = self.group()?;
        let order = snapshot.orders.iter().flatten().find(|o| o.gseq == group.gseq && Some(o.oseq) == group.oseq)?;
        let blocks = snapshot.chain.height?.checked_sub(order.created_height?)?;
        let at_snapshot = u64::try_from(snapshot.chain.block_time.millis_of(blocks)).ok()?;
        Some((at_snapshot / 1000).saturating_add(self.elapsed_s()))
    }

    /// The rate of AKT if a price here needed it, and its age in seconds by the chain's clock.
    pub fn akt_rate(&self) -> Option<(&Rate, Option<u64>)> {
        let snapshot = self.snapshot.as_ref()?;
        let rate = snapshot.rates.akt.as_ref()?;
        let age = || {
            let ms = snapshot.chain.height_at_ms?.checked_sub(rate.at_ms?)?;
            Some((u64::try_from(ms).unwrap_or(0) / 1000).saturating_add(self.elapsed_s()))
        };
        self.pays_akt.then(|| (rate, age()))
    }

    /// When the model changes by itself, if nothing else happens: an age ticks, a mark or a message ends.
    pub fn next_deadline(&self) -> Option<Ms> {
        self.fresh
            .values()
            .copied()
            .chain(self.leaving.values().map(|leaving| leaving.until))
            .chain(self.toast.as_ref().map(|(_, until)| *until))
            .chain(self.just_blocked.values().copied())
            .chain(self.link.next_change(self.now, self.focused))
            .chain(self.next_second_of_the_manifest())
            .min()
    }

    /// While the time for the manifest is on the screen, it counts down.
    fn next_second_of_the_manifest(&self) -> Option<Ms> {
        let counts = matches!(self.mode, Mode::Accept { .. }) && self.manifest_left_s().is_some_and(|left| left > 0);
        counts.then(|| self.now.saturating_add(1000))
    }

    /// When the rows are looked at, as sort and filter have it.
    pub fn at(&self) -> At {
        At { height: self.snapshot.as_ref().and_then(|s| s.chain.height), block_time: self.block_time() }
    }

    /// Works out the rows of the group shown. To be called after whatever they depend on has changed.
    fn arrange(&mut self) {
        let at = self.at();
        let Some(tab) = self.tabs.get_mut(self.tab) else { return };
        let leaving = &self.leaving;
        let hidden = |provider: &&Address| !self.shows_blocked && !self.just_blocked.contains_key(*provider);
        let blocked: BTreeSet<Address> = self.kept.blocked.iter().filter(hidden).cloned().collect();
        let scope = Scope {
            gseq: Some(tab.gseq),
            older: false,
            withdrawn: false,
            lingering: &|id: &BidId| leaving.contains_key(id),
            blocked: &blocked,
        };
        let mut view = rank::arrange(&self.market, &at, &scope, &self.query, &self.sort);
        keep_places(&mut view.rows, &self.market.rows, leaving);
        tab.table.show(view, &self.market.rows, self.extent.rows);
    }

    /// Works out the rows anew because the person sorts or filters: nothing keeps its place.
    fn rearrange(&mut self) {
        for leaving in self.leaving.values_mut() {
            leaving.place = None;
        }
        self.arrange();
    }

    fn say(&mut self, text: &str) {
        self.toast = Some((Clean::message(text), self.now.saturating_add(TOAST_MS)));
    }

    /// Says it, and keeps it in the log.
    fn tell(&mut self, text: Clean) {
        self.log.push(text.clone(), self.now);
        self.toast = Some((text, self.now.saturating_add(TOAST_MS)));
    }

    /// What the arrangement hides; nothing before any answer.
    pub fn view(&self) -> Option<&View> {
        self.table().map(Table::view)
    }
}

/// Takes in what happened, and says what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = take_in(model, msg);
    effects.extend(look_into(model));
    effects
}

/// What the screen shows of providers and is not known yet: asked for once each.
fn look_into(model: &mut Model) -> Vec<Effect> {
    if model.snapshot.as_ref().is_none_or(|snapshot| snapshot.saved) {
        return Vec::new();
    }
    let rows: Vec<&Row> = match model.mode {
        Mode::Compare { .. } => model.marked(),
        _ if model.detail.is_some() => model.cursor().into_iter().collect(),
        _ => Vec::new(),
    };
    let providers: Vec<Address> = rows.iter().map(|row| row.bid.id.provider.clone()).collect();
    let mut effects = Vec::new();
    for address in providers {
        if !model.tracks.contains_key(&address) {
            model.tracks.insert(address.clone(), Lookup::Asked);
            effects.push(Effect::Track(address.clone()));
        }
        if model.settings.provider_status && !model.gateways.contains_key(&address) {
            model.gateways.insert(address.clone(), Lookup::Asked);
            effects.push(Effect::Gateway(address));
        }
    }
    effects
}

fn take_in(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Now(now) => tick(model, now),
        Msg::Key(key) => return press(model, key),
        Msg::Paste(text) => {
            // It may hold a passphrase, whatever it is pasted into.
            let text = Zeroizing::new(text);
            if let Mode::Accept { .. } = model.mode
                && takes_input(model)
            {
                model.accept.paste(&text);
            } else if let Mode::Filter { .. } = model.mode {
                model.completing = None;
                for c in crate::domain::text::clean(&text, crate::domain::text::MAX_VALUE).chars() {
                    model.line.insert(c);
                }
                typed(model);
            }
        }
        Msg::Click(hit) => click(model, hit),
        Msg::Wheel { over, down } => wheel(model, over.as_ref(), down),
        Msg::Focus(focused) => {
            if model.focused != focused {
                model.focused = focused;
                return vec![Effect::Focus(focused)];
            }
        }
        Msg::Drawn(extent) => {
            if let Some(scroll) = &mut model.detail {
                *scroll = (*scroll).min(extent.detail.max);
            }
            if let Some(scroll) = model.mode.scroll() {
                *scroll = (*scroll).min(extent.overlay.max);
            }
            if let Mode::Accept { .. } = model.mode {
                model.accept.drawn();
            }
            if let Some(tab) = model.tabs.get_mut(model.tab)
                && extent.rows > 0
            {
                tab.table.drawn(extent.rows);
            }
            // A table that is covered keeps its size and its columns for when it is seen again.
            model.extent = if extent.rows == 0 {
                Extent { rows: model.extent.rows, columns: std::mem::take(&mut model.extent.columns), ..extent }
            } else {
                extent
            };
        }
        Msg::Snapshot(snapshot) => {
            if model.link.paused && !model.asked {
                model.held = Some(snapshot);
            } else {
                take(model, snapshot);
            }
        }
        Msg::Trouble { text, retry_in_ms } => {
            model.asked = false;
            model.log.push(text.clone(), model.now);
            model.link.failed(text, retry_in_ms, model.now);
        }
        Msg::Log(text) => model.log.push(text, model.now),
        Msg::Prepared { quote, preparation } => {
            let held = model.not_live().is_some();
            return model.accept.prepared(&quote, preparation, held, model.now);
        }
        Msg::Unlocked(result) => {
            let shown = matches!(model.mode, Mode::Accept { .. });
            if let Some(why) = model.accept.unlocked(result, shown) {
                model.tell(Clean::message(&format!("nothing was signed: {why}")));
                return vec![Effect::Forget];
            }
        }
        Msg::Watching(step) => return watching(model, step),
        Msg::Ended(outcome) => ended(model, outcome),
        Msg::Surveyed(progress) => model.survey.progress(progress),
        Msg::Registered(result) => {
            if let Err(why) = &result {
                model.log.push(why.clone(), model.now);
            }
            model.survey.ended(result);
            examine_anew(model);
        }
        Msg::Tracked(provider, result) => {
            model.tracks.insert(provider, result.into());
        }
        Msg::Asked(provider, result) => {
            model.gateways.insert(provider, result.into());
        }
    }
    Vec::new()
}

/// Works out what the groups of a snapshot suffer from. The registry counts while somebody looks: it is long.
fn examine(model: &mut Model, snapshot: &Snapshot, market: &Market) {
    let open = matches!(model.mode, Mode::Doctor { .. });
    let evidence = Evidence {
        registered: model.survey.registered().filter(|_| open).map(|registered| &**registered),
        usual: &model.settings.usual,
        auditors: &model.settings.auditors,
        from: model.settings.from.as_deref(),
    };
    let diagnoses = doctor::diagnose(snapshot, market, &evidence);
    model.survey.diagnosed(diagnoses);
}

fn examine_anew(model: &mut Model) {
    if let Some(snapshot) = model.snapshot.clone() {
        // The rows on the screen hold bids too that the chain has no more.
        let market = appraise(&snapshot);
        examine(model, &snapshot, &market);
    }
}

fn open_doctor(model: &mut Model) -> Vec<Effect> {
    if model.snapshot.is_none() {
        model.say("nothing was read yet");
        return Vec::new();
    }
    model.mode = Mode::Doctor { scroll: 0 };
    examine_anew(model);
    survey(model, false)
}

fn survey(model: &mut Model, anew: bool) -> Vec<Effect> {
    if model.survey.begin(anew) { vec![Effect::Diagnose] } else { Vec::new() }
}

/// The first command of the diagnosis shown.
fn copy_fix(model: &mut Model) -> Vec<Effect> {
    let diagnosis = model.group().and_then(|group| model.survey.diagnosis(group.gseq));
    let command = diagnosis.and_then(|found| found.causes.iter().find_map(|cause| cause.commands.first()).cloned());
    let Some(command) = command else {
        model.say("there is no command to copy");
        return Vec::new();
    };
    model.say(&format!("sent to the terminal's clipboard: {command}"));
    vec![Effect::Copy(command)]
}

fn toggle_mark(model: &mut Model) {
    let Some(id) = model.cursor().map(|row| row.bid.id.clone()) else {
        model.say("there is no bid to mark");
        return;
    };
    match model.marks.toggle(id) {
        Marked::On(1) => model.say("marked; mark another one, then v compares them"),
        Marked::On(n) => model.say(&format!("{n} marked; v compares them")),
        Marked::Off => model.say("no longer marked"),
        Marked::Full => model.say(&format!("{} are marked already; Space on one of them gives it up", marks::MOST)),
    }
}

/// Puts the marked bids side by side; one alone beside the one under the cursor.
fn open_compare(model: &mut Model) {
    let marked = model.marked().len();
    if marked == 1
        && let Some(id) = model.cursor().map(|row| row.bid.id.clone())
        && !model.marks.has(&id)
    {
        model.marks.toggle(id);
    }
    if model.marked().len() < 2 {
        model.say("mark two to four bids with Space, then v puts them side by side");
        return;
    }
    model.mode = Mode::Compare { scroll: 0, first: 0 };
}

fn shift(model: &mut Model, right: bool) {
    let last = model.marked().len().saturating_sub(model.extent.beside.max(1));
    if let Mode::Compare { first, .. } = &mut model.mode {
        *first = if right { (*first + 1).min(last) } else { first.saturating_sub(1) };
    }
}

/// What people call the provider under the cursor, and its address.
fn provider_here(model: &Model) -> Option<(Address, String)> {
    let row = model.cursor()?;
    let address = row.bid.id.provider.clone();
    let name = row.provider.as_ref().and_then(|provider| provider.name());
    let name = name.map_or_else(|| address.short(), ToString::to_string);
    Some((address, name))
}

fn toggle_favourite(model: &mut Model) -> Vec<Effect> {
    let Some((address, name)) = provider_here(model) else {
        model.say("there is no bid here");
        return Vec::new();
    };
    if model.kept.favourites.remove(&address) {
        model.say(&format!("{name} is no favourite any more; f again undoes it"));
    } else {
        model.kept.favourites.insert(address);
        model.say(&format!("{name} is a favourite; f again undoes it"));
    }
    vec![Effect::Keep(model.kept.clone())]
}

/// Blocks the provider under the cursor, or no longer. Its bids stay for a moment, so that the same key undoes it.
fn toggle_block(model: &mut Model) -> Vec<Effect> {
    let Some((address, name)) = provider_here(model) else {
        let blocked = model.view().is_some_and(|view| view.hidden.blocked > 0);
        model.say(if blocked { "B shows the blocked ones, b on one takes it back" } else { "there is no bid here" });
        return Vec::new();
    };
    if model.kept.blocked.remove(&address) {
        model.just_blocked.remove(&address);
        model.say(&format!("{name} is blocked no longer"));
    } else {
        model.just_blocked.insert(address.clone(), model.now.saturating_add(BLOCKED_MS));
        let picked: Vec<u32> = model.picks.values().filter(|id| id.provider == address).map(|id| id.gseq).collect();
        for gseq in &picked {
            model.picks.remove(gseq);
        }
        let dropped = if picked.is_empty() { "" } else { ", and no pick any more" };
        model.kept.blocked.insert(address);
        model.say(&format!("{name} is blocked{dropped}: gone from the table in a moment; b again undoes it"));
    }
    model.arrange();
    vec![Effect::Keep(model.kept.clone())]
}

fn toggle_blocked_shown(model: &mut Model) {
    if model.kept.blocked.is_empty() {
        model.say("no provider is blocked; b on a bid blocks its provider");
        return;
    }
    model.shows_blocked = !model.shows_blocked;
    if !model.shows_blocked {
        model.just_blocked.clear();
    }
    model.say(if model.shows_blocked {
        "blocked providers are shown; B hides them again"
    } else {
        "blocked providers are hidden"
    });
    model.arrange();
}

/// Opens the choice of columns. Of the providers' own attributes those are offered that say something short.
fn open_columns(model: &mut Model) {
    let mut keys: BTreeMap<&Clean, usize> = BTreeMap::new();
    for (key, _) in model.market.rows.iter().filter_map(|row| row.provider.as_ref()).flat_map(|p| &p.attributes) {
        // What is a field already, and what is said by the offer.
        let known = matches!(&**key, "host" | "organization" | "region" | "location-region" | "country");
        if !known && !key.contains('/') {
            *keys.entry(key).or_default() += 1;
        }
    }
    let mut keys: Vec<(&Clean, usize)> = keys.into_iter().collect();
    keys.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let more: Vec<Field> = keys.into_iter().take(ATTRIBUTES).map(|(key, _)| Field::Attribute(key.clone())).collect();
    let chooser = Chooser::new(&model.extent.columns, model.columns.clone(), &more);
    model.mode = Mode::Columns(Box::new(chooser));
}

/// What a key does to the choice of columns; it is seen at once.
fn choose_columns(model: &mut Model, action: Action) -> Vec<Effect> {
    let Mode::Columns(chooser) = &mut model.mode else { return Vec::new() };
    match action {
        Action::ToggleColumn => {
            if !chooser.toggle() {
                model.say("one column stays");
                return Vec::new();
            }
            model.columns = Some(chooser.chosen());
        }
        Action::ColumnUp | Action::ColumnDown => {
            chooser.shift(action == Action::ColumnDown);
            // Only where the order of those that are shown has changed.
            let chosen = chooser.chosen();
            if model.columns.is_some() || chosen != model.extent.columns {
                model.columns = Some(chosen);
            }
        }
        Action::UsualColumns => {
            model.columns = None;
            model.mode = Mode::Browse;
            model.say("the usual columns, as many as there is room for");
        }
        Action::SaveColumns => {
            model.mode = Mode::Browse;
            model.kept.columns.clone_from(&model.columns);
            model.say("these columns are kept for the next time");
            return vec![Effect::Keep(model.kept.clone())];
        }
        _ => model.mode = Mode::Browse,
    }
    Vec::new()
}

/// Puts the next, or the previous, option in place of what is being typed.
fn complete(model: &mut Model, forward: bool) {
    if model.completing.is_none() {
        let (text, cursor) = (model.line.as_str(), model.line.cursor());
        let found = crate::domain::complete::complete(text, cursor, &model.market, &model.at());
        model.completing = Completing::new(found);
    }
    let Some(completing) = &mut model.completing else {
        model.say("nothing that is seen here begins so");
        return;
    };
    let (range, option) = completing.step(forward);
    model.line.replace(range, option);
    if completing.is_only() {
        // What follows it is another completion.
        model.completing = None;
    }
    typed(model);
}

/// A mark of a bid that is seen no more is given up, and that is said.
fn drop_marks(model: &mut Model) {
    let (rows, leaving) = (&model.market.rows, &model.leaving);
    let there = |id: &BidId| leaving.contains_key(id) || rows.iter().any(|row| row.bid.id == *id && !withdrawn(row));
    let lost = model.marks.keep(there);
    if lost > 0 {
        let what = if lost == 1 { "a marked bid was".to_owned() } else { format!("{lost} marked bids were") };
        model.tell(Clean::message(&format!("{what} withdrawn, and is compared no longer")));
    }
    if matches!(model.mode, Mode::Compare { .. }) && model.marked().is_empty() {
        model.mode = Mode::Browse;
    }
}

fn tick(model: &mut Model, now: Ms) {
    model.now = model.now.max(now);
    model.link.start(model.now);
    let now = model.now;
    model.fresh.retain(|_, until| *until > now);
    let before = model.leaving.len();
    model.leaving.retain(|_, leaving| leaving.until > now);
    let (leaves, blocked) = (model.leaving.len() != before, model.just_blocked.len());
    model.just_blocked.retain(|_, until| *until > now);
    if leaves || model.just_blocked.len() != blocked {
        model.arrange();
        drop_marks(model);
    }
    if model.toast.as_ref().is_some_and(|(_, until)| *until <= now) {
        model.toast = None;
    }
}

/// Puts a snapshot on the screen: marks what came, keeps what went for a while.
fn take(model: &mut Model, snapshot: Arc<Snapshot>) {
    let now = model.now;
    model.asked = false;
    model.held = None;
    model.link.answered(&snapshot, now);
    for warning in &snapshot.warnings {
        let known = model.snapshot.as_ref().is_some_and(|before| before.warnings.contains(warning));
        if !known {
            model.log.push(warning.text.clone(), now);
        }
    }
    let mut market = appraise(&snapshot);
    examine(model, &snapshot, &market);
    let first = model.snapshot.is_none();
    {
        let shown = model.view().map_or(&[][..], |view| &view.rows);
        let places: HashMap<&BidId, usize> = shown
            .iter()
            .enumerate()
            .filter_map(|(place, row)| Some((&model.market.rows.get(*row as usize)?.bid.id, place)))
            .collect();
        let leaving = |id: &BidId| Leaving { until: now.saturating_add(LEAVING_MS), place: places.get(id).copied() };
        let before: HashMap<&BidId, &Row> = model.market.rows.iter().map(|row| (&row.bid.id, row)).collect();
        let listed: HashSet<&BidId> = market.rows.iter().map(|row| &row.bid.id).collect();
        for row in market.rows.iter().filter(|_| !first) {
            let id = &row.bid.id;
            let was_withdrawn = before.get(id).map(|row| withdrawn(row));
            match was_withdrawn {
                None if !withdrawn(row) => drop(model.fresh.insert(id.clone(), now.saturating_add(FRESH_MS))),
                Some(false) if withdrawn(row) => {
                    model.leaving.insert(id.clone(), leaving(id));
                }
                Some(true) if !withdrawn(row) => drop(model.leaving.remove(id)),
                _ => {}
            }
        }
        let gone: Vec<Row> =
            model.market.rows.iter().filter(|row| !listed.contains(&row.bid.id)).map(no_longer_listed).collect();
        for row in &gone {
            if before.get(&row.bid.id).is_some_and(|row| !withdrawn(row)) {
                model.leaving.insert(row.bid.id.clone(), leaving(&row.bid.id));
            }
        }
        market.rows.extend(gone);
    }
    model.market = market;
    model.snapshot = Some(snapshot);
    let prices = model.market.rows.iter().map(|row| &row.bid.price);
    let ceilings = model.market.groups.iter().filter_map(|group| group.ceiling.as_ref());
    model.pays_akt = prices.chain(ceilings).any(|amount| amount.denom == Denom::Uakt);
    name_providers(model);
    let gseq = model.tabs.get(model.tab).map(|tab| tab.gseq);
    let mut old: BTreeMap<u32, Table> = model.tabs.drain(..).map(|tab| (tab.gseq, tab.table)).collect();
    // A bid may name a group that the deployment does not have: it has a tab all the same.
    let mut gseqs: Vec<u32> = model.market.groups.iter().map(|group| group.gseq).collect();
    gseqs.extend(model.market.rows.iter().map(|row| row.bid.id.gseq));
    gseqs.sort_unstable();
    gseqs.dedup();
    model.tabs = gseqs.into_iter().map(|gseq| Tab { gseq, table: old.remove(&gseq).unwrap_or_default() }).collect();
    model.tab = model.tabs.iter().position(|tab| Some(tab.gseq) == gseq).unwrap_or(0);
    model.arrange();
    drop_picks(model);
    drop_marks(model);
    hold_quote_against(model);
}

/// A pick whose bid can no longer be taken is given up, and that is said.
fn drop_picks(model: &mut Model) {
    let row = |id: &BidId| model.market.rows.iter().find(|row| row.bid.id == *id);
    let lost: Vec<(u32, String)> = model
        .picks
        .values()
        .filter_map(|id| match row(id) {
            None => Some((id.gseq, "it is gone".to_owned())),
            Some(row) => row.blockers.first().map(|blocker| (id.gseq, blocker.to_string())),
        })
        .collect();
    for (gseq, why) in lost {
        model.picks.remove(&gseq);
        model.tell(Clean::message(&format!("the pick for group {gseq} is dropped: {why}")));
    }
}

/// A refresh never edits the quote in the dialog; it can stop it.
fn hold_quote_against(model: &mut Model) {
    let (Some(quote), Some(snapshot)) = (model.accept.stoppable(), &model.snapshot) else { return };
    let ids: Vec<BidId> = quote.picks.iter().map(|pick| pick.id.clone()).collect();
    let obstacles = match Quote::freeze(snapshot, &model.market, &ids) {
        Ok(newer) => quote.overtaken(&newer),
        Err(NoQuote::NoSuchBid(id)) => {
            let blocker = Blocker::BidNotOpen(BidState::Closed);
            vec![Obstacle::NotTakeable { provider: id.provider, blocker }]
        }
        Err(why) => vec![Obstacle::Changed(why.to_string())],
    };
    if !obstacles.is_empty() {
        model.accept.stop(obstacles);
    }
}

/// Whether what is typed counts: the last frame showed the very input that it goes to.
fn takes_input(model: &Model) -> bool {
    model.input().is_some_and(|input| model.extent.input == Some(input))
}

/// Opens what `a` stands for: the accept that is on its way or has just ended, else a new dialog.
fn open_accept(model: &mut Model) -> Vec<Effect> {
    let of_last = || model.picks.is_empty() && model.cursor().is_some_and(|row| model.accept.made(&row.bid.id));
    let mut effects = Vec::new();
    if !(model.accept.busy() || model.accept.unseen() || of_last()) {
        match (&model.settings.accepting, frozen(model)) {
            (Accepting::Off(why), _) => model.accept.refuse(why.clone()),
            (Accepting::On(limits), Ok(quote)) => effects = model.accept.begin(quote, limits.clone()),
            (Accepting::On(_), Err(why)) => model.accept.refuse(Clean::message(&why.to_string())),
        }
    }
    model.mode = Mode::Accept { scroll: 0 };
    effects
}

/// The picks as they are shown, or the bid under the cursor.
fn frozen(model: &Model) -> Result<Quote, NoQuote> {
    let mut ids: Vec<BidId> = model.picks.values().cloned().collect();
    if ids.is_empty() {
        ids.extend(model.cursor().map(|row| row.bid.id.clone()));
    }
    if ids.is_empty() {
        return Err(NoQuote::Nothing);
    }
    Quote::freeze(model.snapshot.as_deref().ok_or(NoQuote::NotLive)?, &model.market, &ids)
}

/// Picks the bid under the cursor for its group, or no longer.
fn toggle_pick(model: &mut Model) {
    let Some(row) = model.cursor() else {
        model.say("there is no bid to pick");
        return;
    };
    let id = row.bid.id.clone();
    if model.is_picked(&id) {
        model.picks.remove(&id.gseq);
        model.say(&format!("no pick for group {}", id.gseq));
    } else if let Some(blocker) = row.blockers.first() {
        let why = blocker.to_string();
        model.say(&format!("not picked: {why}"));
    } else {
        model.say(&format!("picked for group {}; a accepts all picks in one transaction", id.gseq));
        model.picks.insert(id.gseq, id);
    }
}

fn watching(model: &mut Model, step: Watch) -> Vec<Effect> {
    let known = model.accept.course().and_then(Course::hash) == Some(&*step.hash);
    model.log.push(step.text.clone(), model.now);
    let effects = model.accept.watching(step);
    if !known && !matches!(model.mode, Mode::Accept { .. }) {
        model.say("an accept is being followed: press a to watch");
    }
    effects
}

fn ended(model: &mut Model, outcome: Outcome) {
    let commands = outcome.next.iter().flat_map(|next| &next.commands);
    let lines: Vec<Clean> = commands.map(|command| Clean::message(command)).collect();
    for line in lines {
        model.log.push(line, model.now);
    }
    let text = outcome.text.clone();
    model.accept.ended(outcome, model.now);
    if let Mode::Accept { .. } = model.mode {
        model.log.push(text, model.now);
    } else {
        model.tell(text);
    }
}

/// Leaves, unless an accept is on its way: then it asks, and takes a second time for an answer.
fn quit(model: &mut Model) -> Vec<Effect> {
    let asked = matches!(model.mode, Mode::Leave(_));
    if asked || !model.accept.course().is_some_and(Course::on_its_way) {
        return vec![Effect::Quit];
    }
    model.mode = Mode::Leave(Box::new(std::mem::take(&mut model.mode)));
    Vec::new()
}

/// Puts rows that are about to leave back where they stood.
fn keep_places(places: &mut Vec<u32>, rows: &[Row], leaving: &HashMap<BidId, Leaving>) {
    if leaving.is_empty() {
        return;
    }
    let kept = |row: &u32| leaving.get(&rows.get(*row as usize)?.bid.id)?.place;
    let mut back: Vec<(usize, u32)> = places.iter().filter_map(|row| Some((kept(row)?, *row))).collect();
    places.retain(|row| kept(row).is_none());
    back.sort_unstable();
    for (place, row) in back {
        places.insert(place.min(places.len()), row);
    }
}

fn withdrawn(row: &Row) -> bool {
    row.bid.state == BidState::Closed
}

/// A row whose bid the chain has no more, as one that was withdrawn.
fn no_longer_listed(row: &Row) -> Row {
    let bid = Bid { state: BidState::Closed, ..Bid::clone(&row.bid) };
    let blockers = vec![Blocker::BidNotOpen(BidState::Closed)];
    Row { bid: Arc::new(bid), blockers, ..row.clone() }
}

fn name_providers(model: &mut Model) {
    let mut owners: HashMap<Clean, HashSet<&Address>> = HashMap::new();
    for row in &model.market.rows {
        if let Some(name) = row.provider.as_ref().and_then(|provider| provider.name()) {
            owners.entry(name.clone()).or_default().insert(&row.bid.id.provider);
        }
    }
    model.shared_names = owners.into_iter().filter(|(_, owners)| owners.len() > 1).map(|(name, _)| name).collect();
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    if let Some(action) = keymap::action(model.context(), key) {
        return act(model, action);
    }
    match &mut model.mode {
        Mode::Filter { .. } => {
            // What stands there is taken as typed: the next Tab goes on from it.
            model.completing = None;
            if model.line.edit(key) {
                typed(model);
            }
        }
        Mode::Accept { .. } => {
            if takes_input(model) {
                model.accept.key(key);
            }
        }
        Mode::Leave(from) => model.mode = std::mem::take(from),
        Mode::Browse
        | Mode::Help { .. }
        | Mode::Log { .. }
        | Mode::Doctor { .. }
        | Mode::Compare { .. }
        | Mode::Columns(_) => {}
    }
    Vec::new()
}

/// Reads a filter, with the saved ones and the auditors that the person named.
fn read(model: &Model, text: &str) -> Result<Query, QueryError> {
    Query::parse_with(text, &model.settings.filters).map(|query| query.naming(&model.settings.auditors))
}

/// The filter's text has changed: a good one applies at once, a half-typed one leaves the rows as they are.
fn typed(model: &mut Model) {
    let error = match read(model, model.line.as_str()) {
        Ok(query) => {
            filter_by(model, query);
            // `usd` on the way to `usd<2` is a word that no bid has: the screen does not empty for it.
            if model.cursor().is_none()
                && let Some(head) = before_field(model.line.as_str())
                && let Ok(query) = read(model, head)
            {
                filter_by(model, query);
            }
            None
        }
        Err(error) => Some(error),
    };
    model.mode = Mode::Filter { error };
}

fn filter_by(model: &mut Model, query: Query) {
    if query != model.query {
        model.query = query;
        model.rearrange();
    }
}

/// What stands before the last word, if that may become the name of a field.
fn before_field(text: &str) -> Option<&str> {
    let start = text.rfind(' ').map_or(0, |blank| blank + 1);
    let word = text[start..].trim_start_matches('!').to_lowercase();
    let begins = |field: &Field| field.alias().starts_with(&word) || field.name().starts_with(&word);
    (!word.is_empty() && Field::ALL.iter().any(begins)).then(|| &text[..start])
}

fn clear_filter(model: &mut Model) {
    model.line.clear();
    model.mode = Mode::Browse;
    filter_by(model, Query::default());
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Up | Action::Down | Action::First | Action::Last => step(model, action),
        Action::PageUp | Action::PageDown | Action::HalfUp | Action::HalfDown => page(model, action),
        Action::SortLeft | Action::SortRight => move_sort(model, action == Action::SortRight),
        Action::SortReverse => reverse_sort(model),
        Action::Filter => {
            model.line.end();
            model.completing = None;
            model.mode = Mode::Filter { error: None };
        }
        // What was taken for the beginning of a field is a word now; an error stays where it is said.
        Action::Keep => {
            if let Ok(query) = read(model, model.line.as_str()) {
                model.completing = None;
                model.mode = Mode::Browse;
                filter_by(model, query);
            }
        }
        Action::Clear => clear_filter(model),
        Action::Detail => match (model.detail, model.cursor()) {
            (Some(_), _) => model.detail = None,
            (None, Some(_)) => model.detail = Some(0),
            (None, None) => model.say("there is no bid to look at"),
        },
        Action::NextGroup | Action::PreviousGroup => next_group(model, action == Action::NextGroup),
        Action::Unit => model.per = model.per.next(),
        Action::Pause => {
            let paused = !model.link.paused;
            model.link.paused = paused;
            if !paused && let Some(held) = model.held.take() {
                take(model, held);
            }
            return vec![Effect::Pause(paused)];
        }
        Action::Refresh => {
            model.asked = true;
            model.say("asking the node");
            return vec![Effect::Refresh];
        }
        Action::CopyId | Action::CopyJson => {
            let Some(id) = model.cursor().map(|row| row.bid.id.clone()) else {
                model.say("there is no bid to copy");
                return Vec::new();
            };
            // The terminal may drop it; nobody is told.
            if action == Action::CopyId {
                model.say("bid id sent to the terminal's clipboard");
                return vec![Effect::Copy(id.to_string())];
            }
            model.say("bid sent to the terminal's clipboard as JSON");
            return vec![Effect::CopyJson(id)];
        }
        Action::Help => {
            model.mode = match model.mode {
                Mode::Help { .. } => Mode::Browse,
                _ => Mode::Help { scroll: 0 },
            }
        }
        Action::Log => {
            model.mode = match model.mode {
                Mode::Log { .. } => Mode::Browse,
                _ => Mode::Log { scroll: 0 },
            }
        }
        Action::Mouse => {
            model.mouse = !model.mouse;
            let (on, off) = ("mouse on: click, wheel; Shift selects text", "mouse off");
            model.say(if model.mouse { on } else { off });
            return vec![Effect::Mouse(model.mouse)];
        }
        Action::Back => {
            if let Mode::Accept { .. } = model.mode {
                model.mode = Mode::Browse;
                return model.accept.close();
            }
            back(model);
        }
        Action::Accept => return open_accept(model),
        Action::Pick => toggle_pick(model),
        Action::Confirm => {
            if takes_input(model) {
                return model.accept.enter(model.now);
            }
        }
        Action::CopyNext => {
            let shown = matches!(model.accept.face(), Some(Face::Course(_)));
            let Some((what, text)) = model.accept.course().filter(|_| shown).and_then(Course::to_copy) else {
                model.say("there is nothing to copy yet");
                return Vec::new();
            };
            model.say(&format!("{what} sent to the terminal's clipboard"));
            return vec![Effect::Copy(text)];
        }
        Action::Favourite => return toggle_favourite(model),
        Action::Block => return toggle_block(model),
        Action::ShowBlocked => toggle_blocked_shown(model),
        Action::Columns => open_columns(model),
        Action::ToggleColumn
        | Action::ColumnUp
        | Action::ColumnDown
        | Action::KeepColumns
        | Action::SaveColumns
        | Action::UsualColumns => return choose_columns(model, action),
        Action::NextOption | Action::PreviousOption => complete(model, action == Action::NextOption),
        Action::Doctor if matches!(model.mode, Mode::Doctor { .. }) => model.mode = Mode::Browse,
        Action::Doctor => return open_doctor(model),
        Action::CopyFix => return copy_fix(model),
        Action::Survey => return survey(model, true),
        Action::Mark => toggle_mark(model),
        Action::Compare if matches!(model.mode, Mode::Compare { .. }) => model.mode = Mode::Browse,
        Action::Compare => open_compare(model),
        Action::ShiftLeft | Action::ShiftRight => shift(model, action == Action::ShiftRight),
        Action::Quit => return quit(model),
        Action::Leave => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
    }
    Vec::new()
}

/// One step back; at the end of the way, nothing.
fn back(model: &mut Model) {
    if let Mode::Columns(chooser) = &model.mode {
        model.columns = chooser.before().map(<[Field]>::to_vec);
    }
    if model.mode != Mode::Browse {
        model.mode = Mode::Browse;
    } else if model.detail.is_some() {
        model.detail = None;
    } else if !model.query.is_empty() {
        clear_filter(model);
    }
}

fn step(model: &mut Model, action: Action) {
    let to = |place: usize, last: usize| match action {
        Action::Up => place.saturating_sub(1),
        Action::Down => (place + 1).min(last),
        Action::First => 0,
        _ => last,
    };
    if let Mode::Columns(chooser) = &mut model.mode {
        chooser.go(to);
        return;
    }
    if let Some(scroll) = model.mode.scroll() {
        *scroll = to(*scroll, model.extent.overlay.max);
        return;
    }
    move_cursor(model, to);
}

fn move_cursor(model: &mut Model, to: impl Fn(usize, usize) -> usize) {
    let page = model.extent.rows;
    if let Some(tab) = model.tabs.get_mut(model.tab)
        && let Some(place) = tab.table.place()
    {
        let last = tab.table.view().rows.len().saturating_sub(1);
        tab.table.move_to(to(place, last), &model.market.rows, page);
    }
}

fn page(model: &mut Model, action: Action) {
    let up = matches!(action, Action::PageUp | Action::HalfUp);
    let half = matches!(action, Action::HalfUp | Action::HalfDown);
    let by = |page: usize| (if half { page / 2 } else { page.saturating_sub(1) }).max(1);
    let to = |place: usize, page: usize, last: usize| {
        if up { place.saturating_sub(by(page)) } else { place.saturating_add(by(page)).min(last) }
    };
    if let Mode::Columns(chooser) = &mut model.mode {
        chooser.go(|place, last| to(place, model.extent.overlay.page, last));
    } else if let Some(scroll) = model.mode.scroll() {
        *scroll = to(*scroll, model.extent.overlay.page, model.extent.overlay.max);
    } else if let Some(scroll) = &mut model.detail {
        *scroll = to(*scroll, model.extent.detail.page, model.extent.detail.max);
    } else {
        let rows = model.extent.rows;
        move_cursor(model, |place, last| to(place, rows, last));
    }
}

/// Moves the sort to a neighbouring column of those on the screen; left of the first is the default order.
fn move_sort(model: &mut Model, right: bool) {
    let columns = &model.extent.columns;
    let place = model.sort.keys.first().and_then(|key| columns.iter().position(|field| *field == key.field));
    let next = match (place, right) {
        (None, true) => Some(0),
        (None, false) => None,
        (Some(place), true) => Some((place + 1).min(columns.len().saturating_sub(1))),
        (Some(place), false) => place.checked_sub(1),
    };
    let keys = next.and_then(|next| columns.get(next)).map(|field| key(field, false));
    sort_by(model, Sort { keys: keys.into_iter().collect() });
}

fn key(field: &Field, descending: bool) -> SortKey {
    SortKey { field: field.clone(), descending }
}

fn sort_by(model: &mut Model, sort: Sort) {
    if sort != model.sort {
        model.sort = sort;
        model.rearrange();
    }
}

/// Turns every key round; from the default order, to the dearest first.
fn reverse_sort(model: &mut Model) {
    let mut sort = model.sort.clone();
    if sort.keys.is_empty() {
        sort.keys.push(key(&Field::Usd, false));
    }
    for key in &mut sort.keys {
        key.descending = !key.descending;
    }
    sort_by(model, sort);
}

fn next_group(model: &mut Model, forward: bool) {
    let count = model.tabs.len();
    if count < 2 {
        model.say("there is one group only");
        return;
    }
    let step = if forward { 1 } else { count - 1 };
    go_to_group(model, (model.tab + step) % count);
}

fn go_to_group(model: &mut Model, tab: usize) {
    if tab < model.tabs.len() {
        model.tab = tab;
        model.arrange();
        if model.cursor().is_none() {
            model.detail = None;
        }
    }
}

fn click(model: &mut Model, hit: Hit) {
    if let Mode::Help { .. } | Mode::Log { .. } | Mode::Doctor { .. } | Mode::Compare { .. } = model.mode {
        if hit != Hit::Overlay {
            model.mode = Mode::Browse;
        }
        return;
    }
    // The mouse neither confirms nor chooses behind the dialog.
    if let Mode::Accept { .. } | Mode::Leave(_) | Mode::Columns(_) = model.mode {
        return;
    }
    match hit {
        Hit::Row(place) => move_cursor(model, |_, last| place.min(last)),
        Hit::Column(field) => {
            let same = model.sort.keys.first().filter(|key| key.field == field);
            let descending = same.is_some_and(|key| !key.descending);
            sort_by(model, Sort { keys: vec![key(&field, descending)] });
        }
        Hit::Tab(tab) => go_to_group(model, tab),
        Hit::Detail | Hit::Overlay => {}
    }
}

fn wheel(model: &mut Model, over: Option<&Hit>, down: bool) {
    let to = |place: usize, last: usize| {
        if down { place.saturating_add(WHEEL).min(last) } else { place.saturating_sub(WHEEL) }
    };
    if let Mode::Columns(chooser) = &mut model.mode {
        chooser.go(to);
    } else if let Some(scroll) = model.mode.scroll() {
        *scroll = to(*scroll, model.extent.overlay.max);
    } else if let (Some(scroll), Some(Hit::Detail)) = (&mut model.detail, over) {
        *scroll = to(*scroll, model.extent.detail.max);
    } else {
        move_cursor(model, to);
    }
}
