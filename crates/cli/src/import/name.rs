//! From names in Azure to names of objects.

use std::collections::BTreeSet;

/// Longest name that is good for every use of it: a label of DNS.
const LONGEST: usize = 63;

/// Whether an object can have this name: a label of DNS.
pub(super) fn is_object_name(name: &str) -> bool {
    let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= LONGEST
        && name.starts_with(end)
        && name.ends_with(end)
        && name.chars().all(|c| end(c) || c == '-')
}

/// A name for each, in their order: the name in Azure where it can be, else as near to it as can be. No two are equal.
pub(super) fn object_names<'a>(azure: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    // Who can keep the name keeps it, whoever comes first.
    let mut taken: BTreeSet<String> = azure
        .clone()
        .filter(|name| is_object_name(name))
        .map(str::to_owned)
        .collect();
    let names = azure.map(|name| {
        if is_object_name(name) {
            return name.to_owned();
        }
        let stem = near(name);
        let mut free = stem.clone();
        let mut n = 1;
        while !taken.insert(free.clone()) {
            n += 1;
            free = format!("{stem}-{n}");
        }
        free
    });
    names.collect()
}

fn near(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    // Room for a number behind it.
    let short: String = name.chars().map(plain).take(LONGEST - 6).collect();
    match short.trim_matches('-') {
        "" => "unnamed".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_where_it_can_be_and_else_made() {
        for (azure, expected) in [
            (vec!["my-pool", "p2"], vec!["my-pool", "p2"]),
            (vec!["MyPool"], vec!["mypool"]),
            (vec!["my_link_", "__"], vec!["my-link", "unnamed"]),
            // Whoever has the name in Azure keeps it, also where another one comes first.
            (
                vec!["A_b", "a-b", "a_B", "a-b-2"],
                vec!["a-b-3", "a-b", "a-b-4", "a-b-2"],
            ),
        ] {
            assert_eq!(object_names(azure.iter().copied()), expected, "{azure:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_stays_a_name() {
        let long = "X".repeat(90);
        let names = object_names([long.as_str(); 2].into_iter());
        assert!(names.iter().all(|name| is_object_name(name)), "{names:?}");
        let [first, second] = names.as_slice() else {
            panic!("{names:?}")
        };
        assert_ne!(first, second);
    }
}
