//! Resource Manager, Studio's index and Entra, on the loopback.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Runs by name and state.
type Runs = Vec<(String, String)>;

#[derive(Default)]
struct State {
    runs: Runs,
    page: usize,
    index: Runs,
    asked: Vec<String>,
}

pub(super) struct Azure {
    state: Arc<Mutex<State>>,
    folder: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

impl Azure {
    /// A cloud with these limits, and without runs.
    pub(super) async fn start(limits: Value) -> Self {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &ca).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("ca.pem");
        std::fs::write(&certificate, ca.pem()).unwrap();
        let base = format!("https://{host}");
        let clouds = json!({"test": {
            "resourceManager": base,
            "resourceManagerAudience": base,
            "activeDirectory": base,
            "machineLearningAudience": base,
            "synapseAudience": base,
            "synapseSuffix": format!("synapse.{host}"),
            "studio": base,
            "studioIndex": format!("{base}/api"),
            "hosts": [host, format!(".synapse.{host}")],
            "caFile": certificate,
            "limits": limits,
        }});
        std::fs::write(folder.path().join("clouds"), clouds.to_string()).unwrap();

        let state = Arc::new(Mutex::new(State::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, Arc::new(tls), base, Arc::clone(&state)));
        Self {
            state,
            folder,
            _tasks: tasks,
        }
    }

    /// The settings file that leads here.
    pub(super) fn clouds(&self) -> PathBuf {
        self.folder.path().join("clouds")
    }

    /// The runs, by pages of so many.
    pub(super) fn lists<'a>(
        &self,
        page: usize,
        runs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let mut state = self.state();
        state.page = page;
        state.runs = owned(runs);
    }

    /// What the index shows.
    pub(super) fn indexes<'a>(&self, runs: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.state().index = owned(runs);
    }

    /// What was asked since the last time.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// An apiserver with a Secret.
pub(super) fn secret() -> Router {
    // The base64 of "x".
    let data = json!({"AZURE_TENANT_ID": "eA==", "AZURE_CLIENT_ID": "eA==", "AZURE_CLIENT_SECRET": "eA=="});
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sp"}, "data": data});
    Router::new().fallback(async move || Json(secret))
}

fn owned<'a>(runs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Runs {
    let owned = |(name, state): (&str, &str)| (name.to_owned(), state.to_owned());
    runs.into_iter().map(owned).collect()
}

async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    base: String,
    state: Arc<Mutex<State>>,
) {
    let routes = Router::new().fallback(async move |request: Request<Body>| {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        match answer(&mut state.lock().unwrap(), &base, path, query) {
            Some(body) => Json(body).into_response(),
            None => (
                StatusCode::NOT_FOUND,
                Json(json!({"error": {"code": "UserError", "message": "no such run"}})),
            )
                .into_response(),
        }
    });
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, routes) = (TlsAcceptor::from(Arc::clone(&tls)), routes.clone());
        connections.spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                let service = TowerToHyperService::new(routes);
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // The client goes when it likes.
                drop(served.await);
            }
        });
    }
}

fn answer(state: &mut State, base: &str, path: &str, query: &str) -> Option<Value> {
    if path.ends_with("/oauth2/v2.0/token") {
        return Some(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "t"}));
    }
    if path.ends_with("/entities") {
        state.asked.push("index".to_owned());
        let item = |(name, status): &(String, String)| json!({"name": name, "annotations": {"status": status}});
        let items: Vec<Value> = state.index.iter().map(item).collect();
        return Some(json!({"value": items, "continuationToken": null}));
    }
    let job = |(name, status): &(String, String)| json!({"id": format!("/jobs/{name}"), "name": name, "properties": {"jobType": "Spark", "status": status}});
    if let Some((_, name)) = path.split_once("/jobs/") {
        state.asked.push(format!("get {name}"));
        return state.runs.iter().find(|run| run.0 == name).map(job);
    }
    let skip = query.strip_prefix("skip=");
    state.asked.push(skip.map_or("list", |_| "page").to_owned());
    let begin: usize = skip.map_or(0, |number| number.parse().unwrap());
    let end = begin + state.page;
    let items = state.runs.iter().skip(begin).take(state.page).map(job);
    let mut page = json!({"value": items.collect::<Vec<_>>()});
    if end < state.runs.len() {
        page["nextLink"] = json!(format!("{base}{path}?skip={end}"));
    }
    Some(page)
}
