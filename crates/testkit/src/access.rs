//! What a `ServiceAccount` may do, as the chart renders it, and what it did, as the apiserver's audit log saw it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};
use k8s_openapi::api::rbac::v1::ClusterRole;
use serde_json::Value;

/// One verb on one resource, `group/resource/subresource`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// API group; empty for the core group.
    pub group: String,
    /// Resource, with `/` and subresource where there is one.
    pub resource: String,
    /// `get`, `list`, `watch`, `create`, `patch`, …
    pub verb: String,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in \"{}\"", self.verb, self.resource, self.group)
    }
}

/// All that a role allows.
pub fn granted(role: &ClusterRole) -> BTreeSet<Access> {
    let mut all = BTreeSet::new();
    for rule in role.rules.iter().flatten() {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                all.extend(rule.verbs.iter().map(|verb| Access {
                    group: group.clone(),
                    resource: resource.clone(),
                    verb: verb.clone(),
                }));
            }
        }
    }
    all
}

/// All that was asked for in an audit log, and whether it was ever refused for want of a right.
pub fn asked(audit_log: &Path) -> Result<(BTreeSet<Access>, BTreeSet<Access>)> {
    let text = std::fs::read_to_string(audit_log)
        .with_context(|| format!("{} cannot be read", audit_log.display()))?;
    let (mut asked, mut forbidden) = (BTreeSet::new(), BTreeSet::new());
    // The last line may be half written.
    for event in text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
    {
        let word = |pointer: &str| {
            event
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        if word("/objectRef/resource").is_empty() {
            continue;
        }
        let subresource = word("/objectRef/subresource");
        let slash = if subresource.is_empty() { "" } else { "/" };
        let access = Access {
            group: word("/objectRef/apiGroup").to_owned(),
            resource: format!("{}{slash}{subresource}", word("/objectRef/resource")),
            verb: word("/verb").to_owned(),
        };
        if event
            .pointer("/responseStatus/code")
            .and_then(Value::as_u64)
            == Some(403)
        {
            forbidden.insert(access.clone());
        }
        asked.insert(access);
    }
    Ok((asked, forbidden))
}
