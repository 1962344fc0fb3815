//! Two servers, the same work, in turn.

use std::sync::Arc;
use std::time::Duration;

use super::Outcome;
use super::peer::Peer;
use super::round::{self, Sample, Work};

/// The rounds of one row.
#[derive(Debug)]
pub(super) struct Duel {
    /// Each round: the measure first, then the follower.
    rounds: Vec<[Sample; 2]>,
}

/// Rounds and their length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) rounds: usize,
    pub(super) duration: Duration,
}

impl Effort {
    pub(super) fn new(quick: bool) -> Self {
        let (rounds, seconds) = if quick { (3, 1) } else { (5, 3) };
        Self { rounds, duration: Duration::from_secs(seconds) }
    }
}

impl Duel {
    /// Alternates between the two, so that a change of the machine's mood meets both.
    pub(super) async fn fight(
        measure: &Arc<Peer>,
        follower: &Arc<Peer>,
        work: Work,
        effort: Effort,
    ) -> Outcome<Self> {
        work.prepare(measure).await?;
        work.prepare(follower).await?;
        let mut rounds = Vec::with_capacity(effort.rounds);
        for _ in 0..effort.rounds {
            let first = round::run(measure, work, effort.duration).await?;
            let second = round::run(follower, work, effort.duration).await?;
            rounds.push([first, second]);
        }
        Ok(Self { rounds })
    }

    /// Rate of the follower as part of the measure's: median over the rounds, least, most.
    pub(super) fn ratio(&self) -> [f64; 3] {
        let mut ratios: Vec<f64> =
            self.rounds.iter().map(|[measure, follower]| follower.rate / measure.rate).collect();
        let median = median(&mut ratios);
        [median, ratios[0], ratios[ratios.len() - 1]]
    }

    /// Median of one figure for both.
    pub(super) fn medians(&self, figure: impl Fn(&Sample) -> f64) -> [f64; 2] {
        [0, 1].map(|side| {
            let mut figures: Vec<f64> = self.rounds.iter().map(|round| figure(&round[side])).collect();
            median(&mut figures)
        })
    }
}

/// The middle of `figures`, which are sorted; there must be at least one.
pub(super) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { f64::midpoint(figures[middle - 1], figures[middle]) }
}
