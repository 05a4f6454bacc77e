//! What attaching a pool will come to, decided when it is asked for.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::pool;
use crate::error::{Refusal, bad_request};
use crate::inventory::{same_region, text};
use crate::settings::{OtherRegionPool, Refusing, Settings, UnknownPool};
use crate::state::App;

/// A compute with this tag fails to attach; its value is `Code: message`. So one attachment can fail beside
/// others that do not.
const FAILS: &str = "emulator-attach-fails";

/// What a PUT will make of the compute.
pub(super) struct Planned {
    pub(super) facts: Value,
    pub(super) attached: bool,
    /// Why the operation will fail, if it will.
    pub(super) error: Option<Value>,
}

pub(super) fn plan_pool(
    app: &App,
    settings: &Settings,
    name: &str,
    body: &Value,
    before: Option<&Value>,
) -> Result<Planned, Refusal> {
    pool::check_name(app, name)?;
    let Some(id) = body
        .pointer("/properties/resourceId")
        .and_then(Value::as_str)
    else {
        return Err(bad_request(
            "BadArgument",
            "The property 'resourceId' is required.",
        ));
    };
    let old = before.and_then(|it| it.pointer("/properties/resourceId")?.as_str());
    if old.is_some_and(|old| !old.eq_ignore_ascii_case(id))
        && settings.changed_resource_id == Refusing::Refuse
    {
        return Err(bad_request(
            "BadArgument",
            format!("The resource id of the compute '{name}' cannot be changed."),
        ));
    }
    let refused = |error: Value| {
        Err(Refusal::with_body(
            StatusCode::BAD_REQUEST,
            json!({"error": error}),
        ))
    };
    let Some(found) = pool::find(app, id) else {
        return match settings.unknown_pool {
            // Empty and not null: Microsoft's client looks into it whatever the state.
            UnknownPool::OperationFails => Ok(Planned {
                facts: json!({}),
                attached: true,
                error: Some(pool::missing(id)),
            }),
            UnknownPool::Refuse => refused(pool::missing(id)),
        };
    };
    let is_far = !same_region(text(&found, "/location"), &app.world.location);
    let far = is_far.then(|| pool::too_far(app, &found));
    let error = match (settings.other_region_pool, far) {
        (OtherRegionPool::Refuse, Some(far)) => return refused(far),
        (OtherRegionPool::OperationFails, Some(far)) => Some(far),
        _ => wanted_error(settings, body),
    };
    Ok(Planned {
        facts: pool::facts(app, &found),
        attached: true,
        error,
    })
}

/// The error that a test asked for, by tag or by setting.
fn wanted_error(settings: &Settings, body: &Value) -> Option<Value> {
    let tag = body
        .pointer(&format!("/tags/{FAILS}"))
        .and_then(Value::as_str);
    if let Some(text) = tag {
        let (code, message) = text.split_once(':').unwrap_or((text, ""));
        return Some(json!({"code": code.trim(), "message": message.trim()}));
    }
    let error = settings.attach_fails.as_ref()?;
    serde_json::to_value(error).ok()
}
