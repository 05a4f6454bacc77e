//! Links to Synapse workspaces: made and removed at once, without tags.

use azureml_spark_api::azure_id::same;
use azureml_spark_core::linked_service::{FROZEN, Link};
use azureml_spark_core::{Class, Fault};

use super::{Azure, fault};
use crate::history::History;

#[derive(Clone, Debug)]
pub(crate) struct LinkRecord {
    leads: String,
    /// Object id of its identity.
    principal: String,
    /// Uid of the object that it was made for; `None`: somebody else's.
    pub(crate) by: Option<String>,
    /// Uids of the others that asked for just this link, whatever they had seen.
    pub(crate) also: Vec<String>,
    pub(crate) since: i64,
}

impl LinkRecord {
    pub(crate) fn leads_to(&self, synapse: &str) -> bool {
        same(&self.leads, synapse)
    }

    pub(crate) fn shown(&self, name: &str) -> Link {
        Link {
            azure_id: format!("/links/{name}"),
            synapse_workspace_id: self.leads.to_lowercase(),
            principal_id: Some(self.principal.clone()),
            ..Link::default()
        }
    }
}

impl Azure {
    pub(super) fn put_link(
        &mut self,
        now: i64,
        name: String,
        leads: &str,
        by: Option<String>,
    ) -> Result<(), Fault> {
        let op = "make the link";
        let there = self.links.get(&name).and_then(|l| l.last().clone());
        match there {
            Some(mut found) if found.leads_to(leads) => {
                found.also.extend(by);
                self.set_link(now, name, Some(found));
                Ok(())
            }
            // Nobody asks for it.
            Some(_) => Err(fault(Class::Terminal, "BadArgument", op)),
            None if self.links_frozen => Err(fault(Class::Terminal, FROZEN, op)),
            None => {
                self.add_link(now, name, leads, by);
                Ok(())
            }
        }
    }

    /// By anybody's hand.
    pub(crate) fn add_link(&mut self, now: i64, name: String, leads: &str, by: Option<String>) {
        self.principals += 1;
        let record = LinkRecord {
            leads: leads.to_owned(),
            principal: format!("principal-{}", self.principals),
            by,
            also: Vec::new(),
            since: now,
        };
        self.set_link(now, name, Some(record));
    }

    /// By anybody's hand.
    pub(crate) fn set_link(&mut self, now: i64, name: String, record: Option<LinkRecord>) {
        match self.links.get_mut(&name) {
            Some(history) => history.set(now, record),
            None => {
                self.links.insert(name, History::new(now, record));
            }
        }
    }
}
