//! Serving, from the bound socket to the end of the drain.

use std::pin::pin;

use tokio::sync::Notify;

use super::data_lock::DataLock;
use super::signals::{self, HangUps};
use super::{Stopped, database};
use crate::config::{Config, StartMode};
use crate::db::{Db, Schema};
use crate::follower::Follower;
use crate::http::{Answer, Drained, Listener};
use crate::primary::Primary;
use crate::storage::remote::transport;

pub(super) async fn serve(config: &Config, lock: &DataLock, hang_ups: HangUps) -> Result<(), Stopped> {
    // From here on, not from the first accepted connection: as PID 1 a signal without a handler is lost.
    let mut stop = pin!(signals::terminated());
    let schema = match config.server.start_mode {
        StartMode::Primary => Schema::Primary,
        StartMode::Follower => Schema::Follower,
    };
    let Some(db) = database::open(config, schema, stop.as_mut()).await? else { return Ok(()) };
    match config.server.start_mode {
        StartMode::Primary => serve_primary(config, lock, db, stop, hang_ups).await,
        StartMode::Follower => serve_follower(config, lock, db, stop, hang_ups).await,
    }
}

async fn serve_primary(
    config: &Config,
    lock: &DataLock,
    db: Db,
    stop: impl Future<Output = ()>,
    mut hang_ups: HangUps,
) -> Result<(), Stopped> {
    let primary = Primary::open(db, config, transport::direct()).await.map_err(super::refuse_primary)?;
    let listener = bind(config).await?;
    let (end_background, ending) = tokio::sync::oneshot::channel::<()>();
    let background = tokio::spawn({
        let primary = primary.clone();
        // A dropped sender ends it as well.
        async move { primary.run_background(async { drop(ending.await) }).await }
    });
    let unmoved = tokio::spawn(async move {
        loop {
            hang_ups.next().await;
            tracing::info!("received SIGHUP; a primary has nothing to read again and goes on");
        }
    });
    let drained = listen(config, lock, listener, primary.routes(), stop).await?;
    unmoved.abort();
    drop(end_background);
    if let Err(error) = background.await {
        tracing::error!("background work ended badly: {error}");
    }
    primary.close().await;
    report(drained);
    Ok(())
}

async fn serve_follower(
    config: &Config,
    lock: &DataLock,
    db: Db,
    stop: impl Future<Output = ()>,
    hang_ups: HangUps,
) -> Result<(), Stopped> {
    let follower = Follower::open(db, config)
        .await
        .map_err(|error| Stopped::failed("cannot start the follower", error))?;
    let listener = bind(config).await?;
    let background = tokio::spawn(keep_binding(follower.clone(), hang_ups));
    let drained = listen(config, lock, listener, follower.endpoints(), stop).await?;
    background.abort();
    follower.close().await;
    report(drained);
    Ok(())
}

async fn bind(config: &Config) -> Result<Listener, Stopped> {
    let (host, port) = (&config.server.host, config.server.port);
    Listener::bind(host, port).await.map_err(|error| {
        Stopped::Temporary(format!(
            "cannot listen on {host}:{port}: {error}. Choose another server.host or server.port, or stop what uses it"
        ))
    })
}

async fn listen(
    config: &Config,
    lock: &DataLock,
    listener: Listener,
    server: impl Answer,
    stop: impl Future<Output = ()>,
) -> Result<Drained, Stopped> {
    let address = listener.address();
    lock.publish_address(address).map_err(|error| Stopped::failed("cannot write the lock file", error))?;
    tracing::info!("startup complete - listening on {address}");
    Ok(listener.serve(server, stop, config.server.shutdown_grace).await)
}

/// Reads the binding again at each HUP, and delivers an acknowledgement that is owed after the start or after that.
async fn keep_binding(follower: Follower, mut hang_ups: HangUps) {
    let reread = Notify::new();
    let acknowledgements = async {
        loop {
            follower.settle_pending_ack(transport::direct()).await;
            reread.notified().await;
        }
    };
    let reloads = async {
        loop {
            hang_ups.next().await;
            reload(&follower).await;
            reread.notify_one();
        }
    };
    tokio::select! {
        () = acknowledgements => {}
        () = reloads => {}
    }
}

async fn reload(follower: &Follower) {
    match follower.reload().await {
        Ok(()) => tracing::info!("received SIGHUP; binding and ingress targets were read again"),
        Err(error) => tracing::error!("received SIGHUP, but the binding cannot be read: {error}"),
    }
}

fn report(drained: Drained) {
    match drained {
        Drained::Complete => tracing::info!("stopped; every open request was answered"),
        Drained::Cut => {
            tracing::warn!("stopped; requests that took longer than server.shutdown_grace_secs were cut")
        }
    }
}
