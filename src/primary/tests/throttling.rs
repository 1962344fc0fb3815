//! Guessing is slowed down, by account and by address; owners get in.

use super::*;

async fn log_in_from(site: &Site, address: &str, name: &str, password: &str) -> Response {
    let body = json!({"identifier": name, "password": password});
    let request = Client::new().post(site.url("/auth/login")).header("x-forwarded-for", address);
    request.json(&body).send().await.expect("reply")
}

/// A site that believes a proxy on this machine, with quick limits.
async fn site() -> (Site, Session) {
    let (site, admin) = Site::with_admin_behind_proxy().await;
    for (key, value) in [
        ("auth_throttle_account_burst", "3"),
        ("auth_throttle_account_refill_secs", "3600"),
        ("auth_throttle_address_burst", "5"),
        ("auth_throttle_address_refill_secs", "3600"),
    ] {
        site.primary.settings.set(key, &[value.to_owned()]).await.expect("set");
    }
    (site, admin)
}

#[tokio::test]
async fn wrong_passwords_are_answered_with_429_and_a_time_to_wait() {
    let (site, _admin) = site().await;
    for _ in 0..3 {
        assert_eq!(log_in_from(&site, "192.0.2.1", "admin", "wrong horse").await.status(), 401);
    }
    // The right one is not looked at either, and the other name is the same account.
    for name in ["admin", "ADMIN", "admin@example.org"] {
        let reply = log_in_from(&site, "192.0.2.1", name, PASSWORD).await;
        assert_eq!(reply.status(), 429, "{name}");
        let wait: u64 = reply.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        assert!((3500..=3600).contains(&wait), "{wait}");
    }
    assert_eq!(log_in_from(&site, "192.0.2.2", "admin", PASSWORD).await.status(), 200);
}

#[tokio::test]
async fn a_name_that_nobody_has_is_slowed_down_alike() {
    let (site, _admin) = site().await;
    let mut answers = [Vec::new(), Vec::new()];
    for ((name, address), answers) in
        [("admin", "192.0.2.1"), ("nobody", "192.0.2.2")].into_iter().zip(&mut answers)
    {
        for _ in 0..4 {
            let reply = log_in_from(&site, address, name, "wrong horse").await;
            answers.push(status_and_body(reply).await);
        }
    }
    assert_eq!(answers[0].iter().map(|answer| answer.0).collect::<Vec<_>>(), [401, 401, 401, 429]);
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn an_address_is_slowed_down_whatever_names_it_tries_and_ipv6_by_its_64() {
    let (site, _admin) = site().await;
    for number in 0..5 {
        let (address, name) = (format!("2001:db8::{number}"), format!("name{number}"));
        assert_eq!(log_in_from(&site, &address, &name, "wrong horse").await.status(), 401);
    }
    assert_eq!(log_in_from(&site, "2001:db8::ffff", "another", "wrong horse").await.status(), 429);
    assert_eq!(log_in_from(&site, "2001:db8:0:1::", "another", "wrong horse").await.status(), 401);
}

#[tokio::test]
async fn strangers_cannot_shut_the_owner_out() {
    let (site, _admin) = site().await;
    let home = "203.0.113.7";
    assert_eq!(log_in_from(&site, home, "admin", PASSWORD).await.status(), 200);
    let mut stranger = 0_u32;
    loop {
        let address = std::net::Ipv4Addr::from(0x0a00_0000 + stranger).to_string();
        if log_in_from(&site, &address, "admin", "wrong horse").await.status() == 429 {
            break;
        }
        stranger += 1;
        assert!(stranger < 100, "all addresses together have thirty tries");
    }
    assert_eq!(log_in_from(&site, "198.51.100.1", "admin", PASSWORD).await.status(), 429);
    assert_eq!(log_in_from(&site, home, "admin", PASSWORD).await.status(), 200);
}

#[tokio::test]
async fn a_made_up_address_does_not_help_where_nobody_vouches_for_it() {
    let (site, _admin) = Site::with_admin().await;
    for (key, value) in [("auth_throttle_account_burst", "3"), ("auth_throttle_account_refill_secs", "3600")]
    {
        site.primary.settings.set(key, &[value.to_owned()]).await.expect("set");
    }
    let mut statuses = Vec::new();
    for number in 0..4 {
        let address = format!("192.0.2.{number}");
        statuses.push(log_in_from(&site, &address, "admin", "wrong horse").await.status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
}

#[tokio::test]
async fn the_current_password_cannot_be_guessed_either() {
    let (site, admin) = site().await;
    let guess = json!({"current_password": "wrong horse", "new_password": "battery staple"});
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(admin.send(Method::PUT, "/auth/password", guess.clone()).await.0);
    }
    assert_eq!(statuses, [403, 403, 403, 429]);
    drop(site);
}

#[tokio::test]
async fn calls_of_everybody_are_counted_by_address_unless_they_succeed() {
    let (site, admin) = site().await;
    site.primary.settings.set("public_throttle_burst", &["10".to_owned()]).await.expect("set");
    site.primary.settings.set("public_throttle_refill_secs", &["3600".to_owned()]).await.expect("set");
    let post = async |address: &str, path: &str, body: Value| {
        let request = Client::new().post(site.url(path)).header("x-forwarded-for", address);
        request.json(&body).send().await.expect("reply").status().as_u16()
    };
    let redeem = "/public/remote-enrollment/redeem";
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(post("192.0.2.1", redeem, json!({"token": "enr_x"})).await);
        statuses.push(post("192.0.2.1", "/auth/setup", account("berta")).await);
    }
    assert!(statuses.iter().all(|status| (400..429).contains(status)), "{statuses:?}");
    assert_eq!(post("192.0.2.1", redeem, json!({"token": "enr_x"})).await, 429);
    assert_eq!(post("192.0.2.1", "/public/remote-enrollment/ack", json!({"ack_token": "x"})).await, 429);
    assert_eq!(post("192.0.2.2", "/auth/register", account("berta")).await, 403);
    assert_eq!(post("192.0.2.2", "/auth/register", account("berta")).await, 429);
    let refresh = async |token: &str| {
        let cookies = format!("aster_refresh={token}; aster_csrf=c");
        let request = Client::new().post(site.url("/auth/refresh")).header("cookie", cookies);
        request.header("x-csrf-token", "c").send().await.expect("reply")
    };
    let mut token = cookie(&site.try_log_in("admin", PASSWORD).await, "aster_refresh");
    for _ in 0..30 {
        let reply = refresh(&token).await;
        assert_eq!(reply.status(), 200);
        token = cookie(&reply, "aster_refresh");
    }
    for _ in 0..10 {
        assert_eq!(refresh("rt_x_y").await.status(), 401);
    }
    assert_eq!(refresh("rt_x_y").await.status(), 429);
    drop(admin);
}
