//! The body of a submission.

use azureml_spark_api::spark_job::DataType;
use azureml_spark_azure::ArmId;
use azureml_spark_azure::aml::job;
use azureml_spark_core::spark_job::{
    ATTEMPT_PROPERTY, ComputeChoice, Definition, EntryChoice, HASH_PROPERTY, IdentityChoice,
    InputChoice, Memo, OWNER_PROPERTY, OutputChoice, Pinned, TAG, Want,
};
use azureml_spark_core::{Class, Fault};

#[cfg(test)]
mod tests;

/// What is sent: the definition, with what its names meant at the first submission.
pub(super) fn body(
    want: &Want,
    definition: &Definition,
    memo: &Memo,
) -> Result<job::SparkJob, Fault> {
    let (Some(submission), Some(pinned)) = (&memo.submission, &memo.pinned) else {
        return Err(super::not_ready());
    };
    let mut tags = want.labels.tags.clone();
    tags.insert(
        TAG.to_owned(),
        format!("{}/{}", want.object_namespace, want.object_name),
    );
    let inputs = definition.inputs.iter();
    let outputs = definition.outputs.iter();
    Ok(job::SparkJob {
        display_name: Some(want.labels.display_name.clone()),
        experiment_name: Some(definition.experiment_name.clone()),
        description: want.labels.description.clone(),
        tags,
        properties: [
            (OWNER_PROPERTY.to_owned(), want.owner.clone()),
            (HASH_PROPERTY.to_owned(), submission.definition_hash.clone()),
            (ATTEMPT_PROPERTY.to_owned(), submission.attempt.to_string()),
        ]
        .into(),
        is_archived: false,
        code_id: ArmId::new(&pinned.code_id),
        entry: entry(&definition.entry),
        py_files: definition.py_files.clone(),
        jars: definition.jars.clone(),
        files: definition.files.clone(),
        archives: definition.archives.clone(),
        identity: Some(identity(&definition.identity, pinned)),
        conf: size(definition)?.conf(&definition.conf),
        inputs: inputs
            .map(|(name, choice)| Ok((name.clone(), input(name, choice, pinned)?)))
            .collect::<Result<_, Fault>>()?,
        outputs: outputs
            .map(|(name, choice)| (name.clone(), output(choice)))
            .collect(),
        args: definition.args.clone(),
        environment_id: pinned.environment_id.as_ref().map(ArmId::new),
        target: target(&definition.compute, pinned)?,
    })
}

/// A type of data in Azure's client.
pub(super) fn data_type(type_: DataType) -> job::DataType {
    match type_ {
        DataType::UriFile => job::DataType::UriFile,
        DataType::UriFolder => job::DataType::UriFolder,
        DataType::Mltable => job::DataType::Mltable,
        DataType::CustomModel => job::DataType::CustomModel,
        DataType::MlflowModel => job::DataType::MlflowModel,
        DataType::TritonModel => job::DataType::TritonModel,
    }
}

fn entry(choice: &EntryChoice) -> job::Entry {
    match choice {
        EntryChoice::File(file) => job::Entry::Python { file: file.clone() },
        EntryChoice::Class(class_name) => job::Entry::Class {
            class_name: class_name.clone(),
        },
    }
}

/// `Managed` without a name is the one that stands for it on the compute; where that is the compute's own, none is said.
fn identity(choice: &IdentityChoice, pinned: &Pinned) -> job::JobIdentity {
    let (client_id, resource_id) = match choice {
        IdentityChoice::User => return job::JobIdentity::UserIdentity,
        IdentityChoice::Managed {
            client_id: None,
            resource_id: None,
        } => (None, pinned.identity_id.as_ref()),
        IdentityChoice::Managed {
            client_id,
            resource_id,
        } => (client_id.clone(), resource_id.as_ref()),
    };
    job::JobIdentity::Managed {
        client_id,
        resource_id: resource_id.map(ArmId::new),
    }
}

fn target(choice: &ComputeChoice, pinned: &Pinned) -> Result<job::Target, Fault> {
    match choice {
        ComputeChoice::Attached(_) | ComputeChoice::Named(_) => {
            let compute_id = pinned.compute_id.as_ref().ok_or_else(super::not_ready)?;
            Ok(job::Target::Attached {
                compute_id: ArmId::new(compute_id),
            })
        }
        ComputeChoice::Serverless {
            instance_type,
            runtime_version,
        } => Ok(job::Target::Serverless {
            resources: job::Resources {
                instance_type: instance_type.clone(),
                runtime_version: runtime_version.clone(),
            },
        }),
    }
}

fn input(name: &str, choice: &InputChoice, pinned: &Pinned) -> Result<job::JobInput, Fault> {
    match choice {
        InputChoice::Literal(value) => Ok(job::JobInput::Literal {
            value: value.clone(),
        }),
        InputChoice::Path(..) | InputChoice::DataAsset(..) => {
            let (type_, address) = pinned.inputs.get(name).ok_or_else(super::not_ready)?;
            Ok(data_type(*type_).input(address))
        }
    }
}

fn output(choice: &OutputChoice) -> job::JobOutput {
    let register_as = choice.register_as.as_ref().map(|asset| job::RegisterAs {
        name: asset.name.clone(),
        version: asset.version.clone(),
    });
    data_type(choice.type_).output(job::OutputUri {
        uri: Some(choice.path.clone()),
        register_as,
        ..job::OutputUri::default()
    })
}

fn size(definition: &Definition) -> Result<job::Size, Fault> {
    Ok(job::Size {
        driver: job::Driver {
            cores: count(definition.driver.cores)?,
            memory: definition.driver.memory.clone(),
        },
        executor: job::Executor {
            cores: count(definition.executor.cores)?,
            memory: definition.executor.memory.clone(),
            instances: definition.executor.instances.map(count).transpose()?,
        },
        dynamic_allocation: match &definition.dynamic_allocation {
            Some(dynamic) => Some(job::DynamicAllocation {
                min_executors: count(dynamic.min_executors)?,
                max_executors: count(dynamic.max_executors)?,
            }),
            None => None,
        },
    })
}

/// The schema lets no negative number pass.
fn count(number: i32) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| Fault {
        class: Class::Terminal,
        code: "InvalidSize".to_owned(),
        op: "size the run",
        text: format!("{number} is negative"),
        request_id: None,
        retry_after: None,
    })
}
