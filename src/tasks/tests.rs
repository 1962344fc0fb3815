//! The engine on a real database, with one worker and with several.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use super::worker::Times;
use super::*;
use crate::db::tests::url_in;
use crate::db::{Db, Schema};

const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug)]
struct Quick;

impl Tuning for Quick {
    fn max_attempts(&self) -> u32 {
        3
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_millis(20)
    }
}

/// One process: a pool of its own on the shared file.
async fn open(dir: &tempfile::TempDir) -> (Db, Queue) {
    let db = Db::open(&url_in(dir.path()), 8, Schema::Primary).await.expect("db");
    let queue = Queue::new(db.clone(), std::sync::Arc::new(Quick));
    (db, queue)
}

struct Running(oneshot::Sender<()>, JoinHandle<()>);

impl Running {
    fn start(worker: Worker) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        Self(stop, tokio::spawn(worker.run(async move { drop(stopped.await) })))
    }

    async fn stop(self) {
        drop(self.0);
        tokio::time::timeout(PATIENCE, self.1).await.expect("the worker ends").expect("worker");
    }
}

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("never: {what}"))
}

async fn ended(queue: &Queue, id: i64, state: State) -> Task {
    until("the task ends", async || {
        Some(queue.get(id).await.expect("task")).filter(|task| task.state == state)
    })
    .await
}

async fn execute(db: &Db, sql: &'static str) {
    let mut tx = db.begin().await.expect("begin");
    sqlx::query(sql).execute(&mut *tx).await.expect(sql);
    tx.commit().await.expect("commit");
}

type Work =
    std::sync::Arc<dyn Fn(Context, i64) -> futures_util::future::BoxFuture<'static, Outcome> + Send + Sync>;
type Outcome = Result<Value, Failure>;

/// A kind that does what a test tells it to.
#[derive(Clone)]
struct Told(Work, usize);

impl Told {
    fn to<F: Future<Output = Outcome> + Send + 'static>(
        work: impl Fn(Context, i64) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(std::sync::Arc::new(move |context, number| Box::pin(work(context, number))), 1)
    }
}

impl Kind for Told {
    const NAME: &'static str = "told";
    type Payload = i64;

    fn concurrency(&self) -> usize {
        self.1
    }

    async fn run(&self, context: &Context, number: i64) -> Outcome {
        (self.0)(context.clone(), number).await
    }
}

fn told(number: i64) -> NewTask {
    NewTask::of::<Told>(&number).expect("payload")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thousands_of_tasks_and_two_processes_each_task_runs_once() {
    const TASKS: i64 = 2_000;
    let dir = tempfile::tempdir().expect("dir");
    let runs = std::sync::Arc::new(Mutex::new(HashMap::<i64, usize>::new()));
    let (mut workers, mut queues) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (db, queue) = open(&dir).await;
        let runs = runs.clone();
        let mut kind = Told::to(move |_, number| {
            *runs.lock().expect("runs").entry(number).or_default() += 1;
            async { Ok(Value::Null) }
        });
        kind.1 = 16;
        workers.push(Worker::new(&queue).register(kind));
        queues.push((db, queue));
    }
    let (db, queue) = &queues[0];
    let mut tx = db.begin().await.expect("begin");
    for number in 0..TASKS {
        queue.enqueue(&mut tx, &told(number)).await.expect("enqueue").expect("new");
    }
    tx.commit().await.expect("commit");
    let running: Vec<Running> = workers.into_iter().map(Running::start).collect();
    let done = Filter { states: vec![State::Succeeded], ..Filter::default() };
    until("all are done", async || {
        (queue.list(&done, 1, 0).await.expect("list").1 == TASKS.unsigned_abs()).then_some(())
    })
    .await;
    for worker in running {
        worker.stop().await;
    }
    let runs = runs.lock().expect("runs");
    assert_eq!(runs.len(), usize::try_from(TASKS).expect("count"));
    let twice: Vec<_> = runs.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "ran more than once: {twice:?}");
}

#[tokio::test]
async fn a_task_is_there_only_when_its_cause_is_committed() {
    let dir = tempfile::tempdir().expect("dir");
    let (db, queue) = open(&dir).await;
    let mut tx = db.begin().await.expect("begin");
    let id = queue.enqueue(&mut tx, &told(1)).await.expect("enqueue").expect("new");
    drop(tx);
    assert!(matches!(queue.get(id).await, Err(TaskError::NotFound(_))));
    let once = told(1).once("key");
    let first = queue.submit(&once).await.expect("first").expect("new");
    assert_eq!(queue.submit(&once).await.expect("second"), None, "the first is not finished");
    queue.cancel(first).await.expect("cancel");
    assert!(queue.submit(&once).await.expect("third").is_some(), "the first is over");
    let refused = queue.retry(first).await;
    assert!(matches!(refused, Err(TaskError::Doubled(_))), "{refused:?}");
}

#[tokio::test]
async fn what_fails_for_now_is_tried_again_and_what_fails_for_good_is_not() {
    let dir = tempfile::tempdir().expect("dir");
    let (db, queue) = open(&dir).await;
    let worker = Running::start(Worker::new(&queue).register(Told::to(|context, number| async move {
        match number {
            0 => Err(Failure::transient("not now")),
            1 => Err(Failure::permanent("never").with_result(json!({"seen": 1}))),
            _ if context.position::<i64>().is_some() => Ok(json!("second time")),
            _ => {
                context.save(&7, (1, 2), "half").await?;
                panic!("fell over");
            }
        }
    })));
    let ids = [0, 1, 2].map(told);
    let mut before = now_ms();
    let [transient, permanent, broken] = [
        queue.submit(&ids[0]).await.expect("submit").expect("id"),
        queue.submit(&ids[1]).await.expect("submit").expect("id"),
        queue.submit(&ids[2]).await.expect("submit").expect("id"),
    ];
    for attempt in 1..3 {
        let task = until("it waits", async || {
            let task = queue.get(transient).await.expect("task");
            (task.state == State::Retry && task.attempt_count == attempt).then_some(task)
        })
        .await;
        assert!(task.run_at > before + 1_000 && task.last_error == "not now", "{task:?}");
        before = now_ms();
        execute(&db, "UPDATE tasks SET run_at = 0 WHERE state = 'retry'").await;
        queue.wake();
    }
    assert_eq!(ended(&queue, transient, State::Failed).await.attempt_count, 3);
    let task = ended(&queue, permanent, State::Failed).await;
    assert_eq!((task.attempt_count, task.last_error.as_str(), task.result), (1, "never", json!({"seen": 1})));
    let task = ended(&queue, broken, State::Succeeded).await;
    assert_eq!((task.attempt_count, task.result), (2, json!("second time")));
    assert!(task.last_error.contains("fell over"), "{}", task.last_error);
    worker.stop().await;
}

#[tokio::test]
async fn running_work_that_is_canceled_ends_whether_it_listens_or_not() {
    let dir = tempfile::tempdir().expect("dir");
    let (db, queue) = open(&dir).await;
    let (_, other_process) = open(&dir).await;
    let times = Times {
        lease: Duration::from_secs(30),
        heartbeat: Duration::from_millis(50),
        margin: Duration::from_secs(1),
        cancel_grace: Duration::from_millis(50),
    };
    let mut kind = Told::to(|context, number| async move {
        if number == 0 {
            context.stop().cancelled().await;
            return Err(Failure::stopped());
        }
        std::future::pending().await
    });
    kind.1 = 2;
    let worker = Running::start(Worker::new(&queue).register(kind).with_times(times));
    for number in [0, 1] {
        let id = queue.submit(&told(number)).await.expect("submit").expect("id");
        ended(&queue, id, State::Processing).await;
        assert!(other_process.cancel(id).await.expect("cancel").cancel_requested);
        let task = ended(&queue, id, State::Canceled).await;
        assert!(task.finished_at.is_some() && task.can_retry());
        let again = queue.cancel(id).await;
        assert!(matches!(again, Err(TaskError::Finished { state: State::Canceled, .. })), "{again:?}");
    }
    drop(db);
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_that_stops_gives_its_tasks_back_at_once_with_the_attempt() {
    let dir = tempfile::tempdir().expect("dir");
    let (_db, queue) = open(&dir).await;
    let worker = Running::start(Worker::new(&queue).register(Told::to(|context, _| async move {
        context.save(&"so far", (3, 9), "third").await?;
        context.stop().cancelled().await;
        Err(Failure::stopped())
    })));
    let id = queue.submit(&told(0)).await.expect("submit").expect("id");
    until("it saved", async || (queue.get(id).await.expect("task").progress_current == 3).then_some(()))
        .await;
    worker.stop().await;
    let task = queue.get(id).await.expect("task");
    assert_eq!((task.state, task.attempt_count, task.position), (State::Pending, 0, json!("so far")));
    assert!(task.run_at <= now_ms());
}

#[tokio::test]
async fn a_process_that_lost_its_task_can_neither_report_nor_finish_nor_commit() {
    let dir = tempfile::tempdir().expect("dir");
    let (db, queue) = open(&dir).await;
    let go = std::sync::Arc::new(Semaphore::new(0));
    let refusals = std::sync::Arc::new(AtomicUsize::new(0));
    let (gate, refused) = (go.clone(), refusals.clone());
    let worker = Running::start(Worker::new(&queue).register(Told::to(move |context, _| {
        let (gate, refused) = (gate.clone(), refused.clone());
        async move {
            gate.acquire().await.expect("gate").forget();
            let saved = context.save(&1, (1, 1), "from the past").await;
            refused.fetch_add(usize::from(saved.is_err()), Ordering::SeqCst);
            Ok(json!("from the past"))
        }
    })));
    let id = queue.submit(&told(0)).await.expect("submit").expect("id");
    let held = ended(&queue, id, State::Processing).await;
    // Another process found the lease over, and took the task.
    execute(&db, "UPDATE tasks SET lease_number = lease_number + 1, lease_owner = 'other'").await;
    go.add_permits(1);
    until("the old holder was refused", async || (refusals.load(Ordering::SeqCst) == 1).then_some(())).await;
    worker.stop().await;
    let task = queue.get(id).await.expect("task");
    assert_eq!((task.state, task.result, task.status_text.as_str()), (State::Processing, Value::Null, ""));
    let context = Context::new(queue.clone(), held, tokio_util::sync::CancellationToken::new());
    let mut tx = db.begin().await.expect("begin");
    assert!(context.hold(&mut tx).await.is_err() && context.stop().is_cancelled());
}

#[tokio::test]
async fn work_whose_lease_is_not_renewed_is_stopped_before_another_process_takes_it() {
    let dir = tempfile::tempdir().expect("dir");
    let (db, queue) = open(&dir).await;
    let times = Times {
        lease: Duration::from_secs(22),
        heartbeat: Duration::from_millis(100),
        margin: Duration::from_secs(20),
        cancel_grace: PATIENCE,
    };
    /// Notes the time of its end.
    struct Alive(std::sync::Arc<AtomicI64>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.store(now_ms(), Ordering::SeqCst);
        }
    }
    let dropped = std::sync::Arc::new(AtomicI64::new(0));
    let seen = dropped.clone();
    let kind = Told::to(move |_, _| {
        let alive = Alive(seen.clone());
        async move {
            let _alive = alive;
            std::future::pending().await
        }
    });
    let worker = Running::start(Worker::new(&queue).register(kind).with_times(times));
    let id = queue.submit(&told(0)).await.expect("submit").expect("id");
    ended(&queue, id, State::Processing).await;
    // Nobody else may change the row, so no renewal comes through.
    let mut tx = db.begin().await.expect("begin");
    sqlx::query("UPDATE tasks SET status_text = 'held'").execute(&mut *tx).await.expect("hold");
    let ended = async || Some(dropped.load(Ordering::SeqCst)).filter(|time| *time > 0);
    let ended = until("the work is dropped", ended).await;
    let held: i64 = {
        use sqlx::Row;
        let row = sqlx::query("SELECT lease_until FROM tasks").fetch_one(db.read()).await.expect("row");
        row.get("lease_until")
    };
    assert!(ended < held, "the lease still stood");
    drop(tx);
    worker.stop().await;
}

#[tokio::test]
async fn a_dead_process_s_task_is_taken_over_until_its_attempts_are_used_up() {
    let dir = tempfile::tempdir().expect("dir");
    let (db, queue) = open(&dir).await;
    let id = queue.submit(&told(0).attempts(2)).await.expect("submit").expect("id");
    for attempt in 1..=2 {
        let now = now_ms();
        store::claim(&db, id, "dead", now, now + 60_000).await.expect("claim").expect("due");
        assert_eq!(store::give_back_lost(&db, now, now).await.expect("none"), 0, "the lease stands");
        assert_eq!(queue.take_back_all().await.expect("all"), 1);
        let state = if attempt == 2 { State::Failed } else { State::Pending };
        assert_eq!(queue.get(id).await.expect("task").state, state);
    }
    assert!(queue.retry(id).await.expect("retry").attempt_count == 0);
}

struct Tick(std::sync::Arc<AtomicUsize>);

impl Kind for Tick {
    const NAME: &'static str = "tick";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Outcome {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Value::Null)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn periodic_work_runs_once_for_all_processes_and_leaves_one_row() {
    let dir = tempfile::tempdir().expect("dir");
    let ticks = std::sync::Arc::new(AtomicUsize::new(0));
    let mut running = Vec::new();
    let mut dbs = Vec::new();
    for _ in 0..2 {
        let (db, queue) = open(&dir).await;
        let hour = || Duration::from_secs(3600);
        running.push(Running::start(Worker::new(&queue).register_periodic(Tick(ticks.clone()), hour)));
        dbs.push((db, queue));
    }
    let (db, queue) = &dbs[0];
    let finished = Filter { states: vec![State::Succeeded], ..Filter::default() };
    for round in 1..=3 {
        until("it ran", async || (ticks.load(Ordering::SeqCst) >= round).then_some(())).await;
        until("it is over", async || (queue.list(&finished, 9, 0).await.expect("list").1 == 1).then_some(()))
            .await;
        assert_eq!(ticks.load(Ordering::SeqCst), round);
        assert_eq!(queue.list(&Filter::default(), 9, 0).await.expect("list").1, 1);
        if round < 3 {
            execute(db, "UPDATE task_schedules SET last_at = 1").await;
        }
    }
    for worker in running {
        worker.stop().await;
    }
    assert_eq!(ticks.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn ended_tasks_go_when_they_are_old_and_open_ones_stay() {
    let dir = tempfile::tempdir().expect("dir");
    let (_db, queue) = open(&dir).await;
    let open_task = queue.submit(&told(0).by(7)).await.expect("submit").expect("id");
    let ended = queue.submit(&told(1).by(8)).await.expect("submit").expect("id");
    queue.cancel(ended).await.expect("cancel");
    assert_eq!(queue.remove_finished(Duration::from_secs(3600)).await.expect("young"), 0);
    assert_eq!(queue.remove_finished(Duration::ZERO).await.expect("old"), 1);
    let all = |user| Filter { created_by: Some(user), ..Filter::default() };
    assert_eq!(queue.list(&all(7), 9, 0).await.expect("list").0[0].id, open_task);
    assert_eq!(queue.list(&all(8), 9, 0).await.expect("list").1, 0);
}
