//! Why something about accounts was refused.

use super::api_tokens::{InvalidApiToken, MAX_TOKENS};
use super::password::PasswordError;
use super::preferences::InvalidPreference;
use super::rules::InvalidAccount;
use super::token::TokenError;
use crate::primary::throttle::TooSoon;

/// Why something about accounts was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A new account breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidAccount),
    /// Setup was asked for, but somebody is there already.
    #[error("setup is complete: a user exists already; log in instead")]
    AlreadySetUp,
    /// The name is taken.
    #[error("a user named `{0}` exists already")]
    UsernameTaken(String),
    /// The address is taken.
    #[error("a user with the address `{0}` exists already")]
    EmailTaken(String),
    /// Nobody has this id.
    #[error("there is no user {0}")]
    NotFound(i64),
    /// No policy group has this id.
    #[error("there is no policy group {0}; GET /api/v1/admin/policy-groups lists them")]
    UnknownGroup(i64),
    /// Files or other things belong to the account.
    #[error("user {0} still owns files; delete them first, or set the status to `disabled`")]
    StillOwns(i64),
    /// A team would be without an owner.
    #[error(
        "user {0} is the last owner of a team; give it another owner, or archive it and let it be removed"
    )]
    LastOwner(i64),
    /// Only administrators make accounts.
    #[error("registration is closed; ask an administrator for an account")]
    RegistrationClosed,
    /// The current password is another one.
    #[error("current_password is wrong")]
    WrongCurrentPassword,
    /// Too many wrong passwords.
    #[error(transparent)]
    TooSoon(#[from] TooSoon),
    /// A choice for the pages breaks a rule.
    #[error(transparent)]
    Preference(#[from] InvalidPreference),
    /// A new API token breaks a rule.
    #[error(transparent)]
    InvalidApiToken(#[from] InvalidApiToken),
    /// The user has as many API tokens as one may have.
    #[error("a user may have {} API tokens; delete one first", MAX_TOKENS)]
    TooManyApiTokens,
    /// None of the user's API tokens has this id.
    #[error("there is no API token {0}")]
    UnknownApiToken(i64),
    /// None of the user's logins has this id.
    #[error("there is no such login; GET /api/v1/auth/sessions lists them")]
    UnknownSession,
    /// Nobody could administrate any more.
    #[error("user {0} is the last active administrator; make another one first")]
    LastAdmin(i64),
    /// A number larger than the database keeps.
    #[error("storage_quota must be at most {} bytes", i64::MAX)]
    QuotaTooLarge,
    /// Unknown user or wrong password; which, is not told.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// Right password, but the account is closed.
    #[error("this account is disabled; an administrator can enable it")]
    Disabled,
    /// The refresh token is unknown, expired, or was used before.
    #[error("this login has ended; log in again")]
    LoginEnded,
    /// The access token does not pass.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A password could not be hashed or compared.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A token could not be made.
    #[error("access token: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// The database failed.
    #[error("accounts: {0}")]
    Database(#[from] sqlx::Error),
}
