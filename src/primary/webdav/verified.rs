//! Passwords that were found right a short time ago. Programs send theirs with every request, and each comparison takes
//! tens of milliseconds of a processor and 19 MiB.
//!
//! Only that a password fits a stored hash is remembered. Whether the account is there, enabled and still has that hash
//! is asked of the database each time, so a change counts with the next request, in every primary.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How long one is remembered.
const LIFE: Duration = Duration::from_secs(300);
/// Most that are remembered.
const MOST: usize = 4_096;
/// Comparisons of the same password take turns, so that a program with eight connections costs one.
const TURNS: usize = 16;

/// Name and password under a key that this process alone has, and never writes down.
pub(super) type Tag = [u8; 32];

#[derive(Debug)]
pub(super) struct Verified {
    key: [u8; 32],
    known: Mutex<HashMap<Tag, Right>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
}

#[derive(Debug)]
struct Right {
    stored_hash: String,
    until: Instant,
}

impl Default for Verified {
    fn default() -> Self {
        let mut key = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut key).expect("the operating system gives random bytes");
        Self { key, known: Mutex::default(), turns: Default::default() }
    }
}

impl Verified {
    /// What a name with a password is remembered by.
    pub(super) fn tag(&self, name: &str, password: &SecretString) -> Tag {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(password.expose_secret().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether it was found to fit this hash a short time ago.
    pub(super) fn holds(&self, tag: &Tag, stored_hash: &str) -> bool {
        let known = self.known();
        known.get(tag).is_some_and(|right| right.stored_hash == stored_hash && Instant::now() < right.until)
    }

    pub(super) fn remember(&self, tag: Tag, stored_hash: String) {
        let now = Instant::now();
        let mut known = self.known();
        if known.len() >= MOST {
            known.retain(|_, right| now < right.until);
        }
        if known.len() >= MOST {
            // Each of them was right, so there are as many accounts in use; one of them is compared once more.
            let oldest = known.iter().min_by_key(|(_, right)| right.until).map(|(tag, _)| *tag);
            oldest.and_then(|tag| known.remove(&tag));
        }
        known.insert(tag, Right { stored_hash, until: now + LIFE });
    }

    /// The turn to compare; who gets it looks once more whether somebody else has done it.
    pub(super) async fn turn(&self, tag: &Tag) -> tokio::sync::MutexGuard<'_, ()> {
        self.turns[usize::from(tag[0]) % TURNS].lock().await
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Tag, Right>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_remembered_with_its_name_and_hash_only() {
        let verified = Verified::default();
        let tag = verified.tag("anna", &"correct horse".into());
        assert!(!verified.holds(&tag, "hash"));
        verified.remember(tag, "hash".to_owned());
        assert!(verified.holds(&tag, "hash"));
        assert!(!verified.holds(&tag, "another hash"), "the password was changed");
        for (name, password) in
            [("anna", "wrong horse"), ("berta", "correct horse"), ("annac", "orrect horse")]
        {
            assert!(!verified.holds(&verified.tag(name, &password.into()), "hash"), "{name}");
        }
        assert_ne!(tag, Verified::default().tag("anna", &"correct horse".into()), "another process");
    }

    #[test]
    fn only_so_many_are_remembered_and_the_newest_is_among_them() {
        let verified = Verified::default();
        let mut last = None;
        for number in 0..MOST + 10 {
            let tag = verified.tag(&number.to_string(), &"x".into());
            verified.remember(tag, "hash".to_owned());
            last = Some(tag);
        }
        assert_eq!(verified.known().len(), MOST);
        assert!(verified.holds(&last.expect("the last one"), "hash"));
    }
}
