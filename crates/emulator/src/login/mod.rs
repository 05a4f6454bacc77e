//! Microsoft Entra, as far as a program needs it: discovery, tokens for a client secret, and the check
//! of those tokens by every API.

mod caller;
mod discovery;
mod grant;
mod refusal;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::state::App;

pub(crate) use caller::{Caller, caller_of, verify};
pub(crate) use token::Signer;

/// Everything below `/{tenant}/` and `/common/`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/common/discovery/instance", get(discovery::instance))
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(discovery::openid_v2),
        )
        .route(
            "/{tenant}/.well-known/openid-configuration",
            get(discovery::openid_v1),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/oauth2/v2.0/token", post(grant::v2))
        .route("/{tenant}/oauth2/token", post(grant::v1))
}
