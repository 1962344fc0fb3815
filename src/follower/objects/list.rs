//! The listing (wire contract §5.6). The contract has no pages, so the answer may have any length: it is written while
//! keys are found, and only as fast as the client takes it.

use std::mem;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Uri};
use serde::Deserialize;

use crate::follower::Follower;
use crate::follower::caller::Signed;
use crate::follower::error::{bad_key, object_failure};
use crate::http::{ApiError, Query};
use crate::protocol::{Envelope, KeyError, ListReply, ObjectKey};
use crate::storage::{self, KeyStream};

/// Bytes of the answer that are made at a time. Up to so many are sent with their length, and a failure among them
/// still is an answer; behind them it can only break off the connection.
const PIECE: usize = 64 * 1024;

/// Members of a listing.
#[derive(Debug, Deserialize)]
pub(in crate::follower) struct ListQuery {
    #[serde(default)]
    prefix: String,
}

pub(in crate::follower) async fn list_objects(
    Signed(snapshot): Signed,
    State(follower): State<Follower>,
    uri: Uri,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let target = follower.target_for(&snapshot, uri.query()).await?;
    let prefix = match ObjectKey::parse(&query.prefix) {
        Ok(prefix) => Some(prefix),
        Err(KeyError::Empty) => None,
        Err(error) => return Err(bad_key(error)),
    };
    let body = match target.store.list(prefix.as_ref()).await {
        Ok(keys) => Answer::new(keys).into_body().await,
        Err(error) => Err(error),
    };
    let body = body.map_err(object_failure(target.driver()))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

/// A JSON answer, as far as it is not written yet.
struct Answer {
    /// `None` once all of them are written.
    keys: Option<KeyStream>,
    /// What stands before the next key, and behind the last.
    before: &'static str,
    head: String,
    tail: String,
}

impl Answer {
    fn new(keys: KeyStream) -> Self {
        let empty = serde_json::to_string(&Envelope::of(ListReply { items: Vec::new() }));
        let empty = empty.expect("text and an empty array");
        let (head, tail) = empty.split_once("[]").expect("an empty listing has one empty array");
        Self { keys: Some(keys), before: "[", head: head.to_owned(), tail: format!("]{tail}") }
    }

    /// Fails only when nothing of the answer is under way yet.
    async fn into_body(mut self) -> storage::Result<Body> {
        let first = self.piece().await?;
        if self.keys.is_none() {
            return Ok(first.into());
        }
        let more = stream::try_unfold(self, async |mut answer| {
            if answer.keys.is_none() {
                return Ok(None);
            }
            // The client sees a body without an end, and must not take what it has for all there is.
            let piece = answer.piece().await.inspect_err(|error| {
                tracing::warn!(%error, "a listing was broken off");
            })?;
            Ok::<_, storage::StorageError>(Some((piece, answer)))
        });
        Ok(Body::from_stream(stream::once(async { Ok(first) }).chain(more)))
    }

    /// Writes about [`PIECE`] bytes more, or all that is left.
    async fn piece(&mut self) -> storage::Result<Bytes> {
        let mut piece = mem::take(&mut self.head).into_bytes();
        while let Some(keys) = &mut self.keys
            && piece.len() < PIECE
        {
            match keys.next().await {
                Some(key) => {
                    piece.extend_from_slice(mem::replace(&mut self.before, ",").as_bytes());
                    serde_json::to_writer(&mut piece, &key?).expect("text, written to memory");
                }
                None => {
                    // Without any key, the array was not begun.
                    if self.before == "[" {
                        piece.push(b'[');
                    }
                    piece.extend_from_slice(self.tail.as_bytes());
                    self.keys = None;
                }
            }
        }
        Ok(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use http_body_util::BodyExt;

    use super::*;
    use crate::storage::{ErrorKind, StorageError};

    fn stream(keys: Vec<storage::Result<String>>) -> KeyStream {
        Box::pin(stream::iter(keys))
    }

    fn broken() -> storage::Result<String> {
        Err(StorageError::new(ErrorKind::Transient, "the disk is gone"))
    }

    /// So many keys that the answer has several pieces.
    fn many() -> Vec<String> {
        (0..5000).map(|n| format!("dir/\"quoted\" \u{1} ä/{n:05}-{}", "x".repeat(n % 50))).collect()
    }

    #[tokio::test]
    async fn an_answer_is_the_envelope_of_the_contract_whatever_its_length() {
        for keys in [Vec::new(), vec!["one".to_owned()], many()] {
            let body = Answer::new(stream(keys.iter().cloned().map(Ok).collect())).into_body().await;
            let body = body.expect("a body");
            assert_eq!(
                body.size_hint().exact().is_some(),
                keys.len() < 5000,
                "short answers tell their length"
            );
            let text = body.collect().await.expect("whole").to_bytes();
            let expected = serde_json::to_vec(&Envelope::of(ListReply { items: keys })).expect("JSON");
            assert!(text == expected, "{}", String::from_utf8_lossy(&text[..text.len().min(200)]));
        }
    }

    #[tokio::test]
    async fn a_failure_at_the_start_is_an_answer_and_one_behind_it_breaks_the_body() {
        let soon = Answer::new(stream(vec![Ok("one".to_owned()), broken()]));
        assert!(soon.into_body().await.is_err());
        let late = many().into_iter().map(Ok).chain([broken()]).collect();
        let body = Answer::new(stream(late)).into_body().await.expect("it has begun");
        assert!(body.collect().await.is_err(), "what was cut must not look whole");
    }
}
