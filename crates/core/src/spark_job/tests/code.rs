//! Where the code comes from, and the files in it that a spec names.

use std::collections::BTreeMap;
use std::sync::Arc;

use azureml_spark_api::{Reason, SparkJobStatus};
use serde_json::json;

use super::object::{between, given_with, now, pass, past, set, want_with};
use crate::machine::Machine;
use crate::place::Blocked;
use crate::spark_job::{Artifact, AssetName, CodeChoice, End, Folder, Given, Source, SparkJob};

fn blocked(change: impl FnOnce(&mut Given)) -> Blocked {
    let want = SparkJob::want(&given_with(change)).unwrap();
    want.definition.expect_err("something is in the way")
}

fn map(given: &mut Given, name: &str, files: &[(&str, &[u8])]) {
    let files: BTreeMap<String, Vec<u8>> = files
        .iter()
        .map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()))
        .collect();
    given.config_maps.insert(name.to_owned(), Some(files));
}

fn zeros(count: usize) -> Vec<u8> {
    vec![0; count]
}

fn folder(files: &[(&str, &[u8])]) -> Folder {
    files
        .iter()
        .map(|(path, bytes)| ((*path).to_owned(), Arc::from(*bytes)))
        .collect()
}

#[test]
#[rustfmt::skip]
fn code_that_is_not_whole_is_told() {
    type Row = (fn(&mut Given), Reason, &'static str, &'static str);
    let rows: &[Row] = &[
        (|g| { g.config_maps.clear(); }, Reason::ConfigMapNotFound, "no ConfigMap 'src' in this namespace: create it", "never asked for"),
        (|g| { g.config_maps.insert("src".into(), None); }, Reason::ConfigMapNotFound, "no ConfigMap 'src'", "asked for"),
        (|g| set(g, "code", json!({"configMaps": [{"name": "src", "items": [{"key": "gone.py", "path": "main.py"}]}]})), Reason::KeyNotFound, "'src' has no key 'gone.py'", "a key that is not there"),
        (|g| set(g, "entry", json!({"file": "mian.py"})), Reason::EntryNotFound, "spec.entry.file: 'mian.py' is not among the files of spec.code: main.py", "a slip of the pen, shown beside what is there"),
        (|g| { map(g, "lib", &[("main.py", b"2")]); set(g, "code", json!({"configMaps": [{"name": "src"}, {"name": "lib"}]})); }, Reason::DuplicateFile, "'main.py'", "which of the two runs would be chance"),
        (|g| { map(g, "lib", &[("u.py", b"2")]); set(g, "code", json!({"configMaps": [{"name": "src"}, {"name": "lib", "items": [{"key": "u.py", "path": "main.py/u.py"}]}]})); }, Reason::DuplicateFile, "'main.py/u.py'", "a path cannot be a file and a folder"),
        (|g| map(g, "src", &[]), Reason::FileNotFound, "there is no file in them", "an empty folder cannot be registered (contract §10)"),
        (|g| map(g, "src", &[("main.py", &zeros(600_000)), ("more.py", &zeros(500_000))]), Reason::CodeTooLarge, "1100000 bytes are more than the 1 MiB that code in ConfigMaps may have: use spec.code.sourceRef", "what does not fit, and what to use instead"),
        (|g| { map(g, "src", &[("main.py", &zeros(600_000))]); map(g, "lib", &[("more.py", &zeros(500_000))]); set(g, "code", json!({"configMaps": [{"name": "src"}, {"name": "lib"}]})); }, Reason::CodeTooLarge, "spec.code.uri", "all of them together"),
        (|g| { map(g, "src", &[("main.py", &zeros(600_000))]); set(g, "code", json!({"configMaps": [{"name": "src", "items": [{"key": "main.py", "path": "main.py"}, {"key": "main.py", "path": "b.py"}]}]})); }, Reason::CodeTooLarge, "1200000 bytes", "one key counts as often as it is named"),
        (|g| { map(g, "src", &[("main.py", &zeros(600_000))]); map(g, "lib", &[("main.py", &zeros(600_000))]); set(g, "code", json!({"configMaps": [{"name": "src"}, {"name": "lib"}]})); }, Reason::CodeTooLarge, "1200000 bytes", "what is too large is not even laid out"),
    ];
    for (change, reason, text, why) in rows {
        let blocked = blocked(change);
        assert_eq!(blocked.reason, *reason, "{why}: {}", blocked.message);
        assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
    }
    let full = want_with(|g| map(g, "src", &[("main.py", &zeros(1 << 20))]));
    assert!(full.definition.is_ok(), "a whole MiB is not too much");
}

#[test]
#[rustfmt::skip]
fn files_that_are_not_in_the_code_are_refused_before_anything_is_submitted() {
    let rows = [
        ("pyFiles", json!(["lib/util.py"]), None, "it is there"),
        ("pyFiles", json!(["util.py"]), Some("spec.pyFiles: 'util.py' is not among the files of spec.code: data.zip, lib/util.py, main.py"), "it is in a folder"),
        ("pyFiles", json!(["lib"]), Some("'lib'"), "a folder is no file"),
        ("jars", json!(["wordcount.jar"]), Some("spec.jars: 'wordcount.jar'"), "it is not there"),
        ("jars", json!(["abfss://c@a.dfs.core.windows.net/wordcount.jar"]), None, "it is elsewhere"),
        ("files", json!(["https://a.blob.core.windows.net/c/settings.json"]), None, "it is elsewhere"),
        ("files", json!(["main.py", "settings.json"]), Some("spec.files: 'settings.json'"), "one of them is not there"),
        ("archives", json!(["data.zip#data"]), None, "Spark unpacks it under another name"),
        ("archives", json!(["date.zip#data"]), Some("spec.archives: 'date.zip'"), "so it does, if it is there"),
        ("archives", json!(["azureml://datastores/d/paths/data.zip"]), None, "it is elsewhere"),
    ];
    for (field, value, refused, why) in rows {
        let want = want_with(|g| {
            map(g, "src", &[("main.py", b"1"), ("util.py", b"2"), ("data.zip", b"3")]);
            set(g, "code", json!({"configMaps": [{"name": "src", "items": [{"key": "main.py", "path": "main.py"}, {"key": "util.py", "path": "lib/util.py"}, {"key": "data.zip", "path": "data.zip"}]}]}));
            set(g, field, value);
        });
        match (want.definition, refused) {
            (Ok(_), None) => {}
            (Err(blocked), Some(text)) => {
                assert_eq!(blocked.reason, Reason::FileNotFound, "{why}");
                assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
            }
            (found, _) => panic!("{why}: {found:?}"),
        }
    }
}

#[test]
fn files_of_code_that_is_elsewhere_are_azures_to_find() {
    for code in [
        json!({"asset": "azureml:src:1"}),
        json!({"uri": "https://a.blob.core.windows.net/c/src"}),
    ] {
        let want = want_with(|g| {
            set(g, "code", code.clone());
            set(g, "pyFiles", json!(["lib/util.py"]));
        });
        assert!(want.definition.is_ok(), "{code}");
    }
}

#[test]
fn a_long_list_of_files_is_cut_short_in_a_message() {
    let files: Vec<(String, Vec<u8>)> =
        (0..500).map(|n| (format!("f{n:03}.py"), vec![1])).collect();
    let blocked = blocked(|g| {
        g.config_maps
            .insert("src".to_owned(), Some(files.into_iter().collect()));
    });
    assert!(
        blocked.message.ends_with("f011.py, and 488 more"),
        "{}",
        blocked.message
    );
    assert!(blocked.message.len() < 1_024);
}

#[test]
#[rustfmt::skip]
fn a_registered_asset_is_taken_by_its_name() {
    let version = |name: &str, version: &str| AssetName::Version { name: name.to_owned(), version: version.to_owned() };
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/codes/c/versions/1";
    let rows = [
        ("azureml:titanic-src:3", version("titanic-src", "3")),
        ("azureml:titanic.src_2:v1.0-b", version("titanic.src_2", "v1.0-b")),
        ("azureml:titanic-src@latest", AssetName::Latest { name: "titanic-src".to_owned() }),
        (id, AssetName::Id(id.to_owned())),
    ];
    for (text, expected) in rows {
        let want = want_with(|g| set(g, "code", json!({"asset": text})));
        let definition = want.definition.unwrap();
        assert_eq!(definition.code, CodeChoice::Asset(expected.clone()), "{text}");
        assert_eq!(expected.to_string(), text, "and told as it was written");
    }
}

#[test]
fn a_folder_in_a_storage_account_is_taken_by_its_address() {
    let uri = "https://account.blob.core.windows.net/container/folder";
    let want = want_with(|g| set(g, "code", json!({"uri": uri})));
    assert_eq!(
        want.definition.unwrap().code,
        CodeChoice::Uri(uri.to_owned())
    );
}

#[test]
#[rustfmt::skip]
fn the_artifact_of_a_source_is_taken_when_it_is_there() {
    type Row<'a> = (Option<Source>, Option<&'a str>, Result<&'a [&'a str], (Reason, &'a str)>, &'a str);
    let artifact = || {
        Source::Ready(Artifact {
            revision: "main@sha1:abc".to_owned(),
            digest: "sha256:def".to_owned(),
            folder: folder(&[("readme.md", b"0"), ("jobs/titanic/main.py", b"1"), ("jobs/titanic/lib/util.py", b"2"), ("jobs/titanic-old/main.py", b"3")]),
        })
    };
    let rows: [Row<'_>; 10] = [
        (Some(artifact()), Some("jobs/titanic"), Ok(&["lib/util.py", "main.py"]), "the folder that is named, and not its neighbour"),
        (Some(artifact()), Some("jobs/titanic-old"), Ok(&["main.py"]), "the neighbour"),
        (Some(artifact()), None, Err((Reason::EntryNotFound, "jobs/titanic/main.py")), "all of it, in which the entry is elsewhere"),
        (Some(artifact()), Some("jobs"), Err((Reason::EntryNotFound, "titanic/main.py")), "a folder too far up"),
        (Some(artifact()), Some("job"), Err((Reason::FileNotFound, "spec.code.sourceRef.path: there is no file below 'job' in revision main@sha1:abc of GitRepository 'app'")), "a folder that is not there"),
        (Some(artifact()), Some("readme.md"), Err((Reason::FileNotFound, "'readme.md'")), "a file is no folder"),
        (Some(Source::NotReady("no artifact yet".into())), None, Err((Reason::SourceNotReady, "GitRepository 'app' is not ready: no artifact yet")), "its own reason is passed on"),
        (Some(Source::Unusable("it has 3 GiB".into())), None, Err((Reason::SourceUnusable, "it has 3 GiB")), "its own reason is passed on"),
        (Some(Source::Missing), None, Err((Reason::SourceNotFound, "spec.code.sourceRef: no GitRepository 'app' in this namespace: create it")), "there is none"),
        (None, None, Err((Reason::SourceNotFound, "'app'")), "it was not looked for, so it is not there"),
    ];
    for (source, path, expected, why) in rows {
        let want = want_with(|g| {
            g.source = source;
            let mut reference = json!({"kind": "GitRepository", "name": "app"});
            if let Some(path) = path {
                reference["path"] = json!(path);
            }
            set(g, "code", json!({"sourceRef": reference}));
        });
        match (want.definition, expected) {
            (Ok(definition), Ok(files)) => {
                let CodeChoice::Folder(folder) = definition.code else { panic!("{why}") };
                let found: Vec<&str> = folder.files().map(|(path, _)| path).collect();
                assert_eq!(found, files, "{why}");
            }
            (Err(blocked), Err((reason, text))) => {
                assert_eq!(blocked.reason, reason, "{why}");
                assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
            }
            (found, _) => panic!("{why}: {found:?}"),
        }
    }
}

#[test]
fn the_source_of_a_held_job_is_not_looked_at() {
    let blank = SparkJobStatus::default;
    let begun = || {
        let (want, memo) = (want_with(|_| {}), between(vec![past(1, End::Suspended)]));
        SparkJob::report(&pass(&want, None, &memo), &blank(), now())
    };
    let (held, over) = (Some("spec.suspend is taken back"), Some("cancelled"));
    #[rustfmt::skip]
    let rows = [
        (json!({"suspend": true}), blank(), held),
        (json!({"suspend": false}), blank(), None),
        (json!({"cancel": true}), blank(), over),
        (json!({"cancel": false}), blank(), None),
        (json!({"cancel": null}), blank(), None),
        // A run of that name is this job's if it has the same definition, which the source is a part of.
        (json!({"suspend": true, "azureName": "n"}), blank(), None),
        (json!({"cancel": true, "azureName": "n"}), blank(), None),
        (json!({"suspend": true, "azureName": "n"}), begun(), held),
        (json!({"cancel": true, "azureName": "n", "adoptionPolicy": "Never"}), blank(), over),
        (json!({"cancel": true, "azureName": "n", "adoptionPolicy": "Always"}), blank(), over),
    ];
    for (fields, status, words) in rows {
        let given = given_with(|g| {
            for (field, value) in fields.as_object().unwrap() {
                set(g, field, value.clone());
            }
        });
        match (Source::of_a_held(&given.spec, Some(&status)), words) {
            (None, None) => {}
            (Some(Source::NotReady(why)), Some(words)) => {
                assert!(why.contains(words), "{fields}: {why}");
            }
            (found, _) => panic!("{fields}: {found:?}"),
        }
    }
}

#[test]
fn the_code_is_laid_out_as_a_volume_would_be() {
    let want = want_with(|g| {
        set(
            g,
            "code",
            json!({"configMaps": [{"name": "src"}, {"name": "lib", "items": [{"key": "u.py", "path": "lib/util.py"}]}]}),
        );
        map(g, "lib", &[("u.py", b"2"), ("unused.py", b"3")]);
    });
    let CodeChoice::Folder(folder) = want.definition.unwrap().code else {
        panic!("not a folder")
    };
    let files: Vec<_> = folder.files().collect();
    assert_eq!(
        files,
        [("lib/util.py", &b"2"[..]), ("main.py", &b"1"[..])],
        "with items only those, without every key"
    );
    let paths = "lib/util.py".len() + "main.py".len();
    assert_eq!(
        folder.size(),
        2 + paths + 2 * Folder::PER_FILE,
        "paths count, too"
    );
    let other = folder.clone();
    assert!(folder.is_shared());
    let part = other.below("lib");
    drop(other);
    assert!(folder.is_shared(), "one of its files");
    drop(part);
    assert!(!folder.is_shared());
}

#[test]
fn a_digest_is_of_paths_and_contents() {
    let one = folder(&[("a", b"1"), ("b", b"2")]);
    for (other, why) in [
        (folder(&[("a", b"12"), ("b", b"")]), "bytes have moved"),
        (folder(&[("a", b"1"), ("c", b"2")]), "a path has changed"),
        (folder(&[("a", b"1")]), "a file has gone"),
        (folder(&[]), "all have"),
    ] {
        assert_ne!(one.digest(), other.digest(), "{why}");
    }
    assert_eq!(
        one.digest(),
        folder(&[("b", b"2"), ("a", b"1")]).digest(),
        "order is none"
    );
    let below = folder(&[("x/a", b"1"), ("x/b", b"2"), ("xa", b"3")]).below("x");
    assert_eq!(one, below, "a part of another is as good as its own");
}
