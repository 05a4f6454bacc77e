use proptest::prelude::*;
use serde_norway::{Mapping, Value};

use super::{Document, comment, string};

fn document(text: &str) -> Document {
    let inner = Mapping::from_iter([(Value::from(text), Value::from(text))]);
    let items = vec![Value::from(text), Value::from(inner.clone())];
    let object = Mapping::from_iter([
        (Value::from("a"), Value::from(inner)),
        (Value::from("list"), Value::from(items)),
        (Value::from("none"), Value::from(Vec::<Value>::new())),
        (Value::from("empty"), Value::from(Mapping::new())),
        (Value::from("number"), Value::from(3)),
    ]);
    Document::of(&object)
        .unwrap()
        .remarking(&format!("above {text}"))
        .noting("list", "Below is a list.")
}

fn again(document: &Document) -> Mapping {
    serde_norway::from_str(&document.print())
        .unwrap_or_else(|error| panic!("{error}: {}", document.print()))
}

proptest! {
    #[test]
    fn whatever_a_string_holds_it_is_read_as_it_was(text in any::<String>()) {
        let document = document(&text);
        prop_assert_eq!(again(&document), document.object);
    }

    #[test]
    fn a_comment_is_only_a_comment(text in any::<String>(), indent in 0_usize..4) {
        for line in comment(&text, indent).lines() {
            prop_assert!(line.trim_start().starts_with('#'), "{}", line);
        }
        let object: Option<Value> = serde_norway::from_str(&comment(&text, indent)).unwrap();
        prop_assert_eq!(object, None);
    }
}

#[test]
fn what_ends_lines_or_is_not_printable_is_read_as_it_was() {
    for text in [
        "a\nb",
        "\u{85}",
        "\u{2028}",
        "\u{feff}x",
        "\u{7f}",
        "\0",
        "\r",
        " lead",
        "trail ",
        "\u{1f600}",
        "\u{ffff}",
    ] {
        let document = document(text);
        assert_eq!(again(&document), document.object, "{text:?}");
    }
}

/// kubectl reads YAML 1.1, where each of these would be something else than a string.
#[test]
fn words_that_an_older_yaml_takes_for_something_else_are_quoted() {
    for text in [
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "true",
        "null",
        "~",
        "",
        "1_000",
        "0b11",
        "010",
        "0x1F",
        "1e3",
        ".5",
        "12:30:45",
        "2026-01-01",
        "=",
        "<<",
        "-",
        "- a",
        "a: b",
        "a #b",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "{a",
        "[a",
        "'a",
        "\"a",
        "trail ",
        "a:",
        "?",
        "|",
        ">",
    ] {
        assert!(string(text).starts_with('"'), "{text:?}");
    }
    for text in [
        "yogi-aml-ws",
        "/subscriptions/s/resourceGroups/g",
        "A pool of ours",
        "Synapse.x_1",
    ] {
        assert_eq!(string(text), text);
    }
}
