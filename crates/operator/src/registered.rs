//! Code and environments that are registered in a workspace, once however many jobs share them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azureml_spark_azure::aml::code::{Source, SourceFile};
use azureml_spark_azure::aml::environment::{self, NewEnvironment};
use azureml_spark_azure::aml::upload;
use azureml_spark_azure::{ArmId, AssetId, AssetKind, WorkspaceId};
use azureml_spark_core::spark_job::{CodeChoice, EnvironmentChoice, Folder};
use azureml_spark_core::{Class, Fault};
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::access::Site;
use crate::translate;

/// Most things that are remembered; after that all are looked for again, which costs one read each.
const REMEMBERED: usize = 10_000;

/// Something that is ours to register, under a name that is made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Thing<'a> {
    /// Files that are uploaded.
    Code(&'a Folder),
    /// Code that is in a storage account already.
    CodeAt(&'a str),
    /// Packages.
    Packages {
        name: &'a str,
        version: &'a str,
        conda: &'a str,
    },
}

impl<'a> Thing<'a> {
    /// The code, unless somebody else has registered it.
    pub(crate) fn code(choice: &'a CodeChoice) -> Option<Self> {
        match choice {
            CodeChoice::Folder(folder) => Some(Self::Code(folder)),
            CodeChoice::Uri(address) => Some(Self::CodeAt(address)),
            CodeChoice::Asset(_) => None,
        }
    }

    /// The environment, unless somebody else has registered it.
    pub(crate) fn environment(choice: &'a EnvironmentChoice) -> Option<Self> {
        match choice {
            EnvironmentChoice::Conda {
                name,
                version,
                text,
            } => Some(Self::Packages {
                name,
                version,
                conda: text,
            }),
            EnvironmentChoice::Asset(_) => None,
        }
    }

    fn key(self) -> String {
        match self {
            Self::Code(folder) => format!("code {}", folder.digest()),
            Self::CodeAt(address) => format!("code at {address}"),
            Self::Packages { name, version, .. } => format!("packages {name} {version}"),
        }
    }

    async fn register(self, site: &Site) -> Result<ArmId, Fault> {
        let (client, workspace) = (&site.client, &site.id);
        let registered = match self {
            Self::Code(folder) => upload::upload(client, workspace, &source(folder)?).await,
            Self::CodeAt(address) => upload::register_folder(client, workspace, address).await,
            Self::Packages {
                name,
                version,
                conda,
            } => {
                let id = AssetId::new(workspace, AssetKind::Environment, name, version)
                    .map_err(|error| unusable("name the environment", &error))?;
                environment::register(client, &id, &NewEnvironment::of_a_job(conda)).await
            }
        };
        registered.map_err(|error| translate::fault(&error))
    }
}

/// Ids of what is registered, by workspace and content. The first job with something new registers it, others that
/// come meanwhile wait for that: two uploads of the same code at the same moment can refuse each other (contract §13).
#[derive(Debug, Default)]
pub(crate) struct Registered(Mutex<HashMap<Key, Arc<OnceCell<String>>>>);

/// Azure's workspace and what tells one thing from another.
type Key = (WorkspaceId, String);

impl Registered {
    /// The id, if this process knows it.
    pub(crate) fn known(&self, workspace: &WorkspaceId, thing: Thing<'_>) -> Option<String> {
        let key = (workspace.clone(), thing.key());
        self.lock().get(&key)?.get().cloned()
    }

    /// Drops what is known: Azure refused a run that named it, and it may have been deleted there.
    pub(crate) fn forget(&self, workspace: &WorkspaceId, thing: Thing<'_>) {
        self.lock().remove(&(workspace.clone(), thing.key()));
    }

    /// Registers it, unless somebody did.
    pub(crate) async fn register(&self, site: &Site, thing: Thing<'_>) -> Result<(), Fault> {
        let key = (site.id.clone(), thing.key());
        let cell = {
            let mut cells = self.lock();
            if cells.len() >= REMEMBERED {
                cells.clear();
            }
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_try_init(|| async {
            let id = thing.register(site).await?;
            Ok(id.as_str().to_owned())
        })
        .await
        .map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<OnceCell<String>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn source(code: &Folder) -> Result<Source, Fault> {
    let files = code.shared().map(|(path, bytes)| SourceFile {
        path: path.to_owned(),
        content: Bytes::from_owner(Arc::clone(bytes)),
    });
    Source::new(files).map_err(|error| unusable("lay out the code", &error))
}

fn unusable(op: &'static str, error: &dyn std::error::Error) -> Fault {
    Fault {
        class: Class::Terminal,
        code: "InvalidContent".to_owned(),
        op,
        text: error.to_string(),
        request_id: None,
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_uploaded_is_not_copied_for_it() {
        let content: Arc<[u8]> = Arc::from(b"print('hello')".as_slice());
        let folder = [("main.py".to_owned(), Arc::clone(&content))]
            .into_iter()
            .collect();
        let source = source(&folder).unwrap();
        let [file] = source.files() else {
            panic!("{source:?}");
        };
        assert_eq!(file.content, content[..]);
        assert_eq!(file.content.as_ptr(), content.as_ptr());
    }
}
