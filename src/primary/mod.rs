//! The role with the people.
//!
//! One folder for each thing a person knows by name: `api.rs` has its routes and JSON types, `mod.rs` its rules,
//! `store.rs` its SQL. A domain may use the rules of another, never its routes or SQL. This file puts them together.

pub mod accounts;
pub mod archives;
pub mod audit;
pub mod bootstrap;
mod caller;
mod error;
pub mod files;
mod health;
pub mod keys;
pub mod links;
pub mod nodes;
mod openapi;
pub mod overview;
mod paging;
pub mod policies;
pub mod previews;
pub mod search;
pub mod settings;
pub mod shares;
pub mod spaces;
pub mod storage_migrations;
pub mod tasks;
pub mod teams;
#[cfg(test)]
pub(crate) mod tests;
mod throttle;
pub mod trash;
pub mod uploads;
mod web;
pub mod webdav;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use futures_util::FutureExt;
use tokio::sync::Notify;

use self::accounts::{AccountError, Accounts};
use self::archives::Archives;
use self::audit::Audit;
use self::bootstrap::{Bootstrap, BootstrapError};
use self::files::Files;
use self::keys::KeysError;
use self::links::Links;
use self::nodes::Nodes;
use self::openapi::{Document, Routes};
use self::policies::{Machine, Policies, PolicyError};
use self::previews::Previews;
use self::search::Search;
use self::settings::{Settings, SettingsError};
use self::shares::Shares;
use self::storage_migrations::StorageMigrations;
use self::teams::{TeamError, Teams};
use self::throttle::Throttle;
use self::trash::Trash;
use self::uploads::Uploads;
use self::webdav::Webdav;
use crate::config::{Config, DeclaredBootstrap, TrustedProxies};
use crate::db::Db;
use crate::http::{NoNul, with_common_layers};
use crate::protocol::Timestamp;
use crate::storage::remote::transport::Transport;
use crate::tasks::{Queue, TaskError};

/// Where the API lives.
const API: &str = "/api/v1";
/// Between two looks at the size of the cache of thumbnails.
const TRIMMING: Duration = Duration::from_secs(3600);
/// Between two sums of refused logins in the audit trail.
const SUMMING: Duration = Duration::from_secs(60);

/// Why the primary did not start.
#[derive(Debug, thiserror::Error)]
pub enum PrimaryError {
    /// The settings cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The keys are not those of the database.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The accounts cannot be read.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// The default policy and group cannot be made.
    #[error(transparent)]
    Policies(#[from] PolicyError),
    /// What an earlier process worked on cannot be taken over.
    #[error(transparent)]
    Tasks(#[from] TaskError),
}

/// The running primary; clones share it.
#[derive(Debug, Clone)]
pub struct Primary(Arc<Parts>);

/// What a primary consists of.
#[derive(Debug)]
pub struct Parts {
    db: Db,
    settings: Settings,
    accounts: Accounts,
    nodes: Nodes,
    policies: Policies,
    files: Files,
    teams: Teams,
    trash: Trash,
    uploads: Uploads,
    shares: Shares,
    links: Links,
    archives: Archives,
    search: Search,
    previews: Previews,
    webdav: Webdav,
    /// Tells the cleaner that there is something to do.
    cleaning: Notify,
    audit: Audit,
    bootstrap: Bootstrap,
    trusted_proxies: TrustedProxies,
    /// Tries of everybody's calls, by address.
    public_calls: Throttle,
    tasks: Queue,
    storage_migrations: StorageMigrations,
}

impl Deref for Primary {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Primary {
    /// Puts the parts together over a database that is up to date, and makes the default policy and group where
    /// there are none. Requests to nodes go over `transport`.
    pub async fn open(db: Db, config: &Config, transport: Transport) -> Result<Self, PrimaryError> {
        keys::check(&db, &config.auth).await?;
        let settings = Settings::open(db.clone()).await?;
        let audit = Audit::new(db.clone(), settings.clone());
        let accounts = Accounts::new(db.clone(), settings.clone(), audit.clone(), &config.auth);
        if !accounts.has_users().await? {
            settings.set_first_cookie_rule(!config.auth.bootstrap_insecure_cookies).await?;
        }
        let nodes = Nodes::new(db.clone(), config.auth.sealing_key.clone(), transport, settings.clone());
        let policies = Policies::new(db.clone(), nodes.clone(), Machine::from_config(config));
        policies.ensure_defaults().await?;
        let files = Files::new(db.clone(), settings.clone());
        let teams = Teams::new(db.clone(), settings.clone(), audit.clone());
        let trash = Trash::new(db.clone(), settings.clone());
        let uploads = Uploads::new(db.clone(), settings.clone(), policies.clone());
        let shares = Shares::new(db.clone(), settings.clone(), audit.clone(), &config.auth);
        let links = Links::new(db.clone(), audit.clone());
        let archives = Archives::new(db.clone(), settings.clone());
        let search = Search::new(db.clone());
        search.warn_when_slow().await;
        let previews = Previews::new(&config.data_dir, settings.clone());
        let webdav = Webdav::new(db.clone(), settings.clone(), audit.clone(), &config.webdav.prefix);
        let bootstrap = Bootstrap::new(
            db.clone(),
            config.auth.sealing_key.clone(),
            settings.clone(),
            nodes.clone(),
            policies.clone(),
        );
        let cleaning = Notify::new();
        let tasks = Queue::new(db.clone(), Arc::new(settings.clone()));
        if !db.is_shared() {
            // Nobody but us can use this database, so whoever held a task has ended.
            tasks.take_back_all().await?;
        }
        let storage_migrations = StorageMigrations::new(db.clone(), policies.clone(), tasks.clone());
        Ok(Self(Arc::new(Parts {
            db,
            settings,
            accounts,
            nodes,
            policies,
            files,
            teams,
            trash,
            uploads,
            shares,
            links,
            archives,
            search,
            previews,
            webdav,
            cleaning,
            audit,
            bootstrap,
            trusted_proxies: config.trusted_proxies.clone(),
            public_calls: Throttle::default(),
            tasks,
            storage_migrations,
        })))
    }

    /// First phase of a declared bootstrap; to be called before the primary serves.
    ///
    /// # Errors
    /// Why nothing was noted.
    pub async fn declare(&self, declared: &DeclaredBootstrap) -> Result<(), BootstrapError> {
        self.bootstrap.declare(&self.accounts, declared).await
    }

    /// Everything the primary answers.
    pub fn routes(&self) -> Router {
        let routes = Self::described_routes().into_router();
        let routes = routes.merge(webdav::dav::routes(self.webdav.prefix())).merge(web::routes());
        with_common_layers(routes.with_state(self.clone()).layer(Extension(NoNul)))
    }

    /// Everything but the web app, as an OpenAPI document.
    pub fn openapi() -> String {
        Self::document().to_text()
    }

    fn document() -> Document {
        Document::of(Self::described_routes())
    }

    fn described_routes() -> Routes {
        let in_space = files::api::routes()
            .merge(trash::api::routes())
            .merge(uploads::api::routes())
            .merge(shares::api::routes())
            .merge(links::api::routes())
            .merge(archives::api::routes())
            .merge(search::api::routes())
            .merge(previews::api::routes());
        let api = Routes::new()
            .nest("/teams/{team_id}", in_space.clone())
            .merge(in_space)
            .merge(previews::api::public_routes())
            .merge(files::api::admin_routes())
            .merge(accounts::api::routes())
            .merge(settings::api::routes())
            .merge(nodes::api::routes())
            .merge(policies::api::routes())
            .merge(audit::api::routes())
            .merge(teams::api::routes())
            .merge(shares::api::public_routes())
            .merge(shares::api::admin_routes())
            .merge(overview::api::routes())
            .merge(bootstrap::api::routes())
            .merge(tasks::api::routes())
            .merge(storage_migrations::api::routes())
            .merge(webdav::api::routes());
        health::routes().merge(links::api::public_routes()).merge(openapi::own_routes()).nest(API, api)
    }

    /// Finishes the declared bootstrap, probes nodes, removes stray objects and expired uploads, and works on tasks,
    /// until `stop`.
    ///
    /// Periodic work is a task, done once for all primaries, but for loops that each has: probes, because each
    /// primary has its own way to a node and its own view of it; the cleaner, which is woken by what is deleted here, and the
    /// end of uploads, which both claim each row before they work on it; and the cache of thumbnails, its own.
    pub async fn run_background(&self, stop: impl Future<Output = ()> + Send) {
        let (stop, unwoken) = (stop.shared(), Notify::new());
        tokio::join!(
            Box::pin(self.bootstrap.run(stop.clone())),
            self.nodes.run_probes(stop.clone()),
            every(files::CLEANING_INTERVAL, &self.cleaning, stop.clone(), || self.clean_files()),
            Box::pin(every(uploads::INTERVAL, &unwoken, stop.clone(), || self.clean_uploads())),
            every(TRIMMING, &unwoken, stop.clone(), || self.trim_thumbnails()),
            every(SUMMING, &unwoken, stop.clone(), || self.accounts.note_refused_logins()),
            tasks::worker(&self.tasks, self).run(stop.clone()),
            self.follow_settings(stop),
        );
        // What came since the last sum.
        self.accounts.note_refused_logins().await;
    }

    /// Waits for running statements and closes the database.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Has the cleaner begin its next round now.
    fn wake_cleaner(&self) {
        self.cleaning.notify_one();
    }

    /// Other primaries of the database change settings, too.
    async fn follow_settings(&self, stop: impl Future<Output = ()>) {
        if self.db.is_shared() {
            every(settings::REFRESH_INTERVAL, &Notify::new(), stop, || self.refresh_settings()).await;
        }
    }

    async fn refresh_settings(&self) {
        if let Err(error) = self.settings.refresh().await {
            tracing::warn!("what other primaries have set is not known: {error}");
        }
    }

    async fn clean_files(&self) {
        if let Err(error) = self.trash.remove_marked(&self.files, &self.policies).await {
            tracing::warn!("the trash was not emptied: {error}");
        }
        if let Err(error) = self.files.clean_strays(&self.policies, files::SETTLE).await {
            tracing::warn!("stray objects were not removed: {error}");
        }
    }

    /// Empties the spaces of teams that were archived long ago; the cleaner works off what is marked here, and the next
    /// round finds them empty.
    async fn remove_archived_teams(&self) -> Result<(), TeamError> {
        for space in self.teams.begin_removals(Timestamp::now()).await? {
            match self.trash.mark_space(&self.files, space).await {
                Ok(true) => self.wake_cleaner(),
                Ok(false) => _ = self.teams.finish_removal(space).await?,
                Err(error) => tracing::warn!("the space of an archived team was not emptied: {error}"),
            }
        }
        Ok(())
    }

    async fn clean_uploads(&self) {
        if let Err(error) = self.uploads.remove_expired(Timestamp::now()).await {
            tracing::warn!("expired uploads were not removed: {error}");
        }
    }

    async fn trim_thumbnails(&self) {
        if let Err(error) = self.previews.trim().await {
            tracing::warn!("old thumbnails were not removed: {error}");
        }
    }
}

/// Does `work` at once and then each time `pause` has passed or `wake` is told, until `stop`.
async fn every<F: Future<Output = ()>>(
    pause: Duration,
    wake: &Notify,
    stop: impl Future<Output = ()>,
    work: impl Fn() -> F,
) {
    let rounds = async {
        loop {
            work().await;
            let _ = tokio::time::timeout(pause, wake.notified()).await;
        }
    };
    tokio::select! {
        () = stop => {}
        () = rounds => {}
    }
}
