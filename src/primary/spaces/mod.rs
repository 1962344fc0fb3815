//! Spaces: where files live. Each user has one, each team has one; a space has a quota and knows what is used of it.
//!
//! Whatever changes the tree of a space (a new file, a rename, a deletion) first takes the space's row with [`lock`],
//! [`charge`] or [`refund`] in its transaction. So changes of one tree happen one after the other, also with several
//! primaries on one database, and a check made after that holds until the commit.

mod store;

use crate::db::{Db, Tx};

/// A place for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Id.
    pub id: i64,
    /// Whose it is.
    pub owner: SpaceOwner,
    /// Which policy group routes uploads into it.
    pub policy_group_id: Option<i64>,
}

/// Whose a space is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceOwner {
    /// One user's own.
    User(i64),
    /// A team's.
    Team(i64),
}

/// How full a space is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of files, versions and trash.
    pub used: u64,
    /// Bytes; 0 is unlimited.
    pub quota: u64,
}

impl SpaceOwner {
    /// The user, of a personal space.
    pub fn user_id(self) -> Option<i64> {
        match self {
            Self::User(id) => Some(id),
            Self::Team(_) => None,
        }
    }

    /// The team, of a team space.
    pub fn team_id(self) -> Option<i64> {
        match self {
            Self::User(_) => None,
            Self::Team(id) => Some(id),
        }
    }
}

impl Usage {
    /// Whether `bytes` more fit in. A look ahead: [`charge`] decides.
    pub fn has_room(self, bytes: u64) -> bool {
        self.quota == 0 || bytes <= self.quota.saturating_sub(self.used)
    }
}

/// Makes the space of a new owner, with a quota in bytes (0 is unlimited).
pub(in crate::primary) async fn create(
    tx: &mut Tx,
    owner: SpaceOwner,
    quota: u64,
) -> Result<i64, sqlx::Error> {
    store::insert(tx, owner, stored(quota)).await
}

/// Removes the space of an owner who goes. One that holds anything, also in the trash, is a foreign key violation.
pub(in crate::primary) async fn remove(tx: &mut Tx, owner: SpaceOwner) -> Result<(), sqlx::Error> {
    store::delete(tx, owner).await
}

/// The space of an owner; `policy_group_id` is the owner's.
pub(in crate::primary) async fn of(
    db: &Db,
    owner: SpaceOwner,
    policy_group_id: Option<i64>,
) -> Result<Option<Space>, sqlx::Error> {
    let id = store::id_of(db, owner).await?;
    Ok(id.map(|id| Space { id, owner, policy_group_id }))
}

/// How full a space is.
pub(in crate::primary) async fn usage(db: &Db, space_id: i64) -> Result<Option<Usage>, sqlx::Error> {
    store::usage(db, space_id).await
}

/// Gives an owner's space another quota in bytes (0 is unlimited). What is there already may be more.
pub(in crate::primary) async fn set_quota(
    tx: &mut Tx,
    owner: SpaceOwner,
    quota: u64,
) -> Result<(), sqlx::Error> {
    store::set_quota(tx, owner, stored(quota)).await
}

/// Keeps others from changing the tree of a space until the transaction ends.
pub(in crate::primary) async fn lock(tx: &mut Tx, space_id: i64) -> Result<(), sqlx::Error> {
    store::add(tx, space_id, 0).await
}

/// [`lock`], and adds `bytes` to what is used; `false` and no change when the quota has no room.
pub(in crate::primary) async fn charge(tx: &mut Tx, space_id: i64, bytes: u64) -> Result<bool, sqlx::Error> {
    match i64::try_from(bytes) {
        Ok(bytes) => store::add_within_quota(tx, space_id, bytes).await,
        Err(_) => Ok(false),
    }
}

/// [`lock`], and takes `bytes` off what is used.
pub(in crate::primary) async fn refund(tx: &mut Tx, space_id: i64, bytes: u64) -> Result<(), sqlx::Error> {
    store::add(tx, space_id, -stored(bytes)).await
}

/// Sizes come from files, whose sizes the database took before.
fn stored(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_the_quota_leaves() {
        let usage = Usage { used: 6, quota: 10 };
        assert!(usage.has_room(4) && !usage.has_room(5));
        assert!(Usage { used: 6, quota: 0 }.has_room(u64::MAX));
        assert!(
            !Usage { used: 11, quota: 10 }.has_room(1),
            "an administrator may lower a quota below what is used"
        );
    }
}
