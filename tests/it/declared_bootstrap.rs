//! A primary and its followers come up from a declaration, with nobody calling an API.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::declared::{ADMIN, Declared, PASSWORD, TOKENS, files_with, upload};
use crate::support::garage::{ACCESS_KEY, BUCKET, Garage, REGION, SECRET_KEY};
use crate::support::primary::{self, Primary, login};
use crate::support::process::{Process, run};
use crate::support::wait;

/// Everything the installation consists of, as the API shows it, without what changes by itself.
async fn picture(admin: &Client) -> Value {
    let items = async |path: &str, members: &[&str]| {
        let list = admin.get(path).await.data()["items"].clone();
        let pick = |item: &Value| members.iter().map(|member| item[*member].clone()).collect::<Vec<_>>();
        json!(list.as_array().expect("items").iter().map(pick).collect::<Vec<_>>())
    };
    json!({
        "nodes": items("/api/v1/admin/remote-nodes", &["id", "name", "namespace", "base_url", "enrollment_status"]).await,
        "policies": items("/api/v1/admin/policies", &["id", "name", "remote_node_id", "base_path", "options"]).await,
        "groups": items("/api/v1/admin/policy-groups", &["id", "name", "is_default", "items"]).await,
        "users": items("/api/v1/admin/users", &["id", "username", "role", "policy_group_id"]).await,
        "site": admin.get("/api/v1/admin/config/public_site_url").await.data()["value"],
    })
}

#[tokio::test]
async fn a_declared_installation_comes_up_and_a_users_file_lies_on_the_first_follower() {
    let declared = Declared::new();
    let primary = declared.start_primary();
    let admin = declared.log_in(&primary).await;
    let form = Form::new().part("file", Part::bytes(&b"early"[..]).file_name("early.txt"));
    let early =
        admin.request(Method::POST, "/api/v1/files/upload").multipart(form).send().await.expect("reply");
    assert_eq!(early.status(), 412, "nothing is kept where it was not declared to go");
    let followers = [declared.start_follower(0), declared.start_follower(1)];
    let state = declared.satisfied(&admin).await;
    assert_eq!(state["declared"], true);
    let kinds: Vec<&str> = state["steps"].as_array().expect("steps").iter().map(kind).collect();
    let count = |kind: &str| kinds.iter().filter(|found| **found == kind).count();
    assert_eq!((count("administrator"), count("public_site_url"), count("node")), (1, 1, 2), "{state}");
    assert_eq!((count("target"), count("policy"), count("group"), count("default_group")), (2, 2, 1, 1));

    let new = json!({"username": "anna", "email": "anna@example.com", "password": "anna's password"});
    admin.post("/api/v1/admin/users", new).await.data();
    for (user, password) in [("anna", "anna's password"), (ADMIN, PASSWORD)] {
        let before = declared.objects(0, "one").len();
        let client = login(&declared.primary_at.url(), user, password).await;
        upload(&client, "hello.txt", b"hello").await;
        assert_eq!(declared.objects(0, "one").len(), before + 1, "{user}");
    }
    assert!(declared.objects(1, "follower-2").is_empty());
    for process in followers.iter().chain([&primary]) {
        process.line("startup complete").await;
        assert!(!process.kernel_environment().contains("ASTER_BOOTSTRAP_"));
    }
    no_secret_in_logs(followers.iter().chain([&primary]));
}

fn kind(step: &Value) -> &str {
    step["kind"].as_str().expect("kind")
}

fn no_secret_in_logs<'a>(processes: impl Iterator<Item = &'a Process>) {
    for process in processes {
        let output = process.output();
        for secret in [PASSWORD, TOKENS[0], TOKENS[1]] {
            assert!(!output.contains(secret), "{secret} in:\n{output}");
        }
    }
}

#[tokio::test]
async fn a_second_start_with_the_same_variables_changes_nothing() {
    let declared = Declared::new();
    let mut primary = declared.start_primary();
    let _followers = [declared.start_follower(0), declared.start_follower(1)];
    let admin = declared.log_in(&primary).await;
    let steps = declared.satisfied(&admin).await;
    let before = picture(&admin).await;
    let audited = admin.get("/api/v1/admin/audit-logs?action=create").await.data()["total"].clone();
    primary.stop().await;

    let primary = declared.start_primary();
    let admin = declared.log_in(&primary).await;
    assert_eq!(declared.satisfied(&admin).await, steps, "also the times");
    assert_eq!(picture(&admin).await, before);
    assert_eq!(admin.get("/api/v1/admin/audit-logs?action=create").await.data()["total"], audited);
}

#[tokio::test]
async fn what_an_administrator_changed_survives_a_start_with_the_variables() {
    let declared = Declared::new();
    let mut primary = declared.start_primary();
    let _followers = [declared.start_follower(0), declared.start_follower(1)];
    let admin = declared.log_in(&primary).await;
    declared.satisfied(&admin).await;
    let id_of = async |path: &str, name: &str| {
        let list = admin.get(path).await.data()["items"].clone();
        let found = list.as_array().expect("items").iter().find(|item| item["name"] == name).cloned();
        found.unwrap_or_else(|| panic!("{name} in {list}"))["id"].as_i64().expect("id")
    };
    let (nodes, groups) = ("/api/v1/admin/remote-nodes", "/api/v1/admin/policy-groups");
    let first = id_of(nodes, "follower-1").await;
    admin.patch(&format!("{nodes}/{first}"), json!({"name": "attic", "is_enabled": false})).await.data();
    let local = id_of(groups, "Default Policy Group").await;
    admin.patch(&format!("{groups}/{local}"), json!({"is_default": true})).await.data();
    let everyone = id_of(groups, "everyone").await;
    let second = id_of("/api/v1/admin/policies", "follower-2").await;
    let rules = json!([{"policy_id": id_of("/api/v1/admin/policies", "follower-1").await, "priority": 7}]);
    admin.patch(&format!("{groups}/{everyone}"), json!({"items": rules})).await.data();
    admin.delete(&format!("/api/v1/admin/policies/{second}")).await.data();
    let second = id_of(nodes, "follower-2").await;
    let targets = format!("{nodes}/{second}/ingress-profiles");
    let key = admin.get(&targets).await.data()[0]["profile_key"].as_str().expect("key").to_owned();
    admin.delete(&format!("{targets}/{key}")).await.data();
    admin.delete("/api/v1/admin/config/public_site_url").await.data();
    let changed = picture(&admin).await;
    primary.stop().await;

    let primary = declared.start_primary();
    let admin = declared.log_in(&primary).await;
    declared.satisfied(&admin).await;
    assert_eq!(picture(&admin).await, changed);
    assert_eq!(admin.get(&targets).await.data(), &json!([]));
}

#[tokio::test]
async fn a_kill_at_any_moment_and_a_start_without_the_variables_still_end_satisfied() {
    // Before the notes are written, when they are, when it serves, and when pieces of the second phase are done.
    let before = "made data/config.toml";
    let pieces =
        ["ingress target `data` of node `follower-1` is made", "storage policy `follower-1` is made"];
    for moment in [before, "node `follower-2` is made", "startup complete", pieces[0], pieces[1]] {
        let declared = Declared::new();
        let mut primary = declared.start_primary();
        let follower = declared.start_follower(0);
        primary.line(moment).await;
        primary.kill().await;
        // What was not noted needs the variables once more.
        let noted = moment != before;
        let primary = if noted { declared.start_plain_primary() } else { declared.start_primary() };
        let admin = declared.log_in(&primary).await;
        let other = declared.start_follower(1);
        declared.satisfied(&admin).await;
        upload(&admin, "after.txt", b"after the kill").await;
        assert_eq!(declared.objects(0, "one").len(), 1, "{moment}");
        no_secret_in_logs([&primary, &follower, &other].into_iter());
    }
}

#[tokio::test]
async fn a_follower_that_is_away_holds_up_only_what_needs_it() {
    let declared = Declared::new();
    let primary = declared.start_primary();
    let _first = declared.start_follower(0);
    let admin = declared.log_in(&primary).await;
    // A step is open before its reason is known, and the reason changes with what else gets done.
    let reasons = [
        "waits for the follower of node `follower-2` to enroll",
        "waits for the follower of node `follower-2` to enroll",
        "waits for storage policy `follower-2`",
        "waits for policy group `everyone`",
    ];
    wait::until_equal("only what needs the second follower is open", &reasons, async || {
        let state = admin.get("/api/v1/admin/bootstrap").await.data().clone();
        let steps = state["steps"].as_array().expect("steps").clone();
        let open = steps.into_iter().filter(|step| step["state"] != "done");
        open.map(|step| step["message"].as_str().expect("message").to_owned()).collect::<Vec<_>>()
    })
    .await;
    let _second = declared.start_follower(1);
    declared.satisfied(&admin).await;
}

#[tokio::test]
async fn secrets_are_kept_sealed_and_only_as_long_as_they_are_needed() {
    let declared = Declared::new();
    let bucket = r#"
[[nodes.targets]]
name = "bucket"
driver_type = "s3"
endpoint = "http://127.0.0.1:9"
bucket = "aster"
access_key = "the-access-key-of-the-bucket"
secret_key_file = "secret-key"
"#;
    declared.write_secret("secret-key", "the-secret-key-of-the-bucket");
    declared.write(&declared.file(bucket));
    let primary = declared.start_primary();
    declared.log_in(&primary).await;
    let data = declared.primary_home.path().join("data");
    for secret in
        ["the-access-key-of-the-bucket", "the-secret-key-of-the-bucket", PASSWORD, TOKENS[0], TOKENS[1]]
    {
        assert_eq!(files_with(&data, secret), Vec::<std::path::PathBuf>::new(), "{secret}");
        assert!(!primary.kernel_environment().contains(secret) && !primary.output().contains(secret));
    }
}

#[tokio::test]
async fn a_bucket_from_secret_files_takes_the_objects_once_it_can_be_reached() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let declared = Declared::new();
    let endpoint = garage.endpoint();
    let bucket = format!(
        r#"
[[nodes.targets]]
name = "bucket"
driver_type = "s3"
endpoint = "{endpoint}"
bucket = "{BUCKET}"
region = "{REGION}"
is_default = true
access_key_file = "access-key"
secret_key_file = "secret-key"
"#
    );
    let text = declared.file("").replace(
        "\n[[nodes]]\nname = \"follower-2\"",
        &format!("{bucket}\n[[nodes]]\nname = \"follower-2\""),
    );
    declared.write(&text);
    declared.write_secret("access-key", ACCESS_KEY);
    declared.write_secret("secret-key", &format!("{SECRET_KEY}\n"));
    let primary = declared.start_primary();
    let followers = [declared.start_follower(0), declared.start_follower(1)];
    let admin = declared.log_in(&primary).await;
    declared.satisfied(&admin).await;
    let file = upload(&admin, "in-the-bucket.txt", b"in the bucket").await;
    assert!(declared.objects(0, "one").is_empty() && declared.objects(1, "follower-2").is_empty());
    let path = format!("/api/v1/files/{}/download", file["id"]);
    let reply = admin.request(reqwest::Method::GET, &path).send().await.expect("reply");
    assert_eq!(reply.bytes().await.expect("body"), &b"in the bucket"[..]);
    for process in followers.iter().chain([&primary]) {
        assert!(!process.output().contains(SECRET_KEY), "{}", process.output());
    }
}

#[tokio::test]
async fn a_missing_password_is_generated_and_shown_once() {
    let declared = Declared::new();
    let mut environment = declared.plain_environment();
    environment.insert("ASTER_BOOTSTRAP_PUBLIC_SITE_URL".into(), declared.primary_at.url());
    environment.insert("ASTER__LOGGING__LEVEL".into(), "error".into());
    let home = declared.primary_home.path();
    let mut primary = Process::start(home, &[], &environment);
    let line = primary.line("GENERATED PASSWORD").await;
    let password =
        line.split("`admin`: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect(&line);
    let url = declared.primary_at.url();
    wait::until("the primary serves", async || reqwest::get(format!("{url}/health")).await.ok()).await;
    login(&url, "admin", password).await;
    assert_eq!(files_with(&home.join("data"), password), Vec::<std::path::PathBuf>::new());
    primary.stop().await;
    environment.remove("ASTER__LOGGING__LEVEL");
    let primary = Process::start(home, &[], &environment);
    primary.address().await;
    assert!(!primary.output().contains("GENERATED"), "{}", primary.output());
    login(&url, "admin", password).await;
}

#[tokio::test]
async fn a_declared_administrator_is_not_made_where_there_is_one() {
    let declared = Declared::new();
    let home = declared.primary_home.path();
    let mut by_hand =
        Primary::start_with(home, &primary::environment(declared.primary_at.address.port())).await;
    by_hand.process.stop().await;
    let primary = declared.start_primary();
    primary.line("there is a user already, so the declared administrator was not made").await;
    primary.address().await;
    let admin = login(&declared.primary_at.url(), primary::ADMIN, primary::PASSWORD).await;
    assert_eq!(admin.get("/api/v1/admin/users").await.data()["total"], 1);
}

#[tokio::test]
async fn a_new_entry_of_a_later_file_is_made_and_an_unfinished_one_that_is_gone_is_forgotten() {
    let declared = Declared::new();
    let whole = declared.file("");
    let (first, rest) = whole.split_once("[[nodes]]\nname = \"follower-2\"").expect("two nodes");
    let [_, policies] = rest.split_once("[[policies]]").map(|(a, b)| [a, b]).expect("policies");
    let (policy, _) = policies.split_once("[[policies]]").expect("two policies");
    let spare = "[[policies]]\nname = \"spare\"\ndriver_type = \"remote\"\nnode = \"follower-1\"\n";
    declared.write(&format!("{first}[[policies]]{policy}{spare}"));
    let mut primary = declared.start_primary();
    let admin = declared.log_in(&primary).await;
    assert_eq!(admin.get("/api/v1/admin/remote-nodes").await.data()["total"], 1);
    primary.stop().await;

    declared.write(&whole);
    let primary = declared.start_primary();
    let _followers = [declared.start_follower(0), declared.start_follower(1)];
    let admin = declared.log_in(&primary).await;
    let state = declared.satisfied(&admin).await;
    assert!(!state.to_string().contains("spare"), "{state}");
    assert_eq!(admin.get("/api/v1/admin/remote-nodes").await.data()["total"], 2);
}

#[tokio::test]
async fn every_mistake_of_a_bootstrap_file_is_reported_at_once() {
    let declared = Declared::new();
    let text = declared.file("").replace("namespace = \"one\"", "namespcae = \"one\"\ncolour = 3");
    let text = text.replace(&format!("token = \"{}\"", TOKENS[1]), &format!("token = \"{}\"", TOKENS[0]));
    let text = text.replace("node = \"follower-2\"", "node = \"follower-3\"").replace("priority = 2", "");
    declared.write(&text);
    let mut environment = declared.environment();
    environment.insert("ASTER_BOOTSTRAP_ADMIN_PASSWORD".into(), PASSWORD.into());
    environment.insert("ASTER__SERVER__PORT".into(), "many".into());
    let (code, output) = run(declared.primary_home.path(), &[], &environment).await;
    assert_eq!(code, Some(78), "{output}");
    for part in [
        "there are 7 mistakes",
        "nodes[0].namespcae   (from bootstrap.toml, line 4)\n      no such key; did you mean namespace?",
        "nodes[0].colour   (from bootstrap.toml, line 5)\n      no such key; there are: ",
        "nodes[1].token   (from bootstrap.toml, line ",
        "node \"follower-1\" has the same token",
        "policies[1].node = \"follower-3\"",
        "groups[0].rules[1].priority",
        "ASTER_BOOTSTRAP_ADMIN_PASSWORD is set as well; keep one of the two",
        "server.port = \"many\"",
    ] {
        assert!(output.contains(part), "{part}\n---\n{output}");
    }
    assert!(!output.contains(TOKENS[0]) && !output.contains(PASSWORD), "{output}");
    assert!(!declared.primary_home.path().join("data").exists(), "nothing is written");
}

#[tokio::test]
async fn what_makes_no_sense_to_the_primary_is_refused_before_anything_is_written() {
    let declared = Declared::new();
    let text = declared.file("").replace("namespace = \"one\"", "namespace = \"../one\"");
    let text = text
        .replace(&declared.followers_at[1].url(), "follower-2:3000")
        .replace("priority = 2", "priority = 1");
    declared.write(&text);
    let mut environment = declared.environment();
    environment.insert("ASTER_BOOTSTRAP_ADMIN_USERNAME".into(), "x".into());
    environment.insert("ASTER_BOOTSTRAP_PUBLIC_SITE_URL".into(), "drive.example.org/path".into());
    let (code, output) = run(declared.primary_home.path(), &[], &environment).await;
    assert_eq!(code, Some(78), "{output}");
    for part in [
        "5 mistakes",
        "username must have",
        "drive.example.org/path",
        "nodes[0].namespace",
        "nodes[1].base_url",
        "groups[0]: rules[1].priority",
    ] {
        assert!(output.contains(part), "{part}\n---\n{output}");
    }
    environment.extend(declared.environment());
    declared.write(&declared.file(""));
    environment.remove("ASTER_BOOTSTRAP_PUBLIC_SITE_URL");
    let (code, output) = run(declared.primary_home.path(), &[], &environment).await;
    assert_eq!(code, Some(78), "{output}");
    assert!(output.contains("ASTER_BOOTSTRAP_PUBLIC_SITE_URL is missing"), "{output}");
}

#[tokio::test]
async fn each_role_refuses_the_variables_of_the_other() {
    let declared = Declared::new();
    let mut environment = declared.environment();
    environment.insert("ASTER__SERVER__START_MODE".into(), "follower".into());
    let (code, output) = run(declared.primary_home.path(), &[], &environment).await;
    assert_eq!(code, Some(78), "{output}");
    for part in
        ["ASTER_BOOTSTRAP_ADMIN_USERNAME", "ASTER_BOOTSTRAP_FILE", "server.start_mode is \"follower\""]
    {
        assert!(output.contains(part), "{part}\n---\n{output}");
    }
}

#[tokio::test]
async fn the_audit_trail_tells_the_declared_bootstrap_from_an_administrator() {
    let declared = Declared::new();
    let primary = declared.start_primary();
    let _followers = [declared.start_follower(0), declared.start_follower(1)];
    let admin = declared.log_in(&primary).await;
    declared.satisfied(&admin).await;
    let trail = async |query: &str| {
        let page = admin.get(&format!("/api/v1/admin/audit-logs?{query}")).await.data().clone();
        (page["total"].as_i64().expect("total"), page["items"].clone())
    };
    let (_, entries) = trail("limit=100").await;
    let by_itself = |entry: &&Value| entry["user_id"].is_null() && entry["ip_address"] == "";
    let made = entries.as_array().expect("items").iter().filter(by_itself);
    assert_eq!(made.count(), 10, "{entries}");
    for (action, times) in [("redeem", 2), ("enroll", 2), ("login", 1)] {
        let (total, entries) = trail(&format!("action={action}")).await;
        assert_eq!((total, &entries[0]["ip_address"]), (times, &json!("127.0.0.1")), "{action}");
    }

    let node = json!({"name": "by-hand", "base_url": ""});
    let id = admin.post("/api/v1/admin/remote-nodes", node).await.data()["id"].clone();
    admin.delete(&format!("/api/v1/admin/remote-nodes/{id}")).await.data();
    let (total, entries) = trail(&format!("entity_type=node&entity_id={id}")).await;
    let what: Vec<&Value> = entries.as_array().expect("items").iter().map(|entry| &entry["action"]).collect();
    assert_eq!((total, what), (2, vec![&json!("delete"), &json!("create")]), "the newest first");
    assert_eq!((&entries[0]["entity_name"], entries[0]["user_id"].is_i64()), (&json!("by-hand"), true));
    assert_eq!(trail("action=create&entity_type=policy&limit=1").await.0, 2);
    assert_eq!(trail("before=2020-01-01T00:00:00Z").await.0, 0);
}
