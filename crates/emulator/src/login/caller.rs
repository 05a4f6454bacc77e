//! Who sends a request, as every API finds out.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use crate::addresses::Audience;
use crate::clock::azure_time;
use crate::error::Refusal;
use crate::state::App;

/// The bearer of a valid token. An extension of every request that needed one, so a handler may name it
/// as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Object id of the service principal.
    pub(crate) object_id: String,
    /// Application id.
    pub(crate) app_id: String,
    /// What the token is for.
    pub(crate) audience: Audience,
}

/// What is wrong with the token of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// There is none.
    Missing,
    /// It is none of ours.
    Invalid,
    /// Its time is over.
    Expired(String),
    /// It is for something else.
    Audience(String),
}

/// Checks a token for one of the audiences.
pub(crate) fn verify(app: &App, token: &str, wanted: Audience) -> Result<Caller, Rejected> {
    let claims = app.signer.read(token).ok_or(Rejected::Invalid)?;
    let now = app.clock.now();
    if claims.exp <= now.as_second() {
        return Err(Rejected::Expired(azure_time(now)));
    }
    match app.addresses.audience(&claims.aud) {
        Some(audience) if audience == wanted => Ok(Caller {
            object_id: claims.oid,
            app_id: claims.appid,
            audience,
        }),
        _ => Err(Rejected::Audience(claims.aud)),
    }
}

/// Checks the header `Authorization: Bearer …`.
pub(crate) fn caller_of(
    app: &App,
    headers: &HeaderMap,
    wanted: Audience,
) -> Result<Caller, Rejected> {
    let header = headers.get(AUTHORIZATION).ok_or(Rejected::Missing)?;
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or(Rejected::Invalid)?
        .1;
    verify(app, token.trim(), wanted)
}

impl Rejected {
    /// As the resource manager says it; Synapse's data plane is answered alike.
    pub(crate) fn refusal(self, app: &App, wanted: Audience) -> Refusal {
        let (code, message) = match self {
            Self::Missing => (
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.".to_owned(),
            ),
            Self::Invalid => (
                "InvalidAuthenticationToken",
                "The access token is invalid.".to_owned(),
            ),
            Self::Expired(now) => (
                "ExpiredAuthenticationToken",
                format!(
                    "The access token expiry UTC time is earlier than current UTC time '{now}'."
                ),
            ),
            Self::Audience(audience) => (
                "InvalidAuthenticationTokenAudience",
                format!(
                    "The access token has been obtained for wrong audience or resource '{audience}'. \
                     It should exactly match with one of the allowed audiences '{}'.",
                    app.addresses.written(wanted)
                ),
            ),
        };
        let challenge = format!(
            "Bearer authorization_uri=\"{}/{}\", error=\"invalid_token\", error_description=\"{message}\"",
            app.addresses.base, app.world.tenant
        );
        Refusal::plain(StatusCode::UNAUTHORIZED, code, message).header(WWW_AUTHENTICATE, &challenge)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Refusal::plain(
                StatusCode::UNAUTHORIZED,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        })
    }
}
