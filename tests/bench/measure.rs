//! How a figure is taken and told.

use std::hint::black_box;
use std::time::{Duration, Instant};

const RUNS: usize = 15;

/// The time of a run; what it makes is dropped outside of it.
pub fn time<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let made = black_box(run());
    let time = start.elapsed();
    drop(made);
    time
}

/// Median time of a run.
pub fn median<T>(mut run: impl FnMut() -> T) -> Duration {
    median_of((0..RUNS).map(|_| time(&mut run)).collect())
}

pub fn median_of(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

pub fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

/// A line of the output.
pub fn note(line: &str) {
    println!("{line}");
}

/// A time beside the one it is held against, as a ratio.
pub fn report(what: &str, time: Duration, limit: Duration) {
    note(&format!("{what}: {time:.2?}, {:.2} of {limit:.2?}", ratio(time, limit)));
}
