//! SQL of searches: statements that are put together from fixed pieces, with all that a client sent in parameters.
//!
//! SQLite is told the way, because it knows nothing about how often a text occurs. A text in few names is found by the
//! trigrams in `file_names` or `folder_names`; one in many names, or too short for trigrams, by walking the names of the
//! space in their order until there are enough. PostgreSQL chooses between the same two by its statistics.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use super::{Category, Hits, MOST, Wanted};
use crate::db::Db;
use crate::primary::files::MAX_LEVELS;

/// Up to this many names that may hold a text are looked at one by one; with more, the walk is quicker.
const FEW: i64 = 5_000;
/// Trigrams of a text that are looked up; a name with all of them is compared with the whole text anyway.
const MOST_TRIGRAMS: usize = 24;
/// Behind every text that begins with what stands before it.
const LAST: char = '\u{10FFFF}';

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    Files,
    Folders,
}

impl Noun {
    fn table(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Folders => "folders",
        }
    }

    /// Table of trigrams on SQLite.
    fn names(self) -> &'static str {
        match self {
            Self::Files => "file_names",
            Self::Folders => "folder_names",
        }
    }

    fn parent(self) -> &'static str {
        match self {
            Self::Files => "folder_id",
            Self::Folders => "parent_id",
        }
    }
}

enum Value {
    Text(String),
    Number(i64),
}

/// A statement in the making.
#[derive(Default)]
struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.values.push(Value::Text(value.into()));
        self.placeholder()
    }

    fn number(&mut self, value: i64) -> &mut Self {
        self.values.push(Value::Number(value));
        self.placeholder()
    }

    fn placeholder(&mut self) -> &mut Self {
        let placeholder = format!("${}", self.values.len());
        self.push(&placeholder)
    }

    /// Only pieces of this file are in the text.
    fn query(self) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(self.sql));
        self.values.into_iter().fold(query, |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        })
    }

    async fn ids(self, db: &Db) -> Result<Vec<i64>, sqlx::Error> {
        let rows = self.query().fetch_all(db.read()).await?;
        rows.iter().map(|row| row.try_get("id")).collect()
    }
}

/// Ids of what fits, best first, one more than [`MOST`] where there is one.
pub(super) async fn find(
    db: &Db,
    noun: Noun,
    space_id: i64,
    wanted: &Wanted,
    key: &str,
) -> Result<Hits, sqlx::Error> {
    if let Some(trigrams) = trigrams(key).filter(|_| !db.is_shared())
        && is_in_few(db, noun, &trigrams).await?
    {
        let ids = by_trigrams(noun, space_id, wanted, key, &trigrams).ids(db).await?;
        return Ok(Hits { ids });
    }
    let mut ids = walk(noun, space_id, wanted, key, Part::Beginning, MOST + 1).ids(db).await?;
    let room = (MOST + 1).saturating_sub(ids.len());
    if room > 0 && !key.is_empty() {
        ids.extend(walk(noun, space_id, wanted, key, Part::Rest, room).ids(db).await?);
    }
    Ok(Hits { ids })
}

async fn is_in_few(db: &Db, noun: Noun, trigrams: &str) -> Result<bool, sqlx::Error> {
    let names = noun.names();
    let mut statement = Statement::default();
    statement.push(&format!("SELECT COUNT(*) AS total FROM (SELECT 1 FROM {names} WHERE {names} MATCH "));
    statement.text(trigrams).push(" LIMIT ").number(FEW + 1).push(")");
    let row = statement.query().fetch_one(db.read()).await?;
    Ok(row.try_get::<i64, _>("total")? <= FEW)
}

/// Few candidates, each looked at; sorted when all are known.
fn by_trigrams(noun: Noun, space_id: i64, wanted: &Wanted, key: &str, trigrams: &str) -> Statement {
    let (table, names) = (noun.table(), noun.names());
    let mut statement = Statement::default();
    // CROSS is the promise that the trigrams are looked up first.
    statement.push(&format!(
        "SELECT f.id FROM {names} CROSS JOIN {table} f ON f.id = {names}.rowid WHERE {names} MATCH "
    ));
    statement.text(trigrams).push(" AND ");
    conditions(&mut statement, noun, space_id, wanted, key);
    statement.push(" ORDER BY CASE WHEN f.name_key >= ").text(key).push(" AND f.name_key < ");
    statement.text(behind(key)).push(" THEN 0 ELSE 1 END, f.name_key, f.id LIMIT ").number(limit(MOST + 1));
    statement
}

/// Which names a walk passes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Those that begin with the text.
    Beginning,
    /// All others.
    Rest,
}

fn walk(noun: Noun, space_id: i64, wanted: &Wanted, key: &str, part: Part, most: usize) -> Statement {
    let mut statement = Statement::default();
    statement.push("SELECT f.id FROM ").push(noun.table()).push(" f WHERE ");
    conditions(&mut statement, noun, space_id, wanted, key);
    if !key.is_empty() {
        statement.push(if part == Part::Rest { " AND NOT (" } else { " AND (" });
        statement.push("f.name_key >= ").text(key).push(" AND f.name_key < ").text(behind(key)).push(")");
    }
    statement.push(" ORDER BY f.name_key, f.id LIMIT ").number(limit(most));
    statement
}

fn conditions(statement: &mut Statement, noun: Noun, space_id: i64, wanted: &Wanted, key: &str) {
    statement.push("f.space_id = ").number(space_id).push(" AND f.trash_id IS NULL");
    if !key.is_empty() {
        let pattern = format!("%{}%", escaped(key));
        statement.push(" AND f.name_key LIKE ").text(pattern).push(" ESCAPE '\\'");
    }
    if let Some(id) = wanted.folder_id {
        statement.push(" AND f.").push(noun.parent()).push(
            " IN (WITH RECURSIVE tree (id, level) AS (SELECT folders.id, CAST(1 AS BIGINT) FROM folders \
             WHERE folders.trash_id IS NULL AND folders.id = ",
        );
        statement.number(id).push(
            " UNION ALL SELECT folders.id, tree.level + 1 FROM tree JOIN folders ON folders.parent_id = tree.id \
             WHERE folders.trash_id IS NULL AND tree.level < ",
        );
        statement.number(i64::from(MAX_LEVELS)).push(") SELECT id FROM tree)");
    }
    for (comparison, time) in
        [(" AND f.created_at >= ", wanted.created_after), (" AND f.created_at <= ", wanted.created_before)]
    {
        if let Some(time) = time {
            statement.push(comparison).number(time.unix_ms());
        }
    }
    if noun == Noun::Files {
        about_content(statement, wanted);
    }
}

fn about_content(statement: &mut Statement, wanted: &Wanted) {
    if let Some(mime_type) = &wanted.mime_type {
        statement.push(" AND f.mime_type = ").text(mime_type.as_str());
    }
    if let Some(category) = wanted.category {
        statement.push(" AND ").push(of_category(category));
    }
    for (comparison, size) in [(" AND f.size >= ", wanted.min_size), (" AND f.size <= ", wanted.max_size)] {
        if let Some(size) = size {
            statement.push(comparison).number(size.try_into().unwrap_or(i64::MAX));
        }
    }
    for (index, extension) in wanted.extensions.iter().enumerate() {
        statement.push(if index == 0 { " AND (" } else { " OR " });
        let pattern = format!("_%.{}", escaped(extension));
        statement.push("f.name_key LIKE ").text(pattern).push(" ESCAPE '\\'");
    }
    if !wanted.extensions.is_empty() {
        statement.push(")");
    }
}

/// What [`category`](crate::primary::files) says of a MIME type, as a condition.
fn of_category(category: Category) -> &'static str {
    macro_rules! archive {
        () => {
            "f.mime_type IN ('application/zip', 'application/gzip', 'application/x-tar', 'application/x-7z-compressed', \
             'application/x-bzip2', 'application/x-xz', 'application/zstd', 'application/vnd.rar', \
             'application/x-rar-compressed')"
        };
    }
    macro_rules! document {
        () => {
            "(f.mime_type LIKE 'text/%' OR f.mime_type IN ('application/pdf', 'application/msword', 'application/rtf', \
             'application/json', 'application/xml', 'application/epub+zip') \
             OR f.mime_type LIKE 'application/vnd.openxmlformats-officedocument%' \
             OR f.mime_type LIKE 'application/vnd.oasis.opendocument%' OR f.mime_type LIKE 'application/vnd.ms-%')"
        };
    }
    match category {
        Category::Image => "f.mime_type LIKE 'image/%'",
        Category::Video => "f.mime_type LIKE 'video/%'",
        Category::Audio => "f.mime_type LIKE 'audio/%'",
        Category::Document => document!(),
        Category::Archive => archive!(),
        Category::Other => concat!(
            "NOT (f.mime_type LIKE 'image/%' OR f.mime_type LIKE 'video/%' OR f.mime_type LIKE 'audio/%' OR ",
            document!(),
            " OR ",
            archive!(),
            ")"
        ),
    }
}

/// Names with all of these may hold the text; `None` when it is too short to have any.
fn trigrams(key: &str) -> Option<String> {
    let characters: Vec<char> = key.chars().collect();
    let mut all: Vec<String> = Vec::new();
    for three in characters.windows(3).take(MOST_TRIGRAMS) {
        // Quoted it is only text to FTS5, and a quotation mark in it is written twice.
        let quoted = format!("\"{}\"", three.iter().collect::<String>().replace('"', "\"\""));
        if !all.contains(&quoted) {
            all.push(quoted);
        }
    }
    if all.is_empty() { None } else { Some(all.join(" AND ")) }
}

/// For LIKE with `\` as escape.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Texts that begin with `key` sort before this one.
fn behind(key: &str) -> String {
    format!("{key}{LAST}")
}

fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether both tables have their trigrams; on SQLite they always do.
pub(super) async fn has_index(db: &Db) -> Result<bool, sqlx::Error> {
    if !db.is_shared() {
        return Ok(true);
    }
    let row = sqlx::query(
        "SELECT COUNT(*) AS total FROM pg_catalog.pg_indexes WHERE schemaname = current_schema() \
         AND indexname IN ('files_name_trigrams', 'folders_name_trigrams')",
    )
    .fetch_one(db.read())
    .await?;
    Ok(row.try_get::<i64, _>("total")? == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_to_the_database_is_quoted() {
        assert_eq!(trigrams("a\"b*"), Some("\"a\"\"b\" AND \"\"\"b*\"".to_owned()));
        assert_eq!(trigrams("ab"), None);
        assert_eq!(trigrams("aaaaaa"), Some("\"aaa\"".to_owned()));
        assert_eq!(escaped("100%_\\"), "100\\%\\_\\\\");
    }
}
