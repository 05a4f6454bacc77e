//! A job's code brought to Azure, once however often it is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

use crate::aml::code::{self, CodeHash, Source};
use crate::blob;
use crate::client::Client;
use crate::error::Error;
use crate::resource_id::{ArmId, WorkspaceId};

/// The folder inside the upload's container; a registered address must be a folder (contract §4.1).
const FOLDER: &str = "src";

/// Blobs in flight. Code is a handful of small files.
const AT_ONCE: usize = 4;

/// How long an id is believed without asking. Long enough for a wave of jobs that share their code,
/// short enough that a code asset deleted in Azure comes back by itself.
const BELIEVE: Duration = Duration::from_mins(10);

/// Uploads of a process, so that jobs which share code share one upload, however many ask at the
/// same moment (contract §13: two uploads at once disturb each other). Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Uploads(Arc<Mutex<HashMap<(WorkspaceId, CodeHash), Slot>>>);

/// Held while one uploads; the others wait for its result.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, ArmId)>>>;

impl Uploads {
    /// As [`upload`], asking Azure at most once in ten minutes for the same code. A failure is not
    /// remembered.
    pub async fn ensure(
        &self,
        client: &Client,
        workspace: &WorkspaceId,
        source: &Source,
    ) -> Result<ArmId, Error> {
        let slot = self.slot((workspace.clone(), source.hash()));
        let mut known = slot.lock().await;
        if let Some((at, id)) = known.as_ref()
            && at.elapsed() < BELIEVE
        {
            return Ok(id.clone());
        }
        let id = upload(client, workspace, source).await?;
        *known = Some((Instant::now(), id.clone()));
        Ok(id)
    }

    fn slot(&self, key: (WorkspaceId, CodeHash)) -> Slot {
        // A map of slots is whole after any panic.
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody waits for and is too old to be believed is forgotten.
        slots.retain(|_, slot| {
            let Ok(known) = slot.try_lock() else {
                return true;
            };
            known.as_ref().is_some_and(|(at, _)| at.elapsed() < BELIEVE)
                || Arc::strong_count(slot) > 1
        });
        slots.entry(key).or_default().clone()
    }
}

/// The id of the code version with this content: found, or uploaded and registered. Costs one read
/// if it is known, else one read, two writes, and a PUT for every file and one for metadata.
/// Registering it twice at the same moment is one version; whoever is second takes the first's.
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
