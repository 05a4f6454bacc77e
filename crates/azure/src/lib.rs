//! How to say it to Azure: requests, parsing, credentials and classes of failure for Azure
//! Machine Learning, Azure Resource Manager, Synapse and blob storage.
//!
//! The crate knows no Kubernetes. Every operation is a [`Call`]: a request that is built without
//! I/O and a parser of its answer. One sender, [`Client::send`], adds what all calls share:
//! the token, the check that the host belongs to the cloud, the deadline, the turn in the budget of
//! what Azure takes ([`Budget`]), and the class of a failure ([`Class`]).
//!
//! ```no_run
//! use azureml_spark_azure::{Client, Cloud, Credential, Options, Transport, WorkspaceId, aml::job};
//!
//! # async fn state() -> Result<(), Box<dyn std::error::Error>> {
//! let cloud = Cloud::built_in("AzurePublic").ok_or("no such cloud")?;
//! let transport = Transport::new(cloud)?;
//! let credential = Credential::operators_own(&transport)?;
//! let client = Client::new(transport, credential, Options::default());
//! let workspace = WorkspaceId::new("6560575d-fa06-4e7d-95fb-f962e74efd7a", "yogi-res-group", "yogi-aml-ws")?;
//! let job = client.find(job::get(&workspace, "titanic-1")).await?;
//! # let _ = job; Ok(()) }
//! ```

pub mod aml;
pub mod api_version;
pub mod arm;
pub mod blob;
mod budget;
mod classify;
mod client;
mod cloud;
mod clouds;
mod credential;
mod error;
mod error_body;
mod identity;
mod limits;
pub mod operation;
pub mod page;
mod redact;
mod request;
mod resolve;
mod resource_id;
mod response;
mod retry_after;
pub mod synapse;
mod tolerant;
mod transport;

pub use budget::{Budget, Count, Rank, Reading, Scope};
pub use classify::{Answer, classify};
pub use client::{Client, Options, Place, Waiting};
pub use cloud::Cloud;
pub use clouds::{Clouds, CloudsError};
pub use credential::Credential;
pub use error::{Class, Details, Error, WAITING};
pub use error_body::ErrorBody;
pub use limits::{Limits, Rate};
pub use redact::{SasUrl, text as redacted};
pub use request::{Address, Audience, Call, Effect, Request, UserToken};
pub use resource_id::{
    ArmId, AssetId, AssetKind, InvalidId, SparkPoolId, SynapseWorkspaceId, WorkspaceId,
};
pub use response::{Refusal, Response};
pub use transport::Transport;
