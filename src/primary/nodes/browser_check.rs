//! Whether a browser can transfer objects to and from a follower, which presigned storage policies need: the browser
//! gets URLs of one tiny object and tries. Nobody else can tell what its network, its certificates and a proxy on its
//! way let through.

use std::time::Duration;

use super::{NodeError, Nodes};
use crate::protocol::{ObjectKey, ResponseOverrides};
use crate::storage::remote::RemoteStore;
use crate::storage::{ObjectStore, PresignedUrl};

/// Where the object lies in the node's namespace. The name is fixed, so a check that nobody ended leaves one object of
/// [`SIZE`] bytes, and the next one writes over it.
const KEY: &str = "browser-check/probe.txt";
/// Bytes of the object.
const SIZE: u64 = 16;
const LIFETIME: Duration = Duration::from_secs(60);

/// What a browser needs for the check.
#[derive(Debug)]
pub struct BrowserCheck {
    /// Takes the object.
    pub put_url: PresignedUrl,
    /// Gives it back.
    pub get_url: PresignedUrl,
    /// Bytes to send.
    pub size: u64,
}

impl Nodes {
    /// URLs that live a minute.
    pub async fn begin_browser_check(&self, id: i64) -> Result<BrowserCheck, NodeError> {
        let (store, key) = self.browser_store(id).await?;
        let put_url = store.presign_put(&key, SIZE, LIFETIME).await?;
        let get_url = store.presign_get(&key, &ResponseOverrides::default(), LIFETIME).await?;
        Ok(BrowserCheck { put_url, get_url, size: SIZE })
    }

    /// Removes the object, if the browser got so far.
    pub async fn end_browser_check(&self, id: i64) -> Result<(), NodeError> {
        let (store, key) = self.browser_store(id).await?;
        Ok(store.delete(&key).await?)
    }

    async fn browser_store(&self, id: i64) -> Result<(RemoteStore, ObjectKey), NodeError> {
        let node = self.get(id).await?;
        if !node.is_enrolled() {
            return Err(NodeError::EnrollmentRequired(node.name));
        }
        if !node.is_enabled {
            return Err(NodeError::Disabled(node.name));
        }
        let store = RemoteStore::new(&node.name, self.client(&node)?, "").expect("the root is a base path");
        Ok((store, ObjectKey::parse(KEY).expect("the key is one")))
    }
}
