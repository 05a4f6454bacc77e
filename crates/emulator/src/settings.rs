//! Behaviour that is not known for sure, and what drives the runner: all of it can be changed while the
//! emulator runs (`PUT /_emulator/settings`). `docs/fidelity.md` has a row for each field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Runner;
use crate::aml::jobs::Status;

mod assets;
mod computes;
mod index;
mod jobs;
mod links;
mod runs;
mod synapse;
mod throttle;
mod workspace;

pub(crate) use assets::{CodeUriForm, LatestVersion, RepeatedAsset, TakenVersion};
pub(crate) use computes::{
    AttachError, IdentityAppears, OmittedIdentity, OtherRegionPool, UnknownPool,
};
pub(crate) use index::{IndexAnswer, IndexName};
pub(crate) use jobs::{
    CancelAnswer, DatastoreSecrets, Filter, FilterPlace, ListOrder, Presence, Reference,
    RepeatedPut,
};
pub(crate) use links::{LinkCreation, LinkDeleted, LinkPut, LinkedServicesServed};
pub(crate) use runs::{CancelEffect, Ending, RetiredRuntime, RunErrorCode};
pub(crate) use synapse::{CheckAccess, ClosedSynapse, SufficientPoolRole};
pub(crate) use throttle::{Bucket, Limits};
pub(crate) use workspace::{MissingParent, NamedPrincipal, WorkspaceIdentities, WorkspacePatch};

/// What the deletion of something that does not exist is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Absent {
    /// 204.
    NoContent,
    /// 404.
    NotFound,
}

/// Which names something may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NameRule {
    /// Those that the first Python SDK lets through (contract §6, §10).
    Strict,
    /// Any name.
    Any,
}

/// All settings, flat, each with a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// How submitted jobs are run.
    pub runner: Runner,
    /// How long a job of the instant runner takes.
    pub instant_seconds: f64,
    /// End state of a job of the instant runner.
    pub instant_outcome: String,
    /// Why a job of the instant runner fails, if it does.
    pub instant_ending: Option<Ending>,
    /// The state that a job of the instant runner never leaves by itself, if there is one.
    pub instant_stuck: Option<Status>,
    /// How many lines a job of the instant runner writes while it runs.
    pub instant_log_lines: u32,
    /// Whether a job of the instant runner leaves a log at all.
    pub instant_log: Presence,
    /// How many of the latest requests the ledger keeps; all are counted.
    pub ledger_size: usize,

    /// What a PUT on the name of a job that exists is answered with.
    pub repeated_put: RepeatedPut,
    /// Whether `tag` filters the list of jobs.
    pub list_tag_filter: Filter,
    /// Whether `jobType` filters the list of jobs.
    pub list_job_type_filter: Filter,
    /// When filters are applied.
    pub list_filter_place: FilterPlace,
    /// The order of the list of jobs.
    pub list_order: ListOrder,
    /// Jobs on one page of a list.
    pub job_page_size: usize,
    /// What questions to Studio's index are answered with.
    pub index_answer: IndexAnswer,
    /// Which field of an entry of the index carries the run's name.
    pub index_name: IndexName,
    /// How late the index is.
    pub index_seconds: f64,
    /// What a cancellation is answered with.
    pub cancel_answer: CancelAnswer,
    /// What the cancellation of a job that has ended does.
    pub cancel_ended: Refusing,
    /// How long a job of the instant runner goes on after its cancellation.
    pub cancel_seconds: f64,
    /// What a cancellation does.
    pub cancel_effect: CancelEffect,
    /// Under which code run history tells of a session that Synapse did not start.
    pub run_error_code: RunErrorCode,
    /// What the deletion of a job that has not ended does.
    pub delete_live_job: Refusing,
    /// What a job with `UserIdentity` and without the header `x-azureml-token` does.
    pub missing_aml_token: Refusing,
    /// Whether an application may run serverless jobs with `UserIdentity`.
    pub application_as_user: Refusing,
    /// What a `conf` without all sizes does.
    pub incomplete_conf: Refusing,
    /// What a job that names code that does not exist does.
    pub unknown_code: Reference,
    /// What a job that names a compute that does not exist does.
    pub unknown_compute: Reference,
    /// What a job that names an environment that does not exist does.
    pub unknown_environment: Reference,
    /// What a job with an input that names a data asset or a model that does not exist does.
    pub unknown_data: Reference,
    /// What a job that names files that are not in its code does.
    pub missing_file: Reference,
    /// What a serverless job with an instance type that nobody has listed does.
    pub unknown_instance_type: Refusing,
    /// What a serverless job with a runtime that was disabled does.
    pub retired_runtime: RetiredRuntime,
    /// What becomes of a run whose output is to be registered as a version that exists.
    pub taken_output_version: TakenVersion,
    /// Which version of an asset its container calls the latest.
    pub latest_version: LatestVersion,
    /// What a version of an asset that is put once more, the same, is answered with.
    pub repeated_asset: RepeatedAsset,
    /// Which forms a `codeUri` may have.
    pub code_uri_form: CodeUriForm,
    /// What an environment without an image does.
    pub environment_without_image: Refusing,
    /// Whether jobs show the output `default` that the service adds.
    pub default_output: Presence,
    /// Whether runs also have the driver's output in `logs/azureml/driver/stdout` and `stderr`.
    pub driver_logs: Presence,
    /// How long signatures for uploads, logs and datastores are good for.
    pub signature_seconds: u64,
    /// What `listSecrets` gives away.
    pub datastore_secrets: DatastoreSecrets,

    /// How long a compute operation takes.
    pub operation_seconds: f64,
    /// `Retry-After` of compute operations; none was recorded, so clients wait by their own measure.
    pub operation_retry_after: Option<u64>,
    /// How long the URL of an ended operation answers; 0 for as long as the emulator runs.
    pub operation_url_seconds: f64,
    /// When the object id of a compute's new system-assigned identity shows.
    pub identity_appears: IdentityAppears,
    /// What happens to an attachment of a pool that does not exist.
    pub unknown_pool: UnknownPool,
    /// What happens to an attachment of a pool in another region than the workspace's.
    pub other_region_pool: OtherRegionPool,
    /// Why every attachment fails, if it does.
    pub attach_fails: Option<AttachError>,
    /// Tags that a policy lays over those of every compute that is written.
    pub policy_tags: Option<BTreeMap<String, String>>,
    /// What happens to a user-assigned identity that does not exist.
    pub unknown_identity: Refusing,
    /// What an update of a compute or a link without `identity` does.
    pub omitted_identity: OmittedIdentity,
    /// What an update of a compute with another `resourceId` does.
    pub changed_resource_id: Refusing,
    /// What a write to a compute does while another operation on it runs.
    pub write_during_operation: Refusing,
    /// What `underlyingResourceAction=Delete` does to an attached pool.
    pub delete_underlying: Refusing,
    /// What the deletion of a compute that does not exist is answered with.
    pub absent_compute: Absent,
    /// What a detachment does while jobs run on the compute.
    pub detach_with_live_jobs: Refusing,
    /// Which names an attached pool may have.
    pub compute_name: NameRule,
    /// Computes on one page of a list.
    pub compute_page_size: usize,
    /// Whether lists begin with an empty page that has a next link.
    pub empty_first_page: bool,

    /// Whether linked services are served at all.
    pub linked_services_served: LinkedServicesServed,
    /// What making a link does.
    pub link_creation: LinkCreation,
    /// What writing a link is answered with.
    pub link_put: LinkPut,
    /// What the deletion of a link is answered with.
    pub link_deleted: LinkDeleted,
    /// What the deletion of a link that does not exist is answered with.
    pub absent_link: Absent,
    /// What writing a link with another Synapse workspace does.
    pub changed_link: Refusing,
    /// What a link to a Synapse workspace that does not exist does.
    pub unknown_linked_workspace: Refusing,
    /// What a second link to the same Synapse workspace does.
    pub second_link: Refusing,
    /// Which names a link may have.
    pub link_name: NameRule,

    /// What a PATCH of the workspace is answered with.
    pub workspace_patch: WorkspacePatch,
    /// What a PATCH of the workspace does to identities that it does not name.
    pub workspace_identities: WorkspaceIdentities,
    /// Code of the answer to a write below a workspace that does not exist.
    pub missing_parent: MissingParent,
    /// How long a new identity is unknown to whoever is asked to grant it a role.
    pub principal_replication_seconds: f64,
    /// What a principal's type, sent with an Azure role assignment, is good for.
    pub named_principal: NamedPrincipal,

    /// How long a new Synapse role takes to have an effect.
    pub synapse_role_seconds: f64,
    /// How long a new Synapse assignment is missing in lists.
    pub synapse_list_seconds: f64,
    /// What `checkAccessSynapseRbac` is answered with.
    pub check_access: CheckAccess,
    /// What the data plane of a Synapse workspace without public network access does.
    pub closed_synapse: ClosedSynapse,
    /// Managed private endpoints on one page of a list.
    pub endpoint_page_size: usize,
    /// What a second Synapse assignment of the same role, principal and scope is answered with.
    pub synapse_duplicate: Refusing,
    /// What the same Synapse assignment under the same GUID is answered with.
    pub synapse_repeat: Refusing,
    /// Whether `Apache Spark Administrator` can be assigned at the scope of a pool.
    pub spark_administrator_at_pool: bool,
    /// Whether a job may run on the pool with less than Synapse Administrator.
    pub sufficient_pool_role: SufficientPoolRole,
    /// Synapse role assignments on one page of a list.
    pub synapse_page_size: usize,

    /// How long an access token is good for.
    pub token_seconds: u64,
    /// Token buckets of the resource manager.
    pub throttle: Limits,
}

/// Accept what may be wrong, or refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Refusing {
    /// The request is carried out.
    Accept,
    /// The request is refused with an error.
    Refuse,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            runner: Runner::default(),
            instant_seconds: 1.0,
            instant_outcome: "Completed".to_owned(),
            instant_ending: None,
            instant_stuck: None,
            instant_log_lines: 0,
            instant_log: Presence::Present,
            ledger_size: 200_000,
            repeated_put: RepeatedPut::Refuse400,
            list_tag_filter: Filter::Honoured,
            list_job_type_filter: Filter::Honoured,
            list_filter_place: FilterPlace::BeforePaging,
            list_order: ListOrder::NewestFirst,
            job_page_size: 100,
            index_answer: IndexAnswer::Served,
            index_name: IndexName::EntityObjectId,
            index_seconds: 0.0,
            cancel_answer: CancelAnswer::Accepted,
            cancel_ended: Refusing::Accept,
            cancel_seconds: 0.5,
            cancel_effect: CancelEffect::Ends,
            run_error_code: RunErrorCode::UserError,
            delete_live_job: Refusing::Refuse,
            missing_aml_token: Refusing::Refuse,
            application_as_user: Refusing::Accept,
            incomplete_conf: Refusing::Refuse,
            unknown_code: Reference::Refuse,
            unknown_compute: Reference::Refuse,
            unknown_environment: Reference::Refuse,
            unknown_data: Reference::Refuse,
            missing_file: Reference::JobFails,
            unknown_instance_type: Refusing::Refuse,
            retired_runtime: RetiredRuntime::Accept,
            taken_output_version: TakenVersion::JobFails,
            latest_version: LatestVersion::Newest,
            repeated_asset: RepeatedAsset::Accept,
            code_uri_form: CodeUriForm::Any,
            environment_without_image: Refusing::Refuse,
            default_output: Presence::Present,
            driver_logs: Presence::Present,
            signature_seconds: 86_400,
            datastore_secrets: DatastoreSecrets::AccountKey,
            operation_seconds: 0.5,
            operation_retry_after: None,
            operation_url_seconds: 0.0,
            identity_appears: IdentityAppears::AfterOperation,
            unknown_pool: UnknownPool::OperationFails,
            other_region_pool: OtherRegionPool::Accept,
            attach_fails: None,
            policy_tags: None,
            unknown_identity: Refusing::Refuse,
            omitted_identity: OmittedIdentity::Clears,
            changed_resource_id: Refusing::Refuse,
            write_during_operation: Refusing::Accept,
            delete_underlying: Refusing::Refuse,
            absent_compute: Absent::NotFound,
            detach_with_live_jobs: Refusing::Accept,
            compute_name: NameRule::Strict,
            compute_page_size: 30,
            empty_first_page: false,
            linked_services_served: LinkedServicesServed::Served,
            link_creation: LinkCreation::Accept,
            link_put: LinkPut::Ok,
            link_deleted: LinkDeleted::Ok,
            absent_link: Absent::NoContent,
            changed_link: Refusing::Refuse,
            unknown_linked_workspace: Refusing::Refuse,
            second_link: Refusing::Accept,
            link_name: NameRule::Strict,
            workspace_patch: WorkspacePatch::Ok,
            workspace_identities: WorkspaceIdentities::Merges,
            missing_parent: MissingParent::ResourceNotFound,
            principal_replication_seconds: 0.0,
            named_principal: NamedPrincipal::Believed,
            synapse_role_seconds: 0.0,
            synapse_list_seconds: 0.0,
            check_access: CheckAccess::Answers,
            closed_synapse: ClosedSynapse::Answers,
            endpoint_page_size: 100,
            synapse_duplicate: Refusing::Refuse,
            synapse_repeat: Refusing::Accept,
            spark_administrator_at_pool: false,
            sufficient_pool_role: SufficientPoolRole::Administrator,
            synapse_page_size: 100,
            token_seconds: 3599,
            throttle: Limits::default(),
        }
    }
}

impl Settings {
    /// These settings with the given ones laid over them; unknown names and wrong types are refused.
    pub(crate) fn merged(&self, over: &Value) -> Result<Self, serde_json::Error> {
        let mut all = serde_json::to_value(self)?;
        lay_over(&mut all, over);
        serde_json::from_value(all)
    }
}

fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Settings;

    #[test]
    fn settings_merge_and_refuse_what_they_do_not_know() {
        let settings = Settings::default();
        let merged = settings
            .merged(&json!({"operationSeconds": 0, "throttle": {"reads": {"size": 5}}}))
            .unwrap();
        assert!(merged.operation_seconds.abs() < f64::EPSILON);
        assert!((merged.throttle.reads.size - 5.0).abs() < f64::EPSILON);
        assert!((merged.throttle.reads.per_second - 25.0).abs() < f64::EPSILON);
        assert_eq!(merged.token_seconds, settings.token_seconds);
        assert!(settings.merged(&json!({"operationSecond": 0})).is_err());
        assert!(settings.merged(&json!({"unknownPool": "perhaps"})).is_err());
    }
}
