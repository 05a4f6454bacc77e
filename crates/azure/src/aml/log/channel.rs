//! Which of a run's log files carry its output.

use std::collections::BTreeMap;

use crate::aml::log::{Position, ranked};
use crate::redact::SasUrl;

#[cfg(test)]
mod tests;

/// What of the output is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    #[default]
    All,
    /// The driver's standard output.
    Stdout,
    /// The driver's standard error.
    Stderr,
}

/// What a log file carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Both streams in one file, in the order of writing.
    Both,
    /// The driver's standard output.
    Stdout,
    /// The driver's standard error.
    Stderr,
}

/// The files to read. Which there are is unverified (contract §5), so each choice has a second best: both streams in
/// one file serve whoever wants one of them, and two files whoever wants both. A choice that was begun is kept, since
/// the files may appear one after the other. Files that only name neither stream are taken from an `ended` run alone:
/// better ones may still come.
pub(super) fn choose(
    files: &BTreeMap<String, SasUrl>,
    wanted: Wanted,
    begun: Position,
    ended: bool,
) -> Vec<(Channel, &SasUrl)> {
    let ranked = ranked(files);
    let first = |fits: &dyn Fn(&str) -> bool| {
        ranked
            .iter()
            .find(|(path, _)| fits(&path.to_ascii_lowercase()))
            .map(|(_, url)| *url)
    };
    let stdout = first(&|path| path.contains("stdout")).map(|url| (Channel::Stdout, url));
    let stderr = first(&|path| path.contains("stderr")).map(|url| (Channel::Stderr, url));
    let neither = |path: &str| !path.contains("stdout") && !path.contains("stderr");
    let both = first(&|path| path.starts_with("user_logs/") && neither(path))
        .or_else(|| first(&|path| path.contains("driver") && neither(path)));
    let last_resort = || first(&neither).filter(|_| ended);
    let both = || {
        let none_apart = stdout.is_none() && stderr.is_none();
        both.or_else(|| none_apart.then(last_resort).flatten())
            .map(|url| (Channel::Both, url))
    };
    match wanted {
        Wanted::All if begun.stdout == 0 && begun.stderr == 0 => match both() {
            Some(both) => vec![both],
            None => stdout.into_iter().chain(stderr).collect(),
        },
        Wanted::All => stdout.into_iter().chain(stderr).collect(),
        Wanted::Stdout | Wanted::Stderr if begun.both > 0 => both().into_iter().collect(),
        Wanted::Stdout => stdout.or_else(both).into_iter().collect(),
        Wanted::Stderr => stderr.or_else(both).into_iter().collect(),
    }
}
