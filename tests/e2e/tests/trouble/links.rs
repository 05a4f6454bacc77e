//! Links, where Azure makes no new ones, or not for us.

use std::time::Duration;

use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{WORKSPACE, find_condition};
use futures::future::try_join_all;
use serde_json::json;

use crate::stage::{principal, says};
use crate::{ATTACHMENT, LINK, Theme, changing, undisturbed};

/// An end that nothing was waited for before: far less than the time for which an absence is not believed.
const AT_ONCE: Duration = Duration::from_secs(20);

#[test]
fn a_refused_link_names_the_way_without_one() {
    undisturbed(Theme::Links, "link-frozen", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        let mut refused = Vec::new();
        for creation in [
            "noRegisteredProvider",
            "invalidResourceType",
            "badRequest",
            "notAllowed",
            "gone",
            "notFound",
        ] {
            stage.set(json!({"linkCreation": creation})).await?;
            let link = stage.link(&creation.to_lowercase());
            scope.apply(&link).await?;
            let message = stage.stalled(LINK, link.name(), "LinkFrozen").await?;
            says(&message, &["SynapseSparkAttachment spec.pool.resourceId"]);
            scope
                .reason(LINK, link.name(), "Linked", "False", "LinkFrozen")
                .await?;
            refused.push(link);
        }
        // The whole of the scenario lies between the first of them and here.
        for link in &refused {
            let seen = stage.scope.asked(since).await?;
            let puts = seen.count("PUT", &["/linkedServices/", link.name()]);
            assert_eq!(puts, 1, "{seen}");
        }
        let (last, others) = refused.split_last().unwrap();
        for link in others {
            scope.delete(LINK, link.name()).await?;
            scope.gone_within(AT_ONCE, LINK, link.name()).await?;
        }

        // Should Azure make links again, this one is made.
        stage.set(json!({"linkCreation": "accept"})).await?;
        scope.reconcile(LINK, last.name()).await?;
        scope.condition(LINK, last.name(), "Ready", "True").await?;
        assert!(stage.portal.link(last.name()).await?.is_some());
        Ok(())
    });
}

#[test]
fn links_that_are_not_served_at_all_name_the_way_without_one() {
    undisturbed(Theme::Links, "link-unserved", async |stage| {
        let scope = &stage.scope;
        let served = [
            ("noRegisteredProvider", 0),
            ("invalidResourceType", 0),
            ("invalidApiVersion", 0),
            // Says no more than that there is no such link, so it is asked for: at the first look, and at those by request.
            ("notFound", 5),
        ];
        let mut old = Vec::new();
        for (word, _) in served {
            let link = stage.link(&format!("old-{}", word.to_lowercase()));
            scope.apply(&link).await?;
            let ready = scope.condition(LINK, link.name(), "Ready", "True").await?;
            old.push((link, principal(&ready).to_owned()));
        }
        for ((word, most), (old, _)) in served.into_iter().zip(&old) {
            let since = stage.emulator().now().await?;
            stage.set(json!({"linkedServicesServed": word})).await?;
            let link = stage.link(&word.to_lowercase());
            scope.apply(&link).await?;
            let message = stage.stalled(LINK, link.name(), "LinkFrozen").await?;
            says(&message, &["SynapseSparkAttachment spec.pool.resourceId"]);
            // Two whole looks, each of which is two requests for one.
            for _ in 0..2 {
                stage.scope.look(LINK, link.name()).await?;
                stage.stalled(LINK, link.name(), "LinkFrozen").await?;
            }
            let seen = stage.scope.asked(since).await?;
            let puts = seen.count("PUT", &["/linkedServices/", link.name()]);
            assert!((most.min(1)..=most).contains(&puts), "{word}: {seen}");
            scope.delete(LINK, link.name()).await?;
            // One that is being asked for at this moment leaves a doubt.
            let deadline = if most == 0 { AT_ONCE } else { PATIENCE };
            scope.gone_within(deadline, LINK, link.name()).await?;
            // One from when they were served: nobody can tell what became of it, so nobody is kept waiting for ever.
            scope.delete(LINK, old.name()).await?;
        }
        stage
            .set(json!({"linkedServicesServed": "noRegisteredProvider"}))
            .await?;
        try_join_all(old.iter().map(|(link, _)| scope.gone(LINK, link.name()))).await?;
        for (_, holder) in &old {
            let held = stage.portal.synapse_roles_of(holder).await?;
            assert!(held.is_empty(), "{held:?}");
        }
        Ok(())
    });
}

#[test]
fn a_link_without_the_right_says_so() {
    undisturbed(Theme::Links, "link-right", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        stage.set(json!({"linkCreation": "forbidden"})).await?;
        let link = stage.link("link");
        let name = link.name();
        scope.apply(&link).await?;
        let message = stage.stalled(LINK, name, "Forbidden").await?;
        says(&message, &["Linked services can no longer be created."]);
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 1, "{seen}");

        stage.set(json!({"linkCreation": "accept"})).await?;
        scope.reconcile(LINK, name).await?;
        let ready = scope.condition(LINK, name, "Ready", "True").await?;
        assert!(find_condition(&ready, "Stalled").is_none());
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 2, "{seen}");
        Ok(())
    });
}

#[test]
fn an_existing_link_serves_while_new_ones_are_refused() {
    changing(Theme::Links, "link-old", async |stage| {
        let scope = &stage.scope;
        stage.set(json!({"linkCreation": "gone"})).await?;
        let old = stage.link("old");
        let name = old.name();
        stage.emulator().seed_links(json!({"name": name})).await?;
        let since = stage.emulator().now().await?;
        scope.apply(&old).await?;
        let ready = scope.condition(LINK, name, "Ready", "True").await?;
        let held = stage.portal.synapse_roles_of(principal(&ready)).await?;
        assert_eq!(held.len(), 1, "{held:?}");

        let pool =
            manifest::linked_attachment(&scope.unique("pool"), WORKSPACE, name, stage.world());
        scope.apply(&pool).await?;
        scope
            .condition(ATTACHMENT, pool.name(), "Ready", "True")
            .await?;

        let new = stage.link("new");
        scope.apply(&new).await?;
        stage.stalled(LINK, new.name(), "LinkFrozen").await?;
        let seen = stage.scope.asked(since).await?;
        assert_eq!(seen.count("PUT", &["/linkedServices/", name]), 0, "{seen}");
        Ok(())
    });
}
