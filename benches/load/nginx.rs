//! nginx as the measure: its own configuration and directory, not the machine's service.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::Outcome;
use super::peer::{Access, Peer};
use super::process::{Process, until_listening};

/// A running nginx.
pub(super) struct Nginx {
    pub(super) peer: Arc<Peer>,
    _process: Process,
}

impl Nginx {
    /// Starts it with `home`, which is made, as its prefix; files are served from and stored in `home/root`.
    pub(super) async fn start(name: &'static str, home: &Path) -> Outcome<Self> {
        for directory in ["root", "temp"] {
            fs::create_dir_all(home.join(directory))?;
        }
        // It cannot choose a port and tell which; another program would have to be very quick to take this one.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let configuration = home.join("nginx.conf");
        fs::File::create(&configuration)?.write_all(configure(home, address).as_bytes())?;
        let process = Process::start(
            Command::new(binary()?).env_clear().arg("-p").arg(home).arg("-c").arg(&configuration).args([
                "-e",
                "stderr",
                "-g",
                "daemon off;",
            ]),
        )?;
        until_listening(address).await?;
        let mut processes = process.children()?;
        processes.push(process.id());
        let peer = Peer::new(name, address, Access::Open, processes);
        Ok(Self { peer: Arc::new(peer), _process: process })
    }
}

/// The installed nginx.
pub(super) fn binary() -> Outcome<PathBuf> {
    // Debian puts it where the PATH of an ordinary user does not look.
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|directory| directory.join("nginx"))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| "nginx is not installed; run: scripts/setup bench".into())
}

/// Everything else stays as Debian and nginx ship it.
fn configure(home: &Path, address: SocketAddr) -> String {
    let home = home.display();
    // Workers of a root-owned master change to an account that cannot write here.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "{user}
worker_processes 2;
worker_rlimit_nofile 16384;
pid {home}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    default_type application/octet-stream;
    client_max_body_size 0;
    client_body_temp_path {home}/temp;
    proxy_temp_path {home}/unused;
    fastcgi_temp_path {home}/unused;
    uwsgi_temp_path {home}/unused;
    scgi_temp_path {home}/unused;
    server {{
        listen {address};
        root {home}/root;
        location / {{
            dav_methods PUT DELETE;
            create_full_put_path on;
        }}
    }}
}}
"
    )
}
