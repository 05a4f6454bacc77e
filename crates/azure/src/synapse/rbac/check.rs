//! Whether a grant has taken effect.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::request::{Call, Effect};
use crate::response::{Refusal, Response};

/// `POST /checkAccessSynapseRbac`: may this principal (an object id) do these things at this scope?
/// The scope is written as for a grant. 200. Changes nothing, so a lost answer is asked for again.
/// Contract §7.
pub fn check_access(
    workspace: &str,
    principal_id: &str,
    scope: &str,
    actions: &[&str],
) -> Call<Vec<Decision>> {
    #[derive(Serialize)]
    struct Body<'a> {
        subject: Subject<'a>,
        actions: Vec<Action<'a>>,
        scope: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Subject<'a> {
        principal_id: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Action<'a> {
        id: &'a str,
        is_data_action: bool,
    }
    let path = ["checkAccessSynapseRbac"];
    let actions = actions.iter().map(|id| Action {
        id,
        is_data_action: true,
    });
    let mut request = super::request("rbac.check", Method::POST, workspace, &path).json(&Body {
        subject: Subject { principal_id },
        actions: actions.collect(),
        scope,
    });
    request.effect = Effect::Read;
    request.parsed_by(decisions)
}

/// What Synapse says to one action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Decision {
    /// `Allowed` or `NotAllowed`.
    pub access_decision: String,
    /// The action that was asked about.
    pub action_id: String,
}

impl Decision {
    /// Whether the action is allowed; only Synapse's word for it counts.
    pub fn is_allowed(&self) -> bool {
        self.access_decision.eq_ignore_ascii_case("Allowed")
    }
}

/// The key is `AccessDecisions` in the SDK's model and in recorded answers, and `accessDecisions` in
/// the published example.
fn decisions(response: &Response) -> Result<Vec<Decision>, Refusal> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "AccessDecisions", alias = "accessDecisions")]
        decisions: Vec<Decision>,
    }
    response.json::<Answer>().map(|answer| answer.decisions)
}
