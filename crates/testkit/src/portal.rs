//! Azure as a person with every right sees and changes it in Studio and the portal: through Azure's own routes, under a
//! name of that person's own, so that the ledger tells what the operator did from what the person did.

mod computes;
mod jobs;
mod links;
mod roles;

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;

use crate::emulator::{Emulator, PERSON_CLIENT_ID};

pub use roles::{azure_role, synapse_role};

/// Version of the routes of the workspace (contract §1).
const ML_VERSION: &str = "2023-04-01";
/// Carries the place between pages of Synapse.
const CONTINUATION: &str = "x-ms-continuation";
/// More pages than anything here has.
const PAGES: usize = 1_000;

/// Somebody who may do everything. What they do is in the ledger like everybody's requests.
#[derive(Debug)]
pub struct Portal<'a> {
    emulator: &'a Emulator,
    http: Client,
    authority: String,
}

impl<'a> Portal<'a> {
    /// Of an emulator.
    pub fn new(emulator: &'a Emulator) -> Result<Self> {
        let authority = emulator.url().trim_start_matches("https://").to_owned();
        let port = authority.rsplit(':').next().unwrap_or_default().parse()?;
        let synapse = format!(
            "{}.dev.azuresynapse.localhost",
            emulator.world().synapse_workspace
        );
        let http = Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(
                emulator.ca_pem().as_bytes(),
            )?])
            .no_proxy()
            .pool_max_idle_per_host(0)
            // Not every resolver knows names below localhost.
            .resolve(&synapse, SocketAddr::from(([127, 0, 0, 1], port)))
            .build()?;
        Ok(Self {
            emulator,
            http,
            authority,
        })
    }

    /// All runs of the workspace, whoever made them.
    pub async fn runs(&self) -> Result<Vec<Value>> {
        self.of_workspace("jobs", ML_VERSION).await
    }

    /// The workspace.
    pub async fn workspace(&self) -> Result<Value> {
        let workspace = self.below_workspace("", ML_VERSION);
        self.arm(Method::GET, &workspace, None)
            .await?
            .context("no workspace")
    }

    /// Resource ids of the user-assigned identities of the workspace, in small letters.
    pub async fn workspace_identities(&self) -> Result<Vec<String>> {
        let workspace = self.workspace().await?;
        let identities = workspace.pointer("/identity/userAssignedIdentities");
        let ids = identities.and_then(Value::as_object).into_iter().flatten();
        Ok(ids.map(|(id, _)| id.to_ascii_lowercase()).collect())
    }

    /// Path and query of something below the workspace, such as `/computes/a`.
    fn below_workspace(&self, what: &str, version: &str) -> String {
        let world = self.emulator.world();
        let workspace = world.resource(&format!(
            "Microsoft.MachineLearningServices/workspaces/{}",
            world.workspace
        ));
        format!("{workspace}{what}?api-version={version}")
    }

    /// Every element of a list below the workspace, page by page.
    async fn of_workspace(&self, what: &str, version: &str) -> Result<Vec<Value>> {
        let url = self.emulator.url();
        let first = self.below_workspace(&format!("/{what}"), version);
        let mut next = Some(first);
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let Some(path) = next else { break };
            let page = self.arm(Method::GET, &path, None).await?;
            let page = page.with_context(|| format!("no list of {what}"))?;
            found.extend(elements(&page).cloned());
            next = page
                .get("nextLink")
                .and_then(Value::as_str)
                .map(|link| link.trim_start_matches(url).to_owned());
        }
        Ok(found)
    }

    /// A request to the resource manager; nothing where it knows nothing of that name.
    async fn arm(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Option<Value>> {
        let base = self.emulator.url();
        let token = self.token(&format!("{base}/.default")).await?;
        let request = self
            .http
            .request(method, format!("{base}{path}"))
            .bearer_auth(token);
        Ok(answer(request, body).await?.map(|answer| answer.body))
    }

    /// A request to the data plane of the Synapse workspace.
    async fn synapse(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<Value>> {
        let request = self.to_synapse(method, path).await?;
        Ok(answer(request, body).await?.map(|answer| answer.body))
    }

    /// Every element of a list of the data plane: its pages are asked for by a header (contract §7).
    async fn of_synapse(&self, path: &str) -> Result<Vec<Value>> {
        let mut next = String::new();
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let request = self.to_synapse(Method::GET, path).await?;
            let page = answer(request.header(CONTINUATION, next), None).await?;
            let page = page.with_context(|| format!("no list {path}"))?;
            found.extend(elements(&page.body).cloned());
            next = page.continuation;
            if next.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    async fn to_synapse(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let host = format!("dev.azuresynapse.{}", self.authority);
        let token = self.token(&format!("https://{host}/.default")).await?;
        let synapse = &self.emulator.world().synapse_workspace;
        let url = format!("https://{synapse}.{host}{path}");
        Ok(self.http.request(method, url).bearer_auth(token))
    }

    async fn token(&self, scope: &str) -> Result<String> {
        let world = self.emulator.world();
        let url = format!("{}/{}/oauth2/v2.0/token", world.url, world.tenant);
        let form = Url::parse_with_params(
            &url,
            [
                ("grant_type", "client_credentials"),
                ("client_id", PERSON_CLIENT_ID),
                ("client_secret", &world.client_secret),
                ("scope", scope),
            ],
        )?;
        let answer = self
            .http
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned())
            .send()
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token.map(str::to_owned).context("no access_token")
    }
}

/// What came back.
struct Answer {
    /// Null where nothing was sent.
    body: Value,
    /// The place of the next page in Synapse; empty on the last.
    continuation: String,
}

/// Sends a request; nothing where a read finds nothing.
async fn answer(mut request: RequestBuilder, body: Option<&Value>) -> Result<Option<Answer>> {
    if let Some(body) = body {
        request = request.json(body);
    }
    let (client, request) = request.build_split();
    let request = request?;
    let (method, url) = (request.method().clone(), request.url().clone());
    let answer = client.execute(request).await?;
    let status = answer.status();
    let continuation = answer
        .headers()
        .get(CONTINUATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let text = answer.text().await?;
    if status == StatusCode::NOT_FOUND && method == Method::GET {
        return Ok(None);
    }
    if !status.is_success() {
        bail!("{method} {url}: {status} {text}");
    }
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text)?
    };
    Ok(Some(Answer { body, continuation }))
}

/// The elements of a page.
fn elements(page: &Value) -> impl Iterator<Item = &Value> {
    page.get("value")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
