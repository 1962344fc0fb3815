//! Failures on demand, for tests: of everything that changes something durable, each commit of a database and each call
//! of a store that takes part, the n-th *step* fails.

use std::sync::Arc;

use tokio::sync::watch;

/// What becomes of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is refused and not done.
    Refused,
    /// It is refused, and so are all after it.
    Away,
    /// It is done, and its answer is an error.
    Lost,
    /// It is done, and nothing follows: the process ended there.
    Last,
}

#[derive(Debug, Default)]
struct Plan {
    taken: u32,
    failure: Option<(u32, Way)>,
    reached: bool,
}

/// The steps of one process; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps(Arc<watch::Sender<Plan>>);

impl Steps {
    /// Lets the step `number` from here fail; 1 is the next.
    pub(crate) fn fail_at(&self, number: u32, way: Way) {
        self.0.send_replace(Plan { failure: Some((number, way)), ..Plan::default() });
    }

    /// Lets no more steps fail; whether one has.
    pub(crate) fn heal(&self) -> bool {
        self.0.send_replace(Plan::default()).reached
    }

    /// Waits until a step has failed.
    pub(crate) async fn reached(&self) {
        self.0.subscribe().wait_for(|plan| plan.reached).await.expect("the sender is ours");
    }

    /// Takes a step, or fails as planned.
    pub(crate) async fn take<T, E>(
        &self,
        step: impl Future<Output = Result<T, E>>,
        failure: impl FnOnce() -> E,
    ) -> Result<T, E> {
        match self.fate() {
            None => step.await,
            Some(Way::Refused | Way::Away) => {
                self.tell();
                Err(failure())
            }
            Some(Way::Lost) => {
                step.await?;
                self.tell();
                Err(failure())
            }
            Some(Way::Last) => {
                step.await?;
                self.tell();
                std::future::pending().await
            }
        }
    }

    fn fate(&self) -> Option<Way> {
        let mut fate = None;
        self.0.send_if_modified(|plan| {
            plan.taken += 1;
            fate = plan.failure.filter(|(number, way)| match way {
                Way::Away => plan.taken >= *number,
                Way::Refused | Way::Lost | Way::Last => plan.taken == *number,
            });
            false
        });
        fate.map(|(_, way)| way)
    }

    /// Only now: a step that is to be the last must have been done.
    fn tell(&self) {
        self.0.send_modify(|plan| plan.reached = true);
    }
}

/// What a commit fails with.
pub(super) fn database_error() -> sqlx::Error {
    sqlx::Error::Protocol("told to fail".to_owned())
}
