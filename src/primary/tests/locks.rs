//! Locks and custom properties.

use super::*;

impl Site {
    /// Makes team 1 with everybody in it: the first user as owner, the others as members.
    async fn with_team(&self) {
        for sql in [
            "INSERT INTO teams (name, description, policy_group_id, created_by_user_id, created_at, updated_at) \
             SELECT 'Team', '', (SELECT MIN(id) FROM policy_groups), MIN(id), 1, 1 FROM users",
            "INSERT INTO team_members (team_id, user_id, role, created_at) \
             SELECT 1, id, CASE WHEN username = 'admin' THEN 'owner' ELSE 'member' END, 1 FROM users",
            "INSERT INTO spaces (team_id, storage_used, storage_quota) VALUES (1, 0, 0)",
        ] {
            self.execute(sql).await;
        }
    }
}

/// A call in the space of team 1 that sends JSON.
async fn call(user: &Session, method: Method, path: &str, body: Value) -> u16 {
    let (status, body) = user.send(method, &format!("/teams/1{path}"), body).await;
    assert!(status < 500, "{path}: {body}");
    status
}

async fn folder(user: &Session, name: &str, parent: Option<i64>) -> i64 {
    let body = json!({"name": name, "parent_id": parent});
    let (status, body) = user.send(Method::POST, "/teams/1/folders", body).await;
    assert_eq!(status, 201, "{body}");
    body["data"]["id"].as_i64().expect("id")
}

async fn file(user: &Session, name: &str, folder: Option<i64>) -> i64 {
    let body = json!({"name": name, "folder_id": folder});
    let (status, body) = user.send(Method::POST, "/teams/1/files/new", body).await;
    assert_eq!(status, 201, "{body}");
    body["data"]["id"].as_i64().expect("id")
}

async fn lock(user: &Session, kind: &str, id: i64, locked: bool) -> u16 {
    call(user, Method::POST, &format!("/{kind}/{id}/lock"), json!({"locked": locked})).await
}

async fn replace(user: &Session, file: i64, content: &'static str) -> u16 {
    let request = user.request(Method::PUT, &format!("/teams/1/files/{file}/content")).body(content);
    request.send().await.expect("reply").status().as_u16()
}

#[tokio::test]
async fn a_locked_file_is_changed_by_its_holder_only_until_it_is_unlocked() {
    let (site, owner) = Site::with_admin().await;
    let anna = site.with_user(&owner, "anna").await;
    let bert = site.with_user(&owner, "bert").await;
    site.with_team().await;
    let id = file(&anna, "plan.txt", None).await;
    let path = format!("/files/{id}");
    assert_eq!(replace(&bert, id, "one").await, 200);
    assert_eq!(lock(&anna, "files", id, true).await, 200);
    let (_, seen) = bert.get(&format!("/teams/1{path}")).await;
    assert_eq!(seen["data"]["is_locked"], true);
    let (_, listed) = bert.get("/teams/1/folders").await;
    assert_eq!(listed["data"]["files"][0]["is_locked"], true);

    let (status, refused) = bert.send(Method::PATCH, &format!("/teams/1{path}"), json!({"name": "x"})).await;
    assert_eq!((status, refused["code"].as_i64()), (423, Some(3009)));
    assert_eq!(refused["msg"], "`plan.txt` is locked by anna; try again when it is unlocked");
    assert_eq!(call(&bert, Method::DELETE, &path, json!({})).await, 423);
    assert_eq!(replace(&bert, id, "two").await, 423);
    let (_, versions) = bert.get(&format!("/teams/1{path}/versions")).await;
    let version =
        versions["data"]["items"][0]["id"].as_i64().or(versions["data"][0]["id"].as_i64()).expect("version");
    assert_eq!(
        call(&bert, Method::POST, &format!("{path}/versions/{version}/restore"), json!({})).await,
        423
    );
    assert_eq!(call(&bert, Method::DELETE, &format!("{path}/versions/{version}"), json!({})).await, 423);
    assert_eq!(lock(&bert, "files", id, true).await, 423);
    assert_eq!(lock(&bert, "files", id, false).await, 403);
    assert_eq!(call(&bert, Method::POST, &format!("{path}/copy"), json!({})).await, 201, "reading is free");

    assert_eq!(replace(&anna, id, "three").await, 200);
    assert_eq!(lock(&anna, "files", id, true).await, 200, "once more is no error");
    assert_eq!(lock(&owner, "files", id, false).await, 200, "who leads the team may unlock");
    assert_eq!(call(&bert, Method::DELETE, &path, json!({})).await, 200);
    assert_eq!(lock(&bert, "files", id, true).await, 404);
    assert_eq!(site.count("locks").await, 0);
}

#[tokio::test]
async fn a_locked_folder_keeps_what_is_below_it_and_a_lock_below_keeps_the_folder_in_place() {
    let (site, owner) = Site::with_admin().await;
    let anna = site.with_user(&owner, "anna").await;
    let bert = site.with_user(&owner, "bert").await;
    site.with_team().await;
    let top = folder(&anna, "Top", None).await;
    let inner = folder(&anna, "Inner", Some(top)).await;
    let (deep, beside) = (file(&anna, "deep.txt", Some(inner)).await, file(&bert, "beside.txt", None).await);

    assert_eq!(lock(&anna, "folders", top, true).await, 200);
    assert_eq!(replace(&bert, deep, "x").await, 423);
    for (method, path, body) in [
        (Method::POST, "/folders".to_owned(), json!({"name": "New", "parent_id": inner})),
        (Method::POST, "/files/new".to_owned(), json!({"name": "new", "folder_id": inner})),
        (Method::PATCH, format!("/files/{beside}"), json!({"folder_id": top})),
        (Method::POST, format!("/files/{beside}/copy"), json!({"folder_id": inner})),
        (Method::DELETE, format!("/files/{deep}"), json!({})),
        (Method::PATCH, format!("/folders/{inner}"), json!({"parent_id": null})),
        (Method::DELETE, format!("/folders/{top}"), json!({})),
        (
            Method::PUT,
            format!("/properties/file/{deep}"),
            json!({"namespace": "n", "name": "a", "value": ""}),
        ),
    ] {
        assert_eq!(call(&bert, method, &path, body).await, 423, "{path}");
    }
    assert_eq!(replace(&anna, deep, "x").await, 200);
    assert_eq!(lock(&anna, "folders", top, false).await, 200);

    assert_eq!(lock(&anna, "files", deep, true).await, 200);
    assert_eq!(call(&bert, Method::DELETE, &format!("/folders/{top}"), json!({})).await, 423);
    assert_eq!(call(&bert, Method::PATCH, &format!("/folders/{inner}"), json!({"name": "y"})).await, 423);
    assert_eq!(lock(&bert, "folders", top, true).await, 423, "it would lock anna out of her own lock");
    assert_eq!(
        call(&bert, Method::PATCH, &format!("/files/{beside}"), json!({"folder_id": inner})).await,
        200
    );
    let deletion = call(&anna, Method::DELETE, &format!("/folders/{top}"), json!({})).await;
    assert_eq!((deletion, site.count("locks").await), (200, 0), "what is deleted is not locked");
}

#[tokio::test]
async fn an_expired_lock_is_none_and_one_with_a_token_opens_to_no_one_in_the_app() {
    let (site, admin) = Site::with_admin().await;
    let id = admin.file("a.txt", None).await;
    let path = format!("/files/{id}");
    assert_eq!(admin.send(Method::POST, &format!("{path}/lock"), json!({"locked": true})).await.0, 200);
    site.execute("UPDATE locks SET token = 'opaquelocktoken:1'").await;
    assert_eq!(admin.send(Method::PATCH, &path, json!({"name": "b.txt"})).await.0, 423);
    let (_, body) = admin.get("/admin/locks").await;
    assert_eq!(
        (&body["data"]["total"], &body["data"]["items"][0]["entity_name"]),
        (&json!(1), &json!("a.txt"))
    );
    assert!(!body.to_string().contains("opaquelocktoken"), "{body}");
    site.execute("UPDATE locks SET expires_at = 1").await;
    let (status, body) = admin.send(Method::PATCH, &path, json!({"name": "b.txt"})).await;
    assert_eq!((status, &body["data"]["is_locked"]), (200, &json!(false)));
    assert_eq!(admin.get("/admin/locks").await.1["data"]["total"], 0);
    let (_, body) = admin.send(Method::DELETE, "/admin/locks/expired", json!({})).await;
    assert_eq!((&body["data"]["removed"], site.count("locks").await), (&json!(1), 0));
    admin.send(Method::POST, &format!("{path}/lock"), json!({"locked": true})).await;
    let id = admin.get("/admin/locks").await.1["data"]["items"][0]["id"].clone();
    let other = site.with_user(&admin, "other").await;
    assert_eq!(other.send(Method::DELETE, &format!("/admin/locks/{id}"), json!({})).await.0, 403);
    assert_eq!(other.send(Method::POST, &format!("{path}/lock"), json!({"locked": false})).await.0, 404);
    assert_eq!(admin.send(Method::DELETE, &format!("/admin/locks/{id}"), json!({})).await.0, 200);
    assert_eq!(admin.send(Method::DELETE, &format!("/admin/locks/{id}"), json!({})).await.0, 404);
}

#[tokio::test]
async fn properties_are_set_replaced_copied_and_gone_with_their_item() {
    let (site, admin) = Site::with_admin().await;
    let folder = admin.folder("Box", None).await;
    let file = admin.file("a.txt", Some(folder)).await;
    let of_file = format!("/properties/file/{file}");
    let namespace = "http://example.org/ns";
    for (path, value) in [(&of_file, "1"), (&of_file, "2"), (&format!("/properties/folder/{folder}"), "3")] {
        let body = json!({"namespace": namespace, "name": "colour", "value": value});
        assert_eq!(admin.send(Method::PUT, path, body).await.0, 200);
    }
    let expected = json!([{"namespace": namespace, "name": "colour", "value": "2"}]);
    assert_eq!(admin.get(&of_file).await.1["data"], expected);
    let (_, copy) = admin.send(Method::POST, &format!("/folders/{folder}/copy"), json!({})).await;
    let copy = copy["data"]["id"].as_i64().expect("copy");
    assert_eq!(admin.get(&format!("/properties/folder/{copy}")).await.1["data"][0]["value"], "3");
    let (_, inside) = admin.get(&format!("/folders/{copy}")).await;
    assert_eq!(
        admin.get(&format!("/properties/file/{}", inside["data"]["files"][0]["id"])).await.1["data"],
        expected
    );
    let (_, single) = admin.send(Method::POST, &format!("/files/{file}/copy"), json!({})).await;
    assert_eq!(admin.get(&format!("/properties/file/{}", single["data"]["id"])).await.1["data"], expected);

    let named = format!("{of_file}/http%3A%2F%2Fexample.org%2Fns/colour");
    assert_eq!(admin.send(Method::DELETE, &named, json!({})).await.0, 200);
    assert_eq!(admin.send(Method::DELETE, &named, json!({})).await.0, 404);
    for (namespace, name, told) in
        [("DAV:", "a", "`DAV:`"), ("system.x", "a", "`system.x`"), ("", "a", "namespace"), ("n", "", "name")]
    {
        let body = json!({"namespace": namespace, "name": name, "value": ""});
        let (status, body) = admin.send(Method::PUT, &of_file, body).await;
        assert_eq!(status, 400);
        assert!(body["msg"].as_str().is_some_and(|text| text.contains(told)), "{body}");
    }
    let other = site.with_user(&admin, "other").await;
    assert_eq!(other.get(&of_file).await.0, 404);
    for id in [folder, copy] {
        admin.send(Method::DELETE, &format!("/folders/{id}"), json!({})).await;
        admin.send(Method::DELETE, &format!("/trash/folder/{id}"), json!({})).await;
    }
    assert_eq!(site.count("properties").await, 1, "the one of the single copy");
}

#[tokio::test]
async fn an_item_has_a_hundred_properties_at_most() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("a.txt", None).await;
    for number in 0..101 {
        let body = json!({"namespace": "n", "name": format!("p{number}"), "value": "x"});
        let (status, body) = admin.send(Method::PUT, &format!("/properties/file/{file}"), body).await;
        assert_eq!(status, if number < 100 { 200 } else { 409 }, "{body}");
    }
    assert_eq!(site.count("properties").await, 100);
}
