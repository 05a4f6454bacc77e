//! `GET …/jobs`: history, in pages. There is no filter for states (contract §13); whether the
//! other filters work, the order and the size of a page are settings.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::book::{Cut, Page, Place};
use super::job::Job;
use super::shown;
use crate::error::{Answer, Refusal, bad_request};
use crate::request::AsSent;
use crate::settings::{Filter, FilterPlace, ListOrder};
use crate::state::App;

/// One page.
pub(super) async fn list(State(app): State<Arc<App>>, sent: AsSent) -> Answer {
    let settings = app.settings();
    let view = View::of(&sent)?;
    let wanted = |filter: Filter, name: &str| {
        sent.query(name)
            .filter(|value| filter == Filter::Honoured && !value.is_empty())
    };
    let kind = wanted(settings.list_job_type_filter, "jobType");
    let tag = wanted(settings.list_tag_filter, "tag");
    let after = sent.query("$skip").map(|token| place(&token)).transpose()?;
    let cut = Cut {
        order: settings.list_order,
        after,
        size: settings.job_page_size.max(1),
    };
    let page = if settings.empty_first_page && after.is_none() {
        Page {
            jobs: Vec::new(),
            next: Some(before_all(settings.list_order)),
        }
    } else {
        let first = settings.list_filter_place == FilterPlace::BeforePaging;
        let keep = |job: &Job| {
            view.shows(job)
                && !job.unlisted
                && kind
                    .as_ref()
                    .is_none_or(|kind| job.kind().eq_ignore_ascii_case(kind))
        };
        match tag {
            Some(tag) if first => app.jobs.tagged_page(&tag, cut, keep),
            tag => app.jobs.page(cut, first, |job| {
                keep(job) && tag.as_ref().is_none_or(|tag| job.tags.contains_key(tag))
            }),
        }
    };
    let now = app.clock.now();
    let value: Vec<Value> = page
        .jobs
        .iter()
        .map(|job| shown::resource(&app, job, &job.life.at(now)))
        .collect();
    let mut body = Map::from_iter([("value".to_owned(), Value::Array(value))]);
    if let Some(next) = page.next {
        body.insert(
            "nextLink".to_owned(),
            link(&app.addresses.base, &sent, next).into(),
        );
    }
    Ok(Json(body).into_response())
}

/// `listViewType`.
#[derive(Clone, Copy)]
enum View {
    Active,
    Archived,
    All,
}

impl View {
    fn of(sent: &AsSent) -> Result<Self, Refusal> {
        match sent.query("listViewType").as_deref() {
            None | Some("ActiveOnly") => Ok(Self::Active),
            Some("ArchivedOnly") => Ok(Self::Archived),
            Some("All") => Ok(Self::All),
            Some(other) => Err(bad_request(
                "InvalidListViewType",
                format!("'{other}' is no listViewType."),
            )),
        }
    }

    fn shows(self, job: &Job) -> bool {
        match self {
            Self::Active => !job.archived,
            Self::Archived => job.archived,
            Self::All => true,
        }
    }
}

/// A place before every job: what an empty first page points at.
fn before_all(order: ListOrder) -> Place {
    match order {
        ListOrder::NewestFirst => Place(i128::MAX, u64::MAX),
        ListOrder::OldestFirst | ListOrder::Shuffled => Place(i128::MIN, 0),
    }
}

fn place(token: &str) -> Result<Place, Refusal> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (first, second) = text.split_once(':')?;
            Some(Place(first.parse().ok()?, second.parse().ok()?))
        })
        .ok_or_else(|| bad_request("InvalidSkipToken", "The skip token is not valid."))
}

fn link(base: &str, sent: &AsSent, Place(first, second): Place) -> String {
    let (path, query) = sent.0.split_once('?').unwrap_or((&sent.0, ""));
    let is_skip = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name == "$skip" || name.eq_ignore_ascii_case("%24skip")
    };
    let mut query: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_skip(pair))
        .collect();
    let skip = format!(
        "%24skip={}",
        URL_SAFE_NO_PAD.encode(format!("{first}:{second}"))
    );
    query.push(&skip);
    format!("{base}{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_link_keeps_the_query_and_carries_the_place() {
        let sent = AsSent("/x/jobs?api-version=1&%24skip=old&tag=a%20b".to_owned());
        let url = link("https://h", &sent, Place(-5, 7));
        let (head, token) = url.rsplit_once('=').unwrap();
        assert_eq!(head, "https://h/x/jobs?api-version=1&tag=a%20b&%24skip");
        assert_eq!(place(token).unwrap(), Place(-5, 7));
        assert!(place("!").is_err());
    }
}
