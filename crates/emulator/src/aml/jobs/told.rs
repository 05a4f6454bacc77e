//! What a job's own tags tell the emulator. They win over the settings: what runs side by side cannot share
//! a setting.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::status::Status;
use crate::settings::{CancelEffect, Ending};

/// What the tags say; nothing where they are silent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// `emulator-instant-seconds`: how long the run takes.
    pub(crate) seconds: Option<f64>,
    /// `emulator-instant-outcome`: the state that it ends in.
    pub(crate) outcome: Option<Status>,
    /// `emulator-instant-ending`: why it fails.
    pub(crate) ending: Option<Ending>,
    /// `emulator-instant-stuck`: the state that it never leaves by itself.
    pub(crate) stuck: Option<Status>,
    /// `emulator-log-lines`: how many lines it writes while it runs.
    pub(crate) log_lines: Option<u32>,
    /// `emulator-cancel`: what a cancellation does.
    pub(crate) cancel: Option<CancelEffect>,
    /// `emulator-cancel-seconds`: how long the run goes on in `CancelRequested`.
    pub(crate) cancel_seconds: Option<f64>,
    /// `emulator-vanishes`: whence it vanishes once it has started.
    pub(crate) vanishes: Option<Vanishing>,
}

/// Whence a run vanishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Vanishing {
    /// From lists; by its name it is still found.
    FromLists,
    /// Altogether, with its history.
    Altogether,
}

impl Told {
    /// Reads the tags; the error is for people.
    pub(crate) fn by(tags: &Map<String, Value>) -> Result<Self, String> {
        Ok(Self {
            seconds: number(tags, "emulator-instant-seconds")?,
            outcome: word(tags, "emulator-instant-outcome")?,
            ending: word(tags, "emulator-instant-ending")?,
            stuck: word(tags, "emulator-instant-stuck")?,
            log_lines: number(tags, "emulator-log-lines")?,
            cancel: word(tags, "emulator-cancel")?,
            cancel_seconds: number(tags, "emulator-cancel-seconds")?,
            vanishes: word(tags, "emulator-vanishes")?,
        })
    }
}

fn number<T: std::str::FromStr>(
    tags: &Map<String, Value>,
    name: &str,
) -> Result<Option<T>, String> {
    let Some(text) = tags.get(name).and_then(Value::as_str) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| format!("The tag {name} is '{text}' and should be a number."))
}

fn word<T: DeserializeOwned>(tags: &Map<String, Value>, name: &str) -> Result<Option<T>, String> {
    let Some(value) = tags.get(name) else {
        return Ok(None);
    };
    serde_json::from_value(value.clone())
        .map(Some)
        .map_err(|error| format!("The tag {name}: {error}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(tags: &Value) -> Result<Told, String> {
        Told::by(tags.as_object().unwrap())
    }

    #[test]
    fn tags_are_read() {
        let tags = json!({
            "team": "a",
            "emulator-instant-seconds": "2.5",
            "emulator-instant-ending": "poolFull",
            "emulator-instant-stuck": "Provisioning",
            "emulator-log-lines": "7",
            "emulator-cancel": "stays",
            "emulator-vanishes": "fromLists",
        });
        let read = told(&tags).unwrap();
        assert_eq!((read.seconds, read.log_lines), (Some(2.5), Some(7)));
        assert_eq!(read.ending, Some(Ending::PoolFull));
        assert_eq!(read.stuck, Some(Status::Provisioning));
        assert_eq!(read.cancel, Some(CancelEffect::Stays));
        assert_eq!(read.vanishes, Some(Vanishing::FromLists));
        assert_eq!((read.outcome, read.cancel_seconds), (None, None));
        assert_eq!(told(&json!({})), Ok(Told::default()));
    }

    #[test]
    fn a_word_without_a_meaning_is_told() {
        for (name, value) in [
            ("emulator-instant-seconds", "soon"),
            ("emulator-instant-outcome", "completed"),
            ("emulator-cancel", "perhaps"),
        ] {
            let told = told(&json!({name: value})).unwrap_err();
            assert!(told.contains(name), "{told}");
        }
    }
}
