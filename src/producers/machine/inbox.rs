//! Messages to citizens: stored, and each in a thread.

use super::{Call, digits, table};
use crate::producers::records::book::Entry;
use crate::producers::schema::element::Element;

const NO_PATIENT: &str = "Meddelandet saknar mottagare";

/// AddMessageToPatientPortalInbox: the thread is the one that is named, or a new one.
pub(super) fn add(call: &Call<'_, '_, '_>) -> Element {
    let tree = Element::new("response");
    let Some(patient) = call.text("subjectOfCareId").or_else(|| call.asked.asked.patient()) else {
        return tree.with_text("resultCode", "ERROR").with_text("resultText", NO_PATIENT);
    };
    let id = uuid::Uuid::new_v4().to_string();
    let thread = call.text("message/messageThreadId").map_or_else(|| id.clone(), str::to_owned);
    let text = ["message/text", "message/body", "message/subject"].iter().find_map(|path| call.text(path));
    call.records.change(call.asked.own, |books| {
        let about = call.about(books, patient);
        let mut values = table([
            ("id", Some(id)),
            ("kind", Some("message".to_owned())),
            ("system", Some(call.hsa_id.to_owned())),
            ("authored", Some(digits(call.asked.asked.now()))),
            ("approved", Some("true".to_owned())),
            ("thread", Some(thread.clone())),
            ("text", text.map(str::to_owned)),
        ]);
        values.set("patient", about.clone());
        let entry = Entry { kind: "message", system: call.hsa_id.to_owned(), values };
        books.put(call.asked.system, patient, &about, entry);
        ((), vec![patient.to_owned()])
    });
    let is_told = call.text("notify") == Some("true");
    let mut tree = tree.with_text("messageThreadId", thread);
    if is_told {
        tree = tree.with_text("notificationSent", "EMAIL");
    }
    tree.with_text("resultCode", "OK")
}
