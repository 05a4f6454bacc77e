use azureml_spark_api::spark_job::SourceKind;
use serde_json::json;

use super::*;

const DIGEST: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn ready() -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "app", "namespace": "jobs", "generation": 3},
        "spec": {"url": "https://git.example/app"},
        "status": {
            "observedGeneration": 3,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": 3,
                "lastTransitionTime": "2026-01-01T00:00:00Z", "message": "stored artifact for revision 'main@sha1:abc'"}],
            "artifact": {
                "url": "http://source-controller.flux-system.svc.cluster.local./gitrepository/jobs/app/abc.tar.gz",
                "path": "gitrepository/jobs/app/abc.tar.gz", "lastUpdateTime": "2026-01-01T00:00:00Z",
                "revision": "main@sha1:abc", "digest": DIGEST, "size": 1234,
            },
        },
    })
}

fn read_as(bend: impl FnOnce(&mut Value)) -> Result<Announced, Refusal> {
    let mut object = ready();
    bend(&mut object);
    let hosts = "source-controller.flux-system.svc.cluster.local".parse();
    let asked = SourceRef {
        kind: SourceKind::GitRepository,
        name: "app".to_owned(),
        path: None,
    };
    let object = serde_json::from_value(object).unwrap();
    read(&object, "jobs", &asked, &hosts.unwrap())
}

#[test]
fn an_artifact_is_what_a_ready_source_announces() {
    let announced = read_as(|_| {}).unwrap();
    assert_eq!(announced.revision, "main@sha1:abc");
    assert_eq!(format!("sha256:{}", announced.sha256), DIGEST);
    assert!(
        announced
            .url
            .as_str()
            .ends_with("/gitrepository/jobs/app/abc.tar.gz")
    );
}

type Bend = fn(&mut Value);

#[test]
fn what_passes_is_waited_for() {
    let rows: [(Bend, &str, &str); 7] = [
        (
            |o| o["status"] = json!({}),
            "has not looked at it yet",
            "it is new",
        ),
        (
            |o| {
                o.as_object_mut().unwrap().remove("status");
            },
            "has not looked at it yet",
            "Flux may not run",
        ),
        (
            |o| o["metadata"]["generation"] = json!(4),
            "latest change",
            "what it has is of an older spec",
        ),
        (
            |o| {
                o["metadata"]["generation"] = json!(4);
                o["status"]["conditions"][0]["observedGeneration"] = Value::Null;
            },
            "latest change",
            "not every controller says it by condition",
        ),
        (
            |o| {
                o["status"]["conditions"][0]["status"] = json!("False");
                o["status"]["conditions"][0]["message"] = json!("auth failed");
            },
            "auth failed",
            "Flux says why",
        ),
        (
            |o| o["status"]["artifact"] = Value::Null,
            "no artifact yet",
            "ready without one",
        ),
        (
            |o| o["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"),
            "deleted",
            "it goes",
        ),
    ];
    for (bend, words, reason) in rows {
        match read_as(bend) {
            Err(Refusal::Passing(why)) => assert!(why.contains(words), "{reason}: {why}"),
            other => panic!("{reason}: {other:?}"),
        }
    }
}

#[test]
fn what_does_not_pass_says_what_to_do() {
    fn url(object: &mut Value, url: &str) {
        object["status"]["artifact"]["url"] = json!(url);
    }
    let rows: [(Bend, &str, &str); 10] = [
        (
            |o| url(o, "http://elsewhere.example/a.tar.gz"),
            "'elsewhere.example': if that is source-controller",
            "a host that is not on the list",
        ),
        (
            |o| url(o, "http://169.254.169.254/metadata"),
            "169.254.169.254",
            "the host's own secrets",
        ),
        (
            |o| url(o, "file:///etc/passwd"),
            "plain http",
            "no request at all",
        ),
        (
            |o| {
                url(
                    o,
                    "http://me:secret@source-controller.flux-system.svc.cluster.local/a",
                );
            },
            "plain http",
            "a password in an address",
        ),
        (|o| url(o, "nowhere"), "plain http", "no address"),
        (
            |o| o["status"]["artifact"]["size"] = json!(64 * 1024 * 1024 + 1),
            "64 MiB",
            "known before it is fetched",
        ),
        (
            |o| o["status"]["artifact"]["digest"] = Value::Null,
            "no digest",
            "nothing to verify it by",
        ),
        (
            |o| o["status"]["artifact"]["digest"] = json!("blake3:af1349b9f5f9a1a6"),
            "--artifact-digest-algo=sha256",
            "a digest of another kind",
        ),
        (
            |o| o["status"]["artifact"]["digest"] = json!("sha256:xyz"),
            "'sha256:xyz'",
            "half a digest",
        ),
        (
            |o| o["status"]["conditions"] = json!("none"),
            "not of the form",
            "somebody else's kind of that name",
        ),
    ];
    for (bend, words, reason) in rows {
        match read_as(bend) {
            Err(Refusal::Lasting(why)) => {
                assert!(why.contains(words), "{reason}: {why}");
                assert!(!why.contains("secret"), "{why}");
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
}

const HOST: &str = "http://source-controller.flux-system.svc.cluster.local";

#[test]
fn a_source_gives_only_what_is_its_own() {
    for (path, allowed, reason) in [
        ("/gitrepository/jobs/app/abc.tar.gz", true, "as Flux has it"),
        (":80/gitrepository/jobs/app/abc.tar.gz", true, "its port"),
        (
            "/gitrepository/jobs/app/main@sha1:abc.tar.gz",
            true,
            "as it is named",
        ),
        ("/gitrepository/jobs/app/x/abc.tar.gz", true, "deeper"),
        (
            "/gitrepository/other/app/abc.tar.gz",
            false,
            "another namespace",
        ),
        (
            "/gitrepository/jobs/secret/abc.tar.gz",
            false,
            "another source",
        ),
        (
            "/gitrepository/jobs/app2/abc.tar.gz",
            false,
            "a longer name",
        ),
        ("/bucket/jobs/app/abc.tar.gz", false, "another kind"),
        (
            "/GitRepository/jobs/app/abc.tar.gz",
            false,
            "Flux writes small letters",
        ),
        ("/gitrepository/jobs/app/", false, "no file"),
        ("/gitrepository/jobs/app", false, "the folder"),
        ("/a.tar.gz", false, "anywhere"),
        ("", false, "no path"),
        (
            "/gitrepository/jobs/app/../../other/app/a.tar.gz",
            false,
            "out of it",
        ),
        (
            "/gitrepository/other/../jobs/app/a.tar.gz",
            false,
            "a way round",
        ),
        (
            "/gitrepository/jobs/app/./a.tar.gz",
            false,
            "a step on the spot",
        ),
        ("/gitrepository/jobs/app/..", false, "out at its end"),
        (
            "/gitrepository/jobs/app/%2e%2e/%2e%2e/other/app/a.tar.gz",
            false,
            "dots in disguise",
        ),
        (
            "/gitrepository/jobs/app/..%2f..%2fother%2fapp%2fa.tar.gz",
            false,
            "slashes in disguise",
        ),
        (
            "/gitrepository/jobs/app/..\\..\\other\\app\\a.tar.gz",
            false,
            "slashes the other way",
        ),
        (
            "/gitrepository/jobs/app/.\t./.\n./other/app/a.tar.gz",
            false,
            "dots with what is dropped between",
        ),
        (
            "/gitrepository/jobs/app//a.tar.gz",
            false,
            "a folder without a name",
        ),
        ("//gitrepository/jobs/app/a.tar.gz", false, "another root"),
        ("/gitrepository/jobs/app/a b.tar.gz", false, "a blank"),
        (
            "/gitrepository/jobs/app/\u{2025}/a.tar.gz",
            false,
            "two dots in one",
        ),
        ("/gitrepository/jobs/app/a.tar.gz?x=/../", false, "a query"),
        ("/gitrepository/jobs/app/a.tar.gz#x", false, "a fragment"),
    ] {
        let read = read_as(|object| {
            object["status"]["artifact"]["url"] = json!(format!("{HOST}{path}"));
        });
        match read {
            Ok(_) => assert!(allowed, "{path:?}: {reason}"),
            Err(Refusal::Lasting(why)) => {
                assert!(!allowed, "{path:?}: {reason}");
                assert!(
                    why.contains("'/gitrepository/jobs/app/'") && why.contains("flux reconcile"),
                    "{why}"
                );
            }
            Err(other) => panic!("{path:?}: {other:?}"),
        }
    }
}

#[test]
fn an_address_is_as_long_as_files_are_called() {
    let at = |path: String| {
        read_as(|object| {
            object["status"]["artifact"]["url"] = json!(format!(
                "http://source-controller.flux-system.svc.cluster.local./gitrepository/jobs/app/{path}"
            ));
        })
    };
    assert!(at("a".repeat(255)).is_ok());
    assert!(at("a/".repeat(900) + "a").is_ok());
    // A file server has its own trouble with these, and it would be all namespaces'.
    for path in [
        "a".repeat(256),
        format!("{}/a", "a".repeat(256)),
        "a/".repeat(1_000) + "a",
    ] {
        match at(path) {
            Err(Refusal::Lasting(why)) => assert!(why.contains("names of files"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_object_that_says_to_be_another_is_what_was_asked_for() {
    let told = read_as(|object| {
        object["kind"] = json!("Bucket");
        object["metadata"]["namespace"] = json!("other");
        object["metadata"]["name"] = json!("secret");
        object["status"]["artifact"]["url"] = json!(format!("{HOST}/bucket/other/secret/a.tar.gz"));
    });
    assert!(matches!(told, Err(Refusal::Lasting(_))), "{told:?}");
}

#[test]
fn an_older_flux_gives_a_checksum() {
    let announced = read_as(|object| {
        let artifact = object["status"]["artifact"].as_object_mut().unwrap();
        artifact.remove("digest");
        let hex = DIGEST.trim_start_matches("sha256:").to_uppercase();
        artifact.insert("checksum".to_owned(), json!(hex));
    });
    assert_eq!(announced.unwrap(), read_as(|_| {}).unwrap());
}

#[test]
fn words_of_others_are_bounded() {
    let told = read_as(|object| {
        object["status"]["conditions"][0]["status"] = json!("False");
        object["status"]["conditions"][0]["message"] = json!("é".repeat(5000));
    });
    assert_eq!(told, Err(Refusal::Passing("é".repeat(512))));
}
