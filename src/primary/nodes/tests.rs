//! The rules of nodes on a real database file, with a scripted follower on a real socket.

use sqlx::Row;

use super::*;
use crate::db::Schema;
use crate::protocol::{CreateIngressTarget, UpdateIngressTarget, codes};
use crate::storage::remote::scripted::{Said, ScriptedFollower, Seen};
use crate::storage::remote::transport;

pub(in crate::primary) const PUBLIC_URL: &str = "https://drive.example.com";

/// Nodes over a fresh database.
pub(in crate::primary) struct Fixture {
    pub(in crate::primary) nodes: Nodes,
    pub(in crate::primary) settings: Settings,
    pub(in crate::primary) db: Db,
    /// Removed when the fixture is.
    pub(in crate::primary) dir: tempfile::TempDir,
}

pub(in crate::primary) fn new_node(name: &str) -> NewNode {
    NewNode { name: name.to_owned(), namespace: None, base_url: String::new(), is_enabled: true }
}

pub(in crate::primary) fn sealing_key() -> SealingKey {
    SealingKey::from_hex(&"5a".repeat(32)).expect("a key")
}

impl Fixture {
    pub(in crate::primary) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let db = Db::open(&crate::db::tests::url_in(dir.path()), 2, Schema::Primary).await.expect("db");
        let settings = Settings::open(db.clone()).await.expect("settings");
        let nodes = Nodes::new(db.clone(), sealing_key(), transport::direct(), settings.clone());
        Self { nodes, settings, db, dir }
    }

    pub(in crate::primary) async fn with_public_url() -> Self {
        let fixture = Self::new().await;
        fixture.set_public_url().await;
        fixture
    }

    pub(in crate::primary) async fn set_public_url(&self) {
        self.settings.set("public_site_url", &[PUBLIC_URL.to_owned()]).await.expect("set");
    }

    /// The single value of a query.
    pub(in crate::primary) async fn text(&self, sql: &'static str) -> String {
        let row = sqlx::query(sql).fetch_one(self.db.read()).await.expect("row");
        row.try_get("value").expect("value")
    }

    /// An enrolled node whose follower is at `base_url`.
    pub(in crate::primary) async fn enrolled(&self, name: &str, base_url: &str) -> Node {
        let node =
            self.nodes.create(NewNode { base_url: base_url.into(), ..new_node(name) }).await.expect("node");
        let issued = self.nodes.issue_token(node.id, false, Timestamp::now()).await.expect("token");
        let token = issued.token.expose_secret().to_owned();
        let redeemed = self.nodes.redeem(&token, Timestamp::now()).await.expect("redeem");
        let ack = redeemed.ack_token.expose_secret().to_owned();
        self.nodes.acknowledge(&ack, Timestamp::now()).await.expect("ack");
        self.nodes.get(node.id).await.expect("node")
    }
}

/// Says what a follower of this build says about itself, with changes.
pub(in crate::primary) fn capabilities(change: impl FnOnce(&mut Capabilities)) -> Said {
    let mut document = Capabilities::of_this_build(Timestamp::now().unix_ms());
    change(&mut document);
    let envelope = crate::protocol::Envelope::of(document);
    Said::json(200, &serde_json::to_string(&envelope).expect("json"))
}

fn well(seen: &Seen) -> Said {
    if seen.target.ends_with("/capabilities") { capabilities(|_| {}) } else { Said::done() }
}

async fn class_of(script: impl Fn(&Seen) -> Said + Send + Sync + 'static) -> (Class, Node) {
    let fixture = Fixture::with_public_url().await;
    let follower = ScriptedFollower::start(script).await;
    let node = fixture.enrolled("edge", &follower.url()).await;
    let error = fixture.nodes.test(node.id).await.expect_err("unusable");
    let NodeError::Unusable(diagnosis) = error else { panic!("{error:?}") };
    let node = fixture.nodes.get(node.id).await.expect("node");
    assert_eq!(node.diagnosis.as_ref(), Some(&*diagnosis));
    assert_eq!(node.last_error, diagnosis.to_string());
    assert!(node.last_checked_at.is_some());
    (diagnosis.class, node)
}

#[test]
fn a_namespace_made_from_a_name_is_one_harmless_segment() {
    for (name, expected) in [
        ("Home Storage", "home-storage"),
        ("  ..//Edge #1!! ", "edge-1"),
        ("büro", "b-ro"),
        ("文件", "node"),
        ("a_b", "a_b"),
        (&"x".repeat(200), &"x".repeat(MAX_SLUG_BYTES)),
    ] {
        assert_eq!(slug(name), expected);
        assert!(Namespace::parse(&slug(name)).is_ok());
    }
}

#[tokio::test]
async fn names_and_namespaces_are_unique_and_the_namespace_stays() {
    let fixture = Fixture::new().await;
    let nodes = &fixture.nodes;
    let first = nodes.create(new_node(" Home Storage ")).await.expect("first");
    assert_eq!((first.name.as_str(), first.namespace.as_str()), ("Home Storage", "home-storage"));
    let second = nodes.create(new_node("home storage")).await.expect("second");
    assert_eq!(second.namespace, "home-storage-2");
    let taken = nodes.create(new_node("Home Storage")).await.expect_err("name");
    assert!(matches!(taken, NodeError::Taken { field: "name", .. }));
    let asked = NewNode { namespace: Some("home-storage".into()), ..new_node("third") };
    assert!(matches!(nodes.create(asked).await, Err(NodeError::Taken { field: "namespace", .. })));
    let moved = NodeChange { namespace: Some("elsewhere".into()), ..NodeChange::default() };
    assert!(matches!(
        nodes.change(first.id, moved).await,
        Err(NodeError::Invalid { field: "namespace", .. })
    ));
    let same = NodeChange { namespace: Some("home-storage".into()), ..NodeChange::default() };
    nodes.change(first.id, same).await.expect("the present one may be sent back");
    let clash = NodeChange { name: Some("home storage".into()), ..NodeChange::default() };
    assert!(matches!(nodes.change(first.id, clash).await, Err(NodeError::Taken { field: "name", .. })));
}

#[tokio::test]
async fn wrong_members_are_named() {
    let fixture = Fixture::new().await;
    let field = async |new: NewNode| match fixture.nodes.create(new).await {
        Err(NodeError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(new_node("  ")).await, "name");
    assert_eq!(field(new_node("a\nb")).await, "name");
    assert_eq!(field(NewNode { base_url: "host:3000".into(), ..new_node("n") }).await, "base_url");
    assert_eq!(field(NewNode { namespace: Some("../x".into()), ..new_node("n") }).await, "namespace");
    assert!(matches!(fixture.nodes.get(77).await, Err(NodeError::NotFound(77))));
}

#[tokio::test]
async fn lists_are_sorted_and_cut() {
    let fixture = Fixture::new().await;
    for name in ["b", "c", "a"] {
        fixture.nodes.create(new_node(name)).await.expect("node");
    }
    let names = async |sort, order, limit, offset| {
        let (nodes, total) = fixture.nodes.list(sort, order, limit, offset).await.expect("list");
        (nodes.into_iter().map(|node| node.name).collect::<Vec<_>>().concat(), total)
    };
    assert_eq!(names(NodeSort::Name, SortOrder::Asc, 50, 0).await, ("abc".into(), 3));
    assert_eq!(names(NodeSort::Name, SortOrder::Desc, 2, 1).await, ("ba".into(), 3));
    assert_eq!(names(NodeSort::Id, SortOrder::Desc, 50, 0).await, ("acb".into(), 3));
}

#[tokio::test]
async fn a_successful_test_keeps_what_the_follower_says() {
    let fixture = Fixture::with_public_url().await;
    let follower = ScriptedFollower::start(well).await;
    let node = fixture.enrolled("edge", &follower.url()).await;
    let tested = fixture.nodes.test(node.id).await.expect("usable");
    assert_eq!(tested.last_error, "");
    assert_eq!(tested.capabilities.expect("document").protocol_version, "v2");
    assert!(tested.latency_ms.is_some_and(|ms| ms >= 0));
    assert!(tested.clock_difference_ms.is_some_and(|ms| ms.abs() < 5_000));
    assert!(tested.last_checked_at.is_some() && tested.diagnosis.is_none());
}

#[tokio::test]
async fn a_failed_test_names_its_class_and_keeps_it() {
    assert_eq!(class_of(|_| Said::reply(200, "", "<!doctype html>")).await.0, Class::NotAFollowerHtml);
    assert_eq!(class_of(|_| Said::reply(404, "", "nothing here")).await.0, Class::NotAFollowerStatus);
    assert_eq!(class_of(|_| Said::raw("").then_hang_up()).await.0, Class::ConnectionBroken);
    let moved = |_: &Seen| Said::reply(301, "Location: https://login/?token=s\r\n", "");
    let (class, node) = class_of(moved).await;
    assert_eq!(class, Class::Redirect);
    assert!(
        node.last_error.contains("https://login/") && !node.last_error.contains("token"),
        "{}",
        node.last_error
    );
    let skewed = |_: &Seen| {
        Said::reply(401, "Date: Thu, 01 Jan 2015 00:00:00 GMT\r\n", r#"{"code":2002,"msg":"skew"}"#)
    };
    let (class, node) = class_of(skewed).await;
    assert_eq!(class, Class::ClockSkew);
    assert!(node.clock_difference_ms.is_some_and(|ms| ms < -300_000));
    let old = |_: &Seen| capabilities(|document| document.protocol_version = "v1".into());
    let (class, node) = class_of(old).await;
    assert_eq!(class, Class::VersionMismatch);
    assert!(node.capabilities.is_none(), "a document of another version is not kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_probe_saw_is_not_kept_over_what_a_later_one_did() {
    let fixture = Fixture::with_public_url().await;
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(Some(held));
    let follower = ScriptedFollower::start(move |_| {
        // The first one is answered with what was, and late.
        let held = held.lock().expect("no holder panics").take();
        let Some(held) = held else { return capabilities(|_| {}) };
        held.recv().expect("the test goes on");
        Said::json(401, r#"{"code":2008,"msg":"unknown access key"}"#)
    })
    .await;
    let id = fixture.enrolled("edge", &follower.url()).await.id;
    let nodes = fixture.nodes.clone();
    let first = tokio::spawn(async move { nodes.probe(id).await });
    while follower.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut second = std::pin::pin!(fixture.nodes.probe(id));
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut second).await;
    assert!(early.is_err(), "it waits until the first has written down what it saw");
    go_on.send(()).expect("the follower waits");
    assert!(first.await.expect("task").expect("probe").diagnosis.is_some());
    assert!(second.await.expect("probe").diagnosis.is_none());
    assert_eq!(fixture.nodes.get(id).await.expect("node").diagnosis, None);
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_refused_by_class() {
    let fixture = Fixture::new().await;
    let gone = ScriptedFollower::start(well).await.url();
    let secret = "s".to_owned().into();
    let class = async |url: &str| match fixture.nodes.test_address(url, "rn_a", &secret).await {
        Err(NodeError::Unusable(diagnosis)) => diagnosis.class,
        other => panic!("{other:?}"),
    };
    assert_eq!(class("ftp://x").await, Class::BadEndpoint);
    assert_eq!(class("http://no-such-host.invalid").await, Class::DnsFailed);
    assert_eq!(class("http://127.0.0.1:1").await, Class::ConnectionRefused);
    let follower = ScriptedFollower::start(|_| capabilities(|document| document.features.list = false)).await;
    assert_eq!(class(&follower.url()).await, Class::RequirementsMissing);
    let refused = fixture.nodes.test_address(&gone, "a b", &secret).await;
    assert!(matches!(refused, Err(NodeError::Invalid { field: "access_key", .. })));
}

#[tokio::test]
async fn a_node_that_is_not_enrolled_causes_no_traffic() {
    let fixture = Fixture::with_public_url().await;
    let follower = ScriptedFollower::start(well).await;
    let new = NewNode { base_url: follower.url(), ..new_node("edge") };
    let id = fixture.nodes.create(new).await.expect("node").id;
    assert!(matches!(fixture.nodes.test(id).await, Err(NodeError::EnrollmentRequired(_))));
    assert!(matches!(fixture.nodes.targets(id).await, Err(NodeError::EnrollmentRequired(_))));
    let disable = NodeChange { is_enabled: Some(false), ..NodeChange::default() };
    assert!(!fixture.nodes.change(id, disable).await.expect("changed").binding_pending);
    assert!(follower.seen().is_empty());
}

#[tokio::test]
async fn disabling_reaches_the_follower_before_the_change_returns() {
    let fixture = Fixture::with_public_url().await;
    let follower = ScriptedFollower::start(well).await;
    let node = fixture.enrolled("edge", &follower.url()).await;
    let disable =
        NodeChange { is_enabled: Some(false), name: Some("Edge 2".into()), ..NodeChange::default() };
    let changed = fixture.nodes.change(node.id, disable).await.expect("changed");
    assert!(!changed.binding_pending && !changed.is_enabled);
    let seen = follower.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].target.as_str()),
        ("PUT", "/api/v1/internal/storage/binding")
    );
    assert_eq!(seen[0].body, br#"{"name":"Edge 2","is_enabled":false}"#);
}

#[tokio::test]
async fn what_a_follower_was_not_told_is_shown_and_told_later() {
    let fixture = Fixture::with_public_url().await;
    let follower = ScriptedFollower::start(|_| Said::reply(502, "", "bad gateway")).await;
    let node = fixture.enrolled("edge", &follower.url()).await;
    let disable = NodeChange { is_enabled: Some(false), ..NodeChange::default() };
    let changed = fixture.nodes.change(node.id, disable).await.expect("a change is kept all the same");
    assert!(changed.binding_pending && !changed.is_enabled);
    assert!(
        changed.last_error.contains("disabled") && changed.last_error.contains("502"),
        "{}",
        changed.last_error
    );

    drop(follower);
    let (told, mut waiting) = tokio::sync::mpsc::unbounded_channel();
    let follower = ScriptedFollower::start(move |seen| {
        let _ = told.send(seen.body.clone());
        well(seen)
    })
    .await;
    let moved = sqlx::query("UPDATE nodes SET base_url = $1").bind(follower.url());
    let mut tx = fixture.db.begin().await.expect("tx");
    moved.execute(&mut *tx).await.expect("moved");
    tx.commit().await.expect("commit");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let nodes = fixture.nodes.clone();
    let background = tokio::spawn(async move {
        nodes.run_probes(async { stopped.await.unwrap_or(()) }).await;
    });
    let told =
        tokio::time::timeout(std::time::Duration::from_secs(120), waiting.recv()).await.expect("in time");
    assert_eq!(told.expect("told"), br#"{"name":"edge","is_enabled":false}"#);
    drop(stop);
    background.await.expect("stops when told to");
}

#[tokio::test]
async fn what_the_follower_says_about_a_target_reaches_the_administrator() {
    let fixture = Fixture::with_public_url().await;
    let follower = ScriptedFollower::start(|seen| match (seen.method.as_str(), &*seen.target) {
        ("POST", _) => Said::json(
            400,
            r#"{"code":1000,"msg":"base_path leaves the root","error":{"code":"managed_ingress.local_path_invalid","internal_code":"E005","subcode":"managed_ingress.local_path_invalid"}}"#,
        ),
        ("PATCH", _) => Said::json(404, r#"{"code":1001,"msg":"no such profile"}"#),
        ("DELETE", _) => Said::json(401, r#"{"code":2008,"msg":"unknown access key"}"#),
        _ => Said::json(200, r#"{"code":0,"msg":"","data":[]}"#),
    })
    .await;
    let id = fixture.enrolled("edge", &follower.url()).await.id;
    assert!(fixture.nodes.targets(id).await.expect("list").is_empty());
    let target: CreateIngressTarget =
        serde_json::from_str(r#"{"name":"n","driver_type":"local","base_path":"../x","max_file_size":0}"#)
            .expect("json");
    let refused = fixture.nodes.add_target(id, &target).await.expect_err("400");
    let NodeError::Refused { status: 400, stated } = refused else { panic!("{refused:?}") };
    assert_eq!(stated.subcode, Some(codes::INGRESS_LOCAL_PATH_INVALID.text));
    let refused = fixture.nodes.change_target(id, "igp_0", &UpdateIngressTarget::default()).await;
    assert!(matches!(refused, Err(NodeError::Refused { status: 404, .. })), "{refused:?}");
    let refused = fixture.nodes.remove_target(id, "igp_0").await;
    assert!(matches!(refused, Err(NodeError::Unusable(_))), "our credentials are no matter of the request");
    let refused = fixture.nodes.remove_target(id, "../objects").await;
    assert!(matches!(refused, Err(NodeError::TargetNotFound(_))));
}

#[tokio::test]
async fn a_node_with_storage_policies_is_not_deleted() {
    let fixture = Fixture::new().await;
    let id = fixture.nodes.create(new_node("edge")).await.expect("node").id;
    let mut tx = fixture.db.begin().await.expect("tx");
    sqlx::query(
        "INSERT INTO storage_policies (name, driver_type, base_path, node_id, max_file_size, chunk_size, is_default, \
         options, created_at, updated_at) VALUES ('Far away', 'remote', '', $1, 0, 0, 0, '{}', 0, 0)",
    )
    .bind(id)
    .execute(&mut *tx)
    .await
    .expect("policy");
    tx.commit().await.expect("commit");
    let refused = fixture.nodes.delete(id).await.expect_err("in use");
    assert!(refused.to_string().contains("Far away"), "{refused}");
    let free = fixture.nodes.create(new_node("free")).await.expect("node").id;
    fixture.nodes.delete(free).await.expect("deleted");
    assert!(matches!(fixture.nodes.get(free).await, Err(NodeError::NotFound(_))));
}
