//! The keys that all primaries of one database must have in common. Each primary makes its own where none are given,
//! so the mistake is easily made; it would show as logins that hold at one primary only and nodes that one cannot call.

mod store;

use secrecy::{ExposeSecret, SecretString};

use crate::config::{AuthConfig, SealingKey};
use crate::db::Db;
use crate::protocol::sha256_hex;

const SEALING_KEY: &str = "auth.storage_credential_secret_key";
const JWT_SECRET: &str = "auth.jwt_secret";

/// Why a primary must not work on its database.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The secrets in the database cannot be read.
    #[error(
        "auth.storage_credential_secret_key is not the key of this database. All primaries of a database need the same \
         auth.storage_credential_secret_key and the same auth.jwt_secret; copy both from the config.toml of the first \
         one. If the right key is lost, run DELETE FROM shared_keys in the database, and enroll every node again"
    )]
    SealingKey,
    /// The database failed.
    #[error("keys: {0}")]
    Database(#[from] sqlx::Error),
}

/// Compares the keys with those of the primaries that were here before. Only a database that others may use is asked:
/// in a SQLite file a changed key is its owner's own decision.
pub(super) async fn check(db: &Db, auth: &AuthConfig) -> Result<(), KeysError> {
    if !db.is_shared() {
        return Ok(());
    }
    let key = &auth.sealing_key;
    let mut tx = db.begin_alone().await?;
    match store::sealed(&mut tx, SEALING_KEY).await? {
        Some(sealed) => {
            opened(key, SEALING_KEY, &sealed).ok_or(KeysError::SealingKey)?;
        }
        None => store::put(&mut tx, SEALING_KEY, &seal(key, SEALING_KEY, "the right key".to_owned())).await?,
    }
    let digest = sha256_hex(auth.jwt_secret.expose_secret());
    let before =
        store::sealed(&mut tx, JWT_SECRET).await?.and_then(|sealed| opened(key, JWT_SECRET, &sealed));
    if before.as_ref().is_none_or(|before| before.expose_secret() != digest) {
        if before.is_some() {
            tracing::warn!(
                "auth.jwt_secret is another one than the primary had that started last on this database. Logins of \
                 before are over; when another primary still runs with the old one, give both the same"
            );
        }
        store::put(&mut tx, JWT_SECRET, &seal(key, JWT_SECRET, digest)).await?;
    }
    Ok(tx.commit().await?)
}

fn seal(key: &SealingKey, name: &str, text: String) -> String {
    key.seal(&context(name), &SecretString::from(text))
}

fn opened(key: &SealingKey, name: &str, sealed: &str) -> Option<SecretString> {
    key.open(&context(name), sealed).ok()
}

fn context(name: &str) -> String {
    format!("shared_keys/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, FirstFile, load};
    use crate::db::Schema;
    use crate::db::tests::url_in;

    #[tokio::test]
    async fn a_second_primary_needs_the_sealing_key_of_the_first_where_the_database_is_shared() {
        let dir = tempfile::tempdir().expect("dir");
        let db = Db::open(&url_in(dir.path()), 2, Schema::Primary).await.expect("db");
        let keys = |directory: &std::path::Path| {
            load(&Environment::default(), directory, &FirstFile::Primary).expect("configuration").config.auth
        };
        let (here, there) = (keys(dir.path()), keys(tempfile::tempdir().expect("dir").path()));
        check(&db, &here).await.expect("the first");
        check(&db, &here).await.expect("again");
        let other_logins = AuthConfig { jwt_secret: there.jwt_secret.clone(), ..here.clone() };
        check(&db, &other_logins).await.expect("a warning");
        let outcome = check(&db, &there).await;
        if db.is_shared() {
            let text = outcome.expect_err("another key").to_string();
            assert!(
                text.contains("auth.storage_credential_secret_key is not the key of this database"),
                "{text}"
            );
        } else {
            outcome.expect("its owner's own decision");
        }
    }
}
