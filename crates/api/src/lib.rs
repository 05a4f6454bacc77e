//! The custom resources, their conditions and the words that are fixed: the public contract.
//!
//! Validation lives beside the field it guards, as structural schema and CEL, so that `kubectl apply` of a wrong
//! manifest is refused with a message that names the field and the mend. Nothing is defaulted into a spec.

#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "KubeSchema repeats each type inside a function of its own"
)]
#![allow(
    clippy::struct_field_names,
    reason = "the fields are named as in Azure's answers"
)]

pub mod attachment;
pub mod azure_id;
pub mod condition;
mod definition;
pub mod linked_service;
pub mod logs;
pub mod meta;
pub mod policy;
mod reason;
pub mod reference;
pub mod role;
pub mod spark_job;
#[cfg(any(test, feature = "verdict"))]
pub mod verdict;
pub mod workspace;

pub use attachment::{
    SynapseSparkAttachment, SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus,
};
pub use definition::crds;
pub use linked_service::{LinkedService, LinkedServiceSpec, LinkedServiceStatus};
pub use reason::Reason;
pub use reference::LocalRef;
pub use spark_job::{SparkJob, SparkJobSpec, SparkJobStatus};
pub use workspace::{AzureMLWorkspace, AzureMLWorkspaceSpec, AzureMLWorkspaceStatus};
