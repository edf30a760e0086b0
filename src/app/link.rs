//! How fresh the figures are, and how the node is doing.

use super::msg::Ms;
use crate::domain::bid::Snapshot;
use crate::domain::text::Clean;

/// Blocks without a newer height after which figures are old.
const STALE_BLOCKS: u64 = 3;
/// Least milliseconds before figures are called old.
const STALE_MIN_MS: Ms = 15_000;
/// How much longer that takes while the terminal has no focus and the node is asked less.
const UNFOCUSED: Ms = 8;

/// How fresh the figures are, in words and seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// Nothing came yet.
    Connecting {
        for_s: u64,
    },
    /// Nothing came yet, and asking failed.
    Unreachable {
        for_s: u64,
        retry_s: u64,
    },
    Live {
        age_s: u64,
    },
    /// The node answers no newer block, or nothing at all without saying why.
    Stale {
        age_s: u64,
    },
    /// Asking failed.
    Offline {
        age_s: u64,
        retry_s: u64,
    },
    Paused {
        age_s: Option<u64>,
    },
    /// A saved answer has no age that could be known.
    Saved,
}

/// A failure that lasts.
#[derive(Clone, Debug)]
struct Trouble {
    text: Clean,
    since: Ms,
    retry_at: Ms,
}

/// The newest height that came.
#[derive(Clone, Copy, Debug)]
struct Newest {
    height: Option<u64>,
    at: Ms,
    stale_after: Ms,
    saved: bool,
}

/// The connection as a value.
#[derive(Clone, Debug, Default)]
pub struct Link {
    started: Option<Ms>,
    newest: Option<Newest>,
    trouble: Option<Trouble>,
    pub paused: bool,
}

impl Link {
    /// The clock was read for the first time.
    pub fn start(&mut self, now: Ms) {
        self.started.get_or_insert(now);
    }

    /// An answer came. One of the height that is known already is no younger than the first of it.
    pub fn answered(&mut self, snapshot: &Snapshot, now: Ms) {
        self.trouble = None;
        let height = snapshot.chain.height;
        let blocks_ms = u64::try_from(snapshot.chain.block_time.millis_of(STALE_BLOCKS)).unwrap_or(0);
        let same = self.newest.filter(|newest| height.is_some() && newest.height == height);
        self.newest = Some(Newest {
            height,
            at: same.map_or(now, |newest| newest.at),
            stale_after: blocks_ms.max(STALE_MIN_MS),
            saved: snapshot.saved,
        });
    }

    pub fn failed(&mut self, text: Clean, retry_in_ms: u64, now: Ms) {
        let since = self.trouble.as_ref().map_or(now, |trouble| trouble.since);
        self.trouble = Some(Trouble { text, since, retry_at: now.saturating_add(retry_in_ms) });
    }

    /// Why asking fails at present.
    pub fn trouble(&self) -> Option<&Clean> {
        self.trouble.as_ref().map(|trouble| &trouble.text)
    }

    pub fn freshness(&self, now: Ms, focused: bool) -> Freshness {
        let seconds = |since: Ms| now.saturating_sub(since) / 1000;
        let age_s = self.newest.map(|newest| seconds(newest.at));
        let retry_s = |trouble: &Trouble| trouble.retry_at.saturating_sub(now).div_ceil(1000);
        match (self.newest, age_s, &self.trouble) {
            (Some(Newest { saved: true, .. }), ..) => Freshness::Saved,
            _ if self.paused => Freshness::Paused { age_s },
            (Some(_), Some(age_s), Some(trouble)) => Freshness::Offline { age_s, retry_s: retry_s(trouble) },
            (Some(newest), Some(age_s), None) if now >= newest.stale_at(focused) => Freshness::Stale { age_s },
            (Some(_), Some(age_s), None) => Freshness::Live { age_s },
            (.., Some(trouble)) => {
                Freshness::Unreachable { for_s: seconds(self.started.unwrap_or(now)), retry_s: retry_s(trouble) }
            }
            (.., None) => Freshness::Connecting { for_s: seconds(self.started.unwrap_or(now)) },
        }
    }

    /// Whether the figures are too old to be shown as present: the node fails, or is silent for too long.
    pub fn old(&self, now: Ms, focused: bool) -> bool {
        let Some(newest) = self.newest.filter(|newest| !newest.saved) else { return false };
        self.trouble.is_some() || now >= newest.stale_at(focused)
    }

    /// Milliseconds since the newest height came, standing still from the moment the figures are old: nobody
    /// knows what happened since.
    pub fn elapsed(&self, now: Ms, focused: bool) -> Ms {
        let Some(newest) = self.newest.filter(|newest| !newest.saved) else { return 0 };
        let known = match &self.trouble {
            Some(trouble) => trouble.since.min(newest.stale_at(focused)),
            None => newest.stale_at(focused),
        };
        now.min(known).saturating_sub(newest.at)
    }

    /// When the words change by themselves: at the next whole second of an age while somebody looks, else when
    /// the figures become old.
    pub fn next_change(&self, now: Ms, focused: bool) -> Option<Ms> {
        if self.newest.is_some_and(|newest| newest.saved) {
            return None;
        }
        let since = self.newest.map(|newest| newest.at).or(self.started)?;
        if focused {
            let seconds = now.saturating_sub(since) / 1000 + 1;
            return Some(since.saturating_add(seconds.saturating_mul(1000)));
        }
        self.newest.map(|newest| newest.stale_at(focused)).filter(|at| *at > now)
    }
}

impl Newest {
    fn stale_at(&self, focused: bool) -> Ms {
        let after = if focused { self.stale_after } else { self.stale_after.saturating_mul(UNFOCUSED) };
        self.at.saturating_add(after)
    }
}
