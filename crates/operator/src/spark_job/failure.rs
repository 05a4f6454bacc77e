//! Why a run failed: Azure's error and the last lines of the driver's log.

use azureml_spark_api::spark_job::Failure;
use azureml_spark_azure::aml::{log, run};
use azureml_spark_core::{Class, Fault, Sight};
use url::Url;

use crate::access::Site;
use crate::translate;

/// Longest log tail in a status, in bytes: a status is watched by everybody.
const TAIL_LIMIT: usize = 4_096;

/// Longest message in a status, in characters.
const MESSAGE_LIMIT: usize = 1_000;

/// One read of the run's details, and one of its log. A log that cannot be read is no reason to hold the end back.
pub(super) async fn read(site: &Site, regional: &Url, name: &str) -> Result<Sight<Failure>, Fault> {
    let details = match site
        .client
        .send(run::details(regional, &site.id, name))
        .await
    {
        Ok(details) => details,
        Err(error) => {
            let fault = translate::fault(&error);
            return match fault.class {
                Class::Absent | Class::Forbidden | Class::Terminal => Ok(Sight::Absent),
                Class::Spreading
                | Class::Retryable
                | Class::Throttled { .. }
                | Class::Unsure
                | Class::Credential => Err(fault),
            };
        }
    };
    let mut log_tail = None;
    if let Some((_, driver)) = log::ranked(&details.log_files).first() {
        log_tail = log::tail(&site.client, driver)
            .await
            .ok()
            .map(|text| last(&text))
            .filter(|text| !text.is_empty());
    }
    let (code, message) = details.error.map_or_else(
        || ("Unknown".to_owned(), "Azure gave no reason".to_owned()),
        |error| (error.code, error.message),
    );
    Ok(Sight::Present(Failure {
        code,
        message: message.chars().take(MESSAGE_LIMIT).collect(),
        log_tail,
    }))
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
    fn a_signature_in_a_log_is_not_shown() {
        assert!(
            !last("read https://a.blob.core.windows.net/c/b?sv=1&sig=abc%3D now").contains("abc")
        );
    }
}
