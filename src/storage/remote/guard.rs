//! One dead peer must not hold up everybody: a bound on the requests that wait for it, and a circuit breaker.
//!
//! After [`FAILURES`] requests in a row without an answer the peer counts as unreachable: requests are refused at once,
//! but for one every [`PAUSE`], which finds out whether it is back. Any answer, a refusal too, ends that. What a sender
//! of a body does wrong is not held against the peer.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use super::transport::{AnswerWithin, Body, Transport, TransportError};
use crate::protocol::Timestamp;
use crate::storage::BodyError;

/// Requests in a row without an answer that make a peer unreachable.
pub const FAILURES: u32 = 5;
/// Between two requests that try whether an unreachable peer is back.
pub const PAUSE: Duration = Duration::from_secs(2);
/// Requests to one peer that may be without an answer at the same time. Each has a connection, and slow senders of large
/// objects keep theirs for long.
pub const MOST_UNANSWERED: usize = 512;
/// A request given up by its caller counts as unanswered after this time.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(10);

/// What is known of one peer; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Guard(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    unanswered: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Time of the first of these failures.
    failing_since: Option<Timestamp>,
    /// When the next request may try; `None` while the peer is reachable.
    next_try: Option<Instant>,
}

impl Guard {
    /// `transport` under this guard.
    pub fn over(&self, transport: Transport) -> Transport {
        BoxCloneSyncService::new(Guarded { guard: self.clone(), transport })
    }

    /// Since when the peer has not answered, if it counts as unreachable.
    pub fn unreachable_since(&self) -> Option<Timestamp> {
        let state = self.state();
        state.next_try.and(state.failing_since)
    }

    /// The peer answered, whatever it said.
    pub fn answered(&self) {
        *self.state() = State::default();
    }

    /// The peer was asked for a sign of life and gave none.
    pub fn is_dead(&self) {
        let mut state = self.state();
        state.failures = state.failures.max(FAILURES);
        state.fail(Instant::now());
    }

    fn failed(&self) {
        self.state().fail(Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each statement leaves the state whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Result<Place, TransportError> {
        // Counted before anything is decided, and taken back with the value.
        let place = Place { guard: self.clone(), sender: Sender::default(), since: None };
        if self.0.unanswered.fetch_add(1, Ordering::Relaxed) >= MOST_UNANSWERED {
            return Err(TransportError::Busy(MOST_UNANSWERED));
        }
        self.state().admit(Instant::now()).map_err(TransportError::Unreachable)?;
        Ok(place)
    }
}

impl State {
    /// Lets a request through; the error says since when there was no answer.
    fn admit(&mut self, now: Instant) -> Result<(), Timestamp> {
        if let (Some(next_try), Some(since)) = (self.next_try, self.failing_since) {
            if now < next_try {
                return Err(since);
            }
            self.next_try = Some(now + PAUSE);
        }
        Ok(())
    }

    fn fail(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert_with(Timestamp::now);
        if self.failures >= FAILURES {
            self.next_try = Some(now + PAUSE);
        }
    }
}

/// A request without an answer.
struct Place {
    guard: Guard,
    sender: Sender,
    /// Set while being given up counts.
    since: Option<Instant>,
}

impl Place {
    fn settle<T>(mut self, outcome: &Result<T, TransportError>) {
        self.since = None;
        match outcome {
            Ok(_) => self.guard.answered(),
            // One that hangs up within a body may have refused it: such an answer is often lost.
            Err(TransportError::Broken(_)) if !self.sender.is_done() => {}
            Err(TransportError::ReplyTimeout(_)) if self.sender.is_at_fault() => {}
            Err(_) => self.guard.failed(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.guard.0.unanswered.fetch_sub(1, Ordering::Relaxed);
        let long = |since: Instant| since.elapsed() >= GIVEN_UP_AFTER;
        if self.since.is_some_and(long) && !self.sender.is_at_fault() {
            self.guard.failed();
        }
    }
}

/// Whether a request waits for its own sender, or lost it.
#[derive(Debug, Clone, Default)]
struct Sender(Arc<AtomicU8>);

/// The body is out, or there is none.
const DONE: u8 = 0;
const GIVES: u8 = 1;
const AWAITED: u8 = 2;
const GONE: u8 = 3;

impl Sender {
    fn is_at_fault(&self) -> bool {
        matches!(self.0.load(Ordering::Acquire), AWAITED | GONE)
    }

    fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire) == DONE
    }
}

struct Guarded {
    guard: Guard,
    transport: Transport,
}

impl Clone for Guarded {
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone(), transport: self.transport.clone() }
    }
}

impl Service<Request<Body>> for Guarded {
    type Response = Response<Body>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Response<Body>, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (guard, transport) = (self.guard.clone(), self.transport.clone());
        Box::pin(async move {
            let mut place = guard.enter()?;
            // Work that may take long says nothing about the peer when its caller leaves.
            let quick =
                request.extensions().get().is_none_or(|AnswerWithin(time)| *time <= 3 * GIVEN_UP_AFTER);
            place.since = quick.then(Instant::now);
            let sender = place.sender.clone();
            let request = request.map(|body| {
                if body.is_end_stream() {
                    return body;
                }
                sender.0.store(GIVES, Ordering::Release);
                Watched { inner: body, sender }.boxed_unsync()
            });
            let outcome = transport.oneshot(request).await;
            place.settle(&outcome);
            outcome
        })
    }
}

/// Notes what the sender of a body does.
struct Watched {
    inner: Body,
    sender: Sender,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        let now = match &polled {
            Poll::Pending => AWAITED,
            Poll::Ready(Some(Err(_))) => GONE,
            Poll::Ready(Some(Ok(_))) if !self.inner.is_end_stream() => GIVES,
            Poll::Ready(_) => DONE,
        };
        self.sender.0.store(now, Ordering::Release);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::{StreamExt, future, stream};
    use http_body_util::StreamBody;
    use tower::service_fn;

    use super::*;
    use crate::storage::remote::transport::{full_body, no_body};

    /// What the scripted peer does with a request.
    #[derive(Clone, Copy)]
    enum Peer {
        Answers,
        Refuses,
        Hangs,
    }

    fn peer(behaviour: Arc<Mutex<Peer>>) -> Transport {
        BoxCloneSyncService::new(service_fn(move |request: Request<Body>| {
            let behaviour = *behaviour.lock().expect("no holder panics");
            async move {
                // Takes what the sender has, as a connection would.
                let _ = tokio::time::timeout(Duration::from_millis(1), request.into_body().collect()).await;
                match behaviour {
                    Peer::Answers => Ok(Response::new(no_body())),
                    Peer::Refuses => Err(TransportError::Broken("hung up".into())),
                    Peer::Hangs => pending().await,
                }
            }
        }))
    }

    fn guarded(behaviour: Peer) -> (Guard, Transport, Arc<Mutex<Peer>>) {
        let (guard, behaviour) = (Guard::default(), Arc::new(Mutex::new(behaviour)));
        let transport = guard.over(peer(behaviour.clone()));
        (guard, transport, behaviour)
    }

    async fn send(transport: &Transport, body: Body) -> Result<Response<Body>, TransportError> {
        transport.clone().oneshot(Request::get("http://peer/").body(body).expect("request")).await
    }

    #[test]
    fn a_peer_that_fails_in_a_row_is_left_alone_and_tried_again_after_a_pause() {
        let (mut state, start) = (State::default(), Instant::now());
        for _ in 0..FAILURES {
            assert_eq!(state.admit(start), Ok(()));
            state.fail(start);
        }
        let since = state.failing_since.expect("failing");
        let just_before = start + PAUSE - Duration::from_millis(1);
        assert_eq!(state.admit(just_before), Err(since));
        assert_eq!(state.admit(start + PAUSE), Ok(()), "one to try");
        assert_eq!(state.admit(start + PAUSE), Err(since), "and no other beside it");
        // It hangs: the next one need not wait for that.
        assert_eq!(state.admit(start + 2 * PAUSE), Ok(()));
        state.fail(start + 2 * PAUSE);
        assert_eq!(state.admit(start + 3 * PAUSE - Duration::from_millis(1)), Err(since));
        assert_eq!(state.failing_since, Some(since), "since the first failure");
    }

    #[tokio::test]
    async fn an_open_guard_answers_at_once_and_closes_with_the_first_answer() {
        let (guard, transport, behaviour) = guarded(Peer::Refuses);
        for _ in 0..FAILURES {
            assert_eq!(guard.unreachable_since(), None);
            let error = send(&transport, no_body()).await.expect_err("refused");
            assert!(matches!(error, TransportError::Broken(_)), "{error}");
        }
        let since = guard.unreachable_since().expect("unreachable");
        // However slow this machine is.
        guard.state().next_try = Some(Instant::now() + GIVEN_UP_AFTER * 60);
        let error = send(&transport, no_body()).await.expect_err("left alone");
        assert!(matches!(error, TransportError::Unreachable(at) if at == since), "{error}");
        assert!(error.to_string().contains(&since.to_rfc3339()), "{error}");
        *behaviour.lock().expect("no holder panics") = Peer::Answers;
        guard.state().next_try = Some(Instant::now());
        send(&transport, no_body()).await.expect("back");
        assert_eq!(guard.unreachable_since(), None);
        send(&transport, no_body()).await.expect("as before");
    }

    #[tokio::test]
    async fn an_answer_between_failures_starts_the_count_anew() {
        let (guard, transport, behaviour) = guarded(Peer::Refuses);
        for _ in 0..3 {
            for _ in 1..FAILURES {
                send(&transport, no_body()).await.expect_err("refused");
            }
            *behaviour.lock().expect("no holder panics") = Peer::Answers;
            send(&transport, no_body()).await.expect("answered");
            *behaviour.lock().expect("no holder panics") = Peer::Refuses;
        }
        assert_eq!(guard.unreachable_since(), None);
    }

    #[tokio::test]
    async fn a_probe_opens_and_closes_it_at_once() {
        let (guard, transport, _) = guarded(Peer::Answers);
        guard.is_dead();
        assert!(guard.unreachable_since().is_some());
        guard.state().next_try = Some(Instant::now() + GIVEN_UP_AFTER * 60);
        send(&transport, no_body()).await.expect_err("left alone");
        guard.answered();
        send(&transport, no_body()).await.expect("answered");
    }

    #[tokio::test]
    async fn what_a_sender_does_wrong_is_not_held_against_the_peer() {
        let (guard, transport, _) = guarded(Peer::Refuses);
        for _ in 0..2 * FAILURES {
            let gone = stream::once(future::ready(Err(BodyError::Interrupted("left".into()))));
            let silent = stream::pending();
            for body in [gone.boxed(), silent.boxed()] {
                let body = StreamBody::new(body).boxed_unsync();
                send(&transport, body).await.expect_err("broken off");
            }
        }
        assert_eq!(guard.unreachable_since(), None);
        for _ in 0..FAILURES {
            send(&transport, full_body("whole")).await.expect_err("refused");
        }
        assert!(guard.unreachable_since().is_some());
    }

    #[tokio::test]
    async fn requests_without_an_answer_are_bounded() {
        let (guard, transport, _) = guarded(Peer::Hangs);
        let waiting: Vec<_> = (0..MOST_UNANSWERED)
            .map(|_| {
                let transport = transport.clone();
                tokio::spawn(async move { send(&transport, no_body()).await.map(|_| ()) })
            })
            .collect();
        while guard.0.unanswered.load(Ordering::Relaxed) < MOST_UNANSWERED {
            tokio::task::yield_now().await;
        }
        let error = send(&transport, no_body()).await.expect_err("one too many");
        assert!(matches!(error, TransportError::Busy(MOST_UNANSWERED)), "{error}");
        for request in waiting {
            request.abort();
            let _ = request.await;
        }
        assert_eq!(guard.unreachable_since(), None, "given up too soon to say anything");
        assert_eq!(guard.0.unanswered.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_request_that_is_given_up_after_long_counts_unless_its_own_sender_is_to_blame() {
        let long_ago = Instant::now().checked_sub(GIVEN_UP_AFTER).expect("an uptime of seconds");
        let guard = Guard::default();
        let place = |since, sender: u8| {
            let mut place = guard.enter().expect("room");
            place.since = since;
            place.sender.0.store(sender, Ordering::Release);
        };
        for (since, sender, failures) in [
            (Some(long_ago), GIVES, 1),
            (Some(long_ago), AWAITED, 1),
            (None, GIVES, 1),
            (Some(Instant::now()), GIVES, 1),
        ] {
            place(since, sender);
            assert_eq!(guard.state().failures, failures);
        }
    }
}
