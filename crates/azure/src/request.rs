//! A call as a value: what to ask and how to read the answer, without I/O.

use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::cloud::Cloud;
use crate::error::{Class, Error};
use crate::redact::SasUrl;
use crate::response::{Refusal, Response};

#[cfg(test)]
mod tests;

/// One operation: a request and the parser of its answer.
pub struct Call<T> {
    /// What is sent.
    pub request: Request,
    /// Reads a 2xx answer, or one of [`Request::expected`].
    pub parse: fn(&Response) -> Result<T, Refusal>,
}

impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self {
            request: self.request.clone(),
            parse: self.parse,
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

/// What the request does to Azure. Decides the throttling bucket (contract §0.4: POST counts as a
/// write) and what a lost answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Changes nothing; may be tried again at once.
    Read,
    /// Creates or changes.
    Write,
    /// Takes away.
    Delete,
}

/// Whose token the request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// None: the address is signed, or anybody may ask.
    None,
    /// Azure Resource Manager; run history takes the same (contract §0.1).
    ResourceManager,
    /// Synapse's data plane.
    Synapse,
    /// Studio's index.
    StudioIndex,
}

/// Whether `x-azureml-token` is sent: a second token, for Azure ML itself (contract §0.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserToken {
    /// Only the Authorization header.
    Omitted,
    /// The token that a job with `UserIdentity` needs.
    Sent,
}

/// Where the request goes.
#[derive(Clone, Debug)]
pub enum Address {
    /// A path under the cloud's Resource Manager.
    ResourceManager(Vec<String>),
    /// A path under the data plane of the named Synapse workspace.
    Synapse {
        /// The Synapse workspace's name.
        workspace: String,
        /// The path's segments.
        path: Vec<String>,
    },
    /// A path under Studio's index, if the cloud has one.
    StudioIndex(Vec<String>),
    /// A path under an address that Azure returned, such as a region's API.
    Under(Url, Vec<String>),
    /// An address that Azure returned, followed as it is.
    Returned(Url),
    /// A signed address, with path segments put between its path and its signature.
    Signed(SasUrl, Vec<String>),
}

/// An HTTP request that has not been addressed, authorised or sent yet.
#[derive(Clone)]
pub struct Request {
    /// The operation's name in logs, metrics and errors, for example `job.put`.
    pub op: &'static str,
    /// What it does to Azure.
    pub effect: Effect,
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub address: Address,
    /// Query parameters added to the address, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// Whose token it carries.
    pub audience: Audience,
    /// Whether it carries a second one.
    pub user_token: UserToken,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, if any.
    pub body: Option<Bytes>,
    /// Statuses outside 2xx that the parser reads itself.
    pub expected: &'static [u16],
}

impl fmt::Debug for Request {
    /// Without body, header values and signatures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address: &dyn fmt::Debug = match &self.address {
            Address::Returned(url) => &crate::redact::without_query(url),
            other => other,
        };
        f.debug_struct("Request")
            .field("op", &self.op)
            .field("method", &self.method)
            .field("address", address)
            .field("body", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request for JSON from Resource Manager; narrow it with the methods below.
    pub(crate) fn arm(
        op: &'static str,
        method: Method,
        path: Vec<String>,
        api_version: &'static str,
    ) -> Self {
        let mut request = Self::to(op, method, Address::ResourceManager(path));
        request.audience = Audience::ResourceManager;
        request.query.push(("api-version", api_version.to_owned()));
        request
            .headers
            .push(("accept", "application/json".to_owned()));
        request
    }

    pub(crate) fn to(op: &'static str, method: Method, address: Address) -> Self {
        let effect = match method {
            Method::GET | Method::HEAD => Effect::Read,
            Method::DELETE => Effect::Delete,
            _ => Effect::Write,
        };
        Self {
            op,
            effect,
            method,
            address,
            query: Vec::new(),
            audience: Audience::None,
            user_token: UserToken::Omitted,
            headers: Vec::new(),
            body: None,
            expected: &[],
        }
    }

    /// An address that Azure returned, asked with the token for Resource Manager.
    pub(crate) fn follow(op: &'static str, url: Url) -> Self {
        let mut request = Self::to(op, Method::GET, Address::Returned(url));
        request.audience = Audience::ResourceManager;
        request
            .headers
            .push(("accept", "application/json".to_owned()));
        request
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn expecting(mut self, statuses: &'static [u16]) -> Self {
        self.expected = statuses;
        self
    }

    pub(crate) fn json<B: Serialize>(mut self, body: &B) -> Self {
        // Our bodies are structs and string maps, which serde_json always writes; the tests that
        // compare them with the SDK's would see an empty one.
        self.body = Some(serde_json::to_vec(body).unwrap_or_default().into());
        self.headers
            .push(("content-type", "application/json".to_owned()));
        self
    }

    pub(crate) fn parsed_by<T>(self, parse: fn(&Response) -> Result<T, Refusal>) -> Call<T> {
        Call {
            request: self,
            parse,
        }
    }

    pub(crate) fn parsed<T: DeserializeOwned>(self) -> Call<T> {
        self.parsed_by(Response::json::<T>)
    }

    /// The full address within a cloud, whose hosts it must belong to.
    pub fn url(&self, cloud: &Cloud) -> Result<Url, Error> {
        let mut url = match &self.address {
            Address::ResourceManager(path) => self.below(cloud.resource_manager.clone(), path)?,
            Address::Synapse { workspace, path } => {
                // The name becomes a label of the host: anything else in it would change the host.
                if !workspace
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                {
                    return Err(self.unaddressable(workspace));
                }
                let base = format!("https://{workspace}.{}", cloud.synapse_suffix);
                let base = Url::parse(&base).map_err(|_| self.unaddressable(workspace))?;
                self.below(base, path)?
            }
            Address::StudioIndex(path) => {
                let Some(base) = cloud.studio_index.clone() else {
                    let message = format!("cloud {} has no studioIndex", cloud.name);
                    return Err(Error::local(
                        Class::Terminal,
                        self.op,
                        "NoStudioIndex",
                        message,
                    ));
                };
                self.below(base, path)?
            }
            Address::Under(base, path) => self.below(base.clone(), path)?,
            Address::Returned(url) => url.clone(),
            Address::Signed(sas, path) => {
                let base = sas
                    .expose()
                    .map_err(|_| self.unaddressable("signed address"))?;
                self.below(base, path)?
            }
        };
        let added: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY_VALUE)))
            .collect();
        if !added.is_empty() {
            // Ours first, as the SDK has it with `comp=metadata` before the signature.
            let query = match url.query().filter(|query| !query.is_empty()) {
                Some(rest) => format!("{}&{rest}", added.join("&")),
                None => added.join("&"),
            };
            url.set_query(Some(&query));
        }
        let allowed = match self.audience {
            Audience::None => cloud.allows(&url),
            Audience::ResourceManager | Audience::Synapse => cloud.allows_token(&url),
            Audience::StudioIndex => cloud.allows_index(&url),
        };
        if allowed {
            Ok(url)
        } else {
            let host = url.host_str().unwrap_or_default();
            let message = format!(
                "{}://{host} does not belong to cloud {}",
                url.scheme(),
                cloud.name
            );
            Err(Error::local(
                Class::Terminal,
                self.op,
                "HostNotAllowed",
                message,
            ))
        }
    }

    fn below(&self, mut base: Url, path: &[String]) -> Result<Url, Error> {
        if path.is_empty() {
            return Ok(base);
        }
        let mut full = base.path().trim_end_matches('/').to_owned();
        for segment in path {
            if !is_segment(segment) {
                return Err(self.unaddressable(segment));
            }
            full.push('/');
            full.extend(utf8_percent_encode(segment, PATH_SEGMENT));
        }
        base.set_path(&full);
        Ok(base)
    }

    fn unaddressable(&self, name: &str) -> Error {
        let message = format!("{name:?} cannot be part of an address");
        Error::local(Class::Terminal, self.op, "InvalidName", message)
    }
}

/// RFC 3986's unreserved characters, and `(`, `)` which resource groups may hold.
const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')');

const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'/');

/// Whether a name may be one segment of a path. `.` and `..` would be resolved away and address
/// another resource, encoded or not (WHATWG URL §4.4).
pub(crate) fn is_segment(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | '\\' | '?' | '#' | '%'))
}

/// The path's segments, as they were given.
pub(crate) fn path<'a>(head: &[&'a str], tail: &[&'a str]) -> Vec<String> {
    head.iter()
        .chain(tail)
        .map(|segment| (*segment).to_owned())
        .collect()
}
