//! The object operations (wire contract §5.1, §5.3 to §5.7).
//!
//! Each works in the same order: caller, decoding, ingress target, key, operation. Nothing here keeps an object in
//! memory: bodies pass through in pieces, both ways.

mod read;
mod write;

use http::Uri;

pub(super) use self::read::{get_object, head_object, list_objects};
pub(super) use self::write::{compose_objects, delete_object, put_object};
use super::error::bad_key;
use crate::http::ApiError;
use crate::protocol::{ObjectKey, STORAGE_PATH};

const METADATA_SUFFIX: &str = "/metadata";

/// What stands behind `…/objects/` on the request line, still encoded.
fn encoded_key(path: &str) -> &str {
    path.strip_prefix(STORAGE_PATH).and_then(|rest| rest.strip_prefix("/objects/")).unwrap_or_default()
}

/// The key of an object path.
fn object_key(uri: &Uri) -> Result<ObjectKey, ApiError> {
    ObjectKey::from_url_path(encoded_key(uri.path())).map_err(bad_key)
}

/// For GET, a last segment `metadata` asks for the metadata of the shorter key.
pub(super) fn is_metadata_path(path: &str) -> bool {
    encoded_key(path).ends_with(METADATA_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_last_segment_asks_for_metadata() {
        let path = |key: &str| format!("{STORAGE_PATH}/objects/{key}");
        assert!(is_metadata_path(&path("a/metadata")));
        for key in ["metadata", "a/metadata/b", "a%2Fmetadata", "a.metadata"] {
            assert!(!is_metadata_path(&path(key)), "{key}");
        }
    }
}
