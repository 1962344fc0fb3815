//! Presigned URLs and CORS: §4 and §8 of the wire contract.

use super::support::{ACCESS_KEY, Call, MASTER_URL, Node};
use crate::protocol::{
    PRESIGN_SIGNATURE, PresignedFields, STORAGE_PATH, SigningKey, Timestamp, presigned_target,
};

/// A presigned call; `query` is what is signed beside the path.
fn presigned(node: &Node, method: &str, key: &str, query: &str) -> Call {
    let expires = Timestamp::now().unix_secs() + 60;
    presigned_until(node, &node.key, method, key, query, expires)
}

fn presigned_until(
    node: &Node,
    key: &SigningKey,
    method: &str,
    object: &str,
    query: &str,
    expires: i64,
) -> Call {
    let path = format!("{STORAGE_PATH}/objects/{object}");
    let expires = expires.to_string();
    let target = presigned_target(&path, Some(query));
    let fields = PresignedFields { method, target: &target, access_key: ACCESS_KEY, expires: &expires };
    let signature = key.sign_presigned(&fields);
    let separator = if query.is_empty() { "" } else { "&" };
    let auth =
        format!("aster_access_key={ACCESS_KEY}&aster_expires={expires}&{PRESIGN_SIGNATURE}={signature}");
    node.plain(method, &format!("{path}?{query}{separator}{auth}"))
}

#[tokio::test]
async fn a_presigned_url_uploads_and_downloads_as_often_as_it_likes() {
    let node = Node::ready().await;
    for _ in 0..2 {
        let put = presigned(&node, "PUT", "a", "").body(b"hello").send().await;
        assert_eq!(put.status, 200, "{put:?}");
        assert!(put.header("etag").is_some());
    }
    let call = presigned(&node, "GET", "a", "response-content-type=text%2Fplain");
    for _ in 0..2 {
        let get = call.send().await;
        assert_eq!((get.status, get.body.as_slice()), (200, &b"hello"[..]));
        assert_eq!(get.header("content-type"), Some("text/plain"));
    }
    let ranged = presigned(&node, "GET", "a", "").header("range", "bytes=1-2").send().await;
    assert_eq!((ranged.status, ranged.body.as_slice()), (206, &b"el"[..]));
    assert_eq!(presigned(&node, "GET", "a", "offset=1&length=2").send().await.body, b"el");
}

#[tokio::test]
async fn a_presigned_url_for_one_thing_is_good_for_nothing_else() {
    let node = Node::ready().await;
    assert_eq!(node.put("a", b"x").await.status, 200);
    let good = presigned(&node, "GET", "a", "");
    let with = |from: &str, to: &str| {
        let mut call = good.clone();
        call.target = call.target.replace(from, to);
        call
    };
    let mut put = good.clone().body(b"x");
    put.method = "PUT".into();
    let expires = Timestamp::now().unix_secs() + 60;
    let failed = [
        put,
        with("objects/a", "objects/b"),
        with("?", "?offset=0&"),
        with("aster_access_key=rn_", "aster_access_key=rn_9"),
        with("aster_signature=", "aster_signature=00"),
        presigned_until(&node, &SigningKey::new("rns_other"), "GET", "a", "", expires),
    ];
    for call in failed {
        call.send().await.assert_failure(401, 2008, "auth.credentials_failed");
    }
    let invalid = [
        with("aster_expires=", "aster_expires=x"),
        with("aster_expires=", "other="),
        with("aster_signature=", "other="),
        with("?", "?aster_expires=1&"),
        presigned_until(&node, &node.key, "GET", "a", "", Timestamp::now().unix_secs() - 1),
        with("objects/a", "objects/a/metadata"),
    ];
    for call in invalid {
        call.send().await.assert_failure(401, 2002, "auth.token_invalid");
    }
    for method in ["HEAD", "DELETE"] {
        let mut call = good.clone();
        call.method = method.into();
        assert_eq!(call.send().await.status, 401, "{method}");
    }
    assert_eq!(good.send().await.status, 200);
}

#[tokio::test]
async fn presigned_urls_stop_with_the_binding_and_need_a_target() {
    let node = Node::enrolled().await;
    presigned(&node, "GET", "a", "").send().await.assert_failure(412, 3010, "managed_ingress.required");
    node.set_enabled(false).await;
    presigned(&node, "GET", "a", "").send().await.assert_failure(412, 3010, "master_binding.disabled");
    let put = presigned(&node, "PUT", "a", "").body(b"x").send().await;
    put.assert_failure(412, 3010, "master_binding.disabled");
}

fn preflight(node: &Node, origin: &str, method: &str, headers: &str) -> Call {
    node.plain("OPTIONS", &format!("{STORAGE_PATH}/objects/a?aster_access_key={ACCESS_KEY}"))
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers)
}

#[tokio::test]
async fn the_primarys_origin_gets_its_preflight_and_nobody_else() {
    let node = Node::ready().await;
    for (origin, method, headers) in
        [(MASTER_URL, "PUT", "content-type"), ("HTTPS://DRIVE.example.com:443", "get", "Range, Content-Type")]
    {
        let answer = preflight(&node, origin, method, headers).send().await;
        assert_eq!(answer.status, 204, "{answer:?}");
        for (name, value) in [
            ("access-control-allow-origin", MASTER_URL),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET, PUT, OPTIONS"),
            ("access-control-allow-headers", "content-type, range"),
            ("access-control-max-age", "3600"),
            ("vary", "Access-Control-Request-Headers, Access-Control-Request-Method, Origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
    }
    let refused = [
        preflight(&node, "https://evil.example.com", "PUT", "range"),
        preflight(&node, "http://drive.example.com", "PUT", "range"),
        preflight(&node, MASTER_URL, "DELETE", "range"),
        preflight(&node, MASTER_URL, "PUT", "authorization"),
    ];
    for call in refused {
        let answer = call.send().await;
        assert_eq!((answer.status, answer.body.len()), (403, 0));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
    }
    for call in [preflight(&node, "null", "PUT", "range"), preflight(&node, MASTER_URL, "PUT", "b@d")] {
        call.send().await.assert_failure(400, 1000, "bad_request");
    }
    let plain = node.plain("OPTIONS", &format!("{STORAGE_PATH}/objects/a")).send().await;
    assert_eq!((plain.status, plain.header("access-control-allow-origin")), (405, None));
    node.set_enabled(false).await;
    assert_eq!(preflight(&node, MASTER_URL, "PUT", "range").send().await.status, 403);
}

#[tokio::test]
async fn browsers_of_the_primarys_origin_may_read_answers_and_failures() {
    let node = Node::ready().await;
    let put = presigned(&node, "PUT", "a", "").header("origin", MASTER_URL).body(b"x").send().await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(put.header("access-control-expose-headers"), Some("ETag"));
    let get = presigned(&node, "GET", "a", "").header("origin", MASTER_URL).send().await;
    assert_eq!(get.header("access-control-allow-origin"), Some(MASTER_URL));
    assert_eq!(get.header("vary"), Some("Origin"));
    assert!(get.header("access-control-expose-headers").is_some_and(|list| list.contains("Content-Range")));
    let absent = presigned(&node, "GET", "b", "").header("origin", MASTER_URL).send().await;
    assert_eq!(absent.status, 404);
    assert_eq!(absent.header("access-control-allow-origin"), Some(MASTER_URL));

    let other = presigned(&node, "GET", "a", "").header("origin", "https://evil.example.com").send().await;
    assert_eq!((other.status, other.body.len()), (403, 0));
    let signed = node.signed("GET", "/objects/a").header("origin", "https://evil.example.com").send().await;
    assert_eq!((signed.status, signed.header("access-control-allow-origin")), (200, None));
}
