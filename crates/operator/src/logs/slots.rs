//! How many logs are read at the same time, and that nobody takes them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answer::Refusal;

/// Most of all. Each holds at most a megabyte and asks Azure some times a minute.
pub(super) const MOST: usize = 64;

/// Most of one user.
const MOST_OF_A_USER: usize = 8;

/// Most of the jobs of one namespace.
const MOST_OF_A_NAMESPACE: usize = 32;

/// Who reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots(Arc<Mutex<HashMap<Reading, usize>>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Reading {
    user: String,
    namespace: String,
}

/// The right to read one log; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    reading: Reading,
}

impl Slots {
    pub(super) fn take(&self, user: &str, namespace: &str) -> Result<Slot, Refusal> {
        let mut taken = self.lock();
        let count = |fits: &dyn Fn(&Reading) -> bool| -> usize {
            let fitting = taken.iter().filter(|(reading, _)| fits(reading));
            fitting.map(|(_, count)| count).sum()
        };
        if count(&|reading| reading.user == user) >= MOST_OF_A_USER {
            return Err(Refusal::too_many(format!(
                "you read {MOST_OF_A_USER} logs already"
            )));
        }
        if count(&|reading| reading.namespace == namespace) >= MOST_OF_A_NAMESPACE {
            return Err(Refusal::too_many(format!(
                "{MOST_OF_A_NAMESPACE} logs of this namespace are being read already"
            )));
        }
        if count(&|_| true) >= MOST {
            return Err(Refusal::too_many(format!(
                "{MOST} logs are being read already"
            )));
        }
        let reading = Reading {
            user: user.to_owned(),
            namespace: namespace.to_owned(),
        };
        *taken.entry(reading.clone()).or_default() += 1;
        Ok(Slot {
            slots: self.clone(),
            reading,
        })
    }

    /// Nothing panics while it is held, and a count is right at every time.
    fn lock(&self) -> MutexGuard<'_, HashMap<Reading, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        if let Some(count) = taken.get_mut(&self.reading) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.reading);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(refused: Result<Slot, Refusal>) -> String {
        refused.unwrap_err().message
    }

    #[test]
    fn nobody_takes_all_slots() {
        let slots = Slots::default();
        let mut anns: Vec<Slot> = (0..MOST_OF_A_USER)
            .map(|n| slots.take("ann", &format!("team-{n}")).unwrap())
            .collect();
        assert_eq!(why(slots.take("ann", "team")), "you read 8 logs already");
        let bobs = slots.take("bob", "team").unwrap();
        anns.pop();
        anns.push(slots.take("ann", "team").unwrap());
        drop((anns, bobs));
        assert!(slots.lock().is_empty());
    }

    #[test]
    fn no_namespace_takes_all_slots_and_there_are_no_more() {
        let slots = Slots::default();
        let mut held: Vec<Slot> = (0..MOST_OF_A_NAMESPACE)
            .map(|n| slots.take(&format!("user-{n}"), "team").unwrap())
            .collect();
        let refused = why(slots.take("ann", "team"));
        assert_eq!(refused, "32 logs of this namespace are being read already");
        held.extend((held.len()..MOST).map(|n| {
            slots
                .take(&format!("user-{n}"), &format!("other-{n}"))
                .unwrap()
        }));
        let refused = why(slots.take("ann", "another"));
        assert_eq!(refused, "64 logs are being read already");
    }
}
