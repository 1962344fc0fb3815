//! What is left behind when a store fails.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream;

use std::time::Duration;

use super::*;
use crate::primary::spaces::SpaceOwner;
use crate::primary::tests::Site;
use crate::protocol::ByteRange;
use crate::storage::{
    ByteStream, ErrorKind, KeyStream, ObjectMeta, ObjectReader, ObjectStore, Result as StoreResult,
    SharedStore, Stored,
};

/// A store that does what it is told and answers something else.
#[derive(Debug)]
struct Faulty {
    inner: SharedStore,
    /// How it answers a write that it has done; `None` is the truth.
    after_put: Option<ErrorKind>,
    /// How many bytes it claims to lack.
    short_by: u64,
    deletes: bool,
}

impl ObjectStore for Faulty {
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        size: u64,
        body: ByteStream,
    ) -> BoxFuture<'a, StoreResult<Stored>> {
        async move {
            let stored = self.inner.put(key, size, body).await?;
            match self.after_put {
                Some(kind) => Err(StorageError::new(kind, "told to fail")),
                None => Ok(Stored { size: stored.size - self.short_by, ..stored }),
            }
        }
        .boxed()
    }

    fn get<'a>(
        &'a self,
        key: &'a ObjectKey,
        range: Option<ByteRange>,
    ) -> BoxFuture<'a, StoreResult<ObjectReader>> {
        self.inner.get(key, range)
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, StoreResult<ObjectMeta>> {
        self.inner.head(key)
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, StoreResult<()>> {
        if self.deletes {
            self.inner.delete(key)
        } else {
            async { Err(StorageError::new(ErrorKind::Transient, "told to fail")) }.boxed()
        }
    }

    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, StoreResult<KeyStream>> {
        self.inner.list(prefix)
    }

    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        size: u64,
    ) -> BoxFuture<'a, StoreResult<u64>> {
        self.inner.compose(target, parts, size)
    }
}

/// The space of the administrator.
async fn space(site: &Site) -> Space {
    let primary = &site.primary;
    let account = primary.accounts.get(1).await.expect("admin");
    let space = spaces::of(&primary.db, SpaceOwner::User(1), account.policy_group_id).await;
    space.expect("database").expect("space")
}

async fn admit(site: &Site) -> NewFile {
    let primary = &site.primary;
    let target = Target::at_path(None, "f").expect("path");
    primary.files.admit(&primary.policies, space(site).await, 1, target, 4).await.expect("admitted")
}

async fn store(site: &Site, new: NewFile) -> Result<FileRecord, FileError> {
    let body = Box::pin(stream::iter([Ok(Bytes::from_static(b"1234"))]));
    site.primary.files.store(&site.primary.policies, new, body).await
}

/// Uploads four bytes to the default policy with a faulty store in place of its own.
async fn upload(
    site: &Site,
    after_put: Option<ErrorKind>,
    short_by: u64,
    deletes: bool,
) -> Result<FileRecord, FileError> {
    let mut new = admit(site).await;
    let inner = new.place.store.clone();
    new.place.store = std::sync::Arc::new(Faulty { inner, after_put, short_by, deletes });
    store(site, new).await
}

async fn clean(site: &Site, settle: Duration) -> usize {
    site.primary.files.clean_strays(&site.primary.policies, settle).await.expect("clean")
}

#[tokio::test]
async fn a_write_that_failed_for_certain_leaves_nothing() {
    let (site, _) = Site::with_admin().await;
    for kind in [ErrorKind::Full, ErrorKind::BodyInterrupted, ErrorKind::Precondition] {
        let refused = upload(&site, Some(kind), 0, true).await;
        assert!(matches!(refused, Err(FileError::Storage { .. })), "{refused:?}");
        assert_eq!(site.leftovers().await, (0, 0, 0, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn an_object_of_the_wrong_size_becomes_no_file() {
    let (site, _) = Site::with_admin().await;
    assert!(upload(&site, None, 1, true).await.is_err());
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_followed_up_until_it_cannot_appear_any_more() {
    let (site, _) = Site::with_admin().await;
    assert!(upload(&site, Some(ErrorKind::Transient), 0, true).await.is_err());
    assert_eq!(site.leftovers().await, (0, 0, 1, 1));
    assert_eq!(clean(&site, Duration::from_secs(3600)).await, 1);
    assert_eq!(site.leftovers().await, (0, 0, 1, site.waiting_objects(1)));
    assert_eq!(clean(&site, Duration::ZERO).await, 0);
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn an_object_whose_file_may_yet_be_committed_is_left_to_the_cleaner() {
    let (site, _) = Site::with_admin().await;
    // The statement that makes a file names what this index promises.
    site.execute("ALTER TABLE files RENAME COLUMN name_key TO gone").await;
    let failed = upload(&site, None, 0, true).await;
    assert!(matches!(failed, Err(FileError::Database(_))), "{failed:?}");
    assert_eq!(site.leftovers().await, (0, 0, 1, 1));
    assert_eq!(clean(&site, Duration::ZERO).await, 0);
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn a_policy_that_moves_as_an_upload_begins_refuses_it() {
    let (site, _) = Site::with_admin().await;
    let new = admit(&site).await;
    site.execute("UPDATE storage_policies SET base_path = 'data/elsewhere'").await;
    let refused = store(&site, new).await;
    assert!(matches!(refused, Err(FileError::PolicyChanged(_))), "{refused:?}");
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}

#[tokio::test]
async fn a_policy_that_goes_as_an_upload_begins_is_named() {
    let (site, _) = Site::with_admin().await;
    let new = admit(&site).await;
    site.execute("DELETE FROM policy_group_rules").await;
    site.execute("DELETE FROM storage_policies").await;
    let refused = store(&site, new).await;
    assert!(matches!(refused, Err(FileError::Policy(PolicyError::NotFound(1)))), "{refused:?}");
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_now_is_removed_later() {
    let (site, _) = Site::with_admin().await;
    assert!(upload(&site, Some(ErrorKind::Full), 0, false).await.is_err());
    assert_eq!(site.leftovers().await, (0, 0, 1, 1));
    assert_eq!(clean(&site, Duration::ZERO).await, 0);
    assert_eq!(site.leftovers().await, (0, 0, 0, 0));
}
