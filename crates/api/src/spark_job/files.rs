//! Lists of files that a run takes along.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Schema of such a list: at most 50 paths of the code or addresses, none of them twice.
pub(crate) struct Files;

impl JsonSchema for Files {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Files".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "maxItems": 50,
            "items": {"type": "string", "minLength": 1, "maxLength": 512},
            "x-kubernetes-list-type": "set",
            "x-kubernetes-validations": [
                {
                    "rule": "self.all(path, path.matches('^(azureml|abfss|wasbs|https):') || (!('/' + path + '/').contains('//') && !('/' + path + '/').contains('/./') && !('/' + path + '/').contains('/../')))",
                    "message": "must be relative paths of the code, without '.', '..' and empty parts, or addresses that begin with azureml:, abfss:, wasbs: or https:"
                },
                {
                    "rule": "!self.exists(path, path.contains('sig='))",
                    "message": "must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account"
                }
            ]
        })
    }

    fn inline_schema() -> bool {
        true
    }
}
