//! `/auth/me`, `/auth/preferences`, `/auth/password`, `/auth/sessions`, `/auth/tokens`: what users do with their own
//! accounts.

use axum::extract::State;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{LoggedIn, User};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::{
    Access, Account, ApiToken, CurrentUser, Device, NewApiToken, Preferences, PreferencesChange, Role, Scope,
    Status,
};
use crate::primary::openapi::{Routes, delete, get, put};
use crate::primary::paging::Page;
use crate::protocol::{Timestamp, codes};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/auth/me", get(me, "The own record, or parts of it"))
        .route(
            "/auth/preferences",
            get(read_preferences, "The own preferences")
                .put(set_preferences, "Set all preferences")
                .patch(change_preferences, "Change some preferences"),
        )
        .route("/auth/password", put(change_password, "Change the own password; other logins end"))
        .route("/auth/sessions", get(list_sessions, "The own logins"))
        .route("/auth/sessions/others", delete(end_other_sessions, "End all logins but this one"))
        .route("/auth/sessions/{id}", delete(end_session, "End a login"))
        .route(
            "/auth/tokens",
            get(list_tokens, "The own API tokens")
                .post(create_token, "Make an API token; its text is shown this once"),
        )
        .route("/auth/tokens/{id}", delete(delete_token, "Take an API token back"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct MeQuery {
    /// Parts of the record, with commas; all of them when absent.
    fields: Option<String>,
}

/// The parts of the own record that can be asked for.
const PARTS: [&str; 4] = ["profile", "preferences", "quota", "session"];

/// The own record: all of it, or the parts that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnRecord", extend("x-null-or-left-out" = true))]
struct Own {
    id: i64,
    #[serde(flatten)]
    profile: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferences: Option<Preferences>,
    #[serde(flatten)]
    quota: Option<Quota>,
    /// What let the request in; `null` when that login has just ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Option<OwnSession>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Profile {
    username: String,
    email: String,
    role: Role,
    status: Status,
    policy_group_id: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Quota {
    storage_used: u64,
    storage_quota: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum OwnSession {
    Login { login: Device },
    ApiToken { id: i64, scope: Scope },
}

/// The parts that `fields` asks for.
fn parts(fields: Option<&str>) -> Result<Vec<&str>, ApiError> {
    let asked: Vec<&str> = fields.unwrap_or_default().split(',').map(str::trim).collect();
    let asked: Vec<&str> = asked.into_iter().filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = asked.iter().find(|name| !PARTS.contains(name)) {
        let unknown: String = unknown.chars().take(40).collect();
        let text = format!("fields: there is no part `{unknown}`; allowed are {}", PARTS.join(", "));
        return Err(ApiError::new(codes::BAD_REQUEST, text));
    }
    Ok(if asked.is_empty() { PARTS.to_vec() } else { asked })
}

async fn me(
    State(primary): State<Primary>,
    User(user): User,
    Query(query): Query<MeQuery>,
) -> Result<Reply<Own>, ApiError> {
    let parts = parts(query.fields.as_deref())?;
    let account = primary.accounts.get(user.id).await?;
    let session = if parts.contains(&"session") { Some(session(&primary, &user).await?) } else { None };
    let Account { storage_used, storage_quota, .. } = account;
    Ok(ok(Own {
        id: account.id,
        quota: parts.contains(&"quota").then_some(Quota { storage_used, storage_quota }),
        preferences: parts.contains(&"preferences").then_some(account.preferences),
        profile: parts.contains(&"profile").then_some(Profile {
            username: account.username,
            email: account.email,
            role: account.role,
            status: account.status,
            policy_group_id: account.policy_group_id,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }),
        session,
    }))
}

/// What let the request in.
async fn session(primary: &Primary, user: &CurrentUser) -> Result<Option<OwnSession>, ApiError> {
    match &user.access {
        Access::Login { session_id } => {
            let devices = primary.accounts.devices(user.id).await?;
            let own = devices.into_iter().find(|device| device.id == *session_id);
            Ok(own.map(|login| OwnSession::Login { login }))
        }
        Access::ApiToken { id, scope } => Ok(Some(OwnSession::ApiToken { id: *id, scope: *scope })),
    }
}

async fn read_preferences(
    State(primary): State<Primary>,
    User(user): User,
) -> Result<Reply<Preferences>, ApiError> {
    Ok(ok(primary.accounts.get(user.id).await?.preferences))
}

async fn set_preferences(
    State(primary): State<Primary>,
    User(user): User,
    Json(preferences): Json<Preferences>,
) -> Result<Reply<Preferences>, ApiError> {
    Ok(ok(primary.accounts.set_preferences(user.id, preferences).await?))
}

async fn change_preferences(
    State(primary): State<Primary>,
    User(user): User,
    Json(change): Json<PreferencesChange>,
) -> Result<Reply<Preferences>, ApiError> {
    Ok(ok(primary.accounts.change_preferences(user.id, change).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PasswordChange")]
struct PasswordRequest {
    #[schemars(with = "String")]
    current_password: SecretString,
    #[schemars(with = "String")]
    new_password: SecretString,
}

#[derive(Debug, Serialize, JsonSchema)]
struct EndedReply {
    /// Logins that ended.
    ended: u64,
}

async fn change_password(
    State(primary): State<Primary>,
    LoggedIn { user, session_id }: LoggedIn,
    Json(request): Json<PasswordRequest>,
) -> Result<Reply<EndedReply>, ApiError> {
    let PasswordRequest { current_password, new_password } = request;
    let ended =
        primary.accounts.change_password(&user, &session_id, &current_password, &new_password).await?;
    tracing::info!(user.id = user.id, ended, "password changed");
    Ok(ok(EndedReply { ended }))
}

#[derive(Debug, Serialize, JsonSchema)]
struct DeviceInfo {
    #[serde(flatten)]
    device: Device,
    /// Whether the request came from it.
    is_current: bool,
}

async fn list_sessions(
    State(primary): State<Primary>,
    LoggedIn { user, session_id }: LoggedIn,
) -> Result<Reply<Page<DeviceInfo>>, ApiError> {
    let devices = primary.accounts.devices(user.id).await?;
    let items = devices
        .into_iter()
        .map(|device| DeviceInfo { is_current: device.id == session_id, device })
        .collect();
    Ok(ok(Page::complete(items)))
}

async fn end_session(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Path(id): Path<String>,
) -> Result<Reply<()>, ApiError> {
    primary.accounts.end_session(&user, &id).await?;
    Ok(empty())
}

async fn end_other_sessions(
    State(primary): State<Primary>,
    LoggedIn { user, session_id }: LoggedIn,
) -> Result<Reply<EndedReply>, ApiError> {
    let ended = primary.accounts.end_other_sessions(&user, &session_id).await?;
    Ok(ok(EndedReply { ended }))
}

/// A new token, with its text, which nobody can read again.
#[derive(Debug, Serialize, JsonSchema)]
struct NewTokenInfo {
    #[serde(flatten)]
    info: ApiToken,
    token: String,
}

async fn list_tokens(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
) -> Result<Reply<Page<ApiToken>>, ApiError> {
    Ok(ok(Page::complete(primary.accounts.api_tokens(user.id).await?)))
}

async fn create_token(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Json(request): Json<NewApiToken>,
) -> Result<Created<NewTokenInfo>, ApiError> {
    let (info, token) = primary.accounts.create_api_token(&user, &request).await?;
    tracing::info!(user.id = user.id, api_token.id = info.id, "API token made");
    Ok(created(NewTokenInfo { info, token: token.expose_secret().to_owned() }))
}

async fn delete_token(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    primary.accounts.delete_api_token(&user, id).await?;
    tracing::info!(user.id = user.id, api_token.id = id, "API token taken back");
    Ok(empty())
}
