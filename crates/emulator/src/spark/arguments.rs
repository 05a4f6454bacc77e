//! The job's `args`: split like a shell's words, with inputs and outputs put in.

use std::collections::BTreeMap;

use super::Failure;

/// What `${{inputs.x}}` and `${{outputs.y}}` stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bindings {
    /// Local paths and literal values, by name.
    pub(crate) inputs: BTreeMap<String, String>,
    /// Local paths, by name.
    pub(crate) outputs: BTreeMap<String, String>,
}

/// The words of `args`. Bindings are put in after the split, so a value with spaces stays one word.
pub(crate) fn words(args: &str, bindings: &Bindings) -> Result<Vec<String>, Failure> {
    // `${{inputs.x}}` may be written with spaces inside the braces; a shell would split there.
    let marked = compact(args);
    shlex::split(&marked)
        .ok_or_else(|| Failure::new(format!("The job's args end inside quotes: {args}")))?
        .iter()
        .map(|word| fill(word, bindings))
        .collect()
}

/// Takes the spaces out of `${{ … }}`.
fn compact(args: &str) -> String {
    let mut compacted = String::with_capacity(args.len());
    let mut rest = args;
    while let Some((before, after)) = rest.split_once("${{") {
        compacted.push_str(before);
        compacted.push_str("${{");
        let Some((inside, after)) = after.split_once("}}") else {
            rest = after;
            continue;
        };
        compacted.extend(inside.chars().filter(|letter| !letter.is_whitespace()));
        compacted.push_str("}}");
        rest = after;
    }
    compacted + rest
}

/// Replaces every binding in one word.
pub(crate) fn fill(word: &str, bindings: &Bindings) -> Result<String, Failure> {
    let mut filled = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("${{") {
        filled.push_str(before);
        let (name, after) = after.split_once("}}").ok_or_else(|| {
            Failure::new(format!("A binding in the job's args has no end: {word}"))
        })?;
        let value = match name.trim().split_once('.') {
            Some(("inputs", key)) => bindings.inputs.get(key),
            Some(("outputs", key)) => bindings.outputs.get(key),
            _ => None,
        };
        filled.push_str(value.ok_or_else(|| {
            Failure::new(format!(
                "The job's args name {name}, which the job does not have."
            ))
        })?);
        rest = after;
    }
    Ok(filled + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings() -> Bindings {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        Bindings {
            inputs: [pair("data", "/d/in put.csv"), pair("n", "5")].into(),
            outputs: [pair("out", "/d/out/")].into(),
        }
    }

    #[test]
    fn arguments_become_words() {
        let rows: [(&str, &[&str]); 6] = [
            ("", &[]),
            (
                "--data ${{inputs.data}} --out ${{outputs.out}}",
                &["--data", "/d/in put.csv", "--out", "/d/out/"],
            ),
            ("--n=${{inputs.n}}", &["--n=5"]),
            ("'a b' \"c d\" e\\ f", &["a b", "c d", "e f"]),
            ("\"${{ inputs.n }}/${{inputs.n}}\"", &["5/5"]),
            (
                "$HOME `id` $(id) > x",
                &["$HOME", "`id`", "$(id)", ">", "x"],
            ),
        ];
        for (args, expected) in rows {
            assert_eq!(words(args, &bindings()).unwrap(), expected, "{args}");
        }
    }

    #[test]
    fn unknown_bindings_and_open_quotes_fail() {
        for args in [
            "${{inputs.nope}}",
            "${{outputs.data}}",
            "${{n}}",
            "'a",
            "${{inputs.n",
        ] {
            assert!(words(args, &bindings()).is_err(), "{args} was accepted");
        }
    }
}
