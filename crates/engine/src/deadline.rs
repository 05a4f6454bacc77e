//! Every question to the apiserver has a deadline.

use std::time::Duration;

use crate::error::Error;

/// Seconds: what the apiserver itself gives a request by default is 60; half of it still leaves room for one try
/// more within the lease and probe periods that people set.
const ANSWER_WITHIN: u64 = 30;

/// Waits for the apiserver's answer, but not for ever.
pub async fn within<T>(
    op: &'static str,
    answer: impl Future<Output = Result<T, kube::Error>>,
) -> Result<Result<T, kube::Error>, Error> {
    tokio::time::timeout(Duration::from_secs(ANSWER_WITHIN), answer)
        .await
        .map_err(|_| Error::Silent {
            op,
            seconds: ANSWER_WITHIN,
        })
}
