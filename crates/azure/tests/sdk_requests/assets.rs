//! Environments, data and models: looked for, and environments registered.

use std::collections::BTreeMap;

use azureml_spark_azure::aml::environment::{self, NewEnvironment};
use azureml_spark_azure::aml::{data, model};
use azureml_spark_azure::{AssetId, AssetKind};

use crate::compare::{assert_same, name_in, sdk, workspace_id};

fn id(kind: AssetKind, name: &str, version: &str) -> AssetId {
    AssetId::new(&workspace_id(), kind, name, version).unwrap()
}

#[test]
fn named_environments() {
    let call = environment::get(&id(AssetKind::Environment, "e1", "3"));
    assert_same(
        &call.request,
        &sdk("environment-get", "GET", "/environments/"),
    );
    let call = environment::latest(&workspace_id(), "e1");
    let theirs = sdk("environment-latest", "GET", "/environments/");
    assert_same(&call.request, &theirs);
}

#[test]
fn environments_of_microsofts_own() {
    let latest = environment::curated("AzureML-x", None).unwrap();
    assert_eq!(latest.as_str(), "azureml:AzureML-x@latest");
    assert_eq!(environment::curated("e1", Some("1")), None);
}

#[test]
fn an_environment_is_registered() {
    let wish = NewEnvironment {
        conda_file: "dependencies:\n- python=3.10\nname: x\n".into(),
        image: environment::IMAGE.into(),
        description: Some("d".into()),
        tags: BTreeMap::from([("a".into(), "b".into())]),
        is_anonymous: false,
        is_archived: false,
    };
    let call = environment::put(&id(AssetKind::Environment, "e1", "1"), &wish);
    assert_same(
        &call.request,
        &sdk("environment-put", "PUT", "/environments/"),
    );
}

#[test]
fn the_packages_of_a_job_are_registered() {
    let theirs = sdk("jobs/conda", "PUT", "/environments/");
    let conda = "dependencies:\n- python=3.10\n- pip:\n  - numpy\nname: x\n";
    // The SDK's name for all such environments, and its hash as their version.
    let name = name_in(&theirs, "environments");
    let version = name_in(&theirs, "versions");
    let call = environment::put(
        &id(AssetKind::Environment, &name, &version),
        &NewEnvironment::of_a_job(conda),
    );
    assert_same(&call.request, &theirs);
}

#[test]
fn named_data() {
    let call = data::get(&id(AssetKind::Data, "d1", "3"));
    assert_same(&call.request, &sdk("data-get", "GET", "/data/"));
    let call = data::container(&workspace_id(), "d1");
    assert_same(&call.request, &sdk("data-latest", "GET", "/data/d1?"));
}

#[test]
fn named_models() {
    let call = model::get(&id(AssetKind::Model, "m1", "2"));
    assert_same(&call.request, &sdk("model-get", "GET", "/models/"));
    let call = model::latest(&workspace_id(), "m1");
    assert_same(&call.request, &sdk("model-latest", "GET", "/models/"));
}
