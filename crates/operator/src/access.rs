//! The way from an `AzureMLWorkspace` to a client for Azure, as the identity that it names.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use azureml_spark_api::{AzureMLWorkspace, AzureMLWorkspaceSpec};
use azureml_spark_azure::aml::run;
use azureml_spark_azure::{Budget, Client, Credential, Options, Rank, Transport, WorkspaceId};
use azureml_spark_core::place::Place;
use azureml_spark_core::workspace::CredentialsFound;
use azureml_spark_core::{Class, Fault};
use azureml_spark_engine::{Error, Wakes, deadline};
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, ResourceExt};
use secrecy::{ExposeSecret, SecretString};

use url::Url;

use crate::clouds::{self, Clouds};
use crate::translate;

/// The keys of the Secret, as Azure's own tools call them.
const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";

/// A workspace that can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) client: Client,
    pub(crate) id: WorkspaceId,
    /// Tenant of the workspace, once it was read.
    pub(crate) tenant: Option<String>,
}

impl Site {
    /// The same for the requests of one pass of an object.
    pub(crate) fn of(self, object: &str) -> Self {
        Self {
            client: self.client.for_pass(object),
            ..self
        }
    }

    /// The same for looks at something that is to end, before those at others.
    pub(crate) fn for_end(self, ends: bool) -> Self {
        let rank = if ends { Rank::Urgent } else { Rank::default() };
        Self {
            client: self.client.ranked(rank),
            ..self
        }
    }
}

/// Builds clients and keeps them, one per workspace and identity.
pub(crate) struct Access {
    kube: kube::Client,
    clouds: Clouds,
    workspaces: Store<AzureMLWorkspace>,
    own_identity: BTreeSet<String>,
    options: Options,
    kept: Mutex<HashMap<Place, Kept>>,
    /// Wakes a workspace whose credentials were refused elsewhere.
    suspects: Wakes<ObjectRef<AzureMLWorkspace>>,
}

struct Kept {
    identity: Identity,
    site: Site,
    /// Where the run history of the workspace's region is served, once it was asked for.
    regional: Option<Url>,
}

/// What a client was made from: another is made only when this changes.
enum Identity {
    Own {
        cloud: String,
    },
    Secret {
        cloud: String,
        tenant: String,
        client: String,
        secret: SecretString,
    },
}

impl Access {
    pub(crate) fn new(
        kube: kube::Client,
        clouds: Clouds,
        workspaces: Store<AzureMLWorkspace>,
        suspects: Wakes<ObjectRef<AzureMLWorkspace>>,
        own_identity: impl IntoIterator<Item = String>,
        budget: Budget,
    ) -> Self {
        Self {
            kube,
            clouds,
            workspaces,
            own_identity: own_identity
                .into_iter()
                .filter(|name| !name.is_empty())
                .collect(),
            options: Options {
                budget,
                ..Options::default()
            },
            kept: Mutex::default(),
            suspects,
        }
    }

    /// The cloud that a spec names, and whether there is one.
    pub(crate) fn cloud(&self, spec: &AzureMLWorkspaceSpec) -> (String, bool) {
        let name = cloud_name(spec);
        (name.to_owned(), self.clouds.get(name).is_some())
    }

    /// Reads the credentials of a workspace again, and keeps a client for them if they are complete.
    pub(crate) async fn refresh(
        &self,
        object: &AzureMLWorkspace,
    ) -> Result<CredentialsFound, Error> {
        let place = place(object);
        let Some(transport) = self.clouds.get(cloud_name(&object.spec)) else {
            return Ok(CredentialsFound::Complete);
        };
        let identity = match &object.spec.credentials {
            None if self.own_identity.contains(&place.namespace) => Identity::Own {
                cloud: cloud_name(&object.spec).to_owned(),
            },
            None => {
                self.forget(&place);
                return Ok(CredentialsFound::NotAllowed);
            }
            Some(credentials) => {
                let name = &credentials.service_principal_secret_ref.name;
                match self.read(&place.namespace, name, &object.spec).await? {
                    Ok(identity) => identity,
                    Err(missing) => {
                        self.forget(&place);
                        return Ok(missing);
                    }
                }
            }
        };
        if let Err(why) = self.keep(&place, identity, transport, &object.spec) {
            self.forget(&place);
            return Ok(CredentialsFound::Unusable(why));
        }
        Ok(CredentialsFound::Complete)
    }

    async fn read(
        &self,
        namespace: &str,
        name: &str,
        spec: &AzureMLWorkspaceSpec,
    ) -> Result<Result<Identity, CredentialsFound>, Error> {
        let api: Api<Secret> = Api::namespaced(self.kube.clone(), namespace);
        let Some(secret) = deadline::within("get secret", api.get_opt(name)).await?? else {
            return Ok(Err(CredentialsFound::SecretMissing(name.to_owned())));
        };
        let value = |key: &'static str| {
            let found = secret.data.as_ref().and_then(|data| data.get(key));
            let text = found
                .and_then(|bytes| std::str::from_utf8(&bytes.0).ok())
                .map(str::trim);
            text.filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| CredentialsFound::SecretLacks {
                    secret: name.to_owned(),
                    key,
                })
        };
        let identity = || {
            Ok(Identity::Secret {
                cloud: cloud_name(spec).to_owned(),
                tenant: value(TENANT)?,
                client: value(CLIENT)?,
                secret: value(SECRET)?.into(),
            })
        };
        Ok(identity())
    }

    /// A workspace that can be asked, from its object in the cache.
    pub(crate) async fn site(&self, place: &Place) -> Result<Site, Fault> {
        let key = ObjectRef::new(&place.name).within(&place.namespace);
        let object = self.workspaces.get(&key);
        let tenant = object
            .as_ref()
            .and_then(|object| object.status.as_ref()?.tenant_id.clone());
        if let Some(site) = self.kept(place) {
            return Ok(Site { tenant, ..site });
        }
        let Some(object) = object else {
            return Err(unreachable(
                Class::Retryable,
                "WorkspaceNotFound",
                "the AzureMLWorkspace is gone",
            ));
        };
        let found = self.refresh(&object).await.map_err(|error| {
            unreachable(Class::Retryable, "ApiserverUnavailable", &error.to_string())
        })?;
        match found {
            CredentialsFound::Complete => self.kept(place).ok_or_else(|| {
                unreachable(
                    Class::Terminal,
                    "CloudNotFound",
                    "the cloud of the AzureMLWorkspace is not known",
                )
            }),
            CredentialsFound::NotAllowed
            | CredentialsFound::Unusable(_)
            | CredentialsFound::SecretMissing(_)
            | CredentialsFound::SecretLacks { .. } => Err(unreachable(
                Class::Credential,
                "CredentialsIncomplete",
                "the credentials of the AzureMLWorkspace are incomplete; its conditions say more",
            )),
        }
    }

    /// Where the run history of the workspace's region is served: one request for as long as the client lives.
    pub(crate) async fn regional(&self, place: &Place, site: &Site) -> Result<Url, Fault> {
        if let Some(url) = self
            .lock()
            .get(place)
            .and_then(|kept| kept.regional.clone())
        {
            return Ok(url);
        }
        let key = ObjectRef::new(&place.name).within(&place.namespace);
        let object = self.workspaces.get(&key);
        let status = object.as_ref().and_then(|object| object.status.as_ref());
        let discovery = status.and_then(|status| Url::parse(status.discovery_url.as_deref()?).ok());
        let Some(discovery) = discovery else {
            return Err(unreachable(
                Class::Retryable,
                "NoDiscoveryUrl",
                "the workspace says no discoveryUrl",
            ));
        };
        let found = site.client.send(run::discover(discovery)).await;
        let url = found.map_err(|error| translate::fault(&error))?;
        if let Some(kept) = self.lock().get_mut(place) {
            kept.regional = Some(url.clone());
        }
        Ok(url)
    }

    /// The region of a workspace, as Resource Manager calls it, once it was read.
    pub(crate) fn location(&self, place: &Place) -> Option<String> {
        let key = ObjectRef::new(&place.name).within(&place.namespace);
        let location = self
            .workspaces
            .get(&key)?
            .status
            .as_ref()?
            .location
            .clone()?;
        // Some resources show it as people read it, `East US`.
        let words = location.split_whitespace().collect::<String>();
        Some(words.to_ascii_lowercase()).filter(|name| !name.is_empty())
    }

    /// Has the workspace look at its Secret again if this fault says that the credentials do not hold: Secrets are not
    /// watched.
    pub(crate) fn doubt(&self, place: &Place, fault: &Fault) {
        if fault.class == Class::Credential {
            self.suspects
                .wake(ObjectRef::new(&place.name).within(&place.namespace));
        }
    }

    /// The outcome as it is, after [`Access::doubt`].
    pub(crate) fn heed<T>(&self, place: &Place, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(fault) = &outcome {
            self.doubt(place, fault);
        }
        outcome
    }

    /// Drops what is kept for a workspace that is gone.
    pub(crate) fn forget(&self, place: &Place) {
        self.lock().remove(place);
    }

    /// Whether a workspace is still asked by this client: its credentials may be others by now.
    pub(crate) fn keeps(&self, place: &Place, client: &Client) -> bool {
        self.kept(place)
            .is_some_and(|site| site.client.is_kin(client))
    }

    fn kept(&self, place: &Place) -> Option<Site> {
        self.lock().get(place).map(|kept| kept.site.clone())
    }

    fn keep(
        &self,
        place: &Place,
        identity: Identity,
        transport: &Transport,
        spec: &AzureMLWorkspaceSpec,
    ) -> Result<(), String> {
        let mut kept = self.lock();
        if kept
            .get(place)
            .is_some_and(|kept| kept.identity.same(&identity))
        {
            return Ok(());
        }
        let credential = match &identity {
            Identity::Own { .. } => Credential::operators_own(transport),
            Identity::Secret {
                tenant,
                client,
                secret,
                ..
            } => Credential::client_secret(transport, tenant, client, secret),
        };
        let site = Site {
            client: Client::new(
                transport.clone(),
                credential.map_err(|error| translate::fault(&error).text)?,
                self.options.clone(),
            )
            .for_share(&place.namespace),
            id: WorkspaceId::new(
                &spec.subscription_id,
                &spec.resource_group,
                &spec.workspace_name,
            )
            .map_err(|error| error.to_string())?,
            tenant: None,
        };
        kept.insert(
            place.clone(),
            Kept {
                identity,
                site,
                regional: None,
            },
        );
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Place, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Identity {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own { cloud }, Self::Own { cloud: other }) => cloud == other,
            (
                Self::Secret {
                    cloud,
                    tenant,
                    client,
                    secret,
                },
                Self::Secret {
                    cloud: cloud2,
                    tenant: tenant2,
                    client: client2,
                    secret: secret2,
                },
            ) => {
                (cloud, tenant, client) == (cloud2, tenant2, client2)
                    && secret.expose_secret() == secret2.expose_secret()
            }
            _ => false,
        }
    }
}

/// How this operator addresses a workspace.
pub(crate) fn place(object: &AzureMLWorkspace) -> Place {
    Place {
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
    }
}

fn cloud_name(spec: &AzureMLWorkspaceSpec) -> &str {
    spec.cloud.as_deref().unwrap_or(clouds::DEFAULT)
}

/// What is said of a step for which there is no workspace any more.
pub(crate) fn not_ready() -> Fault {
    unreachable(
        Class::Retryable,
        "WorkspaceNotReady",
        "the AzureMLWorkspace is not ready",
    )
}

fn unreachable(class: Class, code: &str, text: &str) -> Fault {
    Fault {
        class,
        code: code.to_owned(),
        op: "reach the workspace",
        text: text.to_owned(),
        request_id: None,
        retry_after: None,
    }
}
