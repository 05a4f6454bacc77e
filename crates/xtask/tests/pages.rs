//! Pages that name tests name tests that run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::path::{Path, PathBuf};

/// Pages with tests in the form `` `folder/file.rs::test` ``.
const PAGES: [&str; 5] = [
    "docs/lifecycle.md",
    "docs/endings.md",
    "docs/steering.md",
    "docs/sparkjob.md",
    "docs/architecture.md",
];

/// Pages of which each section names a test.
const SECTIONS: [&str; 2] = ["docs/endings.md", "docs/steering.md"];

/// What makes a test of a function.
const MARKS: [&str; 2] = ["#[test]", "#[tokio::test"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What stands between backticks and looks like a test.
fn tests_named_in(page: &str) -> Vec<(&str, &str)> {
    page.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|word| word.split_once(".rs::"))
        .collect()
}

/// Whether the source has a function of that name with the mark of a test directly above it, comments and other
/// attributes aside.
fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let function = format!("fn {name}(");
    let is_function = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.starts_with(&function)
    };
    let Some(place) = lines.iter().position(|line| is_function(line)) else {
        return false;
    };
    let above = lines.iter().take(place).rev();
    above
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| MARKS.iter().any(|mark| line.starts_with(mark)))
}

/// Where a file is: a scenario's begins below the folder of the scenarios, another one's at the root.
fn place(file: &str) -> (PathBuf, String) {
    match file.split_once("/src/") {
        Some((package, rest)) => (root().join(package), format!("src/{rest}")),
        None => (root().join("tests/e2e/tests"), file.to_owned()),
    }
}

/// Whether the compiler comes to `folder/…/file.rs` from `folder/main.rs` or `src/lib.rs`: each file is a module of the
/// one above it.
fn is_compiled(tests: &Path, file: &str) -> bool {
    let mut parts: Vec<&str> = file.split('/').collect();
    let Some(mut module) = parts.pop() else {
        return false;
    };
    if module == "main" && parts.len() == 1 {
        return true;
    }
    while let Some(above) = parts.pop() {
        let parent = match parts.as_slice() {
            [] if above == "src" => tests.join("src/lib.rs"),
            [] => tests.join(above).join("main.rs"),
            folders => tests.join(folders.join("/")).join(format!("{above}.rs")),
        };
        let source = std::fs::read_to_string(parent).unwrap_or_default();
        let line_of_it = format!("mod {module};");
        let declares = source.lines().any(|line| {
            let line = line.trim();
            let seen_by = ["pub ", "pub(crate) "];
            let plain = seen_by.iter().find_map(|word| line.strip_prefix(word));
            plain.unwrap_or(line) == line_of_it
        });
        if !declares {
            return false;
        }
        module = above;
    }
    true
}

#[test]
fn every_test_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let named = tests_named_in(&text);
        assert!(!named.is_empty(), "{page} names no test");
        for (file, test) in named {
            let (tests, file) = place(file);
            let path = tests.join(format!("{file}.rs"));
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            if !is_test(&source, test) || !is_compiled(&tests, &file) {
                missing.push(format!("{page}: {file}.rs::{test}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
}

#[test]
fn each_section_names_a_test() {
    for page in SECTIONS {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let sections: Vec<&str> = text.split("\n### ").skip(1).collect();
        assert!(!sections.is_empty(), "{page} has no section");
        for section in sections {
            assert!(
                !tests_named_in(section).is_empty(),
                "{page} shows by no test: {}",
                section.lines().next().unwrap_or_default()
            );
        }
    }
}

#[test]
fn a_page_is_read_between_its_backticks() {
    let page = "a `b.rs::c`, `d`, and `life/e.rs::f` | g.rs::h";
    assert_eq!(tests_named_in(page), [("b", "c"), ("life/e", "f")]);
}

#[test]
fn a_test_is_what_is_marked_as_one() {
    let source = "fn helper() {}\n\n#[test]\nfn one() {\n}\n\n/// Told.\n#[tokio::test]\nasync fn two() {\n}\n\
                  // fn three() {}\n#[must_use]\nfn four() {}\n";
    let marked = |name| is_test(source, name);
    assert_eq!(
        ["one", "two", "helper", "three", "four", "five"].map(marked),
        [true, true, false, false, false, false]
    );
}

#[test]
fn a_file_counts_where_it_is_compiled() {
    let tests = root().join("tests/e2e/tests");
    let files = ["life/main", "life/links", "trouble/roles/late"];
    assert_eq!(files.map(|file| is_compiled(&tests, file)), [true; 3]);
    let none = ["life/nothing", "nowhere/main/late", "trouble/links/late"];
    assert_eq!(none.map(|file| is_compiled(&tests, file)), [false; 3]);
    let (core, file) = place("crates/core/src/spark_job/tests/end");
    assert!(is_compiled(&core, &file));
    assert!(!is_compiled(&core, "src/spark_job/tests/nothing"));
}
