//! Reading answers the tolerant way: Azure sends explicit nulls for what is unset, adds keys of its
//! own, and sometimes writes a number where the model has a string (contract §0.5, §4.1).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// `null` reads as the default.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// What cannot be read is absent: for parts of an answer that inform and decide nothing.
pub(crate) fn or_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// A map of strings; null values are left out, numbers and booleans become their text.
pub(crate) fn strings<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let map = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(map
        .into_iter()
        .filter_map(|(key, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((key, text)),
            other => Some((key, other.to_string())),
        })
        .collect())
}

/// A point in time; an unreadable one is absent, as times only inform.
pub(crate) fn time<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::<Value>::deserialize(deserializer)?
        .as_ref()
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok()))
}

/// Seconds as a whole number.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "or_default")]
        tags: BTreeMap<String, String>,
        #[serde(deserialize_with = "strings")]
        properties: BTreeMap<String, String>,
        #[serde(deserialize_with = "time")]
        at: Option<Timestamp>,
        #[serde(deserialize_with = "or_none")]
        count: Option<u32>,
    }

    #[test]
    fn nulls_and_wrong_types_do_no_harm() {
        let sample: Sample = serde_json::from_str(
            r#"{"tags":null,"properties":{"a":null,"hash_version":202208,"b":"x","c":true},"at":"soon","count":"many","extra":[]}"#,
        )
        .unwrap();
        assert!(sample.tags.is_empty());
        let properties: Vec<_> = sample
            .properties
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        assert_eq!(properties, ["b=x", "c=true", "hash_version=202208"]);
        assert_eq!((sample.at, sample.count), (None, None));
    }

    #[test]
    fn times_with_offset_and_seven_digits_are_read() {
        let sample: Sample =
            serde_json::from_str(r#"{"at":"2022-10-10T19:39:36.5791418+00:00"}"#).unwrap();
        assert_eq!(
            sample.at.unwrap().to_string(),
            "2022-10-10T19:39:36.5791418Z"
        );
    }
}
