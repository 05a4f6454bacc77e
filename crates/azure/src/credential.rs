//! As whom: tokens per audience, from `azure_identity`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::time::OffsetDateTime;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::error::{Class, Error};
use crate::identity;
use crate::transport::Transport;

#[cfg(test)]
mod tests;

/// A login answers in well under a second; `azure_identity` asks a virtual machine's metadata service
/// for up to 72 s, which is longer than anybody here waits.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long a refusal is remembered, so that two hundred jobs with a wrong secret are one login and
/// not two hundred. A mended secret is a new [`Credential`] and waits for nothing.
const REMEMBER_REFUSAL: Duration = Duration::from_secs(5);

/// A token that ends sooner than this may end before Azure looks at it.
const SPARE: Duration = Duration::from_secs(30);

/// A token that lasts longer than this is not asked for again. `azure_identity` keeps the same
/// margin where it keeps tokens at all, which it does not for the Azure CLI.
const RENEW: Duration = Duration::from_mins(5);

/// One identity. Clones share its tokens, which are kept per audience and renewed five minutes
/// before they end.
///
/// A token that cannot be had is [`Class::Credential`] with Entra's code and first sentence, or
/// [`Class::Retryable`] with the code `LoginUnavailable` where Entra itself was in trouble.
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

struct Inner {
    principal: String,
    source: Arc<dyn TokenCredential>,
    audiences: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot>>>>,
}

/// What is known of one audience. Its lock makes many who ask at once one login.
#[derive(Default)]
struct Slot {
    token: Option<AccessToken>,
    refusal: Option<(Instant, Error)>,
}

impl Slot {
    fn recent_refusal(&self) -> Option<Error> {
        let (at, refusal) = self.refusal.as_ref()?;
        (at.elapsed() < REMEMBER_REFUSAL).then(|| refusal.clone())
    }

    fn fresh(&self) -> Option<SecretString> {
        let token = self.token.as_ref()?;
        (token.expires_on > OffsetDateTime::now_utc() + RENEW).then(|| secret(token))
    }

    /// The answer where there is no fresh token: the last one serves to its end, unless it is the
    /// credential that was refused.
    fn without_fresh(&self, refusal: Error) -> Result<SecretString, Error> {
        let lasts = |token: &&AccessToken| token.expires_on > OffsetDateTime::now_utc() + SPARE;
        match self.token.as_ref().filter(lasts) {
            Some(token) if refusal.class != Class::Credential => Ok(secret(token)),
            _ => Err(refusal),
        }
    }
}

impl Credential {
    /// A service principal with a client secret. Asks nobody; a wrong secret shows with the first
    /// token.
    pub fn client_secret(
        transport: &Transport,
        tenant_id: &str,
        client_id: &str,
        secret: &SecretString,
    ) -> Result<Self, Error> {
        let source = identity::client_secret(transport, tenant_id, client_id, secret)?;
        Ok(Self::from_source(client_id, source))
    }

    /// The process's own identity, from its environment: workload identity where
    /// `AZURE_FEDERATED_TOKEN_FILE` is set, else a client secret where `AZURE_CLIENT_SECRET` is set,
    /// else the managed identity of the machine (the one of `AZURE_CLIENT_ID`, if set).
    pub fn operators_own(transport: &Transport) -> Result<Self, Error> {
        Self::from_variables(transport, |name| std::env::var(name).ok())
    }

    /// As [`Credential::operators_own`], with the environment given.
    pub fn from_variables(
        transport: &Transport,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let own = identity::Own::from_variables(variable)?;
        let source = own.source(transport)?;
        Ok(Self::from_source(own.principal(), source))
    }

    /// A person at a laptop: the service principal of `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
    /// `AZURE_CLIENT_SECRET` if all three are set, else whoever is logged in to the Azure CLI
    /// (in `AZURE_TENANT_ID`, if set). Starts the CLI with the first token only; that needs a Tokio
    /// runtime with I/O.
    pub fn developer(transport: &Transport) -> Result<Self, Error> {
        let developer = identity::Developer::from_variables(|name| std::env::var(name).ok());
        let source = developer.source(transport)?;
        Ok(Self::from_source(developer.principal(), source))
    }

    /// Any other source of tokens. `principal` tells identities apart where Azure counts requests
    /// per principal.
    pub fn from_source(principal: &str, source: Arc<dyn TokenCredential>) -> Self {
        Self(Arc::new(Inner {
            principal: principal.to_ascii_lowercase(),
            source,
            audiences: Mutex::default(),
        }))
    }

    /// Who this is, for counting requests: a client id, `managed-identity` or `azure-cli`.
    pub fn principal(&self) -> &str {
        &self.0.principal
    }

    /// A token for an audience such as `https://management.azure.com`.
    pub async fn token(&self, audience: &str) -> Result<SecretString, Error> {
        let audience = audience.trim_end_matches('/');
        let slot = self.slot(audience);
        let mut slot = slot.lock().await;
        if let Some(token) = slot.fresh() {
            return Ok(token);
        }
        if let Some(refusal) = slot.recent_refusal() {
            return slot.without_fresh(refusal);
        }
        // `//.default` would be another audience to Entra.
        let scope = format!("{audience}/.default");
        let scopes = [scope.as_str()];
        let asked = self.0.source.get_token(&scopes, None);
        let refusal = match tokio::time::timeout(DEADLINE, asked).await {
            Ok(Ok(token)) => {
                let secret = secret(&token);
                *slot = Slot {
                    token: Some(token),
                    refusal: None,
                };
                return Ok(secret);
            }
            Ok(Err(error)) => identity::refusal(&error),
            Err(_) => Error::local(
                Class::Retryable,
                identity::OP,
                identity::UNAVAILABLE,
                format!("no token within {} s", DEADLINE.as_secs()),
            ),
        };
        slot.refusal = Some((Instant::now(), refusal.clone()));
        slot.without_fresh(refusal)
    }

    fn slot(&self, audience: &str) -> Arc<tokio::sync::Mutex<Slot>> {
        // A map of slots is whole after any panic.
        let mut audiences = self
            .0
            .audiences
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        audiences.entry(audience.to_owned()).or_default().clone()
    }
}

fn secret(token: &AccessToken) -> SecretString {
    SecretString::from(token.token.secret())
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("principal", &self.0.principal)
            .finish_non_exhaustive()
    }
}
