//! Why something about teams was refused.

/// Why something about teams was refused.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// No such team, or for its members an archived one, or one the user is no member of.
    #[error("there is no team {0}")]
    NotFound(i64),
    /// The user is no member of the team.
    #[error("user {0} is no member of this team")]
    MemberNotFound(i64),
    /// Nobody has this id, name or address.
    #[error("there is no user `{0}`")]
    UnknownUser(String),
    /// No policy group has this id.
    #[error("there is no policy group {0}; GET /api/v1/admin/policy-groups lists them")]
    UnknownGroup(i64),
    /// The member's role does not allow it.
    #[error("your role in this team is `{role}`; this takes the role `{least}`")]
    NotAllowed {
        /// What the user is.
        role: &'static str,
        /// What it takes.
        least: &'static str,
    },
    /// The user is a member already.
    #[error("user {0} is a member of this team already; change the role instead")]
    AlreadyMember(i64),
    /// The team would be without an owner.
    #[error("user {0} is the last owner of this team; make another member an owner first")]
    LastOwner(i64),
    /// It is archived.
    #[error("team {0} is archived; restore it first")]
    Archived(i64),
    /// It is open.
    #[error("team {0} is not archived")]
    NotArchived(i64),
    /// Its time was over.
    #[error("team {0} is being removed for good and cannot be restored any more")]
    BeingRemoved(i64),
    /// The user owns as many as one may own.
    #[error("a user may own {0} teams; archive one first, or have another user own it")]
    TooManyTeams(i64),
    /// The team is full.
    #[error("a team may have {0} members")]
    TooManyMembers(u64),
    /// The name breaks a rule.
    #[error("name must have 1 to {0} characters and no control characters")]
    Name(usize),
    /// The description breaks a rule.
    #[error("description must have at most {0} characters")]
    Description(usize),
    /// A number larger than the database keeps.
    #[error("storage_quota must be at most {} bytes", i64::MAX)]
    Quota,
    /// The database failed.
    #[error("teams: {0}")]
    Database(#[from] sqlx::Error),
}
