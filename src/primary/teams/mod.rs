//! Teams: people who share a space.

pub(in crate::primary) mod api;
mod store;

pub(in crate::primary) use self::api::InSpace;
use crate::db::Db;
use crate::primary::spaces::{self, Space, SpaceOwner};

/// Why something about teams was refused.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// No such team, an archived one, or one the user is no member of.
    #[error("there is no team {0}")]
    NotFound(i64),
    /// The database failed.
    #[error("teams: {0}")]
    Database(#[from] sqlx::Error),
}

/// All teams.
#[derive(Debug, Clone)]
pub struct Teams {
    db: Db,
}

impl Teams {
    /// The teams in `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// The space of a team that is open to its member. Uploads into it go by the team's policy group, whatever the
    /// member's own is (primary spec §3.2).
    pub async fn space(&self, team_id: i64, user_id: i64) -> Result<Space, TeamError> {
        let group = store::group_for_member(&self.db, team_id, user_id).await?;
        let group = group.ok_or(TeamError::NotFound(team_id))?;
        let space = spaces::of(&self.db, SpaceOwner::Team(team_id), group).await?;
        space.ok_or(TeamError::NotFound(team_id))
    }
}
