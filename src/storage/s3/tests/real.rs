//! Against a real server: what the contract suite cannot see from outside, and what only S3 has.

use std::time::Duration;

use aws_sdk_s3::types::CompletedPart;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future, stream};
use sha2::{Digest, Sha256};

use super::{garage, settings, store};
use crate::protocol::{ByteRange, ObjectKey};
use crate::storage::announced_body::AnnouncedBody;
use crate::storage::contract::{body, key, pattern, read, stuck_body, write};
use crate::storage::s3::budget::{Carry, fill};
use crate::storage::s3::upload::Upload;
use crate::storage::s3::{S3Location, S3Settings, S3Store};
use crate::storage::{BodyError, ChosenPart, ErrorKind, ObjectStore};

const MIB: usize = 1024 * 1024;
/// More than two parts of the smallest size, and not a multiple of anything.
const IN_PARTS: usize = 11 * MIB + 4321;

/// A store whose objects travel in the smallest parts.
async fn store_of_small_parts() -> S3Store {
    S3Store::new(&S3Settings { part_size: 5 * MIB as u64, ..settings().await }).expect("store")
}

async fn unfinished(store: &S3Store) -> usize {
    let request = store.bucket.client.list_multipart_uploads().bucket(&*store.bucket.name);
    request.prefix(&*store.root).send().await.expect("uploads").uploads().len()
}

#[tokio::test]
async fn an_object_in_parts_reads_back_whole_and_by_range() {
    let store = store_of_small_parts().await;
    let content = pattern(IN_PARTS, 1);
    let stored = store.put(&key("object"), IN_PARTS as u64, body(&content, 300_007)).await.expect("put");
    assert_eq!(stored.sha256, Some(hex::encode(Sha256::digest(&content))));
    assert!(read(&store, "object").await.expect("get") == content, "other content");
    for (first, last) in [(0, 0), (5 * MIB - 1, 5 * MIB), (10 * MIB, IN_PARTS - 1)] {
        let range = ByteRange::parse_header(&format!("bytes={first}-{last}")).expect("range");
        let reader = store.get(&key("object"), Some(range)).await.expect("get");
        let pieces: Vec<Bytes> = reader.body.try_collect().await.expect("body");
        assert!(pieces.concat() == content[first..=last], "{first}-{last}");
    }
    assert_eq!(unfinished(&store).await, 0);
}

#[tokio::test]
async fn a_failed_put_in_parts_stores_nothing_and_leaves_no_parts() {
    let store = store_of_small_parts().await;
    let old = pattern(100, 1);
    write(&store, "object", &old).await;
    let content = pattern(IN_PARTS, 2);
    let size = IN_PARTS as u64;
    let short = store.put(&key("object"), size + 1, body(&content, 300_007)).await.expect_err("short");
    assert_eq!(short.kind(), ErrorKind::SizeMismatch);
    assert_eq!(unfinished(&store).await, 0, "after a short body");
    let cut = stream::once(async { Err(BodyError::Interrupted("cable pulled".into())) });
    let interrupted = body(&content, 300_007).chain(cut);
    let error = store.put(&key("object"), size + 1, Box::pin(interrupted)).await.expect_err("interrupted");
    assert_eq!(error.kind(), ErrorKind::BodyInterrupted);
    assert_eq!(unfinished(&store).await, 0, "after an interrupted body");
    assert!(read(&store, "object").await.expect("get") == old, "the old object has changed");
}

#[tokio::test]
async fn a_dropped_put_in_parts_leaves_no_parts() {
    let store = store_of_small_parts().await;
    let (stuck, reached) = stuck_body(pattern(IN_PARTS, 2));
    let object = key("object");
    tokio::select! {
        outcome = store.put(&object, IN_PARTS as u64 + 1, stuck) => panic!("the body never ends: {outcome:?}"),
        reached = reached => reached.expect("the body was polled to its end"),
    }
    let gone = async {
        while unfinished(&store).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), gone).await.expect("the upload is aborted");
    assert_eq!(store.list_up_to(100_000, None).await.expect("list"), Vec::<String>::new());
}

#[tokio::test]
async fn concurrent_writers_in_parts_leave_one_whole_winner() {
    let store = store_of_small_parts().await;
    let contents: Vec<Bytes> = (0..4).map(|seed| pattern(IN_PARTS + usize::from(seed), seed)).collect();
    let target = key("contended");
    let writers =
        contents.iter().map(|content| store.put(&target, content.len() as u64, body(content, 60_000)));
    let outcomes = future::join_all(writers).await;
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        // A writer whose upload was ended by a newer one is told so.
        assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    }
    assert!(outcomes.iter().any(Result::is_ok), "nobody wins");
    let winner = read(&store, "contended").await.expect("a winner");
    assert!(contents.contains(&winner), "the object is a mixture");
    assert_eq!(unfinished(&store).await, 0);
}

/// An upload to `object` with one part, which another hand then ends.
async fn vanished_upload(store: &S3Store) -> (Upload, CompletedPart) {
    let upload = Upload::begin(&store.bucket, &store.full_key(&key("object"))).await.expect("upload");
    let mut body = Carry::new(AnnouncedBody::new(body(&pattern(100, 1), 100), 100));
    let part = fill(&mut body, 100, |_| {}).await.expect("part");
    let part = upload.send(1, part).await.expect("part");
    let uploads = store.bucket.client.abort_multipart_upload().bucket(&*store.bucket.name);
    uploads.key(&upload.key).upload_id(&upload.id).send().await.expect("abort");
    (upload, part)
}

#[tokio::test]
async fn an_upload_that_vanished_is_done_only_when_its_object_was_written() {
    let store = store().await;
    write(&store, "object", &pattern(10, 1)).await;
    let (mut upload, part) = vanished_upload(&store).await;
    let error = upload.complete(vec![part]).await.expect_err("nothing was written");
    assert_eq!(error.kind(), ErrorKind::Transient);
    let (mut upload, part) = vanished_upload(&store).await;
    write(&store, "object", &pattern(20, 2)).await;
    upload.complete(vec![part]).await.expect("written meanwhile");
}

#[tokio::test]
async fn a_sweep_ends_the_uploads_of_its_namespace_and_no_others() {
    let (swept, other) = (store().await, store().await);
    for (store, count) in [(&swept, 3), (&other, 1)] {
        for n in 0..count {
            let request = store.bucket.client.create_multipart_upload().bucket(&*store.bucket.name);
            request.key(format!("{}object/{n}", store.root)).send().await.expect("upload");
        }
    }
    assert_eq!(swept.sweep().await.expect("sweep"), 3);
    assert_eq!((unfinished(&swept).await, unfinished(&other).await), (0, 1));
    assert_eq!(swept.sweep().await.expect("sweep"), 0);
}

#[tokio::test]
async fn compose_copies_large_parts_and_gathers_small_ones() {
    let store = store_of_small_parts().await;
    let sizes = [MIB, 6 * MIB, 5 * MIB, 10, 0, 12 * MIB + 7, 5 * MIB - 1, 99];
    let mut expected = Vec::new();
    let mut parts = Vec::new();
    for (n, size) in sizes.into_iter().enumerate() {
        let name = format!("parts with ünusual+names/{n} %?");
        let content = pattern(size, n as u8);
        write(&store, &name, &content).await;
        expected.extend_from_slice(&content);
        parts.push(key(&name));
    }
    let size = expected.len() as u64;
    assert_eq!(store.compose(&key("target"), &parts, size).await.expect("compose"), size);
    assert!(read(&store, "target").await.expect("get") == expected, "other content");
    assert_eq!(store.list_up_to(100_000, None).await.expect("list"), ["target"]);
    assert_eq!(unfinished(&store).await, 0);
}

#[tokio::test]
async fn ten_thousand_parts_are_composed() {
    let store = store().await;
    let parts: Vec<ObjectKey> = (0..10_000).map(|n| key(&format!("parts/{n}"))).collect();
    let contents: Vec<Bytes> = (0..10_000_usize).map(|n| pattern(700 + n % 7, n as u8)).collect();
    let writes = parts
        .iter()
        .zip(&contents)
        .map(|(part, content)| store.put(part, content.len() as u64, body(content, content.len())));
    stream::iter(writes).buffer_unordered(32).try_collect::<Vec<_>>().await.expect("parts");
    let expected = contents.concat();
    let size = expected.len() as u64;
    assert_eq!(store.compose(&key("target"), &parts, size).await.expect("compose"), size);
    assert!(read(&store, "target").await.expect("get") == expected, "other content");
    assert_eq!(store.list_up_to(100_000, None).await.expect("list"), ["target"]);
}

#[tokio::test]
async fn a_listing_takes_all_pages_and_leaves_out_what_no_key_can_spell() {
    let store = store().await;
    let mut expected: Vec<String> = (0..1100).map(|n| format!("many/{n}")).collect();
    let writes =
        expected.iter().map(|name| async { store.put(&key(name), 0, Box::pin(stream::empty())).await });
    stream::iter(writes).buffer_unordered(16).try_collect::<Vec<_>>().await.expect("objects");
    for marker in ["", "many/", "many//double", "many/../up"] {
        let request = store.bucket.client.put_object().bucket(&*store.bucket.name);
        request.key(format!("{}{marker}", store.root)).send().await.expect(marker);
    }
    expected.sort_unstable();
    assert_eq!(store.list_up_to(100_000, None).await.expect("list"), expected);
    assert_eq!(store.list_up_to(100_000, Some(&key("many"))).await.expect("list"), expected);
}

#[tokio::test]
async fn the_type_of_an_object_is_what_the_bucket_keeps() {
    let store = store().await;
    let request = store.bucket.client.put_object().bucket(&*store.bucket.name).content_type("image/webp");
    request.key(store.full_key(&key("image"))).send().await.expect("put");
    let expected = Some("image/webp".to_owned());
    assert_eq!(store.head(&key("image")).await.expect("head").content_type, expected);
    assert_eq!(store.get(&key("image"), None).await.expect("get").meta.content_type, expected);
}

#[tokio::test]
async fn a_refused_call_says_why_by_its_kind() {
    let store = store().await;
    write(&store, "object", &pattern(1000, 1)).await;
    let range = ByteRange::parse_header("bytes=1000-").expect("range");
    let error = store.get(&key("object"), Some(range)).await.expect_err("behind the end");
    assert_eq!(error.kind(), ErrorKind::RangeNotSatisfiable);
    let (target, part) = (key("target"), key("object"));
    let compose = async |parts: &[ObjectKey], size| {
        store.compose(&target, parts, size).await.expect_err("refused").kind()
    };
    assert_eq!(compose(std::slice::from_ref(&part), 999).await, ErrorKind::SizeMismatch);
    assert_eq!(compose(&[part.clone(), key("missing")], 1000).await, ErrorKind::NotFound);
    assert_eq!(compose(&[part, target.clone()], 1000).await, ErrorKind::InvalidArgument);
    assert_eq!(compose(&[], 0).await, ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_check_passes_on_a_good_target_and_leaves_nothing() {
    let store = store().await;
    store.check().await.expect("check");
    let beside = store.root.trim_end_matches('/');
    let request = store.bucket.client.list_objects_v2().bucket(&*store.bucket.name).prefix(beside);
    assert_eq!(request.send().await.expect("list").contents(), []);
}

#[tokio::test]
async fn a_check_tells_what_is_wrong_with_the_settings() {
    let good = settings().await;
    let endpoint = good.location.endpoint();
    let other_bucket = S3Location::normalize(endpoint, "missing-bucket", "").expect("location");
    let nobody = S3Location::normalize("http://127.0.0.1:1", garage::BUCKET, "").expect("location");
    let nowhere = S3Location::normalize("http://no-such-host.invalid", garage::BUCKET, "").expect("location");
    let no_tls = endpoint.replace("http:", "https:");
    let no_tls = S3Location::normalize(&no_tls, garage::BUCKET, "").expect("location");
    let wrong = || "0".repeat(64).into();
    let cases = [
        (S3Settings { secret_key: wrong(), ..good.clone() }, ErrorKind::Permission, "access"),
        (S3Settings { access_key: wrong(), ..good.clone() }, ErrorKind::Permission, "access"),
        (
            S3Settings { region: Some("elsewhere".to_owned()), ..good.clone() },
            ErrorKind::Misconfigured,
            "region",
        ),
        (S3Settings { location: other_bucket, ..good.clone() }, ErrorKind::Misconfigured, "missing-bucket"),
        (S3Settings { location: nobody, ..good.clone() }, ErrorKind::Transient, "nothing listens"),
        (S3Settings { location: nowhere, ..good.clone() }, ErrorKind::Transient, "cannot be resolved"),
        (S3Settings { location: no_tls, ..good.clone() }, ErrorKind::Misconfigured, "TLS"),
    ];
    for (settings, kind, hint) in cases {
        let error = S3Store::new(&settings).expect("store").check().await.expect_err(hint);
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(text.contains(hint) && text.contains(settings.location.bucket()), "{text}");
        assert!(text.contains("writing a test object"), "{text}");
        assert!(!text.contains(garage::SECRET_KEY), "{text}");
    }
}

#[tokio::test]
async fn an_upload_in_parts_outlives_the_process_that_began_it() {
    let settings = settings().await;
    let reopened = || S3Store::new(&settings).expect("store");
    let upload = reopened().begin_parts(&key("object")).await.expect("begin");
    let content = pattern(1000, 1);
    reopened().put_part(&upload, 1, 1000, body(&content, 100)).await.expect("part");
    let parts = [ChosenPart { number: 1, etag: None }];
    reopened().complete_parts(&upload, &parts, 1000).await.expect("complete");
    assert!(read(&reopened(), "object").await.expect("get") == content, "other content");
    assert_eq!(unfinished(&reopened()).await, 0);
}

#[tokio::test]
async fn an_upload_whose_name_nobody_knows_is_ended_by_its_key_and_no_other_is() {
    let settings = settings().await;
    let reopened = || S3Store::new(&settings).expect("store");
    let upload = reopened().begin_parts(&key("object")).await.expect("begin");
    reopened().put_part(&upload, 1, 1000, body(&pattern(1000, 1), 100)).await.expect("part");
    reopened().begin_parts(&key("object")).await.expect("begin again");
    let other = reopened().begin_parts(&key("object-2")).await.expect("begin another");
    reopened().abort_unfinished(&key("object")).await.expect("abort");
    assert_eq!(unfinished(&reopened()).await, 1);
    reopened().abort_unfinished(&key("object")).await.expect("nothing is left to do");
    reopened().abort_parts(&other).await.expect("abort");
    assert_eq!(unfinished(&reopened()).await, 0);
}

#[tokio::test]
async fn a_part_with_another_etag_or_too_few_bytes_is_refused_by_its_number() {
    let store = store().await;
    let upload = store.begin_parts(&key("object")).await.expect("begin");
    for number in [1, 2] {
        store.put_part(&upload, number, 1000, body(&pattern(1000, 1), 100)).await.expect("part");
    }
    let part = |number, etag: Option<&str>| ChosenPart { number, etag: etag.map(str::to_owned) };
    for (parts, size, kind, hint) in [
        (vec![part(2, Some("\"0\""))], 1000, ErrorKind::Precondition, "part 2"),
        (vec![part(1, None), part(2, None)], 2000, ErrorKind::SizeMismatch, "part 1 has 1000 bytes"),
        (vec![part(1, None), part(3, None)], 2000, ErrorKind::NotFound, "part 3"),
    ] {
        let error = store.complete_parts(&upload, &parts, size).await.expect_err(hint);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(hint), "{error}");
    }
    store.abort_parts(&upload).await.expect("abort");
    assert_eq!(unfinished(&store).await, 0);
}
