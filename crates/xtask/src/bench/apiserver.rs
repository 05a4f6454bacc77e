//! What the operator asks of the apiserver, by the apiserver's audit log: the operator's account's requests, one line
//! each. The apiserver's own counters do not tell callers apart.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// Verbs that change something.
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

/// The audit log of one control plane.
pub(super) struct Audit {
    file: PathBuf,
}

/// A place in it: what came before does not count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(u64);

impl Audit {
    pub(super) fn of(file: &Path) -> Self {
        Self {
            file: file.to_path_buf(),
        }
    }

    /// Now. The log is written before a request is answered.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.file.metadata().map_or(0, |file| file.len()))
    }

    /// What was asked since.
    pub(super) fn since(&self, mark: Mark) -> Result<Calls> {
        let mut file =
            File::open(&self.file).with_context(|| format!("{}", self.file.display()))?;
        file.seek(SeekFrom::Start(mark.0))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(Calls::read(&text))
    }
}

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) verb: String,
    /// With `/` and the subresource where there is one.
    pub(super) resource: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

/// How many there were of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) answered: BTreeMap<Call, usize>,
    /// How many of them were refused, with 409 for instance.
    pub(super) refused: BTreeMap<Call, usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    stage: String,
    verb: String,
    object_ref: Option<Object>,
    response_status: Option<Status>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    resource: String,
    subresource: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<u16>,
}

impl Calls {
    fn read(text: &str) -> Self {
        let mut calls = Self::default();
        // The last line may be half written. A watch has two lines, when it begins and when it ends.
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Event>(line).ok());
        for event in events.filter(|event| event.stage != "ResponseStarted") {
            let Some(object) = event
                .object_ref
                .filter(|object| !object.resource.is_empty())
            else {
                continue;
            };
            let resource = match object.subresource {
                Some(subresource) => format!("{}/{subresource}", object.resource),
                None => object.resource,
            };
            let call = Call {
                verb: event.verb,
                resource,
            };
            let code = event.response_status.and_then(|status| status.code);
            if code.is_some_and(|code| code >= 400) {
                *calls.refused.entry(call.clone()).or_default() += 1;
            }
            *calls.answered.entry(call).or_default() += 1;
        }
        calls
    }

    fn sum(&self, holds: impl Fn(&Call) -> bool) -> usize {
        let kinds = self.answered.iter().filter(|(call, _)| holds(call));
        kinds.map(|(_, count)| count).sum()
    }

    /// Those that change an object; not the lease's, which come with time, nor events.
    pub(super) fn writes(&self) -> usize {
        self.sum(|call| call.is_write() && call.resource != "leases" && call.resource != "events")
    }

    /// Those of them that change objects of one resource, or their status.
    pub(super) fn writes_to(&self, resource: &str) -> usize {
        self.sum(|call| {
            let of = call.resource.split('/').next();
            call.is_write() && of == Some(resource)
        })
    }

    /// Events that were written.
    pub(super) fn events(&self) -> usize {
        self.sum(|call| call.is_write() && call.resource == "events")
    }

    /// Renewals of the lease.
    pub(super) fn leases(&self) -> usize {
        self.sum(|call| call.is_write() && call.resource == "leases")
    }

    /// Everything that changes nothing: of a watch, that it ended. Reads of the lease are left out, which come with time.
    pub(super) fn reads(&self) -> usize {
        self.sum(|call| !call.is_write() && call.resource != "leases")
    }
}

impl Call {
    pub(super) fn is_write(&self) -> bool {
        WRITES.contains(&self.verb.as_str())
    }
}

/// All kinds with how many, most first.
impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<_> = self.answered.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (index, (call, count)) in kinds.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {call}")?;
            if let Some(refused) = self.refused.get(call) {
                write!(f, " ({refused} refused)")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Calls;

    fn line(verb: &str, resource: &str, subresource: &str, code: u16, stage: &str) -> String {
        format!(
            r#"{{"stage":"{stage}","verb":"{verb}","objectRef":{{"resource":"{resource}","subresource":"{subresource}"}},"responseStatus":{{"code":{code}}}}}"#
        )
        .replace(r#","subresource":"""#, "")
            + "\n"
    }

    #[test]
    fn writes_events_reads_and_the_lease_are_told_apart() {
        let done = "ResponseComplete";
        let mut text = line("patch", "sparkjobs", "", 200, done)
            + &line("patch", "sparkjobs", "status", 200, done)
            + &line("patch", "sparkjobs", "status", 409, done)
            + &line("create", "events", "", 201, done)
            + &line("patch", "leases", "", 200, done)
            + &line("get", "leases", "", 200, done)
            + &line("get", "configmaps", "", 200, done)
            + &line("watch", "sparkjobs", "", 200, "ResponseStarted")
            + &line("watch", "sparkjobs", "", 200, done);
        text.push_str(r#"{"stage":"ResponseComp"#);
        let calls = Calls::read(&text);
        assert_eq!(
            (
                calls.writes(),
                calls.events(),
                calls.leases(),
                calls.reads()
            ),
            (3, 1, 1, 2)
        );
        assert_eq!(calls.writes_to("sparkjobs"), 3);
        assert_eq!(calls.writes_to("jobs"), 0);
        let said = calls.to_string();
        assert!(
            said.starts_with("2 patch sparkjobs/status (1 refused), "),
            "{said}"
        );
    }
}
