//! Where a request comes from: the peer of the connection, or what a trusted proxy says in its place.

use std::net::{IpAddr, SocketAddr};

use http::{Extensions, HeaderMap, HeaderName, header};

use crate::config::TrustedProxies;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The other end of the connection; the listener leaves it with each request.
#[derive(Debug, Clone, Copy)]
struct Peer(IpAddr);

/// The two schemes a browser may have used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// The client, as far as trusted machines tell; IPv4 in its own form.
    pub ip: IpAddr,
    /// What the client used, when a trusted proxy says so.
    pub scheme: Option<Scheme>,
}

/// Notes the other end of the connection with a request.
pub(super) fn note_peer<B>(request: &mut http::Request<B>, peer: SocketAddr) {
    request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
}

impl ClientAddress {
    /// Where a request with these parts comes from. Of the addresses in `X-Forwarded-For` the rightmost that is no
    /// trusted proxy counts: everything left of it was written by machines nobody vouches for. `Forwarded` counts
    /// where the other header is absent. `None` without a connection, as in a test that calls a router directly.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &TrustedProxies) -> Option<Self> {
        let Peer(peer) = *extensions.get::<Peer>()?;
        if !trusted.contains(peer) {
            return Some(Self { ip: peer, scheme: None });
        }
        let mut ip = peer;
        for named in hops(headers).into_iter().rev() {
            // A hop that names no address ends the chain; the proxy that wrote it is the last one known.
            let Some(named) = named else { break };
            ip = named;
            if !trusted.contains(ip) {
                break;
            }
        }
        Some(Self { ip, scheme: forwarded_scheme(headers) })
    }
}

/// The addresses that proxies wrote, the last one's at the end.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let items = |name: HeaderName| {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("")).collect();
        values
    };
    let listed = items(FORWARDED_FOR);
    if !listed.is_empty() {
        return listed.iter().flat_map(|value| value.split(',')).map(address).collect();
    }
    items(header::FORWARDED).iter().flat_map(|value| value.split(',')).map(forwarded_for).collect()
}

/// An address with or without port, an IPv6 one with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

/// The `for` of one element of `Forwarded` (RFC 7239); names and hidden identifiers are no addresses.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    address(value.trim_matches('"'))
}

/// `X-Forwarded-Proto` when it is one plain word; of several nobody knows which is the browser's.
fn forwarded_scheme(headers: &HeaderMap) -> Option<Scheme> {
    let mut values = headers.get_all(FORWARDED_PROTO).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    match value.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn seen(peer: &str, lines: &[(&'static str, &'static str)]) -> ClientAddress {
        let trusted = TrustedProxies::parse(&["10.0.0.0/8", "fd00::/8"]).expect("ranges");
        let mut request = http::Request::new(());
        note_peer(&mut request, SocketAddr::new(peer.parse().expect("peer"), 4711));
        for (name, value) in lines {
            request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        ClientAddress::of(request.extensions(), request.headers(), &trusted).expect("a peer")
    }

    fn ip(peer: &str, lines: &[(&'static str, &'static str)]) -> String {
        seen(peer, lines).ip.to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        let direct = seen("192.0.2.1", &lines);
        assert_eq!((direct.ip.to_string().as_str(), direct.scheme), ("192.0.2.1", None));
        let relayed = seen("10.0.0.1", &lines);
        assert_eq!((relayed.ip.to_string().as_str(), relayed.scheme), ("203.0.113.9", Some(Scheme::Https)));
        assert_eq!(ip("::ffff:10.0.0.1", &lines), "203.0.113.9");
        assert_eq!(ip("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        for (value, expected) in [
            ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9, 10.9.9.9,10.8.8.8", "203.0.113.9"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("203.0.113.9:5123", "203.0.113.9"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            // What is left of something unreadable is nobody's word.
            ("203.0.113.9, unknown, 10.2.2.2", "10.2.2.2"),
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", value)]), expected, "{value}");
        }
        let two = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(ip("10.0.0.1", &two), "203.0.113.9");
    }

    #[test]
    fn forwarded_is_read_where_the_other_header_is_absent() {
        let value = "for=1.1.1.1;proto=http, for=\"[2001:db8::7]:80\", For=10.3.3.3;by=x";
        assert_eq!(ip("10.0.0.1", &[("forwarded", value)]), "2001:db8::7");
        assert_eq!(ip("10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
        let both = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(ip("10.0.0.1", &both), "203.0.113.9");
    }

    #[test]
    fn a_scheme_counts_only_as_one_plain_word() {
        for (lines, expected) in [
            (vec![("x-forwarded-proto", "HTTP")], Some(Scheme::Http)),
            (vec![("x-forwarded-proto", "https, http")], None),
            (vec![("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")], None),
            (vec![("x-forwarded-proto", "gopher")], None),
            (vec![], None),
        ] {
            assert_eq!(seen("10.0.0.1", &lines).scheme, expected, "{lines:?}");
        }
    }
}
