//! The acceptance walk (primary spec §2.11) as one script over HTTP against real processes: from an empty primary and a
//! follower that is enrolled by the command that the primary gives, through everything that a user and a team do with their
//! files, relayed and past the primary, to a node that is switched off.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::follower::{self, Follower};
use crate::support::pair::id;
use crate::support::primary::{PASSWORD, Primary, login};
use crate::support::process::run;
use crate::support::reserved::Reserved;
use crate::support::wait;

const API: &str = "/api/v1";
const NAMESPACE: &str = "home";
const CHUNK: usize = 1024 * 1024;
const LARGE: usize = 3 * CHUNK + 4321;
const SHARE_PASSWORD: &str = "open sesame";

/// Bytes that differ everywhere, so that a swapped or repeated piece shows.
fn content(seed: u64, length: usize) -> Vec<u8> {
    (seed << 32..).flat_map(|n| Sha256::digest(n.to_le_bytes())).take(length).collect()
}

fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(400, 200, |x, y| image::Rgb([x as u8, y as u8, 7]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

/// What was set up, and by whom.
struct Site {
    primary: Primary,
    follower: Follower,
    node: i64,
    policy: i64,
    group: i64,
    homes: [TempDir; 2],
}

/// Somebody in a space: the own one, or a team's.
struct Visit<'a> {
    client: &'a Client,
    /// What stands before the paths of this space.
    base: String,
    presigned: bool,
    /// The follower's directory of objects.
    root: PathBuf,
}

#[tokio::test]
async fn the_whole_walk_relayed_and_past_the_primary_for_a_user_and_a_team() {
    let site = set_up().await;
    let (alice, team) = users_and_team(&site).await;
    let (member, team) = team;
    for (mode, presigned) in [("relay_stream", false), ("presigned", true)] {
        let options = json!({"remote_upload_strategy": mode, "remote_download_strategy": mode});
        let policy = format!("{API}/admin/policies/{}", site.policy);
        let change = json!({"chunk_size": CHUNK, "options": options});
        site.primary.admin.patch(&policy, change).await.data();
        site.primary.admin.post(&format!("{policy}/test"), json!({})).await.data();
        let root = site.follower.objects("default", NAMESPACE);
        let own = Visit { client: &alice, base: API.to_owned(), presigned, root: root.clone() };
        let teams = Visit { client: &member, base: format!("{API}/teams/{team}"), presigned, root };
        for visit in [own, teams] {
            visit.everything(&site.primary).await;
        }
    }
    a_team_uses_its_own_group(&site, &member).await;
    site.primary.admin.post(&format!("{API}/admin/remote-nodes/{}/test", site.node), json!({})).await.data();
    a_disabled_node(&site, &alice).await;
}

/// Setup to group: what an administrator does.
async fn set_up() -> Site {
    let homes = [(); 2].map(|()| TempDir::new().expect("dir"));
    // Setup, login, the public address.
    let primary = Primary::start(homes[0].path()).await;
    let admin = &primary.admin;
    let reserved = Reserved::new();
    let address = reserved.url();
    let new = json!({"name": "edge", "namespace": NAMESPACE, "base_url": address});
    let node = id(admin.post(&format!("{API}/admin/remote-nodes"), new).await.data());
    let path = format!("{API}/admin/remote-nodes/{node}");
    assert_eq!(admin.get(&path).await.data()["enrollment_status"], "not_started");
    enroll(&primary, &path, homes[1].path()).await;
    let follower = Follower::start(homes[1].path(), reserved.address.port()).await;
    follower.ready().await;
    assert_eq!(admin.get(&path).await.data()["enrollment_status"], "completed");

    let tested = admin.post(&format!("{path}/test"), json!({})).await.data().clone();
    assert_eq!(tested["capabilities"]["protocol_version"], "v2", "{tested}");
    assert_eq!(tested["capabilities"]["features"]["compose"], true, "{tested}");
    let target = json!({"driver_type": "local", "name": "default-local", "base_path": "default",
                        "max_file_size": 0, "is_default": true});
    let target = admin.post(&format!("{path}/ingress-profiles"), target).await.data().clone();
    assert_eq!((&target["last_error"], &target["is_default"]), (&json!(""), &json!(true)));

    let policy = json!({"name": "Remote", "driver_type": "remote", "remote_node_id": node, "base_path": "store",
        "options": {"remote_upload_strategy": "relay_stream", "remote_download_strategy": "relay_stream"}});
    let policy = id(admin.post(&format!("{API}/admin/policies"), policy).await.data());
    admin.post(&format!("{API}/admin/policies/{policy}/test"), json!({})).await.data();
    let rules = json!([{"policy_id": policy, "priority": 1, "min_file_size": 0, "max_file_size": 0}]);
    let group = json!({"name": "Remote Test Group", "items": rules});
    let group = id(admin.post(&format!("{API}/admin/policy-groups"), group).await.data());
    Site { primary, follower, node, policy, group, homes }
}

/// Runs the command that the primary gives, in the follower's directory.
async fn enroll(primary: &Primary, node: &str, home: &Path) {
    let made = primary.admin.post(&format!("{node}/enrollment-token"), json!({})).await;
    let command = made.data()["command"].as_str().expect("command").to_owned();
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("aster_drive"));
    let (code, output) = run(home, &words.collect::<Vec<_>>(), &follower::environment(0)).await;
    assert_eq!(code, Some(0), "{output}");
}

/// A user of the group; another one whose own group is the default one, and the team of the group that this one is in.
async fn users_and_team(site: &Site) -> (Client, (Client, i64)) {
    let admin = &site.primary.admin;
    for name in ["alice", "robert"] {
        let user = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        let user = id(admin.post(&format!("{API}/admin/users"), user).await.data());
        if name == "alice" {
            let group = json!({"policy_group_id": site.group});
            admin.patch(&format!("{API}/admin/users/{user}"), group).await.data();
        }
    }
    let team = json!({"name": "Editors", "admin_identifier": "alice", "policy_group_id": site.group});
    let team = id(admin.post(&format!("{API}/admin/teams"), team).await.data());
    let alice = login(&site.primary.url, "alice", PASSWORD).await;
    let member = json!({"identifier": "robert", "role": "member"});
    alice.post(&format!("{API}/teams/{team}/members"), member).await.data();
    let robert = login(&site.primary.url, "robert", PASSWORD).await;
    (alice, (robert, team))
}

impl Visit<'_> {
    async fn everything(&self, primary: &Primary) {
        let kept = self.objects().len();
        let small = self.stores("small.txt", content(1, 5_000), primary).await;
        let large = self.stores("large.bin", content(2, LARGE), primary).await;
        let picture = self.stores("picture.png", picture(), primary).await;
        assert_eq!(self.objects().len(), kept + 3, "one object for each file, no part is left");
        self.shows_previews(&picture, &small).await;
        self.is_opened_by_a_stranger(primary, &large, content(2, LARGE)).await;
        self.comes_back_from_the_trash(&small, content(1, 5_000)).await;
        for file in [small, large, picture] {
            let file = id(&file);
            self.client.delete(&format!("{}/files/{file}", self.base)).await.data();
            self.client.delete(&format!("{}/trash/file/{file}", self.base)).await.data();
        }
        wait::until("the objects are gone", async || (self.objects().len() == kept).then_some(())).await;
    }

    /// Uploads in the way that `init` names, and reads back.
    async fn stores(&self, name: &str, bytes: Vec<u8>, primary: &Primary) -> Value {
        let before = self.objects();
        let wanted = json!({"filename": name, "total_size": bytes.len()});
        let begun =
            self.client.post(&format!("{}/files/upload/init", self.base), wanted).await.data().clone();
        let expected = match (self.presigned, bytes.len() > CHUNK) {
            (false, false) => "direct",
            (false, true) => "chunked",
            (true, false) => "presigned",
            (true, true) => "presigned_multipart",
        };
        assert_eq!(begun["mode"], expected, "{begun}");
        let file = match expected {
            "direct" => self.sends_directly(name, bytes.clone()).await,
            "chunked" => self.sends_chunks(&begun, &bytes).await,
            _ => self.sends_past_the_primary(&begun, &bytes, &primary.url).await,
        };
        assert_eq!((&file["name"], &file["size"]), (&json!(name), &json!(bytes.len())));
        let new: Vec<_> = self.objects().into_iter().filter(|path| !before.contains(path)).collect();
        assert_eq!(new.len(), 1, "{new:?}");
        assert!(std::fs::read(&new[0]).expect("object") == bytes, "the object is what was sent");
        assert!(self.downloads(&file).await == bytes, "the download is what was sent");
        file
    }

    async fn sends_directly(&self, name: &str, bytes: Vec<u8>) -> Value {
        let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
        let request = self.client.request(Method::POST, &format!("{}/files/upload", self.base));
        Answer::read(request.multipart(form).send().await.expect("reply")).await.data().clone()
    }

    async fn sends_chunks(&self, begun: &Value, bytes: &[u8]) -> Value {
        let path = self.upload(begun);
        // The last one first: any order will do.
        for (number, chunk) in bytes.chunks(CHUNK).enumerate().rev() {
            let request = self.client.request(Method::PUT, &format!("{path}/{number}")).body(chunk.to_vec());
            Answer::read(request.send().await.expect("reply")).await.data();
        }
        self.client.post(&format!("{path}/complete"), json!({})).await.data().clone()
    }

    async fn sends_past_the_primary(&self, begun: &Value, bytes: &[u8], origin: &str) -> Value {
        let path = self.upload(begun);
        if let Some(url) = begun["presigned_url"].as_str() {
            browser_put(url, origin, bytes).await;
            return self.client.post(&format!("{path}/complete"), json!({})).await.data().clone();
        }
        let numbers: Vec<usize> = (1..=bytes.len().div_ceil(CHUNK)).collect();
        let urls = self.client.post(&format!("{path}/presign-parts"), json!({"part_numbers": numbers})).await;
        let mut parts = Vec::new();
        for (number, chunk) in (1..).zip(bytes.chunks(CHUNK)) {
            let url = urls.data()[number.to_string()].as_str().expect("a URL");
            parts.push(json!({"part_number": number, "etag": browser_put(url, origin, chunk).await}));
        }
        self.client.post(&format!("{path}/complete"), json!({"parts": parts})).await.data().clone()
    }

    fn upload(&self, begun: &Value) -> String {
        format!("{}/files/upload/{}", self.base, begun["upload_id"].as_str().expect("upload_id"))
    }

    async fn downloads(&self, file: &Value) -> Vec<u8> {
        let path = format!("{}/files/{}/download", self.base, id(file));
        let reply = self.client.request(Method::GET, &path).send().await.expect("reply");
        let reply = if self.presigned {
            assert_eq!(reply.status(), 302);
            let location = reply.headers()["location"].to_str().expect("text").to_owned();
            stranger().get(location).send().await.expect("reply")
        } else {
            reply
        };
        assert_eq!(reply.status(), 200);
        reply.bytes().await.expect("body").into()
    }

    async fn shows_previews(&self, picture: &Value, text: &Value) {
        let thumbnail = format!("{}/files/{}/thumbnail", self.base, id(picture));
        let made = wait::until("the thumbnail", async || {
            let reply = self.client.request(Method::GET, &thumbnail).send().await.expect("reply");
            (reply.status() != 202).then_some(reply)
        })
        .await;
        assert_eq!(
            (made.status().as_u16(), &made.headers()["content-type"]),
            (200, &"image/jpeg".parse().expect("type"))
        );
        let small = image::load_from_memory(&made.bytes().await.expect("bytes")).expect("an image");
        assert!(small.width() < 400, "{} pixels", small.width());
        // A viewer reads in ranges, and through the primary whatever the policy says.
        let path = format!("{}/files/{}/download?inline=1", self.base, id(text));
        let request = self.client.request(Method::GET, &path).header("range", "bytes=10-19");
        let reply = request.send().await.expect("reply");
        assert_eq!(
            (reply.status().as_u16(), &reply.headers()["content-range"]),
            (206, &"bytes 10-19/5000".parse().expect("range"))
        );
        assert_eq!(reply.bytes().await.expect("body"), content(1, 5_000)[10..20]);
    }

    async fn is_opened_by_a_stranger(&self, primary: &Primary, file: &Value, bytes: Vec<u8>) {
        let share = json!({"target": {"type": "file", "id": id(file)}, "password": SHARE_PASSWORD});
        let share = self.client.post(&format!("{}/shares", self.base), share).await.data().clone();
        let base = format!("{API}/s/{}", share["token"].as_str().expect("token"));
        let guest = Client { http: stranger(), ..Client::new(primary.url.clone()) };
        let seen = guest.get(&base).await.data().clone();
        assert_eq!((&seen["has_password"], &seen["share_type"]), (&json!(true), &json!("file")), "{seen}");
        assert_eq!(guest.get(&format!("{base}/download")).await.status, 403);
        guest.post(&format!("{base}/verify"), json!({"password": SHARE_PASSWORD})).await.data();
        let request = guest.request(Method::GET, &format!("{base}/download"));
        let reply: Response = request.send().await.expect("reply");
        assert_eq!(reply.status(), 200, "also where it was sent on");
        assert!(reply.bytes().await.expect("body") == bytes, "a stranger reads the same");
        self.client.delete(&format!("{}/shares/{}", self.base, id(&share))).await.data();
        assert_eq!(guest.get(&base).await.status, 404);
    }

    async fn comes_back_from_the_trash(&self, file: &Value, bytes: Vec<u8>) {
        let path = format!("{}/files/{}", self.base, id(file));
        self.client.delete(&path).await.data();
        assert_eq!(self.client.get(&path).await.status, 404);
        let trash = self.client.get(&format!("{}/trash", self.base)).await.data().clone();
        assert_eq!(trash["files"][0]["original_path"], file["name"], "{trash}");
        self.client.post(&format!("{}/trash/file/{}/restore", self.base, id(file)), json!({})).await.data();
        assert!(self.downloads(file).await == bytes, "it is what it was");
    }

    fn objects(&self) -> Vec<PathBuf> {
        let (mut found, mut open) = (Vec::new(), vec![self.root.clone()]);
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

/// A member's own files go where the member's group says, whatever the team does.
async fn a_team_uses_its_own_group(site: &Site, member: &Client) {
    let root = site.follower.objects("default", NAMESPACE);
    let own = Visit { client: member, base: API.to_owned(), presigned: false, root };
    let before = own.objects();
    own.sends_directly("mine.txt", b"mine".to_vec()).await;
    assert_eq!(own.objects(), before, "it lies with the primary");
    assert!(site.homes[0].path().join("data/uploads").is_dir());
}

async fn a_disabled_node(site: &Site, alice: &Client) {
    let admin = &site.primary.admin;
    let root = site.follower.objects("default", NAMESPACE);
    let visit = Visit { client: alice, base: API.to_owned(), presigned: false, root };
    let kept = visit.sends_directly("kept.txt", b"kept".to_vec()).await;
    let before = visit.objects();
    site.primary.patch_node(site.node, json!({"is_enabled": false})).await;
    let late = || Form::new().part("file", Part::bytes(&b"late"[..]).file_name("late.txt"));
    let path = format!("{API}/files/upload");
    let refused = alice.request(Method::POST, &path).multipart(late()).send().await.expect("reply");
    let refused = Answer::read(refused).await;
    assert!(
        refused.status.is_client_error() && refused.message().contains("Remote Test Group"),
        "{refused:?}"
    );
    assert_eq!(alice.get(&format!("{API}/files/{}", id(&kept))).await.data()["name"], "kept.txt");

    // With a rule behind it, the rule of the disabled node is passed over.
    let policies = admin.get(&format!("{API}/admin/policies")).await.data()["items"].clone();
    let local = policies.as_array().expect("items").iter().find(|policy| policy["driver_type"] == "local");
    let rules = json!({"items": [
        {"policy_id": site.policy, "priority": 1, "min_file_size": 0, "max_file_size": 0},
        {"policy_id": id(local.expect("the local policy")), "priority": 2, "min_file_size": 0, "max_file_size": 0},
    ]});
    admin.patch(&format!("{API}/admin/policy-groups/{}", site.group), rules).await.data();
    visit.sends_directly("late.txt", b"late".to_vec()).await;
    assert_eq!(visit.objects(), before);
    site.primary.patch_node(site.node, json!({"is_enabled": true})).await;
    visit.sends_directly("after.txt", b"after".to_vec()).await;
    assert_eq!(visit.objects().len(), before.len() + 1);
}

/// A program without a login, which follows where it is sent.
fn stranger() -> reqwest::Client {
    reqwest::Client::builder().cookie_store(true).no_proxy().build().expect("client")
}

/// Sends bytes to a presigned URL as a browser does from a page of `origin`; gives the ETag that the page may read.
async fn browser_put(url: &str, origin: &str, bytes: &[u8]) -> String {
    let request = stranger().put(url).header("origin", origin).body(bytes.to_vec());
    let reply = request.send().await.expect("reply");
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["access-control-allow-origin"]),
        (200, &origin.parse().expect("origin"))
    );
    reply.headers()["etag"].to_str().expect("text").to_owned()
}
