//! What a run reads and writes.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::DataType;
use serde_json::json;

use super::object::{set, want_with};
use crate::spark_job::{AssetChoice, AssetName, InputChoice, OutputChoice, Produced};

#[test]
#[rustfmt::skip]
fn an_input_is_an_address_an_asset_or_a_value() {
    let path = |type_, path: &str| InputChoice::Path(type_, path.to_owned());
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/data/d/versions/2";
    let rows = [
        (json!({"value": "5"}), InputChoice::Literal("5".to_owned())),
        (json!({"value": ""}), InputChoice::Literal(String::new())),
        (json!({"type": "uri_file", "path": "azureml://datastores/d/paths/p"}), path(DataType::UriFile, "azureml://datastores/d/paths/p")),
        (json!({"type": "uri_folder", "path": "wasbs://c@a.blob.core.windows.net/p"}), path(DataType::UriFolder, "wasbs://c@a.blob.core.windows.net/p")),
        (json!({"type": "mltable", "path": "abfss://c@a.dfs.core.windows.net/p"}), path(DataType::Mltable, "abfss://c@a.dfs.core.windows.net/p")),
        (json!({"type": "uri_file", "path": "azureml:titanic:1"}), InputChoice::DataAsset(DataType::UriFile, AssetName::Version { name: "titanic".to_owned(), version: "1".to_owned() })),
        (json!({"type": "mlflow_model", "path": "azureml:model@latest"}), InputChoice::DataAsset(DataType::MlflowModel, AssetName::Latest { name: "model".to_owned() })),
        (json!({"type": "uri_folder", "path": id}), InputChoice::DataAsset(DataType::UriFolder, AssetName::Id(id.to_owned()))),
    ];
    for (input, expected) in rows {
        let want = want_with(|g| set(g, "inputs", json!({"a": input})));
        assert_eq!(want.definition.unwrap().inputs["a"], expected, "{input}");
    }
}

#[test]
#[rustfmt::skip]
fn the_output_of_another_job_is_waited_for() {
    type Row<'a> = (Option<Produced>, Option<&'a str>, Result<DataType, (Reason, &'a str)>, &'a str);
    let waiting = |outputs: &[&str]| Produced::Waiting {
        why: "it is running".to_owned(),
        outputs: outputs.iter().map(|name| (*name).to_owned()).collect(),
    };
    let done = || Produced::Done([("wrangled".to_owned(), (DataType::UriFolder, "azureml://datastores/d/paths/w".to_owned()))].into());
    let rows: [Row<'_>; 10] = [
        (None, None, Err((Reason::JobNotFound, "spec.inputs.data.fromJob.name: no SparkJob 'prepare' in this namespace: create it")), "it was not found"),
        (Some(Produced::Missing), None, Err((Reason::JobNotFound, "'prepare'")), "it was looked for"),
        (Some(waiting(&["wrangled"])), None, Err((Reason::JobNotReady, "waits for SparkJob 'prepare': it is running")), "it has not ended"),
        (Some(waiting(&["rangled"])), None, Err((Reason::OutputNotFound, "has no output 'wrangled', but rangled")), "a slip of the pen is told before the wait"),
        (Some(Produced::Circular(vec!["prepare".to_owned(), "clean".to_owned()])), None, Err((Reason::JobNotFound, "fromJob.name: this job waits for itself through prepare, clean: name another")), "it would wait for ever"),
        (Some(waiting(&[])), None, Err((Reason::OutputNotFound, "but none at all")), "the same"),
        (Some(Produced::Failed("ScriptFailed: no such column".to_owned())), None, Err((Reason::JobFailed, "ScriptFailed: no such column")), "how it ended is passed on"),
        (Some(Produced::Done([].into())), None, Err((Reason::OutputNotFound, "'wrangled'")), "it ended without"),
        (Some(done()), None, Ok(DataType::UriFolder), "the type is the output's"),
        (Some(done()), Some("mltable"), Ok(DataType::Mltable), "unless the input has one"),
    ];
    for (produced, type_, expected, why) in rows {
        let want = want_with(|g| {
            let mut input = json!({"fromJob": {"name": "prepare", "output": "wrangled"}});
            if let Some(type_) = type_ {
                input["type"] = json!(type_);
            }
            set(g, "inputs", json!({"data": input}));
            g.produced.extend(produced.map(|p| ("prepare".to_owned(), p)));
        });
        match (want.definition, expected) {
            (Ok(definition), Ok(type_)) => {
                let path = "azureml://datastores/d/paths/w".to_owned();
                assert_eq!(definition.inputs["data"], InputChoice::Path(type_, path), "{why}");
            }
            (Err(blocked), Err((reason, text))) => {
                assert_eq!(blocked.reason, reason, "{why}: {}", blocked.message);
                assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
            }
            (found, _) => panic!("{why}: {found:?}"),
        }
    }
}

#[test]
fn an_output_may_become_a_data_asset() {
    let want = want_with(|g| {
        set(
            g,
            "outputs",
            json!({
                "plain": {"type": "uri_folder", "path": "abfss://c@a/plain"},
                "next": {"type": "uri_file", "path": "abfss://c@a/next", "registerAs": {"name": "wrangled"}},
                "one": {"type": "mltable", "path": "abfss://c@a/one", "registerAs": {"name": "wrangled", "version": "1"}},
            }),
        );
    });
    let outputs = want.definition.unwrap().outputs;
    let asset = |version: Option<&str>| AssetChoice {
        name: "wrangled".to_owned(),
        version: version.map(str::to_owned),
    };
    for (name, type_, register_as) in [
        ("plain", DataType::UriFolder, None),
        ("next", DataType::UriFile, Some(asset(None))),
        ("one", DataType::Mltable, Some(asset(Some("1")))),
    ] {
        let expected = OutputChoice {
            type_,
            path: format!("abfss://c@a/{name}"),
            register_as,
        };
        assert_eq!(outputs[name], expected);
    }
}

#[test]
fn references_in_the_arguments_are_found_whatever_their_spacing() {
    let want = want_with(|g| {
        set(
            g,
            "inputs",
            json!({"titanic_data": {"type": "uri_file", "path": "azureml://datastores/d/paths/p"}, "_n": {"value": "5"}}),
        );
        set(
            g,
            "outputs",
            json!({"out": {"type": "uri_folder", "path": "abfss://c@a/out"}}),
        );
        set(
            g,
            "args",
            json!(
                "--a ${{inputs.titanic_data}} --n=${{ inputs._n }} --b ${{outputs.out}} ${HOME} {{x}} ${{unclosed"
            ),
        );
    });
    assert!(want.definition.is_ok());
}

#[test]
fn no_job_waits_for_itself() {
    let want = want_with(|g| {
        set(
            g,
            "inputs",
            json!({"data": {"fromJob": {"name": "titanic", "output": "out"}}}),
        );
    });
    let blocked = want.definition.unwrap_err();
    assert_eq!(blocked.reason, Reason::JobNotFound);
    let text = "spec.inputs.data.fromJob.name: 'titanic' is this job itself";
    assert!(blocked.message.starts_with(text), "{}", blocked.message);
}
