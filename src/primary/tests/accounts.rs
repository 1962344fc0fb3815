use super::*;

#[tokio::test]
async fn of_many_setups_at_once_one_makes_the_administrator() {
    let site = Site::new().await;
    let (_, before) = check(&site).await;
    assert_eq!(before["data"]["has_users"], false);
    let names = ["anna", "bert", "carl", "dora"];
    let replies = futures_util::future::join_all(names.map(|name| site.set_up(name))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(site.count("users").await, 1);
    assert_eq!(check(&site).await.1["data"]["has_users"], true);
}

async fn check(site: &Site) -> (u16, Value) {
    status_and_body(Client::new().post(site.url("/auth/check")).send().await.expect("reply")).await
}

#[tokio::test]
async fn setup_makes_an_admin_in_the_default_group_and_takes_the_public_address() {
    let site = Site::new().await;
    let request = Client::new().post(site.url("/auth/setup")).header("origin", "https://drive.example");
    let (status, body) = status_and_body(request.json(&account("admin")).send().await.expect("reply")).await;
    assert_eq!(status, 201, "{body}");
    let user = &body["data"];
    assert_eq!((&user["role"], &user["status"]), (&json!("admin"), &json!("active")));
    let group = site.primary.policies.default_group_id().await.expect("group");
    assert!(group.is_some());
    assert_eq!(user["policy_group_id"], json!(group));
    assert!(!body.to_string().contains("argon2"));
    let admin = site.log_in("ADMIN@example.org").await;
    let (_, setting) = admin.get("/admin/config/public_site_url").await;
    assert_eq!(setting["data"]["value"], json!(["https://drive.example"]));
}

#[tokio::test]
async fn a_login_gives_three_cookies_with_their_attributes() {
    let site = Site::new().await;
    site.set_up("admin").await;
    let log_in = || async {
        let body = json!({"identifier": "Admin", "password": PASSWORD});
        let reply = Client::new().post(site.url("/auth/login")).json(&body).send().await.expect("reply");
        let cookies: Vec<String> = reply
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|c| c.to_str().expect("text").to_owned())
            .collect();
        (cookies, reply.json::<Value>().await.expect("json"))
    };
    let (cookies, body) = log_in().await;
    assert_eq!(body["data"], json!({"status": "authenticated", "expires_in": 900}));
    let find = |name: &str| cookies.iter().find(|c| c.starts_with(name)).expect(name).clone();
    let access = find("aster_access=");
    assert!(access.ends_with("; Path=/; Max-Age=900; SameSite=Lax; HttpOnly"), "{access}");
    let refresh = find("aster_refresh=");
    assert!(refresh.ends_with("; Path=/api/v1/auth; Max-Age=604800; SameSite=Lax; HttpOnly"), "{refresh}");
    assert!(find("aster_csrf=").ends_with("; Path=/; Max-Age=604800; SameSite=Lax"));
    site.primary.settings.set("auth_cookie_secure", &["true".to_owned()]).await.expect("set");
    assert!(log_in().await.0.iter().all(|cookie| cookie.ends_with("; Secure")));
}

#[tokio::test]
async fn wrong_password_and_unknown_user_read_the_same() {
    let site = Site::new().await;
    site.set_up("admin").await;
    let mut answers = Vec::new();
    for (identifier, password) in [("admin", "wrong horse"), ("nobody", PASSWORD), (&"x".repeat(400), "y")] {
        let body = json!({"identifier": identifier, "password": password});
        let reply = Client::new().post(site.url("/auth/login")).json(&body).send().await.expect("reply");
        assert!(reply.headers().get("set-cookie").is_none());
        answers.push(status_and_body(reply).await);
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_cookie_needs_the_csrf_header_for_changes_and_a_bearer_token_does_not() {
    let (site, admin) = Site::with_admin().await;
    let put = |client: &Client| {
        client.put(site.url("/admin/config/default_storage_quota")).json(&json!({"value": "5"}))
    };
    let status = async |request: RequestBuilder| request.send().await.expect("reply").status().as_u16();
    assert_eq!(status(put(&admin.client)).await, 403);
    assert_eq!(status(put(&admin.client).header("x-csrf-token", "wrong")).await, 403);
    assert_eq!(status(put(&admin.client).header("x-csrf-token", &admin.csrf)).await, 200);
    let foreign =
        put(&admin.client).header("x-csrf-token", &admin.csrf).header("origin", "http://evil.example");
    assert_eq!(status(foreign).await, 403);
    let own = format!("http://{}", site.address);
    let ours = put(&admin.client).header("x-csrf-token", &admin.csrf).header("origin", own);
    assert_eq!(status(ours).await, 200);
    assert_eq!(status(admin.client.get(site.url("/auth/me"))).await, 200);
    assert_eq!(status(put(&Client::new())).await, 401);
    assert_eq!(status(put(&Client::new()).bearer_auth(&admin.access)).await, 200);
    assert_eq!(status(put(&Client::new()).bearer_auth("nonsense")).await, 401);
}

#[tokio::test]
async fn a_refresh_replaces_the_token_and_its_second_use_ends_all_logins() {
    let (site, admin) = Site::with_admin().await;
    let login = json!({"identifier": "admin", "password": PASSWORD});
    let reply = Client::new().post(site.url("/auth/login")).json(&login).send().await.expect("reply");
    let first = cookie(&reply, "aster_refresh");
    let refresh = |token: String| {
        let cookies = format!("aster_refresh={token}; aster_csrf=c");
        Client::new().post(site.url("/auth/refresh")).header("cookie", cookies)
    };
    assert_eq!(refresh(first.clone()).send().await.expect("reply").status(), 403);
    let send = async |token: String| refresh(token).header("x-csrf-token", "c").send().await.expect("reply");
    let reply = send(first.clone()).await;
    assert_eq!(reply.status(), 200);
    let second = cookie(&reply, "aster_refresh");
    assert_ne!(first, second);
    // Within the grace a late request gets access, but no second line of refresh tokens.
    let late = send(first.clone()).await;
    assert_eq!(late.status(), 200);
    assert!(late.cookies().all(|cookie| cookie.name() != "aster_refresh"));
    site.execute("UPDATE sessions SET refreshed_at = refreshed_at - 15001").await;
    assert_eq!(send(first).await.status(), 401);
    assert_eq!(send(second).await.status(), 401);
    assert_eq!(admin.get("/auth/me").await.0, 401);
    assert_eq!(site.count("sessions").await, 0);
}

#[tokio::test]
async fn a_logout_ends_the_access_token_at_once() {
    let (site, admin) = Site::with_admin().await;
    let other = site.log_in("admin").await;
    let reply = admin.request(Method::POST, "/auth/logout").send().await.expect("reply");
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers().get_all("set-cookie").iter().count(), 3);
    let old = Client::new().get(site.url("/auth/me")).bearer_auth(&admin.access).send().await.expect("reply");
    assert_eq!(old.status(), 401);
    assert_eq!(other.get("/auth/me").await.0, 200);
    let nobody = Client::new().post(site.url("/auth/logout")).send().await.expect("reply");
    assert_eq!(nobody.status(), 200);
}

#[tokio::test]
async fn an_expired_login_is_removed() {
    let (site, admin) = Site::with_admin().await;
    assert_eq!(site.primary.accounts.remove_expired_sessions().await.expect("clean"), 0);
    site.execute("UPDATE sessions SET expires_at = 1").await;
    assert_eq!(admin.get("/auth/me").await.0, 401);
    assert_eq!(site.primary.accounts.remove_expired_sessions().await.expect("clean"), 1);
}

#[tokio::test]
async fn an_administrator_manages_users() {
    let (site, admin) = Site::with_admin().await;
    let (status, body) = admin.send(Method::POST, "/admin/users", account("berta")).await;
    assert_eq!((status, &body["data"]["role"]), (201, &json!("user")));
    let path = format!("/admin/users/{}", body["data"]["id"]);
    let (status, body) = admin.send(Method::POST, "/admin/users", account("BERTA")).await;
    assert_eq!(status, 409, "{body}");
    let (_, list) = admin.get("/admin/users?limit=1&offset=1").await;
    assert_eq!((&list["data"]["total"], &list["data"]["items"][0]["username"]), (&json!(2), &json!("berta")));
    let berta = site.log_in("berta").await;
    assert_eq!(berta.get("/admin/users").await.0, 403);
    for (change, status, word) in [
        (json!({"policy_group_id": 4711}), 400, "4711"),
        (json!({"policy_group_id": null}), 400, "null"),
        (json!({"role": "king"}), 400, "role"),
        (json!({"storage_quota": -1}), 400, "storage_quota"),
        (json!({"storage_quota": u64::MAX}), 400, "storage_quota"),
        (json!({"storage_quota": 10}), 200, ""),
    ] {
        let (got, body) = admin.send(Method::PATCH, &path, change.clone()).await;
        assert_eq!(got, status, "{change} {body}");
        assert!(body["msg"].as_str().expect("msg").contains(word), "{change} {body}");
    }
    let (status, body) = admin.send(Method::PATCH, &path, json!({"status": "disabled"})).await;
    assert_eq!((status, &body["data"]["storage_quota"]), (200, &json!(10)));
    assert_eq!(berta.get("/auth/me").await.0, 401);
    admin.send(Method::PATCH, &path, json!({"status": "active"})).await;
    assert_eq!(berta.get("/auth/me").await.0, 401, "a login that was ended stays ended");
    assert_eq!(admin.get("/admin/users/4711").await.0, 404);
    assert_eq!(admin.get("/admin/users/x").await.0, 404);
}

#[tokio::test]
async fn the_last_active_administrator_stays() {
    let (_site, admin) = Site::with_admin().await;
    for change in [json!({"role": "user"}), json!({"status": "disabled"})] {
        assert_eq!(admin.send(Method::PATCH, "/admin/users/1", change).await.0, 409);
    }
    admin.send(Method::POST, "/admin/users", account("berta")).await;
    assert_eq!(admin.send(Method::PATCH, "/admin/users/2", json!({"role": "admin"})).await.0, 200);
    assert_eq!(admin.send(Method::PATCH, "/admin/users/1", json!({"role": "user"})).await.0, 200);
    assert_eq!(admin.get("/admin/users").await.0, 403, "a role counts at once");
}

#[tokio::test]
async fn a_foreign_page_can_neither_renew_nor_end_a_login() {
    let (site, admin) = Site::with_admin().await;
    for path in ["/auth/refresh", "/auth/logout"] {
        let without = admin.client.post(site.url(path)).send().await.expect("reply");
        assert_eq!(without.status(), 403, "{path}");
        let cross_site = admin.request(Method::POST, path).header("sec-fetch-site", "cross-site");
        assert_eq!(cross_site.send().await.expect("reply").status(), 403, "{path}");
        let referred = admin.request(Method::POST, path).header("referer", "https://evil.example/x");
        assert_eq!(referred.send().await.expect("reply").status(), 403, "{path}");
    }
    assert_eq!(admin.get("/auth/me").await.0, 200);
}

#[tokio::test]
async fn a_trusted_proxy_tells_which_of_our_two_origins_is_meant() {
    let (site, admin) = Site::with_admin_behind_proxy().await;
    // Setup took the address without TLS as a public one, which is ours whatever a proxy says.
    site.primary.settings.set("public_site_url", &["https://drive.example".to_owned()]).await.expect("set");
    let status = async |scheme: &str| {
        let request = admin.request(Method::PATCH, "/auth/preferences").json(&json!({}));
        let request = request.header("origin", format!("{scheme}://{}", site.address));
        request.header("x-forwarded-proto", "https").send().await.expect("reply").status().as_u16()
    };
    assert_eq!((status("https").await, status("http").await), (200, 403));
}

#[tokio::test]
async fn a_name_with_the_character_zero_is_a_mistake_and_no_failure_of_the_database() {
    let (site, admin) = Site::with_admin().await;
    let body = json!({"identifier": "a\u{0}b", "password": PASSWORD});
    let login = Client::new().post(site.url("/auth/login")).json(&body).send().await.expect("reply");
    assert_eq!(login.status(), 400);
    assert_eq!(admin.get("/admin/audit-logs?action=a%00b").await.0, 400);
}
