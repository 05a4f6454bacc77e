//! Which of the emulated services a host name stands for.

use axum::http::Request;
use axum::http::header::HOST;

use crate::studio;

/// One of the services behind the one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// Login, resource manager, metadata, discovery, run history, control: told apart by path.
    Main,
    /// Data plane of a Synapse workspace.
    Synapse(String),
    /// Blob service of a storage account.
    Blob(String),
    /// Studio: the index of runs.
    Studio,
    /// Nothing is served under this name.
    Unknown,
}

/// The storage account that a request is for; an extension of every request to a blob host.
#[derive(Clone, Debug)]
pub(crate) struct Account(pub(crate) String);

impl Site {
    /// The site that a host (with or without port) names.
    pub(crate) fn of_host(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let name = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(name, _port)| name);
        if name == "localhost" || name == "127.0.0.1" || name == "[::1]" {
            return Self::Main;
        }
        if name == studio::HOST {
            return Self::Studio;
        }
        let single = |suffix: &str| {
            name.strip_suffix(suffix)
                .filter(|first| !first.is_empty() && !first.contains('.'))
        };
        if let Some(workspace) = single(".dev.azuresynapse.localhost") {
            Self::Synapse(workspace.to_owned())
        } else if let Some(account) = single(".blob.core.localhost") {
            Self::Blob(account.to_owned())
        } else {
            Self::Unknown
        }
    }

    /// The host that a request names, as it was sent.
    pub(crate) fn host<B>(request: &Request<B>) -> String {
        request
            .headers()
            .get(HOST)
            .and_then(|value| value.to_str().ok())
            .or_else(|| {
                request
                    .uri()
                    .authority()
                    .map(axum::http::uri::Authority::as_str)
            })
            .unwrap_or_default()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Site;

    #[test]
    fn hosts_lead_to_their_services() {
        let rows = [
            ("localhost:8443", Site::Main),
            ("127.0.0.1:8443", Site::Main),
            (
                "Syn.dev.azuresynapse.localhost:1",
                Site::Synapse("syn".to_owned()),
            ),
            (
                "acct.blob.core.localhost:443",
                Site::Blob("acct".to_owned()),
            ),
            ("acct.blob.core.localhost", Site::Blob("acct".to_owned())),
            ("ML.azure.localhost:8443", Site::Studio),
            ("a.b.blob.core.localhost", Site::Unknown),
            (".blob.core.localhost", Site::Unknown),
            ("acct.dfs.core.localhost", Site::Unknown),
            ("management.azure.com", Site::Unknown),
        ];
        for (host, expected) in rows {
            assert_eq!(Site::of_host(host), expected, "{host}");
        }
    }
}
