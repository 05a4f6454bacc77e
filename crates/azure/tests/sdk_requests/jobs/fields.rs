//! A job for each field: code, entry, files, environment, identity, compute, configuration, labels.

use azureml_spark_azure::aml::job::{Entry, JobIdentity, SparkJob};
use azureml_spark_azure::{ArmId, AssetKind};

use super::{
    ABFSS, ONE_TO_FIVE, SYSTEM, asset, attached, conf, own_machines, size, smallest, strings, texts,
};
use crate::compare::{SUBSCRIPTION, name_in, sdk};

pub(super) fn of_each_field() -> Vec<(&'static str, SparkJob)> {
    let mut jobs = of_each_environment();
    jobs.extend(of_each_identity());
    jobs.extend([
        (
            "jobs/smallest",
            SparkJob {
                display_name: Some("job1".into()),
                ..smallest()
            },
        ),
        (
            "jobs/class",
            SparkJob {
                entry: Entry::Class {
                    class_name: "com.example.Main".into(),
                },
                jars: texts(["app.jar"]),
                ..smallest()
            },
        ),
        (
            "jobs/files",
            SparkJob {
                py_files: texts(["lib/a.py", "lib/b.zip"]),
                jars: vec!["app.jar".into(), format!("{ABFSS}/j.jar")],
                files: texts(["conf.json"]),
                archives: texts(["venv.tar.gz#venv"]),
                ..smallest()
            },
        ),
        (
            "jobs/labels",
            SparkJob {
                description: Some("what it does".into()),
                tags: strings([("team", "data"), ("empty", "")]),
                ..smallest()
            },
        ),
        (
            "jobs/code-id",
            SparkJob {
                code_id: asset(AssetKind::Code, "c9", "2"),
                ..smallest()
            },
        ),
        (
            "jobs/compute-id",
            SparkJob {
                target: attached("theirs"),
                ..smallest()
            },
        ),
        (
            "jobs/conf",
            SparkJob {
                conf: size(Some(3), Some(ONE_TO_FIVE)).conf(&strings([
                    ("spark.sql.shuffle.partitions", "8"),
                    ("spark.speculation", "true"),
                    ("spark.ui.enabled", "True"),
                    ("spark.jars.packages", "a:b:1,c:d:2"),
                ])),
                args: Some("--text 'a b'".into()),
                ..smallest()
            },
        ),
        (
            "jobs/dynamic",
            SparkJob {
                conf: conf(&size(None, Some(ONE_TO_FIVE))),
                ..own_machines()
            },
        ),
    ]);
    jobs
}

fn of_each_environment() -> Vec<(&'static str, SparkJob)> {
    let with = |id: ArmId| SparkJob {
        environment_id: Some(id),
        ..own_machines()
    };
    let conda = sdk("jobs/conda", "PUT", "/environments/");
    let version = |version: &str| asset(AssetKind::Environment, "e1", version);
    vec![
        ("jobs/environment", with(version("3"))),
        ("jobs/environment-id", with(version("3"))),
        ("jobs/environment-latest", with(version("7"))),
        (
            "jobs/conda",
            with(asset(
                AssetKind::Environment,
                &name_in(&conda, "environments"),
                &name_in(&conda, "versions"),
            )),
        ),
    ]
}

fn of_each_identity() -> Vec<(&'static str, SparkJob)> {
    let on_pool = |identity| SparkJob {
        identity: Some(identity),
        ..smallest()
    };
    let resource_id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u1"
    );
    vec![
        (
            "jobs/identity-resource-id",
            on_pool(JobIdentity::Managed {
                client_id: None,
                resource_id: Some(ArmId::new(resource_id)),
            }),
        ),
        (
            "jobs/identity-client-id",
            on_pool(JobIdentity::Managed {
                client_id: Some("cid".into()),
                resource_id: None,
            }),
        ),
        (
            "jobs/identity-user-attached",
            on_pool(JobIdentity::UserIdentity),
        ),
        (
            "jobs/identity-system-serverless",
            SparkJob {
                identity: Some(SYSTEM),
                ..own_machines()
            },
        ),
    ]
}
