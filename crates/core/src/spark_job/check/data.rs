//! Inputs, outputs and the arguments that name them.

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::{Input, Output};

use super::words::{
    entries, is_asset_id, is_asset_name, is_azure_name, is_variable, is_version, length, length_of,
    no_sas, object_name,
};
use super::{exactly_one, invalid};
use crate::machine::Invalid;

/// What an address of data begins with.
const SCHEMES: [&str; 3] = ["azureml://", "abfss://", "wasbs://"];

pub(super) fn check(spec: &SparkJobSpec) -> Result<(), Invalid> {
    let inputs = spec.inputs.iter().flatten();
    let outputs = spec.outputs.iter().flatten();
    entries("spec.inputs", inputs.clone().count(), 0, 100)?;
    entries("spec.outputs", outputs.clone().count(), 0, 20)?;
    for (name, found) in inputs {
        variable("spec.inputs", name)?;
        input(&format!("spec.inputs.{name}"), found)?;
    }
    for (name, found) in outputs {
        variable("spec.outputs", name)?;
        output(&format!("spec.outputs.{name}"), found)?;
    }
    length_of("spec.args", spec.args.as_deref(), 0, 8_192)?;
    arguments(spec)
}

fn variable(field: &str, name: &str) -> Result<(), Invalid> {
    if is_variable(name) {
        return Ok(());
    }
    Err(invalid(
        field,
        format!("'{name}' is no name for it: letters, digits and '_', not beginning with a digit"),
    ))
}

fn input(field: &str, input: &Input) -> Result<(), Invalid> {
    exactly_one(
        field,
        &[
            input.path.is_some(),
            input.value.is_some(),
            input.from_job.is_some(),
        ],
        "path, value and fromJob",
    )?;
    if input.path.is_some() && input.type_.is_none() {
        return Err(invalid(
            format!("{field}.type"),
            "is needed with a path, such as uri_file or uri_folder",
        ));
    }
    if input.value.is_some() && input.type_.is_some() {
        return Err(invalid(
            format!("{field}.type"),
            "does not go with a value: a literal is a string",
        ));
    }
    if let Some(path) = &input.path {
        address(&format!("{field}.path"), path, true)?;
    }
    length_of(&format!("{field}.value"), input.value.as_deref(), 0, 2_048)?;
    if let Some(from) = &input.from_job {
        object_name(&format!("{field}.fromJob.name"), &from.name)?;
        length(&format!("{field}.fromJob.output"), &from.output, 1, 255)?;
        variable(&format!("{field}.fromJob.output"), &from.output)?;
    }
    Ok(())
}

fn output(field: &str, output: &Output) -> Result<(), Invalid> {
    address(&format!("{field}.path"), &output.path, false)?;
    let Some(asset) = &output.register_as else {
        return Ok(());
    };
    let field = format!("{field}.registerAs");
    length(&format!("{field}.name"), &asset.name, 1, 255)?;
    length_of(&format!("{field}.version"), asset.version.as_deref(), 1, 30)?;
    if !is_azure_name(&asset.name) {
        return Err(invalid(
            format!("{field}.name"),
            "must be letters, digits, '-' and '_', beginning with a letter or digit",
        ));
    }
    if asset.version.as_deref().is_some_and(|v| !is_version(v)) {
        return Err(invalid(
            format!("{field}.version"),
            "must be letters, digits, '.', '-' and '_', beginning with a letter or digit",
        ));
    }
    Ok(())
}

fn address(field: &str, path: &str, assets: bool) -> Result<(), Invalid> {
    length(field, path, 1, 2_048)?;
    no_sas(field, path)?;
    let data = SCHEMES.iter().any(|scheme| path.starts_with(scheme));
    let asset = is_asset_name(path) || is_asset_id(path, &["data", "models"]);
    match (data, asset && assets, assets) {
        (true, _, _) | (_, true, _) => Ok(()),
        (false, false, true) => Err(invalid(
            field,
            format!(
                "'{path}' must begin with azureml://, abfss:// or wasbs://, or be azureml:{{name}}:{{version}}, azureml:{{name}}@latest or the resource id of a data asset"
            ),
        )),
        (false, false, false) => Err(invalid(
            field,
            format!("'{path}' must begin with azureml://, abfss:// or wasbs://"),
        )),
    }
}

/// The arguments may name only what is there (contract §10).
fn arguments(spec: &SparkJobSpec) -> Result<(), Invalid> {
    for (kind, name) in references(spec.args.as_deref().unwrap_or_default()) {
        let known = match kind {
            "inputs" => spec.inputs.iter().flatten().any(|(n, _)| n == name),
            "outputs" => spec.outputs.iter().flatten().any(|(n, _)| n == name),
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

/// What stands in `${{…}}`, split at the first dot.
fn references(args: &str) -> Vec<(&str, &str)> {
    args.split("${{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(inside, _)| inside.trim().split_once('.').unwrap_or((inside.trim(), "")))
        .collect()
}
