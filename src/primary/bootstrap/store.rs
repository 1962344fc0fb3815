//! SQL of the steps of the declared bootstrap.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Kind, State, Step};
use crate::db::{Db, Tx};
use crate::protocol::Timestamp;

/// Kind, node and name of a step.
pub(super) type Key<'a> = (Kind, &'a str, &'a str);

/// What became of a step that was to be noted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// It is to be done.
    ToDo,
    /// It was done at an earlier time and stays as it is.
    AlreadyDone,
}

const STEP: &str =
    "SELECT kind, node, name, wanted_sealed, state, message, object_id, since FROM bootstrap_steps";

fn step(row: &AnyRow) -> Result<Step, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    Ok(Step {
        kind: Kind::parse(&kind)
            .ok_or_else(|| sqlx::Error::Decode(format!("`{kind}` is no kind of a bootstrap step").into()))?,
        node: row.try_get("node")?,
        name: row.try_get("name")?,
        state: State::parse(&row.try_get::<String, _>("state")?),
        message: row.try_get("message")?,
        object_id: row.try_get("object_id")?,
        since: Timestamp::from_unix_ms(row.try_get("since")?),
        wanted_sealed: row.try_get::<String, _>("wanted_sealed")?.into(),
    })
}

pub(super) async fn all(db: &Db) -> Result<Vec<Step>, sqlx::Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{STEP} ORDER BY id"))).fetch_all(db.read()).await?;
    rows.iter().map(step).collect()
}

pub(super) async fn any_of(tx: &mut Tx, kind: Kind) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM bootstrap_steps WHERE kind = $1 LIMIT 1").bind(kind.as_str());
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

/// Whether a step is noted and not done.
pub(super) async fn is_open(tx: &mut Tx, (kind, node, name): Key<'_>) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "SELECT 1 FROM bootstrap_steps WHERE kind = $1 AND node = $2 AND name = $3 AND state <> 'done'",
    );
    let query = query.bind(kind.as_str()).bind(node).bind(name);
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

/// Notes what a step wants, also over what an unfinished step wanted before.
pub(super) async fn put(
    tx: &mut Tx,
    kind: Kind,
    node: &str,
    name: &str,
    wanted_sealed: &str,
) -> Result<Opened, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO bootstrap_steps (kind, node, name, wanted_sealed, state, message, object_id, since) \
         VALUES ($1, $2, $3, $4, 'pending', '', NULL, $5) \
         ON CONFLICT (kind, node, name) DO UPDATE SET wanted_sealed = excluded.wanted_sealed \
         WHERE bootstrap_steps.state <> 'done' RETURNING id",
    )
    .bind(kind.as_str())
    .bind(node)
    .bind(name)
    .bind(wanted_sealed)
    .bind(Timestamp::now().unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(if row.is_some() { Opened::ToDo } else { Opened::AlreadyDone })
}

/// Marks a step as done and drops what it wanted, which may hold secrets.
pub(super) async fn done(
    tx: &mut Tx,
    (kind, node, name): Key<'_>,
    object_id: Option<i64>,
    message: &str,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "UPDATE bootstrap_steps SET state = 'done', wanted_sealed = '', object_id = $1, message = $2, since = $3 \
         WHERE kind = $4 AND node = $5 AND name = $6",
    );
    let query = query.bind(object_id).bind(message).bind(Timestamp::now().unix_ms());
    query.bind(kind.as_str()).bind(node).bind(name).execute(&mut **tx).await.map(|_| ())
}

/// Keeps how far an unfinished step is.
pub(super) async fn note(
    tx: &mut Tx,
    (kind, node, name): Key<'_>,
    state: State,
    message: &str,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "UPDATE bootstrap_steps SET state = $1, message = $2, since = $3 \
         WHERE kind = $4 AND node = $5 AND name = $6 AND state <> 'done'",
    );
    let query = query.bind(state.as_str()).bind(message).bind(Timestamp::now().unix_ms());
    query.bind(kind.as_str()).bind(node).bind(name).execute(&mut **tx).await.map(|_| ())
}

/// Removes the unfinished steps of a bootstrap file that are not among `declared`.
pub(super) async fn forget_undeclared(tx: &mut Tx, declared: &[Key<'_>]) -> Result<(), sqlx::Error> {
    let sql = format!("{STEP} WHERE state <> 'done' AND kind NOT IN ('administrator', 'public_site_url')");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **tx).await?;
    for step in rows.iter().map(step).collect::<Result<Vec<_>, _>>()? {
        let key = (step.kind, step.node.as_str(), step.name.as_str());
        if declared.contains(&key) {
            continue;
        }
        tracing::info!("declared bootstrap: {step} is declared no longer and was not made");
        let query = sqlx::query("DELETE FROM bootstrap_steps WHERE kind = $1 AND node = $2 AND name = $3");
        query.bind(key.0.as_str()).bind(key.1).bind(key.2).execute(&mut **tx).await?;
    }
    Ok(())
}
