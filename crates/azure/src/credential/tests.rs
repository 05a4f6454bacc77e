//! Tests of the parent module.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use azure_core::credentials::{Secret, TokenRequestOptions};
use azure_core::time::Duration as CoreDuration;
use secrecy::ExposeSecret;

use super::*;

/// A source that keeps nothing, as the Azure CLI is one.
#[derive(Debug)]
struct Forgetful {
    lasts: CoreDuration,
    asked: AtomicUsize,
}

impl TokenCredential for Forgetful {
    fn get_token<'s, 'a, 'b, 'c, 'f>(
        &'s self,
        _: &'a [&'b str],
        _: Option<TokenRequestOptions<'c>>,
    ) -> Pin<Box<dyn Future<Output = azure_core::Result<AccessToken>> + Send + 'f>>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        let count = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let token = Secret::new(format!("token-{count}"));
        let expires_on = OffsetDateTime::now_utc() + self.lasts;
        Box::pin(async move { Ok(AccessToken::new(token, expires_on)) })
    }
}

async fn tokens(lasts: CoreDuration) -> Vec<String> {
    let source = Arc::new(Forgetful {
        lasts,
        asked: AtomicUsize::new(0),
    });
    let credential = Credential::from_source("Azure-CLI", source);
    assert_eq!(credential.principal(), "azure-cli");
    let mut seen = Vec::new();
    for audience in ["https://one", "https://one/", "https://two", "https://one"] {
        let token = credential.token(audience).await.unwrap();
        seen.push(token.expose_secret().to_owned());
    }
    seen
}

#[tokio::test]
async fn a_token_that_lasts_is_not_asked_for_again() {
    assert_eq!(
        tokens(CoreDuration::hours(1)).await,
        ["token-1", "token-1", "token-2", "token-1"]
    );
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed() {
    assert_eq!(
        tokens(CoreDuration::minutes(4)).await,
        ["token-1", "token-2", "token-3", "token-4"]
    );
}
