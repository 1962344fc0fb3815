//! `/auth/me`, `/auth/preferences`, `/auth/password`, `/auth/sessions`, `/auth/tokens`: what users do with their own
//! accounts.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{delete, get, put};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{LoggedIn, User, UserInfo};
use crate::http::{ApiError, Json, Path, Query, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::{
    Access, ApiToken, CurrentUser, Device, NewApiToken, Preferences, PreferencesChange,
};
use crate::primary::paging::Page;
use crate::protocol::codes;

pub(super) fn routes() -> Router<Primary> {
    Router::new()
        .route("/auth/me", get(me))
        .route("/auth/preferences", get(read_preferences).put(set_preferences).patch(change_preferences))
        .route("/auth/password", put(change_password))
        .route("/auth/sessions", get(list_sessions))
        .route("/auth/sessions/others", delete(end_other_sessions))
        .route("/auth/sessions/{id}", delete(end_session))
        .route("/auth/tokens", get(list_tokens).post(create_token))
        .route("/auth/tokens/{id}", delete(delete_token))
}

#[derive(Debug, Deserialize)]
struct MeQuery {
    /// Parts of the record, with commas; all of them when absent.
    fields: Option<String>,
}

/// The parts of the own record, and the members of each. `id` is always given.
const PARTS: [(&str, &[&str]); 4] = [
    ("profile", &["username", "email", "role", "status", "policy_group_id", "created_at", "updated_at"]),
    ("preferences", &["preferences"]),
    ("quota", &["storage_used", "storage_quota"]),
    ("session", &["session"]),
];

/// The members that `fields` asks for.
fn members(fields: Option<&str>) -> Result<Vec<&'static str>, ApiError> {
    let asked: Vec<&str> = fields.unwrap_or_default().split(',').map(str::trim).collect();
    let asked: Vec<&str> = asked.into_iter().filter(|name| !name.is_empty()).collect();
    let find = |name: &&str| PARTS.iter().find(|(part, _)| part == name);
    if let Some(unknown) = asked.iter().find(|name| find(name).is_none()) {
        let unknown: String = unknown.chars().take(40).collect();
        let known = PARTS.map(|(part, _)| part).join(", ");
        return Err(ApiError::new(
            codes::BAD_REQUEST,
            format!("fields: there is no part `{unknown}`; allowed are {known}"),
        ));
    }
    let chosen = PARTS.iter().filter(|(part, _)| asked.is_empty() || asked.contains(part));
    Ok(chosen.flat_map(|(_, members)| members.iter().copied()).chain(["id"]).collect())
}

async fn me(
    State(primary): State<Primary>,
    User(user): User,
    Query(query): Query<MeQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let members = members(query.fields.as_deref())?;
    let account = primary.accounts.get(user.id).await?;
    let preferences = json!(account.preferences);
    let mut record = json!(UserInfo::from(account));
    record["preferences"] = preferences;
    if members.contains(&"session") {
        record["session"] = session(&primary, &user).await?;
    }
    let asked = members.into_iter().map(|name| (name.to_owned(), record[name].take()));
    Ok(ok(asked.collect::<Map<String, Value>>()))
}

/// What let the request in.
async fn session(primary: &Primary, user: &CurrentUser) -> Result<Value, ApiError> {
    match &user.access {
        Access::Login { session_id } => {
            let devices = primary.accounts.devices(user.id).await?;
            let own = devices.into_iter().find(|device| device.id == *session_id);
            Ok(own.map_or(Value::Null, |device| json!({"kind": "login", "login": device})))
        }
        Access::ApiToken { id, scope } => Ok(json!({"kind": "api_token", "id": id, "scope": scope})),
    }
}

async fn read_preferences(
    State(primary): State<Primary>,
    User(user): User,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(primary.accounts.get(user.id).await?.preferences))
}

async fn set_preferences(
    State(primary): State<Primary>,
    User(user): User,
    Json(preferences): Json<Preferences>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(primary.accounts.set_preferences(user.id, preferences).await?))
}

async fn change_preferences(
    State(primary): State<Primary>,
    User(user): User,
    Json(change): Json<PreferencesChange>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(primary.accounts.change_preferences(user.id, change).await?))
}

#[derive(Debug, Deserialize)]
struct PasswordRequest {
    current_password: SecretString,
    new_password: SecretString,
}

#[derive(Debug, Serialize)]
struct EndedReply {
    /// Logins that ended.
    ended: u64,
}

async fn change_password(
    State(primary): State<Primary>,
    LoggedIn { user, session_id }: LoggedIn,
    Json(request): Json<PasswordRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let PasswordRequest { current_password, new_password } = request;
    let ended =
        primary.accounts.change_password(&user, &session_id, &current_password, &new_password).await?;
    tracing::info!(user.id = user.id, ended, "password changed");
    Ok(ok(EndedReply { ended }))
}

#[derive(Debug, Serialize)]
struct DeviceInfo {
    #[serde(flatten)]
    device: Device,
    /// Whether the request came from it.
    is_current: bool,
}

async fn list_sessions(
    State(primary): State<Primary>,
    LoggedIn { user, session_id }: LoggedIn,
) -> Result<impl IntoResponse, ApiError> {
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
) -> Result<impl IntoResponse, ApiError> {
    primary.accounts.end_session(&user, &id).await?;
    Ok(empty())
}

async fn end_other_sessions(
    State(primary): State<Primary>,
    LoggedIn { user, session_id }: LoggedIn,
) -> Result<impl IntoResponse, ApiError> {
    let ended = primary.accounts.end_other_sessions(&user, &session_id).await?;
    Ok(ok(EndedReply { ended }))
}

/// A new token, with its text, which nobody can read again.
#[derive(Debug, Serialize)]
struct NewTokenInfo {
    #[serde(flatten)]
    info: ApiToken,
    token: String,
}

async fn list_tokens(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(Page::complete(primary.accounts.api_tokens(user.id).await?)))
}

async fn create_token(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Json(request): Json<NewApiToken>,
) -> Result<impl IntoResponse, ApiError> {
    let (info, token) = primary.accounts.create_api_token(&user, &request).await?;
    tracing::info!(user.id = user.id, api_token.id = info.id, "API token made");
    Ok(created(NewTokenInfo { info, token: token.expose_secret().to_owned() }))
}

async fn delete_token(
    State(primary): State<Primary>,
    LoggedIn { user, .. }: LoggedIn,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    primary.accounts.delete_api_token(&user, id).await?;
    tracing::info!(user.id = user.id, api_token.id = id, "API token taken back");
    Ok(empty())
}
