//! The ProcessNotification that goes out (`ei.md` §5.2, §5.5).

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};

use super::queue::Notification;
use crate::config::index::NotifySettings;
use crate::index::engagement::{Field, Transaction};
use crate::index::request::{CORE, PROCESS_NOTIFICATION, REGISTRY};
use crate::index::service::CORRELATION_ID;
use crate::soap::xml::text::escape_into;

/// The call that tells `subscriber`. The error says which setting cannot stand in a call.
pub fn request(
    notification: &Notification,
    subscriber: &str,
    settings: &NotifySettings,
) -> Result<Request<Bytes>, String> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(&settings.target)
        .header(CONTENT_TYPE, "text/xml;charset=UTF-8")
        .header("SOAPAction", format!("\"{PROCESS_NOTIFICATION}:ProcessNotification\""))
        .header("x-vp-sender-id", &settings.sender_id)
        .header("x-vp-instance-id", &settings.instance_id);
    if let Ok(correlation_id) = HeaderValue::from_str(&notification.correlation_id)
        && !correlation_id.is_empty()
    {
        request = request.header(CORRELATION_ID, correlation_id);
    }
    request
        .body(document(notification, subscriber).into())
        .map_err(|error| format!("the call of {} cannot be made: {error}", settings.target))
}

fn document(notification: &Notification, subscriber: &str) -> String {
    let mut out = String::with_capacity(512 + 1_200 * notification.transactions().len());
    out.push_str("<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>");
    out.push_str(&format!("<r:LogicalAddress xmlns:r=\"{REGISTRY}\">"));
    escape_into(&mut out, subscriber);
    out.push_str("</r:LogicalAddress></soap:Header><soap:Body>");
    out.push_str(&format!("<p:ProcessNotification xmlns:p=\"{PROCESS_NOTIFICATION}\" xmlns:c=\"{CORE}\">"));
    notification.transactions().for_each(|told| transaction(&mut out, told));
    out.push_str("</p:ProcessNotification></soap:Body></soap:Envelope>");
    out
}

fn transaction(out: &mut String, told: &Transaction<'_>) {
    let delete = told.delete;
    out.push_str(&format!("<p:engagementTransaction><c:deleteFlag>{delete}</c:deleteFlag><c:engagement>"));
    let mut element = |name: &str, text: &str| {
        out.push_str(&format!("<c:{name}>"));
        escape_into(out, text);
        out.push_str(&format!("</c:{name}>"));
    };
    for field in Field::ALL {
        element(field.name(), told.key.text(field));
        match field {
            Field::ClinicalProcessInterestId => {
                told.most_recent_content.iter().for_each(|text| element("mostRecentContent", text));
            }
            Field::SourceSystem => {
                let times = [("creationTime", &told.creation_time), ("updateTime", &told.update_time)];
                times.into_iter().filter(|(_, text)| !text.is_empty()).for_each(|(name, text)| element(name, text));
            }
            _ => {}
        }
    }
    out.push_str(&told.engagement_extension);
    out.push_str("</c:engagement>");
    out.push_str(&told.transaction_extension);
    out.push_str("</p:engagementTransaction>");
}
