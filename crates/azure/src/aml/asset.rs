//! What codes, environments, data and models have in common: versions that are made once and then
//! stay, and a newest one among them.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::aml::{code, data, environment, model};
use crate::client::Client;
use crate::error::Error;
use crate::page;
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, AssetId, AssetKind, WorkspaceId};
use crate::response::{Refusal, Response};
use crate::tolerant;

/// A version of an asset as Azure reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    default,
    rename_all = "camelCase",
    bound(deserialize = "P: Default + Deserialize<'de>")
)]
pub struct Version<P> {
    /// Its id, in Azure's casing, which a job refers to.
    pub id: ArmId,
    /// The version.
    pub name: String,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: P,
}

/// Whether there is such a version, in whichever workspace the id names. One read.
pub async fn exists(client: &Client, id: &AssetId) -> Result<bool, Error> {
    Ok(match id.kind() {
        AssetKind::Code => client.find(code::get(id)).await?.is_some(),
        AssetKind::Environment => client.find(environment::get(id)).await?.is_some(),
        AssetKind::Data => client.find(data::get(id)).await?.is_some(),
        AssetKind::Model => client.find(model::get(id)).await?.is_some(),
    })
}

/// The version that is the latest now, if the asset exists: found as the SDK finds it, which is the
/// one created last for environments and models, and what Azure calls `latestVersion` for data. For
/// code the SDK knows no latest; here it is the one created last. One read.
pub async fn latest(
    client: &Client,
    workspace: &WorkspaceId,
    kind: AssetKind,
    name: &str,
) -> Result<Option<AssetId>, Error> {
    let version = match kind {
        AssetKind::Code => newest(client, code::latest(workspace, name)).await?,
        AssetKind::Environment => newest(client, environment::latest(workspace, name)).await?,
        AssetKind::Model => newest(client, model::latest(workspace, name)).await?,
        AssetKind::Data => {
            let container = client.find(data::container(workspace, name)).await?;
            container.and_then(|found| found.properties.latest_version)
        }
    };
    // A version that is no part of a path cannot be asked for by anybody.
    Ok(version.and_then(|version| AssetId::new(workspace, kind, name, &version).ok()))
}

async fn newest<P>(
    client: &Client,
    call: Call<Option<Version<P>>>,
) -> Result<Option<String>, Error> {
    Ok(client.find(call).await?.flatten().map(|found| found.name))
}

/// `GET {asset}/versions/{version}`; 200.
pub(super) fn get<P: Default + DeserializeOwned>(
    op: &'static str,
    api_version: &'static str,
    id: &AssetId,
) -> Call<Version<P>> {
    Request::arm(op, Method::GET, id.segments(), api_version).parsed()
}

/// `GET {asset}/versions?$orderBy=createdtime desc&$top=1`; 200, and empty or 404 if there is none.
/// What is younger than the first cannot be behind a next page, so none is asked for.
pub(super) fn created_last<P: Default + DeserializeOwned>(
    op: &'static str,
    api_version: &'static str,
    workspace: &WorkspaceId,
    kind: AssetKind,
    name: &str,
) -> Call<Option<Version<P>>> {
    let path = path(
        &workspace.segments(),
        &[kind.collection(), name, "versions"],
    );
    Request::arm(op, Method::GET, path, api_version)
        .query("$orderBy", "createdtime desc")
        .query("$top", "1")
        .parsed_by(first)
}

fn first<P: Default + DeserializeOwned>(
    response: &Response,
) -> Result<Option<Version<P>>, Refusal> {
    let page = page::page::<Version<P>>(response)?;
    if page.unreadable > 0 && page.items.is_empty() {
        // Calling it absent would have it made again.
        return Err(Refusal::Unreadable("a version without a shape".to_owned()));
    }
    Ok(page.items.into_iter().next())
}
