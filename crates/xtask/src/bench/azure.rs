//! What the operator asks of Azure, by the emulator's ledger.

use std::collections::BTreeMap;

use azureml_spark_testkit::emulator::{Entry, Requests};

/// Methods that take a token of the bucket for writes, or of that for deletions (contract §0.4).
const WRITES: [&str; 4] = ["PUT", "PATCH", "POST", "DELETE"];

/// Whether it goes to the resource manager, whose buckets are the scarcest thing there is: not to the login, the data
/// plane of Synapse, run history or blobs.
fn to_resource_manager(entry: &Entry) -> bool {
    entry.path.starts_with("/subscriptions/") || entry.path.starts_with("/providers/")
}

/// Requests to the resource manager that change something.
pub(super) fn writes(requests: &Requests) -> usize {
    let is_write =
        |entry: &&Entry| to_resource_manager(entry) && WRITES.contains(&entry.method.as_str());
    requests.0.iter().filter(is_write).count()
}

/// Requests to the resource manager that only look.
pub(super) fn reads(requests: &Requests) -> usize {
    let is_read = |entry: &&Entry| to_resource_manager(entry) && entry.method == "GET";
    requests.0.iter().filter(is_read).count()
}

/// All the others: logins, blobs, run history, Synapse.
pub(super) fn elsewhere(requests: &Requests) -> usize {
    requests.0.len() - writes(requests) - reads(requests)
}

/// Requests to the resource manager by what they are about, most first: `12 GET jobs, 3 PUT jobs/*`.
pub(super) fn kinds(requests: &Requests) -> String {
    let mut kinds = BTreeMap::<String, usize>::new();
    for entry in requests.0.iter().filter(|entry| to_resource_manager(entry)) {
        let kind = format!("{} {}", entry.method, about(&entry.path));
        *kinds.entry(kind).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
    words.collect::<Vec<_>>().join(", ")
}

/// A path below the workspace with `*` for each name; `workspace` is the workspace itself.
fn about(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    let Some((_, below)) = path.split_once("/workspaces/") else {
        let last = path
            .rsplit_once("/providers/")
            .map_or(path, |(_, last)| last);
        return last.to_owned();
    };
    let words = below.split('/').skip(1).enumerate();
    let words: Vec<_> = words
        .map(|(index, word)| if index % 2 == 1 { "*" } else { word })
        .collect();
    if words.is_empty() {
        "workspace".to_owned()
    } else {
        words.join("/")
    }
}

#[cfg(test)]
mod tests {
    use azureml_spark_testkit::emulator::{Entry, Requests};

    use super::{about, elsewhere, reads, writes};

    #[test]
    fn paths_are_told_by_their_kinds() {
        let ws = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
        for (below, word) in [
            ("?api-version=1", "workspace"),
            ("/jobs?jobType=Spark", "jobs"),
            ("/jobs/a-1?api-version=1", "jobs/*"),
            (
                "/codes/a/versions/1/startPendingUpload",
                "codes/*/versions/*/startPendingUpload",
            ),
        ] {
            assert_eq!(about(&format!("{ws}{below}")), word);
        }
    }

    #[test]
    fn only_the_resource_managers_requests_are_its() {
        let entry = |method: &str, path: &str| Entry {
            number: 1,
            time: String::new(),
            method: method.to_owned(),
            path: path.to_owned(),
            status: Some(200),
            caller: None,
            api_version: None,
            body: None,
        };
        let requests = Requests(vec![
            entry("POST", "/tenant/oauth2/v2.0/token"),
            entry("PUT", "/subscriptions/s/jobs/a"),
            entry(
                "POST",
                "/subscriptions/s/codes/a/versions/1/startPendingUpload",
            ),
            entry("PUT", "/container/main.py?sig=REDACTED"),
            entry("GET", "/subscriptions/s/jobs"),
            entry("GET", "/history/v1.0/subscriptions/s/runs/a/details"),
            entry("PUT", "/roleAssignments/1"),
        ]);
        assert_eq!(
            (writes(&requests), reads(&requests), elsewhere(&requests)),
            (2, 1, 4)
        );
    }
}
