//! Mock services of published projects as producers (`qa.md` §1.5): a suite can be tried on the answers it came with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use jiff::Zoned;

use super::assert::soap;
use super::run::exchange::{charset, decode};
use super::schematron::{self, Report};
use super::script::host::{Host, Scope};
use super::script::{Ending, Program};
use super::suite::expansion::{Notice, Scopes, expand};
use super::suite::folder::PublishedProject;
use super::suite::project::{MockOperation, MockResponse, MockService, Script};
use super::tree;
use super::verdict::Verdict;
use super::xpath::declared::first_text;
use crate::contracts::contract::Direction;
use crate::contracts::sample::hashed;
use crate::domain::clock::{Clock, stockholm};
use crate::soap::fault::{Side, document};
use crate::soap::responder::{Answer, Responder};

/// The content type of answers that name none.
const XML: &str = "text/xml; charset=utf-8";

/// One mock service, answering.
pub struct MockProducer {
    project: Arc<PublishedProject>,
    service: MockService,
    /// Calls of each operation: what `SEQUENCE` and `RANDOM` go by.
    counts: Vec<AtomicUsize>,
    clock: Clock,
    seed: u64,
    /// What was chosen otherwise than asked, for whoever wants to know; the newest last.
    notes: Mutex<Vec<String>>,
}

/// Notes that are kept.
const NOTES_MAX: usize = 1_000;

impl MockProducer {
    /// All mock services of a project.
    pub fn all(project: &Arc<PublishedProject>, clock: &Clock, seed: u64) -> Vec<Self> {
        let of = |service: &MockService| Self {
            project: Arc::clone(project),
            counts: service.operations.iter().map(|_| AtomicUsize::new(0)).collect(),
            service: service.clone(),
            clock: clock.clone(),
            seed,
            notes: Mutex::default(),
        };
        project.project.mocks.iter().map(of).collect()
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.service.name
    }

    /// What was chosen otherwise than asked.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, text: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < NOTES_MAX {
            notes.push(text);
        }
    }

    fn reply(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let asks_description = request.uri().query().is_some_and(|query| query.eq_ignore_ascii_case("wsdl"));
        if asks_description {
            return self.description();
        }
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let text = decode(request.body(), kind.and_then(charset).as_deref());
        let Some((at, operation)) = self.operation(&text, request.headers()) else {
            return fault("the mock service has no operation for this request");
        };
        let mut call = Call {
            mock: self,
            operation,
            text: &text,
            headers: request.headers(),
            variables: BTreeMap::new(),
            random: 0,
            number: self.counts[at].fetch_add(1, Ordering::Relaxed),
        };
        if let Some(Err(why)) = self.service.on_request.as_ref().map(|script| call.script(script)) {
            return fault(&why);
        }
        let chosen = match call.choose() {
            Ok(chosen) => chosen,
            Err(why) => return fault(&why),
        };
        let found = |name: &str| operation.responses.iter().find(|response| response.name == name);
        let response = chosen.as_deref().and_then(found).or_else(|| {
            self.note(format!("{}: there is no answer {:?}", operation.operation, chosen.as_deref().unwrap_or("")));
            operation.default_response.as_deref().and_then(found)
        });
        match response {
            Some(response) => call.answer_with(response),
            None => fault("no answer was chosen, and there is no default"),
        }
    }

    /// The operation whose element stands in the body, or whose action is named; else the only one.
    fn operation(&self, text: &str, headers: &HeaderMap) -> Option<(usize, &MockOperation)> {
        let element = tree::parse(text)
            .ok()
            .and_then(|document| Some(soap::body(&document)?.first_element_child()?.tag_name().name().to_owned()));
        let action = headers.get("soapaction").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let action = action.unwrap_or_default();
        let by = |fits: &dyn Fn(&MockOperation) -> bool| {
            self.service.operations.iter().enumerate().find(|(_, operation)| fits(operation))
        };
        by(&|operation| Some(&operation.operation) == element.as_ref())
            .or_else(|| by(&|operation| action.trim_matches('"').ends_with(&format!(":{}", operation.operation))))
            .or_else(|| {
                self.service.operations.first().filter(|_| self.service.operations.len() == 1).map(|one| (0, one))
            })
    }

    fn description(&self) -> Response<Bytes> {
        let named = self.service.operations.first().map(|operation| operation.interface.as_str());
        let interface = self.project.project.interfaces.iter().find(|interface| Some(interface.name.as_str()) == named);
        let part = interface.and_then(|interface| {
            let root = interface.root_part.as_ref();
            interface.cache.iter().find(|part| Some(&part.url) == root).or(interface.cache.first())
        });
        match part {
            Some(part) => http_response(StatusCode::OK, XML, part.content.clone()),
            None => http_response(StatusCode::NOT_FOUND, "text/plain", "the project carries no description".to_owned()),
        }
    }
}

impl Responder for MockProducer {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move { Ok(self.reply(&request)) })
    }
}

/// One call, while it is answered.
struct Call<'c> {
    mock: &'c MockProducer,
    operation: &'c MockOperation,
    text: &'c str,
    headers: &'c HeaderMap,
    variables: BTreeMap<String, String>,
    random: u64,
    number: usize,
}

impl Call<'_> {
    /// Runs a script; what it answers is the name of a response.
    fn script(&mut self, script: &Script) -> Result<Option<String>, String> {
        let program = Program::compile(script).map_err(|unknown| unknown.to_string())?;
        match program.run(self) {
            Ending::Answer(name) => Ok(Some(name)),
            Ending::Error(why) => Err(why),
            Ending::Failed(messages) => Err(messages.join("; ")),
            Ending::Done | Ending::Skipped(_) | Ending::Cancelled(_) => Ok(None),
        }
    }

    fn choose(&mut self) -> Result<Option<String>, String> {
        let responses = &self.operation.responses;
        let nth = |number: usize| responses.get(number % responses.len().max(1)).map(|response| response.name.clone());
        match self.operation.dispatch.as_str() {
            "SEQUENCE" => Ok(nth(self.number)),
            "RANDOM" => {
                Ok(nth(usize::try_from(hashed(self.mock.seed, &self.number.to_string()) % 1_000_003).unwrap_or(0)))
            }
            "QUERY_MATCH" => {
                for query in self.operation.queries.iter().filter(|query| !query.disabled) {
                    let (path, wanted) = (self.expand(&query.query)?, self.expand(&query.expected)?);
                    if first_text(&path, self.text).is_some_and(|found| found == wanted) {
                        return Ok(Some(query.response.clone()));
                    }
                }
                Ok(None)
            }
            _ => match &self.operation.dispatch_script {
                Some(script) => self.script(script),
                None => Ok(None),
            },
        }
    }

    fn answer_with(&mut self, response: &MockResponse) -> Response<Bytes> {
        if let Some(Err(why)) = response.script.as_ref().map(|script| self.script(script)) {
            return fault(&why);
        }
        let content = match Host::expand(self, &response.content) {
            Ok(content) => content,
            Err(why) => return fault(&why),
        };
        let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
        let mut answer = http_response(status, XML, content);
        for (name, value) in &response.headers {
            let value = Host::expand(self, value).ok().and_then(|value| value.trim().parse().ok());
            if let (Ok(name), Some(value)) = (name.trim().parse::<http::HeaderName>(), value) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}

fn http_response(status: StatusCode, kind: &'static str, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

fn fault(why: &str) -> Response<Bytes> {
    http_response(StatusCode::INTERNAL_SERVER_ERROR, XML, document(Side::Server, why, ""))
}

/// What the texts of a mock see: variables of this call, then properties of the project.
struct MockScopes<'s> {
    variables: &'s BTreeMap<String, String>,
    project: &'s BTreeMap<String, String>,
}

impl Scopes for MockScopes<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).or_else(|| self.project.get(name)).cloned()
    }

    fn property(&self, scope: &str, name: &str) -> Option<String> {
        (scope == "Project").then(|| self.project.get(name).cloned()).flatten()
    }

    fn step(&self, _step: &str, _part: &str) -> Option<String> {
        None
    }

    fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn known(&self) -> Vec<String> {
        self.variables.keys().cloned().collect()
    }
}

impl Host for Call<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn set_variable(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_owned(), value);
    }

    fn property(&self, scope: Scope, name: &str) -> Option<String> {
        (scope == Scope::Project).then(|| self.mock.project.project.properties.get(name).cloned()).flatten()
    }

    fn set_property(&mut self, _scope: Scope, _name: &str, _value: String) {}

    fn project_properties(&self) -> BTreeMap<String, String> {
        self.mock.project.project.properties.clone()
    }

    fn expand(&mut self, text: &str) -> Result<String, String> {
        let scopes = MockScopes { variables: &self.variables, project: &self.mock.project.project.properties };
        let mut notices: Vec<Notice> = Vec::new();
        expand(text, &scopes, &mut notices).map_err(|error| error.to_string())
    }

    fn case_name(&self) -> String {
        String::new()
    }

    fn load(&mut self, file: &str, _id: &str) -> Result<(), String> {
        Err(format!("a mock service loads no data from {file}"))
    }

    fn file(&self, name: &str) -> Option<String> {
        self.mock.project.text(name)
    }

    fn response(&self) -> Option<String> {
        None
    }

    fn request(&self) -> Option<String> {
        Some(self.text.to_owned())
    }

    fn response_headers(&self) -> Vec<(String, Vec<String>)> {
        Vec::new()
    }

    fn request_headers(&self) -> Vec<(String, Vec<String>)> {
        let names = self.headers.keys();
        let values = |name: &http::HeaderName| {
            let all = self.headers.get_all(name).iter();
            all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<_>>()
        };
        names.map(|name| (name.as_str().to_owned(), values(name))).collect()
    }

    fn time_taken(&self) -> u64 {
        0
    }

    fn schematron(&mut self, file: &str, message: &str) -> Result<Report, String> {
        let shown = self.mock.project.shown(file);
        let text = self.mock.project.text(file).ok_or_else(|| format!("rule file does not exist: {shown}"))?;
        let loaded = schematron::load(&shown, &text).map_err(|problems| {
            problems.first().map_or_else(|| format!("{shown} cannot be used"), ToString::to_string)
        })?;
        let document = tree::parse(message).map_err(|why| format!("the request is not XML: {why}"))?;
        Ok(loaded.schema.validate(&document, self.now()))
    }

    fn request_violations(&self) -> Vec<String> {
        let Some(schemas) = self.mock.project.schemas(&self.operation.interface) else {
            return vec![format!("the project has no interface {}", self.operation.interface)];
        };
        let name = &self.operation.operation;
        let judged = schemas.judge_direction(name, Direction::Request, self.text.as_bytes(), self.text, None);
        if judged.verdict == Verdict::Pass { Vec::new() } else { judged.messages }
    }

    fn now(&self) -> Zoned {
        self.mock.clock.now().to_zoned(stockholm())
    }

    fn random(&mut self, bound: i64) -> i64 {
        self.random += 1;
        let number = hashed(self.mock.seed, &format!("{} {}", self.number, self.random));
        i64::try_from(number % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn notice(&mut self, _code: &str, text: String) {
        self.mock.note(text);
    }

    fn go_to(&mut self, _step: &str) {}
}
