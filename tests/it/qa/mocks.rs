//! Mock services of published projects, answering as producers.

use anslut::domain::clock::Clock;
use anslut::qa::mocks::MockProducer;
use anslut::qa::suite::folder::Published;
use anslut::soap::responder::Responder;
use bytes::Bytes;
use http::Request;

use super::suite::{NAMESPACE, answer, envelope, escaped, record, wsdl};

/// A project with one mock service.
fn mock(dispatch: &str, responses: &str) -> MockProducer {
    let project = format!(
        "<con:soapui-project name=\"TMock\" xmlns:con=\"http://eviware.com/soapui/config\">\
         <con:interface xsi:type=\"con:WsdlInterface\" name=\"T\" soapVersion=\"1_1\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <con:definitionCache type=\"TEXT\" rootPart=\"file:/T.wsdl\"><con:part><con:url>file:/T.wsdl</con:url><con:content>{}</con:content>\
         <con:type>http://schemas.xmlsoap.org/wsdl/</con:type></con:part></con:definitionCache>\
         <con:operation name=\"GetThing\" bindingOperationName=\"GetThing\" action=\"{NAMESPACE}:GetThing\"/></con:interface>\
         <con:mockService name=\"TMock\" port=\"8088\" path=\"/mockT\"><con:mockOperation name=\"GetThing\" interface=\"T\" operation=\"GetThing\">\
         {dispatch}{responses}</con:mockOperation></con:mockService></con:soapui-project>",
        escaped(&wsdl())
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("TMock-soapui-project.xml"), project).unwrap();
    let published = Published::read(folder.path()).unwrap();
    MockProducer::all(&published.projects[0], &Clock::System, 1).remove(0)
}

fn response(name: &str, content: &str, status: Option<u16>) -> String {
    let status = status.map_or_else(String::new, |status| format!(" httpResponseStatus=\"{status}\""));
    format!(
        "<con:response name=\"{name}\"{status}><con:responseContent>{}</con:responseContent></con:response>",
        escaped(content)
    )
}

fn asked(mock: &MockProducer, header: Option<&str>, body: &str) -> (u16, String) {
    let mut request = Request::post("http://mock/").body(Bytes::from(body.to_owned())).unwrap();
    if let Some(name) = header {
        request.headers_mut().insert("x-mock-response", name.parse().unwrap());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = runtime.block_on(mock.answer(request)).unwrap();
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

fn valid() -> String {
    envelope(&format!("<t:GetThing xmlns:t=\"{NAMESPACE}\"><t:patientId>191212121212</t:patientId></t:GetThing>"))
}

const SCRIPT: &str = "import com.eviware.soapui.impl.wsdl.support.wsdl.WsdlContext\n\
    def wsdlContext = new WsdlContext(mockOperation)\ndef validator = new WsdlValidator(wsdlContext)\n\
    def errors = validator.assertRequest(mockRequest, false)\nif (errors.size() > 0) {\n  context.validationMessages = \"${errors}\"\n  return 'SoapFault-Request'\n}\n\
    return mockRequest.requestHeaders['x-mock-response'][0]";

#[test]
pub fn statement_17_a_mock_answers_by_name_and_refuses_what_is_invalid() {
    let dispatch = format!(
        "<con:dispatchStyle>SCRIPT</con:dispatchStyle><con:dispatchPath>{}</con:dispatchPath><con:defaultResponse>A</con:defaultResponse>",
        escaped(SCRIPT)
    );
    let fault =
        envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>${validationMessages}</faultstring></s:Fault>");
    let responses = response("A", &answer(""), None)
        + &response("B", &answer(&record("b", "191212121212", "20240115120000")), Some(200))
        + &response("SoapFault-Request", &fault, Some(500));
    let mock = mock(&dispatch, &responses);
    let (status, body) = asked(&mock, Some("B"), &valid());
    assert!(status == 200 && body.contains("<t:documentId>b</t:documentId>"), "{status} {body}");
    let broken = envelope(&format!("<t:GetThing xmlns:t=\"{NAMESPACE}\"><t:wrong/></t:GetThing>"));
    let (status, body) = asked(&mock, Some("B"), &broken);
    assert!(status == 500 && body.contains("wrong") && body.contains("Fault"), "{status} {body}");
    // A name that is not there gets the default, and a note.
    let (_, body) = asked(&mock, Some("C"), &valid());
    assert!(!body.contains("documentId"), "{body}");
    assert!(mock.notes()[0].contains("\"C\""), "{:?}", mock.notes());
}

#[test]
pub fn statement_18_a_sequence_goes_round() {
    let dispatch = "<con:dispatchStyle>SEQUENCE</con:dispatchStyle>";
    let mock = mock(dispatch, &(response("1", "<one/>", None) + &response("2", "<two/>", Some(500))));
    let answers: Vec<_> = (0..3).map(|_| asked(&mock, None, &valid())).collect();
    assert_eq!(answers, [(200, "<one/>".to_owned()), (500, "<two/>".to_owned()), (200, "<one/>".to_owned())]);
}
