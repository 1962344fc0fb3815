//! A PostgreSQL server for one test, for those that are about PostgreSQL whatever the others run on.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use tokio::net::TcpListener;

/// A running server; it ends when this does.
pub(crate) struct Postgres {
    holder: Child,
    /// URL of a database that is empty at first.
    pub(crate) url: String,
    /// File with the certificate of its authority.
    pub(crate) authority: String,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed.
    pub(crate) async fn start() -> Self {
        let started = tokio::task::spawn_blocking(|| {
            let mut holder =
                Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/with-postgres"))
                    // Until we close its input.
                    .args([
                        "sh",
                        "-c",
                        "echo \"$ASTER_TEST_POSTGRES\"; echo \"$ASTER_TEST_POSTGRES_CA\"; exec cat",
                    ])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("start the server");
            let mut lines = BufReader::new(holder.stdout.as_mut().expect("stdout")).lines();
            let mut line = || lines.next().and_then(Result::ok).unwrap_or_default();
            let (url, authority) = (line(), line());
            Self { holder, url, authority }
        });
        let postgres = started.await.expect("task");
        assert!(postgres.url.starts_with("postgres://"), "with-postgres says why on its error output");
        postgres
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let (_, rest) = self.url.rsplit_once('@').expect("a URL with a user");
        rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// Executes statements.
    pub(crate) async fn execute(&self, statements: &str) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url).await.expect("connect");
        connection.execute(AssertSqlSafe(statements.to_owned())).await.expect("the statements");
        connection.close().await.expect("close");
    }

    /// Lets the server be reached under another address, too.
    pub(crate) async fn forward_from(&self, listener: TcpListener) {
        let server = self.address();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    if let Ok(mut server) = tokio::net::TcpStream::connect(server).await {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
