//! Handlers that take [`User`] or [`Admin`] are closed to everybody else.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use super::{cookies, csrf};
use crate::http::ApiError;
use crate::primary::Primary;
use crate::primary::accounts::{CurrentUser, Role};
use crate::protocol::codes;

/// The logged-in user.
#[derive(Debug)]
pub(in crate::primary) struct User(pub(in crate::primary) CurrentUser);

/// The logged-in user, who is an administrator.
#[derive(Debug)]
pub(in crate::primary) struct Admin(pub(in crate::primary) CurrentUser);

/// The value of `Authorization: Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<Primary> for User {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, primary: &Primary) -> Result<Self, ApiError> {
        let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let token = match bearer(&parts.headers) {
            // A foreign page cannot make a browser send this header.
            Some(token) => token,
            None => {
                let token = cookies::get(&parts.headers, cookies::ACCESS)
                    .ok_or_else(|| ApiError::new(codes::TOKEN_MISSING, "log in first"))?;
                if !safe {
                    csrf::check(&parts.headers, &primary.settings.public_site_urls())?;
                }
                token
            }
        };
        Ok(Self(primary.accounts.authenticate(token).await?))
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
