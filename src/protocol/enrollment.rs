//! How a follower and its primary learn each other's names and keys (wire contract §2, §5.2).

use std::fmt;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a follower redeems a token, on the primary.
pub const REDEEM_PATH: &str = "/api/v1/public/remote-enrollment/redeem";
/// Where a follower acknowledges, on the primary.
pub const ACK_PATH: &str = "/api/v1/public/remote-enrollment/ack";
/// How long an enrollment token may be redeemed.
pub const ENROLLMENT_TOKEN_LIFETIME_SECS: i64 = 30 * 60;

/// `msg` of a redeem refused because a newer token exists (case R). One of the three texts a client may match on.
pub const TOKEN_REPLACED: &str = "enrollment token has been replaced by a newer session";
/// `msg` of a redeem refused because the enrollment is finished (case C).
pub const TOKEN_COMPLETED: &str = "enrollment token has already been completed";
/// `msg` of a redeem refused because the token is too old (case E).
pub const TOKEN_EXPIRED: &str = "enrollment token has expired";

const ACK_PREFIX: &str = "enr_ack_";

/// Body of a redeem.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct RedeemRequest {
    /// `enr_` + 32 hex digits; white space around it is dropped.
    #[schemars(with = "String")]
    pub token: SecretString,
}

/// What a successful redeem hands to the follower.
#[derive(Debug, Clone, Deserialize)]
pub struct RedeemReply {
    /// Id of the node record on the primary.
    pub remote_node_id: i64,
    /// Name of the node record.
    pub remote_node_name: String,
    /// First public site origin of the primary.
    pub master_url: String,
    /// `rn_` + 32 hex digits.
    pub access_key: String,
    /// `rns_` + 64 hex digits.
    pub secret_key: SecretString,
    /// Whether the node is enabled.
    pub is_enabled: bool,
    /// To be sent back as acknowledgement.
    pub ack_token: SecretString,
    /// In a re-enrollment, the access keys that the node had before: a binding with one of them is this node's, and
    /// takes the new keys. Ours; empty otherwise.
    #[serde(default)]
    pub replaces_access_keys: Vec<String>,
    /// Where the follower keeps this primary's objects. Deployed primaries send none.
    #[serde(default)]
    pub namespace: Option<String>,
}

/// Body of an acknowledgement.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct AckRequest {
    /// As received with the redeem.
    #[schemars(with = "String")]
    pub ack_token: SecretString,
}

/// `PUT …/binding`: the primary tells the follower its name and whether it is enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingUpdate {
    /// Name of the node record; trimmed, must not be blank.
    pub name: String,
    /// Whether the follower serves object requests.
    pub is_enabled: bool,
}

/// The acknowledgement of an enrollment: on the wire it carries the stored hash, so a repeated redeem repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckToken {
    hash: String,
}

impl AckToken {
    /// The token that carries a stored hash.
    pub fn from_stored_hash(hash: impl Into<String>) -> Self {
        Self { hash: hash.into() }
    }

    /// Reads what a follower sent: `enr_ack_` + 64 hex digits is the hash itself, anything else is hashed whole.
    pub fn parse(raw: &str) -> Self {
        let raw = raw.trim();
        let digits = raw
            .strip_prefix(ACK_PREFIX)
            .filter(|d| d.len() == 64 && d.bytes().all(|b| b.is_ascii_hexdigit()));
        Self { hash: digits.map_or_else(|| sha256_hex(raw), str::to_ascii_lowercase) }
    }

    /// The hash to look up.
    pub fn stored_hash(&self) -> &str {
        &self.hash
    }

    /// The text for the wire.
    pub fn to_wire(&self) -> SecretString {
        format!("{ACK_PREFIX}{}", self.hash).into()
    }
}

/// Hex SHA-256 of a whole text; what is stored in place of a token.
pub fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A fresh random token: `prefix` and `bytes` random bytes in hex.
///
/// # Panics
/// When the operating system has no randomness to give; nothing secure can go on then.
pub fn random_token(prefix: &str, bytes: usize) -> SecretString {
    let mut random = vec![0_u8; bytes];
    aws_lc_rs::rand::fill(&mut random).expect("the operating system gives random bytes");
    format!("{prefix}{}", hex::encode(random)).into()
}

/// The directory name below an ingress target that holds one binding's objects.
///
/// 1 to 64 characters from `a-z A-Z 0-9 _ - .`, not starting with a dot, so that it is one harmless path segment
/// everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Namespace(String);

/// A text that is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "namespace `{0}` must have 1 to 64 characters from a-z, A-Z, 0-9, `_`, `-`, `.` and not start with `.`"
)]
pub struct NamespaceError(String);

impl Namespace {
    /// Checks `raw`; white space around it is dropped.
    pub fn parse(raw: &str) -> Result<Self, NamespaceError> {
        let raw = raw.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if (1..=64).contains(&raw.len()) && raw.bytes().all(legal) && !raw.starts_with('.') {
            Ok(Self(raw.to_owned()))
        } else {
            Err(NamespaceError(raw.chars().take(80).collect()))
        }
    }

    /// A fresh one: `mb_` + 32 hex digits.
    pub fn random() -> Self {
        Self(random_token("mb_", 16).expose_secret().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_hashed_whole_with_its_prefix() {
        assert_eq!(
            sha256_hex("enr_00112233445566778899aabbccddeeff"),
            "69ae336fca7be7845e1fbe0b2e752cc8e2977693269d26917168e1466c36e10a"
        );
    }

    #[test]
    fn an_ack_token_carries_the_stored_hash_in_any_case() {
        let hash = sha256_hex("secret");
        let wire = AckToken::from_stored_hash(&hash).to_wire();
        assert_eq!(AckToken::parse(wire.expose_secret()).stored_hash(), hash);
        let upper = format!(" enr_ack_{} ", hash.to_uppercase());
        assert_eq!(AckToken::parse(&upper).stored_hash(), hash);
    }

    #[test]
    fn any_other_ack_text_is_hashed() {
        for raw in ["enr_ack_0123", "something", &format!("enr_ack_{}g", "0".repeat(63))] {
            assert_eq!(AckToken::parse(raw).stored_hash(), sha256_hex(raw), "{raw}");
        }
    }

    #[test]
    fn fresh_tokens_have_their_shape_and_differ() {
        let token = random_token("enr_", 16);
        assert_eq!(token.expose_secret().len(), 4 + 32);
        assert_ne!(token.expose_secret(), random_token("enr_", 16).expose_secret());
        assert!(!format!("{token:?}").contains(token.expose_secret()));
    }

    #[test]
    fn a_namespace_is_one_harmless_path_segment() {
        for good in ["home-storage", "mb_0123", "A.b", "x"] {
            assert_eq!(Namespace::parse(good).map(|n| n.0), Ok(good.to_owned()));
        }
        assert!(Namespace::parse(Namespace::random().as_str()).is_ok());
        for bad in ["", " ", ".", "..", ".hidden", "a/b", "a\\b", "ü", "a b", &"x".repeat(65)] {
            assert!(Namespace::parse(bad).is_err(), "{bad}");
        }
    }
}
