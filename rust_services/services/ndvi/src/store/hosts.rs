//! Which hosts may be asked over HTTP, and at which addresses they may be.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// Where a host may be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On the internet alone: a name that leads into the own network leads nowhere.
    Public,
    /// Also in the own network, and on this machine.
    Private,
}

/// A host that rasters may be read from; without a port, the scheme's own one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    host: String,
    port: Option<u16>,
    reach: Reach,
}

impl AllowedHost {
    /// Reads `host`, `host:port` or `private:host:port`; an address of version 6 stands in brackets.
    ///
    /// A host that is an address itself, or `localhost`, is where the operator wanted it. An address
    /// that is never asked is none: the connection to one looks no name up, and would not be checked.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, is_private) = match text.strip_prefix("private:") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let end = if text.starts_with('[') {
            text.find(']')? + 1
        } else {
            text.find(':').unwrap_or(text.len())
        };
        let (host, port) = text.split_at(end);
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port.parse().ok().filter(|&port| port != 0)?),
            None if port.is_empty() => None,
            None => return None,
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !host.starts_with('[') && !host.chars().all(is_plain) {
            return None;
        }
        // Written as requests have it: in lower case, addresses in their one form.
        let host = url::Host::parse(host).ok()?;
        let address: Option<IpAddr> = match host {
            url::Host::Domain(_) => None,
            url::Host::Ipv4(address) => Some(address.into()),
            url::Host::Ipv6(address) => Some(address.into()),
        };
        if address.is_some_and(|address| !reaches(Reach::Private, address)) {
            return None;
        }
        let (host, is_address) = (host.to_string(), address.is_some());
        let is_private = is_private || is_address || host == "localhost";
        Some(Self {
            reach: if is_private {
                Reach::Private
            } else {
                Reach::Public
            },
            host,
            port,
        })
    }

    /// Whether an address lies on this host.
    pub fn admits(&self, url: &Url) -> bool {
        let port_fits = match self.port {
            None => url.port().is_none(),
            port => url.port_or_known_default() == port,
        };
        url.host_str() == Some(self.host.as_str()) && port_fits
    }

    /// Where the host may be.
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

/// Finds the addresses of a name: the system's resolver, or a table in tests.
pub trait Lookup: std::fmt::Debug + Send + Sync {
    /// The addresses of a name.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the system.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Every address of a host is one that may not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{host} lies at no address that may be asked")]
pub(crate) struct AddressRefused {
    host: String,
}

/// Looks a name up once for each connection and gives the connection only what may be asked, so that
/// no second answer can lead it elsewhere.
pub(crate) struct CheckedNames {
    pub lookup: Arc<dyn Lookup>,
    pub reach: Reach,
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, reach) = (name.as_str().to_owned(), self.reach);
        let lookup = self.lookup.addresses(host.clone());
        Box::pin(async move {
            let found = lookup.await?;
            let may_be_asked: Vec<SocketAddr> = found
                .into_iter()
                .filter(|&address| reaches(reach, address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if may_be_asked.is_empty() {
                return Err(AddressRefused { host }.into());
            }
            Ok(Box::new(may_be_asked.into_iter()) as Addrs)
        })
    }
}

/// Whether an address may be asked. Link-local ones never: cloud machines keep their secrets there.
fn reaches(reach: Reach, address: IpAddr) -> bool {
    let is_own_network = || match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || is_shared(v4),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    };
    is_public(address) || (reach == Reach::Private && is_own_network())
}

/// Whether an address is one host's on the internet.
///
/// # Source
/// IANA special-purpose address registries, <https://www.iana.org/assignments/iana-ipv4-special-registry>
/// and <https://www.iana.org/assignments/iana-ipv6-special-registry>.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared(address)
        || matches!(octets, [0, ..] | [192, 0, 0, _] | [192, 88, 99, _])
        || matches!(octets, [198, 18 | 19, ..])
        // Groups, what is reserved and the broadcast.
        || octets[0] >= 224;
    !is_special
}

/// Addresses that a provider's customers share, RFC 6598.
fn is_shared(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [100, 64..=127, ..])
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocols' own with Teredo, documentation, 6to4: they hold other addresses or none.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Hosts' own addresses; mapped ones and those of NAT64 lie outside.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        reaches(Reach::Public, text.parse().expect("an address"))
    }

    fn private(text: &str) -> bool {
        reaches(Reach::Private, text.parse().expect("an address"))
    }

    #[test]
    fn only_hosts_of_the_internet_are_public() {
        for address in [
            "93.184.215.14",
            "8.8.8.8",
            "2606:2800:21f:cb07::1",
            "2a00::1",
        ] {
            assert!(public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!public(address), "{address}");
            assert!(!public(&format!("::ffff:{address}")), "mapped {address}");
        }
        for address in [
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn a_private_host_may_be_in_the_own_network_but_not_at_a_cloud_s_secrets() {
        for address in [
            "127.0.0.1",
            "::1",
            "10.0.0.1",
            "192.168.7.7",
            "100.64.1.1",
            "fd00::1",
        ] {
            assert!(private(address), "{address}");
        }
        for address in [
            "169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "224.0.0.1",
            "::",
            "ff02::1",
        ] {
            assert!(!private(address), "{address}");
        }
    }

    #[test]
    fn an_entry_says_host_port_and_reach() {
        let entry = |text| AllowedHost::parse(text).map(|host| (host.host, host.port, host.reach));
        let expected = |host: &str, port, reach| Some((host.to_owned(), port, reach));
        let (public, private) = (Reach::Public, Reach::Private);
        assert_eq!(
            entry("Data.Example.org"),
            expected("data.example.org", None, public)
        );
        assert_eq!(entry("a.org:8443"), expected("a.org", Some(8443), public));
        assert_eq!(entry("private:nas:80"), expected("nas", Some(80), private));
        assert_eq!(entry("private:nas"), expected("nas", None, private));
        assert_eq!(
            entry("localhost:1"),
            expected("localhost", Some(1), private)
        );
        assert_eq!(
            entry("127.0.0.1:8000"),
            expected("127.0.0.1", Some(8000), private)
        );
        assert_eq!(
            entry("[0:0::1]:8000"),
            expected("[::1]", Some(8000), private)
        );
        for text in [
            "",
            ":80",
            "a b",
            "a:",
            "a:0",
            "a:x",
            "a:80:90",
            "http://a",
            "a/b",
            "*.a.org",
            "[::1",
            "[::1]x",
            "private:",
            "::1",
            "169.254.169.254",
            "private:169.254.169.254:80",
            "[fe80::1]",
            "[::ffff:169.254.169.254]",
            "0.0.0.0",
        ] {
            assert_eq!(entry(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_admits_its_own_port_only() {
        let hosts: Vec<_> = ["Data.example.org", "127.0.0.1:8000", "[::1]:8000"]
            .iter()
            .map(|text| AllowedHost::parse(text).expect("an entry"))
            .collect();
        let admits = |text: &str| {
            let url = Url::parse(text).expect("an address");
            hosts.iter().any(|host| host.admits(&url))
        };
        assert!(admits("https://data.example.org/a.tif"));
        assert!(admits("http://127.0.0.1:8000/a.tif"));
        // The same address in other words.
        assert!(admits("http://2130706433:8000/a.tif"));
        assert!(admits("http://[::1]:8000/a.tif"));
        assert!(!admits("https://data.example.org:8443/a.tif"));
        assert!(!admits("http://127.0.0.1/a.tif"));
        assert!(!admits("https://evil.data.example.org/a.tif"));
        assert!(!admits("https://data.example.org./a.tif"));
    }
}
