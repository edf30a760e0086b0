//! The state machine that sends, under 10,000 seeded schedules: `cargo bench --bench schedules`. `AKBIDS_SEEDS` sets
//! another number; a seed that fails is printed, and `AKBIDS_SEED=n cargo test accepting` replays it.

// A run that breaks a rule says so by panicking.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../it/support/model_chain.rs"]
mod model_chain;
#[path = "../it/support/simulation.rs"]
mod simulation;

use std::collections::BTreeMap;

fn main() {
    let seeds = std::env::var("AKBIDS_SEEDS").map_or(10_000, |text| text.parse::<u64>().unwrap());
    let (mut ends, mut attempts, mut resumed, mut posts) = (BTreeMap::<_, u64>::new(), 0, 0, 0);
    let mut failed = Vec::new();
    for seed in 0..seeds {
        let mut run = simulation::Simulation::new(seed);
        if let Err(why) = run.run() {
            failed.push(format!("seed {seed}: {why}"));
        }
        for (end, times) in run.report.ends {
            *ends.entry(end).or_default() += times;
        }
        attempts += run.report.attempts;
        resumed += run.report.resumed;
        posts += run.report.posts;
    }
    println!("{seeds} schedules, {attempts} attempts, {posts} broadcasts, {resumed} resumed, ends: {ends:?}");
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
