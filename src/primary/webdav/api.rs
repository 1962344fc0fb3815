//! `/webdav-accounts` (primary spec §2.10).

use axum::extract::State;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{LoginError, NewWebdavAccount, WebdavAccount, WebdavAccountChange};
use crate::http::{ApiError, Created, Json, Path, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::{LoggedIn, User};
use crate::primary::caller::Caller;
use crate::primary::openapi::{Routes, get, patch, post};
use crate::primary::paging::Page;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route(
            "/webdav-accounts",
            get(list, "The own WebDAV accounts")
                .post(create, "Make a WebDAV account; its password is shown this once"),
        )
        .route("/webdav-accounts/settings", get(settings, "Where programs mount the drive"))
        .route("/webdav-accounts/test", post(test, "Whether a program would be let in"))
        .route(
            "/webdav-accounts/{id}",
            patch(change, "Change a WebDAV account").delete(delete, "Delete a WebDAV account"),
        )
        .route("/webdav-accounts/{id}/toggle", post(toggle, "Switch a WebDAV account off or on"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Id {
    id: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewWebdavAccount")]
struct NewAccount {
    username: String,
    /// Left out, one is generated.
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    team_id: Option<i64>,
    root_folder_id: Option<i64>,
    #[serde(default)]
    is_read_only: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WebdavAccountChange")]
struct AccountChange {
    is_read_only: Option<bool>,
    is_enabled: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WebdavLogin")]
struct Login {
    username: String,
    #[schemars(with = "String")]
    password: SecretString,
}

/// The only time that the password is told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CreatedWebdavAccount")]
struct CreatedAccount {
    #[serde(flatten)]
    account: WebdavAccount,
    password: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebdavAddress")]
struct Address {
    is_enabled: bool,
    prefix: String,
    endpoint: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TestedWebdavAccount")]
struct Tested {
    is_read_only: bool,
}

async fn list(
    State(primary): State<Primary>,
    User(user): User,
) -> Result<Reply<Page<WebdavAccount>>, ApiError> {
    Ok(ok(Page::complete(primary.webdav.list(user.id).await?)))
}

/// With a login only: an API token that got into wrong hands must not make itself a door that outlives it.
async fn create(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Json(new): Json<NewAccount>,
) -> Result<Created<CreatedAccount>, ApiError> {
    let NewAccount { username, password, team_id, root_folder_id, is_read_only } = new;
    let new = NewWebdavAccount { username, password, team_id, root_folder_id, is_read_only };
    let made = primary.webdav.create(&primary.accounts, &primary.files, &primary.teams, &user, new).await?;
    let (account, password) = made;
    tracing::info!(user.id = user.id, account.id = account.id, "WebDAV account created");
    Ok(created(CreatedAccount { account, password: password.expose_secret().to_owned() }))
}

async fn change(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Path(Id { id }): Path<Id>,
    Json(AccountChange { is_read_only, is_enabled }): Json<AccountChange>,
) -> Result<Reply<WebdavAccount>, ApiError> {
    let change = WebdavAccountChange { is_read_only, is_enabled };
    let account = primary.webdav.change(&user, id, |_| change).await?;
    tracing::info!(user.id = user.id, account.id = id, "WebDAV account changed");
    Ok(ok(account))
}

async fn toggle(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<WebdavAccount>, ApiError> {
    let toggled = |account: &WebdavAccount| WebdavAccountChange {
        is_enabled: Some(!account.is_enabled),
        is_read_only: None,
    };
    let account = primary.webdav.change(&user, id, toggled).await?;
    tracing::info!(
        user.id = user.id,
        account.id = id,
        enabled = account.is_enabled,
        "WebDAV account toggled"
    );
    Ok(ok(account))
}

async fn delete(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<()>, ApiError> {
    primary.webdav.delete(&user, id).await?;
    tracing::info!(user.id = user.id, account.id = id, "WebDAV account deleted");
    Ok(empty())
}

async fn settings(State(primary): State<Primary>, User(_): User) -> Result<Reply<Address>, ApiError> {
    Ok(ok(Address {
        is_enabled: primary.settings.webdav_enabled(),
        prefix: primary.webdav.prefix().to_owned(),
        endpoint: primary.webdav.endpoint(),
    }))
}

/// Whether a program would be let in. Costs tries like a login of the program.
async fn test(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Json(Login { username, password }): Json<Login>,
) -> Result<Reply<Tested>, ApiError> {
    let caller: &Caller = &user.caller;
    let login = primary.webdav.log_in(&primary.accounts, &primary.teams, &username, &password, caller).await;
    // Somebody else's account is none of the caller's business.
    let visitor = login?;
    if visitor.user_id != user.id {
        return Err(LoginError::Wrong.into());
    }
    Ok(ok(Tested { is_read_only: visitor.is_read_only }))
}
