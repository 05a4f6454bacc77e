//! The operator killed at its n-th write to Azure, for every n of the life of a link, an attachment and two jobs: before the
//! write has its effect, after the effect but before the answer is seen, and after it with every status erased while
//! the operator is down. Then it is started again. Each time: one run, the right end, nothing left behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod answers;
mod effect;
mod jobs;
mod kill;
mod leaders;
mod life;

use anyhow::Result;
use azureml_spark_testkit::emulator;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::json;

use crate::effect::Effect;
use crate::kill::{Kill, Records, When};
use crate::life::Life;

/// Azure at its fastest: what is tested is the order of things, not their length.
async fn stack() -> Stack {
    let options = Options {
        emulator: emulator::Options {
            settings: json!({"operationSeconds": 0, "instantSeconds": 0.2, "cancelSeconds": 0.1}),
            ..emulator::Options::default()
        },
        ..Options::default()
    };
    Stack::start(options).await.expect("the stack starts")
}

async fn round(name: &str, when: When, records: Records) -> Result<()> {
    let stack = stack().await;
    let scope = stack.scope(name).await?;
    scope.workspace().await?;
    let mut lives = vec![undisturbed(&scope).await?];
    for (index, effect) in Effect::ALL.into_iter().enumerate() {
        let life = Life::new(&scope, index);
        let kill = Kill {
            stack: &stack,
            life: &life,
            index,
            when,
            records,
        };
        let told = format!("{name}: killed at write {index}, {effect:?}");
        let since = kill.prepare().await?;
        let story = async {
            life.live().await?;
            if effect.is_late() {
                life.has_left(effect).await?;
            }
            anyhow::Ok(())
        };
        if let Err(error) = tokio::try_join!(story, kill.strike(since)) {
            panic!("{told}: {error:?}");
        }
        let right = life.was_right(when).await;
        right.unwrap_or_else(|error| panic!("{told}: {error:?}"));
        lives.push(life);
    }
    nothing_is_left(&scope, &lives).await
}

/// A life that nobody disturbs writes what is expected; what comes late comes when the others are under way.
async fn undisturbed<'a>(scope: &'a Scope<'a>) -> Result<Life<'a>> {
    let life = Life::new(scope, 99);
    let since = scope.stack().emulator().now().await?;
    life.live().await?;
    let seen = scope.stack().emulator().requests_since(since).await?;
    let written: Vec<Effect> = effect::of(&seen, &life)
        .into_iter()
        .map(|(effect, _)| effect)
        .collect();
    let expected: Vec<Effect> = Effect::ALL
        .into_iter()
        .filter(|effect| !effect.is_late())
        .collect();
    assert_eq!(written, expected);
    life.was_right(When::Never).await?;
    Ok(life)
}

async fn nothing_is_left(scope: &Scope<'_>, lives: &[Life<'_>]) -> Result<()> {
    for life in lives {
        life.is_over().await?;
    }
    let portal = Portal::new(scope.stack().emulator())?;
    assert_eq!(portal.computes().await?, Vec::<serde_json::Value>::new());
    assert_eq!(portal.links().await?, Vec::<serde_json::Value>::new());
    assert_eq!(portal.pool_roles().await?, Vec::<serde_json::Value>::new());
    // The workspace and its Secret carry our finalizer for as long as anything needs them.
    scope.delete_namespace().await
}

/// Side by side, each on a stack of its own: most of it is waiting.
#[tokio::test(flavor = "multi_thread")]
async fn at_each_write_before_and_after_its_effect() -> Result<()> {
    tokio::try_join!(
        round("before", When::Before, Records::Kept),
        round("after", When::After, Records::Kept),
        round("erased", When::After, Records::Erased),
    )?;
    Ok(())
}
