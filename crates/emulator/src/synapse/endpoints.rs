//! `/managedVirtualNetworks/default/managedPrivateEndpoints` (contract §8.2; answers as in Microsoft's
//! published examples: no ids, and an empty next link on the last page).
//!
//! Somebody has to approve a new endpoint at the account that it leads to, which a test does by
//! `PUT /_emulator/resources{endpoint's ARM id}` with `{"properties": {"connectionState": {"status":
//! "Approved"}}}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Workspace;
use super::access::demand;
use crate::error::{Answer, Refusal, bad_request};
use crate::inventory::{self, text};
use crate::login::Caller;
use crate::paging::Cut;
use crate::request::{AsSent, Body};
use crate::state::App;

/// The route of the list.
pub(super) const LIST: &str = "/managedVirtualNetworks/{network}/managedPrivateEndpoints";
/// The right to make and delete endpoints.
const WRITE: &str = "managedPrivateEndpoint/write";

/// `GET …/managedPrivateEndpoints`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path(network): Path<String>,
    AsSent(sent): AsSent,
) -> Answer {
    demand(&app, &workspace, &caller, "read")?;
    let all: Vec<Value> = inventory::below(&app, &folder(&workspace, &network))
        .into_iter()
        .map(shown)
        .collect();
    let base = format!(
        "https://{}.dev.azuresynapse.localhost:{}",
        workspace.name, app.addresses.port
    );
    let cut = Cut {
        base: &base,
        path_and_query: &sent,
        size: app.settings().endpoint_page_size,
        empty_first: false,
    };
    let page = cut.page(all, |endpoint| text(endpoint, "/name"))?;
    let next = page.next_link.unwrap_or_default();
    Ok(Json(json!({"value": page.items, "nextLink": next})).into_response())
}

/// `GET …/managedPrivateEndpoints/{name}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path((network, name)): Path<(String, String)>,
) -> Answer {
    demand(&app, &workspace, &caller, "read")?;
    let id = format!("{}/{name}", folder(&workspace, &network));
    let found = inventory::find(&app, &id).ok_or_else(|| absent(&name))?;
    Ok(Json(shown(found)).into_response())
}

/// `PUT …/managedPrivateEndpoints/{name}`: an endpoint that waits for its approval.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path((network, name)): Path<(String, String)>,
    Body(body): Body,
) -> Answer {
    demand(&app, &workspace, &caller, WRITE)?;
    let kept = inventory::find(&app, &workspace.id).unwrap_or_default();
    if text(&kept, "/properties/managedVirtualNetwork").is_empty() {
        return Err(bad_request(
            "ManagedVirtualNetworkNotFound",
            format!(
                "The workspace '{}' has no managed virtual network.",
                workspace.name
            ),
        ));
    }
    let target = text(&body, "/properties/privateLinkResourceId");
    let group = text(&body, "/properties/groupId");
    if target.is_empty() || group.is_empty() {
        return Err(bad_request(
            "BadRequest",
            "The fields 'privateLinkResourceId' and 'groupId' are required.",
        ));
    }
    let id = format!("{}/{name}", folder(&workspace, &network));
    let wanted = json!({"properties": {"privateLinkResourceId": target, "groupId": group}});
    let Some(mut made) = inventory::find(&app, &id).or_else(|| inventory::made(&app, &id)) else {
        return Err(absent(&name));
    };
    inventory::merge(&mut made, &wanted);
    inventory::put(&app, &id, made.clone());
    Ok(Json(shown(made)).into_response())
}

/// `DELETE …/managedPrivateEndpoints/{name}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path((network, name)): Path<(String, String)>,
) -> Answer {
    demand(&app, &workspace, &caller, WRITE)?;
    inventory::remove(&app, &format!("{}/{name}", folder(&workspace, &network)));
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn folder(workspace: &Workspace, network: &str) -> String {
    format!(
        "{}/managedVirtualNetworks/{network}/managedPrivateEndpoints",
        workspace.id
    )
}

/// The published examples have no `id`.
fn shown(mut endpoint: Value) -> Value {
    if let Some(fields) = endpoint.as_object_mut() {
        fields.remove("id");
    }
    endpoint
}

fn absent(name: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "ManagedPrivateEndpointNotFound",
        format!("The managed private endpoint '{name}' is not found."),
    )
}
