//! What a follower pays for each request before it touches an object: signature, presigned target, key.

use std::hint::black_box;

use aster_drive::protocol::{ObjectKey, PresignedFields, SignedFields, SigningKey, presigned_target};
use criterion::{Criterion, criterion_group, criterion_main};

const TARGET: &str = "/api/v1/internal/storage/objects/files/11111111-2222-4333-8444-555555555555";
const ENCODED_KEY: &str = "base/files/11111111-2222-4333-8444-555555555555/name%20with%20spaces.bin";

fn protocol(criterion: &mut Criterion) {
    let key = SigningKey::new("rns_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    let fields = SignedFields {
        method: "GET",
        target: TARGET,
        timestamp: "1767225600",
        nonce: "6f1d2c3b-4a59-4e68-8b77-0c9d8e7f6a5b",
        content_length: None,
    };
    let signature = key.sign(&fields);
    criterion.bench_function("sign a request", |bench| bench.iter(|| key.sign(black_box(&fields))));
    criterion.bench_function("verify a request", |bench| {
        bench.iter(|| key.verifies(black_box(&fields), black_box(&signature)))
    });

    let query = "response-content-type=text%2Fplain&aster_access_key=rn_00112233445566778899aabbccddeeff\
                 &aster_expires=4102444800&aster_signature=00";
    let expires = "4102444800";
    let access_key = "rn_00112233445566778899aabbccddeeff";
    criterion.bench_function("verify a presigned request", |bench| {
        bench.iter(|| {
            let target = presigned_target(black_box(TARGET), Some(black_box(query)));
            let fields = PresignedFields { method: "GET", target: &target, access_key, expires };
            key.verifies_presigned(&fields, black_box(&signature))
        });
    });
    criterion.bench_function("normalize an object key", |bench| {
        bench.iter(|| ObjectKey::from_url_path(black_box(ENCODED_KEY)))
    });
}

criterion_group!(benches, protocol);
criterion_main!(benches);
