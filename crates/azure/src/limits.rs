//! How many requests Resource Manager takes from one principal.

use serde::{Deserialize, Serialize};

use crate::request::Effect;

/// A token bucket: a request takes a token, and whoever finds none is refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// Most tokens that it holds.
    pub size: f64,
    /// Tokens that it gains in a second.
    pub per_second: f64,
}

impl Rate {
    /// That part of it, in percent; never so little that a request could not go.
    #[must_use]
    pub fn part(self, percent: u8) -> Self {
        let part = f64::from(percent) / 100.0;
        Self {
            size: (self.size * part).max(1.0),
            per_second: self.per_second * part,
        }
    }

    fn is_usable(self) -> bool {
        let Self { size, per_second } = self;
        (1.0..=1e9).contains(&size) && (0.01..=1e9).contains(&per_second)
    }
}

/// What Resource Manager gives a principal in a subscription: those published for Azure's clouds unless a cloud says
/// otherwise (contract §0.4). Other hosts publish no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// GET and HEAD.
    pub reads: Rate,
    /// PUT, PATCH and POST.
    pub writes: Rate,
    /// DELETE.
    pub deletes: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        let rate = |size, per_second| Rate { size, per_second };
        Self {
            reads: rate(250.0, 25.0),
            writes: rate(200.0, 10.0),
            deletes: rate(200.0, 10.0),
        }
    }
}

impl Limits {
    /// The bucket of a kind of request.
    pub fn of(&self, effect: Effect) -> Rate {
        match effect {
            Effect::Read => self.reads,
            Effect::Write => self.writes,
            Effect::Delete => self.deletes,
        }
    }

    /// What is wrong with them, in words for their author.
    pub(crate) fn fault(&self) -> Option<String> {
        let all = [
            ("reads", self.reads),
            ("writes", self.writes),
            ("deletes", self.deletes),
        ];
        let (field, _) = all.into_iter().find(|(_, rate)| !rate.is_usable())?;
        Some(format!(
            "limits.{field}: size must be at least 1, and perSecond at least 0.01"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_of_both_numbers_and_lets_a_request_go() {
        let rate = Limits::default().of(Effect::Write);
        let half = rate.part(50);
        assert_eq!((half.size, half.per_second), (100.0, 5.0));
        let small = Rate {
            size: 10.0,
            per_second: 1.0,
        };
        assert!((small.part(1).size - 1.0).abs() < 1e-9);
        assert_eq!(rate.part(100), rate);
    }
}
