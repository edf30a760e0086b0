//! Carries out what `send` says, until it ends or somebody stops waiting.

use super::journal::{Disk, Journal, JournalError};
use super::node::Nodes;
use super::outcome::{Attempt, End};
use super::send::{Next, Seen, Stage, State, step};
use crate::domain::outcome::Watch;
use crate::domain::text::Clean;
use std::time::Duration;

/// Between two looks at the chain, at most: about two to a block.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Embedded chains make blocks fast.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// How a drive stopped.
pub(super) enum Stop {
    /// With why the journal could not be written, if that is it.
    Ended(End, Option<JournalError>),
    /// It was interrupted, and something may have left.
    Left,
}

/// Drives `state` to its end. `until`: somebody stops waiting; what surely did not leave then ends as not sent.
pub(super) async fn drive<D: Disk>(
    nodes: &Nodes<'_>,
    journal: &mut Journal<D>,
    attempt: &Attempt,
    mut state: State,
    block_time: Duration,
    say: &mut dyn FnMut(Watch),
    until: impl Future<Output = ()>,
) -> Stop {
    let pause = block_time.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    let mut until = std::pin::pin!(until);
    let mut said = None;
    let mut failed = None;
    loop {
        let standing = state.stage();
        let text = words(&standing, attempt, nodes);
        // The end is told by whoever drives, in full.
        if said.as_ref() != Some(&text) && !matches!(standing, Stage::Ended(_)) {
            let sent = state.abandoned().is_none() && standing != Stage::Signed;
            say(Watch { text: Clean::message(&text), hash: attempt.hash().to_owned(), sent });
            said = Some(text);
        }
        let seen = async {
            match state.next() {
                Next::Write => match journal.begin(attempt, now()) {
                    Ok(()) => Ok(Seen::Written),
                    Err(why) => {
                        failed = Some(why);
                        Ok(Seen::NotWritten)
                    }
                },
                Next::Post { endpoint } => Ok(Seen::Posted(nodes.post(endpoint, &attempt.tx).await)),
                Next::Ask { endpoint, question } => Ok(Seen::Answered(nodes.ask(endpoint, attempt, question).await)),
                Next::Pause => {
                    tokio::time::sleep(pause).await;
                    Ok(Seen::Paused)
                }
                Next::End(end) => Err(end),
            }
        };
        let seen = tokio::select! {
            biased;
            seen = seen => seen,
            () = &mut until => match state.abandoned() {
                Some(end) => Err(end),
                None => return Stop::Left,
            },
        };
        match seen {
            Ok(seen) => state = step(attempt, state, seen).0,
            Err(end) => {
                if failed.is_none() {
                    // Where this fails the entry stays open, and is found out again.
                    failed = journal.end(attempt.hash(), &end, now()).err();
                }
                return Stop::Ended(end, failed);
            }
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn words(stage: &Stage, attempt: &Attempt, nodes: &Nodes<'_>) -> String {
    let last = attempt.timeout_height;
    match stage {
        Stage::Signed => format!("signed {}", short(attempt.hash())),
        Stage::Sending { endpoint } => format!("sending to {}", nodes.shown(*endpoint)),
        Stage::Pending { height: 0 } => format!("sent; it can be in a block until {last}"),
        Stage::Pending { height } => format!("waiting, block {height} of {last}"),
        Stage::Unknown { .. } => format!(
            "sent, outcome unknown: looking in every block until {last}. It is safe to close; akbids journal --resume goes on"
        ),
        stage => stage.to_string(),
    }
}

/// `9F3A…11C2`.
fn short(hash: &str) -> String {
    match (hash.get(..4), hash.len().checked_sub(4).and_then(|at| hash.get(at..))) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => hash.to_owned(),
    }
}
