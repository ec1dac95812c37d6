//! A request in any character set, with or without attachments: the first byte chooses a content type.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

const CONTENT_TYPES: [&str; 6] = [
    "text/xml",
    "text/xml; charset=UTF-8",
    "text/xml; charset=UTF-16",
    "text/xml; charset=ISO-8859-1",
    "multipart/related; type=\"application/xop+xml\"",
    "text/xml; charset=no-such-set",
];

pub(super) const PIECES: &[&str] = &[
    "--",
    "\r\n\r\n",
    "\r\n--b--\r\n",
    "Content-Type: application/xop+xml\r\n",
    "Content-ID: <a@b>\r\n",
    "Content-Transfer-Encoding: binary\r\n",
    "<a/>",
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
    "encoding=\"ISO-8859-1\"",
    "cid:a@b",
    "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:a@b\"/>",
];

pub(super) fn check(input: &[u8]) {
    let Some((choice, body)) = input.split_first() else { return };
    let mut headers = HeaderMap::new();
    let content_type = CONTENT_TYPES[usize::from(*choice) % CONTENT_TYPES.len()];
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let _ = anslut::hub::read::read(&headers, Bytes::copy_from_slice(body));
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for envelope in super::message::envelopes().iter().take(2) {
        for choice in 0..CONTENT_TYPES.len() as u8 {
            let mut seed = vec![choice];
            match choice {
                2 => {
                    seed.extend([0xff, 0xfe]);
                    seed.extend(String::from_utf8_lossy(envelope).encode_utf16().flat_map(u16::to_le_bytes));
                }
                4 => {
                    seed.extend(b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <a@b>\r\n\r\n");
                    seed.extend(envelope);
                    seed.extend(b"\r\n--b\r\nContent-ID: <c@d>\r\n\r\nGIF\r\n--b--\r\n");
                }
                _ => seed.extend(envelope),
            }
            seeds.push(seed);
        }
    }
    seeds
}
