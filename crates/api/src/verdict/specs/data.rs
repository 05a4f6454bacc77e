//! Inputs, outputs and arguments.

use serde_json::{Map, Value, json};

use super::pen::Pen;

const TYPES: [&str; 6] = [
    "uri_file",
    "uri_folder",
    "mltable",
    "custom_model",
    "mlflow_model",
    "triton_model",
];
const PATHS: [&str; 3] = [
    "azureml://datastores/a/paths/b",
    "abfss://c@a/b",
    "wasbs://c@a/b",
];
const ASSETS: [&str; 3] = [
    "azureml:titanic:1",
    "azureml:titanic@latest",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/data/d/versions/1",
];

fn path(pen: &mut Pen, of: &[&str]) -> Value {
    let right = pen.pick(of);
    pen.pattern(2_048, right, "https://a/b")
}

pub(super) fn inputs(pen: &mut Pen) -> Value {
    named(pen, 100, |pen| {
        let mut input = pen.one_of(&[
            ("path", &|pen| {
                let of: &[&str] = if pen.one_in(2) { &PATHS } else { &ASSETS };
                path(pen, of)
            }),
            ("value", &|pen| pen.text(0, 2_048)),
            (
                "fromJob",
                &|pen| json!({"name": pen.name(253), "output": pen.pattern(255, "out", "o-ut")}),
            ),
        ]);
        // Needed with a path, wrong with a value.
        let typed = input.get("path").is_some() != pen.one_in(90);
        if typed && let Some(fields) = input.as_object_mut() {
            fields.insert("type".to_owned(), pen.word(&TYPES));
        }
        input
    })
}

pub(super) fn outputs(pen: &mut Pen) -> Value {
    named(pen, 20, |pen| {
        let mut output = json!({"type": pen.word(&TYPES), "path": path(pen, &PATHS)});
        if pen.one_in(4)
            && let Some(fields) = output.as_object_mut()
        {
            let mut asset = json!({"name": pen.pattern(255, "wrangled", "a.b")});
            if pen.one_in(2)
                && let Some(fields) = asset.as_object_mut()
            {
                fields.insert("version".to_owned(), pen.pattern(30, "1.0", "1 0"));
            }
            fields.insert("registerAs".to_owned(), asset);
        }
        output
    })
}

/// Entries `a`, `b` and so on, or by another name.
fn named(pen: &mut Pen, most: usize, write: impl Fn(&mut Pen) -> Value) -> Value {
    let count = match pen.below(200) {
        0 => most,
        1 => most + 1,
        _ => 1 + pen.below(2),
    };
    let mut entries = Map::new();
    for at in 0..count {
        let name = match at {
            0 => "a".to_owned(),
            1 => pen.scribbled("b_1"),
            _ => format!("c{at}"),
        };
        entries.insert(name, write(pen));
    }
    Value::Object(entries)
}

/// With references that lead somewhere, mostly.
pub(super) fn args(pen: &mut Pen) -> Value {
    let right = pen.pick(&[
        "",
        "--fast",
        "--in ${{inputs.a}}",
        "--out ${{ outputs.a }} $HOME ${x} {{y}} }}",
        "${{inputs.a}}${{outputs.a}}${{",
        "${{inputs.b_1}} and more",
        "${{ inputs.a \t}} \u{a0}${{\u{a0}inputs.a}}",
    ]);
    if pen.one_in(120) {
        return json!(format!("{right}{}", "a".repeat(8_192)));
    }
    json!(pen.scribbled(right))
}
