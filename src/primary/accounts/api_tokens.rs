//! Personal API tokens: passwords for programs, which their user makes, sees once, and takes back.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Access, Account, AccountError, Accounts, CurrentUser, Status, TokenError, store};
use crate::primary::audit::{Action, Actor, Entity, NewEntry};
use crate::primary::caller::Caller;
use crate::protocol::{Timestamp, random_token, sha256_hex};

/// What every token begins with.
pub(in crate::primary) const PREFIX: &str = "adt_";
/// Random bytes of a token.
const RANDOM_BYTES: usize = 32;
/// Most tokens a user may have, expired ones included.
pub(super) const MAX_TOKENS: u64 = 50;
const MAX_NAME_CHARS: usize = 64;
/// A use is noted at most this often.
const USE_NOTED_EVERY_SECS: i64 = 60;

/// What a token may do of what its user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ApiTokenScope")]
pub enum Scope {
    /// Nothing that changes anything: GET, HEAD and OPTIONS.
    Read,
    /// Everything but the calls that guard the account: password, logins and tokens.
    Write,
}

/// A token as it is listed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ApiToken {
    /// Id.
    pub id: i64,
    /// What its user called it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it ends; `null` is never.
    pub expires_at: Option<Timestamp>,
    /// Last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
}

/// A token to be made.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct NewApiToken {
    /// What to call it: 1 to 64 characters.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it ends; later than now.
    pub expires_at: Option<Timestamp>,
}

/// Why a token was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiToken {
    /// The name.
    #[error("name must have 1 to {MAX_NAME_CHARS} characters and no control characters")]
    Name,
    /// The end.
    #[error("expires_at must be in the future")]
    Expiry,
}

impl Scope {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl Accounts {
    /// Makes a token; the text is nowhere to be had afterwards.
    pub async fn create_api_token(
        &self,
        user: &CurrentUser,
        new: &NewApiToken,
    ) -> Result<(ApiToken, SecretString), AccountError> {
        let name = new.name.trim();
        if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(InvalidApiToken::Name.into());
        }
        let now = Timestamp::now();
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(InvalidApiToken::Expiry.into());
        }
        let secret = random_token(PREFIX, RANDOM_BYTES);
        let mut token = ApiToken {
            id: 0,
            name: name.to_owned(),
            scope: new.scope,
            expires_at: new.expires_at,
            last_used_at: None,
            created_at: now,
        };
        let mut tx = self.db.begin().await?;
        // Locks the user, so that two requests cannot both make the last token.
        store::user_for_change(&mut tx, user.id).await?.ok_or(AccountError::NotFound(user.id))?;
        if store::tokens::count(&mut tx, user.id).await? >= MAX_TOKENS {
            return Err(AccountError::TooManyApiTokens);
        }
        token.id =
            store::tokens::insert(&mut tx, user.id, &token, &sha256_hex(secret.expose_secret())).await?;
        let details = format!("scope {}", token.scope.as_str());
        self.audit_token(&mut tx, user, Action::Create, &token, &details).await?;
        tx.commit().await?;
        Ok((token, secret))
    }

    /// The tokens of a user, the newest first.
    pub async fn api_tokens(&self, user_id: i64) -> Result<Vec<ApiToken>, AccountError> {
        Ok(store::tokens::list(&self.db, user_id).await?)
    }

    /// Takes a token back; it is refused from now on.
    pub async fn delete_api_token(&self, user: &CurrentUser, id: i64) -> Result<(), AccountError> {
        let mut tx = self.db.begin().await?;
        store::user_for_change(&mut tx, user.id).await?;
        let deleted = store::tokens::delete(&mut tx, user.id, id).await?;
        let token = deleted.ok_or(AccountError::UnknownApiToken(id))?;
        self.audit_token(&mut tx, user, Action::Delete, &token, "").await?;
        Ok(tx.commit().await?)
    }

    /// Who has this token: for `Authorization: Bearer`, and wherever a program gives it in place of a password.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] when nobody has it, it expired or was taken back, or its user is disabled.
    pub async fn by_api_token(&self, token: &str, caller: &Caller) -> Result<CurrentUser, AccountError> {
        if !token.starts_with(PREFIX) {
            return Err(TokenError::Invalid.into());
        }
        let now = Timestamp::now();
        let found = store::tokens::by_hash(&self.db, &sha256_hex(token), now).await?;
        let (account, token): (Account, ApiToken) = found
            .filter(|(account, _)| account.status == Status::Active)
            .ok_or(AccountError::Token(TokenError::Invalid))?;
        let noted_before = now.plus_secs(-USE_NOTED_EVERY_SECS);
        if token.last_used_at.is_none_or(|used| used <= noted_before) {
            let noted = store::tokens::note_use(&self.db, token.id, now, noted_before).await;
            // The list of tokens is a minute out of date then; no reason to refuse a request.
            if let Err(error) = noted {
                tracing::warn!(user.id = account.id, "the use of an API token was not noted: {error}");
            }
        }
        let access = Access::ApiToken { id: token.id, scope: token.scope };
        Ok(CurrentUser::of(account, access, caller))
    }

    async fn audit_token(
        &self,
        tx: &mut crate::db::Tx,
        user: &CurrentUser,
        action: Action,
        token: &ApiToken,
        details: &str,
    ) -> Result<(), sqlx::Error> {
        let entry = NewEntry {
            by: Actor::from(user),
            action,
            entity: Entity::ApiToken,
            entity_id: Some(token.id),
            entity_name: &token.name,
            details,
        };
        self.audit.record_in(tx, &entry).await
    }
}
