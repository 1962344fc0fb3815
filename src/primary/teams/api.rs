//! `/teams` and `/admin/teams` (primary spec §2.6).

mod admin;
mod in_space;
mod own;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(in crate::primary) use self::in_space::InSpace;
use super::{Member, Team, TeamError, TeamRole};
use crate::http::ApiError;
use crate::primary::Primary;
use crate::primary::openapi::Routes;
use crate::protocol::{Timestamp, codes};

pub(in crate::primary) fn routes() -> Routes {
    own::routes().merge(admin::routes())
}

/// A team as its members and administrators see it.
#[derive(Debug, Serialize, JsonSchema)]
struct TeamInfo {
    id: i64,
    name: String,
    description: String,
    /// The asking user's; absent for administrators of the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<TeamRole>,
    member_count: u64,
    storage_used: u64,
    storage_quota: u64,
    policy_group_id: Option<i64>,
    created_by_user_id: i64,
    archived_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TeamInfo {
    fn of(team: Team, role: Option<TeamRole>) -> Self {
        Self {
            id: team.id,
            name: team.name,
            description: team.description,
            role,
            member_count: team.members,
            storage_used: team.storage_used,
            storage_quota: team.storage_quota,
            policy_group_id: team.policy_group_id,
            created_by_user_id: team.created_by_user_id,
            archived_at: team.archived_at,
            created_at: team.created_at,
            updated_at: team.updated_at,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct MemberInfo {
    user_id: i64,
    username: String,
    role: TeamRole,
    created_at: Timestamp,
}

impl From<Member> for MemberInfo {
    fn from(member: Member) -> Self {
        let Member { user_id, username, role, created_at } = member;
        Self { user_id, username, role, created_at }
    }
}

/// A user by id, or by login name or mail address.
#[derive(Debug, Deserialize, JsonSchema)]
struct NewMember {
    user_id: Option<i64>,
    identifier: Option<String>,
    role: TeamRole,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct MemberChange {
    role: TeamRole,
}

impl Primary {
    /// The id of the user that a request names in one of two members.
    async fn named_user(
        &self,
        id: (&str, Option<i64>),
        identifier: (&str, Option<&str>),
    ) -> Result<i64, ApiError> {
        match (id.1, identifier.1) {
            (Some(id), None) => Ok(id),
            (None, Some(name)) => {
                let account = self.accounts.by_identifier(name).await?;
                let unknown = || TeamError::UnknownUser(name.chars().take(80).collect());
                Ok(account.ok_or_else(unknown)?.id)
            }
            _ => {
                let text = format!("name the user with either {} or {}", id.0, identifier.0);
                Err(ApiError::new(codes::BAD_REQUEST, text))
            }
        }
    }
}
