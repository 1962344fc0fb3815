use bytes::Bytes;
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::protocol::ObjectKey;

/// A form with one file, as raw text.
fn form(content: &str) -> String {
    format!(
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\n\r\n{content}\r\n--B--\r\n"
    )
}

impl Session {
    async fn post_form(&self, query: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self
            .request(Method::POST, &format!("/files/upload{query}"))
            .header("content-type", "multipart/form-data; boundary=B")
            .body(body);
        status_and_body(request.send().await.expect("reply")).await
    }
}

#[tokio::test]
async fn a_file_of_any_size_comes_back_as_it_was() {
    let (site, admin) = Site::with_admin().await;
    let mut total = 0;
    for size in [0, 1, 65_535, 262_144, 262_145, 5_000_000] {
        let content: Vec<u8> = (0..size).map(|n: usize| (n % 251) as u8).collect();
        let (status, body) = admin.upload_bytes("data.bin", &content).await;
        assert_eq!(status, 201, "{body}");
        assert_eq!(body["data"]["size"], json!(size));
        total += size;
        let path = format!("/files/{}/download", body["data"]["id"]);
        let reply = admin.request(Method::GET, &path).send().await.expect("reply");
        let etag = format!("\"{}\"", hex::encode(Sha256::digest(&content)));
        assert_eq!(reply.headers()["etag"], etag.as_str());
        assert_eq!(reply.bytes().await.expect("bytes"), content, "{size} bytes");
    }
    assert_eq!(site.count("stray_objects").await, 0);
    assert_eq!(admin.get("/auth/me").await.1["data"]["storage_used"], json!(total));
}

#[tokio::test]
async fn the_record_of_a_file_has_its_fields() {
    let (_site, admin) = Site::with_admin().await;
    let (_, body) = admin.upload_bytes("Photo.JPG", b"x").await;
    let (status, read) = admin.get(&format!("/files/{}", body["data"]["id"])).await;
    assert_eq!((status, &read["data"]), (200, &body["data"]));
    let file = &read["data"];
    assert_eq!(file["name"], "Photo.JPG");
    assert_eq!((&file["mime_type"], &file["extension"]), (&json!("image/jpeg"), &json!("jpg")));
    assert_eq!((&file["file_category"], &file["folder_id"]), (&json!("image"), &json!(null)));
    assert_eq!((&file["created_by_username"], &file["is_locked"]), (&json!("admin"), &json!(false)));
}

#[tokio::test]
async fn a_taken_name_gets_a_number_also_when_many_come_at_once() {
    let (_site, admin) = Site::with_admin().await;
    let uploads = (0..6).map(|_| admin.upload_bytes("a.tar.gz", b"x"));
    let bodies = futures_util::future::join_all(uploads).await;
    let mut names: Vec<&str> =
        bodies.iter().map(|(_, body)| body["data"]["name"].as_str().expect("name")).collect();
    names.sort_unstable();
    let expected =
        ["a (1).tar.gz", "a (2).tar.gz", "a (3).tar.gz", "a (4).tar.gz", "a (5).tar.gz", "a.tar.gz"];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_declared_size_replaces_the_content_length_and_must_be_true() {
    let (site, admin) = Site::with_admin().await;
    let chunked =
        |text: String| reqwest::Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(Bytes::from(text))]));
    let (status, body) = admin.post_form("", chunked(form("12345"))).await;
    assert_eq!((status, &body["error"]["code"]), (411, &json!("length_required")), "{body}");
    assert!(body["msg"].as_str().expect("msg").contains("declared_size"));
    assert_eq!(admin.post_form("?declared_size=5", chunked(form("12345"))).await.0, 201);
    for size in [0, 4, 6, 7] {
        let (status, body) = admin.post_form(&format!("?declared_size={size}"), chunked(form("12345"))).await;
        assert_eq!(status, 400, "{size} {body}");
        let (status, _) = admin.post_form(&format!("?declared_size={size}"), form("12345")).await;
        assert_eq!(status, 400, "{size}");
    }
    assert_eq!(site.leftovers().await, (1, 1, 0, 1));
}

#[tokio::test]
async fn a_form_whose_file_is_not_last_is_refused_and_leaves_nothing() {
    let (site, admin) = Site::with_admin().await;
    let file = "Content-Disposition: form-data; filename=f\r\n\r\n12345\r\n";
    let field = "Content-Disposition: form-data; name=later\r\n\r\nvalue\r\n";
    let (status, body) = admin.post_form("", format!("--B\r\n{file}--B\r\n{field}--B--\r\n")).await;
    assert_eq!(status, 400);
    assert!(body["msg"].as_str().expect("msg").contains("must be the last part"), "{body}");
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn a_client_that_reads_only_after_it_has_sent_everything_learns_why_its_upload_failed() {
    let (site, admin) = Site::with_admin().await;
    let parts = "--B\r\nContent-Disposition: form-data; filename=f\r\n\r\n12345\r\n--B\r\n";
    let mut body = parts.as_bytes().to_vec();
    body.resize(8_000_000, b'x');
    let head = format!(
        "POST /api/v1/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n\r\n",
        admin.access,
        body.len()
    );
    let mut stream = TcpStream::connect(site.address).await.expect("connect");
    stream.write_all(head.as_bytes()).await.expect("head");
    stream.write_all(&body).await.expect("the server reads on");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 400");
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn folders_bad_names_and_other_bodies_are_refused() {
    let (site, admin) = Site::with_admin().await;
    assert_eq!(admin.post_form("?folder_id=3", form("x")).await.0, 404);
    assert_eq!(admin.upload_bytes("a?b", b"x").await.0, 400);
    assert_eq!(admin.upload_bytes("NUL.txt", b"x").await.0, 400);
    let (status, _) = admin.send(Method::POST, "/files/upload", json!({})).await;
    assert_eq!(status, 400);
    for cut in [0, 3, 30, 70] {
        let (status, body) = admin.post_form("", form("x")[..cut].to_owned()).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!("bad_request")), "{cut} {body}");
    }
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn the_quota_is_held_also_by_uploads_at_the_same_time() {
    let (site, admin) = Site::with_admin().await;
    admin.send(Method::PATCH, "/admin/users/1", json!({"storage_quota": 10})).await;
    let (status, body) = admin.upload_bytes("big", &[0; 11]).await;
    assert_eq!((status, &body["error"]["code"]), (507, &json!("storage.quota_exceeded")));
    let uploads = (0..4).map(|_| admin.upload_bytes("half", &[0; 5]));
    let results = futures_util::future::join_all(uploads).await;
    let mut statuses: Vec<u16> = results.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 507, 507]);
    assert_eq!(site.leftovers().await, (2, 2, 0, 2));
    assert_eq!(admin.get("/auth/me").await.1["data"]["storage_used"], json!(10));
}

#[tokio::test]
async fn the_policys_limit_is_held() {
    let (site, admin) = Site::with_admin().await;
    site.execute("UPDATE storage_policies SET max_file_size = 4").await;
    assert_eq!(admin.upload_bytes("four", b"1234").await.0, 201);
    let (status, body) = admin.upload_bytes("five", b"12345").await;
    assert_eq!((status, &body["error"]["code"]), (413, &json!("file.too_large")), "{body}");
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing() {
    let (site, admin) = Site::with_admin().await;
    let mut stream = TcpStream::connect(site.address).await.expect("connect");
    let head = format!(
        "POST /api/v1/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000000\r\n\r\n",
        admin.access
    );
    let part = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nsome of it";
    stream.write_all(format!("{head}{part}").as_bytes()).await.expect("write");
    eventually("the upload has begun", async || (site.count("stray_objects").await == 1).then_some(())).await;
    drop(stream);
    eventually("nothing is left", async || (site.leftovers().await == (0, 0, 0, 0)).then_some(())).await;
}

#[tokio::test]
async fn a_refused_upload_gets_its_answer_before_all_is_sent() {
    let (site, _admin) = Site::with_admin().await;
    let mut stream = TcpStream::connect(site.address).await.expect("connect");
    let head = "POST /api/v1/files/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000000\r\n\r\n--B";
    stream.write_all(head.as_bytes()).await.expect("write");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[tokio::test]
async fn what_a_crash_left_is_removed_but_nothing_else() {
    let (site, admin) = Site::with_admin().await;
    assert_eq!(admin.upload_bytes("kept", b"kept").await.0, 201);
    let store = site.store().await;
    let left = ObjectKey::parse("files/left").expect("key");
    let content = stream::iter([Ok(Bytes::from_static(b"left"))]);
    store.put(&left, 4, Box::pin(content)).await.expect("put");
    site.execute(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) \
         SELECT id, 'files/left', 1 FROM storage_policies WHERE is_default = 1",
    )
    .await;
    site.execute(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) \
         SELECT id, 'files/never-written', 1 FROM storage_policies WHERE is_default = 1",
    )
    .await;
    let clean =
        async |settle| site.primary.files.clean_strays(&site.primary.policies, settle).await.expect("clean");
    // While a store might still finish a write, the row outlives the object.
    assert_eq!(clean(Duration::from_secs(3600)).await, 2);
    assert_eq!(site.leftovers().await, (1, 1, 2, 1));
    assert_eq!(clean(Duration::ZERO).await, 0);
    assert_eq!(site.leftovers().await, (1, 1, 0, 1));
}

#[tokio::test]
async fn the_cleaner_leaves_an_upload_under_way_alone() {
    let (site, admin) = Site::with_admin().await;
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let text = form("1234567890");
    let (first, rest) = text.split_at(text.len() - 15);
    let (first, rest) = (Bytes::copy_from_slice(first.as_bytes()), Bytes::copy_from_slice(rest.as_bytes()));
    let body = futures_util::StreamExt::chain(
        stream::iter([Ok::<_, std::io::Error>(first)]),
        stream::once(async move {
            receiver.await.map_err(std::io::Error::other)?;
            Ok(rest)
        }),
    );
    let upload = admin.post_form("?declared_size=10", reqwest::Body::wrap_stream(body));
    let clean = async {
        eventually("the upload has begun", async || (site.count("stray_objects").await == 1).then_some(()))
            .await;
        let left = site.primary.files.clean_strays(&site.primary.policies, Duration::ZERO).await;
        assert_eq!(left.expect("clean"), 1);
        sender.send(()).expect("the upload waits");
    };
    let ((status, body), ()) = tokio::join!(upload, clean);
    assert_eq!(status, 201, "{body}");
    assert_eq!(site.leftovers().await, (1, 1, 0, 1));
}
