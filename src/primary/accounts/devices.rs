//! The logins of a user as a list of devices, and their end from another one.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Account, AccountError, Accounts, CurrentUser, store};
use crate::db::Tx;
use crate::primary::audit::{Action, Actor, Entity, NewEntry};
use crate::protocol::Timestamp;

/// A login as its user sees it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Device {
    /// Id of the login.
    pub id: String,
    /// What the program called itself when the login was last renewed: printable ASCII, all else escaped.
    pub user_agent: String,
    /// Where it was last renewed from; empty for logins from before this was kept.
    pub ip_address: String,
    /// When the login began.
    pub created_at: Timestamp,
    /// When it was last renewed; a login in use renews itself as often as its access token ends.
    pub last_used_at: Timestamp,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

/// What an administrator's revocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Revoked {
    /// Logins.
    pub sessions: u64,
    /// API tokens.
    pub tokens: u64,
}

impl Accounts {
    /// The open logins of a user, the most recently used first.
    pub async fn devices(&self, user_id: i64) -> Result<Vec<Device>, AccountError> {
        Ok(store::sessions::open(&self.db, user_id, Timestamp::now()).await?)
    }

    /// Ends one login of a user.
    pub async fn end_session(&self, user: &CurrentUser, id: &str) -> Result<(), AccountError> {
        let mut tx = self.db.begin().await?;
        store::user_for_change(&mut tx, user.id).await?;
        if !store::sessions::delete_of(&mut tx, user.id, id).await? {
            return Err(AccountError::UnknownSession);
        }
        self.audit_account(&mut tx, user, Action::RevokeSessions, (user.id, &user.username), "1 login")
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends all logins of a user but `kept`; gives how many.
    pub async fn end_other_sessions(&self, user: &CurrentUser, kept: &str) -> Result<u64, AccountError> {
        let mut tx = self.db.begin().await?;
        store::user_for_change(&mut tx, user.id).await?;
        let ended = store::sessions::delete_others(&mut tx, user.id, kept).await?;
        let details = format!("{ended} other logins");
        self.audit_account(&mut tx, user, Action::RevokeSessions, (user.id, &user.username), &details)
            .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends all logins of an account, and its API tokens: an administrator does this when somebody else may act in its
    /// name, and a stolen login can have made a token.
    pub async fn revoke_all(&self, by: &CurrentUser, id: i64) -> Result<Revoked, AccountError> {
        let mut tx = self.db.begin().await?;
        let mut account = store::user_for_change(&mut tx, id).await?.ok_or(AccountError::NotFound(id))?;
        let revoked = end_everything(&mut tx, &mut account).await?;
        let details = format!("{} logins, {} API tokens", revoked.sessions, revoked.tokens);
        self.audit_account(&mut tx, by, Action::RevokeSessions, (id, &account.username), &details).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// Writes an entry about an account (id and name), as part of a transaction.
    pub(super) async fn audit_account<'a>(
        &self,
        tx: &mut Tx,
        by: impl Into<Actor<'a>>,
        action: Action,
        (id, name): (i64, &str),
        details: &str,
    ) -> Result<(), sqlx::Error> {
        let (by, entity, entity_id) = (by.into(), Entity::User, Some(id));
        self.audit
            .record_in(tx, &NewEntry { by, action, entity, entity_id, entity_name: name, details })
            .await
    }
}

/// Ends logins and tokens of an account that is locked in `tx`.
pub(super) async fn end_everything(tx: &mut Tx, account: &mut Account) -> Result<Revoked, AccountError> {
    account.session_version += 1;
    store::update_user(tx, account).await?;
    Ok(Revoked {
        sessions: store::sessions::delete_all(tx, account.id).await?,
        tokens: store::tokens::delete_all(tx, account.id).await?,
    })
}
