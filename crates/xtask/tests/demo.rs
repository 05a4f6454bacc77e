//! `cargo xtask demo` shows what it promises, and leaves nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::path::Path;
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

    // What the README shows of it.
    let told: Vec<String> = text.lines().map(as_told).collect();
    for line in promised() {
        assert!(
            told.contains(&as_told(&line)),
            "the README shows what is not printed: {line}\n{text}"
        );
    }
}

/// The lines that the README shows of the demo's.
fn promised() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, rest) = readme.split_once("```text\nOBJECT ").unwrap();
    let (shown, _) = rest.split_once("\n```").unwrap();
    let lines = shown.lines().skip(1).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// A line without the widths of its columns, and without what is another at each time: the hash in a run's name.
fn as_told(line: &str) -> String {
    let words = line
        .split_whitespace()
        .map(|word| match word.split_once("titanic-on-pool-") {
            Some((before, rest)) => {
                let hash = rest.chars().take_while(char::is_ascii_hexdigit).count();
                format!("{before}titanic-on-pool-#{}", &rest[hash..])
            }
            None => word.to_owned(),
        });
    words.collect::<Vec<_>>().join(" ")
}
