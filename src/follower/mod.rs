//! The follower: keeps objects for one primary.
//!
//! It serves `/health`, `/health/ready` and the internal storage protocol (wire contract §5), nothing else. A request
//! for an object touches no database: it works on one immutable `snapshot::Snapshot`, which enrollment, the primary's
//! control calls and SIGHUP replace.

mod binding;
mod caller;
mod cors;
pub mod enrollment;
mod error;
mod health;
mod ingress;
mod objects;
mod replay;
mod snapshot;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, patch, post, put};
use futures_util::FutureExt;
use futures_util::future::Either;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tracing::Instrument;

pub use self::binding::BindingError;
use self::ingress::{Ingress, Opener};
pub use self::ingress::{IngressError, TargetSummary, target_summaries};
use self::replay::{Beginning, ReplayMemory};
pub use self::snapshot::SnapshotError;
use self::snapshot::{Absence, ReadyTarget, Snapshot, Target};
use crate::config::{Config, SealingKey};
use crate::db::Db;
use crate::http::{Answer, ApiError, health_reply, with_common_layers};
use crate::protocol::{STORAGE_PATH, Timestamp, codes};

/// Why a follower cannot start or reload.
#[derive(Debug, thiserror::Error)]
pub enum FollowerError {
    /// Binding or targets cannot be read.
    #[error(transparent)]
    State(#[from] SnapshotError),
    /// The replay memory cannot be read or written.
    #[error("cannot use the replay memory in {path}: {source}")]
    ReplayMemory {
        /// The data directory.
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// A running follower; cheap to clone, all clones are the same one.
#[derive(Debug, Clone)]
pub struct Follower {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    snapshot: ArcSwap<Snapshot>,
    /// Held while the state changes: one change at a time, each visible before the next begins.
    control: Mutex<()>,
    replay: ReplayMemory,
    ingress: Ingress,
    data_dir: PathBuf,
}

impl Follower {
    /// Reads binding and targets from `db`, opens the default target and sweeps what an earlier run left there, and
    /// loads the replay memory. A target that cannot be opened is no error: object requests say so, control calls work.
    ///
    /// After a crash this waits up to two seconds, so that no request is refused for being signed in the second of the
    /// start.
    pub async fn open(db: Db, config: &Config) -> Result<Self, FollowerError> {
        let ingress = Ingress {
            db,
            sealing_key: config.auth.sealing_key.clone(),
            opener: Opener::from_config(&config.server.follower),
        };
        sweep_buckets(&ingress).await?;
        let snapshot = read_state(&ingress, None).await?;
        let beginning = if snapshot.binding.is_some() { Beginning::Bound } else { Beginning::NoBinding };
        let replay = open_replay_memory(config, beginning).await?;
        let inner = Inner {
            snapshot: ArcSwap::from_pointee(snapshot),
            control: Mutex::new(()),
            replay,
            ingress,
            data_dir: config.data_dir.clone(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Everything a follower serves.
    pub fn endpoints(&self) -> Endpoints {
        Endpoints { follower: self.clone(), others: self.routes() }
    }

    /// Everything but single objects.
    fn routes(&self) -> Router {
        let at = |path: &str| format!("{STORAGE_PATH}{path}");
        let routes = Router::new()
            .route("/health", get(health_reply))
            .route("/health/ready", get(health::ready))
            .route(&at("/capabilities"), get(binding::api::get_capabilities))
            .route(&at("/binding"), put(binding::api::put_binding))
            .route(
                &at("/ingress-profiles"),
                get(ingress::api::list_targets).post(ingress::api::create_target),
            )
            .route(
                &at("/ingress-profiles/{profile_key}"),
                patch(ingress::api::update_target).delete(ingress::api::delete_target),
            )
            .route(&at("/objects"), get(objects::list_objects))
            .route(&at("/compose"), post(objects::compose_objects))
            .with_state(self.clone());
        with_common_layers(routes)
    }

    /// Reads binding and targets again and lets them take effect; targets that could not be used are tried again.
    /// On failure the follower goes on as it was.
    pub async fn reload(&self) -> Result<(), FollowerError> {
        let _control = self.inner.control.lock().await;
        let present = self.snapshot();
        let next = read_state(&self.inner.ingress, Some(&present)).await?;
        self.inner.snapshot.store(Arc::new(next));
        Ok(())
    }

    /// A clean stop: refuses further signed requests, saves the replay memory and closes the database.
    pub async fn close(&self) {
        let follower = self.clone();
        let saved = spawn_blocking(move || follower.inner.replay.save(Timestamp::now().unix_secs())).await;
        if let Err(error) = saved.map_err(io::Error::other).flatten() {
            let path = self.inner.data_dir.display();
            tracing::warn!(
                "cannot save the replay memory in {path}: {error}; the next start refuses requests signed before it"
            );
        }
        self.db().close().await;
    }

    fn db(&self) -> &Db {
        &self.inner.ingress.db
    }

    fn sealing_key(&self) -> &SealingKey {
        &self.inner.ingress.sealing_key
    }

    fn ingress(&self) -> &Ingress {
        &self.inner.ingress
    }

    fn replay(&self) -> &ReplayMemory {
        &self.inner.replay
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot.load_full()
    }

    /// Runs a change of the stored state and lets it take effect before it returns. The change finishes even if the
    /// caller goes away: a committed change must not wait for the next one to be seen.
    async fn change<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        let follower = self.clone();
        let change = async move {
            let _control = follower.inner.control.lock().await;
            let outcome = work.await;
            let present = follower.snapshot();
            let inner = &follower.inner;
            let next = Snapshot::read(&inner.ingress, Some(&present)).await;
            // Also after a failure: of a commit that failed nobody knows whether it took place.
            let refreshed = next.map(|next| inner.snapshot.store(Arc::new(next)));
            let value = outcome.map_err(Into::into)?;
            refreshed.map_err(ApiError::from)?;
            Ok(value)
        };
        let task = tokio::spawn(change.in_current_span());
        task.await.unwrap_or_else(|error| Err(ApiError::internal(codes::INTERNAL, error)))
    }

    /// The open target of `snapshot` that the query of a request is for. One that could not be opened is tried again,
    /// by one request at a time.
    async fn target_for(
        &self,
        snapshot: &Snapshot,
        query: Option<&str>,
    ) -> Result<Arc<ReadyTarget>, ApiError> {
        let named = caller::named_target(query);
        let named = named.map_err(|error| ApiError::new(codes::BAD_REQUEST, error.to_string()))?;
        Ok(self.target(snapshot, named.as_deref()).await?)
    }

    async fn target(
        &self,
        snapshot: &Snapshot,
        profile_key: Option<&str>,
    ) -> Result<Arc<ReadyTarget>, Absence> {
        match snapshot.target_of(profile_key) {
            Target::Ready(target) => Ok(target),
            Target::Absent(Absence::Failed(failed)) if failed.is_due() => {
                self.try_target_again(profile_key).await
            }
            Target::Absent(absence) => Err(absence),
        }
    }

    async fn try_target_again(&self, profile_key: Option<&str>) -> Result<Arc<ReadyTarget>, Absence> {
        let control = self.inner.control.try_lock();
        let mut snapshot = self.snapshot();
        if control.is_ok()
            && let Target::Absent(Absence::Failed(failed)) = snapshot.target_of(profile_key)
            && failed.is_due()
        {
            snapshot = Arc::new(snapshot.with_target_tried_again(&self.inner.ingress, &failed).await);
            self.inner.snapshot.store(Arc::clone(&snapshot));
        }
        match snapshot.target_of(profile_key) {
            Target::Ready(target) => Ok(target),
            Target::Absent(absence) => Err(absence),
        }
    }
}

/// What a follower serves. Requests for single objects go past the router: they are most of the traffic and the
/// smallest answers, and routing would cost as much as reading a small object.
#[derive(Debug, Clone)]
pub struct Endpoints {
    follower: Follower,
    others: Router,
}

impl Answer for Endpoints {
    fn answer(&self, request: Request) -> impl Future<Output = Response> + Send + use<> {
        if objects::is_object_path(request.uri().path()) {
            Either::Left(objects::serve(self.follower.clone(), request))
        } else {
            // Boxed: every connection has room for the future of a request, and these are rare.
            Either::Right(self.others.answer(request).boxed())
        }
    }
}

/// The stored state, after another try to apply what is owed.
async fn read_state(ingress: &Ingress, present: Option<&Snapshot>) -> Result<Snapshot, SnapshotError> {
    if let Some(binding) = binding::load(&ingress.db, &ingress.sealing_key).await? {
        ingress.apply_owed(&binding.namespace).await?;
    }
    Snapshot::read(ingress, present).await
}

/// Removes what an earlier run left unfinished in buckets, before anything new is written there.
async fn sweep_buckets(ingress: &Ingress) -> Result<(), SnapshotError> {
    if let Some(binding) = binding::load(&ingress.db, &ingress.sealing_key).await? {
        for record in ingress.list().await? {
            ingress.opener.sweep(&record, &binding.namespace).await;
        }
    }
    Ok(())
}

async fn open_replay_memory(config: &Config, beginning: Beginning) -> Result<ReplayMemory, FollowerError> {
    let path = config.data_dir.clone();
    let bytes = config.server.follower.replay_memory_bytes;
    let now = Timestamp::now().unix_secs();
    let opened = spawn_blocking(move || ReplayMemory::open(&path, bytes, beginning, now)).await;
    let (memory, wait) = opened
        .map_err(io::Error::other)
        .flatten()
        .map_err(|source| FollowerError::ReplayMemory { path: config.data_dir.clone(), source })?;
    if let Some(second) = wait {
        tracing::info!("the last run ended without a clean stop; requests signed before now are refused");
        replay::wait_until_after(second).await;
    }
    Ok(memory)
}
