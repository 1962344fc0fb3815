//! Names that operating systems leave in every folder they look into, and that nobody wants to find in a drive.

/// Whether `name` fits one of `patterns`, in which `*` stands for any characters; whatever the case.
pub(super) fn is_system_file(patterns: &[String], name: &str) -> bool {
    let name = name.to_lowercase();
    patterns.iter().any(|pattern| fits(&pattern.to_lowercase(), &name))
}

/// Each part between two stars is found at its first place behind the one before, so the work is bounded.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_one_name_or_all_that_begin_or_end_so() {
        let patterns = [".DS_Store", "._*", "*.swp", "a*b*c", "$RECYCLE.BIN"].map(str::to_owned);
        for name in [".DS_Store", ".ds_store", "._photo.jpg", "._", "x.SWP", "abc", "aXbYc", "$recycle.bin"] {
            assert!(is_system_file(&patterns, name), "{name}");
        }
        for name in ["DS_Store", ".DS_Store2", "_.x", "swp", "acb", "ab", "x.swp.txt", ""] {
            assert!(!is_system_file(&patterns, name), "{name}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_the_name_is_long() {
        let pattern = ["*a".repeat(100), "b".to_owned()].concat();
        assert!(!is_system_file(&[pattern], &"a".repeat(255)));
    }
}
