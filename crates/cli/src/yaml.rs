//! A manifest as YAML with comments in it.
//!
//! Written here and not by `serde_norway`, for two reasons: it keeps no comments, and it leaves `yes`, `on` and `1_000`
//! bare, which are strings in YAML 1.2 and none in the YAML 1.1 that kubectl reads. Here every string is quoted unless
//! it is beyond doubt in both.

use serde::Serialize;
use serde_norway::{Mapping, Value};

#[cfg(test)]
mod tests;

/// Columns after which a comment goes on in the next line.
const WIDTH: usize = 116;

/// Words that some YAML reads as something else than a string.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// An object, and what is said above it and above its fields.
#[derive(Debug)]
pub(crate) struct Document {
    remarks: Vec<String>,
    object: Mapping,
    notes: Vec<(&'static str, &'static str)>,
}

/// Why an object cannot be written: its type is no map of strings to values, which the types of the API all are.
#[derive(Debug)]
pub(crate) struct Unwritable(String);

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an object cannot be written as YAML: {}", self.0)
    }
}

impl std::error::Error for Unwritable {}

impl Document {
    /// An object, its fields in the order of its type.
    pub(crate) fn of(object: &impl Serialize) -> Result<Self, Unwritable> {
        match serde_norway::to_value(object) {
            Ok(Value::Mapping(object)) => Ok(Self {
                remarks: Vec::new(),
                object,
                notes: Vec::new(),
            }),
            Ok(other) => Err(Unwritable(format!("{other:?}"))),
            Err(error) => Err(Unwritable(error.to_string())),
        }
    }

    /// With a comment above it.
    pub(crate) fn remarking(mut self, remark: &str) -> Self {
        self.remarks.push(remark.to_owned());
        self
    }

    /// With a comment above a field, by its path: `spec.grants`.
    pub(crate) fn noting(mut self, field: &'static str, note: &'static str) -> Self {
        self.notes.push((field, note));
        self
    }

    /// As a document of a stream.
    pub(crate) fn print(&self) -> String {
        let mut text = "---\n".to_owned();
        for remark in &self.remarks {
            text.push_str(&comment(remark, 0));
        }
        self.fields(&self.object, "", 0, &mut text);
        text
    }

    fn fields(&self, fields: &Mapping, path: &str, indent: usize, text: &mut String) {
        for (key, value) in fields {
            let key = key.as_str().unwrap_or_default();
            let path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            for (_, note) in self.notes.iter().filter(|(field, _)| *field == path) {
                text.push_str(&comment(note, indent));
            }
            text.push_str(&" ".repeat(indent));
            text.push_str(&string(key));
            text.push(':');
            self.value(value, &path, indent, text);
        }
    }

    /// What follows the colon of a field at `indent`.
    fn value(&self, value: &Value, path: &str, indent: usize, text: &mut String) {
        match value {
            Value::Mapping(fields) if !fields.is_empty() => {
                text.push('\n');
                self.fields(fields, path, indent + 2, text);
            }
            Value::Sequence(items) if !items.is_empty() => {
                text.push('\n');
                for item in items {
                    let mut lines = String::new();
                    match item {
                        Value::Mapping(fields) => self.fields(fields, path, indent + 2, &mut lines),
                        scalar => lines = format!("{}\n", leaf(scalar)),
                    }
                    text.push_str(&" ".repeat(indent));
                    text.push_str("- ");
                    text.push_str(lines.trim_start_matches(' '));
                }
            }
            leaf_ => {
                text.push(' ');
                text.push_str(&leaf(leaf_));
                text.push('\n');
            }
        }
    }
}

/// What has nothing below it.
fn leaf(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => string(value),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
        Value::Tagged(tagged) => leaf(&tagged.value),
    }
}

/// A string, bare where no reader can take it for anything else.
fn string(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._- ".contains(c))
        && !text.ends_with(' ')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if bare {
        return text.to_owned();
    }
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if unprintable(c) => quoted.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What YAML does not take as it is, or takes for the end of a line.
fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// A comment of one or more lines. Whatever the text holds (names come from Azure), it ends no comment.
pub(crate) fn comment(text: &str, indent: usize) -> String {
    let lead = format!("{}#", " ".repeat(indent));
    let mut lines = String::new();
    let mut line = lead.clone();
    for word in text.split_whitespace() {
        let word = word.replace(unprintable, "\u{fffd}");
        if line.len() > lead.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line.clone_from(&lead);
        }
        line.push(' ');
        line.push_str(&word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}
