//! The person's side of accepting: what confirms and what never does, what stops a quote, the watch, and leaving.

use crate::support::accept::{HASH, amount, facts, failed, leased, limits, ready, settings, step};
use crate::support::market::{self, later, recorded, varied};
use akbids::app::{
    Accepting, Confirmed, Context, Effect, Extent, Face, Hit, Key, Mode, Model, Ms, Msg, Passphrase, Settings, Stage,
    update,
};
use akbids::domain::bid::{BidState, Snapshot};
use akbids::domain::outcome::{Preparation, Unlock, Word};
use akbids::domain::quote::{FRESH_MS, Facts, Quote};
use akbids::domain::text::Clean;
use akbids::ui::{self, Theme};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;

/// A person at a screen of 80x24, with a driver that does as it is told.
struct Desk {
    model: Model,
    now: Ms,
    size: (u16, u16),
}

impl Desk {
    fn new(settings: Settings, snapshot: Snapshot) -> Self {
        let mut desk = Self { model: Model::new(settings), now: 0, size: (80, 24) };
        desk.wait(0);
        desk.send(Msg::Snapshot(Arc::new(snapshot)));
        desk.frame();
        desk
    }

    fn live(snapshot: Snapshot) -> Self {
        Self::new(settings(), snapshot)
    }

    /// With the phrase asked for, on the screen.
    fn asked(snapshot: Snapshot, unlock: Unlock) -> Self {
        let mut desk = Self::live(snapshot);
        desk.begin(unlock);
        desk
    }

    fn begin(&mut self, unlock: Unlock) {
        let effects = self.press('a');
        assert!(matches!(&effects[..], [Effect::Prepare(_)]), "{effects:?}");
        self.answer(unlock);
        assert!(self.model.input().is_some(), "{:?}", self.model.obstacles());
    }

    fn answer(&mut self, unlock: Unlock) -> Vec<Effect> {
        let quote = self.quote();
        let effects = self.prepared(ready(&quote, unlock));
        self.frame();
        effects
    }

    fn prepared(&mut self, preparation: Preparation) -> Vec<Effect> {
        let quote = Box::new(self.quote());
        self.send(Msg::Prepared { quote, preparation })
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        update(&mut self.model, msg)
    }

    fn wait(&mut self, ms: Ms) {
        self.now += ms;
        self.send(Msg::Now(self.now));
    }

    /// Draws, and tells what there was room for; the screen's text.
    fn frame(&mut self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let mut extent = Extent::default();
        terminal.draw(|frame| extent = ui::view(&self.model, Theme::default(), frame).extent).unwrap();
        self.send(Msg::Drawn(extent));
        let buffer = terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let line = |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
        buffer.content.chunks(width).map(|row| line(row) + "\n").collect()
    }

    /// One key, and the frame after it.
    fn press(&mut self, c: char) -> Vec<Effect> {
        let effects = self.key(Key::Char(c));
        self.frame();
        effects
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.send(Msg::Key(key))
    }

    fn keys(&mut self, text: &str) {
        for c in text.chars() {
            self.press(c);
        }
    }

    fn enter(&mut self) -> Vec<Effect> {
        let effects = self.key(Key::Enter);
        self.frame();
        effects
    }

    fn quote(&self) -> Quote {
        match self.model.accept().face() {
            Some(Face::Dialog(dialog)) => dialog.quote().clone(),
            other => panic!("no dialog but {other:?}"),
        }
    }

    fn stage(&self) -> &Stage {
        match self.model.accept().face() {
            Some(Face::Dialog(dialog)) => dialog.stage(),
            other => panic!("no dialog but {other:?}"),
        }
    }

    fn typed(&self) -> Option<&str> {
        match self.stage() {
            Stage::Phrase(line) => Some(line.as_str()),
            _ => None,
        }
    }

    fn said(&self) -> String {
        match self.model.accept().face() {
            Some(Face::Dialog(dialog)) => dialog.said().map_or(String::new(), ToString::to_string),
            other => panic!("no dialog but {other:?}"),
        }
    }

    /// The cheapest that fits, confirmed and signed.
    fn sent() -> Self {
        let mut desk = Self::asked(recorded(), Unlock::Open);
        desk.keys("pd54");
        assert!(is_lease(&desk.enter()));
        desk.send(Msg::Unlocked(Ok(())));
        desk.send(Msg::Watching(step("signed 9F3A…11C2", false)));
        desk.send(Msg::Watching(step("sent to api.akashnet.net", true)));
        desk.frame();
        desk
    }
}

/// What another reading finds changed.
type Change = fn(&mut Facts);

fn is_lease(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Lease(_)])
}

fn withdrawn(provider: &str) -> Snapshot {
    let mut snapshot = later(&recorded(), 1);
    for bid in &mut snapshot.bids {
        if bid.id.provider.as_str().ends_with(provider) {
            Arc::make_mut(bid).state = BidState::Closed;
        }
    }
    snapshot
}

#[test]
fn the_way_of_the_money() {
    let mut desk = Desk::live(recorded());
    let effects = desk.press('a');
    let [Effect::Prepare(quote)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(quote.phrase(), "pd54");
    assert_eq!(**quote, desk.quote());
    let quote = desk.quote();
    assert_eq!(desk.prepared(Preparation::Waiting(Clean::new("another transaction of this account waits"))), []);
    assert!(desk.frame().contains("Waiting: another transaction of this account waits"));
    desk.answer(Unlock::Open);
    desk.keys("pd54");
    let effects = desk.enter();
    let confirmed = Confirmed { quote: quote.clone(), facts: facts(&quote), passphrase: None };
    assert_eq!(effects, [Effect::Lease(Box::new(confirmed))]);
    // Handed over once: nothing more is confirmed by more of the same.
    desk.keys("pd54");
    assert_eq!(desk.enter(), []);
    assert_eq!(desk.send(Msg::Unlocked(Ok(()))), []);
    desk.send(Msg::Watching(step("signed 9F3A…11C2", false)));
    desk.send(Msg::Ended(leased(&quote)));
    let screen = desk.frame();
    assert!(screen.contains("✓ leased in block 27011345, as quoted") && screen.contains("$0.7353/hr"), "{screen}");
}

#[test]
fn enter_alone_y_the_mouse_and_a_paste_never_confirm() {
    let mut desk = Desk::asked(recorded(), Unlock::Open);
    assert_eq!(desk.enter(), []);
    desk.keys("y");
    assert_eq!(desk.enter(), []);
    assert!(desk.said().contains("nothing was sent"), "{}", desk.said());
    desk.key(Key::Ctrl('u'));
    desk.keys("yes");
    assert_eq!(desk.enter(), []);
    desk.key(Key::Ctrl('u'));
    assert_eq!(desk.send(Msg::Paste("pd54".to_owned())), []);
    assert_eq!(desk.typed(), Some(""));
    assert!(desk.said().contains("type it"), "{}", desk.said());
    assert_eq!(desk.enter(), []);
    assert_eq!(desk.send(Msg::Paste("pd54\r\n".to_owned())), []);
    for hit in [Hit::Overlay, Hit::Row(0), Hit::Tab(0), Hit::Detail] {
        assert_eq!(desk.send(Msg::Click(hit)), []);
    }
    assert_eq!(desk.typed(), Some(""));
    assert_eq!(desk.model.context(), Context::Accept);
    // Nor does all but the last character of it, or another order of it.
    for wrong in ["pd5", "pd5 4", "d54", "PD54", "pd54 pd54", "short pd54"] {
        desk.key(Key::Ctrl('u'));
        desk.keys(wrong);
        assert_eq!(desk.enter(), [], "{wrong} confirmed");
    }
    desk.key(Key::Ctrl('u'));
    desk.keys(" pd54 ");
    assert!(is_lease(&desk.enter()));
}

#[test]
fn keys_before_the_frame_with_the_dialog_are_dropped() {
    // In one write: no frame between.
    let mut desk = Desk::live(recorded());
    let mut effects = Vec::new();
    for key in "apd54".chars().map(Key::Char).chain([Key::Enter]) {
        effects.extend(desk.key(key));
    }
    assert!(matches!(&effects[..], [Effect::Prepare(_)]), "{effects:?}");
    // While it is read again, a frame or not.
    desk.frame();
    for key in "pd54".chars().map(Key::Char).chain([Key::Enter]) {
        assert_eq!(desk.key(key), []);
    }
    // Between the answer and the frame that shows it.
    let quote = desk.quote();
    desk.prepared(ready(&quote, Unlock::Open));
    for key in "pd54".chars().map(Key::Char).chain([Key::Enter]) {
        assert_eq!(desk.key(key), []);
    }
    assert_eq!(desk.typed(), Some(""));
    desk.frame();
    assert_eq!(desk.typed(), Some(""), "typed-ahead keys were kept");
    assert_eq!(desk.enter(), []);
    desk.keys("pd54");
    assert!(is_lease(&desk.enter()));
}

#[test]
fn a_frame_that_showed_another_dialog_does_not_count() {
    let mut desk = Desk::asked(recorded(), Unlock::Open);
    // Closed, another row, opened again and answered: all before the next frame.
    assert_eq!(desk.key(Key::Esc), [Effect::Forget]);
    desk.key(Key::Down);
    desk.key(Key::Char('a'));
    let quote = desk.quote();
    desk.prepared(ready(&quote, Unlock::Open));
    let phrase = quote.phrase();
    for c in phrase.chars() {
        desk.key(Key::Char(c));
    }
    assert_eq!(desk.key(Key::Enter), []);
    assert_eq!(desk.typed(), Some(""));
    desk.frame();
    desk.keys(&phrase);
    assert!(is_lease(&desk.enter()));
}

#[test]
fn a_dialog_that_has_no_room_for_its_input_takes_no_keys_until_it_is_scrolled_there() {
    let mut desk = Desk::live(recorded());
    desk.size = (40, 12);
    desk.frame();
    desk.begin(Unlock::Open);
    desk.keys("pd54");
    assert_eq!(desk.typed(), Some(""), "typed without seeing all of it");
    for _ in 0..40 {
        desk.key(Key::Down);
    }
    let screen = desk.frame();
    assert!(screen.contains("then Enter:"), "{screen}");
    desk.keys("pd54");
    assert!(is_lease(&desk.enter()));
}

#[test]
fn the_frozen_quote_is_not_edited_by_a_refresh() {
    let mut desk = Desk::asked(varied(), Unlock::Open);
    let quote = desk.quote();
    let lines = |desk: &mut Desk| -> Vec<String> {
        desk.frame().lines().filter(|line| line.starts_with(['│', '┌', '└'])).map(str::to_owned).collect()
    };
    let before = lines(&mut desk);
    assert!(before.len() > 10);
    let mut next = later(&varied(), 1);
    // Another bid comes, and AKT has another price.
    next.bids.push(Arc::new(market::bid(market::OWNER, "700", "uact", 0, "8 64 100 2 h100")));
    next.rates.akt.as_mut().unwrap().usd = "2".parse().unwrap();
    desk.send(Msg::Snapshot(Arc::new(next)));
    assert_eq!(desk.quote(), quote);
    assert_eq!(before, lines(&mut desk));
    desk.keys("partial pd54");
    let effects = desk.enter();
    assert!(matches!(&effects[..], [Effect::Lease(confirmed)] if confirmed.quote == quote), "{effects:?}");
}

#[test]
fn a_refresh_that_rules_it_out_stops_it_at_once_and_for_good() {
    let mut dearer = later(&recorded(), 1);
    let winner = dearer.bids.iter_mut().find(|bid| bid.id.provider.as_str().ends_with("pd54")).unwrap();
    Arc::make_mut(winner).price = amount("1300", "uact");
    let mut gone = later(&recorded(), 1);
    gone.bids.retain(|bid| !bid.id.provider.as_str().ends_with("pd54"));
    let taken = later(&market::leased("akash147xcnmr67qlrswwek72du8h504y8r8yr6639rl"), 1);
    for (next, words) in
        [(withdrawn("pd54"), "withdrew it"), (gone, "withdrew it"), (taken, "was taken by"), (dearer, "the price was")]
    {
        let mut desk = Desk::asked(recorded(), Unlock::Open);
        let quote = desk.quote();
        desk.keys("pd54");
        desk.send(Msg::Snapshot(Arc::new(next)));
        assert_eq!(desk.key(Key::Enter), [], "confirmed before the frame");
        let screen = desk.frame();
        assert!(screen.contains("It cannot be accepted") && screen.contains(words), "{screen}");
        assert!(screen.contains("1213.285682 uact"), "the frozen price is gone:\n{screen}");
        assert_eq!(desk.quote(), quote);
        // Not even if the next block has it again, or an answer still comes.
        desk.send(Msg::Snapshot(Arc::new(later(&recorded(), 2))));
        desk.prepared(ready(&quote, Unlock::Open));
        desk.frame();
        desk.keys("pd54");
        assert_eq!(desk.enter(), []);
        assert_eq!(desk.key(Key::Esc), [Effect::Forget]);
    }
}

#[test]
fn what_the_reading_finds_against_it_leaves_nothing_to_type_into() {
    let mut desk = Desk::live(recorded());
    desk.press('a');
    let quote = desk.quote();
    let mut poor = facts(&quote);
    poor.balance = amount("1", "uakt");
    poor.reread.escrow_left = Some(amount("0", "uact"));
    desk.prepared(Preparation::Ready { facts: Box::new(poor), unlock: Unlock::Open });
    let screen = desk.frame();
    assert!(screen.contains("the fee is 9075 uakt") && screen.contains("deposit first"), "{screen}");
    desk.keys("pd54");
    assert_eq!(desk.enter(), []);
    assert_eq!(desk.model.input(), None);
}

#[test]
fn old_figures_stop_it_as_long_as_they_are_old() {
    let mut desk = Desk::asked(recorded(), Unlock::Open);
    desk.keys("pd54");
    desk.wait(18_000);
    let screen = desk.frame();
    assert!(screen.contains("the figures are old: the node tells of no newer block"), "{screen}");
    assert_eq!(desk.enter(), []);
    desk.keys("x");
    desk.send(Msg::Snapshot(Arc::new(later(&recorded(), 3))));
    assert_eq!(desk.key(Key::Enter), [], "before the frame that shows it again");
    desk.frame();
    assert_eq!(desk.typed(), Some("pd54"));
    desk.send(Msg::Trouble { text: Clean::new("refused"), retry_in_ms: 5000 });
    assert_eq!(desk.key(Key::Enter), []);
    assert!(desk.frame().contains("the node does not answer"));
    desk.send(Msg::Snapshot(Arc::new(later(&recorded(), 4))));
    desk.frame();
    assert!(is_lease(&desk.enter()));
    // Paused.
    let mut desk = Desk::live(recorded());
    desk.press('p');
    desk.press('a');
    desk.answer(Unlock::Open);
    assert!(desk.frame().contains("reading is paused"));
    desk.keys("pd54");
    assert_eq!(desk.enter(), []);
    assert_eq!(desk.typed(), Some(""));
}

#[test]
fn facts_that_are_too_old_are_read_anew_and_what_was_typed_goes_on_by_itself() {
    let fresh = Ms::try_from(FRESH_MS).unwrap();
    let refresh = |desk: &mut Desk, n: u64| {
        desk.wait(fresh / 2);
        desk.send(Msg::Snapshot(Arc::new(later(&recorded(), n))));
    };
    let mut desk = Desk::asked(recorded(), Unlock::Open);
    desk.keys("pd54");
    refresh(&mut desk, 1);
    refresh(&mut desk, 2);
    desk.frame();
    let at_the_edge = desk.enter();
    assert!(is_lease(&at_the_edge), "{at_the_edge:?}");

    let old = || {
        let mut desk = Desk::asked(recorded(), Unlock::Open);
        desk.keys("pd54");
        refresh(&mut desk, 1);
        refresh(&mut desk, 2);
        desk.wait(1);
        desk.frame();
        let effects = desk.enter();
        assert!(matches!(&effects[..], [Effect::Prepare(quote)] if **quote == desk.quote()), "{effects:?}");
        desk
    };
    // All as it was.
    let mut desk = old();
    let quote = desk.quote();
    let mut again = facts(&quote);
    again.height += 9;
    again.fee.amount = amount("9000", "uakt");
    let effects = desk.prepared(Preparation::Ready { facts: Box::new(again.clone()), unlock: Unlock::Open });
    assert_eq!(effects, [Effect::Lease(Box::new(Confirmed { quote, facts: again, passphrase: None }))]);
    // Something stops it now.
    let mut desk = old();
    let mut against = facts(&desk.quote());
    against.balance = amount("0", "uakt");
    assert_eq!(desk.prepared(Preparation::Ready { facts: Box::new(against), unlock: Unlock::Open }), []);
    assert!(matches!(desk.stage(), Stage::Stopped));
    // Something is worth another look.
    let changes: [(Change, &str); 3] = [
        (|f| f.fee.amount = amount("9076", "uakt"), "the fee is 9076 uakt now"),
        (|f| f.reread.runway_s = Some(600), "the escrow lasts 10 minutes"),
        (|f| f.signer = Clean::new("other akash1…"), "another account"),
    ];
    for (change, words) in changes {
        let mut desk = old();
        let mut now = facts(&desk.quote());
        change(&mut now);
        assert_eq!(desk.prepared(Preparation::Ready { facts: Box::new(now), unlock: Unlock::Open }), []);
        assert_eq!(desk.typed(), Some(""), "{words}");
        assert!(desk.said().contains(words), "{}", desk.said());
        assert_eq!(desk.key(Key::Enter), []);
        desk.frame();
        desk.keys("pd54");
        assert!(is_lease(&desk.enter()));
    }
    // The node fell silent meanwhile: nothing goes on by itself.
    let mut desk = old();
    desk.send(Msg::Trouble { text: Clean::new("refused"), retry_in_ms: 5000 });
    assert_eq!(desk.answer(Unlock::Open), []);
    assert_eq!(desk.typed(), Some("pd54"));
}

#[test]
fn an_answer_for_another_quote_is_no_answer() {
    let mut desk = Desk::live(recorded());
    desk.press('a');
    let first = desk.quote();
    desk.key(Key::Esc);
    desk.key(Key::Down);
    desk.press('a');
    assert_ne!(desk.quote(), first);
    desk.send(Msg::Prepared { quote: Box::new(first.clone()), preparation: ready(&first, Unlock::Open) });
    assert!(matches!(desk.stage(), Stage::Reading { .. }));
    // And none for a dialog that was closed.
    desk.key(Key::Esc);
    desk.send(Msg::Prepared { quote: Box::new(first.clone()), preparation: ready(&first, Unlock::Open) });
    assert!(desk.model.accept().face().is_none());
    assert_eq!(desk.model.mode(), &Mode::Browse);
}

#[test]
fn the_passphrase_is_asked_masked_and_handed_over_once() {
    let of = || Unlock::Passphrase(Clean::new("the file keyring"));
    let mut desk = Desk::asked(recorded(), of());
    desk.keys("pd54");
    // The passphrase is typed ahead: its field was not drawn.
    assert_eq!(desk.key(Key::Enter), []);
    desk.key(Key::Char('z'));
    assert_eq!(desk.key(Key::Enter), []);
    desk.frame();
    assert_eq!(desk.enter(), [], "an empty passphrase was taken");
    let with = |text: &str| {
        let mut passphrase = Passphrase::default();
        assert!(passphrase.push_all(text));
        Some(passphrase)
    };
    desk.keys("q");
    let one = desk.frame();
    assert!(one.contains("●●"), "{one}");
    desk.keys("Yé 7!x");
    let many = desk.frame();
    assert_eq!(one, many, "the screen tells how long it is");
    assert!(!format!("{:?}", desk.model).contains("Yé 7!"), "the passphrase is in the Debug");
    desk.key(Key::Backspace);
    let quote = desk.quote();
    let effects = desk.enter();
    let confirmed = Confirmed { quote: quote.clone(), facts: facts(&quote), passphrase: with("qYé 7!") };
    assert_eq!(effects, [Effect::Lease(Box::new(confirmed))]);
    // Wrong: asked anew, empty, with why.
    desk.send(Msg::Unlocked(Err(Clean::new("wrong passphrase"))));
    assert_eq!(desk.key(Key::Enter), []);
    let screen = desk.frame();
    assert!(screen.contains("! wrong passphrase") && !screen.contains("●●"), "{screen}");
    assert_eq!(desk.send(Msg::Paste("two\nlines".to_owned())), []);
    assert!(desk.said().contains("more than one line"), "{}", desk.said());
    desk.send(Msg::Paste("from a manager\n".to_owned()));
    let effects = desk.enter();
    assert!(
        matches!(&effects[..], [Effect::Lease(confirmed)] if confirmed.passphrase == with("from a manager")),
        "{effects:?}"
    );
    assert!(!format!("{effects:?}").contains("manager"));
}

#[test]
fn a_passphrase_that_took_long_is_kept_while_the_bids_are_read_again() {
    let mut desk = Desk::asked(recorded(), Unlock::Passphrase(Clean::new("the file keyring")));
    desk.keys("pd54");
    desk.enter();
    desk.keys("secret");
    for n in 1..4 {
        desk.wait(14_000);
        desk.send(Msg::Snapshot(Arc::new(later(&recorded(), n))));
    }
    desk.frame();
    assert!(matches!(&desk.enter()[..], [Effect::Prepare(_)]));
    let effects = desk.answer(Unlock::Passphrase(Clean::new("the file keyring")));
    let mut secret = Passphrase::default();
    secret.push_all("secret");
    assert!(matches!(&effects[..], [Effect::Lease(c)] if c.passphrase.as_ref() == Some(&secret)), "{effects:?}");
}

#[test]
fn a_passphrase_leaves_no_copies_and_does_not_grow() {
    let mut passphrase = Passphrase::default();
    assert!(passphrase.push_all(&"é".repeat(500)));
    for _ in 0..500 {
        passphrase.push('x');
    }
    assert!(!passphrase.push_all("more"));
    let text = passphrase.into_text();
    assert_eq!((text.len(), text.capacity()), (1024, 1024));
    let mut wiped = Passphrase::default();
    wiped.push_all("abc");
    wiped.pop();
    assert!(!wiped.is_empty());
    wiped.wipe();
    assert!(wiped.is_empty());
    assert_eq!(format!("{wiped:?}"), "Passphrase(redacted)");
}

#[test]
fn a_key_that_could_not_be_had_asks_for_the_phrase_again() {
    let mut desk = Desk::asked(recorded(), Unlock::Command);
    desk.keys("pd54");
    assert!(is_lease(&desk.enter()));
    desk.send(Msg::Unlocked(Err(Clean::new("the key command ended with 1"))));
    assert_eq!(desk.key(Key::Enter), []);
    assert!(desk.frame().contains("! the key command ended with 1"));
    assert_eq!(desk.typed(), Some(""));
    desk.keys("pd54");
    assert!(is_lease(&desk.enter()));
    // Nobody looks: it is given up, and that is said.
    assert_eq!(desk.key(Key::Esc), []);
    assert_eq!(desk.send(Msg::Unlocked(Err(Clean::new("cancelled")))), [Effect::Forget]);
    assert!(desk.frame().contains("nothing was signed: cancelled"));
    desk.begin(Unlock::Open);
}

#[test]
fn esc_closes_the_box_and_not_the_watch() {
    let mut desk = Desk::sent();
    assert_eq!(desk.key(Key::Esc), []);
    desk.wait(5000);
    desk.send(Msg::Watching(step("waiting, block 27011342 of 27011361", true)));
    let screen = desk.frame();
    assert!(screen.contains("accepting: waiting, block 27011342 of 27011361"), "{screen}");
    // No second accept before the first has its end.
    desk.key(Key::Down);
    assert_eq!(desk.press('a'), []);
    let screen = desk.frame();
    assert!(screen.contains("sent to api.akashnet.net") && screen.contains("waiting, block 27011342"), "{screen}");
    assert!(screen.contains("akbids journal --resume"), "{screen}");
    desk.key(Key::Esc);
    desk.send(Msg::Ended(failed("failed in block 27011345, no lease was made: the bid is no longer open")));
    let screen = desk.frame();
    assert!(screen.contains("failed in block 27011345"), "{screen}");
    desk.wait(5000);
    assert!(desk.frame().contains("accept: failed in block 27011345"), "an end that nobody saw is gone");
    // The end is seen first, then a new one may begin.
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("✗ failed in block 27011345"));
    desk.key(Key::Esc);
    assert!(!desk.frame().contains("27011345"));
    assert!(matches!(&desk.press('a')[..], [Effect::Prepare(_)]));
    assert!(desk.model.log().any(|entry| entry.text.contains("failed in block 27011345")));
}

#[test]
fn what_y_copies_and_the_time_that_is_left() {
    let mut desk = Desk::asked(recorded(), Unlock::Open);
    let quote = desk.quote();
    desk.keys("pd54");
    desk.enter();
    assert_eq!(desk.press('y'), [], "there is nothing to copy");
    desk.send(Msg::Watching(step("signed 9F3A…11C2", false)));
    assert_eq!(desk.press('y'), [Effect::Copy(HASH.to_owned())]);
    let outcome = leased(&quote);
    let command = outcome.next.as_ref().unwrap().commands[0].clone();
    desk.send(Msg::Ended(outcome));
    assert!(desk.frame().contains("within 5m 00s"));
    assert_eq!(desk.model.next_deadline(), Some(desk.now + 1000));
    desk.wait(61_000);
    assert!(desk.frame().contains("within 3m 59s"));
    assert_eq!(desk.press('y'), [Effect::Copy(command.clone())]);
    desk.wait(400_000);
    let screen = desk.frame();
    assert!(screen.contains("may have stopped waiting"), "{screen}");
    // Closed, the lease's row opens it again; the command is in the log.
    desk.key(Key::Esc);
    desk.send(Msg::Snapshot(Arc::new(later(&market::leased("akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54"), 9))));
    desk.key(Key::Home);
    desk.frame();
    assert_eq!(desk.press('a'), []);
    assert_eq!(desk.press('y'), [Effect::Copy(command.clone())]);
    assert!(desk.model.log().any(|entry| *entry.text == *command));
}

#[test]
fn two_commands_wait_for_enter_in_a_shell() {
    let mut desk = Desk::live(varied());
    desk.press('x');
    desk.key(Key::Tab);
    desk.press('x');
    desk.begin(Unlock::Open);
    let quote = desk.quote();
    assert_eq!(quote.phrase(), "pd54 7w8z");
    desk.keys("pd54 7w8z");
    assert!(is_lease(&desk.enter()));
    let outcome = leased(&quote);
    let commands = outcome.next.as_ref().unwrap().commands.clone();
    desk.send(Msg::Ended(outcome));
    desk.frame();
    assert_eq!(desk.press('y'), [Effect::Copy(format!("{} &&\n{}", commands[0], commands[1]))]);
}

#[test]
fn leaving_while_an_accept_is_on_its_way_asks() {
    for key in [Key::Char('q'), Key::Ctrl('c')] {
        let mut desk = Desk::sent();
        desk.key(Key::Esc);
        assert_eq!(desk.key(key), []);
        assert_eq!(desk.model.context(), Context::Leave);
        let screen = desk.frame();
        assert!(screen.contains("An accept is on its way") && screen.contains("akbids journal --resume"), "{screen}");
        for other in [Key::Char('n'), Key::Enter, Key::Esc, Key::Char('q')] {
            assert_eq!(desk.key(other), []);
            assert_eq!(desk.model.mode(), &Mode::Browse, "{other} did not stay");
            desk.key(key);
        }
        assert_eq!(desk.key(Key::Char('y')), [Effect::Quit]);
    }
    let mut desk = Desk::sent();
    assert_eq!(desk.key(Key::Ctrl('c')), []);
    assert_eq!(desk.key(Key::Char('n')), []);
    assert!(matches!(desk.model.mode(), Mode::Accept { .. }), "staying closed the watch");
    desk.key(Key::Ctrl('c'));
    assert_eq!(desk.key(Key::Ctrl('c')), [Effect::Quit]);
    // Its end frees the way; an end that nobody knows does not.
    let mut unknown = failed("sent, outcome unknown");
    unknown.word = Word::Unknown;
    for (outcome, effects) in [(failed("failed"), vec![Effect::Quit]), (unknown, vec![])] {
        let mut desk = Desk::sent();
        desk.send(Msg::Ended(outcome));
        assert_eq!(desk.key(Key::Ctrl('c')), effects);
    }
}

#[test]
fn before_anything_was_sent_ctrl_c_quits_at_once() {
    let mut desk = Desk::asked(recorded(), Unlock::Passphrase(Clean::new("x")));
    assert_eq!(desk.key(Key::Ctrl('c')), [Effect::Quit]);
    desk.keys("pd54");
    desk.enter();
    assert_eq!(desk.key(Key::Ctrl('c')), [Effect::Quit]);
    desk.keys("secret");
    assert!(is_lease(&desk.enter()));
    assert_eq!(desk.key(Key::Ctrl('c')), [Effect::Quit]);
    desk.send(Msg::Watching(step("signed 9F3A…11C2", false)));
    assert_eq!(desk.key(Key::Ctrl('c')), [Effect::Quit]);
    desk.send(Msg::Watching(step("sent", true)));
    assert_eq!(desk.key(Key::Ctrl('c')), []);
    // What was sent stays sent, whatever a later step says of itself.
    desk.key(Key::Char('n'));
    desk.send(Msg::Watching(step("looking", false)));
    assert_eq!(desk.key(Key::Ctrl('c')), []);
}

#[test]
fn an_accept_of_an_earlier_run_is_followed_and_lets_no_second_one_begin() {
    let mut desk = Desk::live(recorded());
    desk.send(Msg::Watching(step("looking for 9F3A…11C2 in block 27011341", true)));
    let screen = desk.frame();
    assert!(screen.contains("accepting: looking for") && screen.contains("press a to watch"), "{screen}");
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("An accept of an earlier run"));
    assert_eq!(desk.key(Key::Ctrl('c')), []);
    desk.key(Key::Esc);
    desk.key(Key::Esc);
    desk.send(Msg::Ended(failed("not included by block 27011361, and it no longer can be: nothing was leased")));
    assert!(desk.frame().contains("not included by block"));
    // A late step of it does not open it again.
    desk.send(Msg::Watching(step("looking", true)));
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("✗ not included by block"));
    desk.key(Key::Esc);
    desk.begin(Unlock::Open);
    // One that is found out while a dialog is open closes it.
    let mut other = step("looking for another", true);
    other.hash = HASH.replace('9', "A");
    assert_eq!(desk.send(Msg::Watching(other)), [Effect::Forget]);
    let screen = desk.frame();
    assert!(screen.contains("looking for another"), "{screen}");
    desk.keys("pd54");
    assert_eq!(desk.enter(), []);
}

#[test]
fn the_end_of_another_transaction_does_not_end_the_watch() {
    let mut desk = Desk::sent();
    let mut other = failed("another one failed");
    other.hash = Some(HASH.replace('9', "A"));
    desk.send(Msg::Ended(other));
    assert!(desk.model.accept().busy());
    assert!(desk.model.log().any(|entry| *entry.text == *"another one failed"));
    // An end without a dialog, while one is open that is not confirmed: the dialog stays.
    let mut desk = Desk::asked(recorded(), Unlock::Open);
    desk.send(Msg::Ended(failed("an earlier one failed")));
    desk.frame();
    desk.keys("pd54");
    assert!(is_lease(&desk.enter()));
}

#[test]
fn there_may_be_nothing_to_sign() {
    let mut desk = Desk::live(recorded());
    desk.press('a');
    let quote = desk.quote();
    let mut outcome = leased(&quote);
    outcome.word = Word::AlreadyYours;
    outcome.text = Clean::message("you have this lease already");
    desk.prepared(Preparation::Over(outcome));
    let screen = desk.frame();
    assert!(screen.contains("✓ you have this lease already") && screen.contains("send-manifest"), "{screen}");
    assert!(!desk.model.accept().busy());
}

#[test]
fn a_disabled_accept_says_why() {
    let off = Settings {
        accepting: Accepting::Off(Clean::new("accepting is off: --read-only was given")),
        ..Settings::default()
    };
    let mut desk = Desk::new(off, recorded());
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("accepting is off: --read-only was given"));
    desk.keys("pd54");
    assert_eq!(desk.enter(), []);
    desk.key(Key::Esc);
    assert_eq!(desk.model.mode(), &Mode::Browse);
    // A row that cannot be taken, no row at all, a saved answer.
    let mut desk = Desk::live(market::leased("akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54"));
    desk.key(Key::End);
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("cannot be taken: the order was taken by"));
    let mut empty = recorded();
    empty.bids.clear();
    let mut desk = Desk::live(empty);
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("there is no bid to accept"));
    let mut saved = recorded();
    saved.saved = true;
    let mut desk = Desk::live(saved);
    assert_eq!(desk.press('a'), []);
    assert!(desk.frame().contains("the deployment was not read from a chain"));
}

#[test]
fn a_pick_for_each_group_and_one_transaction() {
    let mut desk = Desk::live(varied());
    desk.press('x');
    let first = desk.model.cursor().unwrap().bid.id.clone();
    assert!(desk.model.is_picked(&first));
    assert!(desk.frame().contains("1 akash  21/21 bids ✓ picked"));
    // Another of the same group takes its place.
    desk.key(Key::Down);
    desk.press('x');
    let second = desk.model.cursor().unwrap().bid.id.clone();
    assert!(!desk.model.is_picked(&first) && desk.model.is_picked(&second));
    // What is picked is accepted, wherever the cursor is; a group left out is agreed to in words.
    desk.key(Key::Tab);
    desk.press('a');
    assert_eq!(desk.quote().picks[0].id, second);
    assert!(desk.quote().phrase().starts_with("partial "));
    desk.key(Key::Esc);
    desk.press('x');
    desk.press('a');
    assert_eq!(desk.quote().picks.len(), 2);
    assert!(!desk.quote().phrase().contains("partial"));
    desk.key(Key::Esc);
    desk.press('x');
    desk.key(Key::Tab);
    desk.press('x');
    assert!(desk.model.pick(1).is_none() && desk.model.pick(2).is_none());
    // A row that cannot be taken is not picked.
    let mut desk = Desk::live(market::leased("akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54"));
    desk.press('x');
    assert_eq!(desk.model.pick(1), None);
    assert!(desk.frame().contains("not picked: "));
}

#[test]
fn a_pick_whose_bid_goes_is_dropped_and_that_is_said() {
    let mut desk = Desk::live(recorded());
    desk.press('x');
    desk.wait(5000);
    desk.send(Msg::Snapshot(Arc::new(later(&recorded(), 1))));
    assert!(desk.model.pick(1).is_some());
    desk.send(Msg::Snapshot(Arc::new(withdrawn("pd54"))));
    assert_eq!(desk.model.pick(1), None);
    let words = "the pick for group 1 is dropped: the provider withdrew it";
    assert!(desk.frame().contains(words));
    assert!(desk.model.log().any(|entry| *entry.text == *words));
}

/// What may happen to a session that never types the phrase.
fn any_msg() -> impl Strategy<Value = Msg> {
    let quote = Desk::live(recorded());
    let mut quote = quote;
    quote.press('a');
    let quote = quote.quote();
    let prepared =
        move |unlock: Unlock| Msg::Prepared { quote: Box::new(quote.clone()), preparation: ready(&quote, unlock) };
    let key = prop::sample::select(vec![
        Key::Enter,
        Key::Esc,
        Key::Backspace,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Tab,
        Key::Char('a'),
        Key::Char('a'),
        Key::Char('y'),
        Key::Char('x'),
        Key::Char('p'),
        Key::Char('d'),
        Key::Char('5'),
        Key::Ctrl('u'),
    ]);
    prop_oneof![
        8 => key.prop_map(Msg::Key),
        2 => Just(Msg::Paste("pd54\n".to_owned())),
        1 => Just(Msg::Click(Hit::Overlay)),
        2 => prop::sample::select(vec![Unlock::Open, Unlock::Command, Unlock::Passphrase(Clean::new("x"))]).prop_map(prepared),
        1 => (0u64..60_000).prop_map(Msg::Now),
        1 => (0u64..4).prop_map(|n| Msg::Snapshot(Arc::new(later(&recorded(), n)))),
        1 => Just(Msg::Watching(step("looking", true))),
        1 => Just(Msg::Ended(failed("failed"))),
        1 => Just(Msg::Unlocked(Ok(()))),
        1 => Just(Msg::Unlocked(Err(Clean::new("no")))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// `4` is never typed, so nothing may ever be leased.
    #[test]
    fn nothing_is_leased_without_the_whole_phrase(messages in prop::collection::vec((any_msg(), any::<bool>()), 1..60)) {
        let mut desk = Desk::live(recorded());
        for (msg, draw) in messages {
            let effects = desk.send(msg);
            prop_assert!(!effects.iter().any(|effect| matches!(effect, Effect::Lease(_))), "{:?}", effects);
            // A dialog never shows an input together with an obstacle, and a box is never empty.
            if let Mode::Accept { .. } = desk.model.mode() {
                prop_assert!(desk.model.accept().face().is_some());
                prop_assert!(desk.model.input().is_none() || desk.model.obstacles().is_empty());
            }
            if draw {
                desk.frame();
            }
        }
    }

    /// However it is mixed with frames: only what was typed after the frame that showed the input counts.
    #[test]
    fn only_keys_after_the_frame_count(before in "[a-z0-9]{0,6}", frames in prop::collection::vec(any::<bool>(), 3)) {
        let mut desk = Desk::live(recorded());
        desk.key(Key::Char('a'));
        for (n, draw) in frames.iter().enumerate() {
            if n == 1 {
                let quote = desk.quote();
                desk.prepared(ready(&quote, Unlock::Open));
            }
            for key in before.chars().map(Key::Char).chain("pd54".chars().map(Key::Char)).chain([Key::Enter]) {
                let effects = desk.key(key);
                // Once the input was drawn, the whole phrase alone confirms.
                let shown = n == 2 && frames[1];
                prop_assert!(shown && before.is_empty() || !is_lease(&effects));
            }
            if *draw {
                desk.frame();
            }
        }
    }
}

#[test]
fn limits_of_the_session_are_held() {
    let mut limits = limits();
    limits.max_usd_per_hour = Some("0.5".parse().unwrap());
    let mut desk = Desk::new(Settings { accepting: Accepting::On(limits), ..settings() }, recorded());
    desk.press('a');
    desk.answer(Unlock::Open);
    assert!(desk.frame().contains("$0.7353/hr is over --max-usd-per-hour 0.5"));
    assert_eq!(desk.model.input(), None);
}
