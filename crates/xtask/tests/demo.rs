//! `cargo xtask demo` shows what it promises, and leaves nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::process::Command;

#[test]
fn the_demo_shows_conditions_logs_and_rows() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("demo")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let shown = |words: &[&str]| {
        let found = text
            .lines()
            .any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "no line with {words:?} in:\n{text}");
    };
    shown(&[
        "SynapseSparkAttachment my-spark-pool",
        "AccessGranted",
        "True",
    ]);
    shown(&["SparkJob titanic-on-pool", "Complete", "True"]);
    shown(&["SparkJob titanic-serverless", "Complete", "True"]);
    // The script counts 40 of 240 without an age, and drops 4 without a port: both are in the sample data.
    shown(&["read 240 passengers, 40 without an age"]);
    shown(&["keeping 236 passengers"]);
    shown(&["PassengerId,Survived", "Age"]);
    shown(&["SynapseSparkAttachment my-spark-pool is gone"]);
    shown(&["All that was started has ended."]);
}
