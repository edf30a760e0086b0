//! Arguments → library → exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    akbids::run(std::env::args_os())
}
