//! A request in any character set, with or without attachments: the first byte chooses a content type.
#![no_main]

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const CONTENT_TYPES: [&str; 6] = [
    "text/xml",
    "text/xml; charset=UTF-8",
    "text/xml; charset=UTF-16",
    "text/xml; charset=ISO-8859-1",
    "multipart/related; type=\"application/xop+xml\"",
    "text/xml; charset=no-such-set",
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let mut headers = HeaderMap::new();
    let content_type = CONTENT_TYPES[usize::from(*choice) % CONTENT_TYPES.len()];
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let _ = anslut::hub::read::read(&headers, Bytes::copy_from_slice(body));
});
