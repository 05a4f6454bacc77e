//! From the manifest and what it refers to, to a complete wish.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::{Cluster, EffectiveIdentity, IdentityType, Input};

use super::definition::{ComputeChoice, Definition, IdentityChoice, InputChoice};
use super::{Given, Want, code};
use crate::machine::Invalid;
use crate::name;
use crate::place::{Blocked, Reference};

/// Azure's default experiment (contract §3.1).
const DEFAULT_EXPERIMENT: &str = "Default";

pub(super) fn want(given: &Given) -> Result<Want, Invalid> {
    let spec = &given.spec;
    if !given.deleting {
        check_names(given)?;
    }
    let definition = definition(given);
    Ok(Want {
        object_namespace: given.namespace.clone(),
        object_name: given.name.clone(),
        workspace: given.workspace.ready().cloned(),
        azure_name: match &spec.azure_name {
            Some(chosen) => name::explicit_run(chosen, 1),
            None => name::run(&given.name, &given.uid, 1),
        },
        explicit_name: spec.azure_name.is_some(),
        owner: given.uid.clone(),
        held: given.held,
        identity: definition.as_ref().ok().map(|run| effective(&run.identity)),
        definition: definition.map(Box::new),
        deleting: given.deleting,
        cluster: match cluster(given) {
            // Whatever is wrong with the spec, the object can be deleted.
            Err(_) if given.deleting => Cluster::default(),
            found => found?,
        },
    })
}

/// What the schema cannot check: names of inputs and outputs, and what the arguments refer to.
fn check_names(given: &Given) -> Result<(), Invalid> {
    let spec = &given.spec;
    let inputs: Vec<&String> = spec.inputs.iter().flatten().map(|(name, _)| name).collect();
    let outputs: Vec<&String> = spec
        .outputs
        .iter()
        .flatten()
        .map(|(name, _)| name)
        .collect();
    for (field, names) in [("spec.inputs", &inputs), ("spec.outputs", &outputs)] {
        if let Some(bad) = names.iter().find(|name| !is_variable(name)) {
            return Err(invalid(
                field,
                format!(
                    "'{bad}' is no name for it: letters, digits and '_', not beginning with a digit"
                ),
            ));
        }
    }
    for (kind, name) in references(spec.args.as_deref().unwrap_or_default()) {
        let known = match kind {
            "inputs" => inputs.iter().any(|n| n.as_str() == name),
            "outputs" => outputs.iter().any(|n| n.as_str() == name),
            _ => false,
        };
        if !known {
            return Err(invalid(
                "spec.args",
                format!(
                    "refers to '{kind}.{name}', which is not there: add it to spec.{kind} or correct the name"
                ),
            ));
        }
    }
    Ok(())
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What stands in `${{…}}`, split at the first dot.
fn references(args: &str) -> Vec<(&str, &str)> {
    args.split("${{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(inside, _)| inside.trim().split_once('.').unwrap_or((inside.trim(), "")))
        .collect()
}

fn invalid(field: &str, message: String) -> Invalid {
    Invalid {
        field: field.to_owned(),
        reason: Reason::InvalidSpec,
        message,
    }
}

/// The run, or the first thing that it waits for.
fn definition(given: &Given) -> Result<Definition, Blocked> {
    let spec = &given.spec;
    let workspace = match &given.workspace {
        Reference::Ready(workspace) => workspace,
        Reference::Missing => {
            return Err(Blocked::new(
                Reason::WorkspaceNotFound,
                format!(
                    "spec.workspaceRef: no AzureMLWorkspace '{}' in this namespace: create it",
                    spec.workspace_ref.name
                ),
            ));
        }
        Reference::NotReady(why) => {
            return Err(Blocked::new(
                Reason::WorkspaceNotReady,
                format!(
                    "AzureMLWorkspace '{}' is not ready: {why}",
                    spec.workspace_ref.name
                ),
            ));
        }
    };
    let sources = spec.code.config_maps.as_deref().unwrap_or_default();
    let code = code::lay_out(sources, &given.config_maps)?;
    let entry = spec.entry.file.as_deref().unwrap_or_default();
    if !code.holds(entry) {
        let files: Vec<&str> = code.files().map(|(path, _)| path).collect();
        return Err(Blocked::new(
            Reason::EntryNotFound,
            format!(
                "spec.entry.file: '{entry}' is not among the files of spec.code: {}",
                files.join(", ")
            ),
        ));
    }
    let user_identity = spec
        .identity
        .as_ref()
        .is_some_and(|i| i.type_ == IdentityType::UserIdentity);
    if user_identity && workspace.operators_identity {
        return Err(Blocked::new(
            Reason::IdentityNotAllowed,
            "spec.identity: UserIdentity would be the operator's own identity: give the AzureMLWorkspace credentials of its own, or use type Managed",
        ));
    }
    let (compute, default_identity) = compute(given)?;
    Ok(Definition {
        display_name: spec
            .display_name
            .clone()
            .unwrap_or_else(|| given.name.clone()),
        experiment_name: spec
            .experiment_name
            .clone()
            .unwrap_or_else(|| DEFAULT_EXPERIMENT.to_owned()),
        description: spec.description.clone(),
        tags: spec.tags.clone().unwrap_or_default(),
        code,
        entry_file: entry.to_owned(),
        args: spec.args.clone(),
        inputs: spec
            .inputs
            .iter()
            .flatten()
            .map(|(name, input)| (name.clone(), choice(input)))
            .collect(),
        outputs: spec
            .outputs
            .iter()
            .flatten()
            .map(|(name, output)| (name.clone(), (output.type_, output.path.clone())))
            .collect(),
        conf: spec.conf.clone().unwrap_or_default(),
        driver: spec.driver.clone(),
        executor: spec.executor.clone(),
        dynamic_allocation: spec.dynamic_allocation.clone(),
        compute,
        identity: match &spec.identity {
            Some(identity) if identity.type_ == IdentityType::UserIdentity => IdentityChoice::User,
            Some(identity) if identity.client_id.is_some() || identity.resource_id.is_some() => {
                IdentityChoice::Managed {
                    client_id: identity.client_id.clone(),
                    resource_id: identity.resource_id.clone(),
                }
            }
            _ => IdentityChoice::Managed {
                client_id: None,
                resource_id: default_identity,
            },
        },
    })
}

/// What it runs on, and the identity that stands for `Managed` there.
fn compute(given: &Given) -> Result<(ComputeChoice, Option<String>), Blocked> {
    if let Some(serverless) = &given.spec.compute.serverless {
        let choice = ComputeChoice::Serverless {
            instance_type: serverless.instance_type.clone(),
            runtime_version: serverless.runtime_version.clone(),
        };
        return Ok((choice, None));
    }
    let name = given
        .spec
        .compute
        .attachment_ref
        .as_ref()
        .map(|r| r.name.as_str())
        .unwrap_or_default();
    match &given.attachment {
        Some(Reference::Ready(pool)) => Ok((
            ComputeChoice::Attached(pool.compute_id.clone()),
            pool.default_identity.clone(),
        )),
        Some(Reference::NotReady(why)) => Err(Blocked::new(
            Reason::AttachmentNotReady,
            format!("SynapseSparkAttachment '{name}' is not ready: {why}"),
        )),
        Some(Reference::Missing) | None => Err(Blocked::new(
            Reason::AttachmentNotFound,
            format!(
                "spec.compute.attachmentRef: no SynapseSparkAttachment '{name}' in this namespace: create it"
            ),
        )),
    }
}

fn choice(input: &Input) -> InputChoice {
    match (&input.path, input.type_) {
        (Some(path), Some(type_)) => InputChoice::Path(type_, path.clone()),
        _ => InputChoice::Literal(input.value.clone().unwrap_or_default()),
    }
}

fn effective(identity: &IdentityChoice) -> EffectiveIdentity {
    match identity {
        IdentityChoice::User => EffectiveIdentity {
            type_: "UserIdentity".to_owned(),
            client_id: None,
            resource_id: None,
        },
        IdentityChoice::Managed {
            client_id,
            resource_id,
        } => EffectiveIdentity {
            type_: "Managed".to_owned(),
            client_id: client_id.clone(),
            resource_id: resource_id.clone(),
        },
    }
}

/// The size that is asked for: one executor runs on one node (contract §10).
fn cluster(given: &Given) -> Result<Cluster, Invalid> {
    let spec = &given.spec;
    let most = match (&spec.dynamic_allocation, spec.executor.instances) {
        (Some(dynamic), _) => dynamic.max_executors,
        (None, Some(instances)) => instances,
        (None, None) => {
            return Err(invalid(
                "spec.executor.instances",
                "is needed without spec.dynamicAllocation".to_owned(),
            ));
        }
    };
    let memory = &spec.executor.memory;
    let (number, unit) = memory.split_at(memory.char_indices().next_back().map_or(0, |(at, _)| at));
    let each: i64 = number.parse().map_err(|_| {
        invalid(
            "spec.executor.memory",
            format!("'{}' is no size such as 2g", spec.executor.memory),
        )
    })?;
    Ok(Cluster {
        executors: match &spec.dynamic_allocation {
            Some(dynamic) => format!("{}-{}", dynamic.min_executors, dynamic.max_executors),
            None => most.to_string(),
        },
        cores: i64::from(most).saturating_mul(i64::from(spec.executor.cores)),
        memory: format!("{}{unit}", each.saturating_mul(i64::from(most))),
    })
}
