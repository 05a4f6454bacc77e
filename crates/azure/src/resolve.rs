//! Names that need no name server: `localhost` and everything below it is this machine.
//!
//! RFC 6761 §6.3 says so, glibc's resolver does not do it, and the emulator's hosts
//! (`{account}.blob.core.localhost`) rely on it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The system's resolver, with loopback names answered here.
pub(crate) struct LoopbackNames;

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            if is_loopback_name(name.as_str()) {
                let addresses = [
                    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
                    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
                ];
                return Ok(Box::new(addresses.into_iter()) as Addrs);
            }
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

pub(crate) fn is_loopback_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::is_loopback_name;

    #[test]
    fn only_localhost_and_what_is_below_it() {
        for name in [
            "localhost",
            "LOCALHOST.",
            "a.blob.core.localhost",
            "x.localhost.",
        ] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in [
            "notlocalhost",
            "localhost.example.org",
            "",
            "management.azure.com",
        ] {
            assert!(!is_loopback_name(name), "{name}");
        }
    }
}
