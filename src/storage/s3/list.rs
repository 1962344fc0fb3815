//! LIST (wire contract §5.6): page by page, as the caller takes them. Prefixes are whole path segments here, as on every
//! store.

use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;

use super::{S3Store, read};
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, KeyStream, Result, StorageError};

use aws_sdk_s3::types::EncodingType;

/// Most pages: a server that sends them with few keys, or none, must not hold us for ever.
const MAX_PAGES: usize = 20_000;

/// All keys at or below `prefix`, sorted by bytes. Errors of the first page are those of the call, later ones are items
/// of the stream and its end.
pub(super) async fn list(store: &S3Store, prefix: Option<&ObjectKey>) -> Result<KeyStream> {
    let (below, own) = match prefix {
        None => (store.root.to_string(), None),
        Some(prefix) => {
            // Asking for `a/` leaves out `ab` and all below it, but also the object `a` itself.
            let own = match read::head(store, prefix).await {
                Ok(_) => Some(prefix.to_string()),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            (format!("{}/", store.full_key(prefix)), own)
        }
    };
    let mut pages =
        Pages { store: store.clone(), below, next: Some(None), left: MAX_PAGES, last: own.clone() };
    let mut first: Vec<String> = own.into_iter().collect();
    first.extend(pages.next().await?.unwrap_or_default());
    let more = stream::try_unfold(pages, async |mut pages| Ok(pages.next().await?.map(|keys| (keys, pages))));
    let pages = stream::once(async { Ok::<_, StorageError>(first) }).chain(more);
    Ok(Box::pin(pages.map_ok(|keys| stream::iter(keys.into_iter().map(Ok))).try_flatten()))
}

/// A listing under way.
struct Pages {
    store: S3Store,
    /// What full keys begin with.
    below: String,
    /// The token of the next page; the first has none. `None` behind the last page.
    next: Option<Option<String>>,
    /// Pages that may follow.
    left: usize,
    /// The last key so far.
    last: Option<String>,
}

impl Pages {
    /// The keys of the next page; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<String>>> {
        let Some(token) = self.next.take() else { return Ok(None) };
        let bucket = &self.store.bucket;
        self.left = self.left.checked_sub(1).ok_or_else(|| bucket.nonsense("a list that does not end"))?;
        let request = bucket.client.list_objects_v2().bucket(&*bucket.name).prefix(&self.below);
        // Keys may hold characters that XML has no way to write.
        let request = request.encoding_type(EncodingType::Url).set_continuation_token(token);
        let page = request.send().await.map_err(|e| bucket.fault("list objects", e))?;
        let encoded = page.encoding_type == Some(EncodingType::Url);
        let names = page.contents().iter().filter_map(aws_sdk_s3::types::Object::key);
        let keys: Vec<String> = names.filter_map(|name| relative(&self.store.root, name, encoded)).collect();
        let last = self.last.iter().chain(&keys);
        // Sorting it ourselves would mean to hold all of it.
        if !last.is_sorted_by(|a, b| a < b) {
            let message = format!("{} lists keys out of order; S3 sorts them by their bytes", bucket.place);
            return Err(StorageError::new(ErrorKind::Unsupported, message));
        }
        if let Some(last) = keys.last() {
            self.last = Some(last.clone());
        }
        if page.is_truncated == Some(true) {
            let token = page.next_continuation_token;
            self.next = Some(Some(token.ok_or_else(|| bucket.nonsense("a list that does not go on"))?));
        }
        Ok(Some(keys))
    }
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
