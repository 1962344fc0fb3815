//! SQL of the ingress targets.

use sqlx::any::AnyRow;
use sqlx::{Any, Executor, FromRow, Row as _};

use secrecy::SecretString;

use super::{IngressError, S3Keys, TargetRecord, TargetSummary};
use crate::config::SealingKey;
use crate::db::Tx;
use crate::protocol::{BucketAddressing, IngressDriver, IngressTarget, Timestamp};

/// The columns as they are stored.
#[derive(Debug)]
pub(super) struct Row {
    profile_key: String,
    name: String,
    driver_type: String,
    endpoint: String,
    bucket: String,
    region: String,
    addressing: String,
    access_key_sealed: Option<String>,
    secret_key_sealed: Option<String>,
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
            region: row.try_get("region")?,
            addressing: row.try_get("addressing")?,
            access_key_sealed: row.try_get("access_key_sealed")?,
            secret_key_sealed: row.try_get("secret_key_sealed")?,
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

/// Which of the two keys of a target a sealed value is.
fn context(column: &str, profile_key: &str) -> String {
    format!("ingress_targets.{column}.{profile_key}")
}

impl Row {
    pub(super) fn into_summary(self) -> TargetSummary {
        TargetSummary { name: self.name, is_default: self.is_default != 0, last_error: self.last_error }
    }

    pub(super) fn into_record(self, sealing_key: &SealingKey) -> Result<TargetRecord, IngressError> {
        let driver_type = [IngressDriver::Local, IngressDriver::S3]
            .into_iter()
            .find(|driver| driver.as_str() == self.driver_type)
            .ok_or_else(|| IngressError::Damaged(format!("driver `{}` is unknown", self.driver_type)))?;
        let addressing = [BucketAddressing::Path, BucketAddressing::VirtualHost]
            .into_iter()
            .find(|addressing| addressing.as_str() == self.addressing);
        let open = |column: &str, sealed: &str| -> Result<SecretString, IngressError> {
            let opened = sealing_key.open(&context(column, &self.profile_key), sealed);
            opened.map_err(|error| IngressError::Sealed(self.profile_key.clone(), error))
        };
        let keys = match (&self.access_key_sealed, &self.secret_key_sealed) {
            (Some(access_key), Some(secret_key)) => Some(S3Keys {
                access_key: open("access_key", access_key)?,
                secret_key: open("secret_key", secret_key)?,
            }),
            _ => None,
        };
        let target = IngressTarget {
            profile_key: self.profile_key,
            name: self.name,
            driver_type,
            endpoint: self.endpoint,
            bucket: self.bucket,
            region: Some(self.region).filter(|region| !region.is_empty()),
            addressing,
            base_path: self.base_path,
            max_file_size: self.max_file_size,
            is_default: self.is_default != 0,
            desired_revision: self.desired_revision,
            applied_revision: self.applied_revision,
            last_error: self.last_error,
            created_at: Timestamp::from_unix_ms(self.created_at).to_rfc3339(),
            updated_at: Timestamp::from_unix_ms(self.updated_at).to_rfc3339(),
        };
        Ok(TargetRecord { target, keys })
    }
}

/// The two keys as they are stored.
fn sealed_keys(record: &TargetRecord, sealing_key: &SealingKey) -> (Option<String>, Option<String>) {
    let seal = |column: &str, secret: &SecretString| {
        sealing_key.seal(&context(column, &record.target.profile_key), secret)
    };
    let keys = record.keys.as_ref();
    (
        keys.map(|keys| seal("access_key", &keys.access_key)),
        keys.map(|keys| seal("secret_key", &keys.secret_key)),
    )
}

pub(super) async fn list<'e>(db: impl Executor<'e, Database = Any>) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(
        "SELECT profile_key, name, driver_type, endpoint, bucket, region, addressing, access_key_sealed, \
         secret_key_sealed, base_path, max_file_size, is_default, desired_revision, applied_revision, last_error, created_at, updated_at \
         FROM ingress_targets ORDER BY is_default DESC, created_at DESC, id DESC",
    )
    .fetch_all(db)
    .await
}

pub(super) async fn insert(
    tx: &mut Tx,
    record: &TargetRecord,
    sealing_key: &SealingKey,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO ingress_targets (profile_key, is_default, created_at, name, driver_type, endpoint, bucket, \
         region, addressing, access_key_sealed, secret_key_sealed, base_path, max_file_size, desired_revision, \
         applied_revision, last_error, updated_at) \
         VALUES ($1, $2, $3, '', '', '', '', '', '', NULL, NULL, '', 0, 0, 0, '', $3)",
    )
    .bind(&record.target.profile_key)
    .bind(i64::from(record.target.is_default))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    update(tx, record, sealing_key, now).await
}

/// Takes the flag from whoever has it.
pub(super) async fn clear_default(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE ingress_targets SET is_default = 0 WHERE is_default = 1")
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn update(
    tx: &mut Tx,
    record: &TargetRecord,
    sealing_key: &SealingKey,
    now: i64,
) -> Result<(), sqlx::Error> {
    let target = &record.target;
    let (access_key, secret_key) = sealed_keys(record, sealing_key);
    sqlx::query(
        "UPDATE ingress_targets SET name = $1, driver_type = $2, endpoint = $3, bucket = $4, region = $5, \
         addressing = $6, access_key_sealed = $7, secret_key_sealed = $8, base_path = $9, max_file_size = $10, \
         is_default = $11, desired_revision = $12, applied_revision = $13, last_error = $14, updated_at = $15 \
         WHERE profile_key = $16",
    )
    .bind(&target.name)
    .bind(target.driver_type.as_str())
    .bind(&target.endpoint)
    .bind(&target.bucket)
    .bind(target.region.as_deref().unwrap_or_default())
    .bind(target.addressing.map(BucketAddressing::as_str).unwrap_or_default())
    .bind(access_key)
    .bind(secret_key)
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
