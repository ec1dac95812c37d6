//! What the description of the whole API says of these paths: a table, and its form in OpenAPI made when somebody asks. The
//! types that `utoipa` would make of every document cost more than all of them tell.

use serde_json::{Map, Value, json};

/// Method, path, and what it does.
pub(super) const PATHS: &[(&str, &str, &str)] = &[
    ("get", "/api/v1/qa/suites", "Suites that were handed in"),
    ("post", "/api/v1/qa/suites", "Hand in a suite: a zip, or a form with one; name= says what it is called"),
    ("get", "/api/v1/qa/suites/{id}", "A suite with its files"),
    ("delete", "/api/v1/qa/suites/{id}", "Forget a suite; its runs stay"),
    ("get", "/api/v1/qa/suites/{id}/cases", "The cases of a suite, and whether they can be run"),
    ("get", "/api/v1/qa/suites/{id}/check", "What cannot be run, and values nobody has filled in"),
    ("get", "/api/v1/qa/suites/{id}/params", "Parameters with the sentence why each is needed"),
    ("get", "/api/v1/qa/run.schema.json", "JSON Schema of a run's document"),
    ("get", "/api/v1/qa/runs", "Runs, those on their way first, then the newest"),
    (
        "post",
        "/api/v1/qa/runs",
        "Start a run: suite, cases, themes, target, data, session, preparatory; 202 with its place",
    ),
    ("get", "/api/v1/qa/runs/{id}", "A run's document and how far it has come"),
    ("get", "/api/v1/qa/runs/{id}/events", "A line a case that has ended; with wait=true once the run has"),
    ("post", "/api/v1/qa/runs/{id}/cancel", "End a run; what is left of it is not run"),
    ("get", "/api/v1/qa/runs/{id}/report", "format=json, junit, html, md, declaration or bundle; lang=sv or en"),
    (
        "get",
        "/api/v1/qa/runs/{id}/bundle",
        "The bundle of evidence; 409 where it holds identities nobody knows as test identities",
    ),
    ("get", "/api/v1/qa/runs/{id}/messages/{name}", "A request or an answer as it was on the wire"),
    ("get", "/api/v1/qa/runs/{id}/compare/{other}", "Cases whose verdict differs between two runs"),
    ("post", "/api/v1/qa/runs/{id}/cases/{n}/override", "A reviewer's verdict with by and reason; n counts from 0"),
    ("get", "/api/v1/qa/waiting", "Cases that wait for a call or for somebody's word"),
    ("post", "/api/v1/qa/waiting/{id}/extend", "More time, in seconds, for a case that waits for a call"),
    ("post", "/api/v1/qa/waiting/{id}/rearm", "Arm a case again that nobody called in time; 202 with its new run"),
    ("post", "/api/v1/qa/waiting/{id}/cancel", "Give a case up: it is not run"),
    ("post", "/api/v1/qa/waiting/{id}/attest", "What somebody saw: verdict, by, comment"),
    ("get", "/api/v1/qa/sessions", "Sessions with their states"),
    ("post", "/api/v1/qa/sessions", "Begin a session: party, contract, role, and a suite to plan from"),
    ("get", "/api/v1/qa/sessions/{id}", "A session, where it may go, its runs and comments"),
    ("patch", "/api/v1/qa/sessions/{id}", "Change a session's plan or description"),
    ("post", "/api/v1/qa/sessions/{id}/events", "Take a step; 409 names the state and what is possible"),
    ("get", "/api/v1/qa/sessions/{id}/plan", "Planned cases with the result that counts"),
    ("get", "/api/v1/qa/sessions/{id}/coverage", "Rules and themes, the cases about them, and their last verdicts"),
    ("get", "/api/v1/qa/sessions/{id}/evidence", "Gates of a connection and what is missing for each"),
    (
        "get",
        "/api/v1/qa/sessions/{id}/declaration",
        "The self-declaration as far as runs fill it in; format=md or html",
    ),
    ("post", "/api/v1/qa/sessions/{id}/comments", "Say something: by, text, visibility"),
    ("get", "/api/v1/qa/deviations", "The register of deviations; session= selects"),
    ("post", "/api/v1/qa/deviations", "Raise one, or open the same one again; first_run and case fill in what failed"),
    ("get", "/api/v1/qa/deviations/{id}", "A deviation with its history"),
    ("patch", "/api/v1/qa/deviations/{id}", "Change a deviation: class, status, due, owner, decision"),
    (
        "post",
        "/api/v1/qa/audit",
        "Hold the index against what producers answer, for patients or a sample: a finding a line; format=json or update",
    ),
    ("get", "/api/v1/qa/mutants", "Producers that are wrong on purpose"),
    ("post", "/api/v1/qa/mutants/{id}/start", "Let one listen, with the records of a suite's contract"),
];

/// The paths as OpenAPI has them.
pub fn described() -> Map<String, Value> {
    let mut paths = Map::new();
    for (method, path, summary) in PATHS {
        let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
        let parameters: Vec<Value> = names
            .map(|name| {
                let text = format!("The {name} of what is meant");
                json!({"name": name, "in": "path", "required": true, "description": text, "schema": {"type": "string"}})
            })
            .collect();
        let problem = |text: &str| json!({"description": text, "content": {"application/problem+json": {}}});
        let operation = json!({
            "tags": ["qa"],
            "summary": summary,
            "parameters": parameters,
            "responses": {
                "200": {"description": "What is asked for; 201 where something was made, 202 where it is on its way"},
                "400": problem("The request cannot be understood"),
                "401": problem("The token is missing or wrong"),
                "404": problem("There is no such thing"),
            },
        });
        let methods = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        methods[*method] = operation;
    }
    paths
}
