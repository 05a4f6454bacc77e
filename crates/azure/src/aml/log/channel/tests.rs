//! Tests of the parent module.

use super::*;

const STD_LOG: &str = "user_logs/std_log.txt";
const OUT: &str = "logs/azureml/driver/stdout";
const ERR: &str = "logs/azureml/driver/stderr";
const OTHER: &str = "logs/azureml/prepare.txt";

fn chosen(files: &[&str], wanted: Wanted, begun: &str, ended: bool) -> Vec<Channel> {
    let files = files
        .iter()
        .map(|path| ((*path).to_owned(), SasUrl::new("x")))
        .collect();
    let begun = begun.parse().unwrap();
    choose(&files, wanted, begun, ended)
        .into_iter()
        .map(|(channel, _)| channel)
        .collect()
}

#[test]
fn each_wish_has_its_files() {
    use Channel::{Both, Stderr, Stdout};
    for (files, wanted, begun, ended, expected) in [
        (
            &[STD_LOG, OUT, ERR][..],
            Wanted::All,
            "start",
            false,
            &[Both][..],
        ),
        (
            &[STD_LOG, OUT, ERR],
            Wanted::Stdout,
            "start",
            false,
            &[Stdout],
        ),
        (
            &[STD_LOG, OUT, ERR],
            Wanted::Stderr,
            "start",
            false,
            &[Stderr],
        ),
        // Second best.
        (&[OUT, ERR], Wanted::All, "start", false, &[Stdout, Stderr]),
        (&[STD_LOG], Wanted::Stderr, "start", false, &[Both]),
        (&[ERR], Wanted::Stdout, "start", false, &[]),
        // What was begun is kept, whatever has appeared since.
        (
            &[STD_LOG, OUT, ERR],
            Wanted::All,
            "stdout:5",
            false,
            &[Stdout, Stderr],
        ),
        (
            &[STD_LOG, OUT, ERR],
            Wanted::Stdout,
            "both:5",
            false,
            &[Both],
        ),
        // A file of neither stream is the last resort.
        (&[OTHER], Wanted::All, "start", false, &[]),
        (&[OTHER], Wanted::All, "start", true, &[Both]),
        (&[OTHER, OUT], Wanted::All, "start", true, &[Stdout]),
        (&[], Wanted::All, "start", true, &[]),
    ] {
        assert_eq!(
            chosen(files, wanted, begun, ended),
            expected,
            "{files:?} {wanted:?} {begun} {ended}"
        );
    }
}
