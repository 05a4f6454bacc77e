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
use crate::logs::front_proxy::FrontProxy;

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
    let request = "GET / HTTP/1.1\r\nhost: x\r\nx-remote-user: ann\r\nconnection: close\r\n\r\n";
    say(address, authority, identity, request).await
}

async fn say(
    address: SocketAddr,
    authority: CertificateDer<'static>,
    identity: Option<Identity>,
    request: &str,
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

#[tokio::test]
async fn idle_connections_shut_nobody_out() {
    let front = authority();
    let (address, ca, _tasks) = server(&front).await;
    let mut idle = Vec::new();
    for _ in 0..MOST_STRANGERS + MOST {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let answer = ask(address, ca, Some(client("proxy", &front)));
    let answer = tokio::time::timeout(GREETING, answer).await.unwrap();
    assert!(answer.unwrap().ends_with("ann"));
    // The oldest of them were closed, and the others are after a while.
    let mut last = idle.pop().unwrap();
    let mut first = idle.swap_remove(0);
    for stream in [&mut first, &mut last] {
        let end = tokio::time::timeout(GREETING * 2, stream.read_u8()).await;
        assert!(end.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_connection_carries_one_request() {
    let front = authority();
    let (address, ca, _tasks) = server(&front).await;
    let identity = client("proxy", &front);
    let twice = "GET / HTTP/1.1\r\nhost: x\r\nx-remote-user: ann\r\n\r\n".repeat(2);
    let answer = say(address, ca, Some(identity), &twice).await.unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_told_for_ever_and_none_to_who_does_not_read() {
    let endless = async || {
        let pieces = futures::stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::io::Error>("more\n".repeat(100)), ()))
        });
        axum::body::Body::from_stream(pieces)
    };
    let routes = Router::new().route("/", axum::routing::get(endless));
    for (reads, expected) in [(true, LONGEST), (false, STALLED)] {
        let (mut far, near) = tokio::io::duplex(4096);
        let begun = tokio::time::Instant::now();
        let telling = tokio::spawn(answer(Hurried::new(near, STALLED), routes.clone()));
        far.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        if reads {
            tokio::io::copy(&mut far, &mut tokio::io::sink()).await.ok();
        }
        telling.await.unwrap();
        let took = begun.elapsed();
        let latest = expected + STALLED * 2;
        assert!(took >= expected && took < latest, "{reads}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_not_told_any_more() {
    let silent = async || {
        let pieces = futures::stream::pending::<Result<String, std::io::Error>>();
        axum::body::Body::from_stream(pieces)
    };
    let routes = Router::new().route("/", axum::routing::get(silent));
    let (mut far, near) = tokio::io::duplex(4096);
    let telling = tokio::spawn(answer(Hurried::new(near, STALLED), routes));
    far.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    far.read_u8().await.unwrap();
    drop(far);
    tokio::time::timeout(ASKING, telling)
        .await
        .unwrap()
        .unwrap();
}
