//! CONN-38 to CONN-50: quality assurance, from the assigned environment to the review's decision and its price.

use jiff::civil::{Date, date};

use super::{ANSLUTNING, CHANGES_2020, Gate, PUBLIC, Verdict, complete, filled, holds_if, is_empty};
use crate::connection::document::{Decision, Declaration, Outcome, Role};
use crate::connection::dossier::Dossier;
use crate::connection::platforms::PlatformRole;
use crate::connection::price;
use crate::connection::state::Event;
use crate::domain::identity_number::in_test_series;

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 38,
        text: "not quality assured: <contract>",
        inera: false,
        judge: assured,
        sv: "Kvalitetssäkra varje tjänstekontrakt i varje roll innan produktion beställs.",
        en: "Have every contract in every role quality assured before production is ordered.",
        file: ANSLUTNING,
        place: "§4.1",
    },
    Gate {
        number: 39,
        text: "test run in wrong environment",
        inera: false,
        judge: right_environment,
        sv: "Kör testerna i den testmiljö som Inera anvisat.",
        en: "Run the tests in the test environment that Inera assigned.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 40,
        text: "no test environment assigned",
        inera: true,
        judge: environment_assigned,
        sv: "Inera anvisar en testmiljö.",
        en: "Inera assigns a test environment.",
        file: ANSLUTNING,
        place: "§7.2",
    },
    Gate {
        number: 41,
        text: "missing test result <case>",
        inera: false,
        judge: results,
        sv: "Kör alla testfall för varje kontraktsversion och roll, och redovisa utfallet.",
        en: "Run all test cases of every contract version and role, and record how they came out.",
        file: ANSLUTNING,
        place: "§2.2",
    },
    Gate {
        number: 42,
        text: "self-declaration missing/incomplete",
        inera: false,
        judge: declaration,
        sv: "Lämna en fullständig egendeklaration utan egna stoppande avvikelser.",
        en: "Hand in a complete self-declaration without deviations that you yourself find stopping.",
        file: PUBLIC,
        place: "Inera's test model",
    },
    Gate {
        number: 43,
        text: "non-test identity used",
        inera: false,
        judge: identities,
        sv: "Använd bara personer ur den officiella testserien.",
        en: "Use persons of the official test series only.",
        file: PUBLIC,
        place: "Inera's test model",
    },
    Gate {
        number: 44,
        text: "EI test missing",
        inera: false,
        judge: index_tests,
        sv: "Genomför och redovisa EI_TF 1.1–1.4 och 2.1–2.4.",
        en: "Carry out EI_TF 1.1–1.4 and 2.1–2.4, and record them.",
        file: PUBLIC,
        place: "self-declaration, EI_TF",
    },
    Gate {
        number: 45,
        text: "end-to-end verification missing",
        inera: false,
        judge: end_to_end,
        sv: "Verifiera informationen hela vägen i den konsumerande referensapplikationen.",
        en: "Verify the data all the way in the consuming reference application.",
        file: CHANGES_2020,
        place: "30 September 2020",
    },
    Gate {
        number: 46,
        text: "mapping not approved",
        inera: false,
        judge: mapping,
        sv: "Låt vårdgivare godkänna informationsmappningen, minst en per informationstyp.",
        en: "Have caregivers approve the information mapping, at least one for each kind of information.",
        file: PUBLIC,
        place: "self-declaration",
    },
    Gate {
        number: 47,
        text: "review decision: Underkänd",
        inera: false,
        judge: decided,
        sv: "Åtgärda avvikelserna, planera om och begär ny granskning.",
        en: "Mend the deviations, plan anew and ask for another review.",
        file: PUBLIC,
        place: "Inera's test model",
    },
    Gate {
        number: 48,
        text: "reservation overdue",
        inera: false,
        judge: reservation,
        sv: "Uppfyll förbehållet före sitt datum, eller låt verifiera åtgärden och uppdatera egendeklarationen.",
        en: "Meet the reservation by its date, or have the fix verified and update the self-declaration.",
        file: PUBLIC,
        place: "Inera's test model",
    },
    Gate {
        number: 49,
        text: "QA fee not ordered",
        inera: false,
        judge: fee,
        sv: "Beställ kvalitetssäkringen: 25 000 kr per tjänstekontrakt och tjänst.",
        en: "Order the quality assurance: 25 000 kr for each contract and service.",
        file: CHANGES_2020,
        place: "30 September 2020",
    },
    Gate {
        number: 50,
        text: "",
        inera: false,
        judge: |_| Verdict::Holds,
        sv: "Egendeklaration krävs inte där testmodellen inte är införd.",
        en: "No self-declaration is demanded where the test model is not introduced.",
        file: PUBLIC,
        place: "domain and service pages",
    },
];

/// The day from which persons:person takes part in the test model.
const PERSONS_FROM: Date = date(2023, 4, 4);
/// Tests of index updates.
const INDEX_TESTS: [&str; 8] = ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4"];

/// Whether the test model is not introduced for anything that is ordered (CONN-50).
fn is_exempt(dossier: &Dossier<'_>) -> bool {
    let pairs = dossier.document().assured();
    let exempt = |contract: &str| {
        contract.starts_with("urn:riv:informationsecurity:")
            || (contract.starts_with("urn:riv:strategicresourcemanagement:persons:person:")
                && dossier.day < PERSONS_FROM)
    };
    !pairs.is_empty() && pairs.iter().all(|(contract, _)| exempt(contract))
}

fn is_positive(decision: Option<Decision>) -> bool {
    decision.is_some_and(|decision| decision != Decision::Underkand)
}

fn assured(dossier: &Dossier<'_>) -> Verdict {
    let progress = &dossier.file.progress;
    let is_assured = |contract: &str, role: Role| {
        is_positive(progress.decision) && progress.assured.contains(&(contract.to_owned(), role))
    };
    let pairs = dossier.document().assured();
    let mut missing: Vec<String> = pairs
        .into_iter()
        .filter(|(contract, role)| !is_assured(contract, *role))
        .map(|pair| pair.0.to_owned())
        .collect();
    missing.dedup();
    filled(missing.join(", "), missing)
}

fn right_environment(dossier: &Dossier<'_>) -> Verdict {
    let assigned = dossier.file.progress.assigned_env.as_deref();
    let elsewhere = dossier.file.runs.iter().filter(|run| assigned.is_none() || run.env.as_deref() != assigned);
    complete(elsewhere.map(|run| format!("runs[id={}].env", run.id)).collect())
}

fn environment_assigned(dossier: &Dossier<'_>) -> Verdict {
    let env = match dossier.event {
        Event::AssignTestEnv => dossier.arguments.env.as_deref(),
        _ => dossier.file.progress.assigned_env.as_deref(),
    };
    let is_for_tests = env.is_some_and(|env| dossier.role_of(env) == Some(PlatformRole::Qa));
    holds_if(is_for_tests, "env")
}

fn results(dossier: &Dossier<'_>) -> Verdict {
    let (mut fills, mut missing) = (Vec::new(), Vec::new());
    for (contract, role) in dossier.document().assured() {
        let key = format!("runs[contract={contract},role={}]", role.name());
        let counting = dossier.file.counting(contract, role);
        if counting.is_empty() {
            fills.push(contract.to_owned());
            missing.push(key.clone());
        }
        for (case, _) in counting.into_iter().filter(|(_, outcome)| outcome.is_none()) {
            fills.push(case.to_owned());
            missing.push(format!("{key}.cases[{case}]"));
        }
    }
    filled(fills.join(", "), missing)
}

fn declaration(dossier: &Dossier<'_>) -> Verdict {
    if is_exempt(dossier) {
        return Verdict::Holds;
    }
    let Some(declaration) = &dossier.document().declaration else {
        return holds_if(false, "declaration");
    };
    let text = |text: &Option<String>| is_empty(text.as_deref());
    let fields = [
        ("organisation", text(&declaration.organisation)),
        ("orgnr", text(&declaration.orgnr)),
        ("product", text(&declaration.product)),
        ("version", text(&declaration.version)),
        ("stopping", declaration.stopping != Some(0)),
        ("decision", declaration.decision.is_none()),
        ("results", dossier.file.runs.is_empty() && !dossier.document().assured().is_empty()),
    ];
    let lacking = fields.into_iter().filter(|(_, is_lacking)| *is_lacking);
    complete(lacking.map(|(name, _)| format!("declaration.{name}")).collect())
}

/// Whether an identity number belongs to the official test series.
pub(in crate::connection) fn is_test_identity(number: &str) -> bool {
    let digits: Vec<u8> = number.bytes().filter(|byte| !matches!(byte, b'-' | b'+')).collect();
    matches!(digits.len(), 10 | 12) && digits.iter().all(u8::is_ascii_digit) && in_test_series(&digits)
}

fn identities(dossier: &Dossier<'_>) -> Verdict {
    // The numbers themselves are not repeated: whoever used a real one knows which.
    let with_others = dossier.file.runs.iter().filter(|run| !run.identities.iter().all(|id| is_test_identity(id)));
    let mut missing: Vec<String> = with_others.map(|run| format!("runs[id={}].identities", run.id)).collect();
    let in_production = dossier
        .file
        .runs
        .iter()
        .filter(|run| run.env.as_deref().is_some_and(|env| dossier.role_of(env) == Some(PlatformRole::Production)));
    missing.extend(in_production.map(|run| format!("runs[id={}].env", run.id)));
    complete(missing)
}

fn declared<'d>(dossier: &Dossier<'d>) -> Option<&'d Declaration> {
    dossier.document().declaration.as_ref()
}

fn index_tests(dossier: &Dossier<'_>) -> Verdict {
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let produced = dossier.document().lines.iter().filter(|line| line.role == Some(Role::Producer));
    let uses: Vec<Option<bool>> =
        produced.filter_map(|line| Some(profile.uses_index(line.contract.as_deref()?))).collect();
    if !uses.contains(&Some(true)) {
        return if uses.contains(&None) { Verdict::Open } else { Verdict::Holds };
    }
    // What a run has shown stands, whatever is declared.
    let shown = dossier.file.index_tests();
    let said = |test: &str| declared(dossier).and_then(|declaration| declaration.ei.get(test));
    let passed = |test: &str| match shown.get(test) {
        Some(outcome) => *outcome != Outcome::Failed,
        None => said(test).is_some_and(|outcome| outcome == "passed"),
    };
    complete(
        INDEX_TESTS.into_iter().filter(|test| !passed(test)).map(|test| format!("declaration.ei[{test}]")).collect(),
    )
}

fn end_to_end(dossier: &Dossier<'_>) -> Verdict {
    match dossier.profile().and_then(|profile| profile.e2e_app.known()) {
        None => Verdict::Open,
        Some(app) if app.name().is_none() => Verdict::Holds,
        Some(_) => {
            let report = declared(dossier).and_then(|declaration| declaration.e2e.as_ref()?.report.as_deref());
            holds_if(!is_empty(report), "declaration.e2e.report")
        }
    }
}

fn mapping(dossier: &Dossier<'_>) -> Verdict {
    if !dossier.document().is_producer() {
        return Verdict::Holds;
    }
    let mappings = declared(dossier).map_or(&[][..], |declaration| &declaration.mapping);
    if mappings.is_empty() {
        return holds_if(false, "declaration.mapping");
    }
    let unapproved = mappings.iter().zip(1..).filter(|(mapping, _)| is_empty(mapping.by.as_deref()));
    complete(unapproved.map(|(_, number)| format!("declaration.mapping[{number}].by")).collect())
}

fn decided(dossier: &Dossier<'_>) -> Verdict {
    if is_exempt(dossier) {
        return Verdict::Holds;
    }
    holds_if(is_positive(dossier.file.progress.decision), "decision")
}

fn reservation(dossier: &Dossier<'_>) -> Verdict {
    let progress = &dossier.file.progress;
    let verified = progress.fix_verified
        || dossier.document().evidence.fix_verified == Some(true)
        || dossier.arguments.fix_verified == Some(true);
    let overdue =
        progress.decision == Some(Decision::GodkandForbehall) && progress.due.is_some_and(|due| dossier.day > due);
    holds_if(verified || !overdue, "due")
}

fn fee(dossier: &Dossier<'_>) -> Verdict {
    let fee = price::of_connection(dossier.holdings, dossier.services, dossier.file);
    let invoiced: u64 = dossier.document().invoices.iter().map(|invoice| invoice.amount).fold(0, u64::saturating_add);
    holds_if(invoiced >= fee, "invoices")
}
