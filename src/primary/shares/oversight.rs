//! What administrators of the site do with the shares of everybody: see that they are there, and end them. They do not
//! get the links: whoever has one sees what is shared.

use super::{Share, ShareError, Shares, store};
use crate::primary::accounts::CurrentUser;
use crate::primary::audit::Action;
use crate::primary::spaces;

impl Shares {
    /// A part of all shares, the latest first, and how many there are; only those that one user made where asked.
    pub async fn list_all(
        &self,
        made_by: Option<i64>,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Share>, u64), ShareError> {
        Ok(store::page_of_all(&self.db, made_by, limit, offset).await?)
    }

    /// Ends a share, whose ever it is.
    pub async fn revoke(&self, by: &CurrentUser, id: i64) -> Result<(), ShareError> {
        let mut tx = self.db.begin().await?;
        let found = store::anywhere(&mut tx, id).await?.ok_or(ShareError::Unknown(id))?;
        spaces::lock(&mut tx, found.space.id).await?;
        // Its owner may have been faster.
        let share = store::by_id(&mut tx, found.space.id, id).await?.ok_or(ShareError::Unknown(id))?;
        store::delete(&mut tx, share.space.id, id).await?;
        self.note(&mut tx, by, Action::Delete, (id, &share.name)).await?;
        Ok(tx.commit().await?)
    }
}
