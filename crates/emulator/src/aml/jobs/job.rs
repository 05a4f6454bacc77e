//! One job as the workspace keeps it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::life::Life;
use super::told::Told;

/// A job. What was sent stays as it was sent; what the service adds is added when it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) name: String,
    /// `properties` of the request, without the fields below. Shared by runs made in bulk.
    pub(crate) sent: Arc<Map<String, Value>>,
    pub(crate) tags: Map<String, Value>,
    /// The nested `properties.properties`.
    pub(crate) notes: Map<String, Value>,
    pub(crate) display_name: Value,
    pub(crate) description: Value,
    pub(crate) archived: bool,
    pub(crate) created: Timestamp,
    /// Application id of whoever sent it.
    pub(crate) created_by: String,
    pub(crate) life: Life,
    /// Whether lists leave it out.
    pub(crate) unlisted: bool,
    /// Outputs that were registered when it completed, with their asset ids.
    pub(crate) registered: BTreeMap<String, String>,
}

impl Job {
    /// `Spark`, `Command`, ….
    pub(crate) fn kind(&self) -> &str {
        self.text("jobType").unwrap_or_default()
    }

    /// The experiment, with the service's default.
    pub(crate) fn experiment(&self) -> &str {
        self.text("experimentName").unwrap_or("Default")
    }

    /// A field that was sent as text.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.sent.get(field)?.as_str()
    }

    /// A field that was sent as an object; empty when it was not.
    pub(crate) fn object(&self, field: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.sent
            .get(field)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    }

    /// A field that was sent as a list of texts.
    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        let list = self.sent.get(field).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    }

    /// What its tags tell the emulator now. They were read once when it was made; later ones may make no sense.
    pub(crate) fn told(&self) -> Told {
        Told::by(&self.tags).unwrap_or_default()
    }

    /// The name of the compute in `computeId`; the id's case does not count.
    pub(crate) fn compute(&self) -> Option<&str> {
        self.text("computeId")
            .map(compute_name)
            .filter(|name| !name.is_empty())
    }
}

/// The last segment of a compute's id, or a bare name.
pub(crate) fn compute_name(id: &str) -> &str {
    id.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}
