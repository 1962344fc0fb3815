//! The proxies of `packaging/proxy` as real processes, with their example addresses replaced, and curl as the browser.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::reserved::Reserved as Address;
use super::wait;

/// Name of the primary behind the proxy.
pub(crate) const DRIVE: &str = "drive.example.org";
/// Name of the follower behind the proxy; one that the primary under test can resolve.
pub(crate) const EDGE: &str = "localhost";
/// The primary's address as the proxy sees it.
pub(crate) const PRIMARY_ADDRESS: &str = "127.0.0.1";
/// An address that is not the primary's.
pub(crate) const ELSEWHERE: &str = "127.0.0.2";

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
}

/// A certificate for both names and two ports that are the proxy's.
pub(crate) struct Reserved {
    pub(crate) directory: TempDir,
    pub(crate) https: u16,
    http: u16,
    ports: [Address; 2],
}

/// A running proxy. It ends when this is dropped, and also when the process ends without that.
pub(crate) struct Proxy {
    pub(crate) reserved: TempDir,
    pub(crate) https: u16,
    pub(crate) http: u16,
    keeper: Child,
    _ports: Vec<Address>,
}

impl Reserved {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("dir");
        certificate(directory.path());
        let ports = [Address::new(), Address::new()];
        let [https, http] = ports.each_ref().map(Address::port);
        Self { directory, https, http, ports }
    }

    /// The certificate, which is its own authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.directory.path().join("fullchain.pem")
    }

    /// Starts the proxy in front of both servers and waits until it listens.
    pub(crate) async fn start(self, kind: Kind, primary: SocketAddr, follower: SocketAddr) -> Proxy {
        let Self { directory, https, http, ports } = self;
        let home = directory.path();
        let mut command = keeper(home);
        match kind {
            Kind::Nginx => {
                std::fs::write(home.join("site.conf"), nginx_site(home, https, http, primary, follower))
                    .expect("site.conf");
                std::fs::write(home.join("nginx.conf"), nginx_main(home)).expect("nginx.conf");
                command.args(["nginx", "-p"]).arg(home).arg("-c").arg(home.join("nginx.conf"));
            }
            Kind::Caddy => {
                let tls = format!("tls {0}/fullchain.pem {0}/privkey.pem", home.display());
                command.args(["caddy", "run", "--adapter", "caddyfile", "--config"]).arg(file("Caddyfile"));
                command.env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home).env("ADMIN", "off");
                command.env("HTTP_PORT", http.to_string()).env("HTTPS_PORT", https.to_string());
                command.env("BIND", "127.0.0.1").env("TLS", tls);
                command.env("PRIMARY_SITE", DRIVE).env("FOLLOWER_SITE", EDGE);
                command.env("PRIMARY", primary.to_string()).env("FOLLOWER", follower.to_string());
                command.env("PRIMARY_ADDRESS", PRIMARY_ADDRESS);
            }
        }
        let mut keeper = command.spawn().expect("sh");
        wait::until("the proxy listens", async || {
            let ended = keeper.try_wait().expect("wait");
            let said = || std::fs::read_to_string(home.join("output")).unwrap_or_default();
            assert!(ended.is_none(), "{kind:?} ended; `scripts/setup test` installs it: {}", said());
            TcpStream::connect(("127.0.0.1", https)).ok()
        })
        .await;
        Proxy { reserved: directory, https, http, keeper, _ports: ports.into() }
    }
}

/// Starts the proxy of the Compose variant with several primaries in front of them. It has no TLS: both ports are one.
pub(crate) async fn share_out(primaries: &[SocketAddr]) -> Proxy {
    let reserved = TempDir::new().expect("dir");
    let address = Address::new();
    let port = address.port();
    let home = reserved.path();
    let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose/primaries.Caddyfile");
    let mut command = keeper(home);
    command.args(["caddy", "run", "--adapter", "caddyfile", "--config"]).arg(configuration);
    command.env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home);
    command.env("BIND", "127.0.0.1").env("LISTEN", port.to_string());
    command.env("PRIMARIES", primaries.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    let mut keeper = command.spawn().expect("sh");
    wait::until("the proxy listens", async || {
        let ended = keeper.try_wait().expect("wait");
        let said = || std::fs::read_to_string(home.join("output")).unwrap_or_default();
        assert!(ended.is_none(), "Caddy ended; `scripts/setup test` installs it: {}", said());
        TcpStream::connect(("127.0.0.1", port)).ok()
    })
    .await;
    Proxy { reserved, https: port, http: port, keeper, _ports: vec![address] }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The keeper ends the proxy at the end of its input.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A shell that runs the program in its arguments until our end of the pipe is closed, however we end, or until the
/// program ends by itself.
fn keeper(home: &Path) -> Command {
    let script = r#"
        exec 3<&0
        PATH="$PATH:/usr/sbin"
        "$@" </dev/null 3<&- &
        program=$!
        { read -r _; kill "$program" 2>/dev/null; } <&3 3<&- &
        exec 3<&- </dev/null
        wait "$program"
    "#;
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "proxy-keeper"])
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(home.join("output")).expect("output"));
    command
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/proxy").join(name)
}

/// What Debian's own `nginx.conf` has around a site.
fn nginx_main(home: &Path) -> String {
    let home = home.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {home}/{name};\n"))
        .concat();
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "{user}\ndaemon off;\nmaster_process off;\npid {home}/nginx.pid;\nerror_log stderr error;\n\
         events {{}}\nhttp {{\n{temporary}gzip on;\ninclude site.conf;\n}}\n"
    )
}

/// The file with the lines changed that somebody who installs it changes.
fn nginx_site(home: &Path, https: u16, http: u16, primary: SocketAddr, follower: SocketAddr) -> String {
    let home = home.display();
    let changes = [
        ("127.0.0.1:3000;", format!("{primary};")),
        ("127.0.0.1:3001;", format!("{follower};")),
        ("192.0.2.10/32 1;", format!("{PRIMARY_ADDRESS}/32 1;")),
        ("listen 80;", format!("listen 127.0.0.1:{http};")),
        ("listen 443 ssl", format!("listen 127.0.0.1:{https} ssl")),
        ("server_name edge.example.org;", format!("server_name {EDGE};")),
        ("/etc/ssl/drive.example.org/", format!("{home}/")),
        ("/etc/ssl/edge.example.org/", format!("{home}/")),
        ("/var/log/nginx/", format!("{home}/")),
    ];
    let text = std::fs::read_to_string(file("nginx.conf")).expect("nginx.conf");
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "nginx.conf no longer has `{from}`");
        text.replace(from, to)
    })
}

/// A certificate for both names, signed by itself.
fn certificate(directory: &Path) {
    let request = format!(
        "[req]\ndistinguished_name=dn\nx509_extensions=of\nprompt=no\n[dn]\nCN=proxy under test\n\
         [of]\nsubjectAltName=DNS:{DRIVE},DNS:{EDGE}\nbasicConstraints=critical,CA:FALSE\n"
    );
    std::fs::write(directory.join("request"), request).expect("request");
    let output = Command::new("openssl")
        .args(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -config request"
                .split(' '),
        )
        .args("-keyout privkey.pem -out fullchain.pem".split(' '))
        .current_dir(directory)
        .output()
        .expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What curl received.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// curl's own account: every line that was sent and received.
    pub(crate) account: String,
}

impl Reply {
    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The only value of a header.
    ///
    /// # Panics
    /// When it is missing or doubled.
    pub(crate) fn header(&self, name: &str) -> &str {
        match self.all(name)[..] {
            [only] => only,
            _ => panic!("{name} once in {:?}", self.headers),
        }
    }
}

impl Proxy {
    /// `https://NAME:PORT`.
    pub(crate) fn origin(&self, name: &str) -> String {
        format!("https://{name}:{}", self.https)
    }

    /// Everything it has logged.
    pub(crate) fn logs(&self) -> String {
        let logs = ["output", "error.log", "aster_drive.log"];
        logs.map(|name| std::fs::read_to_string(self.reserved.path().join(name)).unwrap_or_default()).concat()
    }

    /// curl that finds and trusts the proxy.
    pub(crate) fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--noproxy", "*"]).env_remove("HOME");
        for port in [self.https, self.http] {
            for name in [DRIVE, EDGE] {
                command.args(["--resolve", &format!("{name}:{port}:127.0.0.1")]);
            }
        }
        command.arg("--cacert").arg(self.reserved.path().join("fullchain.pem"));
        command
    }

    /// Sends one request.
    pub(crate) async fn send(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Reply {
        let directory = TempDir::new().expect("dir");
        let (head, body) = (directory.path().join("head"), directory.path().join("body"));
        let mut command = self.curl();
        command.arg("--verbose").arg("--dump-header").arg(&head).arg("--output").arg(&body).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("task");
        let output = output.expect("curl; `scripts/setup test` installs it");
        let account = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "curl: {account}");
        let head = std::fs::read_to_string(head).expect("head");
        // Informational answers have heads of their own.
        let head = head.trim_end().rsplit("\r\n\r\n").next().unwrap_or_default().to_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|it| it.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        Reply {
            status: status.unwrap_or_else(|| panic!("a status in {head}")),
            headers,
            body: std::fs::read(body).unwrap_or_default(),
            account,
        }
    }
}
