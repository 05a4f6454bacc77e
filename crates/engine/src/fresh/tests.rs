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

#[tokio::test(start_paused = true)]
async fn where_answers_are_large_the_next_question_waits_for_the_one_before() {
    let fresh = Fresh::in_turn();
    let under_way = Arc::new(AtomicU32::new(0));
    let ask = async |wait: u64| {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let under_way = Arc::clone(&under_way);
        let question = async move |_| {
            let others = under_way.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(PAUSE * 5).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            Ok(others)
        };
        fresh.ask("a", question).await.unwrap()
    };
    let begun = Instant::now();
    let others = join_all([0, 150, 250, 350].map(ask)).await;
    assert_eq!(others, [0; 4]);
    assert_eq!(begun.elapsed(), PAUSE * 10, "one, and one for all others");
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_keeps_nobody_from_his_turn() {
    let fresh = Fresh::<&str, ()>::in_turn();
    let never = || fresh.ask("a", async |_| std::future::pending().await);
    let within = |wait: u32| PAUSE * wait;
    assert!(tokio::time::timeout(within(2), never()).await.is_err());
    let first = tokio::time::timeout(within(3), never());
    let second = tokio::time::timeout(within(2), fresh.ask("a", async |_| Ok(())));
    let (first, second) = futures::future::join(first, second).await;
    assert!(
        first.is_err() && second.is_err(),
        "one is under way for ever"
    );
    fresh.ask("a", async |_| Ok(())).await.unwrap();
}
