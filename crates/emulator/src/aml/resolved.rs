//! Where the outputs of runs lie: `POST /data/v1.0…/dataversion/batchGetResolvedUris`, which the SDK
//! asks when it downloads a named output.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::jobs::outputs;
use super::{WORKSPACE, assets};
use crate::addresses::Audience;
use crate::error::Answer;
use crate::login::caller_of;
use crate::request::Body;
use crate::spark::{Places, default_output};
use crate::state::App;

pub(super) fn routes() -> Router<Arc<App>> {
    let path = format!("/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris");
    Router::new().route(&path, post(resolve))
}

async fn resolve(State(app): State<Arc<App>>, headers: HeaderMap, Body(body): Body) -> Answer {
    let wanted = Audience::ResourceManager;
    caller_of(&app, &headers, wanted).map_err(|rejected| rejected.refusal(&app, wanted))?;
    let ids = body
        .get("values")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let values: Map<String, Value> = ids
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|id| {
            Some((
                id.to_owned(),
                json!({"uri": uri(&app, id)?, "type": "uri_folder"}),
            ))
        })
        .collect();
    Ok(Json(json!({"values": values})).into_response())
}

/// The URI behind an asset id that run history gave: a registered version's, or that of a run's output.
fn uri(app: &App, asset: &str) -> Option<String> {
    if let Some(known) = assets::location(app, asset) {
        return Some(Places::new(app).in_datastore(&known).unwrap_or(known));
    }
    let (_, name) = asset.split_once("/data/azureml_")?;
    let (run, output) = name
        .strip_suffix("/versions/1")?
        .split_once("_output_data_")?;
    let job = app.jobs.get(run)?;
    let outputs = outputs(app, &job);
    outputs
        .get(output)
        .filter(|known| known.get("assetId").and_then(Value::as_str) == Some(asset))?;
    let sent = job
        .sent
        .get("outputs")?
        .get(output)?
        .get("uri")
        .and_then(Value::as_str);
    let uri = sent.map_or_else(|| default_output(run, output), str::to_owned);
    Some(Places::new(app).in_datastore(&uri).unwrap_or(uri))
}
