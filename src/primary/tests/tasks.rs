//! `/tasks` and `/admin/tasks`.

use serde_json::json;

use super::*;

/// Tasks 1 to 6, one in each state, of user 1; and task 7 of the program.
async fn tasks(site: &Site) {
    site.execute(
        "INSERT INTO tasks (kind, payload, state, attempt_count, max_attempts, run_at, lease_number, lease_owner, \
         lease_until, cancel_requested, progress_current, progress_total, status_text, steps, position, result, \
         last_error, created_by, created_at, updated_at, finished_at) \
         SELECT 'of_the_future', 'null', state, 1, 3, 0, 1, '', 9223372036854775807, 0, 1, 3, 'one of three', '[]', '', \
         '', 'it rained', owner, 0, 0, CASE WHEN state IN ('succeeded', 'failed', 'canceled') THEN 0 END FROM \
         (SELECT 'pending' AS state, 1 AS owner UNION ALL SELECT 'processing', 1 UNION ALL SELECT 'retry', 1 UNION ALL \
         SELECT 'succeeded', 1 UNION ALL SELECT 'failed', 1 UNION ALL SELECT 'canceled', 1 UNION ALL \
         SELECT 'failed', NULL) made",
    )
    .await;
}

async fn ids(session: &Session, path: &str) -> Vec<i64> {
    let (status, body) = session.get(path).await;
    assert_eq!(status, 200, "{body}");
    body["data"]["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|task| task["id"].as_i64().expect("id"))
        .collect()
}

#[tokio::test]
async fn people_see_their_own_tasks_and_administrators_all() {
    let (site, admin) = Site::with_admin().await;
    tasks(&site).await;
    assert_eq!(admin.post("/admin/users", account("alice")).await.0, 201);
    let alice = site.log_in("alice").await;
    assert_eq!(ids(&admin, "/tasks").await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(ids(&admin, "/tasks?status=failed,%20pending&limit=1&offset=1").await, [1]);
    assert_eq!(ids(&admin, "/admin/tasks?status=failed").await, [7, 5]);
    assert_eq!(ids(&admin, "/admin/tasks?user_id=1&kind=of_the_future&status=retry").await, [3]);
    assert_eq!(ids(&admin, "/admin/tasks?kind=other").await, [0; 0]);
    assert_eq!(ids(&alice, "/tasks").await, [0; 0]);
    let (status, body) = admin.get("/tasks?status=failed,lost").await;
    assert_eq!(status, 400, "{body}");
    assert!(body["msg"].as_str().is_some_and(|text| text.starts_with("status: `lost` is none of")), "{body}");
    let task = admin.get("/tasks/3").await.1["data"].clone();
    let shown = json!([task["status"], task["progress_percent"], task["last_error"], task["can_retry"]]);
    assert_eq!(shown, json!(["retry", 33, "it rained", false]));
    for (session, path) in [(&alice, "/tasks/5"), (&admin, "/tasks/7"), (&admin, "/tasks/99")] {
        assert_eq!(session.get(path).await.0, 404, "{path}");
        for verb in ["retry", "cancel"] {
            assert_eq!(session.post(&format!("{path}/{verb}"), json!({})).await.0, 404, "{path}/{verb}");
        }
    }
    for path in ["/admin/tasks", "/admin/tasks/5"] {
        assert_eq!(alice.get(path).await.0, 403, "{path}");
    }
    for path in ["/admin/tasks/cleanup", "/admin/tasks/5/retry", "/admin/tasks/5/cancel"] {
        assert_eq!(alice.post(path, json!({})).await.0, 403, "{path}");
    }
}

#[tokio::test]
async fn a_task_is_tried_again_canceled_and_removed_only_in_a_state_that_allows_it() {
    let (site, admin) = Site::with_admin().await;
    tasks(&site).await;
    for (id, verb, expected) in [
        (1, "retry", 409),
        (4, "retry", 409),
        (5, "retry", 200),
        (6, "retry", 200),
        (4, "cancel", 409),
        (1, "cancel", 200),
        (2, "cancel", 200),
    ] {
        let (status, body) = admin.post(&format!("/tasks/{id}/{verb}"), json!({})).await;
        assert_eq!(status, expected, "{verb} {id}: {body}");
    }
    let state = async |id: i64| admin.get(&format!("/admin/tasks/{id}")).await.1["data"].clone();
    assert_eq!((&state(5).await["status"], &state(5).await["attempt_count"]), (&json!("pending"), &json!(0)));
    let running = state(2).await;
    assert_eq!((&running["status"], &running["cancel_requested"]), (&json!("processing"), &json!(true)));
    let (status, body) = admin.post("/admin/tasks/cleanup", json!({"older_than_hours": "x"})).await;
    assert_eq!(status, 400, "{body}");
    let (_, body) = admin.post("/admin/tasks/cleanup", json!({"older_than_hours": 1})).await;
    assert_eq!(body["data"]["removed"], 2, "task 1 ended just now: {body}");
    let (_, body) = admin.post("/admin/tasks/cleanup", json!({})).await;
    assert_eq!(body["data"]["removed"], 1, "{body}");
    assert_eq!(ids(&admin, "/admin/tasks").await, [6, 5, 3, 2]);
}

#[tokio::test]
async fn tasks_of_a_team_are_seen_by_its_members_and_changed_by_who_asked_or_leads() {
    let (site, admin) = Site::with_admin().await;
    let [olga, mira] = [site.with_user(&admin, "olga").await, site.with_user(&admin, "mira").await];
    let (_, team) = olga.post("/teams", json!({"name": "Band"})).await;
    let team = format!("/teams/{}", team["data"]["id"]);
    let member = json!({"identifier": "mira", "role": "member"});
    assert_eq!(olga.post(&format!("{team}/members"), member).await.0, 201);
    tasks(&site).await;
    site.execute("UPDATE tasks SET space_id = (SELECT MAX(id) FROM spaces) WHERE id IN (1, 5)").await;

    for session in [&olga, &mira] {
        assert_eq!(ids(session, &format!("{team}/tasks")).await, [5, 1]);
        assert_eq!(ids(session, &format!("{team}/tasks?status=failed")).await, [5]);
        assert_eq!(session.get(&format!("{team}/tasks/5")).await.0, 200);
        assert_eq!(session.get(&format!("{team}/tasks/4")).await.0, 404, "of no team");
    }
    assert_eq!(mira.post(&format!("{team}/tasks/5/retry"), json!({})).await.0, 403);
    assert_eq!(mira.post(&format!("{team}/tasks/1/cancel"), json!({})).await.0, 403);
    assert_eq!(olga.post(&format!("{team}/tasks/5/retry"), json!({})).await.1["data"]["status"], "pending");
    assert_eq!(olga.post(&format!("{team}/tasks/1/cancel"), json!({})).await.1["data"]["status"], "canceled");
    assert_eq!(admin.get(&format!("{team}/tasks")).await.0, 404, "not a member");
}
