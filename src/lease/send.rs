//! The state machine that sends one signed accept and finds out what became of it.
//!
//! Pure: what was seen goes in, the next thing to do comes out, one at a time; no network, no clock, no disk. The driver
//! carries it out and reports back. It is the same function whether a person, a script or a simulation drives it.
//!
//! ```text
//! Write ─▶ Post ─ taken, or unknown ─▶ ask an endpoint ─▶ pause ─▶ ask the next …      (the same bytes again, now and then)
//!            │                              └ two of them agree on the end ─▶ End
//!            ├ refused connection ─▶ Post to the next
//!            └ every endpoint that answers says no, and none may have it ─▶ End: rejected
//! ```
//!
//! Rules that make it safe: the journal is written before the first byte leaves; only the bytes of the attempt are ever
//! sent; an answer that is not a plain no leaves the outcome unknown until the chain's state decides it; the chain's word
//! is that of two endpoints wherever two answer.

use std::fmt;
use std::time::Duration;

use super::outcome::{Attempt, End, Verdict};
use super::witness::{Answer, Interview, Miss, Question, Statement, Turn, verdict};

/// How many pauses lie between two broadcasts of the same bytes: about ten seconds.
const PAUSES_PER_POST: u32 = 5;
/// An endpoint stops counting as a witness when its misses weigh this much; an answer makes it count again.
const PATIENCE: u32 = 6;
/// One that stopped counting is asked again every so many pauses.
const PAUSES_PER_RETRY: u32 = 8;

/// The last block that may hold a transaction signed at `height`: 20 blocks later, and two minutes on a fast chain.
pub fn timeout_height(height: u64, block_time: Duration) -> u64 {
    let blocks = Duration::from_secs(120).as_nanos().div_ceil(block_time.as_nanos().max(1));
    height.saturating_add(u64::try_from(blocks).unwrap_or(u64::MAX).max(20))
}

/// What came back from a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The connection was never made (refused, no such host, TLS failed): surely nothing was sent.
    NotSent,
    /// The node's answer of `CheckTx`; code 0 means that it waits in the mempool.
    Answered(Verdict),
    /// Anything else: cut off, timed out, 502, half an answer, something that is no answer. It may have arrived.
    Unknown,
}

/// What the driver reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The attempt is on disk, file and folder synced.
    Written,
    /// It is not: nothing may be sent.
    NotWritten,
    Posted(Posted),
    Answered(Answer),
    /// The pause is over.
    Paused,
}

/// What the driver has to do next, and then report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Put the attempt into the journal, synced.
    Write,
    /// Send the attempt's bytes, as they are, to this endpoint; no retries of its own.
    Post { endpoint: usize },
    /// Ask this endpoint and no other.
    Ask { endpoint: usize, question: Question },
    /// Wait until the next block is due, two seconds at most.
    Pause,
    /// It is over: write it to the journal and say it.
    End(End),
}

/// Where it stands, for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Signed, nothing has left yet.
    Signed,
    /// On its way to this endpoint.
    Sending {
        endpoint: usize,
    },
    /// No endpoint has taken it in; the reason of the last that answered.
    NotTaken {
        why: Option<Verdict>,
    },
    /// It may have arrived or not. `height`: the latest block that was looked at.
    Unknown {
        height: u64,
    },
    /// A node took it into its mempool.
    Pending {
        height: u64,
    },
    /// One endpoint knows the end; a second one is being asked. True: it says that the lease is there.
    Included {
        leased: bool,
        height: u64,
    },
    /// Two endpoints contradict each other.
    Disputed,
    Ended(End),
}

/// How far a transaction may have got.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    /// Every broadcast so far came back as surely not taken.
    No,
    Maybe,
    /// A node said that it has it.
    Taken,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    Writing,
    /// `round`: how many endpoints were tried since the last pause; 0 when it is a repetition.
    Posting {
        endpoint: usize,
        round: usize,
    },
    Asking {
        endpoint: usize,
        interview: Interview,
        question: Question,
        asked: usize,
    },
    Pausing,
    Ended(End),
}

/// What is known of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Witness {
    /// Its last final statement, or the last one at all.
    statement: Option<Statement>,
    /// The greatest height at which it saw the sequence unspent.
    open_at: u64,
    misses: u32,
}

/// The whole of it. Cloning it is taking a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    doing: Doing,
    sent: Sent,
    /// False after a restart: what was agreed to then is looked for, and not sent again.
    may_post: bool,
    /// One per endpoint, in the driver's order.
    witnesses: Vec<Witness>,
    /// The refusal of the last round, and whether an endpoint was only busy.
    refusal: Option<Verdict>,
    busy: bool,
    /// Whose turn it is to be asked, and to be sent to.
    turn: usize,
    post_turn: usize,
    pauses: u32,
}

impl State {
    /// A freshly signed attempt, with this many endpoints to send to and to ask (at least one).
    pub fn signed(endpoints: usize) -> Self {
        Self {
            doing: Doing::Writing,
            sent: Sent::No,
            may_post: true,
            witnesses: vec![Witness::default(); endpoints.max(1)],
            refusal: None,
            busy: false,
            turn: 0,
            post_turn: 0,
            pauses: 0,
        }
    }

    /// An unfinished attempt of the journal. It may have been sent; it is not sent again, only looked for.
    pub fn resumed(endpoints: usize) -> Self {
        let state = Self { sent: Sent::Maybe, may_post: false, ..Self::signed(endpoints) };
        state.asking(0, 0)
    }

    /// What is to be done now. Before the first [`step`], and again after a driver was interrupted.
    pub fn next(&self) -> Next {
        match &self.doing {
            Doing::Writing => Next::Write,
            Doing::Posting { endpoint, .. } => Next::Post { endpoint: *endpoint },
            Doing::Asking { endpoint, question, .. } => Next::Ask { endpoint: *endpoint, question: *question },
            Doing::Pausing => Next::Pause,
            Doing::Ended(end) => Next::End(end.clone()),
        }
    }

    /// The end, if giving up now is one: nothing has left this program, and nothing is on its way.
    pub fn abandoned(&self) -> Option<End> {
        let posting = matches!(self.doing, Doing::Posting { .. });
        (self.may_post && self.sent == Sent::No && !posting).then_some(End::NotSent)
    }

    pub fn stage(&self) -> Stage {
        let height = self.height();
        match (&self.doing, &self.sent) {
            (Doing::Ended(end), _) => Stage::Ended(end.clone()),
            (Doing::Writing, _) => Stage::Signed,
            (Doing::Posting { endpoint, .. }, Sent::No) => Stage::Sending { endpoint: *endpoint },
            (_, sent) => match (self.finals().next(), sent) {
                (Some(_), _) if self.disputed() => Stage::Disputed,
                (Some(first), _) => {
                    let leased = matches!(first, Statement::Leased { .. });
                    Stage::Included { leased, height: first.at() }
                }
                (None, Sent::No) => Stage::NotTaken { why: self.refusal.clone() },
                (None, Sent::Maybe) => Stage::Unknown { height },
                (None, Sent::Taken) => Stage::Pending { height },
            },
        }
    }

    /// The latest height at which some endpoint saw it unfinished.
    fn height(&self) -> u64 {
        self.witnesses.iter().map(|witness| witness.open_at).max().unwrap_or(0)
    }

    fn said(&self) -> impl Iterator<Item = &Statement> {
        self.witnesses.iter().filter_map(|witness| witness.statement.as_ref())
    }

    fn finals(&self) -> impl Iterator<Item = &Statement> {
        self.said().filter(|said| said.is_final())
    }

    /// Somebody says it is over, and somebody else, not earlier, that it is not, or another end.
    fn disputed(&self) -> bool {
        self.finals().any(|end| {
            self.said().any(|other| {
                let open_later = !other.is_final() && other.at() >= end.at();
                open_later || (other.is_final() && !end.agrees(other))
            })
        })
    }

    fn counts(&self, endpoint: usize) -> bool {
        self.witnesses[endpoint].misses < PATIENCE
    }

    fn posting(self, endpoint: usize, round: usize) -> Self {
        let post_turn = (endpoint + 1) % self.witnesses.len();
        Self { doing: Doing::Posting { endpoint, round }, post_turn, ..self }
    }

    /// Asks the endpoint whose turn it is, or the next one worth asking; a pause when all were asked since the last.
    fn asking(mut self, endpoint: usize, mut asked: usize) -> Self {
        let all = self.witnesses.len();
        let nobody_counts = (0..all).all(|one| !self.counts(one));
        let mut endpoint = endpoint % all;
        while asked < all {
            asked += 1;
            if self.counts(endpoint) || nobody_counts || self.pauses.is_multiple_of(PAUSES_PER_RETRY) {
                let (interview, question) = Interview::start();
                self.turn = (endpoint + 1) % all;
                self.doing = Doing::Asking { endpoint, interview, question, asked };
                return self;
            }
            endpoint = (endpoint + 1) % all;
        }
        self.doing = Doing::Pausing;
        self
    }

    fn ended(self, end: End) -> Self {
        Self { doing: Doing::Ended(end), ..self }
    }
}

/// Takes what was seen and says what to do next. What does not belong to the step at hand changes nothing.
pub fn step(attempt: &Attempt, state: State, seen: Seen) -> (State, Next) {
    let state = match (state.doing.clone(), seen) {
        (Doing::Writing, Seen::Written) => state.posting(0, 1),
        (Doing::Writing, Seen::NotWritten) => state.ended(End::NotSent),
        (Doing::Posting { endpoint, round }, Seen::Posted(posted)) => {
            after_post(attempt, state, endpoint, round, posted)
        }
        (Doing::Asking { endpoint, interview, asked, .. }, Seen::Answered(answer)) => {
            let open_at = state.witnesses[endpoint].open_at;
            match interview.hear(attempt, open_at, answer) {
                Turn::Ask(interview, question) => {
                    State { doing: Doing::Asking { endpoint, interview, question, asked }, ..state }
                }
                Turn::Says(statement) => after_statement(attempt, state, endpoint, asked, statement),
                Turn::Misses(miss) => after_miss(attempt, state, endpoint, asked, miss),
            }
        }
        (Doing::Pausing, Seen::Paused) => after_pause(state),
        _ => state,
    };
    let next = state.next();
    (state, next)
}

fn after_post(attempt: &Attempt, mut state: State, endpoint: usize, round: usize, posted: Posted) -> State {
    let sent_before = state.sent != Sent::No;
    match posted {
        Posted::NotSent => {}
        Posted::Unknown => {
            if state.sent == Sent::No {
                state.sent = Sent::Maybe;
            }
        }
        // 19: these very bytes are known to the node already.
        Posted::Answered(verdict) if verdict.code == 0 || verdict.is("sdk", 19) => {
            state.sent = Sent::Taken;
        }
        Posted::Answered(verdict) if verdict.is("sdk", 20) => {
            state.busy = true;
            state.refusal = Some(verdict);
        }
        Posted::Answered(verdict) if verdict.is("sdk", 32) => {
            match verdict.expected_sequence() {
                // This node has not seen the account's last transaction yet.
                Some(expected) if expected < attempt.sequence => state.busy = true,
                // The sequence is used or waiting to be: by whom, only the chain can say.
                _ if state.sent == Sent::No => state.sent = Sent::Maybe,
                _ => {}
            }
            state.refusal = Some(verdict);
        }
        Posted::Answered(verdict) => state.refusal = Some(verdict),
    }
    let turn = state.turn;
    if sent_before || state.sent != Sent::No {
        return state.asking(turn, 0);
    }
    if round < state.witnesses.len() {
        let next = (endpoint + 1) % state.witnesses.len();
        return state.posting(next, round + 1);
    }
    match state.refusal.clone() {
        Some(verdict) if !state.busy => state.ended(End::Rejected { verdict }),
        _ => state.asking(turn, 0),
    }
}

fn after_statement(attempt: &Attempt, mut state: State, endpoint: usize, asked: usize, statement: Statement) -> State {
    let behind = match &statement {
        Statement::Open { height } => {
            // Only one that stands still is behind; one that comes nearer may yet contradict.
            let stands_still = *height <= state.witnesses[endpoint].open_at;
            let others = (0..state.witnesses.len()).filter(|other| *other != endpoint);
            let mut ends = others.filter_map(|other| state.witnesses[other].statement.as_ref());
            stands_still && ends.any(|end| end.is_final() && end.at() > *height)
        }
        _ => false,
    };
    let witness = &mut state.witnesses[endpoint];
    if let Statement::Open { height } = statement {
        witness.open_at = witness.open_at.max(height);
    }
    let is_final = statement.is_final();
    witness.statement = Some(statement);
    if behind {
        witness.misses += 1;
    } else {
        witness.misses = 0;
    }
    decide(attempt, state, endpoint, asked, is_final)
}

fn after_miss(attempt: &Attempt, mut state: State, endpoint: usize, asked: usize, miss: Miss) -> State {
    state.witnesses[endpoint].misses += match miss {
        Miss::Silent => 2,
        Miss::Lags | Miss::Contradictory => 1,
    };
    decide(attempt, state, endpoint, asked, true)
}

/// Ends it if enough witnesses agree; else asks the next one at once (`go_on`), or when the next block is due.
fn decide(attempt: &Attempt, state: State, endpoint: usize, asked: usize, go_on: bool) -> State {
    // One that has given its word counts, whatever became of it since.
    let counting = |place: usize| {
        state.counts(place) || state.witnesses[place].statement.as_ref().is_some_and(Statement::is_final)
    };
    let need = (0..state.witnesses.len()).filter(|place| counting(*place)).count().clamp(1, 2);
    let said: Vec<&Statement> = state.said().collect();
    if let Some(end) = verdict(attempt, &said, need) {
        return state.ended(end);
    }
    if go_on || state.finals().next().is_some() {
        return state.asking(endpoint + 1, asked);
    }
    State { doing: Doing::Pausing, ..state }
}

fn after_pause(mut state: State) -> State {
    state.pauses = state.pauses.wrapping_add(1);
    // Nobody says that it is over, so nobody has seen the last block.
    if state.may_post && state.finals().next().is_none() {
        let endpoint = state.post_turn;
        if state.sent == Sent::No {
            state.refusal = None;
            state.busy = false;
            return state.posting(endpoint, 1);
        }
        if state.pauses.is_multiple_of(PAUSES_PER_POST) {
            return state.posting(endpoint, 0);
        }
    }
    let turn = state.turn;
    state.asking(turn, 0)
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => write!(f, "signed"),
            Self::Sending { .. } => write!(f, "sending"),
            Self::NotTaken { why: Some(why) } => write!(f, "not taken in yet: {why}; trying again"),
            Self::NotTaken { why: None } => {
                write!(f, "no endpoint answers; nothing has left, trying again")
            }
            Self::Unknown { height: 0 } => write!(f, "sent, outcome unknown: looking for it"),
            Self::Unknown { height } => write!(f, "sent, outcome unknown: looking in every block, not in {height}"),
            Self::Pending { height: 0 } => write!(f, "in the mempool, waiting for a block"),
            Self::Pending { height } => write!(f, "in the mempool, not in block {height} yet"),
            Self::Included { leased: true, height } => {
                write!(f, "leased by block {height}, says one endpoint; asking another")
            }
            Self::Included { leased: false, height } => {
                write!(f, "no lease by block {height}, says one endpoint; asking another")
            }
            Self::Disputed => write!(f, "the endpoints contradict each other; asking on, nothing is signed meanwhile"),
            Self::Ended(end) => end.fmt(f),
        }
    }
}
