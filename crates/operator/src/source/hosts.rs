//! Which hosts artifacts are fetched from: whoever may write the status of a source could name any other.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// Hosts that serve artifacts. An entry without a port stands for the port of the scheme, 80 or 443.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactHosts(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    host: Host,
    port: Option<u16>,
}

/// What is no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither HOST nor HOST:PORT")]
pub struct InvalidHost(String);

impl ArtifactHosts {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn allow(&self, url: &Url) -> bool {
        let Some(host) = url.host().map(|host| plain(host.to_owned())) else {
            return false;
        };
        self.0.iter().any(|entry| {
            entry.host == host
                && match entry.port {
                    Some(port) => url.port_or_known_default() == Some(port),
                    None => url.port().is_none(),
                }
        })
    }
}

/// Flux writes its service's name with a dot at the end, so that no search domain is tried.
fn plain(host: Host) -> Host {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
        address @ (Host::Ipv4(_) | Host::Ipv6(_)) => address,
    }
}

impl FromStr for Entry {
    type Err = InvalidHost;

    fn from_str(word: &str) -> Result<Self, InvalidHost> {
        let invalid = || InvalidHost(word.to_owned());
        let (host, port) = match word.rsplit_once(':') {
            // The end of an IPv6 address.
            Some((_, end)) if end.ends_with(']') => (word, None),
            Some((host, port)) => (host, Some(port.parse().map_err(|_| invalid())?)),
            None => (word, None),
        };
        // A pattern would read as if it meant something.
        if host.contains('*') {
            return Err(invalid());
        }
        let host = plain(Host::parse(host).map_err(|_| invalid())?);
        Ok(Self { host, port })
    }
}

impl FromStr for ArtifactHosts {
    type Err = InvalidHost;

    fn from_str(words: &str) -> Result<Self, InvalidHost> {
        let words = words.split(',').map(str::trim);
        let words = words.filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

impl fmt::Display for ArtifactHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(Entry::to_string).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_met_by_name_and_port_and_by_nothing_that_looks_like_it() {
        let hosts: ArtifactHosts =
            "Source.flux.svc.cluster.local, other:8080,127.0.0.1:9000,[::1]:80"
                .parse()
                .unwrap();
        for (url, allowed, reason) in [
            (
                "http://source.flux.svc.cluster.local./a.tar.gz",
                true,
                "as Flux writes it",
            ),
            (
                "http://source.flux.svc.cluster.local/a.tar.gz",
                true,
                "as others do",
            ),
            (
                "https://source.flux.svc.cluster.local/a",
                true,
                "its scheme's port",
            ),
            (
                "http://source.flux.svc.cluster.local:8080/a",
                false,
                "another port",
            ),
            (
                "http://source.flux.svc.cluster.local.evil.example/a",
                false,
                "a longer name",
            ),
            (
                "http://evil.source.flux.svc.cluster.local/a",
                false,
                "a name below it",
            ),
            ("http://other:8080/a", true, "the port that is named"),
            ("http://other/a", false, "not the usual one then"),
            ("http://127.0.0.1:9000/a", true, "an address"),
            ("http://0x7f.1:9000/a", true, "the same address"),
            ("http://127.0.0.2:9000/a", false, "another address"),
            ("http://[::1]/a", true, "80 is the usual one"),
            ("http://169.254.169.254/metadata", false, "metadata"),
            ("file:///etc/passwd", false, "no host"),
        ] {
            assert_eq!(
                hosts.allow(&Url::parse(url).unwrap()),
                allowed,
                "{url}: {reason}"
            );
        }
        assert_eq!(
            hosts.to_string(),
            "source.flux.svc.cluster.local,other:8080,127.0.0.1:9000,[::1]:80"
        );
    }

    #[test]
    fn no_host_is_no_source_and_a_mistake_is_said() {
        assert!("".parse::<ArtifactHosts>().unwrap().is_empty());
        for word in [
            "http://a", "a/b", "a:", "a:b", "a:70000", "*.svc", "u@a", "[::1",
        ] {
            let mistake = word.parse::<ArtifactHosts>().unwrap_err();
            assert_eq!(mistake, InvalidHost(word.to_owned()), "{word}");
        }
    }
}
