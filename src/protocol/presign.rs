//! Presigned URLs, browser → follower (wire contract §4): GET and PUT of one object, reusable until they expire.

use super::{BaseUrl, SigningKey};

/// Query name of the access key.
pub const PRESIGN_ACCESS_KEY: &str = "aster_access_key";
/// Query name of the expiry, Unix seconds.
pub const PRESIGN_EXPIRES: &str = "aster_expires";
/// Query name of the hex signature.
pub const PRESIGN_SIGNATURE: &str = "aster_signature";

/// Query name of the exact size of a PUT, in bytes. Older peers ignore it.
pub const PRESIGN_CONTENT_LENGTH: &str = "content-length";

/// What a presigned URL promises.
#[derive(Debug, Clone, Copy)]
pub struct PresignedFields<'a> {
    /// `GET` or `PUT`.
    pub method: &'a str,
    /// Path and the query without the three authentication members, as [`presigned_target`] gives it.
    pub target: &'a str,
    /// The binding's access key.
    pub access_key: &'a str,
    /// Last second in which the URL is valid, as text.
    pub expires: &'a str,
}

/// Headers of the GET reply that the signer chose. Emitted in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseOverrides {
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
}

impl ResponseOverrides {
    /// Query names with their values, in the order they are signed and sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        [
            ("response-cache-control", &self.cache_control),
            ("response-content-disposition", &self.content_disposition),
            ("response-content-type", &self.content_type),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (name, value)))
    }
}

impl SigningKey {
    /// Hex signature of a presigned request.
    pub fn sign_presigned(&self, fields: &PresignedFields<'_>) -> String {
        self.sign_lines(fields.lines())
    }

    /// Whether `signature` belongs to the presigned request; compared in constant time.
    pub fn verifies_presigned(&self, fields: &PresignedFields<'_>, signature: &str) -> bool {
        self.verifies_lines(fields.lines(), signature)
    }

    /// The whole URL for a browser. `path` is the object path below the base URL, already encoded; `expires` is the
    /// last Unix second of validity; `members` are signed with the rest of the query.
    pub fn presign_url<'a>(
        &self,
        method: &str,
        base: &BaseUrl,
        path: &str,
        members: impl IntoIterator<Item = (&'a str, &'a str)>,
        access_key: &str,
        expires: i64,
    ) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(members);
        let query = query.finish();
        let mut target = format!("{}{path}", base.path_prefix());
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
        let expires = expires.to_string();
        let signature =
            self.sign_presigned(&PresignedFields { method, target: &target, access_key, expires: &expires });
        let separator = if query.is_empty() { '?' } else { '&' };
        let access_key: String = url::form_urlencoded::byte_serialize(access_key.as_bytes()).collect();
        format!(
            "{root}{target}{separator}{PRESIGN_ACCESS_KEY}={access_key}&{PRESIGN_EXPIRES}={expires}&{PRESIGN_SIGNATURE}={signature}",
            root = base.root(),
        )
    }
}

impl<'a> PresignedFields<'a> {
    fn lines(&self) -> [&'a str; 4] {
        [self.method, self.target, self.access_key, self.expires]
    }
}

/// What a verifier signs: the raw path and the raw query without empty segments and without the three
/// authentication members, everything else in its order and encoding.
pub fn presigned_target(path: &str, query: Option<&str>) -> String {
    let mut target = path.to_owned();
    let mut separator = '?';
    for segment in query.unwrap_or_default().split('&') {
        let name = segment.split('=').next().unwrap_or_default();
        if segment.is_empty() || matches!(name, PRESIGN_ACCESS_KEY | PRESIGN_EXPIRES | PRESIGN_SIGNATURE) {
            continue;
        }
        target.push(separator);
        target.push_str(segment);
        separator = '&';
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "rns_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const ACCESS_KEY: &str = "rn_00112233445566778899aabbccddeeff";
    const PATH: &str = "/api/v1/internal/storage/objects/files/11111111-2222-4333-8444-555555555555";
    const EXPIRES: i64 = 4_102_444_800;

    fn url(method: &str, overrides: &ResponseOverrides) -> String {
        let base = BaseUrl::parse("https://node.example.com").expect("url");
        SigningKey::new(SECRET).presign_url(method, &base, PATH, overrides.pairs(), ACCESS_KEY, EXPIRES)
    }

    /// The worked vectors of the wire contract, §4.1.
    #[test]
    fn the_vectors_of_the_contract_hold() {
        let tail = |signature: &str| {
            format!("aster_access_key={ACCESS_KEY}&aster_expires={EXPIRES}&aster_signature={signature}")
        };
        let plain = ResponseOverrides::default();
        let put = "ad6f16e46c3c9fed32a2012d773dd6c4e42e8718d35a7203d1a2bed88b6dea6c";
        assert_eq!(url("PUT", &plain), format!("https://node.example.com{PATH}?{}", tail(put)));
        let get = "9264f1776b1b3342ada492068b7bab1b80d60f9acb29782d4b052b2ae3ee568d";
        assert_eq!(url("GET", &plain), format!("https://node.example.com{PATH}?{}", tail(get)));
        let overrides = ResponseOverrides {
            cache_control: Some("private, max-age=0, must-revalidate".into()),
            content_disposition: Some("attachment; filename=\"a b.txt\"".into()),
            content_type: Some("text/plain".into()),
        };
        let query = "response-cache-control=private%2C+max-age%3D0%2C+must-revalidate\
                     &response-content-disposition=attachment%3B+filename%3D%22a+b.txt%22\
                     &response-content-type=text%2Fplain";
        let signature = "740d77304b75ba8abc0de69f33bb9d57a9bb746dfbc8cbc83a8278083188b549";
        assert_eq!(
            url("GET", &overrides),
            format!("https://node.example.com{PATH}?{query}&{}", tail(signature))
        );
    }

    #[test]
    fn authentication_members_may_stand_anywhere_and_the_rest_keeps_its_bytes() {
        let query = "b=2&&aster_expires=1&a=%2f&aster_signature&aster_access_key=k&aster_keys=3";
        assert_eq!(presigned_target("/p", Some(query)), "/p?b=2&a=%2f&aster_keys=3");
        assert_eq!(presigned_target("/p", Some("aster_expires=1&&")), "/p");
        assert_eq!(presigned_target("/p", Some("")), "/p");
        assert_eq!(presigned_target("/p", None), "/p");
    }

    #[test]
    fn a_path_prefix_of_the_base_url_is_signed() {
        let base = BaseUrl::parse("https://host/prefix").expect("url");
        let key = SigningKey::new(SECRET);
        let url = key.presign_url("GET", &base, "/x", [], ACCESS_KEY, EXPIRES);
        let signature = url.rsplit('=').next().expect("signature");
        let expires = EXPIRES.to_string();
        let fields =
            PresignedFields { method: "GET", target: "/prefix/x", access_key: ACCESS_KEY, expires: &expires };
        assert!(key.verifies_presigned(&fields, signature));
        assert!(!key.verifies_presigned(&PresignedFields { method: "PUT", ..fields }, signature));
    }
}
