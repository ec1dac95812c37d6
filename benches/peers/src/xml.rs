//! The answer of FindContent, written from columns of text: what stands behind the index's server instead of the index.

use bytes::Bytes;
use http::Response;

/// Names in the order of the columns, and the order in which they stand in an answer.
const NAMES: [&str; 12] = [
    "registeredResidentIdentification", "serviceDomain", "categorization", "logicalAddress",
    "businessObjectInstanceIdentifier", "clinicalProcessInterestId", "sourceSystem", "dataController", "owner",
    "mostRecentContent", "creationTime", "updateTime",
];
const ORDER: [usize; 12] = [0, 1, 2, 3, 4, 5, 9, 6, 10, 11, 7, 8];

pub fn begin() -> String {
    let mut out = String::with_capacity(12 * 1024);
    out.push_str("<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>");
    out.push_str("<FindContentResponse xmlns=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\" ");
    out.push_str("xmlns:ns2=\"urn:riv:itintegration:engagementindex:1\">");
    out
}

pub fn engagement<S: AsRef<str>>(row: &[S; 12], out: &mut String) {
    out.push_str("<engagement>");
    for column in ORDER.into_iter().filter(|column| !row[*column].as_ref().is_empty()) {
        for part in ["<ns2:", NAMES[column], ">", row[column].as_ref(), "</ns2:", NAMES[column], ">"] {
            out.push_str(part);
        }
    }
    out.push_str("</engagement>");
}

pub fn answer(mut out: String) -> Response<Bytes> {
    out.push_str("</FindContentResponse></soap:Body></soap:Envelope>");
    let mut response = Response::new(Bytes::from(out));
    let content_type = http::HeaderValue::from_static("text/xml;charset=UTF-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    response
}
