//! What becomes of files, versions, trash, quota and locks.

use super::*;

#[tokio::test]
async fn what_is_overwritten_is_a_version_and_what_is_deleted_lies_in_the_trash() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/f.txt", "first").await, 201);
    assert_eq!(program.put("/f.txt", "second").await, 204);
    let (_, listed) = admin.get("/folders").await;
    let id = listed["data"]["files"][0]["id"].as_i64().expect("id");
    let (_, versions) = admin.get(&format!("/files/{id}/versions")).await;
    assert_eq!(versions["data"].as_array().or(versions["data"]["items"].as_array()).map(Vec::len), Some(1));
    assert_eq!(program.put("/g.txt", "third").await, 201);
    assert_eq!(program.to("COPY", "/g.txt", "/f.txt", "F").await, 412);
    assert_eq!(program.to("COPY", "/g.txt", "/f.txt", "T").await, 204);
    assert_eq!(admin.download(id).await, b"third", "it is still the same file");
    let (_, versions) = admin.get(&format!("/files/{id}/versions")).await;
    assert_eq!(versions["data"].as_array().or(versions["data"]["items"].as_array()).map(Vec::len), Some(2));
    assert_eq!(program.to("MOVE", "/g.txt", "/f.txt", "T").await, 204);
    assert_eq!(program.send("DELETE", "/f.txt").await, 204);
    let (_, trash) = admin.get("/trash").await;
    assert_eq!(trash["data"]["files_total"], 2, "what was moved over, and what was deleted");
    assert_eq!(admin.post(&format!("/trash/file/{id}/restore"), json!({})).await.0, 200);
    assert_eq!(program.get("/f.txt").await, (200, "third".to_owned()));
}

#[tokio::test]
async fn a_folder_is_moved_copied_and_overwritten_as_a_whole() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    for folder in ["/a", "/a/b", "/c"] {
        assert_eq!(program.send("MKCOL", folder).await, 201);
    }
    for file in ["/a/1", "/a/b/2", "/c/old"] {
        assert_eq!(program.put(file, file).await, 201);
    }
    assert_eq!(program.to("COPY", "/a/", "/c/", "T").await, 204);
    assert_eq!(program.get("/c/b/2").await, (200, "/a/b/2".to_owned()));
    assert_eq!(program.send("GET", "/c/old").await, 404);
    let (_, trash) = admin.get("/trash").await;
    assert_eq!(trash["data"]["folders_total"], 1, "one entry for all that was overwritten");
    for (from, to) in [("/a/", "/a/b/x/"), ("/a/b/", "/a/"), ("/a/", "/a/")] {
        assert_eq!(program.to("MOVE", from, to, "T").await, 403, "{from} to {to}");
    }
    assert_eq!(program.to("MOVE", "/a/", "/nowhere/a/", "T").await, 409);
    assert_eq!(program.to("MOVE", "/a/", "/d/", "F").await, 201);
    assert_eq!(program.get("/d/b/2").await, (200, "/a/b/2".to_owned()));
    assert_eq!(program.send("PROPFIND", "/a/").await, 404);
}

#[tokio::test]
async fn a_full_quota_is_507_before_and_during_the_upload() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    let (_, me) = admin.get("/auth/me").await;
    let path = format!("/admin/users/{}", me["data"]["id"]);
    assert_eq!(admin.patch(&path, json!({"storage_quota": 10})).await.0, 200);
    assert_eq!(program.put("/fits", "12345").await, 201);
    let reply = program.request("PUT", "/f").body("123456").send().await.expect("reply");
    assert_eq!(reply.status(), 507);
    assert!(message(reply).await.contains("quota"));
    let pieces = futures_util::stream::iter(["123", "456"].map(Ok::<_, std::io::Error>));
    let body = reqwest::Body::wrap_stream(pieces);
    let reply = program.request("PUT", "/f").body(body).send().await.expect("reply");
    assert_eq!(reply.status(), 507, "of unknown size");
    let quota = "<D:propfind xmlns:D='DAV:'><D:prop><D:quota-used-bytes/><D:quota-available-bytes/></D:prop></D:propfind>";
    let told = program.find("/", "0", quota).await;
    assert!(told.contains("<D:quota-used-bytes>5</D:quota-used-bytes>"), "{told}");
    assert!(told.contains("<D:quota-available-bytes>5</D:quota-available-bytes>"), "{told}");
}

#[tokio::test]
async fn a_body_of_unknown_length_is_stored_short_or_long_and_leaves_nothing_when_it_breaks_off() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    let long: Vec<u8> = (0..20_000_001_u32).map(|n| (n % 251) as u8).collect();
    for content in [Vec::new(), b"short".to_vec(), long] {
        let pieces: Vec<Vec<u8>> = content.chunks(1_000_000).map(<[u8]>::to_vec).collect();
        let body = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let request = program.request("PUT", "/f.bin").body(reqwest::Body::wrap_stream(body));
        assert!(request.send().await.expect("reply").status().is_success());
        let reply = program.request("GET", "/f.bin").send().await.expect("reply");
        assert!(reply.bytes().await.expect("body") == content, "{} bytes", content.len());
    }
    let before = site.leftovers().await;
    let piece = vec![7; 9_000_000];
    let broken = vec![Ok(piece), Err(std::io::Error::other("gone"))];
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(broken));
    assert!(program.request("PUT", "/g.bin").body(body).send().await.is_err());
    let ended = async || {
        let open = site
            .text("SELECT CAST(COUNT(*) AS TEXT) AS text FROM upload_sessions WHERE status = 'assembling'")
            .await;
        let cancelled = site
            .text("SELECT CAST(COUNT(*) AS TEXT) AS text FROM upload_sessions WHERE status = 'cancelled'")
            .await;
        (open == "0" && cancelled == "1").then_some(())
    };
    eventually("the upload has ended", ended).await;
    assert_eq!(program.send("GET", "/g.bin").await, 404);
    let after = site.leftovers().await;
    assert_eq!((before.0, before.1), (after.0, after.1), "neither a file nor a blob");
    eventually("the parts are gone", async || (site.objects().await.len() == before.3).then_some(())).await;
}

#[tokio::test]
async fn locks_of_programs_and_of_people_hold_for_each_other() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/f.txt", "content").await, 201);
    let token = program.lock("/f.txt", "0").await;
    let (_, listed) = admin.get("/folders").await;
    let file = &listed["data"]["files"][0];
    assert_eq!(file["is_locked"], true);
    let id = file["id"].as_i64().expect("id");
    assert_eq!(admin.patch(&format!("/files/{id}"), json!({"name": "g.txt"})).await.0, 423);
    let reply = program.request("PUT", "/f.txt").body("x").send().await.expect("reply");
    assert_eq!(reply.status(), 423, "without the token");
    let with_token =
        |method: &str, path: &str| program.request(method, path).header("if", format!("({token})"));
    assert_eq!(with_token("PUT", "/f.txt").body("x").send().await.expect("reply").status(), 204);
    let found = program.find("/f.txt", "0", "").await;
    assert!(found.contains(token.trim_matches(['<', '>'])), "{found}");
    assert!(found.contains("<D:lockroot><D:href>/webdav/f.txt</D:href></D:lockroot>"), "{found}");
    assert_eq!(
        program
            .request("UNLOCK", "/f.txt")
            .header("lock-token", "<urn:x>")
            .send()
            .await
            .expect("reply")
            .status(),
        409
    );
    assert_eq!(
        program
            .request("UNLOCK", "/f.txt")
            .header("lock-token", &token)
            .send()
            .await
            .expect("reply")
            .status(),
        204
    );
    assert_eq!(program.send("UNLOCK", "/f.txt").await, 400);
    // And the other way round.
    assert_eq!(admin.post(&format!("/files/{id}/lock"), json!({"locked": true})).await.0, 200);
    assert_eq!(program.put("/f.txt", "y").await, 423);
    assert_eq!(program.send("DELETE", "/f.txt").await, 423);
    let found = program.find("/f.txt", "0", "").await;
    assert!(found.contains("<D:owner>admin</D:owner><D:timeout>Infinite</D:timeout>"), "{found}");
    admin.post(&format!("/files/{id}/lock"), json!({"locked": false})).await;
    assert_eq!(program.send("DELETE", "/f.txt").await, 204);
}

#[tokio::test]
async fn a_deep_lock_covers_what_is_made_below_and_ends_when_the_folder_moves() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.send("MKCOL", "/d").await, 201);
    let token = program.lock("/d/", "infinity").await;
    assert_eq!(program.put("/d/f", "x").await, 423);
    let condition = format!("</webdav/d/> ({token})");
    let put = program.request("PUT", "/d/f").header("if", &condition).body("x").send().await;
    assert_eq!(put.expect("reply").status(), 201);
    assert_eq!(program.send("DELETE", "/d/").await, 423);
    let moved = program.request("MOVE", "/d/").header("destination", "/webdav/e/").header("if", &condition);
    assert_eq!(moved.send().await.expect("reply").status(), 201);
    assert_eq!(program.put("/e/g", "x").await, 201, "the lock stayed behind");
}
