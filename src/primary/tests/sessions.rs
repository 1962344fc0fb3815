//! Devices, passwords, registration and preferences.

use super::*;

async fn id_of(session: &Session) -> String {
    let (_, me) = session.get("/auth/me?fields=session").await;
    me["data"]["session"]["login"]["id"].as_str().expect("a login").to_owned()
}

#[tokio::test]
async fn devices_are_listed_and_ended_one_by_one_or_all_others() {
    let (site, admin) = Site::with_admin().await;
    let body = json!({"identifier": "admin", "password": PASSWORD});
    let hostile = "Evil/1.0 (<script>alert(1)</script>)";
    let request = Client::new().post(site.url("/auth/login")).header("user-agent", hostile).json(&body);
    assert_eq!(request.send().await.expect("reply").status(), 200);
    let (status, list) = admin.get("/auth/sessions").await;
    let items = list["data"]["items"].as_array().expect("items").clone();
    assert_eq!((status, items.len()), (200, 2));
    let (own, other) = match items[0]["is_current"].as_bool() {
        Some(true) => (&items[0], &items[1]),
        _ => (&items[1], &items[0]),
    };
    assert_eq!((&own["is_current"], &other["is_current"]), (&json!(true), &json!(false)));
    assert_eq!(other["ip_address"], "127.0.0.1");
    assert_eq!(other["user_agent"], "Evil/1.0 (\\x3cscript\\x3ealert(1)\\x3c/script\\x3e)");
    for time in ["created_at", "last_used_at", "expires_at"] {
        assert!(other[time].as_str().is_some_and(|text| text.ends_with('Z')), "{time}: {other}");
    }
    assert!(!list.to_string().contains("rt_"), "no token is shown");

    let path = format!("/auth/sessions/{}", other["id"].as_str().expect("id"));
    let berta = site.with_user(&admin, "berta").await;
    assert_eq!(berta.send(Method::DELETE, &path, json!({})).await.0, 404, "somebody else's login is none");
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 200);
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 404);

    let (second, third) = (site.log_in("admin").await, site.log_in("admin").await);
    let (status, body) = second.send(Method::DELETE, "/auth/sessions/others", json!({})).await;
    assert_eq!((status, &body["data"]["ended"]), (200, &json!(2)));
    assert_eq!(second.get("/auth/me").await.0, 200);
    assert_eq!((admin.get("/auth/me").await.0, third.get("/auth/me").await.0), (401, 401));
    assert_eq!(berta.get("/auth/me").await.0, 200);
}

#[tokio::test]
async fn a_password_change_needs_the_old_one_and_ends_the_other_logins() {
    let (site, admin) = Site::with_admin().await;
    let other = site.log_in("admin").await;
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let path = "/auth/password";
    let (status, body) = admin.send(Method::PUT, path, change("wrong horse", "battery staple")).await;
    assert_eq!((status, body["error"]["code"].as_str()), (403, Some("auth.credentials_failed")));
    assert_eq!(admin.send(Method::PUT, path, change(PASSWORD, "short")).await.0, 400);
    assert_eq!(admin.send(Method::PUT, path, json!({"new_password": "battery staple"})).await.0, 400);
    assert_eq!(other.get("/auth/me").await.0, 200);
    let (status, body) = admin.send(Method::PUT, path, change(PASSWORD, "battery staple")).await;
    assert_eq!((status, &body["data"]["ended"]), (200, &json!(1)), "{body}");
    assert_eq!(admin.get("/auth/me").await.0, 200);
    assert_eq!(other.get("/auth/me").await.0, 401);
    assert_eq!(site.try_log_in("admin", PASSWORD).await.status(), 401);
    assert_eq!(site.try_log_in("admin", "battery staple").await.status(), 200);
}

#[tokio::test]
async fn an_administrator_sets_a_password_and_ends_logins_and_tokens() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    let token = berta.token("write").await;
    let (status, body) = admin.send(Method::POST, "/admin/users/2/sessions/revoke", json!({})).await;
    assert_eq!((status, &body["data"]), (200, &json!({"sessions": 1, "tokens": 1})));
    assert_eq!(berta.get("/auth/me").await.0, 401);
    assert_eq!(site.bearer(Method::GET, "/auth/me", &token).await.0, 401);
    let berta = site.log_in("berta").await;
    let path = "/admin/users/2/password";
    assert_eq!(admin.send(Method::PUT, path, json!({"password": "x"})).await.0, 400);
    assert_eq!(admin.send(Method::PUT, path, json!({"password": "battery staple"})).await.0, 200);
    assert_eq!(berta.get("/auth/me").await.0, 401);
    assert_eq!(site.try_log_in("berta", PASSWORD).await.status(), 401);
    assert_eq!(site.try_log_in("berta", "battery staple").await.status(), 200);
    for path in ["/admin/users/4711/password", "/admin/users/4711/sessions/revoke"] {
        let method = if path.ends_with("password") { Method::PUT } else { Method::POST };
        assert_eq!(admin.send(method, path, json!({"password": "battery staple"})).await.0, 404);
    }
}

#[tokio::test]
async fn a_login_with_the_old_password_that_ends_after_the_change_is_refused() {
    let (site, admin) = Site::with_admin().await;
    // Both run at once: whichever way it goes, no login that the change did not see remains.
    let logins = (0..8).map(|_| site.try_log_in("admin", PASSWORD));
    let change = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    let (_, (status, _)) = tokio::join!(
        futures_util::future::join_all(logins),
        admin.send(Method::PUT, "/auth/password", change)
    );
    assert_eq!(status, 200);
    assert_eq!(site.count("sessions").await, 1);
}

#[tokio::test]
async fn registration_is_closed_until_an_administrator_opens_it() {
    let (site, admin) = Site::with_admin().await;
    let register = async |name: &str| {
        let request = Client::new().post(site.url("/auth/register")).json(&account(name));
        let reply = request.send().await.expect("reply");
        assert!(reply.headers().get("set-cookie").is_none());
        status_and_body(reply).await
    };
    let open = async || {
        let reply = Client::new().post(site.url("/auth/check")).send().await.expect("reply");
        status_and_body(reply).await.1["data"]["allow_user_registration"].clone()
    };
    assert_eq!(open().await, json!(false));
    let (status, body) = register("berta").await;
    assert_eq!(status, 403);
    assert!(body["msg"].as_str().expect("msg").contains("closed"));
    assert_eq!(site.count("users").await, 1);
    let path = "/admin/config/auth_allow_user_registration";
    admin.send(Method::PUT, path, json!({"value": "true"})).await;
    assert_eq!(open().await, json!(true));
    let (status, body) = register("berta").await;
    assert_eq!((status, &body["data"]["role"]), (201, &json!("user")));
    let group = site.primary.policies.default_group_id().await.expect("group");
    assert_eq!(body["data"]["policy_group_id"], json!(group));
    assert_eq!(register("BERTA").await.0, 409);
    assert_eq!(register("x").await.0, 400);
    site.log_in("berta").await;
}

#[tokio::test]
async fn me_gives_the_parts_that_are_asked_for() {
    let (_site, admin) = Site::with_admin().await;
    let (_, body) = admin.get("/auth/me?fields=quota,preferences").await;
    let mut names: Vec<&String> = body["data"].as_object().expect("record").keys().collect();
    names.sort();
    assert_eq!(names, ["id", "preferences", "storage_quota", "storage_used"]);
    let (_, body) = admin.get("/auth/me").await;
    assert_eq!(body["data"]["session"]["kind"], "login");
    assert_eq!(body["data"]["username"], "admin");
    let (status, body) = admin.get("/auth/me?fields=quota,shoe_size").await;
    assert_eq!(status, 400);
    assert!(body["msg"].as_str().expect("msg").contains("`shoe_size`"), "{body}");
}

#[tokio::test]
async fn preferences_are_changed_in_parts_or_replaced_as_a_whole() {
    let (_site, admin) = Site::with_admin().await;
    let path = "/auth/preferences";
    let change = json!({"theme": "dark", "view": "grid", "time_zone": "Europe/Berlin"});
    assert_eq!(admin.send(Method::PATCH, path, change).await.0, 200);
    let (_, body) = admin.send(Method::PATCH, path, json!({"theme": null, "sort_by": "size"})).await;
    let kept = &body["data"];
    assert_eq!(
        (&kept["theme"], &kept["view"], &kept["sort_by"]),
        (&json!(null), &json!("grid"), &json!("size"))
    );
    assert_eq!(&admin.get("/auth/me").await.1["data"]["preferences"], kept);
    for (bad, word) in [
        (json!({"view": "pile"}), "view"),
        (json!({"accent": "red"}), "accent"),
        (json!({"colour": "#ffffff"}), "colour"),
        (json!({"language": 7}), "language"),
    ] {
        for method in [Method::PATCH, Method::PUT] {
            let (status, body) = admin.send(method, path, bad.clone()).await;
            assert_eq!(status, 400, "{bad}");
            assert!(body["msg"].as_str().expect("msg").contains(word), "{body}");
        }
    }
    assert_eq!(&admin.get(path).await.1["data"], kept, "what is refused changes nothing");
    admin.send(Method::PUT, path, json!({"language": "en"})).await;
    let (_, body) = admin.get(path).await;
    assert_eq!((&body["data"]["language"], &body["data"]["view"]), (&json!("en"), &json!(null)));
}

#[tokio::test]
async fn users_are_searched_filtered_and_sorted() {
    let (site, admin) = Site::with_admin().await;
    for name in ["berta", "carl_1", "carla"] {
        site.with_user(&admin, name).await;
    }
    admin.send(Method::PATCH, "/admin/users/2", json!({"status": "disabled"})).await;
    for (query, expected) in [
        ("", "admin berta carl_1 carla"),
        ("?keyword=CARL", "carl_1 carla"),
        ("?keyword=l_1", "carl_1"),
        ("?keyword=%25", ""),
        ("?keyword=berta@example", "berta"),
        ("?role=admin", "admin"),
        ("?status=disabled", "berta"),
        ("?role=user&status=active&sort_by=username&sort_order=desc", "carla carl_1"),
        ("?sort_by=created_at&sort_order=desc&limit=1", "carla"),
    ] {
        let (status, body) = admin.get(&format!("/admin/users{query}")).await;
        assert_eq!(status, 200, "{query}");
        let items = body["data"]["items"].as_array().expect("items");
        let names: Vec<_> = items.iter().map(|user| user["username"].as_str().expect("name")).collect();
        assert_eq!(names.join(" "), expected, "{query}");
    }
    for bad in ["role=king", "status=gone", "sort_by=shoe_size", "sort_order=up"] {
        let (status, body) = admin.get(&format!("/admin/users?{bad}")).await;
        let field = bad.split('=').next().expect("field");
        assert_eq!(status, 400);
        assert!(body["msg"].as_str().expect("msg").contains(field), "{body}");
    }
}

#[tokio::test]
async fn a_user_is_deleted_only_without_files_and_never_the_last_administrator() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    berta.token("read").await;
    assert_eq!(berta.upload_bytes("f", b"1234").await.0, 201);
    let (status, body) = admin.send(Method::DELETE, "/admin/users/2", json!({})).await;
    assert_eq!(status, 409, "{body}");
    assert_eq!(berta.get("/auth/me").await.0, 200, "nothing was taken away");
    let carl = site.with_user(&admin, "carl").await;
    carl.token("read").await;
    assert_eq!(admin.send(Method::DELETE, "/admin/users/3", json!({})).await.0, 200);
    assert_eq!(carl.get("/auth/me").await.0, 401);
    assert_eq!(site.count("api_tokens").await, 1);
    assert_eq!(admin.send(Method::DELETE, "/admin/users/3", json!({})).await.0, 404);
    assert_eq!(admin.send(Method::DELETE, "/admin/users/1", json!({})).await.0, 409);
    assert_eq!(berta.send(Method::DELETE, "/admin/users/1", json!({})).await.0, 403);
}

#[tokio::test]
async fn of_two_administrators_who_remove_each_other_one_stays() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    admin.send(Method::PATCH, "/admin/users/2", json!({"role": "admin"})).await;
    let (first, second) = tokio::join!(
        admin.send(Method::PATCH, "/admin/users/2", json!({"role": "user"})),
        berta.send(Method::DELETE, "/admin/users/1", json!({})),
    );
    assert!(first.0 == 200 || second.0 == 200);
    let (_, admins) = if first.0 == 200 {
        admin.get("/admin/users?role=admin").await
    } else {
        berta.get("/admin/users?role=admin").await
    };
    assert_eq!(admins["data"]["total"], 1);
}

#[tokio::test]
async fn logins_of_one_user_do_not_pile_up() {
    let (site, admin) = Site::with_admin().await;
    let own = id_of(&admin).await;
    site.execute(
        "INSERT INTO sessions (id, user_id, refresh_hash, previous_hash, refreshed_at, expires_at, created_at) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) \
         SELECT 'old' || i, 1, '', '', i, 4102444800000, i FROM n",
    )
    .await;
    site.log_in("admin").await;
    assert_eq!(site.count("sessions").await, 100);
    let (_, list) = admin.get("/auth/sessions").await;
    assert!(list.to_string().contains(&own), "the oldest go first");
    assert!(!list.to_string().contains("\"old1\""));
}
