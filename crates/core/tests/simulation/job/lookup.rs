//! What the names in a definition mean, and what of it is registered.

use azureml_spark_core::Sight;
use azureml_spark_core::spark_job::{
    AssetName, CodeChoice, ComputeChoice, Definition, EnvironmentChoice, InputChoice, Memo,
    NamedCompute, Seen, Want,
};

use crate::azure::Effect;
use crate::quirk::Quirk;
use crate::world::{Stop, World};

/// The definition, while it is about to be submitted for the first time.
pub(super) fn unresolved<'w>(want: &'w Want, memo: &Memo) -> Option<&'w Definition> {
    let held = want.steering.suspend || want.steering.cancel || want.deleting;
    let definition = want.definition.as_ref().ok()?;
    (memo.pinned.is_none() && !held).then_some(definition)
}

/// Id of the code, if it is ours to register.
pub(crate) fn code_id(code: &CodeChoice) -> Option<String> {
    match code {
        CodeChoice::Folder(folder) => Some(format!("/codes/{}", folder.digest())),
        CodeChoice::Uri(uri) => Some(format!("/codes/at/{uri}")),
        CodeChoice::Asset(_) => None,
    }
}

/// Id of the packages, if they are ours to register.
pub(super) fn packages_id(environment: &EnvironmentChoice) -> Option<String> {
    match environment {
        EnvironmentChoice::Conda { name, .. } => Some(format!("/environments/{name}")),
        EnvironmentChoice::Asset(_) => None,
    }
}

pub(super) fn look_up(
    world: &mut World,
    definition: &Definition,
    seen: &mut Seen,
) -> Result<(), Stop> {
    if let ComputeChoice::Named(name) = &definition.compute {
        let time = world.read("read the compute")?;
        let history = world.azure.computes.get(name);
        let there = history.and_then(|compute| compute.at(time)?.as_ref());
        seen.compute = there.map_or(Sight::Absent, |_| {
            Sight::Present(NamedCompute {
                id: format!("/computes/{name}"),
                kind: "SynapseSpark".to_owned(),
                ..NamedCompute::default()
            })
        });
    }
    for (name, input) in &definition.inputs {
        if let InputChoice::DataAsset(_, asset) = input {
            let found = named(world, asset)?;
            seen.inputs.insert(name.clone(), found);
        }
    }
    seen.environment = match &definition.environment {
        None => Sight::Unknown,
        Some(EnvironmentChoice::Asset(asset)) => named(world, asset)?,
        Some(packages) => {
            let granted = world.quirk == Quirk::PackagesAreTakenForGranted;
            known(world, packages_id(packages), granted)
        }
    };
    seen.code = match &definition.code {
        CodeChoice::Asset(asset) => named(world, asset)?,
        CodeChoice::Folder(_) if world.quirk == Quirk::CodeGoesByTheNameOfItsSource => {
            let any = world.process.known.iter().find(|id| id.contains("/codes/"));
            let id = any.cloned().or_else(|| code_id(&definition.code));
            known(world, id, false)
        }
        code => known(world, code_id(code), false),
    };
    Ok(())
}

fn named(world: &mut World, asset: &AssetName) -> Result<Sight<String>, Stop> {
    let time = world.read("read the asset")?;
    let found = world.azure.named(asset, time);
    Ok(found.map_or(Sight::Absent, Sight::Present))
}

/// Whether somebody else registered what is ours to register is found out by the step itself.
fn known(world: &World, id: Option<String>, granted: bool) -> Sight<String> {
    let known = id.filter(|id| granted || world.process.known.contains(id));
    known.map_or(Sight::Absent, Sight::Present)
}

/// Registers it, unless somebody did.
pub(super) fn register(
    world: &mut World,
    want: &Want,
    id: Option<String>,
    effect: fn(String) -> Effect,
) -> Result<(), Stop> {
    let Some(id) = id else {
        world.break_rule(format!("{} registers what is not its own", want.owner));
        return Ok(());
    };
    world.may_prepare(want);
    let time = world.read("look whether it is registered")?;
    let hasty = world.quirk == Quirk::NobodyLooksForWhatIsRegistered;
    if hasty || !world.azure.is_registered(&id, time) {
        world.write(effect(id.clone()))?;
    }
    world.process.known.insert(id);
    Ok(())
}

/// Azure refused a run: what its names meant may have been deleted there.
pub(super) fn forget(world: &mut World, definition: &Definition) {
    let packages = definition.environment.as_ref().and_then(packages_id);
    for id in [code_id(&definition.code), packages].into_iter().flatten() {
        world.process.known.remove(&id);
    }
}
