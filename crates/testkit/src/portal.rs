//! Azure as a person with every right sees it in the portal: what is there, asked through Azure's own routes.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use reqwest::{Client, Url};
use serde_json::Value;

use crate::emulator::Emulator;

/// Versions of the routes that are read here (contract §1, §7).
const ML_VERSION: &str = "2023-04-01";
const SYNAPSE_VERSION: &str = "2020-12-01";
/// More pages than anything here has.
const PAGES: usize = 1_000;

/// Reads what is there. Its requests are in the ledger like everybody's; it writes nothing.
#[derive(Debug)]
pub struct Portal<'a> {
    emulator: &'a Emulator,
    http: Client,
    authority: String,
}

impl<'a> Portal<'a> {
    /// Of an emulator.
    pub fn new(emulator: &'a Emulator) -> Result<Self> {
        let authority = emulator.url().trim_start_matches("https://").to_owned();
        let port = authority.rsplit(':').next().unwrap_or_default().parse()?;
        let synapse = format!(
            "{}.dev.azuresynapse.localhost",
            emulator.world().synapse_workspace
        );
        let http = Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(
                emulator.ca_pem().as_bytes(),
            )?])
            .no_proxy()
            .pool_max_idle_per_host(0)
            // Not every resolver knows names below localhost.
            .resolve(&synapse, SocketAddr::from(([127, 0, 0, 1], port)))
            .build()?;
        Ok(Self {
            emulator,
            http,
            authority,
        })
    }

    /// All runs of the workspace, whoever made them.
    pub async fn runs(&self) -> Result<Vec<Value>> {
        self.of_workspace("jobs").await
    }

    /// All computes of the workspace.
    pub async fn computes(&self) -> Result<Vec<Value>> {
        self.of_workspace("computes").await
    }

    /// All role assignments in the Synapse workspace at the scope of one of its pools.
    pub async fn pool_roles(&self) -> Result<Vec<Value>> {
        let host = format!("dev.azuresynapse.{}", self.authority);
        let token = self.token(&format!("https://{host}/.default")).await?;
        let synapse = &self.emulator.world().synapse_workspace;
        let url = format!("https://{synapse}.{host}/roleAssignments?api-version={SYNAPSE_VERSION}");
        let answer = self.get(&url, &token).await?;
        let all = answer.get("value").and_then(Value::as_array);
        let at_pool = |one: &&Value| {
            let scope = one.get("scope").and_then(Value::as_str);
            scope.is_some_and(|scope| scope.to_ascii_lowercase().contains("bigdatapools"))
        };
        Ok(all.into_iter().flatten().filter(at_pool).cloned().collect())
    }

    async fn of_workspace(&self, what: &str) -> Result<Vec<Value>> {
        let token = self
            .token(&format!("{}/.default", self.emulator.url()))
            .await?;
        let world = self.emulator.world();
        let workspace = world.resource(&format!(
            "Microsoft.MachineLearningServices/workspaces/{}",
            world.workspace
        ));
        let url = self.emulator.url();
        let mut next = Some(format!("{url}{workspace}/{what}?api-version={ML_VERSION}"));
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let Some(url) = next else { break };
            let page = self.get(&url, &token).await?;
            found.extend(
                page.get("value")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            next = page
                .get("nextLink")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        Ok(found)
    }

    async fn get(&self, url: &str, token: &str) -> Result<Value> {
        let answer = self.http.get(url).bearer_auth(token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn token(&self, scope: &str) -> Result<String> {
        let world = self.emulator.world();
        let url = format!("{}/{}/oauth2/v2.0/token", world.url, world.tenant);
        let form = Url::parse_with_params(
            &url,
            [
                ("grant_type", "client_credentials"),
                ("client_id", &world.client_id),
                ("client_secret", &world.client_secret),
                ("scope", scope),
            ],
        )?;
        let answer = self
            .http
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned())
            .send()
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token.map(str::to_owned).context("no access_token")
    }
}
