//! What people and accidents do to the world, one deed after the other.

use azureml_spark_core::spark_job::Source;
use serde_json::{Value, json};

use crate::azure::Drift;
use crate::process::Process;
use crate::scenario::{attachment_spec, identity_id, link_spec};
use crate::steering::{self, Edit, job_spec};
use crate::world::{Key, Workspace, World};

/// What somebody does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    CreateJob(String),
    /// With these fields.
    CreateJobLike(String, Value),
    CreateAttachment(String),
    CreateLink(String),
    Delete(Key),
    /// Deletes it, and describes it anew as soon as it is gone.
    Recreate(Key),
    EraseStatus(Key),
    EditAttachment(String, u64),
    EditJob(String, Edit),
    EditConfigMap(Option<String>),
    EditSource(Source),
    /// Somebody registers another version of an asset.
    AddVersion(&'static str),
    /// Somebody deletes in Azure what was registered for jobs.
    Unregister,
    SetNamedCompute(bool),
    SetWorkspace(Workspace),
    SetPool(bool),
    /// Somebody detaches a compute in Azure.
    RemoveCompute(String),
    /// Somebody removes a link in Azure.
    RemoveLink(String),
    /// Azure makes no new links, or does again.
    FreezeLinks(bool),
    /// Somebody changes one.
    Drift(String, Drift),
    /// Somebody takes a role away.
    LoseRole,
    KillOperator,
    StartStandby,
    EndStandby,
}

impl World {
    pub(crate) fn act(&mut self, deed: Deed) {
        self.tell(|| format!("* {deed:?}"));
        let now = self.now;
        match deed {
            Deed::CreateJob(name) => {
                if self.jobs.get(&name).is_none() {
                    let spec = job_spec(self, &name);
                    self.jobs.create(now, &name, spec);
                    self.wake_readers(&name);
                    self.wake(Key::Job(name));
                }
            }
            Deed::CreateJobLike(name, fields) => {
                let spec = job_spec(self, &name);
                self.jobs.create(now, &name, steering::with(&spec, &fields));
                self.wake(Key::Job(name));
            }
            Deed::CreateAttachment(name) => {
                if self.attachments.get(&name).is_none() {
                    let spec = attachment_spec(self, &name);
                    self.attachments.create(now, &name, spec);
                    self.wake(Key::Attachment(name));
                }
            }
            Deed::CreateLink(name) => {
                if self.links.get(&name).is_none() {
                    let spec = link_spec(self);
                    self.links.create(now, &name, spec);
                    self.wake(Key::Link(name));
                }
            }
            Deed::Delete(key) => self.delete(&key),
            Deed::Recreate(key) => {
                self.delete(&key);
                let again = match key {
                    Key::Job(name) => Deed::CreateJob(name),
                    Key::Attachment(name) => Deed::CreateAttachment(name),
                    Key::Link(name) => Deed::CreateLink(name),
                };
                // A tool that tries until the old one is gone.
                for wait in [1_000, 30_000, 120_000, 400_000] {
                    self.deeds.push((now + wait, again.clone()));
                }
            }
            Deed::EraseStatus(key) => {
                match &key {
                    Key::Job(name) => {
                        self.jobs.change(now, name, |object| object.status = None);
                    }
                    Key::Attachment(name) => {
                        self.attachments
                            .change(now, name, |object| object.status = None);
                    }
                    Key::Link(name) => {
                        self.links.change(now, name, |object| object.status = None);
                    }
                }
                self.wake(key);
            }
            Deed::EditAttachment(name, kind) => self.edit(name, kind),
            Deed::EditJob(name, edit) => self.edit_job(name, edit),
            Deed::EditConfigMap(content) => self.config_map.set(now, content),
            Deed::EditSource(source) => self.source.set(now, source),
            Deed::AddVersion(name) => self.azure.add_version(now, name),
            Deed::Unregister => self.azure.unregister(now),
            Deed::SetNamedCompute(there) => self.set_named_compute(now, there),
            Deed::SetWorkspace(how) => {
                self.workspace = how;
                self.wake_all();
            }
            Deed::SetPool(exists) => self.azure.pool_exists = exists,
            Deed::RemoveCompute(name) => {
                let there = self
                    .azure
                    .computes
                    .get(&name)
                    .and_then(|c| c.last().as_ref());
                if there.is_some_and(|record| !record.foreign) {
                    self.azure.set_compute(now, name, None);
                }
            }
            Deed::RemoveLink(name) => {
                let there = self.azure.links.get(&name);
                let ours = there
                    .and_then(|l| l.last().as_ref())
                    .is_some_and(|l| l.by.is_some());
                if ours {
                    self.azure.set_link(now, name, None);
                }
            }
            Deed::FreezeLinks(frozen) => self.azure.links_frozen = frozen,
            Deed::Drift(name, drift) => self.azure.drift(now, &name, drift),
            Deed::LoseRole => self.azure.lose_role(now),
            Deed::KillOperator => self.restart(),
            Deed::StartStandby => self.standby = Some(Process::default()),
            Deed::EndStandby => self.standby = None,
        }
        self.deeds.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    }

    pub(crate) fn delete(&mut self, key: &Key) {
        let now = self.now;
        match key {
            Key::Job(name) => {
                self.jobs
                    .change(now, name, |o| o.deleting = o.deleting.or(Some(now)));
            }
            Key::Attachment(name) => {
                self.attachments
                    .change(now, name, |o| o.deleting = o.deleting.or(Some(now)));
            }
            Key::Link(name) => {
                self.links
                    .change(now, name, |o| o.deleting = o.deleting.or(Some(now)));
            }
        }
        self.wake(key.clone());
    }

    fn edit(&mut self, name: String, kind: u64) {
        let now = self.now;
        let edited = self.attachments.change(now, &name, |object| {
            let mut spec = serde_json::to_value(&object.spec).unwrap();
            match kind {
                0 => spec["description"] = json!("edited"),
                1 => spec["tags"] = json!({"team": "x"}),
                2 => {
                    spec["identity"] = json!({
                        "type": "UserAssigned",
                        "userAssignedIdentities": [{"resourceId": identity_id(1)}, {"resourceId": identity_id(2)}],
                    });
                }
                3 => spec["grants"] = json!({"synapseRoles": ["SynapseContributor"]}),
                4 => spec["identity"] = json!({"type": "SystemAssigned"}),
                _ => {
                    let one = json!({"resourceId": identity_id(2)});
                    spec["identity"] =
                        json!({"type": "UserAssigned", "userAssignedIdentities": [one]});
                }
            }
            object.spec = serde_json::from_value(spec).unwrap();
            object.generation += 1;
        });
        if edited.is_some() {
            self.wake(Key::Attachment(name));
        }
    }
}
