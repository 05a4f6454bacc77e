//! Run history, which knows what a job does not tell: why it failed and where its logs are
//! (contract §5).

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
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
/// Contract §5.
pub fn details(api: &Url, workspace: &WorkspaceId, run: &str) -> Call<RunDetails> {
    let mut segments = path(&["history", "v1.0"], &workspace.segments());
    segments.extend(["runs", run, "details"].map(str::to_owned));
    let address = Address::Under(api.clone(), segments);
    let mut request = Request::to("run.details", Method::GET, address)
        .query("api-version", api_version::RUN_HISTORY)
        .header("accept", "application/json");
    request.audience = Audience::ResourceManager;
    request.parsed()
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
