//! Policy groups: lists of rules, and the choice of a policy for an object (primary spec §2.5, §3.2).

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::problems::{Problems, check_bytes, check_name};
use super::store::groups as store;
use super::{Chosen, Match, Policies, PolicyError, matching};
use crate::db::{Tx, hold, is_foreign_key_violation};
use crate::protocol::Timestamp;

/// Most rules of one group.
const MAX_RULES: usize = 100;
/// Most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 1000;

const WHAT: &str = "policy group";

/// A list of rules that users are assigned to.
#[derive(Debug, Clone)]
pub struct Group {
    /// Id.
    pub id: i64,
    /// For people; unique.
    pub name: String,
    /// For people.
    pub description: String,
    /// A disabled group takes no objects.
    pub is_enabled: bool,
    /// New users get the default group.
    pub is_default: bool,
    /// By priority.
    pub rules: Vec<Rule>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Objects of these sizes go there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Id; rules are replaced as a whole, so it changes with them.
    pub id: i64,
    /// Where to.
    pub policy_id: i64,
    /// 1 or more; the smallest number is asked first.
    pub priority: i64,
    /// Bytes, inclusive.
    pub min_file_size: u64,
    /// Bytes, exclusive; 0 is no upper bound.
    pub max_file_size: u64,
}

/// How many assignments were moved from one group to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedUsers {
    /// Users.
    pub users: u64,
}

/// A rule as it was sent.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub struct NewRule {
    /// An existing policy, once for each group.
    pub policy_id: i64,
    /// 1 or more, once for each group.
    pub priority: i64,
    /// Bytes.
    #[serde(default)]
    pub min_file_size: i64,
    /// Bytes; 0 is no upper bound.
    #[serde(default)]
    pub max_file_size: i64,
}

/// A group to be created, as it was sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NewGroup {
    /// Not blank.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Absent is enabled.
    #[serde(default)]
    pub is_enabled: Option<bool>,
    /// `true` takes the flag from the present default.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// At least one.
    pub items: Vec<NewRule>,
}

impl NewGroup {
    /// Checks what can be said without the database.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        check_name(&self.name, &mut problems);
        check_description(self.description.as_deref().unwrap_or_default(), &mut problems);
        rules_of(&self.items, &mut problems);
        problems.into_result()
    }
}

/// Changes of a group; `None` keeps. Rules are replaced as a whole.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupChange {
    /// Not blank.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether it takes objects.
    pub is_enabled: Option<bool>,
    /// `true` moves the flag here; `false` on the default is refused.
    pub is_default: Option<bool>,
    /// At least one.
    pub items: Option<Vec<NewRule>>,
}

impl Policies {
    /// The policy that takes an object of `size` bytes for a user of the group, and its store. There is no fallback:
    /// a group that takes nothing is an error that says so.
    pub async fn choose(&self, group_id: Option<i64>, size: u64) -> Result<Chosen, PolicyError> {
        let found = self.match_size(group_id, size).await?;
        if !found.is_enabled {
            return Err(PolicyError::GroupDisabled(found.group_name));
        }
        let Some(policy_id) = found.chosen().map(|rule| rule.policy_id) else {
            return Err(PolicyError::NoRule { group: found.group_name, size });
        };
        let (policy, store) = self.store(policy_id).await?;
        Ok(Chosen { policy, store })
    }

    /// Which rule takes an object of `size` bytes, and what becomes of the others. Looks at no store.
    pub async fn match_size(&self, group_id: Option<i64>, size: u64) -> Result<Match, PolicyError> {
        let group_id = group_id.ok_or(PolicyError::NoGroup)?;
        let group = store::head(&self.0.db, group_id).await?.ok_or(PolicyError::GroupNotFound(group_id))?;
        let candidates = store::candidates(&self.0.db, group_id).await?;
        Ok(Match {
            group_id,
            group_name: group.name,
            is_enabled: group.is_enabled,
            size,
            rules: matching::explain(candidates, size),
        })
    }

    /// Assigns all users of one group to another; later uploads follow it.
    pub async fn move_users(&self, from: i64, to: i64) -> Result<MovedUsers, PolicyError> {
        let mut tx = self.0.db.begin().await?;
        store::by_id_in(&mut tx, from).await?.ok_or(PolicyError::GroupNotFound(from))?;
        let target = store::by_id_in(&mut tx, to).await?;
        let mut problems = Problems::default();
        match target {
            None => problems.add("target_group_id", format!("there is no policy group {to}")),
            Some(_) if from == to => {
                problems.add("target_group_id", "is the group itself; name another one");
            }
            Some(group) if !group.is_enabled => {
                let message =
                    format!("policy group `{}` is disabled; its users could not upload", group.name);
                problems.add("target_group_id", message);
            }
            Some(_) => {}
        }
        problems.into_result()?;
        let users = store::move_users(&mut tx, from, to, Timestamp::now()).await?;
        tx.commit().await?;
        Ok(MovedUsers { users })
    }

    /// The group of new users.
    pub async fn default_group_id(&self) -> Result<Option<i64>, PolicyError> {
        Ok(store::default_id(&self.0.db).await?)
    }

    /// Whether users can be assigned to it.
    pub async fn group_exists(&self, id: i64) -> Result<bool, PolicyError> {
        Ok(store::head(&self.0.db, id).await?.is_some())
    }

    /// One group.
    pub async fn group(&self, id: i64) -> Result<Group, PolicyError> {
        store::by_id(&self.0.db, id).await?.ok_or(PolicyError::GroupNotFound(id))
    }

    /// A part of the list by id, and how many groups there are.
    pub async fn groups(&self, limit: u32, offset: u32) -> Result<(Vec<Group>, u64), PolicyError> {
        Ok((store::page(&self.0.db, limit, offset).await?, store::count(&self.0.db).await?))
    }

    /// Creates a group.
    pub async fn create_group(&self, new: &NewGroup) -> Result<Group, PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        let id = self.create_group_in(&mut tx, new).await?;
        tx.commit().await?;
        self.group(id).await
    }

    /// The same as part of a transaction; gives the id.
    pub async fn create_group_in(&self, tx: &mut Tx, new: &NewGroup) -> Result<i64, PolicyError> {
        let mut problems = Problems::default();
        let name = check_name(&new.name, &mut problems);
        let description = check_description(new.description.as_deref().unwrap_or_default(), &mut problems);
        let rules = check_rules(tx, &new.items, problems).await?;
        refuse_taken(tx, &name, None).await?;
        let is_enabled = new.is_enabled.unwrap_or(true);
        let row = store::GroupRow { name: &name, description: &description, is_enabled };
        let id = store::insert(tx, &row, Timestamp::now()).await?;
        store::replace_rules(tx, id, &rules).await?;
        if new.is_default == Some(true) {
            store::move_default(tx, id).await?;
        }
        Ok(id)
    }

    /// Makes a group the default one as part of a transaction.
    pub async fn make_default_in(&self, tx: &mut Tx, id: i64) -> Result<(), PolicyError> {
        store::by_id_in(tx, id).await?.ok_or(PolicyError::GroupNotFound(id))?;
        Ok(store::move_default(tx, id).await?)
    }

    /// Changes a group; later uploads follow it, stored objects stay where they are.
    pub async fn change_group(&self, id: i64, change: &GroupChange) -> Result<Group, PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        let present = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::GroupNotFound(id))?;
        let mut problems = Problems::default();
        let name = check_name(change.name.as_deref().unwrap_or(&present.name), &mut problems);
        let description = change.description.as_deref().unwrap_or(&present.description);
        let description = check_description(description, &mut problems);
        problems.require(
            !(present.is_default && change.is_default == Some(false)),
            "is_default",
            "one group must be the default; set it on another group instead",
        );
        match &change.items {
            Some(items) => {
                let rules = check_rules(&mut tx, items, problems).await?;
                store::replace_rules(&mut tx, id, &rules).await?;
            }
            None => problems.into_result()?,
        }
        refuse_taken(&mut tx, &name, Some(id)).await?;
        let is_enabled = change.is_enabled.unwrap_or(present.is_enabled);
        let row = store::GroupRow { name: &name, description: &description, is_enabled };
        store::update(&mut tx, id, &row, Timestamp::now()).await?;
        if change.is_default == Some(true) {
            store::move_default(&mut tx, id).await?;
        }
        tx.commit().await?;
        self.group(id).await
    }

    /// Removes a group that is not the default and has neither users nor teams.
    pub async fn delete_group(&self, id: i64) -> Result<(), PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        hold(&mut tx, "policy_groups", id).await?;
        let group = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::GroupNotFound(id))?;
        let users = store::users_in(&mut tx, id).await?;
        let mut reasons = Vec::new();
        if group.is_default {
            reasons.push("it is the default group; make another one the default first".to_owned());
        }
        if users > 0 {
            reasons.push(format!("{users} users are assigned to it; assign them to another group first"));
        }
        let teams = store::teams_in(&mut tx, id).await?;
        if teams > 0 {
            reasons.push(format!("{teams} teams are assigned to it; assign them to another group first"));
        }
        if !reasons.is_empty() {
            return Err(PolicyError::InUse { what: WHAT, name: group.name, reason: reasons.join("; ") });
        }
        store::delete(&mut tx, id).await.map_err(|error| {
            if is_foreign_key_violation(&error) {
                // Assigned since they were counted.
                let reason = "users are assigned to it; assign them to another group first".to_owned();
                return PolicyError::InUse { what: WHAT, name: group.name, reason };
            }
            error.into()
        })?;
        Ok(tx.commit().await?)
    }
}

/// The group of a new database: everything goes to `policy_id`.
pub(super) async fn insert_default(tx: &mut Tx, policy_id: i64, now: Timestamp) -> Result<(), sqlx::Error> {
    let row = store::GroupRow { name: "Default Policy Group", description: "", is_enabled: true };
    let id = store::insert(tx, &row, now).await?;
    let rule = Rule { id: 0, policy_id, priority: 1, min_file_size: 0, max_file_size: 0 };
    store::replace_rules(tx, id, &[rule]).await?;
    store::move_default(tx, id).await
}

async fn refuse_taken(tx: &mut Tx, name: &str, but: Option<i64>) -> Result<(), PolicyError> {
    if store::name_taken(tx, name, but).await? {
        return Err(PolicyError::Taken { what: WHAT, name: name.to_owned() });
    }
    Ok(())
}

fn check_description(raw: &str, problems: &mut Problems) -> String {
    let short = raw.chars().count() <= MAX_DESCRIPTION_CHARS;
    problems.require(short, "description", "must have at most 1000 characters");
    raw.trim().to_owned()
}

/// The rules, if they and everything checked before (`problems`) are right.
async fn check_rules(
    tx: &mut Tx,
    items: &[NewRule],
    mut problems: Problems,
) -> Result<Vec<Rule>, PolicyError> {
    let rules = rules_of(items, &mut problems);
    for (index, rule) in rules.iter().enumerate() {
        if super::store::by_id_in(tx, rule.policy_id).await?.is_none() {
            let message = format!("there is no storage policy {}", rule.policy_id);
            problems.add(format!("items[{index}].policy_id"), message);
        }
    }
    problems.into_result()?;
    Ok(rules)
}

/// What can be said about rules without the database.
fn rules_of(items: &[NewRule], problems: &mut Problems) -> Vec<Rule> {
    problems.require(!items.is_empty(), "items", "must have at least one rule");
    problems.require(items.len() <= MAX_RULES, "items", "must have at most 100 rules");
    let (mut policies, mut priorities) = (HashSet::new(), HashSet::new());
    let mut rules = Vec::with_capacity(items.len());
    // What is too many is not described one by one.
    for (index, item) in items.iter().take(MAX_RULES).enumerate() {
        let field = |name: &str| format!("items[{index}].{name}");
        let min_file_size = check_bytes(item.min_file_size, &field("min_file_size"), problems);
        let max_file_size = check_bytes(item.max_file_size, &field("max_file_size"), problems);
        if max_file_size != 0 && max_file_size <= min_file_size {
            problems
                .add(field("max_file_size"), "must be greater than min_file_size, or 0 for no upper bound");
        }
        if item.priority < 1 {
            problems.add(field("priority"), "must be 1 or more");
        }
        if !priorities.insert(item.priority) {
            problems.add(field("priority"), "stands in another rule of this group already");
        }
        if !policies.insert(item.policy_id) {
            problems.add(field("policy_id"), "stands in another rule of this group already");
        }
        let (policy_id, priority) = (item.policy_id, item.priority);
        rules.push(Rule { id: 0, policy_id, priority, min_file_size, max_file_size });
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_rule_is_named_with_its_place() {
        let rule = |policy_id, priority, min_file_size, max_file_size| NewRule {
            policy_id,
            priority,
            min_file_size,
            max_file_size,
        };
        let mut problems = Problems::default();
        rules_of(&[rule(1, 1, 0, 0), rule(1, 1, 5, 5), rule(2, 0, -1, 9)], &mut problems);
        assert_eq!(
            problems.fields(),
            [
                "items[1].max_file_size",
                "items[1].priority",
                "items[1].policy_id",
                "items[2].min_file_size",
                "items[2].priority"
            ]
        );
        let mut problems = Problems::default();
        rules_of(&[], &mut problems);
        assert_eq!(problems.fields(), ["items"]);
        let mut problems = Problems::default();
        rules_of(&[rule(1, 1, 0, 0); 10_000], &mut problems);
        assert_eq!(problems.fields().first(), Some(&"items"));
        assert!(problems.fields().len() < 300);
        let mut problems = Problems::default();
        rules_of(&[rule(1, 1, 5, 6), rule(2, 2, 7, 0)], &mut problems);
        assert_eq!(problems.into_result(), Ok(()));
    }
}
