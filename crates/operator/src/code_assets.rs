//! Registered code, uploaded once however many jobs share it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use azureml_spark_azure::WorkspaceId;
use azureml_spark_azure::aml::code::{Source, SourceFile};
use azureml_spark_azure::aml::upload;
use azureml_spark_core::spark_job::Folder;
use azureml_spark_core::{Class, Fault};
use tokio::sync::OnceCell;

use crate::access::Site;
use crate::translate;

/// Most codes that are remembered; after that all are looked for again, which costs one listing each.
const REMEMBERED: usize = 10_000;

/// Ids of registered code by workspace and content. The first job with new code uploads it, others that come
/// meanwhile wait for the same upload: two uploads of the same code at the same moment can refuse each other
/// (contract §13).
#[derive(Debug, Default)]
pub(crate) struct CodeAssets(Mutex<HashMap<Key, Arc<OnceCell<String>>>>);

/// Azure's workspace and the content hash.
type Key = (WorkspaceId, String);

impl CodeAssets {
    /// The id of the code, if this process knows it.
    pub(crate) fn known(&self, workspace: &WorkspaceId, code: &Folder) -> Option<String> {
        let hash = source(code).ok()?.hash();
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells
            .get(&(workspace.clone(), hash.as_str().to_owned()))?
            .get()
            .cloned()
    }

    /// Drops what is known of the code: Azure refused a run that named it, and it may have been deleted there.
    pub(crate) fn forget(&self, workspace: &WorkspaceId, code: &Folder) {
        if let Ok(source) = source(code) {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.remove(&(workspace.clone(), source.hash().as_str().to_owned()));
        }
    }

    /// Registers the code, unless somebody did.
    pub(crate) async fn register(&self, site: &Site, code: &Folder) -> Result<(), Fault> {
        let source = source(code)?;
        let key = (site.id.clone(), source.hash().as_str().to_owned());
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if cells.len() >= REMEMBERED {
                cells.clear();
            }
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_try_init(|| async {
            let id = upload::upload(&site.client, &site.id, &source).await;
            id.map(|id| id.as_str().to_owned())
                .map_err(|error| translate::fault(&error))
        })
        .await
        .map(drop)
    }
}

fn source(code: &Folder) -> Result<Source, Fault> {
    let files = code.files().map(|(path, bytes)| SourceFile {
        path: path.to_owned(),
        content: bytes.to_vec().into(),
    });
    Source::new(files).map_err(|error| Fault {
        class: Class::Terminal,
        code: "InvalidCode".to_owned(),
        op: "lay out the code",
        text: error.to_string(),
        request_id: None,
    })
}
