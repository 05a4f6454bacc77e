//! Code assets (contract §4.1): found by hash, uploaded to a container of their own, made once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::WORKSPACE;
use super::assets::{Absent, Kind, Named};
use super::jobs::refusal::invalid;
use crate::blob::{Container, Grant, for_container};
use crate::error::{Answer, Refusal};
use crate::settings::CodeUriForm;
use crate::spark::Places;
use crate::state::App;

static KIND: Kind = Kind {
    word: "codes",
    fixed: &["codeUri"],
    // A fixed text of the SDK (contract §0.2).
    refusal: "Asset paths cannot be updated.",
    absent: Absent::Asset,
    check,
};

pub(super) fn routes() -> Router<Arc<App>> {
    let upload = format!("{WORKSPACE}/codes/{{name}}/versions/{{version}}/startPendingUpload");
    KIND.routes().route(&upload, post(start_upload))
}

/// The code asset that an id names, in any case and with or without `azureml:` before it.
pub(crate) fn find(app: &App, id: &str) -> Option<Value> {
    match Named::by(app, KIND.word, id) {
        Named::Here { name, version } => app
            .store()
            .get(KIND.word, &format!("{name}/{version}"))
            .cloned(),
        Named::Elsewhere | Named::No => None,
    }
}

fn check(app: &App, properties: &mut Map<String, Value>) -> Result<(), Refusal> {
    let uri = properties
        .get("codeUri")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    check_folder(app, &uri)?;
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
    Ok(())
}

/// `codeUri` is a folder of a storage account, never a single blob (contract §4.1).
fn check_folder(app: &App, uri: &str) -> Result<(), Refusal> {
    if app.settings().code_uri_form == CodeUriForm::Https && !uri.starts_with("https://") {
        return Err(invalid(
            app,
            "codeUri must be the URL of a folder of blobs.",
        ));
    }
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
