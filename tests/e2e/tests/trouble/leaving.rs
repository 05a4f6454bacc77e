//! Deletion, where there is nothing left to take back, never was anything, or Azure lets nobody look.

use std::time::Duration;

use azureml_spark_testkit::emulator::DENIED_CLIENT_ID;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message, reason};
use futures::future::try_join_all;
use serde_json::json;

use crate::stage::{principal, says};
use crate::{ATTACHMENT, LINK, Theme, alone, changing, scenario};

/// An end that nothing was waited for before: far less than the time for which an absence is not believed.
const AT_ONCE: Duration = Duration::from_secs(20);

#[test]
fn what_azure_lost_or_refused_does_not_hang() {
    changing(Theme::Links, "leave-lost", async |stage| {
        let (scope, emulator, portal) = (&stage.scope, stage.emulator(), &stage.portal);
        // Each loses something else: its compute, its pool, the Synapse workspace of that, and links the same.
        let compute = stage.pool("comp").await?;
        let pool = stage.pool("pool").await?;
        let (synapse, linked) = (stage.synapse("syn").await?, stage.synapse("lnk").await?);
        stage.make(&format!("{synapse}/bigDataPools/pool")).await?;
        let homeless = stage.attachment("home").with(
            "/spec/pool/resourceId",
            format!("{synapse}/bigDataPools/pool"),
        );
        let link = stage.link("link");
        let stray = stage
            .link("stray")
            .with("/spec/synapseWorkspaceId", linked.clone());
        let all = [
            (ATTACHMENT, &compute),
            (ATTACHMENT, &pool),
            (ATTACHMENT, &homeless),
            (LINK, &link),
            (LINK, &stray),
        ];
        for (_, manifest) in all {
            scope.apply(manifest).await?;
        }
        let mut holders = Vec::new();
        for (kind, manifest) in all {
            let ready = scope
                .condition(kind, manifest.name(), "Ready", "True")
                .await?;
            holders.push(principal(&ready).to_owned());
        }

        // And two that Azure has refused to make.
        let nobody = json!([{"resourceId": stage.world().identity_id("nobody")}]);
        let nobodys = stage.pool("nobody").await?.with(
            "/spec/identity",
            json!({"type": "UserAssigned", "userAssignedIdentities": nobody}),
        );
        let nowhere = stage
            .world()
            .resource("Microsoft.Synapse/workspaces/no-such-syn");
        let astray = stage
            .link("nosyn")
            .with("/spec/synapseWorkspaceId", nowhere);
        let refused = [
            (ATTACHMENT, &nobodys, "FailedIdentityOperation"),
            (LINK, &astray, "no-such-syn"),
        ];
        for (kind, manifest, words) in refused {
            scope.apply(manifest).await?;
            let message = stage.stalled(kind, manifest.name(), "Refused").await?;
            says(&message, &[words]);
        }

        portal.detach(compute.name()).await?;
        emulator
            .remove_resource(&stage.world().pool_id(pool.name()))
            .await?;
        emulator
            .remove_resource(&format!("{synapse}/bigDataPools/pool"))
            .await?;
        emulator.remove_resource(&synapse).await?;
        portal.delete_link(link.name()).await?;
        emulator.remove_resource(&linked).await?;

        let refused = refused.map(|(kind, manifest, _)| (kind, manifest));
        let all: Vec<_> = all.into_iter().chain(refused).collect();
        for (kind, manifest) in &all {
            scope.delete(kind, manifest.name()).await?;
        }
        let ends = all.iter();
        try_join_all(ends.map(|(kind, manifest)| scope.gone(kind, manifest.name()))).await?;
        let left = portal.synapse_roles().await?;
        for holder in holders {
            let kept = left.iter().filter(|one| one["principalId"] == holder);
            assert_eq!(kept.count(), 0, "{holder}: {left:?}");
        }
        for attachment in [&compute, &pool, &homeless] {
            assert_eq!(portal.compute(attachment.name()).await?, None);
        }
        for link in [&link, &stray] {
            assert_eq!(portal.link(link.name()).await?, None);
        }
        Ok(())
    });
}

#[test]
fn what_was_never_made_goes_at_once() {
    scenario("leave-never", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        let contributor = json!(["SynapseContributor"]);
        let nowhere = manifest::attachment(&scope.unique("noml"), "nowhere", stage.world());
        let no_link = manifest::linked_attachment(
            &scope.unique("nolink"),
            WORKSPACE,
            "no-such-link",
            stage.world(),
        );
        let refused = stage
            .pool("role")
            .await?
            .with("/spec/grants/synapseRoles", contributor.clone());
        let observed = stage
            .pool("look")
            .await?
            .with("/spec/managementPolicy", "ObserveOnly");
        let no_workspace = manifest::link(&scope.unique("noml"), "nowhere", stage.world());
        let refused_link = stage
            .link("role")
            .with("/spec/grants/synapseRoles", contributor);
        let all = [
            (ATTACHMENT, nowhere, "WorkspaceNotFound"),
            (ATTACHMENT, stage.attachment("nopool"), "PoolNotFound"),
            (ATTACHMENT, no_link, "LinkNotFound"),
            (ATTACHMENT, refused, "RoleNotAllowed"),
            (ATTACHMENT, observed, "NotFound"),
            (LINK, no_workspace, "WorkspaceNotFound"),
            (LINK, refused_link, "RoleNotAllowed"),
        ];
        for (_, manifest, _) in &all {
            scope.apply(manifest).await?;
        }
        for (kind, manifest, reason) in &all {
            scope
                .reason(kind, manifest.name(), "Ready", "False", reason)
                .await?;
        }
        for (kind, manifest, _) in &all {
            scope.delete(kind, manifest.name()).await?;
        }
        let ends = all
            .iter()
            .map(|(kind, manifest, _)| scope.gone_within(AT_ONCE, kind, manifest.name()));
        try_join_all(ends).await?;
        let seen = stage.scope.asked(since).await?;
        for (_, manifest, _) in &all {
            let name = manifest.name();
            for method in ["PUT", "DELETE"] {
                assert_eq!(seen.count(method, &[name]), 0, "{seen}");
            }
        }
        Ok(())
    });
}

#[test]
fn what_nobody_may_see_from_the_start_goes_at_once() {
    alone("leave-no", async |stage| {
        let (scope, world) = (&stage.scope, stage.world());
        let since = stage.emulator().now().await?;
        // A workspace whose service principal may do nothing, and one where it may not see what is meant.
        let denied = manifest::credentials("denied", world)
            .with("/stringData/AZURE_CLIENT_ID", DENIED_CLIENT_ID);
        scope.apply(&denied).await?;
        scope
            .apply(&manifest::workspace("denied", "denied", world))
            .await?;
        let strangers = [
            (
                ATTACHMENT,
                manifest::attachment(&scope.unique("noone"), "denied", world),
            ),
            (
                LINK,
                manifest::link(&scope.unique("noone"), "denied", world),
            ),
        ];
        let observing = |one: Manifest| one.with("/spec/managementPolicy", "ObserveOnly");
        let refused = [
            (ATTACHMENT, stage.pool("shut").await?),
            (ATTACHMENT, observing(stage.pool("look").await?)),
            (LINK, stage.link("shut")),
            (LINK, observing(stage.link("look"))),
        ];
        for (_, manifest) in &refused {
            let path = format!("/{}?", manifest.name());
            let action = json!({"kind": "status", "status": 403});
            let rule = json!({"path": path, "count": 1000, "action": action});
            stage.emulator().inject(rule).await?;
        }
        for (_, manifest) in strangers.iter().chain(&refused) {
            scope.apply(manifest).await?;
        }
        for (kind, manifest) in &strangers {
            scope
                .condition(kind, manifest.name(), "Ready", "False")
                .await?;
        }
        for (kind, manifest) in &refused {
            stage.stalled(kind, manifest.name(), "Forbidden").await?;
        }
        let all: Vec<_> = strangers.iter().chain(&refused).collect();
        for (kind, manifest) in &all {
            scope.delete(kind, manifest.name()).await?;
        }
        let ends = all
            .iter()
            .map(|(kind, manifest)| scope.gone_within(AT_ONCE, kind, manifest.name()));
        try_join_all(ends).await?;
        stage.emulator().clear_faults().await?;
        let seen = stage.emulator().requests_since(since).await?;
        for (_, manifest) in all {
            for method in ["PUT", "DELETE"] {
                let part = format!("/{}?", manifest.name());
                assert_eq!(
                    seen.count(method, &["/Microsoft.MachineLearningServices/", &part]),
                    0,
                    "{seen}"
                );
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_to_stay_says_when_its_mark_may_not_be_taken_off() {
    alone("leave-keep", async |stage| {
        let (scope, emulator) = (&stage.scope, stage.emulator());
        let retained = |one: Manifest| one.with("/spec/deletionPolicy", "Retain");
        let (pool, link) = (
            retained(stage.pool("keep").await?),
            retained(stage.link("keep")),
        );
        let both = [(ATTACHMENT, &pool), (LINK, &link)];
        for (_, manifest) in both {
            scope.apply(manifest).await?;
        }
        for (kind, manifest) in both {
            scope
                .condition(kind, manifest.name(), "Ready", "True")
                .await?;
        }
        let action = json!({"kind": "status", "status": 403});
        for (method, path) in [
            ("PUT", format!("/computes/{}?", pool.name())),
            ("GET", format!("/linkedServices/{}?", link.name())),
        ] {
            let rule = json!({"method": method, "path": path, "count": 1000, "action": action});
            emulator.inject(rule).await?;
        }
        // A link bears no mark: it is left as it is, seen or not.
        scope.delete(LINK, link.name()).await?;
        scope.gone_within(AT_ONCE, LINK, link.name()).await?;

        let name = pool.name();
        scope.delete(ATTACHMENT, name).await?;
        let message = stage.stalled(ATTACHMENT, name, "Forbidden").await?;
        says(
            &message,
            &["AuthorizationFailed", "spark.azureml.dev/force-release"],
        );
        scope
            .annotate(ATTACHMENT, name, "force-release", "true")
            .await?;
        scope.gone_within(AT_ONCE, ATTACHMENT, name).await?;
        emulator.clear_faults().await?;
        assert!(stage.portal.compute(name).await?.is_some());
        assert!(stage.portal.link(link.name()).await?.is_some());
        Ok(())
    });
}

#[test]
fn roles_that_may_not_be_listed_are_told_to_be_in_the_way() {
    alone("leave-list", async |stage| {
        let (scope, emulator) = (&stage.scope, stage.emulator());
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let holder = principal(&ready);
        let refused = json!({
            "method": "GET", "path": "/roleAssignments?", "count": 1000,
            "action": {"kind": "status", "status": 403},
        });
        emulator.inject(refused).await?;
        scope.delete(ATTACHMENT, name).await?;
        let message = stage.stalled(ATTACHMENT, name, "Forbidden").await?;
        says(
            &message,
            &["roles in Synapse", "spark.azureml.dev/force-release"],
        );
        assert!(
            stage.portal.compute(name).await?.is_some(),
            "its role would be left behind"
        );

        // With the right back, it goes on.
        emulator.clear_faults().await?;
        scope.reconcile(ATTACHMENT, name).await?;
        stage.detached(name).await?;
        let held = stage.portal.synapse_roles_of(holder).await?;
        assert!(held.is_empty(), "{held:?}");
        Ok(())
    });
}

#[test]
fn an_unreachable_azure_says_how_to_let_go() {
    // Faults are cleared for all.
    alone("leave-shut", async |stage| {
        let (scope, emulator) = (&stage.scope, stage.emulator());
        let (pool, link) = (stage.pool("pool").await?, stage.link("link"));
        let both = [
            (ATTACHMENT, &pool, "computes"),
            (LINK, &link, "linkedServices"),
        ];
        for (_, manifest, _) in both {
            scope.apply(manifest).await?;
        }
        for (kind, manifest, _) in both {
            scope
                .condition(kind, manifest.name(), "Ready", "True")
                .await?;
        }
        for (_, manifest, route) in both {
            let refused = json!({"path": format!("/{route}/{}?", manifest.name()), "count": 1000,
                "action": {"kind": "status", "status": 403}});
            emulator.inject(refused).await?;
        }
        for (kind, manifest, _) in both {
            let name = manifest.name();
            scope.delete(kind, name).await?;
            let message = stage.stalled(kind, name, "Forbidden").await?;
            says(
                &message,
                &["AuthorizationFailed", "spark.azureml.dev/force-release"],
            );
            scope.annotate(kind, name, "force-release", "true").await?;
            scope.gone(kind, name).await?;
            let events = scope.events(kind, name).await?;
            let told = events
                .iter()
                .find(|(_, reason, _)| reason == "ForceReleased");
            let (_, _, note) = told.unwrap_or_else(|| panic!("{events:?}"));
            says(note, &[name, "may still be there"]);
        }
        emulator.clear_faults().await?;
        assert!(stage.portal.compute(pool.name()).await?.is_some());
        assert!(stage.portal.link(link.name()).await?.is_some());
        Ok(())
    });
}

#[test]
fn credentials_that_are_refused_say_how_to_let_go() {
    scenario("leave-secret", async |stage| {
        let scope = &stage.scope;
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        // Somebody changes the password in Azure, and tells the Secret nothing.
        let world = stage.world();
        let wrong =
            manifest::credentials("azure", world).with("/stringData/AZURE_CLIENT_SECRET", "wrong");
        scope.apply(&wrong).await?;
        scope.reconcile("AzureMLWorkspace", WORKSPACE).await?;
        scope
            .reason(
                "AzureMLWorkspace",
                WORKSPACE,
                "Stalled",
                "True",
                "CredentialsRejected",
            )
            .await?;
        scope.delete(ATTACHMENT, name).await?;
        // It may have been stalled for that reason before: the workspace's news wakes it. How it is let go of is said
        // once it is to go.
        let stuck = scope
            .wait(ATTACHMENT, name, "says how it is let go of", |object| {
                reason(object, "Stalled") == "CredentialsRejected"
                    && message(object, "Ready").contains("spark.azureml.dev/force-release")
            })
            .await?;
        assert!(find_condition(&stuck, "Reconciling").is_none());
        scope.apply(&manifest::credentials("azure", world)).await?;
        scope.reconcile("AzureMLWorkspace", WORKSPACE).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        stage.detached(name).await?;
        Ok(())
    });
}
