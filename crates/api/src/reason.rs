//! One word for why a condition is as it is. Adding one is a change of the API: people alert on them.

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Why a condition is as it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason with its meaning, for the reference pages.
            pub const ALL: &'static [(Reason, &'static str)] = &[$((Reason::$name, concat!($($doc),+)),)+];

            /// The word in the manifest.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Reason::$name => stringify!($name),)+
                }
            }
        }
    };
}

reasons! {
    /// All is as the spec says.
    Ready,
    /// The spec makes sense on its own.
    Accepted,
    /// The spec cannot be carried out; the message names the field and the mend.
    InvalidSpec,
    /// Every referenced object exists and is ready.
    Resolved,
    /// The `AzureMLWorkspace` that is named does not exist.
    WorkspaceNotFound,
    /// The `AzureMLWorkspace` that is named is not ready, or is being deleted.
    WorkspaceNotReady,
    /// The `SynapseSparkAttachment` that is named does not exist.
    AttachmentNotFound,
    /// The `SynapseSparkAttachment` that is named is not ready yet.
    AttachmentNotReady,
    /// A `ConfigMap` with code does not exist.
    ConfigMapNotFound,
    /// A `ConfigMap` has no such key.
    KeyNotFound,
    /// The entry file is not among the files of the code.
    EntryNotFound,
    /// Two sources give the same file.
    DuplicateFile,
    /// The Secret with the credentials does not exist.
    SecretNotFound,
    /// The Secret lacks a key.
    SecretInvalid,
    /// The operator's own identity is not open to this namespace.
    IdentityNotAllowed,
    /// The cloud that is named is neither built in nor in the installation's settings.
    CloudNotFound,
    /// Azure refused the credentials.
    CredentialsRejected,
    /// The credentials are right, but have no right to do this.
    Forbidden,
    /// The Azure ML workspace does not exist.
    AzureWorkspaceNotFound,
    /// The Synapse Spark pool does not exist.
    PoolNotFound,
    /// A resource of that name exists and is not as this spec describes it.
    Conflict,
    /// Azure takes so many requests in a time from one principal: this one waits for its turn, or for the time that Azure
    /// has asked for.
    WaitingForBudget,
    /// Azure could not be asked, or its answer made no sense; the operator tries again.
    AzureUnavailable,
    /// Azure refused the request; the message is Azure's.
    Refused,
    /// The operator has not looked yet.
    Pending,
    /// The pool, or an identity of the workspace, is being attached.
    Attaching,
    /// Azure could not attach the pool; the message is Azure's.
    AttachFailed,
    /// The pool is attached.
    Attached,
    /// The pool is being detached.
    Detaching,
    /// Azure takes on the request to detach the pool, and the compute stays.
    DetachFailed,
    /// Jobs of this cluster still run here.
    InUse,
    /// Roles are being granted.
    Granting,
    /// Every role is granted.
    Granted,
    /// No role was asked for.
    NothingToGrant,
    /// Roles or identities have not reached every server of Azure yet.
    Spreading,
    /// The code is being uploaded.
    Uploading,
    /// The code is registered in the workspace.
    Uploaded,
    /// The run is being submitted.
    Submitting,
    /// The run exists in the workspace.
    Submitted,
    /// The run waits in Azure.
    Queued,
    /// The run is being prepared by Azure.
    Preparing,
    /// The run is running.
    Running,
    /// The run's end is being written by Azure.
    Finalizing,
    /// The run is being cancelled.
    Canceling,
    /// The cancel was asked for and has no effect yet.
    CancelStuck,
    /// The run ended well.
    Completed,
    /// The script failed.
    ScriptFailed,
    /// Azure failed the run.
    PlatformFailed,
    /// The run was cancelled.
    Canceled,
    /// The run is not in the workspace any more.
    Lost,
    /// The object is being deleted.
    Deleting,
    /// The `LinkedService` that is named does not exist.
    LinkNotFound,
    /// The `LinkedService` that is named is not ready yet.
    LinkNotReady,
    /// The Synapse workspace does not exist.
    SynapseWorkspaceNotFound,
    /// The Synapse workspace is being linked.
    Linking,
    /// The Synapse workspace is linked.
    Linked,
    /// The link is being removed.
    Unlinking,
    /// The link was removed outside, and `driftPolicy` is `Report`.
    Unlinked,
    /// Azure does not make new links any more.
    LinkFrozen,
    /// The pool was detached outside, and `driftPolicy` is `Report`.
    Detached,
    /// Azure is not as the spec says, and `driftPolicy` is `Report`.
    Drifted,
    /// `managementPolicy` is `ObserveOnly`: what is in Azure is reported, whatever it is.
    Observed,
    /// `managementPolicy` is `ObserveOnly`, and there is nothing of that name in Azure.
    NotFound,
    /// The installation does not let this role be granted.
    RoleNotAllowed,
    /// Synapse knows no such role.
    RoleNotFound,
    /// Synapse gives this role, but not at this scope.
    RoleNotAssignable,
    /// The annotation `spark.azureml.dev/paused` is set.
    Paused,
    /// A user-assigned identity does not exist.
    IdentityNotFound,
    /// The managed network does not let Spark run yet.
    SparkNotReady,
    /// The workspace is in the legacy mode of version 1, which may block the API for jobs.
    V1LegacyMode,
    /// The Synapse workspace lets nobody in from the public network.
    PublicAccessDisabled,
    /// A managed private endpoint is missing or not approved.
    PrivateEndpointMissing,
    /// The pool is in another region than the workspace.
    OtherRegion,
    /// An annotation makes no sense and is not followed.
    InvalidAnnotation,
    /// An asset that the spec names is not in the workspace.
    AssetNotFound,
    /// The Flux source that is named does not exist, or Flux is not installed.
    SourceNotFound,
    /// The Flux source that is named has no artifact yet.
    SourceNotReady,
    /// The artifact of the Flux source cannot be used: too large, unsafe paths, or not what its digest says.
    SourceUnusable,
    /// The environment is being registered.
    EnvironmentRegistering,
    /// A file that the spec names is not among the files of the code.
    FileNotFound,
    /// The code is larger than its source may be; the message says what to use instead.
    CodeTooLarge,
    /// The `SparkJob` that is named in `fromJob` has no such output.
    OutputNotFound,
    /// The `SparkJob` that is named in `fromJob` does not exist.
    JobNotFound,
    /// The `SparkJob` that is named in `fromJob` has not ended yet.
    JobNotReady,
    /// The `SparkJob` that is named in `fromJob` did not end well.
    JobFailed,
    /// The identity of the run is not attached to its compute or workspace.
    IdentityNotAttached,
    /// The workspace has no compute of that name.
    ComputeNotFound,
    /// `spec.suspend` is set, and nothing runs.
    Suspended,
    /// `spec.suspend` is set, and the run is being cancelled.
    Suspending,
    /// `spec.suspend` was taken back.
    Resumed,
    /// The run failed, and the next attempt is waited for.
    BackingOff,
    /// The run failed because a quota of the subscription or workspace is used up.
    QuotaExceeded,
    /// The run failed because Azure or the pool had no machines for it.
    NoCapacity,
    /// The run failed because its image or packages could not be made.
    ImageFailed,
    /// The run failed because its identity could not be used, or lacks a right.
    IdentityFailed,
    /// Somebody else cancelled the run.
    CanceledOutside,
    /// Azure refuses to cancel the run; the message is Azure's.
    CancelRefused,
    /// The run took longer than `spec.activeDeadlineSeconds` and was cancelled.
    DeadlineExceeded,
    /// The run had not started within `spec.startDeadlineSeconds` and was cancelled.
    StartDeadlineExceeded,
    /// Azure had heard nothing of the run for too long, and it was cancelled.
    NotResponding,
    /// The version of Spark is known as retired: Azure may refuse it, or soon will.
    RetiredRuntime,
    /// The identity of the run does not seem to hold a role that it needs on a storage account.
    RoleMissing,
}
