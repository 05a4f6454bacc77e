//! Decisions for a `SparkJob`: lay out its code, submit it once, follow it, and say how it ended.

mod allocation;
mod asset;
mod check;
mod code;
mod compute;
mod definition;
mod end;
mod environment;
mod files;
mod identity;
mod inputs;
mod labels;
mod memo;
mod next;
mod patience;
mod pinned;
mod report;
mod roles;
mod run;
mod source;
mod stakes;
mod steering;
mod want;

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::policy::AdoptionPolicy;
use azureml_spark_api::spark_job::{Cluster, EffectiveIdentity, Failure, SourceStatus};
use azureml_spark_api::workspace::ResourceIdentity;
use azureml_spark_api::{Reason, SparkJobSpec, SparkJobStatus};
use jiff::Timestamp;

pub use asset::AssetName;
pub use code::{CodeChoice, Folder};
pub use compute::{AttachedPool, ComputeChoice, NamedCompute};
pub use definition::{Definition, EntryChoice};
pub use end::End;
pub use environment::EnvironmentChoice;
pub use identity::IdentityChoice;
pub use inputs::{AssetChoice, InputChoice, OutputChoice, Produced, Written};
pub use labels::Labels;
pub use memo::{Cancel, Ended, LabelState, Labelled, Memo, Past, Pinned, Sighted, Submission};
pub use patience::Patience;
pub use roles::{Assigned, PoolQuestion, Question};
pub use run::{Run, RunState};
pub use source::{Artifact, Source};
pub use steering::Steering;
pub use want::{config_maps, jobs};

use crate::fault::Fault;
use crate::machine::{Invalid, Machine, Move, Pass, Sight};
use crate::name;
use crate::place::{Blocked, Reference, Workspace};
use crate::summary::Warning;
use stakes::Stakes;

/// Tag key on every run of this operator: what a listing is narrowed to.
pub const TAG: &str = "azureml-spark-operator";

/// Property of a run: the uid of the object that it belongs to.
pub const OWNER_PROPERTY: &str = "azureml-spark-operator.owner";

/// Property of a run: SHA-256 of its definition, since Azure's answer cannot be compared with what was sent
/// (contract §3.3).
pub const HASH_PROPERTY: &str = "azureml-spark-operator.definition";

/// Property of a run: which attempt of its object it is, from 1.
pub const ATTEMPT_PROPERTY: &str = "azureml-spark-operator.attempt";

/// The object and what it refers to.
#[derive(Clone, Debug)]
pub struct Given {
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// What it asks for.
    pub spec: SparkJobSpec,
    /// The workspace that it names.
    pub workspace: Reference<Workspace>,
    /// The attachment that it names, if it names one.
    pub attachment: Option<Reference<AttachedPool>>,
    /// The identities of the workspace, where they are known.
    pub workspace_identity: Option<ResourceIdentity>,
    /// The `ConfigMap`s that it names, by name ([`config_maps`]); not read once the run is submitted.
    pub config_maps: BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>,
    /// The Flux source that it names, if it names one; not fetched once the run is submitted.
    pub source: Option<Source>,
    /// The jobs whose outputs it names, by name ([`jobs`]).
    pub produced: BTreeMap<String, Produced>,
    /// Versions of Spark that are known as retired.
    pub retired: BTreeSet<String>,
    /// How long the installation waits for a run that does not behave.
    pub patience: Patience,
    /// What its names meant at the first submission, once there was one ([`Memo::pinned`]).
    pub pinned: Option<Pinned>,
    /// Whether a run was submitted or found ([`Memo::has_begun`]): its spec was found sound then.
    pub begun: bool,
    /// Whether the object carries our finalizer.
    pub held: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
}

/// The wish.
#[derive(Clone, Debug)]
pub struct Want {
    /// Namespace of the object.
    pub object_namespace: String,
    /// Name of the object.
    pub object_name: String,
    /// Where; absent while the workspace is not ready.
    pub workspace: Option<Workspace>,
    /// Name of the first attempt's run in Azure.
    pub azure_name: String,
    /// Whether a person chose that name, so that a run of that name may be somebody else's.
    pub explicit_name: bool,
    /// Uid of the object.
    pub owner: String,
    /// Whether the object carries our finalizer: a run may exist although no submission is on record.
    pub held: bool,
    /// The run, or why it cannot be submitted yet.
    pub definition: Result<Box<Definition>, Blocked>,
    /// Whether it is to go.
    pub deleting: bool,
    /// How it is steered.
    pub steering: Steering,
    /// How long it may go without a sign.
    pub patience: Patience,
    /// What people read of it in Studio.
    pub labels: Labels,
    /// What is worth knowing although it keeps nothing from going on.
    pub warnings: Vec<Warning>,
    cluster: Cluster,
    outputs: BTreeMap<String, OutputChoice>,
    identity: Option<EffectiveIdentity>,
    source: Option<SourceStatus>,
    stakes: Stakes,
}

impl Want {
    /// Name of an attempt's run in Azure.
    pub fn run_name(&self, attempt: i32) -> String {
        if self.explicit_name {
            name::explicit_run(&self.azure_name, attempt)
        } else {
            name::run(&self.object_name, &self.owner, attempt)
        }
    }

    /// Whether it is wished that the run ends, which costs money until then.
    pub fn ends(&self, memo: &Memo) -> bool {
        let ended = memo.ended.is_some();
        !ended && (self.deleting || self.steering.cancel || memo.cancel.is_some())
    }

    /// Whether Azure has its run, for all that is on record, and it is to go on: nothing hangs on seeing it at once.
    pub fn goes_on(&self, memo: &Memo) -> bool {
        let submitted = memo.submission.as_ref().is_some_and(|s| s.seen_by_azure);
        submitted && memo.ended.is_none() && !self.ends(memo) && !self.steering.suspend
    }

    /// Whether the run of the current attempt is to be asked for: one may be there. A derived name that was never asked
    /// for is free, and a chosen one is looked at when there is something to submit. So is that of a further attempt: the
    /// status may have been lost before.
    pub fn may_have_run(&self, memo: &Memo) -> bool {
        let begins = if memo.is_blank() {
            self.explicit_name
        } else {
            !self.steering.suspend && !self.steering.cancel
        };
        // Our finalizer, and none on record that it is for: the status was lost, or is an older one.
        let forgotten = self.held && memo.submission.is_none() && memo.ended.is_none();
        let may_begin = self.definition.is_ok() || self.looks_before_the_end(memo);
        memo.submission.is_some()
            || self.deleting
            || forgotten
            || (begins && memo.ended.is_none() && may_begin)
    }

    /// Whether a run of a chosen name may be there although nothing was ever submitted, and has to be looked for before
    /// `spec.cancel` ends it all, or `spec.suspend` holds it. Not if it would be left alone anyway, or nobody says where
    /// to look.
    pub(crate) fn looks_before_the_end(&self, memo: &Memo) -> bool {
        let blocked = self.definition.as_ref().err().map(|why| why.reason);
        let nowhere = self.workspace.is_none() && blocked == Some(Reason::WorkspaceNotFound);
        let left = self.steering.adoption == AdoptionPolicy::Never || nowhere;
        (self.steering.cancel || self.steering.suspend)
            && self.explicit_name
            && memo.is_blank()
            && !left
    }

    /// Whether Azure makes data assets of outputs, of which it alone knows the versions.
    pub fn registers(&self) -> bool {
        let mut outputs = self.outputs.values();
        outputs.any(|output| output.register_as.is_some())
    }

    /// Whether a run of our name is this object's: somebody else's is neither followed nor touched.
    pub fn owns(&self, run: &Run, memo: &Memo) -> bool {
        next::ours(self, run, memo)
    }
}

/// One look at the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Resource id of the registered code. This and the next three are looked at only before the first submission.
    pub code: Sight<String>,
    /// Resource id of the environment; looked at only if the definition asks for one.
    pub environment: Sight<String>,
    /// Resource ids of the data assets that are inputs, by the name of the input.
    pub inputs: BTreeMap<String, Sight<String>>,
    /// The compute that this cluster does not manage; looked at only if the definition names one.
    pub compute: Sight<NamedCompute>,
    /// What roles the identity of the run was assigned, by the resource id of the storage account where they count
    /// ([`Want::questions`]); an account of which nobody may know is left out. Looked at only before the first submission.
    pub roles: Sight<BTreeMap<String, Vec<Assigned>>>,
    /// Whether the identity of the run may use the pool ([`Want::pool_question`]); `Unknown` where nobody may know. Looked
    /// at with `roles`.
    pub may_use_pool: Sight<bool>,
    /// The run of our name.
    pub run: Sight<Run>,
    /// Why it failed, or what is left of it if it was cancelled; looked at only then. `Unknown` while it cannot be read
    /// for a reason that may pass.
    pub failure: Sight<Failure>,
    /// Whether the end of its log may be read later: what is told of it has none yet.
    pub log_pending: bool,
    /// Where its outputs are, by their names; looked at only once it has ended well and [`Want::registers`] one.
    pub outputs: Sight<BTreeMap<String, Written>>,
    /// SHA-256 of the labels that this process has sent to the run; `Unknown` if it has sent none.
    pub labels: Sight<String>,
    /// Since when this process has seen the run in its state without a break; `None` if it did not follow it before.
    pub state_since: Option<Timestamp>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Register the code, a folder or what is at an address, unless somebody did.
    UploadCode,
    /// Register the environment, unless somebody did.
    RegisterEnvironment,
    /// Submit the run, under a name that makes a second submission meet the first.
    Submit,
    /// Cancel the run.
    Cancel,
    /// Send the labels, by run history.
    Relabel,
    /// Delete our own object, if it still is the one of this uid.
    Expire,
}

/// The code of a failure of which Azure gave no reason.
pub const NO_REASON: &str = "Unknown";

/// What submitting is called in a fault; [`Machine::faulted`] looks for it.
pub const SUBMIT: &str = "submit the run";

/// The same, where Azure says that a run of that name exists: an earlier request has made it, or somebody else.
pub const EXISTS: &str = "submit the run under a name that is taken";

/// What cancelling is called in a fault.
pub const CANCEL: &str = "cancel the run";

/// What sending labels is called in a fault.
pub const RELABEL: &str = "label the run";

/// The machine.
#[derive(Debug)]
pub struct SparkJob;

impl Machine for SparkJob {
    type Given = Given;
    type Want = Want;
    type Seen = Seen;
    type Memo = Memo;
    type Step = Step;
    type Status = SparkJobStatus;

    fn want(given: &Given) -> Result<Want, Invalid> {
        want::want(given)
    }

    fn recall(status: &Self::Status) -> Memo {
        report::recall(status)
    }

    fn next(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Self> {
        if want.deleting {
            next::leave(want, seen, memo, now)
        } else {
            next::run(want, seen, memo, now)
        }
    }

    fn faulted(memo: &Memo, fault: &Fault, now: Timestamp) -> Memo {
        memo::faulted(memo.clone(), fault, now)
    }

    /// A live run has its deadlines, whether or not Azure takes a cancel or labels; and what an earlier request may have
    /// made is looked for, or all is over, when Azure refuses a submission.
    fn goes_on(fault: &Fault) -> bool {
        memo::is_refused_for_good(fault) && [SUBMIT, CANCEL, RELABEL].contains(&fault.op)
    }

    /// A live run has its deadlines, whatever Azure is too busy for.
    fn due(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Option<Timestamp> {
        next::due(want, seen, memo, now)
    }

    /// A live run needs the object, and so does one that is tried again before long.
    fn holds(memo: &Memo) -> bool {
        memo.ended.is_none() && (memo.submission.is_some() || memo.next_attempt.is_some())
    }

    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status {
        report::report(pass, old, now)
    }
}

#[cfg(test)]
mod tests;
