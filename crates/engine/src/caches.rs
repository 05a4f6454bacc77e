//! Which caches are still being filled. Nobody decides before all of them are: a workspace that was not listed
//! yet looks just like one that does not exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;

/// The caches of this process. Clones share the list.
#[derive(Clone, Debug)]
pub struct Caches {
    waiting: Arc<watch::Sender<BTreeSet<String>>>,
}

impl Default for Caches {
    fn default() -> Self {
        Self::new()
    }
}

impl Caches {
    /// No cache yet.
    pub fn new() -> Self {
        Self {
            waiting: Arc::new(watch::Sender::new(BTreeSet::new())),
        }
    }

    /// What is still being filled, by name.
    pub fn waiting_for(&self) -> Vec<String> {
        self.waiting.borrow().iter().cloned().collect()
    }

    /// Returns when every cache that was expected has been filled once.
    pub async fn filled(&self) {
        let mut receiver = self.waiting.subscribe();
        // The sender lives as long as `self`, so the wait ends only by becoming true.
        let _ = receiver.wait_for(BTreeSet::is_empty).await;
    }

    pub(crate) fn expect(&self, name: &str) {
        self.waiting.send_modify(|waiting| {
            waiting.insert(name.to_owned());
        });
    }

    pub(crate) fn is_filled(&self, name: &str) {
        self.waiting
            .send_if_modified(|waiting| waiting.remove(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn filled_when_the_last_one_is() {
        let caches = Caches::new();
        caches.expect("jobs");
        caches.expect("workspaces");
        caches.is_filled("jobs");
        assert_eq!(caches.waiting_for(), ["workspaces"]);
        let waiter = tokio::spawn({
            let caches = caches.clone();
            async move { caches.filled().await }
        });
        caches.is_filled("workspaces");
        waiter.await.unwrap();
        assert!(caches.waiting_for().is_empty());
    }
}
