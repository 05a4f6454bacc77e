//! Azure role assignments, at any scope (contract §8.1).

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::azure_time;
use crate::error::{Answer, Refusal, bad_request};
use crate::request::{AsSent, Body};
use crate::settings::NamedPrincipal;
use crate::state::App;
use crate::synapse;

/// Kind of the role assignments in the store; named by their id.
const ASSIGNMENTS: &str = "roleAssignments";

/// Answers every request to `{scope}/providers/Microsoft.Authorization/roleAssignments[/{name}]`.
pub(crate) async fn answer(app: &App, scope: &str, name: Option<&str>, request: Request) -> Answer {
    let Some(name) = name else {
        return match *request.method() {
            Method::GET => Ok(list(app, scope, &request)),
            _ => Err(method_not_allowed()),
        };
    };
    let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
    match *request.method() {
        Method::PUT => {
            let Body(body) = Body::from_request(request, &()).await?;
            put(app, scope, name, &id, &body)
        }
        Method::GET => {
            let found = app.group().get(ASSIGNMENTS, &id).cloned();
            let found = found.ok_or_else(|| {
                Refusal::plain(
                    StatusCode::NOT_FOUND,
                    "RoleAssignmentNotFound",
                    format!("The role assignment '{name}' is not found."),
                )
            })?;
            Ok(Json(found).into_response())
        }
        Method::DELETE => Ok(match app.group().remove(ASSIGNMENTS, &id) {
            Some(removed) => Json(removed).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        }),
        _ => Err(method_not_allowed()),
    }
}

fn put(app: &App, scope: &str, name: &str, id: &str, body: &Value) -> Answer {
    if Uuid::parse_str(name).is_err() {
        return Err(bad_request(
            "InvalidRoleAssignmentId",
            format!(
                "The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
            ),
        ));
    }
    let field = |name: &str| {
        body.get("properties")
            .and_then(|properties| properties.get(name))
            .and_then(Value::as_str)
    };
    let (Some(role), Some(principal)) = (field("roleDefinitionId"), field("principalId")) else {
        return Err(bad_request(
            "InvalidCreateRoleAssignmentRequest",
            "The role assignment request is invalid: role definition id and principal id are required.",
        ));
    };
    let role_name = role.rsplit('/').next().unwrap_or_default();
    // Synapse's own roles are not roles of Azure (azure-sdk-for-java#46159).
    if Uuid::parse_str(role_name).is_err() || synapse::is_role(role_name) {
        return Err(bad_request(
            "RoleDefinitionDoesNotExist",
            format!(
                "The specified role definition with ID '{}' does not exist.",
                role_name.replace('-', "")
            ),
        ));
    }
    check_principal(app, principal, field("principalType"))?;
    let is_same = |kept: &Value| {
        let its = |name: &str| {
            kept.pointer(&format!("/properties/{name}"))
                .and_then(Value::as_str)
        };
        its("principalId").is_some_and(|it| it.eq_ignore_ascii_case(principal))
            && its("scope").is_some_and(|it| it.eq_ignore_ascii_case(scope))
            && its("roleDefinitionId")
                .and_then(|it| it.rsplit('/').next())
                .is_some_and(|it| it.eq_ignore_ascii_case(role_name))
    };
    let mut store = app.group();
    if let Some(kept) = store.get(ASSIGNMENTS, id) {
        if is_same(kept) {
            return Ok(Json(kept.clone()).into_response());
        }
        return Err(bad_request(
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        ));
    }
    if store.list(ASSIGNMENTS).any(|(_, kept)| is_same(kept)) {
        return Err(Refusal::plain(
            StatusCode::CONFLICT,
            "RoleAssignmentExists",
            "The role assignment already exists.",
        ));
    }
    let now = azure_time(app.clock.now());
    let made = json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": role,
            "principalId": principal,
            "principalType": field("principalType").unwrap_or("ServicePrincipal"),
            "scope": scope,
            "condition": null,
            "conditionVersion": null,
            "createdOn": now,
            "updatedOn": now,
            "createdBy": null,
            "updatedBy": null,
            "delegatedManagedIdentityResourceId": null,
            "description": field("description"),
        },
    });
    store.put(ASSIGNMENTS, id, made.clone());
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// A new identity is not found at first; whether it is looked up when its type is said is a setting.
fn check_principal(app: &App, principal: &str, kind: Option<&str>) -> Result<(), Refusal> {
    if Uuid::parse_str(principal).is_err() {
        return Err(bad_request(
            "InvalidPrincipalId",
            "A principal id must be a GUID.",
        ));
    }
    let is_believed = kind.is_some() && app.settings().named_principal == NamedPrincipal::Believed;
    if is_believed || !app.is_principal_too_fresh(principal) {
        return Ok(());
    }
    Err(bad_request(
        "PrincipalNotFound",
        format!(
            "Principal {} does not exist in the directory {}. Check that you have the correct principal \
             ID. If you are creating this principal and then immediately assigning a role, this error \
             might be related to a replication delay. In this case, set the role assignment \
             principalType property to a value, such as ServicePrincipal, User, or Group. See \
             https://aka.ms/docs-principaltype",
            principal.replace('-', ""),
            app.world.tenant
        ),
    ))
}

/// At the scope, above it and below it; `atScope()` leaves out what is below.
fn list(app: &App, scope: &str, request: &Request) -> axum::response::Response {
    let filter = request
        .extensions()
        .get::<AsSent>()
        .and_then(|sent| sent.query("$filter"))
        .unwrap_or_default();
    let principal = filter
        .split_once("principalId eq '")
        .or_else(|| filter.split_once("assignedTo('"))
        .and_then(|(_, rest)| rest.split('\'').next())
        .map(str::to_ascii_lowercase);
    let here = scope.to_ascii_lowercase();
    let with_below = !filter.contains("atScope()");
    let value: Vec<Value> = app
        .group()
        .list(ASSIGNMENTS)
        .map(|(_, kept)| kept)
        .filter(|kept| {
            let its = |name: &str| {
                kept.pointer(&format!("/properties/{name}"))
                    .and_then(Value::as_str)
                    .map(str::to_ascii_lowercase)
                    .unwrap_or_default()
            };
            let at = its("scope");
            let in_reach = is_within(&here, &at) || (with_below && is_within(&at, &here));
            in_reach
                && principal
                    .as_ref()
                    .is_none_or(|wanted| *wanted == its("principalId"))
        })
        .cloned()
        .collect();
    Json(json!({"value": value})).into_response()
}

fn is_within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn method_not_allowed() -> Refusal {
    Refusal::plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "The resource does not support the requested method.",
    )
}
