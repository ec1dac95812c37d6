//! A behaviour carried out on an answer.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};

use super::act::Act;
use super::content;
use super::delay::Numbers;
use super::fault::WireFault;
use super::script::{Framing, Local, Script, Step, head, raw};
use crate::producers::asked::Asked;
use crate::producers::identity::test_identity;
use crate::producers::reply::Reply;
use crate::producers::secure::fault::TlsFault;
use crate::soap::responder::TransportFault;
use crate::soap::xml::text::escape_into;

/// Longest silence.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How long after an answer the connection is closed by `close-idle`.
const IDLE: Duration = Duration::from_millis(20);
const XML: &str = "text/xml; charset=UTF-8";
const SOAP_11: &str = crate::soap::fault::SOAP_11;
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// What a behaviour is carried out with.
pub struct Performing<'p, 'a> {
    /// The request.
    pub asked: &'p Asked<'a>,
    /// The draws of the call.
    pub numbers: Numbers,
    /// A logical error as a source gives it, where one can.
    pub error: &'p dyn Fn(&str) -> Option<Response<Bytes>>,
    /// What the contract says against a message; `None` where nobody knows the contract.
    pub errors: &'p dyn Fn(&[u8]) -> Option<Vec<String>>,
    /// Whether this correlation id comes for the first time (`reset-once`).
    pub is_first: &'p dyn Fn() -> bool,
    /// The violation that was made (`schema-invalid`).
    pub violation: Option<Violation>,
}

/// One violation of a contract.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Its kind, as the option `mutation` names it.
    pub kind: &'static str,
    /// What picked its place.
    pub seed: u64,
    /// What the contract says of it, where somebody knows the contract.
    pub errors: Option<Vec<String>>,
}

/// Carries out a behaviour; `base` is the answer without it.
pub fn perform(act: &Act, base: impl FnOnce() -> Reply, with: &mut Performing<'_, '_>) -> Reply {
    if let Some(reply) = instead(act, with) {
        return reply;
    }
    match base() {
        Reply::Answer(answer) => changed(act, answer, with),
        // What already fails as a connection fails cannot be made worse.
        other => other,
    }
}

/// Behaviours that need no answer to begin with.
fn instead(act: &Act, with: &mut Performing<'_, '_>) -> Option<Reply> {
    let text = act.option("text").unwrap_or("anslut: the mocked producer fails as asked");
    let code = act.option("code").unwrap_or("soap:Server");
    Some(match act.id {
        "soap-fault" => fault(500, SOAP_11, code, text, ""),
        "soap-fault-200" => fault(200, SOAP_11, code, text, ""),
        "soap-fault-12" => fault(500, SOAP_12, "soap:Receiver", text, ""),
        "soap-fault-503" => fault(503, SOAP_11, code, text, ""),
        "vp-fault" => {
            let code = act.option("code").unwrap_or("VP009");
            let text = format!("{code} Fel från en annan plattform");
            fault(500, SOAP_11, "soap:Server", &text, "")
        }
        "pii-in-fault" => {
            let patient = test_identity(7);
            let text = format!("Patient {patient} Tolvan Tolvansson hittades inte");
            fault(500, SOAP_11, code, &text, &format!("personnummer={patient}"))
        }
        "stacktrace-in-fault" => {
            let frames: String =
                (1..400).map(|n| format!("\tat se.exempel.journal.Tjanst{n}.svara(Tjanst{n}.java:{n})\n")).collect();
            fault(500, SOAP_11, code, &format!("java.lang.NullPointerException\n{frames}"), &frames)
        }
        "empty-body" => {
            let body = format!("<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Body/></soap:Envelope>");
            answer(200, XML, body)
        }
        "empty-200" => answer(200, "", Bytes::new()),
        "http-500-html" => answer(500, "text/html", page("500 Internal Server Error")),
        "http-404" => answer(404, "text/html", page("404 Not Found")),
        "http-401" => with_header(
            answer(401, "text/html", page("401 Unauthorized")),
            WWW_AUTHENTICATE,
            "Basic realm=\"producer\"",
        ),
        "http-301" => with_header(answer(301, "text/html", page("301 Moved Permanently")), LOCATION, "/nowhere"),
        "http-204" => answer(204, "", Bytes::new()),
        "http-429" => with_header(answer(429, "text/html", page("429 Too Many Requests")), RETRY_AFTER, "1"),
        "not-xml" => answer(200, XML, "hej, det här är inte XML"),
        "entity-bomb" => answer(200, XML, content::entity_bomb()),
        "external-entity" => answer(200, XML, content::external_entity()),
        "deep" => answer(200, XML, content::deep()),
        "many-attributes" => answer(200, XML, content::many_attributes()),
        "long-text" => answer(200, XML, content::long_text(act.number("mb").unwrap_or(5))),
        "hang" => Reply::Script(Script { steps: vec![Step::Silence(SILENCE_MAX)], local: Local::Silence(SILENCE_MAX) }),
        "refuse" => Reply::Script(Script { steps: vec![Step::Reset], local: Local::Fault(TransportFault::Refused) }),
        id if TlsFault::parse(id).is_some_and(TlsFault::is_only_shaken) => {
            // A caller that tries again shakes hands anew, and meets it there.
            let local = TlsFault::parse(id).map_or("", TlsFault::in_process);
            Reply::Script(Script { steps: vec![Step::Reset], local: Local::Fault(TransportFault::Handshake(local)) })
        }
        "reset-once" if (with.is_first)() => Reply::Fault(WireFault::ConnectionResetByPeer, with.numbers.clone()),
        "logical-error" => Reply::Answer((with.error)(act.option("code").unwrap_or("INVALID_REQUEST"))?),
        id => Reply::Fault(WireFault::parse(id)?, with.numbers.clone()),
    })
}

/// Behaviours that change an answer.
fn changed(act: &Act, mut response: Response<Bytes>, with: &mut Performing<'_, '_>) -> Reply {
    let edited = content::edit(act, response.body(), with);
    match edited {
        Some(Ok(body)) => *response.body_mut() = Bytes::from(body),
        Some(Err(why)) => return fault(500, SOAP_11, "soap:Server", &format!("anslut: {why}"), ""),
        None => {}
    }
    match act.id {
        "drip" => {
            let (chunks, over) = act.drip();
            Reply::Dribble(response, chunks, over)
        }
        "stall-mid" => {
            let half = response.body().slice(..response.body().len() / 2);
            let mut bytes = head(&response, Framing::Length(response.body().len()));
            bytes.extend_from_slice(&half);
            let steps = vec![Step::Write(bytes.into()), Step::Silence(SILENCE_MAX)];
            Reply::Script(Script { steps, local: Local::Silence(SILENCE_MAX) })
        }
        "truncated" => {
            let share = act.share("at").unwrap_or(0.5);
            let length = (response.body().len() as f64 * share) as usize;
            let cut = response.body().slice(..length);
            *response.body_mut() = cut;
            scripted(&response, Framing::Chunked, Local::Answer(response.clone()))
        }
        "long-length" => {
            let length = response.body().len() + 100;
            scripted(&response, Framing::Length(length), Local::Fault(TransportFault::Closed))
        }
        "short-length" => {
            let length = response.body().len().saturating_sub(20);
            let mut local = response.clone();
            *local.body_mut() = response.body().slice(..length);
            scripted(&response, Framing::Length(length), Local::Answer(local))
        }
        "reset-mid-body" => {
            let mut bytes = head(&response, Framing::Length(response.body().len()));
            bytes.extend_from_slice(&response.body()[..response.body().len() / 2]);
            let steps = vec![Step::Write(bytes.into()), Step::Wait(IDLE), Step::Reset];
            Reply::Script(Script { steps, local: Local::Fault(TransportFault::Reset) })
        }
        "close-idle" => {
            let bytes = raw(&response, Framing::Length(response.body().len()));
            Reply::Script(Script { steps: vec![Step::Write(bytes), Step::Wait(IDLE)], local: Local::Answer(response) })
        }
        "extra-100" | "100-continue-slow" => {
            let mut bytes = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
            bytes.extend_from_slice(&raw(&response, Framing::Length(response.body().len())));
            Reply::Script(Script { steps: vec![Step::Write(bytes.into())], local: Local::Answer(response) })
        }
        "pii-in-header" => {
            let value = HeaderValue::from_str(&test_identity(7)).expect("digits are a header value");
            response.headers_mut().insert(HeaderName::from_static("x-patient-id"), value);
            Reply::Answer(response)
        }
        "content-type-html" => {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            Reply::Answer(response)
        }
        "no-content-type" => {
            response.headers_mut().remove(CONTENT_TYPE);
            Reply::Answer(response)
        }
        "mtom" => mtom(response),
        "gzip" if !with.asked.header("accept-encoding").is_some_and(|value| value.contains("gzip")) => {
            Reply::Answer(response)
        }
        "gzip" | "gzip-unasked" => gzip(response),
        _ => encoded(act, response),
    }
}

fn scripted(response: &Response<Bytes>, framing: Framing, local: Local) -> Reply {
    Reply::Script(Script { steps: vec![Step::Write(raw(response, framing))], local })
}

/// The body in another character set, or said to be in one.
fn encoded(act: &Act, mut response: Response<Bytes>) -> Reply {
    let variant = match act.id {
        "bad-encoding" => act.option("variant").unwrap_or("bad-encoding"),
        id => id,
    };
    let text = String::from_utf8_lossy(response.body()).into_owned();
    let latin = |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect() };
    let bare = content::without_declaration(&text);
    let (kind, body) = match variant {
        "bad-encoding" => (XML, latin(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{bare}"))),
        "latin1-honest" => {
            ("text/xml; charset=ISO-8859-1", latin(&format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{bare}")))
        }
        "utf16" => {
            let text = format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{bare}");
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            ("text/xml; charset=UTF-16", units.flat_map(u16::to_be_bytes).collect())
        }
        "bom" => (XML, [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat()),
        "charset-conflict" => {
            ("text/xml; charset=ISO-8859-1", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{bare}").into_bytes())
        }
        "bad-utf8" => (XML, content::with_bad_utf8(&text)),
        "no-declaration" => ("text/xml", bare.as_bytes().to_vec()),
        _ => return Reply::Answer(response),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    *response.body_mut() = Bytes::from(body);
    Reply::Answer(response)
}

fn gzip(mut response: Response<Bytes>) -> Reply {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(response.body());
    *response.body_mut() = encoder.finish().unwrap_or_default().into();
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Reply::Answer(response)
}

fn mtom(mut response: Response<Bytes>) -> Reply {
    const KIND: &str = "multipart/related; type=\"application/xop+xml\"; start=\"<rot@anslut>\"; \
                        start-info=\"text/xml\"; boundary=\"anslut-del\"";
    let mut body = b"--anslut-del\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\n\
        Content-Transfer-Encoding: binary\r\nContent-ID: <rot@anslut>\r\n\r\n"
        .to_vec();
    body.extend_from_slice(response.body());
    body.extend_from_slice(b"\r\n--anslut-del--\r\n");
    *response.body_mut() = body.into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
    Reply::Answer(response)
}

/// A SOAP fault with any status, in either version.
pub fn fault(status: u16, namespace: &str, code: &str, text: &str, detail: &str) -> Reply {
    let mut body = format!("<soap:Envelope xmlns:soap=\"{namespace}\"><soap:Body><soap:Fault>");
    let mut part = |start: &str, text: &str, end: &str| {
        body.push_str(start);
        escape_into(&mut body, text);
        body.push_str(end);
    };
    let is_12 = namespace == SOAP_12;
    if is_12 {
        part("<soap:Code><soap:Value>", code, "</soap:Value></soap:Code>");
        part("<soap:Reason><soap:Text xml:lang=\"sv\">", text, "</soap:Text></soap:Reason>");
    } else {
        part("<faultcode>", code, "</faultcode>");
        part("<faultstring>", text, "</faultstring>");
        if !detail.is_empty() {
            part("<detail><detailString>", detail, "</detailString></detail>");
        }
    }
    body.push_str("</soap:Fault></soap:Body></soap:Envelope>");
    answer(status, if is_12 { "application/soap+xml; charset=UTF-8" } else { XML }, body)
}

fn answer(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !kind.is_empty() {
        *response.headers_mut() = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
    }
    Reply::Answer(response)
}

fn with_header(mut reply: Reply, name: HeaderName, value: &'static str) -> Reply {
    if let Reply::Answer(response) = &mut reply {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

fn page(title: &str) -> String {
    format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")
}
