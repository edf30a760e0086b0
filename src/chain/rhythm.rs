//! When to ask for the next block: learns the rhythm of blocks from heights and when they were seen. Pure.
//!
//! Only answers are known: at one moment the newest height was still `h`, at a later one it was `h + 1`. Between them
//! the block arrived. The plan aims a little before the block is due, steps on in small gaps while it is not there,
//! and creeps forward when it was there at the first try, so that it stays close to the moment of arrival at fewer
//! than two questions a block. Gaps follow the jitter that was met; a chain that stands still is asked ever less.
//!
//! Times are spans since any fixed moment of a clock that never goes back.

use std::time::Duration;

/// Shortest pause between two questions that found a block each.
const LEAST_PAUSE: Duration = Duration::from_millis(250);
/// Shortest pause after a question that came too early.
const LEAST_GAP: Duration = Duration::from_millis(50);
/// Longest pause while a chain stands still.
const LONGEST_GAP: Duration = Duration::from_secs(15);
/// Block times that are believed.
const PERIODS: (f64, f64) = (0.05, 120.0);
/// Blocks after which the average is taken anew.
const STRETCH: u64 = 8;
/// Blocks after which the average starts over, so that it follows a chain that changes its pace.
const LONG_STRETCH: u64 = 64;

/// What was learnt so far.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// Seconds a block, as believed.
    period: f64,
    /// How far blocks come from when they were due, in seconds.
    jitter: f64,
    newest: Option<Newest>,
    /// Where the average is counted from: height and arrival.
    base: Option<(u64, f64)>,
    /// Questions since the newest height came that found no newer one.
    misses: i32,
    /// Blocks in a row that were there at the first question.
    hits: i32,
    /// Intervals in a row that contradict the period.
    doubts: u32,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    height: u64,
    /// When it probably arrived.
    arrived: f64,
    /// When the last question about it was sent: until then no newer one was there.
    asked: f64,
    /// When the last answer came.
    answered: f64,
}

impl Rhythm {
    pub fn new(block_time: Duration) -> Self {
        let period = believable(block_time.as_secs_f64());
        Self { period, jitter: period * 0.05, newest: None, base: None, misses: 0, hits: 0, doubts: 0 }
    }

    /// The block time was measured.
    pub fn measured(&mut self, block_time: Duration) {
        self.period = believable(block_time.as_secs_f64());
        self.base = self.newest.map(|newest| (newest.height, newest.arrived));
        self.doubts = 0;
    }

    /// Seconds a block, as believed at present.
    pub fn period(&self) -> Duration {
        Duration::from_secs_f64(self.period)
    }

    /// An answer of height `height` to a question sent at `asked` came at `answered`. A height below the newest one
    /// says nothing.
    pub fn seen(&mut self, height: u64, asked: Duration, answered: Duration) {
        let (asked, answered) = (asked.as_secs_f64(), answered.as_secs_f64());
        let Some(newest) = self.newest.as_mut() else {
            self.newest = Some(Newest { height, arrived: answered, asked, answered });
            self.base = Some((height, answered));
            return;
        };
        if height < newest.height {
            return;
        }
        if height == newest.height {
            self.misses = self.misses.saturating_add(1);
            newest.asked = newest.asked.max(asked);
            newest.answered = newest.answered.max(answered);
            return;
        }
        let blocks = count(height - newest.height);
        let due = newest.arrived + self.period * blocks;
        let before = *newest;
        let arrived = if self.misses > 0 {
            // Between the last question that did not find it and this answer.
            let arrived = before.asked + (answered - before.asked).max(0.0) / 2.0;
            let off = (arrived - due).abs().min(self.period / 2.0);
            self.jitter += 0.15 * (off - self.jitter);
            self.hits = 0;
            arrived
        } else {
            self.hits = self.hits.saturating_add(1);
            self.jitter *= 0.97;
            let step = (0.4 * self.jitter).clamp(0.004 * self.period, 0.02 * self.period);
            let step = step * 1.6f64.powi(self.hits.min(16) - 1);
            (due.min(answered) - step).max(answered - 0.9 * self.period)
        };
        let bracketed = self.misses > 0;
        self.misses = 0;
        self.newest = Some(Newest { height, arrived, asked, answered });
        self.learn(before, height, arrived, blocks, bracketed);
    }

    /// Corrects the period by what was met.
    fn learn(&mut self, before: Newest, height: u64, arrived: f64, blocks: f64, bracketed: bool) {
        let met = (arrived - before.arrived) / blocks;
        // One question for several blocks, or a bracket far off: the period itself is wrong, or the chain or this
        // machine stood still for a while. It takes two such in a row to believe the former.
        let off = met / self.period;
        if (blocks > 1.0 || bracketed) && !(0.6..1.67).contains(&off) {
            self.doubts += 1;
            if self.doubts >= 2 {
                self.period = believable(met);
                self.doubts = 0;
            }
            self.base = Some((height, arrived));
            return;
        }
        self.doubts = 0;
        let Some((from, at)) = self.base else { return };
        let stretch = height.saturating_sub(from);
        if stretch < STRETCH {
            return;
        }
        let average = (arrived - at) / count(stretch);
        if (0.5..2.0).contains(&(average / self.period)) {
            self.period = believable(average);
        }
        if stretch >= LONG_STRETCH {
            self.base = Some((height, arrived));
        }
    }

    /// When to ask next. At once if nothing was seen yet.
    pub fn next(&self) -> Duration {
        let Some(newest) = self.newest else { return Duration::ZERO };
        let at = if self.misses == 0 {
            let aim = newest.arrived + self.period - 0.25 * self.jitter;
            aim.max(newest.answered + LEAST_PAUSE.as_secs_f64().min(self.period / 4.0).max(LEAST_GAP.as_secs_f64()))
        } else {
            let gap = (0.9 * self.jitter).clamp(0.05 * self.period, 0.2 * self.period);
            let gap = gap * 1.25f64.powi(self.misses.min(60) - 1);
            newest.answered + gap.clamp(LEAST_GAP.as_secs_f64(), LONGEST_GAP.as_secs_f64())
        };
        Duration::from_secs_f64(at.max(0.0))
    }
}

fn believable(seconds: f64) -> f64 {
    if seconds.is_finite() { seconds.clamp(PERIODS.0, PERIODS.1) } else { PERIODS.1 }
}

/// Blocks as a factor; more than any chain has still compare right.
fn count(blocks: u64) -> f64 {
    f64::from(u32::try_from(blocks).unwrap_or(u32::MAX))
}
