//! Tests of the parent module.

use super::*;

#[test]
fn the_drivers_log_comes_first() {
    let best_first = [
        "user_logs/std_log.txt",
        "user_logs/std_log_0.txt",
        "user_logs/other.txt",
        "logs/azureml/driver/stdout",
        "logs/azureml/driver/stderr",
        "logs/azureml/driver/syslog",
        "logs/azureml/executor/1/stdout",
        "logs/azureml/executor/1/stderr",
        "azureml-logs/70_mpi_log.txt",
    ];
    let map = best_first
        .iter()
        .map(|path| ((*path).to_owned(), SasUrl::new("x")))
        .collect();
    let found: Vec<&str> = ranked(&map).into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, best_first);
}

#[test]
fn the_tail_starts_with_a_whole_line() {
    assert_eq!(last_lines(b"one\ntwo\n", false), "one\ntwo\n");
    assert_eq!(last_lines(b"one\ntwo\n", true), "two\n");
    assert_eq!(last_lines(b"no line end", false), "no line end");
    let long = format!("{}\nend ä\n", "x".repeat(20_000));
    assert_eq!(last_lines(long.as_bytes(), false), "end ä\n");
}

#[test]
fn the_tail_shows_no_secret_not_even_one_that_begins_before_it() {
    let secret = format!("sig={} then\n", "x".repeat(20_000));
    assert_eq!(last_lines(secret.as_bytes(), true), "");
    assert_eq!(last_lines(secret.trim_end().as_bytes(), true), "");
    let both = format!("{secret}password = x |\nend");
    assert_eq!(
        last_lines(both.as_bytes(), true),
        "password = [secret] |\nend"
    );
}
