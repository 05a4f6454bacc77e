//! What an object remembers of its requests to Azure, so that neither a restart nor a late effect leaves anything
//! behind. The same for an attachment and for a link: each has it as a part of its memo.

use azureml_spark_api::condition::whole_second;
use azureml_spark_api::role::RoleAssignment;
use jiff::Timestamp;

use crate::doubt;
use crate::fault::{Class, Fault};

/// What was asked for and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When Azure was last asked to make something: an absence is not believed for a while after that.
    pub requested: Option<Timestamp>,
    /// Since when something is asked for that is not as it should be; absent once all was.
    pub since: Option<Timestamp>,
    /// The role assignments that this object made, was about to make, or relies on.
    pub grants: Vec<RoleAssignment>,
}

impl Record {
    /// With a request at this time.
    #[must_use]
    pub fn asked(mut self, now: Timestamp) -> Self {
        self.requested = Some(whole_second(now));
        self.since.get_or_insert(whole_second(now));
        self
    }

    /// With a grant that is about to be made or relied on.
    #[must_use]
    pub fn with(mut self, grant: &RoleAssignment) -> Self {
        if !self.grants.iter().any(|known| known.id == grant.id) {
            self.grants.push(grant.clone());
        }
        self
    }

    /// Of an object that carries our finalizer without a request on record: the status was lost, or the process ended
    /// between the two. Something may be there, and while nobody can tell the object must not be let go.
    #[must_use]
    pub fn in_doubt(self, now: Timestamp) -> Self {
        if self.requested.is_none() {
            self.asked(now)
        } else {
            self
        }
    }

    /// Of something that is there and is ours from now on, though it may not have been asked for.
    #[must_use]
    pub fn taken_over(mut self, now: Timestamp) -> Self {
        self.requested.get_or_insert(whole_second(now));
        self
    }

    /// The time from which an absence is believed, while that is in the future.
    pub fn doubted(&self, now: Timestamp) -> Option<Timestamp> {
        doubt::until(self.requested?, now)
    }

    /// Whether all was as it should be once, and nothing was asked for since: what is not so any more was changed
    /// outside.
    pub fn was_settled(&self) -> bool {
        self.requested.is_some() && self.since.is_none()
    }

    /// Whether something in Azure may need the object.
    pub fn holds(&self) -> bool {
        self.requested.is_some() || !self.grants.is_empty()
    }

    /// After a fault. A request whose answer was lost may arrive until now: doubts about an absence count from here.
    #[must_use]
    pub fn after(mut self, fault: &Fault, now: Timestamp) -> Self {
        if fault.class == Class::Unsure && self.requested.is_some() {
            self.requested = Some(whole_second(now));
        }
        self
    }
}

#[cfg(test)]
mod tests;
