//! `/admin/remote-nodes` and the public enrollment calls (wire contract §2, §10.5; primary spec §2.4).

use axum::extract::State;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    BrowserCheck, Diagnosis, EnrollmentStatus, IssuedToken, NewNode, Node, NodeChange, NodeSort, Nodes,
    Redeemed, SortOrder,
};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Actor, Entity};
use crate::primary::caller::{Caller, PublicCall};
use crate::primary::openapi::{Routes, get, patch, post};
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::{
    AckRequest, BaseUrl, Capabilities, CreateIngressTarget, IngressTarget, RedeemRequest, Timestamp,
    UpdateIngressTarget,
};

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/admin/remote-nodes", get(list, "Nodes").post(create, "Make a node"))
        .route(
            "/admin/remote-nodes/test",
            post(test_address, "Test a follower by address and keys, before there is a node for it"),
        )
        .route(
            "/admin/remote-nodes/{id}",
            get(read, "A node")
                .patch(change, "Change a node; disabling it takes effect at once")
                .delete(remove, "Delete a node that nothing uses"),
        )
        .route("/admin/remote-nodes/{id}/test", post(test, "Test a node now and keep what came out"))
        .route(
            "/admin/remote-nodes/{id}/enrollment-token",
            post(issue_token, "Make an enrollment token; a pending one loses its worth"),
        )
        .route(
            "/admin/remote-nodes/{id}/browser-check",
            post(begin_browser_check, "Addresses by which a browser tries to reach the node")
                .delete(end_browser_check, "Remove what the browser check left at the node"),
        )
        .route(
            "/admin/remote-nodes/{id}/ingress-profiles",
            get(list_targets, "Ingress targets of a node").post(add_target, "Make an ingress target"),
        )
        .route(
            "/admin/remote-nodes/{id}/ingress-profiles/{profile_key}",
            patch(change_target, "Change an ingress target")
                .delete(remove_target, "Delete an ingress target"),
        )
        .route(
            "/public/remote-enrollment/redeem",
            post(redeem, "What a follower gets for its enrollment token"),
        )
        .route(
            "/public/remote-enrollment/ack",
            post(acknowledge, "A follower says that it keeps its binding"),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SortQuery {
    #[serde(default)]
    sort_by: NodeSort,
    #[serde(default)]
    sort_order: SortOrder,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewNode")]
struct CreateRequest {
    name: String,
    namespace: Option<String>,
    base_url: Option<String>,
    is_enabled: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NodeChange")]
struct ChangeRequest {
    name: Option<String>,
    namespace: Option<String>,
    base_url: Option<String>,
    is_enabled: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NodeTest")]
struct TestRequest {
    base_url: String,
    access_key: String,
    #[schemars(with = "String")]
    secret_key: SecretString,
}

/// What a token is for; no body is a first enrollment.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "EnrollmentTokenRequest")]
struct TokenRequest {
    #[serde(default)]
    re_enroll: bool,
}

/// A node as administrators see it; its keys are not part of it.
#[derive(Debug, Serialize, JsonSchema)]
struct NodeInfo {
    id: i64,
    name: String,
    namespace: String,
    base_url: String,
    is_enabled: bool,
    binding_pending: bool,
    enrollment_status: EnrollmentStatus,
    /// `null` unless a follower is about to take the place of the enrolled one.
    re_enrollment_status: Option<EnrollmentStatus>,
    last_error: String,
    capabilities: Capabilities,
    last_checked_at: Option<Timestamp>,
    latency_ms: Option<i64>,
    clock_difference_ms: Option<i64>,
    diagnosis: Option<Diagnosis>,
    /// Set while objects are not sent there because the follower does not answer.
    unreachable_since: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The only answer that carries a token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EnrollmentToken")]
struct TokenInfo {
    remote_node_id: i64,
    remote_node_name: String,
    master_url: String,
    token: String,
    expires_at: Timestamp,
    command: String,
}

/// Presigned URLs of one tiny object, for the browser that asks.
#[derive(Serialize, JsonSchema)]
struct BrowserCheckInfo {
    put_url: String,
    get_url: String,
    /// Bytes the PUT has to have.
    size: u64,
}

/// Everything a follower needs; the only answer that carries a node's keys.
#[derive(Serialize, JsonSchema)]
struct RedeemInfo {
    remote_node_id: i64,
    remote_node_name: String,
    master_url: String,
    access_key: String,
    secret_key: String,
    is_enabled: bool,
    ack_token: String,
    namespace: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replaces_access_keys: Vec<String>,
}

impl NodeInfo {
    fn of(nodes: &Nodes, node: Node) -> Self {
        let unreachable_since = nodes.unreachable_since(&node);
        Self { unreachable_since, ..Self::from(node) }
    }
}

impl From<Node> for NodeInfo {
    fn from(node: Node) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            id: node.id,
            enrollment_status: node.enrollment_status(Timestamp::now()),
            re_enrollment_status: node.re_enrollment_status(Timestamp::now()),
            name: node.name,
            namespace: node.namespace,
            base_url: node.base_url.as_ref().map(BaseUrl::to_string).unwrap_or_default(),
            is_enabled: node.is_enabled,
            binding_pending: node.binding_pending,
            last_error: node.last_error,
            capabilities: node.capabilities.unwrap_or_else(|| Capabilities {
                protocol_version: unknown(),
                min_supported_protocol_version: unknown(),
                ..Capabilities::default()
            }),
            last_checked_at: node.last_checked_at,
            latency_ms: node.latency_ms,
            clock_difference_ms: node.clock_difference_ms,
            diagnosis: node.diagnosis,
            unreachable_since: None,
            created_at: node.created_at,
            updated_at: node.updated_at,
        }
    }
}

impl From<IssuedToken> for TokenInfo {
    fn from(issued: IssuedToken) -> Self {
        let token = issued.token.expose_secret().to_owned();
        Self {
            remote_node_id: issued.node.id,
            remote_node_name: issued.node.name,
            master_url: issued.master_url.to_string(),
            command: format!("aster_drive node enroll --master-url {} --token {token}", issued.master_url),
            token,
            expires_at: issued.expires_at,
        }
    }
}

impl From<BrowserCheck> for BrowserCheckInfo {
    fn from(check: BrowserCheck) -> Self {
        let BrowserCheck { put_url, get_url, size } = check;
        Self { put_url: put_url.into_string(), get_url: get_url.into_string(), size }
    }
}

impl From<Redeemed> for RedeemInfo {
    fn from(redeemed: Redeemed) -> Self {
        Self {
            remote_node_id: redeemed.node.id,
            remote_node_name: redeemed.node.name,
            master_url: redeemed.master_url.to_string(),
            access_key: redeemed.access_key,
            secret_key: redeemed.secret_key.expose_secret().to_owned(),
            is_enabled: redeemed.node.is_enabled,
            ack_token: redeemed.ack_token.expose_secret().to_owned(),
            namespace: redeemed.node.namespace,
            replaces_access_keys: redeemed.replaces_access_keys,
        }
    }
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
) -> Result<Reply<Page<NodeInfo>>, ApiError> {
    let (nodes, total) =
        primary.nodes.list(sort.sort_by, sort.sort_order, page.limit(), page.offset()).await?;
    let items: Vec<NodeInfo> = nodes.into_iter().map(|node| NodeInfo::of(&primary.nodes, node)).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(request): Json<CreateRequest>,
) -> Result<Created<NodeInfo>, ApiError> {
    let new = NewNode {
        name: request.name,
        namespace: request.namespace,
        base_url: request.base_url.unwrap_or_default(),
        is_enabled: request.is_enabled.unwrap_or(true),
    };
    let node = primary.nodes.create(new).await?;
    tracing::info!(user.id = admin.id, node.id = node.id, "remote node created");
    primary.audit.record(&admin, Action::Create, Entity::Node, Some(node.id), &node.name).await;
    Ok(created(NodeInfo::of(&primary.nodes, node)))
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<NodeInfo>, ApiError> {
    Ok(ok(NodeInfo::of(&primary.nodes, primary.nodes.get(id).await?)))
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<ChangeRequest>,
) -> Result<Reply<NodeInfo>, ApiError> {
    let change = NodeChange {
        name: request.name,
        namespace: request.namespace,
        base_url: request.base_url,
        is_enabled: request.is_enabled,
    };
    let node = primary.nodes.change(id, change).await?;
    tracing::info!(user.id = admin.id, node.id = id, node.is_enabled, "remote node changed");
    primary.audit.record(&admin, Action::Change, Entity::Node, Some(id), &node.name).await;
    Ok(ok(NodeInfo::of(&primary.nodes, node)))
}

async fn remove(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    let node = primary.nodes.get(id).await?;
    primary.nodes.delete(id).await?;
    tracing::info!(user.id = admin.id, node.id = id, "remote node deleted");
    primary.audit.record(&admin, Action::Delete, Entity::Node, Some(id), &node.name).await;
    Ok(empty())
}

async fn test(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<NodeInfo>, ApiError> {
    Ok(ok(NodeInfo::of(&primary.nodes, primary.nodes.test(id).await?)))
}

async fn test_address(
    State(primary): State<Primary>,
    _: Admin,
    Json(request): Json<TestRequest>,
) -> Result<Reply<Capabilities>, ApiError> {
    let tested = primary.nodes.test_address(&request.base_url, &request.access_key, &request.secret_key);
    Ok(ok(tested.await?))
}

async fn issue_token(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    request: Option<Json<TokenRequest>>,
) -> Result<Created<TokenInfo>, ApiError> {
    let re_enroll = request.is_some_and(|Json(request)| request.re_enroll);
    let issued = primary.nodes.issue_token(id, re_enroll, Timestamp::now()).await?;
    tracing::info!(user.id = admin.id, node.id = id, re_enroll, "enrollment token issued");
    primary.audit.record(&admin, Action::IssueToken, Entity::Node, Some(id), &issued.node.name).await;
    Ok(created(TokenInfo::from(issued)))
}

async fn begin_browser_check(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Created<BrowserCheckInfo>, ApiError> {
    Ok(created(BrowserCheckInfo::from(primary.nodes.begin_browser_check(id).await?)))
}

async fn end_browser_check(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    primary.nodes.end_browser_check(id).await?;
    Ok(empty())
}

async fn list_targets(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<Vec<IngressTarget>>, ApiError> {
    Ok(ok(primary.nodes.targets(id).await?))
}

async fn add_target(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(target): Json<CreateIngressTarget>,
) -> Result<Created<IngressTarget>, ApiError> {
    let target = primary.nodes.add_target(id, &target).await?;
    tracing::info!(
        user.id = admin.id,
        node.id = id,
        profile_key = target.profile_key,
        "ingress target added"
    );
    primary.audit.record(&admin, Action::Create, Entity::IngressTarget, Some(id), &target.name).await;
    Ok(created(target))
}

async fn change_target(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path((id, profile_key)): Path<(i64, String)>,
    Json(change): Json<UpdateIngressTarget>,
) -> Result<Reply<IngressTarget>, ApiError> {
    let target = primary.nodes.change_target(id, &profile_key, &change).await?;
    tracing::info!(user.id = admin.id, node.id = id, profile_key, "ingress target changed");
    primary.audit.record(&admin, Action::Change, Entity::IngressTarget, Some(id), &target.name).await;
    Ok(ok(target))
}

async fn remove_target(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path((id, profile_key)): Path<(i64, String)>,
) -> Result<Reply<()>, ApiError> {
    primary.nodes.remove_target(id, &profile_key).await?;
    tracing::info!(user.id = admin.id, node.id = id, profile_key, "ingress target removed");
    primary.audit.record(&admin, Action::Delete, Entity::IngressTarget, Some(id), &profile_key).await;
    Ok(empty())
}

async fn redeem(
    State(primary): State<Primary>,
    caller: Caller,
    Json(request): Json<RedeemRequest>,
) -> Result<Reply<RedeemInfo>, ApiError> {
    primary.admit(&caller, PublicCall::Plain)?;
    let redeemed = primary.nodes.redeem(request.token.expose_secret(), Timestamp::now()).await?;
    primary.forgive(&caller, PublicCall::Plain);
    let (by, node) = (Actor::stranger(&caller), &redeemed.node);
    primary.audit.record(by, Action::Redeem, Entity::Node, Some(node.id), &node.name).await;
    Ok(ok(RedeemInfo::from(redeemed)))
}

async fn acknowledge(
    State(primary): State<Primary>,
    caller: Caller,
    Json(request): Json<AckRequest>,
) -> Result<Reply<()>, ApiError> {
    primary.admit(&caller, PublicCall::Plain)?;
    let enrolled = primary.nodes.acknowledge(request.ack_token.expose_secret(), Timestamp::now()).await?;
    primary.forgive(&caller, PublicCall::Plain);
    if let Some(node_id) = enrolled {
        let name = primary.nodes.get(node_id).await.map(|node| node.name).unwrap_or_default();
        let by = Actor::stranger(&caller);
        primary.audit.record(by, Action::Enroll, Entity::Node, Some(node_id), &name).await;
    }
    Ok(empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primary::nodes::tests::{Fixture, PUBLIC_URL, new_node};
    use crate::protocol::RedeemReply;

    #[tokio::test]
    async fn a_redeem_reads_as_the_follower_reads_it_and_the_command_carries_the_token() {
        let fixture = Fixture::with_public_url().await;
        let node = fixture.nodes.create(new_node("Edge")).await.expect("node");
        let issued = fixture.nodes.issue_token(node.id, false, Timestamp::now()).await.expect("token");
        let token = TokenInfo::from(issued);
        assert_eq!(
            token.command,
            format!("aster_drive node enroll --master-url {PUBLIC_URL} --token {}", token.token)
        );
        let redeemed = fixture.nodes.redeem(&token.token, Timestamp::now()).await.expect("redeem");
        let text = serde_json::to_string(&RedeemInfo::from(redeemed)).expect("json");
        let reply: RedeemReply = serde_json::from_str(&text).expect("all members are there");
        assert_eq!((reply.remote_node_id, reply.remote_node_name.as_str()), (node.id, "Edge"));
        assert_eq!((reply.master_url.as_str(), reply.namespace.as_deref()), (PUBLIC_URL, Some("edge")));
        assert!(reply.is_enabled && reply.ack_token.expose_secret().starts_with("enr_ack_"));
    }

    #[tokio::test]
    async fn a_node_is_shown_without_its_keys() {
        let fixture = Fixture::new().await;
        let node = fixture.nodes.create(new_node("Edge")).await.expect("node");
        let shown = serde_json::to_value(NodeInfo::from(node)).expect("json");
        let members: Vec<&str> = shown.as_object().expect("object").keys().map(String::as_str).collect();
        assert!(members.iter().all(|member| !member.contains("key")), "{members:?}");
        assert_eq!(shown["enrollment_status"], "not_started");
        assert_eq!(shown["capabilities"]["protocol_version"], "unknown");
        assert!(shown["last_checked_at"].is_null() && shown["diagnosis"].is_null());
    }
}
