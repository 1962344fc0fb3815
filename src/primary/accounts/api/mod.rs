//! `/auth` (primary spec §2.2) and `/admin/users` (§2.6). Setup, registration and the login cookies are here, what a
//! user does with the own account in [`own`].

mod cookies;
mod csrf;
mod extract;
mod own;
mod users;

use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, header};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub(in crate::primary) use self::cookies::get as cookie;
pub use self::csrf::CsrfError;
pub(in crate::primary) use self::extract::{Admin, LoggedIn, User};
use self::users::UserInfo;
use super::{AccountError, Login, NewAccount};
use crate::http::{ApiError, Created, Json, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::caller::{Caller, PublicCall};
use crate::primary::openapi::{Routes, Shaped, post};
use crate::protocol::{Origin, codes};

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/auth/check", post(check, "Whether there are accounts, and whether people may register"))
        .route("/auth/setup", post(set_up, "Make the first administrator; once"))
        .route("/auth/login", post(log_in, "Log in; the answer sets the cookies"))
        .route("/auth/refresh", post(refresh, "Renew a login by its cookie `aster_refresh`"))
        .route("/auth/logout", post(log_out, "End the login that is sent"))
        .route("/auth/register", post(register, "Make an account of one's own, where registration is open"))
        .merge(own::routes())
        .merge(users::routes())
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NewAccountRequest {
    username: String,
    email: String,
    #[schemars(with = "String")]
    password: SecretString,
}

impl NewAccountRequest {
    fn check(self) -> Result<NewAccount, AccountError> {
        Ok(NewAccount::new(&self.username, &self.email, self.password)?)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct LoginRequest {
    identifier: String,
    #[schemars(with = "String")]
    password: SecretString,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CheckReply {
    has_users: bool,
    allow_user_registration: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LoginReply {
    status: &'static str,
    /// Seconds until the access token has to be renewed.
    expires_in: u64,
}

async fn check(State(primary): State<Primary>) -> Result<Reply<CheckReply>, ApiError> {
    let has_users = primary.accounts.has_users().await?;
    let allow_user_registration = primary.accounts.registration_is_open().await?;
    Ok(ok(CheckReply { has_users, allow_user_registration }))
}

async fn set_up(
    State(primary): State<Primary>,
    caller: Caller,
    headers: HeaderMap,
    Json(request): Json<NewAccountRequest>,
) -> Result<Created<UserInfo>, ApiError> {
    primary.admit(&caller, PublicCall::Plain)?;
    let group = primary.policies.default_group_id().await?;
    let account = primary.accounts.set_up(&request.check()?, group, &caller).await?;
    primary.forgive(&caller, PublicCall::Plain);
    tracing::info!(user.id = account.id, "setup is complete; the first administrator exists");
    if let Some(origin) = request_origin(&headers, &caller) {
        // The account stands; an address that was not kept can be set by hand.
        if let Err(error) = primary.settings.adopt_public_site_url(&origin).await {
            tracing::warn!("public_site_url was not set to {origin}: {error}");
        }
    }
    Ok(created(UserInfo::from(account)))
}

async fn register(
    State(primary): State<Primary>,
    caller: Caller,
    Json(request): Json<NewAccountRequest>,
) -> Result<Created<UserInfo>, ApiError> {
    primary.admit(&caller, PublicCall::Register)?;
    let group = primary.policies.default_group_id().await?;
    let account = primary.accounts.register(&request.check()?, group, &caller).await?;
    tracing::info!(user.id = account.id, "a user registered");
    Ok(created(UserInfo::from(account)))
}

async fn log_in(
    State(primary): State<Primary>,
    caller: Caller,
    Json(request): Json<LoginRequest>,
) -> Result<Shaped<Reply<LoginReply>>, ApiError> {
    let login = primary.accounts.log_in(&request.identifier, &request.password, &caller).await?;
    tracing::info!(user.id = login.account.id, "logged in");
    Ok(login_reply(&primary, &login, None))
}

async fn refresh(
    State(primary): State<Primary>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Shaped<Reply<LoginReply>>, ApiError> {
    let token = cookies::get(&headers, cookies::REFRESH).ok_or_else(|| {
        ApiError::new(codes::TOKEN_MISSING, "the cookie `aster_refresh` is missing; log in")
    })?;
    csrf::check(&headers, &caller, &primary.settings.public_site_urls())?;
    primary.admit(&caller, PublicCall::Plain)?;
    let login = primary.accounts.refresh(token, &caller).await?;
    primary.forgive(&caller, PublicCall::Plain);
    Ok(login_reply(&primary, &login, cookies::get(&headers, cookies::CSRF)))
}

async fn log_out(
    State(primary): State<Primary>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Shaped<Reply<()>>, ApiError> {
    let bearer = extract::bearer(&headers);
    let access = bearer.or_else(|| cookies::get(&headers, cookies::ACCESS));
    let refresh = cookies::get(&headers, cookies::REFRESH).filter(|_| bearer.is_none());
    if bearer.is_none() && (access.is_some() || refresh.is_some()) {
        csrf::check(&headers, &caller, &primary.settings.public_site_urls())?;
    }
    if access.is_some() || refresh.is_some() {
        primary.accounts.log_out(access, refresh, &caller).await?;
    }
    let mut response = empty().into_response();
    cookies::clear(response.headers_mut(), primary.settings.auth_cookie_secure());
    Ok(response.into())
}

fn login_reply(primary: &Primary, login: &Login, csrf: Option<&str>) -> Shaped<Reply<LoginReply>> {
    let reply = LoginReply { status: "authenticated", expires_in: login.access_ttl_secs };
    let mut response = ok(reply).into_response();
    cookies::set_login(response.headers_mut(), login, csrf, primary.settings.auth_cookie_secure());
    response.into()
}

/// The address the browser (or script) used.
fn request_origin(headers: &HeaderMap, caller: &Caller) -> Option<Origin> {
    let sent = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    sent.and_then(|origin| Origin::parse(origin).ok())
        .or_else(|| csrf::own_origins(headers, caller.scheme).next())
}
