//! Waiting for a condition, with a deadline and a word on what was waited for.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, timeout};

/// Bounds a hang and nothing else: a condition that holds returns at once, and a machine may be very busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until `check` gives a value.
///
/// # Panics
/// When it gives none within [`PATIENCE`].
pub(crate) async fn until<T>(what: &str, check: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, check).await
}

/// Looks until `check` gives a value, at most for `limit`.
///
/// # Panics
/// When it gives none in time.
pub(crate) async fn until_within<T>(
    limit: Duration,
    what: &str,
    mut check: impl AsyncFnMut() -> Option<T>,
) -> T {
    look(limit, async || check().await.ok_or(()))
        .await
        .unwrap_or_else(|_| panic!("waited {limit:?} for: {what}"))
}

/// Looks until `look` sees `expected`: for what comes to rest in a certain state, and may be in others before.
///
/// # Panics
/// When it sees something else after [`PATIENCE`]; says what.
pub(crate) async fn until_equal<T, E>(what: &str, expected: &E, mut look: impl AsyncFnMut() -> T)
where
    T: PartialEq<E> + Debug,
    E: Debug + ?Sized,
{
    let found = self::look(PATIENCE, async || {
        let seen = look().await;
        if seen == *expected { Ok(()) } else { Err(seen) }
    });
    if let Err(last) = found.await {
        panic!("waited {PATIENCE:?} for: {what}\nexpected {expected:#?}\nlast saw {last:#?}");
    }
}

/// Tries until it succeeds; the last failure, if there is one by then, when `limit` is over. A try that hangs is given
/// up with the rest.
async fn look<T, E>(limit: Duration, mut attempt: impl AsyncFnMut() -> Result<T, E>) -> Result<T, Option<E>> {
    let (started, mut last) = (Instant::now(), None);
    let mut looks = interval(LOOK_AGAIN);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        match timeout(limit.saturating_sub(started.elapsed()), attempt()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(failure)) => last = Some(failure),
            Err(_) => return Err(last),
        }
        if started.elapsed() >= limit {
            return Err(last);
        }
    }
}
