//! Teams: who may do what, whose policy group counts, and how a team ends.

use super::*;

impl Session {
    /// Makes a team and gives its id.
    async fn team(&self, name: &str) -> i64 {
        let (status, body) = self.post("/teams", json!({"name": name})).await;
        assert_eq!(status, 201, "{body}");
        body["data"]["id"].as_i64().expect("id")
    }

    pub(super) async fn upload_to(&self, path: &str, name: &str, content: &[u8]) -> (u16, Value) {
        let form = Form::new().part("file", Part::bytes(content.to_vec()).file_name(name.to_owned()));
        let request = self.request(Method::POST, path).multipart(form);
        status_and_body(request.send().await.expect("reply")).await
    }

    async fn add(&self, team: i64, name: &str, role: &str) -> u16 {
        let body = json!({"identifier": name, "role": role});
        self.post(&format!("/teams/{team}/members"), body).await.0
    }

    async fn set_role(&self, team: i64, user: i64, role: &str) -> u16 {
        let path = format!("/teams/{team}/members/{user}");
        self.send(Method::PATCH, &path, json!({"role": role})).await.0
    }

    async fn remove(&self, team: i64, user: i64) -> u16 {
        self.send(Method::DELETE, &format!("/teams/{team}/members/{user}"), json!({})).await.0
    }

    async fn id(&self) -> i64 {
        self.get("/auth/me").await.1["data"]["id"].as_i64().expect("id")
    }
}

#[tokio::test]
async fn members_do_what_their_role_allows_and_the_last_owner_stays() {
    let (site, admin) = Site::with_admin().await;
    let owner = site.with_user(&admin, "olga").await;
    let (lead, berta) = (site.with_user(&admin, "lena").await, site.with_user(&admin, "berta").await);
    let (owner_id, lead_id, berta_id) = (owner.id().await, lead.id().await, berta.id().await);
    let team = owner.team("Band").await;
    assert_eq!(lead.get(&format!("/teams/{team}")).await.0, 404, "not a member");
    assert_eq!(lead.add(team, "lena", "member").await, 404);
    assert_eq!(owner.add(team, "lena", "admin").await, 201);
    assert_eq!(owner.add(team, "LENA@example.org", "admin").await, 409, "a member already");
    assert_eq!(owner.add(team, "nobody", "member").await, 404);
    assert_eq!(owner.add(team, "berta", "boss").await, 400);

    // An administrator of the team manages members, but no owners.
    assert_eq!(lead.add(team, "berta", "owner").await, 403);
    assert_eq!(lead.add(team, "berta", "member").await, 201);
    assert_eq!(lead.set_role(team, owner_id, "member").await, 403);
    assert_eq!(lead.remove(team, owner_id).await, 403);
    assert_eq!(lead.set_role(team, berta_id, "owner").await, 403);
    assert_eq!(lead.send(Method::PATCH, &format!("/teams/{team}"), json!({"name": "Choir"})).await.0, 200);
    assert_eq!(lead.send(Method::DELETE, &format!("/teams/{team}"), json!({})).await.0, 403);
    // A member works with the files and may leave.
    assert_eq!(berta.add(team, "admin", "member").await, 403);
    assert_eq!(berta.remove(team, lead_id).await, 403);
    let (_, mine) = berta.get("/teams").await;
    assert_eq!(
        (&mine["data"]["items"][0]["name"], &mine["data"]["items"][0]["role"]),
        (&json!("Choir"), &json!("member"))
    );
    let (_, members) = berta.get(&format!("/teams/{team}/members")).await;
    assert_eq!(
        (&members["data"]["total"], &members["data"]["items"][0]["username"]),
        (&json!(3), &json!("olga"))
    );
    assert_eq!(berta.remove(team, berta_id).await, 200);
    assert_eq!(berta.get(&format!("/teams/{team}/folders")).await.0, 404, "at once");

    assert_eq!(owner.remove(team, owner_id).await, 409);
    assert_eq!(owner.set_role(team, owner_id, "admin").await, 409);
    let deleted = admin.send(Method::DELETE, &format!("/admin/users/{owner_id}"), json!({})).await;
    assert_eq!(deleted.0, 409, "{}", deleted.1);
    assert_eq!(owner.set_role(team, lead_id, "owner").await, 200);
    assert_eq!(owner.remove(team, owner_id).await, 200);
    assert_eq!(admin.send(Method::DELETE, &format!("/admin/users/{owner_id}"), json!({})).await.0, 200);
    let (_, trail) = admin.get("/admin/audit-logs?entity_type=team&limit=100").await;
    let actions: Vec<&str> = trail["data"]["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|e| e["action"].as_str())
        .collect();
    assert_eq!(
        actions,
        ["remove_member", "change_member", "remove_member", "change", "add_member", "add_member", "create"]
    );
}

#[tokio::test]
async fn uploads_into_a_team_go_by_the_teams_policy_group_and_never_by_the_members() {
    let (site, admin) = Site::with_admin().await;
    let policy = json!({"name": "Team disk", "driver_type": "local", "base_path": "data/team-uploads"});
    let (status, policy) = admin.post("/admin/policies", policy).await;
    assert_eq!(status, 201, "{policy}");
    let policy = policy["data"]["id"].as_i64().expect("id");
    let group = json!({"name": "Teams", "items": [{"policy_id": policy, "priority": 1}]});
    let (_, group) = admin.post("/admin/policy-groups", group).await;
    let group = group["data"]["id"].as_i64().expect("id");
    let berta = site.with_user(&admin, "berta").await;
    let new =
        json!({"name": "Band", "admin_identifier": "berta", "storage_quota": 10, "policy_group_id": group});
    let (status, team) = admin.post("/admin/teams", new).await;
    assert_eq!(status, 201, "{team}");
    let team = team["data"]["id"].as_i64().expect("id");
    assert_eq!(berta.upload_bytes("own", b"own").await.0, 201);
    let path = format!("/teams/{team}/files/upload");
    assert_eq!(berta.upload_to(&path, "ours", b"ours").await.0, 201);
    let sql = "SELECT CAST(blobs.policy_id AS TEXT) AS text FROM files JOIN blobs ON blobs.id = files.blob_id \
               WHERE files.name = 'ours'";
    assert_eq!(site.text(sql).await, policy.to_string());
    assert_ne!(
        site.text("SELECT CAST(policy_id AS TEXT) AS text FROM blobs ORDER BY id LIMIT 1").await,
        policy.to_string()
    );
    // The quota is the team's as well.
    assert_eq!(berta.upload_to(&path, "more", b"1234567").await.0, 507);
    let (_, read) = berta.get(&format!("/teams/{team}")).await;
    assert_eq!((&read["data"]["storage_used"], &read["data"]["storage_quota"]), (&json!(4), &json!(10)));

    let (status, refused) =
        admin.send(Method::DELETE, &format!("/admin/policy-groups/{group}"), json!({})).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["msg"].as_str().is_some_and(|text| text.contains("1 teams")), "{refused}");
    let change = json!({"policy_group_id": 99});
    assert_eq!(admin.send(Method::PATCH, &format!("/admin/teams/{team}"), change).await.0, 400);
    assert_eq!(berta.get("/admin/teams").await.0, 403);
}

#[tokio::test]
async fn an_archived_team_is_closed_at_once_comes_back_whole_or_goes_after_its_time() {
    let (site, admin) = Site::with_admin().await;
    let berta = site.with_user(&admin, "berta").await;
    let team = berta.team("Band").await;
    let upload = format!("/teams/{team}/files/upload");
    for path in ["", "?relative_path=a/b/c.txt"] {
        assert_eq!(berta.upload_to(&format!("{upload}{path}"), "f", b"12345").await.0, 201);
    }
    assert_eq!(berta.send(Method::DELETE, &format!("/teams/{team}"), json!({})).await.0, 200);
    for path in [format!("/teams/{team}"), format!("/teams/{team}/folders"), format!("/teams/{team}/members")]
    {
        assert_eq!(berta.get(&path).await.0, 404, "{path}");
    }
    assert_eq!(berta.upload_to(&upload, "f", b"x").await.0, 404);
    let path = format!("/admin/teams/{team}");
    assert_eq!(admin.send(Method::DELETE, &path, json!({})).await.0, 409, "it is archived");
    assert_eq!(admin.post(&format!("{path}/restore"), json!({})).await.0, 200);
    assert_eq!(admin.post(&format!("{path}/restore"), json!({})).await.0, 409);
    assert_eq!(berta.get(&format!("/teams/{team}/folders")).await.1["data"]["files_total"], 1);

    admin.send(Method::DELETE, &path, json!({})).await;
    let primary = &site.primary;
    primary.remove_archived_teams().await.expect("nothing is due");
    assert_eq!(site.count("trash").await, 0);
    admin.send(Method::PUT, "/admin/config/team_archive_retention_days", json!({"value": "0"})).await;
    primary.remove_archived_teams().await.expect("marked");
    assert_eq!(admin.post(&format!("{path}/restore"), json!({})).await.0, 409, "too late");
    primary.trash.remove_marked(&primary.files, &primary.policies).await.expect("removed");
    primary.remove_archived_teams().await.expect("finished");
    assert_eq!((site.leftovers().await, site.count("folders").await), ((0, 0, 0, 0), 0));
    assert_eq!((site.count("teams").await, site.count("team_members").await), (0, 0));
    assert_eq!(admin.get(&path).await.0, 404);
}
