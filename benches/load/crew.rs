//! Many connections on all processors, with as little between them as possible.

use std::future::Future;

use tokio::task::JoinSet;

use super::Outcome;

/// Runs `work` for each connection from 0 on and gives what each came to, in no order; blocks until all have ended.
///
/// One thread per processor has its own share of the connections, so that none wakes another.
pub(super) fn run<T, W, F>(connections: u64, work: W) -> Outcome<Vec<T>>
where
    T: Send + 'static,
    W: Fn(u64) -> F + Clone + Send + 'static,
    F: Future<Output = Outcome<T>> + Send + 'static,
{
    let threads = std::thread::available_parallelism()?.get();
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let work = work.clone();
            std::thread::spawn(move || -> Outcome<Vec<T>> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let tasks: JoinSet<_> =
                        (0..connections).skip(thread).step_by(threads).map(work).collect();
                    tasks.join_all().await.into_iter().collect()
                })
            })
        })
        .collect();
    let mut results = Vec::new();
    for worker in workers {
        results.extend(worker.join().map_err(|_| "a load thread panicked")??);
    }
    Ok(results)
}
