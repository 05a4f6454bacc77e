//! What is asked for: the query, in the words of the apiserver's own logs where it has them.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use azureml_spark_api::logs::FRAMES;
use azureml_spark_azure::aml::log::{Pace, Position, Wanted, Wish};

use super::answer::Refusal;

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The lines and nothing else.
    Text,
    /// `azureml_spark_api::logs::Frame`, one a line.
    Frames,
}

impl Form {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut accepted = headers
            .get_all(ACCEPT)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        if accepted.any(|value| value.contains(FRAMES)) {
            Self::Frames
        } else {
            Self::Text
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Frames => FRAMES,
        }
    }
}

/// The parameters of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) follow: bool,
    /// `None`: the newest.
    pub(super) attempt: Option<i32>,
    pub(super) tail: Option<u64>,
    pub(super) wanted: Wanted,
    pub(super) from: Position,
}

impl Asked {
    /// Reads a query. Parameters that are not known here are let be, as the apiserver does.
    pub(super) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let wrong = |what: &str| {
                let shown: String = value.chars().take(100).collect();
                Refusal::bad_request(format!("{name}: '{shown}' is not {what}"))
            };
            match &*name {
                "follow" => {
                    asked.follow = match &*value {
                        "" | "true" | "1" => true,
                        "false" | "0" => false,
                        _ => return Err(wrong("true or false")),
                    };
                }
                "attempt" => {
                    let number = value.parse().ok().filter(|number| *number > 0);
                    asked.attempt = Some(number.ok_or_else(|| wrong("a number from 1"))?);
                }
                "tailLines" => {
                    let lines = value.parse().map_err(|_| wrong("a number of lines"))?;
                    asked.tail = Some(lines);
                }
                "stream" => {
                    asked.wanted = match value.to_ascii_lowercase().as_str() {
                        "all" => Wanted::All,
                        "stdout" => Wanted::Stdout,
                        "stderr" => Wanted::Stderr,
                        _ => return Err(wrong("All, Stdout or Stderr")),
                    };
                }
                "offset" => {
                    let position: Result<Position, _> = value.parse();
                    asked.from = position
                        .map_err(|error| Refusal::bad_request(format!("offset: {error}")))?;
                }
                _ => {}
            }
        }
        if asked.tail.is_some() && asked.from != Position::default() {
            return Err(Refusal::bad_request(
                "offset and tailLines exclude each other",
            ));
        }
        Ok(asked)
    }

    pub(super) fn wish(&self, pace: Pace) -> Wish {
        Wish {
            wanted: self.wanted,
            follow: self.follow,
            tail: self.tail,
            from: self.from,
            pace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        assert_eq!(Asked::parse(""), Ok(Asked::default()));
        let asked = Asked::parse(
            "follow=true&attempt=2&stream=Stderr&offset=stdout%3A3%2Cstderr:4&timeout=5s",
        );
        let from = Position {
            stdout: 3,
            stderr: 4,
            ..Position::default()
        };
        let expected = Asked {
            follow: true,
            attempt: Some(2),
            tail: None,
            wanted: Wanted::Stderr,
            from,
        };
        assert_eq!(asked, Ok(expected));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (query, word) in [
            ("follow=perhaps", "follow"),
            ("attempt=0", "attempt"),
            ("attempt=last", "attempt"),
            ("tailLines=-1", "tailLines"),
            ("stream=syslog", "stream"),
            ("offset=12", "offset"),
            ("offset=both:1&tailLines=5", "exclude"),
        ] {
            let refusal = Asked::parse(query).unwrap_err();
            assert_eq!(refusal.reason, "BadRequest", "{query}");
            assert!(refusal.message.contains(word), "{query}: {refusal:?}");
        }
    }

    #[test]
    fn frames_are_for_who_asks_for_them() {
        let form = |value: &'static str| {
            let value = axum::http::HeaderValue::from_static(value);
            Form::of(&HeaderMap::from_iter([(ACCEPT, value)]))
        };
        assert_eq!(form("application/x-ndjson"), Form::Frames);
        assert_eq!(form("application/json, */*"), Form::Text);
        assert_eq!(Form::of(&HeaderMap::new()), Form::Text);
    }
}
