//! Where a `schemaLocation` leads: relative to the file it stands in, never out of the package (`contracts.md` §2.2).

/// Where a location leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A path below the package's root.
    Inside(String),
    /// An absolute URL, or a path above the root: never followed.
    Outside,
}

/// Resolves a location as written against the path of the file that names it.
pub fn resolve(from: &str, location: &str) -> Location {
    let location = decoded(location.trim()).replace('\\', "/");
    let has_scheme = location.split(['/', '?', '#']).next().is_some_and(|head| head.contains(':'));
    if has_scheme || location.starts_with('/') || location.contains('\0') {
        return Location::Outside;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in location.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return Location::Outside,
            ".." => {}
            part => parts.push(part),
        }
    }
    Location::Inside(parts.join("/"))
}

/// Percent escapes resolved; one that is not whole is left as it is.
fn decoded(location: &str) -> String {
    let bytes = location.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let value =
            escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match value {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
