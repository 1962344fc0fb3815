//! How long a failed task waits for its next attempt.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// After the first failure.
const SHORTEST: Duration = Duration::from_secs(5);
/// However often it failed; jitter adds up to as much again.
const LONGEST: Duration = Duration::from_secs(1800);

/// The pause after the `attempt`th attempt (1 is the first): it doubles, and jitter keeps tasks that failed together
/// from coming back together.
pub(super) fn pause(attempt: u32) -> Duration {
    let nth = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST)
        .with_jitter()
        .without_max_times()
        .build();
    // Twenty doublings are beyond the longest pause.
    pauses.nth(nth.min(20)).unwrap_or(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit_and_differ() {
        for (attempt, shortest) in [(1, 5), (2, 10), (5, 80), (1000, 1800)] {
            let shortest = Duration::from_secs(shortest);
            let pause = pause(attempt);
            assert!(pause >= shortest && pause <= 2 * shortest, "attempt {attempt}: {pause:?}");
        }
        let pauses: std::collections::HashSet<_> = (0..20).map(|_| pause(3)).collect();
        assert!(pauses.len() > 1, "no jitter");
    }
}
