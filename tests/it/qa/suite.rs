//! The fixture of `qa.md` §10.0: contract T, a stub that answers by name, and suites made of the assertions under test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anslut::domain::clock::Clock;
use anslut::qa::result::{CaseResult, RunDocument};
use anslut::qa::run::{Options, World, run};
use anslut::qa::suite::folder::Published;
use anslut::soap::responder::{Answer, Responder, TransportFault};
use bytes::Bytes;
use http::{Request, Response};

pub const NAMESPACE: &str = "urn:riv:test:qa:GetThingResponder:1";

/// A stub: answers by the request header `x-mock-response` and remembers what it was asked.
#[derive(Default)]
pub struct Stub {
    pub asked: Mutex<Vec<Request<Bytes>>>,
    /// Milliseconds before an answer.
    pub delay: u64,
    /// Answers beside the usual ones: name, status, body.
    pub answers: BTreeMap<String, (u16, String)>,
    /// Whether nothing listens.
    pub refuses: bool,
    pub headers: Vec<(String, String)>,
}

impl Stub {
    pub fn with(name: &str, status: u16, body: impl Into<String>) -> Self {
        Self { answers: [(name.to_owned(), (status, body.into()))].into(), ..Self::default() }
    }

    /// Bodies of all requests.
    pub fn bodies(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|request| String::from_utf8_lossy(request.body()).into_owned()).collect()
    }
}

impl Responder for Stub {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            if self.refuses {
                return Err(TransportFault::Refused);
            }
            let wanted = request.headers().get("x-mock-response").map_or("", |name| name.to_str().unwrap()).to_owned();
            self.asked.lock().unwrap().push(request);
            if self.delay > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(self.delay)).await;
            }
            let own = self.answers.get(&wanted).cloned();
            let (status, body) = own.unwrap_or_else(|| usual(&wanted));
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            response.headers_mut().insert("content-type", "text/xml; charset=UTF-8".parse().unwrap());
            for (name, value) in &self.headers {
                let name: http::HeaderName = name.parse().unwrap();
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            Ok(response)
        })
    }
}

/// The answers every row can ask for.
fn usual(name: &str) -> (u16, String) {
    match name {
        "ok0" => (200, answer("")),
        "fault" => (
            500,
            envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>no such thing</faultstring></s:Fault>"),
        ),
        "bad" => (200, answer("<t:record><t:wrong/></t:record>")),
        "junk" => (200, "hello".to_owned()),
        _ => (200, answer(&record("d1", "191212121212", "20240115120000"))),
    }
}

pub fn record(id: &str, patient: &str, time: &str) -> String {
    format!(
        "<t:record><t:documentId>{id}</t:documentId><t:patientId>{patient}</t:patientId><t:careUnitHSAId>SE2321000016-U1</t:careUnitHSAId>\
         <t:time>{time}</t:time></t:record>"
    )
}

pub fn answer(records: &str) -> String {
    envelope(&format!("<t:GetThingResponse xmlns:t=\"{NAMESPACE}\">{records}</t:GetThingResponse>"))
}

pub fn envelope(body: &str) -> String {
    format!("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>")
}

/// One project with one suite, one case, a step that reads data and a call.
pub struct Suite {
    pub assertions: String,
    pub data: Option<String>,
    pub envelope: String,
    pub headers: Vec<(String, String)>,
    pub suite_properties: Vec<(String, String)>,
    pub project_properties: Vec<(String, String)>,
    /// Steps between the reading of data and the call.
    pub before: String,
    /// Steps after the call.
    pub after: String,
    pub case_id: String,
    pub more_cases: String,
    pub fail_on_error: bool,
    pub rules: Option<String>,
}

impl Default for Suite {
    fn default() -> Self {
        Self {
            assertions: String::new(),
            data: Some(data(&[], &[])),
            envelope: envelope(
                "<t:GetThing xmlns:t=\"urn:riv:test:qa:GetThingResponder:1\"><t:patientId>191212121212</t:patientId></t:GetThing>",
            ),
            headers: vec![("x-mock-response".to_owned(), "${answer}".to_owned())],
            suite_properties: Vec::new(),
            project_properties: Vec::new(),
            before: String::new(),
            after: String::new(),
            case_id: "C1".to_owned(),
            more_cases: String::new(),
            fail_on_error: true,
            rules: None,
        }
    }
}

/// A data file with these global values, and these of case `C1`.
pub fn data(global: &[(&str, &str)], case: &[(&str, &str)]) -> String {
    let values = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect::<String>()
    };
    format!(
        "<testsuite><globaldata><webServiceUrl>http://stub/</webServiceUrl>{}</globaldata><testcase id=\"C1\"><data>{}</data></testcase></testsuite>",
        values(global),
        values(case)
    )
}

pub fn assertion(type_name: &str, configuration: &str) -> String {
    format!("<con:assertion type=\"{type_name}\" name=\"{type_name}\"><con:configuration>{configuration}</con:configuration></con:assertion>")
        .replace("<con:configuration>", "<con:configuration xmlns=\"\">")
}

pub fn script(text: &str) -> String {
    assertion("GroovyScriptAssertion", &format!("<scriptText>{}</scriptText>", escaped(text)))
}

pub fn groovy(name: &str, text: &str) -> String {
    format!(
        "<con:testStep type=\"groovy\" name=\"{name}\" id=\"g-{name}\"><con:config><script>{}</script></con:config></con:testStep>",
        escaped(text)
    )
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn properties(pairs: &[(String, String)]) -> String {
    let mut out = String::from("<con:properties>");
    for (name, value) in pairs {
        let _ = write!(
            out,
            "<con:property><con:name>{name}</con:name><con:value>{}</con:value></con:property>",
            escaped(value)
        );
    }
    out + "</con:properties>"
}

impl Suite {
    pub fn of(assertions: impl Into<String>) -> Self {
        Self { assertions: assertions.into(), ..Self::default() }
    }

    pub fn data(mut self, global: &[(&str, &str)], case: &[(&str, &str)]) -> Self {
        self.data = Some(data(global, case));
        self
    }

    /// The project file.
    pub fn project(&self) -> String {
        let entries: String =
            self.headers.iter().map(|(key, value)| format!("<con:entry key=\"{key}\" value=\"{value}\"/>")).collect();
        let fragment =
            escaped(&format!("<xml-fragment xmlns:con=\"http://eviware.com/soapui/config\">{entries}</xml-fragment>"));
        let load = format!(
            "import x.XmlDataReader\nprojectPath = new GroovyUtils(context).projectPath\ndef dataFile = new File(projectPath + \"/data.xml\")\n\
             def reader = new XmlDataReader(context, dataFile)\nreader.load(\"{}\")",
            self.case_id
        );
        format!(
            "<con:soapui-project name=\"P\" xmlns:con=\"http://eviware.com/soapui/config\"><con:settings/>\
             <con:interface xsi:type=\"con:WsdlInterface\" name=\"T\" soapVersion=\"1_1\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
             <con:definitionCache type=\"TEXT\" rootPart=\"file:/T.wsdl\"><con:part><con:url>file:/T.wsdl</con:url><con:content>{}</con:content>\
             <con:type>http://schemas.xmlsoap.org/wsdl/</con:type></con:part></con:definitionCache>\
             <con:operation name=\"GetThing\" bindingOperationName=\"GetThing\" action=\"{NAMESPACE}:GetThing\"/></con:interface>\
             <con:testSuite name=\"TS\"><con:runType>SEQUENTIAL</con:runType>\
             <con:testCase name=\"C1\" failOnError=\"{}\" failTestCaseOnErrors=\"true\">{}{}\
             <con:testStep type=\"request\" name=\"Call\" id=\"call-1\"><con:config xsi:type=\"con:RequestStep\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><con:interface>T</con:interface><con:operation>GetThing</con:operation>\
             <con:request name=\"Call\"><con:settings><con:setting id=\"com.eviware.soapui.impl.wsdl.WsdlRequest@request-headers\">{fragment}</con:setting>\
             </con:settings><con:encoding>UTF-8</con:encoding><con:endpoint>${{webServiceUrl}}</con:endpoint>\
             <con:request>{}</con:request>{}</con:request></con:config></con:testStep>{}</con:testCase>{}{}</con:testSuite>{}</con:soapui-project>",
            escaped(&wsdl()),
            self.fail_on_error,
            groovy("Read data", &load),
            self.before,
            escaped(&self.envelope),
            self.assertions,
            self.after,
            self.more_cases,
            properties(&self.suite_properties),
            properties(&self.project_properties),
        )
    }

    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("T-soapui-project.xml"), self.project()).unwrap();
        if let Some(data) = &self.data {
            std::fs::write(folder.join("data.xml"), data).unwrap();
        }
        if let Some(rules) = &self.rules {
            std::fs::write(folder.join("constraints.xml"), rules).unwrap();
        }
    }

    /// Runs it against a stub that is asked for this answer.
    pub fn run(&self, answer: &str, stub: Stub) -> Ran {
        self.run_with(Options { set: [("answer".to_owned(), answer.to_owned())].into(), ..Options::default() }, stub)
    }

    pub fn run_with(&self, options: Options, stub: Stub) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        let published = Published::read(folder.path()).unwrap();
        let stub = Arc::new(stub);
        let world = World { ..World::new(Arc::clone(&stub) as Arc<dyn Responder>, Clock::System) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let finished = runtime.block_on(run("run-1", &published.projects, &options, &world));
        Ran { document: finished.document, stub }
    }
}

/// What came of a run.
pub struct Ran {
    pub document: RunDocument,
    pub stub: Arc<Stub>,
}

impl Ran {
    pub fn case(&self) -> &CaseResult {
        &self.document.cases[0]
    }

    pub fn verdict(&self) -> &'static str {
        self.case().verdict.word()
    }

    /// All that was said of the case, for looking into.
    pub fn said(&self) -> String {
        let case = self.case();
        let mut said = format!("{} {}\n", case.verdict.word(), case.reason);
        for step in &case.steps {
            let _ = writeln!(said, "{} {} {}", step.name, step.verdict.word(), step.reason);
            for assertion in &step.assertions {
                let _ = writeln!(said, "  {} {} {:?}", assertion.name, assertion.verdict.word(), assertion.messages);
            }
        }
        for notice in &case.notices {
            let _ = writeln!(said, "notice {}: {}", notice.code, notice.text);
        }
        said
    }
}

/// The description of contract T, its schema inline.
pub fn wsdl() -> String {
    format!(
        "<wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:t=\"{NAMESPACE}\" xmlns:tns=\"urn:riv:test:qa:GetThing:1:rivtabp21\" targetNamespace=\"urn:riv:test:qa:GetThing:1:rivtabp21\">\
         <wsdl:types><xs:schema targetNamespace=\"{NAMESPACE}\" elementFormDefault=\"qualified\">\
         <xs:element name=\"GetThing\" type=\"t:GetThingType\"/><xs:element name=\"GetThingResponse\" type=\"t:GetThingResponseType\"/>\
         <xs:complexType name=\"GetThingType\"><xs:sequence><xs:element name=\"patientId\" type=\"xs:string\"/>\
         <xs:element name=\"careUnitHSAId\" type=\"xs:string\" minOccurs=\"0\" maxOccurs=\"unbounded\"/></xs:sequence></xs:complexType>\
         <xs:complexType name=\"GetThingResponseType\"><xs:sequence><xs:element name=\"record\" type=\"t:RecordType\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>\
         <xs:element name=\"result\" type=\"t:ResultType\" minOccurs=\"0\"/></xs:sequence></xs:complexType>\
         <xs:complexType name=\"RecordType\"><xs:sequence><xs:element name=\"documentId\" type=\"xs:string\"/><xs:element name=\"patientId\" type=\"xs:string\"/>\
         <xs:element name=\"careUnitHSAId\" type=\"xs:string\"/><xs:element name=\"time\" type=\"t:TimeType\"/>\
         <xs:element name=\"note\" type=\"xs:string\" minOccurs=\"0\"/></xs:sequence></xs:complexType>\
         <xs:complexType name=\"ResultType\"><xs:sequence><xs:element name=\"resultCode\" type=\"xs:string\"/><xs:element name=\"logId\" type=\"xs:string\"/></xs:sequence></xs:complexType>\
         <xs:simpleType name=\"TimeType\"><xs:restriction base=\"xs:string\"><xs:pattern value=\"[0-9]{{14}}\"/></xs:restriction></xs:simpleType></xs:schema></wsdl:types>\
         <wsdl:message name=\"Request\"><wsdl:part name=\"parameters\" element=\"t:GetThing\"/></wsdl:message>\
         <wsdl:message name=\"Response\"><wsdl:part name=\"parameters\" element=\"t:GetThingResponse\"/></wsdl:message>\
         <wsdl:portType name=\"Port\"><wsdl:operation name=\"GetThing\"><wsdl:input message=\"tns:Request\"/><wsdl:output message=\"tns:Response\"/></wsdl:operation></wsdl:portType>\
         <wsdl:binding name=\"Binding\" type=\"tns:Port\"><soap:binding style=\"document\" transport=\"http://schemas.xmlsoap.org/soap/http\"/>\
         <wsdl:operation name=\"GetThing\"><soap:operation soapAction=\"{NAMESPACE}:GetThing\"/><wsdl:input><soap:body use=\"literal\"/></wsdl:input>\
         <wsdl:output><soap:body use=\"literal\"/></wsdl:output></wsdl:operation></wsdl:binding></wsdl:definitions>"
    )
}
