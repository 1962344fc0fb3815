//! An object store whose bytes lie on a follower, below a base path.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::client::FollowerClient;
use crate::protocol::{ByteRange, ComposeRequest, KeyError, ObjectKey};
use crate::storage::{
    ByteStream, ErrorKind, KeyStream, ObjectMeta, ObjectReader, ObjectStore, PresignedUrl, ResponseOverrides,
    Result, StorageError, Stored, listed,
};

/// Objects of one storage policy on a follower. The wire key is the base path, `/`, and the key.
///
/// Two promises of [`ObjectStore`] depend on the follower: durability, and that a failed compose leaves an earlier
/// target alone (deployed followers remove it, wire contract §11).
pub struct RemoteStore {
    /// What errors say in front: "node `edge`".
    place: String,
    client: FollowerClient,
    base: Option<ObjectKey>,
}

impl RemoteStore {
    /// The store at `base_path` (outer `/` do not matter, empty is the namespace root) of the follower that people
    /// know as `node_name`.
    pub fn new(
        node_name: &str,
        client: FollowerClient,
        base_path: &str,
    ) -> std::result::Result<Self, KeyError> {
        let base = match ObjectKey::parse(base_path) {
            Ok(base) => Some(base),
            Err(KeyError::Empty) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { place: format!("node `{node_name}`"), client, base })
    }

    /// Lets the errors of `call` say which node they come from.
    fn placed<'a, T>(
        &'a self,
        call: impl Future<Output = Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        async move { call.await.map_err(|error| error.at(&self.place)) }.boxed()
    }

    fn wire(&self, key: &ObjectKey) -> Result<ObjectKey> {
        let Some(base) = &self.base else { return Ok(key.clone()) };
        ObjectKey::under(base.as_str(), key.as_str())
            .map_err(|error| StorageError::new(ErrorKind::InvalidArgument, error.to_string()))
    }

    /// The part of a wire key behind the base path, if it lies there.
    fn local<'a>(&self, wire: &'a str) -> Option<&'a str> {
        match &self.base {
            None => Some(wire),
            Some(base) => wire.strip_prefix(base.as_str())?.strip_prefix('/'),
        }
    }

    async fn keys_under(&self, prefix: Option<&ObjectKey>) -> Result<Vec<String>> {
        let wire = prefix.map(|prefix| self.wire(prefix)).transpose()?.or_else(|| self.base.clone());
        let listed = match self.client.list_objects(wire.as_ref()).await {
            // A local target cannot list a prefix that is itself an object.
            Err(error) if error.kind() == ErrorKind::NotFound => return self.only(prefix).await,
            other => other?,
        };
        // In place: they may be many. Their order is a promise of the contract that costs little to keep ourselves.
        let mut keys = listed;
        keys.retain_mut(|wire| {
            let Some(key) = self.local(wire) else { return false };
            let behind_base = wire.len() - key.len();
            let wanted = prefix.is_none_or(|prefix| lies_under(key, prefix.as_str()));
            wire.drain(..behind_base);
            wanted
        });
        keys.sort_unstable();
        Ok(keys)
    }

    async fn only(&self, key: Option<&ObjectKey>) -> Result<Vec<String>> {
        let Some(key) = key else { return Ok(Vec::new()) };
        match self.client.metadata(&self.wire(key)?).await {
            Ok(_) => Ok(vec![key.as_str().to_owned()]),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn concatenate(&self, target: &ObjectKey, parts: &[ObjectKey], expected_size: u64) -> Result<u64> {
        let refuse = |message: &'static str| Err(StorageError::new(ErrorKind::InvalidArgument, message));
        if parts.is_empty() {
            return refuse("an object is composed of at least one part");
        }
        // The follower removes the parts afterwards, and so would remove the result.
        if parts.contains(target) {
            return refuse("the target of a compose must not be one of its parts");
        }
        let Ok(expected_size) = i64::try_from(expected_size) else {
            return refuse("the composed object would be larger than any store takes");
        };
        let part_keys = parts.iter().map(|part| self.wire(part).map(|key| key.as_str().to_owned()));
        let request = ComposeRequest {
            target_key: self.wire(target)?.as_str().to_owned(),
            part_keys: part_keys.collect::<Result<_>>()?,
            expected_size,
        };
        self.client.compose_objects(&request).await
    }
}

/// By whole segments: `a` has `a/b` under it, not `ab`.
fn lies_under(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl ObjectStore for RemoteStore {
    fn put<'a>(&'a self, key: &'a ObjectKey, size: u64, body: ByteStream) -> BoxFuture<'a, Result<Stored>> {
        self.placed(async move { self.client.put_object(&self.wire(key)?, size, body).await })
    }

    fn get<'a>(
        &'a self,
        key: &'a ObjectKey,
        range: Option<ByteRange>,
    ) -> BoxFuture<'a, Result<ObjectReader>> {
        self.placed(async move { self.client.get_object(&self.wire(key)?, range).await })
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<ObjectMeta>> {
        self.placed(async move {
            let found = self.client.metadata(&self.wire(key)?).await?;
            Ok(ObjectMeta { size: found.size, content_type: found.content_type })
        })
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<()>> {
        self.placed(async move { self.client.delete_object(&self.wire(key)?).await })
    }

    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, Result<KeyStream>> {
        self.placed(async move { self.keys_under(prefix).await.map(listed) })
    }

    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>> {
        self.placed(self.concatenate(target, parts, expected_size))
    }

    fn presign_get<'a>(
        &'a self,
        key: &'a ObjectKey,
        overrides: &'a ResponseOverrides,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        self.placed(async move { self.client.presign_get(&self.wire(key)?, overrides, lifetime) })
    }

    fn presign_put<'a>(
        &'a self,
        key: &'a ObjectKey,
        size: u64,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        self.placed(async move { self.client.presign_put(&self.wire(key)?, size, lifetime) })
    }
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStore")
            .field("follower", &self.client.base().as_str())
            .field("base", &self.base.as_ref().map(ObjectKey::as_str))
            .finish()
    }
}

#[cfg(test)]
mod tests;
