//! `scripts/backup` and `scripts/restore` beside real servers: what was acknowledged comes back whole, and nothing is
//! put over something else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::enrolled::Enrolled;
use crate::support::follower::{self, Follower};
use crate::support::pair::{Pair, id};
use crate::support::primary::Primary;
use crate::support::random::Random;
use crate::support::wait;

/// How a script ended: exit code and what it said.
struct Ended {
    code: i32,
    said: String,
}

async fn script(name: &str, arguments: &[&Path]) -> Ended {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name));
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("task").expect("script");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ended { code: output.status.code().unwrap_or(-1), said }
}

async fn done(name: &str, arguments: &[&Path]) -> String {
    let ended = script(name, arguments).await;
    assert_eq!(ended.code, 0, "{name}: {}", ended.said);
    ended.said
}

/// What tells the scripts of the database of a primary in `home`, when that is on a server.
fn database_arguments(home: &Path) -> Vec<String> {
    database::url_for(home).map(|url| vec!["--database".to_owned(), url]).unwrap_or_default()
}

fn flag(text: &str) -> &Path {
    Path::new(text)
}

/// All files and directories below `directory`.
fn everything(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("directory") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

/// A file that was acknowledged.
#[derive(Debug, Clone)]
struct Stored {
    file: i64,
    sha256: String,
}

async fn store(client: &Client, name: String, bytes: Vec<u8>) -> Stored {
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let form = Form::new().part("file", Part::bytes(bytes).file_name(name));
    let request = client.request(Method::POST, "/api/v1/files/upload").multipart(form);
    let answer = Answer::read(request.send().await.expect("reply")).await;
    Stored { file: id(answer.data()), sha256 }
}

/// People who upload until told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    stored: Arc<AtomicUsize>,
    people: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(client: &Client) -> Self {
        let (stop, stored) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let people = (0..3)
            .map(|person| {
                let (client, stop, stored) = (client.clone(), Arc::clone(&stop), Arc::clone(&stored));
                tokio::spawn(async move {
                    let mut random = Random::new(person);
                    for number in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let length = random.within(1, 900_000) as usize;
                        store(&client, format!("load-{person}-{number}"), vec![person as u8; length]).await;
                        stored.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        Self { stop, stored, people }
    }

    async fn goes_on(&self) {
        let before = self.stored.load(Ordering::Relaxed);
        wait::until("another upload", async || {
            (self.stored.load(Ordering::Relaxed) > before + 3).then_some(())
        })
        .await;
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for person in self.people {
            person.await.expect("each upload beside a backup is acknowledged");
        }
    }
}

#[tokio::test]
async fn every_file_acknowledged_before_the_backup_is_whole_after_wipe_and_restore() {
    let mut pair = Pair::start().await;
    let admin = pair.primary.admin.clone();
    let mut known = Vec::new();
    for (number, length) in [0, 1, 70_000, 300_000, 5_000_000].into_iter().enumerate() {
        let mut random = Random::new(number as u64);
        let bytes = (0..length).map(|_| random.number() as u8).collect();
        known.push(store(&admin, format!("known-{number}"), bytes).await);
    }
    let load = Load::start(&admin);
    load.goes_on().await;

    let shelf = TempDir::new().expect("dir");
    let (of_primary, of_follower) = (shelf.path().join("primary"), shelf.path().join("follower"));
    let (primary_data, follower_data) =
        (pair.primary_home.path().join("data"), pair.follower_home.path().join("data"));
    let server = database_arguments(pair.primary_home.path());
    let server: Vec<&Path> = server.iter().map(|argument| flag(argument)).collect();
    done("backup", &[&server[..], &[&primary_data, &of_primary]].concat()).await;
    load.goes_on().await;
    done("backup", &[&follower_data, &of_follower]).await;
    load.goes_on().await;
    load.stop().await;
    for backup in [&of_primary, &of_follower] {
        let secrets = std::fs::metadata(backup.join("data/config.toml")).expect("config.toml");
        assert_eq!(secrets.permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(backup).expect("backup").permissions().mode() & 0o777, 0o700);
        let unfinished: Vec<_> =
            everything(backup).into_iter().filter(|path| path.ends_with(".aster-tmp")).collect();
        assert!(unfinished.is_empty(), "{unfinished:?}");
    }

    let (primary_port, follower_port) = (pair.primary.address().port(), pair.follower.port());
    pair.primary.process.kill().await;
    pair.follower.process.kill().await;
    for (backup, data) in [(&of_primary, &primary_data), (&of_follower, &follower_data)] {
        std::fs::remove_dir_all(data).expect("wipe");
        let server = if backup == &of_primary { &server[..] } else { &[] };
        if let [_, _] = server {
            let full = script("restore", &[server, &[backup, data]].concat()).await;
            assert_eq!(full.code, 78, "{}", full.said);
            assert!(full.said.contains("tables; give an empty one") && !data.exists(), "{}", full.said);
            database::wipe(pair.primary_home.path());
            let lost = script("restore", &[backup, data]).await;
            assert!(lost.code == 2 && lost.said.contains("--database postgres://"), "{}", lost.said);
        }
        done("restore", &[server, &[backup, data]].concat()).await;
        assert!(!data.join("database.dump").exists());
    }
    let follower = Follower::start(pair.follower_home.path(), follower_port).await;
    follower.ready().await;
    let primary = Primary::start_again(pair.primary_home.path(), primary_port).await;
    for stored in &known {
        let path = format!("/api/v1/files/{}/download", stored.file);
        let reply = primary.admin.request(Method::GET, &path).send().await.expect("reply");
        assert_eq!(reply.status(), 200, "{stored:?}");
        assert_eq!(hex::encode(Sha256::digest(reply.bytes().await.expect("body"))), stored.sha256);
    }
    let test = format!("/api/v1/admin/remote-nodes/{}/test", pair.node);
    primary.admin.post(&test, json!({})).await.data();
    store(&primary.admin, "afterwards".into(), b"more".to_vec()).await;
}

#[tokio::test]
async fn a_restore_of_sqlite_refuses_a_running_server_and_a_directory_that_is_not_empty() {
    let home = TempDir::new().expect("dir");
    let mut primary = Primary::start(home.path()).await;
    let (data, backup) = (home.path().join("data"), home.path().join("backup"));
    done("backup", &[&data, &backup]).await;

    let running = script("restore", &[flag("--force"), &backup, &data]).await;
    assert_eq!(running.code, 75, "{}", running.said);
    assert!(running.said.contains("stop it first"), "{}", running.said);
    primary.admin.get("/api/v1/auth/me").await.data();

    primary.process.kill().await;
    let full = script("restore", &[&backup, &data]).await;
    assert_eq!(full.code, 78, "{}", full.said);
    assert!(full.said.contains("is not empty") && full.said.contains("--force"), "{}", full.said);

    std::fs::write(data.join("mine"), "kept").expect("write");
    done("restore", &[flag("--force"), &backup, &data]).await;
    let mine: Vec<_> = everything(&data).into_iter().filter(|path| path.ends_with("mine")).collect();
    assert!(mine.len() == 1 && mine[0] != data.join("mine"), "moved away, not removed: {mine:?}");
    Primary::start_again(home.path(), 0).await;
}

#[tokio::test]
async fn a_damaged_backup_of_sqlite_is_refused_with_the_name_of_the_file_and_nothing_is_written() {
    let home = TempDir::new().expect("dir");
    let mut primary = Primary::start(home.path()).await;
    store(&primary.admin, "f".into(), b"content".to_vec()).await;
    primary.process.stop().await;
    let data = home.path().join("data");
    let object = everything(&data.join("uploads")).into_iter().find(|path| path.is_file()).expect("object");
    let object = object.strip_prefix(home.path()).expect("below home").to_owned();

    type Damage = fn(&Path);
    let damages: [(&Path, Damage, &str); 4] = [
        (&object, |path| std::fs::write(path, "CONTENT").expect("write"), object.to_str().expect("text")),
        (flag("data/config.toml"), |path| std::fs::remove_file(path).expect("remove"), "data/config.toml"),
        (flag("data.sha256"), |path| std::fs::write(path, "").expect("write"), "data.sha256"),
        (flag("ABOUT"), |path| std::fs::remove_file(path).expect("remove"), "ABOUT"),
    ];
    for (number, (file, damage, named)) in damages.into_iter().enumerate() {
        let backup = home.path().join(format!("backup-{number}"));
        let target = home.path().join(format!("target-{number}"));
        done("backup", &[&data, &backup]).await;
        done("restore", &[flag("--verify"), &backup]).await;
        damage(&backup.join(file));
        let refused = script("restore", &[&backup, &target]).await;
        assert_eq!(refused.code, 78, "{}", refused.said);
        assert!(refused.said.contains(named), "{named} in: {}", refused.said);
        assert!(!target.exists(), "nothing was written");
        assert_eq!(script("restore", &[flag("--verify"), &backup]).await.code, 78);
    }
}

#[tokio::test]
async fn a_dry_run_tells_what_there_is_and_writes_nothing() {
    let pair = Pair::start().await;
    store(&pair.primary.admin, "f".into(), vec![7; 3_000_000]).await;
    let data = pair.follower_home.path().join("data");
    let shelf = TempDir::new().expect("dir");
    let said = done("backup", &[flag("--dry-run"), &data, &shelf.path().join("b")]).await;
    assert!(said.contains("follower at") && said.contains("its server runs"), "{said}");
    assert!(said.contains(" 3 MiB"), "{said}");
    assert!(everything(shelf.path()).is_empty());

    done("backup", &[&data, &shelf.path().join("b")]).await;
    done("restore", &[flag("--dry-run"), &shelf.path().join("b"), &shelf.path().join("t")]).await;
    assert!(!shelf.path().join("t").exists());
    let again = script("backup", &[&data, &shelf.path().join("b")]).await;
    assert_eq!(again.code, 78, "an earlier backup is not written over: {}", again.said);
}

#[tokio::test]
async fn objects_outside_the_data_directory_are_asked_for_and_come_back() {
    let (disk, shelf) = (TempDir::new().expect("dir"), TempDir::new().expect("dir"));
    let root = disk.path().join("objects");
    std::fs::create_dir(&root).expect("directory");
    let variable = ("ASTER__SERVER__FOLLOWER__MANAGED_INGRESS_LOCAL_ROOT", root.to_str().expect("text"));
    let mut enrolled = Enrolled::with(&[variable]).await;
    enrolled.put("files/a", "content").await.data();
    let (data, backup) = (enrolled.home.path().join("data"), shelf.path().join("backup"));

    let refused = script("backup", &[&data, &backup]).await;
    assert_eq!(refused.code, 78, "{}", refused.said);
    assert!(refused.said.contains("'default'") && refused.said.contains("--objects"), "{}", refused.said);
    done("backup", &[flag("--objects"), &root, &data, &backup]).await;

    enrolled.follower.process.kill().await;
    std::fs::remove_dir_all(&data).expect("wipe");
    std::fs::remove_dir_all(&root).expect("wipe");
    assert_eq!(script("restore", &[&backup, &data]).await.code, 2, "the place of the objects is missing");
    done("restore", &[flag("--objects"), &root, &backup, &data]).await;
    enrolled.start_again().await;
    assert_eq!(enrolled.list().await, ["files/a"]);
}

#[tokio::test]
async fn a_follower_whose_volume_is_lost_and_has_no_backup_comes_back_as_a_new_node() {
    let mut pair = Pair::start().await;
    let admin = pair.primary.admin.clone();
    let lost = store(&admin, "lost".into(), b"lost".to_vec()).await;
    let port = pair.follower.port();
    pair.follower.process.kill().await;
    std::fs::remove_dir_all(pair.follower_home.path().join("data")).expect("wipe");

    pair.primary.patch_node(pair.node, json!({"is_enabled": false})).await;
    let node = pair.primary.create_node("edge-2", "home-2", &pair.follower.url).await;
    let token = pair.primary.token(node).await;
    let environment = follower::bootstrap_environment(port, &pair.primary.url, &token);
    pair.follower = Follower::start_with(pair.follower_home.path(), &environment).await;
    pair.follower.ready().await;
    let path = format!("/api/v1/admin/remote-nodes/{node}");
    admin.post(&format!("{path}/test"), json!({})).await.data();
    let target = json!({"driver_type": "local", "name": "t", "base_path": "default", "max_file_size": 0});
    assert_eq!(admin.post(&format!("{path}/ingress-profiles"), target).await.data()["last_error"], "");
    let policy = json!({"name": "Remote 2", "driver_type": "remote", "remote_node_id": node});
    let policy = id(admin.post("/api/v1/admin/policies", policy).await.data());
    let rules = json!([{"policy_id": policy, "priority": 1, "min_file_size": 0, "max_file_size": 0}]);
    admin.patch(&format!("/api/v1/admin/policy-groups/{}", pair.group), json!({"items": rules})).await.data();

    let stored = store(&admin, "new".into(), b"new".to_vec()).await;
    let path = format!("/api/v1/files/{}/download", stored.file);
    let reply = admin.request(Method::GET, &path).send().await.expect("reply");
    assert_eq!(reply.bytes().await.expect("body").as_ref(), b"new");
    let path = format!("/api/v1/files/{}", lost.file);
    assert_eq!(admin.get(&path).await.data()["name"], "lost", "listed until it is deleted");
    admin.delete(&path).await.data();
    assert_eq!(admin.get(&path).await.status, 404);
}
