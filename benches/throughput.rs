//! How fast, and in how much memory, a follower stores and returns objects, measured beside nginx on the same disk.
//!
//! Run it with `scripts/bench` or `make bench`. It measures and does not judge: it fails only when a request fails.

mod load;

use std::process::ExitCode;

fn main() -> ExitCode {
    load::run()
}
