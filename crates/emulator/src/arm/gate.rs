//! Who may pass: the checks that the resource manager makes before it looks at a resource.

use axum::extract::Request;
use axum::http::{Method, StatusCode};

use super::path::Path;
use crate::Access;
use crate::addresses::Audience;
use crate::error::{Refusal, bad_request};
use crate::inventory;
use crate::login::{Caller, caller_of};
use crate::request::AsSent;
use crate::settings::MissingParent;
use crate::state::App;

/// In Azure's order: token, subscription, version, right, resource group, workspace.
pub(crate) fn admit(app: &App, path: &Path, request: &Request) -> Result<Caller, Refusal> {
    let wanted = Audience::ResourceManager;
    let caller = caller_of(app, request.headers(), wanted)
        .map_err(|rejected| rejected.refusal(app, wanted))?;
    if let Some(subscription) = path.name_after("subscriptions")
        && !subscription.eq_ignore_ascii_case(&app.world.subscription)
    {
        return Err(Refusal::plain(
            StatusCode::NOT_FOUND,
            "SubscriptionNotFound",
            format!("The subscription '{subscription}' could not be found."),
        ));
    }
    // Regional services take requests without a version; the SDK sends `v1.0`.
    if !path.is_regional() {
        check_version(request)?;
    }
    check_right(app, path, request.method(), &caller)?;
    check_parents(app, path, request.method())?;
    Ok(caller)
}

/// Refuses a request without a version, or with one that is no date.
pub(crate) fn check_version(request: &Request) -> Result<(), Refusal> {
    let sent = request.extensions().get::<AsSent>();
    let Some(version) = sent.and_then(|sent| sent.query("api-version")) else {
        return Err(bad_request(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let date = version
        .strip_suffix("-preview")
        .or(version.strip_suffix("-privatepreview"));
    if date
        .unwrap_or(&version)
        .parse::<jiff::civil::Date>()
        .is_err()
    {
        return Err(bad_request(
            "InvalidApiVersionParameter",
            format!("The api-version '{version}' is invalid."),
        ));
    }
    Ok(())
}

fn check_right(app: &App, path: &Path, method: &Method, caller: &Caller) -> Result<(), Refusal> {
    let is_read = *method == Method::GET || *method == Method::HEAD;
    match app.world.access(&caller.app_id) {
        Some(Access::All) => return Ok(()),
        Some(Access::Read) if is_read => return Ok(()),
        _ => {}
    }
    let verb = match *method {
        Method::GET | Method::HEAD => "read",
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => "action",
    };
    let (namespace, kind) = path.resource_type().unwrap_or_else(|| {
        (
            "Microsoft.Resources".to_owned(),
            "subscriptions/resourceGroups".to_owned(),
        )
    });
    let scope = path.resource();
    Err(Refusal::plain(
        StatusCode::FORBIDDEN,
        "AuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' does not have authorization to perform action \
             '{namespace}/{kind}/{verb}' over scope '{scope}' or the scope is invalid. If access was \
             recently granted, please refresh your credentials.",
            caller.app_id, caller.object_id
        ),
    ))
}

fn check_parents(app: &App, path: &Path, method: &Method) -> Result<(), Refusal> {
    let world = &app.world;
    let Some(group) = path.name_after("resourceGroups") else {
        return Ok(());
    };
    if !group.eq_ignore_ascii_case(&world.resource_group) {
        return Err(Refusal::plain(
            StatusCode::NOT_FOUND,
            "ResourceGroupNotFound",
            format!("Resource group '{group}' could not be found."),
        ));
    }
    let Some(workspace) = path.name_after("workspaces") else {
        return Ok(());
    };
    let Some((namespace, kind)) = path.resource_type() else {
        return Ok(());
    };
    if namespace != "Microsoft.MachineLearningServices" && namespace != "Microsoft.Synapse" {
        return Ok(());
    }
    let id = format!(
        "{}/providers/{namespace}/workspaces/{workspace}",
        world.resource_group_id()
    );
    if inventory::exists(app, &id) {
        return Ok(());
    }
    let is_child_write = kind != "workspaces" && *method != Method::GET;
    if is_child_write && app.settings().missing_parent == MissingParent::ParentResourceNotFound {
        return Err(Refusal::plain(
            StatusCode::NOT_FOUND,
            "ParentResourceNotFound",
            format!(
                "Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource \
                 '/subscriptions/{}/resourceGroups/{group}/providers/{namespace}/workspaces/{workspace}' \
                 could not be found.",
                world.subscription
            ),
        ));
    }
    Err(not_found(
        &format!("{namespace}/workspaces/{workspace}"),
        &group,
    ))
}

/// The resource manager's 404 for a resource of a group.
pub(crate) fn not_found(resource: &str, group: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!(
            "The Resource '{resource}' under resource group '{group}' was not found. For more details \
             please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}
