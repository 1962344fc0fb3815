//! Listings, properties, conditions, and requests that nobody should send.

use super::*;

#[tokio::test]
async fn options_need_no_login_and_say_what_the_server_can_do() {
    let site = Site::new().await;
    let url = format!("http://{}/webdav/anything", site.address);
    let reply = Client::new().request(Method::OPTIONS, &url).send().await.expect("reply");
    assert_eq!((reply.status().as_u16(), reply.headers()["dav"].to_str().expect("text")), (200, "1, 2, 3"));
    assert!(reply.headers()["allow"].to_str().expect("text").contains("PROPPATCH"));
    assert_eq!(Client::new().get(&url).send().await.expect("reply").status(), 401);
}

#[tokio::test]
async fn while_it_is_switched_off_programs_hear_that_the_service_is_away() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    admin.send(Method::PUT, "/admin/config/webdav_enabled", json!({"value": "false"})).await;
    assert_eq!(program.send("PROPFIND", "/").await, 503);
    assert_eq!(program.send("OPTIONS", "/").await, 503);
}

#[tokio::test]
async fn files_of_systems_are_refused_as_the_setting_says() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/f", "x").await, 201);
    for name in ["/.DS_Store", "/._f", "/THUMBS.DB"] {
        assert_eq!(program.put(name, "x").await, 403, "{name}");
    }
    assert_eq!(program.send("MKCOL", "/$RECYCLE.BIN").await, 403);
    assert_eq!(program.to("MOVE", "/f", "/desktop.ini", "T").await, 403);
    let value = json!({"value": ["*.tmp"]});
    let path = "/admin/config/webdav_block_system_file_patterns";
    assert_eq!(admin.send(Method::PUT, path, value).await.0, 200);
    assert_eq!((program.put("/.DS_Store", "x").await, program.put("/x.TMP", "x").await), (201, 403));
    let off = json!({"value": "false"});
    admin.send(Method::PUT, "/admin/config/webdav_block_system_files_enabled", off).await;
    assert_eq!(program.put("/x.tmp", "x").await, 201);
}

#[tokio::test]
async fn a_whole_tree_is_listed_up_to_the_limit_and_one_folder_without() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    for folder in ["/a", "/a/b"] {
        assert_eq!(program.send("MKCOL", folder).await, 201);
    }
    for file in ["/1", "/a/2", "/a/b/3"] {
        assert_eq!(program.put(file, "x").await, 201);
    }
    let mut all = hrefs(&program.find("/", "infinity", "").await);
    all.sort();
    assert_eq!(all, ["/webdav/", "/webdav/1", "/webdav/a/", "/webdav/a/2", "/webdav/a/b/", "/webdav/a/b/3"]);
    assert_eq!(hrefs(&program.find("/a/", "1", "").await), ["/webdav/a/", "/webdav/a/b/", "/webdav/a/2"]);
    let limit = json!({"value": "3"});
    assert_eq!(admin.send(Method::PUT, "/admin/config/webdav_propfind_max_entries", limit).await.0, 200);
    let reply = program.request("PROPFIND", "/").send().await.expect("reply");
    assert_eq!(reply.status(), 403, "without Depth it is infinity");
    assert!(reply.text().await.expect("body").contains("<D:propfind-finite-depth/>"));
    assert_eq!(hrefs(&program.find("/a/b/", "infinity", "").await).len(), 2);
    assert_eq!(hrefs(&program.find("/", "1", "").await).len(), 3);
}

#[tokio::test]
async fn a_long_folder_is_listed_to_its_end() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/0", "x").await, 201);
    site.execute(
        "INSERT INTO files (space_id, name, name_key, blob_id, size, mime_type, created_by_user_id, created_at, updated_at) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100) \
         SELECT f.space_id, 'n' || n.i, 'n' || n.i, f.blob_id, f.size, f.mime_type, f.created_by_user_id, 1, 1 \
         FROM files f CROSS JOIN n WHERE f.name = '0'",
    )
    .await;
    let listed = hrefs(&program.find("/", "1", "").await);
    let unique: std::collections::HashSet<_> = listed.iter().collect();
    assert_eq!((listed.len(), unique.len()), (2102, 2102));
}

#[tokio::test]
async fn properties_are_those_of_the_app_and_all_of_a_request_or_none() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/f", "x").await, 201);
    let (_, listed) = admin.get("/folders").await;
    let id = listed["data"]["files"][0]["id"].as_i64().expect("id");
    let patch = async |body: &str| {
        let reply = program.request("PROPPATCH", "/f").body(body.to_owned()).send().await.expect("reply");
        assert_eq!(reply.status(), 207);
        reply.text().await.expect("body")
    };
    let set = |inner: &str| {
        format!("<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>")
    };
    let told = patch(&set("<c xmlns='urn:x'>a &amp; b</c><n xmlns='urn:x'><m>1</m></n>")).await;
    assert!(told.contains("200 OK"), "{told}");
    let (_, properties) = admin.get(&format!("/properties/file/{id}")).await;
    assert!(properties.to_string().contains("a & b"), "{properties}");
    let told = patch(&set("<other xmlns='urn:x'>1</other><D:getetag>x</D:getetag>")).await;
    assert!(told.contains("403 Forbidden") && told.contains("424 Failed Dependency"), "{told}");
    let asked = "<D:propfind xmlns:D='DAV:'><D:prop><c xmlns='urn:x'/><n xmlns='urn:x'/><other xmlns='urn:x'/></D:prop></D:propfind>";
    let found = program.find("/f", "0", asked).await;
    assert!(found.contains("<P:c xmlns:P=\"urn:x\">a &amp; b</P:c>"), "{found}");
    assert!(found.contains("<n xmlns=\"urn:x\"><m xmlns=\"urn:x\">1</m></n>"), "{found}");
    assert!(found.contains("<P:other xmlns:P=\"urn:x\"/></D:prop><D:status>HTTP/1.1 404"), "{found}");
}

#[tokio::test]
async fn parts_and_conditions_of_a_download_are_those_of_http() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/f", "0123456789").await, 201);
    let reply = program.request("GET", "/f").send().await.expect("reply");
    let (tag, date) = (reply.headers()["etag"].clone(), reply.headers()["last-modified"].clone());
    assert!(reply.headers()["content-security-policy"].to_str().expect("text").contains("sandbox"));
    let status = async |pairs: &[(&str, &str)]| {
        let request = pairs
            .iter()
            .fold(program.request("GET", "/f"), |request, (name, value)| request.header(*name, *value));
        let reply = request.send().await.expect("reply");
        (reply.status().as_u16(), reply.text().await.expect("body"))
    };
    let (tag, date) = (tag.to_str().expect("tag"), date.to_str().expect("date"));
    assert_eq!(status(&[("range", "bytes=2-4")]).await, (206, "234".to_owned()));
    assert_eq!(status(&[("range", "bytes=-2")]).await, (206, "89".to_owned()));
    assert_eq!(status(&[("range", "bytes=20-")]).await.0, 416);
    assert_eq!(status(&[("range", "bytes=2-4"), ("if-range", tag)]).await.0, 206);
    assert_eq!(status(&[("range", "bytes=2-4"), ("if-range", date)]).await.0, 206);
    assert_eq!(status(&[("range", "bytes=2-4"), ("if-range", "\"x\"")]).await.0, 200);
    assert_eq!(status(&[("if-none-match", tag)]).await.0, 304);
    assert_eq!(status(&[("if-modified-since", date)]).await.0, 304);
    assert_eq!(status(&[("if-match", "\"x\"")]).await.0, 412);
    assert_eq!(status(&[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]).await.0, 412);
    let put = async |name: &str, value: &str| {
        let request = program.request("PUT", "/f").header(name, value).body("new");
        request.send().await.expect("reply").status().as_u16()
    };
    assert_eq!((put("if-none-match", "*").await, put("if-match", "\"x\"").await), (412, 412));
    assert_eq!(put("content-range", "bytes 0-2/10").await, 400);
    assert_eq!(put("if-match", tag).await, 204);
    assert_eq!(put("if-match", tag).await, 412);
}

#[tokio::test]
async fn hostile_requests_are_refused() {
    let (site, admin) = Site::with_admin().await;
    let program = Program::of(&site, &admin, json!({})).await;
    assert_eq!(program.put("/f", "x").await, 201);
    let deep = format!("<D:propfind xmlns:D='DAV:'>{}", "<a>".repeat(40_000));
    for (body, expected) in [(deep.as_str(), 400), ("<a", 400)] {
        let reply = program.request("PROPFIND", "/").body(body.to_owned()).send().await;
        assert_eq!(reply.expect("reply").status(), expected);
    }
    for (name, value) in
        [("depth", "2"), ("if", "nonsense"), ("destination", "http://elsewhere.example/webdav/x")]
    {
        let request = program.request("MOVE", "/f").header(name, value).send().await.expect("reply");
        assert!([400, 502].contains(&request.status().as_u16()), "{name}");
    }
    let head = format!(
        "PROPFIND /webdav/ HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\nauthorization: Basic {}\r\n\r\n",
        basic("programs")
    );
    assert!(raw(&site, &head).await.starts_with("HTTP/1.1 413"), "before it has come");
    assert_eq!(program.send("POST", "/f").await, 405);
    assert_eq!(program.send("REPORT", "/f").await, 405);
    assert_eq!(program.put("/con", "x").await, 403, "a name that nothing can have");
    let text = format!(
        "DELETE /webdav/f#x HTTP/1.1\r\nhost: x\r\nauthorization: Basic {}\r\n\r\n",
        basic("programs")
    );
    assert!(raw(&site, &text).await.starts_with("HTTP/1.1 400"));
    assert_eq!(program.get("/f").await, (200, "x".to_owned()));
}
