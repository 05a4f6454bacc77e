//! A server of prepared answers, and the program that asks it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use azureml_spark_api::logs::Frame;
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;

/// One answer.
pub(crate) struct Answer {
    code: u16,
    body: String,
    broken: bool,
}

impl Answer {
    /// Frames, and the end of the answer.
    pub(crate) fn whole(frames: &[Frame]) -> Self {
        let line = |frame| serde_json::to_string(frame).unwrap() + "\n";
        let body: String = frames.iter().map(line).collect();
        Self::text(200, &body)
    }

    /// Frames, and then the connection breaks.
    pub(crate) fn broken(frames: &[Frame]) -> Self {
        Self {
            broken: true,
            ..Self::whole(frames)
        }
    }

    /// A `Status` that says no.
    pub(crate) fn status(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "reason": reason, "message": message, "code": code});
        Self::text(code, &body.to_string())
    }

    pub(crate) fn text(code: u16, body: &str) -> Self {
        Self {
            code,
            body: body.to_owned(),
            broken: false,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let whole = futures::stream::iter([Ok(Bytes::from(self.body))]);
        let end = futures::stream::once(async move {
            // The lines before the break arrive.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("broken"))
        });
        let body = if self.broken {
            Body::from_stream(whole.chain(end))
        } else {
            Body::from_stream(whole)
        };
        (StatusCode::from_u16(self.code).unwrap(), body).into_response()
    }
}

#[derive(Clone)]
struct Known {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Gives one answer after the other.
pub(crate) struct Apiserver {
    known: Known,
    folder: tempfile::TempDir,
}

impl Apiserver {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let known = Known {
            answers: Arc::new(Mutex::new(answers.into())),
            asked: Arc::default(),
        };
        let routes = Router::new().fallback(answer).with_state(known.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, routes).into_future());
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
            "current-context": "x",
        });
        std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
        Self { known, folder }
    }

    /// Runs `kubectl-azureml logs`: whether it ended well, and what it said on its two ways out.
    pub(crate) async fn logs(&self, args: &[&str]) -> (bool, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_kubectl-azureml"))
            .arg("logs")
            .args(args)
            .env("KUBECONFIG", self.folder.path().join("config"))
            // On a machine behind a proxy, which leads nowhere here.
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", "127.0.0.1")
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Path and query of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.known.asked.lock().unwrap().clone()
    }
}

async fn answer(State(known): State<Known>, uri: Uri) -> Response {
    known.asked.lock().unwrap().push(uri.to_string());
    let next = known.answers.lock().unwrap().pop_front();
    next.map_or_else(
        || StatusCode::IM_A_TEAPOT.into_response(),
        IntoResponse::into_response,
    )
}
