//! A person's own identity, for tools that a person runs.

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};
use secrecy::SecretString;

use crate::error::Error;
use crate::transport::Transport;

/// Where the tokens come from.
pub(crate) enum Developer {
    Secret {
        tenant_id: String,
        client_id: String,
        secret: SecretString,
    },
    Cli {
        tenant_id: Option<String>,
    },
}

impl Developer {
    /// As in the other Azure tools, an incomplete service principal is none.
    pub(crate) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let tenant_id = set("AZURE_TENANT_ID");
        match (
            tenant_id,
            set("AZURE_CLIENT_ID"),
            set("AZURE_CLIENT_SECRET"),
        ) {
            (Some(tenant_id), Some(client_id), Some(secret)) => Self::Secret {
                tenant_id,
                client_id,
                secret: secret.into(),
            },
            (tenant_id, ..) => Self::Cli { tenant_id },
        }
    }

    pub(crate) fn principal(&self) -> &str {
        match self {
            Self::Secret { client_id, .. } => client_id,
            Self::Cli { .. } => "azure-cli",
        }
    }

    pub(crate) fn source(&self, transport: &Transport) -> Result<Arc<dyn TokenCredential>, Error> {
        match self {
            Self::Secret {
                tenant_id,
                client_id,
                secret,
            } => super::client_secret(transport, tenant_id, client_id, secret),
            Self::Cli { tenant_id } => {
                let options = AzureCliCredentialOptions {
                    tenant_id: tenant_id.clone(),
                    ..AzureCliCredentialOptions::default()
                };
                AzureCliCredential::new(Some(options))
                    .map(|credential| credential as Arc<dyn TokenCredential>)
                    .map_err(|error| super::refusal(&error))
            }
        }
    }
}

impl fmt::Debug for Developer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Developer").field(&self.principal()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn developer(variables: &[(&str, &str)]) -> Developer {
        Developer::from_variables(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_whole_service_principal_or_the_cli() {
        let whole = [
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "s3"),
        ];
        let chosen = developer(&whole);
        assert_eq!(chosen.principal(), "c");
        assert!(!format!("{chosen:?}").contains("s3"));
        for left_out in 0..whole.len() {
            let mut some = whole.to_vec();
            some[left_out].1 = "";
            assert_eq!(developer(&some).principal(), "azure-cli", "{some:?}");
        }
    }

    #[test]
    fn the_cli_is_asked_in_the_tenant_that_is_set() {
        let chosen = developer(&[("AZURE_TENANT_ID", "t")]);
        assert!(matches!(chosen, Developer::Cli { tenant_id: Some(tenant) } if tenant == "t"));
        assert!(matches!(developer(&[]), Developer::Cli { tenant_id: None }));
    }
}
