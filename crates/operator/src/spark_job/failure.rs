//! Why a run failed: Azure's error and the last lines of the driver's log. Of one that was cancelled, the same.

use std::collections::BTreeMap;

use azureml_spark_api::spark_job::Failure;
use azureml_spark_azure::aml::run::RunDetails;
use azureml_spark_azure::aml::{log, run};
use azureml_spark_azure::{ErrorBody, SasUrl};
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::{NO_REASON, RunState};
use azureml_spark_core::{Class, Fault, Sight};
use jiff::Timestamp;

use crate::access::{Access, Site};
use crate::translate;

/// Longest log tail in a status, in bytes: a status is watched by everybody.
const TAIL_LIMIT: usize = 4_096;

/// Longest message in a status, in characters.
const MESSAGE_LIMIT: usize = 1_000;

/// What the details of a run tell that failed or was cancelled.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// `Unknown` while it cannot be read for a reason that may pass.
    pub(super) failure: Sight<Failure>,
    /// Whether the end of the log cannot be read for such a reason.
    pub(super) log_pending: bool,
    pub(super) started: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
}

/// One read of the run's details, and one of its log. How long what may pass is waited for is the machine's to say.
pub(super) async fn read(
    access: &Access,
    site: &Site,
    place: &Place,
    name: &str,
    state: &RunState,
) -> Told {
    let details = async {
        let regional = access.regional(place, site).await?;
        let call = run::details(&regional, &site.id, name);
        let details = site.client.send(call).await;
        details.map_err(|error| translate::fault(&error))
    };
    let details: Result<_, Fault> = details.await;
    let details = match access.heed(place, details) {
        Ok(details) => details,
        Err(fault) => {
            return Told {
                failure: unread(&fault),
                log_pending: false,
                started: None,
                ended: None,
            };
        }
    };
    let tail = tail(site, &details.log_files).await;
    told(state, details, tail)
}

/// The reason counts although the log cannot be read: by it alone it is decided whether the run is tried again.
fn told(state: &RunState, details: RunDetails, tail: Result<Option<String>, Fault>) -> Told {
    let log_pending = tail.is_err();
    let tail = tail.unwrap_or_default();
    let failure = match (state, details.error) {
        (RunState::Canceled, None) => tail.map_or(Sight::Absent, |tail| Sight::Present(left(tail))),
        (_, error) => Sight::Present(failure(error, tail)),
    };
    Told {
        failure,
        log_pending,
        started: details.start_time_utc,
        ended: details.end_time_utc,
    }
}

/// The end of the driver's log, if there is one that can be read.
async fn tail(site: &Site, log_files: &BTreeMap<String, SasUrl>) -> Result<Option<String>, Fault> {
    let Some((_, driver)) = log::ranked(log_files).into_iter().next() else {
        return Ok(None);
    };
    match log::tail(&site.client, driver).await {
        Ok(text) => Ok(Some(last(&text)).filter(|text| !text.is_empty())),
        Err(error) => {
            let fault = translate::fault(&error);
            if may_pass(fault.class) {
                return Err(fault);
            }
            Ok(None)
        }
    }
}

/// What is left of a run that was cancelled: that is no error, and Azure has no code for it but the state.
fn left(log_tail: String) -> Failure {
    Failure {
        code: RunState::Canceled.as_str().to_owned(),
        message: "the run was cancelled".to_owned(),
        log_tail: Some(log_tail),
    }
}

fn failure(error: Option<ErrorBody>, log_tail: Option<String>) -> Failure {
    let (code, message) = error.map_or_else(
        || (NO_REASON.to_owned(), "Azure gave no reason".to_owned()),
        |error| (error.code, error.message),
    );
    let message: Vec<String> = message.lines().map(shown).collect();
    let message = message.join("\n").chars().take(MESSAGE_LIMIT).collect();
    Failure {
        code,
        message,
        log_tail,
    }
}

fn unread(fault: &Fault) -> Sight<Failure> {
    if may_pass(fault.class) {
        Sight::Unknown
    } else {
        Sight::Absent
    }
}

/// Whether it may be read later.
pub(super) fn may_pass(class: Class) -> bool {
    match class {
        Class::Spreading
        | Class::Retryable
        | Class::Throttled { .. }
        | Class::Unsure
        | Class::Credential => true,
        Class::Terminal | Class::Absent | Class::Forbidden => false,
    }
}

/// The last whole lines that fit.
fn last(text: &str) -> String {
    let text: Vec<String> = text.trim_end().lines().map(shown).collect();
    let text = text.join("\n");
    if text.len() <= TAIL_LIMIT {
        return text;
    }
    let from = (text.len() - TAIL_LIMIT..text.len())
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(text.len());
    let end = text.get(from..).unwrap_or_default();
    end.split_once('\n')
        .map_or(end, |(_, rest)| rest)
        .to_owned()
}

/// A line without signatures and tokens, and with its indentation.
fn shown(line: &str) -> String {
    let indentation = line.len() - line.trim_start().len();
    format!(
        "{}{}",
        " ".repeat(indentation),
        azureml_spark_azure::redacted(line)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_ends_in_whole_lines() {
        let lines: Vec<String> = (0..2_000).map(|n| format!("line {n} é")).collect();
        let text = lines.join("\n");
        let tail = last(&text);
        assert!(tail.len() <= TAIL_LIMIT);
        assert!(tail.starts_with("line "), "{tail}");
        assert!(tail.ends_with("line 1999 é"));
    }

    #[test]
    fn what_is_known_of_a_failure_is_told_though_its_log_cannot_be_read() {
        let details = || {
            let details = serde_json::json!({
                "runId": "r", "status": "Failed",
                "error": {"error": {"code": "UserError", "message": "KeyError: 'Age'"}},
            });
            serde_json::from_value(details).unwrap()
        };
        let unread = Fault {
            class: Class::Retryable,
            code: "HttpClient".to_owned(),
            op: "read the log of the run",
            text: "no answer".to_owned(),
            request_id: None,
            retry_after: None,
        };
        for (tail, log_tail, log_pending) in [
            (Err(unread), None, true),
            (Ok(None), None, false),
            (Ok(Some("line".to_owned())), Some("line"), false),
        ] {
            let told = told(&RunState::Failed, details(), tail);
            let failure = told.failure.present().unwrap();
            assert_eq!(failure.code, "UserError");
            assert_eq!(failure.message, "KeyError: 'Age'");
            assert_eq!(failure.log_tail.as_deref(), log_tail);
            assert_eq!(told.log_pending, log_pending);
        }
    }

    #[test]
    fn a_run_that_was_cancelled_leaves_its_log_and_no_error() {
        let details = || {
            let details = serde_json::json!({"runId": "r", "status": "Canceled"});
            serde_json::from_value(details).unwrap()
        };
        let with_log = told(&RunState::Canceled, details(), Ok(Some("line".to_owned())));
        let left = with_log.failure.present().unwrap();
        assert_eq!(left.code, "Canceled", "not that Azure gave no reason");
        assert_eq!(left.log_tail.as_deref(), Some("line"));
        let without = told(&RunState::Canceled, details(), Ok(None));
        assert_eq!(without.failure, Sight::Absent, "there is nothing to tell");
    }

    #[test]
    fn a_signature_in_a_log_is_not_shown() {
        assert!(
            !last("read https://a.blob.core.windows.net/c/b?sv=1&sig=abc%3D now").contains("abc")
        );
    }
}
