//! Bytes as they come become lines that may be shown.

use crate::redact;

/// The longest text that is held back for the end of its line. Longer ones are cut, at a space where there is one.
const LONGEST_LINE: usize = 64 * 1024;

/// What was read and not shown yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
}

impl Lines {
    /// Bytes that are held.
    pub(super) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    /// Takes bytes, and gives the lines that they complete; empty if there is none.
    pub(super) fn take(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let whole = match self.held.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.held.len() > LONGEST_LINE => cut(&self.held),
            None => 0,
        };
        self.show(whole)
    }

    /// Gives what is left: the file does not grow any more.
    pub(super) fn rest(&mut self) -> String {
        self.show(self.held.len())
    }

    fn show(&mut self, bytes: usize) -> String {
        let shown: Vec<u8> = self.held.drain(..bytes).collect();
        let text = String::from_utf8_lossy(&shown);
        text.split_inclusive('\n').map(redact::line).collect()
    }
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
        assert_eq!(lines.take(b"end"), "");
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
    fn a_line_without_end_is_not_held_for_ever() {
        let mut lines = Lines::default();
        let text = "word ".repeat(LONGEST_LINE / 5 + 1) + "last";
        let shown = lines.take(text.as_bytes());
        assert_eq!(shown.len(), text.len() - 4);
        assert_eq!(lines.rest(), "last");
        let text = "é".repeat(LONGEST_LINE / 2 + 1);
        let mut lines = Lines::default();
        let shown = lines.take(&text.as_bytes()[..text.len() - 1]);
        assert!(shown.chars().all(|c| c == 'é'), "cut inside a character");
        assert_eq!(
            shown + &lines.take(&text.as_bytes()[text.len() - 1..]) + &lines.rest(),
            text
        );
    }
}
