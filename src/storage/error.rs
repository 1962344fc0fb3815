//! The kinds of storage failure. No HTTP here: each role maps a kind to its own answer.

use std::borrow::Cow;
use std::error::Error;

/// What went wrong, as far as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The object, or something the call needs, is not there.
    NotFound,
    /// The caller named something the store cannot take (for example a key longer than the file system allows).
    InvalidArgument,
    /// The asked range does not overlap the object.
    RangeNotSatisfiable,
    /// The bytes that arrived are not as many as were announced.
    SizeMismatch,
    /// The sender of the body went away or stalled; nothing is wrong with the store.
    BodyInterrupted,
    /// No space is left, or the object is larger than the store takes.
    Full,
    /// The store refused our credentials.
    Auth,
    /// The store denied access.
    Permission,
    /// The store's settings (path, bucket, address, protocol) are wrong.
    Misconfigured,
    /// The store asks to slow down.
    RateLimited,
    /// Network, time-out or a passing fault; trying again may help.
    Transient,
    /// The store's state forbids the call (for example a directory stands where the object should).
    Precondition,
    /// The store lacks the operation.
    Unsupported,
    /// None of the above.
    Unknown,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited)
    }
}

/// A failed storage call.
///
/// `message` is fit for an administrator (it names the value and what to do, never a secret); `source` is for the
/// log only.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StorageError {
    kind: ErrorKind,
    message: Cow<'static, str>,
    subcode: Option<String>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StorageError {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), subcode: None, source: None }
    }

    /// The same error with its cause, which goes to the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error that says where it happened, in front of what it said so far.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message).into();
        self
    }

    /// The same error with the stable subcode a peer gave (wire contract §1), kept for our own caller.
    #[must_use]
    pub fn with_subcode(mut self, subcode: impl Into<String>) -> Self {
        self.subcode = Some(subcode.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable subcode a peer gave, if any.
    pub fn subcode(&self) -> Option<&str> {
        self.subcode.as_deref()
    }
}
