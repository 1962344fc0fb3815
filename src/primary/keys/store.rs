//! SQL of the proofs of the keys.

use sqlx::Row;

use crate::db::Tx;

pub(super) async fn sealed(tx: &mut Tx, name: &str) -> Result<Option<String>, sqlx::Error> {
    let query = sqlx::query("SELECT sealed FROM shared_keys WHERE name = $1").bind(name);
    query.fetch_optional(&mut **tx).await?.map(|row| row.try_get("sealed")).transpose()
}

pub(super) async fn put(tx: &mut Tx, name: &str, sealed: &str) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "INSERT INTO shared_keys (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
    );
    query.bind(name).bind(sealed).execute(&mut **tx).await.map(|_| ())
}
