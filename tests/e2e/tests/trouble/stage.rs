//! What a scenario stands on: a namespace, the emulator with all that can be changed in it, and a person in the portal.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use azureml_spark_testkit::emulator::{Emulator, World};
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use azureml_spark_testkit::stack::Stack;
use serde_json::{Value, json};

pub(crate) struct Stage<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) portal: Portal<'a>,
    /// The emulator's settings at the beginning.
    before: Value,
    /// Those that the scenario has changed.
    changed: Mutex<BTreeSet<String>>,
    /// Patches of resources that undo what the scenario has done to them.
    mends: Mutex<Vec<(String, Value)>>,
}

impl<'a> Stage<'a> {
    pub(crate) async fn set_up(stack: &'a Stack, name: &str) -> Result<Self> {
        let scope = stack.scope(name).await?;
        scope.workspace().await?;
        let emulator = stack.emulator();
        let settings = format!("{}/_emulator/settings", emulator.url());
        let settings = emulator.http().get(settings).send().await?;
        Ok(Self {
            scope,
            portal: Portal::new(emulator)?,
            before: settings.error_for_status()?.json().await?,
            changed: Mutex::default(),
            mends: Mutex::default(),
        })
    }

    /// Puts back what the scenario has changed for all.
    pub(crate) async fn tidy_up(&self) -> Result<()> {
        let changed = std::mem::take(&mut *locked(&self.changed));
        for key in changed {
            let value = &self.before[&key];
            self.emulator().set(json!({key: value})).await?;
        }
        let mends = std::mem::take(&mut *locked(&self.mends));
        for (id, patch) in mends {
            self.emulator().put_resource(&id, patch).await?;
        }
        Ok(())
    }

    pub(crate) fn emulator(&self) -> &'a Emulator {
        self.scope.stack().emulator()
    }

    pub(crate) fn world(&self) -> &'a World {
        self.emulator().world()
    }

    /// Changes settings of the emulator until the scenario ends.
    pub(crate) async fn set(&self, settings: Value) -> Result<()> {
        let keys = settings.as_object().unwrap().keys().cloned();
        locked(&self.changed).extend(keys);
        self.emulator().set(settings).await
    }

    /// Changes a resource that all share; `mend` undoes that when the scenario ends.
    pub(crate) async fn bend(&self, id: &str, patch: Value, mend: Value) -> Result<()> {
        locked(&self.mends).push((id.to_owned(), mend));
        self.emulator().put_resource(id, patch).await.map(drop)
    }

    /// Makes a pool of the scenario's own in the emulator's Synapse workspace, and the manifest that attaches it.
    pub(crate) async fn pool(&self, what: &str) -> Result<Manifest> {
        self.make(&self.world().pool_id(&self.scope.unique(what)))
            .await?;
        Ok(self.attachment(what))
    }

    /// An attachment of a pool of the scenario's own, which need not be there.
    pub(crate) fn attachment(&self, what: &str) -> Manifest {
        let name = self.scope.unique(what);
        let pool = self.world().pool_id(&name);
        manifest::attachment(&name, WORKSPACE, self.world()).with("/spec/pool/resourceId", pool)
    }

    /// Makes a Synapse workspace of the scenario's own, and returns its resource id.
    pub(crate) async fn synapse(&self, what: &str) -> Result<String> {
        let name = self.scope.unique(what);
        let id = self
            .world()
            .resource(&format!("Microsoft.Synapse/workspaces/{name}"));
        self.make(&id).await?;
        Ok(id)
    }

    /// Makes a resource as it is when it is new, or brings it back.
    pub(crate) async fn make(&self, id: &str) -> Result<()> {
        self.emulator().put_resource(id, json!({})).await.map(drop)
    }

    /// The emulator's Synapse workspace, linked under a name of the scenario's own.
    pub(crate) fn link(&self, what: &str) -> Manifest {
        manifest::link(&self.scope.unique(what), WORKSPACE, self.world())
    }

    /// Waits until an object is stalled for a reason, and returns what `Ready` says.
    pub(crate) async fn stalled(&self, kind: &str, name: &str, reason: &str) -> Result<String> {
        let found = self
            .scope
            .reason(kind, name, "Stalled", "True", reason)
            .await?;
        let ready = find_condition(&found, "Ready").unwrap();
        assert_eq!(ready["status"], "False", "{ready}");
        Ok(ready["message"].as_str().unwrap().to_owned())
    }

    /// Waits until the compute of an attachment is gone, and with it the roles that were granted for it. The object stays
    /// for as long as a late request could still make something: no scenario waits for that which is not about it.
    pub(crate) async fn detached(&self, name: &str) -> Result<()> {
        until(&format!("{name} is detached"), PATIENCE, async || {
            let compute = self.portal.compute(name).await?;
            Ok(compute.is_none().then_some(()))
        })
        .await
    }

    /// Waits until an object has no such condition.
    pub(crate) async fn without(&self, kind: &str, name: &str, condition: &str) -> Result<Value> {
        let what = format!("has no {condition}");
        self.scope
            .wait(kind, name, &what, |object| {
                find_condition(object, condition).is_none()
            })
            .await
    }
}

/// The object id of the identity that an attachment or a link shows.
pub(crate) fn principal(object: &Value) -> &str {
    object["status"]["identity"]["principalId"]
        .as_str()
        .unwrap_or_else(|| panic!("no identity: {object}"))
}

/// Fails unless `text` contains every part, ignoring case, as Azure does in its ids.
pub(crate) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(
            text.to_lowercase().contains(&part.to_lowercase()),
            "no '{part}' in: {text}"
        );
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
