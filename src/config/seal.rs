//! Encrypts secrets that must be stored: node keys and S3 keys in the database.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use secrecy::{ExposeSecret, SecretString};

/// First part of every sealed text; another algorithm or layout gets another version.
const VERSION: &str = "v1:";

/// The key that seals secrets at rest, from `auth.storage_credential_secret_key`. Cheap to clone.
///
/// AES-256-GCM with a random 96-bit nonce for each sealing, which stays safe for 2³² sealings with one key.
#[derive(Clone)]
pub struct SealingKey(Arc<RandomizedNonceKey>);

/// Why a sealed secret could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text was not made by [`SealingKey::seal`], or by a newer version of it.
    #[error("this is not a sealed secret that this version can read")]
    Format,
    /// Another key, another context, or a changed text.
    #[error(
        "the sealed secret does not open: it was sealed with another auth.storage_credential_secret_key, \
         belongs elsewhere, or was changed"
    )]
    Refused,
}

impl SealingKey {
    /// Reads exactly 64 hex digits; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok().map(|key| Self(Arc::new(key)))
    }

    /// Seals `plain` for one place: `context` names it (table, row, column) and must be given again to open. It is
    /// authenticated, not stored, so a sealed text moved to another place does not open there.
    ///
    /// The result is ASCII: `v1:` and the hex digits of nonce, ciphertext and tag.
    #[must_use]
    pub fn seal(&self, context: &str, plain: &SecretString) -> String {
        let mut bytes = plain.expose_secret().as_bytes().to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(context), &mut bytes)
            .expect("sealing fails only beyond 64 GiB or without a random source");
        format!("{VERSION}{}{}", hex::encode(nonce.as_ref()), hex::encode(bytes))
    }

    /// Opens what [`Self::seal`] made for the same `context`.
    pub fn open(&self, context: &str, sealed: &str) -> Result<SecretString, SealError> {
        let digits = sealed.strip_prefix(VERSION).ok_or(SealError::Format)?;
        let bytes = hex::decode(digits).map_err(|_| SealError::Format)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(SealError::Format)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Format)?;
        let mut body = body.to_vec();
        let plain =
            self.0.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| SealError::Refused)?;
        let text = std::str::from_utf8(plain).map_err(|_| SealError::Refused)?;
        Ok(text.into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: &str) -> SealingKey {
        SealingKey::from_hex(&digit.repeat(64)).unwrap()
    }

    fn sealed() -> String {
        key("a").seal("remote_nodes.7.secret_key", &"rns_secret".into())
    }

    #[test]
    fn a_sealed_secret_opens_in_its_own_place() {
        let opened = key("a").open("remote_nodes.7.secret_key", &sealed()).unwrap();
        assert_eq!(opened.expose_secret(), "rns_secret");
        assert!(!sealed().contains("rns_secret"));
    }

    #[test]
    fn two_sealings_of_one_secret_differ() {
        assert_ne!(sealed(), sealed());
    }

    #[test]
    fn another_place_or_another_key_does_not_open_it() {
        let elsewhere = key("a").open("remote_nodes.8.secret_key", &sealed());
        assert_eq!(elsewhere.unwrap_err(), SealError::Refused);
        let other_key = key("b").open("remote_nodes.7.secret_key", &sealed());
        assert_eq!(other_key.unwrap_err(), SealError::Refused);
    }

    #[test]
    fn a_changed_or_cut_text_does_not_open() {
        let open = |text: &str| key("a").open("remote_nodes.7.secret_key", text).unwrap_err();
        let text = sealed();
        let last = if text.ends_with('0') { "1" } else { "0" };
        assert_eq!(open(&format!("{}{last}", &text[..text.len() - 1])), SealError::Refused);
        assert_eq!(open(&text[..VERSION.len() + 2 * NONCE_LEN]), SealError::Refused);
        for malformed in ["", "v1:", "v1:00", "v2:00", "rns_secret", &text[..text.len() - 1]] {
            assert_eq!(open(malformed), SealError::Format, "{malformed}");
        }
    }

    #[test]
    fn a_key_is_exactly_64_hex_digits() {
        for wrong in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
            assert!(SealingKey::from_hex(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{:?}", key("a")), "SealingKey([REDACTED])");
    }
}
