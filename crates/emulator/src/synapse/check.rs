//! `POST /checkAccessSynapseRbac`: may this principal do these things here?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Workspace;
use super::access::{demand, has_action};
use super::refusal::unauthorized;
use super::scope::Scope;
use crate::error::{Answer, bad_request, no_such_route};
use crate::login::Caller;
use crate::request::Body;
use crate::settings::CheckAccess;
use crate::state::App;

/// Answers for every action that is asked about.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Body(body): Body,
) -> Answer {
    match app.settings().check_access {
        CheckAccess::Answers => demand(&app, &workspace, &caller, "read")?,
        CheckAccess::Forbidden => return Err(unauthorized(&workspace, &caller, "read")),
        CheckAccess::NotFound => return Err(no_such_route()),
    }
    let principal = body.pointer("/subject/principalId").and_then(Value::as_str);
    let scope = body.pointer("/scope").and_then(Value::as_str);
    let (Some(principal), Some(scope_text)) = (principal, scope) else {
        return Err(bad_request(
            "BadRequest",
            "The fields 'subject' and 'scope' are required.",
        ));
    };
    let scope = Scope::read(&app, &workspace, scope_text).ok_or_else(|| {
        bad_request(
            "InvalidScope",
            format!("The scope '{scope_text}' is invalid."),
        )
    })?;
    let decisions: Vec<Value> = body
        .pointer("/actions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|action| action.get("id").and_then(Value::as_str))
        .map(|action| {
            let allowed = has_action(&app, &workspace, principal, action, &scope);
            json!({
                "accessDecision": if allowed { "Allowed" } else { "NotAllowed" },
                "actionId": action,
                "roleAssignment": null,
            })
        })
        .collect();
    Ok(Json(json!({"AccessDecisions": decisions})).into_response())
}
