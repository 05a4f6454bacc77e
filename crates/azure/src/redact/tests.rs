//! Tests of the parent module.

use super::secrets::work;
use super::*;

#[test]
fn a_signed_address_shows_no_signature() {
    let sas = SasUrl::new("https://a.blob.core.windows.net:444/c/x?sv=1&sig=s3cret");
    assert_eq!(
        format!("{sas:?}"),
        "SasUrl(https://a.blob.core.windows.net:444/c/x)"
    );
    assert_eq!(
        format!("{:?}", SasUrl::new("s3cret")),
        "SasUrl(not an address)"
    );
}

#[test]
fn texts_lose_signatures_tokens_and_line_breaks() {
    let token = format!("eyJ{}", "a".repeat(80));
    let shown = text(&format!(
        "see https://a/b?sv=1&sig=s3cret\n or \"{token}\" now"
    ));
    assert_eq!(shown, "see https://a/b?[signature] or \"[token] now");
    assert_eq!(text("eyJ is short"), "eyJ is short");
}

#[test]
fn texts_are_bounded_at_a_character() {
    let shown = text(&"ä".repeat(5_000));
    assert!(shown.len() <= LONGEST_TEXT + '…'.len_utf8());
    assert!(shown.ends_with("ä…"));
}

#[test]
fn secrets_are_cut_whatever_stands_before_them() {
    for (raw, shown) in [
        (
            "see https://a.blob/c/b?sv=1&sig=abc now",
            "see https://a.blob/c/b?[signature] now",
        ),
        (
            "conf fs.azure.sas.c.a=sv=1&sig=abc",
            "conf fs.azure.sas.c.a=?[signature]",
        ),
        ("sv=1&se=2&sig=abc", "?[signature]"),
        ("https://a/b?x=1&SIG=abc", "https://a/b?x=1&?[signature]"),
        (
            "Protocol=https;AccountKey=abc==",
            "Protocol=https;AccountKey=[secret]",
        ),
        ("client_secret=abc", "client_secret=[secret]"),
        ("a plain word", "a plain word"),
    ] {
        assert_eq!(text(raw), shown);
    }
}

#[test]
fn the_earliest_secret_of_a_word_is_cut() {
    let shown = line("conf=AccountKey=abc;url=https://a/b?sv=1&sig=def next");
    assert_eq!(shown, "conf=AccountKey=[secret] next");
    let shown = line("https://a/b?sv=1&sig=def;AccountKey=abc next");
    assert_eq!(shown, "https://a/b?[signature] next");
}

#[test]
fn secrets_are_cut_in_every_form_that_they_are_printed_in() {
    for (raw, shown) in [
        (
            "fs.azure.account.key.a.dfs.core.windows.net=TheKey== |",
            "fs.azure.account.key.a.dfs.core.windows.net=[secret] |",
        ),
        (
            "fs.azure.account.key.a.dfs.core.windows.net = TheKey== |",
            "fs.azure.account.key.a.dfs.core.windows.net = [secret] |",
        ),
        (
            "spark.hadoop.fs.azure.account.key.a  TheKey/TheKey/TheKey== |",
            "spark.hadoop.fs.azure.account.key.a  [secret] |",
        ),
        (
            "('spark.hadoop.fs.azure.account.key.a', 'TheKey'), ('b', 'c')",
            "('spark.hadoop.fs.azure.account.key.a', '[secret] ('b', 'c')",
        ),
        (
            "fs.azure.account.oauth2.client.secret.a.net: TheKey |",
            "fs.azure.account.oauth2.client.secret.a.net: [secret] |",
        ),
        (
            r#"{"AccountKey": "The Key", "a": 1}"#,
            r#"{"AccountKey": "[secret] "a": 1}"#,
        ),
        (
            r#"{"accountKey":"The Key","b c": 1}"#,
            r#"{"accountKey":"[secret] c": 1}"#,
        ),
        (
            r#""{\"password\": \"The Key\", \"a\""#,
            r#""{\"password\": \"[secret] \"a\""#,
        ),
        (
            r#"{"password": "The \" Key" }"#,
            r#"{"password": "[secret] }"#,
        ),
        ("{'sig': 'TheKey' }", "{'sig': '[secret] }"),
        ("password = TheKey |", "password = [secret] |"),
        ("password: b'The Key' |", "password: b'[secret] |"),
        ("Password=\"The Key\" |", "Password=\"[secret] |"),
        (
            "login --db-password TheKey |",
            "login --db-password [secret] |",
        ),
        (
            "Server=a;Uid=b;Pwd=TheKey; |",
            "Server=a;Uid=b;Pwd=[secret] |",
        ),
        ("curl -H Bearer TheKey |", "curl -H Bearer [token] |"),
        (
            "{'Authorization': 'Bearer TheKey' }",
            "{'Authorization': '[secret] }",
        ),
        ("Authorization: Basic TheKey |", "Authorization: [secret] |"),
        (
            "x?u=https%3A//a%3Fsv%3D1%26sig%3DTheKey |",
            "x?u=https%3A//a%3F?[signature] |",
        ),
        (
            r"https://a/b?sv\u003d1\u0026sig\u003dTheKey |",
            "https://a/b?[signature] |",
        ),
        (
            r"a;AccountKey\u003dTheKey |",
            r"a;AccountKey\u003d[secret] |",
        ),
        ("x%3Fsig%253DTheKey |", "x%3F?[signature] |"),
        (
            "pip https://me:TheKey@pkgs.a/x |",
            "pip https://[secret]@pkgs.a/x |",
        ),
    ] {
        assert_eq!(line(raw), shown);
    }
}

#[test]
fn what_only_speaks_of_secrets_is_shown() {
    for raw in [
        "the password is wrong",
        "PWD=/azureml",
        "abfss://data@lake.dfs.core.windows.net/x: read",
        "no value for fs.azure.account.key here",
        "a forbearer of it",
        "design=1 config: 2",
        "| ä |  b |\t",
        "",
    ] {
        assert_eq!(line(raw), raw);
    }
}

#[test]
fn a_hostile_line_takes_no_long_time() {
    for part in [
        "password",
        "password=",
        "account.key",
        "account.key=\"",
        "bearer",
        "sig=",
        "eyJ",
        "://",
        "\\\"pwd",
        "-password ",
        "sig= ",
        "account.key ",
        "account.key=",
        "password 'b",
        "password \"\\",
        "sig= sig%3d ",
        "bearer ",
        "\\u003d",
        "a:b@",
    ] {
        // Four times as long: four times the work, and what the line's end has to do with it.
        let line = |size: usize| part.repeat(size / part.len());
        let (short, long) = (work::of(&line(8 * 1024)), work::of(&line(32 * 1024)));
        assert!(long <= 5 * short, "{part}: {short}, then {long}");
        assert!(short <= 100 * 8 * 1024, "{part}: {short}");
    }
}
