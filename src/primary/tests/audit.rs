//! What the audit trail tells.

use super::*;

/// Action and entity name of the entries that fit `query`, the oldest first.
async fn entries(admin: &Session, query: &str) -> Vec<Value> {
    let (status, body) = admin.get(&format!("/admin/audit-logs?limit=100&{query}")).await;
    assert_eq!(status, 200, "{body}");
    let mut items = body["data"]["items"].as_array().expect("items").clone();
    items.reverse();
    items
}

async fn actions(admin: &Session, query: &str) -> Vec<String> {
    let entries = entries(admin, query).await;
    entries.iter().map(|entry| entry["action"].as_str().expect("action").to_owned()).collect()
}

#[tokio::test]
async fn what_happens_to_accounts_is_told_with_address_and_client() {
    let (site, admin) = Site::with_admin_behind_proxy().await;
    let berta = site.with_user(&admin, "berta").await;
    let login = json!({"identifier": "berta", "password": "wrong horse"});
    let request = Client::new().post(site.url("/auth/login")).header("x-forwarded-for", "203.0.113.9");
    let request = request.header("user-agent", "Browser/1.0");
    assert_eq!(request.json(&login).send().await.expect("reply").status(), 401);
    let change = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    assert_eq!(berta.send(Method::PUT, "/auth/password", change).await.0, 200);
    berta.token("read").await;
    berta.send(Method::DELETE, "/auth/tokens/1", json!({})).await;
    berta.send(Method::DELETE, "/auth/sessions/others", json!({})).await;
    berta.send(Method::POST, "/auth/logout", json!({})).await;
    admin.send(Method::PATCH, "/admin/users/2", json!({"storage_quota": 7})).await;
    admin.send(Method::PUT, "/admin/users/2/password", json!({"password": "battery staple"})).await;
    admin.send(Method::POST, "/admin/users/2/sessions/revoke", json!({})).await;
    admin.send(Method::DELETE, "/admin/users/2", json!({})).await;
    assert_eq!(
        actions(&admin, "entity_type=user&entity_id=2").await,
        [
            "create",
            "login",
            "login_failed",
            "change_password",
            "revoke_sessions",
            "logout",
            "change",
            "reset_password",
            "revoke_sessions",
            "delete"
        ]
    );
    assert_eq!(actions(&admin, "entity_type=api_token").await, ["create", "delete"]);
    assert_eq!(actions(&admin, "user_id=1&action=setup").await, ["setup"]);
    let failed = &entries(&admin, "action=login_failed").await[0];
    assert_eq!((&failed["ip_address"], &failed["client"]), (&json!("203.0.113.9"), &json!("Browser/1.0")));
    assert_eq!((&failed["user_id"], &failed["entity_name"]), (&json!(null), &json!("berta")));
    let changed = &entries(&admin, "action=change&entity_type=user").await[0];
    assert_eq!((&changed["user_id"], &changed["ip_address"]), (&json!(1), &json!("127.0.0.1")));
    assert_eq!(changed["details"]["text"], "storage_quota 7");
    let all = entries(&admin, "").await;
    let text = Value::from(all).to_string();
    for secret in [PASSWORD, "battery staple", "wrong horse", "adt_"] {
        assert!(!text.contains(secret), "{secret} is in the trail");
    }
}

#[tokio::test]
async fn a_password_in_the_place_of_the_name_is_not_kept() {
    let (site, admin) = Site::with_admin().await;
    site.try_log_in("my secret passphrase", "").await;
    let failed = entries(&admin, "action=login_failed").await;
    assert_eq!((failed.len(), &failed[0]["entity_name"]), (1, &json!("")));
    assert!(!failed[0].to_string().contains("passphrase"));
}

#[tokio::test]
async fn a_flood_of_logins_is_one_entry() {
    let (site, admin) = Site::with_admin().await;
    for (key, value) in [("auth_throttle_account_burst", "2"), ("auth_throttle_account_refill_secs", "3600")]
    {
        site.primary.settings.set(key, &[value.to_owned()]).await.expect("set");
    }
    for _ in 0..20 {
        site.try_log_in("nobody", "wrong horse").await;
    }
    site.primary.accounts.note_refused_logins().await;
    site.primary.accounts.note_refused_logins().await;
    assert_eq!(actions(&admin, "action=login_failed").await.len(), 2);
    let throttled = entries(&admin, "action=login_throttled").await;
    assert_eq!(throttled.len(), 1);
    let text = throttled[0]["details"]["text"].as_str().expect("text");
    assert!(text.starts_with("18 logins were refused unchecked"), "{text}");
    assert_eq!(throttled[0]["ip_address"], "127.0.0.1");
}

#[tokio::test]
async fn a_refresh_token_in_two_hands_is_told() {
    let (site, admin) = Site::with_admin().await;
    let token = cookie(&site.try_log_in("admin", PASSWORD).await, "aster_refresh");
    let refresh = async || {
        let cookies = format!("aster_refresh={token}; aster_csrf=c");
        let request = Client::new().post(site.url("/auth/refresh")).header("cookie", cookies);
        request.header("x-csrf-token", "c").send().await.expect("reply").status().as_u16()
    };
    assert_eq!(refresh().await, 200);
    site.execute("UPDATE sessions SET refreshed_at = refreshed_at - 15001").await;
    assert_eq!(refresh().await, 401);
    assert_eq!(admin.get("/auth/me").await.0, 401);
    let admin = site.log_in("admin").await;
    let told = entries(&admin, "action=reuse_refresh_token").await;
    assert_eq!((told.len(), &told[0]["details"]["text"]), (1, &json!("2 logins ended")));
}

#[tokio::test]
async fn the_trail_is_filtered_by_time_and_kept_for_so_many_days_unless_switched_off() {
    let (site, admin) = Site::with_admin().await;
    assert!(!actions(&admin, "after=2020-01-01T00:00:00Z").await.is_empty());
    assert!(actions(&admin, "before=2020-01-01T00:00:00Z").await.is_empty());
    for bad in ["after=yesterday", "user_id=x", "entity_id=x", "limit=x"] {
        let (status, body) = admin.get(&format!("/admin/audit-logs?{bad}")).await;
        let field = bad.split('=').next().expect("field");
        assert_eq!(status, 400, "{bad}");
        assert!(body["msg"].as_str().expect("msg").contains(field), "{body}");
    }
    assert_eq!(site.with_user(&admin, "berta").await.get("/admin/audit-logs").await.0, 403);
    let day = 86_400_000_i64;
    let ages: [(&str, i64); 2] = [("login", 5), ("setup", 20)];
    for (action, days) in ages {
        let sql = format!(
            "UPDATE audit_logs SET created_at = created_at - {} WHERE action = '{action}'",
            days * day
        );
        site.execute(Box::leak(sql.into_boxed_str())).await;
    }
    site.primary.settings.set("audit_log_retention_days", &["10".to_owned()]).await.expect("set");
    site.primary.audit.remove_old(crate::protocol::Timestamp::now()).await.expect("removed");
    let left = actions(&admin, "").await;
    assert!(left.contains(&"login".to_owned()) && !left.contains(&"setup".to_owned()), "{left:?}");

    admin.send(Method::PUT, "/admin/config/audit_log_enabled", json!({"value": "false"})).await;
    let before = site.count("audit_logs").await;
    admin.send(Method::POST, "/admin/users", account("carl")).await;
    site.try_log_in("nobody", "wrong horse").await;
    assert_eq!(site.count("audit_logs").await, before);
}

#[tokio::test]
async fn a_broken_lock_and_what_was_done_to_a_team_are_told() {
    let (_site, admin) = Site::with_admin().await;
    let (_, file) = admin.post("/files/new", json!({"name": "plan.txt"})).await;
    admin.post(&format!("/files/{}/lock", file["data"]["id"]), json!({"locked": true})).await;
    let (_, locks) = admin.get("/admin/locks").await;
    assert_eq!(admin.delete(&format!("/admin/locks/{}", locks["data"]["items"][0]["id"])).await.0, 200);
    let broken = &entries(&admin, "entity_type=lock").await[0];
    assert_eq!((&broken["action"], &broken["entity_name"]), (&json!("delete"), &json!("plan.txt")));

    let (_, team) = admin.post("/teams", json!({"name": "Band"})).await;
    let team = team["data"]["id"].clone();
    admin.post("/teams", json!({"name": "Choir"})).await;
    assert_eq!(admin.patch(&format!("/teams/{team}"), json!({"name": "Big Band"})).await.0, 200);
    let (_, trail) = admin.get(&format!("/admin/teams/{team}/audit-logs?limit=1")).await;
    assert_eq!(
        (&trail["data"]["total"], &trail["data"]["items"][0]["action"]),
        (&json!(2), &json!("change"))
    );
    assert_eq!(admin.get("/admin/teams/99/audit-logs").await.0, 404);
}
