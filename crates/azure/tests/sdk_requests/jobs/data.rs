//! Jobs that read and write everything that there is.

use azureml_spark_azure::aml::job::{DataType, OutputUri, RegisterAs, SparkJob};

use super::{ABFSS, asset, at, literal, named, smallest};
use crate::compare::workspace_id;

pub(super) fn of_data() -> Vec<(&'static str, SparkJob)> {
    let by_id = |kind: DataType, name: &str, version: &str| {
        kind.input(asset(kind.asset_kind(), name, version).as_str())
    };
    let workspace = workspace_id();
    vec![
        (
            "jobs/inputs",
            SparkJob {
                inputs: named([
                    (
                        "file",
                        DataType::UriFile.input("wasbs://c@acct.blob.core.windows.net/f.csv"),
                    ),
                    ("folder", DataType::UriFolder.input(format!("{ABFSS}/p/"))),
                    (
                        "table",
                        DataType::Mltable.input("azureml://datastores/workspaceblobstore/paths/t/"),
                    ),
                    (
                        "custom",
                        DataType::CustomModel
                            .input(format!("azureml:/{workspace}/datastores/d/paths/m")),
                    ),
                    (
                        "mlflow",
                        DataType::MlflowModel.input("https://acct.blob.core.windows.net/c/m"),
                    ),
                    ("triton", DataType::TritonModel.input(format!("{ABFSS}/m"))),
                    ("text", literal("a b")),
                    ("whole", literal("5")),
                    ("broken", literal("0.5")),
                    ("yes", literal("True")),
                ]),
                ..smallest()
            },
        ),
        (
            "jobs/data-assets",
            SparkJob {
                inputs: named([
                    ("version", by_id(DataType::UriFile, "d1", "3")),
                    ("latest", by_id(DataType::UriFolder, "d2", "7")),
                    ("id", by_id(DataType::Mltable, "d3", "4")),
                    ("model", by_id(DataType::MlflowModel, "m1", "2")),
                    ("newest", by_id(DataType::CustomModel, "m2", "7")),
                ]),
                ..smallest()
            },
        ),
        ("jobs/outputs", outputs()),
    ]
}

fn outputs() -> SparkJob {
    let registered = |path: &str, version: Option<&str>| OutputUri {
        register_as: Some(RegisterAs {
            name: "result".into(),
            version: version.map(str::to_owned),
        }),
        ..at(&format!("{ABFSS}/{path}"))
    };
    let model = || at(&format!("{ABFSS}/m"));
    let table = "azureml://datastores/workspaceblobstore/paths/o/";
    SparkJob {
        outputs: named([
            (
                "file",
                DataType::UriFile.output(at(&format!("{ABFSS}/o.csv"))),
            ),
            ("folder", DataType::UriFolder.output(OutputUri::default())),
            ("table", DataType::Mltable.output(at(table))),
            ("custom", DataType::CustomModel.output(model())),
            ("mlflow", DataType::MlflowModel.output(model())),
            ("triton", DataType::TritonModel.output(model())),
            ("named", DataType::UriFolder.output(registered("n", None))),
            (
                "versioned",
                DataType::UriFolder.output(registered("v", Some("2"))),
            ),
        ]),
        ..smallest()
    }
}
