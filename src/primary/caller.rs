//! Who is at the other end of a request: address and program, as the audit trail and the list of devices show them.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};

use super::Primary;
use super::throttle::{TooSoon, network_of};
use crate::http::{ClientAddress, Scheme};

/// Longest text kept of a `User-Agent`, in characters.
const AGENT_CHARS: usize = 256;

/// The other end of a request. As an extractor it never refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its address, as far as trusted machines tell.
    pub ip: IpAddr,
    /// What the client used, when a trusted proxy says so.
    pub scheme: Option<Scheme>,
    /// What the program calls itself: at most 256 characters, printable ASCII, all else escaped.
    pub agent: String,
}

/// What a call of everybody's costs of the tries its address has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::primary) enum PublicCall {
    /// Setup, a refresh, a redeem or its acknowledgement.
    Plain,
    /// A registration, which leaves something behind.
    Register,
}

impl PublicCall {
    fn cost(self) -> u32 {
        match self {
            Self::Plain => 1,
            Self::Register => 10,
        }
    }
}

impl Caller {
    /// The caller behind a request's parts.
    pub(in crate::primary) fn of(parts: &Parts, primary: &Primary) -> Self {
        let address = ClientAddress::of(&parts.extensions, &parts.headers, &primary.trusted_proxies);
        Self {
            ip: address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip),
            scheme: address.and_then(|address| address.scheme),
            agent: agent(&parts.headers),
        }
    }
}

#[cfg(test)]
impl Caller {
    /// Somebody on this machine.
    pub(in crate::primary) fn local() -> Self {
        Self { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), scheme: None, agent: "test".to_owned() }
    }
}

impl FromRequestParts<Primary> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, primary: &Primary) -> Result<Self, Infallible> {
        Ok(Self::of(parts, primary))
    }
}

impl Primary {
    /// Counts a call that everybody may make against the tries of its address.
    ///
    /// # Errors
    /// When the address used them up.
    pub(in crate::primary) fn admit(&self, caller: &Caller, call: PublicCall) -> Result<(), TooSoon> {
        match self.settings.public_call_limit() {
            Some(limit) => self.public_calls.take(network_of(caller.ip), call.cost(), limit),
            None => Ok(()),
        }
    }

    /// Takes the count back, after a call that proved that its caller is no stranger.
    pub(in crate::primary) fn forgive(&self, caller: &Caller, call: PublicCall) {
        if let Some(limit) = self.settings.public_call_limit() {
            self.public_calls.put_back(network_of(caller.ip), call.cost(), limit);
        }
    }
}

fn agent(headers: &HeaderMap) -> String {
    let sent = headers.get(header::USER_AGENT).map(|value| value.as_bytes()).unwrap_or_default();
    printable(sent, AGENT_CHARS)
}

/// `text` in printable ASCII, everything else as an escape, at most `most` characters.
fn printable(text: &[u8], most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most));
    for &byte in text {
        let plain = matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'');
        let written = if plain { 1 } else { 4 };
        if shown.len() + written > most {
            break;
        }
        if plain {
            shown.push(char::from(byte));
        } else {
            write!(shown, "\\x{byte:02x}").expect("a String takes everything");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_short_and_harmless() {
        assert_eq!(printable(b"curl/8.5.0 (x86_64; rv:1)", 256), "curl/8.5.0 (x86_64; rv:1)");
        let hostile = printable("<script>\r\n\u{1b}[2J\u{202e}'\"&".as_bytes(), 256);
        assert_eq!(hostile, "\\x3cscript\\x3e\\x0d\\x0a\\x1b[2J\\xe2\\x80\\xae\\x27\\x22\\x26");
        assert_eq!(printable(&[b'x'; 10_000], 256).len(), 256);
        // An escape is never cut in two.
        assert_eq!(printable(b"ab<", 5), "ab");
    }
}
