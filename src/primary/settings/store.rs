//! SQL of the settings.

use sqlx::Row;

use crate::db::Db;
use crate::protocol::Timestamp;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct SettingRow {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) updated_at: Timestamp,
}

pub(super) async fn all(db: &Db) -> Result<Vec<SettingRow>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT key, value, updated_at FROM settings ORDER BY key").fetch_all(db.read()).await?;
    rows.iter()
        .map(|row| {
            Ok(SettingRow {
                key: row.try_get("key")?,
                value: row.try_get("value")?,
                updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
            })
        })
        .collect()
}

pub(super) async fn upsert(db: &Db, key: &str, value: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    )
    .bind(key)
    .bind(value)
    .bind(now.unix_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

pub(super) async fn delete(db: &Db, key: &str) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("DELETE FROM settings WHERE key = $1").bind(key).execute(&mut *tx).await?;
    tx.commit().await
}
