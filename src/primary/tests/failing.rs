//! A primary whose steps fail on demand, and what its cleaners do afterwards.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::db::failing::Steps;
use crate::primary::storage_migrations::StorageMigration;
use crate::protocol::{ByteRange, ObjectKey, Timestamp};
use crate::storage::{
    ByteStream, ChosenPart, ErrorKind, KeyStream, ObjectMeta, ObjectReader, ObjectStore, PartUpload,
    Result as StoreResult, StorageError, Stored,
};
use crate::tasks::Worker;

/// Longer than anything is waited for.
const LATER_MS: i64 = 48 * 3_600_000;

/// Targets of uploads in parts that were begun and not ended, whatever becomes of the process.
pub(crate) type Unfinished = Arc<Mutex<BTreeSet<String>>>;

/// A store whose calls are steps, and which keeps uploads in parts until they are ended, as S3 does.
#[derive(Debug)]
struct Failing {
    inner: SharedStore,
    steps: Steps,
    unfinished: Unfinished,
}

impl Failing {
    /// Transient: nobody can tell from it whether the call was done.
    fn step<'a, T: Send + 'a>(
        &'a self,
        call: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        self.steps.take(call, || StorageError::new(ErrorKind::Transient, "told to fail")).boxed()
    }

    fn end(&self, target: &ObjectKey) {
        self.unfinished.lock().expect("targets").remove(target.as_str());
    }
}

impl ObjectStore for Failing {
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        size: u64,
        body: ByteStream,
    ) -> BoxFuture<'a, StoreResult<Stored>> {
        self.step(self.inner.put(key, size, body))
    }

    fn get<'a>(
        &'a self,
        key: &'a ObjectKey,
        range: Option<ByteRange>,
    ) -> BoxFuture<'a, StoreResult<ObjectReader>> {
        self.step(self.inner.get(key, range))
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, StoreResult<ObjectMeta>> {
        self.step(self.inner.head(key))
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, StoreResult<()>> {
        self.step(self.inner.delete(key))
    }

    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, StoreResult<KeyStream>> {
        self.step(self.inner.list(prefix))
    }

    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        size: u64,
    ) -> BoxFuture<'a, StoreResult<u64>> {
        self.step(self.inner.compose(target, parts, size))
    }

    fn begin_parts<'a>(&'a self, target: &'a ObjectKey) -> BoxFuture<'a, StoreResult<PartUpload>> {
        let begin = async move {
            self.unfinished.lock().expect("targets").insert(target.to_string());
            self.inner.begin_parts(target).await
        };
        self.step(begin.boxed())
    }

    fn complete_parts<'a>(
        &'a self,
        upload: &'a PartUpload,
        parts: &'a [ChosenPart],
        size: u64,
    ) -> BoxFuture<'a, StoreResult<u64>> {
        let complete = async move {
            let bytes = self.inner.complete_parts(upload, parts, size).await?;
            self.end(&upload.target);
            Ok(bytes)
        };
        self.step(complete.boxed())
    }

    fn abort_parts<'a>(&'a self, upload: &'a PartUpload) -> BoxFuture<'a, StoreResult<()>> {
        let abort = async move {
            self.inner.abort_parts(upload).await?;
            self.end(&upload.target);
            Ok(())
        };
        self.step(abort.boxed())
    }

    fn abort_unfinished<'a>(&'a self, target: &'a ObjectKey) -> BoxFuture<'a, StoreResult<()>> {
        let abort = async move {
            self.end(target);
            Ok(())
        };
        self.step(abort.boxed())
    }
}

impl Site {
    /// The steps of its database and of the stores that take part.
    pub(crate) fn steps(&self) -> &Steps {
        self.db.steps()
    }

    /// Has the store of a policy take part.
    pub(crate) async fn let_store_fail(&self, policy_id: i64, unfinished: &Unfinished) {
        let (steps, unfinished) = (self.steps().clone(), Arc::clone(unfinished));
        let wrap = |inner| Arc::new(Failing { inner, steps, unfinished }) as SharedStore;
        self.primary.policies.wrap_store(policy_id, wrap).await;
    }

    /// Ends without a goodbye, and starts again in the same directory.
    pub(crate) async fn again(self) -> Self {
        let Self { db, dir, .. } = self;
        db.close().await;
        Self::start(dir, "").await
    }

    /// The configuration, with the database that it really has.
    pub(crate) fn config(&self) -> Config {
        let mut config = config(self.dir.path());
        config.database.url = url_in(self.dir.path());
        config
    }

    /// How many blobs lie under a policy.
    pub(crate) async fn blobs_under(&self, policy_id: i64) -> usize {
        self.primary.files.blobs_of(policy_id, 0, 1000).await.expect("blobs").len()
    }

    /// Removes what is marked in the trash.
    pub(crate) async fn remove_marked(&self) -> bool {
        let removed = self.primary.trash.remove_marked(&self.primary.files, &self.primary.policies).await;
        removed.is_ok()
    }

    /// Lets so much time go by that leases are over and nothing can be under way any more, and has the cleaners work.
    ///
    /// # Panics
    /// When they leave anything.
    pub(crate) async fn settle(&self) {
        self.execute("UPDATE tasks SET lease_until = 0, run_at = 0 WHERE state IN ('processing', 'retry')")
            .await;
        // What the first round ends, the second forgets.
        for round in 1..=2 {
            let later = Timestamp::from_unix_ms(Timestamp::now().unix_ms() + round * LATER_MS);
            self.primary.uploads.remove_expired(later).await.expect("the end of uploads");
        }
        assert!(self.remove_marked().await, "the trash");
        // A note of an object that may yet appear says until when.
        self.execute("UPDATE stray_objects SET last_write_at = -1 WHERE last_write_at < 0").await;
        let cleaned = self.primary.files.clean_strays(&self.primary.policies, Duration::ZERO).await;
        assert_eq!(cleaned.expect("the cleaner"), 0);
        assert_eq!((self.count("stray_objects").await, self.count("upload_sessions").await), (0, 0));
    }

    /// Works on storage migrations, and on nothing else, until `work` is done.
    pub(crate) async fn migrating<T>(&self, work: impl Future<Output = T>) -> T {
        let worker = Worker::new(&self.primary.tasks).register(StorageMigration(self.primary.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let working = Box::pin(worker.run(async move { drop(stopped.await) }));
        let waiting = async {
            let done = work.await;
            drop(stop);
            done
        };
        tokio::join!(working, waiting).1
    }
}

impl Session {
    /// The same person at a primary that has moved.
    pub(crate) fn at(self, site: &Site) -> Self {
        Self { base: site.url(""), ..self }
    }
}
