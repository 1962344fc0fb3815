//! Why something about shares was refused.

use crate::primary::accounts::AccountError;
use crate::primary::files::FileError;
use crate::primary::throttle::TooSoon;

/// Why something about shares was refused.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// For its owner: no share of this space has the id.
    #[error("there is no share {0}")]
    Unknown(i64),
    /// For visitors: never was, expired, withdrawn, or its item is gone. Which, is not told.
    #[error("there is no such share, or it has ended")]
    NotFound,
    /// For visitors: nothing with this id lies in the shared folder.
    #[error("there is no {what} {id} in this share")]
    NotInShare {
        /// `file` or `folder`.
        what: &'static str,
        /// What was asked for.
        id: i64,
    },
    /// It has a usable share already.
    #[error("this {what} is shared already; change or delete share {share_id}")]
    Exists {
        /// `file` or `folder`.
        what: &'static str,
        /// The share it has.
        share_id: i64,
    },
    /// The password was not given, or has been changed since.
    #[error("this share has a password; send it to POST /api/v1/s/{{token}}/verify first")]
    PasswordNeeded,
    /// Another password.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many wrong passwords.
    #[error(transparent)]
    TooSoon(#[from] TooSoon),
    /// Used up.
    #[error("all downloads of this share are used; ask whoever shared it for more")]
    LimitReached,
    /// It would never be usable.
    #[error("expires_at must be a time to come")]
    ExpiryInPast,
    /// A number larger than the database keeps.
    #[error("max_downloads must be at most {}", i64::MAX)]
    LimitTooLarge,
    /// Longer than anybody types.
    #[error("password must have at most {0} characters")]
    PasswordTooLong(usize),
    /// The password could not be hashed or compared.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The tree refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error("shares: {0}")]
    Database(#[from] sqlx::Error),
}
