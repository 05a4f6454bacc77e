//! What a person is told on a machine that lacks something.
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
fn a_missing_prerequisite_is_named_with_the_way_to_get_it() {
    let cache = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("tools")
        .env("XDG_CACHE_HOME", cache.path())
        .env("PATH", cache.path())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(errors.contains("`go` is not on the PATH"), "{errors}");
    assert!(errors.contains("https://go.dev/dl/"), "{errors}");
    let left: Vec<_> = std::fs::read_dir(cache.path().join("azureml-spark-operator"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["control-plane.lock"], "nothing that looks built");
}
