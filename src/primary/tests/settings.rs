use super::*;

#[tokio::test]
async fn a_setting_is_listed_set_and_reset() {
    let (_site, admin) = Site::with_admin().await;
    let (_, list) = admin.get("/admin/config").await;
    let items = list["data"]["items"].as_array().expect("items");
    assert_eq!(list["data"]["total"], json!(items.len()));
    let (_, schema) = admin.get("/admin/config/schema").await;
    assert_eq!(schema["data"].as_array().expect("schema").len(), items.len());
    let path = "/admin/config/auth_access_token_ttl_secs";
    assert_eq!(admin.get(path).await.1["data"]["source"], "default");
    let (status, body) = admin.send(Method::PUT, path, json!({"value": "600"})).await;
    assert_eq!((status, &body["data"]["value"]), (200, &json!("600")));
    assert_eq!(admin.get(path).await.1["data"]["source"], "database");
    let (_, body) = admin.send(Method::DELETE, path, json!({})).await;
    assert_eq!((&body["data"]["value"], &body["data"]["source"]), (&json!("900"), &json!("default")));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let (_site, admin) = Site::with_admin().await;
    for (key, value, word) in [
        ("public_site_url", json!(["http://ok", "http://*.x", "ftp://y"]), "`http://*.x`, `ftp://y`"),
        ("auth_access_token_ttl_secs", json!("soon"), "`soon`"),
        ("auth_access_token_ttl_secs", json!(600), "string"),
        ("auth_cookie_secure", json!(["true", "false"]), "list"),
    ] {
        let path = format!("/admin/config/{key}");
        let (status, body) = admin.send(Method::PUT, &path, json!({"value": value})).await;
        assert_eq!(status, 400, "{key}");
        assert!(body["msg"].as_str().expect("msg").contains(word), "{body}");
    }
    assert_eq!(admin.get("/admin/config/no_such_key").await.0, 404);
}

#[tokio::test]
async fn the_operators_word_on_cookies_counts_only_until_setup() {
    let site = Site::new().await;
    assert!(!site.primary.settings.auth_cookie_secure());
    site.set_up("admin").await;
    site.primary.settings.set("auth_cookie_secure", &["true".to_owned()]).await.expect("set");
    let config = config(site.dir.path());
    let reopened = Primary::open(site.db.clone(), &config, transport::direct()).await.expect("reopen");
    assert!(reopened.settings.auth_cookie_secure());
}
