//! Certificates, tokens and keys of one control plane, made for it and thrown away with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use serde_json::json;
use uuid::Uuid;

use super::flags::FRONT_PROXY;

/// What the audit log records: the operator's requests, one event each, without bodies.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  userGroups: ['system:serviceaccounts:azureml-spark-system']
- level: None
";

/// Files, by path; `folder` holds them all.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) folder: PathBuf,
    pub(super) ca: PathBuf,
    pub(super) ca_pem: String,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) proxy_ca: PathBuf,
    pub(super) proxy_certificate: PathBuf,
    pub(super) proxy_key: PathBuf,
    pub(super) account_key: PathBuf,
    pub(super) account_public_key: PathBuf,
    pub(super) tokens: PathBuf,
    pub(super) audit_policy: PathBuf,
    pub(super) admin_kubeconfig: PathBuf,
    pub(super) controller_kubeconfig: PathBuf,
}

impl Credentials {
    /// Makes them for the apiserver at `url`.
    pub(super) fn write(folder: &Path, url: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let write = |name: &str, content: &str| -> Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, content)?;
            Ok(path)
        };

        let ca = authority("test control plane")?;
        let server_key = KeyPair::generate()?;
        let mut server = CertificateParams::new(vec![
            "127.0.0.1".to_owned(),
            "localhost".to_owned(),
            "kubernetes.default.svc".to_owned(),
        ])?;
        server
            .distinguished_name
            .push(DnType::CommonName, "kube-apiserver");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server = server.signed_by(&server_key, &ca)?;
        // An authority of its own: whoever it vouches for may name any caller.
        let proxy_ca = authority("test front proxy")?;
        let proxy_key = KeyPair::generate()?;
        let mut proxy = CertificateParams::default();
        proxy
            .distinguished_name
            .push(DnType::CommonName, FRONT_PROXY);
        proxy.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let proxy = proxy.signed_by(&proxy_key, &proxy_ca)?;
        let account_key = KeyPair::generate()?;
        let ca_pem = ca.pem();

        let (admin, controller) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let tokens = format!(
            "{admin},admin,admin,\"system:masters\"\n\
             {controller},controller-manager,controller-manager,\"system:masters\"\n"
        );
        let kubeconfig = |token: &str| kubeconfig(url, &ca_pem, &json!({ "token": token }));
        Ok(Self {
            folder: folder.to_path_buf(),
            ca: write("ca.pem", &ca_pem)?,
            certificate: write("apiserver.pem", &server.pem())?,
            key: write("apiserver.key", &server_key.serialize_pem())?,
            proxy_ca: write("front-proxy-ca.pem", &proxy_ca.pem())?,
            proxy_certificate: write("front-proxy.pem", &proxy.pem())?,
            proxy_key: write("front-proxy.key", &proxy_key.serialize_pem())?,
            account_key: write("accounts.key", &account_key.serialize_pem())?,
            account_public_key: write("accounts.pub", &account_key.public_key_pem())?,
            tokens: write("tokens.csv", &tokens)?,
            audit_policy: write("audit-policy.yaml", AUDIT_POLICY)?,
            admin_kubeconfig: write("admin.kubeconfig", &kubeconfig(&admin))?,
            controller_kubeconfig: write("controllers.kubeconfig", &kubeconfig(&controller))?,
            ca_pem,
        })
    }
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, name);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?)
}

/// A kubeconfig for one user; JSON is YAML.
pub(crate) fn kubeconfig(url: &str, ca_pem: &str, user: &serde_json::Value) -> String {
    use base64::Engine as _;
    let ca = base64::engine::general_purpose::STANDARD.encode(ca_pem);
    let file = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": url, "certificate-authority-data": ca}}],
        "users": [{"name": "user", "user": user}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "user"}}],
        "current-context": "local",
    });
    format!("{file:#}\n")
}
