//! The packages that a run asks for.

use azureml_spark_api::Reason;
use serde_json::json;

use super::object::{given_with, set, want_with};
use crate::machine::Machine;
use crate::spark_job::{AssetName, EnvironmentChoice, Given, SparkJob};

const CONDA: &str = "dependencies:\n- python=3.10\n- pip:\n  - numpy\n";

fn conda(text: &str) -> EnvironmentChoice {
    let want = want_with(|g| set(g, "environment", json!({"conda": text})));
    want.definition.unwrap().environment.unwrap()
}

#[test]
fn a_conda_text_is_registered_under_a_name_that_is_made_of_it() {
    let EnvironmentChoice::Conda {
        name,
        version,
        text,
    } = conda(CONDA)
    else {
        panic!("not a conda text")
    };
    assert_eq!(
        (name.as_str(), version.as_str(), text.as_str()),
        ("spark-conda-119caf9aad67d1516f8956aa176812a2", "1", CONDA),
        "the same in every release, or it would be registered twice"
    );
    assert_eq!(conda(CONDA), conda(CONDA));
    assert_ne!(
        conda(CONDA),
        conda(&CONDA.replace("numpy", "pandas")),
        "other content is another environment"
    );
}

#[test]
fn the_same_text_from_a_config_map_is_the_same_environment() {
    let from_map = want_with(|g| {
        packages(g, CONDA.as_bytes());
    });
    assert_eq!(
        from_map.definition.unwrap().environment.unwrap(),
        conda(CONDA)
    );
}

fn packages(given: &mut Given, bytes: &[u8]) {
    set(
        given,
        "environment",
        json!({"condaConfigMapKeyRef": {"name": "packages", "key": "conda.yaml"}}),
    );
    let data = [("conda.yaml".to_owned(), bytes.to_vec())];
    given
        .config_maps
        .insert("packages".to_owned(), Some(data.into()));
}

#[test]
#[rustfmt::skip]
fn what_is_no_conda_text_is_told() {
    type Row = (fn(&mut Given), Reason, &'static str, &'static str);
    let rows: &[Row] = &[
        (|g| { packages(g, b""); g.config_maps.remove("packages"); }, Reason::ConfigMapNotFound, "spec.environment.condaConfigMapKeyRef: no ConfigMap 'packages' in this namespace: create it", "never asked for"),
        (|g| { packages(g, b""); g.config_maps.insert("packages".into(), None); }, Reason::ConfigMapNotFound, "'packages'", "asked for"),
        (|g| { packages(g, b""); g.config_maps.insert("packages".into(), Some([("conda.yml".into(), vec![])].into())); }, Reason::KeyNotFound, "ConfigMap 'packages' has no key 'conda.yaml'", "another key"),
        (|g| packages(g, &[0xff, 0xfe]), Reason::InvalidSpec, "key 'conda.yaml' of ConfigMap 'packages' is no text", "bytes"),
        (|g| packages(g, b"- numpy"), Reason::InvalidSpec, "must be a mapping with 'dependencies'", "a list"),
        (|g| packages(g, b""), Reason::InvalidSpec, "must be a mapping", "nothing"),
        (|g| packages(g, b"dependencies: [\n- x"), Reason::InvalidSpec, "is no YAML, at line", "a bracket is missing"),
        (|g| packages(g, "#".repeat(65_537).as_bytes()), Reason::InvalidSpec, "more than 64 KiB", "too long"),
    ];
    for (change, reason, text, why) in rows {
        let want = SparkJob::want(&given_with(change)).unwrap();
        let blocked = want.definition.expect_err(why);
        assert_eq!(blocked.reason, *reason, "{why}: {}", blocked.message);
        assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
    }
}

#[test]
fn a_text_in_the_spec_that_is_no_conda_is_invalid() {
    for text in ["- numpy", "numpy", "dependencies: [", "a: &x [*x]"] {
        let given = given_with(|g| set(g, "environment", json!({"conda": text})));
        let invalid = SparkJob::want(&given).unwrap_err();
        assert_eq!(invalid.field, "spec.environment.conda", "{text}");
    }
}

#[test]
fn a_registered_environment_is_taken_by_its_name() {
    let want = want_with(|g| set(g, "environment", json!({"asset": "azureml:spark-env:1"})));
    let expected = AssetName::Version {
        name: "spark-env".to_owned(),
        version: "1".to_owned(),
    };
    assert_eq!(
        want.definition.unwrap().environment,
        Some(EnvironmentChoice::Asset(expected))
    );
    assert_eq!(want_with(|_| {}).definition.unwrap().environment, None);
}
