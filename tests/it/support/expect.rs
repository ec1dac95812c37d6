//! What an answer must be.

use super::client::Answer;
use super::texts;

/// A fault document, laid out as in `vp.md` §6.1.
pub fn fault_document(side: &str, text: &str, detail: &str) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:{side}</faultcode><faultstring>{}</faultstring><detail><detailString>{}</detailString></detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>",
        escaped(text),
        escaped(detail)
    )
}

/// The whole fault document of a VP code, with configuration C0.
pub fn vp_document(code: u8, detail: &str) -> String {
    let (side, text) = texts::of(code);
    fault_document(side, &format!("VP{code:03} [NTjP Develop] {text}"), detail)
}

impl Answer {
    /// A fault of the platform's own: status, headers and every byte of the body.
    #[track_caller]
    pub fn is_vp(&self, code: u8, detail: &str) {
        assert_eq!(self.text(), vp_document(code, detail));
        self.is_own_fault();
    }

    /// The same, of whose detail only the beginning is known.
    #[track_caller]
    pub fn is_vp_with(&self, code: u8, in_detail: &[&str]) {
        let detail = self.detail();
        assert_eq!(self.text(), vp_document(code, &detail));
        for part in in_detail {
            assert!(detail.contains(part), "{part:?} is not in {detail:?}");
        }
        self.is_own_fault();
    }

    /// A raw fault (`vp.md` §6.3).
    #[track_caller]
    pub fn is_raw_fault(&self, text: &str) {
        let detail = self.detail();
        assert_eq!(self.text(), fault_document("Server", text, &detail));
        assert!(detail.ends_with(text), "the detail {detail:?} is error type and message");
        self.is_own_fault();
    }

    /// The headers of `vp.md` §3.8 and no others.
    #[track_caller]
    pub fn is_own_fault(&self) {
        assert_eq!(self.status, 500);
        assert_eq!(self.header("content-type"), Some("text/xml; charset=UTF-8"));
        self.has_only(&["content-type", "x-skltp-correlation-id", "content-length", "connection"]);
    }

    /// Every header named, and no other.
    #[track_caller]
    pub fn has_only(&self, names: &[&str]) {
        let mut found: Vec<_> = self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let mut expected: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "headers of the answer");
    }

    /// A producer's answer, passed on.
    #[track_caller]
    pub fn is_passed_on(&self, body: &str) {
        assert_eq!((self.status, self.text().as_str()), (200, body));
        assert_eq!(self.header("content-type"), Some("text/xml; charset=UTF-8"));
        let time = self.header("x-skltp-prt").expect("x-skltp-prt");
        assert!(time.parse::<u64>().is_ok(), "x-skltp-prt is {time:?}");
        assert!(self.header("x-skltp-correlation-id").is_some_and(|id| !id.is_empty()));
    }

    /// The text of the fault's detail.
    #[track_caller]
    pub fn detail(&self) -> String {
        let text = self.text();
        let inside = text.split_once("<detailString>").and_then(|(_, rest)| rest.split_once("</detailString>"));
        let inside = inside.unwrap_or_else(|| panic!("status {} and no detailString in {text:?}", self.status)).0;
        inside.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }
}

impl Answer {
    /// The fault for a producer that answers well, but with nothing: the one without a content type (`vp.md` §12.29).
    #[track_caller]
    pub fn is_empty_answer_fault(&self, address: &str, status: &str) {
        let detail = format!(
            "Error connecting to service producer at address {address}. Empty message when server responded with status code: {status}"
        );
        assert_eq!((self.status, self.text()), (500, vp_document(9, &detail)));
        self.has_only(&["x-skltp-correlation-id", "content-length", "connection"]);
    }
}
