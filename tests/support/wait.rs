//! Waiting for a condition, with a deadline and a word on what was waited for.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Long enough for a loaded machine; a condition that holds returns at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
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
    let started = Instant::now();
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    loop {
        looks.tick().await;
        if let Some(value) = check().await {
            return value;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} for: {what}");
    }
}

/// Looks until `look` sees `expected`, for tests that assert where something comes to rest.
///
/// # Panics
/// When it is something else after [`PATIENCE`]; says what.
pub(crate) async fn until_equal<T, E>(what: &str, expected: &E, mut look: impl AsyncFnMut() -> T)
where
    T: PartialEq<E> + Debug,
    E: Debug + ?Sized,
{
    let started = Instant::now();
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    loop {
        looks.tick().await;
        let seen = look().await;
        if seen == *expected {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "waited {PATIENCE:?} for: {what}\nexpected {expected:#?}\nlast saw {seen:#?}"
        );
    }
}
