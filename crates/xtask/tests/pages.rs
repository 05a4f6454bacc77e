//! Pages that name tests name tests that there are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::path::{Path, PathBuf};

/// Pages with tests in the form `` `folder/file.rs::test` ``.
const PAGES: [&str; 1] = ["docs/lifecycle.md"];

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

#[test]
fn every_test_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let named = tests_named_in(&text);
        assert!(!named.is_empty(), "{page} names no test");
        for (file, test) in named {
            let path = root().join("tests/e2e/tests").join(format!("{file}.rs"));
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            if !source.contains(&format!("fn {test}(")) {
                missing.push(format!("{page}: {file}.rs::{test}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
}

#[test]
fn a_page_is_read_between_its_backticks() {
    let page = "a `b.rs::c`, `d`, and `life/e.rs::f` | g.rs::h";
    assert_eq!(tests_named_in(page), [("b", "c"), ("life/e", "f")]);
}
