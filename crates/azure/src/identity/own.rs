//! The process's own identity, chosen from its environment.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport as CoreTransport};
use azure_identity::{
    ClientAssertionCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use secrecy::SecretString;

use crate::error::{Class, Error};
use crate::transport::Transport;

/// Which identity the environment describes; the variables are those of every Azure SDK.
pub(crate) enum Own {
    Workload {
        tenant_id: String,
        client_id: String,
        token_file: PathBuf,
    },
    Secret {
        tenant_id: String,
        client_id: String,
        secret: SecretString,
    },
    Managed {
        client_id: Option<String>,
    },
}

impl Own {
    /// Workload identity first: where the webhook has put its file, that is what is meant.
    pub(crate) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &str, because: &str| {
            set(name).ok_or_else(|| {
                let message = format!("{because} is set and {name} is not");
                Error::local(
                    Class::Credential,
                    super::OP,
                    "IncompleteEnvironment",
                    message,
                )
            })
        };
        if let Some(file) = set("AZURE_FEDERATED_TOKEN_FILE") {
            return Ok(Self::Workload {
                tenant_id: needed("AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE")?,
                client_id: needed("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE")?,
                token_file: file.into(),
            });
        }
        if let Some(secret) = set("AZURE_CLIENT_SECRET") {
            return Ok(Self::Secret {
                tenant_id: needed("AZURE_TENANT_ID", "AZURE_CLIENT_SECRET")?,
                client_id: needed("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")?,
                secret: secret.into(),
            });
        }
        Ok(Self::Managed {
            client_id: set("AZURE_CLIENT_ID"),
        })
    }

    pub(crate) fn principal(&self) -> &str {
        match self {
            Self::Workload { client_id, .. } | Self::Secret { client_id, .. } => client_id,
            Self::Managed { client_id } => client_id.as_deref().unwrap_or("managed-identity"),
        }
    }

    pub(crate) fn source(&self, transport: &Transport) -> Result<Arc<dyn TokenCredential>, Error> {
        match self {
            Self::Workload {
                tenant_id,
                client_id,
                token_file,
            } => {
                let options = WorkloadIdentityCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions {
                        client_options: super::options(transport),
                    },
                    tenant_id: Some(tenant_id.clone()),
                    client_id: Some(client_id.clone()),
                    token_file_path: Some(token_file.clone()),
                };
                WorkloadIdentityCredential::new(Some(options))
                    .map(|credential| credential as Arc<dyn TokenCredential>)
                    .map_err(|error| super::refusal(&error))
            }
            Self::Secret {
                tenant_id,
                client_id,
                secret,
            } => super::client_secret(transport, tenant_id, client_id, secret),
            Self::Managed { client_id } => {
                let http = Transport::metadata()?;
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    client_options: ClientOptions {
                        transport: Some(CoreTransport::new(Arc::new(http))),
                        ..ClientOptions::default()
                    },
                };
                ManagedIdentityCredential::new(Some(options))
                    .map(|credential| credential as Arc<dyn TokenCredential>)
                    .map_err(|error| super::refusal(&error))
            }
        }
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Workload { .. } => "Workload",
            Self::Secret { .. } => "Secret",
            Self::Managed { .. } => "Managed",
        };
        f.debug_struct(kind)
            .field("principal", &self.principal())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(variables: &[(&str, &str)]) -> Result<Own, Error> {
        Own::from_variables(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_complete_description_wins() {
        let ids = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c")];
        let all = [
            &ids[..],
            &[
                ("AZURE_FEDERATED_TOKEN_FILE", "/f"),
                ("AZURE_CLIENT_SECRET", "s3"),
            ],
        ];
        assert!(matches!(own(&all.concat()).unwrap(), Own::Workload { .. }));
        let secret = [&ids[..], &[("AZURE_CLIENT_SECRET", "s3")]].concat();
        let secret = own(&secret).unwrap();
        assert!(matches!(secret, Own::Secret { .. }));
        assert!(!format!("{secret:?}").contains("s3"));
        assert_eq!(own(&ids).unwrap().principal(), "c");
        assert_eq!(
            own(&[("AZURE_CLIENT_ID", "")]).unwrap().principal(),
            "managed-identity"
        );
    }

    #[test]
    fn half_a_description_names_what_is_missing() {
        let error = own(&[("AZURE_CLIENT_SECRET", "s3"), ("AZURE_TENANT_ID", "t")]).unwrap_err();
        assert_eq!(error.class, Class::Credential);
        assert_eq!(
            error.message,
            "AZURE_CLIENT_SECRET is set and AZURE_CLIENT_ID is not"
        );
    }
}
