//! LIST (wire contract §5.6): all pages, up to a bound. Prefixes are whole path segments here, as on every store.

use percent_encoding::percent_decode_str;

use super::{S3Store, read};
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, Result, StorageError};

use aws_sdk_s3::types::EncodingType;

/// Most keys one answer may hold. At a typical length of 64 bytes they take about 100 MiB while they are sorted.
const MAX_KEYS: usize = 1_000_000;
/// Most pages: a server that sends them with few keys, or none, must not hold us for ever.
const MAX_PAGES: usize = 20_000;

/// All keys at or below `prefix`, sorted by bytes.
pub(super) async fn list(store: &S3Store, prefix: Option<&ObjectKey>) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let below = match prefix {
        None => store.root.to_string(),
        Some(prefix) => {
            // Asking for `a/` leaves out `ab` and all below it, but also the object `a` itself.
            match read::head(store, prefix).await {
                Ok(_) => keys.push(prefix.to_string()),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            format!("{}/", store.full_key(prefix))
        }
    };
    collect(store, &below, &mut keys, MAX_KEYS).await?;
    // S3 sorts; what only resembles it may not.
    keys.sort_unstable();
    Ok(keys)
}

async fn collect(store: &S3Store, below: &str, keys: &mut Vec<String>, limit: usize) -> Result<()> {
    let bucket = &store.bucket;
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let request = bucket.client.list_objects_v2().bucket(&*bucket.name).prefix(below);
        // Keys may hold characters that XML has no way to write.
        let request = request.encoding_type(EncodingType::Url).set_continuation_token(token.take());
        let page = request.send().await.map_err(|e| bucket.fault("list objects", e))?;
        let encoded = page.encoding_type == Some(EncodingType::Url);
        for object in page.contents() {
            keys.extend(object.key().and_then(|key| relative(&store.root, key, encoded)));
        }
        if keys.len() > limit {
            let message = format!("more than {limit} keys to list; list a narrower prefix");
            return Err(StorageError::new(ErrorKind::InvalidArgument, message));
        }
        if page.is_truncated != Some(true) {
            return Ok(());
        }
        token =
            Some(page.next_continuation_token.ok_or_else(|| bucket.nonsense("a list that does not go on"))?);
    }
    Err(bucket.nonsense("a list that does not end"))
}

/// The key behind `root`. Names that no key can spell (put there by others: `a//b`, a slash at the end) are no objects.
fn relative(root: &str, listed: &str, encoded: bool) -> Option<String> {
    let full = if encoded { decode(listed)? } else { listed.to_owned() };
    let key = full.strip_prefix(root)?;
    ObjectKey::parse(key).ok().filter(|parsed| parsed.as_str() == key).map(|_| key.to_owned())
}

/// The form in which S3 lists keys: percent-encoded, and a space may be a plus.
fn decode(text: &str) -> Option<String> {
    let spaces = text.replace('+', " ");
    Some(percent_decode_str(&spaces).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_names_become_keys_and_what_is_none_is_left_out() {
        for (listed, expected) in [
            ("root/a/b", Some("a/b")),
            ("root/a+b%2Bc%20d%25", Some("a b+c d%")),
            ("root/%0A%7F%C3%A4", Some("\n\u{7f}ä")),
            ("root/", None),
            ("root/a/", None),
            ("root/a//b", None),
            ("root/%FF", None),
            ("other/a", None),
        ] {
            assert_eq!(relative("root/", listed, true).as_deref(), expected, "{listed}");
        }
        assert_eq!(relative("root/", "root/a+b%20", false).as_deref(), Some("a+b%20"));
    }
}
