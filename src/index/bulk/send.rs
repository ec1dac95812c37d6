//! Files into a running platform, as Updates of a thousand: `anslut index load --url`.

use std::path::Path;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};

use super::Progress;
use super::error::BulkError;
use super::line;
use super::load::{BadLines, Told, refuse, text};
use super::stream::Lines;
use crate::config::index::TRANSACTIONS_MAX;
use crate::index::engagement::Field;
use crate::index::record::LoadRow;
use crate::index::request::{CORE, REGISTRY, UPDATE};
use crate::index::service::CORRELATION_ID;
use crate::index::timestamp::LocalTime;
use crate::soap::responder::Responder;
use crate::soap::xml::text::escape_into;

/// Where Updates go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// URL of the service, as the responder that carries the call understands it.
    pub target: String,
    /// The index's own id: what the Updates are addressed to.
    pub own_id: String,
}

/// Sends a file from line `from_line` on. The index stamps owner and times itself.
pub async fn send(
    file: &Path,
    from_line: u64,
    receiver: &Receiver,
    carrier: &dyn Responder,
    bad: BadLines,
    tell: &mut (dyn FnMut(Told) + Send),
) -> Result<Progress, BulkError> {
    let mut lines = Lines::open(file)?;
    let mut progress = Progress { bytes_total: lines.bytes().1, ..Progress::default() };
    let nobody = LocalTime::from_seconds(0);
    loop {
        let mut transactions = String::new();
        let mut count = 0;
        while count < TRANSACTIONS_MAX {
            let Some(bytes) = lines.next_line()? else { break };
            let text = text(bytes);
            if lines.line() < from_line {
                continue;
            }
            let row = match &text {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => line::read(text, &receiver.own_id, nobody),
                Err(_) => Err(text.expect_err("it was just seen to be one")),
            };
            match row {
                Ok(row) => transaction(&row, &mut transactions),
                Err(why) => {
                    refuse(file, lines.line(), why, bad, &mut progress, tell)?;
                    continue;
                }
            }
            count += 1;
        }
        if count > 0 {
            post(&transactions, receiver, carrier, lines.line()).await?;
        }
        progress.lines = lines.line();
        progress.bytes = lines.bytes().0;
        tell(Told::Progress(progress));
        if count < TRANSACTIONS_MAX {
            return Ok(progress);
        }
    }
}

async fn post(transactions: &str, to: &Receiver, carrier: &dyn Responder, line: u64) -> Result<(), BulkError> {
    let failed = |status, text: String| BulkError::Answer { status, line, text };
    let body = envelope(&to.own_id, transactions);
    let request = Request::builder()
        .method(Method::POST)
        .uri(&to.target)
        .header(CONTENT_TYPE, "text/xml;charset=UTF-8")
        .header("SOAPAction", format!("\"{UPDATE}:Update\""))
        .header(CORRELATION_ID, format!("index-load-{line}"))
        .body(Bytes::from(body))
        .map_err(|error| failed(0, error.to_string()))?;
    let answer = carrier.answer(request).await.map_err(|fault| failed(0, fault.to_string()))?;
    if answer.status().is_success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(answer.body());
    let fault = text.split_once("<faultstring>").and_then(|(_, rest)| rest.split_once("</faultstring>"));
    Err(failed(answer.status().as_u16(), fault.map_or_else(|| text.to_string(), |(fault, _)| fault.to_owned())))
}

/// An Update of such transactions, addressed to an index.
pub fn envelope(own_id: &str, transactions: &str) -> String {
    let mut address = String::new();
    escape_into(&mut address, own_id);
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>\
         <r:LogicalAddress xmlns:r=\"{REGISTRY}\">{address}</r:LogicalAddress></soap:Header><soap:Body>\
         <p:Update xmlns:p=\"{UPDATE}\" xmlns:c=\"{CORE}\">{transactions}</p:Update></soap:Body></soap:Envelope>"
    )
}

/// Appends one engagement as a transaction of an [`envelope`].
pub fn transaction(row: &LoadRow<'_>, out: &mut String) {
    out.push_str("<p:engagementTransaction><c:deleteFlag>false</c:deleteFlag><c:engagement>");
    let mut element = |name: &str, text: &str| {
        out.push_str(&format!("<c:{name}>"));
        escape_into(out, text);
        out.push_str(&format!("</c:{name}>"));
    };
    for field in Field::ALL.into_iter().filter(|field| *field != Field::Owner) {
        element(field.name(), row.key.key_text(field));
        if field == Field::ClinicalProcessInterestId {
            row.most_recent_content.iter().for_each(|time| element("mostRecentContent", &time.to_string()));
        }
    }
    out.push_str("</c:engagement></p:engagementTransaction>");
}
