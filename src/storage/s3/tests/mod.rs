//! S3 stores against a real server and against peers that misbehave.

#[allow(dead_code, reason = "some of it is for process tests only")]
#[path = "../../../../tests/support/garage.rs"]
mod garage;
mod hostile;
mod real;
#[allow(dead_code, reason = "some of it is for process tests only")]
#[path = "../../../../tests/support/reserved.rs"]
mod reserved;
mod tls;

use std::sync::{Arc, LazyLock};

use self::garage::Garage;
use super::{S3Location, S3Settings, S3Store};
use crate::protocol::Namespace;
use crate::storage::SharedStore;

/// One server for all tests of the process; each test has a namespace of its own.
static SERVER: LazyLock<Garage> = LazyLock::new(Garage::start);

fn settings_for(endpoint: &str) -> S3Settings {
    let location = S3Location::normalize(endpoint, garage::BUCKET, "base path").expect("location");
    let keys = (garage::ACCESS_KEY.to_owned().into(), garage::SECRET_KEY.to_owned().into());
    let settings = S3Settings::new(location, Namespace::random(), keys.0, keys.1);
    S3Settings { region: Some(garage::REGION.to_owned()), ..settings }
}

async fn settings() -> S3Settings {
    let endpoint = tokio::task::spawn_blocking(|| SERVER.endpoint().to_owned()).await.expect("garage");
    settings_for(&endpoint)
}

async fn store() -> S3Store {
    S3Store::new(&settings().await).expect("store")
}

async fn whole() -> (SharedStore, ()) {
    (Arc::new(store().await), ())
}

/// Everything above 1 MiB goes in parts (smaller ones than S3 would take).
async fn in_parts() -> (SharedStore, ()) {
    let mut store = store().await;
    store.part_size = 1024 * 1024;
    (Arc::new(store), ())
}

mod parts_and_urls {
    use super::whole;
    use crate::storage::contract::direct::{parts_suite, url_suite};

    parts_suite!(whole);
    url_suite!(whole);
}

mod objects_in_one_request {
    use super::whole;
    use crate::storage::contract::contract_suite;

    contract_suite!(whole);
}

/// The rules that parts could break. That every concurrent writer succeeds is none of them: garage ends an upload when
/// a newer one of the same key is completed.
mod objects_in_parts {
    use super::in_parts;
    use crate::storage::contract::contract_suite;

    contract_suite! { @ in_parts:
        a_written_object_reads_back_with_its_size_and_hash
        an_overwrite_replaces_the_whole_object
        bytes_behind_the_announced_size_are_not_content
        a_short_body_stores_nothing_and_keeps_the_old_object
        an_interrupted_body_stores_nothing_and_keeps_the_old_object
        a_dropped_put_stores_nothing_and_keeps_the_old_object
        ranges_are_exact_at_every_boundary
        a_reader_gets_one_version_or_an_error_over_overwrite_and_delete
        keys_of_any_text_survive
        compose_joins_the_parts_in_order_and_removes_them
        compose_joins_many_parts
    }
}
