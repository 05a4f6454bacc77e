//! Where a run's outputs are, and as which data assets they are registered (contract §5).

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::aml::job::DataType;
use crate::aml::run::{Service, history, regional};
use crate::client::Client;
use crate::error::Error;
use crate::request::{Call, Effect};
use crate::resource_id::WorkspaceId;
use crate::response::{Refusal, Response};
use crate::tolerant;

/// `POST {api}/history/v1.0{workspace}/rundata`: the named outputs of a run, with the token for
/// Resource Manager; 200, and 404 if there is no such run. Changes nothing. Needs
/// `…/workspaces/experiments/runs/read`. Contract §5.
pub fn assets(
    api: &Url,
    workspace: &WorkspaceId,
    run: &str,
) -> Call<BTreeMap<String, OutputAsset>> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        run_id: &'a str,
        select_run_metadata: bool,
        select_run_definition: bool,
        select_job_specification: bool,
    }
    let mut request =
        history("output.assets", Method::POST, api, workspace, &["rundata"]).json(&Body {
            run_id: run,
            select_run_metadata: true,
            select_run_definition: true,
            select_job_specification: true,
        });
    request.effect = Effect::Read;
    request.parsed_by(outputs)
}

/// `POST {api}/data/v1.0{workspace}/dataversion/batchGetResolvedUris`: where data assets are, by the
/// ids that [`assets`] gave; 200, and what is not found is left out. Changes nothing. Needs
/// `…/workspaces/data/versions/read`. As the SDK: tests/data/sdk/job-outputs-found.json.
pub fn addresses(
    api: &Url,
    workspace: &WorkspaceId,
    assets: &[&str],
) -> Call<BTreeMap<String, String>> {
    #[derive(Serialize)]
    struct Body<'a> {
        values: &'a [&'a str],
    }
    let below = ["dataversion", "batchGetResolvedUris"];
    let mut request = regional(
        "output.addresses",
        Method::POST,
        Service::DATA,
        api,
        workspace,
        &below,
    )
    .json(&Body { values: assets });
    request.effect = Effect::Read;
    request.parsed_by(resolved)
}

/// What is known of each named output of a run. Two reads, or one if there are none; outputs that are
/// models have no address here, since the SDK asks elsewhere for them and fails.
pub async fn find(
    client: &Client,
    api: &Url,
    workspace: &WorkspaceId,
    run: &str,
) -> Result<BTreeMap<String, FoundOutput>, Error> {
    let assets = client.send(self::assets(api, workspace, run)).await?;
    let ids: Vec<&str> = assets
        .values()
        .filter(|asset| asset.is_data())
        .map(|asset| asset.asset_id.as_str())
        .collect();
    let mut addresses = if ids.is_empty() {
        BTreeMap::new()
    } else {
        client.send(self::addresses(api, workspace, &ids)).await?
    };
    Ok(assets
        .into_iter()
        .map(|(name, asset)| {
            let uri = addresses.remove(&asset.asset_id);
            (name, FoundOutput { asset, uri })
        })
        .collect())
}

/// An output as a data asset, which every output is, registered under a name or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OutputAsset {
    /// For example `azureml://locations/eastus/workspaces/…/data/result/versions/2`.
    pub asset_id: String,
    /// For example `uri_folder`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl OutputAsset {
    /// Name and version, if the id has them.
    pub fn name_and_version(&self) -> Option<(&str, &str)> {
        let (rest, version) = self.asset_id.rsplit_once("/versions/")?;
        let (_, name) = rest.rsplit_once('/')?;
        Some((name, version))
    }

    fn is_data(&self) -> bool {
        // Run history's own words have no underscore (`UriFolder`); the SDK looks for those that have.
        let kind = self.kind.replace('_', "");
        DataType::DATA
            .into_iter()
            .any(|known| known.as_str().replace('_', "").eq_ignore_ascii_case(&kind))
    }
}

/// An output of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOutput {
    /// As what it is registered.
    pub asset: OutputAsset,
    /// Where it is.
    pub uri: Option<String>,
}

fn outputs(response: &Response) -> Result<BTreeMap<String, OutputAsset>, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        run_metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(default, deserialize_with = "tolerant::or_default")]
        outputs: BTreeMap<String, Option<OutputAsset>>,
    }
    let found = response.json::<Answer>()?.run_metadata.outputs;
    Ok(found
        .into_iter()
        .filter_map(|(name, asset)| Some((name, asset?)))
        .collect())
}

fn resolved(response: &Response) -> Result<BTreeMap<String, String>, Refusal> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "tolerant::or_default")]
        values: BTreeMap<String, Option<Resolved>>,
    }
    #[derive(Deserialize)]
    struct Resolved {
        uri: Option<String>,
    }
    let found = response.json::<Answer>()?.values;
    Ok(found
        .into_iter()
        .filter_map(|(id, resolved)| Some((id, resolved?.uri?)))
        .collect())
}
