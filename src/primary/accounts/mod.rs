//! Who people are: accounts, logins, API tokens, and what an administrator changes about them.

pub(in crate::primary) mod api;
mod api_tokens;
mod change_password;
mod devices;
mod error;
mod guard;
mod password;
mod preferences;
mod rules;
mod sessions;
mod store;
mod token;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::api::CsrfError;
pub(in crate::primary) use self::api::{Admin, LoggedIn, User, cookie};
pub(in crate::primary) use self::api_tokens::PREFIX as API_TOKEN_PREFIX;
pub use self::api_tokens::{ApiToken, InvalidApiToken, NewApiToken, Scope};
pub use self::devices::{Device, Revoked};
pub use self::error::AccountError;
use self::guard::{Failures, Guard};
pub use self::password::PasswordError;
use self::password::Passwords;
pub use self::preferences::{InvalidPreference, Preferences, PreferencesChange, SortKey, Theme, View};
pub use self::rules::{InvalidAccount, NewAccount};
pub use self::sessions::Login;
pub use self::token::TokenError;
use self::token::Tokens;
use crate::config::AuthConfig;
use crate::db::{Db, Tx};
use crate::primary::audit::{Action, Actor, Audit};
use crate::primary::caller::Caller;
use crate::primary::paging::SortOrder;
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, SpaceOwner};
use crate::protocol::Timestamp;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UserRole")]
pub enum Role {
    /// Everything.
    Admin,
    /// Own files.
    User,
}

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UserStatus")]
pub enum Status {
    /// Yes.
    Active,
    /// No; open logins have ended.
    Disabled,
}

/// A person's record.
#[derive(Debug, Clone)]
pub struct Account {
    /// Id.
    pub id: i64,
    /// Login name, as typed at creation.
    pub username: String,
    /// Mail address, as typed.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may log in.
    pub status: Status,
    /// Bytes stored.
    pub storage_used: u64,
    /// Bytes that may be stored; 0 is unlimited.
    pub storage_quota: u64,
    /// Which policy group routes the user's uploads.
    pub policy_group_id: Option<i64>,
    /// What the user chose for the pages.
    pub preferences: Preferences,
    /// Raised to end all logins.
    session_version: i64,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change by an administrator.
    pub updated_at: Timestamp,
}

/// The user behind a request.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    /// Id.
    pub id: i64,
    /// Login name.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// What let the request in.
    pub access: Access,
    /// Which policy group routes the user's uploads.
    pub policy_group_id: Option<i64>,
    /// Where the request comes from.
    pub caller: Caller,
}

/// What lets a request in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A login, by cookie or access token.
    Login {
        /// Its id.
        session_id: String,
    },
    /// An API token.
    ApiToken {
        /// Its id.
        id: i64,
        /// What it may do of what its user may do.
        scope: Scope,
    },
}

/// Which accounts are asked for, and in which order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UserFilter {
    /// Part of name or mail address, whatever the case.
    pub keyword: Option<String>,
    /// Only with this role.
    pub role: Option<Role>,
    /// Only with this status.
    pub status: Option<Status>,
    /// Order.
    pub sort_by: UserSort,
    /// Direction.
    #[serde(default = "smallest_first")]
    pub sort_order: SortOrder,
}

/// What a list of accounts is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    #[default]
    Id,
    Username,
    Email,
    Role,
    Status,
    StorageUsed,
    StorageQuota,
    CreatedAt,
    UpdatedAt,
}

fn smallest_first() -> SortOrder {
    SortOrder::Asc
}

/// What an administrator changes about a user; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// New role.
    pub role: Option<Role>,
    /// New status; disabling ends all logins at once.
    pub status: Option<Status>,
    /// New quota in bytes, 0 is unlimited.
    pub storage_quota: Option<u64>,
    /// New policy group.
    pub policy_group_id: Option<i64>,
}

/// A password as it is kept.
#[derive(Debug)]
pub struct PasswordHash(String);

/// The people of this primary.
#[derive(Debug)]
pub struct Accounts {
    db: Db,
    settings: Settings,
    audit: Audit,
    passwords: Passwords,
    tokens: Tokens,
    guard: Guard,
    failures: Failures,
}

impl Accounts {
    /// Accounts in `db`, with the signing key and the limits from `config`.
    pub fn new(db: Db, settings: Settings, audit: Audit, config: &AuthConfig) -> Self {
        Self {
            db,
            settings,
            audit,
            passwords: Passwords::new(config.password_hash_max_concurrency),
            tokens: Tokens::new(&config.jwt_secret),
            guard: Guard::default(),
            failures: Failures::default(),
        }
    }

    /// Whether anybody has an account; before that, setup is open.
    pub async fn has_users(&self) -> Result<bool, AccountError> {
        Ok(store::user_exists(&mut *self.db.read().acquire().await?).await?)
    }

    /// The same as part of a transaction.
    pub async fn has_users_in(&self, tx: &mut Tx) -> Result<bool, AccountError> {
        Ok(store::user_exists(tx).await?)
    }

    /// Whether everybody may make an account. Never before setup: the first account is an administrator's.
    pub async fn registration_is_open(&self) -> Result<bool, AccountError> {
        Ok(self.settings.auth_allow_user_registration() && self.has_users().await?)
    }

    /// Makes the first account, an administrator. Of setups at the same time one succeeds.
    pub async fn set_up(
        &self,
        new: &NewAccount,
        group_id: Option<i64>,
        caller: &Caller,
    ) -> Result<Account, AccountError> {
        // Asked twice: here to spare the hash, below because only the write transaction is alone.
        if self.has_users().await? {
            return Err(AccountError::AlreadySetUp);
        }
        let hash = self.hash_password(new).await?;
        let mut tx = self.db.begin_alone().await?;
        let account = self.set_up_in(&mut tx, new, &hash, group_id).await?;
        let by = Actor::user(account.id, caller);
        self.audit_account(&mut tx, by, Action::SetUp, (account.id, &account.username), "").await?;
        tx.commit().await?;
        Ok(account)
    }

    /// The same as part of a transaction that is alone, which is no place to hash the password.
    pub async fn set_up_in(
        &self,
        tx: &mut Tx,
        new: &NewAccount,
        password: &PasswordHash,
        group_id: Option<i64>,
    ) -> Result<Account, AccountError> {
        // The mark is what two primaries cannot both set; a database older than the mark has users.
        if !store::mark_set_up(tx, Timestamp::now()).await? || store::user_exists(tx).await? {
            return Err(AccountError::AlreadySetUp);
        }
        self.insert(tx, new, &password.0, Role::Admin, group_id).await
    }

    /// What is kept of the password of a new account.
    pub async fn hash_password(&self, new: &NewAccount) -> Result<PasswordHash, AccountError> {
        Ok(PasswordHash(self.passwords.hash(new.password()).await?))
    }

    /// Makes an account for a user without rights of administration.
    pub async fn create(
        &self,
        by: &CurrentUser,
        new: &NewAccount,
        group_id: Option<i64>,
    ) -> Result<Account, AccountError> {
        let hash = self.passwords.hash(new.password()).await?;
        let mut tx = self.db.begin().await?;
        let account = self.insert(&mut tx, new, &hash, Role::User, group_id).await?;
        self.audit_account(&mut tx, by, Action::Create, (account.id, &account.username), "").await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Makes an account for whoever asks, where registration is open.
    pub async fn register(
        &self,
        new: &NewAccount,
        group_id: Option<i64>,
        caller: &Caller,
    ) -> Result<Account, AccountError> {
        if !self.registration_is_open().await? {
            return Err(AccountError::RegistrationClosed);
        }
        let hash = self.passwords.hash(new.password()).await?;
        let mut tx = self.db.begin().await?;
        let account = self.insert(&mut tx, new, &hash, Role::User, group_id).await?;
        let by = Actor::user(account.id, caller);
        self.audit_account(&mut tx, by, Action::Register, (account.id, &account.username), "").await?;
        tx.commit().await?;
        Ok(account)
    }

    /// One account.
    pub async fn get(&self, id: i64) -> Result<Account, AccountError> {
        let mut connection = self.db.read().acquire().await?;
        store::user_by_id(&mut connection, id).await?.ok_or(AccountError::NotFound(id))
    }

    /// The account with this login name or mail address, whatever the case.
    pub async fn by_identifier(&self, identifier: &str) -> Result<Option<Account>, AccountError> {
        let key = rules::folded(identifier.trim());
        let Some(found) = store::credentials(&self.db, &key).await? else { return Ok(None) };
        let mut connection = self.db.read().acquire().await?;
        Ok(store::user_by_id(&mut connection, found.id).await?)
    }

    /// What is kept of a password that guards something other than an account.
    pub async fn hash_other(&self, password: &SecretString) -> Result<String, AccountError> {
        Ok(self.passwords.hash(password).await?)
    }

    /// Whether `password` belongs to what [`hash_other`](Self::hash_other) made; with `None` the work is done all the
    /// same and the answer is no.
    pub async fn fits_other(
        &self,
        password: &SecretString,
        hash: Option<String>,
    ) -> Result<bool, AccountError> {
        Ok(self.passwords.verify(password, hash).await?)
    }

    /// A part of the accounts that fit, and how many do.
    pub async fn list(
        &self,
        filter: &UserFilter,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Account>, u64), AccountError> {
        Ok(store::users(&self.db, filter, limit, offset).await?)
    }

    /// Changes an account.
    pub async fn change(
        &self,
        by: &CurrentUser,
        id: i64,
        change: &AccountChange,
    ) -> Result<Account, AccountError> {
        let mut tx = self.db.begin().await?;
        store::lock_admins(&mut tx).await?;
        let mut account = store::user_for_change(&mut tx, id).await?.ok_or(AccountError::NotFound(id))?;
        let was_admin = account.is_active_admin();
        let ended = change.status == Some(Status::Disabled) && account.status == Status::Active;
        account.role = change.role.unwrap_or(account.role);
        account.status = change.status.unwrap_or(account.status);
        account.storage_quota = change.storage_quota.unwrap_or(account.storage_quota);
        if i64::try_from(account.storage_quota).is_err() {
            return Err(AccountError::QuotaTooLarge);
        }
        account.policy_group_id = change.policy_group_id.or(account.policy_group_id);
        account.updated_at = Timestamp::now();
        if was_admin && !account.is_active_admin() {
            keep_an_admin(&mut tx, id).await?;
        }
        if ended {
            account.session_version += 1;
            store::sessions::delete_all(&mut tx, id).await?;
        }
        store::update_user(&mut tx, &account).await?;
        if let Some(quota) = change.storage_quota {
            spaces::set_quota(&mut tx, SpaceOwner::User(id), quota).await?;
        }
        let about = (id, account.username.as_str());
        self.audit_account(&mut tx, by, Action::Change, about, &change.in_words()).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Deletes an account that owns nothing any more, with its logins and API tokens.
    pub async fn delete(&self, by: &CurrentUser, id: i64) -> Result<(), AccountError> {
        let mut tx = self.db.begin().await?;
        store::lock_admins(&mut tx).await?;
        let account = store::user_for_change(&mut tx, id).await?.ok_or(AccountError::NotFound(id))?;
        if account.is_active_admin() {
            keep_an_admin(&mut tx, id).await?;
        }
        store::delete_user(&mut tx, id).await?;
        self.audit_account(&mut tx, by, Action::Delete, (id, &account.username), "").await?;
        Ok(tx.commit().await?)
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        new: &NewAccount,
        password_hash: &str,
        role: Role,
        policy_group_id: Option<i64>,
    ) -> Result<Account, AccountError> {
        let now = Timestamp::now();
        let mut account = Account {
            id: 0,
            username: new.username().to_owned(),
            email: new.email().to_owned(),
            role,
            status: Status::Active,
            storage_used: 0,
            storage_quota: self.settings.default_storage_quota(),
            policy_group_id,
            preferences: Preferences::default(),
            session_version: 0,
            created_at: now,
            updated_at: now,
        };
        account.id = store::insert_user(tx, &account, password_hash).await?;
        spaces::create(tx, SpaceOwner::User(account.id), account.storage_quota).await?;
        Ok(account)
    }
}

/// Refuses to take the rights of the last active administrator; to be called with the administrators locked.
async fn keep_an_admin(tx: &mut Tx, id: i64) -> Result<(), AccountError> {
    if store::other_active_admin_exists(tx, id).await? { Ok(()) } else { Err(AccountError::LastAdmin(id)) }
}

impl CurrentUser {
    fn of(account: Account, access: Access, caller: &Caller) -> Self {
        let Account { id, username, role, policy_group_id, .. } = account;
        Self { id, username, role, access, policy_group_id, caller: caller.clone() }
    }
}

impl<'a> From<&'a CurrentUser> for Actor<'a> {
    fn from(user: &'a CurrentUser) -> Self {
        Self::user(user.id, &user.caller)
    }
}

impl AccountChange {
    /// What changes, for the audit trail.
    fn in_words(&self) -> String {
        let words = [
            self.role.map(|role| format!("role {}", role.as_str())),
            self.status.map(|status| format!("status {}", status.as_str())),
            self.storage_quota.map(|bytes| format!("storage_quota {bytes}")),
            self.policy_group_id.map(|id| format!("policy_group_id {id}")),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Account {
    fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.status == Status::Active
    }
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// Puts the users of group `from`, and those without a group, into group `to`, as part of a transaction.
pub(in crate::primary) async fn move_users(
    tx: &mut Tx,
    from: Option<i64>,
    to: i64,
) -> Result<(), sqlx::Error> {
    store::move_users(tx, from, to, Timestamp::now()).await
}
