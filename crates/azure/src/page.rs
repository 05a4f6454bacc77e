//! Pages of a list: one page a call, the caller decides whether to go on.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use crate::request::{Audience, Call, Request};
use crate::response::{Refusal, Response};

#[cfg(test)]
mod tests;

/// One page. `next` is followed as it is until it is absent; a page may be empty and still have one
/// (contract §0.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in Azure's order.
    pub items: Vec<T>,
    /// How many items could not be read: a list holds other people's things too, and one of an
    /// unknown shape must not hide ours.
    pub unreadable: usize,
    /// Where the next page is.
    pub next: Option<Url>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, default)]
    value: Option<Vec<&'a RawValue>>,
    next_link: Option<String>,
}

/// The page behind [`Page::next`]. `op` names the list in logs and metrics.
pub(crate) fn follow<T: DeserializeOwned>(op: &'static str, next: Url) -> Call<Page<T>> {
    Request::follow(op, next).parsed_by(page)
}

/// The same for a list of Synapse's data plane, whose token is another.
pub(crate) fn follow_in_synapse<T: DeserializeOwned>(op: &'static str, next: Url) -> Call<Page<T>> {
    let mut request = Request::follow(op, next);
    request.audience = Audience::Synapse;
    request.parsed_by(page)
}

pub(crate) fn page<T: DeserializeOwned>(response: &Response) -> Result<Page<T>, Refusal> {
    page_of(response, |item| serde_json::from_str(item).ok())
}

/// A page of what `read` makes of each item's text, which is part of the body. Items are told apart without keeping
/// anything of them: a page holds a hundred, mostly other people's.
pub(crate) fn page_of<T>(
    response: &Response,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Page<T>, Refusal> {
    let envelope: Envelope<'_> = serde_json::from_slice(&response.body)
        .map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let next = match envelope.next_link.filter(|link| !link.is_empty()) {
        // Dropping a link that we cannot read would end the list early and call its rest absent.
        Some(link) => Some(
            Url::parse(&link)
                .map_err(|error| Refusal::Unreadable(format!("nextLink is no address: {error}")))?,
        ),
        None => None,
    };
    let values = envelope.value.unwrap_or_default();
    let total = values.len();
    let items: Vec<T> = values
        .into_iter()
        .filter_map(|value| read(value.get()))
        .collect();
    Ok(Page {
        unreadable: total - items.len(),
        items,
        next,
    })
}
