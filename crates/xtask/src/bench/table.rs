//! Figures for people.

use super::figure::{Figure, Target};
use super::report::Measured;

/// A scenario as lines of text: name, value, floor or limit, what is to be reached and whether it is.
pub(super) fn of(measured: &Measured) -> String {
    let rows: Vec<[String; 4]> = measured.figures.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = format!("{} ({:.0} s)\n", measured.scenario, measured.seconds);
    for (row, figure) in rows.iter().zip(&measured.figures) {
        let [name, value, beside, verdict] = row;
        let [first, second, third] = widths;
        let line = format!("  {name:first$}  {value:>second$}  {beside:third$}  {verdict}");
        text.push_str(line.trim_end());
        text.push('\n');
        if let Some(note) = &figure.note {
            text.extend(["    ", note, "\n"]);
        }
    }
    text
}

fn row(figure: &Figure) -> [String; 4] {
    let unit = &figure.unit;
    let beside = figure.beside.as_ref();
    let verdict = match (figure.target, figure.reached) {
        (Some(target), Some(reached)) => {
            let (sign, bound) = match target {
                Target::AtMost(most) => ('≤', most),
                Target::AtLeast(least) => ('≥', least),
            };
            let word = if reached { "reached" } else { "NOT REACHED" };
            format!("{sign} {}  {word}", short(bound))
        }
        _ => String::new(),
    };
    [
        figure.name.clone(),
        format!("{} {unit}", short(figure.value))
            .trim_end()
            .to_owned(),
        beside.map_or_else(String::new, |beside| {
            format!("{} {}", beside.what, short(beside.value))
        }),
        verdict,
    ]
}

/// Three digits that count, and never less than a whole number has.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        0.0 => 0,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::figure::Figure;
    use super::super::report::Measured;
    use super::{of, short};

    #[test]
    fn numbers_are_as_long_as_they_mean_something() {
        let words = [0.0, 0.0123, 1.0, 1.004, 60.0, 97.26, 104.6, 12345.6].map(short);
        assert_eq!(
            words,
            ["0", "0.012", "1", "1", "60", "97.3", "105", "12346"]
        );
    }

    #[test]
    fn each_figure_stands_beside_what_it_is_judged_by() {
        let figures = vec![
            Figure::new("submitted", 97.26, "jobs/s")
                .beside("floor", 150.0)
                .at_least(95.0),
            Figure::new("writes", 8.0, "a job")
                .at_most(6.0)
                .note("5 patches, 3 events"),
            Figure::count("reads", 12),
        ];
        let measured = Measured::new("submit".to_owned(), Duration::from_secs(30), figures);
        assert_eq!(
            of(&measured),
            "submit (30 s)\n\
             \x20 submitted  97.3 jobs/s  floor 150  ≥ 95  reached\n\
             \x20 writes         8 a job             ≤ 6  NOT REACHED\n\
             \x20   5 patches, 3 events\n\
             \x20 reads               12\n"
        );
    }
}
