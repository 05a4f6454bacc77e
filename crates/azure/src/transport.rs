//! The connections to one cloud, shared by its clients and credentials.

use std::sync::Arc;
use std::time::Duration;

use crate::cloud::Cloud;
use crate::error::{Class, Error};
use crate::resolve::LoopbackNames;

/// Time for name look-up, TCP and TLS. Azure's front ends answer within a second; a lost SYN is
/// sent again after 1 s and 3 s, so 10 s leaves room for both.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the 4 minutes after which Azure's load balancers silently drop an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// A cloud and the connection pool to it. Cheap to clone; one per cloud is enough.
///
/// Redirects are not followed, plain HTTP is refused, certificates are always verified.
#[derive(Clone, Debug)]
pub struct Transport {
    cloud: Arc<Cloud>,
    https: reqwest::Client,
}

impl Transport {
    /// Opens the pool. Fails as [`Class::Terminal`] if the cloud's description is wrong, or its CA
    /// file cannot be read; sends nothing.
    pub fn new(cloud: Cloud) -> Result<Self, Error> {
        if let Some(fault) = cloud.fault() {
            return Err(misconfigured(format!("cloud {}: {fault}", cloud.name)));
        }
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!(
                "azureml-spark-operator/",
                env!("CARGO_PKG_VERSION")
            ))
            .dns_resolver(LoopbackNames);
        if cloud.is_loopback() {
            builder = builder.no_proxy();
        }
        if let Some(path) = &cloud.ca_file {
            let pem = std::fs::read(path).map_err(|error| {
                misconfigured(format!("caFile {} cannot be read: {error}", path.display()))
            })?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| {
                misconfigured(format!("caFile {} is not PEM: {error}", path.display()))
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        let https = builder.build().map_err(|error| {
            misconfigured(format!("no TLS client for cloud {}: {error}", cloud.name))
        })?;
        Ok(Self {
            cloud: Arc::new(cloud),
            https,
        })
    }

    /// The cloud that this leads to.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    pub(crate) fn https(&self) -> &reqwest::Client {
        &self.https
    }

    /// For the metadata address of a managed identity, which is plain HTTP on a link-local address
    /// and must not be asked through a proxy.
    pub(crate) fn metadata() -> Result<reqwest::Client, Error> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .no_proxy()
            .build()
            .map_err(|error| misconfigured(format!("no client for managed identity: {error}")))
    }
}

fn misconfigured(message: String) -> Error {
    Error::local(Class::Terminal, "configure", "InvalidCloud", message)
}
