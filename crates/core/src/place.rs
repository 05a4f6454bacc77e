//! Where something is in Azure, and how a reference to another object was found.

use azureml_spark_api::Reason;
use azureml_spark_api::azure_id::SynapseWorkspaceId;

/// An Azure ML workspace as one installation addresses it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Namespace of the `AzureMLWorkspace`.
    pub namespace: String,
    /// Name of the `AzureMLWorkspace`.
    pub name: String,
}

/// What the machines of other kinds need to know of an `AzureMLWorkspace` that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// How to reach it.
    pub place: Place,
    /// Its resource id in Azure.
    pub azure_id: String,
    /// Its region.
    pub location: String,
    /// Resource id of its storage account.
    pub storage_account_id: Option<String>,
    /// Whether it is used as the operator itself, and not by credentials of its own.
    pub operators_identity: bool,
}

/// What an attachment needs to know of a `LinkedService` that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The Synapse workspace that it links.
    pub synapse: SynapseWorkspaceId,
}

/// An object that another one names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference<T> {
    /// There is none of that name.
    Missing,
    /// It is there, and not ready; in words why.
    NotReady(String),
    /// It is ready, and this is what counts of it.
    Ready(T),
}

impl<T> Reference<T> {
    /// What counts of it, if it is ready.
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(found) => Some(found),
            Self::Missing | Self::NotReady(_) => None,
        }
    }
}

impl Reference<Workspace> {
    /// The workspace that a spec names so, or why nothing can be done in it.
    pub(crate) fn usable(&self, name: &str) -> Result<&Workspace, Blocked> {
        match self {
            Self::Ready(workspace) => Ok(workspace),
            Self::Missing => Err(Blocked::new(
                Reason::WorkspaceNotFound,
                format!(
                    "spec.workspaceRef: no AzureMLWorkspace '{name}' in this namespace: create it"
                ),
            )),
            Self::NotReady(why) => Err(Blocked::new(
                Reason::WorkspaceNotReady,
                format!("AzureMLWorkspace '{name}' is not ready: {why}"),
            )),
        }
    }
}

/// Why something cannot go on, though nothing is wrong with the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The word in the condition.
    pub reason: Reason,
    /// What is missing and what mends it.
    pub message: String,
}

impl Blocked {
    /// A reason in a word and in a sentence.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}
