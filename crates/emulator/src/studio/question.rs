//! What the index is asked (contract §13): filters, an order, a page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::aml::jobs::Place;
use crate::error::{Refusal, bad_request};
use crate::settings::ListOrder;

/// Most entries on a page.
const PAGE: u64 = 100;

/// The one order that is known.
const CREATED: &str = "properties/creationContext/createdTime";

/// A question, read.
#[derive(Debug)]
pub(super) struct Question {
    archived: Option<Vec<String>>,
    states: Option<Vec<String>>,
    experiments: Option<Vec<String>>,
    pub(super) order: ListOrder,
    pub(super) after: Option<Place>,
    pub(super) size: usize,
}

impl Question {
    pub(super) fn read(body: &Value) -> Result<Self, Refusal> {
        let mut question = Self {
            archived: None,
            states: None,
            experiments: None,
            order: order(body)?,
            after: after(body)?,
            size: size(body)?,
        };
        let mut runs = false;
        for filter in list(body, "filters") {
            let values: Vec<String> = list(filter, "values")
                .iter()
                .filter_map(|value| Some(value.as_str()?.to_owned()))
                .collect();
            if text(filter, "operator") != Some("eq") {
                return Err(wrong("the one operator that is known is eq"));
            }
            match text(filter, "field") {
                Some("type") => runs = values == ["runs"],
                Some("annotations/archived") => question.archived = Some(values),
                Some("annotations/status") => question.states = Some(values),
                Some("properties/experimentName") => question.experiments = Some(values),
                other => return Err(wrong(&format!("a filter for {other:?} is not known"))),
            }
        }
        if runs {
            Ok(question)
        } else {
            Err(wrong("only runs can be asked for"))
        }
    }

    /// Whether a run with these words fits.
    pub(super) fn fits(&self, archived: &str, state: &str, experiment: &str) -> bool {
        let one_of = |wanted: &Option<Vec<String>>, word: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|one| one == word))
        };
        one_of(&self.archived, archived)
            && one_of(&self.states, state)
            && one_of(&self.experiments, experiment)
    }
}

/// What the page after this place is asked for with.
pub(super) fn token(Place(first, second): Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{first}:{second}"))
}

fn order(body: &Value) -> Result<ListOrder, Refusal> {
    let [order] = list(body, "order") else {
        return Err(wrong("one order is wanted"));
    };
    match (text(order, "field"), text(order, "direction")) {
        (Some(CREATED), Some("Desc")) => Ok(ListOrder::NewestFirst),
        (Some(CREATED), Some("Asc")) => Ok(ListOrder::OldestFirst),
        _ => Err(wrong("that order is not known")),
    }
}

fn size(body: &Value) -> Result<usize, Refusal> {
    let size = body.get("pageSize").and_then(Value::as_u64);
    size.filter(|size| (1..=PAGE).contains(size))
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(|| wrong("a page has 1 to 100 entries"))
}

fn after(body: &Value) -> Result<Option<Place>, Refusal> {
    let Some(token) = text(body, "continuationToken") else {
        return Ok(None);
    };
    let text = URL_SAFE_NO_PAD.decode(token).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = text.as_deref().and_then(|text| {
        let (first, second) = text.split_once(':')?;
        Some(Place(first.parse().ok()?, second.parse().ok()?))
    });
    place
        .map(Some)
        .ok_or_else(|| wrong("that continuationToken was not given out"))
}

fn list<'a>(body: &'a Value, field: &str) -> &'a [Value] {
    let list = body.get(field).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field)?.as_str()
}

fn wrong(why: &str) -> Refusal {
    bad_request("BadArgument", why)
}
