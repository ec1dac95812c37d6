//! Queries and forms: names and values, percent-encoded.

/// Decodes a text: `+` is a blank, `%41` a letter. What cannot be decoded stands as it is.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |place: usize| bytes.get(place).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The parameters of a query or a form, in their order.
pub(in crate::catalogue) fn parameters(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// An order as it came: URL-encoded, or as it is. An encoded one has no brace that is not encoded.
pub(super) fn order(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.contains('{') { text.into_owned() } else { decoded(&text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded() {
        let pairs = parameters("a=1+2&b=%C3%A5%zz&&c");
        let expected = [("a", "1 2"), ("b", "å%zz"), ("c", "")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(order(b"%7B%22a%22%3A1%7D"), "{\"a\":1}");
        assert_eq!(order(b"{\"a\":\"+01\"}"), "{\"a\":\"+01\"}", "what is not encoded is not decoded");
    }
}
