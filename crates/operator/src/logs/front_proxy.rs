//! The apiserver's front proxy: by which certificates it is known, and in which headers it names the caller. It is told
//! by the ConfigMap that the apiserver keeps for servers like this one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use azureml_spark_engine::deadline;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
};

#[cfg(test)]
mod tests;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "extension-apiserver-authentication";

/// What the ConfigMap says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrontProxy {
    /// PEM.
    authorities: String,
    /// Common names; empty: any.
    names: BTreeSet<String>,
    pub(super) headers: Headers,
}

/// Names of headers, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) user: Vec<String>,
    pub(super) uid: Vec<String>,
    pub(super) group: Vec<String>,
    /// Prefixes.
    pub(super) extra: Vec<String>,
}

impl Default for Headers {
    /// The names that every distribution uses.
    fn default() -> Self {
        let one = |name: &str| vec![name.to_owned()];
        Self {
            user: one("x-remote-user"),
            uid: one("x-remote-uid"),
            group: one("x-remote-group"),
            extra: one("x-remote-extra-"),
        }
    }
}

impl FrontProxy {
    /// Asks the apiserver.
    pub(super) async fn read(kube: &kube::Client) -> Result<Self> {
        let maps: Api<ConfigMap> = Api::namespaced(kube.clone(), NAMESPACE);
        let map = deadline::within("get configmap", maps.get(NAME)).await??;
        Self::parse(&map.data.unwrap_or_default())
            .with_context(|| format!("ConfigMap {NAMESPACE}/{NAME}"))
    }

    pub(super) fn parse(data: &BTreeMap<String, String>) -> Result<Self> {
        let list = |key: &str| -> Result<Option<Vec<String>>> {
            let text = data.get(key).filter(|text| !text.trim().is_empty());
            text.map(|text| serde_json::from_str(text).with_context(|| key.to_owned()))
                .transpose()
        };
        let headers = |key: &str, usual: Vec<String>| -> Result<Vec<String>> {
            let set = list(key)?.filter(|names| !names.is_empty());
            let all = set.unwrap_or(usual).into_iter();
            Ok(all.map(|name| name.to_ascii_lowercase()).collect())
        };
        let authorities = data
            .get("requestheader-client-ca-file")
            .context("no requestheader-client-ca-file: this apiserver does not aggregate APIs")?;
        let usual = Headers::default();
        Ok(Self {
            authorities: authorities.clone(),
            names: list("requestheader-allowed-names")?
                .unwrap_or_default()
                .into_iter()
                .collect(),
            headers: Headers {
                user: headers("requestheader-username-headers", usual.user)?,
                // Not every apiserver has it. One that does not know this header lets it pass from any caller.
                uid: headers("requestheader-uid-headers", Vec::new())?,
                group: headers("requestheader-group-headers", usual.group)?,
                extra: headers("requestheader-extra-headers-prefix", usual.extra)?,
            },
        })
    }

    /// Lets nobody in but the front proxy.
    pub(super) fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.authorities.as_bytes()) {
            roots.add(certificate.context("requestheader-client-ca-file")?)?;
        }
        ensure!(
            !roots.is_empty(),
            "requestheader-client-ca-file holds no certificate"
        );
        let chain =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Arc::new(Named {
            chain,
            names: self.names.clone(),
        }))
    }
}

/// A certificate of the right authority under one of the right names.
#[derive(Debug)]
struct Named {
    chain: Arc<dyn ClientCertVerifier>,
    names: BTreeSet<String>,
}

impl Named {
    fn is_allowed(&self, certificate: &CertificateDer<'_>) -> bool {
        if self.names.is_empty() {
            return true;
        }
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
            return false;
        };
        let mut names = parsed.subject().iter_common_name();
        names.any(|name| name.as_str().is_ok_and(|name| self.names.contains(name)))
    }
}

impl ClientCertVerifier for Named {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self
            .chain
            .verify_client_cert(end_entity, intermediates, now)?;
        if self.is_allowed(end_entity) {
            Ok(verified)
        } else {
            let error = CertificateError::ApplicationVerificationFailure;
            Err(rustls::Error::InvalidCertificate(error))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
