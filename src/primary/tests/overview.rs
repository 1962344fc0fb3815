//! What administrators see of the whole drive.

use super::*;

#[tokio::test]
async fn the_overview_counts_what_there_is_and_what_today_brought() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    assert_eq!(berta.upload_bytes("a.txt", b"12345").await.0, 201);
    let (_, body) = berta.upload_bytes("b.txt", b"123").await;
    let target = json!({"target": {"type": "file", "id": body["data"]["id"]}});
    assert_eq!(berta.post("/shares", target).await.0, 201);
    site.execute("UPDATE blobs SET created_at = 1000 WHERE size = 3").await;

    let (status, body) = admin.get("/admin/overview?days=3&event_limit=1").await;
    assert_eq!(status, 200, "{body}");
    let seen = &body["data"];
    let totals = json!({"users": 2, "active_users": 2, "teams": 0, "files": 2, "blobs": 2, "stored_bytes": 8, "shares": 1});
    assert_eq!(seen["totals"], totals);
    assert_eq!(seen["policies"], json!([{"policy_id": 1, "blobs": 2, "bytes": 8}]));
    assert_eq!(seen["groups"], json!([{"policy_group_id": 1, "users": 2, "teams": 0}]));
    let days = seen["days"].as_array().expect("days");
    assert_eq!(days.len(), 3);
    let sum = |member: &str| days.iter().map(|day| day[member].as_u64().expect("number")).sum::<u64>();
    assert_eq!((sum("uploads"), sum("uploaded_bytes")), (1, 5), "the other one is from 1970");
    assert!(sum("events") >= 3, "{days:?}");
    assert_eq!(seen["events"].as_array().expect("events").len(), 1);
    assert_eq!(
        admin.get("/admin/overview?days=0&utc_offset_minutes=-99999").await.1["data"]["days"][0]["uploads"],
        1
    );
    assert_eq!(berta.get("/admin/overview").await.0, 403);
}

#[tokio::test]
async fn administrators_see_and_end_every_share_without_its_link() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    let (_, body) = berta.upload_bytes("a.txt", b"12345").await;
    let target = json!({"target": {"type": "file", "id": body["data"]["id"]}, "password": "open sesame"});
    let (_, share) = berta.post("/shares", target).await;
    let link = format!("/s/{}", share["data"]["token"].as_str().expect("token"));
    assert_eq!(admin.get(&link).await.0, 200);

    let (_, listed) = admin.get("/admin/shares").await;
    let seen = &listed["data"]["items"][0];
    let (owner, name) = (&seen["owner"], &seen["resource_name"]);
    assert_eq!((owner, name), (&json!({"type": "user", "id": 2, "name": "berta"}), &json!("a.txt")));
    assert_eq!((&seen["shared_by"], &seen["has_password"]), (&json!("berta"), &json!(true)));
    assert!(seen["token"].is_null(), "{seen}");
    assert_eq!(admin.get("/admin/shares?user_id=1").await.1["data"]["total"], 0);
    assert_eq!(admin.get("/admin/shares?user_id=2").await.1["data"]["total"], 1);

    let path = format!("/admin/shares/{}", seen["id"]);
    assert_eq!(berta.delete(&path).await.0, 403);
    assert_eq!(admin.delete(&path).await.0, 200);
    assert_eq!(admin.get(&link).await.0, 404);
    assert_eq!(admin.delete(&path).await.0, 404);
    let (_, trail) = admin.get("/admin/audit-logs?entity_type=share&action=delete").await;
    assert_eq!((&trail["data"]["items"][0]["user_id"], &trail["data"]["total"]), (&json!(1), &json!(1)));
}
