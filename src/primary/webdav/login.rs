//! Who is there: the name and password that a program sends with every request.

use secrecy::{ExposeSecret, SecretString};

use super::store::{self, Known};
use super::{Webdav, WebdavAccount};
use crate::primary::accounts::{
    API_TOKEN_PREFIX, Access, AccountError, Accounts, CurrentUser, Scope, TokenError,
};
use crate::primary::caller::Caller;
use crate::primary::spaces::{self, Space, SpaceOwner};
use crate::primary::teams::{TeamError, Teams};
use crate::primary::throttle::{TooSoon, network_of};
use crate::protocol::Timestamp;

/// Longest name and password that are looked at.
const MAX_NAME_BYTES: usize = 254;
const MAX_PASSWORD_BYTES: usize = 512;
/// A use is noted at most this often.
const USE_NOTED_EVERY_SECS: i64 = 60;

/// Whoever sends a request.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The user behind it.
    pub user_id: i64,
    /// What can be seen.
    pub reach: Reach,
    /// Whether nothing may be changed.
    pub is_read_only: bool,
}

/// What a visitor sees.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// The user's own space, and the spaces of the user's teams in a folder of it.
    Everything(Space),
    /// One space, or one folder of it.
    Part {
        /// The space.
        space: Space,
        /// The folder.
        top: Option<i64>,
    },
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No name and password came.
    #[error("send the name and password of a WebDAV account, or a user name with an API token")]
    Missing,
    /// Nobody has this name with this password.
    #[error("wrong name or password; a WebDAV account has a password of its own")]
    Wrong,
    /// The account was switched off, or its user.
    #[error("this WebDAV account is disabled")]
    Disabled,
    /// The account is one for the space of a team that its user has left, or that is closed.
    #[error("this WebDAV account is for a team that its user does not belong to any more, or that is closed")]
    NoTeam,
    /// Wrong passwords came too fast.
    #[error(transparent)]
    TooSoon(#[from] TooSoon),
    /// Accounts failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Teams failed.
    #[error(transparent)]
    Team(TeamError),
    /// The database failed.
    #[error("webdav: {0}")]
    Database(#[from] sqlx::Error),
}

impl Webdav {
    /// Who has this name and password.
    pub async fn log_in(
        &self,
        accounts: &Accounts,
        teams: &Teams,
        name: &str,
        password: &SecretString,
        caller: &Caller,
    ) -> Result<Visitor, LoginError> {
        if name.len() > MAX_NAME_BYTES || password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Err(LoginError::Wrong);
        }
        if password.expose_secret().starts_with(API_TOKEN_PREFIX) {
            return self.by_api_token(accounts, name, password, caller).await;
        }
        let known = self.verify(accounts, name, password, caller).await?;
        if !known.account.is_enabled || !known.is_user_active {
            return Err(LoginError::Disabled);
        }
        self.note_use(&known.account).await;
        let reach = match known.account.team_id {
            None => {
                let owner = SpaceOwner::User(known.user_id);
                let space = Space { id: known.space_id, owner, policy_group_id: known.policy_group_id };
                match known.account.root_folder_id {
                    None => Reach::Everything(space),
                    top => Reach::Part { space, top },
                }
            }
            Some(team_id) => {
                let space = teams.space(team_id, known.user_id).await.map_err(|error| match error {
                    TeamError::NotFound(_) => LoginError::NoTeam,
                    error => LoginError::Team(error),
                })?;
                Reach::Part { space, top: known.account.root_folder_id }
            }
        };
        Ok(Visitor { user_id: known.user_id, reach, is_read_only: known.account.is_read_only })
    }

    /// The account with this name, if the password is its own. Only a password that is compared counts as a try: one
    /// that was right a moment ago is not kept out by somebody who guesses.
    async fn verify(
        &self,
        accounts: &Accounts,
        name: &str,
        password: &SecretString,
        caller: &Caller,
    ) -> Result<Known, LoginError> {
        let name = name.trim().to_lowercase();
        let found = store::by_name(&self.db, &name).await?;
        let tag = self.verified.tag(&name, password);
        let is_known = |found: &Option<Known>| {
            found.as_ref().is_some_and(|known| self.verified.holds(&tag, &known.password_hash))
        };
        if !is_known(&found) {
            let _turn = self.verified.turn(&tag).await;
            if !is_known(&found) {
                let stored = found.as_ref().map(|known| known.password_hash.clone());
                self.compare(accounts, &name, password, stored, caller).await?;
                if let Some(known) = &found {
                    self.verified.remember(tag, known.password_hash.clone());
                }
            }
        }
        found.ok_or(LoginError::Wrong)
    }

    /// Compares, at the cost of a try of this name at this address and of the address. As for shares there is no limit
    /// for a name from everywhere: it would let strangers keep a program out.
    async fn compare(
        &self,
        accounts: &Accounts,
        name: &str,
        password: &SecretString,
        stored: Option<String>,
        caller: &Caller,
    ) -> Result<(), LoginError> {
        let network = network_of(caller.ip);
        let limits = self.settings.account_limit().zip(self.settings.address_limit());
        if let Some((pair, address)) = limits {
            self.tries.take((name, network), 1, pair)?;
            if let Err(wait) = self.addresses.take(network, 1, address) {
                self.tries.put_back((name, network), 1, pair);
                return Err(wait.into());
            }
        }
        // A name that nobody has takes as long.
        let fits = accounts.fits_other(password, stored).await;
        if let (Some((pair, address)), Ok(true) | Err(_)) = (limits, &fits) {
            self.tries.put_back((name, network), 1, pair);
            self.addresses.put_back(network, 1, address);
        }
        if fits? {
            return Ok(());
        }
        tracing::info!(client.ip = %caller.ip, "a WebDAV login was refused: wrong name or password");
        Err(LoginError::Wrong)
    }

    async fn by_api_token(
        &self,
        accounts: &Accounts,
        name: &str,
        token: &SecretString,
        caller: &Caller,
    ) -> Result<Visitor, LoginError> {
        let network = network_of(caller.ip);
        let limit = self.settings.address_limit();
        if let Some(limit) = limit {
            self.addresses.take(network, 1, limit)?;
        }
        let found = accounts.by_api_token(token.expose_secret(), caller).await;
        let user = match found {
            Ok(user) if user.username.eq_ignore_ascii_case(name.trim()) => Ok(user),
            Ok(_) | Err(AccountError::Token(TokenError::Invalid)) => Err(LoginError::Wrong),
            Err(error) => Err(error.into()),
        };
        if let (Some(limit), false) = (limit, matches!(user, Err(LoginError::Wrong))) {
            self.addresses.put_back(network, 1, limit);
        }
        let CurrentUser { id, access, policy_group_id, .. } = user?;
        let space = spaces::of(&self.db, SpaceOwner::User(id), policy_group_id).await?;
        let reach = Reach::Everything(space.ok_or(LoginError::Wrong)?);
        let is_read_only = !matches!(access, Access::ApiToken { scope: Scope::Write, .. });
        Ok(Visitor { user_id: id, reach, is_read_only })
    }

    async fn note_use(&self, account: &WebdavAccount) {
        let now = Timestamp::now();
        let before = now.plus_secs(-USE_NOTED_EVERY_SECS);
        if account.last_used_at.is_none_or(|used| used <= before)
            && let Err(error) = store::note_use(&self.db, account.id, now, before).await
        {
            // The list of accounts is a minute out of date then; no reason to refuse a request.
            tracing::warn!(account.id = account.id, "the use of a WebDAV account was not noted: {error}");
        }
    }
}
