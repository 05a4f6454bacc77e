//! Errors of blob storage: XML with the code also in `x-ms-error-code`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};

use super::xml;

/// A refusal, with Azure Storage's own code.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct BlobError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl BlobError {
    /// A refusal with this status, code and text.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400: a name that cannot be.
    pub(crate) fn invalid_name(what: &str) -> Self {
        let message = format!("The specified resource name contains invalid characters: {what}.");
        Self::new(StatusCode::BAD_REQUEST, "InvalidResourceName", message)
    }

    /// 400: a header that is missing or cannot be read.
    pub(crate) fn invalid_header(header: &str) -> Self {
        let message = format!(
            "The value for one of the HTTP headers is not in the correct format: {header}."
        );
        Self::new(StatusCode::BAD_REQUEST, "InvalidHeaderValue", message)
    }

    /// 400: a query parameter that is missing or cannot be read.
    pub(crate) fn invalid_query(parameter: &str) -> Self {
        let message = format!(
            "Value for one of the query parameters specified in the request URI is invalid: \
             {parameter}."
        );
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidQueryParameterValue",
            message,
        )
    }

    /// 401: no credentials at all.
    pub(crate) fn no_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the \
             www-authenticate header.",
        )
    }

    /// 403: credentials that prove nothing.
    pub(crate) fn authentication(detail: &str) -> Self {
        let message = format!(
            "Server failed to authenticate the request. Make sure the value of Authorization \
             header is formed correctly including the signature. {detail}"
        );
        Self::new(StatusCode::FORBIDDEN, "AuthenticationFailed", message)
    }

    /// 403: proven, yet not allowed to do this.
    pub(crate) fn permission() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        )
    }

    /// 404: no such blob.
    pub(crate) fn blob_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "BlobNotFound",
            "The specified blob does not exist.",
        )
    }

    /// 404: no such container.
    pub(crate) fn container_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ContainerNotFound",
            "The specified container does not exist.",
        )
    }

    /// 409: the blob is there and the request wanted it not to be.
    pub(crate) fn blob_exists() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "BlobAlreadyExists",
            "The specified blob already exists.",
        )
    }

    /// 409: the name is a folder of other blobs (or a blob where a folder is needed). Blobs are
    /// plain files, so `a` and `a/b` cannot both be: this is the emulator's own limit.
    pub(crate) fn folder_in_the_way() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "ResourceTypeMismatch",
            "The specified resource type does not match the type of the existing resource.",
        )
    }

    /// 412: the condition in the headers does not hold.
    pub(crate) fn condition() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "ConditionNotMet",
            "The condition specified using HTTP conditional header(s) is not met.",
        )
    }

    /// 416: the range begins behind the blob's end.
    pub(crate) fn range() -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
        )
    }

    /// 501: an operation of Azure Storage that the emulator does not have.
    pub(crate) fn unsupported(operation: &str) -> Self {
        let message = format!("The emulator does not implement this operation: {operation}.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::blob_not_found(),
            std::io::ErrorKind::IsADirectory | std::io::ErrorKind::NotADirectory => {
                Self::folder_in_the_way()
            }
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                format!("The data folder cannot be used: {error}."),
            ),
        }
    }
}

impl IntoResponse for BlobError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(xml::error(self.code, &self.message)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/xml"));
        headers.insert("x-ms-error-code", HeaderValue::from_static(self.code));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        }
        response
    }
}
