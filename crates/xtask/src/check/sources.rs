//! What no lint looks for: tests that are switched off, work left for later, clocks in the pure crates.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use azureml_spark_testkit::repository;

/// Written in two halves, so that this file passes its own check.
const BANNED: [&str; 7] = [
    concat!("#[ig", "nore"),
    concat!("```ig", "nore"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];
/// Clocks and waiting, in crates that decide.
const CLOCKS: [&str; 4] = ["SystemTime", "Instant", "Timestamp::now", "async fn"];
const PURE: [&str; 2] = ["crates/api", "crates/core"];

pub(super) fn check() -> Result<()> {
    let root = repository::root();
    let mut faults = Vec::new();
    for file in files(&root)? {
        let Ok(text) = std::fs::read_to_string(root.join(&file)) else {
            continue;
        };
        let pure = PURE.iter().any(|folder| file.starts_with(folder));
        let words = BANNED.iter().chain(CLOCKS.iter().filter(|_| pure));
        for word in words {
            faults.extend(
                lines_with(&text, word).map(|line| format!("{}:{line}: {word}", file.display())),
            );
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// Every source that is in the checkout and not ignored by git, new ones too.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut list = std::process::Command::new("git");
    list.current_dir(root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let names = crate::run::read(&mut list)?;
    let kinds = ["rs", "go", "py", "sh", "yaml", "toml"];
    let wanted = |path: &PathBuf| {
        path.extension()
            .and_then(|kind| kind.to_str())
            .is_some_and(|kind| kinds.contains(&kind))
    };
    Ok(names.lines().map(PathBuf::from).filter(wanted).collect())
}

/// Numbers of the lines that hold a word, as a word of its own where it begins or ends like one.
fn lines_with<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let holds = move |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line.get(..at).and_then(|part| part.chars().next_back());
            let after = line
                .get(at + word.len()..)
                .and_then(|part| part.chars().next());
            let joined = |outside: Option<char>, edge: Option<char>| {
                outside.is_some_and(letter) && edge.is_some_and(letter)
            };
            !joined(before, word.chars().next()) && !joined(after, word.chars().next_back())
        })
    };
    text.lines()
        .enumerate()
        .filter(move |(_, line)| holds(line))
        .map(|(number, _)| number + 1)
}

#[cfg(test)]
mod tests {
    use super::lines_with;

    #[test]
    fn words_are_found_whole() {
        let text = "let now = Instant::now();\nRunner::Instantly\nfn instant() {}\nuse std::time::Instant;";
        assert_eq!(lines_with(text, "Instant").collect::<Vec<_>>(), [1, 4]);
        assert_eq!(
            lines_with(concat!("a.to", "do!(x)\n"), concat!("to", "do!(")).count(),
            1
        );
        assert_eq!(
            lines_with("    #[ignored]\n", concat!("#[ig", "nore")).count(),
            0
        );
    }
}
