//! Password hashes: Argon2id on threads of their own, few at a time.

use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Memory of one hash in KiB, passes, lanes (primary spec §7).
const COST: (u32, u32, u32) = (19_456, 2, 1);
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
    /// Compared with when there is no such user, so that the answer takes as long as for one who exists.
    decoy: Arc<OnceLock<String>>,
}

impl Passwords {
    pub(super) fn new(concurrency: usize) -> Self {
        let concurrency = concurrency.max(1);
        Self {
            running: Arc::new(Semaphore::new(concurrency)),
            admitted: Semaphore::new(concurrency.saturating_mul(WAITING_PER_SLOT + 1)),
            decoy: Arc::default(),
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
        let decoy = Arc::clone(&self.decoy);
        self.run(move || match stored {
            Some(stored) => verify(password.expose_secret(), &stored),
            None => {
                let stored = match decoy.get() {
                    Some(stored) => stored.clone(),
                    None => hash("nobody has this password")?,
                };
                let stored = decoy.get_or_init(|| stored);
                verify(password.expose_secret(), stored).map(|_| false)
            }
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
