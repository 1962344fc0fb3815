//! Search.

use super::*;

impl Session {
    /// What a search answers; `query` has its members as pairs.
    async fn search(&self, query: &[(&str, &str)]) -> (u16, Value) {
        status_and_body(self.request(Method::GET, "/search").query(query).send().await.expect("reply")).await
    }

    /// Names of found files.
    async fn found(&self, query: &[(&str, &str)]) -> Vec<String> {
        let (status, body) = self.search(query).await;
        assert_eq!(status, 200, "{query:?}: {body}");
        names(&body["data"]["files"])
    }
}

fn names(items: &Value) -> Vec<String> {
    let items = items.as_array().expect("list").iter();
    items.map(|item| item["name"].as_str().expect("name").to_owned()).collect()
}

#[tokio::test]
async fn a_text_is_found_anywhere_in_a_name_and_names_that_begin_with_it_come_first() {
    let (_site, admin) = Site::with_admin().await;
    let folder = admin.folder("My Reports", None).await;
    for name in ["annual report.pdf", "RePORTing.md", "Report", "report.txt", "other.txt", "Ünter.txt"] {
        admin.file(name, None).await;
    }
    let deep = admin.file("old report.txt", Some(folder)).await;
    let expected = ["Report", "report.txt", "RePORTing.md", "annual report.pdf", "old report.txt"];
    for text in ["report", "REPORT", "re", "rep", " Rep "] {
        assert_eq!(admin.found(&[("q", text)]).await, expected, "{text}");
    }
    assert_eq!(admin.found(&[("q", "u\u{308}NT")]).await, ["Ünter.txt"]);
    assert_eq!(admin.found(&[("q", "ü")]).await, ["Ünter.txt"]);
    let (_, body) = admin.search(&[("q", "report"), ("limit", "2"), ("offset", "3")]).await;
    assert_eq!(names(&body["data"]["files"]), expected[3..5]);
    assert_eq!(names(&body["data"]["folders"]), [""; 0], "one folder, and the page begins behind it");
    let totals =
        [&body["data"]["total_files"], &body["data"]["total_folders"], &body["data"]["totals_are_exact"]];
    assert_eq!(totals, [&json!(5), &json!(1), &json!(true)]);
    assert_eq!(
        (&body["data"]["files"][1]["id"], &body["data"]["files"][1]["folder_id"]),
        (&json!(deep), &json!(folder))
    );
    let (_, body) = admin.search(&[("q", "report"), ("type", "folder")]).await;
    assert_eq!(
        (names(&body["data"]["folders"]), &body["data"]["total_files"]),
        (vec!["My Reports".into()], &json!(0))
    );
}

#[tokio::test]
async fn whatever_a_text_holds_it_is_only_text() {
    let (_site, admin) = Site::with_admin().await;
    let odd = "100% _sure_ 'AND' (x) -y ^z {a} col1.txt";
    admin.file(odd, None).await;
    admin.file("plain sure.txt", None).await;
    for text in [
        "%",
        "_",
        "0% _s",
        "_SURE_",
        "'and'",
        "(x) -y",
        "^z {a}",
        "{a",
        "y ^",
        "' (",
        "100% _sure_ 'and' (x)",
    ] {
        assert_eq!(admin.found(&[("q", text)]).await, [odd], "{text}");
    }
    let long = "x".repeat(10_000);
    for text in [
        "\"",
        "\"\"\"",
        "sure\" OR \"100",
        "name_key:sure",
        "su*",
        "sure AND plain",
        "NEAR(sure plain)",
        "\\",
        "s_re",
        "su%e",
        &long,
    ] {
        assert_eq!(admin.found(&[("q", text)]).await, [""; 0], "{text}");
    }
    assert_eq!(admin.search(&[("q", "a\0b")]).await.0, 400);
}

#[tokio::test]
async fn filters_by_type_size_date_and_folder_hold_together() {
    let (site, admin) = Site::with_admin().await;
    let folder = admin.folder("Holiday", None).await;
    let below = admin.folder("Day 1", Some(folder)).await;
    let all =
        ["a.jpg", "a.mp4", "a.mp3", "a.txt", "a.zip", "a.docx", "a.xlsx", "a.unknown", "a.tar.gz", "b.JPG"];
    for name in all {
        admin.file(name, Some(below)).await;
    }
    admin.file("a much longer name.jpg", None).await;
    let mut seen = 0;
    for category in ["image", "video", "audio", "document", "archive", "other"] {
        let (_, body) = admin.search(&[("category", category)]).await;
        for file in body["data"]["files"].as_array().expect("files") {
            assert_eq!(file["file_category"], category, "{file}");
            seen += 1;
        }
        assert_eq!(body["data"]["total_folders"], 0);
    }
    assert_eq!(seen, all.len() + 1);
    assert_eq!(
        admin.found(&[("extensions", "JPG, .gz")]).await,
        ["a much longer name.jpg", "a.jpg", "a.tar.gz", "b.JPG"]
    );
    assert_eq!(admin.found(&[("mime_type", "IMAGE/jpeg"), ("max_size", "5"), ("q", "b.")]).await, ["b.JPG"]);
    assert_eq!(admin.found(&[("min_size", "10")]).await, ["a much longer name.jpg"]);
    assert_eq!(admin.found(&[("q", "jpg"), ("folder_id", &folder.to_string())]).await, ["a.jpg", "b.JPG"]);
    let (_, body) = admin.search(&[("q", "day"), ("folder_id", &folder.to_string())]).await;
    assert_eq!(names(&body["data"]["folders"]), ["Day 1"], "what lies in it, not itself");
    site.execute("UPDATE files SET created_at = 1767225600000 WHERE name = 'a.txt'").await;
    let day = [("created_after", "2025-12-31T23:00:00Z"), ("created_before", "2026-01-01T01:00:00Z")];
    assert_eq!(admin.found(&day).await, ["a.txt"]);
    for (name, value) in [
        ("min_size", "-1"),
        ("created_after", "yesterday"),
        ("type", "link"),
        ("category", "x"),
        ("limit", "x"),
    ] {
        let (status, body) = admin.search(&[(name, value)]).await;
        assert_eq!(status, 400, "{name}");
        assert!(body["msg"].as_str().is_some_and(|text| text.contains(name)), "{body}");
    }
}

#[tokio::test]
async fn what_is_deleted_renamed_or_somebody_elses_is_not_found() {
    let (site, admin) = Site::with_admin().await;
    let other = site.with_user(&admin, "other").await;
    let folder = admin.folder("Letters", None).await;
    let file = admin.file("letter.txt", Some(folder)).await;
    assert_eq!(other.found(&[("q", "letter")]).await, [""; 0]);
    assert_eq!(other.search(&[("folder_id", &folder.to_string())]).await.0, 404);
    admin.send(Method::PATCH, &format!("/files/{file}"), json!({"name": "epistle.txt"})).await;
    assert_eq!(admin.found(&[("q", "letter")]).await, [""; 0]);
    assert_eq!(admin.found(&[("q", "epistle")]).await, ["epistle.txt"]);
    admin.send(Method::DELETE, &format!("/folders/{folder}"), json!({})).await;
    assert_eq!(admin.found(&[("q", "epistle")]).await, [""; 0]);
    assert_eq!(admin.search(&[("q", "letters")]).await.1["data"]["total_folders"], 0);
    admin.send(Method::POST, &format!("/trash/folder/{folder}/restore"), json!({})).await;
    assert_eq!(admin.found(&[("q", "epistle")]).await, ["epistle.txt"]);
    admin.send(Method::DELETE, &format!("/folders/{folder}"), json!({})).await;
    admin.send(Method::DELETE, &format!("/trash/folder/{folder}"), json!({})).await;
    assert_eq!(site.count("files").await, 0);
    assert_eq!(admin.found(&[("q", "epistle")]).await, [""; 0]);
}

#[tokio::test]
async fn a_text_in_very_many_names_gives_the_first_thousand_and_says_that_there_are_more() {
    let (site, admin) = Site::with_admin().await;
    admin.file("zz common needle.txt", None).await;
    site.execute(
        "INSERT INTO files (space_id, name, name_key, blob_id, size, mime_type, created_by_user_id, created_at, updated_at) \
         WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 6000) \
         SELECT files.space_id, 'a common ' || (100000 + i), 'a common ' || (100000 + i), files.blob_id, files.size, \
         files.mime_type, files.created_by_user_id, files.created_at, files.updated_at FROM n, files",
    )
    .await;
    let (_, body) = admin.search(&[("q", "common"), ("limit", "2"), ("offset", "998")]).await;
    assert_eq!(names(&body["data"]["files"]), ["a common 100999", "a common 101000"]);
    assert_eq!(
        (&body["data"]["total_files"], &body["data"]["totals_are_exact"]),
        (&json!(1000), &json!(false))
    );
    assert_eq!(admin.found(&[("q", "common"), ("offset", "1000")]).await, [""; 0]);
    assert_eq!(admin.found(&[("q", "needle")]).await, ["zz common needle.txt"]);
    assert_eq!(
        admin.found(&[("q", "zz common")]).await,
        ["zz common needle.txt"],
        "all its trigrams but two are common"
    );
    assert_eq!(admin.found(&[("q", "zz")]).await, ["zz common needle.txt"]);
}
