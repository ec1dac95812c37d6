//! How alike two texts are: whether a person may have meant one by the other.

/// Number of characters to insert, delete or replace to turn one text into the other, case aside; `None` beyond `max`.
pub(super) fn distance(one: &str, other: &str, max: usize) -> Option<usize> {
    // Both lengths in bytes are at most four times those in characters; this spares us the texts that cannot be near.
    if one.len().abs_diff(other.len()) > 4 * max {
        return None;
    }
    let one: Vec<char> = one.chars().flat_map(char::to_lowercase).collect();
    let other: Vec<char> = other.chars().flat_map(char::to_lowercase).collect();
    if one.len().abs_diff(other.len()) > max {
        return None;
    }
    let mut previous: Vec<usize> = (0..=other.len()).collect();
    let mut current = vec![0; other.len() + 1];
    for (row, c) in one.iter().enumerate() {
        current[0] = row + 1;
        for (column, d) in other.iter().enumerate() {
            let replaced = previous[column] + usize::from(c != d);
            current[column + 1] = replaced.min(previous[column + 1] + 1).min(current[column] + 1);
        }
        if current.iter().min().is_some_and(|least| *least > max) {
            return None;
        }
        std::mem::swap(&mut previous, &mut current);
    }
    previous.last().copied().filter(|distance| *distance <= max)
}

/// Whether two texts differ, but only by white space (and case).
pub(super) fn differ_by_white_space(one: &str, other: &str) -> bool {
    let dense =
        |text: &str| text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>();
    one != other && one.chars().chain(other.chars()).any(char::is_whitespace) && dense(one) == dense(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_slips_are_counted_and_large_ones_are_not() {
        assert_eq!(distance("SE1-A", "SE1-a", 2), Some(0));
        assert_eq!(distance("SE1-A", "SE1A", 2), Some(1));
        assert_eq!(distance("SE12-A", "SE21-A", 2), Some(2));
        assert_eq!(distance("SE1-A", "SE9-BCD", 2), None);
        assert_eq!(distance("", "åäö", 3), Some(3));
        assert_eq!(distance("kort", &"lång".repeat(10_000), 2), None);
    }

    #[test]
    fn white_space_anywhere_is_seen() {
        assert!(differ_by_white_space("SE1", " se1"));
        assert!(differ_by_white_space("S E1", "SE1\n"));
        assert!(!differ_by_white_space("SE1", "se1"));
        assert!(!differ_by_white_space("SE1", "SE2 "));
    }
}
