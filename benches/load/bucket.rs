//! An S3 target: the same work through the follower and straight to the S3 server, by the same client.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::presigning::PresigningConfig;
use serde_json::json;

use super::duel::{Duel, Effort};
use super::follower::Follower;
use super::garage::{ACCESS_KEY, BUCKET, Garage, REGION, SECRET_KEY};
use super::peer::{Access, Peer};
use super::report::{self, Table, mib, verdict};
use super::round::{Verb, Work};
use super::rows::MIB;
use super::{Bench, Outcome};

/// Part of the direct rate that is to be reached.
const AT_LEAST: f64 = 0.80;
/// Longer than any run of the bench.
const VALID_FOR: Duration = Duration::from_secs(24 * 3600);

const ROWS: [(&str, Work); 2] = [
    ("S3 target: PUT 256 MiB", Work { verb: Verb::Put, size: 256 * MIB, connections: 1, objects: 2 }),
    ("S3 target: GET 256 MiB", Work { verb: Verb::Get, size: 256 * MIB, connections: 1, objects: 1 }),
];

/// Prints the table; tells whether every request was answered as it must be.
pub(super) async fn measure(bench: &Bench) -> Outcome<bool> {
    if !ROWS.iter().any(|(name, _)| bench.wants(name)) {
        return Ok(true);
    }
    let garage = start_server().await?;
    let direct = direct(&garage).await?.into();
    let follower = start_follower(bench, &garage, "bucket").await?;
    let effort = Effort::new(bench.quick);
    let mut table =
        Table::new(["Work", "straight", "through the follower", "ratio", "least – most", "at least", ""]);
    let mut sound = true;
    for (name, work) in ROWS.iter().filter(|(name, _)| bench.wants(name)) {
        report::complain(name);
        match Duel::fight(&direct, &follower.peer, *work, effort).await {
            Ok(duel) => table.row(cells(name, *work, &duel)),
            Err(error) => {
                sound = false;
                report::complain(&format!("{name}: {error}"));
                table.row([(*name).to_owned(), "failed".to_owned()]);
            }
        }
    }
    table.print();
    Ok(sound)
}

fn cells(name: &str, work: Work, duel: &Duel) -> [String; 7] {
    let [straight, through] = duel.medians(|sample| sample.rate * mib(work.size));
    let [median, least, most] = duel.ratio();
    [
        name.to_owned(),
        format!("{straight:.0} MiB/s"),
        format!("{through:.0} MiB/s"),
        format!("{median:.2}"),
        format!("{least:.2} – {most:.2}"),
        format!("{AT_LEAST:.2}"),
        verdict(median >= AT_LEAST).to_owned(),
    ]
}

/// A real S3 server with an empty bucket.
pub(super) async fn start_server() -> Outcome<Garage> {
    Ok(tokio::task::spawn_blocking(Garage::start).await?)
}

/// A follower whose target is that bucket.
pub(super) async fn start_follower(bench: &Bench, garage: &Garage, home: &str) -> Outcome<Follower> {
    let target = json!({
        "driver_type": "s3", "endpoint": garage.endpoint(), "bucket": BUCKET, "region": REGION,
        "base_path": home, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY,
    });
    let home = bench.directory().join(home);
    Follower::start_with(target, &bench.follower_binary, &home, "follower", "full").await
}

/// The S3 server itself. Its requests are signed before the clock runs, so that the client does as little as for nginx.
async fn direct(garage: &Garage) -> Outcome<Peer> {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "bench");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(garage.endpoint())
        .region(Region::new(REGION))
        .credentials_provider(credentials)
        .force_path_style(true)
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let mut targets = HashMap::new();
    for work in ROWS.iter().map(|(_, work)| work) {
        for key in (0..work.objects).map(|index| work.key(index)) {
            let valid = || PresigningConfig::expires_in(VALID_FOR);
            let put = client.put_object().bucket(BUCKET).key(&key).presigned(valid()?).await?;
            let get = client.get_object().bucket(BUCKET).key(&key).presigned(valid()?).await?;
            for (method, presigned) in [("PUT", put), ("GET", get)] {
                let target = presigned.uri().strip_prefix(garage.endpoint()).ok_or("another endpoint")?;
                targets.insert((method, key.clone()), target.to_owned());
            }
        }
    }
    let address = garage.endpoint().trim_start_matches("http://").parse()?;
    Ok(Peer::new("S3 server", address, Access::Presigned(targets), Vec::new()))
}
