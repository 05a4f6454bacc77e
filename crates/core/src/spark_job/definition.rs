//! A complete run but for its labels: nothing is left to be chosen, and nothing to be looked up but what only Azure can
//! tell.

use std::collections::BTreeMap;

use azureml_spark_api::spark_job::{Driver, DynamicAllocation, Executor};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::code::CodeChoice;
use super::compute::ComputeChoice;
use super::environment::EnvironmentChoice;
use super::identity::IdentityChoice;
use super::inputs::{InputChoice, OutputChoice};
use crate::name::hex;

/// A complete run. What may change while it is there is in [`super::Labels`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Filed under.
    pub experiment_name: String,
    /// The code; a folder counts by its digest.
    pub code: CodeChoice,
    /// Where it starts.
    pub entry: EntryChoice,
    /// Python files, zips and eggs of driver and executors.
    pub py_files: Vec<String>,
    /// Jars of driver and executors.
    pub jars: Vec<String>,
    /// Files in the working folder of driver and executors.
    pub files: Vec<String>,
    /// Archives that are unpacked there.
    pub archives: Vec<String>,
    /// Arguments.
    pub args: Option<String>,
    /// What it reads.
    pub inputs: BTreeMap<String, InputChoice>,
    /// What it writes.
    pub outputs: BTreeMap<String, OutputChoice>,
    /// Spark configuration without the sizes.
    pub conf: BTreeMap<String, String>,
    /// Size of the driver.
    pub driver: Driver,
    /// Size of the executors, with their number.
    pub executor: Executor,
    /// How many executors Spark may choose.
    pub dynamic_allocation: Option<DynamicAllocation>,
    /// The packages that it asks for.
    pub environment: Option<EnvironmentChoice>,
    /// What it runs on.
    pub compute: ComputeChoice,
    /// As whom it runs; on a named compute, `Managed` without a name is made out once the compute is seen.
    pub identity: IdentityChoice,
    /// The hash of the first attempt's definition, of which this is a repetition.
    #[serde(skip)]
    pub repeats: Option<String>,
}

/// Where a run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum EntryChoice {
    /// A Python file of the code.
    File(String),
    /// A class in one of the jars.
    Class(String),
}

impl Definition {
    /// Whether it names the latest version of something: another one tomorrow, under the same hash.
    pub(super) fn moves(&self) -> bool {
        let code = match &self.code {
            CodeChoice::Asset(asset) => asset.moves(),
            CodeChoice::Folder(_) | CodeChoice::Uri(_) => false,
        };
        let environment = match &self.environment {
            Some(EnvironmentChoice::Asset(asset)) => asset.moves(),
            Some(EnvironmentChoice::Conda { .. }) | None => false,
        };
        let input = |input: &InputChoice| match input {
            InputChoice::DataAsset(_, asset) => asset.moves(),
            InputChoice::Path(..) | InputChoice::Literal(_) => false,
        };
        code || environment || self.inputs.values().any(input)
    }

    /// SHA-256 of everything that makes this run what it is. All attempts have that of the first.
    pub fn hash(&self) -> String {
        if let Some(first) = &self.repeats {
            return first.clone();
        }
        // Maps are ordered and fields have their places, so that equal definitions are equal text. Plain data does
        // not fail to become JSON.
        hex(&Sha256::digest(
            serde_json::to_vec(self).unwrap_or_default(),
        ))
    }
}
