//! `/admin/policies` and `/admin/policy-groups` (primary spec §2.5).

mod groups;

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AllowedTypes, Driver, NewPolicy, Policy, PolicyChange, PolicyOptions, PolicySort, Tested};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::nodes::SortOrder;
use crate::primary::openapi::{Routes, get, post};
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::{BucketAddressing, Timestamp};
use crate::storage::s3::S3Location;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/admin/policies", get(list, "Storage policies").post(create, "Make a storage policy"))
        .route("/admin/policies/test", post(test_new, "Try a policy before it is made"))
        .route(
            "/admin/policies/{id}",
            get(read, "A storage policy")
                .patch(change, "Change a storage policy")
                .delete(remove, "Delete a storage policy that nothing uses"),
        )
        .route("/admin/policies/{id}/test", post(test, "Write, read and delete a probe object by the policy"))
        .merge(groups::routes())
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SortQuery {
    #[serde(default)]
    sort_by: PolicySort,
    /// Ascending unless asked otherwise: the list begins with what was there first.
    sort_order: Option<SortOrder>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct DeleteQuery {
    /// Ends uploads to the policy, and gives up what is still to be removed there.
    #[serde(default)]
    force: bool,
}

/// A connection test that passed, in words.
#[derive(Debug, Serialize, JsonSchema)]
struct TestInfo {
    message: String,
    latency_ms: u64,
}

impl From<Tested> for TestInfo {
    fn from(tested: Tested) -> Self {
        let latency_ms = u64::try_from(tested.latency.as_millis()).unwrap_or(u64::MAX);
        Self { message: tested.message, latency_ms }
    }
}

/// A policy as administrators see it; keys are not part of it.
#[derive(Debug, Serialize, JsonSchema)]
struct PolicyInfo {
    id: i64,
    name: String,
    driver_type: Driver,
    endpoint: String,
    bucket: String,
    region: Option<String>,
    addressing: Option<BucketAddressing>,
    base_path: String,
    remote_node_id: Option<i64>,
    ingress_target: Option<String>,
    max_file_size: u64,
    chunk_size: u64,
    is_default: bool,
    allowed_types: AllowedTypes,
    options: PolicyOptions,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Policy> for PolicyInfo {
    fn from(policy: Policy) -> Self {
        let bucket = policy.bucket.as_ref();
        let location = |part: fn(&S3Location) -> &str| {
            bucket.map(|bucket| part(&bucket.location).to_owned()).unwrap_or_default()
        };
        Self {
            id: policy.id,
            name: policy.name,
            driver_type: policy.driver,
            endpoint: location(S3Location::endpoint),
            bucket: location(S3Location::bucket),
            region: bucket.and_then(|bucket| bucket.region.clone()),
            addressing: bucket.map(|bucket| bucket.addressing),
            base_path: policy.base_path,
            remote_node_id: policy.node_id,
            ingress_target: policy.ingress_target,
            max_file_size: policy.max_file_size,
            chunk_size: policy.chunk_size,
            is_default: policy.is_default,
            allowed_types: policy.allowed_types,
            options: policy.options,
            created_at: policy.created_at,
            updated_at: policy.updated_at,
        }
    }
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
) -> Result<Reply<Page<PolicyInfo>>, ApiError> {
    let order = sort.sort_order.unwrap_or(SortOrder::Asc);
    let (policies, total) = primary.policies.list(sort.sort_by, order, page.limit(), page.offset()).await?;
    let items: Vec<PolicyInfo> = policies.into_iter().map(PolicyInfo::from).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(new): Json<NewPolicy>,
) -> Result<Created<PolicyInfo>, ApiError> {
    let policy = primary.policies.create(&new).await?;
    tracing::info!(user.id = admin.id, policy.id, "storage policy created");
    primary.audit.record(&admin, Action::Create, Entity::Policy, Some(policy.id), &policy.name).await;
    Ok(created(PolicyInfo::from(policy)))
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<PolicyInfo>, ApiError> {
    Ok(ok(PolicyInfo::from(primary.policies.get(id).await?)))
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(change): Json<PolicyChange>,
) -> Result<Reply<PolicyInfo>, ApiError> {
    let policy = primary.policies.change(id, &change).await?;
    tracing::info!(user.id = admin.id, policy.id = id, "storage policy changed");
    primary.audit.record(&admin, Action::Change, Entity::Policy, Some(id), &policy.name).await;
    Ok(ok(PolicyInfo::from(policy)))
}

async fn remove(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Query(query): Query<DeleteQuery>,
) -> Result<Reply<()>, ApiError> {
    let policy = primary.policies.get(id).await?;
    if query.force {
        primary.policies.check_forced(id).await?;
        let ended = primary.uploads.drop_sessions(id).await?;
        tracing::info!(user.id = admin.id, policy.id = id, ended, "uploads to a storage policy ended");
    }
    primary.policies.delete(id, query.force).await?;
    tracing::info!(user.id = admin.id, policy.id = id, "storage policy deleted");
    primary.audit.record(&admin, Action::Delete, Entity::Policy, Some(id), &policy.name).await;
    Ok(empty())
}

async fn test(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<TestInfo>, ApiError> {
    Ok(ok(TestInfo::from(primary.policies.test(id).await?)))
}

async fn test_new(
    State(primary): State<Primary>,
    _: Admin,
    Json(new): Json<NewPolicy>,
) -> Result<Reply<TestInfo>, ApiError> {
    Ok(ok(TestInfo::from(primary.policies.test_new(&new).await?)))
}
