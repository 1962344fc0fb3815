//! SQL of the storage policies.

pub(super) mod groups;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::SealedText;
use super::{AllowedTypes, Bucket, Driver, Policy, PolicyOptions};
use crate::db::{Db, Tx};
use crate::primary::nodes::SortOrder;
use crate::protocol::{BucketAddressing, Timestamp};
use crate::storage::s3::S3Location;

const POLICY: &str = "SELECT id, name, driver_type, base_path, endpoint, bucket, region, addressing, keys_sealed, \
     node_id, ingress_target, max_file_size, chunk_size, allowed_types, is_default, options, created_at, updated_at \
     FROM storage_policies";

/// What a list of policies is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicySort {
    #[default]
    Id,
    Name,
    DriverType,
    CreatedAt,
    UpdatedAt,
}

pub(super) struct PolicyRow<'a> {
    pub(super) name: &'a str,
    pub(super) driver: Driver,
    pub(super) base_path: &'a str,
    pub(super) bucket: Option<&'a Bucket>,
    pub(super) node_id: Option<i64>,
    pub(super) ingress_target: Option<&'a str>,
    pub(super) max_file_size: u64,
    pub(super) chunk_size: u64,
    pub(super) allowed_types: &'a AllowedTypes,
    pub(super) options: PolicyOptions,
}

/// What depends on a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) blobs: i64,
    pub(super) strays: i64,
    /// Objects that storage migrations left there.
    pub(super) kept: i64,
    /// Uploads that have, or may have, something there.
    pub(super) uploads: i64,
    /// Names of the groups with a rule for it.
    pub(super) groups: Vec<String>,
}

impl Usage {
    pub(super) fn objects(&self) -> i64 {
        self.blobs + self.strays + self.kept + self.uploads
    }
}

fn policy(row: &AnyRow) -> Result<Policy, sqlx::Error> {
    let word: String = row.try_get("driver_type")?;
    let driver = Driver::parse(&word).ok_or_else(|| {
        sqlx::Error::Decode(format!("driver `{word}` of a storage policy is unknown").into())
    })?;
    let bytes = |column: &str| row.try_get::<i64, _>(column).map(|value| u64::try_from(value).unwrap_or(0));
    Ok(Policy {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        driver,
        base_path: row.try_get("base_path")?,
        bucket: if driver == Driver::S3 { Some(bucket(row)?) } else { None },
        node_id: row.try_get("node_id")?,
        ingress_target: Some(row.try_get("ingress_target")?).filter(|target: &String| !target.is_empty()),
        max_file_size: bytes("max_file_size")?,
        chunk_size: bytes("chunk_size")?,
        allowed_types: serde_json::from_str(&row.try_get::<String, _>("allowed_types")?)
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        is_default: row.try_get::<i64, _>("is_default")? != 0,
        options: serde_json::from_str(&row.try_get::<String, _>("options")?).unwrap_or_default(),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
    })
}

fn bucket(row: &AnyRow) -> Result<Bucket, sqlx::Error> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let location = S3Location::normalize(&text("endpoint")?, &text("bucket")?, &text("base_path")?);
    let virtual_host = text("addressing")? == BucketAddressing::VirtualHost.as_str();
    Ok(Bucket {
        location: location.map_err(|error| sqlx::Error::Decode(error.into()))?,
        region: Some(text("region")?).filter(|region| !region.is_empty()),
        addressing: if virtual_host { BucketAddressing::VirtualHost } else { BucketAddressing::Path },
        keys: SealedText(text("keys_sealed")?),
    })
}

/// Endpoint, bucket, region, addressing and keys as columns; empty for other drivers.
fn bucket_columns<'a>(row: &PolicyRow<'a>) -> [&'a str; 5] {
    row.bucket.map_or([""; 5], |bucket| {
        [
            bucket.location.endpoint(),
            bucket.location.bucket(),
            bucket.region.as_deref().unwrap_or_default(),
            bucket.addressing.as_str(),
            &bucket.keys.0,
        ]
    })
}

fn types_text(types: &AllowedTypes) -> Result<String, sqlx::Error> {
    serde_json::to_string(types).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn options_text(options: &PolicyOptions) -> Result<String, sqlx::Error> {
    serde_json::to_string(options).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Sizes beyond the column's range are no sizes that occur.
fn column(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

pub(super) async fn by_id(db: &Db, id: i64) -> Result<Option<Policy>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{POLICY} WHERE id = $1"))).bind(id);
    query.fetch_optional(db.read()).await?.as_ref().map(policy).transpose()
}

pub(super) async fn by_id_in(tx: &mut Tx, id: i64) -> Result<Option<Policy>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{POLICY} WHERE id = $1"))).bind(id);
    query.fetch_optional(&mut **tx).await?.as_ref().map(policy).transpose()
}

pub(super) async fn page(
    db: &Db,
    sort: PolicySort,
    order: SortOrder,
    limit: u32,
    offset: u32,
) -> Result<Vec<Policy>, sqlx::Error> {
    let column = match sort {
        PolicySort::Id => "id",
        PolicySort::Name => "name",
        PolicySort::DriverType => "driver_type",
        PolicySort::CreatedAt => "created_at",
        PolicySort::UpdatedAt => "updated_at",
    };
    let direction = match order {
        SortOrder::Asc => "ASC",
        SortOrder::Desc => "DESC",
    };
    let order = format!("{column} {direction}, id {direction}");
    let query = sqlx::query(AssertSqlSafe(format!("{POLICY} ORDER BY {order} LIMIT $1 OFFSET $2")));
    let query = query.bind(i64::from(limit)).bind(i64::from(offset));
    query.fetch_all(db.read()).await?.iter().map(policy).collect()
}

pub(super) async fn count(db: &Db) -> Result<u64, sqlx::Error> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM storage_policies").fetch_one(db.read()).await?;
    Ok(u64::try_from(row.try_get::<i64, _>("total")?).unwrap_or(0))
}

/// Whether there is neither a policy nor a group.
pub(super) async fn is_new(tx: &mut Tx) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM storage_policies) + (SELECT COUNT(*) FROM policy_groups) AS total",
    );
    Ok(query.fetch_one(&mut **tx).await?.try_get::<i64, _>("total")? == 0)
}

pub(super) async fn name_taken(tx: &mut Tx, name: &str, but: Option<i64>) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT id FROM storage_policies WHERE name = $1 AND id <> $2");
    Ok(query.bind(name).bind(but.unwrap_or(0)).fetch_optional(&mut **tx).await?.is_some())
}

pub(super) async fn insert(tx: &mut Tx, row: &PolicyRow<'_>, now: Timestamp) -> Result<i64, sqlx::Error> {
    let [endpoint, bucket, region, addressing, keys] = bucket_columns(row);
    let inserted = sqlx::query(
        "INSERT INTO storage_policies (name, driver_type, base_path, endpoint, bucket, region, addressing, \
         keys_sealed, node_id, ingress_target, max_file_size, chunk_size, allowed_types, is_default, options, \
         created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16) RETURNING id",
    )
    .bind(row.name)
    .bind(row.driver.as_str())
    .bind(row.base_path)
    .bind(endpoint)
    .bind(bucket)
    .bind(region)
    .bind(addressing)
    .bind(keys)
    .bind(row.node_id)
    .bind(row.ingress_target.unwrap_or_default())
    .bind(column(row.max_file_size))
    .bind(column(row.chunk_size))
    .bind(types_text(row.allowed_types)?)
    .bind(options_text(&row.options)?)
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    inserted.try_get("id")
}

/// Changes everything but driver and node.
pub(super) async fn update(
    tx: &mut Tx,
    id: i64,
    row: &PolicyRow<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let [endpoint, bucket, region, addressing, keys] = bucket_columns(row);
    sqlx::query(
        "UPDATE storage_policies SET name = $1, base_path = $2, endpoint = $3, bucket = $4, region = $5, \
         addressing = $6, keys_sealed = $7, ingress_target = $8, max_file_size = $9, chunk_size = $10, \
         allowed_types = $11, options = $12, updated_at = $13 WHERE id = $14",
    )
    .bind(row.name)
    .bind(row.base_path)
    .bind(endpoint)
    .bind(bucket)
    .bind(region)
    .bind(addressing)
    .bind(keys)
    .bind(row.ingress_target.unwrap_or_default())
    .bind(column(row.max_file_size))
    .bind(column(row.chunk_size))
    .bind(types_text(row.allowed_types)?)
    .bind(options_text(&row.options)?)
    .bind(now.unix_ms())
    .bind(id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Takes the flag from whoever has it, then gives it: never two at once, which an index forbids.
pub(super) async fn move_default(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE storage_policies SET is_default = 0 WHERE is_default = 1").execute(&mut **tx).await?;
    let query = sqlx::query("UPDATE storage_policies SET is_default = 1 WHERE id = $1").bind(id);
    query.execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn usage(tx: &mut Tx, id: i64) -> Result<Usage, sqlx::Error> {
    let counts = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM blobs WHERE policy_id = $1) AS blobs, \
         (SELECT COUNT(*) FROM stray_objects WHERE policy_id = $2) AS strays, \
         (SELECT COUNT(*) FROM kept_objects WHERE policy_id = $3) AS kept, \
         (SELECT COUNT(*) FROM upload_sessions WHERE policy_id = $4) AS uploads",
    )
    .bind(id)
    .bind(id)
    .bind(id)
    .bind(id)
    .fetch_one(&mut **tx)
    .await?;
    let groups = sqlx::query(
        "SELECT g.name FROM policy_group_rules r JOIN policy_groups g ON g.id = r.group_id \
         WHERE r.policy_id = $1 ORDER BY g.id",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    Ok(Usage {
        blobs: counts.try_get("blobs")?,
        strays: counts.try_get("strays")?,
        kept: counts.try_get("kept")?,
        uploads: counts.try_get("uploads")?,
        groups: groups.iter().map(|row| row.try_get("name")).collect::<Result<_, _>>()?,
    })
}

pub(super) async fn delete(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM storage_policies WHERE id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

/// Gives up the removal of what is left of a policy.
pub(super) async fn forget_strays(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM stray_objects WHERE policy_id = $1").bind(id);
    query.execute(&mut **tx).await.map(|_| ())
}
