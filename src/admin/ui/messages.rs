//! The four messages of a call, with headers and bodies.

use maud::{Markup, html};

use super::xml;
use crate::admin::api::exchange::Messages;
use crate::admin::api::message::ShownMessage;

/// All four, in the order they travelled.
pub(super) fn all(messages: &Messages) -> Markup {
    let four = [
        ("Request from the consumer", Some(&messages.request), true),
        ("Request to the producer", messages.sent.as_ref(), false),
        ("Answer from the producer", messages.received.as_ref(), false),
        ("Answer to the consumer", Some(&messages.answer), true),
    ];
    html! {
        section aria-labelledby="messages" {
            h2 #messages { "Messages" }
            @for (title, message, open) in four {
                @match message {
                    Some(message) => (one(title, message, open)),
                    None => p.absent { (title) ": none" },
                }
            }
        }
    }
}

fn one(title: &str, message: &ShownMessage, open: bool) -> Markup {
    html! {
        details.message open[open] {
            summary {
                span { (title) }
                span.size {
                    @if let Some(status) = message.status { "HTTP " (status) " · " }
                    (message.body_bytes) " bytes"
                    @if message.truncated { ", beginning shown" }
                }
            }
            @if !message.headers.is_empty() {
                table.headers {
                    caption.unseen { "Headers" }
                    @for (name, value) in &message.headers { tr { th scope="row" { (name) } td { (value) } } }
                }
            }
            (body(message))
        }
    }
}

fn body(message: &ShownMessage) -> Markup {
    html! {
        @if let Some(text) = message.body.as_deref().filter(|text| !text.is_empty()) {
            pre.body tabindex="0" { (xml::indented(text)) }
        } @else if let Some(base64) = &message.body_base64 {
            p.note { "Not text; in base64:" }
            pre.body.wrap tabindex="0" { (base64) }
        } @else if let Some(reason) = message.body_withheld {
            p.note { "Body not shown: " (reason) "." }
        } @else {
            p.note { "No body." }
        }
    }
}
