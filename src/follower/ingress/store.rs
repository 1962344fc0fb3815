//! SQL of the ingress targets.

use sqlx::any::AnyRow;
use sqlx::{Any, Executor, FromRow, Row as _};

use super::IngressError;
use crate::db::Tx;
use crate::protocol::{IngressDriver, IngressTarget, Timestamp};

/// The columns as they are stored.
#[derive(Debug)]
pub(super) struct Row {
    profile_key: String,
    name: String,
    driver_type: String,
    endpoint: String,
    bucket: String,
    base_path: String,
    max_file_size: i64,
    is_default: i64,
    desired_revision: i64,
    applied_revision: i64,
    last_error: String,
    created_at: i64,
    updated_at: i64,
}

impl FromRow<'_, AnyRow> for Row {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            profile_key: row.try_get("profile_key")?,
            name: row.try_get("name")?,
            driver_type: row.try_get("driver_type")?,
            endpoint: row.try_get("endpoint")?,
            bucket: row.try_get("bucket")?,
            base_path: row.try_get("base_path")?,
            max_file_size: row.try_get("max_file_size")?,
            is_default: row.try_get("is_default")?,
            desired_revision: row.try_get("desired_revision")?,
            applied_revision: row.try_get("applied_revision")?,
            last_error: row.try_get("last_error")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

impl Row {
    pub(super) fn into_target(self) -> Result<IngressTarget, IngressError> {
        let driver_type = [IngressDriver::Local, IngressDriver::S3]
            .into_iter()
            .find(|driver| driver.as_str() == self.driver_type)
            .ok_or_else(|| IngressError::Damaged(format!("driver `{}` is unknown", self.driver_type)))?;
        Ok(IngressTarget {
            profile_key: self.profile_key,
            name: self.name,
            driver_type,
            endpoint: self.endpoint,
            bucket: self.bucket,
            base_path: self.base_path,
            max_file_size: self.max_file_size,
            is_default: self.is_default != 0,
            desired_revision: self.desired_revision,
            applied_revision: self.applied_revision,
            last_error: self.last_error,
            created_at: Timestamp::from_unix_ms(self.created_at).to_rfc3339(),
            updated_at: Timestamp::from_unix_ms(self.updated_at).to_rfc3339(),
        })
    }
}

pub(super) async fn list<'e>(db: impl Executor<'e, Database = Any>) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(
        "SELECT profile_key, name, driver_type, endpoint, bucket, base_path, max_file_size, is_default, \
         desired_revision, applied_revision, last_error, created_at, updated_at \
         FROM ingress_targets ORDER BY is_default DESC, created_at DESC, id DESC",
    )
    .fetch_all(db)
    .await
}

pub(super) async fn insert(tx: &mut Tx, target: &IngressTarget, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO ingress_targets (profile_key, name, driver_type, endpoint, bucket, base_path, \
         max_file_size, is_default, desired_revision, applied_revision, last_error, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&target.profile_key)
    .bind(&target.name)
    .bind(target.driver_type.as_str())
    .bind(&target.endpoint)
    .bind(&target.bucket)
    .bind(&target.base_path)
    .bind(target.max_file_size)
    .bind(i64::from(target.is_default))
    .bind(target.desired_revision)
    .bind(target.applied_revision)
    .bind(&target.last_error)
    .bind(now)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Takes the flag from whoever has it.
pub(super) async fn clear_default(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE ingress_targets SET is_default = 0 WHERE is_default = 1")
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn update(tx: &mut Tx, target: &IngressTarget, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE ingress_targets SET name = $1, base_path = $2, max_file_size = $3, is_default = $4, \
         desired_revision = $5, applied_revision = $6, last_error = $7, updated_at = $8 WHERE profile_key = $9",
    )
    .bind(&target.name)
    .bind(&target.base_path)
    .bind(target.max_file_size)
    .bind(i64::from(target.is_default))
    .bind(target.desired_revision)
    .bind(target.applied_revision)
    .bind(&target.last_error)
    .bind(now)
    .bind(&target.profile_key)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn delete(tx: &mut Tx, profile_key: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM ingress_targets WHERE profile_key = $1")
        .bind(profile_key)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}
