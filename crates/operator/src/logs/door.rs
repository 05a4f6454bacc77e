//! What a connection meets: our certificate, and whom it lets in. Both change while we run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch::Sender;
use tokio::time::Instant;

use super::front_proxy::{FrontProxy, Headers};

/// How often the files are looked at. A kubelet brings a changed Secret within some two minutes.
const LOOK: Duration = Duration::from_secs(30);

/// How often the apiserver is asked by which certificates it is known: they change once a year, and old and new ones are
/// good together for a while.
const ASK: Duration = Duration::from_mins(5);

/// The same until the first answer.
const RETRY: Duration = Duration::from_secs(5);

/// Everything that a connection needs.
pub(super) struct Door {
    pub(super) tls: Arc<ServerConfig>,
    pub(super) headers: Arc<Headers>,
}

/// What a door is made from.
#[derive(PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) proxy: FrontProxy,
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// Keeps the door up to date, for ever. While its parts cannot be read, the old one stays.
pub(super) async fn keep(
    kube: kube::Client,
    certificate: PathBuf,
    key: PathBuf,
    door: Sender<Option<Arc<Door>>>,
) {
    let mut kept: Option<Parts> = None;
    let mut proxy: Option<(FrontProxy, Instant)> = None;
    loop {
        if proxy.as_ref().is_none_or(|(_, at)| at.elapsed() >= ASK) {
            match FrontProxy::read(&kube).await {
                Ok(read) => proxy = Some((read, Instant::now())),
                Err(error) => warn(&error),
            }
        }
        if let Some((proxy, _)) = &proxy {
            match parts(proxy, &certificate, &key).await {
                Ok(parts) if kept.as_ref() == Some(&parts) => {}
                Ok(parts) => match parts.door() {
                    Ok(new) => {
                        door.send_replace(Some(Arc::new(new)));
                        kept = Some(parts);
                    }
                    Err(error) => warn(&error),
                },
                Err(error) => warn(&error),
            }
        }
        tokio::time::sleep(if kept.is_some() { LOOK } else { RETRY }).await;
    }
}

fn warn(error: &anyhow::Error) {
    tracing::warn!(
        error = format!("{error:#}"),
        "logs are not served, or not by the newest certificates"
    );
}

async fn parts(proxy: &FrontProxy, certificate: &Path, key: &Path) -> Result<Parts> {
    let read = async |path: &Path| {
        tokio::fs::read(path)
            .await
            .with_context(|| path.display().to_string())
    };
    Ok(Parts {
        proxy: proxy.clone(),
        certificate: read(certificate).await?,
        key: read(key).await?,
    })
}

impl Parts {
    pub(super) fn door(&self) -> Result<Door> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = self.proxy.verifier(Arc::clone(&provider))?;
        let chain = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .context("the certificate that logs are served by")?;
        ensure!(
            !chain.is_empty(),
            "the certificate that logs are served by is empty"
        );
        let key = PrivateKeyDer::from_pem_slice(&self.key).context("its key")?;
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Door {
            tls: Arc::new(tls),
            headers: Arc::new(self.proxy.headers.clone()),
        })
    }
}
