use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Uri};
use axum::response::Response as Answer;
use bytes::Bytes;
use futures::stream;
use tokio::net::TcpListener;
use url::Url;

use super::*;

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

struct Server {
    address: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let routes = Router::new().fallback(async move |uri: Uri| {
            counted.fetch_add(1, Ordering::SeqCst);
            answer(uri.path())
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, requests }
    }

    async fn fetch(&self, path: &str, sha256: &str) -> Result<Vec<u8>, Failure> {
        let announced = Announced {
            url: Url::parse(&format!("http://{}{path}", self.address)).unwrap(),
            sha256: sha256.to_owned(),
            revision: "main@sha1:abc".to_owned(),
        };
        fetch(&client().unwrap(), &announced).await
    }
}

fn answer(path: &str) -> Answer {
    let mut headers = HeaderMap::new();
    let (status, body) = match path {
        "/hello" => (200, Body::from("hello")),
        "/elsewhere" => {
            headers.insert("location", "/hello".parse().unwrap());
            (302, Body::empty())
        }
        "/broken" => {
            headers.insert("content-length", "10".parse().unwrap());
            let parts = [Ok(Bytes::from("hello")), Err("gone")];
            (200, Body::from_stream(stream::iter(parts)))
        }
        "/large" => {
            headers.insert("content-length", "70000000".parse().unwrap());
            (
                200,
                Body::from_stream(stream::pending::<Result<Bytes, &str>>()),
            )
        }
        "/endless" => {
            let part = Bytes::from(vec![0; 1 << 20]);
            let parts = stream::repeat_with(move || Ok::<_, &str>(part.clone()));
            (200, Body::from_stream(parts))
        }
        "/429" => (429, Body::empty()),
        "/403" => (403, Body::empty()),
        "/500" => (500, Body::empty()),
        "/503" => (503, Body::empty()),
        "/206" => (206, Body::from("hello")),
        _ => (404, Body::empty()),
    };
    let mut answer = Answer::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    *answer.headers_mut() = headers;
    answer
}

#[tokio::test]
async fn what_has_its_digest_is_taken_and_nothing_else() {
    let server = Server::start().await;
    assert_eq!(server.fetch("/hello", HELLO).await.unwrap(), b"hello");
    let other = HELLO.replace("2cf", "3cf");
    match server.fetch("/hello", &other).await {
        Err(Failure::Artifact(Refusal::Lasting(why))) => {
            assert!(why.contains(&other), "{why}");
            assert!(!why.contains(HELLO), "what is there is not told: {why}");
            assert!(why.contains(&server.address), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start().await;
    match server.fetch("/elsewhere", HELLO).await {
        Err(Failure::Artifact(Refusal::Lasting(why))) => {
            assert!(why.contains("not followed"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn too_much_is_left_when_it_is_known() {
    let server = Server::start().await;
    for path in ["/large", "/endless"] {
        let failure = Failure::Artifact(too_large());
        assert_eq!(server.fetch(path, HELLO).await, Err(failure), "{path}");
    }
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_does_not() {
    let server = Server::start().await;
    for (path, passes, of_the_host, words) in [
        ("/gone", true, false, "not on"),
        ("/503", true, true, "503"),
        ("/429", true, true, "429"),
        ("/500", true, false, "500"),
        ("/broken", true, false, "broke off"),
        ("/403", false, false, "refuses"),
        ("/206", false, false, "refuses"),
    ] {
        let failure = server.fetch(path, HELLO).await.unwrap_err();
        assert_eq!(
            matches!(failure, Failure::Host(_)),
            of_the_host,
            "{path}: {failure:?}"
        );
        let refusal = failure.into_refusal();
        assert_eq!(
            matches!(refusal, Refusal::Passing(_)),
            passes,
            "{path}: {refusal:?}"
        );
        let (Refusal::Passing(why) | Refusal::Lasting(why)) = refusal;
        assert!(why.contains(words), "{path}: {why}");
    }
}

#[tokio::test]
async fn nobody_there_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        address: listener.local_addr().unwrap().to_string(),
        requests: Arc::default(),
    };
    drop(listener);
    match server.fetch("/hello", HELLO).await {
        Err(Failure::Host(Refusal::Passing(why))) => {
            assert!(why.contains("NetworkPolicy"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
