use std::process::Command;
use std::time::{Duration, Instant};

use super::{Identity, Process, end_detached};

fn sleeper() -> (tempfile::TempDir, Process) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo ready; exec sleep 600"]);
    let process = Process::start("sleeper", command, &folder.path().join("log")).unwrap();
    (folder, process)
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_dropped_process_has_ended() {
    let (_folder, process) = sleeper();
    let identity = process.identity().clone();
    assert!(identity.is_running());
    drop(process);
    assert!(!identity.is_running());
}

#[test]
fn a_detached_process_outlives_its_handle_and_is_ended_by_its_identity() {
    let (_folder, mut process) = sleeper();
    let identity = process.detach().unwrap();
    let other = Identity {
        started: "0".to_owned(),
        ..identity.clone()
    };

    end_detached(&[other]).unwrap();
    assert!(
        process.ended().unwrap().is_none(),
        "same pid, other start time: left alone"
    );

    end_detached(std::slice::from_ref(&identity)).unwrap();
    assert!(!identity.is_running());
    assert!(process.ended().unwrap().is_some());
}

#[test]
fn output_is_in_the_log_and_an_early_end_is_an_error_that_quotes_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo first; echo broken >&2; exit 3"]);
    let mut process = Process::start("breaker", command, &folder.path().join("log")).unwrap();
    wait_until("the end", || process.ended().unwrap().is_some());
    let error = process.must_run().unwrap_err().to_string();
    assert!(
        error.contains("breaker ended") && error.ends_with("first\nbroken"),
        "{error}"
    );
    assert_eq!(process.log_tail(1), "broken");
}

#[test]
fn a_killed_parent_takes_its_processes_along() {
    // The parent is this test binary again, told by a variable to start one process and wait for the kill.
    if let Some(folder) = std::env::var_os("TESTKIT_REAPER_FOLDER") {
        let folder = std::path::PathBuf::from(folder);
        let sleep = |name| {
            let mut command = Command::new("sleep");
            command.arg("600");
            Process::start(name, command, &folder.join("log")).unwrap()
        };
        let child = sleep("child");
        // The newest is ended first: once the child has ended, this one would have, too.
        let free = sleep("free").detach().unwrap();
        let words = serde_json::to_string(&(child.identity(), free)).unwrap();
        std::fs::write(folder.join("written"), words).unwrap();
        std::fs::rename(folder.join("written"), folder.join("child")).unwrap();
        std::thread::sleep(Duration::from_mins(10));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "process::tests::a_killed_parent_takes_its_processes_along",
        ])
        .env("TESTKIT_REAPER_FOLDER", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the child", || folder.path().join("child").exists());
    let (child, free): (Identity, Identity) =
        serde_json::from_slice(&std::fs::read(folder.path().join("child")).unwrap()).unwrap();
    assert!(child.is_running());
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the child's end", || !child.is_running());
    assert!(free.is_running(), "it was let go");
    end_detached(&[free]).unwrap();
}
