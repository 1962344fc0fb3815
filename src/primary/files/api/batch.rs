//! `/batch`: one call for many files and folders. Each item is a change of its own: what cannot be done is named, and
//! the rest is done.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::{ApiError, Json, Reply, ok};
use crate::primary::Primary;
use crate::primary::files::Item;
use crate::primary::teams::InSpace;
use crate::protocol::codes;

const MAX_ITEMS: usize = 1_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Batch {
    #[serde(default)]
    file_ids: Vec<i64>,
    #[serde(default)]
    folder_ids: Vec<i64>,
    target_folder_id: Option<i64>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "BatchOutcome")]
pub(super) struct Outcome {
    succeeded: usize,
    failed: usize,
    errors: Vec<Failure>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BatchFailure")]
struct Failure {
    entity_type: &'static str,
    entity_id: i64,
    code: &'static str,
    error: String,
}

impl Batch {
    /// Folders before files, as an archive has them.
    fn items(&self) -> Result<Vec<Item>, ApiError> {
        let count = self.file_ids.len() + self.folder_ids.len();
        if count == 0 || count > MAX_ITEMS {
            let text = format!("file_ids and folder_ids name {count} items; 1 to {MAX_ITEMS} are allowed");
            return Err(ApiError::new(codes::BAD_REQUEST, text));
        }
        let folders = self.folder_ids.iter().map(|&id| Item::Folder(id));
        Ok(folders.chain(self.file_ids.iter().map(|&id| Item::File(id))).collect())
    }
}

impl Outcome {
    fn note(&mut self, item: Item, done: Result<(), ApiError>) {
        match done {
            Ok(()) => self.succeeded += 1,
            Err(error) => {
                self.failed += 1;
                self.errors.push(Failure {
                    entity_type: item.kind(),
                    entity_id: item.id(),
                    code: error.code().text,
                    error: error.message().to_owned(),
                });
            }
        }
    }
}

pub(super) async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(batch): Json<Batch>,
) -> Result<Reply<Outcome>, ApiError> {
    let mut outcome = Outcome::default();
    for item in batch.items()? {
        let done = primary.trash.put(&primary.files, space, user.id, item).await;
        outcome.note(item, done.map_err(ApiError::from));
    }
    Ok(told(user.id, "deleted", outcome))
}

pub(super) async fn move_to(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(batch): Json<Batch>,
) -> Result<Reply<Outcome>, ApiError> {
    let (mut outcome, target) = (Outcome::default(), Some(batch.target_folder_id));
    for item in batch.items()? {
        let done = match item {
            Item::File(id) => primary.files.change(space, user.id, id, None, target).await.map(|_| ()),
            Item::Folder(id) => {
                primary.files.change_folder(space, user.id, id, None, target).await.map(|_| ())
            }
        };
        outcome.note(item, done.map_err(ApiError::from));
    }
    Ok(told(user.id, "moved", outcome))
}

pub(super) async fn copy(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(batch): Json<Batch>,
) -> Result<Reply<Outcome>, ApiError> {
    let (mut outcome, target) = (Outcome::default(), batch.target_folder_id);
    for item in batch.items()? {
        let done = match item {
            Item::File(id) => primary.files.copy(space, user.id, id, target).await.map(|_| ()),
            Item::Folder(id) => primary.files.copy_folder(space, user.id, id, target).await.map(|_| ()),
        };
        outcome.note(item, done.map_err(ApiError::from));
    }
    Ok(told(user.id, "copied", outcome))
}

fn told(user_id: i64, what: &str, outcome: Outcome) -> Reply<Outcome> {
    tracing::info!(user.id = user_id, succeeded = outcome.succeeded, failed = outcome.failed, "items {what}");
    ok(outcome)
}
