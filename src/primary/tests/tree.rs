//! Folders, moves, copies, the trash, versions and the quota.

use reqwest::StatusCode;

use super::*;

impl Session {
    /// Makes a folder and gives its id.
    pub(crate) async fn folder(&self, name: &str, parent: Option<i64>) -> i64 {
        let (status, body) = self.post("/folders", json!({"name": name, "parent_id": parent})).await;
        assert_eq!(status, 201, "{body}");
        body["data"]["id"].as_i64().expect("id")
    }

    /// Uploads a small file into a folder and gives its id.
    pub(crate) async fn file(&self, name: &str, folder: Option<i64>) -> i64 {
        let query = folder.map_or(String::new(), |id| format!("?folder_id={id}"));
        let form = Form::new().part("file", Part::bytes(name.as_bytes().to_vec()).file_name(name.to_owned()));
        let request = self.request(Method::POST, &format!("/files/upload{query}")).multipart(form);
        let (status, body) = status_and_body(request.send().await.expect("reply")).await;
        assert_eq!(status, 201, "{body}");
        body["data"]["id"].as_i64().expect("id")
    }

    pub(crate) async fn content(&self, file: i64) -> String {
        let request = self.request(Method::GET, &format!("/files/{file}/download"));
        request.send().await.expect("reply").text().await.expect("text")
    }

    pub(crate) async fn replace(&self, file: i64, content: &str, if_match: Option<&str>) -> (u16, Value) {
        let mut request =
            self.request(Method::PUT, &format!("/files/{file}/content")).body(content.to_owned());
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        status_and_body(request.send().await.expect("reply")).await
    }

    /// Names of what lies in a folder: folders, then files.
    pub(crate) async fn names(&self, folder: Option<i64>) -> Vec<String> {
        let path = folder.map_or("/folders".to_owned(), |id| format!("/folders/{id}"));
        let (status, body) = self.get(&path).await;
        assert_eq!(status, 200, "{body}");
        let of = |kind: &str| body["data"][kind].as_array().expect("list").clone();
        let all = of("folders").into_iter().chain(of("files"));
        all.map(|item| item["name"].as_str().expect("name").to_owned()).collect()
    }

    pub(crate) async fn used(&self) -> u64 {
        self.get("/auth/me").await.1["data"]["storage_used"].as_u64().expect("storage_used")
    }
}

fn message(body: &Value) -> &str {
    body["msg"].as_str().expect("msg")
}

#[tokio::test]
async fn a_tree_is_made_renamed_moved_and_listed() {
    let (_site, admin) = Site::with_admin().await;
    let photos = admin.folder("Photos", None).await;
    let year = admin.folder("2026", Some(photos)).await;
    let file = admin.file("beach.jpg", Some(year)).await;
    assert_eq!(admin.names(None).await, ["Photos"]);
    assert_eq!(admin.names(Some(year)).await, ["beach.jpg"]);
    let (_, chain) = admin.get(&format!("/folders/{year}/ancestors")).await;
    assert_eq!(chain["data"], json!([{"id": photos, "name": "Photos"}, {"id": year, "name": "2026"}]));
    let (_, info) = admin.get(&format!("/folders/{photos}/info")).await;
    assert_eq!(
        (&info["data"]["total_folders"], &info["data"]["total_files"], &info["data"]["total_size"]),
        (&json!(1), &json!(1), &json!(9))
    );
    let (status, moved) = admin
        .send(Method::PATCH, &format!("/files/{file}"), json!({"name": "sea.png", "folder_id": null}))
        .await;
    assert_eq!(status, 200, "{moved}");
    assert_eq!(
        (&moved["data"]["mime_type"], &moved["data"]["folder_id"]),
        (&json!("image/png"), &json!(null))
    );
    let renamed = admin.send(Method::PATCH, &format!("/folders/{year}"), json!({"name": "This year"})).await;
    assert_eq!(renamed.1["data"]["parent_id"], json!(photos), "what is left out stays");
    assert_eq!(admin.names(None).await, ["Photos", "sea.png"]);
    assert_eq!(admin.content(file).await, "beach.jpg");
}

#[tokio::test]
async fn folders_of_a_relative_path_are_made_once_also_when_many_uploads_come_at_once() {
    let (_site, admin) = Site::with_admin().await;
    let uploads = (0..8).map(|n| {
        let form = Form::new().part("file", Part::bytes(b"x".to_vec()).file_name("ignored"));
        let path = format!("/files/upload?relative_path=a/b/{n}.txt");
        admin.request(Method::POST, &path).multipart(form).send()
    });
    for reply in futures_util::future::join_all(uploads).await {
        assert_eq!(reply.expect("reply").status(), StatusCode::CREATED);
    }
    assert_eq!(admin.names(None).await, ["a"]);
    let (_, root) = admin.get("/folders").await;
    let a = root["data"]["folders"][0]["id"].as_i64();
    assert_eq!(admin.names(a).await, ["b"]);
    for bad in ["a//b", "/a", "a/../b", "a/"] {
        let form = Form::new().part("file", Part::bytes(b"x".to_vec()).file_name("f"));
        let path = format!("/files/upload?relative_path={bad}");
        let reply = admin.request(Method::POST, &path).multipart(form).send().await.expect("reply");
        assert_eq!(reply.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn names_that_are_taken_and_places_that_cannot_be_are_refused_with_the_reason() {
    let (_site, admin) = Site::with_admin().await;
    let (a, b) = (admin.folder("a", None).await, admin.folder("b", None).await);
    let inner = admin.folder("inner", Some(a)).await;
    let (one, _two) = (admin.file("1", None).await, admin.file("2", None).await);
    for (path, change, status, told) in [
        (format!("/folders/{b}"), json!({"name": "a"}), 409, "a folder named `a`"),
        (format!("/files/{one}"), json!({"name": "2"}), 409, "a file named `2`"),
        (format!("/folders/{a}"), json!({"parent_id": inner}), 400, "into itself"),
        (format!("/folders/{a}"), json!({"parent_id": a}), 400, "into itself"),
        (format!("/folders/{a}"), json!({"parent_id": 99}), 404, "no folder 99"),
        (format!("/files/{one}"), json!({"folder_id": 99}), 404, "no folder 99"),
        (format!("/files/{one}"), json!({"folder_id": "x"}), 400, "folder_id"),
        (format!("/files/{one}"), json!({"name": "a/b"}), 400, "must not contain '/'"),
        ("/files/99".to_owned(), json!({"name": "x"}), 404, "no file 99"),
    ] {
        let (got, body) = admin.send(Method::PATCH, &path, change.clone()).await;
        assert_eq!(got, status, "{path} {change} {body}");
        assert!(message(&body).contains(told), "{told}: {body}");
    }
    let (status, body) = admin.post("/folders", json!({"name": "a"})).await;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("conflict")), "{body}");
    assert_eq!(admin.send(Method::PATCH, &format!("/folders/{a}"), json!({"name": "A"})).await.0, 200);
}

#[tokio::test]
async fn folders_end_at_the_deepest_level() {
    let (_site, admin) = Site::with_admin().await;
    let mut chain = vec![admin.folder("1", None).await];
    for level in 2..=64 {
        chain.push(admin.folder(&level.to_string(), chain.last().copied()).await);
    }
    let (status, body) = admin.post("/folders", json!({"name": "65", "parent_id": chain.last()})).await;
    assert_eq!(status, 400);
    assert!(message(&body).contains("64 levels"), "{body}");
    let pair = admin.folder("pair", None).await;
    admin.folder("below", Some(pair)).await;
    let path = format!("/folders/{pair}");
    assert_eq!(admin.send(Method::PATCH, &path, json!({"parent_id": chain[62]})).await.0, 400);
    assert_eq!(admin.send(Method::PATCH, &path, json!({"parent_id": chain[61]})).await.0, 200);
}

#[tokio::test]
async fn a_copy_shares_the_object_and_counts_in_full() {
    let (site, admin) = Site::with_admin().await;
    let a = admin.folder("a", None).await;
    let below = admin.folder("below", Some(a)).await;
    let file = admin.file("f.txt", Some(below)).await;
    admin.file("g.txt", Some(a)).await;
    let (status, copy) = admin.post(&format!("/files/{file}/copy"), json!({"folder_id": below})).await;
    assert_eq!((status, &copy["data"]["name"]), (201, &json!("f (1).txt")));
    let (status, copied) = admin.post(&format!("/folders/{a}/copy"), json!({})).await;
    assert_eq!((status, &copied["data"]["name"]), (201, &json!("a (1)")));
    assert_eq!(admin.names(copied["data"]["id"].as_i64()).await, ["below", "g.txt"]);
    assert_eq!((site.objects().await.len(), admin.used().await), (2, 30));
    assert_eq!(admin.post(&format!("/folders/{a}/copy"), json!({"parent_id": below})).await.0, 400);
    // The source goes for good, the copies stay whole.
    admin.send(Method::DELETE, &format!("/folders/{a}"), json!({})).await;
    assert_eq!(admin.send(Method::DELETE, &format!("/trash/folder/{a}"), json!({})).await.0, 200);
    assert_eq!((site.objects().await.len(), admin.used().await), (2, 15));
    let (_, root) = admin.get("/folders").await;
    let kept = root["data"]["folders"][0]["id"].as_i64();
    let (_, kept) = admin.get(&format!("/folders/{}", kept.expect("id"))).await;
    assert_eq!(admin.content(kept["data"]["files"][0]["id"].as_i64().expect("id")).await, "g.txt");
}

#[tokio::test]
async fn what_is_deleted_waits_in_the_trash_and_comes_back_or_goes_for_good() {
    let (site, admin) = Site::with_admin().await;
    let a = admin.folder("a", None).await;
    let file = admin.file("f.txt", Some(a)).await;
    let path = format!("/files/{file}");
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 200);
    assert_eq!(admin.get(&path).await.0, 404);
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 404);
    assert_eq!(admin.used().await, 5, "the trash counts");
    // The folder goes after it; the file comes back into the root, past another of its name.
    assert_eq!(admin.send(Method::DELETE, &format!("/folders/{a}"), json!({})).await.0, 200);
    admin.file("f.txt", None).await;
    let (_, trash) = admin.get("/trash").await;
    assert_eq!((&trash["data"]["files_total"], &trash["data"]["folders_total"]), (&json!(1), &json!(1)));
    assert_eq!(trash["data"]["files"][0]["original_path"], "a/f.txt");
    assert!(
        trash["data"]["files"][0]["expires_at"].as_str() > trash["data"]["files"][0]["deleted_at"].as_str()
    );
    assert_eq!(admin.post(&format!("/trash/file/{file}/restore"), json!({})).await.0, 200);
    assert_eq!(admin.names(None).await, ["f (1).txt", "f.txt"]);
    assert_eq!(admin.post(&format!("/trash/folder/{a}/restore"), json!({})).await.0, 200);
    assert_eq!(admin.names(Some(a)).await, Vec::<String>::new());
    assert_eq!(admin.post(&format!("/trash/folder/{a}/restore"), json!({})).await.0, 404);
    // For good.
    admin.send(Method::DELETE, &path, json!({})).await;
    assert_eq!(admin.send(Method::DELETE, &format!("/trash/file/{file}"), json!({})).await.0, 200);
    assert_eq!(admin.post(&format!("/trash/file/{file}/restore"), json!({})).await.0, 404);
    assert_eq!((site.leftovers().await, admin.used().await), ((1, 1, 0, 1), 5));
}

#[tokio::test]
async fn a_deleted_folder_comes_back_with_everything_that_was_in_it_and_nothing_else() {
    let (_site, admin) = Site::with_admin().await;
    let a = admin.folder("a", None).await;
    let below = admin.folder("below", Some(a)).await;
    let (earlier, kept) = (admin.file("earlier", Some(below)).await, admin.file("kept", Some(below)).await);
    admin.send(Method::DELETE, &format!("/files/{earlier}"), json!({})).await;
    admin.send(Method::DELETE, &format!("/folders/{a}"), json!({})).await;
    for path in [format!("/files/{kept}"), format!("/folders/{below}"), format!("/folders/{below}/info")] {
        assert_eq!(admin.get(&path).await.0, 404, "{path}");
    }
    assert_eq!(admin.post("/folders", json!({"name": "x", "parent_id": below})).await.0, 404);
    admin.post(&format!("/trash/folder/{a}/restore"), json!({})).await;
    assert_eq!(admin.names(Some(below)).await, ["kept"]);
    admin.post(&format!("/trash/file/{earlier}/restore"), json!({})).await;
    assert_eq!(admin.names(Some(below)).await, ["earlier", "kept"]);
}

#[tokio::test]
async fn the_trash_is_emptied_in_the_background_and_by_age() {
    let (site, admin) = Site::with_admin().await;
    for name in ["a", "b"] {
        let folder = admin.folder(name, None).await;
        admin.file("f", Some(folder)).await;
        admin.send(Method::DELETE, &format!("/folders/{folder}"), json!({})).await;
    }
    let file = admin.file("old", None).await;
    let (_, emptied) = admin.send(Method::DELETE, "/trash", json!({})).await;
    assert_eq!(emptied["data"]["entries"], 2);
    assert_eq!(admin.get("/trash").await.1["data"]["folders_total"], 0, "gone from the list at once");
    admin.send(Method::DELETE, &format!("/files/{file}"), json!({})).await;
    let primary = &site.primary;
    let day = 86_400_000;
    let after = |days: i64| {
        crate::protocol::Timestamp::from_unix_ms(crate::protocol::Timestamp::now().unix_ms() + days * day)
    };
    assert_eq!(primary.trash.mark_expired(after(6)).await.expect("mark"), 0);
    assert_eq!(primary.trash.mark_expired(after(7)).await.expect("mark"), 1);
    assert_eq!(primary.trash.remove_marked(&primary.files, &primary.policies).await.expect("remove"), 3);
    assert_eq!((site.leftovers().await, admin.used().await), ((0, 0, 0, 0), 0));
    assert_eq!((site.count("folders").await, site.count("trash").await), (0, 0));
}

#[tokio::test]
async fn an_overwrite_keeps_the_content_before_as_a_version_up_to_the_limit() {
    let (site, admin) = Site::with_admin().await;
    admin.send(Method::PUT, "/admin/config/max_versions_per_file", json!({"value": "2"})).await;
    let file = admin.file("0", None).await;
    for content in ["1", "22", "333"] {
        assert_eq!(admin.replace(file, content, None).await.0, 200);
    }
    assert_eq!(admin.content(file).await, "333");
    let (_, versions) = admin.get(&format!("/files/{file}/versions")).await;
    let sizes = |versions: &Value| -> Vec<u64> {
        let all = versions["data"].as_array().expect("list").iter();
        all.map(|version| version["size"].as_u64().expect("size")).collect()
    };
    assert_eq!(sizes(&versions), [2, 1]);
    assert_eq!((site.objects().await.len(), admin.used().await), (3, 6));
    let oldest = versions["data"][1]["id"].as_i64().expect("id");
    assert_eq!(admin.post(&format!("/files/{file}/versions/{oldest}/restore"), json!({})).await.0, 200);
    assert_eq!(admin.content(file).await, "1");
    let (_, versions) = admin.get(&format!("/files/{file}/versions")).await;
    assert_eq!(sizes(&versions), [3, 2], "what was there is a version now");
    let newest = versions["data"][0]["id"].as_i64().expect("id");
    let path = format!("/files/{file}/versions/{newest}");
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 200);
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 404);
    assert_eq!((site.leftovers().await, admin.used().await), ((1, 2, 0, 2), 3));
    // With the file its versions go.
    admin.send(Method::DELETE, &format!("/files/{file}"), json!({})).await;
    admin.send(Method::DELETE, &format!("/trash/file/{file}"), json!({})).await;
    assert_eq!((site.leftovers().await, admin.used().await), ((0, 0, 0, 0), 0));
}

#[tokio::test]
async fn content_that_changed_since_it_was_read_is_not_overwritten() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("first", None).await;
    let reply = admin.request(Method::HEAD, &format!("/files/{file}/download")).send().await.expect("reply");
    let tag = reply.headers()["etag"].to_str().expect("tag").to_owned();
    assert_eq!(admin.replace(file, "second", Some(&tag)).await.0, 200);
    let (status, body) = admin.replace(file, "third", Some(&tag)).await;
    assert_eq!((status, &body["error"]["code"]), (412, &json!("precondition_failed")), "{body}");
    assert_eq!(admin.replace(file, "third", Some("\"a\", \"b\"")).await.0, 400);
    assert_eq!(admin.content(file).await, "second");
    assert_eq!(site.leftovers().await, (1, 2, 0, 2));
}

#[tokio::test]
async fn a_full_quota_refuses_uploads_versions_and_copies_with_507() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("12345", None).await;
    let folder = admin.folder("a", None).await;
    assert_eq!(admin.send(Method::PATCH, "/admin/users/1", json!({"storage_quota": 9})).await.0, 200);
    assert_eq!(admin.upload_bytes("more", b"12345").await.0, 507);
    assert_eq!(admin.replace(file, "12345", None).await.0, 507);
    let (status, body) = admin.post(&format!("/files/{file}/copy"), json!({"folder_id": folder})).await;
    assert_eq!((status, &body["error"]["code"]), (507, &json!("storage.quota_exceeded")), "{body}");
    assert_eq!((site.leftovers().await, admin.used().await), ((1, 1, 0, 1), 5));
    assert_eq!(admin.replace(file, "1234", None).await.0, 200);
}

#[tokio::test]
async fn a_batch_does_what_it_can_and_names_what_it_cannot() {
    let (_site, admin) = Site::with_admin().await;
    let (a, b) = (admin.folder("a", None).await, admin.folder("b", None).await);
    let file = admin.file("f", None).await;
    let batch = json!({"file_ids": [file, 99], "folder_ids": [b], "target_folder_id": a});
    let (status, moved) = admin.post("/batch/move", batch.clone()).await;
    assert_eq!((status, &moved["data"]["succeeded"], &moved["data"]["failed"]), (200, &json!(2), &json!(1)));
    assert_eq!(moved["data"]["errors"][0]["entity_id"], 99);
    assert_eq!(admin.names(Some(a)).await, ["b", "f"]);
    let (_, copied) = admin.post("/batch/copy", batch.clone()).await;
    assert_eq!(copied["data"]["succeeded"], 2, "{copied}");
    assert_eq!(admin.names(Some(a)).await, ["b", "b (1)", "f", "f (1)"]);
    let (_, deleted) = admin.post("/batch/delete", batch).await;
    assert_eq!(deleted["data"]["succeeded"], 2);
    assert_eq!(admin.names(Some(a)).await, ["b (1)", "f (1)"]);
    for bad in [json!({}), json!({"file_ids": (0..1001).collect::<Vec<_>>()}), json!({"file_ids": "x"})] {
        assert_eq!(admin.post("/batch/delete", bad).await.0, 400);
    }
}

#[tokio::test]
async fn a_folder_is_paged_by_a_cursor_in_every_order() {
    let (_site, admin) = Site::with_admin().await;
    for name in ["b", "A", "c", "D", "e"] {
        admin.file(name, None).await;
    }
    for sort_by in ["name", "size", "created_at", "updated_at", "type"] {
        for order in ["asc", "desc"] {
            let (mut names, mut after) = (Vec::new(), String::new());
            loop {
                let path = format!("/folders?file_limit=2&sort_by={sort_by}&sort_order={order}{after}");
                let (status, page) = admin.get(&path).await;
                assert_eq!(status, 200, "{page}");
                let files = page["data"]["files"].as_array().expect("files");
                assert!(files.len() <= 2);
                names.extend(files.iter().map(|file| file["name"].as_str().expect("name").to_owned()));
                let next = &page["data"]["next_file_cursor"];
                let Some(value) = next["value"].as_str() else { break };
                after = format!("&file_after_value={value}&file_after_id={}", next["id"]);
            }
            if sort_by == "name" {
                let sorted = if order == "asc" { "AbcDe" } else { "eDcbA" };
                assert_eq!(names.concat(), sorted);
            }
            names.sort();
            assert_eq!(names, ["A", "D", "b", "c", "e"], "{sort_by} {order}");
        }
    }
    assert_eq!(admin.get("/folders?sort_by=color").await.0, 400);
}

#[tokio::test]
async fn an_empty_file_needs_no_form() {
    let (_site, admin) = Site::with_admin().await;
    let (status, body) = admin.post("/files/new", json!({"name": "notes.md", "folder_id": null})).await;
    assert_eq!(
        (status, &body["data"]["size"], &body["data"]["mime_type"]),
        (201, &json!(0), &json!("text/markdown"))
    );
    assert_eq!(admin.content(body["data"]["id"].as_i64().expect("id")).await, "");
}

#[tokio::test]
async fn another_users_tree_is_not_there() {
    let (site, admin) = Site::with_admin().await;
    let folder = admin.folder("mine", None).await;
    let file = admin.file("f", Some(folder)).await;
    admin.send(Method::POST, "/admin/users", account("berta")).await;
    let berta = site.log_in("berta").await;
    let own = berta.file("own", None).await;
    for (method, path, body) in [
        (Method::GET, format!("/folders/{folder}"), json!({})),
        (Method::GET, format!("/folders/{folder}/info"), json!({})),
        (Method::GET, format!("/folders/{folder}/ancestors"), json!({})),
        (Method::PATCH, format!("/folders/{folder}"), json!({"name": "x"})),
        (Method::DELETE, format!("/folders/{folder}"), json!({})),
        (Method::POST, format!("/folders/{folder}/copy"), json!({})),
        (Method::POST, "/folders".to_owned(), json!({"name": "x", "parent_id": folder})),
        (Method::PATCH, format!("/files/{file}"), json!({"name": "x"})),
        (Method::PATCH, format!("/files/{own}"), json!({"folder_id": folder})),
        (Method::POST, format!("/files/{file}/copy"), json!({})),
        (Method::POST, format!("/files/{own}/copy"), json!({"folder_id": folder})),
        (Method::GET, format!("/files/{file}/versions"), json!({})),
        (Method::POST, format!("/trash/file/{file}/restore"), json!({})),
        (Method::DELETE, format!("/trash/folder/{folder}"), json!({})),
        (Method::GET, "/teams/1/folders".to_owned(), json!({})),
        (Method::GET, "/teams/x/folders".to_owned(), json!({})),
    ] {
        let (status, answer) = berta.send(method.clone(), &path, body).await;
        assert_eq!(status, 404, "{method} {path} {answer}");
    }
    assert_eq!(berta.replace(file, "x", None).await.0, 404);
    assert_eq!(admin.names(Some(folder)).await, ["f"]);
}
