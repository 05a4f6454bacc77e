//! What a run reads and writes.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::spark_job::{DataType, FromJob, Input, Output, RegisterAs};
use azureml_spark_api::{Reason, SparkJobSpec};
use serde::Serialize;

use super::asset::AssetName;
use crate::place::Blocked;

/// What a run reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum InputChoice {
    /// Something at an address.
    Path(DataType, String),
    /// A plain value.
    Literal(String),
    /// A registered data asset or model.
    DataAsset(DataType, AssetName),
}

/// What a run writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputChoice {
    /// What it is.
    pub type_: DataType,
    /// Where it is written.
    pub path: String,
    /// The data asset that it becomes.
    pub register_as: Option<AssetChoice>,
}

/// A data asset that an output becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssetChoice {
    /// Its name.
    pub name: String,
    /// Its version; Azure counts on where there is none.
    pub version: Option<String>,
}

/// What Azure tells of an output that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub path: Option<String>,
    /// Name and version of the data asset that it is.
    pub asset: Option<(String, String)>,
}

/// Another job of the namespace whose output is an input of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Produced {
    /// There is none of that name.
    Missing,
    /// It has not ended yet.
    Waiting {
        /// How far it is, in words.
        why: String,
        /// The names of what it will write: a slip of the pen is told before the wait, not after it.
        outputs: BTreeSet<String>,
    },
    /// It waits for the job that asks; the names of those between the two, itself first.
    Circular(Vec<String>),
    /// It did not end well; in words how.
    Failed(String),
    /// It ended well, and this is what it wrote: type and address by the name of the output.
    Done(BTreeMap<String, (DataType, String)>),
}

/// The inputs of the job of this name, or the first that is waited for.
pub(super) fn choose(
    own_name: &str,
    spec: &SparkJobSpec,
    produced: &BTreeMap<String, Produced>,
) -> Result<BTreeMap<String, InputChoice>, Blocked> {
    for (name, input) in spec.inputs.iter().flatten() {
        if input
            .from_job
            .as_ref()
            .is_some_and(|from| from.name == own_name)
        {
            return Err(Blocked::new(
                Reason::JobNotFound,
                format!(
                    "spec.inputs.{name}.fromJob.name: '{own_name}' is this job itself, which would wait for ever: name another"
                ),
            ));
        }
    }
    spec.inputs
        .iter()
        .flatten()
        .map(|(name, input)| Ok((name.clone(), choice(name, input, produced)?)))
        .collect()
}

fn choice(
    name: &str,
    input: &Input,
    produced: &BTreeMap<String, Produced>,
) -> Result<InputChoice, Blocked> {
    if let Some(from) = &input.from_job {
        let (type_, address) = written(name, from, produced.get(&from.name))?;
        return Ok(InputChoice::Path(input.type_.unwrap_or(type_), address));
    }
    Ok(match (&input.path, input.type_) {
        (Some(path), Some(type_)) => match AssetName::parse(path) {
            Some(asset) => InputChoice::DataAsset(type_, asset),
            None => InputChoice::Path(type_, path.clone()),
        },
        _ => InputChoice::Literal(input.value.clone().unwrap_or_default()),
    })
}

fn written(
    input: &str,
    from: &FromJob,
    produced: Option<&Produced>,
) -> Result<(DataType, String), Blocked> {
    let (job, output) = (&from.name, &from.output);
    let field = format!("spec.inputs.{input}.fromJob");
    let no_output = |names: Vec<&str>| {
        Blocked::new(
            Reason::OutputNotFound,
            format!(
                "{field}.output: SparkJob '{job}' has no output '{output}', but {}: correct the name",
                listed(&names)
            ),
        )
    };
    match produced {
        Some(Produced::Done(outputs)) => outputs
            .get(output)
            .cloned()
            .ok_or_else(|| no_output(outputs.keys().map(String::as_str).collect())),
        Some(Produced::Waiting { outputs, .. }) if !outputs.contains(output) => {
            Err(no_output(outputs.iter().map(String::as_str).collect()))
        }
        Some(Produced::Waiting { why, .. }) => Err(Blocked::new(
            Reason::JobNotReady,
            format!("{field}: waits for SparkJob '{job}': {why}"),
        )),
        Some(Produced::Circular(way)) => Err(Blocked::new(
            Reason::JobNotFound,
            format!(
                "{field}.name: this job waits for itself through {}: name another job",
                way.join(", ")
            ),
        )),
        Some(Produced::Failed(why)) => Err(Blocked::new(
            Reason::JobFailed,
            format!(
                "{field}: SparkJob '{job}' did not end well: {why}: mend it and create it again under its name, or name another job"
            ),
        )),
        Some(Produced::Missing) | None => Err(Blocked::new(
            Reason::JobNotFound,
            format!("{field}.name: no SparkJob '{job}' in this namespace: create it"),
        )),
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none at all".to_owned()
    } else {
        names.join(", ")
    }
}

/// The outputs.
pub(super) fn outputs(spec: &SparkJobSpec) -> BTreeMap<String, OutputChoice> {
    spec.outputs
        .iter()
        .flatten()
        .map(|(name, output)| (name.clone(), output_choice(output)))
        .collect()
}

fn output_choice(output: &Output) -> OutputChoice {
    OutputChoice {
        type_: output.type_,
        path: output.path.clone(),
        register_as: output
            .register_as
            .as_ref()
            .map(|RegisterAs { name, version }| AssetChoice {
                name: name.clone(),
                version: version.clone(),
            }),
    }
}
