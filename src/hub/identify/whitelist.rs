//! Which addresses may call at all (`ip.whitelist`, `vp.md` §3.2).

/// Whether `address` starts with one of the entries. An empty list trusts nobody; a blank entry in a list trusts everybody;
/// a blank address is never trusted. That prefixes match is the reference's rule: `1.2.3.4` also lets `1.2.3.40` in.
pub fn contains(entries: &[String], address: &str) -> bool {
    let address = address.trim();
    !address.is_empty() && entries.iter().any(|entry| address.starts_with(entry.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_match() {
        let cases: [(&[&str], &str, bool); 9] = [
            (&["127.0.0.1"], "127.0.0.1", true),
            (&["127.0.0"], "127.0.0.1", true),
            (&["1.2.3.4"], "1.2.3.40", true),
            (&["127.0.0", "127.0.1"], "127.0.2.1", false),
            (&["127.0.0.1", " 1.2.3.4 "], "1.2.3.4", true),
            (&["127.0.0.1", ""], "9.9.9.9", true),
            (&["127.0.0.1"], " ", false),
            (&["127.0.0.1"], " 127.0.0.1 ", true),
            (&[], "127.0.0.1", false),
        ];
        for (entries, address, expected) in cases {
            let entries: Vec<_> = entries.iter().map(|entry| (*entry).to_owned()).collect();
            assert_eq!(contains(&entries, address), expected, "{entries:?} {address:?}");
        }
    }
}
