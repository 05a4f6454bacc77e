//! Azure has less than its published numbers say, since others use the same principal: what is left is learnt from the
//! answers, a refusal slows us down, and while Azure wants rest nothing is sent.

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::{Entry, Requests};
use azureml_spark_testkit::stack::Stack;
use jiff::Timestamp;
use serde_json::json;

use crate::crowd::Crowd;

/// More than the operator may send at the same time (its `--concurrency`): what was on its way cannot be called back.
const UNDER_WAY: usize = 32;
/// Longer than any request of ours is on its way.
const REST: u32 = 20;

pub(crate) async fn play(stack: &Stack) -> Result<()> {
    let emulator = stack.emulator();
    let (first, second) = (stack.scope("first").await?, stack.scope("second").await?);
    stack.operator().start().await?;

    // Ten tokens and two a second: the answers to the first four tell that there are not two hundred.
    let crowd = Crowd::gather(&first, 50).await?;
    crowd.submitted().await?;
    let all = emulator.requests_since(0).await?;
    let puts = all.matching("PUT", &["/jobs/"]);
    let refused = count(&puts, 429);
    assert_eq!(
        puts.0.len(),
        50 + refused,
        "one PUT a job beside those refused: {puts}"
    );
    // Who keeps to his own numbers is refused two times of three.
    assert!(refused <= 15, "{refused} refused: {puts}");
    crowd.shows_no_trouble("").await?;

    // Azure wants rest: nothing of that kind goes before its time.
    let since = emulator.now().await?;
    emulator
        .inject(json!({
            "method": "PUT", "path": "/jobs/", "skip": 2, "count": 1,
            "action": {"kind": "status", "status": 429, "retryAfter": REST,
                       "body": {"error": {"code": "TooManyRequests", "message": "slow down"}}},
        }))
        .await?;
    let crowd = Crowd::gather(&second, 20).await?;
    crowd.submitted().await?;
    let all = emulator.requests_since(since).await?;
    let is_counted = |one: &Entry| {
        ["PUT", "POST"].contains(&one.method.as_str()) && one.path.starts_with("/subscriptions/")
    };
    let writes: Vec<Entry> = all.0.into_iter().filter(is_counted).collect();
    let refused = writes.iter().position(|one| one.status == Some(429));
    let refused = refused.context("nothing was refused")?;
    let at = |one: &Entry| one.time.parse::<Timestamp>().context("a time");
    let from = at(&writes[refused])?;
    let mut under_way = 0;
    for one in &writes[refused + 1..] {
        let after = at(one)?.duration_since(from).as_secs_f64();
        if after < f64::from(REST) / 4.0 {
            under_way += 1;
        } else {
            assert!(
                after >= f64::from(REST),
                "{one:?} went {after} s after the refusal"
            );
        }
    }
    assert!(under_way <= UNDER_WAY, "{under_way}");
    crowd.shows_no_trouble("").await?;
    assert!(!crowd.said("Reconciling/WaitingForBudget").is_empty());
    Ok(())
}

fn count(requests: &Requests, status: u16) -> usize {
    let refused = requests.0.iter().filter(|one| one.status == Some(status));
    refused.count()
}
