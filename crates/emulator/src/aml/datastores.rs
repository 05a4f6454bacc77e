//! Datastores (contract §4.2), and their secrets.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::jobs::refusal::{invalid, not_found};
use super::{WORKSPACE, system_data};
use crate::blob::{Container, Grant, for_container};
use crate::error::{Answer, Refusal};
use crate::history::{ARTIFACT_CONTAINER, ARTIFACT_STORE};
use crate::login::Caller;
use crate::paging::{Cut, Page};
use crate::request::{AsSent, Body};
use crate::settings::DatastoreSecrets;
use crate::state::App;

const WORD: &str = "datastores";

/// The datastore that a workspace uses by default.
const DEFAULT: &str = "workspaceblobstore";

#[derive(Deserialize)]
struct Named {
    name: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    let all = format!("{WORKSPACE}/{WORD}");
    Router::new()
        .route(&all, get(list))
        .route(
            &format!("{all}/{{name}}"),
            get(show).put(put).delete(delete),
        )
        .route(&format!("{all}/{{name}}/listSecrets"), post(secrets))
}

/// The datastores of a new workspace, and the containers behind them.
pub(super) fn seed(app: &App) {
    let account = &app.world.storage_account;
    for (name, container) in [
        (DEFAULT, app.world.container.as_str()),
        (ARTIFACT_STORE, ARTIFACT_CONTAINER),
    ] {
        let made = Container::new(account, container)
            .and_then(|container| app.blobs.create_container(&container));
        if let Err(error) = made {
            tracing::error!(%error, container, "a container of the workspace cannot be made");
        }
        let shown = json!({
            "id": format!("{}/{WORD}/{name}", app.world.workspace_arm_id()),
            "name": name,
            "type": "Microsoft.MachineLearningServices/workspaces/datastores",
            "properties": {
                "description": null,
                "tags": null,
                "properties": null,
                "isDefault": name == DEFAULT,
                "credentials": {"credentialsType": "AccountKey"},
                "intellectualProperty": null,
                "subscriptionId": app.world.subscription,
                "resourceGroup": app.world.resource_group,
                "datastoreType": "AzureBlob",
                "accountName": account,
                "containerName": container,
                "endpoint": format!("core.localhost:{}", app.addresses.port),
                "protocol": "https",
                "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
            },
            "systemData": system_data(app, &app.world.client_id),
        });
        app.store().put(WORD, name, shown);
    }
}

async fn list(State(app): State<Arc<App>>, sent: AsSent) -> Answer {
    let only_default = sent
        .query("isDefault")
        .is_some_and(|wish| wish.eq_ignore_ascii_case("true"));
    let size = sent
        .query("count")
        .and_then(|count| count.parse().ok())
        .unwrap_or(30);
    let found: Vec<(String, Value)> = app
        .store()
        .list(WORD)
        .filter(|(_, value)| {
            !only_default || value.pointer("/properties/isDefault") == Some(&Value::Bool(true))
        })
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    let base = &app.addresses.base;
    let cut = Cut {
        base,
        path_and_query: &sent.0,
        size,
        empty_first: false,
    };
    let page = cut.page(found, |(name, _)| name)?;
    let items = page.items.into_iter().map(|(_, value)| value).collect();
    Ok(Json(
        Page {
            items,
            next_link: page.next_link,
        }
        .json(),
    )
    .into_response())
}

async fn show(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> Answer {
    let store = app.store();
    match store.get(WORD, &name) {
        Some(found) => Ok(Json(found).into_response()),
        None => Err(missing(&app, &name)),
    }
}

fn missing(app: &App, name: &str) -> Refusal {
    let format = "Could not find datastore: {datastore}.";
    not_found(app, "DatastoreNotFound", format, &[("datastore", name)])
}

async fn put(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
    caller: Caller,
    Body(body): Body,
) -> Answer {
    let Some(Value::Object(properties)) = body.get("properties") else {
        return Err(invalid(&app, "properties is required."));
    };
    let mut properties = properties.clone();
    // Secrets are written, never shown.
    if let Some(Value::Object(credentials)) = properties.get_mut("credentials") {
        credentials.remove("secrets");
    }
    properties.entry("isDefault").or_insert(false.into());
    let shown = json!({
        "id": format!("{}/{WORD}/{name}", app.world.workspace_arm_id()),
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/datastores",
        "properties": properties,
        "systemData": system_data(&app, &caller.app_id),
    });
    let mut store = app.store();
    let known = store.get(WORD, &name).is_some();
    store.put(WORD, &name, shown.clone());
    let status = if known {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(shown)).into_response())
}

async fn delete(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> Response {
    let removed = app.store().remove(WORD, &name).is_some();
    if removed {
        StatusCode::OK
    } else {
        StatusCode::NO_CONTENT
    }
    .into_response()
}

/// The account key, or a signature for the container: which of them is a setting.
async fn secrets(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> Answer {
    let properties = app
        .store()
        .get(WORD, &name)
        .and_then(|found| found.get("properties"))
        .cloned();
    let properties = properties.ok_or_else(|| missing(&app, &name))?;
    let text = |field: &str| {
        properties
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if properties
        .pointer("/credentials/credentialsType")
        .and_then(Value::as_str)
        == Some("None")
    {
        return Err(invalid(&app, "The datastore has no credentials."));
    }
    let settings = app.settings();
    Ok(match settings.datastore_secrets {
        DatastoreSecrets::AccountKey => {
            let key = &app.world.storage_account_key;
            Json(json!({"secretsType": "AccountKey", "key": key})).into_response()
        }
        DatastoreSecrets::Sas => {
            let container = Container::new(text("accountName"), text("containerName"))
                .map_err(|error| invalid(&app, &error.message))?;
            let expires = app.clock.now() + Duration::from_secs(settings.signature_seconds);
            let grant = Grant {
                permissions: "rcwdl",
                expires,
            };
            let signature = for_container(app.blobs.key(), &container, grant);
            Json(json!({"secretsType": "Sas", "sasToken": signature})).into_response()
        }
    })
}
