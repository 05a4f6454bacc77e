//! Tests of the parent module.

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
