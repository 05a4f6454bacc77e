use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};

use super::cache::{Tool, ensure_in};
use super::{Progress, VersionKey};

fn tool<'a>(version: &str, build: impl Fn(&Path, &Progress) -> Result<()> + 'a) -> Tool<'a> {
    Tool {
        name: "thing",
        key: VersionKey::of_version(version),
        what: "a thing",
        needs: &[],
        program: "bin/thing",
        build: Box::new(build),
    }
}

fn write_thing(into: &Path) -> Result<()> {
    std::fs::create_dir(into.join("bin"))?;
    std::fs::write(
        into.join("bin/thing"),
        format!("#!{}/bin/python\n", into.display()),
    )?;
    Ok(())
}

#[test]
fn a_tool_is_built_once_per_version_and_knows_its_final_path() {
    let cache = tempfile::tempdir().unwrap();
    let count = AtomicUsize::new(0);
    let build = |into: &Path, _: &Progress| {
        count.fetch_add(1, Ordering::SeqCst);
        write_thing(into)
    };
    let first = ensure_in(cache.path(), &tool("1", build)).unwrap();
    let again = ensure_in(cache.path(), &tool("1", build)).unwrap();
    let other = ensure_in(cache.path(), &tool("2", build)).unwrap();
    assert_eq!((first.clone(), count.load(Ordering::SeqCst)), (again, 2));
    assert_ne!(first, other);
    let home = first.parent().unwrap().parent().unwrap();
    let script = std::fs::read_to_string(&first).unwrap();
    assert_eq!(script, format!("#!{}/bin/python\n", home.display()));
}

#[test]
fn a_failed_build_leaves_nothing_that_looks_finished() {
    let cache = tempfile::tempdir().unwrap();
    let broken = tool("1", |into, _| {
        write_thing(into)?;
        bail!("the compiler is out of order")
    });
    let error = ensure_in(cache.path(), &broken).unwrap_err();
    assert!(format!("{error:#}").contains("out of order"), "{error:#}");
    assert!(!cache.path().join("thing-1").exists());

    let whole = tool("1", |into, _| write_thing(into));
    assert!(ensure_in(cache.path(), &whole).unwrap().exists());
}

#[test]
fn two_builders_at_once_build_once() {
    let cache = tempfile::tempdir().unwrap();
    let count = AtomicUsize::new(0);
    let both_started = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                both_started.wait();
                let build = |into: &Path, _: &Progress| {
                    count.fetch_add(1, Ordering::SeqCst);
                    write_thing(into)
                };
                ensure_in(cache.path(), &tool("1", build)).unwrap();
            });
        }
    });
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_failed_command_is_quoted() {
    let progress = Progress::begin("a command");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "echo why >&2; exit 7"]);
    let error = progress.run(&mut command).unwrap_err().to_string();
    assert!(error.contains("why") && error.contains('7'), "{error}");
}

#[test]
fn the_key_of_files_changes_with_their_content() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("go.sum"), "a").unwrap();
    let before = VersionKey::of_files(folder.path(), &["go.sum"]).unwrap();
    assert_eq!(
        before,
        VersionKey::of_files(folder.path(), &["go.sum"]).unwrap()
    );
    std::fs::write(folder.path().join("go.sum"), "b").unwrap();
    assert_ne!(
        before,
        VersionKey::of_files(folder.path(), &["go.sum"]).unwrap()
    );
    let error = VersionKey::of_files(folder.path(), &["absent"]).unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
}
