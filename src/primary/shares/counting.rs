//! A download that is counted, and the way back while nothing was sent.

use super::{ShareError, Shares, store};
use crate::db::Db;
use crate::protocol::Timestamp;

/// A counted download. Unless it is [kept](Self::keep), its count is given back when this is dropped: the file could not
/// be opened, or the client was gone before the first byte.
#[derive(Debug)]
#[must_use = "dropping it gives the count back"]
pub struct Counted {
    db: Db,
    share_id: Option<i64>,
}

impl Counted {
    /// The first byte is on its way: the download stays counted.
    pub fn keep(mut self) {
        self.share_id = None;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(share_id) = self.share_id.take() else { return };
        let db = self.db.clone();
        // At the end of the process there may be no runtime any more; the download then stays counted.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = store::give_back(&db, share_id).await {
                tracing::warn!(share.id = share_id, "a download that failed stays counted: {error}");
            }
        });
    }
}

impl Shares {
    /// Counts a download, if the share has one left.
    pub(super) async fn count(&self, share_id: i64) -> Result<Counted, ShareError> {
        if store::take_download(&self.db, share_id, Timestamp::now()).await? {
            Ok(Counted { db: self.db.clone(), share_id: Some(share_id) })
        } else {
            Err(ShareError::LimitReached)
        }
    }
}
