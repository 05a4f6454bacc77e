use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;

use super::*;

/// Says how often it was asked.
#[derive(Clone, Default)]
struct Oracle {
    fresh: Fresh<&'static str, u32>,
    asked: Arc<AtomicU32>,
}

impl Oracle {
    async fn ask(&self, key: &'static str) -> u32 {
        let asked = Arc::clone(&self.asked);
        let question = async move |_| {
            let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
            // The answer takes its time.
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(number)
        };
        self.fresh.ask(key, question).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_alone_is_answered_at_once() {
    let oracle = Oracle::default();
    let begun = Instant::now();
    assert_eq!(oracle.ask("a").await, 1);
    assert_eq!(begun.elapsed(), Duration::from_millis(10));
    tokio::time::advance(PAUSE).await;
    let begun = Instant::now();
    assert_eq!(oracle.ask("a").await, 2);
    assert_eq!(begun.elapsed(), Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_a_question_is_under_way_gets_the_answer_to_the_next() {
    let oracle = Oracle::default();
    let first = tokio::spawn({
        let oracle = oracle.clone();
        async move { oracle.ask("a").await }
    });
    // The first question is put, and not answered.
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(oracle.asked.load(Ordering::SeqCst), 1);
    let others = join_all((0..50).map(|_| oracle.ask("a"))).await;
    assert_eq!(first.await.unwrap(), 1);
    assert_eq!(
        others, [2; 50],
        "one question for all of them, put after they asked"
    );
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_question() {
    let oracle = Oracle::default();
    let both = join_all([oracle.ask("a"), oracle.ask("b")]).await;
    assert_eq!(both, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn one_who_goes_away_leaves_the_question_to_the_others() {
    let oracle = Oracle::default();
    oracle.ask("a").await;
    // Both wait for the pause to end; the first one is dropped.
    let gone = tokio::time::timeout(Duration::from_millis(1), oracle.ask("a"));
    let (gone, stays) = tokio::join!(gone, oracle.ask("a"));
    assert!(gone.is_err());
    assert_eq!(stays, 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_everybodys_and_the_next_question_is_put_again() {
    let fresh = Fresh::<&str, u32>::default();
    let refuse = async |_| Err(Error::Stale);
    let both = join_all([fresh.ask("a", refuse), fresh.ask("a", refuse)]).await;
    assert!(
        both.iter()
            .all(|one| one.as_ref().is_err_and(|e| e.as_str() == "stale"))
    );
    assert_eq!(fresh.ask("a", async |_| Ok(7)).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn keys_that_nobody_asks_for_any_more_are_forgotten() {
    let fresh = Fresh::<usize, usize>::default();
    for key in 0..3 * REMEMBERED {
        assert_eq!(fresh.ask(key, async |key| Ok(key)).await.unwrap(), key);
        if key % 100 == 0 {
            tokio::time::advance(PAUSE).await;
        }
    }
    assert!(fresh.lock().len() <= REMEMBERED);
}
