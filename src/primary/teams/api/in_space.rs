//! Which space a request is about.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::http::ApiError;
use crate::primary::Primary;
use crate::primary::accounts::{CurrentUser, User};
use crate::primary::openapi::{Access, Description, Input};
use crate::primary::spaces::{self, Space, SpaceOwner};
use crate::protocol::codes;

/// The logged-in user and the space of the request: below `/teams/{team_id}/` that team's, else the user's own.
#[derive(Debug)]
pub(in crate::primary) struct InSpace {
    pub(in crate::primary) user: CurrentUser,
    pub(in crate::primary) space: Space,
}

impl FromRequestParts<Primary> for InSpace {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, primary: &Primary) -> Result<Self, ApiError> {
        let User(user) = User::from_request_parts(parts, primary).await?;
        let params = RawPathParams::from_request_parts(parts, &()).await;
        let params = params.map_err(|error| ApiError::internal(codes::INTERNAL, error))?;
        let team = params.iter().find(|(name, _)| *name == "team_id");
        let space = match team {
            Some((_, id)) => {
                let unknown = |_| ApiError::new(codes::NOT_FOUND, "there is no such team");
                primary.teams.space(id.parse().map_err(unknown)?, user.id).await?
            }
            None => {
                let space = spaces::of(&primary.db, SpaceOwner::User(user.id), user.policy_group_id).await;
                let space = space.map_err(|error| ApiError::internal(codes::DATABASE, error))?;
                space.ok_or_else(|| ApiError::new(codes::NOT_FOUND, "this account has no space"))?
            }
        };
        Ok(Self { user, space })
    }
}

impl Input for InSpace {
    fn describe(description: &mut Description<'_>) {
        description.allow(Access::User);
        description.refusal(404);
    }
}
