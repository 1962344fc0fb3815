//! What a visitor's browser keeps: the proof that it knows the password, and the proof of the download it was counted
//! for last. Both are a time and a MAC over what they are about, with a key that is derived from the one of logins and
//! fits nothing else. The MAC takes in the stored password hash, so another password makes all proofs worthless at once.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Share;
use crate::protocol::Timestamp;

/// Seconds that a browser need not send the password again.
pub(super) const ACCESS_SECS: u64 = 3_600;
/// Seconds in which a counted download can be continued, as long as somebody may watch a film.
pub(super) const DOWNLOAD_SECS: u64 = 10_800;

/// What a proof is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Proof<'a> {
    /// Its visitor knew the password.
    Access,
    /// A download of this content was counted.
    Download {
        /// The file.
        file_id: i64,
        /// Its content at that time.
        hash: &'a str,
    },
}

pub(super) fn derived_key(secret: &SecretString) -> Hmac<Sha256> {
    let mut deriving = keyed(secret.expose_secret().as_bytes());
    deriving.update(b"aster_drive share access v1");
    keyed(&deriving.finalize().into_bytes())
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// A proof that holds until `end`.
pub(super) fn prove(key: &Hmac<Sha256>, share: &Share, proof: Proof<'_>, end: Timestamp) -> String {
    let end = end.unix_secs();
    let mac = fed(key.clone(), share, proof, end).finalize().into_bytes();
    format!("{end}.{}", hex::encode(mac))
}

/// Whether `value` proves it now; compared in constant time.
pub(super) fn holds(
    key: &Hmac<Sha256>,
    share: &Share,
    proof: Proof<'_>,
    value: &str,
    now: Timestamp,
) -> bool {
    let Some((end, mac)) = value.split_once('.') else { return false };
    let (Ok(end), Ok(mac)) = (end.parse::<i64>(), hex::decode(mac)) else { return false };
    now.unix_secs() < end && fed(key.clone(), share, proof, end).verify_slice(&mac).is_ok()
}

/// Each part with its length before it, so that no two messages are the same bytes.
fn fed(mut mac: Hmac<Sha256>, share: &Share, proof: Proof<'_>, end: i64) -> Hmac<Sha256> {
    let (kind, file_id, hash) = match proof {
        Proof::Access => ("access", 0, ""),
        Proof::Download { file_id, hash } => ("download", file_id, hash),
    };
    for part in [kind, &share.token, &share.password_hash, hash] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.update(&file_id.to_be_bytes());
    mac.update(&end.to_be_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primary::files::Item;
    use crate::primary::spaces::{Space, SpaceOwner};

    fn share(password_hash: &str) -> Share {
        let now = Timestamp::from_unix_ms(0);
        Share {
            id: 1,
            token: "t".to_owned(),
            space: Space { id: 1, owner: SpaceOwner::User(1), policy_group_id: None },
            item: Item::File(1),
            name: String::new(),
            shared_by: String::new(),
            space_name: String::new(),
            password_hash: password_hash.to_owned(),
            expires_at: None,
            max_downloads: 0,
            download_count: 0,
            view_count: 0,
            is_available: true,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_proof_holds_for_its_share_password_and_time_only() {
        let key = derived_key(&"secret".into());
        let (now, end) = (Timestamp::from_unix_ms(0), Timestamp::from_unix_ms(60_000));
        let value = prove(&key, &share("a"), Proof::Access, end);
        let good = |key, share: &Share, now| holds(key, share, Proof::Access, &value, now);
        assert!(good(&key, &share("a"), now));
        assert!(!good(&key, &share("b"), now), "another password");
        assert!(!good(&key, &Share { token: "u".to_owned(), ..share("a") }, now), "another share");
        assert!(!good(&key, &share("a"), end), "its time is over");
        assert!(!good(&derived_key(&"other".into()), &share("a"), now), "another key");
        let later = value.replacen("60.", "90.", 1);
        assert!(!holds(&key, &share("a"), Proof::Access, &later, now), "a time that was not signed");
        for value in ["", ".", "60.", "60.zz", "x.00"] {
            assert!(!holds(&key, &share("a"), Proof::Access, value, now), "{value}");
        }
    }

    #[test]
    fn a_counted_download_proves_neither_access_nor_another_content() {
        let key = derived_key(&"secret".into());
        let (now, end) = (Timestamp::from_unix_ms(0), Timestamp::from_unix_ms(60_000));
        let of = |file_id, hash| Proof::Download { file_id, hash };
        let value = prove(&key, &share("a"), of(7, "h"), end);
        let good = |proof| holds(&key, &share("a"), proof, &value, now);
        assert!(good(of(7, "h")));
        assert!(!good(of(8, "h")) && !good(of(7, "i")) && !good(Proof::Access));
    }
}
