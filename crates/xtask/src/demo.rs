//! `cargo xtask demo`: the sample manifests on a stack of its own, from `kubectl apply` to the rows of the output.

mod follow;
mod samples;
mod show;

use std::time::Instant;

use anyhow::{Result, bail};
use azureml_spark_testkit::emulator::{self, Runner};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::stack::{Options, Stack};
use azureml_spark_testkit::{control_plane, tools};

/// Where the sample input goes: below the container behind `workspaceblobstore`.
const INPUT: &str = "data/titanic.csv";

pub(crate) async fn demo() -> Result<()> {
    let begun = Instant::now();
    // One after the other, with what takes how long; a second run finds them all.
    tokio::task::spawn_blocking(|| {
        control_plane::prepare()?;
        anyhow::Ok((tools::helm()?, tools::spark_python()?))
    })
    .await??;
    println!(
        "Starting etcd, kube-apiserver, controller-manager, the emulator of Azure, and the operator …"
    );
    let options = Options {
        emulator: emulator::Options {
            runner: Runner::Spark,
            ..emulator::Options::default()
        },
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    println!(
        "Everything answers after {:.1} s.\n",
        begun.elapsed().as_secs_f64()
    );

    let outcome = story(&stack).await;
    let operator_log = stack.operator().log().to_path_buf();
    if outcome.is_err() {
        let log = std::fs::read_to_string(operator_log).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(20).collect();
        println!("\nThe operator's last words:");
        tail.iter().rev().for_each(|line| println!("  {line}"));
    }
    let processes = stack.identities();
    tokio::task::spawn_blocking(move || drop(stack)).await?;
    if processes
        .iter()
        .any(azureml_spark_testkit::process::Identity::is_running)
    {
        bail!("not everything that was started has ended");
    }
    outcome?;
    println!(
        "\nAll that was started has ended. {:.0} s in all.",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn story(stack: &Stack) -> Result<()> {
    let scope = stack.scope("demo").await?;
    let emulator = stack.emulator();
    emulator.put_blob(INPUT, samples::input()?)?;
    println!(
        "$ kubectl apply -f deploy/samples    # namespace {}",
        scope.namespace()
    );
    scope
        .apply(&manifest::credentials("azure", emulator.world()))
        .await?;
    let objects = samples::manifests()?;
    for object in &objects {
        scope.apply(object).await?;
        println!("  {} {}", object.kind(), object.name());
    }
    println!();
    follow::until_settled(&scope, &objects).await?;

    show::conditions(&scope, &objects).await?;
    for job in objects.iter().filter(|object| object.kind() == "SparkJob") {
        show::driver_log(&scope, job).await?;
        show::output(&scope, job)?;
    }
    show::must_be_complete(&scope, &objects).await?;

    println!("\n$ kubectl delete -f deploy/samples");
    for object in objects.iter().filter(|object| follow::ours(object)) {
        scope.delete(object.kind(), object.name()).await?;
    }
    for object in objects.iter().filter(|object| follow::ours(object)) {
        scope.gone(object.kind(), object.name()).await?;
        println!("  {} is gone", follow::title(object));
    }
    Ok(())
}
