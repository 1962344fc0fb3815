//! S3 stores against a real server and against peers that misbehave.

#[path = "../../../../tests/support/garage.rs"]
mod garage;
mod hostile;
mod real;

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

async fn fixture() -> (SharedStore, ()) {
    (Arc::new(store().await), ())
}

mod contract {
    use super::fixture;
    use crate::storage::contract::contract_suite;

    contract_suite!(fixture);
}
