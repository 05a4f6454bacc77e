//! Size, configuration, compute and identity.

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::{Identity, IdentityType, Serverless};

use super::super::allocation;
use super::words::{entries, is_azure_name, length, length_of, object_name, range};
use super::{exactly_one, invalid};
use crate::machine::Invalid;

/// Keys of the configuration that have fields of their own.
const SIZES: [&str; 8] = [
    "spark.driver.cores",
    "spark.driver.memory",
    "spark.executor.cores",
    "spark.executor.memory",
    "spark.executor.instances",
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.minExecutors",
    "spark.dynamicAllocation.maxExecutors",
];

/// Beginnings of keys whose values are secrets.
const SECRETS: [&str; 4] = [
    "fs.azure.account.key",
    "fs.azure.sas",
    "spark.hadoop.fs.azure.account.key",
    "spark.hadoop.fs.azure.sas",
];

pub(super) fn check(spec: &SparkJobSpec) -> Result<(), Invalid> {
    size(spec)?;
    conf(spec)?;
    let compute = &spec.compute;
    exactly_one(
        "spec.compute",
        &[
            compute.attachment_ref.is_some(),
            compute.name.is_some(),
            compute.serverless.is_some(),
        ],
        "attachmentRef, name and serverless",
    )?;
    if let Some(reference) = &compute.attachment_ref {
        object_name("spec.compute.attachmentRef.name", &reference.name)?;
    }
    if let Some(name) = &compute.name {
        length("spec.compute.name", name, 1, 64)?;
        if !is_azure_name(name) {
            return Err(invalid(
                "spec.compute.name",
                "is the name of a compute in the workspace: letters, digits, '-' and '_'",
            ));
        }
    }
    if let Some(own) = &compute.serverless {
        serverless(own, spec.identity.as_ref())?;
    }
    spec.identity.as_ref().map_or(Ok(()), identity)
}

fn size(spec: &SparkJobSpec) -> Result<(), Invalid> {
    let (driver, executor) = (&spec.driver, &spec.executor);
    range("spec.driver.cores", driver.cores, 1, 256)?;
    range("spec.executor.cores", executor.cores, 1, 256)?;
    memory("spec.driver.memory", &driver.memory)?;
    memory("spec.executor.memory", &executor.memory)?;
    if let Some(instances) = executor.instances {
        range("spec.executor.instances", instances, 1, 10_000)?;
    }
    let Some(dynamic) = &spec.dynamic_allocation else {
        return match executor.instances {
            Some(_) => Ok(()),
            None => Err(invalid(
                "spec.executor.instances",
                "is needed without spec.dynamicAllocation",
            )),
        };
    };
    let (least, most) = (dynamic.min_executors, dynamic.max_executors);
    range("spec.dynamicAllocation.minExecutors", least, 1, 10_000)?;
    range("spec.dynamicAllocation.maxExecutors", most, 1, 10_000)?;
    if least > most {
        return Err(invalid(
            "spec.dynamicAllocation.minExecutors",
            "must not be greater than maxExecutors",
        ));
    }
    if executor
        .instances
        .is_some_and(|instances| !(least..=most).contains(&instances))
    {
        return Err(invalid(
            "spec.executor.instances",
            "must lie between spec.dynamicAllocation.minExecutors and maxExecutors",
        ));
    }
    Ok(())
}

fn memory(field: &str, memory: &str) -> Result<(), Invalid> {
    length(field, memory, 0, 12)?;
    if allocation::parts(memory).is_some() {
        return Ok(());
    }
    Err(invalid(
        field,
        format!("'{memory}' is no size such as 2g: a number and one of the units k, m, g, t and p"),
    ))
}

fn conf(spec: &SparkJobSpec) -> Result<(), Invalid> {
    let conf = spec.conf.iter().flatten();
    entries("spec.conf", conf.clone().count(), 0, 100)?;
    for (key, value) in conf {
        let field = format!("spec.conf.{key}");
        length(&field, value, 0, 2_048)?;
        if SIZES.contains(&key.as_str()) {
            return Err(invalid(
                field,
                "has a field of its own: use spec.driver, spec.executor and spec.dynamicAllocation",
            ));
        }
        let secret = SECRETS.iter().any(|secret| key.starts_with(secret))
            || key.contains("fs.azure.account.oauth2.client.secret")
            || value.contains("sig=")
            || value.contains("AccountKey=");
        if secret {
            return Err(invalid(
                field,
                "must not hold an account key, client secret or SAS, which everybody could read in Studio: grant the job's identity a role on the storage account",
            ));
        }
    }
    Ok(())
}

fn serverless(serverless: &Serverless, identity: Option<&Identity>) -> Result<(), Invalid> {
    let field = "spec.compute.serverless";
    length(
        &format!("{field}.instanceType"),
        &serverless.instance_type,
        1,
        64,
    )?;
    let version = &serverless.runtime_version;
    length(&format!("{field}.runtimeVersion"), version, 1, 16)?;
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if !version.split('.').all(digits) {
        return Err(invalid(
            format!("{field}.runtimeVersion"),
            format!("'{version}' is no version such as 3.4"),
        ));
    }
    if identity.is_none() {
        return Err(invalid(
            "spec.identity",
            "is needed on serverless compute, where Azure's default is whoever submits: set {type: Managed}, an identity attached to the workspace, or {type: UserIdentity}, the identity of the workspace's credentials",
        ));
    }
    Ok(())
}

fn identity(identity: &Identity) -> Result<(), Invalid> {
    let named = identity.client_id.is_some() || identity.resource_id.is_some();
    if identity.client_id.is_some() && identity.resource_id.is_some() {
        return Err(invalid(
            "spec.identity",
            "takes clientId or resourceId, not both",
        ));
    }
    if identity.type_ != IdentityType::Managed && named {
        return Err(invalid(
            "spec.identity",
            "clientId and resourceId go with type Managed",
        ));
    }
    length_of(
        "spec.identity.clientId",
        identity.client_id.as_deref(),
        1,
        64,
    )?;
    length_of(
        "spec.identity.resourceId",
        identity.resource_id.as_deref(),
        1,
        512,
    )
}
