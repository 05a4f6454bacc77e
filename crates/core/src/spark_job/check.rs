//! What a spec must keep on its own, without a look at anything else: the rules of its schema once more, so that what
//! the apiserver refuses is not submitted either, wherever the object came from, and what only a program can tell.

mod code;
mod compute;
mod data;
mod steering;
mod words;

use azureml_spark_api::{Reason, SparkJobSpec};

use crate::machine::Invalid;

/// The first rule that is broken.
pub(super) fn check(spec: &SparkJobSpec) -> Result<(), Invalid> {
    words::object_name("spec.workspaceRef.name", &spec.workspace_ref.name)?;
    labels(spec)?;
    code::check(spec)?;
    data::check(spec)?;
    compute::check(spec)?;
    steering::check(spec)
}

fn labels(spec: &SparkJobSpec) -> Result<(), Invalid> {
    if let Some(name) = &spec.azure_name {
        words::length("spec.azureName", name, 0, 255)?;
        if !words::is_azure_name(name) {
            return Err(invalid(
                "spec.azureName",
                "must be letters, digits, '-' and '_', beginning with a letter or digit",
            ));
        }
    }
    words::length_of("spec.displayName", spec.display_name.as_deref(), 1, 256)?;
    words::length_of(
        "spec.experimentName",
        spec.experiment_name.as_deref(),
        1,
        256,
    )?;
    words::length_of("spec.description", spec.description.as_deref(), 0, 5_000)?;
    let tags = spec.tags.iter().flatten();
    words::entries("spec.tags", tags.clone().count(), 0, 40)?;
    for (key, value) in tags {
        words::length(&format!("spec.tags.{key}"), value, 0, 256)?;
    }
    Ok(())
}

fn invalid(field: impl Into<String>, message: impl Into<String>) -> Invalid {
    Invalid {
        field: field.into(),
        reason: Reason::InvalidSpec,
        message: message.into(),
    }
}

/// Exactly one of several fields.
fn exactly_one(field: &str, given: &[bool], names: &str) -> Result<(), Invalid> {
    if given.iter().filter(|given| **given).count() == 1 {
        return Ok(());
    }
    Err(invalid(field, format!("needs exactly one of {names}")))
}
