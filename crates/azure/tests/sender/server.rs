//! An HTTPS server on the loopback that answers as the test says and keeps what it was asked.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use azureml_spark_azure::{Budget, Client, Cloud, Credential, Options, Transport};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub const SECRET: &str = "the-client-secret";

/// What happens to one request.
pub enum Reply {
    /// An answer.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection ends without one.
    Drop,
    /// None comes, until the client goes.
    Hang,
}

pub fn answer(status: u16, body: impl Into<String>) -> Reply {
    Reply::Answer {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

/// What Entra answers.
pub fn token_body(token: &str, expires_in: u32) -> String {
    serde_json::json!({"token_type": "Bearer", "expires_in": expires_in, "access_token": token})
        .to_string()
}

pub fn answer_with(
    status: u16,
    headers: &[(&'static str, &str)],
    body: impl Into<String>,
) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Reply::Answer {
        status,
        headers,
        body: body.into(),
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub host: String,
    pub target: String,
    pub headers: hyper::HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn line(&self) -> String {
        let path = self.target.split('?').next().unwrap();
        format!("{} {path}", self.method)
    }
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    logins: VecDeque<Reply>,
    asked: Vec<Asked>,
    logged_in: Vec<Asked>,
}

pub struct Server {
    pub port: u16,
    state: Arc<Mutex<State>>,
    folder: tempfile::TempDir,
    // Dropping it ends every connection.
    tasks: JoinSet<()>,
}

impl Server {
    pub async fn start() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::<String>::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let names = [
            "localhost",
            "acct.blob.core.localhost",
            "syn.dev.azuresynapse.localhost",
        ];
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(names.map(str::to_owned)).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca_pem).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(
            listener,
            TlsAcceptor::from(Arc::new(tls)),
            state.clone(),
        ));
        Self {
            port,
            state,
            folder,
            tasks,
        }
    }

    /// Nobody listens on the port afterwards.
    pub async fn stop(&mut self) {
        self.tasks.shutdown().await;
    }

    pub fn reply(&self, reply: Reply) -> &Self {
        self.state.lock().unwrap().replies.push_back(reply);
        self
    }

    pub fn login_reply(&self, reply: Reply) -> &Self {
        self.state.lock().unwrap().logins.push_back(reply);
        self
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }

    pub fn logins(&self) -> Vec<Asked> {
        self.state.lock().unwrap().logged_in.clone()
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn cloud(&self) -> Cloud {
        let port = self.port;
        serde_json::from_value(serde_json::json!({
            "name": "test",
            "resourceManager": format!("https://localhost:{port}"),
            "resourceManagerAudience": format!("https://localhost:{port}/"),
            "activeDirectory": format!("https://localhost:{port}"),
            "machineLearningAudience": format!("https://localhost:{port}/aml"),
            "synapseAudience": format!("https://dev.azuresynapse.localhost:{port}"),
            "synapseSuffix": format!("dev.azuresynapse.localhost:{port}"),
            "studio": "https://ml.azure.com",
            "hosts": [format!("localhost:{port}"), format!(".dev.azuresynapse.localhost:{port}")],
            "storageHosts": [format!(".blob.core.localhost:{port}")],
            "caFile": self.path("ca.pem"),
        }))
        .unwrap()
    }

    pub fn client(&self) -> Client {
        self.client_as("client-1", Options::default())
    }

    pub fn client_with(&self, budget: &Budget, client_id: &str) -> Client {
        self.client_as(
            client_id,
            Options {
                budget: budget.clone(),
                ..Options::default()
            },
        )
    }

    pub fn client_as(&self, client_id: &str, options: Options) -> Client {
        let transport = Transport::new(self.cloud()).unwrap();
        let secret = SecretString::from(SECRET);
        let credential =
            Credential::client_secret(&transport, "tenant-1", client_id, &secret).unwrap();
        Client::new(transport, credential, options)
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), state.clone());
        connections.spawn(async move {
            let Ok(stream) = acceptor.accept(socket).await else {
                return;
            };
            let service = service_fn(|request| respond(request, state.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // An error here is a reply that was told to drop the connection.
            let _ = connection.await;
        });
    }
}

async fn respond(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Body>, io::Error> {
    let (parts, body) = request.into_parts();
    let asked = Asked {
        method: parts.method.to_string(),
        host: parts.headers["host"].to_str().unwrap().to_owned(),
        target: parts.uri.to_string(),
        headers: parts.headers,
        body: to_bytes(Body::new(body), usize::MAX).await.unwrap(),
    };
    let reply = {
        let mut state = state.lock().unwrap();
        if asked.target.ends_with("/oauth2/v2.0/token") {
            let token = format!("token-{}", state.logged_in.len() + 1);
            state.logged_in.push(asked);
            state
                .logins
                .pop_front()
                .unwrap_or_else(|| answer(200, token_body(&token, 3599)))
        } else {
            state.asked.push(asked);
            state
                .replies
                .pop_front()
                .unwrap_or_else(|| answer(500, "no reply was scripted"))
        }
    };
    match reply {
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Body::from(body)).unwrap())
        }
        Reply::Drop => Err(io::Error::other("told to drop the connection")),
        Reply::Hang => std::future::pending().await,
    }
}
