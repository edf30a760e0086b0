//! The figures that this project holds itself to: `cargo bench --bench figures`. Printed, never asserted: a busy machine
//! is no failure.

// A figure that cannot be had says so by panicking.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]

mod decode;
mod measure;
#[cfg(feature = "demo")]
mod program;
mod screen;

fn main() {
    #[cfg(feature = "demo")]
    if program::serve_if_asked() {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    measure::note(&format!("{cores} cores, {} {}", std::env::consts::OS, std::env::consts::ARCH));
    // First, while this process is small: a child's peak counts what it shared with its parent before it started.
    #[cfg(feature = "demo")]
    program::rows();
    screen::rows(decode::rows());
}
