//! A certificate authority made at every start, and the server certificate that it signs.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{World, studio};

/// What the server needs for TLS, and what clients need to trust it. The authority's own key is dropped
/// as soon as it has signed: nobody can sign with it later.
pub(crate) struct Authority {
    /// The authority's certificate.
    pub(crate) pem: String,
    /// Server certificate and key.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A fresh authority and a server certificate for every name that the world has.
    pub(crate) fn new(world: &World) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "azureml-emulator authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2060, 1, 1);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);

        let mut server = CertificateParams::new(names(world))?;
        server
            .distinguished_name
            .push(DnType::CommonName, "azureml-emulator");
        // OpenSSL 3 in its strict mode, which Python 3.13 turns on, asks for the key identifier.
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.not_before = date_time_ymd(2020, 1, 1);
        server.not_after = date_time_ymd(2060, 1, 1);
        let server_key = KeyPair::generate()?;
        let certificate = server.signed_by(&server_key, &issuer)?;
        Ok(Self {
            pem,
            chain: vec![certificate.der().clone()],
            key: PrivatePkcs8KeyDer::from(server_key.serialize_der()).into(),
        })
    }
}

/// Wildcards for whatever a test invents, and full names for clients that refuse `*.localhost`.
fn names(world: &World) -> Vec<String> {
    let account = &world.storage_account;
    let mut names = vec![
        "localhost".to_owned(),
        "*.localhost".to_owned(),
        "*.blob.core.localhost".to_owned(),
        "*.dfs.core.localhost".to_owned(),
        "*.dev.azuresynapse.localhost".to_owned(),
        studio::HOST.to_owned(),
        format!("{account}.blob.core.localhost"),
        format!("{account}.dfs.core.localhost"),
        format!("{}.dev.azuresynapse.localhost", world.synapse_workspace),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    let others = world.other_synapse_workspaces.iter();
    names.extend(others.map(|other| format!("{}.dev.azuresynapse.localhost", other.name)));
    names
}
