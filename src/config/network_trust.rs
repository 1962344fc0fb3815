//! `[network_trust]`: whose word on a client's address counts.

use std::net::IpAddr;

use super::reader::Reader;

/// The proxies whose `X-Forwarded-…` headers are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<AddressRange>);

/// Addresses that share their first `prefix` bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AddressRange {
    address: IpAddr,
    prefix: u32,
}

impl TrustedProxies {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.section("network_trust", "Whose word on a client's address counts. Used by a primary.");
        let texts = reader.list(
            "network_trust.trusted_proxies",
            "",
            "IP addresses and ranges such as 10.0.0.0/8 or fd00::/8, separated by commas",
            |item| AddressRange::parse(item).map(|_| ()),
            "Proxies in front of this primary. Requests from these addresses are taken to come from the address that \
             their X-Forwarded-For names, and by the scheme of their X-Forwarded-Proto; from everybody else the headers \
             are ignored. A proxy listed here must set X-Forwarded-For anew or append to it.",
        );
        Self(texts.iter().filter_map(|text| AddressRange::parse(text).ok()).collect())
    }

    /// Addresses and ranges as the setting takes them.
    ///
    /// # Errors
    /// Why an entry is none.
    pub fn parse(texts: &[&str]) -> Result<Self, String> {
        texts.iter().map(|text| AddressRange::parse(text)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether requests from `address` come from one of the proxies.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(address))
    }
}

impl AddressRange {
    fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let wrong = || format!("`{}` is no IP address or range", text.chars().take(80).collect::<String>());
        let given: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if given.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => digits.trim().parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
            None => most,
        };
        let address = given.to_canonical();
        // An IPv4 address in IPv6 spelling; its first 96 bits are that spelling.
        let spelled = given.is_ipv6() && address.is_ipv4();
        if spelled && prefix < 96 {
            return Err(wrong());
        }
        Ok(Self { address, prefix: if spelled { prefix - 96 } else { prefix } })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= self.prefix
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_the_addresses_that_share_its_first_bits() {
        let proxies =
            TrustedProxies::parse(&["10.1.0.0/16", "192.0.2.7", "fd00::/8", "::ffff:198.51.100.0/120"])
                .expect("ranges");
        for (address, inside) in [
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:10.1.2.3", true),
            ("fdff::1", true),
            ("fe00::1", false),
            ("198.51.100.9", true),
            ("198.51.101.9", false),
        ] {
            assert_eq!(proxies.contains(address.parse().expect("address")), inside, "{address}");
        }
        let all = TrustedProxies::parse(&["0.0.0.0/0"]).expect("range");
        assert!(all.contains("203.0.113.1".parse().expect("address")));
        assert!(!all.contains("::1".parse().expect("address")));
        assert!(!TrustedProxies::default().contains("127.0.0.1".parse().expect("address")));
    }

    #[test]
    fn what_is_no_range_is_refused_with_its_text() {
        for bad in ["proxy.example", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "::ffff:10.0.0.0/8"]
        {
            let error = TrustedProxies::parse(&[bad]).expect_err(bad);
            assert!(error.contains(bad), "{error}");
        }
    }
}
