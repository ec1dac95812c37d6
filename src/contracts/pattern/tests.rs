use super::*;

fn pattern(source: &str) -> Pattern {
    Pattern::new(source, &ImportLimits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn check(source: &str, accepted: &[&str], refused: &[&str]) {
    let pattern = pattern(source);
    for value in accepted {
        assert!(pattern.is_match(value), "{source} refuses {value:?}");
    }
    for value in refused {
        assert!(!pattern.is_match(value), "{source} accepts {value:?}");
    }
}

#[test]
fn anchors_are_literals() {
    check("^[0-9]{4}$", &["^1234$"], &["1234", "^1234"]);
    check("a|^b", &["a", "^b"], &["b"]);
    assert!(has_literal_anchors("^[0-9]{4}$") && has_literal_anchors("a$") && !has_literal_anchors(r"a\$"));
    assert_eq!(without_literal_anchors("^[0-9]{4}$"), "[0-9]{4}");
}

#[test]
fn the_whole_value_must_match() {
    check("a|b", &["a", "b"], &["ab", "xa", ""]);
    check("", &[""], &[" "]);
    check("a|", &["a", ""], &["b"]);
}

#[test]
fn sets_are_those_of_the_schema() {
    check(r"\w", &["a", "å", "+", "$", "<"], &["_", "-", " ", "."]);
    check(r"\d", &["1", "\u{663}"], &["a"]);
    check("[0-9]", &["1"], &["\u{663}"]);
    check(".", &["a", "😀", "\u{85}"], &["\n", "\r"]);
    check(r"\s", &[" ", "\t", "\n", "\r"], &["\u{a0}", "\u{b}"]);
    check(r"\i\c*", &["a-1", "_", ":x"], &["1a", "-a"]);
    check(r"[\w_]+", &["a_b"], &["a-b"]);
    check(r"\p{IsBasicLatin}+", &["abc"], &["å"]);
    check(r"[^\s]+", &["a"], &["a b"]);
}

#[test]
fn classes_subtract_and_hold_hyphens() {
    check("[a-z-[aeiou]]+", &["bcd"], &["a", "bad"]);
    check("[^a-[b]]", &["c"], &["a", "b"]);
    check("[-a]", &["-", "a"], &["b"]);
    check("[a-]", &["-", "a"], &["b"]);
    check("[&~^]+", &["&~^"], &["a"]);
    check(r"[(\p{L})0-9\-]*", &["(a)", "å-1", ""], &["_"]);
    check("[a^]", &["^"], &["b"]);
}

#[test]
fn what_is_not_an_expression_is_refused() {
    for source in [
        "[a-c-e]",
        "a+?",
        "a**",
        "(?:a)",
        "(a",
        "a)",
        "[",
        "[]",
        r"\q",
        r"\1",
        "{1}",
        "a{2,1}",
        "]",
        r"\p{X}",
        r"\b",
        r"a{,2}",
        r"\p{IsNowhere}",
    ] {
        assert!(Pattern::new(source, &ImportLimits::default()).is_err(), "{source}");
    }
}

#[test]
fn a_pattern_that_explodes_elsewhere_is_linear_here() {
    let pattern = pattern(r"([OUDCNLoudcnl]{1,2}=[0-9\p{L}\p{Zs}\-.]*,?)*");
    assert!(pattern.is_match("OU=Vård,C=SE"));
    assert!(!pattern.is_match(&"O=".repeat(50_000).replace("O=O", "OOO")));
    assert!(!pattern.is_match(&format!("{}!", "O=1".repeat(30_000))));
}

#[test]
fn a_value_may_come_in_pieces() {
    let pattern = pattern("(19|20)[0-9]{6}");
    let mut progress = pattern.begin();
    for byte in b"20260115" {
        pattern.advance(&mut progress, &[*byte]);
    }
    assert!(pattern.is_match_so_far(progress));
    pattern.advance(&mut progress, b"0");
    assert!(!pattern.is_match_so_far(progress));
}

/// The patterns of all published contracts, one to a line.
const PUBLISHED: &str = include_str!("published.txt");

#[test]
fn every_published_pattern_compiles_and_has_values() {
    assert_eq!(PUBLISHED.lines().count(), 60);
    for source in PUBLISHED.lines() {
        let pattern = pattern(source);
        let value = crate::contracts::sample::matching(&[source.to_owned()]);
        assert!(value.is_some_and(|value| pattern.is_match(&value)), "{source}");
        // Linear: a hundred thousand characters are a moment's work.
        assert!(!pattern.is_match(&format!("{}\n", "1".repeat(100_000))), "{source}");
        assert!(!pattern.is_match(&format!("{}\n", "å".repeat(1_000))), "{source}");
    }
}
