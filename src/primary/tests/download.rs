use reqwest::header::HeaderMap;

use super::*;

const CONTENT: &[u8] = b"0123456789";

async fn uploaded() -> (Site, Session, String) {
    let (site, admin) = Site::with_admin().await;
    let (_, body) = admin.upload_bytes("Bericht ü.txt", CONTENT).await;
    let path = format!("/files/{}", body["data"]["id"]);
    (site, admin, path)
}

async fn fetch(session: &Session, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
    let request = session.request(Method::GET, &format!("{path}/download"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let reply = request.send().await.expect("reply");
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    (status, headers, reply.bytes().await.expect("bytes").to_vec())
}

#[tokio::test]
async fn a_download_says_what_it_is() {
    let (_site, admin, path) = uploaded().await;
    let (status, headers, body) = fetch(&admin, &path, &[]).await;
    assert_eq!((status, body.as_slice()), (200, CONTENT));
    assert_eq!(headers["content-type"], "text/plain");
    assert_eq!(headers["content-length"], "10");
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"Bericht _.txt\"; filename*=UTF-8''Bericht%20%C3%BC.txt"
    );
    let head = admin.request(Method::HEAD, &format!("{path}/download")).send().await.expect("reply");
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-length"]),
        (200, &headers["content-length"])
    );
    assert_eq!(head.headers()["etag"], headers["etag"]);
}

#[tokio::test]
async fn ranges_and_conditions_are_followed() {
    let (_site, admin, path) = uploaded().await;
    let (_, headers, _) = fetch(&admin, &path, &[]).await;
    let etag = headers["etag"].to_str().expect("text").to_owned();
    for (range, part, shown) in [
        ("bytes=2-4", &b"234"[..], "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-4", b"6789", "bytes 6-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ] {
        let (status, headers, body) = fetch(&admin, &path, &[("range", range), ("if-range", &etag)]).await;
        assert_eq!((status, body.as_slice()), (206, part), "{range}");
        assert_eq!(headers["content-range"], shown);
        assert_eq!(headers["content-length"], part.len().to_string().as_str());
    }
    let (status, headers, body) = fetch(&admin, &path, &[("range", "bytes=10-")]).await;
    assert_eq!((status, &headers["content-range"]), (416, &"bytes */10".parse().expect("value")));
    assert_eq!(
        serde_json::from_slice::<Value>(&body).expect("envelope")["error"]["code"],
        "range_not_satisfiable"
    );
    for ignored in ["bytes=0-1,4-5", "bytes=a-b", "lines=1-2"] {
        let (status, _, body) = fetch(&admin, &path, &[("range", ignored)]).await;
        assert_eq!((status, body.as_slice()), (200, CONTENT), "{ignored}");
    }
    let (status, _, _) = fetch(&admin, &path, &[("range", "bytes=2-4"), ("if-range", "\"old\"")]).await;
    assert_eq!(status, 200);
    for tag in [etag.as_str(), "*"] {
        let (status, headers, body) = fetch(&admin, &path, &[("if-none-match", tag)]).await;
        assert_eq!((status, body.len()), (304, 0));
        assert_eq!(headers["etag"], etag.as_str());
    }
}

#[tokio::test]
async fn a_preview_is_shown_in_place_and_runs_nothing() {
    let (_site, admin, path) = uploaded().await;
    let preview = |path: String| {
        let request = admin.request(Method::GET, &format!("{path}/download?inline=1"));
        async move { request.send().await.expect("reply").headers().clone() }
    };
    let headers = preview(path).await;
    assert!(headers["content-disposition"].to_str().expect("text").starts_with("inline; filename="));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(!headers.contains_key("content-security-policy"));
    for name in ["page.html", "drawing.svg", "unknown"] {
        let (_, body) = admin.upload_bytes(name, b"<script>alert(1)</script>").await;
        let headers = preview(format!("/files/{}", body["data"]["id"])).await;
        assert!(headers["content-security-policy"].to_str().expect("text").starts_with("sandbox;"), "{name}");
    }
}

#[tokio::test]
async fn another_users_file_is_not_there() {
    let (site, admin, path) = uploaded().await;
    admin.send(Method::POST, "/admin/users", account("berta")).await;
    let berta = site.log_in("berta").await;
    assert_eq!(berta.get(&path).await.0, 404);
    assert_eq!(fetch(&berta, &path, &[]).await.0, 404);
    assert_eq!(berta.send(Method::DELETE, &path, json!({})).await.0, 404);
    assert_eq!(admin.get(&path).await.0, 200);
}

#[tokio::test]
async fn content_that_is_gone_or_has_another_size_is_an_error_before_the_first_byte() {
    let (site, admin, path) = uploaded().await;
    site.execute("UPDATE blobs SET size = 11").await;
    let (status, _, body) = fetch(&admin, &path, &[]).await;
    assert_eq!(status, 500);
    assert!(String::from_utf8_lossy(&body).contains("10 bytes instead of 11"));
    let head = admin.request(Method::HEAD, &format!("{path}/download")).send().await.expect("reply");
    assert_eq!(head.status(), 500);
    let key = site.objects().await.remove(0);
    let key = crate::protocol::ObjectKey::parse(&key).expect("key");
    site.store().await.delete(&key).await.expect("delete");
    let (status, _, body) = fetch(&admin, &path, &[]).await;
    assert_eq!(status, 500);
    let body: Value = serde_json::from_slice(&body).expect("envelope");
    assert_eq!(body["error"]["code"], "storage.not_found");
}
