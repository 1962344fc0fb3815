//! SQL of tasks and schedules.
//!
//! Every change of a running task is conditional on `state = 'processing'` and its lease number.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::{Filter, NewTask, State, Task, millis};
use crate::db::{Db, Tx};

const COLUMNS: &str = "id, kind, payload, state, attempt_count, max_attempts, run_at, lease_number, cancel_requested, \
     progress_current, progress_total, status_text, steps, position, result, last_error, created_by, space_id, \
     created_at, updated_at, started_at, finished_at";

/// An absent member of the filter is bound as a value that no row has, and a flag that it does not count.
const FITS: &str = "($1 = 0 OR created_by = $2) AND ($3 = 0 OR space_id = $4) AND ($5 = '' OR kind = $6) \
     AND state IN ($7, $8, $9, $10, $11, $12)";

/// What a worker writes about the work while it goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) current: u64,
    pub(super) total: u64,
    pub(super) text: String,
    /// JSON.
    pub(super) steps: String,
    /// JSON, or empty.
    pub(super) position: String,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) state: State,
    /// JSON, or empty.
    pub(super) result: String,
    /// Empty keeps the present one.
    pub(super) error: String,
    pub(super) run_at: i64,
    /// 0 when the attempt counts, 1 when it does not.
    pub(super) attempts_back: i64,
}

pub(super) async fn insert(
    tx: &mut Tx,
    new: &NewTask,
    max_attempts: u32,
    now: i64,
) -> Result<Option<i64>, sqlx::Error> {
    // Without a target DO NOTHING covers the partial index on both databases.
    let row = sqlx::query(
        "INSERT INTO tasks (kind, payload, state, attempt_count, max_attempts, run_at, lease_number, lease_owner, \
         lease_until, cancel_requested, progress_current, progress_total, status_text, steps, position, result, \
         last_error, created_by, space_id, dedupe_key, created_at, updated_at) \
         VALUES ($1, $2, 'pending', 0, $3, $4, 0, '', 0, 0, 0, 0, '', '[]', '', '', '', $5, $6, $7, $8, $9) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(new.kind)
    .bind(new.payload.as_str())
    .bind(i64::from(max_attempts))
    .bind(now.saturating_add(millis(new.delay)))
    .bind(new.created_by)
    .bind(new.space_id)
    .bind(new.dedupe_key.as_deref())
    .bind(now)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.try_get("id")).transpose()
}

pub(super) async fn by_id(db: &Db, id: i64) -> Result<Option<Task>, sqlx::Error> {
    let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM tasks WHERE id = $1"));
    sqlx::query(sql).bind(id).fetch_optional(db.read()).await?.as_ref().map(task).transpose()
}

pub(super) async fn page(
    db: &Db,
    filter: &Filter,
    limit: u32,
    offset: u32,
) -> Result<(Vec<Task>, u64), sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE {FITS} ORDER BY id DESC LIMIT $13 OFFSET $14");
    let rows = filtered(sql, filter).bind(i64::from(limit)).bind(i64::from(offset));
    let rows = rows.fetch_all(db.read()).await?;
    let total = filtered(format!("SELECT COUNT(*) AS total FROM tasks WHERE {FITS}"), filter);
    let total: i64 = total.fetch_one(db.read()).await?.try_get("total")?;
    Ok((rows.iter().map(task).collect::<Result<_, _>>()?, total.unsigned_abs()))
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn filtered(sql: String, filter: &Filter) -> Query<'_> {
    let kind = filter.kind.as_deref().unwrap_or_default();
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(i64::from(filter.created_by.is_some()))
        .bind(filter.created_by.unwrap_or(0))
        .bind(i64::from(filter.space_id.is_some()))
        .bind(filter.space_id.unwrap_or(0))
        .bind(kind)
        .bind(kind);
    filter.state_names().into_iter().fold(query, Query::bind)
}

/// Ids of tasks of `kind` that may be begun, the longest waiting first.
pub(super) async fn due(db: &Db, kind: &str, now: i64, limit: usize) -> Result<Vec<i64>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id FROM tasks WHERE kind = $1 AND state IN ('pending', 'retry') AND run_at <= $2 \
         ORDER BY run_at, id LIMIT $3",
    )
    .bind(kind)
    .bind(now)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(db.read())
    .await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

/// Takes a task; `None` when somebody else was faster.
pub(super) async fn claim(
    db: &Db,
    id: i64,
    owner: &str,
    now: i64,
    until: i64,
) -> Result<Option<Task>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let sql = format!(
        "UPDATE tasks SET state = 'processing', attempt_count = attempt_count + 1, lease_number = lease_number + 1, \
         lease_owner = $1, lease_until = $2, started_at = $3, updated_at = $4, steps = '[]' \
         WHERE id = $5 AND state IN ('pending', 'retry') AND run_at <= $6 RETURNING {COLUMNS}"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(owner)
        .bind(until)
        .bind(now)
        .bind(now)
        .bind(id)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
    let claimed = row.as_ref().map(task).transpose()?;
    tx.commit().await?;
    Ok(claimed)
}

/// Moves a lease on. Gives whether somebody wants the work to end; `None` when the lease is lost.
pub(super) async fn renew(db: &Db, id: i64, lease: i64, until: i64) -> Result<Option<bool>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(
        "UPDATE tasks SET lease_until = $1 WHERE id = $2 AND lease_number = $3 AND state = 'processing' \
         RETURNING cancel_requested",
    )
    .bind(until)
    .bind(id)
    .bind(lease)
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    row.map(|row| Ok(row.try_get::<i64, _>("cancel_requested")? != 0)).transpose()
}

/// Locks the row of a running task for the rest of the transaction; `false` when the lease is lost.
pub(super) async fn hold(tx: &mut Tx, id: i64, lease: i64, now: i64) -> Result<bool, sqlx::Error> {
    let held = sqlx::query(
        "UPDATE tasks SET updated_at = $1 WHERE id = $2 AND lease_number = $3 AND state = 'processing'",
    )
    .bind(now)
    .bind(id)
    .bind(lease)
    .execute(&mut **tx)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// `false` when the lease is lost.
pub(super) async fn report(
    tx: &mut Tx,
    id: i64,
    lease: i64,
    report: &Report,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let written = sqlx::query(
        "UPDATE tasks SET progress_current = $1, progress_total = $2, status_text = $3, steps = $4, position = $5, \
         updated_at = $6 WHERE id = $7 AND lease_number = $8 AND state = 'processing'",
    )
    .bind(i64::try_from(report.current).unwrap_or(i64::MAX))
    .bind(i64::try_from(report.total).unwrap_or(i64::MAX))
    .bind(report.text.as_str())
    .bind(report.steps.as_str())
    .bind(report.position.as_str())
    .bind(now)
    .bind(id)
    .bind(lease)
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// `false` when the lease is lost. Work that somebody wants to end is not begun again, whatever `end` says.
pub(super) async fn end(
    db: &Db,
    id: i64,
    lease: i64,
    steps: &str,
    end: &End,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let again = i64::from(matches!(end.state, State::Pending | State::Retry));
    let finished = (again == 0).then_some(now);
    let mut tx = db.begin().await?;
    let ended = sqlx::query(
        "UPDATE tasks SET state = CASE WHEN $1 = 1 AND cancel_requested = 1 THEN 'canceled' ELSE $2 END, \
         finished_at = CASE WHEN $3 = 1 AND cancel_requested = 1 THEN $4 ELSE $5 END, result = $6, \
         last_error = CASE WHEN $7 = '' THEN last_error ELSE $8 END, run_at = $9, \
         attempt_count = attempt_count - $10, lease_owner = '', lease_until = 0, cancel_requested = 0, steps = $11, \
         updated_at = $12 WHERE id = $13 AND lease_number = $14 AND state = 'processing'",
    )
    .bind(again)
    .bind(end.state.as_str())
    .bind(again)
    .bind(now)
    .bind(finished)
    .bind(end.result.as_str())
    .bind(end.error.as_str())
    .bind(end.error.as_str())
    .bind(end.run_at)
    .bind(end.attempts_back)
    .bind(steps)
    .bind(now)
    .bind(id)
    .bind(lease)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(ended.rows_affected() == 1)
}

/// Gives back the tasks whose lease ended before `before`: they wait to be begun again, or are over when they had all
/// their attempts or somebody wanted them to end. Gives their number.
pub(super) async fn give_back_lost(db: &Db, before: i64, now: i64) -> Result<u64, sqlx::Error> {
    let lost =
        sqlx::query("SELECT COUNT(*) AS lost FROM tasks WHERE state = 'processing' AND lease_until < $1");
    if lost.bind(before).fetch_one(db.read()).await?.try_get::<i64, _>("lost")? == 0 {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let given = sqlx::query(
        "UPDATE tasks SET state = CASE WHEN cancel_requested = 1 THEN 'canceled' \
         WHEN attempt_count >= max_attempts THEN 'failed' ELSE 'pending' END, \
         finished_at = CASE WHEN cancel_requested = 1 OR attempt_count >= max_attempts THEN $1 ELSE finished_at END, \
         last_error = CASE WHEN cancel_requested = 1 THEN last_error \
         ELSE 'the process that worked on it ended or lost the database' END, \
         lease_owner = '', lease_until = 0, cancel_requested = 0, run_at = $2, updated_at = $3 \
         WHERE state = 'processing' AND lease_until < $4",
    )
    .bind(now)
    .bind(now)
    .bind(now)
    .bind(before)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(given.rows_affected())
}

/// `false` when the task is neither failed nor canceled.
pub(super) async fn begin_again(tx: &mut Tx, id: i64, now: i64) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query(
        "UPDATE tasks SET state = 'pending', attempt_count = 0, run_at = $1, cancel_requested = 0, result = '', \
         finished_at = NULL, updated_at = $2 WHERE id = $3 AND state IN ('failed', 'canceled')",
    )
    .bind(now)
    .bind(now)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// `false` when the task is over, or none.
pub(super) async fn cancel(tx: &mut Tx, id: i64, now: i64) -> Result<bool, sqlx::Error> {
    let canceled = sqlx::query(
        "UPDATE tasks SET finished_at = CASE WHEN state = 'processing' THEN NULL ELSE $1 END, \
         cancel_requested = CASE WHEN state = 'processing' THEN 1 ELSE 0 END, \
         state = CASE WHEN state = 'processing' THEN state ELSE 'canceled' END, updated_at = $2 \
         WHERE id = $3 AND state IN ('pending', 'retry', 'processing')",
    )
    .bind(now)
    .bind(now)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(canceled.rows_affected() == 1)
}

pub(super) async fn delete_finished(db: &Db, before: i64) -> Result<u64, sqlx::Error> {
    let mut tx = db.begin().await?;
    let query = "DELETE FROM tasks WHERE state IN ('succeeded', 'failed', 'canceled') AND finished_at <= $1";
    let deleted = sqlx::query(query).bind(before).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(deleted.rows_affected())
}

/// Removes the ended tasks with this key.
pub(super) async fn delete_ended_of(tx: &mut Tx, dedupe_key: &str) -> Result<(), sqlx::Error> {
    let query = "DELETE FROM tasks WHERE dedupe_key = $1 AND state IN ('succeeded', 'failed', 'canceled')";
    sqlx::query(query).bind(dedupe_key).execute(&mut **tx).await.map(|_| ())
}

/// When each schedule was due last.
pub(super) async fn schedules(db: &Db) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query("SELECT kind, last_at FROM task_schedules").fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((row.try_get("kind")?, row.try_get("last_at")?))).collect()
}

/// Moves a schedule on from `seen` (0 is never); `false` when somebody else did.
pub(super) async fn advance(tx: &mut Tx, kind: &str, seen: i64, now: i64) -> Result<bool, sqlx::Error> {
    let made = "INSERT INTO task_schedules (kind, last_at) VALUES ($1, 0) ON CONFLICT DO NOTHING";
    sqlx::query(made).bind(kind).execute(&mut **tx).await?;
    let query = sqlx::query("UPDATE task_schedules SET last_at = $1 WHERE kind = $2 AND last_at = $3");
    let advanced = query.bind(now).bind(kind).bind(seen).execute(&mut **tx).await?;
    Ok(advanced.rows_affected() == 1)
}

fn task(row: &AnyRow) -> Result<Task, sqlx::Error> {
    let json = |column: &str| -> Result<Value, sqlx::Error> {
        let text: String = row.try_get(column)?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    };
    let number = |column: &str| row.try_get::<i64, _>(column);
    let count = |column: &str| number(column).map(|value| u32::try_from(value).unwrap_or(0));
    let state: String = row.try_get("state")?;
    Ok(Task {
        id: number("id")?,
        kind: row.try_get("kind")?,
        payload: json("payload")?,
        state: State::parse(&state).ok_or_else(|| sqlx::Error::Decode(format!("state `{state}`").into()))?,
        attempt_count: count("attempt_count")?,
        max_attempts: count("max_attempts")?,
        run_at: number("run_at")?,
        cancel_requested: number("cancel_requested")? != 0,
        progress_current: number("progress_current")?.unsigned_abs(),
        progress_total: number("progress_total")?.unsigned_abs(),
        status_text: row.try_get("status_text")?,
        steps: serde_json::from_value(json("steps")?).unwrap_or_default(),
        position: json("position")?,
        result: json("result")?,
        last_error: row.try_get("last_error")?,
        created_by: row.try_get("created_by")?,
        space_id: row.try_get("space_id")?,
        created_at: number("created_at")?,
        updated_at: number("updated_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        lease_number: number("lease_number")?,
    })
}
