//! What an address means to a visitor: a part of the user's own space, of a team's, or a folder that is only shown.
//!
//! A visitor with [`Reach::Everything`] sees the own space, and in its root one folder more: `Teams`, with a folder for
//! each open team of the user. Where the user has something of that name in the root, the folder is `Teams (1)`, and so
//! on; so nothing of the user's is ever hidden. It and the folders in it cannot be changed, only what lies below.

use super::Visitor;
use super::login::Reach;
use crate::primary::Primary;
use crate::primary::files::{Entry, FileError, FileName, FolderRecord, Kind, Spot};
use crate::primary::spaces::Space;
use crate::primary::teams::{Team, TeamError};

const TEAMS: &str = "Teams";
/// Teams that are shown.
const MAX_TEAMS: u32 = 1_000;
/// Names that are tried for the folder of the teams.
const MAX_NUMBER: u32 = 100;

/// What is at an address.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// What the visitor sees first: the root of a space, or the account's folder.
    Top {
        /// The space.
        space: Space,
        /// The account's folder.
        folder: Option<FolderRecord>,
    },
    /// The folder with the teams.
    Teams,
    /// The root of a team's space.
    Team {
        /// The space.
        space: Space,
        /// The name of the folder.
        name: String,
    },
    /// A file or folder.
    Entry {
        /// Where it is.
        spot: Spot,
        /// What it is.
        entry: Entry,
    },
    /// Nothing, but something could be made there.
    Free(Spot),
    /// Nothing, and nothing can be made there: a name beside the teams.
    Shut,
    /// Nothing, and the folder that it would lie in is not there either.
    Nowhere,
}

/// Why an address could not be looked up.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceError {
    /// The account's folder was deleted.
    #[error("the root folder of this WebDAV account is gone; make another account")]
    RootGone,
    /// The tree failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Teams failed.
    #[error(transparent)]
    Team(#[from] TeamError),
}

impl Place {
    /// The folder whose content this is, if it is one of a space.
    pub(super) fn container(&self) -> Option<(Space, Option<i64>)> {
        match self {
            Self::Top { space, folder } => Some((*space, folder.as_ref().map(|folder| folder.id))),
            Self::Team { space, .. } => Some((*space, None)),
            Self::Entry { spot, entry: Entry::Folder(folder) } => Some((spot.space, Some(folder.id))),
            Self::Entry { .. } | Self::Teams | Self::Free(_) | Self::Shut | Self::Nowhere => None,
        }
    }

    /// Whether it has other things in it.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Self::Teams) || self.container().is_some()
    }
}

/// What is at the end of `names`.
pub(super) async fn find(
    primary: &Primary,
    visitor: &Visitor,
    names: &[String],
    kind: Kind,
) -> Result<Place, PlaceError> {
    let (space, top) = match visitor.reach {
        Reach::Everything(space) => (space, None),
        Reach::Part { space, top } => (space, top),
    };
    let Some(first) = names.first() else { return at_top(primary, space, top).await };
    if let (Reach::Everything(_), true) = (visitor.reach, first.starts_with(TEAMS))
        && let Some((folder, teams)) = teams_folder(primary, visitor, space).await?
        && folder == *first
    {
        return in_teams(primary, visitor, &teams, &names[1..], kind).await;
    }
    Ok(placed(primary.files.at(space, top, names, kind).await?))
}

/// The folder of the teams, as it is listed in the root of a visitor who sees everything.
pub(super) async fn teams_of(
    primary: &Primary,
    visitor: &Visitor,
) -> Result<Option<(String, Vec<(String, Team)>)>, PlaceError> {
    match visitor.reach {
        Reach::Everything(space) => teams_folder(primary, visitor, space).await,
        Reach::Part { .. } => Ok(None),
    }
}

async fn at_top(primary: &Primary, space: Space, top: Option<i64>) -> Result<Place, PlaceError> {
    let folder = match top {
        None => None,
        Some(id) => match primary.files.folder(space, id).await {
            Err(FileError::FolderNotFound(_)) => return Err(PlaceError::RootGone),
            found => Some(found?),
        },
    };
    Ok(Place::Top { space, folder })
}

fn placed(found: Option<(Spot, Option<Entry>)>) -> Place {
    match found {
        Some((spot, Some(entry))) => Place::Entry { spot, entry },
        Some((spot, None)) => Place::Free(spot),
        None => Place::Nowhere,
    }
}

/// The name of the folder and of those in it; none for who is in no team.
async fn teams_folder(
    primary: &Primary,
    visitor: &Visitor,
    space: Space,
) -> Result<Option<(String, Vec<(String, Team)>)>, PlaceError> {
    let (teams, _) = primary.teams.of_user(visitor.user_id, MAX_TEAMS, 0).await?;
    if teams.is_empty() {
        return Ok(None);
    }
    let teams = named(teams.into_iter().map(|(team, _)| team).collect());
    for number in 0..=MAX_NUMBER {
        let name = if number == 0 { TEAMS.to_owned() } else { format!("{TEAMS} ({number})") };
        let found = primary.files.at(space, None, std::slice::from_ref(&name), Kind::Any).await?;
        if !matches!(found, Some((_, Some(_)))) {
            return Ok(Some((name, teams)));
        }
    }
    Ok(None)
}

async fn in_teams(
    primary: &Primary,
    visitor: &Visitor,
    teams: &[(String, Team)],
    names: &[String],
    kind: Kind,
) -> Result<Place, PlaceError> {
    let Some(first) = names.first() else { return Ok(Place::Teams) };
    let Some((name, team)) = teams.iter().find(|(name, _)| name == first) else {
        return Ok(if names.len() == 1 { Place::Shut } else { Place::Nowhere });
    };
    let space = primary.teams.space(team.id, visitor.user_id).await?;
    if names.len() == 1 {
        return Ok(Place::Team { space, name: name.clone() });
    }
    Ok(placed(primary.files.at(space, None, &names[1..], kind).await?))
}

/// A folder name for each team. Teams may have any name and the same one: what no file can have becomes `_`, and of
/// several with one name each gets its id behind it.
fn named(teams: Vec<Team>) -> Vec<(String, Team)> {
    let names: Vec<String> = teams.iter().map(|team| folder_name(&team.name)).collect();
    let is_alone =
        |name: &String| names.iter().filter(|other| other.to_lowercase() == name.to_lowercase()).count() == 1;
    let unique: Vec<String> = names
        .iter()
        .zip(&teams)
        .map(|(name, team)| if is_alone(name) { name.clone() } else { format!("{name} ({})", team.id) })
        .collect();
    unique.into_iter().zip(teams).collect()
}

fn folder_name(team: &str) -> String {
    let legal = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    let name: String = team.chars().map(legal).collect();
    let name = name.trim_end_matches(['.', ' ']);
    match FileName::parse(name) {
        Ok(name) => name.as_str().to_owned(),
        Err(_) => format!("_{}", name.chars().take(60).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Timestamp;

    fn team(id: i64, name: &str) -> Team {
        let now = Timestamp::from_unix_ms(0);
        Team {
            id,
            name: name.to_owned(),
            description: String::new(),
            policy_group_id: None,
            created_by_user_id: 1,
            members: 1,
            storage_used: 0,
            storage_quota: 0,
            archived_at: None,
            removal_began_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn every_team_has_a_folder_name_of_its_own_that_a_folder_can_have() {
        let teams = [(1, "Sales"), (2, "R/D: new?"), (3, "sales"), (4, "con"), (5, "end. ")];
        let names = named(teams.map(|(id, name)| team(id, name)).into());
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Sales (1)", "R_D_ new_", "sales (3)", "_con", "end"]);
        assert!(names.iter().all(|name| FileName::parse(name).is_ok()));
    }
}
