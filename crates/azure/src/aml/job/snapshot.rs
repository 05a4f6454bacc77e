//! A job as Azure reports it, which is more and less than was sent (contract §3.3).

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::resource_id::ArmId;
use crate::tolerant;

/// A job of any type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Job {
    /// Its id, in Azure's casing.
    pub id: ArmId,
    /// Its name, which is the run's id.
    pub name: String,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
    /// Who made it and when.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub system_data: SystemData,
}

/// `properties` of a job: what we look at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// For example `Spark`.
    pub job_type: String,
    /// How far it is.
    pub status: JobStatus,
    /// As shown in Studio.
    pub display_name: Option<String>,
    /// The experiment.
    pub experiment_name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Ours and Azure's.
    #[serde(deserialize_with = "tolerant::strings")]
    pub tags: BTreeMap<String, String>,
    /// Ours and Azure's.
    #[serde(deserialize_with = "tolerant::strings")]
    pub properties: BTreeMap<String, String>,
    /// Addresses to look at it, by name.
    #[serde(deserialize_with = "readable")]
    pub services: BTreeMap<String, Service>,
    /// The compute; may come late on serverless Spark.
    pub compute_id: Option<ArmId>,
    /// The code version.
    pub code_id: Option<ArmId>,
    /// The named outputs, and `default`, the folder of its logs.
    #[serde(deserialize_with = "readable")]
    pub outputs: BTreeMap<String, Output>,
}

/// An output as it was asked for, or as Azure chose it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Output {
    /// For example `uri_folder`.
    pub job_output_type: String,
    /// Where it goes, if that was said; see [`crate::aml::output`] for where it went.
    pub uri: Option<String>,
    /// The name under which it is registered.
    pub asset_name: Option<String>,
    /// The version.
    pub asset_version: Option<String>,
}

/// An address to look at a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// The address.
    pub endpoint: Option<String>,
}

/// `systemData`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SystemData {
    /// When it was submitted.
    #[serde(deserialize_with = "tolerant::time")]
    pub created_at: Option<Timestamp>,
    /// By whom.
    pub created_by: Option<String>,
}

impl Job {
    /// Where Studio shows it.
    pub fn studio_url(&self) -> Option<&str> {
        self.properties.services.get("Studio")?.endpoint.as_deref()
    }
}

/// Parts of other people's jobs have every shape; one that cannot be read is no reason to lose the job.
fn readable<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let map = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(map
        .into_iter()
        .filter_map(|(name, value)| Some((name, serde_json::from_value(value).ok()?)))
        .collect())
}

/// How far a job is (contract §3.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JobStatus {
    /// Accepted.
    NotStarted,
    /// Being started.
    Starting,
    /// Machines are being made.
    Provisioning,
    /// The environment is being made.
    Preparing,
    /// Waiting for its turn.
    Queued,
    /// The script runs.
    Running,
    /// The script has ended; results are being kept. A cancel is refused here (contract §13).
    Finalizing,
    /// Somebody asked for its end.
    CancelRequested,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended by request.
    Canceled,
    /// Not heard of for a while; may come back (contract §3.4).
    NotResponding,
    /// Held.
    Paused,
    /// Azure says that it does not know, or says nothing.
    #[default]
    Unknown,
    /// A word that is not known here.
    Other(String),
}

impl JobStatus {
    /// Whether it will not change any more. `NotResponding` and `Paused` are not among them although
    /// the SDK stops there: such a run may go on (contract §3.4).
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }

    /// From Azure's word, ignoring case.
    pub fn parse(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "notstarted" => Self::NotStarted,
            "starting" => Self::Starting,
            "provisioning" => Self::Provisioning,
            "preparing" => Self::Preparing,
            "queued" => Self::Queued,
            "running" => Self::Running,
            "finalizing" => Self::Finalizing,
            "cancelrequested" => Self::CancelRequested,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            "notresponding" => Self::NotResponding,
            "paused" => Self::Paused,
            "unknown" => Self::Unknown,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// Azure's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotStarted => "NotStarted",
            Self::Starting => "Starting",
            Self::Provisioning => "Provisioning",
            Self::Preparing => "Preparing",
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Finalizing => "Finalizing",
            Self::CancelRequested => "CancelRequested",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::NotResponding => "NotResponding",
            Self::Paused => "Paused",
            Self::Unknown => "Unknown",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for JobStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(word.as_deref().map(Self::parse).unwrap_or_default())
    }
}
