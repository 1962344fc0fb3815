//! `[auth]`: keys for logins and stored secrets, and the cost of hashing passwords.

use secrecy::SecretString;

use super::reader::Reader;
use super::seal::SealingKey;

/// Shortest accepted `auth.jwt_secret`, in characters.
const MIN_JWT_SECRET_CHARS: usize = 32;

/// Keys and limits of authentication.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Signs login sessions; changing it ends all of them.
    pub jwt_secret: SecretString,
    /// Seals node and S3 secrets in the database.
    pub sealing_key: SealingKey,
    /// Whether the runtime setting `auth_cookie_secure` starts as off.
    pub bootstrap_insecure_cookies: bool,
    /// Passwords hashed at the same time, at most.
    pub password_hash_max_concurrency: usize,
}

impl AuthConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.section("auth", "Keys for logins and stored secrets.");
        Self {
            jwt_secret: reader.secret(
                "auth.jwt_secret",
                "at least 32 characters",
                |text| (text.chars().count() >= MIN_JWT_SECRET_CHARS).then(|| text.into()),
                "Signs login sessions. Changing it ends all of them.",
            ),
            sealing_key: reader.secret(
                "auth.storage_credential_secret_key",
                "exactly 64 hex digits (32 bytes)",
                SealingKey::from_hex,
                "Encrypts the secrets of nodes and S3 storages in the database. Keep a copy: without it they cannot be \
                 read and every node must be enrolled again.",
            ),
            bootstrap_insecure_cookies: reader.flag(
                "auth.bootstrap_insecure_cookies",
                false,
                "Lets a new installation be used over plain HTTP: the runtime setting auth_cookie_secure then starts as \
                 off. Without effect once that setting exists.",
            ),
            password_hash_max_concurrency: reader.integer(
                "auth.password_hash_max_concurrency",
                2,
                1..=64,
                "Passwords hashed at the same time; each takes one CPU and some memory while it runs.",
            ),
        }
    }
}
