//! How a service says no that has stopped, or is about to stop, to know linked services. Which of these
//! Azure would choose is not known; the words are the resource manager's where it has any.

use axum::http::StatusCode;

use crate::error::{Refusal, bad_request};
use crate::request::AsSent;
use crate::settings::{LinkCreation, LinkedServicesServed};
use crate::state::App;

/// The versions that clients were seen with (contract §6).
const VERSIONS: [&str; 3] = ["2020-04-01-preview", "2020-06-01", "2020-09-01-preview"];

/// Refuses a request while nothing of the kind is served, or of a version that never had it.
pub(super) fn check(app: &App, sent: &AsSent) -> Result<(), Refusal> {
    let version = sent.query("api-version").unwrap_or_default();
    let refused = match app.settings().linked_services_served {
        LinkedServicesServed::Served => {
            let is_known = VERSIONS
                .iter()
                .any(|one| one.eq_ignore_ascii_case(&version));
            if is_known {
                return Ok(());
            }
            no_provider(app, &version, &VERSIONS.join(", "))
        }
        LinkedServicesServed::NoRegisteredProvider => no_provider(app, &version, CURRENT),
        LinkedServicesServed::InvalidResourceType => no_type(&version),
        LinkedServicesServed::InvalidApiVersion => bad_request(
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{version}' is invalid. The supported versions are '{CURRENT}'."
            ),
        ),
        LinkedServicesServed::NotFound => bare_not_found(),
    };
    Err(refused)
}

/// Refuses to make a link, if the settings say so.
pub(super) fn check_creation(app: &App, sent: &AsSent) -> Result<(), Refusal> {
    const SENTENCE: &str = "Linked services can no longer be created.";
    let version = sent.query("api-version").unwrap_or_default();
    let refused = match app.settings().link_creation {
        LinkCreation::Accept => return Ok(()),
        LinkCreation::NoRegisteredProvider => no_provider(app, &version, CURRENT),
        LinkCreation::InvalidResourceType => no_type(&version),
        LinkCreation::BadRequest => bad_request("OperationNotSupported", SENTENCE),
        LinkCreation::Forbidden => Refusal::plain(StatusCode::FORBIDDEN, "Forbidden", SENTENCE),
        LinkCreation::NotAllowed => Refusal::plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "The resource does not support the requested method.",
        ),
        LinkCreation::Conflict => Refusal::plain(StatusCode::CONFLICT, "Conflict", SENTENCE),
        LinkCreation::Gone => Refusal::plain(StatusCode::GONE, "Gone", SENTENCE),
        LinkCreation::NotFound => bare_not_found(),
    };
    Err(refused)
}

/// Versions of the provider that never had linked services.
const CURRENT: &str = "2025-09-01, 2025-12-01";

fn no_provider(app: &App, version: &str, supported: &str) -> Refusal {
    bad_request(
        "NoRegisteredProviderFound",
        format!(
            "No registered resource provider found for location '{}' and API version '{version}' for type \
             'workspaces/linkedServices'. The supported api-versions are '{supported}'.",
            app.world.location
        ),
    )
}

fn no_type(version: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "InvalidResourceType",
        format!(
            "The resource type 'workspaces/linkedServices' could not be found in the namespace \
             'Microsoft.MachineLearningServices' for api version '{version}'. The supported api-versions \
             are '{CURRENT}'."
        ),
    )
}

fn bare_not_found() -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "NotFound",
        "The requested resource was not found.",
    )
}
