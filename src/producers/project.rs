//! Mock services of SoapUI projects as mappings (`producers.md` §4): each response by its name, so that `x-mock-response`
//! finds it. Scripts are not run, and are named.

mod dispatch;
pub mod folder;

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::xml::edit::Branch;
use crate::contracts::sample::hashed;

/// What became of a project.
#[derive(Debug)]
pub struct Project {
    /// The mappings.
    pub mappings: Vec<Value>,
    /// What of it the mappings do not do.
    pub remarks: Vec<Remark>,
}

/// Something that a mapping does not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The operation.
    pub operation: String,
    /// The response; none where it is about the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// What.
    pub what: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.response {
            Some(response) => write!(f, "{} {response:?}: {}", self.operation, self.what),
            None => write!(f, "{}: {}", self.operation, self.what),
        }
    }
}

/// Reads a project; `Err` says why it is none, or has no mock service.
pub fn read(contents: &[u8]) -> Result<Project, String> {
    let document = Branch::parse(contents).map_err(|error| format!("not XML: {error}"))?;
    let mut project = Project { mappings: Vec::new(), remarks: Vec::new() };
    let mut services = Vec::new();
    below(&document, "mockService", &mut services);
    if services.is_empty() {
        return Err("there is no mockService in it".to_owned());
    }
    for service in services {
        for script in ["startScript", "stopScript", "onRequestScript", "afterRequestScript"] {
            if child_text(service, script).is_some_and(|text| !text.is_empty()) {
                let of = attribute(service, "name").unwrap_or_default().to_owned();
                project.remarks.push(Remark {
                    operation: of,
                    response: None,
                    what: format!("its {script} is not run"),
                });
            }
        }
        for operation in service.branches().filter(|one| one.local == "mockOperation") {
            project.operation(operation);
        }
    }
    Ok(project)
}

impl Project {
    fn operation(&mut self, operation: &Branch) {
        let name = attribute(operation, "operation").or(attribute(operation, "name")).unwrap_or_default().to_owned();
        let usual = child_text(operation, "defaultResponse").filter(|name| !name.is_empty());
        let style = child_text(operation, "dispatchStyle").unwrap_or_default();
        let responses: Vec<&Branch> = operation.branches().filter(|one| one.local == "response").collect();
        let has_script = |branch: &Branch, element: &str| !child_text(branch, element).unwrap_or_default().is_empty();
        let what = match style.as_str() {
            "SCRIPT" if has_script(operation, "dispatchPath") => "its dispatch script is not run",
            "RANDOM" if responses.len() > 1 => "its responses are not drawn at random",
            _ => "",
        };
        if !what.is_empty() {
            let what = format!("{what}: the default response is given, others by x-mock-response");
            self.remarks.push(Remark { operation: name.clone(), response: None, what });
        }
        let first = self.mappings.len();
        for (place, response) in responses.iter().enumerate() {
            let own = attribute(response, "name").unwrap_or_default().to_owned();
            let mut remark = |what: String| {
                self.remarks.push(Remark { operation: name.clone(), response: Some(own.clone()), what });
            };
            if has_script(response, "script") {
                remark("its response script is not run".to_owned());
            }
            let is_usual = usual.as_ref().map_or(place == 0, |usual| *usual == own);
            let content = child_text(response, "responseContent").unwrap_or_default();
            let (body, is_template) = filled(&content, &mut remark);
            if response.branches().any(|one| one.local == "attachment") {
                remark("its attachments are not sent".to_owned());
            }
            self.mappings.push(mapping(&name, &own, is_usual, response, &content, &body, is_template));
        }
        let made = &mut self.mappings[first..];
        match style.as_str() {
            "SEQUENCE" => dispatch::in_sequence(made, &name),
            "QUERY_MATCH" | "XPATH" => {
                let chosen = dispatch::by_query(made, operation, &style);
                self.mappings.extend(chosen);
            }
            _ => {}
        }
    }
}

fn mapping(
    operation: &str,
    name: &str,
    is_usual: bool,
    response: &Branch,
    content: &str,
    body: &str,
    is_template: bool,
) -> Value {
    // The contract is that of the answer: of a fault, the operation alone is known.
    let namespace = Branch::parse(content.as_bytes()).ok().and_then(|document| {
        let mut message = Vec::new();
        below(&document, &format!("{operation}Response"), &mut message);
        namespace_of(&document, &message.first()?.prefix)
    });
    let mut request = json!({"method": "POST", "riv": {"contract": namespace.unwrap_or_else(|| operation.to_owned())}});
    if !is_usual {
        // Only who asks for it by name gets it.
        request["headers"] = json!({"x-mock-response": {"absent": false}});
    }
    let status: u16 = attribute(response, "httpResponseStatus").and_then(|text| text.parse().ok()).unwrap_or(200);
    let mut headers = Map::new();
    headers.insert("Content-Type".to_owned(), json!("text/xml; charset=UTF-8"));
    for header in response.branches().filter(|one| one.local == "header") {
        let values: Vec<String> =
            header.branches().filter(|one| one.local == "value").map(|one| one.text().trim().to_owned()).collect();
        if let Some(name) = attribute(header, "name") {
            headers.insert(name.to_owned(), if values.len() == 1 { json!(values[0]) } else { json!(values) });
        }
    }
    let key = hashed(0, &format!("{operation}\n{name}"));
    let id = uuid::Builder::from_random_bytes(((u128::from(key) << 64) | u128::from(hashed(1, name))).to_be_bytes());
    let mut made = json!({
        "id": id.into_uuid().to_string(),
        "name": name,
        // Behind the usual answer, which also goes to whoever names none.
        "priority": if is_usual { 5 } else { 9 },
        "metadata": {"operation": operation, "mockResponse": name},
        "request": request,
        "response": {"status": status, "headers": headers, "body": body},
    });
    if is_template {
        made["response"]["transformers"] = json!(["response-template"]);
    }
    made
}

/// The body with what a request can fill in: `${name}` is the text of the request's element of that name.
fn filled(content: &str, remark: &mut impl FnMut(String)) -> (String, bool) {
    let mut out = String::with_capacity(content.len());
    let (mut rest, mut is_template) = (content, false);
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = from.find('}') else { break };
        let property = &from[2..end];
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        };
        let place = match property {
            "mockRequest.requestContent" | "requestContent" => Some("{{{request.body}}}".to_owned()),
            name if is_name(name) => Some(format!("{{{{xPath request.body '//*[local-name()=\"{name}\"]/text()'}}}}")),
            _ => None,
        };
        match place {
            Some(place) => {
                is_template = true;
                out.push_str(&place);
            }
            None => {
                remark(format!("${{{property}}} is no property of a request, and stays as it is"));
                out.push_str(&from[..=end]);
            }
        }
        rest = &from[end + 1..];
    }
    out.push_str(rest);
    (out, is_template)
}

fn below<'b>(branch: &'b Branch, local: &str, found: &mut Vec<&'b Branch>) {
    for one in branch.branches() {
        if one.local == local {
            found.push(one);
        } else {
            below(one, local, found);
        }
    }
}

/// The namespace that a prefix is declared for anywhere in a message: mock answers declare each once.
fn namespace_of(branch: &Branch, prefix: &str) -> Option<String> {
    let key = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
    let own = branch.attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
    own.or_else(|| branch.branches().find_map(|one| namespace_of(one, prefix)))
}

fn attribute<'b>(branch: &'b Branch, name: &str) -> Option<&'b str> {
    branch.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn child_text(branch: &Branch, local: &str) -> Option<String> {
    branch.branches().find(|one| one.local == local).map(|one| one.text().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = r#"<con:soapui-project xmlns:con="http://eviware.com/soapui/config">
      <con:mockService name="Mock"><con:mockOperation name="GetX" operation="GetX">
        <con:defaultResponse>BasicResponse</con:defaultResponse><con:dispatchStyle>SCRIPT</con:dispatchStyle>
        <con:dispatchPath>return "x"</con:dispatchPath>
        <con:response name="BasicResponse" httpResponseStatus="200"><con:script>log.info 1</con:script>
          <con:header name="X-One"><con:value>1</con:value></con:header>
          <con:responseContent><![CDATA[<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
            <r:GetXResponse xmlns:r="urn:riv:a:GetXResponder:2"><r:id>${id}</r:id><r:t>${=new Date()}</r:t></r:GetXResponse>
          </e:Body></e:Envelope>]]></con:responseContent></con:response>
        <con:response name="SoapFault" httpResponseStatus="500"><con:responseContent>&lt;fault/></con:responseContent></con:response>
      </con:mockOperation></con:mockService></con:soapui-project>"#;

    #[test]
    fn each_response_is_a_mapping_by_its_name() {
        let project = read(PROJECT.as_bytes()).unwrap();
        let [basic, fault] = project.mappings.as_slice() else { panic!("{:?}", project.mappings) };
        assert_eq!(basic["name"], "BasicResponse");
        assert_eq!(basic["request"]["riv"]["contract"], "urn:riv:a:GetXResponder:2");
        assert!(basic["request"].get("headers").is_none() && basic["response"]["headers"]["X-One"] == "1");
        let body = basic["response"]["body"].as_str().unwrap();
        assert!(body.contains("local-name()=\"id\"") && body.contains("${=new Date()}"), "{body}");
        assert_eq!(fault["response"]["status"], 500);
        assert_eq!(fault["request"]["headers"]["x-mock-response"]["absent"], false);
        let remarks: Vec<_> = project.remarks.iter().map(ToString::to_string).collect();
        assert!(remarks.iter().any(|one| one.contains("response script is not run")), "{remarks:?}");
        assert!(remarks.iter().any(|one| one.contains("dispatch script is not run")), "{remarks:?}");
        assert!(remarks.iter().any(|one| one.contains("no property of a request")), "{remarks:?}");
        assert!(read(b"<a/>").is_err() && read(b"<a>").is_err());
    }
}
