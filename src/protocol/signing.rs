//! Signed requests, primary → follower (wire contract §3).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the binding's access key.
pub const HEADER_ACCESS_KEY: &str = "x-aster-access-key";
/// Header with the time of signing, Unix seconds.
pub const HEADER_TIMESTAMP: &str = "x-aster-timestamp";
/// Header with a value used once.
pub const HEADER_NONCE: &str = "x-aster-nonce";
/// Header with the hex HMAC-SHA256.
pub const HEADER_SIGNATURE: &str = "x-aster-signature";

/// Largest accepted difference between the signer's and the verifier's clock, in seconds, inclusive.
pub const MAX_CLOCK_SKEW_SECS: i64 = 300;

/// What a signed request says about itself. All texts are taken byte for byte from the request.
#[derive(Debug, Clone, Copy)]
pub struct SignedFields<'a> {
    /// Upper case, as sent.
    pub method: &'a str,
    /// Path and query as on the request line, a bare trailing `?` included.
    pub target: &'a str,
    /// Text of the timestamp header.
    pub timestamp: &'a str,
    /// Text of the nonce header.
    pub nonce: &'a str,
    /// The `Content-Length` header, if there is one.
    pub content_length: Option<u64>,
}

/// A secret key with its HMAC state prepared once, so that a request costs only its own message.
#[derive(Clone)]
pub struct SigningKey {
    keyed: Hmac<Sha256>,
}

impl SigningKey {
    /// The key of the whole secret text, prefix included.
    pub fn new(secret: &str) -> Self {
        let keyed = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes keys of any length");
        Self { keyed }
    }

    /// Hex signature of a request.
    pub fn sign(&self, fields: &SignedFields<'_>) -> String {
        hex::encode(fields.feed(self.keyed.clone()).finalize().into_bytes())
    }

    /// Whether `signature` (64 hex digits, any case) belongs to the request; compared in constant time.
    pub fn verifies(&self, fields: &SignedFields<'_>, signature: &str) -> bool {
        verify(fields.feed(self.keyed.clone()), signature)
    }

    pub(super) fn sign_lines(&self, lines: [&str; 4]) -> String {
        hex::encode(feed_lines(self.keyed.clone(), lines).finalize().into_bytes())
    }

    pub(super) fn verifies_lines(&self, lines: [&str; 4], signature: &str) -> bool {
        verify(feed_lines(self.keyed.clone(), lines), signature)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

impl SignedFields<'_> {
    fn feed(&self, mac: Hmac<Sha256>) -> Hmac<Sha256> {
        let mut mac = feed_lines(mac, [self.method, self.target, self.timestamp, self.nonce]);
        mac.update(b"\n");
        if let Some(length) = self.content_length {
            mac.update(length.to_string().as_bytes());
        }
        mac
    }
}

fn feed_lines(mut mac: Hmac<Sha256>, lines: [&str; 4]) -> Hmac<Sha256> {
    for (index, line) in lines.into_iter().enumerate() {
        if index > 0 {
            mac.update(b"\n");
        }
        mac.update(line.as_bytes());
    }
    mac
}

fn verify(mac: Hmac<Sha256>, signature: &str) -> bool {
    let mut digest = [0_u8; 32];
    hex::decode_to_slice(signature, &mut digest).is_ok() && mac.verify_slice(&digest).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "rns_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn fields(
        method: &'static str,
        target: &'static str,
        content_length: Option<u64>,
    ) -> SignedFields<'static> {
        SignedFields {
            method,
            target,
            timestamp: "1767225600",
            nonce: "6f1d2c3b-4a59-4e68-8b77-0c9d8e7f6a5b",
            content_length,
        }
    }

    /// The worked vectors of the wire contract, §3.1.
    #[test]
    fn the_vectors_of_the_contract_hold() {
        let vectors = [
            (
                fields("GET", "/api/v1/internal/storage/capabilities", None),
                "4a029ca61e9024bb30eb9e8f4039c2662a67d217bf089f2fb03ec89390eacabb",
            ),
            (
                fields("PUT", "/api/v1/internal/storage/objects/base/folder/file%20name%3F.txt", Some(6)),
                "340f10e4516f9e0cd46b1227fb3e8bd2c72395c6e5c15e1831a6762828dd6b7f",
            ),
            (
                fields("GET", "/api/v1/internal/storage/objects/base/files/a.bin?offset=7&length=5", None),
                "98b1e7aa8fb1b49e6c6892a89630a4951eb6ad4194962cb1a9128dcbedbe206e",
            ),
            (
                fields("GET", "/api/v1/internal/storage/objects/base/files/a.bin?", None),
                "58ded72f95dbeef8056625e5bf22e48754d03b201c7370ccfe43753eeceb80c5",
            ),
            (
                fields("POST", "/api/v1/internal/storage/compose", Some(83)),
                "15eaed165a23a76c14000298b0090bf6b92b184fb1679f098d03f05f85e1e133",
            ),
        ];
        let key = SigningKey::new(SECRET);
        for (fields, expected) in vectors {
            assert_eq!(key.sign(&fields), expected, "{}", fields.target);
            assert!(key.verifies(&fields, &expected.to_uppercase()));
        }
    }

    #[test]
    fn a_change_in_any_field_breaks_the_signature() {
        let key = SigningKey::new(SECRET);
        let good = fields("GET", "/api/v1/internal/storage/objects/a", None);
        let signature = key.sign(&good);
        assert!(key.verifies(&good, &signature));
        let changed = [
            SignedFields { method: "HEAD", ..good },
            SignedFields { target: "/api/v1/internal/storage/objects/a?", ..good },
            SignedFields { timestamp: "1767225601", ..good },
            SignedFields { nonce: "another", ..good },
            SignedFields { content_length: Some(0), ..good },
        ];
        for fields in changed {
            assert!(!key.verifies(&fields, &signature), "{fields:?}");
        }
        assert!(!SigningKey::new("rns_other").verifies(&good, &signature));
    }

    #[test]
    fn a_signature_that_is_not_64_hex_digits_is_refused() {
        let key = SigningKey::new(SECRET);
        let good = fields("GET", "/x", None);
        let signature = key.sign(&good);
        for bad in ["", "zz", &signature[..62], &format!("{signature}00"), &signature.replace('a', "g")] {
            assert!(!key.verifies(&good, bad), "{bad}");
        }
    }

    #[test]
    fn the_key_never_shows_in_debug_output() {
        assert_eq!(format!("{:?}", SigningKey::new(SECRET)), "SigningKey([redacted])");
    }
}
