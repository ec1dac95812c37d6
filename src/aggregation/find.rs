//! The index is asked who has something (`aggregation.md` §1.3).

use bytes::Bytes;
use jiff::{Timestamp, ToSpan};

use super::fault::{Fault, Passed};
use super::service::Lookup;
use super::splice::{Cut, Scope};
use super::walk::{Part, qualified, skip, walk};
use crate::domain::clock::stockholm;
use crate::soap::fault::{self, SOAP_11};
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Reader, Token};
use crate::soap::xml::text::escape_into;

/// SOAPAction of FindContent.
pub(super) const SOAP_ACTION: &str = "urn:riv:itintegration:engagementindex:FindContentResponder:1:FindContent";
const RESPONDER: &str = "urn:riv:itintegration:engagementindex:FindContentResponder:1";
const CORE: &[u8] = b"urn:riv:itintegration:engagementindex:1";

/// One row of the index's answer (*engagemang*): what of it counts here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Engagement {
    pub(super) resident: String,
    pub(super) categorization: String,
    pub(super) logical_address: Option<String>,
    pub(super) source_system: String,
}

/// The question to the index.
pub(super) fn request(lookup: &Lookup, patient: Option<&str>, index_address: &str, now: Timestamp) -> Bytes {
    let mut out = format!(
        "<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Header>\
         <LogicalAddress xmlns=\"urn:riv:itintegration:registry:1\">"
    );
    escape_into(&mut out, index_address);
    out.push_str("</LogicalAddress></soap:Header><soap:Body><FindContent xmlns=\"");
    out.push_str(RESPONDER);
    out.push_str("\">");
    let mut element = |name: &str, text: &str| {
        out.push_str(&format!("<{name}>"));
        escape_into(&mut out, text);
        out.push_str(&format!("</{name}>"));
    };
    if let Some(patient) = patient {
        element("registeredResidentIdentification", patient);
    }
    element("serviceDomain", &lookup.domain);
    if let [categorization] = lookup.categorizations.as_slice() {
        element("categorization", categorization);
    }
    if lookup.last_year {
        let now = now.to_zoned(stockholm());
        let year_ago = now.checked_sub(1.year()).unwrap_or(now);
        element("mostRecentContent", &year_ago.strftime("%Y%m%d%H%M%S").to_string());
    }
    out.push_str("</FindContent></soap:Body></soap:Envelope>");
    out.into()
}

/// The rows of the index's answer, in UTF-8; or its fault, which is passed on.
pub(super) fn read(message: &Bytes) -> Result<Vec<Engagement>, Fault> {
    let mut engagements = Vec::new();
    walk(message, |part, reader, name| {
        if part == Part::Header {
            return Ok(skip(reader, message, name)?);
        }
        let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
        if namespace == SOAP_11.as_bytes() && name.local() == b"Fault" {
            let mut scope = Scope::of(reader);
            let element = Cut::take(reader, message, name, |_, _| Ok(()))?;
            scope.look_through(&message[element.range()]);
            let text = fault::read(message).text;
            return Err(Fault::Passed(Box::new(Passed { message: message.clone(), scope, element, text })));
        }
        if namespace != RESPONDER.as_bytes() || name.local() != b"FindContentResponse" {
            return Err(Fault::unknown_part(&qualified(namespace, name.local())));
        }
        Ok(rows(reader, message, &mut engagements)?)
    })?;
    Ok(engagements)
}

/// Reads the response element, whose start the reader has just given, to its end.
fn rows(reader: &mut Reader<'_>, message: &Bytes, into: &mut Vec<Engagement>) -> Result<(), XmlError> {
    loop {
        match reader.next()?.ok_or_else(|| reader.error_here("Unexpected EOF"))? {
            Token::Start(name) if name.local() == b"engagement" => into.push(row(reader)?),
            Token::Start(name) => skip(reader, message, name)?,
            Token::End(_) => return Ok(()),
            _ => {}
        }
    }
}

/// Reads one `engagement` to its end.
fn row(reader: &mut Reader<'_>) -> Result<Engagement, XmlError> {
    let mut row = Engagement::default();
    let (mut depth, mut text) = (1_usize, String::new());
    loop {
        match reader.next()?.ok_or_else(|| reader.error_here("Unexpected EOF"))? {
            Token::Start(_) => {
                depth += 1;
                text.clear();
            }
            Token::Text(raw) => text.push_str(&reader.text_of(raw)?),
            Token::Cdata(raw) => text.push_str(&String::from_utf8_lossy(raw)),
            Token::End(_) if depth == 1 => return Ok(row),
            Token::End(name) => {
                depth -= 1;
                let is_core = reader.namespaces().resolve(name.prefix()) == Some(CORE);
                let value = std::mem::take(&mut text);
                match name.local() {
                    _ if depth != 1 || !is_core => {}
                    b"registeredResidentIdentification" => row.resident = value,
                    b"categorization" => row.categorization = value,
                    b"logicalAddress" => row.logical_address = Some(value),
                    b"sourceSystem" => row.source_system = value,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(categorizations: &[&str], last_year: bool) -> Lookup {
        let categorizations = categorizations.iter().map(|text| (*text).to_owned()).collect();
        Lookup { domain: "riv:d".to_owned(), categorizations, last_year }
    }

    #[test]
    fn the_question_says_what_is_configured_and_nothing_else() {
        let now: Timestamp = "2024-02-29T23:30:00Z".parse().expect("a time");
        let inside = |lookup: &Lookup, patient: Option<&str>| {
            let text = String::from_utf8(request(lookup, patient, "5565", now).to_vec()).expect("UTF-8");
            let (_, body) = text.split_once("FindContentResponder:1\">").expect("the element");
            body.split_once("</FindContent>").expect("its end").0.to_owned()
        };
        let resident = "<registeredResidentIdentification>1&lt;9</registeredResidentIdentification>";
        let domain = "<serviceDomain>riv:d</serviceDomain>";
        let one = inside(&lookup(&["dia"], false), Some("1<9"));
        assert_eq!(one, format!("{resident}{domain}<categorization>dia</categorization>"));
        assert_eq!(inside(&lookup(&["a", "b"], false), None), domain);
        let year = inside(&lookup(&[], true), None);
        assert_eq!(year, format!("{domain}<mostRecentContent>20230301003000</mostRecentContent>"));
    }

    #[test]
    fn rows_are_read_whatever_their_prefixes() {
        let message = Bytes::from_static(
            b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header><x>1</x></e:Header><e:Body>\
              <q:FindContentResponse xmlns:q='urn:riv:itintegration:engagementindex:FindContentResponder:1'>\
              <q:engagement xmlns='urn:riv:itintegration:engagementindex:1'>\
              <registeredResidentIdentification>1</registeredResidentIdentification><serviceDomain>d</serviceDomain>\
              <categorization>C</categorization><logicalAddress>L&amp;A</logicalAddress><sourceSystem>S</sourceSystem>\
              <x:more xmlns:x='x'><sourceSystem>no</sourceSystem></x:more></q:engagement><q:engagement/>\
              </q:FindContentResponse></e:Body></e:Envelope>",
        );
        let first = Engagement {
            resident: "1".to_owned(),
            categorization: "C".to_owned(),
            logical_address: Some("L&A".to_owned()),
            source_system: "S".to_owned(),
        };
        assert_eq!(read(&message).expect("rows"), [first, Engagement::default()]);
    }
}
