//! Shares: links to a file or folder for whoever has the token, with password, expiry and a limit on downloads.
//!
//! An item has at most one share. It lives as long as the item: in the trash the item has no share, and what is purged
//! takes its share along. A share of a closed space (an archived team, a disabled user) is not there either. Strangers
//! cannot tell any of this from a token that never was.
//!
//! A download is counted in the database before its first byte is sent, by one statement that holds the limit, so the
//! limit is kept by any number of primaries. It is taken back when no byte was sent; a process that is killed in between
//! leaves it counted, which errs on the side of the limit. The same client may go on with the download that it was
//! counted for last, also in ranges, without being counted again: see [`access`].

mod access;
pub(in crate::primary) mod api;
mod counting;
mod oversight;
mod problem;
mod store;
mod visits;

use hmac::Hmac;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

pub use self::counting::Counted;
pub use self::problem::ShareError;
pub use self::visits::Visited;
use crate::config::AuthConfig;
use crate::db::{Db, Tx};
use crate::primary::accounts::{Accounts, CurrentUser};
use crate::primary::audit::{Action, Audit, Entity, NewEntry};
use crate::primary::files::{Files, Item};
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, Space};
use crate::primary::throttle::Throttle;
use crate::protocol::{Timestamp, random_token};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 16;
const MAX_PASSWORD_CHARS: usize = 128;

/// Whether a share can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ShareStatus")]
pub enum Status {
    /// Yes.
    Active,
    /// Its time is over.
    Expired,
    /// All downloads are used.
    Exhausted,
    /// Its item is in the trash, or its space is closed.
    Unavailable,
}

/// A link to an item.
#[derive(Debug, Clone)]
pub struct Share {
    /// Id.
    pub id: i64,
    /// What a visitor has.
    pub token: String,
    /// Where the item lives.
    pub space: Space,
    /// What is shared.
    pub item: Item,
    /// The item's name; empty while it is in the trash.
    pub name: String,
    /// Who shares it; empty when the account is gone.
    pub shared_by: String,
    /// The name of the user or team whose space the item lives in.
    pub space_name: String,
    /// Argon2id; empty for none.
    password_hash: String,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// 0 is unlimited.
    pub max_downloads: u64,
    /// Downloads so far.
    pub download_count: u64,
    /// Visits so far.
    pub view_count: u64,
    /// Whether the item is live and its space open.
    is_available: bool,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change by its owner.
    pub updated_at: Timestamp,
}

impl Share {
    /// Whether visitors need a password.
    pub fn has_password(&self) -> bool {
        !self.password_hash.is_empty()
    }

    /// Whether it can be used.
    pub fn status(&self, now: Timestamp) -> Status {
        if self.expires_at.is_some_and(|end| end <= now) {
            Status::Expired
        } else if !self.is_available {
            Status::Unavailable
        } else if self.remaining_downloads() == Some(0) {
            Status::Exhausted
        } else {
            Status::Active
        }
    }

    /// Downloads that are left; `None` is unlimited.
    pub fn remaining_downloads(&self) -> Option<u64> {
        (self.max_downloads != 0).then(|| self.max_downloads.saturating_sub(self.download_count))
    }
}

/// A share to be made.
#[derive(Debug)]
pub struct NewShare {
    /// What is shared.
    pub item: Item,
    /// What visitors have to know; absent or empty is nothing.
    pub password: Option<SecretString>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// 0 is unlimited.
    pub max_downloads: u64,
}

/// What changes about a share.
#[derive(Debug)]
pub struct ShareChange {
    /// `None` keeps it, an empty one removes it.
    pub password: Option<SecretString>,
    /// `None` keeps it, `Some(None)` removes it.
    pub expires_at: Option<Option<Timestamp>>,
    /// 0 is unlimited. What was counted stays counted.
    pub max_downloads: u64,
}

/// The shares of all spaces.
#[derive(Debug)]
pub struct Shares {
    db: Db,
    settings: Settings,
    audit: Audit,
    key: Hmac<Sha256>,
    /// Wrong passwords by share and address, and by address.
    tries: Throttle,
    addresses: Throttle,
}

impl Shares {
    /// Shares in `db`.
    pub fn new(db: Db, settings: Settings, audit: Audit, config: &AuthConfig) -> Self {
        let key = access::derived_key(&config.jwt_secret);
        Self { db, settings, audit, key, tries: Throttle::default(), addresses: Throttle::default() }
    }

    /// Shares an item. A share of it that can no more be used makes room.
    pub async fn create(
        &self,
        accounts: &Accounts,
        files: &Files,
        space: Space,
        by: &CurrentUser,
        new: &NewShare,
    ) -> Result<Share, ShareError> {
        let now = Timestamp::now();
        check_limits(new.expires_at, new.max_downloads, now)?;
        let password_hash = self.hashed(accounts, new.password.as_ref()).await?.unwrap_or_default();
        let mut tx = self.db.begin().await?;
        // Takes the space, so that of two who share one item at the same time the second sees the first.
        let path = files.path_of(&mut tx, space, new.item).await?;
        if let Some(present) = store::of_item(&mut tx, new.item).await? {
            if matches!(present.status(now), Status::Active) {
                return Err(ShareError::Exists { what: new.item.kind(), share_id: present.id });
            }
            store::delete(&mut tx, space.id, present.id).await?;
        }
        let row = store::NewRow {
            token: random_token("", TOKEN_BYTES).expose_secret().to_owned(),
            space_id: space.id,
            item: new.item,
            created_by: by.id,
            password_hash,
            expires_at: new.expires_at,
            max_downloads: new.max_downloads,
        };
        let id = store::insert(&mut tx, &row, now).await?;
        self.note(&mut tx, by, Action::Create, (id, &path)).await?;
        let share = store::by_id(&mut tx, space.id, id).await?.ok_or(ShareError::Unknown(id))?;
        tx.commit().await?;
        Ok(share)
    }

    /// A share of this space.
    pub async fn get(&self, space: Space, id: i64) -> Result<Share, ShareError> {
        let mut connection = self.db.read().acquire().await?;
        store::by_id(&mut connection, space.id, id).await?.ok_or(ShareError::Unknown(id))
    }

    /// A part of the shares of a space, the latest first, and how many there are.
    pub async fn list(&self, space: Space, limit: u32, offset: u32) -> Result<(Vec<Share>, u64), ShareError> {
        Ok(store::page(&self.db, space.id, limit, offset).await?)
    }

    /// Changes a share. Another password ends the access of everybody who knew the one before.
    pub async fn change(
        &self,
        accounts: &Accounts,
        space: Space,
        by: &CurrentUser,
        id: i64,
        change: &ShareChange,
    ) -> Result<Share, ShareError> {
        let now = Timestamp::now();
        check_limits(change.expires_at.flatten(), change.max_downloads, now)?;
        let password_hash = self.hashed(accounts, change.password.as_ref()).await?;
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        let mut share = store::by_id(&mut tx, space.id, id).await?.ok_or(ShareError::Unknown(id))?;
        share.password_hash = password_hash.unwrap_or(share.password_hash);
        share.expires_at = change.expires_at.unwrap_or(share.expires_at);
        share.max_downloads = change.max_downloads;
        store::update(&mut tx, &share, now).await?;
        self.note(&mut tx, by, Action::Change, (id, &share.name)).await?;
        tx.commit().await?;
        self.get(space, id).await
    }

    /// Ends a share.
    pub async fn delete(&self, space: Space, by: &CurrentUser, id: i64) -> Result<(), ShareError> {
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        let share = store::by_id(&mut tx, space.id, id).await?.ok_or(ShareError::Unknown(id))?;
        store::delete(&mut tx, space.id, id).await?;
        self.note(&mut tx, by, Action::Delete, (id, &share.name)).await?;
        Ok(tx.commit().await?)
    }

    /// The hash of a password; `None` when none was sent, `Some("")` for the empty one.
    async fn hashed(
        &self,
        accounts: &Accounts,
        password: Option<&SecretString>,
    ) -> Result<Option<String>, ShareError> {
        let Some(password) = password else { return Ok(None) };
        let text = password.expose_secret();
        if text.is_empty() {
            return Ok(Some(String::new()));
        }
        if text.len() > 4 * MAX_PASSWORD_CHARS || text.chars().count() > MAX_PASSWORD_CHARS {
            return Err(ShareError::PasswordTooLong(MAX_PASSWORD_CHARS));
        }
        Ok(Some(accounts.hash_other(password).await?))
    }

    async fn note(
        &self,
        tx: &mut Tx,
        by: &CurrentUser,
        action: Action,
        (id, name): (i64, &str),
    ) -> Result<(), ShareError> {
        let entry = NewEntry {
            by: by.into(),
            action,
            entity: Entity::Share,
            entity_id: Some(id),
            entity_name: name,
            details: "",
        };
        Ok(self.audit.record_in(tx, &entry).await?)
    }
}

fn check_limits(expires_at: Option<Timestamp>, max_downloads: u64, now: Timestamp) -> Result<(), ShareError> {
    if expires_at.is_some_and(|end| end <= now) {
        return Err(ShareError::ExpiryInPast);
    }
    if i64::try_from(max_downloads).is_err() {
        return Err(ShareError::LimitTooLarge);
    }
    Ok(())
}
