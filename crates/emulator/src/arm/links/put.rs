//! PUT: makes a link, or writes one again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;

use super::frozen::{check, check_creation};
use super::{LINKS, Names, resource};
use crate::arm::identity::Wish;
use crate::error::{Answer, Refusal, bad_request};
use crate::inventory::{self, text};
use crate::request::{AsSent, Body};
use crate::settings::{LinkPut, NameRule, OmittedIdentity, Refusing, Settings};
use crate::state::App;

/// `PUT …/linkedServices/{name}`: done when it is answered.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path((_, _, _, name)): Path<Names>,
    sent: AsSent,
    Body(body): Body,
) -> Answer {
    check(&app, &sent)?;
    let settings = app.settings();
    let before = app.store().get(LINKS, &name).cloned();
    if before.is_none() {
        check_creation(&app, &sent)?;
    }
    check_name(&settings, &name)?;
    let synapse = text(&body, "/properties/linkedServiceResourceId");
    check_target(&app, &settings, &name, synapse, before.as_ref())?;
    let kind = text(&body, "/properties/linkType");
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("Synapse") {
        return Err(bad_request(
            "BadArgument",
            format!("The link type '{kind}' is not supported."),
        ));
    }
    let old = before
        .as_ref()
        .and_then(|it| it.get("identity"))
        .filter(|identity| !identity.is_null());
    let identity = match body.get("identity").filter(|wish| !wish.is_null()) {
        Some(wish) => Wish::read(&app, wish)?.grant(&app, old),
        None if settings.omitted_identity == OmittedIdentity::Keeps => {
            old.cloned().unwrap_or_default()
        }
        None => Value::Null,
    };
    let made = resource::made(&app, &name, synapse, &identity, before.as_ref());
    app.store().put(LINKS, &name, made.clone());
    let status = match (settings.link_put, before) {
        (LinkPut::Created, None) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    Ok((status, Json(made)).into_response())
}

/// The rule of the first Python SDK, which is that of workspaces; the service's own is not known.
fn check_name(settings: &Settings, name: &str) -> Result<(), Refusal> {
    let first = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let rest = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if settings.link_name == NameRule::Any || (first && rest && (3..=33).contains(&name.len())) {
        return Ok(());
    }
    Err(bad_request(
        "InvalidLinkedServiceName",
        format!(
            "The linked service name '{name}' is not valid: 3 to 33 letters, digits, hyphens and \
             underscores, with a letter or digit first."
        ),
    ))
}

fn check_target(
    app: &App,
    settings: &Settings,
    name: &str,
    synapse: &str,
    before: Option<&Value>,
) -> Result<(), Refusal> {
    const TARGET: &str = "/properties/linkedServiceResourceId";
    if synapse.is_empty() {
        return Err(bad_request(
            "BadArgument",
            "The property 'linkedServiceResourceId' is required.",
        ));
    }
    if let Some(old) = before.map(|it| text(it, TARGET))
        && !old.eq_ignore_ascii_case(synapse)
        && settings.changed_link == Refusing::Refuse
    {
        return Err(bad_request(
            "BadArgument",
            format!("The linked service '{name}' is a link to '{old}', which cannot be changed."),
        ));
    }
    let exists = inventory::find(app, synapse)
        .is_some_and(|found| text(&found, "/type") == "Microsoft.Synapse/workspaces");
    if !exists && settings.unknown_linked_workspace == Refusing::Refuse {
        return Err(bad_request(
            "BadArgument",
            format!("The Synapse workspace '{synapse}' could not be found."),
        ));
    }
    let is_taken = app.store().list(LINKS).any(|(other, link)| {
        !other.eq_ignore_ascii_case(name) && text(link, TARGET).eq_ignore_ascii_case(synapse)
    });
    if is_taken && settings.second_link == Refusing::Refuse {
        return Err(Refusal::plain(
            StatusCode::CONFLICT,
            "Conflict",
            format!("The Synapse workspace '{synapse}' is linked already."),
        ));
    }
    Ok(())
}
