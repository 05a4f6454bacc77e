//! What must not be kept of a request: signatures, keys, tokens.

use serde_json::Value;

const HIDDEN: &str = "REDACTED";

/// Query parameters that are secrets: a SAS is worth nothing without its signature, and OAuth forms
/// never travel in a query unless by mistake.
const SECRET_PARAMETERS: [&str; 5] = [
    "sig",
    "client_secret",
    "client_assertion",
    "access_token",
    "code",
];

/// Words that make the value of a JSON field (or of a Spark setting such as
/// `fs.azure.account.key.…`) a secret.
const SECRET_WORDS: [&str; 7] = [
    "secret",
    "password",
    "sastoken",
    "sasuri",
    "account.key",
    "fs.azure.sas",
    "accountkey",
];

/// Path and query without signatures.
pub(crate) fn path(path_and_query: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return path_and_query.to_owned();
    };
    let query: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => {
                format!("{name}={HIDDEN}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

/// A JSON body with the values of secret fields hidden, and signatures inside of URLs too.
pub(crate) fn body(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = if is_secret(&name) {
                        hidden(&value)
                    } else {
                        body(value)
                    };
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(body).collect()),
        Value::String(text) if text.contains("sig=") => Value::String(path(&text)),
        other => other,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "key" || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// `expirableSecret: true` says nothing; texts and what is below them do.
fn hidden(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Object(_) | Value::Array(_) => Value::String(HIDDEN.to_owned()),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn signatures_leave_the_path() {
        assert_eq!(
            super::path("/c/b?sv=1&sig=abc%3D&se=2"),
            "/c/b?sv=1&sig=REDACTED&se=2"
        );
        assert_eq!(super::path("/c/b"), "/c/b");
        assert_eq!(
            super::path("/j?api-version=1&SIG=x"),
            "/j?api-version=1&SIG=REDACTED"
        );
    }

    #[test]
    fn secrets_leave_the_body() {
        let body = super::body(json!({
            "properties": {
                "credentials": {"credentialsType": "AccountKey", "secrets": {"key": "k"}},
                "conf": {"fs.azure.account.key.a.dfs.core.windows.net": "k", "spark.driver.cores": "1"},
                "codeUri": "https://a/b?sv=1&sig=s",
                "list": [{"clientSecret": "c"}],
            },
            "expirableSecret": true,
        }));
        assert_eq!(
            body,
            json!({
                "properties": {
                    "credentials": {"credentialsType": "AccountKey", "secrets": "REDACTED"},
                    "conf": {"fs.azure.account.key.a.dfs.core.windows.net": "REDACTED", "spark.driver.cores": "1"},
                    "codeUri": "https://a/b?sv=1&sig=REDACTED",
                    "list": [{"clientSecret": "REDACTED"}],
                },
                "expirableSecret": true,
            })
        );
    }
}
