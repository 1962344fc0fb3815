//! The rules of policies and groups on a real database file, with real local stores and a scripted follower.

use serde_json::json;

use super::*;
use crate::primary::nodes::NodeChange;
use crate::primary::nodes::tests::{Fixture, capabilities, sealing_key};
use crate::protocol::ObjectKey;
use crate::storage::remote::scripted::{Said, ScriptedFollower, Seen};

async fn policies(fixture: &Fixture) -> Policies {
    let machine = Machine {
        working_dir: fixture.dir.path().to_owned(),
        durability: Durability::Rename,
        sealing_key: sealing_key(),
        s3_ca_file: None,
    };
    let policies = Policies::new(fixture.db.clone(), fixture.nodes.clone(), machine);
    policies.ensure_defaults().await.expect("defaults");
    policies
}

fn new(text: serde_json::Value) -> NewPolicy {
    serde_json::from_value(text).expect("json")
}

fn change(text: serde_json::Value) -> PolicyChange {
    serde_json::from_value(text).expect("json")
}

fn group(name: &str, policy_ids: &[i64]) -> NewGroup {
    let items: Vec<_> = policy_ids
        .iter()
        .zip(1..)
        .map(|(id, priority)| json!({"policy_id": id, "priority": priority}))
        .collect();
    serde_json::from_value(json!({"name": name, "items": items})).expect("json")
}

fn local(name: &str) -> NewPolicy {
    new(json!({"name": name, "driver_type": "local", "base_path": format!("data/{name}")}))
}

fn fields(error: PolicyError) -> Vec<String> {
    let PolicyError::Invalid(problems) = error else { panic!("{error:?}") };
    problems.all().iter().map(|problem| problem.field.clone()).collect()
}

async fn execute(fixture: &Fixture, sql: &'static str, id: i64) {
    let mut tx = fixture.db.begin().await.expect("tx");
    sqlx::query(sql).bind(id).execute(&mut *tx).await.expect("executed");
    tx.commit().await.expect("commit");
}

/// Keeps one object; good enough for a connection test.
fn keeps_objects(seen: &Seen) -> Said {
    match seen.method.as_str() {
        "GET" if seen.target.ends_with("/capabilities") => capabilities(|_| {}),
        "GET" => Said::reply(200, "", "ok"),
        _ => Said::done(),
    }
}

#[tokio::test]
async fn a_new_database_gets_one_policy_and_one_group_and_only_once() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    policies.ensure_defaults().await.expect("again");
    let (all, total) = policies.list(PolicySort::Id, SortOrder::Asc, 50, 0).await.expect("list");
    assert_eq!((total, all[0].name.as_str(), all[0].is_default), (1, "Local Default", true));
    let group = policies.default_group_id().await.expect("query");
    let chosen = policies.choose(group, 12).await.expect("chosen");
    assert_eq!(chosen.policy.id, all[0].id);
    assert!(fixture.dir.path().join("data/uploads").is_dir());
}

#[tokio::test]
async fn there_is_exactly_one_default_policy() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    let second = policies.create(&local("second")).await.expect("second");
    assert!(!second.is_default);
    let moved = policies.change(second.id, &change(json!({"is_default": true}))).await.expect("moved");
    assert!(moved.is_default && !policies.get(1).await.expect("first").is_default);
    let unset = policies.change(second.id, &change(json!({"is_default": false}))).await.expect_err("unset");
    assert_eq!(fields(unset), ["is_default"]);
    let kept = policies.delete(second.id, false).await.expect_err("default");
    assert!(kept.to_string().contains("default policy"), "{kept}");
}

#[tokio::test]
async fn driver_and_node_stay_and_the_path_stays_with_its_objects() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    let id = policies.create(&local("p")).await.expect("policy").id;
    let wrong = change(json!({"driver_type": "remote", "remote_node_id": 3}));
    let wrong = policies.change(id, &wrong).await.expect_err("fixed");
    assert_eq!(fields(wrong), ["driver_type", "remote_node_id"]);
    policies.change(id, &change(json!({"base_path": "data/q"}))).await.expect("no objects yet");
    execute(&fixture, "INSERT INTO blobs (policy_id, object_key, hash, size, ref_count, created_at) VALUES ($1, 'k', '', 1, 1, 0)", id).await;
    let moved = policies.change(id, &change(json!({"base_path": "data/r"}))).await.expect_err("has objects");
    assert_eq!(fields(moved), ["base_path"]);
    let same = change(json!({"driver_type": "local", "base_path": "data/q", "max_file_size": 9}));
    assert_eq!(policies.change(id, &same).await.expect("sent back").max_file_size, 9);
}

#[tokio::test]
async fn a_policy_that_is_used_is_not_deleted_and_says_by_what() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    let id = policies.create(&local("p")).await.expect("policy").id;
    let group_id = policies.create_group(&group("Team", &[id])).await.expect("group").id;
    execute(
        &fixture,
        "INSERT INTO blobs (policy_id, object_key, hash, size, ref_count, created_at) VALUES ($1, 'k', '', 1, 1, 0)",
        id,
    )
    .await;
    let kept = policies.delete(id, false).await.expect_err("used").to_string();
    assert!(kept.contains("Team") && kept.contains("1 stored objects"), "{kept}");
    execute(&fixture, "DELETE FROM blobs WHERE policy_id = $1", id).await;
    policies.delete_group(group_id).await.expect("group deleted");
    policies.delete(id, false).await.expect("free");
    assert!(matches!(policies.store(id).await, Err(PolicyError::NotFound(_))));
}

#[tokio::test]
async fn a_local_policy_passes_its_test_and_leaves_nothing() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    let id = policies.create(&local("p")).await.expect("policy").id;
    policies.test(id).await.expect("test");
    let (_, store) = policies.store(id).await.expect("store");
    assert!(store.list_up_to(1000, None).await.expect("list").is_empty());
    std::fs::File::create(fixture.dir.path().join("a-file")).expect("file");
    let bad = new(json!({"name": "x", "driver_type": "local", "base_path": "a-file"}));
    assert!(matches!(policies.test_new(&bad).await, Err(PolicyError::Storage { .. })));
}

#[tokio::test]
async fn a_store_is_opened_once_and_anew_after_a_change() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    let id = policies.create(&local("p")).await.expect("policy").id;
    let store = async || policies.store(id).await.expect("store").1;
    let first = store().await;
    assert!(Arc::ptr_eq(&first, &store().await));
    policies.change(id, &change(json!({"base_path": "data/other"}))).await.expect("changed");
    assert!(!Arc::ptr_eq(&first, &store().await));
}

#[tokio::test]
async fn a_remote_policy_needs_a_node_that_can_do_it() {
    let fixture = Fixture::with_public_url().await;
    let policies = policies(&fixture).await;
    let remote = |id: i64| new(json!({"name": "far", "driver_type": "remote", "remote_node_id": id}));
    assert!(matches!(policies.create(&remote(99)).await, Err(PolicyError::Node(NodeError::NotFound(99)))));
    let poor = ScriptedFollower::start(|_| capabilities(|document| document.features.compose = false)).await;
    let node = fixture.enrolled("poor", &poor.url()).await;
    let refused = policies.create(&remote(node.id)).await.expect_err("poor").to_string();
    assert!(refused.contains("compose") && refused.contains("(far)"), "{refused}");

    let good = ScriptedFollower::start(keeps_objects).await;
    let node = fixture.enrolled("good", &good.url()).await;
    let policy = policies.create(&remote(node.id)).await.expect("good");
    policies.test(policy.id).await.expect("test");
    let (_, store) = policies.store(policy.id).await.expect("store");
    let key = ObjectKey::parse("files/a").expect("key");
    store.delete(&key).await.expect("delete");
    assert!(good.seen().iter().any(|seen| seen.target.ends_with("/objects/files/a")));

    let off = NodeChange { is_enabled: Some(false), ..NodeChange::default() };
    fixture.nodes.change(node.id, off).await.expect("disabled");
    let before = good.seen().len();
    let refused = policies.store(policy.id).await.expect_err("disabled");
    assert!(matches!(refused, PolicyError::Node(NodeError::Disabled(_))), "{refused:?}");
    assert_eq!(good.seen().len(), before, "a disabled node is not asked");
}

#[tokio::test]
async fn rules_on_a_disabled_node_are_skipped_and_without_another_the_choice_fails() {
    let fixture = Fixture::with_public_url().await;
    let policies = policies(&fixture).await;
    let follower = ScriptedFollower::start(keeps_objects).await;
    let node = fixture.enrolled("edge", &follower.url()).await;
    let far = new(json!({"name": "far", "driver_type": "remote", "remote_node_id": node.id}));
    let far = policies.create(&far).await.expect("far").id;
    let near = policies.create(&local("near")).await.expect("near").id;
    let both = Some(policies.create_group(&group("Both", &[far, near])).await.expect("both").id);
    let only = Some(policies.create_group(&group("Only", &[far])).await.expect("only").id);
    assert_eq!(policies.choose(both, 1).await.expect("far").policy.id, far);
    let off = NodeChange { is_enabled: Some(false), ..NodeChange::default() };
    fixture.nodes.change(node.id, off).await.expect("disabled");
    assert_eq!(policies.choose(both, 1).await.expect("near").policy.id, near);
    assert!(matches!(policies.choose(only, 1).await, Err(PolicyError::NoRule { .. })));
    assert!(matches!(policies.choose(None, 1).await, Err(PolicyError::NoGroup)));
}

#[tokio::test]
async fn groups_are_checked_replaced_whole_and_kept_while_users_have_them() {
    let fixture = Fixture::new().await;
    let policies = policies(&fixture).await;
    let p = policies.create(&local("p")).await.expect("policy").id;
    let wrong = policies.create_group(&group(" ", &[p, p, 77])).await.expect_err("wrong");
    assert_eq!(fields(wrong), ["name", "items[1].policy_id", "items[2].policy_id"]);
    let team = policies.create_group(&group("Team", &[p])).await.expect("team");
    assert!(matches!(policies.create_group(&group("Team", &[p])).await, Err(PolicyError::Taken { .. })));
    let items: GroupChange = serde_json::from_value(json!({
        "is_enabled": false, "is_default": true,
        "items": [{"policy_id": 1, "priority": 2, "max_file_size": 10}, {"policy_id": p, "priority": 1}],
    }))
    .expect("json");
    let changed = policies.change_group(team.id, &items).await.expect("changed");
    let order: Vec<_> = changed.rules.iter().map(|rule| (rule.policy_id, rule.max_file_size)).collect();
    assert_eq!((order, changed.is_default), (vec![(p, 0), (1, 10)], true));
    assert_eq!(policies.default_group_id().await.expect("query"), Some(team.id));
    assert!(matches!(policies.choose(Some(team.id), 1).await, Err(PolicyError::GroupDisabled(_))));
    assert!(policies.delete_group(team.id).await.expect_err("default").to_string().contains("default group"));
    let (all, total) = policies.groups(50, 0).await.expect("list");
    assert_eq!((total, all[0].rules.len(), all[1].rules.len()), (2, 1, 2));
    assert!(policies.group_exists(team.id).await.expect("query"));
    assert!(!policies.group_exists(99).await.expect("query"));
}
