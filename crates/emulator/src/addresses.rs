//! Every URL and audience that follows from the port.

/// Where the emulated clouds' endpoints are.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The port that the server listens on.
    pub(crate) port: u16,
    /// `https://localhost:PORT`, without a slash at the end.
    pub(crate) base: String,
    /// Audience of resource manager and run history, with its slash.
    pub(crate) arm_audience: String,
    /// Audience of the header `x-azureml-token`.
    pub(crate) aml_audience: String,
    /// Audience of the Synapse data plane.
    pub(crate) synapse_audience: String,
    /// Audience of blob storage.
    pub(crate) storage_audience: String,
}

/// What a token may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Resource manager and run history (contract §0.1).
    ResourceManager,
    /// Azure ML itself.
    MachineLearning,
    /// Synapse data plane.
    Synapse,
    /// Blob storage.
    Storage,
}

impl Addresses {
    pub(crate) fn new(port: u16) -> Self {
        let base = format!("https://localhost:{port}");
        Self {
            port,
            arm_audience: format!("{base}/"),
            aml_audience: format!("{base}/aml"),
            synapse_audience: format!("https://dev.azuresynapse.localhost:{port}"),
            storage_audience: format!("https://storage.localhost:{port}"),
            base,
        }
    }

    /// How the audience is written in a token.
    pub(crate) fn written(&self, audience: Audience) -> &str {
        match audience {
            Audience::ResourceManager => &self.arm_audience,
            Audience::MachineLearning => &self.aml_audience,
            Audience::Synapse => &self.synapse_audience,
            Audience::Storage => &self.storage_audience,
        }
    }

    /// The audience that a resource names, ignoring slashes at its end.
    pub(crate) fn audience(&self, resource: &str) -> Option<Audience> {
        const ALL: [Audience; 4] = [
            Audience::ResourceManager,
            Audience::MachineLearning,
            Audience::Synapse,
            Audience::Storage,
        ];
        let wanted = resource.trim_end_matches('/');
        ALL.into_iter().find(|audience| {
            self.written(*audience)
                .trim_end_matches('/')
                .eq_ignore_ascii_case(wanted)
        })
    }

    /// `https://{account}.blob.core.localhost:PORT`.
    pub(crate) fn blob(&self, account: &str) -> String {
        format!("https://{account}.blob.core.localhost:{}", self.port)
    }
}
