//! Who is in a team. Administrators of a team manage its members but not its owners; the last owner stays; everybody
//! else may leave.

use super::{TeamError, TeamRole, Teams, store};
use crate::db::hold;
use crate::primary::audit::{Action, Actor};
use crate::protocol::Timestamp;

const MAX_MEMBERS: u64 = 1_000;

/// Who is in a team.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub user_id: i64,
    /// Login name.
    pub username: String,
    /// What the member may do.
    pub role: TeamRole,
    /// Since when.
    pub created_at: Timestamp,
}

/// By what right somebody changes a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// As this member.
    Member(i64),
    /// As an administrator of the site.
    Site,
}

impl Teams {
    /// A part of a team's members, the owners first, and how many there are.
    pub async fn members(
        &self,
        authority: Authority,
        team_id: i64,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Member>, u64), TeamError> {
        match authority {
            Authority::Member(user_id) => self.get_for(team_id, user_id).await.map(|_| ())?,
            Authority::Site => self.get(team_id).await.map(|_| ())?,
        }
        Ok(store::members(&self.db, team_id, limit, offset).await?)
    }

    /// Makes a user a member.
    pub async fn add_member(
        &self,
        by: Actor<'_>,
        authority: Authority,
        team_id: i64,
        user_id: i64,
        role: TeamRole,
    ) -> Result<Member, TeamError> {
        let mut tx = self.db.begin().await?;
        // Users before teams, as everywhere.
        hold(&mut tx, "users", user_id).await?;
        let team = self.held(&mut tx, authority, team_id, TeamRole::Admin).await?;
        if role == TeamRole::Owner {
            self.held(&mut tx, authority, team_id, TeamRole::Owner).await?;
        }
        if store::role(&mut tx, team_id, user_id).await?.is_some() {
            return Err(TeamError::AlreadyMember(user_id));
        }
        if team.members >= MAX_MEMBERS {
            return Err(TeamError::TooManyMembers(MAX_MEMBERS));
        }
        if !store::insert_member(&mut tx, team_id, user_id, role, Timestamp::now()).await? {
            return Err(TeamError::UnknownUser(user_id.to_string()));
        }
        let details = format!("user {user_id}, role {}", role.as_str());
        self.note(&mut tx, by, Action::AddMember, (team_id, &team.name), &details).await?;
        let member = store::member(&mut tx, team_id, user_id).await?;
        tx.commit().await?;
        member.ok_or(TeamError::MemberNotFound(user_id))
    }

    /// Gives a member another role.
    pub async fn change_member(
        &self,
        by: Actor<'_>,
        authority: Authority,
        team_id: i64,
        user_id: i64,
        role: TeamRole,
    ) -> Result<Member, TeamError> {
        let mut tx = self.db.begin().await?;
        let team = self.held(&mut tx, authority, team_id, TeamRole::Admin).await?;
        let present = store::role(&mut tx, team_id, user_id).await?;
        let present = present.ok_or(TeamError::MemberNotFound(user_id))?;
        if present.max(role) == TeamRole::Owner {
            self.held(&mut tx, authority, team_id, TeamRole::Owner).await?;
        }
        if present == TeamRole::Owner && role != TeamRole::Owner {
            keep_an_owner(&mut tx, team_id, user_id).await?;
        }
        store::set_role(&mut tx, team_id, user_id, role).await?;
        let details = format!("user {user_id}, role {}", role.as_str());
        self.note(&mut tx, by, Action::ChangeMember, (team_id, &team.name), &details).await?;
        let member = store::member(&mut tx, team_id, user_id).await?;
        tx.commit().await?;
        member.ok_or(TeamError::MemberNotFound(user_id))
    }

    /// Takes a member out of the team, or lets it leave. What the member made stays the team's.
    pub async fn remove_member(
        &self,
        by: Actor<'_>,
        authority: Authority,
        team_id: i64,
        user_id: i64,
    ) -> Result<(), TeamError> {
        let mut tx = self.db.begin().await?;
        let leaves = authority == Authority::Member(user_id);
        let least = if leaves { TeamRole::Member } else { TeamRole::Admin };
        let team = self.held(&mut tx, authority, team_id, least).await?;
        let role = store::role(&mut tx, team_id, user_id).await?;
        let role = role.ok_or(TeamError::MemberNotFound(user_id))?;
        if role == TeamRole::Owner {
            if !leaves {
                self.held(&mut tx, authority, team_id, TeamRole::Owner).await?;
            }
            keep_an_owner(&mut tx, team_id, user_id).await?;
        }
        store::delete_member(&mut tx, team_id, user_id).await?;
        let details = format!("user {user_id}{}", if leaves { ", who left" } else { "" });
        self.note(&mut tx, by, Action::RemoveMember, (team_id, &team.name), &details).await?;
        Ok(tx.commit().await?)
    }
}

/// Refuses to take the last owner; to be called with the team held.
async fn keep_an_owner(tx: &mut crate::db::Tx, team_id: i64, user_id: i64) -> Result<(), TeamError> {
    if store::other_owner_exists(tx, team_id, user_id).await? {
        Ok(())
    } else {
        Err(TeamError::LastOwner(user_id))
    }
}
