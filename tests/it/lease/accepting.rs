//! The simulation, over many seeds.

use std::collections::BTreeMap;
use std::env;

use super::simulation::Simulation;

/// Seeds of one `cargo test`. `AKBIDS_SEEDS=10000` runs more, `AKBIDS_SEED=n` one of them with its whole story.
const SEEDS: u64 = 1500;

#[test]
fn whatever_goes_wrong_the_last_word_is_true_and_comes() {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (first, count) = match number("AKBIDS_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("AKBIDS_SEEDS").unwrap_or(SEEDS)),
    };
    let (mut ends, mut attempts, mut resumed, mut posts) = (BTreeMap::new(), 0, 0, 0);
    let mut failed = Vec::new();
    for seed in first..first + count {
        let mut run = Simulation::new(seed);
        let result = run.run();
        if count == 1 {
            eprintln!("{}", run.trace.join("\n"));
        }
        if let Err(why) = result {
            failed.push(format!("seed {seed}: {why}"));
        }
        for (end, times) in run.report.ends {
            *ends.entry(end).or_insert(0) += times;
        }
        attempts += run.report.attempts;
        resumed += run.report.resumed;
        posts += run.report.posts;
    }
    let told = format!("{attempts} attempts, {posts} broadcasts, {resumed} resumed, ends: {ends:?}");
    assert!(
        failed.is_empty(),
        "{} of {count} seeds, replay one with AKBIDS_SEED=n:\n{}\n{told}",
        failed.len(),
        failed[..failed.len().min(20)].join("\n"),
    );
    if count >= SEEDS {
        eprintln!("{told}");
        assert_eq!(ends.len(), 10, "every end is reached: {told}");
        assert!(resumed > count / 4, "{told}");
    }
}
