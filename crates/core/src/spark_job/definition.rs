//! A complete run, ready to be sent: nothing is left to be looked up or chosen.

use std::collections::BTreeMap;

use azureml_spark_api::spark_job::{DataType, Driver, DynamicAllocation, Executor};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::code::Folder;
use crate::name::hex;

/// A complete run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Shown in Studio.
    pub display_name: String,
    /// Filed under.
    pub experiment_name: String,
    /// Shown in Studio.
    pub description: Option<String>,
    /// Tags of the user.
    pub tags: BTreeMap<String, String>,
    /// The code; counts by its digest.
    #[serde(skip)]
    pub code: Folder,
    /// Where it starts.
    pub entry_file: String,
    /// Arguments.
    pub args: Option<String>,
    /// What it reads.
    pub inputs: BTreeMap<String, InputChoice>,
    /// What it writes: type and path.
    pub outputs: BTreeMap<String, (DataType, String)>,
    /// Spark configuration without the sizes.
    pub conf: BTreeMap<String, String>,
    /// Size of the driver.
    pub driver: Driver,
    /// Size of the executors.
    pub executor: Executor,
    /// How many executors Spark may choose.
    pub dynamic_allocation: Option<DynamicAllocation>,
    /// What it runs on.
    pub compute: ComputeChoice,
    /// As whom it runs.
    pub identity: IdentityChoice,
}

/// What a run reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum InputChoice {
    /// A file or folder.
    Path(DataType, String),
    /// A plain value.
    Literal(String),
}

/// What a run runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ComputeChoice {
    /// An attached pool, by the resource id of the compute.
    Attached(String),
    /// Machines that Azure brings up.
    Serverless {
        /// Size of a machine.
        instance_type: String,
        /// Version of Spark.
        runtime_version: String,
    },
}

/// As whom a run runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum IdentityChoice {
    /// A managed identity: of the compute or workspace itself, or the named one.
    Managed {
        /// Client id of a user-assigned identity.
        client_id: Option<String>,
        /// Resource id of a user-assigned identity.
        resource_id: Option<String>,
    },
    /// Whoever submits.
    User,
}

impl Definition {
    /// SHA-256 of everything that makes this run what it is.
    pub fn hash(&self) -> String {
        let mut all = Sha256::new();
        all.update(self.code.digest());
        // Maps are ordered and fields have their places, so that equal definitions are equal text. Plain data does
        // not fail to become JSON.
        all.update(serde_json::to_vec(self).unwrap_or_default());
        hex(&all.finalize())
    }
}
