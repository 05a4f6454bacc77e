//! Role assignments in Synapse: the same grant under another id is refused, which reads as "it is there".

use azureml_spark_api::role::RoleAssignment;
use azureml_spark_core::role::same_grant;

use super::Azure;

#[derive(Clone, Debug)]
pub(crate) struct RoleRecord {
    pub(crate) grant: RoleAssignment,
    /// Uid of the object that it was made for; `None`: somebody else's.
    pub(crate) by: Option<String>,
    /// From when on it has an effect.
    pub(crate) works: i64,
}

impl Azure {
    pub(super) fn put_role(&mut self, now: i64, grant: RoleAssignment, by: String, works: i64) {
        let mut all = self.roles.last().clone();
        if all.iter().any(|record| same_grant(&record.grant, &grant)) {
            return;
        }
        all.push(RoleRecord {
            grant,
            by: Some(by),
            works,
        });
        self.roles.set(now, all);
    }

    pub(super) fn delete_role(&mut self, now: i64, id: &str) {
        let (gone, left): (Vec<_>, Vec<_>) = self
            .roles
            .last()
            .clone()
            .into_iter()
            .partition(|record| record.grant.id == id);
        if gone.iter().any(|record| record.by.is_none()) {
            self.break_rule(format!(
                "the role assignment {id} of somebody else was taken"
            ));
        }
        self.roles.set(now, left);
    }

    /// Somebody takes a role away that was made by an object.
    pub(crate) fn lose_role(&mut self, now: i64) {
        let mut all = self.roles.last().clone();
        if let Some(at) = all.iter().position(|record| record.by.is_some()) {
            all.remove(at);
            self.roles.set(now, all);
        }
    }
}
