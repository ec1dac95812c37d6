//! One call: its seven stages, its fault, its explanation, its events and its messages.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::{decision, fan_out, messages, show};
use crate::admin::Admin;
use crate::admin::api::exchange::{Exchange, ShownFault, ShownJudgement, ShownRefusal, question};
use crate::admin::api::exchanges::find;
use crate::admin::api::explain::explained;
use crate::admin::api::problem::Problem;
use crate::admin::api::summary::{StageReached, StageState};
use crate::domain::vp_code::VpCode;
use crate::hub::exchange::CallRecord;
use crate::hub::explain::{Explanation, Question};

pub(super) async fn page(State(admin): State<Arc<Admin>>, id: Result<Path<String>, PathRejection>) -> Response {
    let found = id.map_err(Problem::from).and_then(|Path(id)| find(&admin.parts.records, &id));
    let call = match found {
        Ok(call) => call,
        Err(problem) => return super::refuse(&admin, &problem),
    };
    let shown = Exchange::of(&call);
    let decision = decision_for(&admin, &call);
    let name = shown.summary.operation.as_deref().unwrap_or("Call");
    let content = html! {
        div.title {
            h1 { (name) }
            (show::outcome(shown.summary.outcome))
            p { "Call " (call.id) " · " (show::time(call.started, true)) " · " (show::duration(shown.summary.total_us)) }
        }
        (stages(&shown.summary.stages))
        @if let Some(refusal) = &shown.refusal { (fault(refusal, decision.as_ref())) }
        @if let Some(fault) = &shown.producer_fault { (producer_fault(fault)) }
        @for judged in &shown.validation { (judgement(judged)) }
        (facts(&shown, admin.parts.platforms.len() > 1))
        @if let Some(fan_out) = &shown.fan_out { (fan_out::tree(fan_out)) }
        (explanation(&call, decision.as_ref(), shown.refusal.as_ref()))
        (events(&shown))
        (messages::all(&shown.messages))
        p { a href=(shown.links.api) { "This call in the API" } }
    };
    super::answer(&admin, StatusCode::OK, &format!("{name} {}", shown.summary.outcome), &content)
}

fn stages(stages: &[StageReached]) -> Markup {
    let said = |stage: &StageReached| match (stage.state, stage.begin_us, stage.end_us) {
        (StageState::NotReached, ..) => "not reached".to_owned(),
        (StageState::Passed, Some(begin), Some(end)) => show::duration(end - begin),
        (StageState::Passed, ..) => "passed".to_owned(),
        (StageState::Refused, Some(begin), Some(end)) => format!("failed after {}", show::duration(end - begin)),
        (StageState::Refused, ..) => "failed".to_owned(),
    };
    html! {
        ol.stages aria-label="Stages of the call" {
            @for stage in stages {
                li.(stage.state.as_str()) {
                    span.lamp aria-hidden="true" { (lamp(stage.state)) }
                    strong { (stage.name) }
                    span.took { (said(stage)) }
                }
            }
        }
    }
}

/// The state as a sign, so that it does not hang on colour alone.
fn lamp(state: StageState) -> &'static str {
    match state {
        StageState::Passed => "✓",
        StageState::Refused => "✕",
        StageState::NotReached => "·",
    }
}

fn fault(refusal: &ShownRefusal, decision: Option<&Explanation>) -> Markup {
    let same = decision.filter(|found| found.code.map(VpCode::as_str) == refusal.code);
    html! {
        section.fault aria-labelledby="fault" {
            h2 #fault { (refusal.code.unwrap_or("Fault")) " · " (refusal.side) " fault" }
            p lang="sv" { (refusal.text) }
            @if !refusal.detail.is_empty() { h3 { "Detail" } pre tabindex="0" { (refusal.detail) } }
            h3 { "What to do next" }
            p { (refusal.next_step) }
            @if let Some(found) = same { (decision::hints(&found.hints)) }
        }
    }
}

fn producer_fault(fault: &ShownFault) -> Markup {
    html! {
        section.fault aria-labelledby="producer-fault" {
            h2 #producer-fault { "SOAP fault from the producer" }
            p { @if !fault.code.is_empty() { code { (fault.code) } " " } (fault.text) }
            @if !fault.detail.is_empty() { h3 { "Detail" } pre tabindex="0" { (fault.detail) } }
            h3 { "What to do next" }
            p { (fault.next_step) }
        }
    }
}

/// What came of holding a message against its contract.
pub(super) fn judgement(judged: &ShownJudgement) -> Markup {
    let id = format!("contract-{}", judged.direction);
    let verdict = match (judged.valid, &judged.unusable) {
        (_, Some(_)) => "cannot be judged",
        (true, None) => "follows its contract",
        (false, None) => "does not follow its contract",
    };
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "The " (judged.direction) " " (verdict) }
            p { code { (judged.contract) } " " (judged.version) }
            @if let Some(why) = &judged.unusable { p { (why) } }
            @if !judged.errors.is_empty() {
                ol {
                    @for finding in &judged.errors {
                        li {
                            p { strong { (finding.code) } " line " (finding.line) ", column " (finding.column) ", " code { (finding.path) } }
                            p lang="sv" { (finding.sv) }
                            p { (finding.en) @if let Some(fix) = &finding.fix { "; " (fix) } }
                        }
                    }
                }
            }
            @let left = judged.error_count.saturating_sub(judged.errors.len());
            @if left > 0 { p { "and " (left) " more" } }
        }
    }
}

fn facts(call: &Exchange, several: bool) -> Markup {
    let summary = &call.summary;
    let profiles = match (call.profile_in, call.profile_out.as_deref()) {
        (Some(from), Some(to)) if !from.eq_ignore_ascii_case(to) => Some(format!("{from}, sent on as {to}")),
        (from, to) => from.or(to).map(str::to_owned),
    };
    let attempts = (call.attempts > 0).then(|| call.attempts.to_string());
    let waited = summary.producer_us.map(show::duration);
    let request = Some(format!("{} {}", call.method, call.target));
    let source = Some(match call.peer.starts_with(&call.source_ip) {
        true => call.peer.clone(),
        false => format!("{}, through {}", call.source_ip, call.peer),
    });
    let left = call.consumer_left.as_ref().map(|left| format!("{}, after {:.0} ms", left.how, left.after_ms));
    let tls =
        call.tls.as_ref().map(|tls| format!("{} {}, as {}", tls.version, tls.cipher, tls.server_certificate.subject));
    let rows: [(&str, Option<&str>); 17] = [
        ("Platform", several.then_some(summary.platform.as_str())),
        ("Sender", summary.sender.as_deref()),
        ("Identified by", call.identified_by),
        ("Original consumer", call.original_consumer.as_deref()),
        ("Original consumer, as received", call.original_consumer_in.as_deref()),
        ("Acting on behalf of", call.acting_on_behalf_of.as_deref()),
        ("Logical address", summary.address.as_deref()),
        ("Contract", summary.contract.as_deref()),
        ("Profile", profiles.as_deref()),
        ("Character set", call.charset.as_deref()),
        ("Producer", call.producer_address.as_deref()),
        ("Waited for producer", waited.as_deref()),
        ("Times called", attempts.as_deref()),
        ("Request", request.as_deref()),
        ("From", source.as_deref()),
        ("TLS", tls.as_deref()),
        ("Consumer left", left.as_deref()),
    ];
    let traces = [("Route looked for", &call.route_trace), ("Permission looked for", &call.permission_trace)];
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "What the hub knew" }
            dl.facts {
                @for (name, value) in &rows {
                    @if let Some(value) = value { div.wide[*name == "Contract"] { dt { (name) } dd { code { (value) } } } }
                }
                div { dt { "Correlation id" } dd { code { (summary.correlation_id) } } }
                @for (name, value) in traces {
                    @if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                        div.wide { dt { (name) } dd { (show::trace(value)) } }
                    }
                }
            }
        }
    }
}

/// The decision for this call's question, from today's catalogue.
fn decision_for(admin: &Admin, call: &CallRecord) -> Option<Explanation> {
    let asked = Question {
        contract: call.contract.clone()?,
        address: call.receiver.clone()?,
        sender: call.sender.clone()?,
        at: call.started,
        profile: call.profile_in,
    };
    explained(admin, Some(&call.platform), &asked).ok()
}

fn explanation(call: &CallRecord, decision: Option<&Explanation>, refusal: Option<&ShownRefusal>) -> Markup {
    html! {
        section aria-labelledby="explanation" {
            h2 #explanation { "Explanation" }
            @match decision {
                Some(found) => {
                    p.note {
                        "The decision at the time of the call, from the catalogue as it is now. "
                        a href={ "/explain?" (question(call).unwrap_or_default()) } { "Ask again with other values" }
                    }
                    (decision::shown_below_fault(found, refusal))
                },
                None => p { "The call ended before the hub knew sender, contract and logical address: there was nothing to decide." },
            }
        }
    }
}

fn events(call: &Exchange) -> Markup {
    let meaning = |name: &str| match name {
        "req-in" => "request received from the consumer",
        "req-out" => "request sent to the producer",
        "resp-in" => "answer received from the producer",
        "resp-out" => "answer sent to the consumer",
        _ => "something went wrong",
    };
    let total = call.summary.total_us.max(1.0);
    html! {
        section aria-labelledby="events" {
            h2 #events { "Events" }
            ol.events {
                @for event in &call.events {
                    @let at = (event.at_us / total * 100.0).clamp(0.0, 99.0);
                    li.refused[event.name == "error"] {
                        code { (event.name) }
                        span { (meaning(event.name)) }
                        svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                            rect.rail width="100" height="4" {}
                            rect.mark x=(format!("{at:.2}")) width="1" height="4" {}
                        }
                        span.number { (show::duration(event.at_us)) }
                    }
                }
            }
        }
    }
}
