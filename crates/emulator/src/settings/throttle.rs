//! Sizes of the token buckets.

use serde::{Deserialize, Serialize};

/// Token buckets per principal and kind of request, at Azure's published sizes (contract §0.4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// Whether requests are counted at all.
    pub enabled: bool,
    /// GET and HEAD.
    pub reads: Bucket,
    /// PUT, PATCH and POST.
    pub writes: Bucket,
    /// DELETE.
    pub deletes: Bucket,
}

/// One token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bucket {
    /// Most tokens it holds.
    pub size: f64,
    /// Tokens that it gains in a second.
    pub per_second: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: false,
            reads: Bucket {
                size: 250.0,
                per_second: 25.0,
            },
            writes: Bucket {
                size: 200.0,
                per_second: 10.0,
            },
            deletes: Bucket {
                size: 200.0,
                per_second: 10.0,
            },
        }
    }
}
