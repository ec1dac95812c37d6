//! Themes of the self-declaration that a case belongs to, as its publisher names them.

use std::sync::LazyLock;

use regex::Regex;

use super::suite::folder::PublishedProject;
use super::suite::project::Case;

/// `1.2`, `TF 1.2`, `EI_TF 2.1` where a name begins.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*((?:EI[_ ])?TF[ _\-]?)?(\d(?:\.\d{1,2}){1,2})").expect("the pattern is well-formed")
});

/// The themes in a case's name; none when it carries no number.
pub fn of(name: &str, _project: &PublishedProject, case: &Case) -> Vec<String> {
    if let Some(native) = &case.native {
        let mut themes = native.themes.clone();
        if let Some(updates) = native.waits_for.as_ref().and_then(|waits_for| waits_for.updates.as_ref()) {
            let theme = updates.about.theme().to_owned();
            if !themes.contains(&theme) {
                themes.push(theme);
            }
        }
        return themes;
    }
    let Some(found) = NUMBER.captures(name) else {
        return Vec::new();
    };
    let index = found.get(1).is_some_and(|prefix| prefix.as_str().starts_with("EI"));
    vec![format!("{} {}", if index { "EI_TF" } else { "TF" }, &found[2])]
}
