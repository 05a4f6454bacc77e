//! `kubectl azureml logs`: what a run writes, while it writes it or afterwards.

use std::io::{ErrorKind, Write};

use anyhow::Result;

mod args;
mod cluster;
mod direct;
mod served;

pub use args::Args;

/// Prints a log.
pub(crate) async fn logs(args: &Args, out: &mut dyn Write, notes: &mut dyn Write) -> Result<()> {
    let (client, namespace) = cluster::reach(args).await?;
    let told = if args.direct {
        direct::tell(&client, &namespace, args, out, notes).await
    } else {
        served::tell(&client, &namespace, args, out, notes).await
    };
    match told {
        // Whoever reads us has enough, as with `| head`.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        told => told,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Prints some of a log at once.
fn print(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}
