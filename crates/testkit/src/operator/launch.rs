//! What a kubelet would make of the Deployment, for a process: mounted files in a folder, and paths that name it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, KeyToPath, PodSpec, Secret, ServiceAccount, Volume, VolumeProjection,
};
use kube::api::{Api, PostParams};
use serde_json::json;

use crate::control_plane::{ControlPlane, kubeconfig};
use crate::ports::free_ports;

/// Longer than any run; the apiserver refuses nothing below 2^32 s.
const TOKEN_SECONDS: i64 = 30 * 24 * 3600;

/// Arguments and environment of the operator's process.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The container's arguments.
    pub arguments: Vec<String>,
    /// The container's environment, and `KUBECONFIG` in place of the pod's mounted token.
    pub environment: BTreeMap<String, String>,
    /// Where it serves its probes.
    pub probe: SocketAddr,
}

impl Launch {
    /// Reads the Deployment as it is in the cluster, and writes what its container would find mounted into `folder`.
    pub async fn prepare(
        plane: &ControlPlane,
        namespace: &str,
        deployment: &str,
        folder: &Path,
    ) -> Result<Self> {
        let client = plane.client().await?;
        let found = Api::<Deployment>::namespaced(client.clone(), namespace)
            .get(deployment)
            .await?;
        let pod = found
            .spec
            .and_then(|spec| spec.template.spec)
            .context("no pod template")?;
        let [container] = pod.containers.as_slice() else {
            bail!(
                "the Deployment has {} containers, not one",
                pod.containers.len()
            );
        };
        let mounts = mount(&client, namespace, &pod, container, folder).await?;
        let arguments: Vec<String> = container
            .args
            .iter()
            .flatten()
            .map(|argument| localise(argument, &mounts))
            .collect();
        let mut environment = environment(container, &mounts)?;

        let account = pod.service_account_name.as_deref().unwrap_or("default");
        let token = token(&client, namespace, account).await?;
        let token_file = folder.join("operator.token");
        fs::write(&token_file, token)?;
        let file = folder.join("operator.kubeconfig");
        let user = json!({ "tokenFile": token_file });
        fs::write(&file, kubeconfig(plane.url(), plane.ca_pem(), &user))?;
        environment.insert("KUBECONFIG".to_owned(), file.display().to_string());

        let probe = arguments
            .iter()
            .find_map(|argument| argument.strip_prefix("--probe-address="))
            .context("no --probe-address among the arguments")?
            .parse()?;
        Ok(Self {
            arguments,
            environment,
            probe,
        })
    }

    /// The same for one more process beside it: its servers listen elsewhere.
    pub fn beside(&self) -> Result<Self> {
        let [probe, logs] = free_ports()?;
        let moved = |argument: &String| match argument.split_once('=') {
            Some((flag @ "--probe-address", _)) => format!("{flag}=127.0.0.1:{probe}"),
            Some((flag @ "--logs-address", _)) => format!("{flag}=127.0.0.1:{logs}"),
            _ => argument.clone(),
        };
        Ok(Self {
            arguments: self.arguments.iter().map(moved).collect(),
            environment: self.environment.clone(),
            probe: SocketAddr::from(([127, 0, 0, 1], probe)),
        })
    }
}

/// Path in the container, path here.
type Mounts = Vec<(String, PathBuf)>;

async fn mount(
    client: &kube::Client,
    namespace: &str,
    pod: &PodSpec,
    container: &Container,
    folder: &Path,
) -> Result<Mounts> {
    let mut mounts = Mounts::new();
    for mount in container.volume_mounts.iter().flatten() {
        mounts.push((
            mount.mount_path.clone(),
            folder.join("volumes").join(&mount.name),
        ));
    }
    for (mount, (_, here)) in container.volume_mounts.iter().flatten().zip(&mounts) {
        let volume = pod
            .volumes
            .iter()
            .flatten()
            .find(|volume| volume.name == mount.name);
        let volume = volume.with_context(|| format!("no volume {}", mount.name))?;
        fs::create_dir_all(here)?;
        for (name, content) in files(client, namespace, volume).await? {
            // Certificates and settings are text, and settings may name mounted files.
            fs::write(
                here.join(name),
                localise(&String::from_utf8(content)?, &mounts),
            )?;
        }
    }
    Ok(mounts)
}

async fn files(
    client: &kube::Client,
    namespace: &str,
    volume: &Volume,
) -> Result<Vec<(String, Vec<u8>)>> {
    let Some(projected) = &volume.projected else {
        bail!("volume {} is of a kind that is not known here", volume.name);
    };
    let mut files = Vec::new();
    for source in projected.sources.iter().flatten() {
        files.extend(projection(client, namespace, source).await?);
    }
    Ok(files)
}

async fn projection(
    client: &kube::Client,
    namespace: &str,
    source: &VolumeProjection,
) -> Result<Vec<(String, Vec<u8>)>> {
    if let Some(from) = &source.config_map {
        let map = Api::<ConfigMap>::namespaced(client.clone(), namespace)
            .get(&from.name)
            .await?;
        let data = map
            .data
            .into_iter()
            .flatten()
            .map(|(key, text)| (key, text.into_bytes()));
        return select(data.collect(), from.items.as_deref());
    }
    if let Some(from) = &source.secret {
        let secret = Api::<Secret>::namespaced(client.clone(), namespace)
            .get(&from.name)
            .await?;
        let data = secret
            .data
            .into_iter()
            .flatten()
            .map(|(key, bytes)| (key, bytes.0));
        return select(data.collect(), from.items.as_deref());
    }
    bail!("a projection that is neither of a ConfigMap nor of a Secret")
}

fn select(
    mut data: BTreeMap<String, Vec<u8>>,
    items: Option<&[KeyToPath]>,
) -> Result<Vec<(String, Vec<u8>)>> {
    let Some(items) = items else {
        return Ok(data.into_iter().collect());
    };
    let take = |item: &KeyToPath| {
        let content = data
            .remove(&item.key)
            .with_context(|| format!("no key {}", item.key))?;
        Ok((item.path.clone(), content))
    };
    items.iter().map(take).collect()
}

fn environment(container: &Container, mounts: &Mounts) -> Result<BTreeMap<String, String>> {
    let mut environment = BTreeMap::new();
    for variable in container.env.iter().flatten() {
        if variable.value_from.is_some() {
            bail!(
                "{} comes from elsewhere, which is not known here",
                variable.name
            );
        }
        let value = variable.value.as_deref().unwrap_or_default();
        environment.insert(variable.name.clone(), localise(value, mounts));
    }
    Ok(environment)
}

fn localise(text: &str, mounts: &Mounts) -> String {
    mounts.iter().fold(text.to_owned(), |text, (there, here)| {
        text.replace(&format!("{there}/"), &format!("{}/", here.display()))
    })
}

async fn token(client: &kube::Client, namespace: &str, account: &str) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let spec = TokenRequestSpec {
        expiration_seconds: Some(TOKEN_SECONDS),
        ..Default::default()
    };
    let request = TokenRequest {
        spec: Some(spec),
        ..Default::default()
    };
    let answer = accounts
        .create_token_request(account, &PostParams::default(), &request)
        .await?;
    answer
        .status
        .and_then(|status| status.token)
        .context("the token request was not answered")
}
