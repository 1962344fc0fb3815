//! What failures leave behind, in the eyes of a person and of the doctor: nothing.
//!
//! Each test does one thing again and again, and lets another of its steps fail each time: every commit and every call of
//! a store, in each way there is. Afterwards the thing is done or not, never by halves; the cleaners find what is left; the
//! doctor finds nothing; and what was not done can be done.

mod content;
mod migration;
mod trees;

use serde_json::{Value, json};

use super::{Options, Report, State, primary};
use crate::db::failing::Way;
use crate::primary::tests::failing::Unfinished;
use crate::primary::tests::{Session, Site};

/// The policy that every new primary has.
const LOCAL: i64 = 1;
const WAYS: [Way; 4] = [Way::Refused, Way::Away, Way::Lost, Way::Last];

/// A primary, its administrator, the policies whose stores can fail, and how they do.
struct Stage {
    site: Site,
    admin: Session,
    policies: Vec<i64>,
    unfinished: Unfinished,
    ways: &'static [Way],
}

/// What there is.
#[derive(Debug, PartialEq, Eq)]
struct View {
    /// What a person sees: paths with contents, versions, the trash, the bytes.
    shown: Vec<String>,
    /// Blobs under each policy.
    blobs: Vec<usize>,
}

impl Stage {
    async fn new() -> Self {
        let (site, admin) = Site::with_admin().await;
        let unfinished = Unfinished::default();
        site.let_store_fail(LOCAL, &unfinished).await;
        Self { site, admin, policies: vec![LOCAL], unfinished, ways: &WAYS }
    }

    /// With one more local policy, for tasks. A task is not ended by a database that is away, but by the end of its
    /// lease, so that way is left out.
    async fn with_target() -> Self {
        let mut stage = Self::new().await;
        let policy = json!({"name": "Target", "driver_type": "local", "base_path": "data/target"});
        let target = id(&done(stage.admin.post("/admin/policies", policy).await));
        stage.site.let_store_fail(target, &stage.unfinished).await;
        stage.policies.push(target);
        stage.ways = &[Way::Refused, Way::Lost, Way::Last];
        stage
    }

    /// The process ends, and another one begins where it was.
    async fn restarted(self) -> Self {
        let site = self.site.again().await;
        let admin = self.admin.at(&site);
        for policy in &self.policies {
            site.let_store_fail(*policy, &self.unfinished).await;
        }
        Self { site, admin, ..self }
    }

    async fn view(&self) -> View {
        let mut shown = vec![format!("{} bytes used", self.admin.used().await)];
        let mut open = vec![("/folders".to_owned(), String::new())];
        while let Some((folder, path)) = open.pop() {
            let listed = done(self.admin.get(&folder).await);
            for item in list(&listed["folders"]) {
                let path = format!("{path}{}/", text(item, "name"));
                open.push((format!("/folders/{}", id(item)), path.clone()));
                shown.push(path);
            }
            for item in list(&listed["files"]) {
                let (file, path) = (id(item), format!("{path}{}", text(item, "name")));
                shown.push(format!("{path}: {}", self.admin.content(file).await));
                for version in list(&done(self.admin.get(&format!("/files/{file}/versions")).await)) {
                    shown.push(format!("{path}: version of {} bytes", version["size"]));
                }
            }
        }
        let trash = done(self.admin.get("/trash").await);
        for item in list(&trash["folders"]).iter().chain(list(&trash["files"])) {
            shown.push(format!("trash: {}", text(item, "original_path")));
        }
        shown.sort();
        let mut blobs = Vec::new();
        for policy in &self.policies {
            blobs.push(self.site.blobs_under(*policy).await);
        }
        View { shown, blobs }
    }

    /// The cleaners leave nothing, and the doctor finds nothing.
    async fn is_well(&self, when: &str) {
        self.site.settle().await;
        let unfinished = self.unfinished.lock().expect("targets").clone();
        assert!(unfinished.is_empty(), "{when}: never ended: {unfinished:?}");
        let mut report = Report::default();
        let options = Options { deep: true, fix: false };
        Box::pin(primary::examine(&mut report, &self.site.config(), options)).await;
        let found = |check: &str| report.findings.iter().filter(|it| it.check == check).count();
        assert_eq!((found("counts"), found("objects")), (1, self.policies.len()), "{when}: {report:?}");
        let about = |check: &str| matches!(check, "counts" | "objects");
        let wrong = report.findings.iter().find(|it| about(it.check) && it.state != State::Ok);
        assert!(wrong.is_none(), "{when}: {wrong:?}");
    }

    /// Removes everything for good.
    async fn clear(&self) {
        let root = done(self.admin.get("/folders").await);
        for kind in ["folders", "files"] {
            for item in list(&root[kind]) {
                done(self.admin.delete(&format!("/{kind}/{}", id(item))).await);
            }
        }
        done(self.admin.delete("/trash").await);
        self.site.settle().await;
        assert_eq!(self.view().await.shown, ["0 bytes used"]);
    }
}

/// Lets each step of `act` fail in each way. `prepare` makes what `act` needs; `act` says whether it was told of success.
async fn after_each_step<T>(
    mut stage: Stage,
    prepare: impl AsyncFn(&Stage) -> T,
    act: impl AsyncFn(&Stage, &T) -> bool,
) {
    let given = prepare(&stage).await;
    let before = stage.view().await;
    assert!(act(&stage, &given).await, "without a failure");
    stage.is_well("without a failure").await;
    let both = [before, stage.view().await];
    stage.clear().await;
    for &way in stage.ways {
        let mut number = 1;
        loop {
            let given = prepare(&stage).await;
            let failure = Failure { number, way };
            let was_reached;
            (stage, was_reached) = failure.strike(stage, &given, &act, &both).await;
            stage.clear().await;
            if !was_reached {
                break;
            }
            number += 1;
        }
        assert!(number > 1, "nothing was a step");
    }
}

/// A step, and how it fails.
#[derive(Debug, Clone, Copy)]
struct Failure {
    number: u32,
    way: Way,
}

impl Failure {
    /// Does `act` with this failure and checks what there is: one of `both`, what there was and what there is to be. `false`
    /// when `act` has no such step.
    async fn strike<T>(
        self,
        mut stage: Stage,
        given: &T,
        act: &impl AsyncFn(&Stage, &T) -> bool,
        both: &[View; 2],
    ) -> (Stage, bool) {
        let [before, after] = both;
        let told = self.tell(&stage, act(&stage, given)).await;
        let was_reached = stage.site.steps().heal();
        if told.is_none() {
            stage = stage.restarted().await;
        }
        stage.is_well(&format!("{self:?}")).await;
        let seen = stage.view().await;
        let is_whole = both.iter().any(|view| view.shown == seen.shown);
        assert!(is_whole, "{self:?} left {seen:?}, neither {before:?} nor {after:?}");
        let is_done = seen == *after;
        assert!(told != Some(true) || is_done, "{self:?}: told of success, and there is {seen:?}");
        if !was_reached {
            assert_eq!(told, Some(true), "{self:?}: nothing failed");
        } else if !is_done {
            assert!(act(&stage, given).await, "{self:?}: it cannot be done afterwards");
            stage.is_well(&format!("done after {self:?}")).await;
            assert_eq!(stage.view().await, *after, "done after {self:?}");
        }
        (stage, was_reached)
    }

    /// What `acting` was told; `None` when the process ended.
    async fn tell(self, stage: &Stage, acting: impl Future<Output = bool>) -> Option<bool> {
        let steps = stage.site.steps();
        steps.fail_at(self.number, self.way);
        tokio::select! {
            told = acting => Some(told),
            () = steps.reached(), if self.way == Way::Last => None,
        }
    }
}

/// The `data` of a success.
fn done((status, body): (u16, Value)) -> Value {
    assert!((200..300).contains(&status), "{status} {body}");
    body["data"].clone()
}

fn id(item: &Value) -> i64 {
    item["id"].as_i64().expect("id")
}

fn text<'a>(item: &'a Value, member: &str) -> &'a str {
    item[member].as_str().expect(member)
}

fn list(items: &Value) -> &Vec<Value> {
    items.as_array().expect("a list")
}
