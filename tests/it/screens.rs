//! The screens as they are drawn, at several sizes, in every state, in every theme.

use crate::support::accept::{HASH, amount, facts, failed, leased, ready, settings, step};
use crate::support::market::{self, recorded, varied};
use akbids::app::{Effect, Face, Key, Model, Ms, Msg, Settings, update};
use akbids::domain::bid::{
    Address, BidState, DeploymentState, GroupSpec, GroupState, OrderState, Requirements, Snapshot, Warning,
};
use akbids::domain::field::Field;
use akbids::domain::kept::Kept;
use akbids::domain::outcome::{Preparation, Unlock, Word};
use akbids::domain::query::Query;
use akbids::domain::quote::{Facts, Quote, Witness};
use akbids::domain::record::{ClosedByProvider, TrackRecord};
use akbids::domain::registry::{Progress, Registered, Stage};
use akbids::domain::resources::Unit;
use akbids::domain::run::RunLength;
use akbids::domain::text::Clean;
use akbids::ui::{self, Map, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::sync::Arc;

const ANSI: Theme = Theme { mono: false, ascii: false };
const MONO: Theme = Theme { mono: true, ascii: false };
const ASCII: Theme = Theme { mono: true, ascii: true };

/// A person at a screen.
struct Session {
    model: Model,
    now: Ms,
    size: (u16, u16),
    theme: Theme,
    effects: Vec<Effect>,
}

impl Session {
    fn new(settings: Settings) -> Self {
        let mut session =
            Self { model: Model::new(settings), now: 0, size: (80, 24), theme: ANSI, effects: Vec::new() };
        session.wait(0);
        session
    }

    /// At a screen that shows a snapshot, two seconds old.
    fn live(snapshot: Snapshot) -> Self {
        let mut session = Self::new(Settings::default());
        session.send(Msg::Snapshot(Arc::new(snapshot)));
        session.wait(2000);
        session
    }

    fn sized(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self.draw();
        self
    }

    fn themed(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    fn send(&mut self, msg: Msg) {
        self.effects.extend(update(&mut self.model, msg));
        self.draw();
    }

    fn wait(&mut self, ms: Ms) {
        self.now += ms;
        self.send(Msg::Now(self.now));
    }

    fn key(&mut self, key: Key) {
        self.send(Msg::Key(key));
    }

    fn keys(&mut self, text: &str) {
        for c in text.chars() {
            self.key(Key::Char(c));
        }
    }

    /// Draws as the shell does, and tells the model what there was room for.
    fn draw(&mut self) -> (Buffer, Map) {
        let (width, height) = self.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut map = Map::default();
        terminal.draw(|frame| map = ui::view(&self.model, self.theme, frame)).unwrap();
        update(&mut self.model, Msg::Drawn(map.extent.clone()));
        (terminal.backend().buffer().clone(), map)
    }

    /// The screen as text, blanks at the ends cut.
    fn text(&mut self) -> String {
        let (buffer, _) = self.draw();
        text_of(&buffer)
    }
}

fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0usize;
        for cell in row {
            // A wide character takes the cell after it as well.
            if skip == 0 {
                line.push_str(cell.symbol());
            }
            skip = unicode_width(cell.symbol()).saturating_sub(1).max(skip.saturating_sub(1));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn unicode_width(symbol: &str) -> usize {
    ratatui::text::Span::raw(symbol).width()
}

macro_rules! shot {
    ($name:literal, $session:expr) => {{
        let text = $session.text();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, text)
        });
    }};
}

#[test]
fn live_at_every_size() {
    let session = || Session::live(varied());
    shot!("live-80x24", session().sized(80, 24));
    shot!("live-120x40", session().sized(120, 40));
    shot!("live-160x48", session().sized(160, 48));
    shot!("live-40x12", session().sized(40, 12));
    shot!("live-30x8", session().sized(30, 8));
    shot!("too-small", session().sized(29, 8));
}

#[test]
fn the_recorded_market() {
    shot!("recorded-80x24", Session::live(recorded()));
}

#[test]
fn detail_open() {
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40)), ("160x48", (160, 48)), ("160x24", (160, 24))] {
        let mut session = Session::live(varied()).sized(size.0, size.1);
        session.key(Key::Enter);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("detail-{name}"), session.text());
        });
    }
    // The row of another coin, and the end of the text.
    let mut session = Session::live(varied());
    session.keys("/foo");
    session.key(Key::Enter);
    session.key(Key::Enter);
    shot!("detail-other-coin-80x24", session);
    session.key(Key::PageDown);
    session.key(Key::PageDown);
    shot!("detail-scrolled-80x24", session);
}

#[test]
fn detail_of_an_offer_that_falls_short() {
    let mut snapshot = recorded();
    // Two units asked, of which the dearest bid leaves one out and the second gives less.
    let more = |unit: &Unit| Unit { id: 2, count: 3, gpus: Some(0), gpu_kinds: Vec::new(), ..unit.clone() };
    let spec = snapshot.orders.as_ref().unwrap()[0].spec.clone();
    let mut units = spec.units.clone();
    units.push(more(&units[0]));
    let mut requirements = Requirements { any_of: vec![Address::new(market::OWNER)], ..Requirements::default() };
    requirements.attributes.push((Clean::new("region"), Clean::new("eu-central")));
    let spec = Arc::new(GroupSpec { units, requirements, ..GroupSpec::clone(&spec) });
    for order in snapshot.orders.iter_mut().flatten() {
        order.spec = Arc::clone(&spec);
    }
    let winner = Arc::make_mut(&mut snapshot.bids[13]);
    winner.reclamation_s = Some(86_400);
    let mut half = more(&winner.offer.as_ref().unwrap()[0]);
    half.memory_bytes = half.memory_bytes.map(|bytes| bytes / 2);
    winner.offer.as_mut().unwrap().push(half);
    let mut session = Session::live(snapshot).sized(120, 48);
    session.keys("/pd54");
    session.key(Key::Enter);
    session.key(Key::Enter);
    shot!("detail-short-120x48", session);
}

#[test]
fn bids_of_an_earlier_order_are_counted() {
    let mut snapshot = recorded();
    let mut again = snapshot.orders.as_ref().unwrap()[0].clone();
    again.oseq = 2;
    snapshot.orders.as_mut().unwrap().push(again);
    snapshot.orders.as_mut().unwrap()[0].state = OrderState::Closed;
    let text = Session::live(snapshot.clone()).text();
    assert!(text.contains("No bids yet.") && text.contains("0 of 21 shown · 21 of earlier orders"), "{text}");
    Arc::make_mut(&mut snapshot.bids[3]).id.oseq = 2;
    let text = Session::live(snapshot).text();
    assert!(text.contains("1 of 21 shown · 20 of earlier orders") && text.contains("1/21 bids"), "{text}");
}

#[test]
fn filter() {
    let mut session = Session::live(varied());
    session.keys("/");
    shot!("filter-empty", session);
    session.keys("vram>=80 region=us*");
    shot!("filter-typing", session);
    session.keys(" usd<x");
    shot!("filter-error", session);
    session.key(Key::Ctrl('w'));
    session.key(Key::Enter);
    shot!("filter-kept", session);
    session.keys("/ nobody-has-this");
    session.key(Key::Enter);
    shot!("filter-hides-all", session);
    session.key(Key::Esc);
    assert!(session.text().contains("21 of 22 shown"), "{}", session.text());
    let mut narrow = Session::live(varied()).sized(30, 8);
    narrow.keys("/usd<");
    shot!("filter-error-30x8", narrow);
}

#[test]
fn help_and_log() {
    let mut session = Session::live(varied());
    session.keys("?");
    shot!("help-80x24", session);
    session.keys("G");
    shot!("help-end-80x24", session);
    session.keys("q");
    session.send(Msg::Log(Clean::new("provider akash1et9x…ku4tt: 500, asked again in 2 s")));
    session.send(Msg::Log(Clean::new("provider akash1et9x…ku4tt: 500, asked again in 2 s")));
    session.wait(5000);
    session.keys("!");
    shot!("log-80x24", session);
    shot!("help-160x48", {
        let mut session = Session::live(varied()).sized(160, 48);
        session.keys("?");
        session
    });
}

#[test]
fn a_node_that_goes_silent_or_fails() {
    let mut session = Session::live(recorded());
    session.wait(40_000);
    shot!("stale-80x24", session);
    let mut session = Session::live(recorded());
    let text = Clean::message("api.akashnet.net: connection refused");
    session.send(Msg::Trouble { text, retry_in_ms: 10_000 });
    let before = session.text();
    session.wait(2000);
    shot!("offline-80x24", session);
    // Nothing but the first line moves, and the estimate stands still.
    let rest = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rest(&before), rest(&session.text()));
    session.send(Msg::Snapshot(Arc::new(market::later(&recorded(), 3))));
    assert!(session.text().contains("● live 0s"), "{}", session.text());
}

#[test]
fn before_any_answer() {
    let settings = Settings {
        dseq: Some(market::DSEQ),
        endpoint: Some(Clean::new("https://api.akashnet.net")),
        notes: vec![Clean::new("dseq from AKASH_DSEQ")],
        ..Settings::default()
    };
    let mut session = Session::new(settings);
    session.wait(1000);
    shot!("connecting-80x24", session);
    let text = Clean::message("https://api.akashnet.net speaks market v1beta4, akbids reads v1beta5");
    session.send(Msg::Trouble { text, retry_in_ms: 8000 });
    session.wait(1000);
    shot!("no-answer-80x24", session);
    session.send(Msg::Snapshot(Arc::new(recorded())));
    shot!("notes-160x48", session.sized(160, 48));
}

#[test]
fn nothing_to_choose() {
    let mut snapshot = recorded();
    snapshot.bids.clear();
    shot!("no-bids-80x24", Session::live(snapshot.clone()));
    shot!("no-bids-30x8", Session::live(snapshot.clone()).sized(30, 8));
    if let Some(deployment) = &mut snapshot.deployment {
        deployment.state = DeploymentState::Closed;
        deployment.groups[0].state = GroupState::Closed;
    }
    for order in snapshot.orders.iter_mut().flatten() {
        order.state = OrderState::Closed;
    }
    shot!("closed-80x24", Session::live(snapshot.clone()));
    snapshot.bids = recorded().bids;
    shot!("closed-with-bids-80x24", Session::live(snapshot));
}

#[test]
fn an_order_taken() {
    shot!("taken-80x24", Session::live(market::leased("akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54")));
    let mut narrow = Session::live(market::leased("akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54")).sized(40, 12);
    shot!("taken-40x12", narrow);
}

#[test]
fn a_paused_group() {
    let mut snapshot = recorded();
    if let Some(deployment) = &mut snapshot.deployment {
        deployment.groups[0].state = GroupState::Paused;
    }
    for order in snapshot.orders.iter_mut().flatten() {
        order.state = OrderState::Closed;
    }
    shot!("paused-group-80x24", Session::live(snapshot.clone()));
    snapshot.bids.clear();
    shot!("paused-group-no-bids-80x24", Session::live(snapshot));
}

#[test]
fn groups_and_units() {
    let mut session = Session::live(varied());
    session.key(Key::Tab);
    shot!("second-group-80x24", session);
    session.key(Key::BackTab);
    session.keys("uu");
    shot!("month-80x24", session);
    session.keys("u");
    shot!("block-120x40", session.sized(120, 40));
}

#[test]
fn sorted_by_a_column() {
    let mut session = Session::live(varied());
    for _ in 0..3 {
        session.key(Key::Right);
    }
    session.keys("S");
    shot!("sorted-80x24", session);
}

#[test]
fn bids_that_come_and_go() {
    let mut session = Session::live(recorded());
    let mut next = market::later(&recorded(), 1);
    Arc::make_mut(&mut next.bids[13]).state = BidState::Closed;
    next.bids.remove(17);
    next.bids.push(Arc::new(market::bid(
        "akash1zhxe8l3tdhe29ua5cf92np6q25ys0m9rxsa5uq",
        "990",
        "uact",
        0,
        "8 64 100 2 h100",
    )));
    session.send(Msg::Snapshot(Arc::new(next)));
    shot!("come-and-go-80x24", session);
    session.wait(17_000);
    assert!(session.text().contains("withdrawn 0.7353"), "{}", session.text());
    session.wait(3_000);
    let text = session.text();
    assert!(text.contains("20 of 22 shown · 2 withdrawn"), "{text}");
}

#[test]
fn warnings_and_demo() {
    let mut snapshot = varied();
    snapshot.warnings.push(Warning {
        code: "audit_unreachable",
        text: Clean::new("the audits of 3 providers did not come: 503 from api.akashnet.net"),
    });
    snapshot.warnings.push(Warning { code: "oracle", text: Clean::new("the oracle has no price") });
    let mut session = Session::new(Settings { demo: true, ..Settings::default() });
    session.send(Msg::Snapshot(Arc::new(snapshot)));
    shot!("warnings-demo-80x24", session);
    session.keys("p");
    assert_eq!(session.effects, [Effect::Pause(true)]);
    assert!(session.text().contains("! paused 0s"), "{}", session.text());
}

#[test]
fn a_saved_answer() {
    let mut snapshot = recorded();
    snapshot.saved = true;
    snapshot.deployment = None;
    snapshot.orders = None;
    snapshot.leases = None;
    snapshot.chain.height = None;
    snapshot.chain.id = None;
    snapshot.chain.rest = None;
    shot!("saved-80x24", Session::live(snapshot));
}

#[test]
fn themes_without_colour_or_signs() {
    let mut session = Session::live(varied()).themed(ASCII);
    shot!("ascii-80x24", session);
    assert!(session.text().is_ascii());
    session.key(Key::Enter);
    assert!(session.text().is_ascii());
    session.keys("?");
    assert!(session.text().is_ascii());
    // Without colours the words are the same, and no cell has one.
    let (plain, _) = Session::live(varied()).draw();
    let (mono, _) = Session::live(varied()).themed(MONO).draw();
    assert_eq!(text_of(&plain), text_of(&mono));
    let coloured = |buffer: &Buffer| buffer.content.iter().filter(|cell| cell.fg != Color::Reset).count();
    assert_eq!(coloured(&mono), 0);
    assert!(coloured(&plain) > 20);
    assert!(plain.content.iter().all(|cell| cell.bg == Color::Reset), "a background was set");
}

#[test]
fn the_cursor_is_seen_in_every_theme() {
    for theme in [ANSI, MONO, ASCII] {
        let mut session = Session::live(varied()).themed(theme);
        session.key(Key::Down);
        let (buffer, map) = session.draw();
        let reversed = |y: u16| (0..80).filter(|x| buffer[(*x, y)].modifier.contains(Modifier::REVERSED)).count();
        assert_eq!(reversed(map.rows.y + 1), 80);
        assert_eq!(reversed(map.rows.y), 0);
    }
}

#[test]
fn old_rows_are_dim_and_have_no_colour() {
    let mut session = Session::live(recorded());
    let (fresh, map) = session.draw();
    let second = map.rows.y + 1;
    assert_eq!(fresh[(1, second)].fg, Color::Green);
    assert!(!fresh[(1, second)].modifier.contains(Modifier::DIM));
    session.wait(60_000);
    let (old, _) = session.draw();
    assert_eq!(old[(1, second)].fg, Color::Reset);
    assert!(old[(1, second)].modifier.contains(Modifier::DIM));
}

#[test]
fn a_filter_from_the_start_is_shown() {
    let query = Query::parse("gpu=h100 usd<2").unwrap();
    let mut session = Session::new(Settings { query, ..Settings::default() });
    session.send(Msg::Snapshot(Arc::new(recorded())));
    let text = session.text();
    assert!(text.contains(" shown · gpu=h100 −") && text.contains(" · usd<2 −"), "{text}");
    session.keys("/");
    assert!(session.text().contains("/ gpu=h100 usd<2"), "{}", session.text());
}

impl Session {
    /// At a screen that may accept, with the dialog of the row of a provider open; `""`: of the picks.
    fn accepting(snapshot: Snapshot, provider: &str, size: (u16, u16)) -> Self {
        let mut session = Self::new(settings()).sized(size.0, size.1);
        session.send(Msg::Snapshot(Arc::new(snapshot)));
        session.wait(2000);
        if provider.is_empty() {
            session.keys("x");
            session.key(Key::Tab);
            session.keys("x");
        } else {
            session.keys(&format!("/{provider}"));
            session.key(Key::Enter);
        }
        // The toasts of the picks are over.
        session.wait(5000);
        session.keys("a");
        session
    }

    fn quote(&self) -> Quote {
        match self.model.accept().face() {
            Some(Face::Dialog(dialog)) => dialog.quote().clone(),
            other => panic!("no dialog but {other:?}"),
        }
    }

    fn ready(&mut self, change: impl FnOnce(&mut Facts)) {
        let quote = self.quote();
        let mut facts = facts(&quote);
        change(&mut facts);
        let preparation = Preparation::Ready { facts: Box::new(facts), unlock: Unlock::Open };
        self.send(Msg::Prepared { quote: Box::new(quote), preparation });
    }

    /// The box fits: nothing of it is below an edge.
    fn fits(&mut self) -> &mut Self {
        let (buffer, map) = self.draw();
        assert_eq!(map.extent.overlay.max, 0, "{}", text_of(&buffer));
        self
    }
}

/// A market in which one bid has everything against it that does not stop it.
fn doubtful() -> Snapshot {
    let mut snapshot = varied();
    let auditors: Vec<Address> =
        ["akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63", market::OWNER].map(Address::new).into();
    let requirements = Requirements { all_of: auditors, ..Requirements::default() };
    for order in snapshot.orders.iter_mut().flatten() {
        order.spec = Arc::new(GroupSpec { requirements: requirements.clone(), ..GroupSpec::clone(&order.spec) });
    }
    for bid in &mut snapshot.bids {
        if bid.id.provider.as_str().ends_with("39rl") {
            Arc::make_mut(bid).price = amount("812.5", "foo");
        }
    }
    let funds = &mut snapshot.deployment.as_mut().unwrap().escrow.as_mut().unwrap().funds;
    funds.push(amount("300000", "foo"));
    snapshot
}

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 48)];

macro_rules! shots {
    ($name:literal, $size:expr, $session:expr) => {{
        let text = $session.text();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{}-{}x{}", $name, $size.0, $size.1), text)
        });
    }};
}

#[test]
fn the_accept_dialog() {
    for size in SIZES {
        let mut session = Session::accepting(recorded(), "pd54", size);
        shots!("accept-reading", size, session);
        session.ready(|_| {});
        session.keys("pd5");
        shots!("accept", size, session.fits());
        let (_, map) = session.draw();
        assert_eq!(map.extent.input, session.model.input());
        assert!(session.model.input().is_some());
    }
}

#[test]
fn the_accept_dialog_with_everything_that_is_worth_knowing() {
    for size in SIZES {
        let mut session = Session::accepting(doubtful(), "39rl", size);
        session.ready(|facts| {
            facts.reread.runway_s = Some(1800);
            facts.witness = Witness::LeftOut {
                rest: Clean::new("https://akash-api.polkachu.com"),
                why: Clean::new("it lags behind by 14 blocks"),
            };
            facts.fee.payer = Address::new("akash1zhxe8l3tdhe29ua5cf92np6q25ys0m9rxsa5uq");
        });
        session.keys("short pd54");
        session.key(Key::Enter);
        shots!("accept-doubtful", size, session.fits());
    }
    // What is loud stands out without colours.
    let mut session = Session::accepting(doubtful(), "39rl", (80, 24)).themed(MONO);
    session.ready(|facts| facts.reread.runway_s = Some(1800));
    let (buffer, _) = session.draw();
    let text = text_of(&buffer);
    let loud = |words: &str| {
        let y = text.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}:\n{text}"));
        buffer[(4, u16::try_from(y).unwrap())].modifier.contains(Modifier::REVERSED)
    };
    assert!(loud("LESS THAN AN HOUR") && loud("! short: "), "{text}");
    assert!(!loud("promises no notice") && !loud("has no rate"), "{text}");
}

#[test]
fn the_accept_dialog_with_what_stops_it() {
    for size in SIZES {
        let mut session = Session::accepting(recorded(), "39rl", size);
        session.ready(|facts| {
            facts.balance = amount("120", "uakt");
            facts.reread.escrow_left = Some(amount("-1500", "uact"));
            facts.witness = Witness::Contradicts {
                rest: Clean::new("https://akash-api.polkachu.com"),
                ours: "5252.753748 uact".to_owned(),
                theirs: "5300 uact".to_owned(),
            };
        });
        session.send(Msg::Trouble { text: Clean::new("refused"), retry_in_ms: 5000 });
        shots!("accept-stopped", size, session.fits());
    }
    // By a refresh: the figures stay, dearer than ever.
    let mut session = Session::accepting(recorded(), "pd54", (80, 24));
    session.ready(|_| {});
    let mut next = market::leased("akash147xcnmr67qlrswwek72du8h504y8r8yr6639rl");
    next = market::later(&next, 1);
    session.send(Msg::Snapshot(Arc::new(next)));
    shot!("accept-overtaken-80x24", session.fits());
}

#[test]
fn the_accept_dialog_of_two_groups() {
    for size in SIZES {
        let mut session = Session::accepting(varied(), "", size);
        session.ready(|_| {});
        session.keys("pd54");
        shots!("accept-two", size, session.fits());
        session.key(Key::Esc);
        shots!("picked", size, session);
    }
    // One coin of them has no rate: no total in dollars.
    let mut snapshot = varied();
    let edge = snapshot.bids.iter_mut().filter(|bid| bid.id.gseq == 2);
    for (n, bid) in edge.enumerate() {
        Arc::make_mut(bid).price = amount(&(n + 7).to_string(), "foo");
    }
    let mut session = Session::accepting(snapshot, "", (80, 24));
    session.ready(|facts| facts.reread.escrow_left = Some(amount("1", "uact")));
    let text = session.fits().text();
    assert!(text.contains("total ?/hr  ?/month  1213.285682 uact + 8 foo a block"), "{text}");
}

#[test]
fn the_passphrase_the_watch_and_the_outcome() {
    for size in SIZES {
        let mut session = Session::accepting(recorded(), "pd54", size);
        let quote = session.quote();
        let preparation = ready(&quote, Unlock::Passphrase(Clean::new("the file keyring in ~/.akash")));
        session.send(Msg::Prepared { quote: Box::new(quote.clone()), preparation });
        session.keys("pd54");
        session.key(Key::Enter);
        session.keys("hunter2");
        shots!("accept-passphrase", size, session.fits());
        session.key(Key::Enter);
        session.send(Msg::Unlocked(Err(Clean::new("the passphrase is wrong"))));
        assert!(session.fits().text().contains("! the passphrase is wrong"), "{}", session.text());
        session.keys("hunter2");
        session.key(Key::Enter);
        session.send(Msg::Unlocked(Ok(())));
        assert!(session.text().contains("Signing"), "{}", session.text());
        session.send(Msg::Watching(step("signed 9F3A…11C2", false)));
        session.send(Msg::Watching(step("sent to api.akashnet.net", true)));
        for block in 1..9 {
            session.send(Msg::Watching(step(&format!("waiting, block {} of 27011361", market::HEIGHT + block), true)));
        }
        shots!("accept-watch", size, session.fits());
        session.key(Key::Ctrl('c'));
        shots!("accept-leave", size, session);
        session.keys("n");
        session.key(Key::Esc);
        shots!("accept-closed", size, session);
        session.keys("a");
        session.send(Msg::Ended(leased(&quote)));
        session.wait(12_000);
        shots!("accept-leased", size, session.fits());
    }
}

#[test]
fn other_outcomes() {
    let watch = || {
        let mut session = Session::accepting(recorded(), "pd54", (80, 24));
        session.ready(|_| {});
        session.keys("pd54");
        session.key(Key::Enter);
        session.send(Msg::Watching(step("sent to api.akashnet.net", true)));
        session
    };
    let mut session = watch();
    session
        .send(Msg::Ended(failed("failed in block 27011345, no lease was made: the bid is no longer open (market 12)")));
    shot!("accept-failed-80x24", session.fits());
    let mut session = watch();
    let mut unknown = failed("sent, outcome unknown: looking in every block until 27011361");
    unknown.word = Word::Unknown;
    session.send(Msg::Ended(unknown));
    assert!(session.text().contains("? sent, outcome unknown"), "{}", session.text());
    // Another price than the one agreed to is said loudly, in every theme.
    let mut session = watch().themed(MONO);
    let mut lied = failed("leased in block 27011345, BUT NOT AS QUOTED: group 1 costs 1500 uact a block");
    lied.word = Word::LeasedNotAsQuoted;
    session.send(Msg::Ended(lied));
    let (buffer, _) = session.draw();
    let text = text_of(&buffer);
    let y = text.lines().position(|line| line.contains("NOT AS QUOTED")).unwrap();
    assert!(buffer[(4, u16::try_from(y).unwrap())].modifier.contains(Modifier::REVERSED), "{text}");
    assert!(text.contains(HASH), "{text}");
}

#[test]
fn accepting_on_a_small_screen_and_without_signs() {
    let mut session = Session::accepting(doubtful(), "39rl", (40, 12));
    session.ready(|_| {});
    shot!("accept-40x12", session);
    assert_eq!(session.draw().1.extent.input, None);
    for _ in 0..60 {
        session.key(Key::PageDown);
    }
    shot!("accept-end-40x12", session);
    assert_eq!(session.draw().1.extent.input, session.model.input());
    for size in [(30, 8), (29, 7), (31, 9), (200, 60)] {
        session.size = size;
        session.draw();
    }
    let mut session = Session::accepting(doubtful(), "39rl", (80, 24)).themed(ASCII);
    session.ready(|_| {});
    shot!("accept-ascii-80x24", session);
    assert!(session.text().is_ascii());
}

/// A market on which nobody bids, and the doctor open with all there is to know.
fn ailing() -> Session {
    let mut snapshot = recorded();
    snapshot.bids.clear();
    let requirements = Requirements {
        attributes: vec![(Clean::new("region"), Clean::new("mars"))],
        all_of: vec![Address::new("akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63")],
        any_of: Vec::new(),
    };
    for order in snapshot.orders.iter_mut().flatten() {
        order.spec = Arc::new(GroupSpec { requirements: requirements.clone(), ..GroupSpec::clone(&order.spec) });
    }
    snapshot.deployment.as_mut().unwrap().escrow.as_mut().unwrap().funds.clear();
    let providers = snapshot.providers.values().cloned().collect();
    let mut session = Session::live(snapshot);
    session.keys("D");
    session.send(Msg::Registered(Ok(Arc::new(Registered { providers, complete: true, unreadable: 0, why: None }))));
    session
}

#[test]
fn the_doctor() {
    for size in SIZES {
        let mut session = ailing().sized(size.0, size.1);
        shots!("doctor", size, session);
    }
    let mut session = ailing().themed(ASCII);
    shot!("doctor-ascii-80x24", session);
    assert!(session.text().is_ascii());
    let mut session = ailing().sized(40, 12);
    shot!("doctor-40x12", session);
    // While it is being read, and when it cannot be.
    session.size = (80, 24);
    session.keys("r");
    session.send(Msg::Surveyed(Progress { stage: Stage::Providers, done: 1300, of: None }));
    session.keys("G");
    session.size = (160, 48);
    assert!(session.text().contains("reading who is registered: 1300 providers so far"), "{}", session.text());
    session.send(Msg::Registered(Err(Clean::new("connection refused"))));
    assert!(session.text().contains("could not be read: connection refused; r tries again"), "{}", session.text());
    // Where nothing ails, it says that.
    let mut session = Session::live(recorded());
    session.keys("D");
    assert!(session.text().contains("bids can be taken and meet the request"), "{}", session.text());
}

#[test]
fn the_doctor_is_offered_in_words() {
    let mut session = ailing();
    session.key(Key::Esc);
    assert!(session.text().contains("D says why nobody bids"), "{}", session.text());
    let mut snapshot = recorded();
    for bid in &mut snapshot.bids {
        for unit in Arc::make_mut(bid).offer.iter_mut().flatten() {
            unit.gpus = Some(1);
        }
    }
    let text = Session::live(snapshot).text();
    assert!(text.contains("21 bids, none fits: D says why"), "{text}");
    assert!(!Session::live(recorded()).text().contains("D says why"));
}

/// A session with the first bids marked and compared.
fn comparing(count: usize, size: (u16, u16)) -> Session {
    let settings = Settings { run: Some(RunLength::parse("6h").unwrap()), ..Settings::default() };
    let mut session = Session::new(settings).sized(size.0, size.1);
    session.send(Msg::Snapshot(Arc::new(varied())));
    session.wait(2000);
    for _ in 0..count {
        session.keys(" j");
    }
    session.wait(5000);
    session.keys("v");
    let tracked: Vec<Address> = session
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Track(provider) => Some(provider.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(tracked.len(), count);
    for (n, provider) in tracked.into_iter().enumerate() {
        let record = TrackRecord { of: 12, read: 12, complete: true, active: 12 - n, ..TrackRecord::default() };
        session.send(Msg::Tracked(provider, Ok(record)));
    }
    session
}

#[test]
fn bids_side_by_side() {
    for (size, count) in SIZES.into_iter().zip([3, 4]) {
        let mut session = comparing(count, size);
        shots!("side-by-side", size, session);
    }
    let mut session = comparing(3, (80, 24)).themed(ASCII);
    session.key(Key::Right);
    session.key(Key::Right);
    shot!("side-by-side-ascii-80x24", session);
    assert!(session.text().is_ascii());
    let mut narrow = comparing(2, (40, 12));
    assert!(narrow.text().contains("1–1 of 2"), "{}", narrow.text());
    narrow.key(Key::Right);
    narrow.key(Key::Right);
    assert!(narrow.text().contains("2–2 of 2"), "{}", narrow.text());
}

#[test]
fn what_differs_stands_before_what_is_the_same() {
    let mut session = comparing(4, (160, 48));
    let text = session.text();
    let at = |name: &str| {
        text.lines().position(|line| line.contains(&format!("│ {name} "))).unwrap_or_else(|| panic!("{name}:\n{text}"))
    };
    let rule = text.lines().position(|line| line.contains("── the same")).unwrap();
    assert!(at("$/hour") < rule && at("GPU") < rule && at("age") < rule, "{text}");
    assert!(at("CPU") > rule && at("tier") > rule && at("notice") > rule, "{text}");
    // Of the equal ones all cells are the same, of the others not.
    let starts: Vec<usize> = ["Quantum", "x�gnp", "Lumen", "Oblivus"].map(|name| column(&text, name)).into();
    let same = |line: &str| {
        let cells = |line: &str| -> Vec<String> {
            starts.iter().map(|start| cells_from(line, *start).trim_end().to_owned()).collect()
        };
        cells(line).windows(2).all(|pair| pair[0] == pair[1])
    };
    let fields = text
        .lines()
        .enumerate()
        .filter(|(at, line)| *at > 2 && *at != rule && line.starts_with("│ ") && !line.starts_with("│  "))
        .map(|(at, line)| (at < rule, line));
    let (mut before, mut after) = (0, 0);
    for (differs, line) in fields {
        assert_eq!(same(line), !differs, "{line}\n{text}");
        *if differs { &mut before } else { &mut after } += 1;
    }
    assert!(before > 10 && after > 3, "{text}");
}

/// The display column at which a word of the head begins.
fn column(text: &str, word: &str) -> usize {
    let head = text.lines().nth(2).unwrap();
    unicode_width(&head[..head.find(word).unwrap()])
}

/// What stands from a display column on, 20 columns of it.
fn cells_from(line: &str, start: usize) -> String {
    let mut used = 0;
    let mut out = String::new();
    for c in line.chars() {
        if (start..start + 20).contains(&used) {
            out.push(c);
        }
        used += unicode_width(&c.to_string());
    }
    out
}

#[test]
fn choosing_columns() {
    for size in SIZES {
        let mut session = Session::live(varied()).sized(size.0, size.1);
        session.keys("cjj ");
        // The region before the price, and as one more column something that is none by default.
        let region = 5;
        session.keys(&"j".repeat(region));
        shots!("columns", size, session);
    }
    let mut session = Session::live(varied()).themed(ASCII);
    session.keys("c");
    shot!("columns-ascii-80x24", session);
    assert!(session.text().is_ascii());
    // Chosen from the start, of every kind.
    let columns = [
        Field::Usd,
        Field::VramTotal,
        Field::Reclaim,
        Field::Country,
        Field::Attribute(Clean::new("tier")),
        Field::State,
        Field::Auditor,
        Field::Ceiling,
        Field::Takeable,
        Field::Provider,
        Field::UsdMonth,
        Field::Gpus,
    ];
    let kept = Kept { columns: Some(columns.to_vec()), ..Kept::default() };
    let mut session = Session::new(Settings { kept, ..Settings::default() }).sized(160, 24);
    session.send(Msg::Snapshot(Arc::new(varied())));
    shot!("columns-chosen-160x24", session);
    assert_eq!(session.model.extent().columns, columns);
    // Those for which there is no room are told in the list.
    session.size = (80, 24);
    session.keys("c");
    assert!(session.text().contains("no room"), "{}", session.text());
}

#[test]
fn favourites_and_blocked_providers() {
    let mut session = Session::live(recorded());
    session.keys("fjb");
    shot!("favourite-blocked-80x24", session);
    session.wait(10_000);
    let text = session.text();
    assert!(text.contains("20 of 21 shown · 1 blocked") && text.contains("★"), "{text}");
    let mut ascii = Session::live(recorded()).themed(ASCII);
    ascii.keys("f");
    assert!(ascii.text().contains("* Quantum"), "{}", ascii.text());
    let blocked = recorded().bids.iter().map(|bid| bid.id.provider.clone()).collect();
    let kept = Kept { blocked, ..Kept::default() };
    let mut session = Session::new(Settings { kept, ..Settings::default() });
    session.send(Msg::Snapshot(Arc::new(recorded())));
    let text = session.text();
    assert!(
        text.contains("All 21 bids are of providers that you blocked.") && text.contains("0 of 21 shown · 21 blocked"),
        "{text}"
    );
    session.keys("B");
    assert!(session.text().contains("21 of 21 shown"), "{}", session.text());
}

#[test]
fn completing_a_filter() {
    let mut session = Session::live(recorded());
    session.keys("/region=");
    session.key(Key::Tab);
    shot!("completing-80x24", session);
}

#[test]
fn the_line_of_the_picks() {
    let mut session = Session::new(settings()).sized(160, 24);
    session.send(Msg::Snapshot(Arc::new(varied())));
    session.keys("x");
    let text = session.text();
    assert!(
        text.contains("picks · 1 akash $0.7353 · $537.2/month · 1213.285682 uact a block · without a pick: 2 edge"),
        "{text}"
    );
    session.key(Key::Tab);
    session.keys("x");
    let text = session.text();
    assert!(text.contains("in all $0.7603/hr · $555.4/month · 1254.485682 uact a block · a accepts them"), "{text}");
    // One coin of them has no rate: then the sum is not known.
    let mut snapshot = varied();
    for bid in snapshot.bids.iter_mut().filter(|bid| bid.id.gseq == 2) {
        Arc::make_mut(bid).price = amount("7", "foo");
    }
    let mut session = Session::new(settings()).sized(160, 24);
    session.send(Msg::Snapshot(Arc::new(snapshot)));
    session.keys("x");
    session.key(Key::Tab);
    session.keys("x");
    let text = session.text();
    assert!(text.contains("2 edge ? · in all ?/hr · ?/month · 1213.285682 uact + 7 foo a block"), "{text}");
}

#[test]
fn the_detail_holds_what_was_asked_against_declared_and_signed() {
    let mut snapshot = varied();
    let overclock = Address::new("akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63");
    let pair = |key: &str, value: &str| (Clean::new(key), Clean::new(value));
    let requirements = Requirements {
        attributes: vec![
            pair("region", "eu-north"),
            pair("tier", "community"),
            pair("host", "other"),
            pair("gpu", "x"),
        ],
        all_of: vec![overclock],
        any_of: vec![Address::new(market::OWNER)],
    };
    for order in snapshot.orders.iter_mut().flatten() {
        order.spec = Arc::new(GroupSpec { requirements: requirements.clone(), ..GroupSpec::clone(&order.spec) });
    }
    let lumen = Address::new("akash1zhxe8l3tdhe29ua5cf92np6q25ys0m9rxsa5uq");
    let provider = Arc::make_mut(snapshot.providers.get_mut(&lumen).unwrap());
    for (key, value) in [
        ("country", "NO"),
        ("network-speed-down", "10000"),
        ("network-speed-up", "5000"),
        ("cuda", "12.8"),
        ("capabilities/storage/1/class", "beta3"),
        ("capabilities/gpu-interconnect/fabric/infiniband", "true"),
    ] {
        provider.attributes.push(pair(key, value));
    }
    let settings =
        Settings { run: Some(RunLength::parse("2d").unwrap()), provider_status: true, ..Settings::default() };
    let mut session = Session::new(settings).sized(120, 60);
    session.send(Msg::Snapshot(Arc::new(snapshot)));
    session.keys("/Lumen");
    session.key(Key::Enter);
    session.key(Key::Enter);
    let closed = ClosedByProvider { unstable: 2, decommission: 1, ..ClosedByProvider::default() };
    let record = TrackRecord {
        of: 100,
        read: 140,
        complete: true,
        active: 5,
        closed_by_tenant: 92,
        closed_by_provider: closed,
        since_height: Some(market::HEIGHT - 400_000),
        ..TrackRecord::default()
    };
    session.send(Msg::Tracked(lumen.clone(), Ok(record)));
    session.send(Msg::Asked(lumen, Err(Clean::new("timed out after 8 s"))));
    shot!("detail-signed-120x60", session);
}
