//! Roles that the identity of a run needs on its storage and its pool: told before the submission, and no hindrance to it.

use std::time::Duration;

use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::synapse_role;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use super::{JOB, asked, ends_well, in_state, scenario};

const ATTACHMENT: &str = "SynapseSparkAttachment";

/// What is missing in Azure is looked at each minute, and roles that did not suffice half a minute after they were told.
const LOOKS: Duration = Duration::from_mins(4);

/// A pool of the scenario's own, whose system-assigned identity nobody else has; says its name and object id.
async fn pool(scope: &Scope<'_>, grants: Value) -> anyhow::Result<(String, String)> {
    let name = scope.unique("pool");
    let world = scope.stack().emulator().world();
    let pool = manifest::attachment(&name, WORKSPACE, world).with("/spec/grants/storage", grants);
    scope.apply(&pool).await?;
    let ready = scope.condition(ATTACHMENT, &name, "Ready", "True").await?;
    let principal = &ready["status"]["identity"]["principalId"];
    Ok((name, principal.as_str().unwrap().to_owned()))
}

/// What it takes to write to the account of the workspace.
fn granted(scope: &Scope<'_>) -> Value {
    let account = scope.stack().emulator().world().storage_account_id();
    json!([{"accountId": account, "roles": ["Contributor", "StorageBlobDataContributor"]}])
}

/// A job that writes to the account of the workspace.
fn writer(name: &str, pool: &str) -> Manifest {
    let path = format!("azureml://datastores/workspaceblobstore/paths/{pool}/{name}/");
    manifest::attached_job(name, WORKSPACE, "src", pool).with(
        "/spec/outputs/out",
        json!({"type": "uri_folder", "path": path}),
    )
}

/// The lists of an identity's roles that were asked for on behalf of jobs.
fn lists(seen: &Requests, principal: &str) -> usize {
    seen.count("GET", &["/roleAssignments?", "assignedTo", principal])
}

/// Whether it was ever told of a job that a role is missing, even if only for a moment.
async fn was_warned(scope: &Scope<'_>, name: &str) -> anyhow::Result<bool> {
    let events = scope.events(JOB, name).await?;
    Ok(events
        .iter()
        .any(|event| format!("{event:?}").contains("RoleMissing")))
}

#[test]
fn a_role_that_is_missing_is_told_with_what_mends_it_and_the_job_is_submitted() {
    scenario("roles-missing", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let (pool, principal) = pool(scope, json!([])).await?;
        let account = emulator.world().storage_account_id();
        let reader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
        portal.put_azure_role(reader, &principal, &account).await?;
        let job = writer("poor", &pool).with("/spec/tags/emulator-instant-stuck", "Running");
        scope.apply(&job).await?;
        let run = in_state(scope, "poor", "Running").await?;
        let told = scope.get(JOB, "poor").await?;
        let warning = find_condition(&told, "Warning").unwrap();
        assert_eq!(warning["reason"], "RoleMissing", "{told}");
        let said = message(&told, "Warning");
        let command = format!(
            "for role in \"Contributor\" \"Storage Blob Data Contributor\"; do az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role \"$role\" --scope {account}; done"
        );
        let manifest = format!(
            "add {{accountId: {account}, roles: [Contributor, StorageBlobDataContributor]}} to spec.grants.storage of SynapseSparkAttachment '{pool}'"
        );
        for words in ["spec.outputs.out: ", &manifest, &command] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let missing = told["status"]["missingRoles"].as_array().unwrap();
        let roles: Vec<&Value> = missing.iter().map(|one| &one["role"]).collect();
        assert_eq!(roles, ["Contributor", "StorageBlobDataContributor"]);
        // Nobody looks while it runs, and what was told stays told.
        let since = emulator.now().await?;
        scope.reconcile(JOB, "poor").await?;
        let still = scope.observed(JOB, "poor").await?;
        assert_eq!(message(&still, "Warning"), said);
        assert_eq!(lists(&asked(scope, since).await?, &principal), 0);
        emulator.set_run(&run, "Completed").await?;
        let done = ends_well(scope, "poor").await?;
        assert_eq!(find_condition(&done, "Warning"), None, "it did without");
        assert!(was_warned(scope, "poor").await?);
        Ok(())
    });
}

#[test]
fn a_role_that_is_granted_meanwhile_is_missed_no_more() {
    scenario("roles-granted", async |scope, _| {
        let (pool, principal) = pool(scope, json!([])).await?;
        let asset = format!("azureml:{}:1", scope.unique("absent"));
        let waiting = writer("waiting", &pool).with("/spec/code", json!({"asset": asset}));
        scope.apply(&waiting).await?;
        let told = scope
            .reason(JOB, "waiting", "Warning", "True", "RoleMissing")
            .await?;
        assert!(message(&told, "Warning").contains(&principal), "{told}");
        let grants = json!({"spec": {"grants": {"storage": granted(scope)}}});
        scope.patch(ATTACHMENT, &pool, grants).await?;
        let calm = scope
            .wait_for(LOOKS, JOB, "waiting", "has no Warning", |object| {
                find_condition(object, "Warning").is_none()
            })
            .await?;
        assert_eq!(calm["status"]["missingRoles"], Value::Null, "{calm}");
        let waits = find_condition(&calm, "ReferencesResolved").unwrap();
        assert_eq!(waits["status"], "False", "it is not submitted: {calm}");
        Ok(())
    });
}

#[test]
fn twenty_jobs_of_one_identity_cost_one_list() {
    scenario("roles-many", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let (pool, principal) = pool(scope, granted(scope)).await?;
        let names: Vec<String> = (0..20).map(|number| format!("rich-{number}")).collect();
        for name in &names {
            scope.apply(&writer(name, &pool)).await?;
        }
        for name in &names {
            ends_well(scope, name).await?;
            assert!(!was_warned(scope, name).await?, "{name}");
        }
        let seen = asked(scope, since).await?;
        assert_eq!(lists(&seen, &principal), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn who_may_not_list_roles_is_told_nothing() {
    scenario("roles-forbidden", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let (pool, principal) = pool(scope, json!([])).await?;
        let rule = json!({
            "method": "GET",
            "path": format!("roleAssignments.*assignedTo.*{principal}"),
            "count": 1_000,
            "action": {"kind": "status", "status": 403, "body": {"error": {
                "code": "AuthorizationFailed", "message": "no right to roleAssignments/read",
            }}},
        });
        emulator.inject(rule).await?;
        let names = ["first", "second", "third"];
        for name in names {
            scope.apply(&writer(name, &pool)).await?;
        }
        for name in names {
            ends_well(scope, name).await?;
            assert!(!was_warned(scope, name).await?, "{name}");
        }
        let seen = asked(scope, since).await?;
        assert_eq!(lists(&seen, &principal), 1, "not asked again: {seen}");
        Ok(())
    });
}

/// The checks of whether an identity may use a pool.
fn checks(seen: &Requests, principal: &str) -> usize {
    let is_it = |body: &Value| body["subject"]["principalId"] == principal;
    let about = seen.0.iter().filter(|entry| {
        let check = entry.method == "POST" && entry.path.contains("/checkAccessSynapseRbac");
        check && entry.body.as_ref().is_some_and(is_it)
    });
    about.count()
}

#[test]
fn a_pool_of_others_that_the_identity_may_not_use_is_told_before_the_run_fails_for_it() {
    scenario("roles-pool", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let (world, since) = (emulator.world(), emulator.now().await?);
        let at = world.pool_scope(&world.pool);
        let on = |compute: &str, name: &str| {
            manifest::attached_job(name, WORKSPACE, "src", "none")
                .without("/spec/compute/attachmentRef")
                .with("/spec/compute/name", compute)
        };
        let mut principals = Vec::new();
        for name in ["poor", "rich"] {
            let compute = scope.unique(name);
            let made = portal.attach(&compute, &world.pool_id(&world.pool)).await?;
            principals.push(made["identity"]["principalId"].as_str().unwrap().to_owned());
        }
        let (poor, rich) = (&principals[0], &principals[1]);
        portal
            .put_synapse_role(synapse_role::ADMINISTRATOR, rich, &at)
            .await?;
        scope.apply(&on(&scope.unique("poor"), "barred")).await?;
        let failed = scope.condition(JOB, "barred", "Failed", "True").await?;
        let said = message(&failed, "Warning");
        let warning = find_condition(&failed, "Warning").unwrap();
        assert_eq!(warning["reason"], "RoleMissing", "{failed}");
        let command = format!(
            "az synapse role assignment create --workspace-name {} --role \"Synapse Administrator\" --assignee-object-id {poor} --assignee-principal-type ServicePrincipal --scope {at}",
            world.synapse_workspace
        );
        assert!(said.starts_with("spec.compute.name: "), "{said}");
        assert!(said.ends_with(&command), "{said}");
        let missing = &failed["status"]["missingRoles"];
        assert_eq!(missing[0]["role"], "SynapseAdministrator", "{failed}");
        assert_eq!(missing[0]["scope"], at, "{failed}");
        let names = ["first", "second", "third"];
        for name in names {
            scope.apply(&on(&scope.unique("rich"), name)).await?;
        }
        for name in names {
            ends_well(scope, name).await?;
            assert!(!was_warned(scope, name).await?, "{name}");
        }
        let seen = asked(scope, since).await?;
        assert_eq!(checks(&seen, rich), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn an_attachment_that_grants_no_role_on_its_pool_is_told_of_and_mends_it() {
    scenario("roles-none", async |scope, _| {
        let world = scope.stack().emulator().world();
        let pool = scope.unique("pool");
        let none = manifest::attachment(&pool, WORKSPACE, world)
            .with("/spec/grants/synapseRoles", json!([]));
        scope.apply(&none).await?;
        scope.condition(ATTACHMENT, &pool, "Ready", "True").await?;
        let asset = format!("azureml:{}:1", scope.unique("absent"));
        let job = manifest::attached_job("job", WORKSPACE, "src", &pool);
        let waiting = job.clone().with("/spec/code", json!({"asset": asset}));
        scope.apply(&waiting).await?;
        let told = scope
            .reason(JOB, "job", "Warning", "True", "RoleMissing")
            .await?;
        let mend = format!(
            "set spec.grants.synapseRoles of SynapseSparkAttachment '{pool}' to [SynapseAdministrator], or az synapse "
        );
        assert!(message(&told, "Warning").contains(&mend), "{told}");
        let grants = json!({"spec": {"grants": {"synapseRoles": ["SynapseAdministrator"]}}});
        scope.patch(ATTACHMENT, &pool, grants).await?;
        scope
            .condition(ATTACHMENT, &pool, "AccessGranted", "True")
            .await?;
        let calm = scope
            .wait_for(LOOKS, JOB, "job", "has no Warning", |object| {
                find_condition(object, "Warning").is_none()
            })
            .await?;
        assert_eq!(calm["status"]["missingRoles"], Value::Null, "{calm}");
        scope.apply(&job).await?;
        ends_well(scope, "job").await?;
        Ok(())
    });
}

#[test]
fn a_user_assigned_identity_is_told_of_by_its_own_name() {
    scenario("roles-user", async |scope, _| {
        let emulator = scope.stack().emulator();
        let (id, principal) = emulator.make_identity(&scope.unique("poor")).await?;
        let pool = scope.unique("pool");
        let identity =
            json!({"type": "UserAssigned", "userAssignedIdentities": [{"resourceId": id}]});
        let attachment = manifest::attachment(&pool, WORKSPACE, emulator.world())
            .with("/spec/identity", identity);
        scope.apply(&attachment).await?;
        scope.condition(ATTACHMENT, &pool, "Ready", "True").await?;
        let job = writer("poor", &pool).with("/spec/tags/emulator-instant-stuck", "Running");
        scope.apply(&job).await?;
        let run = in_state(scope, "poor", "Running").await?;
        let told = scope.get(JOB, "poor").await?;
        let whose = format!("the identity '{}' ({principal})", scope.unique("poor"));
        assert!(message(&told, "Warning").contains(&whose), "{told}");
        emulator.set_run(&run, "Completed").await?;
        ends_well(scope, "poor").await?;
        Ok(())
    });
}
