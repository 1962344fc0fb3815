//! Followers that are killed at random moments under load: after each restart every acknowledged object is whole, what
//! was in flight is there wholly or not at all, and no unfinished file is left.
//!
//! Each key belongs to one task, so at most one request for it is in flight when the process dies. The content of an
//! object follows from its key and a version, so reading it tells which write it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::client::Client;
use crate::support::enrolled::{BASE_PATH, Enrolled, signed_post, signed_put};
use crate::support::primary::Primary;
use crate::support::random::{Random, seed};
use crate::support::signed::Signer;

/// Followers side by side: after a crash each waits up to a second before it serves.
const FOLLOWERS: u64 = 4;
/// Kills of each; 200 together.
const KILLS: u64 = 50;
/// When the kill comes: so many requests after the load has begun, and then some microseconds more.
const REQUESTS: (u64, u64) = (2, 40);
const MICROSECONDS: (u64, u64) = (0, 20_000);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_under_load_leave_every_object_whole_and_nothing_else() {
    let seed = seed();
    let primary_home = tempfile::tempdir().expect("dir");
    let primary = Primary::start(primary_home.path()).await;
    let mut enrolled = Vec::new();
    for follower in 0..FOLLOWERS {
        enrolled.push(Enrolled::at(&primary, &format!("edge-{follower}"), &[]).await);
    }
    // No restart below needs it.
    drop(primary);
    let runs =
        enrolled.into_iter().zip(0_u64..).map(|(enrolled, nth)| kill_again_and_again(enrolled, seed ^ nth));
    let mut seen = Seen::default();
    for run in futures_util::future::join_all(runs).await {
        seen.acknowledged += run.acknowledged;
        seen.cut += run.cut;
        seen.kept += run.kept;
    }
    eprintln!("{seen:?}");
    let kills = (FOLLOWERS * KILLS) as usize;
    assert!(
        seen.acknowledged > kills && seen.cut > kills,
        "the load was too light to show anything: {seen:?}"
    );
}

/// What happened, to know that the test tests.
#[derive(Debug, Default)]
struct Seen {
    /// Acknowledged requests.
    acknowledged: usize,
    /// Requests that were in flight when the process died.
    cut: usize,
    /// Of those, the ones whose effect is there all the same.
    kept: usize,
}

async fn kill_again_and_again(mut enrolled: Enrolled, seed: u64) -> Seen {
    let mut random = Random::new(seed);
    let mut seen = Seen::default();
    let mut lanes: Vec<Lane> = [Work::Small, Work::Small, Work::Large, Work::Churn, Work::Compose]
        .into_iter()
        .enumerate()
        .map(|(number, work)| Lane::new(work, number, Random::new(random.number())))
        .collect();
    for _ in 0..KILLS {
        let life = Arc::new(Life {
            client: enrolled.follower.client.clone(),
            signer: enrolled.signer.clone(),
            killed: AtomicBool::new(false),
            acknowledged: watch::Sender::new(0),
        });
        let mut load: JoinSet<Lane> =
            lanes.drain(..).map(|lane| lane.work_until_killed(Arc::clone(&life))).collect();
        let requests = random.within(REQUESTS.0, REQUESTS.1) as usize;
        let longer = Duration::from_micros(random.within(MICROSECONDS.0, MICROSECONDS.1));
        let moment = async {
            life.has_acknowledged(requests).await;
            tokio::time::sleep(longer).await;
        };
        tokio::select! {
            () = moment => {}
            // A lane ends before the kill only when it found something wrong.
            ended = load.join_next() => {
                std::panic::resume_unwind(ended.expect("lanes").expect_err("a failure").into_panic())
            }
        }
        life.killed.store(true, Ordering::SeqCst);
        enrolled.follower.process.kill().await;
        while let Some(lane) = load.join_next().await {
            lanes.push(lane.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
        }
        seen.acknowledged += *life.acknowledged.borrow();

        enrolled.start_again().await;
        for lane in &mut lanes {
            lane.settle(&enrolled, &mut seen).await;
        }
        verify_nothing_else_is_there(&enrolled, &lanes).await;
    }
    seen
}

/// The list and the disk hold exactly the objects of the lanes.
async fn verify_nothing_else_is_there(enrolled: &Enrolled, lanes: &[Lane]) {
    let expected: BTreeMap<String, u64> = lanes
        .iter()
        .flat_map(|lane| &lane.slots)
        .filter_map(|(key, slot)| Some((key.clone(), slot.stands.as_ref()?.bytes().len() as u64)))
        .collect();
    assert_eq!(enrolled.list().await, expected.keys().cloned().collect::<Vec<_>>());
    let base = enrolled.home.path().join("data/managed-ingress").join(BASE_PATH);
    let mut files = BTreeMap::new();
    let mut unfinished = Vec::new();
    for (path, size) in walk(&base) {
        match path.strip_prefix(base.join(&enrolled.namespace)) {
            Ok(key) => drop(files.insert(key.to_str().expect("UTF-8").to_owned(), size)),
            Err(_) => unfinished.push(path),
        }
    }
    assert_eq!(files, expected, "files on disk");
    assert_eq!(unfinished, Vec::<PathBuf>::new(), "files outside the objects");
    let sessions = std::fs::read_dir(base.join(".aster-tmp")).expect("staging").count();
    assert!(sessions <= 1, "{sessions} directories of unfinished objects, of which one is in use");
}

/// All files below `directory` with their sizes.
fn walk(directory: &Path) -> Vec<(PathBuf, u64)> {
    let (mut files, mut pending) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(&directory).expect("directory") {
            let entry = entry.expect("entry");
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                pending.push(entry.path())
            } else {
                files.push((entry.path(), metadata.len()))
            }
        }
    }
    files
}

/// One life of a follower's process.
struct Life {
    client: Client,
    signer: Signer,
    /// Set before the signal: from then on requests may fail.
    killed: AtomicBool,
    acknowledged: watch::Sender<usize>,
}

impl Life {
    /// Waits until so many requests were acknowledged.
    async fn has_acknowledged(&self, requests: usize) {
        self.acknowledged.subscribe().wait_for(|count| *count >= requests).await.expect("the sender is ours");
    }

    /// Sends a request that must be answered with `expected`; `None` when the process died before the answer.
    async fn send(&self, request: reqwest::RequestBuilder, expected: u16) -> Option<()> {
        match request.send().await {
            Ok(reply) => {
                self.acknowledged.send_modify(|count| *count += 1);
                let (status, url) = (reply.status(), reply.url().clone());
                // The status is the acknowledgement; the kill may still cut the text.
                let text = reply.text().await.unwrap_or_default();
                assert_eq!(status, expected, "{url}: {text}");
                Some(())
            }
            Err(error) => {
                assert!(self.killed.load(Ordering::SeqCst), "a request failed before the kill: {error:?}");
                None
            }
        }
    }

    /// Stores an object, or removes it when there is no content.
    async fn change(&self, key: &str, content: Option<&Content>) -> Option<()> {
        let path = format!("/objects/{key}");
        let request = match content {
            Some(content) => signed_put(&self.signer, &self.client, &path, content.bytes()),
            None => self.signer.request(&self.client, Method::DELETE, &path, None),
        };
        self.send(request, 200).await
    }

    async fn compose(&self, target: &str, parts: &[String], size: usize, expected: u16) -> Option<()> {
        let body = json!({"target_key": target, "part_keys": parts, "expected_size": size});
        self.send(signed_post(&self.signer, &self.client, "/compose", &body), expected).await
    }
}

/// What an object holds: the text of one write, or of several, joined.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content(Vec<(String, u64)>);

impl Content {
    fn bytes(&self) -> Bytes {
        let mut bytes = Vec::new();
        self.0.iter().for_each(|(key, version)| append_text(key, *version, &mut bytes));
        bytes.into()
    }
}

/// Appends the text of version `version` of `key`: its size, and every kilobyte of it, are its own.
fn append_text(key: &str, version: u64, bytes: &mut Vec<u8>) {
    let mut random = Random::new(
        key.bytes().fold(version, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)),
    );
    let size = match key.split('/').next() {
        Some("large") => random.within(1 << 20, 5 << 20),
        // Joined, some are longer than what a compose copies between two looks at its caller.
        Some("part") => random.within(1, 2 << 20),
        _ if version.is_multiple_of(8) => 0,
        _ => random.within(1, 16 << 10),
    };
    let mut block = [0_u8; 1024];
    block.chunks_exact_mut(8).for_each(|word| word.copy_from_slice(&random.number().to_le_bytes()));
    let end = bytes.len() + size as usize;
    for number in 0_u64.. {
        let left = end - bytes.len();
        if left == 0 {
            break;
        }
        block[..8].copy_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&block[..left.min(block.len())]);
    }
}

/// What a task does with its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Small,
    Large,
    /// Store, remove, store again.
    Churn,
    /// Store parts and join them.
    Compose,
}

/// What stands at a key, and what may stand there instead because the process died over a request.
#[derive(Debug, Default)]
struct Slot {
    stands: Option<Content>,
    in_flight: Option<Option<Content>>,
}

/// A task with its keys.
#[derive(Debug)]
struct Lane {
    work: Work,
    keys: Vec<String>,
    slots: BTreeMap<String, Slot>,
    random: Random,
    version: u64,
    /// A compose in flight: the target and its parts.
    composing: Option<(String, Vec<String>)>,
}

impl Lane {
    fn new(work: Work, number: usize, random: Random) -> Self {
        let key = |n: u64| match work {
            Work::Small => format!("small/{number}/{n}"),
            Work::Large => format!("large/{n}"),
            Work::Churn => format!("gone/{n}/deep/object"),
            Work::Compose => format!("joined/{n}"),
        };
        let count = if work == Work::Large { 2 } else { 4 };
        let keys = (0..count).map(key).collect();
        Self { work, keys, slots: BTreeMap::new(), random, version: 0, composing: None }
    }

    /// Works until a request finds the process dead.
    async fn work_until_killed(mut self, life: Arc<Life>) -> Self {
        while self.step(&life).await.is_some() {}
        self
    }

    async fn step(&mut self, life: &Life) -> Option<()> {
        let key = self.random.pick(&self.keys).clone();
        match self.work {
            Work::Small | Work::Large => self.store(life, key).await,
            Work::Churn if self.random.within(0, 2) == 0 => self.change(life, key, None).await,
            Work::Churn => self.store(life, key).await,
            Work::Compose => self.compose(life, key).await,
        }
    }

    async fn store(&mut self, life: &Life, key: String) -> Option<()> {
        self.version += 1;
        let content = Content(vec![(key.clone(), self.version)]);
        self.change(life, key, Some(content)).await
    }

    async fn change(&mut self, life: &Life, key: String, content: Option<Content>) -> Option<()> {
        let slot = self.slots.entry(key.clone()).or_default();
        slot.in_flight = Some(content.clone());
        life.change(&key, content.as_ref()).await?;
        *slot = Slot { stands: content, in_flight: None };
        Some(())
    }

    /// Stores three parts, sometimes asks for a compose that must fail, and joins them.
    async fn compose(&mut self, life: &Life, target: String) -> Option<()> {
        let parts: Vec<String> = (0..3).map(|n| format!("part/{target}/{n}")).collect();
        for part in &parts {
            self.store(life, part.clone()).await?;
        }
        let stands = |part: &String| self.slots[part].stands.clone().expect("a stored part").0;
        let joined = Content(parts.iter().flat_map(stands).collect());
        let size = joined.bytes().len();
        if self.random.within(0, 3) == 0 {
            let missing = [parts.as_slice(), &["part/missing".to_owned()]].concat();
            for (parts, size) in [(&parts, size + 1), (&missing, size)] {
                life.compose(&target, parts, size, 500).await?;
            }
        }
        self.expect_in_flight(&target, Some(joined.clone()));
        parts.iter().for_each(|part| self.expect_in_flight(part, None));
        self.composing = Some((target.clone(), parts.clone()));
        life.compose(&target, &parts, size, 200).await?;
        self.composing = None;
        self.slots.insert(target, Slot { stands: Some(joined), in_flight: None });
        for part in parts {
            self.slots.insert(part, Slot::default());
        }
        Some(())
    }

    fn expect_in_flight(&mut self, key: &str, content: Option<Content>) {
        self.slots.entry(key.to_owned()).or_default().in_flight = Some(content);
    }

    /// Reads every key after the restart and takes for granted what is found, if it may be there.
    async fn settle(&mut self, enrolled: &Enrolled, seen: &mut Seen) {
        let mut taken_effect = BTreeSet::new();
        for (key, slot) in &mut self.slots {
            let found = read(enrolled, key).await;
            let is = |content: &Option<Content>| content.as_ref().map(Content::bytes) == found;
            let in_flight = slot.in_flight.take();
            seen.cut += usize::from(in_flight.is_some());
            // What was in flight first: it may be no different.
            let next = match in_flight {
                Some(content) if is(&content) => {
                    seen.kept += 1;
                    taken_effect.insert(key.clone());
                    content
                }
                _ if is(&slot.stands) => slot.stands.take(),
                other => panic!(
                    "{key} holds {:?} bytes; it was {:?}, and {other:?} was in flight",
                    found.map(|bytes| bytes.len()),
                    slot.stands
                ),
            };
            slot.stands = next;
        }
        if let Some((target, parts)) = self.composing.take()
            && !taken_effect.contains(&target)
        {
            let lost: Vec<_> = parts.iter().filter(|part| taken_effect.contains(*part)).collect();
            assert!(lost.is_empty(), "{target} was not composed, but its parts {lost:?} are gone");
        }
    }
}

async fn read(enrolled: &Enrolled, key: &str) -> Option<Bytes> {
    let reply = enrolled.call(Method::GET, &format!("/objects/{key}")).await;
    if reply.status() == 404 {
        return None;
    }
    assert_eq!(reply.status(), 200, "{key}");
    Some(reply.bytes().await.unwrap_or_else(|error| panic!("{key}: {error:?}")))
}
