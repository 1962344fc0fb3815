//! URLs that let a browser move the bytes of one object by itself.

use std::fmt;
use std::time::Duration;

use super::{ErrorKind, Result, StorageError};

/// Longest lifetime of a presigned URL: what S3 takes.
pub const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// A URL whose holder may do one thing with one object until it expires, as often as they like. It is a secret of the
/// one it was made for: `Debug` shows it without its query.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    pub(super) fn new(url: String) -> Self {
        Self(url)
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole URL, for an answer.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.split('?').next().unwrap_or_default();
        write!(f, "PresignedUrl({shown}?…)")
    }
}

/// Refuses a lifetime that no verifier takes: below a second, or above [`MAX_LIFETIME`].
pub(super) fn check_lifetime(lifetime: Duration) -> Result<()> {
    if lifetime < Duration::from_secs(1) || lifetime > MAX_LIFETIME {
        let message = format!(
            "a presigned URL lives 1 to {} s, not {} s",
            MAX_LIFETIME.as_secs(),
            lifetime.as_secs_f64()
        );
        return Err(StorageError::new(ErrorKind::InvalidArgument, message));
    }
    Ok(())
}

/// The answer of a store that browsers cannot reach.
pub(super) fn unsupported() -> StorageError {
    let message = "this storage has no presigned URLs; relay the bytes (strategy `relay_stream`)";
    StorageError::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_second_to_a_week() {
        for good in [Duration::from_secs(1), MAX_LIFETIME] {
            assert!(check_lifetime(good).is_ok(), "{good:?}");
        }
        for bad in [Duration::ZERO, Duration::from_millis(999), MAX_LIFETIME + Duration::from_secs(1)] {
            let error = check_lifetime(bad).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{bad:?}");
        }
    }

    #[test]
    fn a_url_keeps_its_permission_out_of_debug_output() {
        let url = PresignedUrl::new("https://node/x?aster_signature=00".into());
        assert_eq!(format!("{url:?}"), "PresignedUrl(https://node/x?…)");
    }
}
