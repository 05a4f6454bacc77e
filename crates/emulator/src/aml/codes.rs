//! Code assets (contract §4.1): found by hash, uploaded to a container of their own, made once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use uuid::Uuid;

use super::WORKSPACE;
use super::assets::{Asset, Kind, Version, properties};
use super::jobs::refusal::invalid;
use crate::blob::{Container, Grant, for_container};
use crate::error::{Answer, Refusal};
use crate::login::Caller;
use crate::request::{AsSent, Body};
use crate::spark::Places;
use crate::state::App;

const KIND: Kind = Kind {
    word: "codes",
    fixed: &["codeUri"],
    // A fixed text of the SDK (contract §0.2).
    refusal: "Asset paths cannot be updated.",
};

pub(super) fn routes() -> Router<Arc<App>> {
    let versions = format!("{WORKSPACE}/codes/{{name}}/versions");
    let version = format!("{versions}/{{version}}");
    Router::new()
        .route(&versions, get(list))
        .route(&version, get(show).put(put).delete(delete))
        .route(&format!("{version}/startPendingUpload"), post(start_upload))
}

/// The code asset that an id names, in any case and with or without `azureml:` before it.
pub(crate) fn find(app: &App, id: &str) -> Option<Value> {
    let id = id.strip_prefix("azureml:").unwrap_or(id);
    let workspace = app.world.workspace_arm_id();
    let (head, rest) = id.split_at_checked(workspace.len())?;
    if !head.eq_ignore_ascii_case(&workspace) {
        return None;
    }
    match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["", codes, name, versions, version]
            if codes.eq_ignore_ascii_case("codes") && versions.eq_ignore_ascii_case("versions") =>
        {
            app.store()
                .get(KIND.word, &format!("{name}/{version}"))
                .cloned()
        }
        _ => None,
    }
}

/// The versions of a name; with `hash`, the versions of any name that have it.
async fn list(State(app): State<Arc<App>>, Path(at): Path<Asset>, sent: AsSent) -> Answer {
    if let Some(hash) = sent.query("hash") {
        return KIND.list(&app, &sent, |_, value| {
            value
                .pointer("/properties/properties/hash_sha256")
                .and_then(Value::as_str)
                == Some(hash.as_str())
        });
    }
    let prefix = format!("{}/", at.name.to_ascii_lowercase());
    KIND.list(&app, &sent, |key, _| key.starts_with(&prefix))
}

async fn show(State(app): State<Arc<App>>, Path(at): Path<Version>) -> Answer {
    KIND.show(&app, &at)
}

async fn put(
    State(app): State<Arc<App>>,
    Path(at): Path<Version>,
    caller: Caller,
    Body(body): Body,
) -> Answer {
    let mut properties = properties(&app, &body)?;
    let uri = properties
        .get("codeUri")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    check_folder(&app, &uri)?;
    properties.insert("codeUri".to_owned(), uri.trim_end_matches('/').into());
    // Shown so whatever was sent (contract §4.1).
    properties.insert("isAnonymous".to_owned(), false.into());
    if let Some(Value::Object(notes)) = properties.get_mut("properties") {
        // The model is a map of texts; the SDK sends the version as a number.
        for value in notes.values_mut() {
            if !value.is_string() {
                *value = value.to_string().into();
            }
        }
    }
    KIND.put(&app, &at, &caller, &properties)
}

/// `codeUri` is a folder of a storage account, never a single blob (contract §4.1).
fn check_folder(app: &App, uri: &str) -> Result<(), Refusal> {
    let place = Places::new(app)
        .find(uri)
        .map_err(|failure| invalid(app, &format!("codeUri cannot be used: {failure}")))?;
    let path = place.path.trim_end_matches('/');
    let is_blob = place
        .container
        .blob(path)
        .ok()
        .is_some_and(|blob| app.blobs.find(&blob).is_ok());
    if is_blob {
        return Err(invalid(app, "codeUri must be a folder, not a single file."));
    }
    Ok(())
}

async fn delete(State(app): State<Arc<App>>, Path(at): Path<Version>) -> Response {
    KIND.delete(&app, &at)
}

/// A new container at every call, and the right to write into it.
async fn start_upload(State(app): State<Arc<App>>, body: axum::body::Bytes) -> Answer {
    let asked: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    match asked.get("pendingUploadType").and_then(Value::as_str) {
        None | Some("TemporaryBlobReference") => {}
        Some(other) => {
            return Err(invalid(
                &app,
                &format!("pendingUploadType '{other}' is not supported."),
            ));
        }
    }
    let account = &app.world.storage_account;
    let id = Uuid::new_v4();
    let hex = id.simple().to_string();
    // The shape that was recorded: `25fd3f03-8-<guid>`.
    let (head, digit) = (hex.get(..8).unwrap_or("0"), hex.get(8..9).unwrap_or("0"));
    let name = format!("{head}-{digit}-{}", Uuid::new_v4());
    let container = Container::new(account, &name).map_err(|error| storage(&error.message))?;
    app.blobs
        .create_container(&container)
        .map_err(|error| storage(&error.message))?;
    let expires = app.clock.now() + Duration::from_secs(app.settings().signature_seconds);
    let grant = Grant {
        permissions: "rwl",
        expires,
    };
    let uri = format!("{}/{name}", app.addresses.blob(account));
    let signature = for_container(app.blobs.key(), &container, grant);
    Ok(Json(json!({
        "pendingUploadId": id.to_string(),
        "pendingUploadType": "TemporaryBlobReference",
        "blobReferenceForConsumption": {
            "blobUri": uri,
            "storageAccountArmId": app.world.storage_arm_id(),
            "credential": {"credentialType": "SAS", "sasUri": format!("{uri}?{signature}")},
        },
    }))
    .into_response())
}

fn storage(message: &str) -> Refusal {
    Refusal::plain(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalServerError",
        message,
    )
}
