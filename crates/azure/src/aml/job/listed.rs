//! A job in a list, of which only as much is read as somebody asks for.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::snapshot::{Job, JobStatus};
use crate::page::{self, Page};
use crate::response::{Refusal, Response};

/// A job as a list shows it. A list is history, mostly of other people's jobs, and is read again every few seconds: so
/// name and state are read from it, and the rest stays as it came.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name, which is the run's id.
    pub name: String,
    /// How far it is.
    pub status: JobStatus,
    raw: Bytes,
}

impl Listed {
    /// All that is told of it; `None` if that cannot be read.
    pub fn job(&self) -> Option<Job> {
        serde_json::from_slice(&self.raw).ok()
    }
}

#[derive(Deserialize)]
struct Slim<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    properties: SlimProperties<'a>,
}

#[derive(Deserialize)]
struct SlimProperties<'a> {
    #[serde(borrow, default)]
    status: Option<Word<'a>>,
}

/// Borrowed, which a `Cow` in an `Option` is not.
#[derive(Deserialize)]
#[serde(transparent)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

pub(super) fn page(response: &Response) -> Result<Page<Listed>, Refusal> {
    page::page_of(response, |item| {
        let slim: Slim<'_> = serde_json::from_str(item).ok()?;
        let status = slim.properties.status;
        Some(Listed {
            name: slim.name.into_owned(),
            status: status.map_or(JobStatus::Unknown, |Word(word)| JobStatus::parse(&word)),
            raw: response.body.slice_ref(item.as_bytes()),
        })
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn read(body: &'static str) -> Page<Listed> {
        page(&Response {
            status: 200,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        })
        .unwrap()
    }

    #[test]
    fn name_and_state_are_read_and_the_rest_when_asked_for() {
        let page = read(
            r#"{"value":[
                {"id":"/x","name":"caf\u00e9","type":"t","properties":{"tags":{"a":"b"},"status":"Running","codeId":"/c","unknown":[{}]},"systemData":null},
                {"name":"odd","properties":{"status":null,"tags":7}},
                {"name":7,"properties":{}},
                {"name":"no properties"},
                "text"
            ]}"#,
        );
        assert_eq!((page.items.len(), page.unreadable), (2, 3));
        let [first, odd] = page.items.as_slice() else {
            panic!("{page:?}");
        };
        assert_eq!(
            (first.name.as_str(), &first.status),
            ("café", &JobStatus::Running)
        );
        let job = first.job().unwrap();
        assert_eq!(job.name, "café");
        assert_eq!(job.properties.status, JobStatus::Running);
        assert_eq!(job.properties.tags["a"], "b");
        assert_eq!(job.properties.code_id.unwrap().as_str(), "/c");
        assert_eq!(odd.status, JobStatus::Unknown);
        assert!(odd.job().is_none(), "what is told of it has another shape");
    }
}
