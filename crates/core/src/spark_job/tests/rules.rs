//! What a spec must keep on its own: the verdict is the apiserver's, and the message names the field.

use azureml_spark_api::verdict::{Rows, SPARK_JOB_ROWS, patched};
use azureml_spark_api::{Reason, SparkJobSpec};
use serde_json::{Value, json};

use super::object::given_with;
use crate::machine::{Invalid, Machine};
use crate::spark_job::SparkJob;

fn want(spec: SparkJobSpec) -> Result<(), Invalid> {
    SparkJob::want(&given_with(|g| g.spec = spec)).map(|_| ())
}

#[test]
fn the_rows_of_the_apiserver_have_the_same_verdict_here() {
    let rows: Rows = serde_norway::from_str(SPARK_JOB_ROWS).unwrap();
    let mut judged = 0;
    for row in &rows.create {
        let spec = patched(&rows.spec, &[&row.patch]);
        // What does not even have the right types never becomes a spec.
        let Ok(spec) = serde_json::from_value(spec) else {
            assert!(row.refused.is_some(), "{}", row.patch);
            continue;
        };
        let verdict = want(spec);
        assert_eq!(
            verdict.is_err(),
            row.refused.is_some(),
            "{}: {verdict:?}",
            row.patch
        );
        judged += 1;
    }
    assert!(judged > 100, "only {judged} rows");
}

#[test]
#[rustfmt::skip]
fn a_broken_rule_names_its_field() {
    let long = |n: usize| "x".repeat(n);
    let map = |entries: usize| -> Value { (0..entries).map(|n| (format!("k{n}"), json!("v"))).collect() };
    let values = |entries: usize| -> Value { (0..entries).map(|n| (format!("k{n}"), json!({"value": "v"}))).collect() };
    let outputs = |entries: usize| -> Value { (0..entries).map(|n| (format!("k{n}"), json!({"type": "uri_file", "path": "abfss://c@a/p"}))).collect() };
    let list = |entries: usize| -> Value { (0..entries).map(|n| json!(format!("f{n}"))).collect() };
    let rows = [
        (json!({"azureName": "a.b"}), "spec.azureName"),
        (json!({"azureName": ""}), "spec.azureName"),
        (json!({"azureName": long(256)}), "spec.azureName"),
        (json!({"displayName": long(257)}), "spec.displayName"),
        (json!({"experimentName": ""}), "spec.experimentName"),
        (json!({"description": long(5_001)}), "spec.description"),
        (json!({"tags": map(41)}), "spec.tags"),
        (json!({"tags": {"a": long(257)}}), "spec.tags.a"),
        (json!({"workspaceRef": {"name": long(254)}}), "spec.workspaceRef.name"),
        (json!({"workspaceRef": {"name": "../other"}}), "spec.workspaceRef.name"),
        (json!({"code": {"configMaps": [{"name": "Src"}]}}), "spec.code.configMaps.name"),
        (json!({"code": {"configMaps": [{"name": "src", "items": []}]}}), "spec.code.configMaps.items"),
        (json!({"code": {"configMaps": [{"name": ""}]}}), "spec.code.configMaps.name"),
        (json!({"code": {"configMaps": [{"name": "src", "items": [{"key": "", "path": "a"}]}]}}), "spec.code.configMaps.items.key"),
        (json!({"code": {"configMaps": [{"name": "src", "items": [{"key": "a", "path": "a/.."}]}]}}), "spec.code.configMaps.items.path"),
        (json!({"code": {"configMaps": null, "uri": "https:///c/f"}}), "spec.code.uri"),
        (json!({"code": {"configMaps": null, "uri": "https://a@b/c/f"}}), "spec.code.uri"),
        (json!({"code": {"configMaps": null, "uri": "https://a/c/"}}), "spec.code.uri"),
        (json!({"code": {"configMaps": null, "asset": "azureml:-a:1"}}), "spec.code.asset"),
        (json!({"code": {"configMaps": null, "sourceRef": {"kind": "Bucket", "name": ""}}}), "spec.code.sourceRef.name"),
        (json!({"code": {"configMaps": null, "sourceRef": {"kind": "Bucket", "name": "a", "path": "/"}}}), "spec.code.sourceRef.path"),
        (json!({"entry": {"file": long(257)}}), "spec.entry.file"),
        (json!({"entry": {"file": null, "className": "1a"}}), "spec.entry.className"),
        (json!({"files": list(51)}), "spec.files"),
        (json!({"jars": [long(513)]}), "spec.jars"),
        (json!({"archives": ["a#b?sig=c"]}), "spec.archives"),
        (json!({"args": long(8_193)}), "spec.args"),
        (json!({"args": "${{inputs.gone}}"}), "spec.args"),
        (json!({"inputs": values(101)}), "spec.inputs"),
        (json!({"inputs": {"a b": {"value": ""}}}), "spec.inputs"),
        (json!({"inputs": {"a": {"value": long(2_049)}}}), "spec.inputs.a.value"),
        (json!({"inputs": {"a": {"type": "uri_file", "value": ""}}}), "spec.inputs.a.type"),
        (json!({"inputs": {"a": {"path": "abfss://c@a/p"}}}), "spec.inputs.a.type"),
        (json!({"inputs": {"a": {"type": "uri_file", "path": "s3://a/b"}}}), "spec.inputs.a.path"),
        (json!({"inputs": {"a": {"fromJob": {"name": "", "output": "o"}}}}), "spec.inputs.a.fromJob.name"),
        (json!({"inputs": {"a": {"fromJob": {"name": "j", "output": ""}}}}), "spec.inputs.a.fromJob.output"),
        (json!({"outputs": outputs(21)}), "spec.outputs"),
        (json!({"outputs": {"a": {"type": "uri_file", "path": "azureml:a:1"}}}), "spec.outputs.a.path"),
        (json!({"outputs": {"a": {"type": "uri_file", "path": "abfss://c@a/p", "registerAs": {"name": ""}}}}), "spec.outputs.a.registerAs.name"),
        (json!({"outputs": {"a": {"type": "uri_file", "path": "abfss://c@a/p", "registerAs": {"name": "a", "version": long(31)}}}}), "spec.outputs.a.registerAs.version"),
        (json!({"conf": map(101)}), "spec.conf"),
        (json!({"conf": {"spark.a": long(2_049)}}), "spec.conf.spark.a"),
        (json!({"conf": {"spark.executor.instances": "1"}}), "spec.conf.spark.executor.instances"),
        (json!({"conf": {"fs.azure.account.oauth2.client.secret.a": "1"}}), "spec.conf.fs.azure.account.oauth2.client.secret.a"),
        (json!({"conf": {"a": "AccountKey=1"}}), "spec.conf.a"),
        (json!({"driver": {"cores": 257}}), "spec.driver.cores"),
        (json!({"driver": {"memory": "02g"}}), "spec.driver.memory"),
        (json!({"executor": {"memory": "zwei GiB…"}}), "spec.executor.memory"),
        (json!({"executor": {"memory": "1000000000000g"}}), "spec.executor.memory"),
        (json!({"executor": {"instances": 10_001}}), "spec.executor.instances"),
        (json!({"executor": {"instances": null}}), "spec.executor.instances"),
        (json!({"dynamicAllocation": {"minExecutors": 1, "maxExecutors": 0}}), "spec.dynamicAllocation.maxExecutors"),
        (json!({"dynamicAllocation": {"minExecutors": 3, "maxExecutors": 2}}), "spec.dynamicAllocation.minExecutors"),
        (json!({"dynamicAllocation": {"minExecutors": 3, "maxExecutors": 4}}), "spec.executor.instances"),
        (json!({"environment": {"conda": ""}}), "spec.environment.conda"),
        (json!({"environment": {"condaConfigMapKeyRef": {"name": "a", "key": ""}}}), "spec.environment.condaConfigMapKeyRef.key"),
        (json!({"compute": {"serverless": null, "name": "-a"}}), "spec.compute.name"),
        (json!({"compute": {"serverless": null, "attachmentRef": {"name": ""}}}), "spec.compute.attachmentRef.name"),
        (json!({"compute": {"serverless": {"instanceType": ""}}}), "spec.compute.serverless.instanceType"),
        (json!({"compute": {"serverless": {"runtimeVersion": "3..4"}}}), "spec.compute.serverless.runtimeVersion"),
        (json!({"identity": {"clientId": long(65)}}), "spec.identity.clientId"),
        (json!({"identity": {"resourceId": ""}}), "spec.identity.resourceId"),
        (json!({"identity": {"clientId": "c", "resourceId": "r"}}), "spec.identity"),
        (json!({"activeDeadlineSeconds": -1}), "spec.activeDeadlineSeconds"),
        (json!({"startDeadlineSeconds": 0}), "spec.startDeadlineSeconds"),
        (json!({"ttlSecondsAfterFinished": -1}), "spec.ttlSecondsAfterFinished"),
        (json!({"retry": {"maxAttempts": 0}}), "spec.retry.maxAttempts"),
        (json!({"retry": {"maxAttempts": 1, "backoffSeconds": 3_601}}), "spec.retry.backoffSeconds"),
        (json!({"retry": {"maxAttempts": 1, "causes": []}}), "spec.retry.causes"),
        (json!({"retry": {"maxAttempts": 1, "causes": ["Script", "Platform", "Script"]}}), "spec.retry.causes"),
    ];
    let valid: Rows = serde_norway::from_str(SPARK_JOB_ROWS).unwrap();
    for (patch, field) in rows {
        let spec = serde_json::from_value(patched(&valid.spec, &[&patch])).unwrap();
        let invalid = want(spec).expect_err(field);
        assert_eq!((invalid.field.as_str(), invalid.reason), (field, Reason::InvalidSpec), "{invalid}");
        assert!(invalid.to_string().len() < 1_024 && !invalid.message.is_empty(), "{field}");
    }
}
