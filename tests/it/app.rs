//! The state machine: what always holds, whatever happens in whatever order, and what single keys do.

use crate::support::accept::settings;
use crate::support::market::{self, HEIGHT, later, recorded, varied};
use akbids::app::keymap::{BINDINGS, action, footer};
use akbids::app::{
    Action, Closes, Context, Effect, Extent, Freshness, Hit, Key, Mode, Model, Ms, Msg, Settings, update,
};
use akbids::domain::bid::{BidId, BidState, Snapshot};
use akbids::domain::field::Field;
use akbids::domain::money::Per;
use akbids::domain::rank::Sort;
use akbids::domain::text::Clean;
use akbids::ui::{self, Theme};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;

fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    update(model, Msg::Key(key))
}

fn typed(model: &mut Model, text: &str) {
    for c in text.chars() {
        key(model, Key::Char(c));
    }
}

/// A model that shows a snapshot in a table of ten rows.
fn showing(snapshot: Snapshot) -> Model {
    let mut model = Model::new(Settings::default());
    update(&mut model, Msg::Now(0));
    let columns = vec![Field::Fit, Field::Usd, Field::Gpu, Field::Org];
    update(&mut model, Msg::Drawn(Extent { rows: 10, columns, ..Extent::default() }));
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    model
}

fn shown(model: &Model) -> Vec<BidId> {
    (0..).map_while(|place| model.row(place)).map(|row| row.bid.id.clone()).collect()
}

fn cursor(model: &Model) -> Option<BidId> {
    model.cursor().map(|row| row.bid.id.clone())
}

fn draw(model: &mut Model, (width, height): (u16, u16)) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut extent = Extent::default();
    terminal.draw(|frame| extent = ui::view(model, Theme::default(), frame).extent).unwrap();
    update(model, Msg::Drawn(extent));
}

/// What may come from the chain one after the other: bids that come, go, return, close, are leased.
fn snapshots() -> Vec<Arc<Snapshot>> {
    let mut out = vec![recorded(), varied(), later(&varied(), 1)];
    let mut fewer = later(&varied(), 2);
    fewer.bids.drain(2..9);
    out.push(fewer);
    let mut withdrawn = later(&varied(), 3);
    for bid in withdrawn.bids.iter_mut().step_by(3) {
        Arc::make_mut(bid).state = BidState::Closed;
    }
    out.push(withdrawn);
    let mut dearer = later(&varied(), 4);
    for (n, bid) in dearer.bids.iter_mut().enumerate() {
        let n = u64::try_from(n * 37 % 11 + 1).unwrap();
        let bid = Arc::make_mut(bid);
        bid.price = bid.price.times(n).unwrap();
    }
    out.push(dearer);
    out.push(later(&market::leased("akash1apz6r7c3x53v4785u92jdgdxqg42j4sljh4zu5"), 5));
    let mut empty = later(&recorded(), 6);
    empty.bids.clear();
    out.push(empty);
    let mut stray = later(&varied(), 7);
    Arc::make_mut(&mut stray.bids[0]).id.gseq = 9;
    out.push(stray);
    let mut many = recorded();
    for n in 0..60u32 {
        let mut bid = (*many.bids[usize::try_from(n).unwrap() % 21]).clone();
        bid.id.bseq = n + 1;
        many.bids.push(Arc::new(bid));
    }
    out.push(many);
    out.into_iter().map(Arc::new).collect()
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => prop::sample::select(vec![
            Key::Enter, Key::Esc, Key::Tab, Key::BackTab, Key::Backspace, Key::Delete, Key::Up, Key::Down, Key::Left,
            Key::Right, Key::PageUp, Key::PageDown, Key::Home, Key::End, Key::Ctrl('d'), Key::Ctrl('u'), Key::Ctrl('w'),
            Key::Ctrl('z'), Key::ShiftUp, Key::ShiftDown,
        ]),
        8 => prop::sample::select("jkgG/uSpryY!m?axaxDvcfbBsdJK ".chars().map(Key::Char).collect::<Vec<_>>()),
        4 => prop::sample::select("usd<2 vram>=80h1a|*é".chars().map(Key::Char).collect::<Vec<_>>()),
    ]
}

fn any_hit() -> impl Strategy<Value = Hit> {
    prop_oneof![
        (0usize..90).prop_map(Hit::Row),
        prop::sample::select(Field::ALL.to_vec()).prop_map(Hit::Column),
        (0usize..4).prop_map(Hit::Tab),
        Just(Hit::Detail),
        Just(Hit::Overlay),
    ]
}

/// A snapshot by its number, so that a failure prints in a few lines.
#[derive(Clone, Debug)]
enum Step {
    Msg(Msg),
    Snapshot(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![7 => any_msg().prop_map(Step::Msg), 1 => (0usize..10).prop_map(Step::Snapshot)]
}

fn any_msg() -> impl Strategy<Value = Msg> {
    prop_oneof![
        12 => any_key().prop_map(Msg::Key),
        // A clock that jumps, back as well.
        3 => prop_oneof![0u64..120_000, Just(0), Just(Ms::MAX), Just(5)].prop_map(Msg::Now),
        1 => any_hit().prop_map(Msg::Click),
        1 => (prop::option::of(any_hit()), any::<bool>()).prop_map(|(over, down)| Msg::Wheel { over, down }),
        1 => any::<bool>().prop_map(Msg::Focus),
        1 => "[a-z0-9<>=! \\x1b\\n]{0,20}".prop_map(Msg::Paste),
        1 => prop_oneof![Just(0u64), 0u64..60_000, Just(u64::MAX)]
            .prop_map(|retry_in_ms| Msg::Trouble { text: Clean::new("no answer"), retry_in_ms }),
        1 => Just(Msg::Log(Clean::new("said"))),
    ]
}

const SIZES: &[(u16, u16)] = &[(160, 48), (120, 40), (80, 24), (40, 12), (30, 8), (29, 7), (200, 5), (5, 200), (1, 1)];

/// What holds after every message.
fn check(model: &Model) {
    if let (Some(table), Some(view)) = (model.table(), model.view()) {
        let hidden = &view.hidden;
        assert_eq!(view.rows.len() + hidden.older + hidden.withdrawn + hidden.blocked + hidden.filtered, view.total);
        let (gseq, _) = model.groups().nth(model.tab()).expect("the group shown is among the groups");
        let all = model.market().rows.iter().filter(|row| row.bid.id.gseq == gseq).count();
        assert_eq!(view.total, all, "a row is neither shown nor counted");
        // Every listed bid is a row of some group.
        let listed = model.snapshot().map_or(0, |snapshot| snapshot.bids.len());
        assert!(model.market().rows.len() >= listed);
        match table.place() {
            None => assert!(view.rows.is_empty(), "rows without a cursor"),
            Some(place) => {
                assert_eq!(model.row(place).map(|row| &row.bid.id), table.bid());
                for page in [1, 3, 18] {
                    assert!(table.window(page).contains(&place), "the cursor is out of the window");
                }
            }
        }
    } else {
        assert!(model.snapshot().is_none() || model.market().rows.is_empty());
    }
    if let Mode::Filter { .. } = model.mode() {
        assert!(model.line().cursor() <= model.line().as_str().chars().count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(messages in prop::collection::vec((any_step(), 0..SIZES.len()), 1..80)) {
        let all = snapshots();
        let mut model = Model::new(settings());
        for (step, size) in messages {
            let msg = match step {
                Step::Msg(msg) => msg,
                Step::Snapshot(n) => Msg::Snapshot(Arc::clone(&all[n])),
            };
            let before = cursor(&model);
            let (tab, filtered) = (model.tab(), !model.query().is_empty());
            let moves = matches!(msg, Msg::Key(_) | Msg::Click(_) | Msg::Wheel { .. });
            let esc = matches!(msg, Msg::Key(Key::Esc));
            let effects = update(&mut model, msg);
            prop_assert!(!(esc && effects.contains(&Effect::Quit)), "Esc quit");
            // What nobody moved stays where it is, as long as it is on the screen.
            if let Some(before) = before
                && !moves && !filtered && model.query().is_empty() && model.tab() == tab
                && shown(&model).contains(&before)
            {
                prop_assert_eq!(cursor(&model), Some(before));
            }
            check(&model);
            draw(&mut model, SIZES[size]);
            check(&model);
        }
    }

    #[test]
    fn sorting_keeps_the_cursor_on_its_bid(
        down in 0usize..21,
        keys in prop::collection::vec(prop::sample::select(vec![Key::Left, Key::Right, Key::Char('S')]), 1..12),
    ) {
        let mut model = showing(recorded());
        for _ in 0..down {
            key(&mut model, Key::Down);
        }
        let chosen = cursor(&model);
        for pressed in keys {
            key(&mut model, pressed);
            prop_assert_eq!(cursor(&model), chosen.clone());
        }
    }

    #[test]
    fn a_filter_that_is_cleared_gives_the_cursor_back(down in 0usize..21, text in "[a-z0-9]{1,4}") {
        let mut model = showing(recorded());
        for _ in 0..down {
            key(&mut model, Key::Down);
        }
        let chosen = cursor(&model);
        typed(&mut model, "/");
        typed(&mut model, &text);
        key(&mut model, Key::Esc);
        prop_assert_eq!(cursor(&model), chosen);
        prop_assert_eq!(shown(&model).len(), 21);
    }
}

#[test]
fn esc_goes_back_step_by_step_and_never_further() {
    let mut model = showing(recorded());
    typed(&mut model, "/h100");
    key(&mut model, Key::Enter);
    key(&mut model, Key::Enter);
    typed(&mut model, "?");
    assert_eq!(model.context(), Context::Overlay);
    key(&mut model, Key::Esc);
    assert_eq!(model.context(), Context::Detail);
    key(&mut model, Key::Esc);
    assert_eq!(model.context(), Context::Table);
    assert!(!model.query().is_empty());
    key(&mut model, Key::Esc);
    assert!(model.query().is_empty());
    assert_eq!(key(&mut model, Key::Esc), []);
}

#[test]
fn the_first_rows_are_not_new_and_later_ones_are_for_a_while() {
    let mut model = showing(recorded());
    assert!(shown(&model).iter().all(|id| !model.is_fresh(id)));
    let mut next = later(&recorded(), 1);
    let new = market::bid("akash1zhxe8l3tdhe29ua5cf92np6q25ys0m9rxsa5uq", "1500", "uact", 0, "8 64 100 2 h100");
    next.bids.push(Arc::new(new.clone()));
    update(&mut model, Msg::Snapshot(Arc::new(next)));
    let marked: Vec<BidId> = shown(&model).into_iter().filter(|id| model.is_fresh(id)).collect();
    assert_eq!(marked, std::slice::from_ref(&new.id));
    update(&mut model, Msg::Now(14_999));
    assert!(model.is_fresh(&new.id));
    update(&mut model, Msg::Now(15_000));
    assert!(!model.is_fresh(&new.id));
}

#[test]
fn a_bid_that_goes_stays_in_its_place_for_a_while_and_is_counted_after() {
    let mut model = showing(recorded());
    let before = shown(&model);
    let going = [before[1].clone(), before[3].clone()];
    let mut next = later(&recorded(), 1);
    next.bids.retain(|bid| bid.id != going[0]);
    for bid in &mut next.bids {
        if bid.id == going[1] {
            Arc::make_mut(bid).state = BidState::Closed;
        }
    }
    update(&mut model, Msg::Snapshot(Arc::new(next.clone())));
    assert_eq!(shown(&model), before);
    assert!(going.iter().all(|id| model.is_leaving(id)));
    assert_eq!(model.row(1).unwrap().blockers[0].short(), "withdrawn");
    // They do not come back with the next block.
    update(&mut model, Msg::Now(6000));
    update(&mut model, Msg::Snapshot(Arc::new(later(&next, 1))));
    assert_eq!(shown(&model), before);
    assert!(model.next_deadline().is_some());
    update(&mut model, Msg::Now(20_000));
    assert_eq!(shown(&model).len(), 19);
    assert_eq!(model.view().unwrap().hidden.withdrawn, 2);
}

#[test]
fn the_cursor_goes_to_the_next_bid_when_its_own_is_gone() {
    let mut model = showing(recorded());
    let before = shown(&model);
    for _ in 0..4 {
        key(&mut model, Key::Down);
    }
    let mut next = later(&recorded(), 1);
    next.bids.retain(|bid| bid.id != before[4]);
    update(&mut model, Msg::Snapshot(Arc::new(next)));
    assert_eq!(cursor(&model).as_ref(), Some(&before[4]));
    update(&mut model, Msg::Now(20_000));
    assert_eq!(cursor(&model).as_ref(), Some(&before[5]));
}

#[test]
fn each_group_has_its_own_cursor() {
    let mut model = showing(varied());
    key(&mut model, Key::Down);
    let first = cursor(&model);
    key(&mut model, Key::Tab);
    assert_eq!(model.group().unwrap().gseq, 2);
    key(&mut model, Key::End);
    let second = cursor(&model);
    key(&mut model, Key::Tab);
    assert_eq!(cursor(&model), first);
    key(&mut model, Key::BackTab);
    assert_eq!(cursor(&model), second);
}

#[test]
fn the_sort_moves_over_the_columns_seen() {
    let mut model = showing(recorded());
    let sort = |model: &Model| model.sort().to_string();
    key(&mut model, Key::Left);
    assert_eq!(model.sort(), &Sort::default());
    key(&mut model, Key::Right);
    assert_eq!(sort(&model), "fit");
    key(&mut model, Key::Right);
    assert_eq!(sort(&model), "usd");
    let cheapest = model.row(0).unwrap().usd_hour;
    typed(&mut model, "S");
    assert_eq!(sort(&model), "usd-");
    assert!(model.row(0).unwrap().usd_hour > cheapest);
    for _ in 0..9 {
        key(&mut model, Key::Right);
    }
    assert_eq!(sort(&model), "org");
    for _ in 0..4 {
        key(&mut model, Key::Left);
    }
    assert_eq!(model.sort(), &Sort::default());
    update(&mut model, Msg::Click(Hit::Column(Field::Usd)));
    update(&mut model, Msg::Click(Hit::Column(Field::Usd)));
    assert_eq!(sort(&model), "usd-");
}

#[test]
fn a_half_typed_filter_leaves_the_rows_of_the_last_good_one() {
    let mut model = showing(recorded());
    typed(&mut model, "/gpu=a100 usd");
    let kept = shown(&model).len();
    assert!((1..21).contains(&kept), "{kept}");
    typed(&mut model, "<");
    assert_eq!(shown(&model).len(), kept);
    assert!(matches!(model.mode(), Mode::Filter { error: Some(error) } if error.column == 14), "{:?}", model.mode());
    assert_eq!(key(&mut model, Key::Enter), []);
    assert!(matches!(model.mode(), Mode::Filter { .. }), "kept a filter that is no filter");
    typed(&mut model, "2");
    assert!(shown(&model).len() < kept);
    key(&mut model, Key::Enter);
    assert_eq!(model.query().to_string(), "gpu=a100 usd<2");
    // Kept as it stands, a word is a word.
    typed(&mut model, "/");
    key(&mut model, Key::Ctrl('u'));
    typed(&mut model, "usd");
    assert_eq!(shown(&model).len(), 21);
    key(&mut model, Key::Enter);
    assert_eq!(shown(&model).len(), 0);
}

#[test]
fn pasted_text_goes_into_the_filter_only_and_is_cleaned() {
    let mut model = showing(recorded());
    assert_eq!(update(&mut model, Msg::Paste("q".to_owned())), []);
    assert_eq!(model.mode(), &Mode::Browse);
    typed(&mut model, "/");
    update(&mut model, Msg::Paste("h100\u{1b}[2J\nq".to_owned()));
    assert!(model.line().as_str().starts_with("h100"));
    assert!(model.line().as_str().chars().all(|c| !c.is_control()), "{:?}", model.line());
}

#[test]
fn freshness_in_words_and_seconds() {
    let mut model = Model::new(Settings::default());
    update(&mut model, Msg::Now(1000));
    update(&mut model, Msg::Now(4000));
    assert_eq!(model.freshness(), Freshness::Connecting { for_s: 3 });
    update(&mut model, Msg::Trouble { text: Clean::new("refused"), retry_in_ms: 8000 });
    update(&mut model, Msg::Now(5500));
    assert_eq!(model.freshness(), Freshness::Unreachable { for_s: 4, retry_s: 7 });
    update(&mut model, Msg::Snapshot(Arc::new(recorded())));
    update(&mut model, Msg::Now(7600));
    assert_eq!(model.freshness(), Freshness::Live { age_s: 2 });
    assert!(!model.old());
    // The same height again is no younger.
    update(&mut model, Msg::Snapshot(Arc::new(recorded())));
    assert_eq!(model.freshness(), Freshness::Live { age_s: 2 });
    update(&mut model, Msg::Trouble { text: Clean::new("refused"), retry_in_ms: 3000 });
    update(&mut model, Msg::Now(9600));
    assert_eq!(model.freshness(), Freshness::Offline { age_s: 4, retry_s: 1 });
    update(&mut model, Msg::Snapshot(Arc::new(later(&recorded(), 1))));
    assert_eq!(model.freshness(), Freshness::Live { age_s: 0 });
    update(&mut model, Msg::Now(9600 + 17_820));
    assert_eq!(model.freshness(), Freshness::Stale { age_s: 17 });
    assert!(model.old());
    // A clock that goes back changes nothing.
    update(&mut model, Msg::Now(3));
    assert_eq!(model.freshness(), Freshness::Stale { age_s: 17 });
}

#[test]
fn what_closes_stands_still_when_the_figures_are_old() {
    let mut model = showing(recorded());
    let closes = |model: &Model| model.closes(model.cursor().unwrap());
    // 15 blocks of 5.94 s ago.
    assert_eq!(closes(&model), Closes::In(300 - 89));
    update(&mut model, Msg::Now(10_000));
    assert_eq!(closes(&model), Closes::In(300 - 99));
    update(&mut model, Msg::Now(400_000));
    assert_eq!(closes(&model), Closes::In(300 - 106));
    let mut late = later(&recorded(), 60);
    late.chain.height = Some(HEIGHT + 60);
    update(&mut model, Msg::Snapshot(Arc::new(late)));
    assert_eq!(closes(&model), Closes::Overdue(445 - 300));
}

#[test]
fn it_sleeps_when_nobody_looks() {
    let mut model = showing(recorded());
    assert_eq!(model.next_deadline(), Some(1000));
    update(&mut model, Msg::Now(1000));
    assert_eq!(model.next_deadline(), Some(2000));
    assert_eq!(update(&mut model, Msg::Focus(false)), [Effect::Focus(false)]);
    assert!(model.next_deadline().is_some_and(|at| at > 60_000));
    assert_eq!(update(&mut model, Msg::Focus(false)), []);
    let mut saved = recorded();
    saved.saved = true;
    assert_eq!(showing(saved).next_deadline(), None);
}

#[test]
fn a_pause_holds_what_comes_and_refresh_shows_it() {
    let mut model = showing(recorded());
    assert_eq!(key(&mut model, Key::Char('p')), [Effect::Pause(true)]);
    update(&mut model, Msg::Now(3000));
    assert_eq!(model.freshness(), Freshness::Paused { age_s: Some(3) });
    let height = |model: &Model| model.snapshot().unwrap().chain.height;
    update(&mut model, Msg::Snapshot(Arc::new(later(&recorded(), 1))));
    assert_eq!(height(&model), Some(HEIGHT));
    assert_eq!(key(&mut model, Key::Char('r')), [Effect::Refresh]);
    update(&mut model, Msg::Snapshot(Arc::new(later(&recorded(), 2))));
    assert_eq!(height(&model), Some(HEIGHT + 2));
    update(&mut model, Msg::Snapshot(Arc::new(later(&recorded(), 3))));
    assert_eq!(key(&mut model, Key::Char('p')), [Effect::Pause(false)]);
    assert_eq!(height(&model), Some(HEIGHT + 3));
}

#[test]
fn what_keys_do_to_the_world() {
    let mut model = showing(recorded());
    let id = cursor(&model).unwrap();
    assert_eq!(key(&mut model, Key::Char('y')), [Effect::Copy(id.to_string())]);
    assert_eq!(key(&mut model, Key::Char('Y')), [Effect::CopyJson(id)]);
    assert_eq!(key(&mut model, Key::Char('m')), [Effect::Mouse(true)]);
    assert_eq!(key(&mut model, Key::Char('m')), [Effect::Mouse(false)]);
    assert_eq!(key(&mut model, Key::Ctrl('z')), [Effect::Suspend]);
    key(&mut model, Key::Char('u'));
    assert_eq!(model.per(), Per::Day);
    typed(&mut model, "/q");
    assert_eq!(model.line().as_str(), "q");
    assert_eq!(key(&mut model, Key::Ctrl('c')), [Effect::Quit]);
    key(&mut model, Key::Esc);
    assert_eq!(key(&mut model, Key::Char('q')), [Effect::Quit]);
    let mut empty = recorded();
    empty.bids.clear();
    let mut model = showing(empty);
    assert_eq!(key(&mut model, Key::Char('y')), []);
    assert!(model.toast().is_some(), "a key that does nothing says why");
}

#[test]
fn with_the_detail_open_paging_moves_the_detail_and_arrows_the_cursor() {
    let mut model = showing(recorded());
    let before = shown(&model);
    key(&mut model, Key::Enter);
    draw(&mut model, (80, 24));
    key(&mut model, Key::PageDown);
    assert!(model.detail().is_some_and(|scroll| scroll > 0));
    assert_eq!(cursor(&model).as_ref(), Some(&before[0]));
    for _ in 0..9 {
        key(&mut model, Key::PageDown);
    }
    draw(&mut model, (80, 24));
    let end = model.detail();
    key(&mut model, Key::PageDown);
    assert_eq!(model.detail(), end, "scrolled past the end");
    key(&mut model, Key::Down);
    assert_eq!(cursor(&model).as_ref(), Some(&before[1]));
    key(&mut model, Key::Enter);
    assert_eq!(model.detail(), None);
}

#[test]
fn a_key_means_one_thing_in_a_place() {
    for context in [
        Context::Table,
        Context::Detail,
        Context::Filter,
        Context::Overlay,
        Context::Accept,
        Context::Passphrase,
        Context::Watch,
        Context::Leave,
        Context::Doctor,
        Context::Compare,
        Context::Columns,
    ] {
        let bound: Vec<Key> = BINDINGS
            .iter()
            .filter(|binding| binding.contexts.contains(&context))
            .flat_map(|binding| binding.keys.iter().map(|(key, _)| *key))
            .collect();
        for (n, key) in bound.iter().enumerate() {
            assert!(!bound[..n].contains(key), "{key} twice in {context:?}");
        }
        assert_ne!(action(context, Key::Esc), Some(Action::Quit));
        assert_eq!(action(context, Key::Ctrl('c')), Some(Action::Quit));
    }
    let first: Vec<(String, &str)> = footer(Context::Table).take(3).collect();
    assert_eq!(first, [("a".to_owned(), "accept"), ("/".to_owned(), "filter"), ("←→".to_owned(), "sort")]);
}

#[test]
fn a_cursor_that_a_filter_moved_keeps_to_its_bid_as_well() {
    let mut model = showing(recorded());
    typed(&mut model, "/gpu=a100");
    key(&mut model, Key::Enter);
    key(&mut model, Key::Down);
    key(&mut model, Key::Down);
    // The bid chosen is hidden by the next filter; what takes its place is then pushed down by a cheaper one.
    let chosen = model.cursor().unwrap().bid.id.provider.to_string();
    typed(&mut model, &format!("/ !provider={chosen}"));
    key(&mut model, Key::Enter);
    let now = cursor(&model);
    assert!(now.as_ref().is_some_and(|id| id.provider.as_str() != chosen));
    let mut next = later(&recorded(), 1);
    let new = market::bid("akash1zhxe8l3tdhe29ua5cf92np6q25ys0m9rxsa5uq", "900", "uact", 0, "8 64 100 2 a100/ram/80Gi");
    next.bids.push(Arc::new(new));
    update(&mut model, Msg::Snapshot(Arc::new(next)));
    assert_eq!(cursor(&model), now);
    key(&mut model, Key::Esc);
    assert_eq!(model.cursor().unwrap().bid.id.provider.as_str(), chosen);
}
