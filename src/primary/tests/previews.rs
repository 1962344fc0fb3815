//! Thumbnails.

use image::ImageFormat;

use super::*;
use crate::primary::previews::tests::image;

impl Session {
    async fn thumbnail(&self, file: i64, query: &str) -> Response {
        self.request(Method::GET, &format!("/files/{file}/thumbnail{query}")).send().await.expect("reply")
    }

    /// The answer when it is no longer pending.
    async fn made(&self, file: i64) -> Response {
        eventually("the thumbnail", async || {
            Some(self.thumbnail(file, "").await).filter(|reply| reply.status() != 202)
        })
        .await
    }

    async fn upload_image(&self, name: &str, content: &[u8]) -> i64 {
        self.upload_bytes(name, content).await.1["data"]["id"].as_i64().expect("id")
    }
}

#[tokio::test]
async fn a_thumbnail_is_made_in_the_background_and_kept() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.upload_image("photo.png", &image(900, 300, ImageFormat::Png)).await;
    let first = admin.thumbnail(file, "").await;
    assert_eq!((first.status().as_u16(), first.headers()["retry-after"].as_bytes()), (202, &b"2"[..]));
    let reply = admin.made(file).await;
    assert_eq!(
        (reply.status().as_u16(), reply.headers()["content-type"].as_bytes()),
        (200, &b"image/jpeg"[..])
    );
    assert_eq!(reply.headers()["cache-control"], "private, no-cache");
    let etag = reply.headers()["etag"].clone();
    let small = image::load_from_memory(&reply.bytes().await.expect("bytes")).expect("image");
    assert_eq!((small.width(), small.height()), (320, 107));

    let request =
        admin.request(Method::GET, &format!("/files/{file}/thumbnail")).header("if-none-match", &etag);
    assert_eq!(request.send().await.expect("reply").status(), 304);
    let versioned = admin.thumbnail(file, "?v=1").await;
    assert_eq!(versioned.headers()["cache-control"], "private, max-age=31536000, immutable");
    let other = site.with_user(&admin, "other").await;
    assert_eq!(other.thumbnail(file, "").await.status(), 404);

    let content = image(100, 100, ImageFormat::WebP);
    let request = admin.request(Method::PUT, &format!("/files/{file}/content")).body(content);
    assert_eq!(request.send().await.expect("reply").status(), 200);
    assert_ne!(admin.made(file).await.headers()["etag"], etag, "new content has a new one");
}

#[tokio::test]
async fn what_is_no_image_or_too_large_is_refused_for_good_and_with_the_reason() {
    let (site, admin) = Site::with_admin().await;
    let text = admin.upload_image("notes.txt", b"text").await;
    assert_eq!(admin.thumbnail(text, "").await.status(), 422);
    let whole = image(600, 600, ImageFormat::Jpeg);
    let broken = admin.upload_image("broken.jpg", &whole[..40]).await;
    for _ in 0..2 {
        let (status, body) = status_and_body(admin.made(broken).await).await;
        assert_eq!((status, &body["error"]["code"]), (422, &json!("preview.impossible")));
        assert!(body["msg"].as_str().is_some_and(|text| text.contains("damaged")), "{body}");
    }
    let large = admin.upload_image("large.jpg", &whole).await;
    let limit = json!({"value": "100"});
    admin.send(Method::PUT, "/admin/config/thumbnail_max_source_bytes", limit).await;
    let (status, body) = status_and_body(admin.thumbnail(large, "").await).await;
    assert_eq!(status, 422);
    assert!(body["msg"].as_str().is_some_and(|text| text.contains("at most 100")), "{body}");
    let (_, body) =
        status_and_body(reqwest::get(site.url("/public/thumbnail-support")).await.expect("reply")).await;
    assert_eq!(body["data"]["max_source_bytes"], 100);
}

#[tokio::test]
async fn content_that_cannot_be_read_now_is_told_and_tried_again() {
    let (site, admin) = Site::with_admin().await;
    let file = admin.upload_image("photo.png", &image(500, 500, ImageFormat::Png)).await;
    site.execute("UPDATE blobs SET object_key = object_key || '-away'").await;
    assert_eq!(admin.made(file).await.status(), 500);
    site.execute("UPDATE blobs SET object_key = REPLACE(object_key, '-away', '')").await;
    assert_eq!(admin.thumbnail(file, "").await.status(), 202);
    assert_eq!(admin.made(file).await.status(), 200);
}
