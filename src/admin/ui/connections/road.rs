//! The road of one connection: what to do next, and how each gate stands.

use maud::{Markup, html};

use crate::admin::hide::hidden;
use crate::connection::next::Guidance;
use crate::connection::overview::{GateNow, Standing, StepNow};
use crate::connection::state::Side;

/// What to do next, in both languages, and which term asks for it.
pub(super) fn next(next: &[Guidance]) -> Markup {
    html! {
        section aria-labelledby="next" {
            h2 #next { "What to do next" }
            @if next.is_empty() { p.note { "Nothing: the road ends here." } }
            ol.candidates {
                @for step in next {
                    li.taken[step.ready] {
                        p {
                            strong { (step.event.name()) } " · " (side(step.actor)) " · "
                            @if step.ready { "ready" } @else { (step.failed.len()) @if step.failed.len() == 1 { " gate refuses it" } @else { " gates refuse it" } }
                        }
                        p lang="sv" { (step.sv) }
                        p { (step.en) }
                        @if !step.failed.is_empty() {
                            ul { @for failed in &step.failed { li { strong { (failed.gate) } " " (hidden(&failed.message)) (keys(&failed.missing)) } } }
                        }
                        p.note { "Asked for by " (step.source) }
                    }
                }
            }
        }
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Kund => "the customer’s step",
        Side::Inera => "Inera’s step",
    }
}

/// Keys of evidence that is missing.
fn keys(missing: &[String]) -> Markup {
    html! {
        @if !missing.is_empty() {
            ": " @for (place, key) in missing.iter().enumerate() { @if place > 0 { ", " } code { (hidden(key)) } }
        }
    }
}

/// Each step of the road with its gates, open where it may be taken now.
pub(super) fn gates(steps: &[StepNow]) -> Markup {
    html! {
        section aria-labelledby="gates" {
            h2 #gates { "Gates" }
            p.note { "As they stand now, also those of steps that have been taken." }
            @for step in steps {
                @let of = |wanted: fn(&Standing) -> bool| step.gates.iter().filter(|gate| wanted(&gate.standing)).count();
                @let missing = of(|standing| matches!(standing, Standing::Missing(_)));
                @let open = of(|standing| *standing == Standing::Open);
                details.message open[step.is_next && !step.is_taken] {
                    summary {
                        (step.event.name())
                        span.size {
                            @if step.is_taken { "taken · " }
                            (step.gates.len() - missing - open) " met, " (missing) " missing"
                            @if open > 0 { ", " (open) " open" }
                        }
                    }
                    table.contracts {
                        tbody { @for gate in &step.gates { (row(gate)) } }
                    }
                }
            }
        }
    }
}

fn row(GateNow { gate, standing }: &GateNow) -> Markup {
    html! {
        tr {
            td.operation { (gate.id()) }
            td {
                @match standing {
                    Standing::Met => span.outcome.passed { "met" },
                    Standing::Missing(_) => span.outcome.refused { "missing" },
                    Standing::Open => span.outcome title="too little is known to judge it" { "open" },
                }
            }
            td {
                @if let Standing::Missing(failed) = standing {
                    strong { (hidden(&failed.message)) } (keys(&failed.missing)) br;
                    span lang="sv" { (gate.sv) } br;
                }
                (gate.en) " " span.note { (gate.source()) @if gate.inera { " · Inera’s" } }
            }
        }
    }
}
