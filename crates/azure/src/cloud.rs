//! Which Azure: the endpoints, audiences and hosts of one cloud.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::limits::Limits;

#[cfg(test)]
mod tests;

/// One Azure cloud, built in or described by the installation's settings.
///
/// [`Cloud::allows`] is the rule for every address that is sent a request, whether we built it or
/// Azure returned it; [`Cloud::allows_token`] is the narrower one for requests that carry a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cloud {
    /// The name used in `spec.cloud`; in a settings file it is the key, see [`Cloud::named`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Azure Resource Manager, for example `https://management.azure.com`.
    pub resource_manager: Url,
    /// The audience of Resource Manager's tokens; a trailing slash does not matter.
    pub resource_manager_audience: String,
    /// Entra's authority, for example `https://login.microsoftonline.com`.
    pub active_directory: Url,
    /// The audience of the token sent as `x-azureml-token`.
    pub machine_learning_audience: String,
    /// The audience of Synapse's data plane.
    pub synapse_audience: String,
    /// What follows `{workspace}.` in the host of a Synapse workspace's data plane.
    pub synapse_suffix: String,
    /// Azure ML Studio, used to print addresses only.
    pub studio: Url,
    /// Studio's index of runs, for example `https://ml.azure.com/api`: undocumented (contract §13), and only asked where
    /// an installation follows runs by it. The one address that its tokens are sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub studio_index: Option<Url>,
    /// The audience of the index's tokens; omitted: `machineLearningAudience`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub studio_index_audience: Option<String>,
    /// Authorities that may be sent requests with a token: exact, or a suffix with a leading dot.
    pub hosts: Vec<String>,
    /// Authorities that may be sent requests without a token only. Anyone can own a storage
    /// account, so a host of this list must never see a token for Resource Manager.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage_hosts: Vec<String>,
    /// Certificates (PEM) trusted beside the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How many requests Resource Manager takes.
    #[serde(default)]
    pub limits: Limits,
}

impl Cloud {
    /// The built-in cloud of that name: `AzurePublic`, `AzureUSGovernment` or `AzureChina`.
    pub fn built_in(name: &str) -> Option<Self> {
        BUILT_IN
            .iter()
            .find(|endpoints| endpoints.name == name)?
            .cloud()
    }

    /// All built-in clouds.
    pub(crate) fn all_built_in() -> impl Iterator<Item = Self> {
        BUILT_IN.iter().filter_map(Endpoints::cloud)
    }

    /// The same cloud under a name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether a request may go to this address at all: `https`, no user info, a listed host.
    pub fn allows(&self, url: &Url) -> bool {
        self.allows_token(url) || listed(&self.storage_hosts, url)
    }

    /// Whether a request to this address may carry a token.
    pub fn allows_token(&self, url: &Url) -> bool {
        listed(&self.hosts, url)
    }

    /// Whether a request to this address may carry a token for Studio's index.
    pub fn allows_index(&self, url: &Url) -> bool {
        let index = self.studio_index.as_ref().and_then(authority);
        index.is_some_and(|index| listed(&[index], url))
    }

    /// The audience of the index's tokens.
    pub fn index_audience(&self) -> &str {
        let own = self.studio_index_audience.as_ref();
        own.unwrap_or(&self.machine_learning_audience)
    }

    /// What is wrong with the description, in words for its author.
    pub fn fault(&self) -> Option<String> {
        let index = self.studio_index.iter().map(|url| ("studioIndex", url));
        for (field, url) in [
            ("resourceManager", &self.resource_manager),
            ("activeDirectory", &self.active_directory),
        ]
        .into_iter()
        .chain(index)
        {
            if url.scheme() != "https" {
                return Some(format!("{field} must be an https address, not {url}"));
            }
        }
        if !self.allows_token(&self.resource_manager) {
            let host = authority(&self.resource_manager).unwrap_or_default();
            return Some(format!(
                "hosts must list {host}, the host of resourceManager"
            ));
        }
        let synapse = format!("https://any.{}", self.synapse_suffix);
        if !Url::parse(&synapse).is_ok_and(|url| self.allows_token(&url)) {
            return Some(format!(
                "hosts must list .{}, the synapseSuffix",
                self.synapse_suffix
            ));
        }
        self.limits.fault()
    }

    /// Whether Resource Manager is on this machine, so that no proxy may be asked for it.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.resource_manager.host() {
            Some(url::Host::Domain(name)) => crate::resolve::is_loopback_name(name),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

/// What differs between Azure's own clouds.
struct Endpoints {
    name: &'static str,
    resource_manager: &'static str,
    active_directory: &'static str,
    machine_learning: &'static str,
    region_suffix: &'static str,
    synapse_suffix: &'static str,
    storage_suffix: &'static str,
    /// Seen in use in one cloud only (contract §13): elsewhere it would be a guess.
    studio_index: Option<&'static str>,
}

/// Endpoints and audiences: the Azure ML SDK's own table of clouds and contract §0.1. Region hosts:
/// Microsoft's guide to custom DNS for Azure ML, which lists `{region}` below these suffixes.
const BUILT_IN: [Endpoints; 3] = [
    Endpoints {
        name: "AzurePublic",
        resource_manager: "management.azure.com",
        active_directory: "login.microsoftonline.com",
        machine_learning: "ml.azure.com",
        region_suffix: "api.azureml.ms",
        synapse_suffix: "dev.azuresynapse.net",
        storage_suffix: "core.windows.net",
        studio_index: Some("ml.azure.com/api"),
    },
    Endpoints {
        name: "AzureUSGovernment",
        resource_manager: "management.usgovcloudapi.net",
        active_directory: "login.microsoftonline.us",
        machine_learning: "ml.azure.us",
        region_suffix: "api.ml.azure.us",
        synapse_suffix: "dev.azuresynapse.usgovcloudapi.net",
        storage_suffix: "core.usgovcloudapi.net",
        studio_index: None,
    },
    Endpoints {
        name: "AzureChina",
        resource_manager: "management.chinacloudapi.cn",
        active_directory: "login.chinacloudapi.cn",
        machine_learning: "ml.azure.cn",
        region_suffix: "api.ml.azure.cn",
        synapse_suffix: "dev.azuresynapse.azure.cn",
        storage_suffix: "core.chinacloudapi.cn",
        studio_index: None,
    },
];

impl Endpoints {
    /// `None` only if a constant above is no host name, which a test rules out.
    fn cloud(&self) -> Option<Cloud> {
        let url = |host: &str| Url::parse(&format!("https://{host}")).ok();
        Some(Cloud {
            name: self.name.to_owned(),
            resource_manager: url(self.resource_manager)?,
            resource_manager_audience: format!("https://{}", self.resource_manager),
            active_directory: url(self.active_directory)?,
            machine_learning_audience: format!("https://{}", self.machine_learning),
            synapse_audience: format!("https://{}", self.synapse_suffix),
            synapse_suffix: self.synapse_suffix.to_owned(),
            studio: url(self.machine_learning)?,
            studio_index: self.studio_index.and_then(url),
            studio_index_audience: None,
            hosts: vec![
                self.resource_manager.to_owned(),
                // Resource Manager's regional front ends appear in operation addresses.
                format!(".{}", self.resource_manager),
                format!(".{}", self.region_suffix),
                format!(".{}", self.synapse_suffix),
            ],
            storage_hosts: vec![
                format!(".blob.{}", self.storage_suffix),
                // Accounts with an Azure DNS zone endpoint: {account}.z00.blob.storage.azure.net.
                ".blob.storage.azure.net".to_owned(),
            ],
            ca_file: None,
            limits: Limits::default(),
        })
    }
}

fn listed(hosts: &[String], url: &Url) -> bool {
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    let Some(authority) = authority(url) else {
        return false;
    };
    hosts.iter().any(|entry| {
        let entry = entry.to_ascii_lowercase();
        if entry.starts_with('.') {
            authority.len() > entry.len() && authority.ends_with(&entry)
        } else {
            authority == entry
        }
    })
}

/// `host` or `host:port`, lower case; the port only where it is not 443.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?.to_ascii_lowercase();
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}
