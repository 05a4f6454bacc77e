//! Bytes as they come become lines that may be shown.

use crate::redact;

/// The longest line that is shown whole. A longer one is cut, at a space where there is one: what is behind it cannot be
/// shown without what is before it, since that tells secrets from other text.
const LONGEST_LINE: usize = 64 * 1024;

/// What is shown in place of the rest.
const CUT: &str = " […the rest of this line is not shown]\n";

/// What was read and not shown yet. A line ends with `\n`, or with `\r` as a progress bar's.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
    /// Whether what comes is left out until a line ends.
    skips: bool,
}

impl Lines {
    /// Of a file that is not read from its beginning: what comes first is shown only if the byte before it ended a line,
    /// which is therefore read, too.
    pub(super) fn behind_a_line_end() -> Self {
        Self {
            held: Vec::new(),
            skips: true,
        }
    }

    /// Bytes that are held.
    pub(super) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    /// Takes bytes, and gives the lines that they complete; empty if there is none.
    pub(super) fn take(&mut self, bytes: &[u8]) -> String {
        let mut shown = String::new();
        for piece in bytes.split_inclusive(ends_a_line) {
            let ends = piece.last().is_some_and(ends_a_line);
            if self.skips {
                self.skips = !ends;
                continue;
            }
            self.held.extend_from_slice(piece);
            if self.held.len() > LONGEST_LINE {
                self.held.truncate(LONGEST_LINE);
                self.held.truncate(cut(&self.held));
                shown.push_str(self.rest().trim_end());
                shown.push_str(CUT);
                self.skips = !ends;
            } else if ends {
                shown.push_str(&self.rest());
            }
        }
        shown
    }

    /// Gives what is left: the file does not grow any more.
    pub(super) fn rest(&mut self) -> String {
        let line = std::mem::take(&mut self.held);
        redact::line(&String::from_utf8_lossy(&line))
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a predicate of elements of a slice"
)]
fn ends_a_line(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Where a text without an end is cut: behind its last space, else between two characters.
fn cut(text: &[u8]) -> usize {
    let space = text.iter().rposition(u8::is_ascii_whitespace);
    space.map_or_else(
        || {
            // The bytes of a character after its first are 10xxxxxx.
            let first = text
                .iter()
                .rposition(|byte| byte & 0b1100_0000 != 0b1000_0000);
            first.filter(|at| *at > 0).unwrap_or(text.len())
        },
        |at| at + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_when_it_is_whole() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"one\ntw"), "one\n");
        assert_eq!(lines.held(), 2);
        assert_eq!(lines.take(b""), "");
        assert_eq!(
            lines.take("o ä\n\n| a |  b |\n".as_bytes()),
            "two ä\n\n| a |  b |\n"
        );
        assert_eq!(lines.take(b"10 %\r20"), "10 %\r");
        assert_eq!(lines.take(b" %\r\nend"), "20 %\r\n");
        assert_eq!(lines.rest(), "end");
        assert_eq!((lines.rest().as_str(), lines.held()), ("", 0));
    }

    #[test]
    fn a_secret_that_comes_in_two_pieces_is_not_shown() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"read https://a.blob/c?sv=1&si"), "");
        assert_eq!(
            lines.take(b"g=abc%3D now\n"),
            "read https://a.blob/c?[signature] now\n"
        );
    }

    #[test]
    fn what_is_begun_in_the_middle_is_not_shown() {
        let mut lines = Lines::behind_a_line_end();
        assert_eq!(lines.take(b"s3cret and"), "");
        assert_eq!(lines.held(), 0);
        assert_eq!(lines.take(b" more\none\ntw"), "one\n");
        assert_eq!(lines.held(), 2);
        let mut lines = Lines::behind_a_line_end();
        assert_eq!(lines.take(b"\none\n"), "one\n");
        let mut lines = Lines::behind_a_line_end();
        assert_eq!(lines.take(b"s3cret") + &lines.rest(), "");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_however_it_comes() {
        let secret = format!("sig={}", "x".repeat(LONGEST_LINE));
        let words = "word ".repeat(LONGEST_LINE / 5);
        let long = format!("{words}password = {secret} end\nnext\n");
        let expected = format!("{}{CUT}next\n", words.trim_end());
        for size in [1_000, LONGEST_LINE, long.len()] {
            let mut lines = Lines::default();
            let pieces = long.as_bytes().chunks(size);
            let shown: String = pieces.map(|piece| lines.take(piece)).collect();
            assert!(shown == expected, "{size}: {} bytes", shown.len());
            assert!(lines.held.is_empty());
        }
        let mut lines = Lines::default();
        let shown = lines.take(format!("a{}", "é".repeat(LONGEST_LINE)).as_bytes());
        let shown = shown.strip_suffix(CUT).unwrap();
        assert!(
            shown.chars().skip(1).all(|c| c == 'é'),
            "cut inside a character"
        );
        assert_eq!(lines.take("é\nend\n".as_bytes()), "end\n");
    }
}
