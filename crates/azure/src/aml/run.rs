//! Run history, which knows what a job does not tell: why it failed and where its logs are
//! (contract §5).

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::aml::job::JobStatus;
use crate::api_version;
use crate::error_body::ErrorBody;
use crate::redact::SasUrl;
use crate::request::{Address, Audience, Call, Request, path};
use crate::resource_id::WorkspaceId;
use crate::response::{Refusal, Response};
use crate::tolerant;

/// `GET` of the workspace's `discoveryUrl`, which asks for no token: the region's API. Contract §1.
pub fn discover(discovery_url: Url) -> Call<Url> {
    Request::to(
        "run.discover",
        Method::GET,
        Address::Returned(discovery_url),
    )
    .header("accept", "application/json")
    .parsed_by(api)
}

/// `GET {api}/history/v1.0{workspace}/runs/{run}/details`, with the token for Resource Manager; 200.
/// Needs `…/workspaces/experiments/runs/read`. Contract §5.
pub fn details(api: &Url, workspace: &WorkspaceId, run: &str) -> Call<RunDetails> {
    let below = ["runs", run, "details"];
    history("run.details", Method::GET, api, workspace, &below).parsed()
}

/// `PATCH {api}/history/v1.0{workspace}/experiments/{experiment}/runs/{run}`, with the token for
/// Resource Manager; 200. The SDK's way to change a job's labels, since a PUT of a job that exists is
/// refused. What is `None` stays; tags are added and replaced, and none is taken away. The same once
/// more changes nothing. Needs `…/workspaces/experiments/runs/write`. Contract §3.5.
pub fn relabel(
    api: &Url,
    workspace: &WorkspaceId,
    experiment: &str,
    run: &str,
    labels: &Labels,
) -> Call<()> {
    let below = ["experiments", experiment, "runs", run];
    history("run.relabel", Method::PATCH, api, workspace, &below)
        .json(labels)
        .parsed_by(Response::ignored)
}

/// What a person may change of a run once it is submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Labels {
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// At most 5,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At most 50 with those that are there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A service below the region's API, and its version.
#[derive(Clone, Copy)]
pub(super) struct Service(&'static str, &'static str);

impl Service {
    pub(super) const HISTORY: Self = Self("history", api_version::RUN_HISTORY);
    pub(super) const DATA: Self = Self("data", api_version::DATA_PLANE);
}

/// A request to a service of the region for a workspace, with the token for Resource Manager (contract
/// §0.1).
pub(super) fn regional(
    op: &'static str,
    method: Method,
    Service(service, version): Service,
    api: &Url,
    workspace: &WorkspaceId,
    below: &[&str],
) -> Request {
    let mut segments = path(&[service, "v1.0"], &workspace.segments());
    segments.extend(below.iter().map(|segment| (*segment).to_owned()));
    let address = Address::Under(api.clone(), segments);
    let mut request = Request::to(op, method, address)
        .query("api-version", version)
        .header("accept", "application/json");
    request.audience = Audience::ResourceManager;
    request
}

/// A request to run history.
pub(super) fn history(
    op: &'static str,
    method: Method,
    api: &Url,
    workspace: &WorkspaceId,
    below: &[&str],
) -> Request {
    regional(op, method, Service::HISTORY, api, workspace, below)
}

fn api(response: &Response) -> Result<Url, Refusal> {
    let services: BTreeMap<String, serde_json::Value> = response.json()?;
    services
        .get("api")
        .and_then(serde_json::Value::as_str)
        .and_then(|text| Url::parse(text).ok())
        .ok_or_else(|| Refusal::Unreadable("no address under \"api\"".to_owned()))
}

/// The details of a run. The addresses of its logs hold signatures that end: never keep them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RunDetails {
    /// The run's id, which is the job's name.
    pub run_id: String,
    /// How far it is.
    pub status: JobStatus,
    /// When it began.
    #[serde(deserialize_with = "tolerant::time")]
    pub start_time_utc: Option<Timestamp>,
    /// When it ended.
    #[serde(deserialize_with = "tolerant::time")]
    pub end_time_utc: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<ErrorBody>,
    /// Its logs by path.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub log_files: BTreeMap<String, SasUrl>,
}
