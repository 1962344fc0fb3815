//! Search by name, type, size and date in one space.
//!
//! A text is found anywhere in a name, without regard to case; it is only text, whatever characters it has. Names that
//! begin with it come first, each group in the order of names. A search gives at most [`MOST`] hits of each kind: nobody
//! reads on, and where a text is in every name the rest would cost without end.

pub(in crate::primary) mod api;
mod store;

use crate::db::Db;
use crate::primary::files;
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;

/// Most hits of each kind.
pub const MOST: usize = 1_000;
/// Bytes of a text that no name can hold: names have 255, and folding their case does not make them this long.
const TOO_LONG: usize = 1_024;

/// What is looked for. Everything that is given must be so.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Stands in the name, in any case.
    pub text: String,
    /// Exactly this MIME type.
    pub mime_type: Option<String>,
    /// Kind of content.
    pub category: Option<Category>,
    /// One of these, without their dot; none is any.
    pub extensions: Vec<String>,
    /// Bytes at least.
    pub min_size: Option<u64>,
    /// Bytes at most.
    pub max_size: Option<u64>,
    /// Made then or later.
    pub created_after: Option<Timestamp>,
    /// Made then or earlier.
    pub created_before: Option<Timestamp>,
    /// Somewhere below this folder.
    pub folder_id: Option<i64>,
}

/// Kinds of content, as files tell theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FileCategory")]
pub enum Category {
    Image,
    Video,
    Audio,
    Document,
    Archive,
    Other,
}

/// What was found, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    ids: Vec<i64>,
}

impl Wanted {
    /// Whether it asks for what only files have.
    fn is_about_content(&self) -> bool {
        self.mime_type.is_some()
            || self.category.is_some()
            || !self.extensions.is_empty()
            || self.min_size.is_some()
            || self.max_size.is_some()
    }

    /// The text as names are compared; `None` when no name can hold it.
    fn key(&self) -> Option<String> {
        // Before it is worked on: composition makes a text shorter, but not by this much.
        if self.text.len() > 4 * TOO_LONG || self.text.contains('\0') {
            return None;
        }
        Some(files::name_key(self.text.trim())).filter(|key| key.len() < TOO_LONG)
    }
}

impl Hits {
    /// How many there are, at most [`MOST`].
    pub fn total(&self) -> usize {
        self.ids.len().min(MOST)
    }

    /// Whether there are no more than [`total`](Self::total).
    pub fn is_complete(&self) -> bool {
        self.ids.len() <= MOST
    }

    /// A part of them.
    pub fn page(&self, offset: usize, limit: usize) -> &[i64] {
        let end = offset.saturating_add(limit).min(self.total());
        self.ids.get(offset..end).unwrap_or_default()
    }
}

/// Searches in all spaces.
#[derive(Debug, Clone)]
pub struct Search {
    db: Db,
}

impl Search {
    /// Searches in `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Warns when the database lacks what makes searches quick.
    pub async fn warn_when_slow(&self) {
        match store::has_index(&self.db).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                "searches read every name of a space, because the database has no trigram index; \
                 have `CREATE EXTENSION pg_trgm` run there and make the indexes as docs/operations.md says"
            ),
            Err(error) => tracing::warn!("the indexes of the search are not known: {error}"),
        }
    }

    /// Files of `space` that are not in the trash.
    ///
    /// # Errors
    /// The database's.
    pub async fn files(&self, space: Space, wanted: &Wanted) -> Result<Hits, sqlx::Error> {
        match wanted.key() {
            Some(key) => store::find(&self.db, store::Noun::Files, space.id, wanted, &key).await,
            None => Ok(Hits::default()),
        }
    }

    /// Folders of `space` that are not in the trash; none when something is asked for that only files have.
    ///
    /// # Errors
    /// The database's.
    pub async fn folders(&self, space: Space, wanted: &Wanted) -> Result<Hits, sqlx::Error> {
        match wanted.key().filter(|_| !wanted.is_about_content()) {
            Some(key) => store::find(&self.db, store::Noun::Folders, space.id, wanted, &key).await,
            None => Ok(Hits::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_no_name_can_hold_is_not_looked_for() {
        let key = |text: &str| Wanted { text: text.to_owned(), ..Wanted::default() }.key();
        assert_eq!(key(" U\u{308}BER "), Some("über".to_owned()));
        assert_eq!(key(&"x".repeat(10_000)), None);
        assert_eq!(key(&"x".repeat(TOO_LONG)), None);
        assert_eq!(key("a\0b"), None);
    }

    #[test]
    fn a_page_never_leaves_the_hits_that_are_shown() {
        let hits = Hits { ids: (0..=MOST as i64).collect() };
        assert_eq!((hits.total(), hits.is_complete()), (MOST, false));
        assert_eq!(hits.page(MOST - 1, 5), [MOST as i64 - 1]);
        assert!(hits.page(MOST, 5).is_empty() && hits.page(usize::MAX, usize::MAX).is_empty());
        assert!(Hits { ids: vec![1, 2] }.is_complete());
    }
}
