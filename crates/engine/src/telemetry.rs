//! Logs: one line for a decision or a fault, on stderr, as text or as JSON.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For machines.
    #[default]
    Json,
    /// For people.
    Text,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            other => Err(format!("`{other}` is neither `json` nor `text`")),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Text => "text",
        })
    }
}

/// kube's own spans and lines say again what ours say.
const QUIET: &str = "kube_runtime=warn,kube_client=warn";

/// Sets the process's log going: level from `RUST_LOG`, which may speak of kube's too, `info` without it. Fails if there is one already.
pub fn init(format: Format) -> Result<(), tracing_subscriber::util::TryInitError> {
    let level = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_else(|_| "info".to_owned());
    // What comes later replaces what it repeats.
    let filter = EnvFilter::new(format!("{QUIET},{level}"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        Format::Json => lines.json().finish().try_init(),
        Format::Text => lines.finish().try_init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_reads_back_as_it_prints() {
        for format in [Format::Json, Format::Text] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("yaml".parse::<Format>().is_err());
    }
}
