//! Logins: begin, renew, end, and the question each request asks.

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::rules::{MAX_EMAIL_BYTES, folded};
use super::token::{AccessClaims, TokenError};
use super::{Account, AccountError, Accounts, CurrentUser, Status, store};
use crate::db::hold;
use crate::protocol::{Timestamp, random_token, sha256_hex};

/// How long the refresh token before the current one still renews access: two tabs may refresh at once, and the
/// answer to one of them may get lost.
const REFRESH_GRACE_MS: i64 = 15_000;

/// What a client needs to stay logged in.
#[derive(Debug)]
pub struct Login {
    /// Who.
    pub account: Account,
    /// The access token.
    pub access: SecretString,
    /// Its life in seconds.
    pub access_ttl_secs: u64,
    /// The refresh token; `None` when the client has the current one already.
    pub refresh: Option<SecretString>,
    /// Its life in seconds.
    pub refresh_ttl_secs: u64,
}

/// A login as the database keeps it.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) user_id: i64,
    pub(super) refresh_hash: String,
    pub(super) previous_hash: String,
    pub(super) refreshed_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) created_at: Timestamp,
}

impl Accounts {
    /// Begins a login. Unknown user and wrong password look and last the same.
    pub async fn log_in(&self, identifier: &str, password: &SecretString) -> Result<Login, AccountError> {
        let identifier = identifier.trim();
        let found = if identifier.len() <= MAX_EMAIL_BYTES {
            store::credentials(&self.db, &folded(identifier)).await?
        } else {
            None
        };
        let (user_id, hash) = found.unzip();
        let right = self.passwords.verify(password, hash).await?;
        let user_id = user_id.filter(|_| right).ok_or(AccountError::WrongCredentials)?;
        let mut tx = self.db.begin().await?;
        hold(&mut tx, "users", user_id).await?;
        let account = store::user_by_id(&mut tx, user_id).await?.ok_or(AccountError::WrongCredentials)?;
        if account.status == Status::Disabled {
            return Err(AccountError::Disabled);
        }
        let now = Timestamp::now();
        let id = Uuid::new_v4().simple().to_string();
        let refresh = new_refresh_token(&id);
        let session = Session {
            id,
            user_id,
            refresh_hash: sha256_hex(refresh.expose_secret()),
            previous_hash: String::new(),
            refreshed_at: now,
            expires_at: self.refresh_end(now),
            created_at: now,
        };
        store::insert_session(&mut tx, &session).await?;
        tx.commit().await?;
        self.login(account, &session.id, Some(refresh), now)
    }

    /// Renews a login: a new access token, and a new refresh token in place of this one. A refresh token that was
    /// replaced longer than a moment ago is in two hands; then all logins of the user end.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Login, AccountError> {
        let session_id = session_of(refresh_token).ok_or(AccountError::LoginEnded)?;
        let hash = sha256_hex(refresh_token);
        let now = Timestamp::now();
        let mut tx = self.db.begin().await?;
        // One refresh of a user at a time: of two with the same token the second must find what the first left.
        let user_id = store::session(&mut tx, session_id).await?.ok_or(AccountError::LoginEnded)?.user_id;
        hold(&mut tx, "users", user_id).await?;
        let mut session = store::session(&mut tx, session_id)
            .await?
            .filter(|session| session.expires_at > now)
            .ok_or(AccountError::LoginEnded)?;
        let mut account = store::user_by_id(&mut tx, session.user_id)
            .await?
            .filter(|account| account.status == Status::Active)
            .ok_or(AccountError::LoginEnded)?;
        if hash == session.refresh_hash {
            let refresh = new_refresh_token(&session.id);
            session.previous_hash =
                std::mem::replace(&mut session.refresh_hash, sha256_hex(refresh.expose_secret()));
            session.refreshed_at = now;
            session.expires_at = self.refresh_end(now);
            store::update_session(&mut tx, &session).await?;
            tx.commit().await?;
            return self.login(account, &session.id, Some(refresh), now);
        }
        let since = now.unix_ms().saturating_sub(session.refreshed_at.unix_ms());
        if hash == session.previous_hash && since <= REFRESH_GRACE_MS {
            return self.login(account, &session.id, None, now);
        }
        account.session_version += 1;
        store::update_user(&mut tx, &account).await?;
        store::delete_sessions_of(&mut tx, account.id).await?;
        tx.commit().await?;
        tracing::warn!(
            user.id = account.id,
            "a refresh token was used twice; all logins of the user were ended"
        );
        Err(AccountError::LoginEnded)
    }

    /// Who sends this access token. Asks the database, so that a logout, a disabled account or a changed role
    /// counts at once.
    pub async fn authenticate(&self, access_token: &str) -> Result<CurrentUser, AccountError> {
        let claims = self.tokens.verify(access_token)?;
        let account = store::user_of_session(&self.db, &claims.session_id, claims.user_id, Timestamp::now())
            .await?
            .filter(|account| account.status == Status::Active)
            .filter(|account| account.session_version == claims.session_version)
            .ok_or(TokenError::Invalid)?;
        Ok(CurrentUser {
            id: account.id,
            username: account.username,
            role: account.role,
            session_id: claims.session_id,
            policy_group_id: account.policy_group_id,
        })
    }

    /// Ends the login that either token belongs to; tokens that belong to none are no error.
    pub async fn log_out(&self, access: Option<&str>, refresh: Option<&str>) -> Result<(), AccountError> {
        let mut tx = self.db.begin().await?;
        if let Some(claims) = access.and_then(|token| self.tokens.verify(token).ok()) {
            store::delete_session(&mut tx, &claims.session_id).await?;
        }
        if let Some((token, id)) = refresh.and_then(|token| Some((token, session_of(token)?))) {
            let session = store::session(&mut tx, id).await?;
            if session.is_some_and(|session| session.refresh_hash == sha256_hex(token)) {
                store::delete_session(&mut tx, id).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Forgets logins whose time is over.
    pub async fn remove_expired_sessions(&self) -> Result<u64, AccountError> {
        Ok(store::delete_sessions_before(&self.db, Timestamp::now()).await?)
    }

    fn refresh_end(&self, now: Timestamp) -> Timestamp {
        now.plus_secs(i64::try_from(self.settings.auth_refresh_token_ttl_secs()).unwrap_or(i64::MAX))
    }

    fn login(
        &self,
        account: Account,
        session_id: &str,
        refresh: Option<SecretString>,
        now: Timestamp,
    ) -> Result<Login, AccountError> {
        let access_ttl_secs = self.settings.auth_access_token_ttl_secs();
        let claims = AccessClaims {
            user_id: account.id,
            session_id: session_id.to_owned(),
            session_version: account.session_version,
        };
        let access = self.tokens.issue(&claims, now, access_ttl_secs)?;
        let refresh_ttl_secs = self.settings.auth_refresh_token_ttl_secs();
        Ok(Login { account, access, access_ttl_secs, refresh, refresh_ttl_secs })
    }
}

/// The session's id and a secret: the id makes a token that was replaced long ago recognizable as such.
fn new_refresh_token(session_id: &str) -> SecretString {
    random_token(&format!("rt_{session_id}_"), 32)
}

fn session_of(refresh_token: &str) -> Option<&str> {
    refresh_token.strip_prefix("rt_")?.split_once('_').map(|(id, _)| id)
}
