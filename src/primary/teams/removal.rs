//! The end of archived teams. First a mark says that a team goes; from then on it cannot be restored, and whoever empties
//! its space works on something that stays closed. The team goes when nothing is left in the space.

use super::{TeamError, Teams, store};
use crate::db::is_foreign_key_violation;
use crate::primary::spaces::{self, Space, SpaceOwner};
use crate::protocol::Timestamp;

const DAY_SECS: i64 = 86_400;

impl Teams {
    /// Marks the teams that were archived for longer than the setting allows, and gives the spaces of all that are
    /// marked: they are to be emptied.
    pub async fn begin_removals(&self, now: Timestamp) -> Result<Vec<Space>, TeamError> {
        let days = i64::try_from(self.settings.team_archive_retention_days()).unwrap_or(i64::MAX);
        let before = now.plus_secs(days.saturating_mul(-DAY_SECS));
        let mut tx = self.db.begin().await?;
        store::mark_for_removal(&mut tx, before, now).await?;
        tx.commit().await?;
        let mut found = Vec::new();
        for (id, group) in store::being_removed(&self.db).await? {
            found.extend(spaces::of(&self.db, SpaceOwner::Team(id), group).await?);
        }
        Ok(found)
    }

    /// Removes a marked team whose space is empty; `false` when something is in it still.
    pub async fn finish_removal(&self, space: Space) -> Result<bool, TeamError> {
        let Some(id) = space.owner.team_id() else { return Ok(false) };
        let mut tx = self.db.begin().await?;
        let removed = async {
            spaces::remove(&mut tx, space.owner).await?;
            store::delete_marked(&mut tx, id).await
        };
        match removed.await {
            Ok(()) => {}
            Err(error) if is_foreign_key_violation(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(true)
    }
}
