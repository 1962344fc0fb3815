//! Password hashes: Argon2id on threads of their own, few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Memory of one hash in KiB, passes, lanes (primary spec §7).
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Compared with when there is no such user, so that the same work is done as for one who exists. Nobody knows a password
/// for it: salt and hash are random.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Z0Cjnz1drPd7ISn81n7RRg$s2yo4PdHoIb7yat2Tkqy6iTaWzFo5rnB0cg4W6DXT5c";
/// Requests that may wait for their turn, for each hash that may run.
const WAITING_PER_SLOT: usize = 16;

/// Why a password was neither hashed nor compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many requests wait already.
    #[error("too many logins are being checked at this moment; try again in a few seconds")]
    Busy,
    /// The hash function or its thread failed.
    #[error("password hash: {0}")]
    Failed(String),
}

/// Hashes and compares passwords. Running hashes are bounded because each takes 19 MiB and a core; waiting ones
/// because a flood of logins must not become a flood of memory.
#[derive(Debug)]
pub(super) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Semaphore,
}

impl Passwords {
    pub(super) fn new(concurrency: usize) -> Self {
        let concurrency = concurrency.max(1);
        Self {
            running: Arc::new(Semaphore::new(concurrency)),
            admitted: Semaphore::new(concurrency.saturating_mul(WAITING_PER_SLOT + 1)),
        }
    }

    /// A hash in PHC form, with a fresh salt.
    pub(super) async fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        let password = password.clone();
        self.run(move || hash(password.expose_secret())).await?
    }

    /// Whether `password` belongs to `stored`; with `None` the work is done all the same and the answer is no.
    pub(super) async fn verify(
        &self,
        password: &SecretString,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let password = password.clone();
        self.run(move || {
            let fits = verify(password.expose_secret(), stored.as_deref().unwrap_or(DECOY))?;
            Ok(fits && stored.is_some())
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _admitted = self.admitted.try_acquire().map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|error| PasswordError::Failed(error.to_string()))?;
        tokio::task::spawn_blocking(move || {
            // Kept by the thread: a client that goes away does not make room while the hash still runs.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|error| PasswordError::Failed(error.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params =
        Params::new(memory, passes, lanes, None).map_err(|error| PasswordError::Failed(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2()?
        .hash_password(password.as_bytes())
        .map_err(|error| PasswordError::Failed(error.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    match PasswordVerifier::<str>::verify_password(&argon2()?, password.as_bytes(), stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new(2);
        let right = SecretString::from("correct horse");
        let hash = passwords.hash(&right).await.expect("hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(&right, Some(hash.clone())).await.expect("verify"));
        assert!(!passwords.verify(&"wrong horse".into(), Some(hash)).await.expect("verify"));
        assert!(!passwords.verify(&"nobody has this password".into(), None).await.expect("verify"));
        assert!(passwords.verify(&right, Some("garbage".to_owned())).await.is_err());
    }

    /// Algorithm, version and cost, and the lengths of salt and hash: what the work depends on.
    fn work_of(phc: &str) -> (String, usize, usize) {
        let parts: Vec<&str> = phc.split('$').collect();
        let [_, algorithm, version, cost, salt, hash] = parts[..] else { panic!("{phc}") };
        (format!("{algorithm} {version} {cost}"), salt.len(), hash.len())
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_work_of_a_known_one() {
        let passwords = Passwords::new(1);
        let known = passwords.hash(&"correct horse".into()).await.expect("hash");
        assert_eq!(work_of(DECOY), work_of(&known));
        // It is really compared: a decoy that could not be read would fail at once instead.
        assert!(!verify("correct horse", DECOY).expect("a readable hash"));
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused_at_once() {
        let passwords = Passwords::new(1);
        let turn = Arc::clone(&passwords.running).acquire_owned().await.expect("turn");
        let queue: Vec<_> = (0..=WAITING_PER_SLOT).map(|_| Box::pin(passwords.run(|| ()))).collect();
        let mut queue = futures_util::future::select_all(queue);
        assert!(futures_util::poll!(&mut queue).is_pending());
        assert!(matches!(passwords.run(|| ()).await, Err(PasswordError::Busy)));
        drop(turn);
        assert!(queue.await.0.is_ok());
    }
}
