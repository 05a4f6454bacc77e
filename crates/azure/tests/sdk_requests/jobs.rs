//! Twenty-six different Spark jobs, each as the SDK submits it.

mod data;
mod fields;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use azureml_spark_azure::aml::environment;
use azureml_spark_azure::aml::job::{
    self, DataType, Driver, DynamicAllocation, Entry, Executor, JobIdentity, JobInput, OutputUri,
    Resources, Size, SparkJob, Target,
};
use azureml_spark_azure::{ArmId, AssetId, AssetKind};
use serde_json::Value;

use crate::compare::{assert_same, name_in, sdk, workspace_id};

const ABFSS: &str = "abfss://c@acct.dfs.core.windows.net";

fn strings<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}

fn named<T, const N: usize>(pairs: [(&str, T); N]) -> BTreeMap<String, T> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn size(instances: Option<u32>, dynamic_allocation: Option<DynamicAllocation>) -> Size {
    Size {
        driver: Driver {
            cores: 1,
            memory: "2g".into(),
        },
        executor: Executor {
            cores: 2,
            memory: "2g".into(),
            instances,
        },
        dynamic_allocation,
    }
}

const ONE_TO_FIVE: DynamicAllocation = DynamicAllocation {
    min_executors: 1,
    max_executors: 5,
};

fn conf(size: &Size) -> BTreeMap<String, String> {
    size.conf(&BTreeMap::new())
}

fn asset(kind: AssetKind, name: &str, version: &str) -> ArmId {
    AssetId::new(&workspace_id(), kind, name, version)
        .unwrap()
        .to_arm_id()
}

fn attached(compute: &str) -> Target {
    Target::Attached {
        compute_id: workspace_id().compute(compute),
    }
}

fn serverless(instance_type: &str, runtime_version: &str) -> Target {
    Target::Serverless {
        resources: Resources {
            instance_type: instance_type.into(),
            runtime_version: runtime_version.into(),
        },
    }
}

const SYSTEM: JobIdentity = JobIdentity::Managed {
    client_id: None,
    resource_id: None,
};

fn literal(value: &str) -> JobInput {
    JobInput::Literal {
        value: value.into(),
    }
}

fn at(uri: &str) -> OutputUri {
    OutputUri {
        uri: Some(uri.into()),
        ..OutputUri::default()
    }
}

/// On an attached pool, of fixed size, with nothing else.
fn smallest() -> SparkJob {
    SparkJob {
        display_name: Some("dn".into()),
        experiment_name: Some("dl".into()),
        description: None,
        tags: BTreeMap::new(),
        properties: BTreeMap::new(),
        is_archived: false,
        code_id: asset(AssetKind::Code, "c1", "1"),
        entry: Entry::Python {
            file: "main.py".into(),
        },
        py_files: Vec::new(),
        jars: Vec::new(),
        files: Vec::new(),
        archives: Vec::new(),
        identity: Some(SYSTEM),
        conf: conf(&size(Some(2), None)),
        inputs: BTreeMap::new(),
        outputs: BTreeMap::new(),
        args: None,
        environment_id: None,
        target: attached("synspark"),
    }
}

/// The same on machines that Azure starts, as the submitter: the SDK's choice where none is named.
fn own_machines() -> SparkJob {
    SparkJob {
        identity: Some(JobIdentity::UserIdentity),
        target: serverless("standard_e8s_v3", "3.4"),
        ..smallest()
    }
}

/// The jobs of the older captures.
fn classic(target: Target, identity: JobIdentity, size: &Size) -> SparkJob {
    SparkJob {
        py_files: texts(["lib/a.py"]),
        identity: Some(identity),
        conf: size.conf(&strings([("spark.sql.shuffle.partitions", "8")])),
        inputs: named([
            ("in1", DataType::UriFolder.input(format!("{ABFSS}/p"))),
            ("n", literal("5")),
        ]),
        outputs: named([(
            "out1",
            DataType::UriFolder.output(at(&format!("{ABFSS}/o"))),
        )]),
        args: Some("--i ${{inputs.in1}} --n ${{inputs.n}} --o ${{outputs.out1}}".into()),
        target,
        ..smallest()
    }
}

/// Each recorded job, and ours for the same wish.
fn jobs() -> Vec<(&'static str, SparkJob)> {
    let mut jobs = classics();
    jobs.extend(of_the_sdks_tests());
    jobs.extend(fields::of_each_field());
    jobs.extend(data::of_data());
    jobs
}

fn classics() -> Vec<(&'static str, SparkJob)> {
    let fixed = size(Some(2), None);
    let moving = size(
        None,
        Some(DynamicAllocation {
            min_executors: 1,
            max_executors: 4,
        }),
    );
    let machines = || serverless("standard_e4s_v3", "3.4");
    let by_client_id = JobIdentity::Managed {
        client_id: Some("cid".into()),
        resource_id: None,
    };
    vec![
        (
            "spark-attached",
            classic(attached("synspark"), SYSTEM, &fixed),
        ),
        (
            "spark-serverless-managed",
            classic(machines(), by_client_id, &fixed),
        ),
        (
            "spark-serverless-user-identity",
            classic(machines(), JobIdentity::UserIdentity, &moving),
        ),
    ]
}

fn of_the_sdks_tests() -> Vec<(&'static str, SparkJob)> {
    let moving = conf(&size(Some(1), Some(ONE_TO_FIVE)));
    // Where no name for people is given, the SDK takes the job's.
    let unnamed = Some("job1".to_owned());
    let iris = "https://azuremlexamples.blob.core.windows.net/datasets/iris.csv";
    vec![
        (
            "jobs/config-test",
            SparkJob {
                display_name: unnamed.clone(),
                description: Some("simply the best".into()),
                environment_id: Some(asset(AssetKind::Environment, "condaenv", "1")),
                conf: moving.clone(),
                target: attached("douglassynapse"),
                ..smallest()
            },
        ),
        (
            "jobs/config-hobo",
            SparkJob {
                display_name: unnamed.clone(),
                description: Some("simply the best".into()),
                conf: moving,
                ..own_machines()
            },
        ),
        (
            "jobs/config-inputs-outputs",
            SparkJob {
                display_name: unnamed.clone(),
                environment_id: environment::curated(
                    "AzureML-sklearn-0.24-ubuntu18.04-py37-cpu",
                    Some("1"),
                ),
                conf: conf(&size(Some(4), None)),
                inputs: named([
                    ("input1", DataType::UriFile.input(iris)),
                    ("sample_rate", literal("0.01")),
                ]),
                outputs: named([("output1", DataType::UriFile.output(OutputUri::default()))]),
                args: Some(
                    "--input1 ${{inputs.input1}} --output2 ${{outputs.output1}} \
                     --my_sample_rate ${{inputs.sample_rate}}"
                        .into(),
                ),
                target: serverless("standard_e8s_v3", "3.2"),
                ..own_machines()
            },
        ),
        (
            "jobs/config-word-count",
            SparkJob {
                display_name: unnamed,
                description: Some("submit a hobo spark job testing inputs".into()),
                inputs: named([(
                    "input1",
                    DataType::UriFile.input(
                        "azureml://datastores/workspaceblobstore/paths/simpleshakespeare.txt",
                    ),
                )]),
                target: serverless("standard_e8s_v3", "3.2"),
                ..own_machines()
            },
        ),
    ]
}

#[test]
fn every_recorded_job_is_submitted_as_the_sdk_submits_it() {
    for (wish, mut job) in jobs() {
        let theirs = sdk(wish, "PUT", "/jobs/");
        if wish.starts_with("spark-") {
            // Uploaded in that capture, under a random name: which code a job names is not compared here.
            job.code_id = ArmId::new(theirs["body"]["properties"]["codeId"].as_str().unwrap());
        }
        let name = name_in(&theirs, "jobs");
        assert_same(&job::put(&workspace_id(), &name, &job).request, &theirs);
    }
}

#[test]
fn no_recorded_job_is_forgotten_and_no_two_are_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sdk/jobs");
    let recorded: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            format!("jobs/{}", path.file_stem().unwrap().to_str().unwrap())
        })
        .collect();
    let compared: BTreeSet<String> = jobs()
        .into_iter()
        .map(|(wish, _)| wish.to_owned())
        .filter(|wish| wish.starts_with("jobs/"))
        .collect();
    assert_eq!(recorded, compared);
    let bodies: BTreeSet<String> = jobs()
        .iter()
        .map(|(wish, _)| {
            let mut body: Value = sdk(wish, "PUT", "/jobs/")["body"].clone();
            body["properties"].as_object_mut().unwrap().remove("codeId");
            body.to_string()
        })
        .collect();
    // A version and its id come out as one.
    assert_eq!(bodies.len(), jobs().len() - SAME.len(), "{SAME:?}");
    assert!(bodies.len() >= 12);
}

/// Wishes that the SDK turns into one request.
const SAME: [(&str, &str); 1] = [("jobs/environment", "jobs/environment-id")];
