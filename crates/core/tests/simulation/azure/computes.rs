//! Attached computes: a PUT makes or changes one and takes its time; a detach takes its time too.

use std::collections::BTreeMap;

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id::same;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::attachment::{Compute, OWNER_TAG, Provisioning};
use azureml_spark_core::{Class, Fault};

use super::{Azure, fault};
use crate::chance::Chance;
use crate::history::History;

/// What somebody changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drift {
    /// Azure Policy adds a tag.
    PolicyTag,
    /// A tag of ours gets another value.
    Tag,
    /// All tags go, our mark with them.
    NoTags,
    /// Another kind of identity.
    Identity,
    /// Detached, and attached anew to another pool.
    Elsewhere,
}

/// Of an identity that does not exist yet.
const NEVER: i64 = i64::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ComputeBody {
    pub(crate) pool_id: String,
    pub(crate) description: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) identity: AttachmentIdentityType,
    pub(crate) user_assigned: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ComputeRecord {
    pub(crate) body: ComputeBody,
    pub(crate) state: Provisioning,
    pub(crate) foreign: bool,
    /// Since when its mark has been what it is.
    pub(crate) marked: i64,
    /// Object id of the system-assigned identity, and from when on it is shown.
    principal: (String, i64),
    /// When the operation ends, and how; `None`: the compute is gone then.
    ends: Option<(i64, Option<Provisioning>)>,
}

impl ComputeRecord {
    pub(crate) fn at_rest(body: ComputeBody, principal: &str, foreign: bool) -> Self {
        Self {
            body,
            state: Provisioning::Succeeded,
            foreign,
            marked: crate::scenario::BEFORE,
            principal: (principal.to_owned(), 0),
            ends: None,
        }
    }

    /// Whose mark is on it.
    pub(crate) fn mark(&self) -> Option<&str> {
        self.body.tags.get(OWNER_TAG)?.split(' ').next()
    }

    pub(crate) fn shown(&self, name: &str, time: i64) -> Compute {
        let (principal, since) = &self.principal;
        let system = self.body.identity == AttachmentIdentityType::SystemAssigned;
        let identity = ResourceIdentity {
            type_: if system {
                "SystemAssigned"
            } else {
                "UserAssigned"
            }
            .to_owned(),
            principal_id: (system && *since <= time).then(|| principal.clone()),
            tenant_id: None,
            user_assigned: self
                .body
                .user_assigned
                .iter()
                .map(|id| UserAssignedIdentity {
                    resource_id: id.to_uppercase(),
                    client_id: None,
                    principal_id: Some(format!("principal-of-{id}")),
                })
                .collect(),
        };
        Compute {
            azure_id: format!("/computes/{name}"),
            pool_id: self.body.pool_id.to_lowercase(),
            state: self.state.clone(),
            provisioning_state: format!("{:?}", self.state),
            description: self.body.description.clone(),
            tags: self.body.tags.clone(),
            identity,
            ..Compute::default()
        }
    }
}

impl Azure {
    pub(super) fn advance_computes(&mut self, now: i64) {
        for history in self.computes.values_mut() {
            let Some(record) = history.last() else {
                continue;
            };
            if let Some((time, then)) = record.ends.clone().filter(|(time, _)| *time <= now) {
                let mut next = record.clone();
                next.ends = None;
                let next = then.map(|state| {
                    next.state = state;
                    next
                });
                history.set(time, next);
            }
        }
    }

    pub(super) fn put_compute(
        &mut self,
        now: i64,
        name: String,
        body: ComputeBody,
        chance: &mut Chance,
    ) -> Result<(), Fault> {
        let op = "attach the pool";
        let there = self.computes.get(&name).and_then(|c| c.last().clone());
        if there.is_none() && !self.pool_exists {
            return Err(fault(Class::Terminal, "BadArgument", op));
        }
        let mut record = match there {
            // Whether this may be is unverified; nobody asks for it (contract §2.3).
            Some(found) if !same(&found.body.pool_id, &body.pool_id) => {
                return Err(fault(Class::Terminal, "BadArgument", op));
            }
            Some(found) if found.state == Provisioning::Deleting => {
                return Err(fault(Class::Retryable, "Conflict", op));
            }
            Some(found) => found,
            None => ComputeRecord {
                principal: (String::new(), NEVER),
                marked: now,
                ..ComputeRecord::at_rest(body.clone(), "", false)
            },
        };
        let done = now + chance.millis(500, 30_000);
        let outcome = if chance.one_in(40) {
            Provisioning::Failed("no capacity".to_owned())
        } else {
            Provisioning::Succeeded
        };
        let fresh = record.principal.1 == NEVER;
        // What was taken on may come to nothing at all.
        let outcome = Some(outcome).filter(|_| !fresh || !chance.one_in(40));
        if fresh || record.body.identity != body.identity {
            self.principals += 1;
            let shown = done + chance.millis(0, 10_000);
            record.principal = (format!("principal-{}", self.principals), shown);
        }
        let mark = record.mark().map(str::to_owned);
        record.body = body;
        if record.mark() != mark.as_deref() {
            record.marked = now;
        }
        record.foreign = false;
        record.state = Provisioning::Working;
        record.ends = Some((done, outcome));
        self.set_compute(now, name, Some(record));
        Ok(())
    }

    pub(super) fn detach_compute(
        &mut self,
        now: i64,
        name: &str,
        chance: &mut Chance,
    ) -> Result<(), Fault> {
        let Some(mut record) = self.computes.get(name).and_then(|c| c.last().clone()) else {
            return Ok(());
        };
        if record.state == Provisioning::Working {
            return Err(fault(Class::Retryable, "Conflict", "detach the pool"));
        }
        if record.state != Provisioning::Deleting {
            // As may what ends in an error.
            let stays = chance.one_in(10).then_some(record.state.clone());
            record.state = Provisioning::Deleting;
            record.ends = Some((now + chance.millis(500, 20_000), stays));
            self.set_compute(now, name.to_owned(), Some(record));
        }
        Ok(())
    }

    /// Somebody changes a compute that is ours, in Studio.
    pub(crate) fn drift(&mut self, now: i64, name: &str, drift: Drift) {
        let Some(mut record) = self.computes.get(name).and_then(|c| c.last().clone()) else {
            return;
        };
        if record.foreign || record.state != Provisioning::Succeeded {
            return;
        }
        let tags = &mut record.body.tags;
        match drift {
            Drift::PolicyTag => drop(tags.insert("policy".to_owned(), "x".to_owned())),
            Drift::Tag => drop(tags.insert("team".to_owned(), "changed".to_owned())),
            Drift::NoTags => {
                tags.clear();
                record.marked = now;
            }
            Drift::Identity => {
                let (identity, named) = match record.body.identity {
                    AttachmentIdentityType::SystemAssigned => (
                        AttachmentIdentityType::UserAssigned,
                        vec!["/identities/3".to_owned()],
                    ),
                    AttachmentIdentityType::UserAssigned => {
                        (AttachmentIdentityType::SystemAssigned, Vec::new())
                    }
                };
                (record.body.identity, record.body.user_assigned) = (identity, named);
                self.principals += 1;
                record.principal = (format!("principal-{}", self.principals), now);
            }
            Drift::Elsewhere => {
                let mut body = record.body;
                body.pool_id = body.pool_id.replace("bigDataPools/", "bigDataPools/else");
                body.tags.clear();
                record = ComputeRecord {
                    marked: now,
                    ..ComputeRecord::at_rest(body, "theirs", true)
                };
            }
        }
        self.set_compute(now, name.to_owned(), Some(record));
    }

    /// By anybody's hand.
    pub(crate) fn set_compute(&mut self, now: i64, name: String, record: Option<ComputeRecord>) {
        match self.computes.get_mut(&name) {
            Some(history) => history.set(now, record),
            None => {
                self.computes.insert(name, History::new(now, record));
            }
        }
    }
}
