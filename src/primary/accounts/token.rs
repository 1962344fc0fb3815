//! Access tokens: JWT, HS256, short-lived. A token names a login; whether that login still stands is asked of the
//! database at each request.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::protocol::Timestamp;

/// Audience, so that no other token that may one day be signed with the same key passes as a login.
const AUDIENCE: &str = "access";

/// Why a token is no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Its time is over.
    #[error("the access token has expired; renew it with POST /api/v1/auth/refresh")]
    Expired,
    /// It is not one of ours, or the login it names has ended.
    #[error("the access token is not valid; log in again")]
    Invalid,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccessClaims {
    pub(super) user_id: i64,
    pub(super) session_id: String,
    pub(super) session_version: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct WireClaims {
    sub: String,
    aud: String,
    sid: String,
    ver: i64,
    iat: i64,
    exp: i64,
}

pub(super) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    pub(super) fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        // Only this algorithm: a token must not choose how it is verified.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// A token that is good for `ttl_secs` from `now`.
    pub(super) fn issue(
        &self,
        claims: &AccessClaims,
        now: Timestamp,
        ttl_secs: u64,
    ) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let ttl = i64::try_from(ttl_secs).unwrap_or(i64::MAX);
        let wire = WireClaims {
            sub: claims.user_id.to_string(),
            aud: AUDIENCE.to_owned(),
            sid: claims.session_id.clone(),
            ver: claims.session_version,
            iat: now.unix_secs(),
            exp: now.unix_secs().saturating_add(ttl),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &self.encoding).map(SecretString::from)
    }

    pub(super) fn verify(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let wire: WireClaims = jsonwebtoken::decode(token, &self.decoding, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            })?
            .claims;
        Ok(AccessClaims {
            user_id: wire.sub.parse().map_err(|_| TokenError::Invalid)?,
            session_id: wire.sid,
            session_version: wire.ver,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> AccessClaims {
        AccessClaims { user_id: 7, session_id: "s".to_owned(), session_version: 3 }
    }

    fn issue(tokens: &Tokens, age_secs: i64) -> SecretString {
        tokens.issue(&claims(), Timestamp::now().plus_secs(-age_secs), 60).expect("token")
    }

    #[test]
    fn a_token_says_what_was_put_in_until_it_expires() {
        let tokens = Tokens::new(&"secret".into());
        assert_eq!(tokens.verify(issue(&tokens, 0).expose_secret()), Ok(claims()));
        assert_eq!(tokens.verify(issue(&tokens, 62).expose_secret()), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_key_algorithm_or_purpose_is_refused() {
        let tokens = Tokens::new(&"secret".into());
        let foreign = issue(&Tokens::new(&"other".into()), 0);
        assert_eq!(tokens.verify(foreign.expose_secret()), Err(TokenError::Invalid));
        let key = EncodingKey::from_secret(b"secret");
        let exp = Timestamp::now().unix_secs() + 60;
        let body = |aud: &str| serde_json::json!({"sub": "7", "aud": aud, "sid": "s", "ver": 3, "iat": 0, "exp": exp});
        let signed =
            |algorithm, aud| jsonwebtoken::encode(&Header::new(algorithm), &body(aud), &key).expect("token");
        assert!(tokens.verify(&signed(Algorithm::HS256, AUDIENCE)).is_ok());
        assert_eq!(tokens.verify(&signed(Algorithm::HS384, AUDIENCE)), Err(TokenError::Invalid));
        assert_eq!(tokens.verify(&signed(Algorithm::HS256, "share")), Err(TokenError::Invalid));
        // {"alg":"none"} with the same claims and no signature.
        let token = signed(Algorithm::HS256, AUDIENCE);
        let payload = token.split('.').nth(1).expect("payload");
        let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
        assert_eq!(tokens.verify(&unsigned), Err(TokenError::Invalid));
        assert_eq!(tokens.verify("garbage"), Err(TokenError::Invalid));
    }
}
