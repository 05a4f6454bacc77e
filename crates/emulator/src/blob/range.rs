//! A byte range in a request.

use super::error::BlobError;

/// `bytes=first-` or `bytes=first-last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    first: u64,
    last: Option<u64>,
}

impl Range {
    /// Reads a range; text that is none is ignored, as HTTP asks.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
        let first = first.parse().ok()?;
        let last = if last.is_empty() {
            None
        } else {
            Some(last.parse().ok()?)
        };
        last.is_none_or(|last| last >= first)
            .then_some(Self { first, last })
    }

    /// First byte and number of bytes in a blob of this length; 416 behind its end.
    pub(crate) fn within(self, length: u64) -> Result<(u64, u64), BlobError> {
        if self.first >= length {
            return Err(BlobError::range());
        }
        let end = self
            .last
            .map_or(length, |last| length.min(last.saturating_add(1)));
        Ok((self.first, end - self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_blob() {
        let rows = [
            ("bytes=0-3", 10, Ok((0, 4))),
            ("bytes=2-", 10, Ok((2, 8))),
            ("bytes=8-99", 10, Ok((8, 2))),
            ("bytes=9-9", 10, Ok((9, 1))),
            ("bytes=10-", 10, Err("InvalidRange")),
            ("bytes=0-33554431", 0, Err("InvalidRange")),
        ];
        for (text, length, expected) in rows {
            let answer = Range::parse(text)
                .unwrap()
                .within(length)
                .map_err(|error| error.code);
            assert_eq!(answer, expected, "{text} of {length}");
        }
        for text in ["bytes=5-2", "bytes=-5", "lines=1-2", "bytes=a-b"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
