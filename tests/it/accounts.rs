//! Accounts of a real primary: what a restart keeps, and whom it believes.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::primary::{ADMIN, PASSWORD, Primary, environment, login};

const API: &str = "/api/v1";

/// Lets no time go by for the throttle: with every wrong password the next wait only grows.
async fn without_refill(primary: &Primary) {
    let longest = json!({"value": "3600"});
    let path = format!("{API}/admin/config/auth_throttle_account_refill_secs");
    primary.admin.put(&path, longest).await.data();
}

/// A login from `address`, as a proxy would pass it on.
async fn log_in_from(url: &str, address: &str, password: &str) -> reqwest::Response {
    let body = json!({"identifier": ADMIN, "password": password});
    let request = Client::new(url).request(Method::POST, "/api/v1/auth/login");
    request.header("x-forwarded-for", address).json(&body).send().await.expect("reply")
}

async fn trail(admin: &Client, query: &str) -> Vec<Value> {
    let page = admin.get(&format!("{API}/admin/audit-logs?{query}")).await;
    page.data()["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client_for_limits_trail_and_devices() {
    let home = TempDir::new().expect("dir");
    let mut environment = environment(0);
    environment.insert("ASTER__NETWORK_TRUST__TRUSTED_PROXIES".into(), "192.0.2.0/24, 127.0.0.0/8".into());
    let primary = Primary::start_with(home.path(), &environment).await;
    without_refill(&primary).await;
    let limit = json!({"value": "2"});
    primary.admin.put(&format!("{API}/admin/config/auth_throttle_account_burst"), limit).await.data();

    // The leftmost address is the client's own invention, the rightmost a proxy.
    for (made_up, expected) in [("1.1.1.1", 401), ("2.2.2.2", 401), ("3.3.3.3", 429)] {
        let addresses = format!("{made_up}, 203.0.113.9, 192.0.2.8");
        let reply = log_in_from(&primary.url, &addresses, "wrong horse").await;
        assert_eq!(reply.status().as_u16(), expected);
        assert_eq!(reply.headers().contains_key("retry-after"), expected == 429);
    }
    assert_eq!(log_in_from(&primary.url, "203.0.113.10", PASSWORD).await.status(), StatusCode::OK);
    let failed = trail(&primary.admin, "action=login_failed").await;
    assert!(
        failed.len() == 2 && failed.iter().all(|entry| entry["ip_address"] == "203.0.113.9"),
        "{failed:?}"
    );
    let devices = primary.admin.get(&format!("{API}/auth/sessions")).await;
    let addresses = devices.data()["items"].as_array().expect("items").iter().map(|item| &item["ip_address"]);
    assert_eq!(addresses.collect::<Vec<_>>(), ["203.0.113.10", "127.0.0.1"]);
}

#[tokio::test]
async fn tokens_and_logins_outlive_a_restart_and_refused_logins_are_told_before_it() {
    let home = TempDir::new().expect("dir");
    let mut primary = Primary::start_with(home.path(), &environment(0)).await;
    without_refill(&primary).await;
    let port = primary.address().port();
    let new = json!({"name": "backup", "scope": "write", "expires_at": "2100-01-01T00:00:00+02:00"});
    let made = primary.admin.post(&format!("{API}/auth/tokens"), new).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let token = made.data()["token"].as_str().expect("token").to_owned();
    for _ in 0..12 {
        log_in_from(&primary.url, "127.0.0.1", "wrong horse").await;
    }
    let bearer = primary.admin.bearer.clone();
    primary.process.stop().await;
    assert!(!primary.process.output().contains(&token));

    let primary = Primary::start_again(home.path(), port).await;
    let mut program = Client::new(&primary.url);
    program.bearer = Some(token);
    assert_eq!(program.get(&format!("{API}/auth/me")).await.data()["username"], ADMIN);
    assert_eq!(program.get(&format!("{API}/auth/tokens")).await.status, StatusCode::FORBIDDEN);
    let mut before = Client::new(&primary.url);
    before.bearer = bearer;
    assert_eq!(before.get(&format!("{API}/auth/me")).await.status, StatusCode::OK);
    // One entry, or one for each minute that the logins took.
    let told = trail(&primary.admin, "action=login_throttled").await;
    let refused = told.iter().map(|entry| {
        let text = entry["details"]["text"].as_str().expect("text");
        let (count, _) = text.split_once(" logins were refused unchecked").expect("a count");
        count.parse::<u32>().expect("a count")
    });
    assert_eq!(refused.sum::<u32>(), 2, "{told:?}");
    // The process that counts is a new one.
    login(&primary.url, ADMIN, PASSWORD).await;
}
