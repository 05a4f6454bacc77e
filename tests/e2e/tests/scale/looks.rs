//! What each look at the workspace cost, from the emulator's ledger.

use azureml_spark_testkit::emulator::{Entry, Requests};

/// One look: pages of the list, then runs asked for by name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look {
    pub(crate) pages: usize,
    pub(crate) reads: usize,
}

/// The looks, each from its first page to the request before the next one's first page.
pub(crate) fn of(requests: &Requests) -> Vec<Look> {
    let mut looks = Vec::<Look>::new();
    for entry in requests.0.iter().filter(|entry| entry.method == "GET") {
        match kind(entry) {
            Kind::FirstPage => looks.push(Look { pages: 1, reads: 0 }),
            Kind::NextPage => {
                if let Some(look) = looks.last_mut() {
                    look.pages += 1;
                }
            }
            Kind::Run => {
                if let Some(look) = looks.last_mut() {
                    look.reads += 1;
                }
            }
            Kind::Other => {}
        }
    }
    looks
}

enum Kind {
    FirstPage,
    NextPage,
    Run,
    Other,
}

fn kind(entry: &Entry) -> Kind {
    let (path, query) = entry.path.split_once('?').unwrap_or((&entry.path, ""));
    if path.ends_with("/jobs") {
        if query.contains("skip=") {
            Kind::NextPage
        } else {
            Kind::FirstPage
        }
    } else if path.contains("/jobs/") {
        Kind::Run
    } else {
        Kind::Other
    }
}
