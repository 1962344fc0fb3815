//! Personal API tokens.

use super::*;

#[tokio::test]
async fn a_token_is_shown_once_and_kept_as_a_hash() {
    let (site, admin) = Site::with_admin().await;
    let (status, body) =
        admin.send(Method::POST, "/auth/tokens", json!({"name": " backup ", "scope": "read"})).await;
    assert_eq!(status, 201, "{body}");
    let token = body["data"]["token"].as_str().expect("token").to_owned();
    assert!(token.starts_with("adt_") && token.len() == 4 + 64, "{token}");
    let (_, list) = admin.get("/auth/tokens").await;
    let listed = &list["data"]["items"][0];
    assert_eq!((&listed["name"], &listed["scope"]), (&json!("backup"), &json!("read")));
    assert_eq!((&listed["expires_at"], &listed["last_used_at"]), (&json!(null), &json!(null)));
    assert!(!list.to_string().contains(&token[4..]));
    let kept = site.text("SELECT token_hash AS text FROM api_tokens").await;
    assert_eq!(kept, crate::protocol::sha256_hex(&token));

    let (status, me) = site.bearer(Method::GET, "/auth/me", &token).await;
    assert_eq!((status, &me["data"]["username"]), (200, &json!("admin")));
    assert_eq!(me["data"]["session"], json!({"kind": "api_token", "id": listed["id"], "scope": "read"}));
    let (_, list) = admin.get("/auth/tokens").await;
    assert!(list["data"]["items"][0]["last_used_at"].is_string());
    let noted = "SELECT CAST(last_used_at AS TEXT) AS text FROM api_tokens";
    let first = site.text(noted).await;
    site.bearer(Method::GET, "/auth/me", &token).await;
    assert_eq!(site.text(noted).await, first, "a second use within a minute is not written");
    site.execute("UPDATE api_tokens SET last_used_at = last_used_at - 60001").await;
    site.bearer(Method::GET, "/auth/me", &token).await;
    assert!(site.text(noted).await >= first);
}

#[tokio::test]
async fn a_read_token_changes_nothing_and_a_write_token_does_what_its_user_may() {
    let (site, admin) = Site::with_admin().await;
    let (read, write) = (admin.token("read").await, admin.token("write").await);
    let path = "/admin/config/default_storage_quota";
    assert_eq!(site.bearer(Method::GET, path, &read).await.0, 200);
    let (status, body) = site.bearer(Method::PUT, path, &read).await;
    assert_eq!(status, 403);
    assert!(body["msg"].as_str().expect("msg").contains("`read`"), "{body}");
    assert_eq!(site.bearer(Method::PUT, path, &write).await.0, 200);
    let berta = site.with_user(&admin, "berta").await;
    let write = berta.token("write").await;
    assert_eq!(site.bearer(Method::PUT, path, &write).await.0, 403);
}

#[tokio::test]
async fn a_token_never_reaches_what_guards_the_account() {
    let (site, admin) = Site::with_admin().await;
    let token = admin.token("write").await;
    for (method, path) in [
        (Method::PUT, "/auth/password"),
        (Method::GET, "/auth/tokens"),
        (Method::POST, "/auth/tokens"),
        (Method::DELETE, "/auth/tokens/1"),
        (Method::GET, "/auth/sessions"),
        (Method::DELETE, "/auth/sessions/others"),
        (Method::DELETE, "/auth/sessions/x"),
    ] {
        let (status, body) = site.bearer(method.clone(), path, &token).await;
        assert_eq!(status, 403, "{method} {path}");
        assert!(body["msg"].as_str().expect("msg").contains("API tokens"), "{body}");
    }
    let cookie = format!("aster_access={token}");
    let request = Client::new().get(site.url("/auth/me")).header("cookie", cookie);
    assert_eq!(request.send().await.expect("reply").status(), 401, "a token is no cookie");
}

#[tokio::test]
async fn a_token_ends_with_its_time_its_deletion_or_its_users_rights() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    let me = async |token: &str| site.bearer(Method::GET, "/auth/me", token).await.0;
    let (first, second) = (berta.token("read").await, berta.token("read").await);
    assert_eq!(berta.send(Method::DELETE, "/auth/tokens/1", json!({})).await.0, 200);
    assert_eq!((me(&first).await, me(&second).await), (401, 200));
    assert_eq!(admin.send(Method::DELETE, "/auth/tokens/2", json!({})).await.0, 404, "another user's");
    site.execute("UPDATE api_tokens SET expires_at = 1 WHERE id = 2").await;
    assert_eq!(me(&second).await, 401);
    let third = berta.token("read").await;
    admin.send(Method::PATCH, "/admin/users/2", json!({"status": "disabled"})).await;
    assert_eq!(me(&third).await, 401);
    assert_eq!(me("adt_").await, 401);
}

#[tokio::test]
async fn bad_tokens_are_refused_by_field_and_fifty_are_enough() {
    let (site, admin) = Site::with_admin().await;
    let past = "2020-01-01T00:00:00Z";
    for (bad, word) in [
        (json!({"scope": "read"}), "name"),
        (json!({"name": " ", "scope": "read"}), "name"),
        (json!({"name": "x".repeat(65), "scope": "read"}), "name"),
        (json!({"name": "a\nb", "scope": "read"}), "name"),
        (json!({"name": "x", "scope": "admin"}), "scope"),
        (json!({"name": "x", "scope": "read", "expires_at": past}), "expires_at"),
        (json!({"name": "x", "scope": "read", "expires_at": "soon"}), "expires_at"),
    ] {
        let (status, body) = admin.send(Method::POST, "/auth/tokens", bad.clone()).await;
        assert_eq!(status, 400, "{bad}");
        assert!(body["msg"].as_str().expect("msg").contains(word), "{body}");
    }
    for _ in 0..49 {
        admin.token("read").await;
    }
    let body = json!({"name": "x", "scope": "read", "expires_at": "2100-01-01T00:00:00Z"});
    let replies = (0..4).map(|_| admin.send(Method::POST, "/auth/tokens", body.clone()));
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(replies).await.into_iter().map(|reply| reply.0).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(site.count("api_tokens").await, 50);
}
