//! The body of a submission.

use azureml_spark_api::spark_job::DataType;
use azureml_spark_azure::ArmId;
use azureml_spark_azure::aml::job;
use azureml_spark_core::spark_job::{
    ComputeChoice, Definition, HASH_PROPERTY, IdentityChoice, InputChoice, Memo, OWNER_PROPERTY,
    TAG, Want,
};
use azureml_spark_core::{Class, Fault};

pub(super) fn body(
    want: &Want,
    definition: &Definition,
    memo: &Memo,
) -> Result<job::SparkJob, Fault> {
    let Some(submission) = &memo.submission else {
        return Err(super::not_ready());
    };
    let mut tags = definition.tags.clone();
    tags.insert(
        TAG.to_owned(),
        format!("{}/{}", want.object_namespace, want.object_name),
    );
    Ok(job::SparkJob {
        display_name: Some(definition.display_name.clone()),
        experiment_name: Some(definition.experiment_name.clone()),
        description: definition.description.clone(),
        tags,
        properties: [
            (OWNER_PROPERTY.to_owned(), want.owner.clone()),
            (HASH_PROPERTY.to_owned(), submission.definition_hash.clone()),
        ]
        .into(),
        is_archived: false,
        code_id: ArmId::new(&submission.code_id),
        entry: job::Entry::Python {
            file: definition.entry_file.clone(),
        },
        py_files: Vec::new(),
        jars: Vec::new(),
        files: Vec::new(),
        archives: Vec::new(),
        identity: Some(identity(&definition.identity)),
        conf: size(definition)?.conf(&definition.conf),
        inputs: definition
            .inputs
            .iter()
            .map(|(name, choice)| (name.clone(), input(choice)))
            .collect(),
        outputs: definition
            .outputs
            .iter()
            .map(|(name, (type_, path))| (name.clone(), output(*type_, path)))
            .collect(),
        args: definition.args.clone(),
        environment_id: None,
        target: target(&definition.compute),
    })
}

fn identity(choice: &IdentityChoice) -> job::JobIdentity {
    match choice {
        IdentityChoice::Managed {
            client_id,
            resource_id,
        } => job::JobIdentity::Managed {
            client_id: client_id.clone(),
            resource_id: resource_id.as_ref().map(ArmId::new),
        },
        IdentityChoice::User => job::JobIdentity::UserIdentity,
    }
}

fn target(choice: &ComputeChoice) -> job::Target {
    match choice {
        ComputeChoice::Attached(compute_id) => job::Target::Attached {
            compute_id: ArmId::new(compute_id),
        },
        ComputeChoice::Serverless {
            instance_type,
            runtime_version,
        } => job::Target::Serverless {
            resources: job::Resources {
                instance_type: instance_type.clone(),
                runtime_version: runtime_version.clone(),
            },
        },
    }
}

fn input(choice: &InputChoice) -> job::JobInput {
    match choice {
        InputChoice::Literal(value) => job::JobInput::Literal {
            value: value.clone(),
        },
        InputChoice::Path(DataType::UriFile, path) => {
            job::JobInput::UriFile(job::Uri::direct(path))
        }
        InputChoice::Path(_, path) => job::JobInput::UriFolder(job::Uri::direct(path)),
    }
}

fn output(type_: DataType, path: &str) -> job::JobOutput {
    let uri = job::OutputUri {
        uri: Some(path.to_owned()),
        ..job::OutputUri::default()
    };
    match type_ {
        DataType::UriFile => job::JobOutput::UriFile(uri),
        _ => job::JobOutput::UriFolder(uri),
    }
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
    })
}
