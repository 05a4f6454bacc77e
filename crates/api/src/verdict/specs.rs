//! Specs by number: about half of them are as they should be, the others are wrong in one place or two. The same number
//! gives the same spec for ever.

mod data;
mod pen;
mod run;

use serde_json::{Map, Value, json};

use pen::Pen;

/// The spec of a `SparkJob` with this number.
pub fn spec(number: u64) -> Value {
    let pen = &mut Pen::new(number);
    let mut spec = Map::new();
    spec.insert("workspaceRef".to_owned(), json!({"name": pen.name(253)}));
    for (field, value) in [
        ("code", run::code(pen)),
        ("entry", run::entry(pen)),
        ("driver", run::driver(pen)),
        ("executor", run::executor(pen)),
        ("compute", run::compute(pen)),
    ] {
        spec.insert(field.to_owned(), value);
    }
    // Needed where the compute is serverless, and with a class.
    let mut often = |field: &str, times: u64, write: fn(&mut Pen) -> Value, pen: &mut Pen| {
        if !pen.one_in(times) {
            spec.insert(field.to_owned(), write(pen));
        }
    };
    often("identity", 8, run::identity, pen);
    often("jars", 3, run::files, pen);
    often("inputs", 6, data::inputs, pen);
    often("outputs", 6, data::outputs, pen);
    let mut seldom = |field: &str, write: fn(&mut Pen) -> Value, pen: &mut Pen| {
        if pen.one_in(4) {
            spec.insert(field.to_owned(), write(pen));
        }
    };
    seldom("args", data::args, pen);
    seldom("pyFiles", run::files, pen);
    seldom("files", run::files, pen);
    seldom("archives", run::files, pen);
    seldom("conf", run::conf, pen);
    seldom("dynamicAllocation", run::dynamic, pen);
    seldom("environment", run::environment, pen);
    seldom("retry", run::retry, pen);
    seldom("azureName", |pen| pen.pattern(255, "job-1", "a.b"), pen);
    seldom("displayName", |pen| pen.text(1, 256), pen);
    seldom("experimentName", |pen| pen.text(1, 256), pen);
    seldom("description", |pen| pen.text(0, 5_000), pen);
    seldom("tags", |pen| pen.map(40, 256), pen);
    seldom("suspend", Pen::truth, pen);
    seldom("cancel", Pen::truth, pen);
    seldom(
        "activeDeadlineSeconds",
        |pen| pen.number(1, 31_536_000),
        pen,
    );
    seldom("startDeadlineSeconds", |pen| pen.number(1, 31_536_000), pen);
    seldom(
        "ttlSecondsAfterFinished",
        |pen| pen.number(0, 31_536_000),
        pen,
    );
    seldom(
        "adoptionPolicy",
        |pen| pen.word(&["IfIdentical", "Always", "Never"]),
        pen,
    );
    seldom("deletionPolicy", |pen| pen.word(&["Cancel", "Leave"]), pen);
    let mut spec = Value::Object(spec);
    if pen.one_in(30) {
        pen.spoil(&mut spec);
    }
    spec
}
