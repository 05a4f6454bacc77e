//! `azure_identity`'s credentials, set up for one cloud.

mod developer;
mod own;
mod refusal;

use std::sync::Arc;

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, RetryOptions, Transport as CoreTransport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::transport::Transport;

pub(crate) use developer::Developer;
pub(crate) use own::Own;
pub(crate) use refusal::{OP, UNAVAILABLE, refusal};

/// Our connections and the cloud's authority; no retries, since whoever asks backs off anyway.
fn options(transport: &Transport) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    transport
        .cloud()
        .active_directory
        .as_str()
        .clone_into(&mut cloud.authority_host);
    ClientOptions {
        transport: Some(CoreTransport::new(Arc::new(transport.https().clone()))),
        retry: RetryOptions::none(),
        cloud: Some(Arc::new(cloud.into())),
        ..ClientOptions::default()
    }
}

pub(crate) fn client_secret(
    transport: &Transport,
    tenant_id: &str,
    client_id: &str,
    secret: &SecretString,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let options = ClientSecretCredentialOptions {
        client_options: options(transport),
    };
    let secret = Secret::new(secret.expose_secret().to_owned());
    ClientSecretCredential::new(tenant_id, client_id.to_owned(), secret, Some(options))
        .map(|credential| credential as Arc<dyn TokenCredential>)
        .map_err(|error| refusal(&error))
}
