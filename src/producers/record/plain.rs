//! The text of an answer as it can be looked through: unpacked, and in UTF-8.

use std::io::Read;

use http::{HeaderMap, header};

use crate::producers::settings::PROXY_BYTES_MAX;
use crate::soap::charset;

/// What the body of an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// A text, and whether it came in another character set than UTF-8.
    Text { text: String, is_recoded: bool },
    /// None.
    Binary,
}

pub(super) fn plain(headers: &HeaderMap, body: &[u8]) -> Plain {
    let of_header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let unpacked = match of_header(header::CONTENT_ENCODING).trim() {
        "" | "identity" => body.to_vec(),
        "gzip" | "x-gzip" => {
            let (mut bytes, most) = (Vec::new(), PROXY_BYTES_MAX as u64);
            let read = flate2::read::GzDecoder::new(body).take(most + 1).read_to_end(&mut bytes);
            match read {
                Ok(length) if length as u64 <= most => bytes,
                _ => return Plain::Binary,
            }
        }
        _ => return Plain::Binary,
    };
    let declared = charset::in_content_type(of_header(header::CONTENT_TYPE));
    if let Some(text) = charset::foreign(declared, &unpacked).and_then(|charset| charset.decode(&unpacked)) {
        return Plain::Text { text, is_recoded: true };
    }
    String::from_utf8(unpacked).map_or(Plain::Binary, |text| Plain::Text { text, is_recoded: false })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_packed_or_in_another_character_set_is_read_and_the_rest_is_no_text() {
        let headers = |name: header::HeaderName, value: &'static str| {
            HeaderMap::from_iter([(name, header::HeaderValue::from_static(value))])
        };
        let text = |text: &str, is_recoded| Plain::Text { text: text.to_owned(), is_recoded };
        assert_eq!(plain(&HeaderMap::new(), "<a>å</a>".as_bytes()), text("<a>å</a>", false));
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe5</a>";
        let Plain::Text { text: read, is_recoded: true } = plain(&HeaderMap::new(), latin) else { panic!("no text") };
        assert!(read.contains("<a>å</a>"), "{read}");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"<a/>").unwrap();
        let gzip = headers(header::CONTENT_ENCODING, "gzip");
        assert_eq!(plain(&gzip, &packed.finish().unwrap()), text("<a/>", false));
        assert_eq!(plain(&gzip, b"<a/>"), Plain::Binary);
        assert_eq!(plain(&headers(header::CONTENT_ENCODING, "br"), b"<a/>"), Plain::Binary);
        assert_eq!(plain(&HeaderMap::new(), b"\xff\xd8\xff\xe0 a picture"), Plain::Binary);
    }
}
