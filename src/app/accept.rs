//! The person's side of accepting: from the key `a` to the outcome.
//!
//! ```text
//! begin ─► Reading ─► Phrase ──Enter──► Passphrase ──Enter──► Opening ─► Course (the watch) ─► its end
//!             │          ▲ too old: read anew, what was typed is kept        ▲
//!             └► Stopped │                                                   └ also of an earlier run, without a dialog
//! ```
//!
//! The quote is frozen when the dialog opens; a refresh can only stop it. An input takes keys once a frame that shows
//! that very input was drawn: each has a number, and the frame says which it showed.

use super::keymap::Key;
use super::line::Line;
use super::msg::{Confirmed, Effect, Input, Ms};
use super::passphrase::Passphrase;
use crate::domain::bid::BidId;
use crate::domain::outcome::{Outcome, Preparation, Unlock, Watch, Word};
use crate::domain::quote::{Caution, Check, FRESH_MS, Facts, Limits, Obstacle, Quote, check};
use crate::domain::text::Clean;

/// Most lines kept of a watch; the oldest go first.
const STEPS: usize = 200;

/// Whether this session may accept, and what the person allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accepting {
    On(Limits),
    /// Why not, in a sentence.
    Off(Clean),
}

impl Default for Accepting {
    fn default() -> Self {
        Self::Off(Clean::new("accepting is off here"))
    }
}

/// What was found out for the quote, when, and what stands against it.
#[derive(Debug)]
pub struct Ready {
    pub facts: Facts,
    pub check: Check,
    unlock: Unlock,
    at: Ms,
}

/// Where a dialog stands.
#[derive(Debug)]
pub enum Stage {
    /// The bids are read again. What was typed before is kept, and goes on by itself if nothing changed.
    Reading { held_up: Option<Clean>, typed: Typed },
    /// Something stands against it: there is nothing to type into.
    Stopped,
    /// The phrase is typed.
    Phrase(Line),
    /// The passphrase of something is typed.
    Passphrase { of: Clean, typed: Passphrase },
    /// Confirmed and handed over; nothing is signed yet. What the passphrase was of, and whether the key is there.
    Opening { of: Option<Clean>, unlocked: bool },
}

/// What was typed before the bids were read again.
#[derive(Debug)]
pub enum Typed {
    Nothing,
    Phrase(Line),
    Passphrase { of: Clean, typed: Passphrase },
}

/// A quote on its way to being confirmed.
#[derive(Debug)]
pub struct Dialog {
    quote: Quote,
    limits: Limits,
    stage: Stage,
    ready: Option<Ready>,
    obstacles: Vec<Obstacle>,
    /// What is to be said of the input: a wrong phrase, what changed.
    said: Option<Clean>,
    input: Input,
}

impl Dialog {
    /// As it was when the dialog opened.
    pub fn quote(&self) -> &Quote {
        &self.quote
    }

    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    pub fn ready(&self) -> Option<&Ready> {
        self.ready.as_ref()
    }

    /// What stops it, besides figures that are old.
    pub fn obstacles(&self) -> &[Obstacle] {
        &self.obstacles
    }

    pub fn cautions(&self) -> &[Caution] {
        self.ready.as_ref().map_or(&[], |ready| &ready.check.cautions)
    }

    pub fn said(&self) -> Option<&Clean> {
        self.said.as_ref()
    }

    fn ask(&mut self, stage: Stage, said: Option<Clean>) {
        self.stage = stage;
        self.said = said;
        self.input.turn += 1;
    }

    fn read_again(&mut self, typed: Typed) -> Vec<Effect> {
        self.stage = Stage::Reading { held_up: None, typed };
        self.said = None;
        vec![Effect::Prepare(Box::new(self.quote.clone()))]
    }

    /// What was typed is right: the passphrase is asked for, or it is handed over.
    fn go_on(&mut self, typed: Typed) -> Vec<Effect> {
        let Some(ready) = &self.ready else { return Vec::new() };
        let (of, passphrase) = match (typed, &ready.unlock) {
            (Typed::Nothing, _) => return Vec::new(),
            (Typed::Phrase(_), Unlock::Passphrase(of)) => {
                let of = of.clone();
                self.ask(Stage::Passphrase { of, typed: Passphrase::default() }, None);
                return Vec::new();
            }
            (Typed::Phrase(_), Unlock::Open | Unlock::Command) => (None, None),
            (Typed::Passphrase { of, typed }, _) => (Some(of), Some(typed)),
        };
        let confirmed = Confirmed { quote: self.quote.clone(), facts: ready.facts.clone(), passphrase };
        self.stage = Stage::Opening { of, unlocked: false };
        self.said = None;
        vec![Effect::Lease(Box::new(confirmed))]
    }

    /// Enter: goes on with what is right, and reads anew first what is too old.
    fn enter(&mut self, now: Ms) -> Vec<Effect> {
        let typed = match &mut self.stage {
            Stage::Phrase(line) if line.as_str().trim().is_empty() => return Vec::new(),
            Stage::Phrase(line) if !self.quote.confirmed_by(line.as_str()) => {
                self.said = Some(Clean::message("that is not it; nothing was sent"));
                return Vec::new();
            }
            Stage::Phrase(line) => Typed::Phrase(std::mem::take(line)),
            Stage::Passphrase { typed, .. } if typed.is_empty() => return Vec::new(),
            Stage::Passphrase { of, typed } => Typed::Passphrase { of: of.clone(), typed: std::mem::take(typed) },
            _ => return Vec::new(),
        };
        let fresh = |ready: &Ready| i64::try_from(now.saturating_sub(ready.at)).is_ok_and(|age| age <= FRESH_MS);
        if self.ready.as_ref().is_some_and(fresh) { self.go_on(typed) } else { self.read_again(typed) }
    }

    /// The bids were read again. `held`: the figures on the screen are old, so nothing goes on by itself.
    fn prepared(&mut self, facts: Facts, unlock: Unlock, held: bool, now: Ms) -> Vec<Effect> {
        let Stage::Reading { typed, .. } = &mut self.stage else { return Vec::new() };
        let typed = std::mem::replace(typed, Typed::Nothing);
        let ready = Ready { check: check(&self.quote, &facts, &self.limits), facts, unlock, at: now };
        let before = self.ready.take();
        let changed = before.and_then(|before| changed(&before, &ready));
        self.obstacles.clone_from(&ready.check.obstacles);
        self.ready = Some(ready);
        if !self.obstacles.is_empty() {
            self.stage = Stage::Stopped;
            return Vec::new();
        }
        match (typed, changed) {
            (Typed::Nothing, _) => self.ask(Stage::Phrase(Line::default()), None),
            (_, Some(changed)) => {
                let said = Clean::message(&format!("{changed}; read it and type again"));
                self.ask(Stage::Phrase(Line::default()), Some(said));
            }
            (Typed::Phrase(line), None) if held => self.ask(Stage::Phrase(line), None),
            (Typed::Passphrase { of, typed }, None) if held => self.ask(Stage::Passphrase { of, typed }, None),
            (typed, None) => return self.go_on(typed),
        }
        Vec::new()
    }
}

/// What of two readings is worth another look before it is signed, besides what stops it.
fn changed(before: &Ready, now: &Ready) -> Option<String> {
    let (was, is) = (&before.facts, &now.facts);
    if is.signer != was.signer || is.fee.payer != was.fee.payer {
        return Some("it is signed or paid by another account now".to_owned());
    }
    if is.fee.amount != was.fee.amount && is.fee.amount.value >= was.fee.amount.value {
        return Some(format!("the fee is {} now", is.fee.amount));
    }
    let known = |caution: &&Caution| {
        before.check.cautions.iter().any(|old| old.code() == caution.code() && old.loud() >= caution.loud())
    };
    let graver = |caution: &&Caution| caution.loud() || matches!(caution, Caution::Fit { .. });
    now.check.cautions.iter().filter(graver).find(|caution| !known(caution)).map(ToString::to_string)
}

/// An accept that was signed, or one that ended before: what is known of it, the last line the truth.
#[derive(Debug)]
pub struct Course {
    quote: Option<Quote>,
    steps: Vec<Watch>,
    end: Option<(Outcome, Ms)>,
    /// The end was on the screen.
    seen: bool,
}

impl Course {
    fn new(quote: Option<Quote>) -> Self {
        Self { quote, steps: Vec::new(), end: None, seen: false }
    }

    /// What was confirmed; `None` for an accept of an earlier run.
    pub fn quote(&self) -> Option<&Quote> {
        self.quote.as_ref()
    }

    /// From the first to the last.
    pub fn steps(&self) -> &[Watch] {
        &self.steps
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        self.end.as_ref().map(|(outcome, _)| outcome)
    }

    /// Upper-case hex.
    pub fn hash(&self) -> Option<&str> {
        let of_end = self.outcome().and_then(|outcome| outcome.hash.as_deref());
        of_end.or_else(|| self.steps.last().map(|step| step.hash.as_str()))
    }

    /// Whether leaving the program does not stop it: something was sent, and nobody knows yet what became of it.
    pub fn on_its_way(&self) -> bool {
        let open = self.outcome().is_none_or(|outcome| outcome.word == Word::Unknown);
        open && self.steps.iter().any(|step| step.sent)
    }

    /// Seconds until the provider gives up waiting for the manifest.
    pub fn left_s(&self, now: Ms) -> Option<u64> {
        let (outcome, at) = self.end.as_ref()?;
        Some(outcome.next.as_ref()?.left_s.saturating_sub(now.saturating_sub(*at) / 1000))
    }

    /// What `y` copies: the next commands, or the hash before there is one.
    pub fn to_copy(&self) -> Option<(&'static str, String)> {
        let next = self.outcome().and_then(|outcome| outcome.next.as_ref());
        // Several are joined so that a shell that they are pasted into waits for Enter.
        let commands = next.map(|next| next.commands.join(" &&\n")).filter(|commands| !commands.is_empty());
        commands.map(|text| ("next command", text)).or_else(|| Some(("hash", self.hash()?.to_owned())))
    }

    fn is_of(&self, hash: Option<&str>) -> bool {
        self.hash().zip(hash).is_none_or(|(mine, other)| mine == other)
    }
}

/// What the box shows.
#[derive(Debug)]
pub enum Face<'a> {
    /// Why there is nothing to accept.
    Refused(&'a Clean),
    Dialog(&'a Dialog),
    Course(&'a Course),
}

#[derive(Debug, Default)]
enum Front {
    #[default]
    Nothing,
    Refused(Clean),
    Dialog(Box<Dialog>),
}

/// The one accept of a session: at most one dialog, and the last one that was signed.
#[derive(Debug, Default)]
pub struct Accept {
    front: Front,
    course: Option<Course>,
    /// Dialogs opened so far.
    dialogs: u64,
}

impl Accept {
    pub fn face(&self) -> Option<Face<'_>> {
        match &self.front {
            Front::Refused(why) => Some(Face::Refused(why)),
            Front::Dialog(dialog) => Some(Face::Dialog(dialog)),
            Front::Nothing => self.course.as_ref().map(Face::Course),
        }
    }

    pub fn course(&self) -> Option<&Course> {
        self.course.as_ref()
    }

    fn dialog(&mut self) -> Option<&mut Dialog> {
        match &mut self.front {
            Front::Dialog(dialog) => Some(dialog),
            _ => None,
        }
    }

    /// Whether one was confirmed and has no end: no second one may begin.
    pub fn busy(&self) -> bool {
        let opening = matches!(&self.front, Front::Dialog(d) if matches!(d.stage, Stage::Opening { .. }));
        opening || self.course.as_ref().is_some_and(|course| course.end.is_none())
    }

    /// Whether an end came that was not on the screen yet.
    pub fn unseen(&self) -> bool {
        self.course.as_ref().is_some_and(|course| course.end.is_some() && !course.seen)
    }

    /// Whether a bid is a lease that the last accept made.
    pub fn made(&self, id: &BidId) -> bool {
        let outcome = self.course.as_ref().and_then(Course::outcome);
        outcome.is_some_and(|outcome| outcome.leases.iter().any(|made| made.id == *id))
    }

    /// What goes on outside the box, in a line.
    pub fn status(&self) -> Option<String> {
        if let Front::Dialog(dialog) = &self.front
            && let Stage::Opening { .. } = dialog.stage
        {
            return Some("accepting: signing".to_owned());
        }
        let course = self.course.as_ref()?;
        match course.outcome() {
            None => course.steps.last().map(|step| format!("accepting: {}", step.text)),
            Some(outcome) => (!course.seen).then(|| format!("accept: {} (press a)", outcome.text)),
        }
    }

    /// The input that takes keys, if there is one.
    pub fn input(&self) -> Option<Input> {
        match &self.front {
            Front::Dialog(dialog) => {
                matches!(dialog.stage, Stage::Phrase(_) | Stage::Passphrase { .. }).then_some(dialog.input)
            }
            _ => None,
        }
    }

    pub(super) fn refuse(&mut self, why: Clean) {
        self.front = Front::Refused(why);
    }

    pub(super) fn begin(&mut self, quote: Quote, limits: Limits) -> Vec<Effect> {
        self.dialogs += 1;
        let obstacles = quote.overtaken(&quote);
        let stage = Stage::Stopped;
        let input = Input { dialog: self.dialogs, turn: 0 };
        let mut dialog = Dialog { quote, limits, stage, ready: None, obstacles, said: None, input };
        let effects = if dialog.obstacles.is_empty() { dialog.read_again(Typed::Nothing) } else { Vec::new() };
        self.front = Front::Dialog(Box::new(dialog));
        effects
    }

    /// The box is closed. What was confirmed goes on; all else is forgotten.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        match std::mem::take(&mut self.front) {
            Front::Dialog(dialog) if matches!(dialog.stage, Stage::Opening { .. }) => {
                self.front = Front::Dialog(dialog);
                Vec::new()
            }
            Front::Dialog(_) => vec![Effect::Forget],
            Front::Refused(_) | Front::Nothing => Vec::new(),
        }
    }

    pub(super) fn drawn(&mut self) {
        if let (Front::Nothing, Some(course)) = (&self.front, &mut self.course) {
            course.seen = course.end.is_some();
        }
    }

    pub(super) fn enter(&mut self, now: Ms) -> Vec<Effect> {
        self.dialog().map_or_else(Vec::new, |dialog| dialog.enter(now))
    }

    pub(super) fn key(&mut self, key: Key) {
        let Some(dialog) = self.dialog() else { return };
        match &mut dialog.stage {
            Stage::Phrase(line) => {
                let edited = line.edit(key);
                dialog.said = dialog.said.take().filter(|_| !edited);
            }
            Stage::Passphrase { typed, .. } => match key {
                Key::Char(c) => typed.push(c),
                Key::Backspace => typed.pop(),
                Key::Ctrl('u' | 'w') => typed.wipe(),
                _ => {}
            },
            _ => {}
        }
    }

    /// Only a passphrase is taken from a paste: that is what its keeper hands out. One line, whole.
    pub(super) fn paste(&mut self, text: &str) {
        let Some(dialog) = self.dialog() else { return };
        let said = match &mut dialog.stage {
            Stage::Phrase(_) => "pasting does not confirm: type it",
            Stage::Passphrase { typed, .. } => {
                let line = text.trim_end_matches(['\r', '\n']);
                if line.chars().any(char::is_control) {
                    "not taken: more than one line was pasted"
                } else if typed.push_all(line) {
                    return;
                } else {
                    "not taken: it is too long"
                }
            }
            _ => return,
        };
        dialog.said = Some(Clean::message(said));
    }

    /// The quote that a newer reading of the chain can stop; what was handed over is beyond that.
    pub(super) fn stoppable(&self) -> Option<&Quote> {
        match &self.front {
            Front::Dialog(dialog) if !matches!(dialog.stage, Stage::Opening { .. } | Stage::Stopped) => {
                Some(&dialog.quote)
            }
            _ => None,
        }
    }

    /// A newer reading of the chain rules it out.
    pub(super) fn stop(&mut self, obstacles: Vec<Obstacle>) {
        if let Some(dialog) = self.dialog() {
            dialog.stage = Stage::Stopped;
            dialog.said = None;
            dialog.obstacles = obstacles;
        }
    }

    pub(super) fn prepared(&mut self, quote: &Quote, preparation: Preparation, held: bool, now: Ms) -> Vec<Effect> {
        let Some(dialog) = self.dialog().filter(|dialog| dialog.quote == *quote) else { return Vec::new() };
        match (preparation, &mut dialog.stage) {
            (Preparation::Waiting(why), Stage::Reading { held_up, .. }) => *held_up = Some(why),
            (Preparation::Ready { facts, unlock }, _) => return dialog.prepared(*facts, unlock, held, now),
            (Preparation::Over(outcome), Stage::Reading { .. } | Stage::Stopped) => {
                let quote = dialog.quote.clone();
                self.front = Front::Nothing;
                self.course = Some(Course { end: Some((outcome, now)), ..Course::new(Some(quote)) });
            }
            _ => {}
        }
        Vec::new()
    }

    /// Whether the key could be had. What is to be said where nobody looks at the box: then it is given up.
    pub(super) fn unlocked(&mut self, result: Result<(), Clean>, shown: bool) -> Option<Clean> {
        let dialog = self.dialog()?;
        let Stage::Opening { of, unlocked } = &mut dialog.stage else { return None };
        match result {
            Ok(()) => *unlocked = true,
            Err(why) if shown => {
                let stage = match of.take() {
                    Some(of) => Stage::Passphrase { of, typed: Passphrase::default() },
                    None => Stage::Phrase(Line::default()),
                };
                dialog.ask(stage, Some(why));
            }
            Err(why) => {
                self.front = Front::Nothing;
                return Some(why);
            }
        }
        None
    }

    /// A step of an accept: of the one that was handed over, or of an earlier run, before which a dialog gives way.
    pub(super) fn watching(&mut self, mut step: Watch) -> Vec<Effect> {
        if let Some(course) = &mut self.course
            && course.hash() == Some(&step.hash)
        {
            match course.outcome().map(|outcome| outcome.word) {
                None => {}
                // Found out again after nobody knew.
                Some(Word::Unknown) => (course.end, course.seen) = (None, false),
                Some(_) => return Vec::new(),
            }
        }
        let mut effects = Vec::new();
        match std::mem::take(&mut self.front) {
            Front::Dialog(dialog) if matches!(dialog.stage, Stage::Opening { .. }) => {
                self.course = Some(Course::new(Some(dialog.quote)));
            }
            Front::Dialog(_) => effects.push(Effect::Forget),
            Front::Refused(_) | Front::Nothing => {}
        }
        let running = self.course.take().filter(|course| course.end.is_none());
        let course = self.course.insert(running.unwrap_or_else(|| Course::new(None)));
        // What has left does not come back.
        step.sent |= course.on_its_way();
        course.steps.retain(|known| known.text != step.text);
        course.steps.push(step);
        let over = course.steps.len().saturating_sub(STEPS);
        course.steps.drain(..over);
        effects
    }

    /// The last word on an accept: of the one that was handed over, of the one being watched, or of an earlier run.
    pub(super) fn ended(&mut self, outcome: Outcome, now: Ms) {
        if let Some(course) = self.course.as_mut().filter(|course| course.end.is_none()) {
            // Of another transaction than the one that is being watched: it is in the log.
            if course.is_of(outcome.hash.as_deref()) {
                course.end = Some((outcome, now));
            }
            return;
        }
        let quote = match std::mem::take(&mut self.front) {
            Front::Dialog(dialog) if matches!(dialog.stage, Stage::Opening { .. }) => Some(dialog.quote),
            front => {
                self.front = front;
                None
            }
        };
        self.course = Some(Course { end: Some((outcome, now)), ..Course::new(quote) });
    }
}
