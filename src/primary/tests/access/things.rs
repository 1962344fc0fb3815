//! The people of the access table, and the things that its paths name. Each call gets things of its own, since it may
//! use them up.

use std::cell::Cell;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::Row as _;

use super::super::{Session, Site, account};
use super::Who;

/// People whom the table names, by their login names.
const PEOPLE: [&str; 4] = ["olga", "otto", "mira", "lena"];

/// A WebDAV account of the owner's.
pub(super) const PROGRAM: &str = "program";
pub(super) const PROGRAM_PASSWORD: &str = "a password for programs";

pub(super) struct World {
    site: Site,
    admin: Session,
    owner: Session,
    other: Session,
    member: Session,
    lead: Session,
    read: String,
    write: String,
    team: i64,
    /// Member of the team who may be removed.
    spare: i64,
    next: Cell<u32>,
}

/// What a body may name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    pub(super) file: i64,
    pub(super) folder: i64,
}

fn id(body: &Value) -> i64 {
    body["data"]["id"].as_i64().unwrap_or_else(|| panic!("no id in {body}"))
}

impl World {
    pub(super) async fn new() -> Self {
        let (site, admin) = Site::with_admin().await;
        for (key, value) in [("auth_throttle_enabled", "false"), ("auth_allow_user_registration", "false")] {
            site.primary.settings.set(key, &[value.to_owned()]).await.expect(key);
        }
        for name in PEOPLE.into_iter().chain(["nora", "spare"]) {
            assert_eq!(admin.post("/admin/users", account(name)).await.0, 201);
        }
        let [owner, other, member, lead] = Self::people(&site).await;
        let (read, write) = (owner.token("read").await, owner.token("write").await);
        let spare = site.log_in("spare").await.get("/auth/me").await.1["data"]["id"].as_i64().expect("id");
        let next = Cell::new(0);
        let mut world = Self { site, admin, owner, other, member, lead, read, write, team: 0, spare, next };
        world.team = world.new_team().await;
        world
    }

    /// The team with the lead and the member.
    pub(super) fn team(&self) -> i64 {
        self.team
    }

    /// A folder in the owner's own space.
    pub(super) async fn own_folder(&self) -> i64 {
        self.folder("").await
    }

    async fn people(site: &Site) -> [Session; 4] {
        let [owner, other, member, lead] = PEOPLE;
        [
            site.log_in(owner).await,
            site.log_in(other).await,
            site.log_in(member).await,
            site.log_in(lead).await,
        ]
    }

    /// Everybody has a login and the owner has the tokens, whatever the last call did.
    pub(super) async fn log_in_anew(&mut self) {
        [self.owner, self.other, self.member, self.lead] = Self::people(&self.site).await;
        self.admin = self.site.log_in("admin").await;
        self.site.execute("DELETE FROM api_tokens").await;
        (self.read, self.write) = (self.owner.token("read").await, self.owner.token("write").await);
    }

    /// A request of somebody to a path of the site.
    pub(super) fn request(&self, who: Who, method: Method, path: &str) -> RequestBuilder {
        let url = self.site.url("").replace("/api/v1", path);
        let session = match who {
            Who::Anonymous => return Client::new().request(method, url),
            Who::Read => return Client::new().request(method, url).bearer_auth(&self.read),
            Who::Write => return Client::new().request(method, url).bearer_auth(&self.write),
            Who::Other => &self.other,
            Who::Member => &self.member,
            Who::Lead => &self.lead,
            Who::Admin => &self.admin,
            Who::Owner => &self.owner,
        };
        session.client.request(method, url).header("x-csrf-token", &session.csrf)
    }

    fn new_name(&self) -> String {
        self.next.set(self.next.get() + 1);
        format!("thing{}", self.next.get())
    }

    /// A team of the owner's with the lead and the member.
    async fn new_team(&self) -> i64 {
        // Nobody may own many; those of earlier calls are not needed any more.
        let sql = "DELETE FROM team_members WHERE team_id <> (SELECT MIN(id) FROM teams)";
        self.site.execute(sql).await;
        let team = id(&self.made(&self.owner, "/teams", json!({"name": self.new_name()})).await);
        for (name, role) in [("mira", "member"), ("lena", "admin"), ("spare", "member")] {
            self.made(
                &self.owner,
                &format!("/teams/{team}/members"),
                json!({"identifier": name, "role": role}),
            )
            .await;
        }
        team
    }

    async fn made(&self, by: &Session, path: &str, body: Value) -> Value {
        let (status, reply) = by.post(path, body).await;
        assert!(matches!(status, 200 | 201), "{path}: {status} {reply}");
        reply
    }

    /// The path with everything that it names put in: the owner's, made for this call.
    pub(super) async fn fill(&self, method: &str, path: &str) -> (String, Names) {
        let api = path.trim_start_matches("/api/v1");
        let (prefix, own) = match api.strip_prefix("/teams/{team_id}") {
            // A call may end a team, or bring others into it.
            Some(own) => {
                let is_lasting = method == "GET" || own.len() > 1;
                let team = if is_lasting { self.team } else { self.new_team().await };
                (format!("/teams/{team}"), own)
            }
            None => (String::new(), api),
        };
        let mut names = Names::default();
        if path.starts_with("/api/v1/") && is_of_a_space(own) {
            names.folder = self.folder(&prefix).await;
            names.file = self.file(&prefix, names.folder).await;
        }
        let filled = self.filled(&prefix, own, names).await;
        let start = if path.starts_with("/api/v1") { "/api/v1" } else { "" };
        let query = match own {
            "/files/upload" => format!("?folder_id={}&relative_path={}", names.folder, self.new_name()),
            _ if own.ends_with("match") => "?size=1".to_owned(),
            _ => String::new(),
        };
        (format!("{start}{prefix}{filled}{query}"), names)
    }

    async fn filled(&self, prefix: &str, own: &str, names: Names) -> String {
        let first: Vec<&str> = own.split('/').skip(1).take(2).collect();
        let with = |name: &str, value: &dyn std::fmt::Display| own.replace(name, &value.to_string());
        match first[..] {
            ["files", "upload"] if own.contains('{') => {
                with("{upload_id}", &self.upload(prefix, names.folder).await).replace("{n}", "0")
            }
            ["files", _] if own.contains("{version_id}") => {
                let version = self.version(prefix, names.file).await;
                with("{id}", &names.file).replace("{version_id}", &version.to_string())
            }
            ["files", _] => with("{id}", &names.file),
            ["folders", _] => with("{id}", &names.folder),
            ["properties", _] => {
                let path = format!("{prefix}/properties/file/{}", names.file);
                let property = json!({"namespace": "n", "name": "a", "value": "v"});
                self.owner.send(Method::PUT, &path, property).await;
                let path = with("{kind}", &"file").replace("{id}", &names.file.to_string());
                path.replace("{namespace}", "n").replace("{name}", "a")
            }
            ["trash", "{kind}"] => {
                self.owner.delete(&format!("{prefix}/files/{}", names.file)).await;
                with("{kind}", &"file").replace("{id}", &names.file.to_string())
            }
            ["shares", "{id}"] => with("{id}", &id(&self.share(prefix, "file", names.file).await)),
            ["batch", _] if own.ends_with("{token}") => {
                let asked = json!({"file_ids": [names.file]});
                let ticket = self.made(&self.owner, &format!("{prefix}/batch/archive-download"), asked).await;
                with("{token}", &ticket["data"]["token"].as_str().expect("token"))
            }
            ["s", _] => self.shared(own).await,
            ["d" | "pv", _] => self.linked(own).await,
            ["auth", _] => self.of_account(own).await,
            ["webdav-accounts", "{id}"] => {
                let account = json!({"username": format!("program-{}", self.new_name())});
                with("{id}", &id(&self.made(&self.owner, "/webdav-accounts", account).await))
            }
            ["webdav-accounts", "test"] => {
                // It may be there from an earlier call.
                let account = json!({"username": PROGRAM, "password": PROGRAM_PASSWORD});
                self.owner.post("/webdav-accounts", account).await;
                own.to_owned()
            }
            ["tasks", _] => with("{id}", &self.task(prefix).await),
            ["members", _] => {
                let path = format!("{prefix}/members");
                self.owner.post(&path, json!({"identifier": "spare", "role": "member"})).await;
                with("{user_id}", &self.spare)
            }
            ["admin", _] => self.of_admin(own).await,
            _ => own.to_owned(),
        }
    }

    async fn folder(&self, prefix: &str) -> i64 {
        id(&self.made(&self.owner, &format!("{prefix}/folders"), json!({"name": self.new_name()})).await)
    }

    async fn file(&self, prefix: &str, folder: i64) -> i64 {
        let body = json!({"name": format!("{}.txt", self.new_name()), "folder_id": folder});
        id(&self.made(&self.owner, &format!("{prefix}/files/new"), body).await)
    }

    async fn version(&self, prefix: &str, file: i64) -> i64 {
        let path = format!("{prefix}/files/{file}");
        let replaced = self.owner.request(Method::PUT, &format!("{path}/content")).body("x").send().await;
        assert_eq!(replaced.expect("reply").status(), 200);
        self.owner.get(&format!("{path}/versions")).await.1["data"][0]["id"].as_i64().expect("id")
    }

    async fn upload(&self, prefix: &str, folder: i64) -> String {
        let body = json!({"filename": self.new_name(), "total_size": 6_000_000, "folder_id": folder});
        let begun = self.made(&self.owner, &format!("{prefix}/files/upload/init"), body).await;
        begun["data"]["upload_id"].as_str().expect("id").to_owned()
    }

    async fn share(&self, prefix: &str, kind: &str, item: i64) -> Value {
        let body = json!({"target": {"type": kind, "id": item}});
        self.made(&self.owner, &format!("{prefix}/shares"), body).await
    }

    /// A path below `/s`: of a file, or of a folder where the call is for folders.
    async fn shared(&self, own: &str) -> String {
        let outer = self.folder("").await;
        let inner = self.made(&self.owner, "/folders", json!({"name": "in", "parent_id": outer})).await;
        let file = self.file("", outer).await;
        let of_file = matches!(own, "/s/{token}" | "/s/{token}/verify" | "/s/{token}/download");
        let share =
            if of_file { self.share("", "file", file).await } else { self.share("", "folder", outer).await };
        let item = if own.contains("/folders/") { id(&inner) } else { file };
        let token = share["data"]["token"].as_str().expect("token");
        own.replace("{token}", token).replace("{id}", &item.to_string())
    }

    async fn linked(&self, own: &str) -> String {
        let folder = self.folder("").await;
        let file = self.file("", folder).await;
        let (_, link) = if own.starts_with("/d/") {
            self.owner.get(&format!("/files/{file}/direct-link")).await
        } else {
            self.owner.post(&format!("/files/{file}/preview-link"), json!({})).await
        };
        link["data"]["path"].as_str().expect("path").to_owned()
    }

    /// Somebody has just logged in, so that everybody has these; a call of somebody else is about the owner's.
    async fn of_account(&self, own: &str) -> String {
        match own {
            "/auth/sessions/{id}" => {
                self.site.log_in("olga").await;
                let (_, logins) = self.owner.get("/auth/sessions").await;
                let login = logins["data"]["items"]
                    .as_array()
                    .expect("items")
                    .iter()
                    .find(|l| l["is_current"] == false);
                own.replace("{id}", login.expect("another login")["id"].as_str().expect("id"))
            }
            "/auth/tokens/{id}" => {
                let token =
                    self.made(&self.owner, "/auth/tokens", json!({"name": "t", "scope": "read"})).await;
                own.replace("{id}", &id(&token).to_string())
            }
            _ => own.to_owned(),
        }
    }

    /// A waiting task of the owner's; below a team's prefix about its space.
    async fn task(&self, prefix: &str) -> i64 {
        let sql = "INSERT INTO tasks (kind, payload, state, attempt_count, max_attempts, run_at, lease_number, \
             lease_owner, lease_until, cancel_requested, progress_current, progress_total, status_text, steps, \
             position, result, last_error, created_by, created_at, updated_at) SELECT 'of_the_future', 'null', \
             'pending', 0, 3, 0, 1, '', 9223372036854775807, 0, 0, 0, '', '[]', '', '', '', id, 0, 0 FROM users \
             WHERE username = 'olga'";
        self.site.execute(sql).await;
        if prefix.starts_with("/teams/") {
            let sql = "UPDATE tasks SET space_id = (SELECT id FROM spaces WHERE team_id = (SELECT MIN(id) FROM teams)) \
                 WHERE id = (SELECT MAX(id) FROM tasks)";
            self.site.execute(sql).await;
        }
        let query = sqlx::query("SELECT MAX(id) AS id FROM tasks");
        query.fetch_one(self.site.db.read()).await.expect("id").get("id")
    }

    async fn of_admin(&self, own: &str) -> String {
        let thing = match own.split('/').nth(2) {
            Some("users") => {
                let name = self.new_name();
                id(&self.made(&self.admin, "/admin/users", account(&name)).await).to_string()
            }
            Some("remote-nodes") => {
                id(&self.made(&self.admin, "/admin/remote-nodes", json!({"name": self.new_name()})).await)
                    .to_string()
            }
            Some("policies") => self.policy().await.to_string(),
            Some("policy-groups") => {
                let rule = json!({"policy_id": self.policy().await, "priority": 1});
                let group = json!({"name": self.new_name(), "items": [rule]});
                id(&self.made(&self.admin, "/admin/policy-groups", group).await).to_string()
            }
            Some("teams") => self.new_team().await.to_string(),
            Some("shares") => {
                let folder = self.folder("").await;
                id(&self.share("", "folder", folder).await).to_string()
            }
            Some("tasks") => self.task("").await.to_string(),
            Some("locks") if own.ends_with("{id}") => {
                let folder = self.folder("").await;
                self.made(&self.owner, &format!("/folders/{folder}/lock"), json!({"locked": true})).await;
                let (_, locks) = self.admin.get("/admin/locks?limit=100").await;
                let locks = locks["data"]["items"].as_array().expect("items").clone();
                let lock = locks.iter().find(|lock| lock["entity_id"] == folder).expect("lock");
                lock["id"].to_string()
            }
            Some("storage-migrations") if own.contains('{') => {
                let (source, target) = (self.policy().await, self.policy().await);
                let asked = json!({"source_policy_id": source, "target_policy_id": target});
                id(&self.made(&self.admin, "/admin/storage-migrations", asked).await).to_string()
            }
            _ => String::new(),
        };
        own.replace("{id}", &thing)
            .replace("{task_id}", &thing)
            .replace("{user_id}", &self.spare.to_string())
            .replace("{key}", "trash_retention_days")
            .replace("{profile_key}", "igp_0")
    }

    async fn policy(&self) -> i64 {
        let name = self.new_name();
        let body = json!({"name": name, "driver_type": "local", "base_path": format!("data/{name}")});
        id(&self.made(&self.admin, "/admin/policies", body).await)
    }
}

/// Whether an operation is about files or folders of a space.
fn is_of_a_space(own: &str) -> bool {
    ["/files", "/folders", "/batch", "/shares", "/trash", "/properties"]
        .iter()
        .any(|start| own.starts_with(start))
}
