//! What MSAL asks before it asks for a token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::refusal::unknown_tenant;
use crate::error::Refusal;
use crate::state::App;

/// `GET /common/discovery/instance`: this host is its own cloud.
pub(super) async fn instance(State(app): State<Arc<App>>) -> Json<Value> {
    let host = app.addresses.base.trim_start_matches("https://");
    Json(json!({
        "tenant_discovery_endpoint":
            format!("{}/{}/v2.0/.well-known/openid-configuration", app.addresses.base, app.world.tenant),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
pub(super) async fn openid_v2(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Refusal> {
    configuration(&app, &tenant, "/v2.0")
}

/// `GET /{tenant}/.well-known/openid-configuration`.
pub(super) async fn openid_v1(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Refusal> {
    configuration(&app, &tenant, "")
}

fn configuration(app: &App, tenant: &str, version: &str) -> Result<Json<Value>, Refusal> {
    // The words that stand for "any tenant" lead to the only one.
    let any = ["common", "organizations"].contains(&tenant);
    if !any && !tenant.eq_ignore_ascii_case(&app.world.tenant) {
        return Err(unknown_tenant(app, tenant));
    }
    let base = format!("{}/{}", app.addresses.base, app.world.tenant);
    Ok(Json(json!({
        "token_endpoint": format!("{base}/oauth2{version}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}{}", if version.is_empty() { "/" } else { version }),
        "authorization_endpoint": format!("{base}/oauth2{version}/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2{version}/devicecode"),
        "end_session_endpoint": format!("{base}/oauth2{version}/logout"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
        "tenant_region_scope": Value::Null,
        "cloud_instance_name": app.addresses.base.trim_start_matches("https://"),
    })))
}

/// `GET /{tenant}/discovery/v2.0/keys`: tokens are signed with a secret, so there is no key to show.
pub(super) async fn keys() -> Json<Value> {
    Json(json!({"keys": []}))
}
