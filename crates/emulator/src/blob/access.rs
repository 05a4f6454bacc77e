//! Who may do what: shared access signature, shared key, or a token for storage.

use http::request::Parts;

use super::error::BlobError;
use super::sas::{self, Need, Refusal};
use super::shared_key;
use super::target::Target;
use crate::addresses::Audience;
use crate::state::App;

/// Refuses a request that does not prove the right to one of the permissions (letters as in `sp`).
pub(crate) fn authorize(
    app: &App,
    parts: &Parts,
    target: &Target,
    permissions: &str,
) -> Result<(), BlobError> {
    if target.query.contains_key("sig") {
        let need = Need {
            account: &target.account,
            container: target.container.as_ref(),
            blob: target.blob.as_deref(),
            permissions,
        };
        return sas::check(app.blobs.key(), &target.query, need, app.clock.now()).map_err(
            |refusal| match refusal {
                Refusal::Signature => BlobError::authentication("Signature did not match."),
                Refusal::Time => {
                    BlobError::authentication("Signature not valid in the time frame.")
                }
                Refusal::Permission => BlobError::permission(),
            },
        );
    }
    let authorization = parts
        .headers
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(BlobError::no_credentials)?;
    if authorization.starts_with("SharedKey ") {
        if shared_key::check(app.blobs.key(), &target.account, parts, authorization) {
            return Ok(());
        }
        return Err(BlobError::authentication(
            "The MAC signature found is not this request's.",
        ));
    }
    crate::login::caller_of(app, &parts.headers, Audience::Storage)
        .map(drop)
        .map_err(|_| BlobError::authentication("The token is not valid for storage."))
}
