//! Logins: begin, renew, end, and the question each request asks.

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::guard::{Refused, Sums, Target, Try};
use super::rules::{MAX_EMAIL_BYTES, folded};
use super::token::{AccessClaims, TokenError};
use super::{Access, Account, AccountError, Accounts, CurrentUser, Status, api_tokens, store};
use crate::primary::audit::{Action, Actor, Entity, NewEntry};
use crate::primary::caller::Caller;
use crate::protocol::{Timestamp, random_token, sha256_hex};

/// How long the refresh token before the current one still renews access: two tabs may refresh at once, and the
/// answer to one of them may get lost.
const REFRESH_GRACE_MS: i64 = 15_000;

/// Most open logins of a user; a further one ends the one that was not used for longest.
const MAX_SESSIONS: u32 = 100;

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
    pub(super) user_agent: String,
    pub(super) address: String,
}

impl Accounts {
    /// Begins a login. Unknown user and wrong password look the same and cost the same work, and both count against the
    /// tries that are left.
    pub async fn log_in(
        &self,
        identifier: &str,
        password: &SecretString,
        caller: &Caller,
    ) -> Result<Login, AccountError> {
        let name = folded(identifier.trim());
        let found =
            if name.len() <= MAX_EMAIL_BYTES { store::credentials(&self.db, &name).await? } else { None };
        let target = found.as_ref().map_or(Target::Nobody(&name), |found| Target::Account(found.id));
        let tried = self.admit(target, caller).await?;
        let stored = found.as_ref().map(|found| found.password_hash.clone());
        let right = self.passwords.verify(password, stored).await.inspect_err(|_| {
            self.guard.forgive(&tried);
        })?;
        let Some(found) = found.filter(|_| right) else {
            let account = match target {
                Target::Account(id) => Some((id, name.as_str())),
                Target::Nobody(_) => None,
            };
            self.note_failure(caller, account, "wrong name or password").await;
            return Err(AccountError::WrongCredentials);
        };
        self.guard.forgive(&tried);
        let begun = self.begin(found.id, &found.password_hash, caller).await;
        if matches!(begun, Err(AccountError::Disabled)) {
            self.note_failure(caller, Some((found.id, &name)), "the account is disabled").await;
        }
        begun
    }

    /// Lets a try of a password through, or refuses it unchecked.
    async fn admit<'a>(&self, target: Target<'a>, caller: &Caller) -> Result<Try<'a>, AccountError> {
        let wait = match self.guard.admit(&self.settings, target, caller.ip) {
            Ok(tried) => return Ok(tried),
            Err(Refused::Here(wait)) => wait,
            Err(Refused::Elsewhere(wait)) => {
                // Asked for names that nobody has, too, so that the answer does not tell them apart.
                let id = if let Target::Account(id) = target { id } else { 0 };
                let address = caller.ip.to_string();
                let known = store::sessions::is_known_at(&self.db, id, &address, Timestamp::now()).await?;
                match self.guard.admit_known(&self.settings, target, caller.ip) {
                    Ok(tried) if known => return Ok(tried),
                    Ok(tried) => self.guard.forgive(&tried),
                    Err(_) => {}
                }
                wait
            }
        };
        self.failures.throttled(caller);
        Err(wait.into())
    }

    /// Makes the login of a user whose password was right.
    async fn begin(&self, user_id: i64, password_hash: &str, caller: &Caller) -> Result<Login, AccountError> {
        let mut tx = self.db.begin().await?;
        let account =
            store::user_for_change(&mut tx, user_id).await?.ok_or(AccountError::WrongCredentials)?;
        // The password may have been changed while the old one was compared; that change ended all other logins.
        if !store::has_password(&mut tx, user_id, password_hash).await? {
            return Err(AccountError::WrongCredentials);
        }
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
            user_agent: caller.agent.clone(),
            address: caller.ip.to_string(),
        };
        store::sessions::delete_beyond(&mut tx, user_id, MAX_SESSIONS - 1).await?;
        store::sessions::insert(&mut tx, &session).await?;
        let by = Actor::user(user_id, caller);
        self.audit_account(&mut tx, by, Action::LogIn, (user_id, &account.username), "").await?;
        tx.commit().await?;
        self.login(account, &session.id, Some(refresh), now)
    }

    /// Renews a login: a new access token, and a new refresh token in place of this one. A refresh token that was
    /// replaced longer than a moment ago is in two hands; then all logins of the user end.
    pub async fn refresh(&self, refresh_token: &str, caller: &Caller) -> Result<Login, AccountError> {
        let session_id = session_of(refresh_token).ok_or(AccountError::LoginEnded)?;
        let hash = sha256_hex(refresh_token);
        let now = Timestamp::now();
        let mut tx = self.db.begin().await?;
        let user_id = store::sessions::user_of(&mut tx, session_id).await?;
        let user_id = user_id.ok_or(AccountError::LoginEnded)?;
        // Whatever changes the logins of a user waits for this transaction, and this one for them.
        let mut account = store::user_for_change(&mut tx, user_id)
            .await?
            .filter(|account| account.status == Status::Active)
            .ok_or(AccountError::LoginEnded)?;
        let mut session = store::sessions::get(&mut tx, session_id)
            .await?
            .filter(|session| session.expires_at > now)
            .ok_or(AccountError::LoginEnded)?;
        if hash == session.refresh_hash {
            let refresh = new_refresh_token(&session.id);
            session.previous_hash =
                std::mem::replace(&mut session.refresh_hash, sha256_hex(refresh.expose_secret()));
            session.refreshed_at = now;
            session.expires_at = self.refresh_end(now);
            session.user_agent.clone_from(&caller.agent);
            session.address = caller.ip.to_string();
            store::sessions::update(&mut tx, &session).await?;
            tx.commit().await?;
            return self.login(account, &session.id, Some(refresh), now);
        }
        let since = now.unix_ms().saturating_sub(session.refreshed_at.unix_ms());
        if hash == session.previous_hash && since <= REFRESH_GRACE_MS {
            return self.login(account, &session.id, None, now);
        }
        account.session_version += 1;
        store::update_user(&mut tx, &account).await?;
        let ended = store::sessions::delete_all(&mut tx, account.id).await?;
        let (by, details) = (Actor::user(account.id, caller), format!("{ended} logins ended"));
        let about = (account.id, account.username.as_str());
        self.audit_account(&mut tx, by, Action::ReuseRefreshToken, about, &details).await?;
        tx.commit().await?;
        tracing::warn!(
            user.id = account.id,
            "a refresh token was used twice; all logins of the user were ended"
        );
        Err(AccountError::LoginEnded)
    }

    /// Who sends this value of `Authorization: Bearer`, an access token or an API token.
    pub async fn authenticate(&self, token: &str, caller: &Caller) -> Result<CurrentUser, AccountError> {
        if token.starts_with(api_tokens::PREFIX) {
            return self.by_api_token(token, caller).await;
        }
        self.by_access_token(token, caller).await
    }

    /// Who sends this access token. Asks the database, so that a logout, a disabled account or a changed role
    /// counts at once.
    pub async fn by_access_token(
        &self,
        access_token: &str,
        caller: &Caller,
    ) -> Result<CurrentUser, AccountError> {
        let claims = self.tokens.verify(access_token)?;
        let now = Timestamp::now();
        let account = store::sessions::user_of_open(&self.db, &claims.session_id, claims.user_id, now)
            .await?
            .filter(|account| account.status == Status::Active)
            .filter(|account| account.session_version == claims.session_version)
            .ok_or(TokenError::Invalid)?;
        Ok(CurrentUser::of(account, Access::Login { session_id: claims.session_id }, caller))
    }

    /// Ends the login that either token belongs to; tokens that belong to none are no error.
    pub async fn log_out(
        &self,
        access: Option<&str>,
        refresh: Option<&str>,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let mut tx = self.db.begin().await?;
        let claims = access.and_then(|token| self.tokens.verify(token).ok());
        let by_access = claims.map(|claims| claims.session_id);
        let by_refresh = match refresh.and_then(|token| Some((token, session_of(token)?))) {
            Some((token, id)) => store::sessions::get(&mut tx, id)
                .await?
                .filter(|session| session.refresh_hash == sha256_hex(token))
                .map(|session| session.id),
            None => None,
        };
        for id in by_access.into_iter().chain(by_refresh) {
            let Some(user_id) = store::sessions::user_of(&mut tx, &id).await? else { continue };
            let account = store::user_for_change(&mut tx, user_id).await?;
            if !store::sessions::delete_of(&mut tx, user_id, &id).await? {
                continue;
            }
            let name = account.map(|account| account.username).unwrap_or_default();
            let by = Actor::user(user_id, caller);
            self.audit_account(&mut tx, by, Action::LogOut, (user_id, &name), "").await?;
        }
        Ok(tx.commit().await?)
    }

    /// Writes that somebody could not log in. A name that nobody has is left out: people type passwords there.
    pub(super) async fn note_failure(&self, caller: &Caller, account: Option<(i64, &str)>, why: &str) {
        if !self.failures.failed(caller) {
            return;
        }
        let details = if account.is_some() { why } else { "nobody has this name" };
        let entry = NewEntry {
            by: Actor::stranger(caller),
            action: Action::LogInFailed,
            entity: Entity::User,
            entity_id: account.map(|(id, _)| id),
            entity_name: account.map_or("", |(_, name)| name),
            details,
        };
        self.audit.record_entry(&entry).await;
    }

    /// Writes how many logins were refused without an entry of their own since this was last done; to be called once a
    /// minute, and at the end.
    pub async fn note_refused_logins(&self) {
        let Some(Sums { failed, throttled, last }) = self.failures.take_sums() else { return };
        let details = format!(
            "{throttled} logins were refused unchecked and {failed} more failed; the address is that of the last"
        );
        let entry = NewEntry {
            by: last.as_ref().map(Actor::stranger).unwrap_or_default(),
            action: Action::LogInThrottled,
            entity: Entity::User,
            entity_id: None,
            entity_name: "",
            details: &details,
        };
        self.audit.record_entry(&entry).await;
    }

    /// Forgets logins whose time is over.
    pub async fn remove_expired_sessions(&self) -> Result<u64, AccountError> {
        Ok(store::sessions::delete_before(&self.db, Timestamp::now()).await?)
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
