//! The program itself: what it prints, writes and leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_azureml-emulator");

fn output(arguments: &[&str]) -> String {
    let done = Command::new(PROGRAM).args(arguments).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

fn variables(file: &Path) -> BTreeMap<String, String> {
    std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect()
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_ends_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world.yaml");
    std::fs::write(
        &world,
        "workspace: mine\npools: [{name: big, nodeSize: Large}]\npool: big\n",
    )
    .unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0", "--runner", "instant"])
        .args([
            "--data-dir",
            &at("data"),
            "--ca-dir",
            &at("ca"),
            "--env-file",
            &at("env"),
        ])
        .args(["--world", &at("world.yaml")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next().unwrap().unwrap();
    let url = ready.strip_prefix("ready ").unwrap();

    let env = folder.path().join("env");
    assert_eq!(
        std::fs::metadata(&env).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let variables = variables(&env);
    assert_eq!(variables["EMULATOR_URL"], url);
    assert_eq!(variables["EMULATOR_WORKSPACE"], "mine");
    assert_eq!(variables["EMULATOR_POOL"], "big");
    assert!(variables["EMULATOR_CLIENT_SECRET"].len() >= 32);
    assert!(Path::new(&variables["EMULATOR_DATA_DIR"]).is_dir());

    let ca = std::fs::read(folder.path().join("ca/ca.pem")).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
        .no_proxy()
        .build()
        .unwrap();
    let health = client
        .get(format!("{url}/_emulator/health"))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), 200);

    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none(), "it prints one line");
}

#[test]
fn it_explains_itself() {
    let help = output(&["serve", "--help"]);
    for word in [
        "--listen",
        "--world",
        "REQUESTS_CA_BUNDLE",
        "/_emulator/faults",
        "core.localhost",
    ] {
        assert!(help.contains(word), "{word} is not in the help");
    }
    let world: serde_json::Value = serde_norway::from_str(&output(&["world"])).unwrap();
    assert_eq!(world["pool"], "yogisparkpool");
    let settings: serde_json::Value = serde_norway::from_str(&output(&["settings"])).unwrap();
    assert_eq!(settings["operationSeconds"], 0.5);
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world.yaml");
    std::fs::write(&world, "workspaec: mine\n").unwrap();
    let data = folder.path().join("data").display().to_string();
    let world = world.display().to_string();
    for (arguments, reason) in [
        (["--world", &world], "workspaec"),
        (["--listen", "0.0.0.0:0"], "is not a loopback address"),
    ] {
        let refused = Command::new(PROGRAM)
            .args(["serve", "--data-dir", &data])
            .args(arguments)
            .output()
            .unwrap();
        assert!(!refused.status.success());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(reason), "{said}");
    }
}
