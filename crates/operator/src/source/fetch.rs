//! Fetches an artifact, and believes it only by its digest.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use sha2::{Digest, Sha256};

use super::object::Announced;
use super::refusal::{Failure, Refusal};

/// Most bytes of an archive: as many as may come out of it.
pub(super) const LIMIT: usize = 64 * 1024 * 1024;

/// From the first packet to the last byte: 64 MiB in it are 2 MiB/s, and a cluster's network has fifty times that.
const WITHIN: Duration = Duration::from_secs(30);

/// A Service in the same cluster answers within milliseconds, or a `NetworkPolicy` drops what we send.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Goes straight to the host that it is told: no proxy of the environment, which is for Azure, and no redirect.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_WITHIN)
        .timeout(WITHIN)
        .pool_max_idle_per_host(1)
        .user_agent(concat!(
            "azureml-spark-operator/",
            env!("CARGO_PKG_VERSION")
        ))
        .build()
}

/// The archive, verified. One request, and it is not repeated here.
pub(super) async fn fetch(http: &Client, announced: &Announced) -> Result<Vec<u8>, Failure> {
    let answer = http.get(announced.url.clone()).send().await;
    let answer = answer.map_err(|error| interrupted(error, announced))?;
    if let Some(failure) = refused(answer.status(), announced) {
        return Err(failure);
    }
    let (archive, digest) = read(answer, announced).await?;
    if digest == announced.sha256 {
        return Ok(archive);
    }
    tracing::warn!(url = %announced.url, announced = announced.sha256, "an artifact has another digest");
    // What is there is nobody's business who could not fetch it himself.
    tracing::debug!(url = %announced.url, found = digest, "its digest");
    Err(Failure::Artifact(Refusal::Lasting(format!(
        "its artifact does not have the digest sha256:{}, which the source tells: look after what {} serves, and have \
         the source reconciled (flux reconcile source)",
        announced.sha256,
        announced.host()
    ))))
}

async fn read(mut answer: Response, announced: &Announced) -> Result<(Vec<u8>, String), Failure> {
    if answer
        .content_length()
        .is_some_and(|size| size > LIMIT as u64)
    {
        return Err(too_large().into());
    }
    // Never moved to a larger place, which would be there twice for a moment; what is not used of it costs nothing.
    let size = answer.content_length();
    let size = size.and_then(|size| usize::try_from(size).ok());
    let mut archive = Vec::with_capacity(size.unwrap_or(LIMIT));
    let mut digest = Sha256::new();
    loop {
        let chunk = answer.chunk().await;
        let Some(chunk) = chunk.map_err(|error| interrupted(error, announced))? else {
            break;
        };
        if archive.len().saturating_add(chunk.len()) > LIMIT {
            return Err(too_large().into());
        }
        digest.update(&chunk);
        archive.extend_from_slice(&chunk);
    }
    Ok((archive, format!("{:x}", digest.finalize())))
}

fn refused(status: StatusCode, announced: &Announced) -> Option<Failure> {
    let host = announced.host();
    let refusal = match status {
        StatusCode::OK => return None,
        // Only what no address can bring about: a file server answers with 500 to a name that is too long for a file.
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            return Some(Failure::Host(not_now(host, status)));
        }
        status if status.is_server_error() => not_now(host, status),
        // Old artifacts are removed soon after a new one is there.
        StatusCode::NOT_FOUND | StatusCode::GONE => Refusal::Passing(format!(
            "its artifact is not on {host} any more: the source may have a new one"
        )),
        status if status.is_redirection() => Refusal::Lasting(format!(
            "{host} sends on to another address ({status}), which is not followed: have the source reconciled \
             (flux reconcile source), and look after what {host} is"
        )),
        status => Refusal::Lasting(format!(
            "{host} refuses its artifact ({status}): let this operator read it there"
        )),
    };
    Some(Failure::Artifact(refusal))
}

fn not_now(host: &str, status: StatusCode) -> Refusal {
    Refusal::Passing(format!("{host} does not serve its artifact now ({status})"))
}

/// Whoever writes a status may name what takes long or breaks off, but not keep us from reaching the host.
fn interrupted(error: reqwest::Error, announced: &Announced) -> Failure {
    let host = announced.host();
    let is_hosts = error.is_connect();
    let why = if is_hosts {
        format!(
            "{host} cannot be reached from this operator: source-controller must run, and a NetworkPolicy of its \
             namespace must let this operator in"
        )
    } else if error.is_timeout() {
        format!(
            "{host} does not serve its artifact within {} s",
            WITHIN.as_secs()
        )
    } else {
        format!("the download of its artifact from {host} broke off")
    };
    let error: &dyn std::error::Error = &error.without_url();
    tracing::warn!(url = %announced.url, error, "an artifact cannot be fetched");
    let refusal = Refusal::Passing(why);
    if is_hosts {
        Failure::Host(refusal)
    } else {
        Failure::Artifact(refusal)
    }
}

pub(super) fn too_large() -> Refusal {
    Refusal::Lasting(format!(
        "its archive has more than {} MiB: leave out what the job does not need by spec.ignore of the source, or use \
         spec.code.uri or spec.code.asset",
        LIMIT >> 20
    ))
}

#[cfg(test)]
mod tests;
