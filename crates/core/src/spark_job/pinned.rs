//! From a definition to what is sent: the names of a spec become ids at the first submission, and every attempt runs
//! with these, whatever happens to the names.

use std::collections::BTreeMap;

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::DataType;

use super::asset::AssetName;
use super::code::CodeChoice;
use super::compute::{ComputeChoice, NamedCompute};
use super::definition::Definition;
use super::environment::EnvironmentChoice;
use super::identity::{self, IdentityChoice};
use super::inputs::InputChoice;
use super::{Pinned, Seen, Step};
use crate::machine::Sight;
use crate::place::Blocked;

/// What keeps a complete definition from being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// Something has not been seen yet.
    Unknown,
    /// Something that the spec names is not there, or not as it must be.
    Blocked(Blocked),
    /// Something has to be registered first.
    Needs(Step),
}

/// Puts what Azure told into the names of a definition, or says what is missing: first what only a person can mend,
/// then what nobody has seen, then what is ours to register.
pub(super) fn resolve(definition: &Definition, seen: &Seen) -> Result<Pinned, Unresolved> {
    let compute = on(definition, seen);
    let inputs = inputs(definition, seen);
    let environment = environment(definition, seen);
    let code = code(definition, seen);
    let all = [
        compute.as_ref().err(),
        inputs.as_ref().err(),
        environment.as_ref().err(),
        code.as_ref().err(),
    ];
    let unmet = all.into_iter().flatten().min_by_key(|unmet| match unmet {
        Unresolved::Blocked(_) => 0,
        Unresolved::Unknown => 1,
        Unresolved::Needs(_) => 2,
    });
    if let Some(unmet) = unmet {
        return Err(unmet.clone());
    }
    let (compute_id, identity_id) = compute?;
    Ok(Pinned {
        definition_hash: definition.hash(),
        code_id: code?,
        environment_id: environment?,
        inputs: inputs?,
        compute_id,
        identity_id,
    })
}

/// The compute and the identity that stands for `Managed` there, by their ids.
fn on(
    definition: &Definition,
    seen: &Seen,
) -> Result<(Option<String>, Option<String>), Unresolved> {
    let identity = &definition.identity;
    let name = match &definition.compute {
        ComputeChoice::Serverless { .. } => return Ok((None, id_of(identity))),
        ComputeChoice::Attached(id) => return Ok((Some(id.clone()), id_of(identity))),
        ComputeChoice::Named(name) => name,
    };
    match &seen.compute {
        Sight::Unknown => Err(Unresolved::Unknown),
        Sight::Absent => Err(blocked(
            Reason::ComputeNotFound,
            format!(
                "spec.compute.name: the workspace has no compute '{name}': attach a Spark pool under this name, or create a SynapseSparkAttachment and name it by spec.compute.attachmentRef"
            ),
        )),
        Sight::Present(compute) => {
            is_spark(name, compute)?;
            let identity = identity::on_named(identity, compute).map_err(Unresolved::Blocked)?;
            Ok((Some(compute.id.clone()), id_of(&identity)))
        }
    }
}

fn id_of(identity: &IdentityChoice) -> Option<String> {
    match identity {
        IdentityChoice::User => None,
        IdentityChoice::Managed { resource_id, .. } => resource_id.clone(),
    }
}

/// Contract §2.1: Spark runs on this kind of compute alone.
fn is_spark(name: &str, compute: &NamedCompute) -> Result<(), Unresolved> {
    if compute.kind.eq_ignore_ascii_case("SynapseSpark") {
        return Ok(());
    }
    Err(blocked(
        Reason::ComputeNotFound,
        format!(
            "spec.compute.name: '{name}' is a compute of type {}, and a Spark job needs an attached Spark pool (SynapseSpark): name one, or use spec.compute.serverless",
            compute.kind
        ),
    ))
}

fn inputs(
    definition: &Definition,
    seen: &Seen,
) -> Result<BTreeMap<String, (DataType, String)>, Unresolved> {
    let mut found = BTreeMap::new();
    let mut unknown = false;
    for (name, input) in &definition.inputs {
        let address = match input {
            InputChoice::Literal(_) => continue,
            InputChoice::Path(type_, address) => (*type_, address.clone()),
            InputChoice::DataAsset(type_, asset) => match seen.inputs.get(name) {
                Some(Sight::Present(id)) => (*type_, id.clone()),
                Some(Sight::Absent) => {
                    return Err(not_found(&format!("spec.inputs.{name}.path"), asset));
                }
                Some(Sight::Unknown) | None => {
                    unknown = true;
                    continue;
                }
            },
        };
        found.insert(name.clone(), address);
    }
    if unknown {
        return Err(Unresolved::Unknown);
    }
    Ok(found)
}

fn environment(definition: &Definition, seen: &Seen) -> Result<Option<String>, Unresolved> {
    let Some(environment) = &definition.environment else {
        return Ok(None);
    };
    match (&seen.environment, environment) {
        (Sight::Present(id), _) => Ok(Some(id.clone())),
        (Sight::Unknown, _) => Err(Unresolved::Unknown),
        (Sight::Absent, EnvironmentChoice::Asset(asset)) => {
            Err(not_found("spec.environment.asset", asset))
        }
        (Sight::Absent, EnvironmentChoice::Conda { .. }) => {
            Err(Unresolved::Needs(Step::RegisterEnvironment))
        }
    }
}

fn code(definition: &Definition, seen: &Seen) -> Result<String, Unresolved> {
    match (&seen.code, &definition.code) {
        (Sight::Present(id), _) => Ok(id.clone()),
        (Sight::Unknown, _) => Err(Unresolved::Unknown),
        (Sight::Absent, CodeChoice::Asset(asset)) => Err(not_found("spec.code.asset", asset)),
        (Sight::Absent, CodeChoice::Folder(_) | CodeChoice::Uri(_)) => {
            Err(Unresolved::Needs(Step::UploadCode))
        }
    }
}

fn not_found(field: &str, asset: &AssetName) -> Unresolved {
    blocked(
        Reason::AssetNotFound,
        format!(
            "{field}: the workspace has no '{asset}': register it, or correct the name and version"
        ),
    )
}

fn blocked(reason: Reason, message: String) -> Unresolved {
    Unresolved::Blocked(Blocked::new(reason, message))
}
