//! Addresses that nobody else gets, however many tests run.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// An address of this machine that nobody else gets while this lives: bound, not listening. A server that reuses
/// addresses, as all do that these tests start, listens there; until then connections are refused.
#[derive(Debug)]
pub(crate) struct Reserved {
    _socket: TcpSocket,
    pub(crate) address: SocketAddr,
}

impl Reserved {
    /// An address of the loopback device.
    pub(crate) fn new() -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// This address; with port 0 any port of its host. It may be that of a server that has ended.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.expect("socket");
        socket.set_reuseaddr(true).expect("reuse");
        socket.bind(address).expect("bind");
        let address = socket.local_addr().expect("address");
        Self { _socket: socket, address }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://ADDRESS`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A port of `host` that stays free for this program until its end, so that a server there can be started again.
pub(crate) fn port_for_good(host: IpAddr) -> u16 {
    let reserved = Reserved::at((host, 0).into());
    let port = reserved.port();
    std::mem::forget(reserved);
    port
}
