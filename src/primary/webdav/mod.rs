//! WebDAV: the drive for programs that mount it, below an address of its own.
//!
//! Programs log in with **WebDAV accounts**, which their user makes: each sees the whole drive of the user, a team's
//! space, or one folder, and may be kept from changing anything. The password of a user's login is never asked for here,
//! as programs keep what they are given. An API token is taken in its place.
//!
//! Rooms: `login` and `verified` (who is there), `places` (which part of which space an address means), `system_files`
//! (names that operating systems leave everywhere), `dav` (the protocol: methods, headers, XML).

pub(in crate::primary) mod api;
pub(in crate::primary) mod dav;
mod login;
mod places;
mod store;
mod system_files;
mod verified;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

pub use self::login::{LoginError, Reach, Visitor};
use self::verified::Verified;
use crate::db::{Db, is_unique_violation};
use crate::primary::accounts::{AccountError, Accounts, CurrentUser};
use crate::primary::audit::{Action, Actor, Audit, Entity, NewEntry};
use crate::primary::files::{FileError, Files};
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, Space, SpaceOwner};
use crate::primary::teams::{TeamError, Teams};
use crate::primary::throttle::Throttle;
use crate::protocol::Timestamp;

/// Accounts that a user may have.
const MAX_ACCOUNTS: u64 = 50;
const USERNAME_BYTES: std::ops::RangeInclusive<usize> = 4..=64;
/// Characters of a generated password; each is one of 62.
const PASSWORD_CHARS: usize = 16;
/// A password that a user chooses: programs send it with every request, and nobody has to type it often.
const CHOSEN_PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 12..=128;

/// A WebDAV account as it is listed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WebdavAccount {
    /// Id.
    pub id: i64,
    /// What the program sends as user name.
    pub username: String,
    /// The team whose space it sees; `null` is the user's own.
    pub team_id: Option<i64>,
    /// The folder that it sees; `null` is everything.
    pub root_folder_id: Option<i64>,
    /// Whether it may change nothing.
    pub is_read_only: bool,
    /// Whether it is let in.
    pub is_enabled: bool,
    /// Last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// An account to be made.
#[derive(Debug, Default)]
pub struct NewWebdavAccount {
    /// 4 to 64 letters, digits and `._-@`; nobody else may have it, whatever the case.
    pub username: String,
    /// `None` has one generated.
    pub password: Option<SecretString>,
    /// The team whose space it sees.
    pub team_id: Option<i64>,
    /// The folder of that space that it sees.
    pub root_folder_id: Option<i64>,
    /// Whether it may change nothing.
    pub is_read_only: bool,
}

/// What changes about an account; `None` leaves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebdavAccountChange {
    /// Whether it may change nothing.
    pub is_read_only: Option<bool>,
    /// Whether it is let in.
    pub is_enabled: Option<bool>,
}

/// Why something about WebDAV accounts was refused.
#[derive(Debug, thiserror::Error)]
pub enum WebdavError {
    /// The name breaks the rule.
    #[error("username must have 4 to 64 characters from a-z, A-Z, 0-9, `.`, `_`, `-` and `@`")]
    Username,
    /// The password breaks the rule.
    #[error("password must have 12 to 128 characters and no control characters; leave it out to get one")]
    Password,
    /// Somebody has the name.
    #[error("there is a WebDAV account named `{0}` already; choose another name")]
    UsernameTaken(String),
    /// The user has as many as one may have.
    #[error("a user may have {MAX_ACCOUNTS} WebDAV accounts; delete one first")]
    TooMany,
    /// None of the user's accounts has this id.
    #[error("there is no WebDAV account {0}")]
    NotFound(i64),
    /// The folder or the space of it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The team.
    #[error(transparent)]
    Team(#[from] TeamError),
    /// The password could not be hashed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The database failed.
    #[error("webdav: {0}")]
    Database(#[from] sqlx::Error),
}

/// The WebDAV accounts of everybody.
#[derive(Debug)]
pub struct Webdav {
    db: Db,
    settings: Settings,
    audit: Audit,
    verified: Verified,
    /// Wrong passwords, by account and address, and by address.
    tries: Throttle,
    addresses: Throttle,
    prefix: String,
}

impl Webdav {
    /// Accounts in `db`; the drive is served below `prefix`, which begins with a slash and ends with none.
    pub fn new(db: Db, settings: Settings, audit: Audit, prefix: &str) -> Self {
        Self {
            db,
            settings,
            audit,
            verified: Verified::default(),
            tries: Throttle::default(),
            addresses: Throttle::default(),
            prefix: prefix.to_owned(),
        }
    }

    /// Where the drive is served, such as `/webdav`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The whole address for programs; `None` while the site has no public one.
    pub fn endpoint(&self) -> Option<String> {
        let site = self.settings.public_site_url()?;
        Some(format!("{}{}/", site.as_str().trim_end_matches('/'), self.prefix))
    }

    /// Makes an account and gives its password, which is nowhere to be had afterwards.
    pub async fn create(
        &self,
        accounts: &Accounts,
        files: &Files,
        teams: &Teams,
        by: &CurrentUser,
        new: NewWebdavAccount,
    ) -> Result<(WebdavAccount, SecretString), WebdavError> {
        let username = checked_username(&new.username)?;
        let password = match new.password {
            Some(chosen) => checked_password(chosen)?,
            None => generated_password(),
        };
        if let Some(folder_id) = new.root_folder_id {
            let space = self.space(teams, by, new.team_id).await?;
            files.folder(space, folder_id).await?;
        } else if let Some(team_id) = new.team_id {
            teams.space(team_id, by.id).await?;
        }
        let hash = accounts.hash_other(&password).await?;
        let now = Timestamp::now();
        let mut account = WebdavAccount {
            id: 0,
            username,
            team_id: new.team_id,
            root_folder_id: new.root_folder_id,
            is_read_only: new.is_read_only,
            is_enabled: true,
            last_used_at: None,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db.begin().await?;
        // So that two requests cannot both make the last one.
        crate::db::hold(&mut tx, "users", by.id).await?;
        if store::count(&mut tx, by.id).await? >= MAX_ACCOUNTS {
            return Err(WebdavError::TooMany);
        }
        account.id = match store::insert(&mut tx, by.id, &account, &hash).await {
            Ok(id) => id,
            Err(error) if is_unique_violation(&error) => {
                return Err(WebdavError::UsernameTaken(account.username));
            }
            Err(error) => return Err(error.into()),
        };
        let details = if account.is_read_only { "read only" } else { "" };
        self.note(&mut tx, by, Action::Create, &account, details).await?;
        tx.commit().await?;
        Ok((account, password))
    }

    async fn space(
        &self,
        teams: &Teams,
        by: &CurrentUser,
        team_id: Option<i64>,
    ) -> Result<Space, WebdavError> {
        match team_id {
            Some(team_id) => Ok(teams.space(team_id, by.id).await?),
            None => {
                let space = spaces::of(&self.db, SpaceOwner::User(by.id), by.policy_group_id).await?;
                space.ok_or(WebdavError::Account(AccountError::NotFound(by.id)))
            }
        }
    }

    /// A user's accounts, the newest first.
    pub async fn list(&self, user_id: i64) -> Result<Vec<WebdavAccount>, WebdavError> {
        Ok(store::list(&self.db, user_id).await?)
    }

    /// Changes an account; it is in force with the next request.
    pub async fn change(
        &self,
        by: &CurrentUser,
        id: i64,
        change: impl FnOnce(&WebdavAccount) -> WebdavAccountChange,
    ) -> Result<WebdavAccount, WebdavError> {
        let mut tx = self.db.begin().await?;
        crate::db::hold(&mut tx, "webdav_accounts", id).await?;
        let mut account = store::get(&mut tx, by.id, id).await?.ok_or(WebdavError::NotFound(id))?;
        let change = change(&account);
        account.is_read_only = change.is_read_only.unwrap_or(account.is_read_only);
        account.is_enabled = change.is_enabled.unwrap_or(account.is_enabled);
        account.updated_at = Timestamp::now();
        store::update(&mut tx, &account).await?;
        let details = format!("is_enabled {}, is_read_only {}", account.is_enabled, account.is_read_only);
        self.note(&mut tx, by, Action::Change, &account, &details).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// Deletes an account; its program is refused from now on.
    pub async fn delete(&self, by: &CurrentUser, id: i64) -> Result<(), WebdavError> {
        let mut tx = self.db.begin().await?;
        let account = store::get(&mut tx, by.id, id).await?.ok_or(WebdavError::NotFound(id))?;
        if !store::delete(&mut tx, by.id, id).await? {
            return Err(WebdavError::NotFound(id));
        }
        self.note(&mut tx, by, Action::Delete, &account, "").await?;
        Ok(tx.commit().await?)
    }

    async fn note(
        &self,
        tx: &mut crate::db::Tx,
        by: &CurrentUser,
        action: Action,
        account: &WebdavAccount,
        details: &str,
    ) -> Result<(), sqlx::Error> {
        let entry = NewEntry {
            by: Actor::from(by),
            action,
            entity: Entity::WebdavAccount,
            entity_id: Some(account.id),
            entity_name: &account.username,
            details,
        };
        self.audit.record_in(tx, &entry).await
    }
}

/// Letters and digits, each as likely as any other.
fn generated_password() -> SecretString {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut password = String::with_capacity(PASSWORD_CHARS);
    while password.len() < PASSWORD_CHARS {
        let mut random = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut random).expect("the operating system gives random bytes");
        // What would make some letters likelier is left out.
        let fair =
            random.iter().filter(|byte| **byte < 248).map(|byte| char::from(LETTERS[usize::from(byte % 62)]));
        password.extend(fair.take(PASSWORD_CHARS - password.len()));
    }
    password.into()
}

fn checked_username(raw: &str) -> Result<String, WebdavError> {
    let name = raw.trim();
    // A colon would end the name in the header that carries it.
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@');
    let fits = USERNAME_BYTES.contains(&name.len()) && name.bytes().all(legal);
    if fits { Ok(name.to_owned()) } else { Err(WebdavError::Username) }
}

fn checked_password(chosen: SecretString) -> Result<SecretString, WebdavError> {
    let text = chosen.expose_secret();
    let fits = text.len() <= 4 * CHOSEN_PASSWORD_CHARS.end()
        && CHOSEN_PASSWORD_CHARS.contains(&text.chars().count())
        && !text.chars().any(char::is_control);
    if fits { Ok(chosen) } else { Err(WebdavError::Password) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_fits_into_the_header_and_a_password_is_long() {
        for good in ["anna", " nas-1.backup ", "anna@example.org"] {
            assert!(checked_username(good).is_ok(), "{good}");
        }
        for bad in ["", "abc", "a:bcd", "a bcd", "ännä", &"x".repeat(65)] {
            assert!(matches!(checked_username(bad), Err(WebdavError::Username)), "{bad}");
        }
        assert!(checked_password("correct horse".into()).is_ok());
        for bad in ["short pass", "with\u{7}control chars", &"x".repeat(129)] {
            assert!(matches!(checked_password(bad.into()), Err(WebdavError::Password)), "{bad}");
        }
    }
}
