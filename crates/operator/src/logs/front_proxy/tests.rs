//! Tests of the parent module.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

use super::*;

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn client(name: &str, issuer: &CertifiedIssuer<'static, KeyPair>) -> CertificateDer<'static> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, issuer).unwrap().der().clone()
}

fn proxy(pairs: &[(&str, &str)]) -> Result<FrontProxy> {
    let data = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    FrontProxy::parse(&data.collect())
}

fn accepts(proxy: &FrontProxy, certificate: &CertificateDer<'_>) -> bool {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = proxy.verifier(provider).unwrap();
    assert!(verifier.client_auth_mandatory());
    let accepted = verifier.verify_client_cert(certificate, &[], UnixTime::now());
    accepted.is_ok()
}

#[test]
fn only_the_right_authority_and_name_are_let_in() {
    let (ours, other) = (authority(), authority());
    let pem = ours.pem();
    let named = proxy(&[
        ("requestheader-client-ca-file", &pem),
        ("requestheader-allowed-names", r#"["front-proxy-client"]"#),
    ])
    .unwrap();
    assert!(accepts(&named, &client("front-proxy-client", &ours)));
    assert!(!accepts(&named, &client("somebody", &ours)));
    assert!(!accepts(&named, &client("front-proxy-client", &other)));

    for any in ["", "[]"] {
        let anybody = proxy(&[
            ("requestheader-client-ca-file", &pem),
            ("requestheader-allowed-names", any),
        ])
        .unwrap();
        assert!(accepts(&anybody, &client("somebody", &ours)));
        assert!(!accepts(&anybody, &client("somebody", &other)));
    }
}

#[test]
fn an_apiserver_that_does_not_aggregate_is_no_open_door() {
    let error = proxy(&[("client-ca-file", "x")]).unwrap_err().to_string();
    assert!(error.contains("does not aggregate"), "{error}");
    let empty = proxy(&[("requestheader-client-ca-file", "")]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    assert!(empty.verifier(provider).is_err());
}

#[test]
fn headers_have_the_names_that_are_set() {
    let proxy = proxy(&[
        ("requestheader-client-ca-file", "x"),
        (
            "requestheader-username-headers",
            r#"["X-Who","X-Remote-User"]"#,
        ),
        ("requestheader-group-headers", "[]"),
    ])
    .unwrap();
    let expected = Headers {
        user: vec!["x-who".to_owned(), "x-remote-user".to_owned()],
        uid: Vec::new(),
        ..Headers::default()
    };
    assert_eq!(proxy.headers, expected);
}

#[test]
fn a_uid_is_only_read_where_the_apiserver_says_so() {
    for (uid, expected) in [
        (None, vec![]),
        (Some("[]"), vec![]),
        (Some(r#"["X-Remote-Uid"]"#), vec!["x-remote-uid"]),
    ] {
        let mut pairs = vec![("requestheader-client-ca-file", "x")];
        pairs.extend(uid.map(|uid| ("requestheader-uid-headers", uid)));
        assert_eq!(proxy(&pairs).unwrap().headers.uid, expected);
    }
}
