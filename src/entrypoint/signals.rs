//! TERM and INT end the process, HUP makes it look at its binding again. As PID 1 of a container nothing of this
//! happens by itself.

use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;

/// Installs the handlers now; the future completes at the first TERM or INT since then.
///
/// # Panics
/// When signal handlers cannot be installed; a process that cannot be stopped must not start.
pub(super) fn terminated() -> impl Future<Output = ()> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).expect("install signal handlers");
    async move {
        if let Some(signal) = signals.next().await {
            tracing::info!("received {}; stopping", name(signal));
        }
    }
}

/// The HUPs that arrive from now on.
pub(super) struct HangUps(Signals);

impl HangUps {
    /// Installs the handler.
    ///
    /// # Panics
    /// When it cannot be installed: then HUP would end the process.
    pub(super) fn listen() -> Self {
        Self(Signals::new([SIGHUP]).expect("install signal handlers"))
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        if self.0.next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

fn name(signal: i32) -> &'static str {
    match signal {
        SIGTERM => "SIGTERM",
        SIGINT => "SIGINT",
        _ => "a signal",
    }
}
