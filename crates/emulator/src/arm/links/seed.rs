//! Links that are just there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::{LINKS, resource};
use crate::Link;
use crate::arm::identity::Wish;
use crate::error::{Answer, Refusal, bad_request};
use crate::state::App;

/// The links of the world.
pub(crate) fn seed(app: &App) {
    for link in &app.world.links {
        // A system-assigned identity is never refused.
        if let Err(refusal) = keep(app, link) {
            tracing::warn!(
                ?refusal,
                name = link.name,
                "a link of the world is left out"
            );
        }
    }
}

/// `POST /_emulator/seed-links`: one link or a list.
pub(super) async fn control(State(app): State<Arc<App>>, Json(links): Json<Value>) -> Answer {
    let links: Vec<Link> = match links {
        list @ Value::Array(_) => serde_json::from_value(list),
        one => serde_json::from_value(one).map(|link| vec![link]),
    }
    .map_err(|error| bad_request("InvalidLink", error.to_string()))?;
    let kept: Result<Vec<Value>, Refusal> = links.iter().map(|link| keep(&app, link)).collect();
    Ok(Json(kept?).into_response())
}

fn keep(app: &App, link: &Link) -> Result<Value, Refusal> {
    let wish = Wish::read(app, &json!({"type": "SystemAssigned"}))?;
    let own = app.world.synapse_arm_id(&app.world.synapse_workspace);
    let synapse = link.linked_service_resource_id.as_ref().unwrap_or(&own);
    let made = resource::made(app, &link.name, synapse, &wish.grant(app, None), None);
    app.store().found(LINKS, &link.name, made.clone());
    Ok(made)
}
