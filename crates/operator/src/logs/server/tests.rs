//! The server over TLS, as the apiserver's front proxy meets it, and as others do.

use std::net::SocketAddr;

use axum::Extension;
use axum::http::header::{HeaderMap, HeaderName};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::*;
use crate::logs::door::Parts;
use crate::logs::front_proxy::{FrontProxy, Headers};

type Authority = CertifiedIssuer<'static, KeyPair>;
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn client(name: &str, issuer: &Authority) -> Identity {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (vec![certificate.der().clone()], key)
}

/// A server on the loopback interface, and what vouches for it.
async fn server(front: &Authority) -> (SocketAddr, CertificateDer<'static>, JoinSet<()>) {
    let serving = authority();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &serving).unwrap();
    let data = [
        ("requestheader-client-ca-file", front.pem()),
        ("requestheader-allowed-names", r#"["proxy"]"#.to_owned()),
    ];
    let data = data.map(|(key, value)| (key.to_owned(), value));
    let parts = Parts {
        proxy: FrontProxy::parse(&data.into()).unwrap(),
        certificate: certificate.pem().into_bytes(),
        key: key.serialize_pem().into_bytes(),
    };
    let door = Arc::new(parts.door().unwrap());
    let (_, current) = tokio::sync::watch::channel(Some(door));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let says = async |headers: HeaderMap, Extension(names): Extension<Arc<Headers>>| {
        let user = HeaderName::try_from(names.user.first().unwrap()).unwrap();
        headers
            .get(user)
            .map(|user| user.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let routes = Router::new().route("/", axum::routing::get(says));
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, current, routes));
    (address, serving.der().clone(), tasks)
}

/// What is answered to somebody who calls himself ann.
async fn ask(
    address: SocketAddr,
    authority: CertificateDer<'static>,
    identity: Option<Identity>,
) -> std::io::Result<String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        None => config.with_no_client_auth(),
    };
    let stream = TcpStream::connect(address).await?;
    let host = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(host, stream)
        .await?;
    let request = "GET / HTTP/1.1\r\nhost: x\r\nx-remote-user: ann\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn nobody_but_the_front_proxy_is_heard() {
    let (front, other) = (authority(), authority());
    let (address, ca, _tasks) = server(&front).await;
    let answer = ask(address, ca.clone(), Some(client("proxy", &front)))
        .await
        .unwrap();
    assert!(answer.ends_with("ann"), "{answer}");
    for stranger in [
        None,
        Some(client("somebody", &front)),
        Some(client("proxy", &other)),
    ] {
        let answer = ask(address, ca.clone(), stranger).await;
        // TLS 1.3: the client learns of the refusal when it reads.
        assert!(
            answer.is_err() || answer.as_deref().unwrap().is_empty(),
            "{answer:?}"
        );
    }
}
