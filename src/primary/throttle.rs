//! How often something may be tried: token buckets for any number of names in a fixed amount of memory.
//!
//! Each process counts for itself, so with several primaries a caller gets as many tries as there are primaries times
//! the limit. That is a small number still, and costs no write for each wrong password.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets in each row; a power of two.
const CELLS: usize = 1 << 16;
/// A name has one bucket in each row, chosen independently. Two names meet in all rows hardly ever.
const ROWS: usize = 2;

/// How much is allowed: so many tries at once, and another one after each `refill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Tries at once, at least 1.
    pub burst: u32,
    /// Time until one more is allowed.
    pub refill: Duration,
}

/// Tried too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {} s", self.seconds())]
pub struct TooSoon(pub Duration);

impl TooSoon {
    /// Whole seconds to wait, at least one.
    pub fn seconds(self) -> u64 {
        self.0.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
    }
}

/// Token buckets by name. Names are hashed with a key of this process into a table of fixed size (1 MiB), so a flood of
/// names costs no memory and pushes nobody's bucket out; at worst two names share their buckets.
#[derive(Debug)]
pub(in crate::primary) struct Throttle {
    /// For each bucket the milliseconds since `start` at which it is full again.
    full_at_ms: Mutex<Vec<u64>>,
    hashers: [RandomState; ROWS],
    start: Instant,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            full_at_ms: Mutex::new(vec![0; ROWS * CELLS]),
            hashers: std::array::from_fn(|_| RandomState::new()),
            start: Instant::now(),
        }
    }
}

impl Throttle {
    /// Takes `cost` tokens out of the bucket of `name`, or says how long to wait until they are there.
    ///
    /// # Errors
    /// When there are fewer; then none is taken.
    pub(in crate::primary) fn take(&self, name: impl Hash, cost: u32, limit: Limit) -> Result<(), TooSoon> {
        self.take_at(name, cost, limit, self.start.elapsed())
    }

    /// Puts back what [`Self::take`] took.
    pub(in crate::primary) fn put_back(&self, name: impl Hash, cost: u32, limit: Limit) {
        let taken = millis(limit.refill).saturating_mul(cost.into());
        let cells = self.cells(name);
        let mut full_at = self.full_at_ms.lock().unwrap_or_else(PoisonError::into_inner);
        for cell in cells {
            full_at[cell] = full_at[cell].saturating_sub(taken);
        }
    }

    fn take_at(&self, name: impl Hash, cost: u32, limit: Limit, now: Duration) -> Result<(), TooSoon> {
        let (now, refill) = (millis(now), millis(limit.refill));
        let cells = self.cells(name);
        let mut full_at = self.full_at_ms.lock().unwrap_or_else(PoisonError::into_inner);
        // The emptier buckets were emptied by other names as well.
        let own = cells.iter().map(|&cell| full_at[cell]).min().unwrap_or(0).max(now);
        let after = own.saturating_add(refill.saturating_mul(cost.into()));
        let latest = now.saturating_add(refill.saturating_mul(limit.burst.max(cost).into()));
        if after > latest {
            return Err(TooSoon(Duration::from_millis(after - latest)));
        }
        for cell in cells {
            full_at[cell] = full_at[cell].max(after);
        }
        Ok(())
    }

    fn cells(&self, name: impl Hash) -> [usize; ROWS] {
        std::array::from_fn(|row| {
            let hash = self.hashers[row].hash_one(&name);
            row * CELLS + usize::try_from(hash % CELLS as u64).unwrap_or(0)
        })
    }
}

/// Who counts as one client: an IPv4 address, or the /64 of an IPv6 one, which is what one customer gets at least.
pub(in crate::primary) fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { burst: 3, refill: Duration::from_secs(10) };

    fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_burst_is_allowed_and_then_one_more_for_each_refill() {
        let throttle = Throttle::default();
        for _ in 0..3 {
            assert_eq!(throttle.take_at("anna", 1, LIMIT, at(5)), Ok(()));
        }
        assert_eq!(throttle.take_at("anna", 1, LIMIT, at(5)), Err(TooSoon(at(10))));
        assert_eq!(throttle.take_at("berta", 1, LIMIT, at(5)), Ok(()), "another name has its own");
        // A refused attempt costs nothing: the wait does not grow.
        assert_eq!(throttle.take_at("anna", 1, LIMIT, at(14)), Err(TooSoon(at(1))));
        assert_eq!(throttle.take_at("anna", 1, LIMIT, at(15)), Ok(()));
        assert_eq!(throttle.take_at("anna", 1, LIMIT, at(15)), Err(TooSoon(at(10))));
        assert_eq!(throttle.take_at("anna", 3, LIMIT, at(3600)), Ok(()), "nobody is shut out for good");
    }

    #[test]
    fn what_was_put_back_can_be_taken_again() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            throttle.take("anna", 1, LIMIT).expect("as often as one likes");
            throttle.put_back("anna", 1, LIMIT);
        }
    }

    #[test]
    fn a_flood_of_names_neither_frees_a_bucket_nor_takes_memory() {
        let throttle = Throttle::default();
        for _ in 0..3 {
            throttle.take_at("anna", 1, LIMIT, at(0)).expect("the burst");
        }
        let held = || throttle.full_at_ms.lock().expect("cells").capacity();
        let before = held();
        for name in 0..1_000_000 {
            let _ = throttle.take_at(name, 1, LIMIT, at(0));
        }
        assert_eq!(held(), before);
        assert!(throttle.take_at("anna", 1, LIMIT, at(0)).is_err());
    }

    #[test]
    fn a_few_thousand_busy_names_leave_the_others_alone() {
        let throttle = Throttle::default();
        for name in 0..3_000 {
            let _ = throttle.take_at(name, 3, LIMIT, at(0));
        }
        let others = (10_000..20_000).filter(|name| throttle.take_at(name, 1, LIMIT, at(0)).is_err()).count();
        assert!(others < 100, "{others} of 10,000 share both buckets with somebody busy");
    }

    #[test]
    fn an_ipv6_client_is_its_64() {
        let network = |text: &str| network_of(text.parse().expect("address"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        assert_eq!(TooSoon(Duration::from_millis(1)).seconds(), 1);
        assert_eq!(TooSoon(Duration::from_millis(1001)).seconds(), 2);
    }
}
