//! From the manifest and what it refers to, to a complete wish.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::{Reason, SparkJobSpec};

use super::asset::AssetName;
use super::code::{self, CodeChoice};
use super::compute::{self, ComputeChoice};
use super::definition::{Definition, EntryChoice};
use super::environment::{self, EnvironmentChoice};
use super::identity::{self, IdentityChoice};
use super::inputs::{self, InputChoice};
use super::stakes::Stakes;
use super::{Given, Labels, Pinned, Steering, Want, allocation, check, files, source};
use crate::machine::Invalid;
use crate::name;
use crate::place::{Blocked, Reference, Workspace};
use crate::summary::Warning;

/// Azure's default experiment (contract §3.1).
const DEFAULT_EXPERIMENT: &str = "Default";

/// The `ConfigMap`s that a spec names: for code, and for packages.
pub fn config_maps(spec: &SparkJobSpec) -> BTreeSet<&str> {
    let code = spec.code.config_maps.iter().flatten();
    let conda = spec
        .environment
        .iter()
        .filter_map(|environment| environment.conda_config_map_key_ref.as_ref());
    code.map(|map| map.name.as_str())
        .chain(conda.map(|reference| reference.name.as_str()))
        .collect()
}

/// The jobs whose outputs a spec names.
pub fn jobs(spec: &SparkJobSpec) -> BTreeSet<&str> {
    spec.inputs
        .iter()
        .flatten()
        .filter_map(|(_, input)| Some(input.from_job.as_ref()?.name.as_str()))
        .collect()
}

pub(super) fn want(given: &Given) -> Result<Want, Invalid> {
    let spec = &given.spec;
    // Whatever is wrong with the spec, the object can be deleted; and what is under way was found sound when it was
    // submitted, by rules that may since have become stricter.
    if !given.deleting && given.pinned.is_none() && !given.begun {
        check::check(spec)?;
    }
    let definition = definition(given);
    let stakes = Stakes::of(given, definition.as_ref().ok());
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
        identity: definition.as_ref().ok().map(|run| run.identity.told()),
        definition: definition.map(Box::new),
        deleting: given.deleting,
        steering: Steering::of(spec),
        patience: given.patience,
        labels: Labels::of(&given.name, spec),
        warnings: retired(given).into_iter().collect(),
        cluster: allocation::cluster(spec),
        outputs: inputs::outputs(spec),
        source: source::told(given.source.as_ref()),
        stakes,
    })
}

/// The run, or the first thing that is in the way: what a person must mend before what only has to be waited for, so
/// that a slip of the pen is not told after the wait.
fn definition(given: &Given) -> Result<Definition, Blocked> {
    let spec = &given.spec;
    let workspace = workspace(given)?;
    let user = identity::user(spec, workspace.operators_identity)?;
    let compute = compute::choose(&spec.compute, given.attachment.as_ref());
    if let Some(pinned) = &given.pinned {
        return Ok(repeated(given, compute?, user, pinned));
    }
    let identity = match user {
        Some(user) => Ok(user),
        None => own_identity(given),
    };
    let code = code(given);
    let environment = spec
        .environment
        .as_ref()
        .map(|environment| environment::choose(environment, &given.config_maps))
        .transpose();
    let inputs = inputs::choose(&given.name, spec, &given.produced);
    let unmet = [
        compute.as_ref().err(),
        identity.as_ref().err(),
        code.as_ref().err(),
        environment.as_ref().err(),
        inputs.as_ref().err(),
    ];
    let first = unmet
        .into_iter()
        .flatten()
        .min_by_key(|why| passes(why.reason));
    if let Some(why) = first {
        return Err(why.clone());
    }
    Ok(Definition {
        inputs: inputs?,
        environment: environment?,
        identity: identity?,
        ..plain(spec, code?, compute?)
    })
}

/// Whether it only has to be waited for.
fn passes(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::AttachmentNotReady | Reason::SourceNotReady | Reason::JobNotReady
    )
}

fn workspace(given: &Given) -> Result<&Workspace, Blocked> {
    let name = &given.spec.workspace_ref.name;
    match &given.workspace {
        Reference::Ready(workspace) => Ok(workspace),
        Reference::Missing => Err(Blocked::new(
            Reason::WorkspaceNotFound,
            format!("spec.workspaceRef: no AzureMLWorkspace '{name}' in this namespace: create it"),
        )),
        Reference::NotReady(why) => Err(Blocked::new(
            Reason::WorkspaceNotReady,
            format!("AzureMLWorkspace '{name}' is not ready: {why}"),
        )),
    }
}

/// The managed identity, if it is where the run needs it.
fn own_identity(given: &Given) -> Result<IdentityChoice, Blocked> {
    let spec = &given.spec;
    if spec.compute.serverless.is_some() {
        return identity::on_serverless(spec, given.workspace_identity.as_ref());
    }
    match &given.attachment {
        Some(Reference::Ready(pool)) => identity::on_attachment(spec, pool),
        // A compute by its name is looked at in Azure.
        Some(Reference::Missing | Reference::NotReady(_)) | None => Ok(identity::as_said(spec)),
    }
}

/// The code, with all files that the spec names.
fn code(given: &Given) -> Result<CodeChoice, Blocked> {
    let spec = &given.spec;
    let code = code::choose(&spec.code, &given.config_maps, given.source.as_ref())?;
    if let CodeChoice::Folder(folder) = &code {
        files::check(spec, folder)?;
    }
    Ok(code)
}

/// From what the names meant when the first attempt was submitted.
fn repeated(
    given: &Given,
    compute: ComputeChoice,
    user: Option<IdentityChoice>,
    pinned: &Pinned,
) -> Definition {
    let spec = &given.spec;
    let compute = match &pinned.compute_id {
        Some(id) => ComputeChoice::Attached(id.clone()),
        None => compute,
    };
    let identity = match (user, identity::as_said(spec)) {
        (Some(user), _) => user,
        (
            None,
            IdentityChoice::Managed {
                client_id: None,
                resource_id: None,
            },
        ) => IdentityChoice::Managed {
            client_id: None,
            resource_id: pinned.identity_id.clone(),
        },
        (None, named) => named,
    };
    let inputs = spec.inputs.iter().flatten().map(|(name, input)| {
        let choice = match pinned.inputs.get(name) {
            Some((type_, address)) => InputChoice::Path(*type_, address.clone()),
            None => InputChoice::Literal(input.value.clone().unwrap_or_default()),
        };
        (name.clone(), choice)
    });
    let environment = pinned
        .environment_id
        .as_ref()
        .map(|id| EnvironmentChoice::Asset(AssetName::Id(id.clone())));
    let code = CodeChoice::Asset(AssetName::Id(pinned.code_id.clone()));
    Definition {
        inputs: inputs.collect(),
        environment,
        identity,
        repeats: Some(pinned.definition_hash.clone()),
        ..plain(spec, code, compute)
    }
}

/// What follows from the spec alone; the rest is left open.
fn plain(spec: &SparkJobSpec, code: CodeChoice, compute: ComputeChoice) -> Definition {
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    Definition {
        experiment_name: spec
            .experiment_name
            .clone()
            .unwrap_or_else(|| DEFAULT_EXPERIMENT.to_owned()),
        code,
        entry: match &spec.entry.class_name {
            Some(class) => EntryChoice::Class(class.clone()),
            None => EntryChoice::File(spec.entry.file.clone().unwrap_or_default()),
        },
        py_files: list(&spec.py_files),
        jars: list(&spec.jars),
        files: list(&spec.files),
        archives: list(&spec.archives),
        args: spec.args.clone(),
        inputs: BTreeMap::new(),
        outputs: inputs::outputs(spec),
        conf: spec.conf.clone().unwrap_or_default(),
        driver: spec.driver.clone(),
        executor: allocation::executor(spec),
        dynamic_allocation: spec.dynamic_allocation.clone(),
        environment: None,
        compute,
        identity: identity::as_said(spec),
        repeats: None,
    }
}

/// Azure takes versions away one by one; which are gone is in the installation's settings.
fn retired(given: &Given) -> Option<Warning> {
    let (field, version) = match (&given.spec.compute.serverless, &given.attachment) {
        (Some(serverless), _) => (
            "spec.compute.serverless.runtimeVersion",
            serverless.runtime_version.as_str(),
        ),
        (None, Some(Reference::Ready(pool))) => {
            ("spec.compute.attachmentRef", pool.spark_version.as_deref()?)
        }
        (None, _) => return None,
    };
    let gone = given.retired.iter().any(|old| {
        version == old
            || version
                .strip_prefix(old.as_str())
                .is_some_and(|rest| rest.starts_with('.'))
    });
    gone.then(|| {
        Warning::new(
            Reason::RetiredRuntime,
            format!(
                "{field}: Spark {version} is retired: Azure refuses it or soon will; use a newer version, such as 3.4"
            ),
        )
    })
}
