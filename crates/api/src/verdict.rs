//! What the apiserver says to an object of ours, without an apiserver: the structural schema and the CEL rules of the
//! definitions as they are installed. For tests, which compare it with the apiserver and with what `core` makes of a
//! spec.

mod rows;
mod specs;

use std::collections::{BTreeMap, BTreeSet};

use kube::core::cel::{CompiledSchema, Validator, compile_schema};
use regex::Regex;
use serde_json::{Map, Value};

pub use rows::{Row, Rows, SPARK_JOB_ROWS, patched};
pub use specs::spec;

/// Judges the objects of one kind.
#[derive(Debug)]
pub struct Judge {
    schema: Value,
    patterns: BTreeMap<String, Regex>,
    rules: CompiledSchema,
    validator: Validator,
}

impl Judge {
    /// The judge of a kind.
    ///
    /// # Errors
    /// When there is no such kind, or its definition has a pattern or a rule that cannot be read.
    pub fn of(kind: &str) -> Result<Self, String> {
        let definition = crate::crds()
            .map_err(|error| error.to_string())?
            .into_iter()
            .find(|definition| definition.spec.names.kind == kind)
            .ok_or_else(|| format!("there is no kind {kind}"))?;
        let schema = definition
            .spec
            .versions
            .into_iter()
            .next()
            .and_then(|version| version.schema?.open_api_v3_schema)
            .ok_or_else(|| format!("{kind} has no schema"))?;
        let schema = serde_json::to_value(schema).map_err(|error| error.to_string())?;
        let mut patterns = BTreeMap::new();
        collect(&schema, &mut patterns)?;
        let rules = compile_schema(&schema);
        if let Some(error) = rules.compilation_errors().first() {
            return Err(error.to_string());
        }
        Ok(Self {
            schema,
            patterns,
            rules,
            validator: Validator::new(),
        })
    }

    /// Everything that is wrong with an object, each with its field; nothing if it is accepted. With `old` the object
    /// is an update of that.
    pub fn faults(&self, object: &Value, old: Option<&Value>) -> Vec<String> {
        let mut faults = Vec::new();
        self.walk(&self.schema, object, "", &mut faults);
        // Rules are not asked about what does not even have the types that they speak of.
        if faults.is_empty()
            && let Err(broken) = self.validator.validate_compiled(&self.rules, object, old)
        {
            faults.extend(broken.as_slice().iter().map(ToString::to_string));
        }
        faults
    }

    /// The messages of all rules in the definition.
    pub fn messages(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        messages(&self.schema, &mut found);
        found
    }

    fn walk(&self, schema: &Value, value: &Value, field: &str, faults: &mut Vec<String>) {
        let expected = schema
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !has_type(value, expected) {
            faults.push(format!("{field}: must be of type {expected}"));
            return;
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array)
            && !words.contains(value)
        {
            faults.push(format!("{field}: supported values are {words:?}"));
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, field, faults),
            Value::Array(items) => self.list(schema, items, field, faults),
            Value::String(text) => self.text(schema, text, field, faults),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                bounds(schema, ["minimum", "maximum"], number, field, faults);
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn object(
        &self,
        schema: &Value,
        fields: &Map<String, Value>,
        field: &str,
        faults: &mut Vec<String>,
    ) {
        for name in words(schema.get("required")) {
            if !fields.contains_key(name) {
                faults.push(format!("{field}.{name}: Required value"));
            }
        }
        bounds(
            schema,
            ["minProperties", "maxProperties"],
            count(fields.len()),
            field,
            faults,
        );
        for (name, value) in fields {
            let known = schema.get("properties").and_then(|all| all.get(name));
            let schema =
                known.or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()));
            // `metadata` and the like have a schema that is not in the definition.
            if let Some(schema) = schema {
                self.walk(schema, value, &format!("{field}.{name}"), faults);
            }
        }
    }

    fn list(&self, schema: &Value, items: &[Value], field: &str, faults: &mut Vec<String>) {
        bounds(
            schema,
            ["minItems", "maxItems"],
            count(items.len()),
            field,
            faults,
        );
        let keys = words(schema.get("x-kubernetes-list-map-keys"));
        let kind = schema.get("x-kubernetes-list-type").and_then(Value::as_str);
        let mut known: Vec<Vec<&Value>> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let field = format!("{field}[{at}]");
            if let Some(schema) = schema.get("items") {
                self.walk(schema, item, &field, faults);
            }
            let identity = match kind {
                Some("set") => vec![item],
                Some("map") => keys.iter().filter_map(|key| item.get(*key)).collect(),
                _ => continue,
            };
            if known.contains(&identity) {
                faults.push(format!("{field}: duplicate entries"));
            }
            known.push(identity);
        }
    }

    fn text(&self, schema: &Value, text: &str, field: &str, faults: &mut Vec<String>) {
        let length = count(text.chars().count());
        bounds(schema, ["minLength", "maxLength"], length, field, faults);
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && self
                .patterns
                .get(pattern)
                .is_some_and(|known| !known.is_match(text))
        {
            faults.push(format!("{field}: should match '{pattern}'"));
        }
    }
}

fn has_type(value: &Value, expected: &str) -> bool {
    match expected {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    }
}

fn bounds(schema: &Value, names: [&str; 2], number: f64, field: &str, faults: &mut Vec<String>) {
    let [least, most] = names.map(|name| schema.get(name).and_then(Value::as_f64));
    if least.is_some_and(|least| number < least) {
        faults.push(format!("{field}: {} is not kept", names[0]));
    }
    if most.is_some_and(|most| number > most) {
        faults.push(format!("{field}: {} is not kept", names[1]));
    }
}

/// No bound is near the numbers that lose digits here.
#[allow(
    clippy::cast_precision_loss,
    reason = "lengths of what fits into an object"
)]
fn count(length: usize) -> f64 {
    length as f64
}

fn words(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .map(|words| words.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

fn collect(schema: &Value, patterns: &mut BTreeMap<String, Regex>) -> Result<(), String> {
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let compiled = Regex::new(pattern).map_err(|error| error.to_string())?;
        patterns.insert(pattern.to_owned(), compiled);
    }
    inside(schema).try_for_each(|schema| collect(schema, patterns))
}

fn messages(schema: &Value, found: &mut BTreeSet<String>) {
    let rules = schema
        .get("x-kubernetes-validations")
        .and_then(Value::as_array);
    let texts = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule.get("message")?.as_str());
    found.extend(texts.map(str::to_owned));
    inside(schema).for_each(|schema| messages(schema, found));
}

/// The schemas of fields, entries and items.
fn inside(schema: &Value) -> impl Iterator<Item = &Value> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields
        .into_iter()
        .flat_map(Map::values)
        .chain(schema.get("additionalProperties"))
        .chain(schema.get("items"))
}

#[cfg(test)]
mod tests;
