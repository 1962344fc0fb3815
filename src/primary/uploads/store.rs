//! SQL of uploads.

use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Row};

use super::ending::Whose;
use super::plan::Mode;
use super::session::{Session, Status};
use super::{QUIET, after};
use crate::db::{Db, Tx};
use crate::primary::files::SETTLE;
use crate::protocol::Timestamp;

const SESSION: &str = "SELECT s.id, s.space_id, s.user_id, s.policy_id, s.folder_id, s.path, s.total_size, s.mode, \
     s.chunk_size, s.total_chunks, s.status, s.object_key, s.store_upload_id, s.frontend_client_id, s.urls_expire_at, \
     s.file_id, s.created_at, s.expires_at, \
     (SELECT COUNT(*) FROM upload_chunks c WHERE c.session_id = s.id) AS received FROM upload_sessions s";
const IS_OPEN: &str = "status IN ('uploading', 'presigned', 'assembling')";

/// An upload that a statement has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) session: Session,
    /// Whether its object may be there.
    pub(super) was_assembled: bool,
}

fn session(row: &AnyRow) -> Result<Session, sqlx::Error> {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|value| u64::try_from(value).unwrap_or(0));
    let count = |column: &str| row.try_get::<i64, _>(column).map(|value| u32::try_from(value).unwrap_or(0));
    let time = |column: &str| row.try_get::<i64, _>(column).map(Timestamp::from_unix_ms);
    let word: String = row.try_get("mode")?;
    let mode = Mode::parse(&word).ok_or_else(|| unreadable("mode", &word))?;
    let word: String = row.try_get("status")?;
    let status = Status::parse(&word).ok_or_else(|| unreadable("status", &word))?;
    Ok(Session {
        id: row.try_get("id")?,
        space_id: row.try_get("space_id")?,
        user_id: row.try_get("user_id")?,
        policy_id: row.try_get("policy_id")?,
        folder_id: row.try_get("folder_id")?,
        path: row.try_get("path")?,
        total_size: number("total_size")?,
        mode,
        chunk_size: number("chunk_size")?,
        total_chunks: count("total_chunks")?,
        status,
        object_key: row.try_get("object_key")?,
        store_upload_id: row.try_get("store_upload_id")?,
        frontend_client_id: row.try_get("frontend_client_id")?,
        urls_expire_at: time("urls_expire_at")?,
        file_id: row.try_get("file_id")?,
        received: count("received")?,
        created_at: time("created_at")?,
        expires_at: time("expires_at")?,
    })
}

fn unreadable(column: &str, word: &str) -> sqlx::Error {
    sqlx::Error::Protocol(format!("an upload has the {column} `{word}`, which is none"))
}

fn stored(size: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(size).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Runs one statement; gives whether it changed a row.
async fn changed(
    db: &Db,
    query: sqlx::query::Query<'_, Any, sqlx::any::AnyArguments>,
) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let done = query.execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn insert(tx: &mut Tx, new: &Session) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO upload_sessions (id, space_id, user_id, policy_id, folder_id, path, total_size, mode, chunk_size, \
         total_chunks, status, object_key, store_upload_id, frontend_client_id, lease_token, lease_until, \
         urls_expire_at, sweep_at, created_at, updated_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13, '', 0, $14, 0, $15, $16, $17)",
    )
    .bind(new.id.as_str())
    .bind(new.space_id)
    .bind(new.user_id)
    .bind(new.policy_id)
    .bind(new.folder_id)
    .bind(new.path.as_str())
    .bind(stored(new.total_size)?)
    .bind(new.mode.as_str())
    .bind(stored(new.chunk_size)?)
    .bind(i64::from(new.total_chunks))
    .bind(new.status.as_str())
    .bind(new.object_key.as_str())
    .bind(new.frontend_client_id.as_str())
    .bind(new.urls_expire_at.unix_ms())
    .bind(new.created_at.unix_ms())
    .bind(new.created_at.unix_ms())
    .bind(new.expires_at.unix_ms())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// The name of the upload in its store; `false` when the upload has ended meanwhile.
pub(super) async fn set_store_upload(db: &Db, id: &str, name: &str) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE upload_sessions SET store_upload_id = $1 WHERE id = $2 AND status IN ('uploading', 'presigned')",
    );
    changed(db, query.bind(name).bind(id)).await
}

pub(super) async fn open_of_user(tx: &mut Tx, user_id: i64) -> Result<i64, sqlx::Error> {
    let sql = format!("SELECT COUNT(*) AS n FROM upload_sessions WHERE user_id = $1 AND {IS_OPEN}");
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user_id);
    query.fetch_one(&mut **tx).await?.try_get("n")
}

/// Bytes that the open uploads of a space will have.
pub(super) async fn open_bytes(tx: &mut Tx, space_id: i64) -> Result<u64, sqlx::Error> {
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(total_size), 0) AS BIGINT) AS n FROM upload_sessions WHERE space_id = $1 AND {IS_OPEN}"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(space_id);
    let bytes: i64 = query.fetch_one(&mut **tx).await?.try_get("n")?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

async fn one<'e>(
    executor: impl Executor<'e, Database = Any>,
    id: &str,
) -> Result<Option<Session>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SESSION} WHERE s.id = $1"));
    sqlx::query(sql).bind(id).fetch_optional(executor).await?.as_ref().map(session).transpose()
}

pub(super) async fn by_id(db: &Db, id: &str) -> Result<Option<Session>, sqlx::Error> {
    one(db.read(), id).await
}

/// Those that can go on; `client` is the browser's word for itself.
pub(super) async fn open_of(
    db: &Db,
    space_id: i64,
    user_id: i64,
    client: Option<&str>,
    limit: i64,
) -> Result<Vec<Session>, sqlx::Error> {
    let sql = format!(
        "{SESSION} WHERE s.user_id = $1 AND s.space_id = $2 AND s.{IS_OPEN} \
         AND ($3 = '' OR s.frontend_client_id = $4) ORDER BY s.created_at, s.id LIMIT $5"
    );
    let client = client.unwrap_or_default();
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user_id).bind(space_id).bind(client).bind(client);
    query.bind(limit).fetch_all(db.read()).await?.iter().map(session).collect()
}

pub(super) async fn has_chunk(db: &Db, id: &str, number: u32) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM upload_chunks WHERE session_id = $1 AND number = $2");
    Ok(query.bind(id).bind(i64::from(number)).fetch_optional(db.read()).await?.is_some())
}

/// Records a chunk of an open upload, and gives how many there are; `None` when the upload is not open any more.
pub(super) async fn insert_chunk(
    db: &Db,
    id: &str,
    number: u32,
    now: Timestamp,
) -> Result<Option<u32>, sqlx::Error> {
    let mut tx = db.begin().await?;
    // Also takes the row, so that the upload stays open until the commit.
    let query =
        sqlx::query("UPDATE upload_sessions SET updated_at = $1 WHERE id = $2 AND status = 'uploading'");
    if query.bind(now.unix_ms()).bind(id).execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query("INSERT INTO upload_chunks (session_id, number) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(i64::from(number))
        .execute(&mut *tx)
        .await?;
    let query = sqlx::query("SELECT COUNT(*) AS n FROM upload_chunks WHERE session_id = $1").bind(id);
    let received: i64 = query.fetch_one(&mut *tx).await?.try_get("n")?;
    tx.commit().await?;
    Ok(Some(u32::try_from(received).unwrap_or(u32::MAX)))
}

pub(super) async fn chunks(db: &Db, id: &str) -> Result<Vec<u32>, sqlx::Error> {
    let query =
        sqlx::query("SELECT number FROM upload_chunks WHERE session_id = $1 ORDER BY number").bind(id);
    let rows = query.fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok(u32::try_from(row.try_get::<i64, _>("number")?).unwrap_or(u32::MAX))).collect()
}

/// Says that a URL works until `until`; `false` when browsers send nothing any more.
pub(super) async fn extend_urls(db: &Db, id: &str, until: Timestamp) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE upload_sessions SET urls_expire_at = CASE WHEN urls_expire_at > $1 THEN urls_expire_at ELSE $2 END \
         WHERE id = $3 AND status = 'presigned'",
    );
    changed(db, query.bind(until.unix_ms()).bind(until.unix_ms()).bind(id)).await
}

/// Takes the assembly of an upload, unless somebody has it who is not silent.
pub(super) async fn lease(
    db: &Db,
    id: &str,
    token: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE upload_sessions SET status = 'assembling', lease_token = $1, lease_until = $2, updated_at = $3 \
         WHERE id = $4 AND (status IN ('uploading', 'presigned') OR (status = 'assembling' AND lease_until <= $5))",
    );
    let query = query.bind(token).bind(until.unix_ms()).bind(now.unix_ms()).bind(id).bind(now.unix_ms());
    changed(db, query).await
}

pub(super) async fn extend_lease(
    db: &Db,
    id: &str,
    token: &str,
    until: Timestamp,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE upload_sessions SET lease_until = $1 WHERE id = $2 AND status = 'assembling' AND lease_token = $3",
    );
    changed(db, query.bind(until.unix_ms()).bind(id).bind(token)).await
}

/// Gives an assembly back. The token stays: it says that the object may be there.
pub(super) async fn release(db: &Db, id: &str, token: &str, back: Status) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE upload_sessions SET status = $1 WHERE id = $2 AND status = 'assembling' AND lease_token = $3",
    );
    changed(db, query.bind(back.as_str()).bind(id).bind(token)).await
}

/// Ends an upload with a file; `false` when another call has the assembly.
pub(super) async fn finish(
    tx: &mut Tx,
    id: &str,
    token: &str,
    file_id: i64,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE upload_sessions SET status = 'completed', file_id = $1, updated_at = $2, \
         sweep_at = CASE WHEN urls_expire_at + $3 > $4 THEN urls_expire_at + $5 ELSE $6 END \
         WHERE id = $7 AND status = 'assembling' AND lease_token = $8",
    )
    .bind(file_id)
    .bind(now.unix_ms())
    .bind(settle())
    .bind(after(now, QUIET).unix_ms())
    .bind(settle())
    .bind(after(now, QUIET).unix_ms())
    .bind(id)
    .bind(token)
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM upload_chunks WHERE session_id = $1").bind(id).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

fn settle() -> i64 {
    i64::try_from(SETTLE.as_millis()).unwrap_or(i64::MAX)
}

/// Ends an upload without a file; `None` when it has ended already or an assembly that counts is under way.
pub(super) async fn end(
    tx: &mut Tx,
    id: &str,
    into: Status,
    whose: Whose<'_>,
    now: Timestamp,
) -> Result<Option<Ended>, sqlx::Error> {
    let (silent_since, token) = match whose {
        Whose::Silent => (now.unix_ms(), ""),
        Whose::Held(token) => (now.unix_ms(), token),
        Whose::Anybodys => (i64::MAX, ""),
    };
    let row = sqlx::query(
        "UPDATE upload_sessions SET status = $1, updated_at = $2, \
         sweep_at = CASE WHEN urls_expire_at + $3 > $4 THEN urls_expire_at + $5 ELSE $6 END \
         WHERE id = $7 AND (status IN ('uploading', 'presigned') \
         OR (status = 'assembling' AND (lease_until <= $8 OR lease_token = $9))) RETURNING lease_token",
    )
    .bind(into.as_str())
    .bind(now.unix_ms())
    .bind(settle())
    .bind(after(now, QUIET).unix_ms())
    .bind(settle())
    .bind(after(now, QUIET).unix_ms())
    .bind(id)
    .bind(silent_since)
    .bind(token)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let was_assembled = !row.try_get::<String, _>("lease_token")?.is_empty();
    let session = one(&mut **tx, id).await?;
    Ok(session.map(|session| Ended { session, was_assembled }))
}

/// Ids of the open uploads that have expired.
pub(super) async fn expired_after(
    db: &Db,
    now: Timestamp,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let sql = format!(
        "SELECT id FROM upload_sessions WHERE expires_at <= $1 AND {IS_OPEN} AND id > $2 ORDER BY id LIMIT $3"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now.unix_ms()).bind(after).bind(limit);
    query.fetch_all(db.read()).await?.iter().map(|row| row.try_get("id")).collect()
}

/// Ended uploads of which nothing can appear any more.
pub(super) async fn to_sweep_after(
    db: &Db,
    now: Timestamp,
    after: &str,
    limit: i64,
) -> Result<Vec<Session>, sqlx::Error> {
    let sql = format!(
        "{SESSION} WHERE s.policy_id IS NOT NULL AND s.status IN ('completed', 'failed', 'cancelled') \
         AND s.sweep_at <= $1 AND s.id > $2 ORDER BY s.id LIMIT $3"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now.unix_ms()).bind(after).bind(limit);
    query.fetch_all(db.read()).await?.iter().map(session).collect()
}

/// Forgets what an ended upload has in a store: of a completed one its file stays known until it expires.
pub(super) async fn forget_parts(db: &Db, session: &Session) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    if session.status == Status::Completed {
        let query =
            sqlx::query("UPDATE upload_sessions SET policy_id = NULL WHERE id = $1 AND status = 'completed'");
        query.bind(session.id.as_str()).execute(&mut *tx).await?;
    } else {
        let query = sqlx::query("DELETE FROM upload_chunks WHERE session_id = $1");
        query.bind(session.id.as_str()).execute(&mut *tx).await?;
        let query =
            sqlx::query("DELETE FROM upload_sessions WHERE id = $1 AND status IN ('failed', 'cancelled')");
        query.bind(session.id.as_str()).execute(&mut *tx).await?;
    }
    tx.commit().await
}

pub(super) async fn forget_completed(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM upload_sessions WHERE policy_id IS NULL AND expires_at <= $1");
    changed(db, query.bind(now.unix_ms())).await.map(|_| ())
}

pub(super) async fn count_open(db: &Db, policy_id: i64) -> Result<u64, sqlx::Error> {
    let sql = format!("SELECT COUNT(*) AS n FROM upload_sessions WHERE policy_id = $1 AND {IS_OPEN}");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(policy_id).fetch_one(db.read()).await?;
    Ok(u64::try_from(row.try_get::<i64, _>("n")?).unwrap_or(0))
}

pub(super) async fn of_policy(db: &Db, policy_id: i64) -> Result<Vec<Session>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SESSION} WHERE s.policy_id = $1 ORDER BY s.id"));
    sqlx::query(sql).bind(policy_id).fetch_all(db.read()).await?.iter().map(session).collect()
}
