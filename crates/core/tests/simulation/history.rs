//! A value and all that it was: what a stale read sees.

#[derive(Clone, Debug)]
pub(crate) struct History<T> {
    versions: Vec<(i64, T)>,
}

impl<T> History<T> {
    pub(crate) fn new(now: i64, value: T) -> Self {
        Self {
            versions: vec![(now, value)],
        }
    }

    pub(crate) fn set(&mut self, now: i64, value: T) {
        self.versions.push((now, value));
    }

    pub(crate) fn last(&self) -> &T {
        &self.versions[self.versions.len() - 1].1
    }

    /// What it was at `time`; `None` before it began.
    pub(crate) fn at(&self, time: i64) -> Option<&T> {
        let later = self.versions.partition_point(|(since, _)| *since <= time);
        later.checked_sub(1).map(|index| &self.versions[index].1)
    }

    /// What it was at `time` and all that it has been since.
    pub(crate) fn since(&self, time: i64) -> impl Iterator<Item = &T> {
        let later = self.versions.partition_point(|(since, _)| *since <= time);
        let from = later.saturating_sub(1);
        self.versions[from..].iter().map(|(_, value)| value)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.versions.iter().map(|(_, value)| value)
    }
}
