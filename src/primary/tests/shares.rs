//! Shares, links and archives, as owners and strangers see them.

use futures_util::future::join_all;

use super::*;

impl Session {
    /// Shares something and gives the answer's data.
    async fn share(&self, target: Value, more: Value) -> Value {
        let mut body = json!({"target": target});
        body.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        let (status, body) = self.post("/shares", body).await;
        assert_eq!(status, 201, "{body}");
        body["data"].clone()
    }
}

fn token(share: &Value) -> &str {
    share["token"].as_str().expect("token")
}

/// A stranger with a browser.
fn stranger() -> Client {
    Client::builder().cookie_store(true).build().expect("client")
}

async fn get(site: &Site, client: &Client, path: &str) -> (u16, Value) {
    status_and_body(client.get(site.url(path)).send().await.expect("reply")).await
}

async fn bytes(site: &Site, client: &Client, path: &str, range: Option<&str>) -> (u16, Vec<u8>) {
    let mut request = client.get(site.url(path));
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let reply = request.send().await.expect("reply");
    (reply.status().as_u16(), reply.bytes().await.expect("body").to_vec())
}

#[tokio::test]
async fn a_share_shows_what_it_must_and_ends_with_its_item_its_time_and_its_owner() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    let file = berta.file("f.txt", None).await;
    let target = json!({"type": "file", "id": file});
    let share = berta.share(target.clone(), json!({})).await;
    assert_eq!((&share["status"], &share["remaining_downloads"]), (&json!("active"), &json!(null)));
    assert_eq!(berta.post("/shares", json!({"target": target})).await.0, 409);
    assert_eq!(admin.post("/shares", json!({"target": target})).await.0, 404, "a foreign file");
    assert_eq!(berta.get("/folders").await.1["data"]["files"][0]["is_shared"], true);
    let (path, anybody) = (format!("/s/{}", token(&share)), stranger());
    let (status, seen) = get(&site, &anybody, &path).await;
    assert_eq!(status, 200, "{seen}");
    let members: Vec<_> = seen["data"].as_object().expect("object").keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "download_count",
            "expires_at",
            "has_password",
            "is_expired",
            "is_unlocked",
            "max_downloads",
            "mime_type",
            "name",
            "share_type",
            "shared_by",
            "size",
            "view_count"
        ]
    );
    assert_eq!((&seen["data"]["name"], &seen["data"]["size"]), (&json!("f.txt"), &json!(5)));
    assert_eq!(bytes(&site, &anybody, &format!("{path}/download"), None).await, (200, b"f.txt".to_vec()));
    let (_, list) = berta.get("/shares").await;
    let item = &list["data"]["items"][0];
    assert_eq!((&item["download_count"], &item["view_count"]), (&json!(1), &json!(1)));

    // In the trash it is not there, and comes back with its item.
    berta.send(Method::DELETE, &format!("/files/{file}"), json!({})).await;
    let gone = get(&site, &anybody, &path).await;
    let unknown = get(&site, &anybody, "/s/00000000000000000000000000000000").await;
    assert_eq!((gone.0, unknown.0, &gone.1), (404, 404, &unknown.1), "nobody can tell them apart");
    berta.post(&format!("/trash/file/{file}/restore"), json!({})).await;
    assert_eq!(get(&site, &anybody, &path).await.0, 200);
    // A disabled user shares nothing.
    admin.send(Method::PATCH, "/admin/users/2", json!({"status": "disabled"})).await;
    assert_eq!(get(&site, &anybody, &path).await.0, 404);
    admin.send(Method::PATCH, "/admin/users/2", json!({"status": "active"})).await;
    let berta = site.log_in("berta").await;
    site.execute("UPDATE shares SET expires_at = 1").await;
    assert_eq!(get(&site, &anybody, &path).await, unknown);
    assert_eq!(berta.get("/shares").await.1["data"]["items"][0]["status"], "expired");
    // What has ended makes room for another.
    let share = berta.share(target, json!({})).await;
    let own = format!("/shares/{}", share["id"]);
    assert_eq!(admin.send(Method::DELETE, &own, json!({})).await.0, 404);
    berta.send(Method::DELETE, &format!("/files/{file}"), json!({})).await;
    berta.send(Method::DELETE, &format!("/trash/file/{file}"), json!({})).await;
    assert_eq!(site.count("shares").await, 0, "purged with its item");
}

#[tokio::test]
async fn a_password_guards_the_share_and_another_one_ends_the_access_of_before() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("f.txt", None).await;
    let share = admin.share(json!({"type": "file", "id": file}), json!({"password": "open sesame"})).await;
    let (path, guest) = (format!("/s/{}", token(&share)), stranger());
    let seen = get(&site, &guest, &path).await.1;
    assert_eq!((&seen["data"]["is_unlocked"], &seen["data"]["size"]), (&json!(false), &json!(null)));
    let download = format!("{path}/download");
    let (status, refused) = get(&site, &guest, &download).await;
    assert_eq!((status, &refused["code"]), (403, &json!(6002)), "{refused}");
    let verify = async |client: &Client, password: &str| {
        let request = client.post(site.url(&format!("{path}/verify"))).json(&json!({"password": password}));
        request.send().await.expect("reply").status().as_u16()
    };
    assert_eq!(verify(&guest, "close sesame").await, 403);
    assert_eq!(verify(&guest, "open sesame").await, 200);
    assert_eq!(bytes(&site, &guest, &download, None).await.0, 200);
    assert_eq!(bytes(&site, &stranger(), &download, None).await.0, 403);

    let own = format!("/shares/{}", share["id"]);
    assert_eq!(admin.send(Method::PATCH, &own, json!({"password": "x"})).await.0, 400, "max_downloads lacks");
    let change = json!({"password": "other", "max_downloads": 0});
    assert_eq!(admin.send(Method::PATCH, &own, change).await.0, 200);
    assert_eq!(bytes(&site, &guest, &download, None).await.0, 403, "at once");
    let attempts = join_all((0..30).map(|_| verify(&guest, "guess"))).await;
    assert!(attempts.contains(&429), "{attempts:?}");
    let change = json!({"password": "", "max_downloads": 0});
    assert_eq!(admin.send(Method::PATCH, &own, change).await.1["data"]["has_password"], false);
    assert_eq!(bytes(&site, &guest, &download, None).await.0, 200);
}

#[tokio::test]
async fn a_limit_counts_downloads_and_neither_their_ranges_nor_what_failed() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("f.txt", None).await;
    let share = admin.share(json!({"type": "file", "id": file}), json!({"max_downloads": 2})).await;
    let (path, guest) = (format!("/s/{}/download", token(&share)), stranger());
    let counted = async || {
        let (_, list) = admin.get("/shares").await;
        list["data"]["items"][0]["download_count"].as_i64().expect("count")
    };
    assert_eq!(guest.head(site.url(&path)).send().await.expect("reply").status(), 200);
    assert_eq!(bytes(&site, &guest, &path, Some("bytes=9-")).await.0, 416);
    eventually("nothing is counted", async || (counted().await == 0).then_some(())).await;
    assert_eq!(bytes(&site, &guest, &path, Some("bytes=0-1")).await, (206, b"f.".to_vec()));
    assert_eq!(bytes(&site, &guest, &path, Some("bytes=2-")).await, (206, b"txt".to_vec()));
    assert_eq!(counted().await, 1, "it went on with the same download");
    // Whoever begins in the middle is counted all the same.
    assert_eq!(bytes(&site, &stranger(), &path, Some("bytes=2-")).await.0, 206);
    assert_eq!(counted().await, 2);
    let (status, refused) = get(&site, &stranger(), &path).await;
    assert_eq!((status, &refused["code"]), (403, &json!(6003)), "{refused}");
    assert_eq!(bytes(&site, &guest, &path, Some("bytes=2-")).await.0, 206, "the first may still finish");
    assert_eq!(admin.get("/shares").await.1["data"]["items"][0]["status"], "exhausted");
    // An object that is not there gives the count back.
    let own = format!("/shares/{}", share["id"]);
    admin.send(Method::PATCH, &own, json!({"max_downloads": 3})).await;
    site.execute("UPDATE blobs SET object_key = 'files/gone'").await;
    assert!(bytes(&site, &stranger(), &path, None).await.0 >= 500);
    eventually("the count is given back", async || (counted().await == 2).then_some(())).await;
}

#[tokio::test]
async fn looking_at_a_shared_file_in_a_page_is_counted_like_a_download() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("f.txt", None).await;
    let share = admin.share(json!({"type": "file", "id": file}), json!({"max_downloads": 1})).await;
    let (path, guest) = (format!("/s/{}/download?inline=1", token(&share)), stranger());
    let shown = guest.get(site.url(&path)).send().await.expect("reply");
    assert!(shown.headers()["content-disposition"].to_str().expect("text").starts_with("inline"));
    assert_eq!(shown.bytes().await.expect("body").as_ref(), b"f.txt");
    assert_eq!(bytes(&site, &guest, &path, Some("bytes=2-")).await, (206, b"txt".to_vec()));
    assert_eq!(bytes(&site, &stranger(), &path, None).await.0, 403, "the only download was used");
}

#[tokio::test]
async fn of_many_downloads_at_once_as_many_succeed_as_the_limit_says() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.file("f.txt", None).await;
    let share = admin.share(json!({"type": "file", "id": file}), json!({"max_downloads": 5})).await;
    let path = format!("/s/{}/download", token(&share));
    let all = join_all((0..40).map(|_| async { bytes(&site, &stranger(), &path, None).await.0 })).await;
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 5, "{all:?}");
    assert!(all.iter().all(|status| matches!(status, 200 | 403)), "{all:?}");
    assert_eq!(admin.get("/shares").await.1["data"]["items"][0]["remaining_downloads"], 0);
}

#[tokio::test]
async fn a_shared_folder_opens_what_is_below_it_and_nothing_else() {
    let (site, admin) = Site::with_admin().await;
    let outside = admin.folder("outside", None).await;
    let shared = admin.folder("shared", None).await;
    let below = admin.folder("below", Some(shared)).await;
    let (inner, secret) = (admin.file("in", Some(below)).await, admin.file("out", Some(outside)).await);
    let root = admin.file("root", None).await;
    let share = admin.share(json!({"type": "folder", "id": shared}), json!({})).await;
    let (path, guest) = (format!("/s/{}", token(&share)), stranger());
    let (_, content) = get(&site, &guest, &format!("{path}/content")).await;
    assert_eq!(content["data"]["folders"][0]["name"], "below");
    let (_, content) = get(&site, &guest, &format!("{path}/folders/{below}/content")).await;
    let names: Vec<_> = content["data"]["files"][0].as_object().expect("file").keys().cloned().collect();
    assert_eq!(names, ["extension", "file_category", "id", "mime_type", "name", "size", "updated_at"]);
    let download = |id: i64| format!("{path}/files/{id}/download");
    assert_eq!(bytes(&site, &guest, &download(inner), None).await, (200, b"in".to_vec()));
    for closed in [
        format!("{path}/folders/{outside}/content"),
        format!("{path}/folders/999/content"),
        format!("{path}/download"),
        download(secret),
        download(root),
        download(999),
    ] {
        assert_eq!(get(&site, &guest, &closed).await.0, 404, "{closed}");
    }
    // What is moved out or deleted is out at once.
    admin.send(Method::PATCH, &format!("/folders/{below}"), json!({"parent_id": outside})).await;
    assert_eq!(get(&site, &guest, &download(inner)).await.0, 404);
    admin.send(Method::PATCH, &format!("/folders/{below}"), json!({"parent_id": shared})).await;
    let (status, zip) = bytes(&site, &guest, &format!("{path}/download-all"), None).await;
    assert_eq!((status, &zip[..4]), (200, &b"PK\x03\x04"[..]));
    admin.send(Method::DELETE, &format!("/folders/{shared}"), json!({})).await;
    assert_eq!(get(&site, &guest, &download(inner)).await.0, 404);
}

#[tokio::test]
async fn shares_of_a_team_are_its_members_and_end_when_it_is_archived() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    let (_, team) = berta.post("/teams", json!({"name": "Band"})).await;
    let base = format!("/teams/{}", team["data"]["id"]);
    let (_, file) = berta.upload_to(&format!("{base}/files/upload"), "song", b"la la").await;
    let body = json!({"target": {"type": "file", "id": file["data"]["id"]}});
    let (status, share) = berta.post(&format!("{base}/shares"), body).await;
    assert_eq!(status, 201, "{share}");
    let ids = json!({"share_ids": [share["data"]["id"], 99]});
    assert_eq!(admin.post(&format!("{base}/shares/batch-delete"), ids.clone()).await.0, 404);
    let path = format!("/s/{}/download", token(&share["data"]));
    assert_eq!(bytes(&site, &stranger(), &path, None).await, (200, b"la la".to_vec()));
    berta.send(Method::DELETE, &base, json!({})).await;
    assert_eq!(get(&site, &stranger(), &path).await.0, 404);
    admin.post(&format!("/admin{base}/restore"), json!({})).await;
    let (_, deleted) = berta.post(&format!("{base}/shares/batch-delete"), ids).await;
    assert_eq!((&deleted["data"]["succeeded"], &deleted["data"]["failed"]), (&json!(1), &json!(1)));
    assert_eq!(get(&site, &stranger(), &path).await.0, 404);
}

#[tokio::test]
async fn direct_links_work_until_revoked_and_preview_links_a_few_times() {
    let (site, admin) = Site::with_admin().await;
    let (_, file) = admin.upload_bytes("page.html", b"<script>x</script>").await;
    let own = format!("/files/{}", file["data"]["id"]);
    let link =
        |body: &Value| format!("http://{}{}", site.address, body["data"]["path"].as_str().expect("path"));
    let reader = admin.token("read").await;
    assert_eq!(site.bearer(Method::GET, &format!("{own}/direct-link"), &reader).await.0, 403);
    let (_, made) = admin.get(&format!("{own}/direct-link")).await;
    assert_eq!(admin.get(&format!("{own}/direct-link")).await.1, made, "the same link");
    let shown = reqwest::get(link(&made)).await.expect("reply");
    assert!(shown.headers()["content-disposition"].to_str().expect("text").starts_with("inline"));
    assert!(shown.headers()["content-security-policy"].to_str().expect("text").starts_with("sandbox"));
    let kept = reqwest::get(format!("{}?download=1", link(&made))).await.expect("reply");
    assert!(kept.headers()["content-disposition"].to_str().expect("text").starts_with("attachment"));
    let (_, renewed) = admin.post(&format!("{own}/direct-link"), json!({})).await;
    assert_eq!(reqwest::get(link(&made)).await.expect("reply").status(), 404);
    assert_eq!(reqwest::get(link(&renewed)).await.expect("reply").status(), 200);
    admin.send(Method::DELETE, &format!("{own}/direct-link"), json!({})).await;
    assert_eq!(reqwest::get(link(&renewed)).await.expect("reply").status(), 404);

    let (status, preview) = admin.post(&format!("{own}/preview-link"), json!({})).await;
    assert_eq!((status, &preview["data"]["max_uses"]), (201, &json!(5)));
    let uses =
        join_all((0..9).map(|_| async { reqwest::get(link(&preview)).await.expect("reply").status() }));
    assert_eq!(uses.await.iter().filter(|status| status.as_u16() == 200).count(), 5);
    let (_, preview) = admin.post(&format!("{own}/preview-link"), json!({})).await;
    site.execute("UPDATE preview_links SET expires_at = 1").await;
    assert_eq!(reqwest::get(link(&preview)).await.expect("reply").status(), 404);
}

#[tokio::test]
async fn an_archive_has_the_selection_once_for_its_ticket_and_breaks_off_where_a_file_is_missing() {
    let (site, admin) = Site::with_admin().await;
    let folder = admin.folder("photos", None).await;
    let below = admin.folder("below", Some(folder)).await;
    admin.file("a.txt", Some(below)).await;
    let (first, second) = (admin.file("a.txt", None).await, admin.file("A.txt", Some(folder)).await);
    let wanted = json!({"file_ids": [first, second], "folder_ids": [folder], "archive_name": "mine"});
    let (status, ticket) = admin.post("/batch/archive-download", wanted.clone()).await;
    assert_eq!(status, 201, "{ticket}");
    let path = format!("/batch/archive-download/{}", token(&ticket["data"]));
    let berta = site.with_user(&admin, "berta").await;
    assert_eq!(berta.get(&path).await.0, 404, "somebody else's ticket");
    let reply = admin.request(Method::GET, &path).send().await.expect("reply");
    assert_eq!(reply.status(), 200);
    let length = reply.content_length().expect("length");
    let zip = reply.bytes().await.expect("body");
    assert_eq!(zip.len() as u64, length);
    let text = String::from_utf8_lossy(&zip);
    for name in ["photos/A.txt", "photos/below/a.txt", "A (1).txt"] {
        assert_eq!(text.matches(name).count(), 2, "{name}: at its place and in the directory");
    }
    assert_eq!(admin.get(&path).await.0, 404, "used");
    // One object is missing: the archive is shorter than was told, and the client sees it.
    let (_, ticket) = admin.post("/batch/archive-download", wanted.clone()).await;
    site.execute("UPDATE blobs SET object_key = 'files/gone' WHERE id = 2").await;
    let path = format!("/batch/archive-download/{}", token(&ticket["data"]));
    let reply = admin.request(Method::GET, &path).send().await.expect("reply");
    assert!(reply.bytes().await.is_err());
    admin.send(Method::PUT, "/admin/config/archive_build_max_entries", json!({"value": "4"})).await;
    assert_eq!(admin.post("/batch/archive-download", wanted).await.0, 413);
    for bad in [json!({}), json!({"file_ids": [first], "archive_name": "a/b"})] {
        assert_eq!(admin.post("/batch/archive-download", bad).await.0, 400);
    }
    assert_eq!(admin.post("/batch/archive-download", json!({"file_ids": [999]})).await.0, 404);
}
