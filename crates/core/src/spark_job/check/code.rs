//! Code, entry, and the files that are named.

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::{Code, CodeConfigMap, Entry, Environment};

use super::super::{environment, files};
use super::words::{
    OBJECT_NAME, entries, is_asset_id, is_asset_name, is_class, is_relative, length, length_of,
    no_sas, object_name, twice,
};
use super::{exactly_one, invalid};
use crate::machine::Invalid;

pub(super) fn check(spec: &SparkJobSpec) -> Result<(), Invalid> {
    code(&spec.code)?;
    entry(&spec.entry)?;
    let lists = [
        ("spec.pyFiles", &spec.py_files),
        ("spec.jars", &spec.jars),
        ("spec.files", &spec.files),
        ("spec.archives", &spec.archives),
    ];
    for (field, list) in lists {
        named(field, list.as_deref().unwrap_or_default())?;
    }
    let no_jar = spec.jars.as_ref().is_none_or(Vec::is_empty);
    if spec.entry.class_name.is_some() && no_jar {
        return Err(invalid(
            "spec.jars",
            "is needed with spec.entry.className: name the jar that holds the class",
        ));
    }
    packages(spec.environment.as_ref())
}

fn code(code: &Code) -> Result<(), Invalid> {
    exactly_one(
        "spec.code",
        &[
            code.config_maps.is_some(),
            code.asset.is_some(),
            code.uri.is_some(),
            code.source_ref.is_some(),
        ],
        "configMaps, asset, uri and sourceRef",
    )?;
    if let Some(maps) = &code.config_maps {
        config_maps(maps)?;
    }
    if let Some(asset) = &code.asset {
        let field = "spec.code.asset";
        length(field, asset, 1, 1_024)?;
        if !is_asset_name(asset) && !is_asset_id(asset, &["codes"]) {
            return Err(invalid(
                field,
                "must be azureml:{name}:{version}, azureml:{name}@latest or a resource id that ends in /codes/{name}/versions/{version}",
            ));
        }
    }
    if let Some(uri) = &code.uri {
        length("spec.code.uri", uri, 1, 1_024)?;
        if !is_folder(uri) {
            return Err(invalid(
                "spec.code.uri",
                "must be the https address of a folder in a blob container, https://{account}.blob.core.windows.net/{container}/{folder}, without a query such as a SAS",
            ));
        }
    }
    if let Some(source) = &code.source_ref {
        object_name("spec.code.sourceRef.name", &source.name)?;
        if let Some(path) = &source.path {
            relative("spec.code.sourceRef.path", path)?;
        }
    }
    Ok(())
}

fn config_maps(maps: &[CodeConfigMap]) -> Result<(), Invalid> {
    let field = "spec.code.configMaps";
    entries(field, maps.len(), 1, 10)?;
    if let Some(name) = twice(maps.iter().map(|map| map.name.as_str())) {
        return Err(invalid(
            field,
            format!("names '{name}' twice: put its items into one entry"),
        ));
    }
    for map in maps {
        object_name("spec.code.configMaps.name", &map.name)?;
        let Some(items) = &map.items else {
            continue;
        };
        entries("spec.code.configMaps.items", items.len(), 1, 100)?;
        for item in items {
            length("spec.code.configMaps.items.key", &item.key, 1, OBJECT_NAME)?;
            relative("spec.code.configMaps.items.path", &item.path)?;
        }
    }
    Ok(())
}

fn relative(field: &str, path: &str) -> Result<(), Invalid> {
    length(field, path, 1, 256)?;
    if is_relative(path) {
        return Ok(());
    }
    Err(invalid(
        field,
        format!("'{path}' must be relative, without '.', '..' and empty parts"),
    ))
}

/// `^https://[^/?#@]+/[^/?#]+/[^?#]+$`
fn is_folder(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("https://") else {
        return false;
    };
    let Some((host, rest)) = rest.split_once('/') else {
        return false;
    };
    let Some((container, folder)) = rest.split_once('/') else {
        return false;
    };
    ![host, container, folder].contains(&"") && !host.contains('@') && !uri.contains(['?', '#'])
}

fn entry(entry: &Entry) -> Result<(), Invalid> {
    exactly_one(
        "spec.entry",
        &[entry.file.is_some(), entry.class_name.is_some()],
        "file and className",
    )?;
    if let Some(file) = &entry.file {
        length("spec.entry.file", file, 1, 256)?;
        if file.strip_suffix(".py").is_none() || !is_relative(file) {
            return Err(invalid(
                "spec.entry.file",
                format!(
                    "'{file}' must be the relative path of a .py file of the code, without '.', '..' and empty parts"
                ),
            ));
        }
    }
    if let Some(class) = &entry.class_name {
        length("spec.entry.className", class, 1, 512)?;
        if !is_class(class) {
            return Err(invalid(
                "spec.entry.className",
                "must be the full name of a class, such as com.example.WordCount",
            ));
        }
    }
    Ok(())
}

fn named(field: &str, list: &[String]) -> Result<(), Invalid> {
    entries(field, list.len(), 0, 50)?;
    if let Some(file) = twice(list.iter().map(String::as_str)) {
        return Err(invalid(field, format!("names '{file}' twice")));
    }
    for file in list {
        length(field, file, 1, 512)?;
        no_sas(field, file)?;
        if files::is_of_the_code(file) && !is_relative(file) {
            return Err(invalid(
                field,
                format!(
                    "'{file}' must be a relative path of the code, without '.', '..' and empty parts, or an address that begins with azureml:, abfss://, wasbs:// or https://"
                ),
            ));
        }
    }
    Ok(())
}

fn packages(environment: Option<&Environment>) -> Result<(), Invalid> {
    let Some(environment) = environment else {
        return Ok(());
    };
    exactly_one(
        "spec.environment",
        &[
            environment.asset.is_some(),
            environment.conda.is_some(),
            environment.conda_config_map_key_ref.is_some(),
        ],
        "asset, conda and condaConfigMapKeyRef",
    )?;
    if let Some(asset) = &environment.asset {
        length("spec.environment.asset", asset, 1, 1_024)?;
        if !is_asset_name(asset) && !is_asset_id(asset, &["environments"]) {
            return Err(invalid(
                "spec.environment.asset",
                "must be azureml:{name}:{version}, azureml:{name}@latest or a resource id that ends in /environments/{name}/versions/{version}",
            ));
        }
    }
    if let Some(reference) = &environment.conda_config_map_key_ref {
        let field = "spec.environment.condaConfigMapKeyRef";
        object_name(&format!("{field}.name"), &reference.name)?;
        length(&format!("{field}.key"), &reference.key, 1, OBJECT_NAME)?;
    }
    length_of(
        "spec.environment.conda",
        environment.conda.as_deref(),
        1,
        65_536,
    )?;
    match environment.conda.as_deref().and_then(environment::why_not) {
        Some(wrong) => Err(invalid("spec.environment.conda", wrong)),
        None => Ok(()),
    }
}
