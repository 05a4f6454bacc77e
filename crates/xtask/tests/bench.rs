//! `cargo xtask bench` measures, tells and writes what it measured; how good the figures are is no test's business.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::process::Command;

use azureml_spark_testkit::binaries::{Profile, emulator, operator};
use serde_json::Value;

#[test]
fn figures_are_told_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["bench", "attach", "--part", "0.02", "--json"])
        .arg(&file)
        // That it works is shown by what the other tests have built as well.
        .env(
            "AZUREML_SPARK_OPERATOR_BINARY",
            operator(Profile::Dev).unwrap(),
        )
        .env("AZUREML_EMULATOR_BINARY", emulator(Profile::Dev).unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{said}");

    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(report["machine"]["cores"].as_u64() > Some(0), "{report}");
    assert!(
        report["versions"]["kubeApiserver"]
            .as_str()
            .unwrap()
            .contains("v1."),
        "{report}"
    );
    let scenarios = report["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), 1);
    let figures = scenarios[0]["figures"].as_array().unwrap();
    let value = |name: &str| {
        let figure = figures.iter().find(|figure| figure["name"] == name);
        figure.unwrap_or_else(|| panic!("no {name}: {report}"))["value"]
            .as_f64()
            .unwrap()
    };
    // Two pools: one PUT each, and one more for the other identity; the operator writes what it does.
    for name in ["attached: ARM writes", "identity changed: ARM writes"] {
        assert!((value(name) - 1.0).abs() < 1e-9, "{name}: {report}");
        assert!(text.contains(name), "{text}");
    }
    assert!(value("attached: apiserver writes") >= 1.0);
    assert!(value("attached: operator's CPU") > 0.0);
}
