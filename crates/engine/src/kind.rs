//! Joins an object type with the machine that decides for it and the effects that the machine names.

use std::fmt::Debug;
use std::sync::Arc;

use azureml_spark_core::{Fault, Machine, Wake};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::line::{Queued, Seat};

/// What a kind's machine decides upon.
pub type Given<K> = <<K as Kind>::Machine as Machine>::Given;
/// What a kind's machine made of the spec.
pub type Want<K> = <<K as Kind>::Machine as Machine>::Want;
/// One look of a kind at the world.
pub type Seen<K> = <<K as Kind>::Machine as Machine>::Seen;
/// What a kind remembers in its status.
pub type Memo<K> = <<K as Kind>::Machine as Machine>::Memo;
/// One effect of a kind.
pub type Step<K> = <<K as Kind>::Machine as Machine>::Step;
/// What a kind publishes.
pub type StatusOf<K> = <<K as Kind>::Machine as Machine>::Status;

/// One kind of object: what it is, who decides for it, and how its steps are carried out.
///
/// # What the engine promises
/// - One pass per object at a time; `gather`, `observe` and `execute` run in that order.
/// - Before `execute`: our finalizer and those that [`Kind::hold`] puts are in place as long as
///   `Machine::holds` says so of the new memo, and the new memo is on record.
/// - An object that is being deleted and does not carry our finalizer is left alone.
///
/// # What a kind promises
/// - `Machine::want` gives a wish for a deleted object however wrong its spec is, or it is never released.
/// - What `Machine::next` wants remembered before a step comes back from the status that `Machine::report` makes
///   of it; the engine refuses the step otherwise.
/// - Every await on the network has a deadline.
pub trait Kind: Send + Sync + 'static {
    /// The custom resource.
    type Object: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
        + Send
        + Sync
        + 'static;
    /// Who decides.
    type Machine: Machine<Status: Serialize + DeserializeOwned + Default>;
    /// The kind's name in metrics and logs, as in the manifest.
    const NAME: &'static str;

    /// What was published last.
    fn status(object: &Self::Object) -> Option<&StatusOf<Self>>;

    /// The conditions in a status: events are told from their changes.
    fn conditions(status: &StatusOf<Self>) -> &[Condition];

    /// Collects the object and what it refers to, from caches and the apiserver. What is not there is
    /// for the machine to judge; an error is trouble with the apiserver.
    fn gather(
        &self,
        object: &Self::Object,
    ) -> impl Future<Output = Result<Given<Self>, Error>> + Send;

    /// Looks at the world. Snapshots first, Azure second.
    fn observe(
        &self,
        want: &Want<Self>,
        memo: &Memo<Self>,
    ) -> impl Future<Output = Result<Seen<Self>, Fault>> + Send;

    /// Carries out one step. `memo` is on record by now.
    fn execute(
        &self,
        want: &Want<Self>,
        memo: &Memo<Self>,
        step: Step<Self>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Puts our finalizer on what this object needs to its end (its workspace, the Secret with the credentials).
    /// Asked after our finalizer is on the object itself and before anything of it is in Azure, never for an
    /// object that is being deleted. `false`: something that it needs is going away, so nothing is begun in Azure.
    ///
    /// Ask the apiserver, not a cache: [`crate::finalizer::hold`] does.
    fn hold(&self, object: &Self::Object) -> impl Future<Output = Result<bool, Error>> + Send {
        let _ = object;
        async { Ok(true) }
    }

    /// Whether our finalizer may go. A kind that others hold asks the apiserver for holders, not a cache.
    fn may_release(
        &self,
        object: &Self::Object,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        let _ = object;
        async { Ok(true) }
    }

    /// Whether a step may be done now, or has to wait for its turn with Azure. Asked before anything is put on record for
    /// it. `memo` is what will be remembered. What was given for it is given back if the step cannot be done.
    fn admit(
        &self,
        want: &Want<Self>,
        memo: &Memo<Self>,
        step: &Step<Self>,
    ) -> impl Future<Output = Result<Option<Arc<dyn Seat>>, Box<Queued>>> + Send {
        let _ = (want, memo, step);
        async { Ok(None) }
    }

    /// Lets go of what only this object held. Our finalizer is still on it, and goes next.
    fn released(&self, object: &Self::Object) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = object;
        async { Ok(()) }
    }

    /// When an object that is over is next due, by what the cache keeps of it; `None`: it is none, and is looked at as
    /// others are. Until then it costs no pass, and nobody looks at it from time to time.
    fn settled(object: &Self::Object) -> Option<Wake> {
        let _ = object;
        None
    }

    /// What the cache keeps of an object: of one that is settled, what others go by and [`Kind::settled`] itself.
    fn slim(object: Self::Object) -> Self::Object {
        object
    }

    /// Whether [`Kind::slim`] has left something out: before a pass such an object is read again.
    fn is_slim(object: &Self::Object) -> bool {
        let _ = object;
        false
    }

    /// What a forced release may leave behind in Azure, in a sentence for the event.
    fn remains(object: &Self::Object) -> String {
        let _ = object;
        "whatever was made for this object in Azure may still be there".to_owned()
    }
}
