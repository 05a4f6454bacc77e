//! Lists in pages with a next link (contract §0.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::error::{Refusal, bad_request};

/// The parameter that carries the place; despite its name an opaque token.
const SKIP: &str = "$skip";

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// What stands on it.
    pub(crate) items: Vec<T>,
    /// Where the next one is, if there is one.
    pub(crate) next_link: Option<String>,
}

/// How a list is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut<'a> {
    /// `https://localhost:PORT`.
    pub(crate) base: &'a str,
    /// Path and query of the request, as they were sent.
    pub(crate) path_and_query: &'a str,
    /// Most items on a page.
    pub(crate) size: usize,
    /// Whether an empty page comes first.
    pub(crate) empty_first: bool,
}

impl Cut<'_> {
    /// The page that the request asks for, of items that each have a name. The place is the name of the
    /// last item seen, so that what arrives in front meanwhile shifts nothing.
    pub(crate) fn page<T>(
        self,
        items: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<Page<T>, Refusal> {
        let start = match self.token()? {
            None if self.empty_first => {
                return Ok(Page {
                    items: Vec::new(),
                    next_link: Some(self.link(0, "")),
                });
            }
            None => 0,
            Some((offset, last)) => items
                .iter()
                .position(|item| !last.is_empty() && name(item) == last)
                .map_or(offset, |found| found + 1),
        };
        let total = items.len();
        let items: Vec<T> = items
            .into_iter()
            .skip(start)
            .take(self.size.max(1))
            .collect();
        let end = start.saturating_add(items.len());
        let next_link = items
            .last()
            .filter(|_| end < total)
            .map(|last| self.link(end, name(last)));
        Ok(Page { items, next_link })
    }

    fn token(self) -> Result<Option<(usize, String)>, Refusal> {
        let Some((_, query)) = self.path_and_query.split_once('?') else {
            return Ok(None);
        };
        let found = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == SKIP);
        let Some((_, token)) = found else {
            return Ok(None);
        };
        URL_SAFE_NO_PAD
            .decode(token.as_bytes())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| {
                let (offset, last) = text.split_once(':')?;
                Some((offset.parse().ok()?, last.to_owned()))
            })
            .map(Some)
            .ok_or_else(|| bad_request("InvalidSkipToken", "The skip token is not valid."))
    }

    fn link(self, offset: usize, last: &str) -> String {
        let token = URL_SAFE_NO_PAD.encode(format!("{offset}:{last}"));
        let (path, query) = self
            .path_and_query
            .split_once('?')
            .unwrap_or((self.path_and_query, ""));
        let mut query: Vec<&str> = query
            .split('&')
            .filter(|pair| {
                let name = pair.split('=').next().unwrap_or_default();
                !name.is_empty() && name != SKIP && !name.eq_ignore_ascii_case("%24skip")
            })
            .collect();
        let skip = format!("%24skip={token}");
        query.push(&skip);
        format!("{}{path}?{}", self.base, query.join("&"))
    }
}

impl Page<Value> {
    /// `{"value": […], "nextLink": "…"}`, the link only when there is a next page.
    pub(crate) fn json(self) -> Value {
        let mut body = Map::new();
        body.insert("value".to_owned(), Value::Array(self.items));
        if let Some(link) = self.next_link {
            body.insert("nextLink".to_owned(), Value::String(link));
        }
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::Cut;

    fn walk(names: &[&str], size: usize, empty_first: bool) -> Vec<Vec<String>> {
        let mut seen = Vec::new();
        let mut at = "/x/jobs?api-version=1".to_owned();
        loop {
            let cut = Cut {
                base: "https://h",
                path_and_query: &at,
                size,
                empty_first,
            };
            let page = cut.page(names.to_vec(), |name| name).unwrap();
            seen.push(page.items.iter().map(ToString::to_string).collect());
            let Some(next) = page.next_link else {
                return seen;
            };
            at = next.strip_prefix("https://h").unwrap().to_owned();
            assert!(at.starts_with("/x/jobs?api-version=1&%24skip="), "{at}");
        }
    }

    #[test]
    fn pages_hold_everything_once() {
        assert_eq!(
            walk(&["a", "b", "c"], 2, false),
            [vec!["a", "b"], vec!["c"]]
        );
        assert_eq!(walk(&["a", "b"], 2, false), [vec!["a", "b"]]);
        assert_eq!(walk(&[], 2, false), [Vec::<String>::new()]);
        assert_eq!(walk(&["a"], 2, true), [vec![], vec!["a"]]);
    }

    #[test]
    fn what_arrives_in_front_shifts_nothing() {
        let cut = Cut {
            base: "",
            path_and_query: "/jobs",
            size: 1,
            empty_first: false,
        };
        let first = cut.page(vec!["b", "a"], |name| name).unwrap();
        let next = first.next_link.unwrap();
        let cut = Cut {
            base: "",
            path_and_query: &next,
            size: 1,
            empty_first: false,
        };
        assert_eq!(
            cut.page(vec!["c", "b", "a"], |name| name).unwrap().items,
            ["a"]
        );
    }

    #[test]
    fn a_made_up_token_is_refused() {
        let cut = Cut {
            base: "",
            path_and_query: "/jobs?$skip=!",
            size: 1,
            empty_first: false,
        };
        assert!(cut.page(vec!["a"], |name| name).is_err());
    }
}
