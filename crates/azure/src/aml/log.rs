//! What the driver wrote: the end of it, or all of it while it is written.

mod channel;
mod lines;
mod part;
mod position;
mod reader;

use std::collections::BTreeMap;

use crate::blob;
use crate::client::Client;
use crate::error::Error;
use crate::redact::SasUrl;

use lines::Lines;

pub use channel::{Channel, Wanted};
pub use position::{InvalidPosition, Position};
pub use reader::{Event, Pace, Reader, Wish};

#[cfg(test)]
mod tests;

/// How much of a log's end is read: some 150 lines, enough for a stack trace of Python inside one of
/// Java, little enough for a status.
pub const TAIL: u64 = 16 * 1024;

/// The log to show first, and after it the others, best first. Which names Spark jobs write is
/// unverified (contract §5), so every name has a place: `user_logs/`, then the driver's standard
/// output and error, then anything.
pub fn ranked(log_files: &BTreeMap<String, SasUrl>) -> Vec<(&str, &SasUrl)> {
    let mut logs: Vec<_> = log_files
        .iter()
        .map(|(path, url)| (path.as_str(), url))
        .collect();
    logs.sort_by_key(|(path, _)| (rank(path), path.len(), *path));
    logs
}

fn rank(path: &str) -> u8 {
    let path = path.to_ascii_lowercase();
    let driver = path.contains("driver");
    if path.starts_with("user_logs/std_log") {
        0
    } else if path.starts_with("user_logs/") {
        1
    } else if driver && path.contains("stdout") {
        2
    } else if driver && path.contains("stderr") {
        3
    } else if driver {
        4
    } else if path.contains("stdout") {
        5
    } else if path.contains("stderr") {
        6
    } else {
        7
    }
}

/// The last [`TAIL`] bytes of a log, from the start of a line. One HEAD and one GET; empty for a log
/// without content.
pub async fn tail(client: &Client, log: &SasUrl) -> Result<String, Error> {
    let size = client.send(blob::size(log)).await?;
    if size == 0 {
        return Ok(String::new());
    }
    let content = client
        .send(blob::read_from(log, size.saturating_sub(TAIL)))
        .await?;
    Ok(last_lines(&content, size > TAIL))
}

/// The end of what was read, without secrets: a server may have answered with everything, and the first line of a cut log
/// is half a line, perhaps half a secret, which nothing marks as one.
fn last_lines(content: &[u8], cut: bool) -> String {
    let longest = usize::try_from(TAIL).unwrap_or(usize::MAX);
    let start = content.len().saturating_sub(longest);
    let end = content.get(start..).unwrap_or_default();
    let mut lines = if cut || start > 0 {
        Lines::behind_a_line_end()
    } else {
        Lines::default()
    };
    let whole = lines.take(end);
    whole + &lines.rest()
}
