//! Slows down whoever guesses passwords, and keeps the audit trail readable meanwhile.
//!
//! Three buckets count wrong passwords: of an account from one address, of an address, and of an account from anywhere.
//! The first always holds. The other two can be emptied by strangers, so they do not hold for somebody whose address
//! has an open login of that account: nobody can shut its owner out of an account for good.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::primary::caller::Caller;
use crate::primary::settings::Settings;
use crate::primary::throttle::{Limit, Throttle, TooSoon, network_of};

/// Tries that all addresses together have for one account, as a multiple of what one address has.
const ALL_ADDRESSES: u32 = 10;
/// Failed logins that get an entry of their own in the audit trail within a [`WINDOW`]; the others are counted.
const ENTRIES_PER_WINDOW: u32 = 30;
const WINDOW: Duration = Duration::from_secs(600);

/// Whose password is tried. An account has one bucket whichever of its names is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Target<'a> {
    Account(i64),
    /// The folded name that nobody has.
    Nobody(&'a str),
}

/// Counts wrong passwords.
#[derive(Debug, Default)]
pub(super) struct Guard {
    pairs: Throttle,
    addresses: Throttle,
    accounts: Throttle,
}

/// A try that was let through; it counts as a wrong password unless it is [forgiven](Guard::forgive).
#[derive(Debug)]
pub(super) struct Try<'a> {
    target: Target<'a>,
    network: IpAddr,
    limits: Option<Limits>,
    /// Whether it was taken from the bucket of the pair alone.
    known: bool,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    account: Limit,
    address: Limit,
    everywhere: Limit,
}

/// Why a try was not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// From this address the account has been tried too often.
    Here(TooSoon),
    /// Strangers may have used the tries up: who is known at this address may go on with [`Guard::admit_known`].
    Elsewhere(TooSoon),
}

impl Limits {
    fn of(settings: &Settings) -> Option<Self> {
        let account = settings.account_limit()?;
        let everywhere = Limit {
            burst: account.burst.saturating_mul(ALL_ADDRESSES),
            refill: (account.refill / ALL_ADDRESSES).max(Duration::from_millis(1)),
        };
        Some(Self { account, address: settings.address_limit()?, everywhere })
    }
}

impl Guard {
    /// Lets a try of somebody through who is a stranger so far.
    pub(super) fn admit<'a>(
        &self,
        settings: &Settings,
        target: Target<'a>,
        ip: IpAddr,
    ) -> Result<Try<'a>, Refused> {
        let known = self.admit_known(settings, target, ip).map_err(Refused::Here)?;
        let admitted = Try { known: false, ..known };
        let Some(limits) = admitted.limits else { return Ok(admitted) };
        let network = admitted.network;
        if let Err(wait) = self.addresses.take(network, 1, limits.address) {
            self.pairs.put_back((target, network), 1, limits.account);
            return Err(Refused::Elsewhere(wait));
        }
        if let Err(wait) = self.accounts.take(target, 1, limits.everywhere) {
            self.pairs.put_back((target, network), 1, limits.account);
            self.addresses.put_back(network, 1, limits.address);
            return Err(Refused::Elsewhere(wait));
        }
        Ok(admitted)
    }

    /// Lets a try of somebody through who is known at this address; only the tries from there count.
    pub(super) fn admit_known<'a>(
        &self,
        settings: &Settings,
        target: Target<'a>,
        ip: IpAddr,
    ) -> Result<Try<'a>, TooSoon> {
        let network = network_of(ip);
        let limits = Limits::of(settings);
        if let Some(limits) = limits {
            self.pairs.take((target, network), 1, limits.account)?;
        }
        Ok(Try { target, network, limits, known: true })
    }

    /// Takes a try back, because the password was right or was not looked at.
    pub(super) fn forgive(&self, tried: &Try<'_>) {
        let Some(limits) = tried.limits else { return };
        self.pairs.put_back((tried.target, tried.network), 1, limits.account);
        if !tried.known {
            self.addresses.put_back(tried.network, 1, limits.address);
            self.accounts.put_back(tried.target, 1, limits.everywhere);
        }
    }
}

/// What an anonymous flood would write into the audit trail, as a few entries and a sum.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    written: u32,
    sums: Sums,
}

/// Refused logins without an entry of their own.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Sums {
    /// With a wrong name or password.
    pub(super) failed: u64,
    /// Unchecked, because there were too many.
    pub(super) throttled: u64,
    /// Where the last of them came from.
    pub(super) last: Option<Caller>,
}

impl Failures {
    /// Whether a failed login gets an entry of its own; if not, it was counted.
    pub(super) fn failed(&self, caller: &Caller) -> bool {
        self.failed_at(caller, Instant::now())
    }

    fn failed_at(&self, caller: &Caller, now: Instant) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.since.is_none_or(|since| now.saturating_duration_since(since) >= WINDOW) {
            (window.since, window.written) = (Some(now), 0);
        }
        if window.written < ENTRIES_PER_WINDOW {
            window.written += 1;
            return true;
        }
        window.sums.failed += 1;
        window.sums.last = Some(caller.clone());
        false
    }

    /// Counts a login that was refused unchecked.
    pub(super) fn throttled(&self, caller: &Caller) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.sums.throttled += 1;
        window.sums.last = Some(caller.clone());
    }

    /// What was counted since this was last asked; `None` when there is nothing to tell.
    pub(super) fn take_sums(&self) -> Option<Sums> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sums = std::mem::take(&mut window.sums);
        (sums != Sums::default()).then_some(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, Schema};

    async fn settings() -> (tempfile::TempDir, Settings) {
        let dir = tempfile::tempdir().expect("dir");
        let url = format!("sqlite://{}/t.db?mode=rwc", dir.path().display());
        let db = Db::open(&url, 2, Schema::Primary).await.expect("db");
        (dir, Settings::open(db).await.expect("settings"))
    }

    fn ip(last: u32) -> IpAddr {
        IpAddr::V4(last.into())
    }

    #[tokio::test]
    async fn an_account_is_slowed_down_at_one_address_and_not_at_another() {
        let (_dir, settings) = settings().await;
        let guard = Guard::default();
        let anna = Target::Account(1);
        for _ in 0..10 {
            guard.admit(&settings, anna, ip(1)).expect("the first ten");
        }
        assert!(matches!(guard.admit(&settings, anna, ip(1)), Err(Refused::Here(_))));
        assert!(guard.admit(&settings, Target::Account(2), ip(1)).is_ok());
        assert!(guard.admit(&settings, anna, ip(2)).is_ok());
    }

    #[tokio::test]
    async fn many_addresses_cannot_shut_out_who_is_known_at_an_address() {
        let (_dir, settings) = settings().await;
        let guard = Guard::default();
        let anna = Target::Account(1);
        let mut stranger = 0;
        while guard.admit(&settings, anna, ip(stranger)).is_ok() {
            stranger += 1;
        }
        assert!((100..=102).contains(&stranger), "{stranger} tries for one account from everywhere");
        assert!(matches!(guard.admit(&settings, anna, ip(4711)), Err(Refused::Elsewhere(_))));
        assert!(guard.admit_known(&settings, anna, ip(4711)).is_ok());
    }

    #[tokio::test]
    async fn an_address_has_so_many_tries_whatever_the_names() {
        let (_dir, settings) = settings().await;
        let guard = Guard::default();
        let names: Vec<String> = (0..100).map(|number| format!("name{number}")).collect();
        let let_through =
            names.iter().filter(|name| guard.admit(&settings, Target::Nobody(name), ip(1)).is_ok());
        assert_eq!(let_through.count(), 50);
    }

    #[tokio::test]
    async fn right_passwords_cost_nothing_and_throttling_can_be_switched_off() {
        let (_dir, settings) = settings().await;
        let guard = Guard::default();
        let anna = Target::Account(1);
        for _ in 0..200 {
            let tried = guard.admit(&settings, anna, ip(1)).expect("as often as one likes");
            guard.forgive(&tried);
        }
        settings.set("auth_throttle_enabled", &["false".to_owned()]).await.expect("set");
        for _ in 0..200 {
            guard.admit(&settings, anna, ip(1)).expect("switched off");
        }
    }

    #[test]
    fn a_flood_of_failures_is_a_few_entries_and_a_sum() {
        let failures = Failures::default();
        let caller = Caller { ip: ip(1), scheme: None, agent: "x".to_owned() };
        assert_eq!(failures.take_sums(), None);
        let start = Instant::now();
        let own = (0..1_000).filter(|_| failures.failed_at(&caller, start)).count();
        failures.throttled(&caller);
        assert_eq!(own, 30);
        assert_eq!(
            failures.take_sums(),
            Some(Sums { failed: 970, throttled: 1, last: Some(caller.clone()) })
        );
        assert_eq!(failures.take_sums(), None);
        assert!(failures.failed_at(&caller, start + WINDOW), "the next ten minutes have entries again");
    }
}
