//! DELETE: detaches a pool, deletes a cluster (contract §2.5).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::change::{accepted, refuse_while_running};
use super::{COMPUTES, Names, read};
use crate::error::{Answer, Refusal, bad_request};
use crate::request::AsSent;
use crate::settings::{Absent, Refusing, Settings};
use crate::state::App;

/// `DELETE …/computes/{name}?underlyingResourceAction=Detach`: 202 and an operation.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path((_, _, workspace, name)): Path<Names>,
    sent: AsSent,
) -> Answer {
    let settings = app.settings();
    let action = sent
        .query("underlyingResourceAction")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if action != "delete" && action != "detach" {
        return Err(bad_request(
            "BadArgument",
            "The query parameter 'underlyingResourceAction' is required: 'Delete' or 'Detach'.",
        ));
    }
    let Some(found) = read::find(&app, &name) else {
        return match settings.absent_compute {
            Absent::NoContent => Ok(StatusCode::NO_CONTENT.into_response()),
            Absent::NotFound => Err(read::not_found(&workspace, &name)),
        };
    };
    let is_pool = found
        .pointer("/properties/computeType")
        .and_then(Value::as_str)
        == Some("SynapseSpark");
    if is_pool && action == "delete" && settings.delete_underlying == Refusing::Refuse {
        return Err(bad_request(
            "BadArgument",
            format!("The attached compute '{name}' can only be detached."),
        ));
    }
    refuse_while_running(&app, &settings, &name)?;
    refuse_live_jobs(&app, &settings, &name)?;
    app.store().update(COMPUTES, &name, |compute| {
        if let Some(properties) = compute.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("provisioningState".to_owned(), "Deleting".into());
        }
    });
    Ok(accepted(
        &app,
        &sent,
        &name,
        StatusCode::ACCEPTED,
        &json!({"kind": "delete"}),
        None,
    ))
}

fn refuse_live_jobs(app: &App, settings: &Settings, name: &str) -> Result<(), Refusal> {
    if settings.detach_with_live_jobs == Refusing::Accept {
        return Ok(());
    }
    let live = app.jobs.live_on(name, app.clock.now());
    if !live {
        return Ok(());
    }
    Err(Refusal::plain(
        StatusCode::CONFLICT,
        "Conflict",
        format!("Jobs run on the compute '{name}'."),
    ))
}
