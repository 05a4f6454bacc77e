//! Paths of the resource manager. Their fixed words compare without case (contract §0.1); this is the
//! one place that puts them into the case that the routes are written in.

use std::fmt;

/// Every fixed word of the routes, as they are written.
const WORDS: &[&str] = &[
    "subscriptions",
    "resourceGroups",
    "providers",
    "workspaces",
    "computes",
    "jobs",
    "cancel",
    "codes",
    "versions",
    "startPendingUpload",
    "environments",
    "data",
    "models",
    "datastores",
    "listSecrets",
    "bigDataPools",
    "roleAssignments",
    "roleDefinitions",
    "locations",
    "computeOperationsStatus",
    "workspaceOperationsStatus",
    "mfeOperationsStatus",
    "mfeOperationResults",
    "components",
    "schedules",
    "outboundRules",
    "linkedServices",
    "runs",
    "details",
    "children",
    "services",
    "rundata",
    "experiments",
    "experimentids",
    "artifacts",
    "contentinfo",
    "artifacturi",
    "userAssignedIdentities",
    "storageAccounts",
    "managedVirtualNetworks",
    "managedPrivateEndpoints",
];

/// The namespaces, which stand where otherwise a name stands.
const NAMESPACES: &[&str] = &[
    "Microsoft.MachineLearningServices",
    "Microsoft.Synapse",
    "Microsoft.Authorization",
    "Microsoft.ManagedIdentity",
    "Microsoft.Storage",
];

/// Services of a workspace's region that repeat the resource's own path behind their name and version.
const REGIONAL: [(&str, &str); 2] = [("history", "/history/v1.0"), ("data", "/data/v1.0")];

/// A path in its segments, fixed words in one case, names as they were sent (percent-encoded still).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// What stands before the resource's own path, if the request is for a regional service.
    service: &'static str,
    segments: Vec<String>,
}

impl Path {
    /// Reads a path.
    pub(crate) fn new(path: &str) -> Self {
        let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let service = match segments.as_slice() {
            [first, version, ..] if version.eq_ignore_ascii_case("v1.0") => REGIONAL
                .into_iter()
                .find_map(|(name, written)| first.eq_ignore_ascii_case(name).then_some(written))
                .unwrap_or_default(),
            _ => "",
        };
        if !service.is_empty() {
            segments.drain(..2);
        }
        let mut written: Vec<String> = Vec::with_capacity(segments.len());
        for (index, segment) in segments.into_iter().enumerate() {
            let after_providers = written.last().is_some_and(|last| last == "providers");
            // Words and names take turns: `subscriptions/{name}/resourceGroups/{name}/…`.
            written.push(if after_providers && index % 2 == 1 {
                canonical(NAMESPACES, segment)
            } else if index % 2 == 0 {
                canonical(WORDS, segment)
            } else {
                segment.to_owned()
            });
        }
        Self {
            service,
            segments: written,
        }
    }

    /// Whether the resource manager's token is asked for: everything in a subscription.
    pub(crate) fn needs_token(&self) -> bool {
        self.segments
            .first()
            .is_some_and(|first| first == "subscriptions" || first == "providers")
    }

    /// The name after a fixed word, percent-decoded.
    pub(crate) fn name_after(&self, word: &str) -> Option<String> {
        self.segments
            .chunks(2)
            .find(|pair| pair.first().is_some_and(|first| first == word))
            .and_then(|pair| pair.get(1))
            .map(|name| {
                percent_encoding::percent_decode_str(name)
                    .decode_utf8_lossy()
                    .into_owned()
            })
    }

    /// The namespace of the resource, and its type such as `workspaces/computes`.
    pub(crate) fn resource_type(&self) -> Option<(String, String)> {
        let at = self
            .segments
            .iter()
            .rposition(|segment| segment == "providers")?;
        let namespace = self.segments.get(at + 1)?.clone();
        let words: Vec<&str> = self
            .segments
            .iter()
            .skip(at + 2)
            .step_by(2)
            .map(String::as_str)
            .collect();
        Some((namespace, words.join("/")))
    }

    /// The scope and the name, if this is a role assignment of the resource manager, or their list.
    pub(crate) fn role_assignment(&self) -> Option<(String, Option<String>)> {
        let at = self
            .segments
            .iter()
            .rposition(|segment| segment == "providers")?;
        match self.segments.get(at + 1..)? {
            [namespace, kind, rest @ ..]
                if namespace == "Microsoft.Authorization" && kind == "roleAssignments" =>
            {
                let scope = self.segments.get(..at)?.join("/");
                match rest {
                    [] => Some((format!("/{scope}"), None)),
                    [name] => Some((format!("/{scope}"), Some(name.clone()))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The path from its namespace on with `*` in place of names: what many requests have in common. Of a path without a
    /// namespace, the last word.
    pub(crate) fn pattern(&self) -> String {
        let of = |segment: &str| segment == "providers";
        let Some(at) = self.segments.iter().rposition(|segment| of(segment)) else {
            return self.segments.last().cloned().unwrap_or_default();
        };
        let service = self.service.trim_start_matches('/').split('/').next();
        let mut pattern = service
            .filter(|service| !service.is_empty())
            .map(|service| format!("{service}/"))
            .unwrap_or_default();
        let mut segments = self.segments.iter().skip(at + 1);
        pattern.extend(segments.next().map(String::as_str));
        for (index, segment) in segments.enumerate() {
            pattern.push('/');
            pattern.push_str(if index % 2 == 0 { segment } else { "*" });
        }
        pattern
    }

    /// Whether this is a path of a regional service, and not of the resource manager.
    pub(crate) fn is_regional(&self) -> bool {
        !self.service.is_empty()
    }

    /// The path of the resource alone.
    pub(crate) fn resource(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.service, self.resource())
    }
}

fn canonical(words: &[&str], segment: &str) -> String {
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(segment))
        .map_or(segment, |word| word)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::Path;

    const COMPUTE: &str = "/Subscriptions/S/resourcegroups/G/PROVIDERS/microsoft.machinelearningservices/Workspaces/jobs/COMPUTES/Data";

    #[test]
    fn fixed_words_get_one_case_and_names_keep_theirs() {
        let path = Path::new(COMPUTE);
        assert_eq!(
            path.to_string(),
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/jobs/computes/Data"
        );
        assert_eq!(path.name_after("computes").as_deref(), Some("Data"));
        assert_eq!(path.name_after("workspaces").as_deref(), Some("jobs"));
        assert_eq!(
            path.resource_type(),
            Some((
                "Microsoft.MachineLearningServices".to_owned(),
                "workspaces/computes".to_owned()
            ))
        );
    }

    #[test]
    fn regional_services_are_told_apart() {
        let path = Path::new(
            "/History/v1.0/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/RUNS/r/Details",
        );
        assert!(path.is_regional() && path.needs_token());
        assert!(
            path.to_string()
                .starts_with("/history/v1.0/subscriptions/s/")
        );
        assert!(path.to_string().ends_with("/workspaces/w/runs/r/details"));
        assert!(path.resource().starts_with("/subscriptions/s/"));
        let data = Path::new("/data/v1.0/subscriptions/s");
        assert!(data.is_regional() && data.needs_token());
        assert!(!Path::new("/history/v1.0").needs_token());
        assert!(!Path::new("/tenant/oauth2/v2.0/token").needs_token());
    }

    #[test]
    fn role_assignments_have_any_scope() {
        let scope =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";
        let path = Path::new(&format!(
            "{scope}/providers/microsoft.authorization/roleassignments/guid"
        ));
        assert_eq!(
            path.role_assignment(),
            Some((scope.to_owned(), Some("guid".to_owned())))
        );
        let list = Path::new("/subscriptions/s/providers/Microsoft.Authorization/roleAssignments");
        assert_eq!(
            list.role_assignment(),
            Some(("/subscriptions/s".to_owned(), None))
        );
        assert_eq!(Path::new(COMPUTE).role_assignment(), None);
    }
}
