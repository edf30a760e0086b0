//! What helps to choose: the doctor, marks, columns, favourites and blocks, completion, what is looked up.

use crate::support::accept::settings;
use crate::support::market::{self, HEIGHT, bid_id, later, recorded, varied};
use akbids::app::{Context, Effect, Extent, Key, Lookup, Model, Msg, Reading, Settings, update};
use akbids::domain::bid::{Address, BidId, BidState, Snapshot};
use akbids::domain::cause::{Code, Verdict};
use akbids::domain::field::Field;
use akbids::domain::gateway::Gateway;
use akbids::domain::kept::Kept;
use akbids::domain::query::SavedFilters;
use akbids::domain::record::TrackRecord;
use akbids::domain::registry::{Progress, Registered, Stage};
use akbids::domain::text::Clean;
use std::sync::Arc;

fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    update(model, Msg::Key(key))
}

fn typed(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| key(model, Key::Char(c))).collect()
}

fn show(settings: Settings, snapshot: Snapshot) -> Model {
    let mut model = Model::new(settings);
    update(&mut model, Msg::Now(0));
    let columns = vec![Field::Fit, Field::Usd, Field::Gpu, Field::Org];
    update(&mut model, Msg::Drawn(Extent { rows: 10, columns, ..Extent::default() }));
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    model
}

fn showing(snapshot: Snapshot) -> Model {
    show(Settings::default(), snapshot)
}

fn shown(model: &Model) -> Vec<BidId> {
    (0..).map_while(|place| model.row(place)).map(|row| row.bid.id.clone()).collect()
}

fn cursor(model: &Model) -> BidId {
    model.cursor().unwrap().bid.id.clone()
}

fn marked(model: &Model) -> Vec<BidId> {
    model.marked().iter().map(|row| row.bid.id.clone()).collect()
}

fn says(model: &Model, words: &str) -> bool {
    model.toast().is_some_and(|toast| toast.contains(words))
}

/// An order of so many blocks of 5.94 s, on which nobody bids.
fn silent(blocks: u64) -> Snapshot {
    let mut snapshot = recorded();
    snapshot.bids.clear();
    for order in snapshot.orders.iter_mut().flatten() {
        order.created_height = Some(HEIGHT - blocks);
    }
    snapshot
}

fn registered(snapshot: &Snapshot) -> Arc<Registered> {
    let providers = snapshot.providers.values().cloned().collect();
    Arc::new(Registered { providers, complete: true, unreadable: 0, why: None })
}

#[test]
fn the_doctor_offers_itself_after_a_minute_and_not_before() {
    // 44: nothing after 60 s.
    let snapshot = silent(5);
    let mut model = showing(snapshot.clone());
    assert_eq!(model.ails(), None);
    update(&mut model, Msg::Snapshot(Arc::new(later(&snapshot, 4))));
    assert_eq!((model.order_age_s(), model.ails()), (Some(53), None));
    update(&mut model, Msg::Now(6_999));
    assert_eq!(model.ails(), None);
    update(&mut model, Msg::Now(7_000));
    assert_eq!(model.ails(), Some(Verdict::NoBids));
    // A bid comes that meets the request.
    let mut served = later(&recorded(), 6);
    served.orders = later(&snapshot, 6).orders;
    update(&mut model, Msg::Snapshot(Arc::new(served)));
    assert_eq!(model.ails(), None);
}

#[test]
fn bids_that_all_fall_short_are_worth_a_doctor_too() {
    let mut snapshot = recorded();
    for bid in &mut snapshot.bids {
        for unit in Arc::make_mut(bid).offer.iter_mut().flatten() {
            unit.gpus = Some(1);
        }
    }
    let model = showing(snapshot.clone());
    assert_eq!(model.ails(), Some(Verdict::NoneFits { takeable: 21 }));
    assert_eq!(showing(recorded()).ails(), None);
    // Nobody knows how old it is.
    for order in snapshot.orders.iter_mut().flatten() {
        order.created_height = None;
    }
    assert_eq!(showing(snapshot).ails(), None);
}

#[test]
fn the_doctor_reads_the_registry_once_and_again_when_asked() {
    let snapshot = silent(60);
    let mut model = showing(snapshot.clone());
    assert_eq!(typed(&mut model, "D"), [Effect::Diagnose]);
    assert_eq!(model.context(), Context::Doctor);
    let steps = |model: &Model| model.survey().diagnosis(1).unwrap().steps.len();
    assert_eq!(steps(&model), 0);
    let progress = Progress { stage: Stage::Providers, done: 400, of: None };
    update(&mut model, Msg::Surveyed(progress));
    assert_eq!(model.survey().reading(), &Reading::Running(Some(progress)));
    // It is on its way: nobody asks twice.
    assert_eq!(typed(&mut model, "r"), []);
    assert_eq!(typed(&mut model, "D"), []);
    assert_eq!(model.context(), Context::Table);
    assert_eq!(typed(&mut model, "D"), []);
    update(&mut model, Msg::Registered(Ok(registered(&snapshot))));
    assert!(steps(&model) > 0);
    key(&mut model, Key::Esc);
    assert_eq!(typed(&mut model, "D"), []);
    assert!(steps(&model) > 0);
    assert_eq!(typed(&mut model, "r"), [Effect::Diagnose]);
    // What was read stays where the next reading gives nothing.
    update(&mut model, Msg::Registered(Err(Clean::new("refused"))));
    assert_eq!(model.survey().reading(), &Reading::Failed(Clean::new("refused")));
    assert!(steps(&model) > 0);
    key(&mut model, Key::Esc);
    assert_eq!(typed(&mut model, "D"), [Effect::Diagnose]);
}

#[test]
fn the_doctor_follows_the_chain_and_gives_the_first_command() {
    let mut broke = silent(60);
    broke.deployment.as_mut().unwrap().escrow.as_mut().unwrap().funds.clear();
    let settings = Settings { from: Some("tenant".to_owned()), ..Settings::default() };
    let mut model = show(settings, broke.clone());
    typed(&mut model, "D");
    let codes = |model: &Model| model.survey().diagnosis(1).unwrap().causes.iter().map(|c| c.code).collect::<Vec<_>>();
    assert!(codes(&model).contains(&Code::EscrowEmpty), "{:?}", codes(&model));
    let effects = typed(&mut model, "y");
    assert!(
        matches!(&effects[..], [Effect::Copy(text)] if text.starts_with("akash tx escrow deposit") && text.ends_with("--from tenant")),
        "{effects:?}"
    );
    let mut served = later(&recorded(), 1);
    served.bids.truncate(9);
    update(&mut model, Msg::Snapshot(Arc::new(served)));
    assert!(!codes(&model).contains(&Code::EscrowEmpty));
    assert_eq!(typed(&mut model, "y"), []);
    assert!(says(&model, "no command"));
    // Nothing was read yet: there is nothing to look at.
    let mut model = Model::new(Settings::default());
    assert_eq!(typed(&mut model, "D"), []);
    assert_eq!(model.context(), Context::Table);
}

#[test]
fn marks_stay_on_their_bids() {
    let mut model = showing(recorded());
    let rows = shown(&model);
    typed(&mut model, " jj ");
    assert_eq!(marked(&model), [rows[0].clone(), rows[2].clone()]);
    // Through sorting, filtering and a refresh.
    typed(&mut model, "SS");
    key(&mut model, Key::Right);
    typed(&mut model, "/nobody");
    key(&mut model, Key::Enter);
    update(&mut model, Msg::Snapshot(Arc::new(later(&recorded(), 1))));
    assert_eq!(marked(&model), [rows[0].clone(), rows[2].clone()]);
    key(&mut model, Key::Esc);
    assert_eq!(cursor(&model), rows[2]);
    typed(&mut model, " ");
    assert_eq!(marked(&model), [rows[0].clone()]);
}

#[test]
fn four_bids_are_marked_at_most() {
    let mut model = showing(recorded());
    typed(&mut model, " j j j ");
    let four = marked(&model);
    assert_eq!(four.len(), 4);
    typed(&mut model, "j ");
    assert_eq!(marked(&model), four);
    assert!(says(&model, "4 are marked already"));
}

#[test]
fn a_comparison_takes_two() {
    let mut model = showing(recorded());
    typed(&mut model, "v");
    assert!(says(&model, "Space") && model.context() == Context::Table);
    // One marked, and the cursor on it.
    typed(&mut model, " v");
    assert_eq!(model.context(), Context::Table);
    let rows = shown(&model);
    let effects = typed(&mut model, "jv");
    assert_eq!(model.context(), Context::Compare);
    assert_eq!(marked(&model), rows[..2]);
    let tracks = rows[..2].iter().map(|id| Effect::Track(id.provider.clone())).collect::<Vec<_>>();
    assert_eq!(effects, tracks);
    typed(&mut model, "v");
    assert_eq!(model.context(), Context::Table);
    assert_eq!(typed(&mut model, "v"), [], "asked for the same records again");
}

#[test]
fn a_marked_bid_that_goes_is_compared_until_it_is_seen_to_go() {
    let mut model = showing(recorded());
    typed(&mut model, " j v");
    let rows = marked(&model);
    let mut next = later(&recorded(), 1);
    for bid in next.bids.iter_mut().filter(|bid| rows.contains(&bid.id)) {
        Arc::make_mut(bid).state = BidState::Closed;
    }
    update(&mut model, Msg::Snapshot(Arc::new(next)));
    assert_eq!((marked(&model), model.context()), (rows, Context::Compare));
    update(&mut model, Msg::Now(20_000));
    assert_eq!((marked(&model), model.context()), (Vec::new(), Context::Table));
    assert!(says(&model, "2 marked bids were withdrawn"));
}

#[test]
fn marks_are_of_the_group_shown() {
    let mut model = showing(varied());
    typed(&mut model, " j ");
    key(&mut model, Key::Tab);
    assert_eq!(marked(&model), []);
    typed(&mut model, "v");
    assert_eq!(model.context(), Context::Table);
    typed(&mut model, " j v");
    assert!(marked(&model).iter().all(|id| id.gseq == 2) && marked(&model).len() == 2);
}

#[test]
fn columns_follow_the_choice_at_once_and_come_back() {
    let mut model = showing(recorded());
    let usual = vec![Field::Fit, Field::Usd, Field::Gpu, Field::Org];
    typed(&mut model, "c");
    assert_eq!((model.context(), model.columns()), (Context::Columns, None));
    typed(&mut model, "j ");
    assert_eq!(model.columns(), Some(&[Field::Fit, Field::Gpu, Field::Org][..]));
    key(&mut model, Key::Esc);
    assert_eq!((model.columns(), model.context()), (None, Context::Table));
    // Moved: the provider before all others.
    typed(&mut model, "cjjjKKK");
    let moved = [Field::Org, Field::Fit, Field::Usd, Field::Gpu];
    assert_eq!(model.columns(), Some(&moved[..]));
    assert_eq!(key(&mut model, Key::Enter), []);
    assert_eq!(model.columns(), Some(&moved[..]));
    typed(&mut model, "c ");
    key(&mut model, Key::ShiftDown);
    key(&mut model, Key::Esc);
    assert_eq!(model.columns(), Some(&moved[..]));
    typed(&mut model, "cd");
    assert_eq!((model.columns(), model.context()), (None, Context::Table));
    assert_eq!(model.extent().columns, usual);
}

#[test]
fn columns_are_kept_for_the_next_time_when_asked() {
    let mut model = showing(recorded());
    typed(&mut model, "c ");
    let columns = Some(vec![Field::Usd, Field::Gpu, Field::Org]);
    let kept = Kept { columns: columns.clone(), ..Kept::default() };
    assert_eq!(typed(&mut model, "s"), [Effect::Keep(kept.clone())]);
    // What is chosen for this time only is not written with something else.
    let mut model = show(Settings { kept, ..Settings::default() }, recorded());
    assert_eq!(model.columns(), columns.as_deref());
    typed(&mut model, "cj ");
    key(&mut model, Key::Enter);
    let effects = typed(&mut model, "f");
    assert!(matches!(&effects[..], [Effect::Keep(kept)] if kept.columns == columns), "{effects:?}");
}

#[test]
fn every_field_can_be_a_column_and_one_always_stays() {
    let mut model = showing(recorded());
    typed(&mut model, "c");
    let akbids::app::Mode::Columns(chooser) = model.mode() else { panic!("{:?}", model.mode()) };
    for field in Field::ALL {
        assert_eq!(chooser.entries().iter().filter(|(f, _)| f == field).count(), 1, "{field:?}");
    }
    assert!(chooser.entries().iter().any(|(f, _)| *f == Field::Attribute(Clean::new("tier"))));
    typed(&mut model, " j j j ");
    assert_eq!(model.columns(), Some(&[Field::Org][..]));
    assert!(says(&model, "one column stays"));
}

#[test]
fn a_favourite_is_kept_and_the_same_key_undoes_it() {
    let mut model = showing(recorded());
    let provider = cursor(&model).provider;
    let effects = typed(&mut model, "f");
    assert!(matches!(&effects[..], [Effect::Keep(kept)] if kept.favourites.contains(&provider)), "{effects:?}");
    assert!(model.is_favourite(&provider) && says(&model, "f again undoes it"));
    assert_eq!(typed(&mut model, "f"), [Effect::Keep(Kept::default())]);
    assert!(!model.is_favourite(&provider));
}

#[test]
fn a_blocked_provider_stays_a_moment_then_is_counted_and_can_be_reached() {
    let mut model = showing(recorded());
    let (before, hidden) = (shown(&model), |model: &Model| model.view().unwrap().hidden.blocked);
    let id = cursor(&model);
    let effects = typed(&mut model, "b");
    assert!(matches!(&effects[..], [Effect::Keep(kept)] if kept.blocked.contains(&id.provider)), "{effects:?}");
    assert!(model.is_blocked(&id.provider) && says(&model, "b again undoes it"));
    assert_eq!((shown(&model), hidden(&model)), (before.clone(), 0));
    // Nobody moved: the same key takes it back.
    assert_eq!(typed(&mut model, "b"), [Effect::Keep(Kept::default())]);
    update(&mut model, Msg::Now(30_000));
    assert_eq!(shown(&model), before);
    typed(&mut model, "b");
    update(&mut model, Msg::Now(39_999));
    assert_eq!(hidden(&model), 0);
    update(&mut model, Msg::Now(40_000));
    assert_eq!((shown(&model), hidden(&model)), (before[1..].to_vec(), 1));
    typed(&mut model, "B");
    assert_eq!((shown(&model), hidden(&model)), (before.clone(), 0));
    typed(&mut model, "g");
    assert_eq!(cursor(&model), id);
    typed(&mut model, "b");
    assert!(!model.is_blocked(&id.provider));
    typed(&mut model, "B");
    assert!(says(&model, "no provider is blocked"));
    assert_eq!(shown(&model), before);
}

#[test]
fn a_provider_that_is_blocked_is_picked_no_longer() {
    let mut model = show(settings(), recorded());
    typed(&mut model, "xb");
    assert_eq!(model.pick(1), None);
    assert!(says(&model, "no pick any more"));
}

#[test]
fn blocks_kept_from_before_hide_at_once() {
    let rows = shown(&showing(recorded()));
    let kept = Kept { blocked: rows[..3].iter().map(|id| id.provider.clone()).collect(), ..Kept::default() };
    let mut model = show(Settings { kept: kept.clone(), ..Settings::default() }, recorded());
    assert_eq!(shown(&model), rows[3..]);
    assert_eq!(model.view().unwrap().hidden.blocked, 3);
    // Of those that are blocked the filter says nothing.
    typed(&mut model, "/nobody-has-this");
    key(&mut model, Key::Enter);
    assert_eq!(model.view().unwrap().hidden.filtered, 18);
    let all = Kept { blocked: rows.iter().map(|id| id.provider.clone()).collect(), ..kept };
    let mut model = show(Settings { kept: all, ..Settings::default() }, recorded());
    assert!(shown(&model).is_empty());
    assert_eq!(typed(&mut model, "b"), []);
    assert!(says(&model, "B shows the blocked ones"));
}

#[test]
fn tab_completes_fields_and_values_that_are_seen() {
    let mut model = showing(recorded());
    typed(&mut model, "/reg");
    key(&mut model, Key::Tab);
    assert_eq!(model.line().as_str(), "region=");
    key(&mut model, Key::Tab);
    // The commonest first.
    assert_eq!(model.line().as_str(), "region=us-west");
    assert_eq!(shown(&model).len(), 7);
    let mut seen = vec![model.line().as_str().to_owned()];
    loop {
        key(&mut model, Key::Tab);
        if seen.contains(&model.line().as_str().to_owned()) {
            break;
        }
        seen.push(model.line().as_str().to_owned());
    }
    assert_eq!(model.line().as_str(), seen[0], "{seen:?}");
    assert_eq!(seen.len(), 5);
    key(&mut model, Key::BackTab);
    assert_eq!(model.line().as_str(), seen[4]);
    // Typing goes on from what stands there.
    typed(&mut model, " us");
    assert_eq!(model.completing(), None);
    key(&mut model, Key::Tab);
    assert_eq!(model.line().as_str(), format!("{} usd<", seen[4]));
    key(&mut model, Key::Right);
    typed(&mut model, " zzz");
    key(&mut model, Key::Tab);
    assert!(says(&model, "nothing that is seen here"));
    key(&mut model, Key::Esc);
    assert_eq!((model.completing(), shown(&model).len()), (None, 21));
}

#[test]
fn saved_filters_and_auditors_work_while_typing() {
    let mut filters = SavedFilters::default();
    filters.add("mine", "gpu=a100").unwrap();
    let mut model = show(Settings { filters, ..Settings::default() }, varied());
    typed(&mut model, "/@mine");
    assert!((1..19).contains(&shown(&model).len()));
    key(&mut model, Key::Esc);
    typed(&mut model, "/auditor=overclock");
    assert_eq!(shown(&model).len(), 1);
}

#[test]
fn past_leases_are_asked_for_once_a_provider() {
    let mut model = showing(recorded());
    let rows = shown(&model);
    let track = |id: &BidId| Effect::Track(id.provider.clone());
    assert_eq!(key(&mut model, Key::Enter), [track(&rows[0])]);
    assert_eq!(model.track(&rows[0].provider), Some(&Lookup::Asked));
    assert_eq!(typed(&mut model, "j"), [track(&rows[1])]);
    assert_eq!(typed(&mut model, "k"), []);
    let record = TrackRecord { of: 7, ..TrackRecord::default() };
    update(&mut model, Msg::Tracked(rows[0].provider.clone(), Ok(record.clone())));
    assert_eq!(model.track(&rows[0].provider), Some(&Lookup::Known(record)));
    update(&mut model, Msg::Tracked(rows[1].provider.clone(), Err(Clean::new("refused"))));
    assert_eq!(typed(&mut model, "j"), []);
    // A saved answer has no chain behind it.
    let mut saved = recorded();
    saved.saved = true;
    assert_eq!(key(&mut showing(saved), Key::Enter), []);
}

#[test]
fn gateways_are_asked_only_where_it_is_switched_on() {
    let settings = Settings { provider_status: true, ..Settings::default() };
    let mut model = show(settings, recorded());
    let provider: Address = cursor(&model).provider;
    assert_eq!(key(&mut model, Key::Enter), [Effect::Track(provider.clone()), Effect::Gateway(provider.clone())]);
    let said = Gateway { leases: Some(3), ..Gateway::default() };
    update(&mut model, Msg::Asked(provider.clone(), Ok(said.clone())));
    assert_eq!(model.gateway(&provider), Some(&Lookup::Known(said)));
}

#[test]
fn picks_are_told_by_group() {
    let mut model = show(settings(), varied());
    typed(&mut model, "x");
    key(&mut model, Key::Tab);
    typed(&mut model, "x");
    let picked: Vec<u32> = model.picked().map(|row| row.bid.id.gseq).collect();
    assert_eq!(picked, [1, 2]);
    // A bid that is on no list is no pick.
    assert_ne!(model.pick(1), Some(&bid_id(1, 1, market::OWNER)));
}
