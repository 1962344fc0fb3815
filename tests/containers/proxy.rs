//! The proxy variant: people and their browsers reach primary and follower through TLS.

use std::fs;
use std::process::Command;

use aster_drive::config::SealingKey;
use aster_drive::protocol::{BaseUrl, STORAGE_PATH, SigningKey, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine;
use crate::stack::{ADMIN, PASSWORD, Stack};
use crate::support::wait;

const DOMAIN: &str = "drive.test";
const ORIGIN: &str = "https://drive.test";
const FOLLOWER: &str = "https://follower-1.drive.test";
/// More than a proxy takes that was left as it comes.
const LARGE: usize = 48 * 1024 * 1024 + 7;

#[tokio::test]
async fn a_browser_of_the_primary_s_origin_uses_presigned_addresses_of_a_follower_through_tls() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let stack = Stack::new(
        engine,
        &[
            ("COMPOSE_FILE", "compose/drive.yml:compose/proxy.yml"),
            ("ASTER_DOMAIN", DOMAIN),
            ("ASTER_TLS_ISSUER", "internal"),
            ("ASTER_CA_FILE", "/run/caddy/caddy/pki/authorities/local/root.crt"),
            ("ASTER_HTTP_PORT", "0"),
            ("ASTER_HTTPS_PORT", "0"),
        ],
    );
    let declared = stack.directory().join("compose/proxy-bootstrap.toml");
    let text = fs::read_to_string(&declared).expect("declaration");
    fs::write(&declared, text.replace("drive.example.org", DOMAIN)).expect("declaration");
    stack.compose(&["up", "--detach"]);

    let browser = Browser::new(&stack);
    let content: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
    let file = browser.home.path().join("large.bin");
    fs::write(&file, &content).expect("file");
    through_the_primary(&browser, &content).await;

    let keys = Keys::of(&stack).await;
    let put = keys.presign("PUT");
    let preflight = browser.curl(&[
        "-X",
        "OPTIONS",
        "-H",
        "access-control-request-method: PUT",
        "-H",
        "access-control-request-headers: content-type",
        &put,
    ]);
    assert!(
        preflight.status == 204 && preflight.header("access-control-allow-origin") == Some(ORIGIN),
        "{preflight:?}"
    );
    assert!(
        preflight.header("access-control-allow-headers").is_some_and(|names| names.contains("content-type")),
        "{preflight:?}"
    );
    let stored = browser.curl(&[
        "-T",
        &file.display().to_string(),
        "-H",
        "content-type: application/octet-stream",
        &put,
    ]);
    assert_eq!(stored.status, 200, "{stored:?}");
    assert!(stored.header("etag").is_some() && stored.exposes("etag"), "{stored:?}");

    let get = keys.presign("GET");
    let whole = browser.curl(&[&get]);
    assert!(whole.status == 200 && whole.body == content, "{whole:?}");
    assert_eq!(whole.header("access-control-allow-origin"), Some(ORIGIN));
    let part = browser.curl(&["-H", "range: bytes=40000000-40000009", &get]);
    assert_eq!((part.status, part.body.as_slice()), (206, &content[40_000_000..40_000_010]));
    for name in ["accept-ranges", "content-range", "content-length"] {
        assert!(part.header(name).is_some() && part.exposes(name), "{name}: {part:?}");
    }
    let foreign = browser.curl_from("https://elsewhere.test", &[&get]);
    assert_eq!(foreign.header("access-control-allow-origin"), None, "{foreign:?}");
}

/// A person logs in and stores a file at the primary's own address.
async fn through_the_primary(browser: &Browser, content: &[u8]) {
    let login = json!({"identifier": ADMIN, "password": PASSWORD}).to_string();
    let cookies = browser.home.path().join("cookies").display().to_string();
    let logged_in = browser.curl(&[
        "-c",
        &cookies,
        "-H",
        "content-type: application/json",
        "-d",
        &login,
        &format!("{ORIGIN}/api/v1/auth/login"),
    ]);
    assert_eq!(logged_in.status, 200, "{logged_in:?}");
    let access =
        logged_in.headers.lines().find(|line| line.contains("aster_access=")).expect("the access cookie");
    assert!(access.contains("Secure"), "{access}");
    let token = access.split(['=', ';']).nth(1).expect("a value");
    let form = format!("file=@{}", browser.home.path().join("large.bin").display());
    let (bearer, url) = (format!("authorization: Bearer {token}"), format!("{ORIGIN}/api/v1/files/upload"));
    let id = wait::until("an upload succeeds", async || {
        let stored = browser.curl(&["-H", &bearer, "-F", &form, &url]);
        (stored.status / 100 == 2).then(|| {
            let answer: Value = serde_json::from_slice(&stored.body).expect("JSON");
            answer["data"]["id"].as_i64().expect("id")
        })
    })
    .await;
    let back = browser.curl(&["-H", &bearer, &format!("{ORIGIN}/api/v1/files/{id}/download")]);
    assert!(back.status == 200 && back.body == content, "{back:?}");
}

/// curl in the place of a browser: it checks certificates and sends the origin of the page.
struct Browser {
    home: TempDir,
    arguments: Vec<String>,
}

struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = String::from_utf8_lossy(&self.body[..self.body.len().min(500)]);
        write!(f, "{}\n{}\n{start}", self.status, self.headers)
    }
}

impl Browser {
    fn new(stack: &Stack<'_>) -> Self {
        let home = tempfile::tempdir().expect("dir");
        let authority = stack.copy_data("proxy");
        let root = home.path().join("root.crt");
        fs::copy(authority.path().join("caddy/pki/authorities/local/root.crt"), &root).expect("root");
        let port = stack.published("proxy", 443).port();
        let arguments = ["--silent", "--show-error", "--cacert", &root.display().to_string(), "--connect-to"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("::127.0.0.1:{port}")])
            .collect();
        Self { home, arguments }
    }

    fn curl(&self, arguments: &[&str]) -> Reply {
        self.curl_from(ORIGIN, arguments)
    }

    fn curl_from(&self, origin: &str, arguments: &[&str]) -> Reply {
        let (headers, body) = (self.home.path().join("headers"), self.home.path().join("body"));
        let mut curl = Command::new("curl");
        curl.args(&self.arguments).args(["--write-out", "%{http_code}", "-H", &format!("origin: {origin}")]);
        curl.arg("--dump-header").arg(&headers).arg("--output").arg(&body).args(arguments);
        let status = engine::output(&mut curl).trim().parse().expect("a status");
        let headers = fs::read_to_string(headers).expect("headers");
        Reply { status, headers: lower_names(&headers), body: fs::read(body).unwrap_or_default() }
    }
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
    }

    fn exposes(&self, name: &str) -> bool {
        let exposed = self.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
        exposed.split(',').any(|it| it.trim() == name)
    }
}

/// The keys of the binding, as its follower keeps them.
struct Keys {
    access_key: String,
    key: SigningKey,
}

impl Keys {
    async fn of(stack: &Stack<'_>) -> Self {
        let data = stack.copy_data("follower-1");
        let config = fs::read_to_string(data.path().join("config.toml")).expect("config.toml");
        let config: toml::Table = config.parse().expect("TOML");
        let sealing = config["auth"]["storage_credential_secret_key"].as_str().and_then(SealingKey::from_hex);
        let query = "SELECT access_key || ' ' || secret_key_sealed FROM binding";
        let row = engine::output(Command::new("sqlite3").arg(data.path().join("asterdrive.db")).arg(query));
        let (access_key, sealed) = row.trim().split_once(' ').expect("two values");
        let secret = sealing.expect("the key").open("binding.secret_key", sealed).expect("the secret key");
        Self { access_key: access_key.to_owned(), key: SigningKey::new(secret.expose_secret()) }
    }

    /// A URL for one object, valid for ten minutes.
    fn presign(&self, method: &str) -> String {
        let base = BaseUrl::parse(FOLLOWER).expect("url");
        let path = format!("{STORAGE_PATH}/objects/files/from-a-browser");
        let expires = Timestamp::now().unix_secs() + 600;
        self.key.presign_url(method, &base, &path, [], &self.access_key, expires)
    }
}

/// Names of headers come in any case.
fn lower_names(headers: &str) -> String {
    let lines = headers.lines().map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}\n", name.to_ascii_lowercase()),
        None => format!("{line}\n"),
    });
    lines.collect()
}
