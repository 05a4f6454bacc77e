//! The cluster that a person works with.

use anyhow::{Context as _, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::Args;

/// A client, and the namespace that is meant.
pub(super) async fn reach(args: &Args) -> Result<(Client, String)> {
    let options = KubeConfigOptions {
        context: args.context.clone(),
        ..KubeConfigOptions::default()
    };
    let config = match &args.kubeconfig {
        Some(file) => {
            let read = Kubeconfig::read_from(file).context("--kubeconfig")?;
            Config::from_custom_kubeconfig(read, &options).await?
        }
        None if args.context.is_some() => Config::from_kubeconfig(&options).await?,
        // A pod has no kubeconfig.
        None => Config::infer().await?,
    };
    let namespace = args
        .namespace
        .clone()
        .unwrap_or_else(|| config.default_namespace.clone());
    Ok((Client::try_from(config)?, namespace))
}
