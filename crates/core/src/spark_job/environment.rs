//! The packages that a run asks for besides those of its Spark.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::Environment;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::asset::AssetName;
use super::code::ConfigMaps;
use crate::name::hex;
use crate::place::Blocked;

/// Most bytes of a conda text, wherever it comes from.
const CONDA_LIMIT: usize = 64 << 10;

/// Content never changes under a name that is made of it: there is one version.
const VERSION: &str = "1";

/// The packages that a run asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum EnvironmentChoice {
    /// Registered already.
    Asset(AssetName),
    /// A conda text, registered once under a name that is made of it.
    Conda {
        /// Name of the environment in the workspace.
        name: String,
        /// Its version.
        version: String,
        /// The text.
        #[serde(skip)]
        text: String,
    },
}

/// The environment, or what is missing of it.
pub(super) fn choose(
    environment: &Environment,
    config_maps: &ConfigMaps,
) -> Result<EnvironmentChoice, Blocked> {
    if let Some(asset) = &environment.asset {
        return Ok(EnvironmentChoice::Asset(
            AssetName::parse(asset).unwrap_or_else(|| AssetName::Id(asset.clone())),
        ));
    }
    let Some(reference) = &environment.conda_config_map_key_ref else {
        return Ok(conda(environment.conda.as_deref().unwrap_or_default()));
    };
    let (field, name, key) = (
        "spec.environment.condaConfigMapKeyRef",
        &reference.name,
        &reference.key,
    );
    let Some(Some(data)) = config_maps.get(name) else {
        return Err(Blocked::new(
            Reason::ConfigMapNotFound,
            format!("{field}: no ConfigMap '{name}' in this namespace: create it"),
        ));
    };
    let Some(bytes) = data.get(key) else {
        return Err(Blocked::new(
            Reason::KeyNotFound,
            format!("{field}: ConfigMap '{name}' has no key '{key}': add it, or correct the key"),
        ));
    };
    let wrong = match std::str::from_utf8(bytes) {
        Ok(text) => match why_not(text) {
            None => return Ok(conda(text)),
            Some(wrong) => wrong,
        },
        Err(_) => "is no text".to_owned(),
    };
    Err(Blocked::new(
        Reason::InvalidSpec,
        format!("{field}: key '{key}' of ConfigMap '{name}' {wrong}"),
    ))
}

fn conda(text: &str) -> EnvironmentChoice {
    let hash = hex(&Sha256::digest(text.as_bytes()));
    let short: String = hash.chars().take(32).collect();
    EnvironmentChoice::Conda {
        name: format!("spark-conda-{short}"),
        version: VERSION.to_owned(),
        text: text.to_owned(),
    }
}

/// What keeps a text from being the description of a conda environment. Only its shape is looked at: which packages
/// there are is conda's to say.
pub(super) fn why_not(text: &str) -> Option<String> {
    if text.len() > CONDA_LIMIT {
        return Some(format!(
            "has {} bytes, more than 64 KiB: register an environment, and name it by spec.environment.asset",
            text.len()
        ));
    }
    match serde_norway::from_str::<serde_norway::Value>(text) {
        Ok(serde_norway::Value::Mapping(_)) => None,
        Ok(_) => Some(
            "is no conda environment: it must be a mapping with 'dependencies', as in conda.yaml"
                .to_owned(),
        ),
        Err(error) => {
            let (line, column) = error
                .location()
                .map_or((0, 0), |at| (at.line(), at.column()));
            Some(format!(
                "is no YAML, at line {line}, column {column}: correct it"
            ))
        }
    }
}
