//! `up` and `down` as a person uses them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::path::Path;
use std::process::{Command, Output};

use azureml_spark_testkit::control_plane;
use azureml_spark_testkit::process::{Identity, Process};

/// What the `env` file must tell.
const VARIABLES: [&str; 16] = [
    "KUBECONFIG",
    "EMULATOR_URL",
    "EMULATOR_TENANT",
    "EMULATOR_CLIENT_ID",
    "EMULATOR_CLIENT_SECRET",
    "EMULATOR_SUBSCRIPTION",
    "EMULATOR_RESOURCE_GROUP",
    "EMULATOR_WORKSPACE",
    "EMULATOR_SYNAPSE_WORKSPACE",
    "EMULATOR_POOL",
    "EMULATOR_USER_ASSIGNED_IDENTITY",
    "EMULATOR_STORAGE_ACCOUNT",
    "EMULATOR_CONTAINER",
    "EMULATOR_DATA_DIR",
    "EMULATOR_CLOUD",
    "EMULATOR_CA",
];

fn xtask(command: &str, folder: &Path) -> Output {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask
        .arg(command)
        .arg("--folder")
        .arg(folder)
        .output()
        .unwrap()
}

/// Its output, of a run that must end well.
fn told(command: &str, folder: &Path) -> String {
    let output = xtask(command, folder);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn processes(folder: &Path) -> Vec<(String, Identity)> {
    let file: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("processes.json")).unwrap()).unwrap();
    serde_json::from_value(file["processes"].clone()).unwrap()
}

#[tokio::test]
async fn a_stack_stays_up_until_it_is_taken_down_and_nothing_else_is_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("stack");
    assert_eq!(told("down", &folder), "Nothing is up.\n");

    assert!(told("up", &folder).starts_with("The stack is up after "));
    let first = processes(&folder);
    let names: Vec<_> = first.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "operator",
        "emulator",
        "kube-controller-manager",
        "kube-apiserver",
        "etcd",
    ];
    assert_eq!(names, expected);
    for (name, process) in &first {
        assert!(process.is_running(), "{name} does not outlive `up`");
        assert!(folder.join(format!("logs/{name}.log")).is_file());
    }
    let sourced = Command::new("sh")
        .args([
            "-c",
            ". \"$0\" && env",
            folder.join("env").to_str().unwrap(),
        ])
        .output()
        .unwrap();
    let sourced = String::from_utf8(sourced.stdout).unwrap();
    for name in VARIABLES {
        let found = sourced
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")));
        assert!(
            found.is_some_and(|value| !value.is_empty()),
            "{name} is not exported"
        );
    }
    assert!(folder.join("ca.pem").is_file());
    let client = control_plane::client(&folder.join("kubeconfig"))
        .await
        .unwrap();
    client.apiserver_version().await.unwrap();

    assert!(
        told("up", &folder).starts_with("The stack is up.\n"),
        "said, not started again"
    );
    assert_eq!(processes(&folder), first);

    // A process that has the pid of one of ours, but is another: its start time tells.
    let mut sleep = Command::new("sleep");
    sleep.arg("600");
    let bystander = Process::start("bystander", sleep, &scratch.path().join("log")).unwrap();
    let pretended = Identity {
        started: "1".to_owned(),
        pid: bystander.identity().pid,
    };
    let mut listed = first.clone();
    listed.push(("etcd".to_owned(), pretended));
    let state = serde_json::json!({ "processes": listed });
    std::fs::write(folder.join("processes.json"), state.to_string()).unwrap();

    assert!(told("down", &folder).starts_with("The stack is down."));
    for (name, process) in &first {
        assert!(!process.is_running(), "{name} outlives `down`");
    }
    assert!(
        bystander.identity().is_running(),
        "another process was ended"
    );
    assert_eq!(told("down", &folder), "Nothing is up.\n");
}

#[test]
fn up_replaces_a_stack_that_lost_a_process() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("stack");
    told("up", &folder);
    let first = processes(&folder);
    let (_, emulator) = first.iter().find(|(name, _)| name == "emulator").unwrap();
    azureml_spark_testkit::process::end_detached(std::slice::from_ref(emulator)).unwrap();

    let text = told("up", &folder);
    assert!(text.starts_with("No longer running: emulator."), "{text}");
    assert!(first.iter().all(|(_, process)| !process.is_running()));
    assert!(
        processes(&folder)
            .iter()
            .all(|(_, process)| process.is_running())
    );
    told("down", &folder);
}

#[test]
fn up_does_not_clear_a_folder_that_is_not_a_stacks() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("thesis.txt"), "years of work").unwrap();
    let output = xtask("up", scratch.path());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("holds other files"),
        "{errors}"
    );
    assert!(scratch.path().join("thesis.txt").exists());
}
