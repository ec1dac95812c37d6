//! Messages with attachments (MTOM/XOP, `vp.md` §2.3): only the envelope is carried on.

use std::sync::LazyLock;

use bytes::Bytes;
use regex::bytes::{Regex, RegexBuilder};

/// The reference's own expression: a prefixed envelope, in any case, from its first start tag to its last end tag.
static ENVELOPE: LazyLock<Regex> = LazyLock::new(|| {
    RegexBuilder::new(r"<\w+:Envelope.*</\w+:Envelope>")
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .unicode(false)
        .build()
        .expect("the expression is constant")
});

/// Whether the content type announces attachments.
pub fn is_mtom(content_type: &str) -> bool {
    const XOP: &str = "application/xop+xml";
    content_type.len() >= XOP.len()
        && content_type.as_bytes().windows(XOP.len()).any(|part| part.eq_ignore_ascii_case(XOP.as_bytes()))
}

/// The envelope in a multipart body.
pub fn envelope(body: &Bytes) -> Option<Bytes> {
    ENVELOPE.find(body).map(|found| body.slice(found.range()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_prefixed_envelope_is_found() {
        let cases = [
            (
                "--x\r\n\r\n<S:Envelope a='b'>\n<S:Body/></S:Envelope>\r\n--x--",
                Some("<S:Envelope a='b'>\n<S:Body/></S:Envelope>"),
            ),
            ("--x\r\n<soapenv:envelope></soapenv:envelope>", Some("<soapenv:envelope></soapenv:envelope>")),
            ("--x\r\n<Envelope></Envelope>", None),
            ("", None),
        ];
        for (body, expected) in cases {
            let found = envelope(&Bytes::from(body.to_owned()));
            assert_eq!(found, expected.map(|text| Bytes::from(text.to_owned())), "{body}");
        }
        assert!(is_mtom("multipart/related; type=\"application/XOP+xml\"; boundary=x"));
        assert!(!is_mtom("text/xml"));
    }
}
