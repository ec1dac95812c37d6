//! What is wrong in a file is named with its line.

use std::path::PathBuf;

use crate::config::environment::EnvironmentFile;
use crate::producers::records::book::Book;

fn problems_of(text: &str) -> Vec<String> {
    let organisation = "[[giver]]\nhsa_id = \"G\"\nname = \"G\"\n[[unit]]\nhsa_id = \"U\"\nname = \"U\"\ngiver = \"G\"\n\
                        [[staff]]\nhsa_id = \"P\"\nname = \"P\"\nunit = \"U\"\n[[system]]\nhsa_id = \"S\"\nname = \"S\"\ngiver = \"G\"\n";
    let file =
        |name: &str, text: &str| EnvironmentFile { path: PathBuf::from(name), contents: text.as_bytes().to_vec() };
    let files = [file("organisation.toml", organisation), file("a.toml", text)];
    let (_, problems) = Book::read(&files);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line() {
    let patient = "[patient]\nid = \"191212121212\"\n";
    let entry = "[[entry]]\nid = \"1\"\nkind = \"diagnosis\"\nsystem = \"S\"\nunit = \"U\"\nauthor = \"P\"\n\
                 authored = 2026-01-01T10:00:00\ntype = \"Huvuddiagnos\"\ncode = { code = \"I10.9\", system = \"icd10\" }\n";
    assert_eq!(problems_of(&format!("{patient}{entry}")), Vec::<String>::new());
    let rows: [(&str, &str, &str); 12] = [
        (
            "type = \"Huvuddiagnos\"",
            "type = \"Huvud\"",
            "a.toml:10: error: diagnosis.type is \"Huvud\", expected one of Huvuddiagnos, Bidiagnos",
        ),
        (
            "kind = \"diagnosis\"",
            "kind = \"diagnos\"",
            "a.toml:3: error: entry: unknown kind \"diagnos\", expected \"diagnosis\"",
        ),
        ("kind = \"diagnosis\"", "", "a.toml:3: error: entry: kind is missing, expected one of alert"),
        ("author = \"P\"", "author = \"Q\"", "a.toml:8: error: nobody of the staff has the HSA-id \"Q\""),
        ("system = \"S\"", "system = \"T\"", "a.toml:3: error: no system has the HSA-id \"T\""),
        (
            "author = \"P\"",
            "auhtor = \"P\"",
            "a.toml:8: error: diagnosis: unknown name \"auhtor\", did you mean \"author\"?",
        ),
        (
            "authored = 2026-01-01T10:00:00",
            "authored = 2026-01-01",
            "a.toml:9: error: diagnosis.authored is 2026-01-01, expected a moment",
        ),
        ("authored = 2026-01-01T10:00:00", "", "a.toml:3: error: diagnosis: authored is missing"),
        ("system = \"icd10\"", "system = \"icd\"", "a.toml:11: error: diagnosis.code: no code system \"icd\""),
        (
            "author = \"P\"",
            "author = \"P\"\ncontact = \"7\"",
            "a.toml:3: error: diagnosis \"1\": no contact \"7\" in system S",
        ),
        (
            "191212121212",
            "198001011234",
            "a.toml:1: error: patient.id is no identity number of the official test series",
        ),
        ("[[entry]]", "[[entry]", "a.toml:3: error: not TOML"),
    ];
    for (from, to, expected) in rows {
        let found = problems_of(&format!("{patient}{entry}").replacen(from, to, 1));
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "{expected}\n{found:?}");
        assert!(!found.iter().any(|problem| problem.contains("198001011234")), "{found:?}");
    }
    let twice = problems_of(&format!("{patient}{entry}{entry}"));
    assert_eq!(twice, ["a.toml:12: error: diagnosis: the id \"1\" is used twice in system S"]);
}
