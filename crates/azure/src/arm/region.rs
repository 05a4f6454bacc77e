//! The names of regions.

/// Whether two names are one region: Azure writes `eastus` and, in Synapse's published examples,
/// `East US`.
pub fn is_same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn the_displayed_name_is_the_same_region() {
        assert!(is_same("East US", "eastus"));
        assert!(is_same("westeurope", "WestEurope"));
        assert!(!is_same("East US", "eastus2"));
        assert!(!is_same("eastus", ""));
    }
}
