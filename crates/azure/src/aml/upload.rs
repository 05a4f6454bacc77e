//! A job's code brought to Azure, once however often it is asked for.

use futures::StreamExt;

use crate::aml::code::{self, CodeHash, Source};
use crate::blob;
use crate::client::Client;
use crate::error::{Class, Error};
use crate::resource_id::{ArmId, WorkspaceId};

/// The folder inside the upload's container; a registered address must be a folder (contract §4.1).
const FOLDER: &str = "src";

/// Pages that are looked through for known code. A hash is found on the first; a page may be empty and
/// have a next one (contract §0.5).
const MOST_PAGES: usize = 4;

/// Blobs in flight. Code is a handful of small files.
const AT_ONCE: usize = 4;

/// The id of code with this content, if it is registered: by us, or by the SDK under a name of its own
/// choosing. One read, or one for each page.
pub async fn find(
    client: &Client,
    workspace: &WorkspaceId,
    hash: &CodeHash,
) -> Result<Option<ArmId>, Error> {
    let mut page = client.send(code::find(workspace, hash)).await?;
    for _ in 0..MOST_PAGES {
        let known = page.items.into_iter().find(|version| {
            let noted = version.properties.properties.get("hash_sha256");
            // A service that does not look at the hash would answer with other code.
            noted.is_none_or(|noted| noted.eq_ignore_ascii_case(hash.as_str()))
        });
        if let Some(version) = known {
            return Ok(Some(version.id));
        }
        let Some(next) = page.next else { break };
        page = client.send(code::next_page(next)).await?;
    }
    Ok(None)
}

/// The id of the code version for a folder that somebody else has filled: found, or registered. Costs
/// one read, and one write the first time; the same folder twice is one version.
pub async fn register_folder(
    client: &Client,
    workspace: &WorkspaceId,
    folder: &str,
) -> Result<ArmId, Error> {
    let folder = folder.trim_end_matches('/');
    let id = code::folder_id(workspace, folder).map_err(|error| {
        Error::local(
            Class::Terminal,
            "code.putFolder",
            "InvalidName",
            error.to_string(),
        )
    })?;
    if client.find(code::get(&id)).await?.is_none() {
        match client.send(code::put_folder(&id, folder)).await {
            Ok(_) => {}
            // Somebody was faster, with the same folder: the name is made from it.
            Err(error) if error.is_code_version_exists() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(id.to_arm_id())
}

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
    if let Some(known) = find(client, workspace, &hash).await? {
        return Ok(known);
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
