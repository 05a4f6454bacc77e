//! PUT and PATCH (contract §2.1, §2.3, §2.4).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::plan::{Planned, plan_pool};
use super::{COMPUTES, Names, aml_compute};
use crate::arm::identity::{Wish, unborn};
use crate::clock::azure_time;
use crate::error::{Answer, Refusal, bad_request};
use crate::inventory::same_region;
use crate::operation;
use crate::request::{AsSent, Body};
use crate::settings::{IdentityAppears, OmittedIdentity, Refusing, Settings};
use crate::state::App;

/// `PUT …/computes/{name}`: 201 whether it is new or not, and an operation.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path((_, _, _, name)): Path<Names>,
    sent: AsSent,
    Body(body): Body,
) -> Answer {
    let settings = app.settings();
    check_location(&app, &body)?;
    refuse_while_running(&app, &settings, &name)?;
    let before = app.store().get(COMPUTES, &name).cloned();
    let properties = body.get("properties").unwrap_or(&Value::Null);
    let kind = properties
        .get("computeType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Some(old) = before
        .as_ref()
        .and_then(|it| it.pointer("/properties/computeType")?.as_str())
        && old != kind
    {
        return Err(bad_request(
            "ComputeTypeMismatch",
            format!("The compute '{name}' exists and is of the type '{old}'."),
        ));
    }
    let planned = match kind {
        "SynapseSpark" => plan_pool(&app, &settings, &name, &body, before.as_ref())?,
        "AmlCompute" => Planned {
            facts: aml_compute::facts(properties.get("properties"))?,
            attached: false,
            error: None,
        },
        other => {
            return Err(bad_request(
                "UnsupportedComputeType",
                format!("The compute type '{other}' is not supported."),
            ));
        }
    };
    let identity = identity(&app, &settings, &body, before.as_ref())?;
    let tags = tags(&settings, &body);
    let done = resource(
        &app,
        &name,
        &body,
        before.as_ref(),
        &identity,
        &tags,
        &planned,
    );
    let pending = pending(&settings, &done, before.as_ref());
    app.store().put(COMPUTES, &name, pending.clone());
    let effect = json!({"kind": "put", "resource": done, "error": planned.error});
    Ok(accepted(
        &app,
        &sent,
        &name,
        StatusCode::CREATED,
        &effect,
        Some(first_answer(pending, &body)),
    ))
}

/// `PATCH …/computes/{name}`: scale settings of a cluster, nothing else.
pub(super) async fn patch(
    State(app): State<Arc<App>>,
    Path((_, _, workspace, name)): Path<Names>,
    Body(body): Body,
) -> Answer {
    let mut found =
        super::read::find(&app, &name).ok_or_else(|| super::read::not_found(&workspace, &name))?;
    if found
        .pointer("/properties/computeType")
        .and_then(Value::as_str)
        != Some("AmlCompute")
    {
        return Err(bad_request(
            "UnsupportedOperation",
            "Only computes of the type AmlCompute can be patched.",
        ));
    }
    let scale = body
        .pointer("/properties/properties/scaleSettings")
        .cloned()
        .ok_or_else(|| {
            bad_request(
                "BadArgument",
                "The property 'properties.properties.scaleSettings' is required.",
            )
        })?;
    if let Some(facts) = found
        .pointer_mut("/properties/properties")
        .and_then(Value::as_object_mut)
    {
        facts.insert("scaleSettings".to_owned(), scale);
    }
    app.store().put(COMPUTES, &name, found.clone());
    Ok(Json(found).into_response())
}

/// The identity that the compute will have.
fn identity(
    app: &App,
    settings: &Settings,
    body: &Value,
    before: Option<&Value>,
) -> Result<Value, Refusal> {
    let old = before
        .and_then(|it| it.get("identity"))
        .filter(|identity| !identity.is_null());
    match body.get("identity").filter(|wish| !wish.is_null()) {
        None if settings.omitted_identity == OmittedIdentity::Keeps => {
            Ok(old.cloned().unwrap_or_default())
        }
        None => Ok(Value::Null),
        Some(wish) => Ok(Wish::read(app, wish)?.grant(app, old)),
    }
}

/// The tags that were sent, and over them those of a policy.
fn tags(settings: &Settings, body: &Value) -> Value {
    let mut tags = body
        .get("tags")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (key, value) in settings.policy_tags.iter().flatten() {
        tags.insert(key.clone(), value.as_str().into());
    }
    Value::Object(tags)
}

fn resource(
    app: &App,
    name: &str,
    body: &Value,
    before: Option<&Value>,
    identity: &Value,
    tags: &Value,
    planned: &Planned,
) -> Value {
    let now = azure_time(app.clock.now());
    let sent = |field: &str| body.pointer(&format!("/properties/{field}")).cloned();
    let old = |pointer: &str| before.and_then(|it| it.pointer(pointer)).cloned();
    // The name keeps the case in which it was written first.
    let name = old("/name").unwrap_or_else(|| name.into());
    let errors = planned
        .error
        .as_ref()
        .map(|error| json!([{"error": error}]));
    let state = if planned.error.is_some() {
        "Failed"
    } else {
        "Succeeded"
    };
    json!({
        "id": format!("{}/computes/{}", app.world.workspace_arm_id(), name.as_str().unwrap_or_default()),
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "location": app.world.location,
        "tags": tags,
        "sku": null,
        "identity": identity,
        "properties": {
            "computeType": sent("computeType"),
            "computeLocation": sent("computeLocation").unwrap_or_else(|| app.world.location.clone().into()),
            "description": sent("description"),
            "disableLocalAuth": sent("disableLocalAuth"),
            "provisioningState": state,
            "createdOn": old("/properties/createdOn").unwrap_or_else(|| now.clone().into()),
            "modifiedOn": now,
            "resourceId": sent("resourceId"),
            "provisioningErrors": errors,
            "isAttachedCompute": planned.attached,
            "properties": planned.facts,
        },
    })
}

/// As the compute shows itself while the operation runs: `Creating`, even when it is not new.
fn pending(settings: &Settings, done: &Value, before: Option<&Value>) -> Value {
    let mut pending = done.clone();
    let had_own = before.is_some_and(|it| it.pointer("/identity/principalId").is_some());
    if let Some(fields) = pending.as_object_mut()
        && let Some(identity) = fields.get_mut("identity")
        && settings.identity_appears == IdentityAppears::AfterOperation
        && !had_own
    {
        *identity = unborn(identity);
    }
    if let Some(properties) = pending.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("provisioningState".to_owned(), "Creating".into());
        properties.insert("provisioningErrors".to_owned(), Value::Null);
    }
    pending
}

/// The answer to the PUT itself has `tags: null` where none were sent (contract §2.2).
fn first_answer(mut pending: Value, body: &Value) -> Value {
    if body.get("tags").is_none_or(Value::is_null)
        && pending.get("tags") == Some(&json!({}))
        && let Some(fields) = pending.as_object_mut()
    {
        fields.insert("tags".to_owned(), Value::Null);
    }
    pending
}

/// Starts the operation and answers with its address.
pub(super) fn accepted(
    app: &App,
    sent: &AsSent,
    name: &str,
    status: StatusCode,
    effect: &Value,
    body: Option<Value>,
) -> Response {
    let version = sent.query("api-version").unwrap_or_default();
    let id = operation::start(app, name, effect);
    let headers = operation::hints(app, &id, &version);
    match body {
        Some(body) => (status, headers, Json(body)).into_response(),
        None => (status, headers).into_response(),
    }
}

/// 409 while another operation runs, if the settings say so.
pub(super) fn refuse_while_running(
    app: &App,
    settings: &Settings,
    name: &str,
) -> Result<(), Refusal> {
    if settings.write_during_operation == Refusing::Accept || !operation::is_running(app, name) {
        return Ok(());
    }
    Err(Refusal::plain(
        StatusCode::CONFLICT,
        "Conflict",
        format!("Another operation on the compute '{name}' is in progress."),
    ))
}

fn check_location(app: &App, body: &Value) -> Result<(), Refusal> {
    match body.get("location").and_then(Value::as_str) {
        None => Err(bad_request(
            "LocationRequired",
            "The location property is required for this definition.",
        )),
        Some(location) if !same_region(location, &app.world.location) => Err(bad_request(
            "LocationMismatch",
            format!(
                "The location '{location}' is not the location '{}' of the workspace.",
                app.world.location
            ),
        )),
        Some(_) => Ok(()),
    }
}
