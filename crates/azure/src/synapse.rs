//! Synapse's data plane.

pub mod private_endpoint;
pub mod rbac;

use reqwest::Method;

use crate::request::{Address, Audience, Request};

/// A request for JSON from the data plane of a workspace.
fn request(
    op: &'static str,
    method: Method,
    workspace: &str,
    path: &[&str],
    api_version: &'static str,
) -> Request {
    let address = Address::Synapse {
        workspace: workspace.to_owned(),
        path: path.iter().map(|segment| (*segment).to_owned()).collect(),
    };
    let mut request = Request::to(op, method, address)
        .query("api-version", api_version)
        .header("accept", "application/json");
    request.audience = Audience::Synapse;
    request
}
