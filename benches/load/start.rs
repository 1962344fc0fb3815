//! How long an enrolled follower takes from its start to its first answer.

use super::duel::{Effort, median};
use super::follower::Follower;
use super::rows::Figure;
use super::{Bench, Outcome, report};

pub(super) const NAME: &str = "start to /health 200";
const BUDGET_MS: f64 = 150.0;

/// `None` when the row is not asked for.
pub(super) async fn measure(bench: &Bench) -> Outcome<Option<Figure>> {
    if !bench.wants(NAME) {
        return Ok(None);
    }
    report::complain(NAME);
    let home = bench.directory().join("start");
    let mut follower = Follower::start(&bench.follower_binary, &home, "follower", "full").await?;
    let mut starts = Vec::new();
    for _ in 0..Effort::new(bench.quick).rounds {
        let (again, took) = follower.restart().await?;
        follower = again;
        starts.push(took.as_secs_f64() * 1e3);
    }
    let start = median(&mut starts);
    Ok(Some(Figure {
        measured: format!("{start:.0} ms"),
        target: format!("under {BUDGET_MS:.0} ms"),
        met: start < BUDGET_MS,
    }))
}
