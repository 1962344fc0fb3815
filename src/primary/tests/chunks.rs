//! Uploads in chunks on a local policy: the way of one, and what each way of ending it leaves.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;

use super::*;
use crate::primary::spaces::{self, Space, SpaceOwner};
use crate::primary::uploads::UploadError;
use crate::protocol::Timestamp;

const CHUNK: usize = 1000;
const HOUR_MS: i64 = 3_600_000;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

impl Session {
    pub(crate) async fn init(&self, body: Value) -> (u16, Value) {
        self.send(Method::POST, "/files/upload/init", body).await
    }

    pub(crate) async fn begun(&self, name: &str, size: usize) -> String {
        let (status, body) = self.init(json!({"filename": name, "total_size": size})).await;
        assert_eq!((status, &body["data"]["mode"]), (201, &json!("chunked")), "{body}");
        body["data"]["upload_id"].as_str().expect("upload_id").to_owned()
    }

    pub(crate) async fn put_chunk(&self, id: &str, number: usize, bytes: &[u8]) -> (u16, Value) {
        let request = self.request(Method::PUT, &format!("/files/upload/{id}/{number}"));
        status_and_body(request.body(bytes.to_vec()).send().await.expect("reply")).await
    }

    async fn put_all(&self, id: &str, content: &[u8]) {
        let chunks = content.chunks(CHUNK).enumerate();
        let sent = join_all(chunks.map(|(number, chunk)| self.put_chunk(id, number, chunk))).await;
        assert!(sent.iter().all(|(status, _)| *status == 200), "{sent:?}");
    }

    pub(crate) async fn complete(&self, id: &str) -> (u16, Value) {
        self.send(Method::POST, &format!("/files/upload/{id}/complete"), json!({})).await
    }
}

async fn chunked() -> (Site, Session) {
    let (site, admin) = Site::with_admin().await;
    site.execute("UPDATE storage_policies SET chunk_size = 1000").await;
    (site, admin)
}

async fn space(site: &Site) -> Space {
    let account = site.primary.accounts.get(1).await.expect("admin");
    let space = spaces::of(&site.primary.db, SpaceOwner::User(1), account.policy_group_id).await;
    space.expect("database").expect("space")
}

/// Lets `hours` go by for the upkeep of uploads.
async fn later(site: &Site, hours: i64) {
    let now = Timestamp::from_unix_ms(Timestamp::now().unix_ms() + hours * HOUR_MS);
    site.primary.uploads.remove_expired(now).await.expect("upkeep");
}

/// Nothing of any upload is left, in rows or in the store.
async fn nothing_is_left(site: &Site) {
    later(site, 1).await;
    site.execute("UPDATE stray_objects SET last_write_at = -1").await;
    let left = site.primary.files.clean_strays(&site.primary.policies, Duration::ZERO).await.expect("clean");
    assert_eq!(left, 0);
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
    assert_eq!((site.count("upload_sessions").await, site.count("upload_chunks").await), (0, 0));
}

fn id_of(answer: &Value) -> i64 {
    answer["data"]["id"].as_i64().expect("id")
}

#[tokio::test]
async fn chunks_in_any_order_and_twice_become_one_file() {
    let (site, admin) = chunked().await;
    let content = content(4500);
    let path = json!({"filename": "x", "relative_path": "2026/May/all.bin", "total_size": 4500,
        "frontend_client_id": "6f1d2c3b-4a59-4e68-8b77-0c9d8e7f6a5b"});
    let (status, body) = admin.init(path).await;
    assert_eq!(
        (status, &body["data"]["total_chunks"], &body["data"]["chunk_size"]),
        (201, &json!(5), &json!(1000))
    );
    let id = body["data"]["upload_id"].as_str().expect("id").to_owned();
    for number in [4, 1, 1, 3] {
        let end = content.len().min((number + 1) * CHUNK);
        let (status, body) = admin.put_chunk(&id, number, &content[number * CHUNK..end]).await;
        assert_eq!((status, &body["data"]["total_chunks"]), (200, &json!(5)), "{body}");
    }
    let progress = admin.get(&format!("/files/upload/{id}")).await.1["data"].clone();
    assert_eq!(progress["status"], "uploading");
    assert_eq!((&progress["received_count"], &progress["chunks_on_disk"]), (&json!(3), &json!([1, 3, 4])));
    assert_eq!((&progress["total_chunks"], &progress["filename"]), (&json!(5), &json!("all.bin")));
    let (status, body) = admin.complete(&id).await;
    assert_eq!((status, body["msg"].as_str().expect("msg").contains("3 of 5")), (409, true), "{body}");

    let client = "/files/upload/sessions?frontend_client_id=";
    let open = admin.get(&format!("{client}6f1d2c3b-4a59-4e68-8b77-0c9d8e7f6a5b")).await.1;
    assert_eq!((&open["data"][0]["upload_id"], &open["data"][0]["received_count"]), (&json!(id), &json!(3)));
    let others = admin.get(&format!("{client}00000000-0000-4000-8000-000000000000")).await.1;
    assert_eq!(others["data"], json!([]));

    admin.put_all(&id, &content).await;
    let (status, file) = admin.complete(&id).await;
    assert_eq!(
        (status, &file["data"]["name"], &file["data"]["size"]),
        (201, &json!("all.bin"), &json!(4500))
    );
    assert!(!file["data"]["folder_id"].is_null());
    assert_eq!(admin.download(id_of(&file)).await, content);
    let (status, again) = admin.complete(&id).await;
    assert_eq!((status, &again["data"]), (201, &file["data"]));
    assert_eq!(admin.get(&format!("/files/upload/{id}")).await.1["data"]["status"], "completed");
    assert_eq!(admin.get("/auth/me").await.1["data"]["storage_used"], 4500);
    assert_eq!(site.leftovers().await, (1, 1, 0, 1), "no part is left");
    later(&site, 1).await;
    assert_eq!(admin.complete(&id).await.0, 201, "known until it expires");
    later(&site, 25).await;
    assert_eq!(site.count("upload_sessions").await, 0);
    assert_eq!(site.leftovers().await, (1, 1, 0, 1));
}

#[tokio::test]
async fn what_fits_a_chunk_is_direct_and_no_file_has_too_many_chunks() {
    let (site, admin) = chunked().await;
    for size in [0, 1, CHUNK] {
        let (status, body) = admin.init(json!({"filename": "f", "total_size": size})).await;
        assert_eq!((status, &body["data"]), (201, &json!({"mode": "direct"})), "{size}");
    }
    site.execute("UPDATE storage_policies SET chunk_size = 0").await;
    let (_, body) = admin.init(json!({"filename": "f", "total_size": 1_u64 << 40})).await;
    assert_eq!(body["data"]["mode"], "direct");
    assert_eq!(site.count("upload_sessions").await, 0);
    // Chunks grow so that there are never more than any store takes.
    site.execute("UPDATE storage_policies SET chunk_size = 1000").await;
    let (_, body) = admin.init(json!({"filename": "f", "total_size": 10_000_001})).await;
    assert_eq!((&body["data"]["chunk_size"], &body["data"]["total_chunks"]), (&json!(1 << 20), &json!(10)));
}

#[tokio::test]
async fn concurrent_completions_make_one_file() {
    let (site, admin) = chunked().await;
    let content = content(64 * CHUNK);
    let id = admin.begun("f.bin", content.len()).await;
    admin.put_all(&id, &content).await;
    let answers = join_all((0..6).map(|_| admin.complete(&id))).await;
    for (status, body) in &answers {
        let assembling = *status == 202 && body["code"] == 3011;
        assert!(*status == 201 || assembling, "{body}");
    }
    let (status, file) = admin.complete(&id).await;
    assert_eq!(status, 201, "{file}");
    assert_eq!(admin.download(id_of(&file)).await, content);
    assert_eq!(site.leftovers().await, (1, 1, 0, 1));
    assert_eq!(admin.get("/auth/me").await.1["data"]["storage_used"], content.len());
}

#[tokio::test]
async fn an_assembly_whose_primary_died_is_taken_up_after_its_lease() {
    let (site, admin) = chunked().await;
    let content = content(2500);
    for composed in [false, true] {
        let id = admin.begun("f.bin", content.len()).await;
        admin.put_all(&id, &content).await;
        if composed {
            // It died between the object and the file.
            site.execute("ALTER TABLE files RENAME COLUMN name_key TO gone").await;
            assert_eq!(admin.complete(&id).await.0, 500);
            site.execute("ALTER TABLE files RENAME COLUMN gone TO name_key").await;
        }
        site.execute(
            "UPDATE upload_sessions SET status = 'assembling', lease_token = 'x', lease_until = 9000000000000 \
             WHERE status <> 'completed'",
        )
        .await;
        let (status, body) = admin.complete(&id).await;
        assert_eq!((status, &body["code"]), (202, &json!(3011)), "{body}");
        assert_eq!(admin.send(Method::DELETE, &format!("/files/upload/{id}"), json!({})).await.0, 409);
        assert_eq!(admin.put_chunk(&id, 0, &content[..CHUNK]).await.0, 409);
        later(&site, 48).await;
        site.execute("UPDATE upload_sessions SET lease_until = 1 WHERE status = 'assembling'").await;
        let (status, file) = admin.complete(&id).await;
        assert_eq!(status, 201, "{file}");
        assert_eq!(admin.download(id_of(&file)).await, content);
    }
    assert_eq!(site.leftovers().await, (2, 2, 0, 2));
}

#[tokio::test]
async fn a_completion_that_was_refused_can_be_repeated() {
    let (site, admin) = chunked().await;
    let content = content(2500);
    let (_, folder) = admin.send(Method::POST, "/folders", json!({"name": "d"})).await;
    let folder = &folder["data"]["id"];
    let (_, body) = admin.init(json!({"filename": "f", "total_size": 2500, "folder_id": folder})).await;
    let id = body["data"]["upload_id"].as_str().expect("id").to_owned();
    admin.put_all(&id, &content).await;
    admin.send(Method::PATCH, "/admin/users/1", json!({"storage_quota": 2000})).await;
    assert_eq!(admin.complete(&id).await.0, 507);
    admin.send(Method::PATCH, "/admin/users/1", json!({"storage_quota": 0})).await;
    site.execute("UPDATE storage_policies SET max_file_size = 2000").await;
    assert_eq!(admin.complete(&id).await.0, 413);
    site.execute("UPDATE storage_policies SET max_file_size = 0").await;
    // The object is made, and the file is not.
    site.execute("ALTER TABLE files RENAME COLUMN name_key TO gone").await;
    assert_eq!(admin.complete(&id).await.0, 500);
    site.execute("ALTER TABLE files RENAME COLUMN gone TO name_key").await;
    assert_eq!(admin.get(&format!("/files/upload/{id}")).await.1["data"]["status"], "uploading");
    let (status, file) = admin.complete(&id).await;
    assert_eq!((status, &file["data"]["folder_id"]), (201, folder), "{file}");
    assert_eq!(site.leftovers().await, (1, 1, 0, 1));
}

#[tokio::test]
async fn however_an_upload_ends_nothing_is_left() {
    let (site, admin) = chunked().await;
    let content = content(2500);
    // Cancelled: empty, half-way, whole, and after an object was made of it.
    for (sent, composed) in [(0, false), (1, false), (3, false), (3, true)] {
        let id = admin.begun("f", content.len()).await;
        for (number, chunk) in content.chunks(CHUNK).enumerate().take(sent) {
            assert_eq!(admin.put_chunk(&id, number, chunk).await.0, 200);
        }
        if composed {
            site.execute("ALTER TABLE files RENAME COLUMN name_key TO gone").await;
            assert_eq!(admin.complete(&id).await.0, 500);
            site.execute("ALTER TABLE files RENAME COLUMN gone TO name_key").await;
        }
        let path = format!("/files/upload/{id}");
        assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 200);
        assert_eq!(site.objects().await.len(), usize::from(composed), "parts go at once");
        for (status, body) in [
            admin.get(&path).await,
            admin.put_chunk(&id, 0, &content[..CHUNK]).await,
            admin.complete(&id).await,
        ] {
            assert_eq!(status, 404, "{body}");
        }
        nothing_is_left(&site).await;
    }
    // Expired.
    let id = admin.begun("f", content.len()).await;
    assert_eq!(admin.put_chunk(&id, 0, &content[..CHUNK]).await.0, 200);
    later(&site, 23).await;
    assert_eq!(admin.get(&format!("/files/upload/{id}")).await.0, 200);
    later(&site, 25).await;
    assert_eq!(admin.get(&format!("/files/upload/{id}")).await.0, 404);
    assert_eq!(site.objects().await.len(), 0);
    later(&site, 26).await;
    nothing_is_left(&site).await;
    // Lost by its store.
    let id = admin.begun("f", content.len()).await;
    admin.put_all(&id, &content).await;
    let store = site.store().await;
    let lost = crate::protocol::ObjectKey::parse(&site.objects().await[0]).expect("key");
    store.delete(&lost).await.expect("delete");
    let (status, body) = admin.complete(&id).await;
    assert_eq!((status, body["msg"].as_str().expect("msg").contains("lost")), (409, true), "{body}");
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn parts_wait_for_a_store_that_is_away_as_their_upload_ends() {
    let (site, admin) = chunked().await;
    let id = admin.begun("f", 2500).await;
    assert_eq!(admin.put_chunk(&id, 1, &content(CHUNK)).await.0, 200);
    // No directory can be opened there.
    std::fs::File::create(site.dir.path().join("a-file")).expect("file");
    site.execute("UPDATE storage_policies SET base_path = 'a-file'").await;
    assert!(admin.put_chunk(&id, 0, &content(CHUNK)).await.0 >= 500);
    assert_eq!(admin.send(Method::DELETE, &format!("/files/upload/{id}"), json!({})).await.0, 200);
    assert_eq!(admin.get(&format!("/files/upload/{id}")).await.0, 404);
    later(&site, 1).await;
    assert_eq!(site.count("upload_sessions").await, 1, "known until the parts are gone");
    site.execute("UPDATE storage_policies SET base_path = 'data/uploads'").await;
    assert_eq!(site.objects().await.len(), 1);
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn a_part_that_comes_when_its_upload_has_ended_is_removed() {
    let (site, admin) = chunked().await;
    let (space, content) = (space(&site).await, content(2500));
    let id = admin.begun("f", content.len()).await;
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let body = futures_util::stream::once(async move {
        let _ = receiver.await;
        Ok(Bytes::from(vec![7; CHUNK]))
    });
    let uuid = uuid::Uuid::parse_str(&id).expect("uuid");
    let late = site.primary.uploads.put_chunk(space, 1, uuid, 0, CHUNK as u64, Box::pin(body));
    let cancel = async {
        assert_eq!(admin.send(Method::DELETE, &format!("/files/upload/{id}"), json!({})).await.0, 200);
        let _ = sender.send(());
    };
    let (late, ()) = tokio::join!(late, cancel);
    assert!(matches!(late, Err(UploadError::NotFound)), "{late:?}");
    assert_eq!(site.objects().await.len(), 0);
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn a_policy_keeps_its_place_while_uploads_go_there_and_can_drop_them() {
    let (site, admin) = chunked().await;
    let content = content(2500);
    let id = admin.begun("f", content.len()).await;
    admin.put_all(&id, &content).await;
    let (status, body) =
        admin.send(Method::PATCH, "/admin/policies/1", json!({"base_path": "data/other"})).await;
    assert_eq!(status, 400, "{body}");
    let (_, body) = admin.send(Method::DELETE, "/admin/policies/1", json!({})).await;
    assert!(body["msg"].as_str().expect("msg").contains("1 uploads"), "{body}");
    let uploads = &site.primary.uploads;
    assert_eq!(uploads.open_sessions(1).await.expect("count"), 1);
    assert_eq!(uploads.drop_sessions(1).await.expect("dropped"), 1);
    assert_eq!((uploads.open_sessions(1).await.expect("count"), admin.complete(&id).await.0), (0, 404));
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn quota_counts_what_is_being_uploaded_and_nobody_has_too_many_open() {
    let (site, admin) = chunked().await;
    admin.send(Method::PATCH, "/admin/users/1", json!({"storage_quota": 6000})).await;
    let begun = join_all((0..4).map(|_| admin.init(json!({"filename": "f", "total_size": 2500})))).await;
    let mut statuses: Vec<u16> = begun.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 507, 507]);
    admin.send(Method::PATCH, "/admin/users/1", json!({"storage_quota": 0})).await;
    for _ in 2..100 {
        admin.begun("f", 2500).await;
    }
    let (status, body) = admin.init(json!({"filename": "f", "total_size": 2500})).await;
    assert_eq!((status, body["msg"].as_str().expect("msg").contains("100 uploads")), (429, true), "{body}");
    assert_eq!(site.count("upload_sessions").await, 100);
}

#[tokio::test]
async fn wrong_requests_are_named_and_other_peoples_uploads_are_not_there() {
    let (site, admin) = chunked().await;
    for (body, status, told) in [
        (json!({"total_size": 5}), 400, "filename"),
        (json!({"filename": "f", "total_size": -1}), 400, "total_size"),
        (json!({"filename": "f", "total_size": 1_u64 << 47}), 413, "total_size"),
        (json!({"filename": "a?b", "total_size": 5000}), 400, "?"),
        (json!({"filename": "f", "total_size": 5000, "folder_id": 77}), 404, "77"),
        (json!({"filename": "f", "total_size": 5000, "relative_path": "a/../b"}), 400, "a dot"),
        (json!({"filename": "f", "total_size": 5000, "relative_path": "d/".repeat(65) + "f"}), 400, "65"),
        (json!({"filename": "f", "total_size": 5000, "frontend_client_id": "me"}), 400, "frontend_client_id"),
    ] {
        let (found, answer) = admin.init(body).await;
        assert_eq!((found, answer["msg"].as_str().expect("msg").contains(told)), (status, true), "{answer}");
    }
    let id = admin.begun("f", 2500).await;
    let bytes = content(CHUNK + 1);
    for (number, length, status) in
        [(0, CHUNK - 1, 400), (0, CHUNK + 1, 413), (2, CHUNK, 413), (3, CHUNK, 400)]
    {
        let (found, body) = admin.put_chunk(&id, number, &bytes[..length]).await;
        assert_eq!(found, status, "{body}");
    }
    let path = format!("/files/upload/{id}");
    let presign = format!("{path}/presign-parts");
    assert_eq!(admin.send(Method::POST, &presign, json!({"part_numbers": [1]})).await.0, 409);
    admin.send(Method::POST, "/admin/users", account("berta")).await;
    let berta = site.log_in("berta").await;
    assert_eq!(berta.get(&path).await.0, 404);
    assert_eq!(berta.put_chunk(&id, 0, &bytes[..CHUNK]).await.0, 404);
    assert_eq!(berta.complete(&id).await.0, 404);
    assert_eq!(berta.send(Method::DELETE, &path, json!({})).await.0, 404);
    assert_eq!(berta.get("/files/upload/sessions").await.1["data"], json!([]));
    assert_eq!(admin.get("/files/upload/nonsense").await.0, 404);
    assert_eq!(admin.get(&path).await.1["data"]["received_count"], 0);
}
