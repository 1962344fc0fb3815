//! Teams: people who share a space.
//!
//! Whoever changes a team or its members holds the team's row, so that what was looked at before stays true: a team
//! always has an owner. An archived team is closed for everybody at once; it can be restored until its removal begins.

pub(in crate::primary) mod api;
mod members;
mod problem;
mod removal;
mod store;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(in crate::primary) use self::api::InSpace;
pub use self::members::{Authority, Member};
pub use self::problem::TeamError;
use crate::db::{Db, Tx, hold};
use crate::primary::audit::{Action, Actor, Audit, Entity, NewEntry};
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, Space, SpaceOwner};
use crate::protocol::Timestamp;

const MAX_NAME_CHARS: usize = 128;
const MAX_DESCRIPTION_CHARS: usize = 1_000;
/// Most open teams that one user may own: each has a quota of its own.
const MAX_OWNED: i64 = 20;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeamRole {
    /// Work with the files.
    Member,
    /// The same, and change the team and its members, but not its owners.
    Admin,
    /// Everything, also archive it.
    Owner,
}

impl TeamRole {
    fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// Whatever is none of the roles gets the least of them.
    fn from_stored(text: &str) -> Self {
        match text {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            _ => Self::Member,
        }
    }
}

/// A team.
#[derive(Debug, Clone)]
pub struct Team {
    /// Id.
    pub id: i64,
    /// For people; several teams may have the same.
    pub name: String,
    /// For people.
    pub description: String,
    /// Which policy group routes uploads into its space.
    pub policy_group_id: Option<i64>,
    /// Who made it.
    pub created_by_user_id: i64,
    /// How many people are in it.
    pub members: u64,
    /// Bytes stored.
    pub storage_used: u64,
    /// Bytes that may be stored; 0 is unlimited.
    pub storage_quota: u64,
    /// Since when it is closed.
    pub archived_at: Option<Timestamp>,
    /// Since when it is being removed for good.
    pub removal_began_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// A team to be made.
#[derive(Debug, Clone)]
pub struct NewTeam<'a> {
    /// Not blank.
    pub name: &'a str,
    /// For people.
    pub description: &'a str,
    /// Its first owner.
    pub owner_id: i64,
    /// Bytes; `None` is what new users get.
    pub storage_quota: Option<u64>,
    /// Which policy group routes its uploads.
    pub policy_group_id: Option<i64>,
}

/// What changes about a team; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct TeamChange {
    /// Not blank.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Bytes, 0 is unlimited; for administrators of the site.
    pub storage_quota: Option<u64>,
    /// For administrators of the site.
    pub policy_group_id: Option<i64>,
}

/// All teams.
#[derive(Debug, Clone)]
pub struct Teams {
    db: Db,
    settings: Settings,
    audit: Audit,
}

impl Teams {
    /// The teams in `db`.
    pub fn new(db: Db, settings: Settings, audit: Audit) -> Self {
        Self { db, settings, audit }
    }

    /// Whether the user is owner or admin of the team.
    pub async fn is_led_by(&self, team_id: i64, user_id: i64) -> Result<bool, TeamError> {
        Ok(store::leads(&self.db, team_id, user_id).await?)
    }

    /// The space of a team that is open to its member. Uploads into it go by the team's policy group, whatever the
    /// member's own is (primary spec §3.2).
    pub async fn space(&self, team_id: i64, user_id: i64) -> Result<Space, TeamError> {
        let group = store::group_for_member(&self.db, team_id, user_id).await?;
        let group = group.ok_or(TeamError::NotFound(team_id))?;
        let space = spaces::of(&self.db, SpaceOwner::Team(team_id), group).await?;
        space.ok_or(TeamError::NotFound(team_id))
    }

    /// A part of a user's open teams with the user's role, by name, and how many there are.
    pub async fn of_user(
        &self,
        user_id: i64,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<(Team, TeamRole)>, u64), TeamError> {
        Ok(store::of_user(&self.db, user_id, limit, offset).await?)
    }

    /// An open team and the role that its member has.
    pub async fn get_for(&self, team_id: i64, user_id: i64) -> Result<(Team, TeamRole), TeamError> {
        let mut connection = self.db.read().acquire().await?;
        let role =
            store::role(&mut connection, team_id, user_id).await?.ok_or(TeamError::NotFound(team_id))?;
        let team = store::by_id(&mut connection, team_id).await?.filter(|team| team.archived_at.is_none());
        Ok((team.ok_or(TeamError::NotFound(team_id))?, role))
    }

    /// Any team, archived ones included.
    pub async fn get(&self, id: i64) -> Result<Team, TeamError> {
        let mut connection = self.db.read().acquire().await?;
        store::by_id(&mut connection, id).await?.ok_or(TeamError::NotFound(id))
    }

    /// A part of all teams by id, archived ones included, and how many there are.
    pub async fn list(&self, limit: u32, offset: u32) -> Result<(Vec<Team>, u64), TeamError> {
        Ok(store::page(&self.db, limit, offset).await?)
    }

    /// Makes a team with its first owner and its space.
    pub async fn create(&self, by: Actor<'_>, new: &NewTeam<'_>) -> Result<Team, TeamError> {
        let (name, description) = (checked_name(new.name)?, checked_description(new.description)?);
        let quota = checked_quota(new.storage_quota.unwrap_or(self.settings.default_storage_quota()))?;
        let mut tx = self.db.begin().await?;
        hold(&mut tx, "users", new.owner_id).await?;
        if store::owned(&mut tx, new.owner_id).await? >= MAX_OWNED {
            return Err(TeamError::TooManyTeams(MAX_OWNED));
        }
        let now = Timestamp::now();
        check_group(&mut tx, new.policy_group_id).await?;
        let id = store::insert(&mut tx, &name, &description, new.policy_group_id, new.owner_id, now).await?;
        if !store::insert_member(&mut tx, id, new.owner_id, TeamRole::Owner, now).await? {
            return Err(TeamError::UnknownUser(new.owner_id.to_string()));
        }
        spaces::create(&mut tx, SpaceOwner::Team(id), quota).await?;
        self.note(&mut tx, by, Action::Create, (id, &name), "").await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// Changes a team.
    pub async fn change(
        &self,
        by: Actor<'_>,
        authority: Authority,
        id: i64,
        change: &TeamChange,
    ) -> Result<Team, TeamError> {
        let mut tx = self.db.begin().await?;
        let mut team = self.held(&mut tx, authority, id, TeamRole::Admin).await?;
        if let Some(name) = &change.name {
            team.name = checked_name(name)?;
        }
        if let Some(description) = &change.description {
            team.description = checked_description(description)?;
        }
        if let Some(quota) = change.storage_quota {
            spaces::set_quota(&mut tx, SpaceOwner::Team(id), checked_quota(quota)?).await?;
        }
        if change.policy_group_id.is_some() {
            check_group(&mut tx, change.policy_group_id).await?;
            team.policy_group_id = change.policy_group_id;
        }
        store::update(&mut tx, &team, Timestamp::now()).await?;
        self.note(&mut tx, by, Action::Change, (id, &team.name), &change.in_words()).await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// Closes a team for everybody at once. Its files are kept for the days that the setting says.
    pub async fn archive(&self, by: Actor<'_>, authority: Authority, id: i64) -> Result<(), TeamError> {
        let mut tx = self.db.begin().await?;
        let team = self.held(&mut tx, authority, id, TeamRole::Owner).await?;
        if team.archived_at.is_some() {
            return Err(TeamError::Archived(id));
        }
        store::set_archived(&mut tx, id, Some(Timestamp::now())).await?;
        self.note(&mut tx, by, Action::Archive, (id, &team.name), "").await?;
        Ok(tx.commit().await?)
    }

    /// Opens an archived team again, as it was.
    pub async fn restore(&self, by: Actor<'_>, id: i64) -> Result<Team, TeamError> {
        let mut tx = self.db.begin().await?;
        let team = self.held(&mut tx, Authority::Site, id, TeamRole::Owner).await?;
        if team.archived_at.is_none() {
            return Err(TeamError::NotArchived(id));
        }
        if team.removal_began_at.is_some() {
            return Err(TeamError::BeingRemoved(id));
        }
        store::set_archived(&mut tx, id, None).await?;
        self.note(&mut tx, by, Action::Restore, (id, &team.name), "").await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// The team, held, if `authority` has the rights of `least` in it.
    async fn held(
        &self,
        tx: &mut Tx,
        authority: Authority,
        id: i64,
        least: TeamRole,
    ) -> Result<Team, TeamError> {
        hold(tx, "teams", id).await?;
        let team = store::by_id(tx, id).await?.ok_or(TeamError::NotFound(id))?;
        let Authority::Member(user_id) = authority else { return Ok(team) };
        let role = store::role(tx, id, user_id).await?.filter(|_| team.archived_at.is_none());
        let role = role.ok_or(TeamError::NotFound(id))?;
        if role < least {
            return Err(TeamError::NotAllowed { role: role.as_str(), least: least.as_str() });
        }
        Ok(team)
    }

    async fn note(
        &self,
        tx: &mut Tx,
        by: Actor<'_>,
        action: Action,
        (id, name): (i64, &str),
        details: &str,
    ) -> Result<(), TeamError> {
        let entry =
            NewEntry { by, action, entity: Entity::Team, entity_id: Some(id), entity_name: name, details };
        Ok(self.audit.record_in(tx, &entry).await?)
    }
}

impl TeamChange {
    /// What changes, for the audit trail.
    fn in_words(&self) -> String {
        let words = [
            self.name.as_ref().map(|_| "name".to_owned()),
            self.description.as_ref().map(|_| "description".to_owned()),
            self.storage_quota.map(|bytes| format!("storage_quota {bytes}")),
            self.policy_group_id.map(|id| format!("policy_group_id {id}")),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Holds the group, so that nobody removes it before the team refers to it.
async fn check_group(tx: &mut Tx, id: Option<i64>) -> Result<(), TeamError> {
    let Some(id) = id else { return Ok(()) };
    hold(tx, "policy_groups", id).await?;
    if store::group_exists(tx, id).await? { Ok(()) } else { Err(TeamError::UnknownGroup(id)) }
}

fn checked_name(raw: &str) -> Result<String, TeamError> {
    let name = raw.trim();
    let fits =
        !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(TeamError::Name(MAX_NAME_CHARS)) }
}

fn checked_description(raw: &str) -> Result<String, TeamError> {
    let description = raw.trim();
    let fits = description.chars().count() <= MAX_DESCRIPTION_CHARS;
    if fits { Ok(description.to_owned()) } else { Err(TeamError::Description(MAX_DESCRIPTION_CHARS)) }
}

fn checked_quota(bytes: u64) -> Result<u64, TeamError> {
    if i64::try_from(bytes).is_ok() { Ok(bytes) } else { Err(TeamError::Quota) }
}
