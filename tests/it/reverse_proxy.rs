//! The files of `packaging/proxy` in front of a real pair: bytes, signatures and CORS headers pass as they are, and
//! only the primary reaches more of the follower than presigned URLs.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use aster_drive::protocol::{BaseUrl, ResponseOverrides, STORAGE_PATH, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::enrolled::{BASE_PATH, Enrolled};
use crate::support::pair::route_to;
use crate::support::primary::{self, Primary};
use crate::support::proxy::{DRIVE, EDGE, ELSEWHERE, Kind, Proxy, Reply, Reserved};
use crate::support::random::Random;
use crate::support::wait;

const MIB: usize = 1024 * 1024;

/// A pair that meets only through the proxy, and a directory for what curl sends.
struct Site {
    proxy: Proxy,
    primary: Primary,
    edge: Enrolled,
    files: TempDir,
    _primary_home: TempDir,
}

impl Site {
    async fn start(kind: Kind) -> Self {
        let (home, reserved) = (TempDir::new().expect("dir"), Reserved::new());
        let mut environment = primary::environment(0);
        let authority = reserved.authority().to_str().expect("text").to_owned();
        environment.insert("SSL_CERT_FILE".into(), authority);
        let primary = Primary::start_with(home.path(), &environment).await;
        primary.set_site_url(&format!("https://{DRIVE}:{}", reserved.https)).await;
        let edge = Enrolled::at(&primary, "edge", &[]).await;
        let follower = edge.follower.url.trim_start_matches("http://").parse().expect("address");
        let proxy = reserved.start(kind, primary.address(), follower).await;
        let nodes = primary.admin.get("/api/v1/admin/remote-nodes").await;
        let node = nodes.data()["items"][0]["id"].as_i64().expect("id");
        primary.patch_node(node, json!({"base_url": proxy.origin(EDGE)})).await;
        primary.admin.post(&format!("/api/v1/admin/remote-nodes/{node}/test"), json!({})).await.data();
        route_to(&primary, node).await;
        Self { proxy, primary, edge, files: TempDir::new().expect("dir"), _primary_home: home }
    }

    /// A file of `length` bytes that differ everywhere, and its SHA-256.
    fn file(&self, length: usize) -> (PathBuf, String) {
        let mut random = Random::new(length as u64);
        let bytes: Vec<u8> = (0..length / 8).flat_map(|_| random.number().to_le_bytes()).collect();
        let path = self.files.path().join(length.to_string());
        std::fs::write(&path, &bytes).expect("write");
        (path, hex::encode(Sha256::digest(&bytes)))
    }

    /// A presigned URL that leads through the proxy.
    fn presigned(&self, method: &str, key: &str) -> String {
        let base = BaseUrl::parse(&self.proxy.origin(EDGE)).expect("url");
        let content_type = (method == "GET").then(|| "text/plain; charset=utf-8".to_owned());
        let overrides = ResponseOverrides { content_type, ..ResponseOverrides::default() };
        let (path, signer) = (format!("{STORAGE_PATH}/objects/{key}"), &self.edge.signer);
        let expires = Timestamp::now().unix_secs() + 600;
        signer.key.presign_url(method, &base, &path, overrides.pairs(), &signer.access_key, expires)
    }

    /// A signed request of the primary, by way of the proxy, from `address`.
    async fn signed(&self, address: &str, path: &str) -> Reply {
        let request = self.edge.signer.request(&self.edge.follower.client, Method::GET, path, None);
        let request = request.build().expect("request");
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| format!("-H{name}: {}", value.to_str().expect("text")));
        let url = format!("{}{STORAGE_PATH}{path}", self.proxy.origin(EDGE));
        let mut arguments = vec!["--interface".to_owned(), address.to_owned(), url];
        arguments.extend(headers);
        self.proxy.send(arguments).await
    }

    /// Objects that the follower is writing at this moment.
    fn unfinished(&self) -> Vec<PathBuf> {
        let staging = self.edge.home.path().join("data/managed-ingress").join(BASE_PATH).join(".aster-tmp");
        let runs = std::fs::read_dir(staging).into_iter().flatten().flatten();
        runs.flat_map(|run| std::fs::read_dir(run.path()).into_iter().flatten().flatten())
            .map(|file| file.path())
            .collect()
    }

    async fn uploads_and_downloads(&self) {
        let (file, sha256) = self.file(64 * MIB);
        let drive = self.proxy.origin(DRIVE);
        let login =
            format!("-HAuthorization: Bearer {}", self.primary.admin.bearer.as_deref().expect("login"));
        let form = format!("-Ffile=@{}", file.display());
        let stored = self.proxy.send([&login, &form, &format!("{drive}/api/v1/files/upload")]).await;
        assert_eq!(stored.status, 201, "{stored:?}");
        let answer: Value = serde_json::from_slice(&stored.body).expect("envelope");
        let url = format!("{drive}/api/v1/files/{}/download", answer["data"]["id"]);

        let whole = self.proxy.send([&login, "-HAccept-Encoding: gzip, br", &url]).await;
        assert_eq!(whole.status, 200);
        assert_eq!(whole.header("etag"), format!("\"{sha256}\""), "strong, and the hash of the content");
        assert_eq!(whole.header("content-length"), (64 * MIB).to_string());
        assert!(whole.all("content-encoding").iter().all(|it| *it == "identity"), "{:?}", whole.headers);
        assert_eq!(hex::encode(Sha256::digest(&whole.body)), sha256);

        let part = self.proxy.send([&login, "-HRange: bytes=50000000-50000009", &url]).await;
        assert_eq!(part.status, 206);
        assert_eq!(part.header("content-range"), format!("bytes 50000000-50000009/{}", 64 * MIB));
        assert_eq!(part.body, whole.body[50_000_000..=50_000_009]);
    }

    async fn serves_browsers_by_presigned_urls(&self) {
        let origin = format!("-HOrigin: {}", self.proxy.origin(DRIVE));
        let (file, sha256) = self.file(3 * MIB);
        let file = file.to_str().expect("text");
        let (put, get) =
            (self.presigned("PUT", "files/a%20b%3F.txt"), self.presigned("GET", "files/a%20b%3F.txt"));

        let wish = ["-HAccess-Control-Request-Method: PUT", "-HAccess-Control-Request-Headers: content-type"];
        let asked = ["--interface", ELSEWHERE, "-XOPTIONS", wish[0], wish[1], &origin, &put];
        let preflight = self.proxy.send(asked).await;
        assert_eq!(preflight.status, 204, "{preflight:?}");
        assert_eq!(preflight.header("access-control-allow-origin"), self.proxy.origin(DRIVE));
        assert_eq!(preflight.header("access-control-allow-credentials"), "true");
        assert_eq!(preflight.header("access-control-allow-methods"), "GET, PUT, OPTIONS");
        assert_eq!(preflight.header("access-control-allow-headers"), "content-type, range");

        for version in ["--http1.1", "--http2"] {
            // Of HTTP/1.1, curl waits for leave to send a body this large.
            let patient = ["--expect100-timeout", "60"];
            let sent = ["--interface", ELSEWHERE, version, "-T", file, &origin, &put];
            let stored = self.proxy.send([&patient[..], &sent].concat()).await;
            assert_eq!(stored.status, 200, "{stored:?}");
            assert_eq!(stored.header("etag"), format!("\"{sha256}\""));
            assert_eq!(stored.header("access-control-allow-origin"), self.proxy.origin(DRIVE));
            assert_eq!(stored.header("access-control-expose-headers"), "ETag");
            let asked_leave = stored.account.contains("100 Continue");
            assert_eq!(asked_leave, version == "--http1.1", "{}", stored.account);
        }
        let got = self.proxy.send(["--interface", ELSEWHERE, "-HRange: bytes=-7", &origin, &get]).await;
        assert_eq!((got.status, got.body.len()), (206, 7), "{got:?}");
        assert_eq!(got.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(got.header("access-control-allow-origin"), self.proxy.origin(DRIVE));
        assert!(got.header("access-control-expose-headers").contains("Content-Range"));

        let stranger = self.proxy.send(["-HOrigin: https://elsewhere.example", &get]).await;
        assert_eq!(stranger.status, 403);
        assert!(stranger.all("access-control-allow-origin").is_empty(), "{stranger:?}");
        assert!(stranger.all("x-request-id").len() == 1, "the follower said so: {stranger:?}");
    }

    async fn lets_only_the_primary_call(&self) {
        // Every character whose encoding a proxy could tidy up: the signature covers them as they are.
        let paths = [
            "/capabilities",
            "/capabilities?",
            "/objects/files/a%20b%3F.txt?offset=2&length=5",
            "/objects?prefix=%7e%2Fx",
        ];
        for path in paths {
            let called = self.signed("127.0.0.1", path).await;
            assert!((200..300).contains(&called.status), "{path}: {called:?}");
            let refused = self.signed(ELSEWHERE, path).await;
            assert_eq!(refused.status, 403, "{path}: {refused:?}");
            assert!(refused.all("x-request-id").is_empty(), "the proxy said so: {refused:?}");
        }
        let disguised = self.signed(ELSEWHERE, "/objects/files/a%20b%3F.txt?aster_access_key=x").await;
        assert_eq!(disguised.status, 403, "{disguised:?}");
        let health = self.proxy.send([format!("{}/health", self.proxy.origin(EDGE))]).await;
        assert_eq!(health.status, 404, "{health:?}");
    }

    async fn leaves_nothing_of_a_broken_upload(&self) {
        let (file, _) = self.file(8 * MIB);
        let url = self.presigned("PUT", "files/broken");
        let mut curl = self.proxy.curl();
        curl.args(["--limit-rate", "150k", "-T"])
            .arg(file)
            .arg(&url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut browser: Child = curl.spawn().expect("curl");
        // It arrives while it is sent, which takes longer than we wait: nothing between keeps a copy first.
        wait::until("bytes at the follower", async || {
            self.unfinished().iter().any(|file| file.metadata().is_ok_and(|it| it.len() > 0)).then_some(())
        })
        .await;
        assert!(browser.try_wait().expect("wait").is_none(), "the browser still sends");
        browser.kill().expect("kill");
        browser.wait().expect("wait");
        wait::until("nothing unfinished", async || self.unfinished().is_empty().then_some(())).await;
        let gone = self.proxy.send([self.presigned("GET", "files/broken")]).await;
        assert_eq!(gone.status, 404, "{gone:?}");
    }

    async fn sends_plain_http_to_https(&self) {
        let reply = self.proxy.send([format!("http://{DRIVE}:{}/x?y=z", self.proxy.http)]).await;
        assert_eq!(reply.status, 308, "{reply:?}");
        assert!(reply.header("location").starts_with(&format!("https://{DRIVE}")), "{reply:?}");
    }

    async fn holds(&self) {
        self.uploads_and_downloads().await;
        self.serves_browsers_by_presigned_urls().await;
        self.lets_only_the_primary_call().await;
        self.leaves_nothing_of_a_broken_upload().await;
        self.sends_plain_http_to_https().await;
    }
}

#[tokio::test]
async fn a_pair_behind_nginx_with_the_packaged_file_serves_browsers_and_its_primary() {
    Site::start(Kind::Nginx).await.holds().await;
}

#[tokio::test]
async fn a_pair_behind_caddy_with_the_packaged_file_serves_browsers_and_its_primary() {
    Site::start(Kind::Caddy).await.holds().await;
}

#[tokio::test]
async fn what_a_proxy_logs_does_not_have_the_signature_of_a_presigned_url() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let mut site = Site::start(kind).await;
        let url = site.presigned("GET", "files/none");
        let (_, signature) = url.rsplit_once('=').expect("a signature");
        let logged = async |times: usize| {
            wait::until("a line for the request", async || {
                (site.proxy.logs().matches("files/none").count() >= times).then_some(())
            })
            .await;
        };
        assert_eq!(site.proxy.send([&url]).await.status, 404);
        logged(1).await;
        site.edge.follower.process.kill().await;
        assert_eq!(site.proxy.send([&url]).await.status, 502);
        logged(2).await;
        assert!(!site.proxy.logs().contains(signature), "{}", site.proxy.logs());
    }
}
