//! One round: the same work on one server, for a bounded time.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::getpid;
use tokio::sync::Barrier;

use super::Outcome;
use super::body::Body;
use super::connection::Connection;
use super::crew;
use super::peer::Peer;
use super::process::{PATIENCE, Usage};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Head,
    Put,
    /// A new file each time, at a primary.
    Upload,
}

/// What each connection repeats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) verb: Verb,
    /// Bytes of each object.
    pub(super) size: u64,
    pub(super) connections: u64,
    /// Objects that are read, or overwritten, in turn.
    pub(super) objects: u64,
}

/// What a round came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Requests per second, all connections together.
    pub(super) rate: f64,
    /// Processor time of the server for one request.
    pub(super) server_time: Duration,
    /// Processor time of this client for one request.
    pub(super) client_time: Duration,
}

impl Work {
    /// Stores the objects that will be read.
    pub(super) async fn prepare(&self, peer: &Arc<Peer>) -> Outcome<()> {
        if matches!(self.verb, Verb::Get | Verb::Head) {
            let mut connection = Connection::open(peer).await?;
            for index in 0..self.objects {
                connection.put(&self.key(index), Body::new(index, self.size)).await?;
            }
        }
        Ok(())
    }

    /// Key of one of its objects.
    pub(super) fn key(&self, index: u64) -> String {
        let folder = if self.verb == Verb::Put { "put" } else { "get" };
        format!("{folder}/{}/{index}", self.size)
    }
}

/// Runs `work` for about `duration`; each connection ends the request it is at.
pub(super) async fn run(peer: &Arc<Peer>, work: Work, duration: Duration) -> Outcome<Sample> {
    // What earlier rounds left to be written must not slow this one.
    let peer = Arc::clone(peer);
    let round = tokio::task::spawn_blocking(move || {
        rustix::fs::sync();
        run_in_threads(&peer, work, duration)
    });
    match tokio::time::timeout(duration + PATIENCE * 3, round).await {
        Ok(outcome) => outcome?,
        Err(_) => Err("a request was not answered in time".into()),
    }
}

fn run_in_threads(peer: &Arc<Peer>, work: Work, duration: Duration) -> Outcome<Sample> {
    let round = Round {
        peer: Arc::clone(peer),
        work,
        duration,
        barrier: Arc::new(Barrier::new(usize::try_from(work.connections)?)),
        marks: Arc::default(),
    };
    let done = crew::run(work.connections, {
        let round = round.clone();
        move |index| {
            let round = round.clone();
            async move { round.connection(index).await }
        }
    })?;
    round.sample(&done)
}

/// What one connection did.
#[derive(Debug, Clone, Copy)]
struct Done {
    requests: u64,
    took: Duration,
}

#[derive(Clone)]
struct Round {
    peer: Arc<Peer>,
    work: Work,
    duration: Duration,
    barrier: Arc<Barrier>,
    /// Use of server and client at the start and at the end.
    marks: Arc<Mutex<Vec<[Usage; 2]>>>,
}

impl Round {
    /// Both barriers are passed whatever happens: a failed connection must not leave the others waiting.
    async fn connection(&self, index: u64) -> Outcome<Done> {
        let opened = self.open(index).await;
        self.mark().await?;
        let worked = match opened {
            Ok(mut connection) => self.work(&mut connection, index).await.map(|done| (connection, done)),
            Err(error) => Err(error),
        };
        self.mark().await?;
        let (mut connection, (done, last)) = worked?;
        if let (Verb::Put, Some((key, body))) = (self.work.verb, last) {
            connection.get(&key, body).await?;
        }
        Ok(done)
    }

    /// Connects and sends one request, so that nothing is done for the first time while the clock runs.
    async fn open(&self, index: u64) -> Outcome<Connection> {
        let mut connection = Connection::open(&self.peer).await?;
        let index = index % self.work.objects;
        self.request(&mut connection, &self.work.key(index), Body::new(index, self.work.size)).await?;
        Ok(connection)
    }

    async fn work(
        &self,
        connection: &mut Connection,
        connection_index: u64,
    ) -> Outcome<(Done, Option<(String, Body)>)> {
        let started = Instant::now();
        let mut requests = 0;
        let mut last = None;
        while started.elapsed() < self.duration {
            // Connections never write the same key at once as long as there are as many objects as connections.
            let index = (connection_index + requests * self.work.connections) % self.work.objects;
            requests += 1;
            // A write that changes nothing could be left out unseen.
            let seed = if self.work.verb == Verb::Put { index + requests } else { index };
            let body = Body::new(seed, self.work.size);
            let key = self.work.key(index);
            self.request(connection, &key, body).await?;
            last = Some((key, body));
        }
        Ok((Done { requests, took: started.elapsed() }, last))
    }

    async fn request(&self, connection: &mut Connection, key: &str, body: Body) -> Outcome<()> {
        match self.work.verb {
            Verb::Get => connection.get(key, body).await,
            Verb::Head => connection.head(key, body).await,
            Verb::Put => connection.put(key, body).await,
            Verb::Upload => connection.upload(body).await,
        }
    }

    async fn mark(&self) -> Outcome<()> {
        if self.barrier.wait().await.is_leader() {
            let client = u32::try_from(getpid().as_raw_nonzero().get())?;
            let usage = [self.peer.usage()?, Usage::of(client)?];
            self.marks.lock().map_err(|_| "a load thread panicked")?.push(usage);
        }
        Ok(())
    }

    fn sample(&self, done: &[Done]) -> Outcome<Sample> {
        let marks = self.marks.lock().map_err(|_| "a load thread panicked")?;
        let [[server_before, client_before], [server_after, client_after]] = marks[..] else {
            return Err("a round without start and end".into());
        };
        let requests: u64 = done.iter().map(|done| done.requests).sum();
        let each = |time: Duration| time.div_f64(requests.max(1) as f64);
        Ok(Sample {
            // Each connection over its own time: the last requests end at different moments.
            rate: done.iter().map(|done| done.requests as f64 / done.took.as_secs_f64()).sum(),
            server_time: each(server_after.processor - server_before.processor),
            client_time: each(client_after.processor - client_before.processor),
        })
    }
}
