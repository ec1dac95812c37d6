//! Messages of a contract, to copy and to send; and a box to hold one's own against it.

use std::sync::Arc;

use maud::{Markup, html};

use super::href;
use crate::admin::Admin;
use crate::admin::api::contracts::messages::made;
use crate::admin::api::contracts::neighbours::Neighbours;
use crate::admin::api::problem::Problem;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::sample::{Given, Variant, Wanted};

/// The variants that are shown, from the smallest on.
const VARIANTS: [(&str, Variant); 3] = [("min", Variant::Min), ("typical", Variant::Typical), ("max", Variant::Max)];
/// Stands for what the reader has to fill in.
const YOURS: &str = "YOUR-HSA-ID";

/// A message that was made, or why none was.
pub(super) struct Sample {
    direction: Direction,
    variant: &'static str,
    message: Result<String, Problem>,
    /// The same as a command, for a request.
    curl: Option<String>,
}

/// Makes them: three sizes in both directions, addressed to where a route leads.
pub(super) async fn samples(admin: &Admin, contract: &Arc<Contract>, around: &Neighbours) -> Vec<Sample> {
    let calling = Calling::of(admin, contract, around);
    let mut samples = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        if direction == Direction::Response && contract.response.is_none() {
            continue;
        }
        for (name, variant) in VARIANTS {
            let address = calling.address.iter().map(|address| ("header/logicaladdress".to_owned(), address.clone()));
            let given = Given { values: address.collect(), ..Given::default() };
            let wanted = Wanted { direction, variant, given, ..Wanted::default() };
            let message = made(contract, &wanted).await.map(|messages| messages.concat());
            let is_request = direction == Direction::Request;
            let curl = message.as_ref().ok().filter(|_| is_request).map(|message| calling.curl(contract, message));
            samples.push(Sample { direction, variant: name, message, curl });
        }
    }
    samples
}

/// How the hub is called.
struct Calling {
    url: String,
    /// Where a route leads.
    address: Option<String>,
    /// Headers that say who calls, where the platform does not assume it.
    identity: Vec<(&'static str, String)>,
}

impl Calling {
    fn of(admin: &Admin, contract: &Contract, around: &Neighbours) -> Self {
        let platform = admin.parts.platforms.first();
        let row = around.catalogue_rows.iter().find(|row| {
            row.is_valid && row.address != "*" && platform.is_some_and(|platform| platform.name == row.platform)
        });
        let address = row.map(|row| row.address.clone());
        let hub = admin.parts.addresses.iter().find(|(name, _)| name.ends_with("hub_http"));
        let hub = hub.map_or("http://127.0.0.1:8080", |(_, url)| url.as_str());
        let identity = match platform {
            Some(platform) if !platform.sender_is_assumed => {
                let snapshot = platform.catalogue.snapshot();
                let now = admin.parts.clock.now();
                let mut permissions = snapshot.permissions().iter();
                let permitted = permissions.find(|one| {
                    one.contract.eq_ignore_ascii_case(&contract.namespace)
                        && one.validity.period.contains(now)
                        && address.as_deref().is_none_or(|address| [address, "*"].contains(&&*one.address))
                });
                let sender = permitted.map_or_else(|| YOURS.to_owned(), |one| one.consumer.to_string());
                vec![("x-vp-instance-id", platform.instance_id.clone()), ("x-vp-sender-id", sender)]
            }
            _ => Vec::new(),
        };
        Self { url: format!("{hub}/{}", contract.hub_path), address, identity }
    }

    /// A command that a shell takes as it is pasted.
    fn curl(&self, contract: &Contract, message: &str) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let mut command = format!("curl -sS {} \\\n", quoted(&self.url));
        let headers = [
            ("Content-Type", "text/xml; charset=UTF-8".to_owned()),
            ("SOAPAction", format!("\"{}\"", contract.soap_action)),
        ];
        for (name, value) in headers.iter().chain(&self.identity) {
            command.push_str(&format!("  -H {} \\\n", quoted(&format!("{name}: {value}"))));
        }
        command.push_str(&format!("  --data-binary @- <<'XML'\n{}\nXML\n", message.trim_end()));
        command
    }
}

/// Shows them.
pub(super) fn shown(namespace: &str, samples: &[Sample]) -> Markup {
    let api = format!("/api/v1/contracts/{}", href(namespace).trim_start_matches("/contracts/"));
    html! {
        section aria-labelledby="messages" {
            h2 #messages { "Messages" }
            p.note { "Made from the contract, valid, with identities of the official test series only." }
            @for sample in samples { (one(sample)) }
            p {
                "As JSON: "
                @for direction in ["request", "response"] {
                    @for variant in ["min", "typical", "max", "cover"] {
                        a href={ (api) "/sample?direction=" (direction) "&variant=" (variant) } { (direction) " " (variant) } " "
                    }
                }
            }
        }
        section aria-labelledby="validate" {
            h2 #validate { "Hold a message against it" }
            form.judge data-target={ (api) "/validate" } {
                label { span { "Message: an envelope, or a payload by itself" } textarea name="message" rows="10" spellcheck="false" required {} }
                div.buttons { button type="submit" { "Validate" } }
                output role="status" {}
            }
            p.note { "Without script: " code { "curl --data-binary @message.xml …" (api) "/validate" } }
        }
    }
}

fn one(sample: &Sample) -> Markup {
    let direction = match sample.direction {
        Direction::Request => "Request",
        Direction::Response => "Response",
    };
    html! {
        @match &sample.message {
            Ok(text) => details.message {
                summary { (direction) ", " (sample.variant) span.size { (text.len()) " bytes" } }
                pre.body tabindex="0" { (text) }
                @if let Some(curl) = &sample.curl {
                    details { summary { "As curl" } pre.body.copy tabindex="0" { (curl) } }
                }
            },
            Err(problem) => p.note { (direction) ", " (sample.variant) ": " (problem.detail()) "." },
        }
    }
}
