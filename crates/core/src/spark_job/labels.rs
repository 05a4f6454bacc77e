//! The words on a run that can still be changed once it is submitted (contract §3.5): they are no part of its
//! definition.

use std::collections::BTreeMap;

use azureml_spark_api::SparkJobSpec;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::name::hex;

/// What people read of a run in Studio.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// Its title.
    pub display_name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Tags of the user; ours come on top.
    pub tags: BTreeMap<String, String>,
}

impl Labels {
    /// As the spec of the object of this name says them.
    pub fn of(object_name: &str, spec: &SparkJobSpec) -> Self {
        Self {
            display_name: spec
                .display_name
                .clone()
                .unwrap_or_else(|| object_name.to_owned()),
            description: spec.description.clone(),
            tags: spec.tags.clone().unwrap_or_default(),
        }
    }

    /// SHA-256, for telling whether they were sent.
    pub fn hash(&self) -> String {
        // Plain data does not fail to become JSON.
        hex(&Sha256::digest(
            serde_json::to_vec(self).unwrap_or_default(),
        ))
    }
}
