//! `healthcheck`: asks the server that runs beside it for `/health`. For container health checks, so it is small, needs no
//! runtime, ends within a few seconds, and writes nothing.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::{fail, refuse};
use crate::config::{self, Environment, ServerConfig};

/// From the first connection attempt to the status line.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// More than any status line.
const MAX_STATUS_LINE: usize = 1024;

/// Why the server does not count as well.
#[derive(Debug, thiserror::Error)]
enum Unwell {
    #[error(
        "server.port is 0 and {file} does not say which port was taken; is the server running? ({reason})"
    )]
    NoAddress { file: String, reason: String },
    #[error("no address for {host}: {reason}")]
    NoSuchHost { host: String, reason: io::Error },
    #[error("no answer from http://{address}/health: {reason}")]
    NoAnswer { address: SocketAddr, reason: io::Error },
    #[error("http://{address}/health answered {status_line:?} instead of 200")]
    Answer { address: SocketAddr, status_line: String },
}

pub(super) fn run(environment: &Environment, working_dir: &Path) -> ExitCode {
    let inspection = match config::inspect(environment, working_dir) {
        Ok(inspection) => inspection,
        Err(problems) => return refuse(&problems),
    };
    match address(&inspection.config.server, &inspection.config.data_dir).and_then(check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(unwell) => fail(&unwell.to_string()),
    }
}

/// Where the server can be reached from this machine. A server that listens everywhere is asked on loopback.
fn address(server: &ServerConfig, data_dir: &Path) -> Result<SocketAddr, Unwell> {
    let mut address = if server.port == 0 {
        taken_address(data_dir)?
    } else {
        let no_such_host = |reason| Unwell::NoSuchHost { host: server.host.clone(), reason };
        (server.host.as_str(), server.port)
            .to_socket_addrs()
            .map_err(no_such_host)?
            .next()
            .ok_or_else(|| no_such_host(io::ErrorKind::AddrNotAvailable.into()))?
    };
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(address)
}

/// The address in the second line of the lock file, below the process id; the running server writes both.
fn taken_address(data_dir: &Path) -> Result<SocketAddr, Unwell> {
    let file = data_dir.join(".lock");
    let no_address = |reason: String| Unwell::NoAddress { file: file.display().to_string(), reason };
    let text = std::fs::read_to_string(&file).map_err(|error| no_address(error.to_string()))?;
    let line = text.lines().nth(1).ok_or_else(|| no_address("no second line".into()))?;
    line.trim().parse().map_err(|_| no_address(format!("{line:?} is no address")))
}

fn check(address: SocketAddr) -> Result<(), Unwell> {
    let status_line = ask(address).map_err(|reason| Unwell::NoAnswer { address, reason })?;
    match status_line.split(' ').nth(1) {
        Some("200") if status_line.starts_with("HTTP/1.") => Ok(()),
        _ => Err(Unwell::Answer { address, status_line }),
    }
}

/// The status line of the answer. The limit counts for the whole exchange, so a server that trickles is unwell too.
fn ask(address: SocketAddr) -> io::Result<String> {
    let deadline = Instant::now() + TIME_LIMIT;
    let mut stream = TcpStream::connect_timeout(&address, TIME_LIMIT)?;
    stream.set_write_timeout(Some(TIME_LIMIT))?;
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 256];
    while !answer.contains(&b'\n') && answer.len() < MAX_STATUS_LINE {
        let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        match stream.read(&mut piece)? {
            0 => break,
            count => answer.extend_from_slice(&piece[..count]),
        }
    }
    let line = answer.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one connection with `answer`.
    fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"GET /health HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    fn configured(variables: [(&str, &str); 2], data_dir: &Path) -> Result<SocketAddr, Unwell> {
        let inspection = config::inspect(&Environment::from_iter(variables), data_dir).unwrap();
        address(&inspection.config.server, &inspection.config.data_dir)
    }

    #[test]
    fn only_200_is_well() {
        assert!(check(server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).is_ok());
        for answer in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "SSH-2.0 200\r\n", ""] {
            assert!(matches!(check(server(answer)), Err(Unwell::Answer { .. })), "{answer}");
        }
    }

    #[test]
    fn nobody_listening_is_unwell() {
        // Bound, so that nobody else gets the address.
        let nobody = tokio::net::TcpSocket::new_v4().unwrap();
        nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = nobody.local_addr().unwrap();
        assert!(matches!(check(address), Err(Unwell::NoAnswer { .. })));
    }

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_loopback() {
        let directory = tempfile::tempdir().unwrap();
        for (host, asked) in [("0.0.0.0", "127.0.0.1:4"), ("::", "[::1]:4"), ("127.0.0.2", "127.0.0.2:4")] {
            let variables = [("ASTER__SERVER__HOST", host), ("ASTER__SERVER__PORT", "4")];
            assert_eq!(configured(variables, directory.path()).unwrap(), asked.parse().unwrap());
        }
    }

    #[test]
    fn a_free_port_is_found_in_the_lock_file() {
        let directory = tempfile::tempdir().unwrap();
        let variables = [("ASTER__SERVER__HOST", "0.0.0.0"), ("ASTER__SERVER__PORT", "0")];
        assert!(matches!(configured(variables, directory.path()), Err(Unwell::NoAddress { .. })));
        std::fs::create_dir(directory.path().join("data")).unwrap();
        let mut lock = std::fs::File::create(directory.path().join("data/.lock")).unwrap();
        lock.write_all(b"17\n0.0.0.0:4711\n").unwrap();
        assert_eq!(configured(variables, directory.path()).unwrap(), "127.0.0.1:4711".parse().unwrap());
    }
}
