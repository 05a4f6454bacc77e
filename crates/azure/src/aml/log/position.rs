//! How far a log was read.

use std::fmt;
use std::str::FromStr;

use crate::aml::log::Channel;

/// Bytes of each file that were shown: where to go on after a break. Written as `stdout:120,stderr:7`; the beginning is
/// `start`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Of the file that holds both streams.
    pub both: u64,
    /// Of the driver's standard output.
    pub stdout: u64,
    /// Of the driver's standard error.
    pub stderr: u64,
}

/// A text that is no position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no position: 'start', or such as 'stdout:120,stderr:7' or 'both:120'")]
pub struct InvalidPosition(String);

impl Position {
    pub(super) fn of(&self, channel: Channel) -> u64 {
        match channel {
            Channel::Both => self.both,
            Channel::Stdout => self.stdout,
            Channel::Stderr => self.stderr,
        }
    }

    pub(super) fn set(&mut self, channel: Channel, bytes: u64) {
        match channel {
            Channel::Both => self.both = bytes,
            Channel::Stdout => self.stdout = bytes,
            Channel::Stderr => self.stderr = bytes,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("both", self.both),
            ("stdout", self.stdout),
            ("stderr", self.stderr),
        ];
        let words: Vec<String> = parts
            .into_iter()
            .filter(|(_, bytes)| *bytes > 0)
            .map(|(name, bytes)| format!("{name}:{bytes}"))
            .collect();
        if words.is_empty() {
            f.write_str("start")
        } else {
            f.write_str(&words.join(","))
        }
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let mut position = Self::default();
        if text == "start" {
            return Ok(position);
        }
        let invalid = || InvalidPosition(text.chars().take(100).collect());
        for word in text.split(',') {
            let (name, bytes) = word.split_once(':').ok_or_else(invalid)?;
            let bytes = bytes.parse().map_err(|_| invalid())?;
            match name {
                "both" => position.both = bytes,
                "stdout" => position.stdout = bytes,
                "stderr" => position.stderr = bytes,
                _ => return Err(invalid()),
            }
        }
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        for (both, stdout, stderr, text) in [
            (0, 0, 0, "start"),
            (7, 0, 0, "both:7"),
            (0, 120, 7, "stdout:120,stderr:7"),
            (0, 0, u64::MAX, "stderr:18446744073709551615"),
        ] {
            let position = Position {
                both,
                stdout,
                stderr,
            };
            assert_eq!(position.to_string(), text);
            assert_eq!(text.parse(), Ok(position));
        }
        for text in ["", "7", "stdout", "stdout:-1", "syslog:4", "both:1,"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
