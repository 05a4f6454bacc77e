//! An emulator and a client that trusts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use azureml_emulator::{Config, Emulator, Runner, World};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) struct Azure {
    pub(crate) emulator: Emulator,
    pub(crate) client: reqwest::Client,
    _data: tempfile::TempDir,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Azure {
    /// With these settings laid over the defaults.
    pub(crate) async fn start(settings: Value) -> Self {
        Self::start_in(World::default(), settings).await
    }

    pub(crate) async fn start_in(world: World, settings: Value) -> Self {
        Self::start_all(world, None, settings).await
    }

    /// With a Python that can run scripts.
    #[allow(dead_code, reason = "used by the tests of runs, which share this file")]
    pub(crate) async fn start_with(python: PathBuf, settings: Value) -> Self {
        Self::start_all(World::default(), Some(python), settings).await
    }

    async fn start_all(world: World, python: Option<PathBuf>, settings: Value) -> Self {
        let data = tempfile::tempdir().unwrap();
        let emulator = Emulator::start(Config {
            data_dir: data.path().to_owned(),
            runner: Runner::Instant,
            python,
            world,
            ..Config::default()
        })
        .await
        .unwrap();
        let port = emulator.url().rsplit(':').next().unwrap().parse().unwrap();
        let here = SocketAddr::from(([127, 0, 0, 1], port));
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(emulator.ca_pem().as_bytes()).unwrap()])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .resolve(
                &format!(
                    "{}.dev.azuresynapse.localhost",
                    emulator.world().synapse_workspace
                ),
                here,
            )
            .resolve("other.dev.azuresynapse.localhost", here)
            .resolve("ml.azure.localhost", here)
            .resolve("far-synapse-ws.dev.azuresynapse.localhost", here)
            .resolve(
                &format!("{}.blob.core.localhost", emulator.world().storage_account),
                here,
            )
            .build()
            .unwrap();
        let azure = Self {
            emulator,
            client,
            _data: data,
        };
        if settings
            .as_object()
            .is_some_and(|fields| !fields.is_empty())
        {
            azure.set(settings).await;
        }
        azure
    }

    pub(crate) fn world(&self) -> &World {
        self.emulator.world()
    }

    fn port(&self) -> &str {
        self.emulator.url().rsplit(':').next().unwrap()
    }

    pub(crate) fn synapse_url(&self) -> String {
        format!(
            "https://{}.dev.azuresynapse.localhost:{}",
            self.world().synapse_workspace,
            self.port()
        )
    }

    #[allow(dead_code, reason = "the tests of runs share this file")]
    pub(crate) fn studio_url(&self) -> String {
        format!("https://ml.azure.localhost:{}", self.port())
    }

    pub(crate) fn arm_audience(&self) -> String {
        format!("{}/", self.emulator.url())
    }

    pub(crate) fn synapse_audience(&self) -> String {
        format!("https://dev.azuresynapse.localhost:{}", self.port())
    }

    pub(crate) async fn set(&self, settings: Value) {
        let reply = self
            .send(Method::PUT, "/_emulator/settings", None, Some(settings))
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    pub(crate) async fn fault(&self, rule: Value) {
        let reply = self
            .send(Method::POST, "/_emulator/faults", None, Some(rule))
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    pub(crate) async fn requests(&self, since: u64) -> Vec<Value> {
        let path = format!("/_emulator/requests?since={since}");
        let reply = self.send(Method::GET, &path, None, None).await;
        reply.body.as_array().unwrap().clone()
    }

    /// A token of the main client.
    pub(crate) async fn token(&self, audience: &str) -> String {
        self.token_of(&self.world().client_id, audience).await
    }

    pub(crate) async fn token_of(&self, client_id: &str, audience: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", &self.world().client_secret),
            ("scope", &format!("{audience}/.default")),
        ];
        let reply = self.login(&form).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn login(&self, form: &[(&str, &str)]) -> Reply {
        let tenant = &self.world().tenant;
        self.login_at(&format!("/{tenant}/oauth2/v2.0/token"), form)
            .await
    }

    pub(crate) async fn login_at(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let body = form
            .iter()
            .map(|(name, value)| {
                let value: String = value
                    .bytes()
                    .map(|byte| match byte {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                        other => format!("%{other:02X}"),
                    })
                    .collect();
                format!("{name}={value}")
            })
            .collect::<Vec<_>>()
            .join("&");
        let sent = self
            .client
            .post(format!("{}{path}", self.emulator.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        reply(sent).await
    }

    /// A request to the resource manager by the main client; the path is that of a resource.
    pub(crate) async fn arm(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let token = self.token(&self.arm_audience()).await;
        self.send(method, path, Some(&token), body).await
    }

    /// A request to the Synapse workspace by the main client.
    pub(crate) async fn synapse(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let token = self.token(&self.synapse_audience()).await;
        let url = format!("{}{path}", self.synapse_url());
        self.send(method, &url, Some(&token), body).await
    }

    /// A request to another Synapse workspace by the main client.
    #[allow(dead_code, reason = "the tests of runs share this file")]
    pub(crate) async fn far_synapse(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let token = self.token(&self.synapse_audience()).await;
        let here = self.synapse_url();
        let url = here.replace(&self.world().synapse_workspace, "far-synapse-ws") + path;
        self.send(method, &url, Some(&token), body).await
    }

    /// What the control route does to a resource, by its ARM id.
    #[allow(dead_code, reason = "the tests of runs share this file")]
    pub(crate) async fn hand(&self, method: Method, id: &str, body: Option<Value>) -> Reply {
        self.send(method, &format!("/_emulator/resources{id}"), None, body)
            .await
    }

    /// Any request; a path is one of `https://localhost:PORT`.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Reply {
        reply(self.try_send(method, path, token, body).await.unwrap()).await
    }

    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> reqwest::Result<reqwest::Response> {
        let url = if path.starts_with("https://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.emulator.url())
        };
        let mut request = self
            .client
            .request(method, url)
            .timeout(Duration::from_secs(10));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    /// ARM path of a compute, with its version.
    pub(crate) fn compute(&self, name: &str) -> String {
        format!(
            "{}/computes/{name}?api-version=2023-08-01-preview",
            self.world().workspace_arm_id()
        )
    }

    /// The body that attaches a pool of the world.
    pub(crate) fn attach_body(&self, pool: &str) -> Value {
        json!({
            "location": "eastus",
            "properties": {
                "computeType": "SynapseSpark",
                "resourceId": self.world().pool_arm_id(pool),
                "description": "d",
            },
            "identity": {"type": "SystemAssigned"},
            "tags": {"a": "b"},
        })
    }

    /// Attaches the world's pool and waits for the end of the operation.
    pub(crate) async fn attach(&self, name: &str) -> Value {
        let body = self.attach_body(&self.world().pool);
        let put = self.arm(Method::PUT, &self.compute(name), Some(body)).await;
        assert_eq!(put.status, 201, "{put:?}");
        assert_eq!(self.ended(&put).await["status"], "Succeeded");
        self.arm(Method::GET, &self.compute(name), None).await.body
    }

    /// Polls the operation of an answer until it has ended.
    pub(crate) async fn ended(&self, answer: &Reply) -> Value {
        let url = answer.headers["azure-asyncoperation"]
            .to_str()
            .unwrap()
            .to_owned();
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let poll = self.arm(Method::GET, &url, None).await;
            assert_eq!(poll.status, 200, "{poll:?}");
            if poll.body["status"] != "InProgress" {
                return poll.body;
            }
            assert!(Instant::now() < deadline, "the operation goes on: {poll:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body
            .pointer("/error/code")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

async fn reply(response: reqwest::Response) -> Reply {
    let status = response.status();
    let headers = response.headers().clone();
    let bytes = response.bytes().await.unwrap();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()))
    };
    Reply {
        status,
        headers,
        body,
    }
}
