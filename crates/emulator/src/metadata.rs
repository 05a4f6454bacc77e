//! The documents that tell a client where a cloud's and a workspace's services are.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::state::App;

/// Name of the emulated cloud in the metadata document.
pub(crate) const CLOUD: &str = "Emulator";

/// `/metadata/endpoints` and `/discovery`, both anonymous.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/discovery", get(discovery))
}

/// The cloud's endpoints: a list since 2019-05-01, one object before.
async fn endpoints(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Json<Value> {
    let at = &app.addresses;
    let cloud = json!({
        "name": CLOUD,
        // Azure's own portal has three parts before its path; Microsoft's SDK takes the cloud's suffix
        // from the third on.
        "portal": format!("https://portal.azure.localhost:{}", at.port),
        "resourceManager": at.arm_audience,
        "authentication": {
            "loginEndpoint": format!("{}/", at.base),
            "audiences": [at.arm_audience, at.base],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": at.base,
        "graph": at.base,
        "graphAudience": at.base,
        "gallery": at.base,
        "batch": at.base,
        "sqlManagement": at.base,
        "vmImageAliasDoc": at.base,
        "suffixes": {
            "storage": format!("core.localhost:{}", at.port),
            "keyVaultDns": "vault.localhost",
            "sqlServerHostname": "database.localhost",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.localhost",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.localhost",
            "acrLoginServer": "azurecr.localhost",
            "synapseAnalytics": format!("dev.azuresynapse.localhost:{}", at.port),
        },
        "activeDirectoryDataLake": at.base,
        "synapseAnalyticsResourceId": at.synapse_audience,
        "activeDirectoryResourceId": at.arm_audience,
    });
    let old = query.as_deref().is_some_and(|query| {
        url::form_urlencoded::parse(query.as_bytes())
            .any(|(key, value)| key == "api-version" && *value < *"2019-05-01")
    });
    Json(if old {
        cloud
    } else {
        Value::Array(vec![cloud])
    })
}

/// What a workspace's `discoveryUrl` answers: the regional host of run history (contract §1).
async fn discovery(State(app): State<Arc<App>>) -> Json<Value> {
    let base = &app.addresses.base;
    let services = [
        "api",
        "catalog",
        "experimentation",
        "history",
        "hyperdrive",
        "labeling",
        "modelmanagement",
        "pipelines",
        "studio",
    ];
    Json(
        services
            .into_iter()
            .map(|name| (name.to_owned(), Value::from(base.as_str())))
            .collect(),
    )
}
