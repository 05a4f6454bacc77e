//! One number that was measured, with what it is judged by.

use serde::Serialize;

/// A figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) unit: String,
    /// The floor or limit from the same run, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beside: Option<Beside>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target>,
    /// Whether the target is reached; none where there is no target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reached: Option<bool>,
    /// What the number is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

/// What could be had at best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Beside {
    pub(super) what: String,
    pub(super) value: f64,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    fn reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl Figure {
    pub(super) fn new(name: &str, value: f64, unit: &str) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            beside: None,
            target: None,
            reached: None,
            note: None,
        }
    }

    /// A number of things.
    pub(super) fn count(name: &str, count: usize) -> Self {
        Self::new(name, number(count), "")
    }

    /// Beside the floor or limit from the same run.
    pub(super) fn beside(mut self, what: &str, value: f64) -> Self {
        self.beside = Some(Beside {
            what: what.to_owned(),
            value,
        });
        self
    }

    pub(super) fn at_most(self, most: f64) -> Self {
        self.judged_by(Target::AtMost(most))
    }

    pub(super) fn at_least(self, least: f64) -> Self {
        self.judged_by(Target::AtLeast(least))
    }

    fn judged_by(mut self, target: Target) -> Self {
        self.target = Some(target);
        self.reached = Some(target.reached(self.value));
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// A count as a number.
#[allow(
    clippy::cast_precision_loss,
    reason = "counts of requests and objects, far below 2^52"
)]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

/// So many for each of so many.
pub(super) fn each(count: usize, of: usize) -> f64 {
    number(count) / number(of.max(1))
}

/// The smallest value that a share of all is not above (nearest rank); `values` need not be in order.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into a list, from a share of its length"
)]
pub(super) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * number(values.len())).ceil() as usize;
    let index = rank.saturating_sub(1);
    values.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Figure, percentile};

    #[test]
    fn a_target_is_reached_at_its_very_number() {
        let reached = |figure: Figure| figure.reached;
        let figure = || Figure::new("x", 6.0, "writes");
        assert_eq!(reached(figure()), None);
        assert_eq!(reached(figure().at_most(6.0)), Some(true));
        assert_eq!(reached(figure().at_most(5.99)), Some(false));
        assert_eq!(reached(figure().at_least(6.0)), Some(true));
        assert_eq!(reached(figure().at_least(6.01)), Some(false));
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert!((percentile(&values, 50.0) - 100.0).abs() < 1e-9);
        assert!((percentile(&values, 99.0) - 198.0).abs() < 1e-9);
        assert!((percentile(&values, 100.0) - 200.0).abs() < 1e-9);
        assert!((percentile(&[7.0], 1.0) - 7.0).abs() < 1e-9);
        assert!(percentile(&[], 50.0).is_nan());
    }
}
