//! Parts of a log file that grows.

use bytes::Bytes;
use reqwest::Method;

use crate::api_version;
use crate::blob;
use crate::client::Client;
use crate::error::{Class, Error};
use crate::redact::SasUrl;
use crate::request::{Address, Call, Request};
use crate::response::{Refusal, Response};

/// The operation, by which its errors are known.
pub(super) const READ: &str = "log.read";

/// Most bytes of one read: some thousand lines, and a bound on what a reader holds.
pub(super) const CHUNK: u64 = 256 * 1024;

/// How far back the last lines are looked for. Who asks for more gets what is there.
const FARTHEST: u64 = 32 * 1024 * 1024;

/// The bytes from `first` on, at most [`CHUNK`]; none if the file has not grown so far, or is not there yet.
pub(super) async fn read(client: &Client, log: &SasUrl, first: u64) -> Result<Bytes, Error> {
    let last = first.saturating_add(CHUNK - 1);
    match client.send(range(log, first, last)).await {
        Ok(Part::Range(content)) => Ok(content),
        Ok(Part::Whole(content)) => {
            let start =
                usize::try_from(first).map_or(content.len(), |first| first.min(content.len()));
            Ok(content.slice(start..))
        }
        Ok(Part::Nothing) => Ok(Bytes::new()),
        Err(error) if error.class == Class::Absent => Ok(Bytes::new()),
        Err(error) => Err(error),
    }
}

/// Where the last `lines` lines begin. One HEAD, and reads from the end backwards.
pub(super) async fn tail(client: &Client, log: &SasUrl, lines: u64) -> Result<u64, Error> {
    let Some(size) = client.find(blob::size(log)).await? else {
        return Ok(0);
    };
    let mut left = lines;
    let mut end = size;
    while left > 0 && end > 0 && size - end < FARTHEST {
        let start = end.saturating_sub(CHUNK);
        let content = read(client, log, start).await?;
        let length = usize::try_from(end - start).unwrap_or(usize::MAX);
        let content = content.get(..length).unwrap_or(&content);
        if let Some(at) = nth_last_line(content, &mut left, end == size) {
            return Ok(start + at);
        }
        end = start;
    }
    Ok(end)
}

/// Where the line begins that is the `left`-th from the end; what is still to be found before, in `left`. The end of
/// the last line of all begins no further line.
fn nth_last_line(content: &[u8], left: &mut u64, at_the_end: bool) -> Option<u64> {
    for (at, _) in content
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n')
    {
        if at_the_end && at + 1 == content.len() {
            continue;
        }
        *left -= 1;
        if *left == 0 {
            return u64::try_from(at + 1).ok();
        }
    }
    None
}

enum Part {
    Range(Bytes),
    /// From a server that knows no ranges.
    Whole(Bytes),
    Nothing,
}

/// `GET {blob}` with a range; 206, or 416 behind the end.
fn range(log: &SasUrl, first: u64, last: u64) -> Call<Part> {
    Request::to(READ, Method::GET, Address::Signed(log.clone(), Vec::new()))
        .header("accept", "application/xml")
        .header("x-ms-version", api_version::BLOB)
        .header("x-ms-range", format!("bytes={first}-{last}"))
        .expecting(&[416])
        .parsed_by(part)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a parser, used where others can refuse"
)]
fn part(response: &Response) -> Result<Part, Refusal> {
    Ok(match response.status {
        416 => Part::Nothing,
        206 => Part::Range(response.body.clone()),
        _ => Part::Whole(response.body.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_the_end() {
        let text = b"one\ntwo\nthree\n";
        for (lines, expected) in [(1, Some(8)), (2, Some(4)), (3, None), (9, None)] {
            let mut left = lines;
            assert_eq!(nth_last_line(text, &mut left, true), expected, "{lines}");
        }
        // A last line without an end is a line, too.
        assert_eq!(nth_last_line(b"one\ntwo", &mut 1, true), Some(4));
        // In front of what was counted already, the end of a line is where the counted one begins.
        assert_eq!(nth_last_line(b"one\ntwo\n", &mut 1, false), Some(8));
        let mut left = 5;
        assert_eq!(nth_last_line(text, &mut left, true), None);
        assert_eq!(left, 3);
    }
}
