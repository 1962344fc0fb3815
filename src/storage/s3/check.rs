//! Whether a bucket does what a store needs, found out with one object that is written, read back, listed and
//! deleted. It lies beside the namespace, so that no listing of objects ever shows it.

use bytes::Bytes;
use uuid::Uuid;

use super::budget::{Part, reserve};
use super::write::{delete_full, put_whole};
use super::{Bucket, S3Store};
use crate::storage::{ErrorKind, Result, StorageError};

/// Runs all steps; after a failure the object is removed if that is possible.
pub(super) async fn check(store: &S3Store) -> Result<()> {
    let bucket = &store.bucket;
    let namespace = store.root.trim_end_matches('/');
    let name = if namespace.is_empty() { "_aster_connection_test" } else { namespace };
    let key = format!("{name}-check-{}", Uuid::new_v4());
    let content = Bytes::from(key.clone());
    let reservation = reserve(content.len() as u64).await?;
    let step = |step: &'static str| move |error: StorageError| explain(step, error);
    put_whole(bucket, &key, Part { bytes: content.clone(), reservation }).await.map_err(step("writing"))?;
    let outcome = look(bucket, &key, &content).await;
    let deleted = delete_full(bucket, &key).await.map_err(step("deleting"));
    outcome.and(deleted)
}

/// The steps while the object is there.
async fn look(bucket: &Bucket, key: &str, content: &Bytes) -> Result<()> {
    let reading = |error: StorageError| explain("reading back", error);
    let request = bucket.client.get_object().bucket(&*bucket.name).key(key);
    let reply = request.send().await.map_err(|e| reading(bucket.fault("read an object", e)))?;
    let body = reply.body.collect().await;
    let body = body.map_err(|e| {
        let message = format!("the object in {} broke off", bucket.place);
        reading(StorageError::new(ErrorKind::Transient, message).with_source(e))
    })?;
    if body.into_bytes() != *content {
        return Err(reading(bucket.nonsense("other bytes than were written")));
    }
    let request = bucket.client.list_objects_v2().bucket(&*bucket.name).prefix(key).max_keys(1);
    let page = request.send().await.map_err(|e| explain("listing", bucket.fault("list objects", e)))?;
    if page.contents().is_empty() {
        return Err(explain("listing", bucket.nonsense("a list without the object that is there")));
    }
    Ok(())
}

/// `error` with the step that met it; kind and cause stay.
fn explain(step: &str, error: StorageError) -> StorageError {
    StorageError::new(error.kind(), format!("{step} a test object failed: {error}")).with_source(error)
}
