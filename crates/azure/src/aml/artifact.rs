//! The files that a run has left in the workspace's artifact store, its logs among them (contract §5).

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use crate::aml::run::history;
use crate::redact::SasUrl;
use crate::request::{Call, Request};
use crate::resource_id::WorkspaceId;
use crate::tolerant;

/// A run, and where its history is.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The region's API, see [`crate::aml::run::discover`].
    pub api: &'a Url,
    /// The workspace.
    pub workspace: &'a WorkspaceId,
    /// The experiment's name.
    pub experiment: &'a str,
    /// The run's id, which is the job's name.
    pub id: &'a str,
}

/// `GET {api}/history/v1.0{workspace}/experiments/{experiment}/runs/{run}/artifacts`, with the token
/// for Resource Manager; 200, and 404 if there is no such run. What there is, without addresses.
/// Needs `…/workspaces/metadata/artifacts/read`. Contract §5.
pub fn list(run: Run<'_>, continuation: Option<&str>) -> Call<Listing<Artifact>> {
    request("artifact.list", run, &[], continuation).parsed()
}

/// `GET …/artifacts/prefix/contentinfo?path=`, as [`list`]: what there is below a path, and where it
/// can be read for a while. Contract §5.
pub fn below(
    run: Run<'_>,
    prefix: &str,
    continuation: Option<&str>,
) -> Call<Listing<SignedArtifact>> {
    request(
        "artifact.below",
        run,
        &["prefix", "contentinfo"],
        continuation,
    )
    .query("path", prefix)
    .parsed()
}

/// `GET …/artifacts/contentinfo?path=`, as [`list`]: where one can be read for a while; 404 if there
/// is none. Contract §5.
pub fn one(run: Run<'_>, path: &str) -> Call<SignedArtifact> {
    request("artifact.one", run, &["contentinfo"], None)
        .query("path", path)
        .parsed()
}

fn request(op: &'static str, run: Run<'_>, tail: &[&str], continuation: Option<&str>) -> Request {
    let mut below = vec!["experiments", run.experiment, "runs", run.id, "artifacts"];
    below.extend(tail);
    let request = history(op, Method::GET, run.api, run.workspace, &below);
    match continuation {
        Some(token) => request.query("continuationToken", token),
        None => request,
    }
}

/// One page; there are more while there is a continuation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Listing<T> {
    /// The items.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub value: Vec<T>,
    /// What to ask for the next page with.
    #[serde(default)]
    pub continuation_token: Option<String>,
}

/// A file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Artifact {
    /// Its path in the run's folder.
    pub path: String,
}

/// A file of a run, and where it can be read. The address holds a signature that ends: never keep it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedArtifact {
    /// Its path in the run's folder.
    pub path: String,
    /// Its address.
    pub content_uri: SasUrl,
}
