//! Blob storage by signed address: what code uploads and log tails need.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::Method;

use crate::api_version;
use crate::redact::SasUrl;
use crate::request::{Address, Call, Request};
use crate::response::{Refusal, Response};

#[cfg(test)]
mod tests;

/// `PUT {container}/{folder}/{path}?{sas}`, one block, only if there is none; 201. Contract §4.1.
/// `BlobAlreadyExists` is success: the container is this upload's own, so an earlier try whose
/// answer was lost has written it.
pub fn put(container: &SasUrl, folder: &str, path: &str, content: Bytes) -> Call<()> {
    let digest = STANDARD.encode(Md5::digest(&content));
    let mut request = request("blob.put", Method::PUT, blob(container, folder, path))
        .header("x-ms-blob-type", "BlockBlob")
        .header("if-none-match", "*")
        .header("content-md5", digest)
        .header("content-type", "application/octet-stream")
        .expecting(&[409]);
    request.body = Some(content);
    request.parsed_by(written)
}

/// `PUT {blob}?comp=metadata`: the SDK's mark of a finished upload; 200. Whether the service looks
/// at it is unverified (contract §4.1).
pub fn mark_uploaded(container: &SasUrl, folder: &str, path: &str, asset: &str) -> Call<()> {
    request(
        "blob.putMetadata",
        Method::PUT,
        blob(container, folder, path),
    )
    .query("comp", "metadata")
    .header("x-ms-meta-upload_status", "completed")
    .header("x-ms-meta-name", asset)
    .header("x-ms-meta-version", crate::aml::code::VERSION)
    .parsed_by(Response::ignored)
}

/// `HEAD {blob}`: its size in bytes; 200.
pub fn size(blob: &SasUrl) -> Call<u64> {
    request(
        "blob.size",
        Method::HEAD,
        Address::Signed(blob.clone(), Vec::new()),
    )
    .parsed_by(length)
}

/// `GET {blob}` from a byte to the end; 206, or 200 with everything. Storage knows no range that
/// counts from the end ("Specifying the range header for Blob service operations"), hence [`size`].
pub fn read_from(blob: &SasUrl, start: u64) -> Call<Bytes> {
    let mut request = request(
        "blob.read",
        Method::GET,
        Address::Signed(blob.clone(), Vec::new()),
    );
    if start > 0 {
        request = request.header("x-ms-range", format!("bytes={start}-"));
    }
    request.parsed_by(content)
}

fn request(op: &'static str, method: Method, address: Address) -> Request {
    Request::to(op, method, address)
        .header("accept", "application/xml")
        .header("x-ms-version", api_version::BLOB)
}

fn blob(container: &SasUrl, folder: &str, path: &str) -> Address {
    let segments = [folder]
        .into_iter()
        .chain(path.split('/'))
        .map(str::to_owned)
        .collect();
    Address::Signed(container.clone(), segments)
}

fn written(response: &Response) -> Result<(), Refusal> {
    match response.status {
        409 if response.header("x-ms-error-code") == Some("BlobAlreadyExists") => Ok(()),
        409 => Err(Refusal::Unsuccessful),
        _ => Ok(()),
    }
}

fn length(response: &Response) -> Result<u64, Refusal> {
    response
        .header("content-length")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Refusal::Unreadable("no content-length".to_owned()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a parser, used where others can refuse"
)]
fn content(response: &Response) -> Result<Bytes, Refusal> {
    Ok(response.body.clone())
}
