//! Guidance (*vägledning*): what to do next, in Swedish and English, and which term asks for it.

use serde::Serialize;

use super::gates::{Failed, all};
use super::state::{Event, Side, State};

/// One step that may be taken, and what it still needs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Guidance {
    /// The step.
    pub event: Event,
    /// Whose it is.
    pub actor: Side,
    /// Whether nothing stands in its way.
    pub ready: bool,
    /// Gates that refuse it now.
    pub failed: Vec<Failed>,
    /// What to do, in Swedish.
    pub sv: String,
    /// What to do, in English.
    pub en: String,
    /// Which term asks for it.
    pub source: String,
}

/// The steps that guidance is given for: those of the table, and what Inera must do besides before the last one.
pub(super) fn offered(state: State) -> Vec<Event> {
    let mut events = state.allowed();
    if state == State::Decommissioning {
        events.insert(0, Event::Removal);
    }
    events
}

/// What to do about a step: what its gates want first, then the step itself.
pub(super) fn guidance(event: Event, failed: Vec<Failed>) -> Guidance {
    let gates: Vec<_> = all().filter(|gate| failed.iter().any(|failed| failed.gate == gate.id())).collect();
    let (sv, en, source) = texts(event);
    let join = |texts: Vec<&str>| texts.join(" ");
    let sv = join(gates.iter().map(|gate| gate.sv).chain([sv]).collect());
    let en = join(gates.iter().map(|gate| gate.en).chain([en]).collect());
    let source = gates.first().map_or_else(|| source.to_owned(), |gate| gate.source());
    Guidance { event, actor: event.row().side, ready: failed.is_empty(), failed, sv, en, source }
}

/// What a step itself asks for, and where that stands.
fn texts(event: Event) -> (&'static str, &'static str, &'static str) {
    match event {
        Event::Qualify => (
            "Stäm av kundkategori och väg, direkt eller genom Agent: steget qualify.",
            "Settle the category of customer and the road, direct or through an Agent: step qualify.",
            "004_d146e3846ea47f7f.txt §2, §4",
        ),
        Event::Sign => {
            ("Teckna avtalen: steget sign.", "Sign the agreements: step sign.", "003_9e5e34bfe011a958.txt §1.1")
        }
        Event::OrderService => (
            "Beställ tjänsten: steget order_service.",
            "Order the service: step order_service.",
            "003_9e5e34bfe011a958.txt §6.1",
        ),
        Event::Prepare => (
            "Redovisa kontakter, vårdgivare, system och beställningsrader: steget prepare.",
            "Show contacts, caregivers, systems and order lines: step prepare.",
            "003_9e5e34bfe011a958.txt §5.2, §5.3",
        ),
        Event::AssignTestEnv => (
            "Inera anvisar testmiljö och publicerar beställningen där: steget assign_test_env.",
            "Inera assigns a test environment and publishes the order there: step assign_test_env.",
            "003_9e5e34bfe011a958.txt §7.2",
        ),
        Event::StartTests => (
            "Börja testa i den anvisade miljön: steget start_tests.",
            "Begin to test in the assigned environment: step start_tests.",
            "003_9e5e34bfe011a958.txt §7.1",
        ),
        Event::Declare => (
            "Redovisa testresultat och lämna egendeklarationen: steget declare.",
            "Hand in test results and the self-declaration: step declare.",
            "Inera's test model",
        ),
        Event::Review => (
            "Inera granskar; granskning hålls varje vecka: steget review.",
            "Inera reviews, every week: step review.",
            "003_9e5e34bfe011a958.txt §4.1",
        ),
        Event::Replan => {
            ("Åtgärda och planera om: steget replan.", "Mend and plan anew: step replan.", "Inera's test model")
        }
        Event::OrderProduction => (
            "Beställ anslutning till produktion: steget order_production.",
            "Order the connection to production: step order_production.",
            "003_9e5e34bfe011a958.txt §4.1",
        ),
        Event::Publish => (
            "Inera publicerar beställningen i produktion: steget publish.",
            "Inera publishes the order in production: step publish.",
            "003_9e5e34bfe011a958.txt §7.2",
        ),
        Event::GoLive => (
            "Ta anslutningen i drift: steget go_live.",
            "Take the connection into operation: step go_live.",
            "003_9e5e34bfe011a958.txt §5.1",
        ),
        Event::Change => (
            "Anmäl varje ändring innan den görs: steget change.",
            "Announce every change before it is made: step change.",
            "003_9e5e34bfe011a958.txt §7.1",
        ),
        Event::AcceptChange => (
            "Inera avgör om kvalitetssäkringen ska göras om: steget accept_change.",
            "Inera decides whether quality assurance is to be done again: step accept_change.",
            "003_9e5e34bfe011a958.txt §7.1",
        ),
        Event::Suspend => (
            "Inera kan stoppa anslutningen när en skyldighet inte fullgörs: steget suspend.",
            "Inera may stop the connection when a duty is not fulfilled: step suspend.",
            "003_9e5e34bfe011a958.txt §7.2",
        ),
        Event::Remedy => (
            "När bristen är åtgärdad släpper Inera på anslutningen: steget remedy med fixVerified.",
            "When the failure is mended, Inera lets the connection on again: step remedy with fixVerified.",
            "003_9e5e34bfe011a958.txt §7.2",
        ),
        Event::Decommission => (
            "Avveckla när villkoren upphör: steget decommission med endDate och plan.",
            "Decommission when the terms end: step decommission with endDate and plan.",
            "003_9e5e34bfe011a958.txt §4.3",
        ),
        Event::Removal => (
            "Inera tar bort vägval, anropsbehörigheter och indexposter: POST …/removal.",
            "Inera removes routes, permissions and index rows: POST …/removal.",
            "003_9e5e34bfe011a958.txt §4.3",
        ),
        Event::Close => (
            "Inera avslutar när inget är kvar: steget close.",
            "Inera closes when nothing is left: step close.",
            "003_9e5e34bfe011a958.txt §4.3",
        ),
        Event::Check => (
            "Kontrollera de löpande kraven: steget check.",
            "Judge the continuous requirements: step check.",
            "003_9e5e34bfe011a958.txt §7.1",
        ),
    }
}
