//! What both roles need of their machine: the data directory, space, the port, the database.

use std::path::Path;

use rustix::fs::statvfs;

use super::{Report, visit};
use crate::config::Config;
use crate::db::{Db, DbError, Schema};
use crate::entrypoint;
use crate::http::Listener;
use crate::storage::remote::transport;

const MIB: u64 = 1024 * 1024;
/// Less free space than this is worth a look.
const LITTLE: u64 = 1024 * MIB;
/// Less than this, and the database may fail to write.
const TOO_LITTLE: u64 = 64 * MIB;

/// Whether the data directory can be used, or will be made.
pub(super) fn may_use_data(report: &mut Report, data_dir: &Path) -> bool {
    const CHECK: &str = "data directory";
    if let Some(problem) = entrypoint::permission_problem(data_dir) {
        report.fail(CHECK, problem);
        return false;
    }
    let shown = data_dir.display();
    match std::fs::metadata(data_dir) {
        Ok(found) if found.is_dir() => report.ok(CHECK, format!("{shown} can be read and written")),
        Ok(_) => {
            report.fail(CHECK, format!("{shown} is not a directory; move it away, or start elsewhere"));
            return false;
        }
        Err(_) => report.warn(
            CHECK,
            format!(
                "{shown} is not there; the first start makes it. Is this the working directory of the server?"
            ),
        ),
    }
    true
}

/// Free space of the file system that holds `directory`.
pub(super) fn space(report: &mut Report, check: &'static str, directory: &Path) {
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(directory);
    let shown = directory.display();
    match statvfs(existing) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let text = format!("{} MiB free for {shown}", free / MIB);
            match free {
                free if free < TOO_LITTLE => {
                    report.fail(check, format!("{text}; make room, or enlarge the volume"))
                }
                free if free < LITTLE => report.warn(check, format!("{text}; make room before it is full")),
                _ => report.ok(check, text),
            }
        }
        Err(error) => report.warn(check, format!("the free space for {shown} cannot be told: {error}")),
    }
}

/// Whether we listen, or could.
pub(super) async fn port(report: &mut Report, config: &Config) {
    const CHECK: &str = "port";
    match entrypoint::running(&config.data_dir) {
        Err(error) => report.fail(CHECK, format!("cannot look at the lock of the data directory: {error}")),
        Ok(Some(running)) => match running.address {
            None => report.warn(CHECK, "the server is starting and does not listen yet"),
            Some(address) => {
                let process = running.pid.map(|pid| format!("process {}", pid.as_raw_nonzero()));
                let process = process.unwrap_or_else(|| "a process in another container".to_owned());
                let mut near = address;
                if address.ip().is_unspecified() {
                    near.set_ip(match address.ip() {
                        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
                    });
                }
                match visit::health(&transport::direct(), &format!("http://{near}")).await {
                    Ok(_) => {
                        report.ok(CHECK, format!("this server listens on {address} ({process}) and is well"))
                    }
                    Err(error) => {
                        report.fail(
                            CHECK,
                            format!("this server ({process}) listens on {address}, but {error}"),
                        );
                    }
                }
            }
        },
        Ok(None) => {
            let (host, port) = (&config.server.host, config.server.port);
            match Listener::bind(host, port).await {
                Ok(_) => report.ok(CHECK, format!("nothing runs here, and {host}:{port} is free")),
                Err(error) => report.fail(
                    CHECK,
                    format!(
                        "another program has {host}:{port}, or it cannot be listened on: {error}. Choose another \
                         server.host or server.port, or stop what uses it"
                    ),
                ),
            }
        }
    }
}

/// The database, when it can be read. `None` after a finding that says why not.
pub(super) async fn database(report: &mut Report, config: &Config, schema: Schema) -> Option<Db> {
    const CHECK: &str = "database";
    let file = crate::db::file_of(&config.database.url);
    if file.as_ref().is_some_and(|file| !file.exists()) {
        report.warn(CHECK, "there is no database yet; the first start makes it");
        return None;
    }
    match Db::look(&config.database.url, schema).await {
        Ok((db, 0)) => {
            report.ok(CHECK, "opens and is up to date");
            Some(db)
        }
        Ok((db, missing)) => {
            let text = format!("{missing} migrations are missing; the next start brings it up to date");
            report.warn(CHECK, text);
            db.close().await;
            None
        }
        // They say themselves what to do.
        Err(error @ (DbError::Away { .. } | DbError::Refused { .. })) => {
            report.fail(CHECK, error.to_string());
            None
        }
        Err(error) => {
            report
                .fail(CHECK, format!("{error}. Restore it from a backup, or use the release that wrote it"));
            None
        }
    }
}
