//! One gibibyte through the primary: identical, and the primary's memory does not grow with it.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use sha2::{Digest, Sha256};

use crate::support::client::Answer;
use crate::support::pair::{Pair, id};

const PIECE: usize = 1024 * 1024;
const PIECES: u64 = 1024;
const RESIDENT_LIMIT: u64 = 128 * 1024 * 1024;

/// Piece `n`: cheap to make, different from every other.
fn piece(n: u64) -> Bytes {
    let mut bytes = vec![0_u8; PIECE];
    for (at, word) in bytes.chunks_exact_mut(8).enumerate() {
        let value = (n << 32 | at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        word.copy_from_slice(&value.to_le_bytes());
    }
    bytes.into()
}

fn source_hash() -> String {
    let mut hash = Sha256::new();
    (0..PIECES).for_each(|n| hash.update(piece(n)));
    hex::encode(hash.finalize())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_goes_up_and_down_identical_in_bounded_memory() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let size = PIECES * PIECE as u64;

    let pieces = stream::iter(0..PIECES).map(|n| Ok::<_, std::io::Error>(piece(n)));
    let part = Part::stream_with_length(Body::wrap_stream(pieces), size).file_name("large.bin");
    let request =
        admin.request(Method::POST, "/api/v1/files/upload").multipart(Form::new().part("file", part));
    let stored = Answer::read(request.send().await.expect("reply")).await;
    let file = id(stored.data());
    assert_eq!(stored.data()["size"], size);

    let reply =
        admin.request(Method::GET, &format!("/api/v1/files/{file}/download")).send().await.expect("reply");
    let mut body = reply.bytes_stream();
    let mut hash = Sha256::new();
    while let Some(bytes) = body.next().await {
        hash.update(bytes.expect("body"));
    }
    let expected = source_hash();
    assert_eq!(hex::encode(hash.finalize()), expected, "the download");

    let objects = pair.stored_objects();
    let mut object = std::fs::File::open(&objects[0]).expect("object");
    let mut on_disk = Sha256::new();
    std::io::copy(&mut object, &mut HashWriter(&mut on_disk)).expect("read the object");
    assert_eq!(hex::encode(on_disk.finalize()), expected, "the object on the follower");

    let peak = pair.primary.process.peak_resident_bytes();
    assert!(peak < RESIDENT_LIMIT, "the primary's resident memory peaked at {} MiB", peak / 1024 / 1024);
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
