//! The rows, judged here; a scenario has the apiserver judge the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Judge, Row, Rows, SPARK_JOB_ROWS, patched, spec};

fn rows() -> Rows {
    serde_norway::from_str(SPARK_JOB_ROWS).unwrap()
}

fn object(spec: &Value, changes: &[&Value], status: &Value) -> Value {
    json!({
        "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob", "metadata": {"name": "job"},
        "spec": patched(spec, changes), "status": status,
    })
}

/// Every row is judged as it says; the faults of those that are refused.
fn judge(rows: &[Row], spec: &Value, status: &Value, is_update: bool) -> Vec<String> {
    let judge = Judge::of("SparkJob").unwrap();
    let mut all = Vec::new();
    for row in rows {
        let old = object(spec, &[&row.before], status);
        let new = object(spec, &[&row.before, &row.patch], status);
        let faults = judge.faults(&new, is_update.then_some(&old));
        match &row.refused {
            None => assert!(faults.is_empty(), "{}: {faults:?}", row.patch),
            Some(part) => assert!(
                faults.iter().any(|fault| fault.contains(part)),
                "{}: expected '{part}' in {faults:?}",
                row.patch
            ),
        }
        all.extend(faults);
    }
    all
}

/// What the status says of a run that is submitted, and of one whose first attempt is over.
fn submitted() -> [Value; 2] {
    let time = "2024-05-01T00:00:00Z";
    let over = json!({
        "attempt": 1, "azureName": "a", "state": "Failed", "endTime": time, "reason": "PlatformFailed",
    });
    [
        json!({"submission": {"attempt": 1, "requestedTime": time, "definitionHash": "0"}}),
        json!({"attempts": [over]}),
    ]
}

#[test]
fn each_rule_refuses_what_breaks_it_and_nothing_else() {
    let rows = rows();
    let fresh = json!({"observedGeneration": -1});
    let mut faults = judge(&rows.create, &rows.spec, &fresh, false);
    faults.extend(judge(&rows.update, &rows.spec, &fresh, true));
    for status in submitted() {
        faults.extend(judge(&rows.late, &rows.spec, &status, true));
    }
    let untried: BTreeSet<String> = Judge::of("SparkJob")
        .unwrap()
        .messages()
        .into_iter()
        .filter(|message| !faults.iter().any(|fault| fault.contains(message)))
        .collect();
    assert!(untried.is_empty(), "no row breaks: {untried:#?}");
}

#[test]
fn what_may_be_changed_late_may_be_changed_early() {
    let rows = rows();
    let fresh = json!({"observedGeneration": -1});
    let early: Vec<Row> = rows
        .late
        .into_iter()
        // A name is fixed from the beginning.
        .filter(|row| row.patch.get("azureName").is_none())
        .map(|row| Row {
            refused: None,
            ..row
        })
        .collect();
    judge(&early, &rows.spec, &fresh, true);
}

#[test]
fn about_half_of_the_specs_by_number_are_accepted() {
    let judge = Judge::of("SparkJob").unwrap();
    let object = |number| json!({"metadata": {"name": "job"}, "spec": spec(number)});
    let mut messages = judge.messages();
    let mut accepted = 0;
    for number in 0..1_000 {
        let faults = judge.faults(&object(number), None);
        accepted += u32::from(faults.is_empty());
        messages.retain(|message| !faults.iter().any(|fault| fault.contains(message)));
    }
    assert!((350..650).contains(&accepted), "{accepted} of 1000");
    // Rules of updates are not asked about here.
    messages.retain(|message| !message.contains("immutable") && !message.contains("taken back"));
    assert!(messages.is_empty(), "no spec breaks: {messages:#?}");
    assert_eq!(object(7), object(7));
}
