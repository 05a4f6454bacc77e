//! The token endpoint: client credentials with a secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine as _;
use serde_json::json;

use super::refusal::{refuse, unknown_tenant};
use crate::error::Answer;
use crate::state::App;

/// `POST /{tenant}/oauth2/v2.0/token`, with `scope`.
pub(super) async fn v2(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    grant(&app, &tenant, &headers, &body, "scope")
}

/// `POST /{tenant}/oauth2/token`, the older one, with `resource`.
pub(super) async fn v1(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    grant(&app, &tenant, &headers, &body, "resource")
}

fn grant(app: &App, tenant: &str, headers: &HeaderMap, body: &str, target: &str) -> Answer {
    if !tenant.eq_ignore_ascii_case(&app.world.tenant) {
        return Err(unknown_tenant(app, tenant));
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let bad = |number, sentence: &str| {
        refuse(
            app,
            StatusCode::BAD_REQUEST,
            "invalid_request",
            number,
            sentence,
        )
    };
    match field("grant_type") {
        "client_credentials" => {}
        "" => {
            return Err(bad(
                900_144,
                "The request body must contain the following parameter: 'grant_type'.",
            ));
        }
        other => {
            let sentence = format!("The app requested an unsupported grant type '{other}'.");
            return Err(refuse(
                app,
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                70003,
                &sentence,
            ));
        }
    }
    let basic = basic_credentials(headers);
    let (client, secret) = basic
        .as_ref()
        .map_or((field("client_id"), field("client_secret")), |(c, s)| {
            (c.as_str(), s.as_str())
        });
    if client.is_empty() {
        return Err(bad(
            900_144,
            "The request body must contain the following parameter: 'client_id'.",
        ));
    }
    if app.world.access(client).is_none() {
        let sentence = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'. This can \
             happen if the application has not been installed by the administrator of the tenant or \
             consented to by any user in the tenant."
        );
        return Err(refuse(
            app,
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            700_016,
            &sentence,
        ));
    }
    check_secret(app, client, secret)?;
    let wanted = field(target).split(' ').next().unwrap_or_default();
    let Some(audience) = app
        .addresses
        .audience(wanted.strip_suffix("/.default").unwrap_or(wanted))
    else {
        let sentence = format!(
            "The resource principal named {wanted} was not found in the tenant named {tenant}. This can \
             happen if the application has not been installed by the administrator of the tenant."
        );
        return Err(refuse(
            app,
            StatusCode::BAD_REQUEST,
            "invalid_resource",
            500_011,
            &sentence,
        ));
    };
    let seconds = app.settings().token_seconds;
    let token = app.signer.issue(
        app.addresses.written(audience),
        client,
        &app.world.object_id(client),
        app.clock.now(),
        seconds,
    );
    let body = json!({
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": token,
    });
    Ok(([(CACHE_CONTROL, "no-store, no-cache")], Json(body)).into_response())
}

/// Wrong secrets are 401, as Entra answers them; missing ones too.
fn check_secret(app: &App, client: &str, secret: &str) -> Result<(), crate::error::Refusal> {
    let refused = |number, sentence: &str| {
        Err(refuse(
            app,
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            number,
            sentence,
        ))
    };
    if secret.is_empty() {
        return refused(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or \
             'client_secret'.",
        );
    }
    if secret != app.world.client_secret {
        return refused(
            7_000_215,
            &format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the \
                 client secret value, not the client secret ID, for a secret added to app '{client}'."
            ),
        );
    }
    Ok(())
}

fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(text)
        .ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    let (client, secret) = pair.split_once(':')?;
    let plain = |part: &str| {
        percent_encoding::percent_decode_str(part)
            .decode_utf8_lossy()
            .into_owned()
    };
    Some((plain(client), plain(secret)))
}
