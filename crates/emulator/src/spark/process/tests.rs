use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::*;

/// A shell that stands for `spark-submit`.
fn shell(folder: &Path, script: &str) -> Launch {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Launch {
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".into(), script.into()],
        folder: folder.to_owned(),
        environment: BTreeMap::from([(OsString::from("PATH"), path)]),
    }
}

async fn logs(folder: &Path) -> Arc<Logs> {
    let log = async |name: &str| Log::at(&folder.join(name)).await.unwrap();
    Arc::new(Logs {
        both: log("both").await,
        stdout: Some(log("out").await),
        stderr: Some(log("err").await),
    })
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The id that the script printed.
async fn child_of(folder: &Path) -> i32 {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        if let Ok(id) = read(folder, "out").trim().parse() {
            return id;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the child did not start"
        );
        tokio::task::yield_now().await;
    }
}

/// Gone, or dead and not collected by its parent yet.
fn is_gone(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

#[tokio::test]
async fn output_goes_to_the_logs_and_the_status_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let launch = shell(
        folder.path(),
        "echo one; echo two >&2; test -z \"$HOME\"; exit $(($? + 3))",
    );
    let logs = logs(folder.path()).await;
    let end = run(&launch, &logs, &CancellationToken::new())
        .await
        .unwrap();
    let End::Exited(status, tail) = end else {
        panic!("{end:?}")
    };
    assert_eq!(status.code(), Some(3), "the environment was not cleared");
    assert!(tail.contains("one\n") && tail.contains("two\n"));
    assert_eq!(read(folder.path(), "out"), "one\n");
    assert_eq!(read(folder.path(), "err"), "two\n");
    assert_eq!(read(folder.path(), "both").len(), 8);
}

#[tokio::test]
async fn a_canceled_process_takes_its_children_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let launch = shell(folder.path(), "sleep 600 & echo $!; wait");
    let logs = logs(folder.path()).await;
    let cancel = CancellationToken::new();
    let running = tokio::spawn({
        let (logs, cancel) = (Arc::clone(&logs), cancel.clone());
        async move { run(&launch, &logs, &cancel).await }
    });
    let child = child_of(folder.path()).await;
    cancel.cancel();
    assert!(matches!(running.await.unwrap().unwrap(), End::Canceled));
    // The pipes are closed only when nobody holds them, so the child is gone or about to be reaped.
    assert!(is_gone(child), "process {child} runs on");
}

#[tokio::test]
async fn a_run_that_is_dropped_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let launch = shell(folder.path(), "sleep 600 & echo $!; wait");
    let logs = logs(folder.path()).await;
    let task_logs = Arc::clone(&logs);
    let running =
        tokio::spawn(async move { run(&launch, &task_logs, &CancellationToken::new()).await });
    let child = child_of(folder.path()).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !is_gone(child) {
        assert!(
            std::time::Instant::now() < deadline,
            "process {child} runs on"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch {
        program: "/does/not/exist".into(),
        ..shell(folder.path(), "")
    };
    let logs = logs(folder.path()).await;
    let failure = run(&launch, &logs, &CancellationToken::new())
        .await
        .unwrap_err();
    assert!(
        failure.to_string().contains("cannot be started"),
        "{failure}"
    );
}
