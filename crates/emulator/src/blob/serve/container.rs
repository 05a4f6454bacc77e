//! Operations on a container.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::blob::attributes::Stamp;
use crate::blob::error::BlobError;
use crate::blob::listing::{MOST, Wanted};
use crate::blob::name::Container;
use crate::blob::store::http_date;
use crate::blob::target::Target;
use crate::blob::xml;
use crate::state::App;

/// Create Container: 201, or 409 when it is there.
pub(super) fn create(app: &App, target: &Target) -> Result<Response, BlobError> {
    let container = target.container()?;
    if !app.blobs.create_container(container)? {
        let text = "The specified container already exists.";
        return Err(BlobError::new(
            StatusCode::CONFLICT,
            "ContainerAlreadyExists",
            text,
        ));
    }
    described(app, container, StatusCode::CREATED)
}

/// Get Container Properties.
pub(super) fn properties(app: &App, target: &Target) -> Result<Response, BlobError> {
    described(app, target.container()?, StatusCode::OK)
}

fn described(app: &App, container: &Container, status: StatusCode) -> Result<Response, BlobError> {
    let folder = std::fs::metadata(container.folder(app.blobs.data_dir()))
        .map_err(|_| BlobError::container_not_found())?;
    let stamp = Stamp::of(&folder);
    let modified = i128::try_from(stamp.modified).unwrap_or_default();
    let modified = jiff::Timestamp::from_nanosecond(modified).unwrap_or_default();
    let headers = [
        ("etag", stamp.etag()),
        ("last-modified", http_date(modified)),
        ("x-ms-lease-status", "unlocked".to_owned()),
        ("x-ms-lease-state", "available".to_owned()),
        ("x-ms-has-immutability-policy", "false".to_owned()),
        ("x-ms-has-legal-hold", "false".to_owned()),
    ];
    Ok((status, headers).into_response())
}

/// Delete Container.
pub(super) async fn delete(app: &App, target: &Target) -> Result<Response, BlobError> {
    app.blobs.delete_container(target.container()?).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// List Blobs.
pub(super) async fn list(app: &App, target: &Target) -> Result<Response, BlobError> {
    let most = match target.parameter("maxresults") {
        "" => MOST,
        text => text
            .parse()
            .ok()
            .filter(|most| *most > 0)
            .map(|most: usize| most.min(MOST))
            .ok_or_else(|| BlobError::invalid_query("maxresults"))?,
    };
    let given = |name: &str| {
        target
            .query
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    };
    let wanted = Wanted {
        prefix: target.parameter("prefix").to_owned(),
        delimiter: given("delimiter"),
        marker: given("marker"),
        most,
        metadata: target
            .parameter("include")
            .split(',')
            .any(|part| part == "metadata"),
    };
    let container = target.container()?;
    let page = app.blobs.list(container, &wanted).await?;
    let body = xml::blobs(
        &app.addresses.blob(&target.account),
        container,
        &wanted,
        &page,
    );
    Ok(([("content-type", "application/xml")], body).into_response())
}
