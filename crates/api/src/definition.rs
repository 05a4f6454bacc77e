//! The custom resource definitions as they are installed, made from the Rust types.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::spark_job::frozen;
use crate::{AzureMLWorkspace, LinkedService, SparkJob, SynapseSparkAttachment};

/// Every definition, ready to be written to `crds/`.
///
/// # Errors
/// When a definition does not survive the way through JSON: a mistake in a type, which `xtask gen` shows.
pub fn crds() -> Result<Vec<CustomResourceDefinition>, serde_json::Error> {
    [
        AzureMLWorkspace::crd(),
        LinkedService::crd(),
        SynapseSparkAttachment::crd(),
        SparkJob::crd(),
    ]
    .into_iter()
    .map(finish)
    .collect()
}

/// What the derive cannot say: a status before the first look, what a submitted run cannot change, and no explicit
/// nulls in a spec.
///
/// `status.observedGeneration: -1` keeps health tools from being green before the operator has looked. `null` where a
/// field may be left out would let `has()` in a rule be true for nothing.
fn finish(crd: CustomResourceDefinition) -> Result<CustomResourceDefinition, serde_json::Error> {
    let is_job = crd.spec.names.kind == "SparkJob";
    let mut value = serde_json::to_value(crd)?;
    if let Some(schema) = value.pointer_mut("/spec/versions/0/schema/openAPIV3Schema") {
        if let Some(status) = schema
            .pointer_mut("/properties/status")
            .and_then(Value::as_object_mut)
        {
            status.insert("default".to_owned(), json!({"observedGeneration": -1}));
            status.insert(
                "description".to_owned(),
                json!("What the operator last saw; written by nobody else."),
            );
        }
        if is_job {
            frozen::add_rules(schema);
        }
        tidy(schema);
    }
    serde_json::from_value(value)
}

/// Drops `nullable` and the number formats that the apiserver does not know, and lets `kubectl explain` break the lines.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("nullable").is_some_and(Value::is_boolean) {
                fields.remove("nullable");
            }
            if fields
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|f| f.starts_with("uint"))
            {
                fields.remove("format");
            }
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text
                    .split("\n\n")
                    .map(|paragraph| paragraph.replace('\n', " "))
                    .collect::<Vec<_>>()
                    .join("\n\n");
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Schema of a map of Azure tags: at most 40 (Azure allows 50, the operator needs some), values up to 256 characters.
pub(crate) struct Tags;

impl JsonSchema for Tags {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tags".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        string_map(40, 256)
    }

    fn inline_schema() -> bool {
        true
    }
}

/// Schema of the Spark configuration: at most 100 keys, values up to 2,048 characters.
pub(crate) struct Conf;

impl JsonSchema for Conf {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Conf".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        string_map(100, 2_048)
    }

    fn inline_schema() -> bool {
        true
    }
}

fn string_map(entries: u32, length: u32) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": entries,
        "additionalProperties": {"type": "string", "maxLength": length}
    })
}
