//! Somebody inside the ingress root swaps directories and files for links while requests run: nothing outside the
//! namespace is returned, listed, changed or removed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use bytes::Bytes;
use reqwest::Method;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::client::Answer;
use crate::support::enrolled::{BASE_PATH, Enrolled, signed_put};
use crate::support::random::{Random, seed};

/// Stands in every file outside, and in no object.
const CANARY: &str = "CANARY-CONTENT";
/// A name that exists outside only.
const CANARY_NAME: &str = "canary-name";
/// A name that exists outside, and that requests write, too.
const SHARED_NAME: &str = "shared";
const TASKS: usize = 6;
/// Requests of each task at least; they go on until there was a race.
const REQUESTS: usize = 400;
/// Swaps, and served and refused requests, without which nothing was tried.
const TURNS: usize = 1000;
const OUTCOMES: usize = 100;
/// Entries of the namespace that are a directory at one moment and a link to outside at the next.
const DOORS: [&str; 3] = ["door", "relative", "inner/deeper/door"];
/// An entry that is an object at one moment and a link to a file outside at the next.
const FILE: &str = "file";
/// The code of a request whose path leads outside.
const PERMISSION: i64 = 4005;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_and_renames_inside_the_root_lead_no_request_outside() {
    let seed = seed();
    let enrolled = Arc::new(Enrolled::with(&[]).await);
    let objects = enrolled.follower.objects(BASE_PATH, &enrolled.namespace);
    let outside = Outside::make(&enrolled);
    let before = outside.state();
    let race = Arc::new(Race::default());
    let attacker = Attacker::start(Attack::prepare(&objects, &outside), Arc::clone(&race));
    let visitor = |number| Visitor::new(Arc::clone(&enrolled), Arc::clone(&race), number, seed);
    let mut visitors: JoinSet<BTreeMap<i64, usize>> =
        (0..TASKS).map(|number| visitor(number).work()).collect();
    let mut codes = BTreeMap::<i64, usize>::new();
    while let Some(visited) = visitors.join_next().await {
        let visited = visited.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        visited.into_iter().for_each(|(code, count)| *codes.entry(code).or_default() += count);
    }
    drop(attacker);

    assert_eq!(outside.state(), before, "what lies outside");
    for (path, bytes) in files_below(&objects) {
        assert!(!contains_canary(&bytes), "{} holds what lies outside", path.display());
    }
    eprintln!("{race:?}; answers by code: {codes:?}");
    assert!(race.was_there(), "no race: {race:?}, {codes:?}");
}

/// What has happened so far on both sides.
#[derive(Debug, Default)]
struct Race {
    turns: AtomicUsize,
    served: AtomicUsize,
    refused: AtomicUsize,
}

impl Race {
    fn was_there(&self) -> bool {
        let over = |count: &AtomicUsize, least| count.load(Ordering::SeqCst) > least;
        over(&self.turns, TURNS) && over(&self.served, OUTCOMES) && over(&self.refused, OUTCOMES)
    }

    fn answered(&self, code: i64) {
        match code {
            0 => self.served.fetch_add(1, Ordering::SeqCst),
            PERMISSION => self.refused.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
    }
}

/// The places that no request may touch: a stranger's directory, and two that are nearer than one would think.
struct Outside {
    places: Vec<PathBuf>,
}

impl Outside {
    fn make(enrolled: &Enrolled) -> Self {
        let base = enrolled.follower.objects(BASE_PATH, "");
        let places =
            vec![enrolled.home.path().join("outside"), base.join("other-tenant"), base.join("../canary")];
        for place in &places {
            fs::create_dir_all(place.join("below")).expect("directory");
            for name in [CANARY_NAME, SHARED_NAME, "below/canary-name", "below/shared"] {
                fs::write(place.join(name), CANARY).expect("canary");
            }
        }
        Self { places }
    }

    /// Everything there is to see: names, inodes, times and contents.
    fn state(&self) -> BTreeMap<PathBuf, (u64, i64, i64, Bytes)> {
        let mut state = BTreeMap::new();
        for place in &self.places {
            for path in [place.clone(), place.join("below")] {
                let metadata = fs::metadata(&path).expect("directory");
                state.insert(path, (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), Bytes::new()));
            }
            for (path, bytes) in files_below(place) {
                let metadata = fs::metadata(&path).expect("file");
                state.insert(path, (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), bytes));
            }
        }
        state
    }
}

/// Swaps directories and files for links.
struct Attack {
    objects: PathBuf,
    doors: Vec<(PathBuf, PathBuf)>,
    outside_file: PathBuf,
}

impl Attack {
    fn prepare(objects: &Path, outside: &Outside) -> Self {
        // A link to a link to a link that leaves.
        symlink("second-hop", objects.join("first-hop")).expect("link");
        symlink("../../canary", objects.join("second-hop")).expect("link");
        let targets = [outside.places[0].clone(), "../other-tenant".into(), "../../first-hop".into()];
        let doors = DOORS.iter().map(|door| objects.join(door)).zip(targets).collect();
        Self { objects: objects.to_owned(), doors, outside_file: outside.places[0].join(SHARED_NAME) }
    }

    /// Swaps each door once, and the file. Requests change the same directories: what fails is tried the next turn.
    fn turn(&self) {
        for (door, target) in &self.doors {
            let link = with_suffix(door);
            if renameat_with(CWD, door, CWD, &link, RenameFlags::EXCHANGE).is_err() {
                let _ = fs::create_dir_all(door);
                let _ = symlink(target, &link);
            }
        }
        let spare = self.objects.join("spare-link");
        let _ = symlink(&self.outside_file, &spare);
        let _ = fs::rename(&spare, self.objects.join(FILE));
        self.replace_directory();
    }

    /// Plain renames: the directory goes, a link comes in its place, and the other way round.
    fn replace_directory(&self) {
        let (inner, aside) = (self.objects.join("inner/deeper"), self.objects.join("inner/aside"));
        if fs::rename(&inner, &aside).is_err() {
            return;
        }
        if symlink("../../../canary", &inner).is_ok() {
            let _ = fs::remove_file(&inner);
        }
        // A request may have made the directory again.
        while fs::rename(&aside, &inner).is_err() && aside.exists() {
            let trash = self.objects.join(format!("inner/trash-{}", uuid::Uuid::new_v4()));
            let _ = fs::rename(&inner, trash);
        }
    }
}

/// An attack that goes on until it is dropped.
struct Attacker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Attacker {
    fn start(attack: Attack, race: Arc<Race>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let turns = move || {
            while !stopped.load(Ordering::SeqCst) {
                attack.turn();
                race.turns.fetch_add(1, Ordering::SeqCst);
            }
        };
        Self { stop, thread: Some(std::thread::spawn(turns)) }
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn with_suffix(door: &Path) -> PathBuf {
    door.with_extension("link")
}

/// One of the clients.
struct Visitor {
    enrolled: Arc<Enrolled>,
    race: Arc<Race>,
    number: usize,
    random: Random,
    /// How many answers had which code; 0 is success.
    codes: BTreeMap<i64, usize>,
}

impl Visitor {
    fn new(enrolled: Arc<Enrolled>, race: Arc<Race>, number: usize, seed: u64) -> Self {
        let random = Random::new(seed.wrapping_add(number as u64));
        Self { enrolled, race, number, random, codes: BTreeMap::new() }
    }

    async fn work(mut self) -> BTreeMap<i64, usize> {
        // Whoever gets less of a busy machine than the other side needs more requests, but not without end.
        for number in 0..100 * REQUESTS {
            if number >= REQUESTS && self.race.was_there() {
                break;
            }
            self.request().await;
        }
        self.codes
    }

    async fn request(&mut self) {
        let door = *self.random.pick(&DOORS);
        let below = *self.random.pick(&["", "below/", "new/directories/"]);
        let secret = format!("{door}/{below}{CANARY_NAME}");
        let shared = match self.random.within(0, 4) {
            0 => FILE.to_owned(),
            _ => format!("{door}/{below}{SHARED_NAME}"),
        };
        match self.random.within(0, 8) {
            0 => self.put(&shared).await,
            1 => self.object(Method::GET, &secret).await,
            2 => self.object(Method::GET, &shared).await,
            3 => self.object(Method::HEAD, &shared).await,
            4 => self.object(Method::DELETE, if below.is_empty() { &secret } else { &shared }).await,
            5 => self.list(door).await,
            6 => self.compose(&secret, &shared).await,
            _ => self.compose(&shared, &shared).await,
        }
    }

    async fn put(&mut self, key: &str) {
        if self.random.within(0, 8) > 0 {
            let answer = self.enrolled.put(key, vec![b'o'; 100]).await;
            return self.note(&answer);
        }
        // More than is written in one piece. It may be refused before the body is read, and the connection closed.
        let (signer, client) = (&self.enrolled.signer, &self.enrolled.follower.client);
        let large = signed_put(signer, client, &format!("/objects/{key}"), vec![b'o'; 600 << 10].into());
        if let Ok(reply) = large.header("connection", "close").send().await {
            self.note(&Answer::read(reply).await);
        }
    }

    async fn object(&mut self, method: Method, key: &str) {
        let asks_for_a_secret = key.ends_with(CANARY_NAME) && method == Method::GET;
        let reply = self.enrolled.call(method, &format!("/objects/{key}")).await;
        let status = reply.status();
        assert!(!asks_for_a_secret || status != 200, "{key} was served");
        let body = reply.bytes().await.expect("body");
        assert!(!contains_canary(&body), "{key} shows what lies outside");
        // A HEAD and a served object have no envelope.
        let envelope = serde_json::from_slice::<Value>(&body).ok().and_then(|body| body["code"].as_i64());
        let code = envelope.unwrap_or(if status == 200 { 0 } else { status.as_u16().into() });
        self.count(code);
    }

    async fn list(&mut self, prefix: &str) {
        let prefix = self
            .random
            .pick(&[format!("?prefix={prefix}"), format!("?prefix={prefix}/below"), String::new()])
            .clone();
        let reply = self.enrolled.call(Method::GET, &format!("/objects{prefix}")).await;
        let answer = Answer::read(reply).await;
        let keys = answer.body["data"]["items"].to_string();
        assert!(!keys.contains(CANARY_NAME), "the list shows what lies outside: {keys}");
        self.note(&answer);
    }

    /// Joins something of our own and `part` into `target`, through the doors both.
    async fn compose(&mut self, part: &str, target: &str) {
        let own = format!("own/{}", self.number);
        let target = if part == target { format!("{target}-joined") } else { own.clone() + "-joined" };
        let answer = self.enrolled.put(&own, &b"own"[..]).await;
        self.note(&answer);
        // With the size of what lies outside, sometimes, so that only the place can be the reason to refuse.
        let size = *self.random.pick(&[3 + CANARY.len(), 103]);
        let body = json!({"target_key": target, "part_keys": [own, part], "expected_size": size});
        let answer = self.enrolled.post("/compose", &body).await;
        self.note(&answer);
        self.object(Method::GET, &target).await;
    }

    fn note(&mut self, answer: &Answer) {
        self.count(answer.body["code"].as_i64().expect("code"));
    }

    fn count(&mut self, code: i64) {
        *self.codes.entry(code).or_default() += 1;
        self.race.answered(code);
    }
}

fn contains_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

/// The regular files below `directory`, links not followed.
fn files_below(directory: &Path) -> Vec<(PathBuf, Bytes)> {
    let (mut files, mut pending) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).expect("directory") {
            let entry = entry.expect("entry");
            let kind = entry.file_type().expect("type");
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() {
                files.push((entry.path(), fs::read(entry.path()).expect("file").into()));
            }
        }
    }
    files
}
