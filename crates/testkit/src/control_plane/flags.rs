//! The command lines of the three parts.

use std::path::Path;

use super::binaries::Kind;
use super::credentials::Credentials;

/// The controllers that objects of ours need: owner references, namespaces, `ServiceAccount`s, roles made of roles.
const CONTROLLERS: &str = "garbage-collector-controller,namespace-controller,serviceaccount-controller,root-ca-certificate-publisher-controller,clusterrole-aggregation-controller";

/// The name that the apiserver has when it passes requests on, and the only one that servers behind it trust.
pub(super) const FRONT_PROXY: &str = "front-proxy-client";

pub(super) fn etcd(kind: Kind, data: &Path, client: &str, peer: &str) -> Vec<String> {
    let data = data.display();
    match kind {
        Kind::Own => vec![
            format!("--data-dir={data}"),
            format!("--client-url={client}"),
            format!("--peer-url={peer}"),
        ],
        Kind::Release => vec![
            format!("--data-dir={data}"),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--unsafe-no-fsync".to_owned(),
        ],
    }
}

pub(super) fn apiserver(
    credentials: &Credentials,
    etcd: &str,
    port: u16,
    audit_log: &Path,
) -> Vec<String> {
    vec![
        format!("--etcd-servers={etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", credentials.folder.display()),
        format!("--tls-cert-file={}", credentials.certificate.display()),
        format!("--tls-private-key-file={}", credentials.key.display()),
        "--service-account-issuer=https://localhost".to_owned(),
        format!(
            "--service-account-signing-key-file={}",
            credentials.account_key.display()
        ),
        format!(
            "--service-account-key-file={}",
            credentials.account_public_key.display()
        ),
        format!("--token-auth-file={}", credentials.tokens.display()),
        "--authorization-mode=RBAC".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        // API servers beside this one: how it shows who it is, and in which headers it names the caller.
        format!(
            "--proxy-client-cert-file={}",
            credentials.proxy_certificate.display()
        ),
        format!(
            "--proxy-client-key-file={}",
            credentials.proxy_key.display()
        ),
        format!(
            "--requestheader-client-ca-file={}",
            credentials.proxy_ca.display()
        ),
        format!("--requestheader-allowed-names={FRONT_PROXY}"),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        format!("--audit-policy-file={}", credentials.audit_policy.display()),
        format!("--audit-log-path={}", audit_log.display()),
        // In one file however long it gets: who reads it counts on the whole. Of a thousand jobs it is 10 MB.
        "--audit-log-maxsize=4000".to_owned(),
    ]
}

pub(super) fn controller_manager(credentials: &Credentials, port: u16) -> Vec<String> {
    let kubeconfig = credentials.controller_kubeconfig.display();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        format!("--root-ca-file={}", credentials.ca.display()),
        format!("--cert-dir={}", credentials.folder.display()),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--controllers={CONTROLLERS}"),
        "--leader-elect=false".to_owned(),
    ]
}
