//! A job's code brought to Azure, once however often it is asked for.

use futures::StreamExt;

use crate::aml::code::{self, Source};
use crate::blob;
use crate::client::Client;
use crate::error::Error;
use crate::resource_id::{ArmId, WorkspaceId};

/// The folder inside the upload's container; a registered address must be a folder (contract §4.1).
const FOLDER: &str = "src";

/// Blobs in flight. Code is a handful of small files.
const AT_ONCE: usize = 4;

/// The id of the code version with this content: found, or uploaded and registered. Costs one read
/// if it is known, else one read, two writes, and a PUT for every file and one for metadata.
/// Registering it twice at the same moment is one version; whoever is second takes the first's.
/// Whoever has many jobs with the same code asks once and shares the result (contract §13).
/// After any failure, start over: every attempt gets a container of its own.
pub async fn upload(
    client: &Client,
    workspace: &WorkspaceId,
    source: &Source,
) -> Result<ArmId, Error> {
    let hash = source.hash();
    let known = client.send(code::find(workspace, &hash)).await?;
    if let Some(version) = known.items.into_iter().next() {
        return Ok(version.id);
    }
    let place = client
        .send(code::start_pending_upload(workspace, &hash))
        .await?;
    // Named before they are sent: a closure over borrowed files would not be general enough for callers that spawn.
    let calls: Vec<_> = source
        .files()
        .iter()
        .map(|file| blob::put(&place.sas, FOLDER, &file.path, file.content.clone()))
        .collect();
    let mut uploads = futures::stream::iter(calls.into_iter().map(|call| client.send(call)))
        .buffer_unordered(AT_ONCE);
    while let Some(uploaded) = uploads.next().await {
        uploaded?;
    }
    drop(uploads);
    if let Some(first) = source.files().first() {
        let name = hash.asset_name().to_string();
        client
            .send(blob::mark_uploaded(&place.sas, FOLDER, &first.path, &name))
            .await?;
    }
    let folder = format!("{}/{FOLDER}", place.container.trim_end_matches('/'));
    match client
        .send(code::put_version(workspace, &hash, &folder))
        .await
    {
        Ok(version) => Ok(version.id),
        // The name is made from the content, so what stands there is this code.
        Err(error) if error.is_code_version_exists() => {
            Ok(client.send(code::get_version(workspace, &hash)).await?.id)
        }
        Err(error) => Err(error),
    }
}
