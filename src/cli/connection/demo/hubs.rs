//! What both hubs say: to those who call the customer's system, and to the system when it calls the index.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};

use super::story::{CONSUMERS, CONTRACT, SYSTEM};
use crate::cli::failure::Failure;
use crate::hub::call::remote::Remote;
use crate::soap::fault::SOAP_11;
use crate::soap::responder::Responder;

/// Instance ids of the two platforms: a call that names its hub's own is believed to come from behind it.
const INSTANCES: [&str; 2] = ["SE-QA", "SE-PROD"];
/// An Update of one engagement, of a person of the test series.
const UPDATE: &str = include_str!("../../../../fixtures/demo/requests/update.xml");
/// The system in it.
const SYSTEM_IN_UPDATE: &str = "SE2321000016-S003";

/// Both hubs, QA first.
pub(super) struct Hubs<'h> {
    remote: &'h Remote,
    urls: [String; 2],
}

/// `200` or a VP code of each hub, QA first.
pub(super) struct Answers {
    /// To those who call the system.
    pub(super) called: [String; 2],
    /// To the system, which updates the index.
    pub(super) calling: [String; 2],
}

impl<'h> Hubs<'h> {
    pub(super) fn new(remote: &'h Remote, qa: &str, production: &str) -> Self {
        Self { remote, urls: [qa, production].map(|url| format!("{url}/vp")) }
    }

    pub(super) async fn ask(&self) -> Result<Answers, Failure> {
        let update = UPDATE.replace(SYSTEM_IN_UPDATE, SYSTEM);
        let mut answers = Answers { called: Default::default(), calling: Default::default() };
        for (hub, consumer) in CONSUMERS.into_iter().enumerate() {
            answers.called[hub] = self.call(hub, consumer, question()).await?;
            answers.calling[hub] = self.call(hub, SYSTEM, update.clone()).await?;
        }
        Ok(answers)
    }

    async fn call(&self, hub: usize, sender: &str, message: String) -> Result<String, Failure> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.urls[hub])
            .header(CONTENT_TYPE, "text/xml; charset=UTF-8")
            .header("x-vp-instance-id", INSTANCES[hub])
            .header("x-vp-sender-id", sender)
            .header("x-skltp-correlation-id", "connection-demo")
            .body(Bytes::from(message));
        let request = request.map_err(Failure::environment)?;
        let answer = self.remote.answer(request).await;
        let answer = answer.map_err(|fault| Failure::environment(format!("{}: {fault}", self.urls[hub])))?;
        Ok(code_of(&answer))
    }
}

/// `200`, or the VP code of a fault, or the status of something else.
fn code_of(answer: &Response<Bytes>) -> String {
    let text = String::from_utf8_lossy(answer.body());
    let code = text.find("VP0").and_then(|place| text.get(place..place + 5));
    match code {
        Some(code) if !answer.status().is_success() => code.to_owned(),
        _ => answer.status().as_u16().to_string(),
    }
}

/// A question about the diagnoses of a person of the test series.
fn question() -> String {
    let core = "urn:riv:clinicalprocess:healthcond:description:2";
    format!(
        "<e:Envelope xmlns:e=\"{SOAP_11}\"><e:Header><h:LogicalAddress \
         xmlns:h=\"urn:riv:itintegration:registry:1\">{SYSTEM}</h:LogicalAddress></e:Header><e:Body>\
         <r:GetDiagnosis xmlns:r=\"{CONTRACT}\" xmlns:c=\"{core}\"><r:patientId><c:id>191212121212</c:id>\
         <c:type>1.2.752.129.2.1.3.1</c:type></r:patientId></r:GetDiagnosis></e:Body></e:Envelope>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_its_code() {
        let answer = |status: u16, text: &'static str| {
            code_of(&Response::builder().status(status).body(Bytes::from_static(text.as_bytes())).unwrap())
        };
        assert_eq!(answer(500, "<faultstring>VP007 [NTJP-QA] …"), "VP007");
        assert_eq!(answer(200, "<a>VP007</a>"), "200");
        assert_eq!(answer(500, "<faultstring>none"), "500");
    }
}
