//! What is worth knowing although the run goes on.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::MissingRole;

use super::roles;
use crate::spark_job::Want;
use crate::spark_job::memo::{LabelState, Memo};
use crate::summary::Warning;

pub(super) fn warnings(want: &Want, memo: &Memo, missing_roles: &[MissingRole]) -> Vec<Warning> {
    let foreign = memo.submission.as_ref().is_some_and(|s| s.foreign);
    let foreign = foreign.then(|| {
        Warning::new(
            Reason::Conflict,
            format!(
                "the run '{}' was taken over (spec.adoptionPolicy is Always) and has another definition than this spec: what the spec says of code, sizes and data is not what runs",
                want.run_name(memo.attempt())
            ),
        )
    });
    let labels = memo.labels.as_ref();
    let refused =
        labels.filter(|labels| labels.state == LabelState::Refused && memo.ended.is_none());
    let refused = refused.map(|labels| match labels.again {
        None => Warning::new(
            Reason::Refused,
            "Azure refuses the display name, description or tags, and the run keeps the ones that it had: change them",
        ),
        Some(_) => Warning::new(
            Reason::Forbidden,
            "the credentials of the AzureMLWorkspace may not change display name, description and tags of the run, which keeps the ones that it had: grant them the role 'AzureML Data Scientist'; they are sent again at status.labelsRetryTime",
        ),
    });
    want.warnings
        .iter()
        .cloned()
        .chain(foreign)
        .chain(refused)
        .chain(roles::warnings(
            missing_roles,
            want.stakes.attachment.as_deref(),
        ))
        .collect()
}
