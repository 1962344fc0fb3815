//! Who is let in, and what they see.

use super::super::PASSWORD as OWN_PASSWORD;
use super::*;

#[tokio::test]
async fn the_password_is_generated_and_told_once() {
    let (site, admin) = Site::with_admin().await;
    let (status, made) = admin.post("/webdav-accounts", json!({"username": "laptop"})).await;
    assert_eq!(status, 201, "{made}");
    let password = made["data"]["password"].as_str().expect("password");
    assert_eq!((password.len(), password.bytes().all(|byte| byte.is_ascii_alphanumeric())), (16, true));
    let (_, listed) = admin.get("/webdav-accounts").await;
    assert_eq!(listed["data"]["total"], 1);
    assert!(!listed.to_string().contains(password), "{listed}");
    assert_eq!(listed["data"]["items"][0]["last_used_at"], Value::Null);
    let program = Program::with(&site, "Laptop", password);
    assert_eq!(program.send("PROPFIND", "/").await, 207);
    let used = async || {
        let (_, listed) = admin.get("/webdav-accounts").await;
        listed["data"]["items"][0]["last_used_at"].is_string().then_some(())
    };
    eventually("the use is noted", used).await;
    let (_, settings) = admin.get("/webdav-accounts/settings").await;
    assert_eq!(settings["data"]["prefix"], "/webdav");
}

#[tokio::test]
async fn an_account_is_refused_when_it_should_not_be_made() {
    let (site, admin) = Site::with_admin().await;
    let (_, folder) = admin.post("/folders", json!({"name": "a", "parent_id": null})).await;
    let folder = folder["data"]["id"].clone();
    let other = site.with_user(&admin, "berta").await;
    Program::of(&site, &admin, json!({"username": "laptop"})).await;
    for (body, expected) in [
        (json!({"username": "LAPTOP"}), 409),
        (json!({"username": "x"}), 400),
        (json!({"username": "desk", "password": "short"}), 400),
        (json!({"username": "desk", "root_folder_id": folder}), 404),
        (json!({"username": "desk", "team_id": 4711}), 404),
    ] {
        assert_eq!(other.post("/webdav-accounts", body.clone()).await.0, expected, "{body}");
    }
    // A token that got into wrong hands makes no door that outlives it.
    let token = admin.token("write").await;
    let (status, _) = site.bearer(Method::POST, "/webdav-accounts", &token).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn a_wrong_password_and_a_disabled_account_are_asked_for_another() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.send("PROPFIND", "/").await, 207);
    for wrong in [Program::with(&site, "programs", "wrong"), Program::with(&site, "nobody", PASSWORD)] {
        let reply = wrong.request("PROPFIND", "/").send().await.expect("reply");
        assert_eq!(reply.status(), 401);
        assert!(reply.headers()["www-authenticate"].to_str().expect("text").starts_with("Basic realm="));
    }
    // The password of the user's own login is none.
    assert_eq!(Program::with(&site, "admin", OWN_PASSWORD).send("PROPFIND", "/").await, 401);
    let (_, listed) = admin.get("/webdav-accounts").await;
    let id = listed["data"]["items"][0]["id"].as_i64().expect("id");
    let (status, toggled) = admin.post(&format!("/webdav-accounts/{id}/toggle"), json!({})).await;
    assert_eq!((status, &toggled["data"]["is_enabled"]), (200, &json!(false)));
    let reply = program.request("PROPFIND", "/").send().await.expect("reply");
    assert_eq!(reply.status(), 401, "with the next request, though the password is remembered");
    assert!(reply.headers().contains_key("www-authenticate"));
    assert!(message(reply).await.contains("disabled"));
    admin.post(&format!("/webdav-accounts/{id}/toggle"), json!({})).await;
    assert_eq!(program.send("PROPFIND", "/").await, 207);
    assert_eq!(admin.delete(&format!("/webdav-accounts/{id}")).await.0, 200);
    assert_eq!(program.send("PROPFIND", "/").await, 401);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_leaves_who_is_known_alone() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.send("PROPFIND", "/").await, 207);
    let wrong = Program::with(&site, "programs", "wrong");
    let mut refused = None;
    for _ in 0..12 {
        let reply = wrong.request("PROPFIND", "/").send().await.expect("reply");
        if reply.status() == 429 {
            refused = Some(reply);
            break;
        }
        assert_eq!(reply.status(), 401);
    }
    assert!(refused.expect("too many tries").headers().contains_key("retry-after"));
    assert_eq!(program.send("PROPFIND", "/").await, 207);
}

#[tokio::test]
async fn the_test_of_an_account_says_what_a_program_would_meet() {
    let (site, admin) = Site::with_admin().await;
    Program::of(&site, &admin, json!({"is_read_only": true})).await;
    let login = |password: &str| json!({"username": "programs", "password": password});
    let (status, answer) = admin.post("/webdav-accounts/test", login(PASSWORD)).await;
    assert_eq!((status, &answer["data"]["is_read_only"]), (200, &json!(true)));
    assert_eq!(admin.post("/webdav-accounts/test", login("wrong")).await.0, 403);
    let other = site.with_user(&admin, "berta").await;
    assert_eq!(other.post("/webdav-accounts/test", login(PASSWORD)).await.0, 403, "somebody else's");
}

#[tokio::test]
async fn an_account_that_may_only_read_changes_nothing() {
    let (site, admin) = Site::with_admin().await;
    admin.upload_bytes("f.txt", b"content").await;
    let program = Program::of(&site, &admin, json!({"is_read_only": true})).await;
    assert_eq!(program.get("/f.txt").await, (200, "content".to_owned()));
    for method in ["PUT", "DELETE", "MKCOL", "COPY", "MOVE", "PROPPATCH", "LOCK", "UNLOCK"] {
        let reply = program.request(method, "/f.txt").header("destination", "/webdav/g").send().await;
        let reply = reply.expect("reply");
        assert_eq!(reply.status(), 403, "{method}");
        assert!(message(reply).await.contains("may only read"));
    }
    // So is an API token that may only read; one that may write is let do it.
    for (scope, expected) in [("read", 403), ("write", 201)] {
        let token = admin.token(scope).await;
        assert_eq!(Program::with(&site, "admin", &token).put("/by-token", "x").await, expected, "{scope}");
        assert_eq!(Program::with(&site, "berta", &token).put("/by-token", "x").await, 401, "another name");
    }
}

#[tokio::test]
async fn an_account_with_a_root_folder_sees_nothing_else() {
    let (site, admin) = Site::with_admin().await;
    let (_, folder) = admin.post("/folders", json!({"name": "inside", "parent_id": null})).await;
    let whole = Program::of(&site, &admin, json!({})).await;
    assert_eq!(whole.put("/secret.txt", "secret").await, 201);
    assert_eq!(whole.put("/inside/f.txt", "content").await, 201);
    let id = folder["data"]["id"].clone();
    let inside = Program::of(&site, &admin, json!({"username": "inside", "root_folder_id": id})).await;
    let listed = inside.find("/", "1", "").await;
    assert_eq!(hrefs(&listed), ["/webdav/", "/webdav/f.txt"]);
    for path in ["/secret.txt", "/inside/f.txt"] {
        assert_eq!(inside.send("GET", path).await, 404, "{path}");
    }
    // A client resolves `..` before it sends; one that does not is refused.
    for path in ["/%2e%2e/secret.txt", "/x/%2E%2E/%2e./secret.txt"] {
        let url = format!(
            "GET /webdav{path} HTTP/1.1\r\nhost: x\r\nauthorization: Basic {}\r\n\r\n",
            basic("inside")
        );
        assert!(raw(&site, &url).await.starts_with("HTTP/1.1 403"), "{path}");
    }
    assert_eq!(inside.to("MOVE", "/f.txt", "/../secret.txt", "T").await, 403);
    let elsewhere = inside.request("MOVE", "/f.txt").header("destination", "/other/f.txt");
    assert_eq!(elsewhere.send().await.expect("reply").status(), 502, "outside of the prefix");
    assert_eq!(inside.to("COPY", "/f.txt", "/%2e%2e/x", "T").await, 403);
    assert_eq!(inside.send("DELETE", "/").await, 403, "the root itself");
    assert_eq!(whole.get("/secret.txt").await, (200, "secret".to_owned()));
    // When the folder is gone the account sees nothing, and not more.
    assert_eq!(whole.send("DELETE", "/inside/").await, 204);
    assert_eq!(inside.send("PROPFIND", "/").await, 404);
    assert_eq!(inside.put("/g.txt", "x").await, 404);
}

#[tokio::test]
async fn teams_are_folders_that_stand_beside_what_the_user_has() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.send("PROPFIND", "/Teams/").await, 404, "without a team there is no folder");
    let (status, team) = admin.post("/teams", json!({"name": "R/D"})).await;
    assert_eq!(status, 201, "{team}");
    let team_id = team["data"]["id"].clone();
    assert_eq!(hrefs(&program.find("/", "1", "").await), ["/webdav/", "/webdav/Teams/"]);
    assert_eq!(hrefs(&program.find("/Teams/", "1", "").await), ["/webdav/Teams/", "/webdav/Teams/R_D/"]);
    assert_eq!(program.put("/Teams/R_D/f.txt", "of the team").await, 201);
    let (_, listed) = admin.get(&format!("/teams/{team_id}/folders")).await;
    assert_eq!(listed["data"]["files"][0]["name"], "f.txt");
    let mut all = hrefs(&program.find("/", "infinity", "").await);
    all.sort();
    assert_eq!(all.last().map(String::as_str), Some("/webdav/Teams/R_D/f.txt"));
    for (method, path) in
        [("MKCOL", "/Teams/x"), ("DELETE", "/Teams/R_D/"), ("DELETE", "/Teams/"), ("MKCOL", "/Teams")]
    {
        assert!([403, 405].contains(&program.send(method, path).await), "{method} {path}");
    }
    assert_eq!(program.to("COPY", "/Teams/R_D/f.txt", "/f.txt", "T").await, 502, "another space");
    // A folder of the user's keeps its name.
    admin.post("/folders", json!({"name": "Teams", "parent_id": null})).await;
    assert_eq!(
        hrefs(&program.find("/", "1", "").await),
        ["/webdav/", "/webdav/Teams%20(1)/", "/webdav/Teams/"]
    );
    assert_eq!(program.get("/Teams%20(1)/R_D/f.txt").await, (200, "of the team".to_owned()));
    // An account for the team alone, until its user leaves.
    let only = Program::of(&site, &admin, json!({"username": "only-team", "team_id": team_id})).await;
    assert_eq!(hrefs(&only.find("/", "1", "").await), ["/webdav/", "/webdav/f.txt"]);
    assert_eq!(admin.delete(&format!("/teams/{team_id}")).await.0, 200);
    assert_eq!(only.send("PROPFIND", "/").await, 403);
    assert_eq!(hrefs(&program.find("/", "1", "").await), ["/webdav/", "/webdav/Teams/"]);
}
