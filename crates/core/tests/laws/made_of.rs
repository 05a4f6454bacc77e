//! What is laid out for a run, and what it is submitted with, held against what was seen.

use azureml_spark_core::Sight;
use azureml_spark_core::spark_job::{
    CodeChoice, ComputeChoice, Definition, EnvironmentChoice, InputChoice, Pinned, Seen,
};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

/// Nothing is registered for a run that names what is not there, or was not seen.
pub(crate) fn prepared(definition: &Definition, seen: &Seen) -> Result<(), TestCaseError> {
    for (name, input) in &definition.inputs {
        if let InputChoice::DataAsset(..) = input {
            let found = seen.inputs.get(name).and_then(Sight::present);
            prop_assert!(found.is_some(), "in vain: there is no {name}");
        }
    }
    if let ComputeChoice::Named(_) = &definition.compute {
        prop_assert!(seen.compute.present().is_some(), "in vain: no compute");
    }
    if let Some(EnvironmentChoice::Asset(_)) = &definition.environment {
        prop_assert!(seen.environment.present().is_some(), "in vain: no packages");
    }
    let theirs = matches!(definition.code, CodeChoice::Asset(_));
    prop_assert!(!theirs || seen.code.present().is_some(), "in vain: no code");
    Ok(())
}

/// A first attempt runs with what was seen of what the spec names.
pub(crate) fn pinned(
    definition: &Definition,
    seen: &Seen,
    pinned: &Pinned,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(seen.code.present(), Some(&pinned.code_id));
    let packages = definition.environment.as_ref();
    let packages = packages.and_then(|_| seen.environment.present());
    prop_assert_eq!(packages, pinned.environment_id.as_ref());
    prop_assert_eq!(packages.is_some(), definition.environment.is_some());
    for (name, input) in &definition.inputs {
        let with = pinned.inputs.get(name);
        let found = match input {
            InputChoice::Literal(_) => None,
            InputChoice::Path(type_, address) => Some((*type_, Some(address))),
            InputChoice::DataAsset(type_, _) => {
                Some((*type_, seen.inputs.get(name).and_then(Sight::present)))
            }
        };
        let with = with.map(|(type_, address)| (*type_, Some(address)));
        prop_assert_eq!(with, found, "{}", name);
    }
    let mut all = pinned.inputs.keys();
    prop_assert!(all.all(|name| definition.inputs.contains_key(name)));
    let compute = match &definition.compute {
        ComputeChoice::Attached(id) => Some(id),
        ComputeChoice::Named(_) => seen.compute.present().map(|compute| &compute.id),
        ComputeChoice::Serverless { .. } => None,
    };
    let somewhere = !matches!(definition.compute, ComputeChoice::Serverless { .. });
    prop_assert_eq!(compute, pinned.compute_id.as_ref());
    prop_assert_eq!(compute.is_some(), somewhere);
    Ok(())
}
