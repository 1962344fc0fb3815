//! Handlers that take [`User`] or [`Admin`] are closed to everybody else.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use super::{cookies, csrf};
use crate::http::ApiError;
use crate::primary::Primary;
use crate::primary::accounts::{Access, CurrentUser, Role, Scope};
use crate::primary::caller::Caller;
use crate::primary::openapi::{self, Description, Input};
use crate::protocol::codes;

/// Whoever sends the request: by cookie, access token, or an API token whose scope allows the method.
#[derive(Debug)]
pub(in crate::primary) struct User(pub(in crate::primary) CurrentUser);

/// The same, and an administrator.
#[derive(Debug)]
pub(in crate::primary) struct Admin(pub(in crate::primary) CurrentUser);

/// Whoever sends the request and logged in: no API token. For the calls that guard an account, so that a token that
/// got into wrong hands cannot make itself at home.
#[derive(Debug)]
pub(in crate::primary) struct LoggedIn {
    /// Who.
    pub(in crate::primary) user: CurrentUser,
    /// The login.
    pub(in crate::primary) session_id: String,
}

/// The value of `Authorization: Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<Primary> for User {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, primary: &Primary) -> Result<Self, ApiError> {
        let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let caller = Caller::of(parts, primary);
        let Some(token) = bearer(&parts.headers) else {
            let token = cookies::get(&parts.headers, cookies::ACCESS)
                .ok_or_else(|| ApiError::new(codes::TOKEN_MISSING, "log in first"))?;
            if !safe {
                csrf::check(&parts.headers, &caller, &primary.settings.public_site_urls())?;
            }
            return Ok(Self(primary.accounts.by_access_token(token, &caller).await?));
        };
        // A foreign page cannot make a browser send this header.
        let user = primary.accounts.authenticate(token, &caller).await?;
        if !safe && matches!(user.access, Access::ApiToken { scope: Scope::Read, .. }) {
            let advice =
                "this API token has the scope `read` and may change nothing; use one with the scope `write`";
            return Err(ApiError::new(codes::FORBIDDEN, advice));
        }
        Ok(Self(user))
    }
}

impl FromRequestParts<Primary> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, primary: &Primary) -> Result<Self, ApiError> {
        let User(user) = User::from_request_parts(parts, primary).await?;
        match user.role {
            Role::Admin => Ok(Self(user)),
            Role::User => Err(ApiError::new(codes::FORBIDDEN, "only administrators may do this")),
        }
    }
}

impl FromRequestParts<Primary> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, primary: &Primary) -> Result<Self, ApiError> {
        let User(user) = User::from_request_parts(parts, primary).await?;
        match &user.access {
            Access::Login { session_id } => Ok(Self { session_id: session_id.clone(), user }),
            Access::ApiToken { .. } => {
                let advice = "API tokens may not call this; log in with name and password";
                Err(ApiError::new(codes::FORBIDDEN, advice))
            }
        }
    }
}

impl Input for User {
    fn describe(description: &mut Description<'_>) {
        description.allow(openapi::Access::User);
    }
}

impl Input for LoggedIn {
    fn describe(description: &mut Description<'_>) {
        description.allow(openapi::Access::LoggedIn);
    }
}

impl Input for Admin {
    fn describe(description: &mut Description<'_>) {
        description.allow(openapi::Access::Admin);
    }
}
