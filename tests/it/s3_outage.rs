//! An S3 server that stops answering under load and goes on later: every request fails in time and with its code, the
//! follower stays within its means and answers for itself, and afterwards nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::client::Answer;
use crate::support::enrolled::Enrolled;
use crate::support::garage::{ACCESS_KEY, BUCKET, Garage, REGION, SECRET_KEY};
use crate::support::wait;

const MIB: usize = 1 << 20;
/// In one request to the server, and in parts.
const SIZES: [usize; 2] = [3 * MIB, 20 * MIB];
const WORKERS: usize = 8;
/// How long the server may say nothing; longer than a healthy one does on a loaded machine.
const SILENCE: Duration = Duration::from_secs(6);
/// An upload in parts waits for a part and then for its abort, with room for a loaded machine.
const FAILS_WITHIN: Duration = Duration::from_secs(45);

/// What became of a request that met the silence.
#[derive(Debug)]
enum Failure {
    /// Status and code of the answer.
    Answered(u16, i64),
    /// The answer had begun and broke off.
    BrokeOff,
}

struct Outage {
    enrolled: Enrolled,
    /// What each worker sends and expects; made once, for whoever makes it keeps others from their turn.
    contents: Vec<Bytes>,
    rounds: AtomicUsize,
}

fn content(worker: usize) -> Bytes {
    let size = SIZES[worker % SIZES.len()];
    (0..size).map(|n| ((n + worker) % 251) as u8).collect::<Vec<u8>>().into()
}

impl Outage {
    fn new(enrolled: Enrolled) -> Self {
        Self { enrolled, contents: (0..WORKERS).map(content).collect(), rounds: AtomicUsize::new(0) }
    }

    async fn put(&self, name: &str, worker: usize) -> Result<(), Failure> {
        let answer = self.enrolled.put(&format!("{name}-{worker}"), self.contents[worker].clone()).await;
        failed(&answer).map_or(Ok(()), Err)
    }

    async fn get(&self, name: &str, worker: usize) -> Result<(), Failure> {
        let reply = self.enrolled.call(Method::GET, &format!("/objects/{name}-{worker}")).await;
        if reply.status() != 200 {
            return Err(failed(&Answer::read(reply).await).expect("not 200"));
        }
        let body = reply.bytes().await.map_err(|_| Failure::BrokeOff)?;
        assert!(body == self.contents[worker], "{name}-{worker} has other content");
        Ok(())
    }

    /// Works until a request fails; gives the failure and how long that request took.
    async fn work(&self, worker: usize, writes: bool) -> (Failure, Duration) {
        loop {
            let began = Instant::now();
            let outcome = if writes { self.put("put", worker).await } else { self.get("get", worker).await };
            match outcome {
                Ok(()) => self.rounds.fetch_add(1, Ordering::Relaxed),
                Err(failure) => return (failure, began.elapsed()),
            };
        }
    }

    async fn all_fail_in_time(self: &Arc<Self>) {
        let workers = (0..2 * WORKERS).map(|number| {
            let outage = Arc::clone(self);
            tokio::spawn(async move { outage.work(number / 2, number % 2 == 0).await })
        });
        for (number, outcome) in join_all(workers).await.into_iter().enumerate() {
            let (failure, took) = outcome.expect("worker");
            assert!(took < FAILS_WITHIN, "{failure:?} after {took:?}");
            match failure {
                Failure::Answered(500, 4009) => {}
                Failure::BrokeOff if number % 2 == 1 => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn open_files(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.enrolled.follower.process.id()));
        files.expect("fd").count()
    }
}

fn failed(answer: &Answer) -> Option<Failure> {
    let code = answer.body["code"].as_i64().expect("code");
    (answer.status != 200).then(|| Failure::Answered(answer.status.as_u16(), code))
}

async fn follower_on(garage: &Garage) -> Enrolled {
    let silence = SILENCE.as_secs().to_string();
    let enrolled = Enrolled::with(&[("ASTER__SERVER__FOLLOWER__S3_SILENCE_SECS", &silence)]).await;
    let target = json!({"driver_type": "s3", "name": "bucket", "endpoint": garage.endpoint(), "bucket": BUCKET,
        "base_path": "", "region": REGION, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "max_file_size": 0,
        "is_default": true});
    assert_eq!(enrolled.post("/ingress-profiles", &target).await.data()["last_error"], "");
    enrolled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_stops_under_load_fails_each_request_in_time_and_leaves_nothing_behind() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let outage = Arc::new(Outage::new(follower_on(&garage).await));
    for worker in 0..WORKERS {
        outage.put("get", worker).await.expect("put");
    }

    let load = tokio::spawn({
        let outage = Arc::clone(&outage);
        async move { outage.all_fail_in_time().await }
    });
    wait::until("the load is under way", async || {
        (outage.rounds.load(Ordering::Relaxed) >= 2 * WORKERS).then_some(())
    })
    .await;
    garage.stop_answering();
    let health = async || {
        assert_eq!(outage.enrolled.follower.client.get("/health").await.status, 200);
    };
    health().await;
    assert!(!load.is_finished(), "/health waits for nothing that the load waits for");
    load.await.expect("every request fails in time");
    let after_one_round = outage.open_files();
    for _ in 0..2 {
        outage.all_fail_in_time().await;
        health().await;
    }
    let (files, memory) = (outage.open_files(), outage.enrolled.follower.process.peak_resident_bytes());
    assert!(files <= after_one_round + 2 * WORKERS, "{files} open files, {after_one_round} before");
    assert!(memory < 256 << 20, "{} MiB resident", memory >> 20);

    garage.go_on();
    // Other keys: a new upload to the same one could end what was left of the old.
    wait::until("uploads work again", async || outage.put("after", 0).await.is_ok().then_some(())).await;
    for worker in 0..WORKERS {
        outage.put("after", worker).await.expect("put");
        outage.get("get", worker).await.expect("get");
    }
    wait::until_equal("unfinished uploads in the bucket", &0, async || garage.unfinished_uploads()).await;
    // Whatever became of an upload that was refused, what is visible is whole.
    for key in outage.enrolled.list().await {
        let (name, worker) = key.split_once('-').expect("our keys");
        outage.get(name, worker.parse().expect("a number")).await.expect("whole");
    }
}
