//! What a request to a blob host is about: account, container, blob, and the query's `comp`.

use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

use super::error::BlobError;
use super::name::{BlobName, Container};
use super::sas::Query;

/// The addressed thing.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) account: String,
    pub(crate) container: Option<Container>,
    /// The blob's name, decoded, not checked yet.
    pub(crate) blob: Option<String>,
    pub(crate) query: Query,
}

impl Target {
    /// Reads it from the URL.
    pub(crate) fn of(account: &str, uri: &Uri) -> Result<Self, BlobError> {
        // Clients may write the slashes of a blob's name as %2F, so decoding comes after the first
        // cut only.
        let path = uri.path().trim_start_matches('/');
        let (container, blob) = path.split_once('/').unwrap_or((path, ""));
        let decode = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| BlobError::invalid_name("text that is not UTF-8"))
        };
        let container = match decode(container)? {
            name if name.is_empty() => None,
            name => Some(Container::new(account, &name)?),
        };
        let query = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| {
                pair.split_once('=')
                    .or((!pair.is_empty()).then_some((pair, "")))
            })
            .map(|(name, value)| Ok((decode(name)?, decode(value)?)))
            .collect::<Result<_, BlobError>>()?;
        let blob = Some(decode(blob)?).filter(|blob| !blob.is_empty());
        Ok(Self {
            account: account.to_owned(),
            container,
            blob,
            query,
        })
    }

    /// A query parameter, empty when it is missing.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The blob, when its name can be one.
    pub(crate) fn blob_name(&self) -> Result<BlobName, BlobError> {
        match (&self.container, &self.blob) {
            (Some(container), Some(blob)) => container.blob(blob),
            _ => Err(BlobError::invalid_name("no blob in the path")),
        }
    }

    /// The container.
    pub(crate) fn container(&self) -> Result<&Container, BlobError> {
        self.container
            .as_ref()
            .ok_or_else(|| BlobError::invalid_name("no container in the path"))
    }
}

/// A header as text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
